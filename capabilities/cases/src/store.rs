//! Reading and writing one case with its time line.

use crate::model::*;
use crate::sql;
use gridweave_core::{AccountId, CaseId, CaseNo, Ctx, PlaceId};
use gridweave_db::{DbError, Row, Tx};
use serde_json::Value;

pub(crate) fn case_row(row: &Row) -> Result<Case, DbError> {
    let state = row.text(2)?;
    Ok(Case {
        id: CaseId(row.text(0)?),
        no: CaseNo(row.text(1)?),
        state: State::from_name(&state).ok_or(DbError::Corrupt { what: "case state", why: state })?,
        category: row.text(3)?,
        title: row.text(4)?,
        description: row.text(5)?,
        source: row.text(6)?,
        urgency: row.text(7)?,
        place: row.opt_text(8)?.map(PlaceId),
        address: row.text(9)?,
        point: row.point(10, 11)?,
        division: row.int(12)?,
        located: row.bool(13)?,
        established_at_ms: row.int(14)?,
        due_at_ms: row.int(15)?,
        handler: Handler::from_stored(&row.text(16)?),
        handler_name: row.text(17)?,
        dispatched_by: row.opt_text(18)?.map(AccountId),
        handled_by: row.opt_text(19)?.map(AccountId),
        merged_into: row.opt_text(20)?.map(CaseNo),
        returns: row.int(21)?,
        reworks: row.int(22)?,
        urges: row.int(23)?,
        reason: row.json(24)?,
        ended_at_ms: row.opt_int(25)?,
        version: row.int(26)?,
    })
}

/// Writes what may change of a case.
pub(crate) fn save(tx: &mut Tx, case: &Case) -> Result<(), DbError> {
    tx.exec(
        &sql::MOVE,
        &[
            (&case.id).into(),
            case.state.name().into(),
            (!case.state.is_end()).into(),
            case.handler.stored().into(),
            case.handler_name.as_str().into(),
            case.dispatched_by.as_ref().into(),
            case.handled_by.as_ref().into(),
            case.merged_into.as_ref().into(),
            case.returns.into(),
            case.reworks.into(),
            case.urges.into(),
            case.ended_at_ms.into(),
            case.reason.to_string().into(),
        ],
    )?;
    Ok(())
}

/// Writes an entry of the time line.
pub(crate) fn add_step(
    tx: &mut Tx,
    ctx: &Ctx,
    case: &Case,
    action: &str,
    note: &str,
    data: &Value,
) -> Result<(), DbError> {
    tx.exec(
        &sql::ADD_STEP,
        &[
            (&case.id).into(),
            ctx.now().into(),
            (&ctx.actor.account).into(),
            ctx.actor.name.as_str().into(),
            action.into(),
            case.state.name().into(),
            note.into(),
            data.to_string().into(),
        ],
    )?;
    Ok(())
}
