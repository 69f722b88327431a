//! Reading the library: by identity, by text, by point, as a tree.

use crate::AddressLibrary;
use crate::model::*;
use crate::sql;
use crate::store::place_row;
use gridweave_address::{Hints, Match};
use gridweave_atlas::{Geometry, wkb};
use gridweave_core::time::TimeMs;
use gridweave_core::{CorrectionId, EditId, LonLat, PlaceId, Scope};
use gridweave_db::{DbError, Row, Tx};
use std::collections::HashMap;

/// One place.
pub fn place(tx: &mut Tx, id: &PlaceId) -> Result<Option<Place>, DbError> {
    tx.opt(&sql::PLACE, &[id.into()], place_row)
}

/// One place by its code.
pub fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Place>, DbError> {
    tx.opt(&sql::BY_CODE, &[code.into()], place_row)
}

/// What lies directly below, after a code.
pub fn children(tx: &mut Tx, id: &PlaceId, after: &str, limit: i64) -> Result<Vec<Place>, DbError> {
    tx.all(&sql::CHILDREN, &[id.into(), after.into(), limit.into()], place_row)
}

/// The topmost places of a scope, after a code, of one kind or (`""`) all.
pub fn top(tx: &mut Tx, scope: Scope, kind: &str, after: &str, limit: i64) -> Result<Vec<Place>, DbError> {
    let params = [scope.lo.into(), scope.hi.into(), after.into(), kind.into(), limit.into()];
    tx.all(&sql::TOP, &params, place_row)
}

/// Every place of a scope in the order of codes, after a code, each with the code of the place above: for export.
pub fn export(tx: &mut Tx, scope: Scope, after: &str, limit: i64) -> Result<Vec<(Place, String)>, DbError> {
    let places =
        tx.all(&sql::EXPORT, &[scope.lo.into(), scope.hi.into(), after.into(), limit.into()], place_row)?;
    let Some(last) = places.last() else { return Ok(Vec::new()) };
    let range = [scope.lo.into(), scope.hi.into(), after.into(), last.code.as_str().into()];
    let mut above: HashMap<String, String> =
        tx.all(&sql::EXPORT_PARENTS, &range, |row| Ok((row.text(0)?, row.text(1)?)))?.into_iter().collect();
    Ok(places
        .into_iter()
        .map(|place| {
            let parent = above.remove(&place.code).unwrap_or_default();
            (place, parent)
        })
        .collect())
}

/// From the topmost place down to the place itself.
pub fn lineage(tx: &mut Tx, id: &PlaceId) -> Result<Vec<Place>, DbError> {
    let mut line = Vec::new();
    let mut at = Some(id.clone());
    while let Some(found) = at.take().map(|id| place(tx, &id)).transpose()?.flatten() {
        at = found.parent.clone();
        line.push(found);
        if line.len() > 12 {
            break;
        }
    }
    line.reverse();
    Ok(line)
}

/// What place does this text mean?
pub fn match_address(
    tx: &mut Tx,
    library: &AddressLibrary,
    text: &str,
    hints: &Hints,
) -> Result<Match, DbError> {
    Ok(library.current(tx)?.match_text(text, hints))
}

/// Places that a half-typed text may mean, likeliest first.
pub fn suggest(
    tx: &mut Tx,
    library: &AddressLibrary,
    text: &str,
    near: Option<LonLat>,
    limit: usize,
) -> Result<Vec<Place>, DbError> {
    let found = library.current(tx)?.suggest(text, near.map(|p| [p.lon, p.lat]), limit);
    let mut places = Vec::with_capacity(found.len());
    for one in found {
        places.extend(place(tx, &PlaceId(one.id))?);
    }
    Ok(places)
}

/// A change of the library: a place as it is now, with its other addresses.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct PlaceChange {
    /// Number of the change.
    pub seq: i64,
    /// The place as it is now; abandoned ones too.
    pub place: Place,
    /// Other addresses that mean it.
    pub aliases: Vec<String>,
}

