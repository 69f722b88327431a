//! Ends a session.

use crate::{password, sql};
use gridweave_core::{Ctx, Entry};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// Ends the session of this token; ending it twice is no error.
pub fn run(tx: &mut Tx, ctx: &Ctx, token: &str) -> Result<(), OpError> {
    if tx.exec(&sql::DELETE_SESSION, &[password::token_hash(token).into()])? > 0 {
        let subject = format!("account:{}", ctx.actor.account);
        record(tx, ctx, &Entry::new("access.sign_out", subject, 0, json!({})))?;
    }
    Ok(())
}
