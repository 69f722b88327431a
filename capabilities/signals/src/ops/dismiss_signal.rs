//! A person puts a waiting signal aside, with a reason.

use crate::model::SignalState;
use crate::{DecideSignal, queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_core::{Ctx, Entry, SignalId};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// Dismisses the signal.
pub fn run(tx: &mut Tx, ctx: &Ctx, id: &SignalId, reason: &str, version: i64) -> Result<(), OpError> {
    let signal =
        tx.opt(&sql::SIGNAL_LOCKED, &[id.into()], queries::signal_row)?.ok_or(DecideSignal::NotFound)?;
    may(&ctx.actor, Action::SignalDecide, &Resource::in_division(signal.division), None)?;
    if signal.state != SignalState::Unmatched {
        return Err(DecideSignal::Decided.into());
    }
    if signal.version != version {
        return Err(DecideSignal::Stale.into());
    }
    if reason.trim().is_empty() {
        return Err(DecideSignal::NoReason.into());
    }
    let verdict = json!({ "dismissed": reason.trim() });
    let params = [id.into(), SignalState::Dismissed.name().into(), verdict.to_string().into()];
    tx.exec(&sql::SET_STATE, &params)?;
    record(tx, ctx, &Entry::new("signals.dismiss_signal", format!("signal:{id}"), signal.division, verdict))?;
    Ok(())
}
