//! What changed at this meter?
//!
//! One [`Meter`] of 76 bytes holds all that is needed to judge the next day.

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
pub use scan::{Many, Scan, Taken, Told, Whose};
pub use season::{Season, Steps};
pub use snapshot::{BadSnapshot, SECTIONS, of_sections, read_snapshot, sections, write_snapshot};
