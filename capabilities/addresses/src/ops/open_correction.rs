//! Proposes a change to the library: this door does not exist, is called otherwise, is missing, is
//! elsewhere.

use crate::model::*;
use crate::{queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_core::{AccountId, CorrectionId, Ctx, Entry, Event, LonLat, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::json;

/// What is proposed.
#[derive(Debug, Clone)]
pub struct Input {
    /// The place that is wrong.
    pub place: Option<PlaceId>,
    /// Under which a missing one belongs.
    pub parent: Option<PlaceId>,
    /// What is wrong.
    pub problem: Problem,
    /// The right name.
    pub name: Option<String>,
    /// The kind of a missing one; one level below its parent where it is not said.
    pub kind: Option<PlaceKind>,
    /// The right point.
    pub point: Option<LonLat>,
    /// In the proposer's words.
    pub note: String,
    /// What it comes from; the same source opens one ticket only.
    pub source: Option<String>,
    /// Who proposes it, where the loop does so for a visitor.
    pub opener: Option<(AccountId, String)>,
}

gridweave_core::refusals! {
    /// Why the proposal was not taken.
    pub enum OpenCorrection {
        /// No such place.
        NotFound = "place_not_found", NotFound, "没有这个地址", "There is no such place";
        /// It must be said how the door is called.
        NoName = "name_missing", Invalid, "请填写正确的名称", "Give the right name";
        /// It must be said where the door is.
        NoPoint = "point_missing", Invalid, "请在地图上指出正确位置", "Show the right place on the map";
    }
}

/// Opens the ticket; the same source twice gives the first one.
pub fn run(tx: &mut Tx, ctx: &Ctx, input: &Input) -> Result<CorrectionId, OpError> {
    let subject = input.place.as_ref().or(input.parent.as_ref()).ok_or(OpenCorrection::NotFound)?;
    let place = queries::place(tx, subject)?.ok_or(OpenCorrection::NotFound)?;
    may(&ctx.actor, Action::CorrectionOpen, &Resource::in_division(place.division), None)?;
    if let Some(source) = &input.source
        && let Some(known) = tx.opt(&sql::BY_SOURCE, &[source.into()], |row| row.text(0))?
    {
        return Ok(CorrectionId(known));
    }
    let named = input.name.as_ref().is_some_and(|name| !name.trim().is_empty());
    match input.problem {
        Problem::Renamed | Problem::Missing | Problem::AlsoCalled if !named => {
            return Err(OpenCorrection::NoName.into());
        }
        Problem::Moved if input.point.is_none() => return Err(OpenCorrection::NoPoint.into()),
        _ => {}
    }
    let id: CorrectionId = ctx.new_id();
    let (by, by_name) = match &input.opener {
        Some((account, name)) => (account.clone(), name.clone()),
        None => (ctx.actor.account.clone(), ctx.actor.name.clone()),
    };
    tx.exec(
        &sql::INSERT_CORRECTION,
        &[
            (&id).into(),
            input.place.as_ref().into(),
            input.parent.as_ref().into(),
            input.problem.name().into(),
            input.name.clone().into(),
            input.kind.map(PlaceKind::name).into(),
            input.point.map(|p| p.lon).into(),
            input.point.map(|p| p.lat).into(),
            input.note.as_str().into(),
            place.division.into(),
            (&by).into(),
            by_name.into(),
            ctx.now().into(),
            input.source.clone().into(),
        ],
    )?;
    let body = json!({ "problem": input.problem, "place": subject });
    record(
        tx,
        ctx,
        &Entry::new("addresses.open_correction", format!("correction:{id}"), place.division, body),
    )?;
    emit(tx, ctx, &Event::CorrectionOpened { correction: id.clone(), division: place.division })?;
    Ok(id)
}
