//! Reactions: a corrected address may be the door that signals wait for.

use crate::ops::push::match_door;
use crate::{queries, sql};
use gridweave_addresses::AddressLibrary;
use gridweave_core::{Ctx, Event, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;

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
        let (door, candidates) = match_door(tx, library, &signal.subject, address)?;
        match door {
            Some((place, division)) => {
                tx.exec(&sql::SET_PLACE, &[(&signal.id).into(), (&place).into(), division.into()])?;
                emit(
                    tx,
                    ctx,
                    &Event::SignalMatched { signal: signal.id, place: PlaceId(place.0), division },
                )?;
            }
            None => {
                let text = serde_json::to_string(&candidates).unwrap_or_else(|_| "[]".to_owned());
                tx.exec(&sql::SET_CANDIDATES, &[(&signal.id).into(), text.into()])?;
            }
        }
    }
    Ok(())
}
