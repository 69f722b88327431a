//! The room's operations.

pub mod create_account;
pub mod sign_in;
pub mod sign_out;
