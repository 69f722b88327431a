//! The room's operations.

pub mod decide_correction;
pub mod edit_library;
pub mod edit_place;
mod elements;
pub mod import_base_map;
pub mod import_places;
pub mod learn_match;
pub mod open_correction;
pub mod record_quality;
pub mod take_permit;
pub mod undo_edit;
