//! Who covers what?

mod bisect;
mod check;
mod coarsen;
mod contiguity;
mod draw;
mod graph;
mod pair;
mod problem;
mod redraw;
mod state;
mod sweep;
#[cfg(test)]
mod tests;

pub use check::{Checked, Fault, check};
pub use draw::{Draw, Progress};
pub use graph::Graph;
pub use problem::{Conflict, InvalidProblem, Prepared, Rules, Tolerance};
pub use redraw::{NO_CELL, Redraw};
