//! What a register shows into what was used.

use crate::amount::Amount;
use crate::hours::{COVERAGE_WHOLE, Hourly, NIGHT_HOURS};

/// A register does not step further than so many usual days between two readings.
const STEP_DAYS: f64 = 15.0;
/// Minutes between two readings of which the use is that of one day.
const GAP_MOST: i32 = 36 * 60;
const SPAN_LEAST: i32 = 10 * 60;

/// What a register showed on a day.
pub(crate) struct Readings<'a> {
    pub day: i32,
    pub values: &'a [f32],
    pub within: &'a [u8],
    /// Of the day after.
    pub next: &'a [f32],
    pub base: f64,
    pub usual: Option<f64>,
}

impl Hourly {
    /// Values of a register: its steps are the use. A register that starts over at nought is followed, one that was
    /// exchanged begins anew, and a single value that fits neither what came before nor what follows is passed over.
    pub(crate) fn registers(&mut self, readings: &Readings<'_>) -> ((Amount, Amount), bool) {
        let slots = readings.values.len();
        let length = 1440 / slots as i32;
        let most = readings.usual.map_or(f64::INFINITY, |usual| usual * STEP_DAYS);
        let mut span = 0;
        for (slot, value) in readings.values.iter().enumerate() {
            if value.is_nan() {
                continue;
            }
            let value = readings.base + f64::from(*value);
            let minute =
                readings.day * 1440 + slot as i32 * length + i32::from(readings.within[slot]) * length / 250;
            let (before, at) = (self.register(), self.minute);
            if before.is_nan() || at == i32::MIN {
                self.set_register(value);
                self.minute = minute;
                continue;
            }
            if minute <= at {
                continue;
            }
            let step = value - before;
            let step = if step < 0.0 { started_over(before, value, most).unwrap_or(step) } else { step };
            if step.abs() > most {
                let follows = readings.values[slot + 1..].iter().chain(readings.next);
                let follows = follows.copied().find(|value| !value.is_nan());
                let follows = follows.map(|value| readings.base + f64::from(value));
                let exchanged =
                    follows.is_some_and(|follows| (follows - value).abs() < (follows - before).abs());
                if exchanged {
                    self.set_register(value);
                    self.minute = minute;
                }
                continue;
            }
            let gap = minute - at;
            self.set_register(value);
            self.minute = minute;
            if gap > GAP_MOST && step != 0.0 {
                continue;
            }
            span += gap.min(1440);
            self.sum += step as f32;
            let half_hour = (slot * 48 / slots) as u64;
            self.see(half_hour);
            if half_hour < 2 * NIGHT_HOURS as u64 && gap <= 180 {
                self.night = self.night.min(step as f32 * 60.0 / gap as f32);
            }
        }
        // What a day used so far that goes on is known by its half hours alone.
        let span = span.max(self.seen().count_ones() as i32 * 30);
        if span < SPAN_LEAST {
            return ((Amount::MISSING, Amount::MISSING), false);
        }
        let used = f64::from(self.sum) * 1440.0 / f64::from(span.min(1440));
        let whole = f64::from(span) >= COVERAGE_WHOLE * 1440.0;
        ((Amount::of(used as f32), self.night_amount(24)), whole)
    }
}

/// The step of a register with a fixed number of digits that went from all nines to nought.
fn started_over(before: f64, value: f64, most: f64) -> Option<f64> {
    let whole = 10f64.powi(before.max(1.0).log10().ceil() as i32);
    let step = whole - before + value;
    let limit = if most.is_finite() { most } else { whole * 0.02 };
    (before > whole * 0.9 && value < whole * 0.1 && step <= limit).then_some(step)
}
