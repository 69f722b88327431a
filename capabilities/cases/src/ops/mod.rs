//! The room's operations.

pub mod advance;
pub mod dispatch;
pub mod merge;
pub mod open_case;
