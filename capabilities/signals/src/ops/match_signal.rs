//! A person says which door a waiting signal means.

use crate::model::SignalState;
use crate::{DecideSignal, queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_addresses::ops::learn_match;
use gridweave_addresses::queries::place;
use gridweave_core::{Ctx, Entry, Event, PlaceId, SignalId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::json;

/// Gives the signal its door; the meter remembers it.
pub fn run(tx: &mut Tx, ctx: &Ctx, id: &SignalId, door: &PlaceId, version: i64) -> Result<(), OpError> {
    let signal =
        tx.opt(&sql::SIGNAL_LOCKED, &[id.into()], queries::signal_row)?.ok_or(DecideSignal::NotFound)?;
    let found = place(tx, door)?.ok_or(DecideSignal::NoPlace)?;
    may(&ctx.actor, Action::SignalDecide, &Resource::in_division(found.division), None)?;
    if signal.state != SignalState::Unmatched {
        return Err(DecideSignal::Decided.into());
    }
    if signal.version != version {
        return Err(DecideSignal::Stale.into());
    }
    tx.exec(&sql::SET_PLACE, &[id.into(), door.into(), found.division.into()])?;
    if let Some(address) = &signal.address {
        learn_match::corrected(tx, ctx, address, door)?;
    }
    tx.exec(&sql::SET_METER_PLACE, &[signal.subject.as_str().into(), door.into()])?;
    let body = json!({ "place": door, "feed": signal.feed });
    record(tx, ctx, &Entry::new("signals.match_signal", format!("signal:{id}"), found.division, body))?;
    emit(
        tx,
        ctx,
        &Event::SignalMatched { signal: id.clone(), place: door.clone(), division: found.division },
    )?;
    Ok(())
}
