//! Reactions: a corrected address may be the door that signals wait for; a visit says what a signal was worth.

use crate::model::CandidateDoor;
use crate::ops::push::match_door;
use crate::outcome::Outcome;
use crate::{queries, sql};
use gridweave_addresses::AddressLibrary;
use gridweave_addresses::jobs::{self as places, Follower};
use gridweave_addresses::ops::learn_match;
use gridweave_core::{Ctx, Entry, Event, PlaceId, SignalId, event::Finding};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::json;

/// How many waiting signals one correction looks at.
const REMATCH_MAX: i64 = 2000;

/// Matches waiting signals again after the library changed.
pub fn rematch_waiting(
    tx: &mut Tx,
    ctx: &Ctx,
    library: &AddressLibrary,
    event: &Event,
) -> Result<(), OpError> {
    let Event::AddressCorrected { .. } = event else { return Ok(()) };
    let waiting = tx.all(&sql::WAITING, &[REMATCH_MAX.into()], queries::signal_row)?;
    for signal in waiting {
        let Some(address) = &signal.address else { continue };
        let (door, matched) = match_door(tx, library, &signal.subject, address)?;
        match door {
            Some((place, division)) => {
                learn_match::solved(tx, ctx, address)?;
                tx.exec(&sql::SET_PLACE, &[(&signal.id).into(), (&place).into(), division.into()])?;
                emit(
                    tx,
                    ctx,
                    &Event::SignalMatched { signal: signal.id, place: PlaceId(place.0), division },
                )?;
            }
            None => {
                let candidates: Vec<CandidateDoor> =
                    matched.candidates.into_iter().map(CandidateDoor::from).collect();
                let text = serde_json::to_string(&candidates).unwrap_or_else(|_| "[]".to_owned());
                tx.exec(&sql::SET_CANDIDATES, &[(&signal.id).into(), text.into()])?;
            }
        }
    }
    Ok(())
}

/// What a visit found is what its signal was worth.
pub fn learn_outcome(tx: &mut Tx, ctx: &Ctx, id: &SignalId, findings: &[Finding]) -> Result<(), OpError> {
    let Some(signal) = queries::signal(tx, id)? else { return Ok(()) };
    let outcome = Outcome::of(&signal.kind, findings);
    tx.exec(&sql::SET_OUTCOME, &[id.into(), outcome.name().into(), ctx.now().into()])?;
    let body = json!({ "outcome": outcome, "kind": signal.kind, "feed": signal.feed });
    record(tx, ctx, &Entry::new("signals.outcome", format!("signal:{id}"), signal.division, body))?;
    Ok(())
}

/// Meters whose door a person chose follow a place that was given up to the one that took over, and go back when that is
/// undone.
pub fn follow_redirect(tx: &mut Tx, _: &Ctx, event: &Event) -> Result<(), OpError> {
    let followers: &[Follower] = &[("meter", &sql::MOVE_METERS, &sql::METER_BACK)];
    places::follow_redirect(tx, event, followers)
}
