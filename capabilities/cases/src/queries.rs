//! Reading cases: one, a queue, the map.

use crate::model::*;
use crate::sql;
use crate::store::case_row;
use gridweave_core::{CaseId, CaseNo, LonLat, PlaceId, Scope};
use gridweave_db::{DbError, Tx};

/// One case by its number.
pub fn by_no(tx: &mut Tx, no: &CaseNo) -> Result<Option<Case>, DbError> {
    tx.opt(&sql::BY_NO, &[no.into()], case_row)
}

/// What a case came from.
pub fn reason(tx: &mut Tx, id: &CaseId) -> Result<Option<serde_json::Value>, DbError> {
    tx.opt(&sql::REASON, &[id.into()], |row| row.json(0))
}

/// The time line, oldest first.
pub fn steps(tx: &mut Tx, id: &CaseId) -> Result<Vec<Step>, DbError> {
    tx.all(&sql::STEPS, &[id.into()], |row| {
        let state = row.text(4)?;
        Ok(Step {
            n: row.int(0)?,
            at_ms: row.int(1)?,
            actor_name: row.text(2)?,
            action: row.text(3)?,
            state: State::from_name(&state).ok_or(DbError::Corrupt { what: "step state", why: state })?,
            note: row.text(5)?,
            data: row.json(6)?,
        })
    })
}

/// What a queue shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One state, or all.
    pub state: Option<State>,
    /// Only what this handler has (as stored).
    pub handler: String,
    /// One category, or all.
    pub category: String,
    /// Part of title, address or number.
    pub text: String,
    /// Only what has not ended.
    pub open_only: bool,
    /// Only open ones whose limit lies before this time; 0 for all.
    pub due_before_ms: i64,
    /// Only those without a certain place.
    pub unlocated_only: bool,
}

impl Filter {
    fn pattern(&self) -> String {
        if self.text.is_empty() {
            return String::new();
        }
        let plain: String = self.text.chars().filter(|c| !matches!(c, '%' | '_')).collect();
        format!("%{plain}%")
    }
}

/// What a queue's statement asks for behind its scope and place.
fn wanted(filter: &Filter) -> [gridweave_db::Value; 6] {
    [
        filter.state.map_or("", State::name).into(),
        filter.handler.as_str().into(),
        filter.category.as_str().into(),
        filter.pattern().into(),
        filter.due_before_ms.into(),
        i64::from(filter.unlocated_only).into(),
    ]
}

impl Filter {
    /// Can only open cases fit?
    fn is_of_open(&self) -> bool {
        self.open_only || self.due_before_ms > 0 || self.state.is_some_and(|state| !state.is_end())
    }
}

/// A scope with fewer cases than this is gathered and sorted; a larger one is walked through from the end.
const GATHERED_MAX: i64 = 5_000;

/// Is it a whole case number? Who types one wants that very case, whatever else the queue shows.
fn is_number(text: &str) -> bool {
    let parts: Vec<&str> = text.trim().split('-').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts[0].len() == 6 && parts[1].len() == 8 && parts.iter().all(digits)
}

/// Cases of a scope, newest first, before one (`""` for the newest).
pub fn newest(
    tx: &mut Tx,
    scope: Scope,
    filter: &Filter,
    before: &str,
    limit: i64,
) -> Result<Vec<Case>, DbError> {
    if is_number(&filter.text) {
        let found = by_no(tx, &CaseNo(filter.text.trim().to_owned()))?;
        let theirs = |case: &Case| filter.handler.is_empty() || case.handler.stored() == filter.handler;
        return Ok(found.into_iter().filter(|case| scope.contains(case.division) && theirs(case)).collect());
    }
    let before = if before.is_empty() { "~" } else { before };
    let mut params = vec![scope.lo.into(), scope.hi.into(), before.into()];
    params.extend(wanted(filter));
    params.push(limit.into());
    let statement = if filter.is_of_open() {
        &sql::LIST_OPEN
    } else {
        let within = [scope.lo.into(), scope.hi.into(), GATHERED_MAX.into()];
        let few = tx.one(&sql::COUNT_WITHIN, &within, |row| row.int(0))? < GATHERED_MAX;
        if few { &sql::LIST_NARROW } else { &sql::LIST_WIDE }
    };
    tx.all(statement, &params, case_row)
}