/// Places of a scope that changed after a number, in the order of their last changes. Who applies them in order
/// and goes on from the last number holds the library as it is.
pub fn changes(tx: &mut Tx, since: i64, scope: Scope, limit: i64) -> Result<Vec<PlaceChange>, DbError> {
    let params = [since.into(), scope.lo.into(), scope.hi.into(), limit.into()];
    let places = tx.all(&sql::SINCE_IN, &params, place_row)?;
    places
        .into_iter()
        .map(|place| Ok(PlaceChange { seq: place.seq, aliases: aliases(tx, &place.id)?, place }))
        .collect()
}

/// The number of the last change of all.
pub fn last_change(tx: &mut Tx) -> Result<i64, DbError> {
    tx.one(&sql::SEQ, &[], |row| row.int(0))
}

pub(crate) fn edit_row(row: &Row) -> Result<PlaceEdit, DbError> {
    Ok(PlaceEdit {
        id: EditId(row.text(0)?),
        kind: row.text(1)?,
        place: PlaceId(row.text(2)?),
        division: row.int(3)?,
        made_by_name: row.text(4)?,
        at_ms: row.int(5)?,
        reason: row.text(6)?,
        places: row.int(7)?,
        undoes: row.opt_text(8)?.map(EditId),
        undone_by: row.opt_text(9)?.map(EditId),
        address: row.opt_text(10)?.unwrap_or_default(),
    })
}

/// Changes that stewards made in a scope, newest first, before one.
pub fn edits(tx: &mut Tx, scope: Scope, before: &str, limit: i64) -> Result<Vec<PlaceEdit>, DbError> {
    let params = [scope.lo.into(), scope.hi.into(), before.into(), limit.into()];
    tx.all(&sql::EDITS, &params, edit_row)
}

/// Changes that touched a place, newest first.
pub fn edits_of(tx: &mut Tx, id: &PlaceId, limit: i64) -> Result<Vec<PlaceEdit>, DbError> {
    tx.all(&sql::EDITS_OF, &[id.into(), limit.into()], edit_row)
}

/// Notes that something of another room, known to it by a key, followed a place that was given up.
pub fn note_moved(tx: &mut Tx, edit: &EditId, what: &str, key: &str, from: &PlaceId) -> Result<(), DbError> {
    tx.exec(&sql::PUT_MOVED, &[edit.into(), what.into(), key.into(), from.into()]).map(drop)
}

/// Keys of what followed a place in a change, to go back when it is undone.
pub fn moved(tx: &mut Tx, edit: &EditId, what: &str, from: &PlaceId) -> Result<Vec<String>, DbError> {
    tx.all(&sql::MOVED, &[edit.into(), what.into(), from.into()], |row| row.text(0))
}

/// Compiled libraries that are of this database, with the number of the last change in each; the newest first.
pub fn library_files(tx: &mut Tx) -> Result<Vec<(String, i64)>, DbError> {
    tx.all(&sql::FILES, &[], |row| Ok((row.text(0)?, row.int(1)?)))
}

/// Files that are known; each server keeps one of its own.
const LIBRARY_FILES_MAX: usize = 20;

/// Makes a compiled library known, so that the next start opens it.
pub fn put_library_file(tx: &mut Tx, id: &str, seq: i64) -> Result<(), DbError> {
    tx.exec(&sql::PUT_FILE, &[id.into(), seq.into()])?;
    if let Some((_, oldest)) = library_files(tx)?.get(LIBRARY_FILES_MAX) {
        tx.exec(&sql::DROP_FILES, &[(*oldest + 1).into()])?;
    }
    Ok(())
}

/// Other addresses of a place.
pub fn aliases(tx: &mut Tx, id: &PlaceId) -> Result<Vec<String>, DbError> {
    tx.all(&sql::ALIASES, &[id.into()], |row| row.text(0))
}

