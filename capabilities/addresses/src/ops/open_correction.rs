//! Proposes a change to the library: this door does not exist, is called otherwise, is missing, is
//! elsewhere.

use crate::model::*;
use crate::{queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_core::{AccountId, CorrectionId, Ctx, Entry, Event, LonLat, PlaceId};
use gridweave_db::{DbError, OpError, Tx};
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
    let (by, by_name) = match &input.opener {
        Some((account, name)) => (account.clone(), name.clone()),
        None => (ctx.actor.account.clone(), ctx.actor.name.clone()),
    };
    let id = put(
        tx,
        ctx,
        &Ticket {
            problem: input.problem,
            place: input.place.clone(),
            parent: input.parent.clone(),
            name: input.name.clone(),
            kind: input.kind,
            point: input.point,
            note: &input.note,
            division: place.division,
            by: (by, &by_name),
            source: input.source.as_deref(),
        },
    )?;
    let body = json!({ "problem": input.problem, "place": subject });
    record(
        tx,
        ctx,
        &Entry::new("addresses.open_correction", format!("correction:{id}"), place.division, body),
    )?;
    Ok(id)
}

/// A ticket as it is written; the fields as in [`Input`].
pub(crate) struct Ticket<'a> {
    pub problem: Problem,
    pub place: Option<PlaceId>,
    pub parent: Option<PlaceId>,
    pub name: Option<String>,
    pub kind: Option<PlaceKind>,
    pub point: Option<LonLat>,
    pub note: &'a str,
    pub division: i64,
    pub by: (AccountId, &'a str),
    pub source: Option<&'a str>,
}

/// Writes a ticket that was looked at, and tells of it.
pub(crate) fn put(tx: &mut Tx, ctx: &Ctx, ticket: &Ticket<'_>) -> Result<CorrectionId, DbError> {
    let id: CorrectionId = ctx.new_id();
    tx.exec(
        &sql::INSERT_CORRECTION,
        &[
            (&id).into(),
            ticket.place.as_ref().into(),
            ticket.parent.as_ref().into(),
            ticket.problem.name().into(),
            ticket.name.clone().into(),
            ticket.kind.map(PlaceKind::name).into(),
            ticket.point.map(|p| p.lon).into(),
            ticket.point.map(|p| p.lat).into(),
            ticket.note.into(),
            ticket.division.into(),
            (&ticket.by.0).into(),
            ticket.by.1.into(),
            ctx.now().into(),
            ticket.source.map(str::to_owned).into(),
        ],
    )?;
    emit(tx, ctx, &Event::CorrectionOpened { correction: id.clone(), division: ticket.division })?;
    Ok(id)
}
