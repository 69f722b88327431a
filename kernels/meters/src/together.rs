//! What all meters, and neighbours, did on some days, before each is judged by itself.

use crate::amount::{Amount, OCTAVE};
use crate::meter::{Meter, OPEN_DAYS};
use crate::neighbours::{Cuts, Part};
use crate::scan::{CHUNK, Column, Scan};
use crate::season::{STEP_MOST, Steps};
use rayon::prelude::*;

/// The steps of each day, and who was silent with whom.
pub(crate) struct Together {
    pub steps: Vec<Steps>,
    pub cuts: Cuts,
}

impl Scan {
    /// What all meters, and neighbours, did on these days.
    pub(crate) fn together(&self, columns: &[Column]) -> Together {
        let (first, days) = (self.first, columns.len());
        let cuts = self.neighbours.counter(days);
        let chunks = self.meters.par_chunks(CHUNK).enumerate().map(|(chunk, meters)| {
            let from = chunk * CHUNK;
            if !self.neighbours.is_empty() {
                let mut counter = cuts.part();
                for (i, meter) in meters.iter().enumerate() {
                    counter.begin(&self.neighbours, from + i);
                    let mut past = Past::of(meter, first);
                    for (at, column) in columns.iter().enumerate() {
                        let used = column.used.get(from + i).copied().unwrap_or(Amount::MISSING);
                        past.next(used, at, &mut counter);
                    }
                }
                counter.end();
            }
            let before = |meter: &Meter| match meter.last_day() {
                Some(last) if last == first - 1 => meter.open[OPEN_DAYS - 1],
                _ => Amount::MISSING,
            };
            let before: Vec<Amount> = meters.iter().map(before).collect();
            let mut before = before.as_slice();
            let mut steps = vec![Steps::default(); days];
            for (column, steps) in columns.iter().zip(&mut steps) {
                let until = column.used.len().min(from + meters.len());
                let used = column.used.get(from..until).unwrap_or(&[]);
                let (mut sum, mut pairs) = (0i32, 0u32);
                for (before, after) in before.iter().zip(used) {
                    let (step, pair) = before.step_to(*after, STEP_MOST);
                    sum += step;
                    pairs += pair;
                }
                *steps = Steps { sum: i64::from(sum), pairs: u64::from(pairs) };
                before = used;
            }
            steps
        });
        let steps = chunks.reduce(
            || vec![Steps::default(); days],
            |mut a, b| {
                for (a, b) in a.iter_mut().zip(b) {
                    a.sum += b.sum;
                    a.pairs += b.pairs;
                }
                a
            },
        );
        Together { steps, cuts: cuts.whole() }
    }
}

/// The last days of a meter, day by day: what its neighbours' days are compared with.
struct Past {
    /// The last that was used.
    last_used: i32,
    /// Of the last [`OPEN_DAYS`] days, which had use; the last day is the lowest bit.
    used: u32,
}

/// A meter is in use that had some on so many of the last days.
const IN_USE_DAYS: u32 = 5;

impl Past {
    fn of(meter: &Meter, first: i32) -> Self {
        let mut past = Self { last_used: 0, used: 0 };
        if let Some(last) = meter.last_day() {
            let gap = i64::from(first) - i64::from(last) - 1;
            for amount in &meter.open {
                past.see(*amount);
            }
            for _ in 0..gap.clamp(0, OPEN_DAYS as i64) {
                past.see(Amount::MISSING);
            }
        }
        past
    }

    #[inline]
    fn see(&mut self, amount: Amount) {
        let used = amount.is_some() && !self.is_silent(amount);
        self.used = (self.used << 1 | u32::from(used)) & ((1 << OPEN_DAYS) - 1);
        if used {
            self.last_used = amount.code();
        }
    }

    /// A fiftieth of what was used last.
    #[inline]
    fn is_silent(&self, amount: Amount) -> bool {
        amount.code() < self.last_used - 5 * OCTAVE - OCTAVE * 2 / 3
    }

    #[inline]
    fn next(&mut self, amount: Amount, at: usize, counter: &mut Part<'_>) {
        if amount.is_known() && self.used.count_ones() >= IN_USE_DAYS {
            counter.count(at, amount == Amount::ZERO || self.is_silent(amount));
        }
        self.see(amount);
    }
}
