//! What matching could not do, and what a person did instead, becomes a correction in the stewards' inbox: one for
//! each text, with how much waits for it. Called by the rooms that match, within what they are allowed to do.

use crate::model::*;
use crate::ops::elements::{Elements, falls_short};
use crate::ops::open_correction::{Ticket, put};
use crate::{queries, sql};
use gridweave_address::{Match, normalise};
use gridweave_core::{AccountId, Ctx, PlaceId};
use gridweave_db::{DbError, OpError, Tx};

/// A text longer than this is no address that somebody should put right.
const TEXT_MAX: usize = 120;

fn source(text: &str) -> String {
    format!("match:{}", normalise(text))
}

fn worth_it(text: &str) -> bool {
    (2..=TEXT_MAX).contains(&text.trim().chars().count())
}

/// A text matched nothing for certain: something is missing, or is called otherwise.
pub fn failed(tx: &mut Tx, ctx: &Ctx, text: &str, matched: &Match) -> Result<(), OpError> {
    if !worth_it(text) || tx.exec(&sql::WAITS, &[source(text).into()])? > 0 {
        return Ok(());
    }
    let best = matched.candidates.first();
    let place = best.map(|best| queries::place(tx, &PlaceId(best.id.clone()))).transpose()?.flatten();
    let short = best.is_some_and(falls_short);
    let missing = missing_name(text).filter(|_| short);
    let ticket = match (place, missing) {
        (Some(above), Some((name, kind))) if kind.lies_below(above.kind) => Failed {
            problem: Problem::Missing,
            division: above.division,
            parent: Some(above.id),
            place: None,
            name,
            kind: Some(kind),
            text,
        },
        // Two fit equally, or nothing does: only a person can tell which one is meant.
        (found, _) => Failed {
            problem: Problem::AlsoCalled,
            division: found.map_or(0, |place| place.division),
            parent: None,
            place: None,
            name: text.trim().to_owned(),
            kind: None,
            text,
        },
    };
    open(tx, ctx, ticket)
}

/// A person chose the place that a text means: perhaps it should always lead there.
pub fn corrected(tx: &mut Tx, ctx: &Ctx, text: &str, place: &PlaceId) -> Result<(), OpError> {
    solved(tx, ctx, text)?;
    let Some(place) = queries::place(tx, place)?.filter(|_| worth_it(text)) else { return Ok(()) };
    let text = text.trim();
    if place.address == text || queries::aliases(tx, &place.id)?.iter().any(|alias| alias == text) {
        return Ok(());
    }
    let ticket = Failed {
        problem: Problem::AlsoCalled,
        division: place.division,
        parent: None,
        place: Some(place.id),
        name: text.to_owned(),
        kind: None,
        text,
    };
    open(tx, ctx, ticket)
}

/// The text has found its place after all: what was asked about it is answered.
pub fn solved(tx: &mut Tx, ctx: &Ctx, text: &str) -> Result<(), DbError> {
    tx.exec(&sql::SOLVED, &[source(text).into(), ctx.now().into()]).map(drop)
}

/// The own element of the deepest part that a text names, as the standard writes it.
fn missing_name(text: &str) -> Option<(String, PlaceKind)> {
    let within = |kind| matches!(kind, PlaceKind::Building | PlaceKind::Unit | PlaceKind::Room);
    Elements::of(text).0.pop().filter(|(_, kind)| within(*kind))
}

fn open(tx: &mut Tx, ctx: &Ctx, ticket: Failed<'_>) -> Result<(), OpError> {
    let source = match &ticket.place {
        // The same text may be decided once and be chosen again for another place.
        Some(place) => format!("chosen:{place}:{}", normalise(ticket.text)),
        None => source(ticket.text),
    };
    if tx.exists(&sql::BY_SOURCE, &[source.as_str().into()])? {
        return Ok(());
    }
    put(
        tx,
        ctx,
        &Ticket {
            problem: ticket.problem,
            place: ticket.place,
            parent: ticket.parent,
            name: Some(ticket.name),
            kind: ticket.kind,
            point: None,
            note: ticket.text.trim(),
            division: ticket.division,
            by: (AccountId::from("system"), ""),
            source: Some(&source),
        },
    )?;
    tx.exec(&sql::WAITS, &[source.into()])?;
    Ok(())
}

/// What is proposed of a text.
struct Failed<'a> {
    problem: Problem,
    division: i64,
    parent: Option<PlaceId>,
    place: Option<PlaceId>,
    name: String,
    kind: Option<PlaceKind>,
    text: &'a str,
}
