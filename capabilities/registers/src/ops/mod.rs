//! The room's operations.

pub mod import_rows;
pub mod record_absence;
pub mod set_occupancy;
pub mod unmask;
