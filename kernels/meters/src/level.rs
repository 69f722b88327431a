//! Has the level moved? The open days against the baseline.

use crate::amount::{OCTAVE, value_of};
use crate::change::{Change, Kind, Stage, Words};
use crate::meter::{Around, Found, HABIT_DAYS, Meter, OPEN_DAYS, PEAK_STEP, PEAKS};

const OCTAVES: f32 = OCTAVE as f32;
/// A shift is at least this large: 1.6-fold.
const STEP_LEAST: f32 = 0.68 * OCTAVES;
/// Of a home that is known for less than four weeks: 2.6-fold.
const STEP_UNKNOWN: f32 = 1.4 * OCTAVES;
/// Two-and-a-half-fold: no ordinary guest.
const STEP_LARGE: f32 = 1.25 * OCTAVES;
/// Days of a large shift, and of another.
const DAYS_LARGE: usize = 5;
const DAYS_OTHER: usize = 9;
/// A fall to less than a seventh: somebody is away, and it waits as long as a silence does.
const STEP_AWAY: f32 = 2.81 * OCTAVES;
const DAYS_AWAY: usize = 11;
/// A home whose days scatter by this much (a factor of 1.37) is known after [`HABIT_DAYS`]; one that scatters twice as
/// much after four times as many.
const SCATTER_KNOWN: f32 = 0.45 * OCTAVES;
/// Days after which any home is known.
const KNOWN_MOST: f32 = 112.0;
/// A home's scatter is believed as if it had been this for so many days before.
const DOUBT: f32 = 0.6 * OCTAVES;
const DOUBT_DAYS: f32 = 28.0;
/// A home whose level went so far and came back has to go this much farther.
const RESTLESS: f32 = 1.25;
/// Standard errors beyond the limit that make up for a day more.
const CLEARLY: f32 = 0.75;
/// Most days that are compared with the baseline.
const DAYS_MOST: usize = 12;
/// The level of a home wanders: variance of a mean of many days, as a share of that of one.
const WANDER: f32 = 0.06;
/// A single day does not count for more than this.
const DAY_MOST: f32 = 3.5 * OCTAVES;
/// All days but one of a shift lie at least this share of it to the same side.
const SAME_SIDE: f32 = 0.4;
/// So far from the level a day lies well off it.
const OFF: f32 = STEP_LEAST * SAME_SIDE;
/// Days within which a level that goes back was no new one.
const BACK_DAYS: u8 = 16;
/// A day of more than this against the usual one is implausible: 32-fold …
const IMPLAUSIBLE: f32 = 5.0 * OCTAVES;
/// … and so many scatters.
const IMPLAUSIBLE_SCATTERS: f32 = 7.0;

/// A step of the level that the last days could show.
#[derive(Clone, Copy)]
struct Step {
    /// The first day of the window that it has.
    first: usize,
    mean: f32,
    n: usize,
}

/// What a mean of days is measured with.
#[derive(Clone, Copy)]
struct Doubt {
    /// Standard errors from which on it is said.
    due: f32,
    scatter: f32,
    /// Variance of the baseline, as a share of that of a day.
    of_baseline: f32,
}

impl Meter {
    /// Does a day that lies so far from its level say nothing of it? `before` tells the same of days before it, where
    /// they are known: of the last five days of a shift all but one lie well off, to one side.
    #[inline]
    pub(crate) fn is_on_level(&self, above: f32, before: impl Fn(usize) -> Option<f32>) -> bool {
        if above.abs() < OFF || self.used < HABIT_DAYS {
            return true;
        }
        let beside = |days: &usize| before(*days).is_some_and(|day| day * above.signum() < OFF);
        above <= IMPLAUSIBLE && (1..DAYS_LARGE).filter(beside).nth(1).is_some()
    }

    /// Looks at a day with use.
    #[inline]
    pub(crate) fn level_day(&mut self, around: Around<'_>, found: &mut Found) {
        let last = self.above(OPEN_DAYS - 1, around.season);
        let before = |days: usize| {
            let at = OPEN_DAYS - 1 - days;
            self.open[at].is_known().then(|| self.above(at, around.season))
        };
        if self.is_on_level(last, before) {
            if self.peak != 0 && last.abs() < OFF {
                self.excursion_ends(found);
            }
            return;
        }
        let known = || self.used >= 2 * HABIT_DAYS && self.doubt(around).is_some();
        if last > IMPLAUSIBLE && last > IMPLAUSIBLE_SCATTERS * self.scatter && known() {
            self.implausible(last, around, found);
        }
        self.shift(last.signum(), around, found);
    }

