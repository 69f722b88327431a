//! The room's operations.

pub mod dismiss_signal;
pub mod judge;
pub mod match_signal;
pub mod push;
