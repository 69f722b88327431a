//! In which order to visit?
//!
//! A [`Day`] of visits (windows, minutes, skills, one worker or two) and workers (shift, pause, skills) with the minutes it takes to walk
//! between ([`Streets`], or [`straight`]) becomes a [`Plan`]: who visits whom and in which order, so that little is walked and what is left
//! out is worth little. A [`Search`] finds it step by step; [`Plan::times`] tells when, [`why`] why something was left out, and [`check`],
//! which knows nothing of how rounds are found, whether they can be walked.
//!
//! ```
//! use gridweave_rounds::{Day, Pace, Search, Visit, Worker, check, straight};
//! let places = [[114.30, 30.50], [114.31, 30.50], [114.32, 30.50]];
//! let visit = |place| Visit { place, minutes: 10.0, windows: vec![(540.0, 600.0)], worth: 100.0, skills: 0, workers: 1 };
//! let worker = Worker { start: 0, end: 0, shift: (540.0, 720.0), pause: None, skills: 0 };
//! let day = Day { visits: vec![visit(2), visit(1)], workers: vec![worker], walks: straight(&places, Pace::default()) };
//! day.check().unwrap();
//! let mut search = Search::new(&day, 1);
//! (0..100).for_each(|step| { search.step(f64::from(step) / 100.0); });
//! let plan = search.plan();
//! assert_eq!((plan.rounds[0].len(), plan.left_out.len()), (2, 0));
//! let times: Vec<_> = plan.times(&day).into_iter().map(Option::unwrap).collect();
//! assert_eq!(check(&day, &times, &plan.left_out), []);
//! ```

mod check;
mod clock;
mod explain;
mod plan;
mod problem;
mod round;
mod search;
mod streets;
#[cfg(test)]
mod tests;

pub use check::{Fault, check};
pub use explain::{Why, why};
pub use plan::{Doing, Plan};
pub use problem::{Day, InvalidDay, Minute, Visit, Walks, Worker};
pub use search::Search;
pub use streets::{Pace, Reach, Streets, straight};
