//! Says whether a home is lived in, vacant or let, as somebody saw it.

use crate::sql;
use gridweave_access::{Action, Resource, may};
use gridweave_addresses::queries::place;
use gridweave_core::{Ctx, Entry, Event, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::json;

gridweave_core::refusals! {
    /// Why it was not taken.
    pub enum SetOccupancy {
        /// No such door.
        NotFound = "place_not_found", NotFound, "没有这个地址", "There is no such place";
        /// Not one of the words.
        BadWord(found: String) = "occupancy_invalid", Invalid, "“{0}”不是居住状态：可用 occupied、vacant、rented、unknown",
            "“{0}” is no occupancy: use occupied, vacant, rented or unknown";
    }
}

/// The words that are understood.
pub const OCCUPANCIES: [&str; 4] = ["occupied", "vacant", "rented", "unknown"];

/// Records it, with what it was seen by.
pub fn run(tx: &mut Tx, ctx: &Ctx, id: &PlaceId, occupancy: &str, source: &str) -> Result<(), OpError> {
    let door = place(tx, id)?.ok_or(SetOccupancy::NotFound)?;
    may(&ctx.actor, Action::RegistersImport, &Resource::in_division(door.division), None)?;
    if !OCCUPANCIES.contains(&occupancy) {
        return Err(SetOccupancy::BadWord(occupancy.to_owned()).into());
    }
    let before = tx.opt(&sql::DWELLING, &[id.into()], |row| row.text(0))?;
    let now = ctx.now();
    tx.exec(&sql::PUT_DWELLING, &[id.into(), occupancy.into(), now.into(), now.into()])?;
    let body = json!({ "from": before, "to": occupancy, "source": source });
    record(tx, ctx, &Entry::new("registers.set_occupancy", format!("place:{id}"), door.division, body))?;
    if before.as_deref() != Some(occupancy) {
        emit(tx, ctx, &Event::DwellingChanged { place: id.clone(), division: door.division })?;
    }
    Ok(())
}
