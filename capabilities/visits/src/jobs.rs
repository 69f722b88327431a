//! Reactions: a dispatched case becomes a task; a case that goes elsewhere takes it back.

use crate::model::TaskState;
use crate::{queries, sql};
use gridweave_core::{AccountId, CaseId, CaseNo, Ctx, Entry, Event, LonLat, PlaceId, TaskId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::{Value, json};

/// What a task takes over from its case; the server reads it, as this room may not ask the other.
#[derive(Debug, Clone)]
pub struct CaseBrief {
    /// What it is.
    pub title: String,
    /// Category code.
    pub category: String,
    /// `urgent` or `normal`.
    pub urgency: String,
    /// The door.
    pub place: Option<PlaceId>,
    /// Its address.
    pub address: String,
    /// Where.
    pub point: Option<LonLat>,
    /// The limit.
    pub due_at_ms: i64,
    /// Why.
    pub reason: Value,
}

/// What was dispatched.
#[derive(Debug, Clone)]
pub struct Order {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub no: CaseNo,
    /// The worker; none when it went to a department.
    pub worker: Option<AccountId>,
    /// Form.
    pub form: String,
    /// Telephone first.
    pub call_first: bool,
    /// Where.
    pub division: i64,
}

/// Takes back what was open for the case and makes the worker's task.
pub fn create_task(tx: &mut Tx, ctx: &Ctx, order: &Order, brief: &CaseBrief) -> Result<(), OpError> {
    cancel_open(tx, &order.case)?;
    let Some(worker) = &order.worker else { return Ok(()) };
    let id: TaskId = ctx.new_id();
    tx.exec(
        &sql::CREATE,
        &[
            (&id).into(),
            (&order.case).into(),
            (&order.no).into(),
            worker.into(),
            brief.title.as_str().into(),
            brief.category.as_str().into(),
            brief.urgency.as_str().into(),
            order.form.as_str().into(),
            order.call_first.into(),
            brief.place.as_ref().into(),
            brief.address.as_str().into(),
            brief.point.map(|p| p.lon).into(),
            brief.point.map(|p| p.lat).into(),
            order.division.into(),
            brief.due_at_ms.into(),
            brief.reason.to_string().into(),
            ctx.now().into(),
        ],
    )?;
    let body = json!({ "case": order.no, "worker": worker });
    record(tx, ctx, &Entry::new("visits.create_task", format!("task:{id}"), order.division, body))?;
    emit(tx, ctx, &Event::TaskCreated { task: id, worker: worker.clone(), division: order.division })?;
    Ok(())
}

/// A case that ended or came back takes its open tasks with it.
pub fn cancel_tasks(tx: &mut Tx, _: &Ctx, event: &Event) -> Result<(), OpError> {
    match event {
        Event::CaseEnded { case, .. } => cancel_open(tx, case),
        Event::CaseMoved { case, action, .. } if action == "return" => cancel_open(tx, case),
        _ => Ok(()),
    }
}

fn cancel_open(tx: &mut Tx, case: &CaseId) -> Result<(), OpError> {
    let open = tx.all(&sql::OPEN_FOR_CASE, &[case.into()], queries::task_row)?;
    for task in open {
        tx.exec(&sql::SET_STATE, &[(&task.id).into(), TaskState::Cancelled.name().into()])?;
    }
    Ok(())
}