    /// Generalised likelihood ratio over the day of change (Willsky and Jones 1976), for a level of known scatter
    /// and unknown step, on days that may wander.
    fn shift(&mut self, sign: f32, around: Around<'_>, found: &mut Found) {
        let (mut sum, mut n, mut spared) = (0.0, 0usize, false);
        let (mut least, mut second) = (f32::MAX, f32::MAX);
        let mut z = 0.0f32;
        let mut doubt = None;
        let step_least = if self.used < 2 * HABIT_DAYS { STEP_UNKNOWN } else { STEP_LEAST };
        for at in (0..OPEN_DAYS).rev() {
            let amount = self.open[at];
            if !amount.is_known() {
                continue;
            }
            if usize::from(self.level_age) < OPEN_DAYS - at || n == DAYS_MOST {
                break;
            }
            if self.is_silent(amount) {
                if spared || n == 0 {
                    break;
                }
                spared = true;
                continue;
            }
            let above = self.above(at, around.season) * sign;
            if above < OFF {
                if spared || n == 0 || above < -OFF {
                    break;
                }
                spared = true;
            }
            if above < least {
                (least, second) = (above, least);
            } else {
                second = second.min(above);
            }
            sum += above.min(DAY_MOST);
            n += 1;
            if n < DAYS_LARGE {
                continue;
            }
            let mean = sum / n as f32;
            let days_due = match mean {
                _ if mean < STEP_LARGE => DAYS_OTHER,
                _ if mean > STEP_AWAY && sign < 0.0 => DAYS_AWAY,
                _ => DAYS_LARGE,
            };
            if n < days_due || mean < step_least || second < SAME_SIDE * mean {
                continue;
            }
            let Some(Doubt { due, scatter, of_baseline }) = *doubt.get_or_insert_with(|| self.doubt(around))
            else {
                return;
            };
            let error = scatter * (1.0 / n as f32 + WANDER + of_baseline).sqrt();
            // The least number of days is enough where they speak clearly.
            if n > days_due || mean / error >= due + CLEARLY {
                z = z.max(mean / error);
            }
        }
        let Some(Some(Doubt { due, .. })) = doubt else { return };
        self.peak = self.peak.max((z * 16.0).min(255.0) as u8);
        if z < due {
            return;
        }
        let Step { first, mean, n } = self.step_that_fits(sign, around);
        let level = self.level;
        let now = level + mean * sign;
        let back = self.shift_age <= BACK_DAYS
            && (now - f32::from(self.before)).abs() < (0.5 * OCTAVES).max(self.scatter);
        self.level = now;
        self.level_age = (OPEN_DAYS - first) as u16;
        if back {
            self.shift_age = u8::MAX;
            self.went_back(found);
            return;
        }
        self.before = level.clamp(0.0, 65535.0) as u16;
        self.shift_age = 0;
        let ratio = f64::from(mean * sign / OCTAVES).exp2();
        let (from, to) = (value_of(level), value_of(now));
        found.changes.push(Change {
            again: false,
            kind: if sign > 0.0 { Kind::ShiftUp } else { Kind::ShiftDown },
            stage: Stage::Confirmed,
            since: self.day_at(first),
            detected: self.last,
            size: ratio,
            confidence: (1.0 - 0.3 * (-f64::from(z - due) / 0.35).exp()).clamp(0.7, 0.99),
            reason: Words {
                zh: format!("{n} 天平均 {to:.3}，为此前水平 {from:.3} 的 {ratio:.1} 倍，相差 {z:.1} 个标准误"),
                en: format!(
                    "{n} days at {to:.3} on the mean, {ratio:.1} times the level of {from:.3} before, {z:.1} standard errors away"
                ),
            },
        });
    }

    /// Where the level began: the step that fits the last days best.
    fn step_that_fits(&self, sign: f32, around: Around<'_>) -> Step {
        let (mut sum, mut n, mut best) = (0.0, 0, 0.0);
        let mut step = Step { first: OPEN_DAYS - 1, mean: 0.0, n: 0 };
        let from = OPEN_DAYS - usize::from(self.level_age).min(DAYS_MOST);
        for at in (from..OPEN_DAYS).rev() {
            if !self.open[at].is_known() {
                continue;
            }
            if !self.is_silent(self.open[at]) {
                sum += (self.above(at, around.season) * sign).min(DAY_MOST);
                n += 1;
            }
            let mean = sum / n.max(1) as f32;
            if mean * mean * n as f32 > best {
                best = mean * mean * n as f32;
                step = Step { first: at, mean, n };
            }
        }
        step
    }

    /// What a mean of days is measured with; none where too little is known of the home.
    fn doubt(&self, around: Around<'_>) -> Option<Doubt> {
        let used = f32::from(self.used);
        let known = (self.scatter / SCATTER_KNOWN).max(1.0).powi(2) * f32::from(HABIT_DAYS);
        if used < known.min(KNOWN_MOST) {
            return None;
        }
        let scatter = (used * self.scatter.powi(2) + DOUBT_DAYS * DOUBT.powi(2)) / (used + DOUBT_DAYS);
        Some(Doubt {
            due: around.limits.shift.max(f32::from(self.restless) / 16.0 * RESTLESS),
            // A scatter that few days have shown may be larger.
            scatter: scatter.sqrt(),
            of_baseline: 1.0 / used.clamp(1.0, 28.0),
        })
    }

    /// A day on the old level: what was not said and went back is counted, what was said waits for its return.
    #[cold]
    fn excursion_ends(&mut self, found: &mut Found) {
        match self.shift_age {
            0..=BACK_DAYS => {}
            // It was said, and stayed.
            u8::MAX => self.went_back(found),
            _ => self.peak = 0,
        }
    }

    fn went_back(&mut self, found: &mut Found) {
        let steps = f32::from(self.peak) / 16.0 / PEAK_STEP;
        found.went_back[(steps as usize).min(PEAKS - 1)] += 1;
        self.restless = self.restless.max(self.peak);
        self.peak = 0;
    }

    #[cold]
    fn implausible(&self, above: f32, around: Around<'_>, found: &mut Found) {
        if (0..OPEN_DAYS - 1).any(|at| self.open[at].is_some() && self.above(at, around.season) > IMPLAUSIBLE)
        {
            return;
        }
        let (value, usual) = (self.open[OPEN_DAYS - 1].value(), value_of(self.level));
        let ratio = f64::from(above / OCTAVES).exp2();
        found.changes.push(Change {
            kind: Kind::Implausible,
            again: false,
            stage: Stage::Confirmed,
            since: self.last,
            detected: self.last,
            size: ratio,
            confidence: 0.9,
            reason: Words {
                zh: format!("当日 {value:.3}，为平时 {usual:.3} 的 {ratio:.0} 倍：表或读数有误，或爆管"),
                en: format!("{value:.3} on one day, {ratio:.0} times the usual {usual:.3}: a faulty meter or reading, or a burst pipe"),
            },
        });
    }
}
