//! What a change leaves behind: its record, the ledger's entry, the events that others follow.

use super::Edited;
use crate::model::*;
use crate::store::{Changes, Touched};
use crate::{queries, sql};
use gridweave_core::{Ctx, EditId, Entry, Event, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::json;

/// Other addresses that a change gave to places, among what followed.
pub(crate) const ALIAS: &str = "alias";

/// What the record of a change says.
pub(crate) struct Told<'a> {
    pub kind: &'a str,
    pub place: Place,
    pub reason: &'a str,
    pub undoes: Option<EditId>,
}

/// Records what was done and tells who follows.
pub(crate) fn finish(
    tx: &mut Tx,
    ctx: &Ctx,
    changes: Changes,
    redirects: &[(PlaceId, PlaceId)],
    told: Told<'_>,
) -> Result<Edited, OpError> {
    let kept = changes.end(tx)?;
    let Told { kind, place, reason, undoes } = told;
    let edit: EditId = ctx.new_id();
    tx.exec(
        &sql::INSERT_EDIT,
        &[
            (&edit).into(),
            kind.into(),
            (&place.id).into(),
            place.division.into(),
            (&ctx.actor.account).into(),
            ctx.actor.name.as_str().into(),
            ctx.now().into(),
            reason.into(),
            kept.touched.len().into(),
            undoes.as_ref().into(),
        ],
    )?;
    for (place, address) in &kept.aliases {
        queries::note_moved(tx, &edit, ALIAS, address, place)?;
    }
    for Touched { before, after } in &kept.touched {
        let versions = [before.as_ref().map_or(0, |place| place.version), after.version];
        tx.exec(
            &sql::INSERT_TOUCHED,
            &[(&edit).into(), (&after.id).into(), versions[0].into(), versions[1].into()],
        )?;
    }
    let body = json!({ "edit": edit, "kind": kind, "places": kept.touched.len(), "undoes": undoes });
    record(
        tx,
        ctx,
        &Entry::new("addresses.edit_library", format!("place:{}", place.id), place.division, body),
    )?;
    // Of an undone change what followed then goes back.
    let (of, undone) = match undoes {
        Some(undoes) => (undoes, true),
        None => (edit.clone(), false),
    };
    for (from, to) in redirects {
        let event = Event::PlaceRedirected {
            place: from.clone(),
            to: to.clone(),
            edit: of.clone(),
            undone,
            division: place.division,
        };
        emit(tx, ctx, &event)?;
    }
    let corrected =
        Event::AddressCorrected { place: place.id.clone(), point: place.point, division: place.division };
    emit(tx, ctx, &corrected)?;
    Ok(Edited { edit, place, touched: kept.touched })
}
