//! 并案: a case that says what another says goes into it.

use crate::model::{Action, Case};
use crate::{sql, store};
use gridweave_access as access;
use gridweave_core::{CaseNo, Ctx, Entry, Event};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::json;

gridweave_core::refusals! {
    /// Why it was not merged.
    pub enum Merge {
        /// No such case.
        NotFound = "case_not_found", NotFound, "没有这个案件", "There is no such case";
        /// The other one is not there, or is this one.
        NoTarget = "merge_target_invalid", Invalid, "目标案件不存在、已结束或就是本案", "The other case does not exist, has ended, or is this one";
        /// Somebody moved it meanwhile.
        Stale = "case_stale", Stale, "案件已被他人处理，请重新载入", "The case was moved meanwhile; load it again";
    }
}

/// Merges a case into another that is open; the other's time line says so.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    no: &CaseNo,
    version: Option<i64>,
    into: &CaseNo,
    reason: &str,
) -> Result<Case, OpError> {
    let case = tx.opt(&sql::BY_NO_LOCKED, &[no.into()], store::case_row)?.ok_or(Merge::NotFound)?;
    access::may(&ctx.actor, access::Action::CaseSteer, &super::advance::resource(&case), None)?;
    if version.is_some_and(|version| version != case.version) {
        return Err(Merge::Stale.into());
    }
    let target = tx.opt(&sql::BY_NO_LOCKED, &[into.into()], store::case_row)?.ok_or(Merge::NoTarget)?;
    if target.id == case.id || target.state.is_end() {
        return Err(Merge::NoTarget.into());
    }
    access::may(&ctx.actor, access::Action::CaseSteer, &super::advance::resource(&target), None)?;
    let next = case.after(Action::Merge, &ctx.actor.account, reason)?;
    let merged = Case {
        state: next,
        merged_into: Some(target.no.clone()),
        ended_at_ms: Some(ctx.now().0),
        version: case.version + 1,
        ..case
    };
    store::save(tx, &merged)?;
    let data = json!({ "into": target.no });
    store::add_step(tx, ctx, &merged, Action::Merge.name(), reason, &data)?;
    store::add_step(tx, ctx, &target, "merged_here", reason, &json!({ "from": merged.no }))?;
    record(tx, ctx, &Entry::new("cases.merge", format!("case:{}", merged.id), merged.division, data))?;
    emit(
        tx,
        ctx,
        &Event::CaseEnded {
            case: merged.id.clone(),
            no: merged.no.clone(),
            state: merged.state.name().to_owned(),
            division: merged.division,
        },
    )?;
    Ok(merged)
}