/// A place as it was at a time; none where it was not there yet.
pub fn place_at(tx: &mut Tx, id: &PlaceId, at: TimeMs) -> Result<Option<Place>, DbError> {
    let Some(now) = place(tx, id)? else { return Ok(None) };
    if now.changed_at_ms <= at.0 {
        return Ok(Some(now));
    }
    let former = history(tx, id)?.into_iter().map(|former| former.place);
    Ok(former.into_iter().find(|place| place.changed_at_ms <= at.0))
}

/// A former record of a place.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct Former {
    /// Its version.
    pub version: i64,
    /// It held until then.
    pub until_ms: i64,
    /// The record.
    pub place: Place,
    /// Why it was changed.
    pub reason: String,
}

/// A place's history, newest first.
pub fn history(tx: &mut Tx, id: &PlaceId) -> Result<Vec<Former>, DbError> {
    tx.all(&sql::HISTORY, &[id.into()], |row| {
        Ok(Former { version: row.int(0)?, until_ms: row.int(1)?, place: row.json(2)?, reason: row.text(3)? })
    })
}

pub(crate) fn correction_row(row: &Row) -> Result<Correction, DbError> {
    let corrupt = |found: String| DbError::Corrupt { what: "correction", why: found };
    let (problem, state) = (row.text(3)?, row.text(9)?);
    Ok(Correction {
        id: CorrectionId(row.text(0)?),
        place: row.opt_text(1)?.map(PlaceId),
        parent: row.opt_text(2)?.map(PlaceId),
        problem: Problem::from_name(&problem).ok_or_else(|| corrupt(problem))?,
        name: row.opt_text(4)?,
        kind: row.opt_text(5)?.as_deref().and_then(PlaceKind::from_name),
        point: row.point(6, 7)?,
        note: row.text(8)?,
        state: CorrectionState::from_name(&state).ok_or_else(|| corrupt(state))?,
        division: row.int(10)?,
        opened_by_name: row.text(11)?,
        opened_at_ms: row.int(12)?,
        decided_at_ms: row.opt_int(13)?,
        reason: row.opt_text(14)?,
        version: row.int(15)?,
        waits: row.int(16)?,
    })
}

/// One correction.
pub fn correction(tx: &mut Tx, id: &CorrectionId) -> Result<Option<Correction>, DbError> {
    tx.opt(&sql::CORRECTION, &[id.into()], correction_row)
}

/// Corrections of a state and scope, oldest first, after one.
pub fn corrections(
    tx: &mut Tx,
    state: CorrectionState,
    scope: Scope,
    after: &str,
    limit: i64,
) -> Result<Vec<Correction>, DbError> {
    let params = [state.name().into(), scope.lo.into(), scope.hi.into(), after.into(), limit.into()];
    tx.all(&sql::CORRECTIONS, &params, correction_row)
}

/// What is wrong where, with how much of it.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct Cause {
    /// What is wrong.
    pub problem: Problem,
    /// Where: the place that is wrong or under which one is missing; none where nobody knows.
    pub place: Option<PlaceId>,
    /// Its address.
    pub address: Option<String>,
    /// How many corrections.
    pub corrections: i64,
    /// Those and the signals and cases that wait for them.
    pub harm: i64,
    /// The oldest.
    pub since_ms: i64,
}

/// Open corrections of a scope grouped by cause, most harmful first.
pub fn causes(tx: &mut Tx, scope: Scope, limit: i64) -> Result<Vec<Cause>, DbError> {
    let mut found = tx.all(&sql::CAUSES, &[scope.lo.into(), scope.hi.into(), limit.into()], |row| {
        let problem = row.text(0)?;
        let corrupt = |why| DbError::Corrupt { what: "correction", why };
        Ok(Cause {
            problem: Problem::from_name(&problem).ok_or_else(|| corrupt(problem))?,
            place: row.opt_text(1)?.map(PlaceId),
            address: None,
            corrections: row.int(2)?,
            harm: row.int(3)?,
            since_ms: row.int(4)?,
        })
    })?;
    for cause in &mut found {
        cause.address = match &cause.place {
            Some(id) => place(tx, id)?.map(|place| place.address),
            None => None,
        };
    }
    Ok(found)
}

