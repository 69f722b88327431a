//! Reading tasks, visits and photos.

use crate::model::*;
use crate::sql;
use gridweave_core::{AccountId, CaseId, CaseNo, FileId, PlaceId, Scope, TaskId, VisitId};
use gridweave_db::{DbError, Row, Tx};

pub(crate) fn task_row(row: &Row) -> Result<Task, DbError> {
    let state = row.text(4)?;
    Ok(Task {
        id: TaskId(row.text(0)?),
        case: CaseId(row.text(1)?),
        case_no: CaseNo(row.text(2)?),
        worker: AccountId(row.text(3)?),
        state: TaskState::from_name(&state).ok_or(DbError::Corrupt { what: "task state", why: state })?,
        title: row.text(5)?,
        category: row.text(6)?,
        urgency: row.text(7)?,
        form: row.text(8)?,
        call_first: row.bool(9)?,
        place: row.opt_text(10)?.map(PlaceId),
        address: row.text(11)?,
        point: row.point(12, 13)?,
        division: row.int(14)?,
        due_at_ms: row.int(15)?,
        reason: row.json(16)?,
        created_at_ms: row.int(17)?,
        version: row.int(18)?,
    })
}

/// One task.
pub fn task(tx: &mut Tx, id: &TaskId) -> Result<Option<Task>, DbError> {
    tx.opt(&sql::TASK, &[id.into()], task_row)
}

/// What a worker has to do, the most urgent limit first; or what they have done lately.
pub fn of_worker(tx: &mut Tx, worker: &AccountId, done: bool, limit: i64) -> Result<Vec<Task>, DbError> {
    let statement = if done { &sql::DONE_OF } else { &sql::OPEN_OF };
    tx.all(statement, &[worker.into(), limit.into()], task_row)
}

/// Open tasks of a scope, after one.
pub fn open_in(tx: &mut Tx, scope: Scope, after: &str, limit: i64) -> Result<Vec<Task>, DbError> {
    tx.all(&sql::OPEN_IN, &[scope.lo.into(), scope.hi.into(), after.into(), limit.into()], task_row)
}

/// Every task, after one: for reports and scoring.
pub fn every(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Task>, DbError> {
    tx.all(&sql::EVERY, &[after.into(), limit.into()], task_row)
}

/// Does this door lie on this worker's way today? Then they may see its card.
pub fn worker_has_task_at(tx: &mut Tx, worker: &AccountId, place: &PlaceId) -> Result<bool, DbError> {
    tx.exists(&sql::WORKER_AT, &[place.into(), worker.into()])
}

fn visit_row(row: &Row) -> Result<Visit, DbError> {
    Ok(Visit {
        id: VisitId(row.text(0)?),
        task: TaskId(row.text(1)?),
        worker: AccountId(row.text(2)?),
        at_ms: row.int(3)?,
        received_at_ms: row.int(4)?,
        answers: row.json(5)?,
        point: row.point(6, 7)?,
        distance_m: row.opt_float(8)?,
        far: row.bool(9)?,
        photos: Vec::new(),
    })
}

fn with_photos(tx: &mut Tx, mut visit: Visit) -> Result<Visit, DbError> {
    visit.photos = tx.all(&sql::PHOTOS, &[(&visit.id).into()], |row| Ok(FileId(row.text(0)?)))?;
    Ok(visit)
}

/// One visit with its photos.
pub fn visit(tx: &mut Tx, id: &VisitId) -> Result<Option<Visit>, DbError> {
    match tx.opt(&sql::VISIT, &[id.into()], visit_row)? {
        Some(found) => with_photos(tx, found).map(Some),
        None => Ok(None),
    }
}

/// Visits for a case, oldest first, each with the name of its form.
pub fn for_case(tx: &mut Tx, case: &CaseId) -> Result<Vec<(Visit, String)>, DbError> {
    let found = tx.all(&sql::FOR_CASE, &[case.into()], |row| Ok((visit_row(row)?, row.text(10)?)))?;
    found.into_iter().map(|(visit, form)| Ok((with_photos(tx, visit)?, form))).collect()
}

/// A stored photo.
#[derive(Debug, Clone)]
pub struct Photo {
    /// Who took it.
    pub owner: AccountId,
    /// `image/jpeg` or `image/png`.
    pub media_type: String,
    /// SHA-256 under which the file lies.
    pub digest: String,
    /// Where, 0 while it waits for its visit.
    pub division: i64,
}

/// One photo.
pub fn photo(tx: &mut Tx, id: &FileId) -> Result<Option<Photo>, DbError> {
    tx.opt(&sql::PHOTO, &[id.into()], |row| {
        Ok(Photo {
            owner: AccountId(row.text(0)?),
            media_type: row.text(1)?,
            digest: row.text(2)?,
            division: row.int(3)?,
        })
    })
}
