//! A worker takes a task on.

use crate::model::{Task, TaskState};
use crate::{queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_core::{Ctx, Event, TaskId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;

gridweave_core::refusals! {
    /// Why not.
    pub enum AcceptTask {
        /// No such task.
        NotFound = "task_not_found", NotFound, "没有这个任务", "There is no such task";
        /// It was done or taken back.
        Gone = "task_gone", Conflict, "该任务已办结或已取消", "The task is done or was taken back";
    }
}

/// Takes the task on; twice is once.
pub fn run(tx: &mut Tx, ctx: &Ctx, id: &TaskId) -> Result<Task, OpError> {
    let task = tx.opt(&sql::TASK_LOCKED, &[id.into()], queries::task_row)?.ok_or(AcceptTask::NotFound)?;
    let own = Resource { owner: Some(task.worker.clone()), ..Resource::in_division(task.division) };
    may(&ctx.actor, Action::VisitSubmit, &own, None)?;
    match task.state {
        TaskState::Accepted => return Ok(task),
        TaskState::Open => {}
        TaskState::Done | TaskState::Cancelled => return Err(AcceptTask::Gone.into()),
    }
    tx.exec(&sql::SET_STATE, &[id.into(), TaskState::Accepted.name().into()])?;
    let event = Event::TaskAccepted {
        task: id.clone(),
        case: task.case.clone(),
        by: ctx.actor.account.clone(),
        division: task.division,
    };
    emit(tx, ctx, &event)?;
    Ok(Task { state: TaskState::Accepted, version: task.version + 1, ..task })
}