/// Open corrections of one cause, most harmful first.
pub fn of_cause(
    tx: &mut Tx,
    problem: Problem,
    place: &str,
    scope: Scope,
    limit: i64,
) -> Result<Vec<Correction>, DbError> {
    let params = [problem.name().into(), place.into(), scope.lo.into(), scope.hi.into(), limit.into()];
    tx.all(&sql::OF_CAUSE, &params, correction_row)
}

/// How many corrections were decided since a time, and how long the one in the middle took in milliseconds.
pub fn decisions(tx: &mut Tx, since: TimeMs, scope: Scope) -> Result<(i64, Option<i64>), DbError> {
    let params = [since.into(), scope.lo.into(), scope.hi.into()];
    let count = tx.one(&sql::COUNT_DECIDED, &params, |row| row.int(0))?;
    let middle = [since.into(), scope.lo.into(), scope.hi.into(), (count / 2).into()];
    Ok((count, tx.opt(&sql::MEDIAN_DECISION, &middle, |row| row.int(0))?))
}

/// How many corrections wait in a scope.
pub fn count_open_corrections(tx: &mut Tx, scope: Scope) -> Result<i64, DbError> {
    tx.one(&sql::COUNT_OPEN, &[scope.lo.into(), scope.hi.into()], |row| row.int(0))
}

/// How many places of each kind are in use.
pub fn counts(tx: &mut Tx) -> Result<Vec<(String, i64)>, DbError> {
    tx.all(&sql::COUNTS, &[], |row| Ok((row.text(0)?, row.int(1)?)))
}

/// Something of the library to be drawn.
pub struct DrawnPlace {
    /// The place.
    pub id: PlaceId,
    /// Its kind.
    pub kind: String,
    /// Its own element.
    pub name: String,
    /// Where.
    pub division: i64,
    /// Outline, or the point where it has none.
    pub geometry: Geometry,
}

/// Buildings, compounds, door plates and points of interest with their geometry.
pub fn drawn_places(tx: &mut Tx) -> Result<Vec<DrawnPlace>, DbError> {
    let mut found = Vec::new();
    tx.each(&sql::OUTLINES, &[], |row| {
        let outline = row.opt_bytes(5)?.and_then(|bytes| wkb::read(&bytes).ok());
        let point: Option<LonLat> = row.point(6, 7)?;
        let geometry = outline.or(point.map(|p| Geometry::Point([p.lon, p.lat])));
        if let Some(geometry) = geometry {
            found.push(DrawnPlace {
                id: PlaceId(row.text(0)?),
                kind: row.text(1)?,
                name: row.text(2)?,
                division: row.int(4)?,
                geometry,
            });
        }
        Ok(())
    })?;
    Ok(found)
}

/// The outline of one place.
pub fn outline(tx: &mut Tx, id: &PlaceId) -> Result<Option<Geometry>, DbError> {
    let bytes = tx.opt(&sql::OUTLINE, &[id.into()], |row| row.opt_bytes(0))?.flatten();
    Ok(bytes.and_then(|bytes| wkb::read(&bytes).ok()))
}

/// The base map.
pub fn base_features(tx: &mut Tx) -> Result<Vec<BaseFeature>, DbError> {
    let mut found = Vec::new();
    tx.each(&sql::FEATURES, &[], |row| {
        if let Ok(geometry) = wkb::read(&row.bytes(3)?) {
            let (layer, class, name) = (row.text(0)?, row.text(1)?, row.opt_text(2)?);
            found.push(BaseFeature { layer, class, name, geometry });
        }
        Ok(())
    })?;
    Ok(found)
}

/// Changes whenever what the map shows of the library has changed.
pub fn map_epoch(tx: &mut Tx) -> Result<i64, DbError> {
    tx.one(&sql::MAP_EPOCH, &[], |row| row.int(0))
}
