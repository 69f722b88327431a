//! How readings come: a value a day or several, uses or what a register shows; seen from the first of them.

use crate::args::{Interval, Values};
use gridweave_files::readings::{Fault, Moment, Name, Rows};
use gridweave_meters::Rhythm;
use std::collections::HashMap;
use std::path::Path;

/// Rows that are looked at.
const LOOKED_AT: usize = 50_000;

/// The first readings.
#[derive(Default)]
pub struct Sample {
    rows: usize,
    meters: HashMap<String, Vec<(i64, f64)>>,
}

impl Rows for Sample {
    fn take(&mut self, meter: Name<'_>, at: Moment, value: f64) -> bool {
        let name = match meter {
            Name::Text(text) => text.to_owned(),
            Name::Number(number) => number.to_string(),
        };
        let second = i64::from(at.day) * 86_400 + i64::from(at.second);
        self.meters.entry(name).or_default().push((second, value));
        self.rows += 1;
        self.rows < LOOKED_AT
    }

    fn reject(&mut self, _: &Path, _: u64, _: Fault, _: &str) {}

    fn progress(&mut self, _: f64) {}
}

impl Sample {
    /// Was there anything?
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// How readings come; none where each day is one value that was used.
    pub fn rhythm(mut self, interval: Interval, values: Values) -> Option<Rhythm> {
        for readings in self.meters.values_mut() {
            readings.sort_by_key(|(second, _)| *second);
        }
        let registers = match values {
            Values::Use => false,
            Values::Register => true,
            Values::Auto => self.shows_registers(),
        };
        let (slots, a_day) = match interval {
            Interval::Day => (1, 1),
            Interval::Hour => (24, 24),
            Interval::HalfHour => (48, 48),
            Interval::QuarterHour => (96, 96),
            Interval::Auto => self.slots(),
        };
        (slots > 1 || registers).then_some(Rhythm { slots, a_day, registers })
    }

    /// Values that hardly ever fall, and whose steps are small beside them.
    fn shows_registers(&self) -> bool {
        let (mut pairs, mut rising, mut steps, mut values) = (0u64, 0u64, 0.0, 0.0);
        for readings in self.meters.values() {
            for pair in readings.windows(2) {
                pairs += 1;
                rising += u64::from(pair[1].1 >= pair[0].1);
                steps += (pair[1].1 - pair[0].1).abs();
                values += pair[0].1.abs();
            }
        }
        pairs >= 20
            && rising as f64 >= 0.97 * pairs as f64
            && values > 0.0
            && steps < 0.05 * values
            && steps > 0.0
    }

    /// The usual time between two readings of a meter.
    fn slots(&self) -> (usize, usize) {
        let mut gaps: Vec<i64> = Vec::new();
        let mut even = true;
        for readings in self.meters.values() {
            gaps.extend(readings.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|gap| *gap > 0));
            even &= readings.iter().all(|(second, _)| second % 900 == 0);
        }
        if gaps.is_empty() {
            return (1, 1);
        }
        let middle = gaps.len() / 2;
        let (_, gap, _) = gaps.select_nth_unstable(middle);
        slots_of(*gap, even)
    }
}

/// Places of a day, and readings of a day, for readings so many seconds apart; `even`: at whole quarters of an hour.
pub fn slots_of(gap: i64, even: bool) -> (usize, usize) {
    let a_day = ((86_400.0 / gap as f64).round() as usize).clamp(1, 96);
    match a_day {
        1 => (1, 1),
        // Readings that drift would meet in an hour.
        _ if !even => (96, a_day),
        2..=24 => (24, a_day),
        25..=48 => (48, a_day),
        _ => (96, a_day),
    }
}
