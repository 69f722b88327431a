//! What the ledger keeps of a change or of a reading of personal data.

use serde::Serialize;

/// One act, as the ledger records it. The body holds identifiers, codes and changed public
/// values, never the personal value itself: the ledger outlives the data it speaks of.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// What was done, as `room.verb` (`cases.dispatch`).
    pub action: &'static str,
    /// What it was done to, as `kind:id`.
    pub subject: String,
    /// The division it concerns, 0 for none.
    pub division: i64,
    /// What changed or was read.
    pub body: serde_json::Value,
}

impl Entry {
    /// An entry about a subject.
    pub fn new(
        action: &'static str,
        subject: impl Into<String>,
        division: i64,
        body: serde_json::Value,
    ) -> Self {
        Self { action, subject: subject.into(), division, body }
    }
}
