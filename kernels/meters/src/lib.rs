//! What changed at this meter?
//!
//! A [`Meter`] of 72 bytes holds all that is needed to judge the next day: a baseline learnt from all days but the last
//! fourteen, and those fourteen one by one, in which a day may still arrive or be corrected. A [`Scan`] holds the meters
//! of a feed, takes their readings in any order within a window, and says what it found; a [`Fleet`] what all of them
//! have in common, thresholds among it. The kernel knows meters, never people: whether a silent tap deserves a visit is
//! decided elsewhere.
//!
//! ```
//! use gridweave_meters::{Amount, Fleet, Kind, Limits, Scan};
//! let mut scan = Scan::new(Fleet::new(Limits::default()));
//! let meter = scan.keys.place("W1");
//! for day in 0..90 {
//!     let used = if day < 60 { 0.3 + 0.01 * (day % 5) as f32 } else { 0.0 };
//!     scan.take(meter, 20_000 + day, Amount::of(used));
//! }
//! let (told, _) = scan.finish();
//! assert_eq!(told[0].change.kind, Kind::ZeroOnset);
//! assert_eq!(told[0].change.since, 20_060);
//! ```
//!
//! **Silence.** A day is silent below a fiftieth of the home's usual day. It is said when it lasts longer than this fleet
//! and this home are used to; of homes on the care list as soon as chance would bring it too seldom.
//!
//! **Levels.** The last days against the baseline, each less its weekday's habit and what all meters did: a generalised
//! likelihood ratio over the day of change (Willsky and Jones 1976), with a scatter that is robust (Huber 1964; Gelper, Fried
//! and Croux 2010), in standard errors that allow for days that hang together.
//!
//! **Thresholds** are the least that would have kept to the allowed false alarms, those being alarms for states that did
//! not last (`docs/decisions/0014-…`).

mod amount;
mod change;
mod fleet;
mod hours;
mod judge;
mod keys;
mod level;
mod limits;
mod meter;
mod neighbours;
mod period;
mod registers;
mod scan;
pub mod score;
mod season;
mod snapshot;
#[cfg(test)]
mod tests;
mod together;

pub use amount::{Amount, OCTAVE};
pub use change::{Change, Kind, Stage, Words};
pub use fleet::{Fleet, PERIOD_DAYS};
pub use hours::{Hourly, Hours, Rhythm};
pub use keys::Keys;
pub use limits::Limits;
pub use meter::{Around, Day, ENDED_LENGTHS, Found, Meter, OPEN_DAYS};
pub use neighbours::{LEVELS, Neighbours};
pub use scan::{Scan, Taken, Told, Whose};
pub use season::{Season, Steps};
pub use snapshot::{BadSnapshot, SECTIONS, of_sections, read_snapshot, sections, write_snapshot};
