//! How much must speak for a change before it is said.

use serde::{Deserialize, Serialize};

/// The operating point: what a false alarm may cost, and the thresholds that follow from it.
///
/// A false alarm is one for a state that did not last: a silence that ends, a level that goes back. Both can be
/// counted without anybody's help, so a fleet's own past tells what a threshold costs ([`crate::Fleet`]); until
/// there is one, what other fleets did stands in for it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// False alarms a thousand meters a month that are allowed, silences and shifts together.
    pub allowed: f64,
    /// The same for homes on the care list, where a silence is said early.
    pub allowed_care: f64,
    /// Days of silence that are said of any home, unless it is used to such silences.
    pub silence_days: u16,
    /// A shift has to be so many standard errors from the level before.
    pub shift: f32,
    /// The share of what is allowed that silences may use: less where visits found too little behind them.
    #[serde(default = "whole")]
    pub silences_share: f64,
    /// The same of shifts.
    #[serde(default = "whole")]
    pub shifts_share: f64,
}

fn whole() -> f64 {
    1.0
}

/// A silence is not kept back for more days than these: it is said within two weeks, even where a day is missing.
pub(crate) const SILENCE_DAYS_MOST: u16 = 14;
/// A silence is not said before so many days …
const SILENCE_DAYS_LEAST: u16 = 11;
/// … and a shift not for fewer standard errors where one false alarm is allowed, nor kept back for more than these.
const SHIFT_LEAST: f32 = 3.5;
/// The standard errors of a shift that is said in a fleet without a past: restless fleets do not begin with false ones, and of
/// threefold steps in calm ones hardly any stays below it.
pub(crate) const SHIFT_NEW: f32 = 7.5;
/// Silences and shifts may cost as much as one another.
const HALF: f64 = 0.5;
pub(crate) const SHIFT_MOST: f32 = 12.0;

impl Default for Limits {
    /// One false alarm a thousand meters a month, thirty of a thousand homes on the care list.
    fn default() -> Self {
        Self::allowing(1.0, 30.0)
    }
}

impl Limits {
    /// The thresholds for so many false alarms a thousand meters a month, before the fleet's own past is known.
    pub fn allowing(allowed: f64, allowed_care: f64) -> Self {
        let allowed = allowed.clamp(0.01, 100.0);
        let allowed_care = allowed_care.clamp(0.1, 1000.0);
        Self {
            allowed,
            allowed_care,
            silence_days: 13,
            shift: SHIFT_NEW,
            silences_share: whole(),
            shifts_share: whole(),
        }
    }

    /// Lets silences and shifts use a share of what is allowed, from a tenth to the whole.
    pub fn with_shares(self, silences: f64, shifts: f64) -> Self {
        Self { silences_share: silences.clamp(0.1, 1.0), shifts_share: shifts.clamp(0.1, 1.0), ..self }
    }

    /// False alarms a thousand meters a month that silences may cost.
    pub(crate) fn allowed_silences(&self) -> f64 {
        self.allowed * HALF * self.silences_share
    }

    /// The same of shifts.
    pub(crate) fn allowed_shifts(&self) -> f64 {
        self.allowed * HALF * self.shifts_share
    }

    /// The fewest days of silence that are said, whatever the fleet's past: two fewer where three times as many false alarms
    /// are allowed.
    pub(crate) fn silence_days_least(&self) -> u16 {
        let fewer = 2.0 * (self.allowed_silences() / HALF).ln() / 3f64.ln();
        (f64::from(SILENCE_DAYS_LEAST) - fewer).round().clamp(4.0, f64::from(SILENCE_DAYS_MOST)) as u16
    }

    /// The fewest standard errors of a shift that is said, likewise.
    pub(crate) fn shift_least(&self) -> f32 {
        (SHIFT_LEAST - 0.4 * (self.allowed_shifts() / HALF).ln() as f32).clamp(2.0, SHIFT_MOST)
    }

    /// An early silence is said where chance brings it to a home less often than this, a day.
    pub(crate) fn early_chance(&self) -> f64 {
        self.allowed_care / 1000.0 / 30.0
    }
}
