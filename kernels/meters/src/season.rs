//! What all meters did together: the season, the weather, a holiday.

use crate::amount::OCTAVE;
use crate::meter::OPEN_DAYS;
use serde::{Deserialize, Serialize};

/// Days over which the slow part forgets, as a meter's level does.
const MEMORY: f64 = 28.0;
/// Fewer meters than this say nothing of all.
const PAIRS_LEAST: u64 = 30;
/// A meter's step from one day to the next does not count for more than this.
pub(crate) const STEP_MOST: i32 = 2 * OCTAVE;

/// How much more than usual all meters used on each of the last days.
///
/// A chained index: each day's mean step of all meters that were in use on the day before too, so that meters that
/// come or go do not move it. From it goes its own slow part, a mean of the days behind the open ones that forgets
/// as a meter's level does: a home that does as all do lies on its level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Season {
    /// The last day in `offsets`, and the first.
    last: i32,
    first: i32,
    /// Of the last days, oldest first, in steps of a code.
    offsets: Vec<i16>,
    /// The index of the last [`OPEN_DAYS`] days, oldest first.
    index: Vec<f64>,
    slow: f64,
    days: u32,
}

impl Default for Season {
    fn default() -> Self {
        Self { last: i32::MIN, first: 0, offsets: Vec::new(), index: Vec::new(), slow: 0.0, days: 0 }
    }
}

/// A day's steps of all meters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Sum of the steps of a code.
    pub sum: i64,
    /// Meters.
    pub pairs: u64,
}

impl Season {
    /// How much more than usual all meters used on a day, in steps of a code (1024: twice as much); 0 where it is
    /// not known.
    #[inline]
    pub fn at(&self, day: i32) -> f32 {
        match self.offsets.get(day.wrapping_sub(self.first) as u32 as usize) {
            Some(offset) => f32::from(*offset),
            None => 0.0,
        }
    }

    /// Takes the days from `first` on, which follow on what was taken before; the last [`OPEN_DAYS`] days and these
    /// can be asked for then. Days that were taken before are passed over.
    pub fn extend(&mut self, first: i32, days: &[Steps]) {
        let keep = OPEN_DAYS;
        if self.offsets.len() > keep {
            self.offsets.drain(..self.offsets.len() - keep);
        }
        for (day, steps) in (first..).zip(days) {
            if self.last != i32::MIN && day <= self.last {
                continue;
            }
            if self.last != i32::MIN && day > self.last + 1 {
                let missing = i64::from(day) - i64::from(self.last) - 1;
                for _ in 0..missing.min(2 * OPEN_DAYS as i64) {
                    self.step(Steps::default());
                }
            }
            self.last = day;
            self.step(*steps);
        }
        self.first = self.last.wrapping_sub(self.offsets.len() as i32 - 1);
    }

    fn step(&mut self, steps: Steps) {
        let mean = if steps.pairs < PAIRS_LEAST { 0.0 } else { steps.sum as f64 / steps.pairs as f64 };
        let index = self.index.last().copied().unwrap_or(0.0) + mean;
        self.index.push(index);
        if self.index.len() > OPEN_DAYS {
            let left = self.index.remove(0);
            self.slow += (left - self.slow) / f64::from(self.days + 1).min(MEMORY);
            self.days += 1;
        }
        let known = self.days > 0 && steps.pairs >= PAIRS_LEAST;
        // Few meters say less of all.
        let trust = steps.pairs as f64 / (steps.pairs as f64 + 100.0);
        let offset = if known { (index - self.slow) * trust } else { 0.0 };
        self.offsets.push(offset.round().clamp(-3000.0, 3000.0) as i16);
    }
}
