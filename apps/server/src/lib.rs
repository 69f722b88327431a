//! The server: what joins the rooms. [`wiring`] is the loop as a table; [`assembly`] holds what every
//! operation needs; [`http`] is the face; [`composed`] joins rooms for reading; [`simulate`] lets a
//! synthetic city live through the whole loop.

pub mod assembly;
pub mod catalogues;
pub mod composed;
pub mod config;
pub mod daily_export;
pub mod demo_accounts;
pub mod drop_folder;
pub mod export;
pub mod http;
pub mod import;
pub mod kept;
pub mod layers;
pub mod library_files;
pub mod mqtt;
pub mod readings;
pub mod refusals;
pub mod simulate;
pub mod wiring;

pub use assembly::App;
pub use config::Config;
