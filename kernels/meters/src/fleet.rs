//! What a fleet's own past says of its thresholds.

use crate::limits::{Limits, SHIFT_MOST, SHIFT_NEW, SILENCE_DAYS_MOST};
use crate::meter::{ENDED_LENGTHS, Found, PEAK_STEP, PEAKS};
use crate::season::Season;
use serde::{Deserialize, Serialize};

/// Days after which thresholds are set anew: they are the same whether days come one by one or all at once.
pub const PERIOD_DAYS: i32 = 28;
/// Before a fleet has a past, what others did counts for so many meters over a month: little, as fleets differ.
const PRIOR_METER_MONTHS: f64 = 100.0;
/// Silences of so many days and more that ended, of a thousand meters a month: trips, from four days on.
const PRIOR_ENDED: [f64; 12] = [60.0, 45.0, 32.0, 20.0, 11.0, 5.0, 2.0, 1.2, 0.7, 0.45, 0.35, 0.3];
const PRIOR_FROM: u16 = 4;
/// Levels that went back after so many standard errors or more, of a thousand meters a month: at the threshold that a new
/// fleet has, and by how much less for each one more (as a power of e).
const PRIOR_WENT_BACK: f64 = 0.5;
const PRIOR_FALL: f64 = 2.0;
/// A period counts for this share of one that is a period younger: half after some eight months.
const FORGETS: f64 = 0.92;

/// All meters of a feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// The operating point, with the thresholds in force.
    pub limits: Limits,
    /// What all meters do.
    pub season: Season,
    /// The period that is running; none before the first day.
    period: Option<i32>,
    /// What did not last, of periods that are over and of the one that runs.
    past: Counts,
    running: Counts,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Counts {
    /// Silences, by length.
    ended: Vec<f64>,
    /// Levels, by how far they went.
    went_back: Vec<f64>,
    meter_days: f64,
}

impl Default for Counts {
    fn default() -> Self {
        Self { ended: vec![0.0; ENDED_LENGTHS], went_back: vec![0.0; PEAKS], meter_days: 0.0 }
    }
}

impl Counts {
    /// What is older counts less.
    fn age(&mut self, younger: &Self) {
        let both = self.ended.iter_mut().chain(&mut self.went_back);
        for (sum, new) in both.zip(younger.ended.iter().chain(&younger.went_back)) {
            *sum = *sum * FORGETS + new;
        }
        self.meter_days = self.meter_days * FORGETS + younger.meter_days;
    }
}

impl Fleet {
    /// A fleet without a past.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            season: Season::default(),
            period: None,
            past: Counts::default(),
            running: Counts::default(),
        }
    }

    /// Another operating point from now on; what the fleet's past says of it holds at once.
    pub fn allow(&mut self, limits: Limits) {
        self.limits = limits;
        if self.period.is_some() {
            self.set_thresholds();
        }
    }

    /// The period of a day.
    pub fn period(day: i32) -> i32 {
        day.div_euclid(PERIOD_DAYS)
    }

    /// Days of this period are to come: when it is a new one, thresholds follow from those before.
    pub fn enter(&mut self, period: i32) {
        if self.period.is_some_and(|running| period <= running) {
            return;
        }
        if self.period.is_some() {
            self.past.age(&std::mem::take(&mut self.running));
        }
        self.period = Some(period);
        self.set_thresholds();
    }

    fn set_thresholds(&mut self) {
        self.limits.silence_days = self.silence_days();
        self.limits.shift = self.shift();
    }

    /// What the running period brought: what did not last, and days of meters.
    pub fn saw(&mut self, found: &Found, meter_days: u64) {
        let counts = &mut self.running;
        let sums = counts.ended.iter_mut().chain(&mut counts.went_back);
        for (sum, new) in sums.zip(found.ended.iter().chain(&found.went_back)) {
            *sum += f64::from(*new);
        }
        counts.meter_days += meter_days as f64;
    }

    /// Silences of so many days and more that ended by themselves, of a thousand meters a month: what a threshold
    /// of so many days costs in false alarms.
    pub fn ended_rate(&self, days: u16) -> f64 {
        let last = PRIOR_FROM + PRIOR_ENDED.len() as u16 - 1;
        let prior = PRIOR_ENDED[usize::from(days.clamp(PRIOR_FROM, last) - PRIOR_FROM)];
        self.rate(&self.past.ended[usize::from(days).min(ENDED_LENGTHS)..], prior)
    }

    /// Levels that went back after so many standard errors and more, of a thousand meters a month.
    pub fn went_back_rate(&self, errors: f32) -> f64 {
        let prior = PRIOR_WENT_BACK * (f64::from(SHIFT_NEW - errors) * PRIOR_FALL).exp();
        self.rate(&self.past.went_back[((errors / PEAK_STEP) as usize).min(PEAKS)..], prior)
    }

    fn rate(&self, seen: &[f64], prior: f64) -> f64 {
        let months = self.past.meter_days / 30.0;
        (seen.iter().sum::<f64>() * 1000.0 + prior * PRIOR_METER_MONTHS) / (months + PRIOR_METER_MONTHS)
    }

    /// The fewest days of silence that keep within the allowed false alarms.
    fn silence_days(&self) -> u16 {
        let allowed = self.limits.allowed_silences();
        (self.limits.silence_days_least()..SILENCE_DAYS_MOST)
            .find(|days| self.ended_rate(*days) <= allowed)
            .unwrap_or(SILENCE_DAYS_MOST)
    }

    /// The fewest standard errors that do.
    fn shift(&self) -> f32 {
        let allowed = self.limits.allowed_shifts();
        let least = self.limits.shift_least();
        let steps = ((SHIFT_MOST - least) / PEAK_STEP) as u16;
        (0..steps)
            .map(|step| least + f32::from(step) * PEAK_STEP)
            .find(|errors| self.went_back_rate(*errors) <= allowed)
            .unwrap_or(SHIFT_MOST)
    }
}
