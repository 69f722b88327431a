//! Reading signals and feeds.

use crate::model::*;
use crate::ops::push::Pushed;
use crate::outcome::Outcome;
use crate::sql;
use gridweave_core::{PlaceId, Scope, SignalId, Zone};
use gridweave_db::{DbError, Row, Tx};

pub(crate) fn signal_row(row: &Row) -> Result<Signal, DbError> {
    let state = row.text(10)?;
    let verdict = row.opt_text(15)?.and_then(|text| serde_json::from_str(&text).ok());
    Ok(Signal {
        id: SignalId(row.text(0)?),
        feed: row.text(1)?,
        kind: row.text(2)?,
        stage: row.text(3)?,
        subject: row.text(4)?,
        since: Zone::date_text(row.int(5)?),
        detected: Zone::date_text(row.int(6)?),
        size: row.float(7)?,
        confidence: row.float(8)?,
        reason: row.json(9)?,
        state: SignalState::from_name(&state).ok_or(DbError::Corrupt { what: "signal state", why: state })?,
        place: row.opt_text(11)?.map(PlaceId),
        division: row.int(12)?,
        address: row.opt_text(13)?,
        candidates: row.json(14)?,
        verdict,
        created_at_ms: row.int(16)?,
        version: row.int(17)?,
        outcome: row.opt_text(18)?.as_deref().and_then(Outcome::from_name),
    })
}

/// One signal.
pub fn signal(tx: &mut Tx, id: &SignalId) -> Result<Option<Signal>, DbError> {
    tx.opt(&sql::SIGNAL, &[id.into()], signal_row)
}

/// Which signals.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of a state.
    pub state: SignalState,
    /// Of a feed; of any where it is empty.
    pub feed: String,
    /// Of a kind; of any where it is empty.
    pub kind: String,
}

impl Filter {
    /// All of a state.
    pub fn of(state: SignalState) -> Self {
        Self { state, feed: String::new(), kind: String::new() }
    }
}

/// Signals of a scope, newest first, before one (`""` for the newest).
pub fn list(
    tx: &mut Tx,
    filter: &Filter,
    scope: Scope,
    before: &str,
    limit: i64,
) -> Result<Vec<Signal>, DbError> {
    let before = if before.is_empty() { "~" } else { before };
    let params = [
        filter.state.name().into(),
        scope.lo.into(),
        scope.hi.into(),
        before.into(),
        limit.into(),
        filter.feed.as_str().into(),
        filter.kind.as_str().into(),
    ];
    tx.all(&sql::LIST, &params, signal_row)
}

/// Signals at a place, newest first.
pub fn at_place(tx: &mut Tx, place: &PlaceId, limit: i64) -> Result<Vec<Signal>, DbError> {
    tx.all(&sql::AT_PLACE, &[place.into(), limit.into()], signal_row)
}

/// How many signals wait for a door in a scope.
pub fn count_waiting(tx: &mut Tx, scope: Scope) -> Result<i64, DbError> {
    tx.one(&sql::COUNT_WAITING, &[scope.lo.into(), scope.hi.into()], |row| row.int(0))
}

/// When a feed last pushed and what came of it.
pub fn last_push(tx: &mut Tx, feed: &str) -> Result<Option<(i64, Pushed)>, DbError> {
    tx.opt(&sql::LAST_PUSH, &[feed.into()], |row| Ok((row.int(0)?, row.json(1)?)))
}
