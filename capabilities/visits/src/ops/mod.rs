//! The room's operations.

pub mod accept_task;
pub mod add_photo;
pub mod submit_visit;
