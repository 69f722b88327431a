//! What a change leaves behind: its record, the ledger's entry, the events that others follow.

use super::Edited;
use crate::model::*;
use crate::store::{Changes, Touched};
use crate::{queries, sql};
use gridweave_core::{Ctx, EditId, Entry, Event};
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
pub(crate) fn finish(tx: &mut Tx, ctx: &Ctx, changes: Changes, told: Told<'_>) -> Result<Edited, OpError> {
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
    let redirected = |place: &Place| {
        place
            .redirect
            .clone()
            .filter(|_| place.status == PlaceStatus::Abandoned)
            .map(|to| (place.id.clone(), to))
    };
    for Touched { before, after } in &kept.touched {
        let (was, is) = (before.as_ref().and_then(redirected), redirected(after));
        if was == is {
            continue;
        }
        // What followed in the change that is undone goes back; what is given up anew is followed anew.
        let back = undoes.as_ref().and_then(|undoes| was.map(|redirect| (redirect, undoes, true)));
        for ((place, to), edit, undone) in back.into_iter().chain(is.map(|redirect| (redirect, &edit, false)))
        {
            let event =
                Event::PlaceRedirected { place, to, edit: edit.clone(), undone, division: after.division };
            emit(tx, ctx, &event)?;
        }
    }
    let corrected =
        Event::AddressCorrected { place: place.id.clone(), point: place.point, division: place.division };
    emit(tx, ctx, &corrected)?;
    Ok(Edited { edit, place, touched: kept.touched })
}
