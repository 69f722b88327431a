//! The room's operations.

pub mod decide_correction;
pub mod edit_place;
pub mod import_base_map;
pub mod import_places;
pub mod open_correction;
