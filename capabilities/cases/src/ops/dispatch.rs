//! 派遣: gives a case to a worker or a department, always with its reason.

use crate::catalogue::Catalogue;
use crate::model::{Action, Case, Handler};
use crate::{sql, store};
use gridweave_access as access;
use gridweave_core::{CaseNo, Ctx, Entry, Event, Role};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use gridweave_territory::{CellIndex, queries::workers_of};
use serde_json::{Value, json};

gridweave_core::refusals! {
    /// Why it was not dispatched.
    pub enum Dispatch {
        /// No such case.
        NotFound = "case_not_found", NotFound, "没有这个案件", "There is no such case";
        /// Somebody moved it meanwhile.
        Stale = "case_stale", Stale, "案件已被他人处理，请重新载入", "The case was moved meanwhile; load it again";
        /// No such department.
        NoDepartment(code: String) = "department_not_found", Invalid, "没有部门“{0}”", "There is no department “{0}”";
        /// No such worker.
        NoWorker = "worker_not_found", Invalid, "没有这名网格员", "There is no such grid worker";
        /// It must be given to somebody.
        Nobody = "handler_missing", Invalid, "请选择承办人或部门", "Choose a worker or a department";
    }
}

/// Dispatches the case, if it is still of the version that was looked at.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    catalogue: &Catalogue,
    no: &CaseNo,
    version: Option<i64>,
    to: &Handler,
    reason: &Value,
) -> Result<Case, OpError> {
    let case = tx.opt(&sql::BY_NO_LOCKED, &[no.into()], store::case_row)?.ok_or(Dispatch::NotFound)?;
    let here = access::Resource::in_division(case.division);
    access::may(&ctx.actor, access::Action::CaseDispatch, &here, None)?;
    if version.is_some_and(|version| version != case.version) {
        return Err(Dispatch::Stale.into());
    }
    let next = case.after(Action::Dispatch, &ctx.actor.account, "")?;
    let handler_name = match to {
        Handler::None => return Err(Dispatch::Nobody.into()),
        Handler::Department(code) => {
            catalogue.department(code).ok_or_else(|| Dispatch::NoDepartment(code.clone()))?.zh.clone()
        }
        Handler::Worker(account) => {
            access::queries::actor(tx, account)?
                .filter(|actor| actor.has(Role::GridWorker))
                .ok_or(Dispatch::NoWorker)?
                .name
        }
    };
    let moved = Case {
        state: next,
        handler: to.clone(),
        handler_name: handler_name.clone(),
        dispatched_by: Some(ctx.actor.account.clone()),
        version: case.version + 1,
        ..case
    };
    store::save(tx, &moved)?;
    let data = json!({ "to": to, "to_name": handler_name, "reason": reason });
    store::add_step(tx, ctx, &moved, Action::Dispatch.name(), "", &data)?;
    record(tx, ctx, &Entry::new("cases.dispatch", format!("case:{}", moved.id), moved.division, data))?;
    announce(tx, ctx, catalogue, &moved)?;
    Ok(moved)
}

/// Tells the loop that a case has (again) a handler: after dispatch, and after failed verification.
pub(crate) fn announce(tx: &mut Tx, ctx: &Ctx, catalogue: &Catalogue, case: &Case) -> Result<(), OpError> {
    let worker = match &case.handler {
        Handler::Worker(account) => Some(account.clone()),
        _ => None,
    };
    let form = catalogue.category(&case.category).map_or("general-check", |category| &category.form);
    emit(
        tx,
        ctx,
        &Event::CaseDispatched {
            case: case.id.clone(),
            no: case.no.clone(),
            worker,
            form: case.reason["form"].as_str().unwrap_or(form).to_owned(),
            call_first: case.reason["call_first"].as_bool().unwrap_or(false),
            division: case.division,
        },
    )?;
    Ok(())
}

/// Who could handle a case, with the reason for each.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct DispatchOption {
    /// To whom.
    pub to: Handler,
    /// Their name.
    pub name: String,
    /// Why.
    pub reason: Value,
}

/// The worker of the cell in the category's network, then the category's department.
pub fn options(
    tx: &mut Tx,
    cells: &CellIndex,
    catalogue: &Catalogue,
    case: &Case,
) -> Result<Vec<DispatchOption>, OpError> {
    let mut found = Vec::new();
    let Some(category) = catalogue.category(&case.category) else { return Ok(found) };
    let snapshot = cells.current(tx)?;
    let cell = case.point.and_then(|point| snapshot.cell_at(&category.network, point));
    if let Some(cell) = cell {
        for (account, name) in workers_of(tx, &category.network, cell)? {
            let reason = json!({
                "why": "cell_worker", "network": category.network, "cell": format!("{cell:015}"),
            });
            found.push(DispatchOption { to: Handler::Worker(account), name, reason });
        }
    }
    if let Some(department) = catalogue.department(&category.department) {
        found.push(DispatchOption {
            to: Handler::Department(department.code.clone()),
            name: department.zh.clone(),
            reason: json!({ "why": "duty_list", "category": category.code }),
        });
    }
    Ok(found)
}
