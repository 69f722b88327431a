//! What changed at this meter? Onset of zero use, return of use, level shifts, from daily values.
//!
//! One [`Detector`] for each meter holds all that is needed to judge the next day, so a day's push
//! of a whole city costs one step for each meter. It knows nothing of people: whether a silent tap
//! deserves a visit is decided elsewhere.
//!
//! ```
//! use gridweave_meters::{Detector, Kind};
//! let mut detector = Detector::default();
//! let mut found = Vec::new();
//! for day in 0..60 {
//!     let value = if day < 40 { 0.3 } else { 0.0 };
//!     found.extend(detector.push(day, value));
//! }
//! assert_eq!(found[0].kind, Kind::ZeroOnset);
//! assert_eq!(found[0].since, 40);
//! ```
//!
//! **Zero use.** A day counts as silent below a fiftieth of the home's usual day. How surprising a
//! run of silent days is depends on how often this home was silent before: an early signal comes
//! when the run would happen by chance less than once in a thousand, a confirmed one at ten days.
//!
//! **Level shifts.** The mean logarithm of the last days against the four weeks before them, each
//! day less its weekday's habit where that is known, in units of the home's own scatter.

mod detector;
pub mod score;

pub use detector::{Change, Detector, Kind, Stage, Words};
