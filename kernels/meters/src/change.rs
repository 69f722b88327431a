//! What is said of a meter.

use serde::{Deserialize, Serialize};

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Use stopped.
    ZeroOnset,
    /// Use came back after a confirmed stop, or began at a home that had none.
    Return,
    /// Use rose to a new level.
    ShiftUp,
    /// Use fell to a new level.
    ShiftDown,
    /// Something flows at every hour of the night, which it did not before.
    Leak,
    /// The same value day after day.
    Stuck,
    /// The register runs backwards.
    Reversed,
    /// A day's use that no home has.
    Implausible,
    /// A neighbourhood fell silent together: the supply was cut. Its "meter" is the neighbourhood.
    SupplyCut,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 9] = [
        Kind::ZeroOnset,
        Kind::Return,
        Kind::ShiftUp,
        Kind::ShiftDown,
        Kind::Leak,
        Kind::Stuck,
        Kind::Reversed,
        Kind::Implausible,
        Kind::SupplyCut,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::ZeroOnset => "zero_onset",
            Kind::Return => "return",
            Kind::ShiftUp => "shift_up",
            Kind::ShiftDown => "shift_down",
            Kind::Leak => "leak",
            Kind::Stuck => "stuck",
            Kind::Reversed => "reversed",
            Kind::Implausible => "implausible",
            Kind::SupplyCut => "supply_cut",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How sure a zero onset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Unusual for this home; said of homes on the care list.
    Early,
    /// As sure as it gets.
    Confirmed,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// 中文。
    pub zh: String,
    /// English.
    pub en: String,
}

/// One change found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What.
    pub kind: Kind,
    /// How sure; only silences come early.
    pub stage: Stage,
    /// An early signal of this very silence was given before.
    pub again: bool,
    /// First day of the new state, days since 1970-01-01.
    pub since: i32,
    /// Day on which it was found.
    pub detected: i32,
    /// Days of silence for an onset and a return; new level over old for a shift; the night's least an hour for
    /// a leak; days for a stuck or reversed register; the day over the usual day for an implausible one; homes
    /// for a supply cut.
    pub size: f64,
    /// From 0 to 1.
    pub confidence: f64,
    /// The numbers behind it, in words.
    pub reason: Words,
}
