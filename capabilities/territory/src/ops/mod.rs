//! The room's operations.

pub mod assign_worker;
pub mod draw_plan;
pub mod import_divisions;
pub mod publish_plan;
