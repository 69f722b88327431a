//! Records that a household will be away, so that a silent tap worries nobody.

use crate::sql;
use gridweave_access::{Action, Resource, may};
use gridweave_addresses::queries::place;
use gridweave_core::{Ctx, Entry, PlaceId, Zone};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// Nobody plans to be away for longer than this.
const DAYS_MAX: i64 = 400;

gridweave_core::refusals! {
    /// Why the absence was not recorded.
    pub enum RecordAbsence {
        /// No such door.
        NotFound = "place_not_found", NotFound, "没有这个地址", "There is no such place";
        /// Ends before it begins, or lasts for ever.
        BadDays = "absence_days_invalid", Invalid, "起止日期不合理：结束不能早于开始，最长 400 天",
            "The days do not fit: the end comes after the start, within 400 days";
    }
}

/// Records the absence from one local day to another, both included.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    id: &PlaceId,
    from_day: i64,
    until_day: i64,
    told_by: &str,
) -> Result<(), OpError> {
    let door = place(tx, id)?.ok_or(RecordAbsence::NotFound)?;
    may(&ctx.actor, Action::AbsenceRecord, &Resource::in_division(door.division), None)?;
    if until_day < from_day || until_day - from_day > DAYS_MAX {
        return Err(RecordAbsence::BadDays.into());
    }
    let absence: String = ctx.new_id();
    let params = [absence.into(), id.into(), from_day.into(), until_day.into(), told_by.into()];
    if tx.exec(&sql::PUT_ABSENCE, &params)? > 0 {
        let body = json!({ "from": Zone::date_text(from_day), "until": Zone::date_text(until_day) });
        record(tx, ctx, &Entry::new("registers.record_absence", format!("place:{id}"), door.division, body))?;
    }
    Ok(())
}
