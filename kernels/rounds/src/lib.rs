//! In which order to visit?

mod chance;
mod clock;
mod plan;
mod problem;
mod search;

pub use plan::{Doing, Plan};
pub use problem::{Day, InvalidDay, Minute, Visit, Walks, Worker};
pub use search::Search;
