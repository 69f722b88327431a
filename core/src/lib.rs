//! What every floor of Gridweave shares: identifiers, codes, time, chance, who acts and for what
//! purpose, refusals, ledger entries and the events that close the loop. No I/O.
//!
//! Read on: [`codes`] for the codes that people see, [`ctx`] for what an operation is given,
//! [`event`] for the arrows of the loop.

pub mod actor;
pub mod audit;
pub mod codes;
pub mod ctx;
pub mod event;
pub mod geo;
pub mod ids;
pub mod personal;
pub mod refusal;
pub mod rng;
pub mod time;

pub use actor::{Actor, Grant, Purpose, Role, Scope};
pub use audit::Entry;
pub use codes::{CaseNo, CellCode, CreditCode, DivisionCode, IdentityNumber, InvalidCode};
pub use ctx::Ctx;
pub use event::Event;
pub use geo::LonLat;
pub use ids::*;
pub use personal::Personal;
pub use refusal::{Refusal, RefusalKind, Refuse};
pub use rng::{OsRng, Rng, SeededRng};
pub use time::{Clock, ManualClock, SystemClock, TimeMs, Zone};