/// How many cases of a scope fit a filter, counted up to `most`.
pub fn count(tx: &mut Tx, scope: Scope, filter: &Filter, most: i64) -> Result<i64, DbError> {
    if is_number(&filter.text) {
        return Ok(newest(tx, scope, filter, "", 1)?.len() as i64);
    }
    let mut params = vec![scope.lo.into(), scope.hi.into(), "".into()];
    params.extend(wanted(filter));
    params.push(most.into());
    let statement = if filter.is_of_open() { &sql::COUNT_OPEN_ONES } else { &sql::COUNT_ALL };
    tx.one(statement, &params, |row| row.int(0))
}

/// Open cases of a scope by their limit, after one (limit and identifier; `(0, "")` for the first).
pub fn by_limit(
    tx: &mut Tx,
    scope: Scope,
    filter: &Filter,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<Case>, DbError> {
    if is_number(&filter.text) {
        return newest(tx, scope, filter, "", limit);
    }
    let mut params = vec![scope.lo.into(), scope.hi.into(), after.1.into()];
    params.extend(wanted(filter));
    params.extend([after.0.into(), limit.into()]);
    tx.all(&sql::LIST_DUE, &params, case_row)
}

/// How many open cases of each state, and how many of them are late.
pub fn counts(
    tx: &mut Tx,
    scope: Scope,
    handler: &str,
    now_ms: i64,
) -> Result<(Vec<(String, i64)>, i64), DbError> {
    let states = tx.all(&sql::COUNTS, &[scope.lo.into(), scope.hi.into(), handler.into()], |row| {
        Ok((row.text(0)?, row.int(1)?))
    })?;
    let params = [scope.lo.into(), scope.hi.into(), now_ms.into(), handler.into()];
    let late = tx.one(&sql::COUNT_OVERDUE, &params, |row| row.int(0))?;
    Ok((states, late))
}

/// How many open cases a scope has.
pub fn count_open(tx: &mut Tx, scope: Scope) -> Result<i64, DbError> {
    tx.one(&sql::COUNT_OPEN, &[scope.lo.into(), scope.hi.into()], |row| row.int(0))
}

/// Cases at a place, newest first.
pub fn at_place(tx: &mut Tx, place: &PlaceId, limit: i64) -> Result<Vec<Case>, DbError> {
    tx.all(&sql::AT_PLACE, &[place.into(), limit.into()], case_row)
}

/// How many cases are open at a place itself.
pub fn count_open_at(tx: &mut Tx, place: &PlaceId) -> Result<i64, DbError> {
    tx.one(&sql::COUNT_OPEN_AT, &[place.into()], |row| row.int(0))
}

/// A case as a point on the map.
pub struct CasePoint {
    /// Number.
    pub no: String,
    /// State.
    pub state: String,
    /// What it is.
    pub title: String,
    /// `urgent` or `normal`.
    pub urgency: String,
    /// Limit.
    pub due_at_ms: i64,
    /// Where.
    pub point: LonLat,
    /// Division.
    pub division: i64,
    /// Has it not ended?
    pub open: bool,
    /// Since when.
    pub established_at_ms: i64,
}

/// Open cases and those established after a time, where they have a point.
pub fn points(tx: &mut Tx, since_ms: i64) -> Result<Vec<CasePoint>, DbError> {
    let mut found = Vec::new();
    tx.each(&sql::POINTS, &[since_ms.into()], |row| {
        if let Some(point) = row.point(5, 6)? {
            found.push(CasePoint {
                no: row.text(0)?,
                state: row.text(1)?,
                title: row.text(2)?,
                urgency: row.text(3)?,
                due_at_ms: row.int(4)?,
                point,
                division: row.int(7)?,
                open: row.bool(8)?,
                established_at_ms: row.int(9)?,
            });
        }
        Ok(())
    })?;
    Ok(found)
}
