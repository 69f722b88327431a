//! Who covers what?
//!
//! A [`Graph`] of blocks with their work, and [`Rules`] (how many cells, how equal, borders, blocks together and apart, doors) become cells that
//! hang together and are as equal as asked; or a [`Conflict`] that names the rules which cannot be kept. [`Draw`] draws them, better
//! from round to round; [`Redraw`] brings cells that there are within the tolerance by few changes; [`check`] tells by plain means what
//! is wrong with any cells.
//!
//! ```
//! use gridweave_partition::{Draw, Graph, Prepared, Rules, Tolerance, check};
//! // Six blocks in a row.
//! let edges: Vec<_> = (1..6).map(|block| (block - 1, block, 1.0)).collect();
//! let graph = Graph::new(&[1.0, 2.0, 1.0, 1.0, 1.0, 2.0], &edges).unwrap();
//! let rules = Rules::new(2, Tolerance::Within(0.01));
//! let prepared = Prepared::new(&graph, &rules).unwrap();
//! let mut draw = Draw::new(&prepared, 1);
//! draw.round();
//! assert!(check(&graph, &rules, &draw.cells()).faults.is_empty());
//! ```

mod align;
mod bisect;
mod check;
mod coarsen;
mod contiguity;
mod draw;
mod exact;
mod feasible;
mod graph;
mod hubs;
mod pair;
mod problem;
mod redraw;
mod rules;
mod separate;
mod state;
mod sweep;
#[cfg(test)]
mod tests;

pub use align::{Alignment, Overlap, alignments, overlaps};
pub use check::{Checked, Fault, check};
pub use draw::{Draw, Progress};
pub use graph::Graph;
pub use problem::Prepared;
pub use redraw::{NO_CELL, Redraw};
pub use rules::{Conflict, InvalidProblem, Rules, Tolerance};
