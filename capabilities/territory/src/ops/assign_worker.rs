//! Says who works in a cell of a network.

use crate::sql;
use gridweave_access::{Action, Resource, may, queries};
use gridweave_core::{AccountId, CellCode, Ctx, Entry, Role};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

gridweave_core::refusals! {
    /// Why a worker was not put there.
    pub enum AssignWorker {
        /// No such account.
        NoAccount = "account_not_found", NotFound, "没有这个账号", "There is no such account";
        /// The account is no grid worker.
        NotWorker(name: String) = "not_a_grid_worker", Invalid, "“{0}”不是网格员", "“{0}” is no grid worker";
    }
}

/// Makes these the workers of the cell, in place of whoever was.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    network: &str,
    cell: CellCode,
    workers: &[AccountId],
) -> Result<(), OpError> {
    let division = cell.community().number();
    may(&ctx.actor, Action::WorkersAssign, &Resource::in_division(division), None)?;
    tx.exec(&sql::CLEAR_WORKERS, &[network.into(), cell.into()])?;
    for account in workers {
        let actor = queries::actor(tx, account)?.ok_or(AssignWorker::NoAccount)?;
        if !actor.has(Role::GridWorker) {
            return Err(AssignWorker::NotWorker(actor.name).into());
        }
        tx.exec(&sql::ADD_WORKER, &[network.into(), cell.into(), account.into()])?;
    }
    let body = json!({ "network": network, "workers": workers });
    record(tx, ctx, &Entry::new("territory.assign_worker", format!("cell:{cell}"), division, body))?;
    Ok(())
}
