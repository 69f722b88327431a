//! Hands in a visit: answers, photos, position and time. Made for phones that were off line.

use crate::forms::{self, Fault, Forms};
use crate::model::{FAR_M, TaskState, Visit};
use crate::{queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_core::{Ctx, Entry, Event, FileId, LonLat, TaskId, TimeMs, VisitId, time::DAY_MS};
use gridweave_db::{DbError, OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::{Value, json};

/// What the phone sends.
#[derive(Debug, Clone)]
pub struct Input {
    /// The task.
    pub task: TaskId,
    /// Made by the phone; the same key is the same visit.
    pub once_key: String,
    /// When, by the phone.
    pub at: TimeMs,
    /// The form's answers.
    pub answers: Value,
    /// Where the phone was.
    pub point: Option<LonLat>,
    /// Photos that were sent before.
    pub photos: Vec<FileId>,
}

gridweave_core::refusals! {
    /// Why the visit was not taken. The phone keeps its draft.
    pub enum SubmitVisit {
        /// No such task.
        NotFound = "task_not_found", NotFound, "没有这个任务", "There is no such task";
        /// It was done or taken back.
        Gone = "task_gone", Conflict, "该任务已办结或已取消", "The task is done or was taken back";
        /// The answers do not fit.
        BadAnswers(faults: String) = "answers_invalid", Invalid, "表单填写有误：{0}", "The form is not filled in right: {0}";
        /// The form is not there.
        NoForm(name: String) = "form_not_found", Invalid, "没有表单“{0}”", "There is no form “{0}”";
        /// Without a key it might count twice.
        NoKey = "once_key_missing", Invalid, "缺少走访编号", "The visit has no key";
        /// The phone's clock is wrong.
        Future = "visit_in_future", Invalid, "手机时间不正确：走访时间在未来", "The phone's clock is wrong: the visit lies in the future";
        /// Not there, not own, or used before.
        BadPhoto = "photo_not_found", Invalid, "照片不存在或已被使用", "A photo does not exist or was used before";
    }
}

/// Takes the visit; the same key again gives the first one.
pub fn run(tx: &mut Tx, ctx: &Ctx, forms: &Forms, input: &Input) -> Result<Visit, OpError> {
    let task = tx
        .opt(&sql::TASK_LOCKED, &[(&input.task).into()], queries::task_row)?
        .ok_or(SubmitVisit::NotFound)?;
    let own = Resource { owner: Some(task.worker.clone()), ..Resource::in_division(task.division) };
    may(&ctx.actor, Action::VisitSubmit, &own, None)?;
    if input.once_key.trim().is_empty() {
        return Err(SubmitVisit::NoKey.into());
    }
    let again = [input.once_key.as_str().into(), (&ctx.actor.account).into()];
    if let Some(known) = tx.opt(&sql::BY_ONCE, &again, |row| Ok(VisitId(row.text(0)?)))? {
        return queries::visit(tx, &known)?.ok_or(OpError::Db(DbError::NoRow("visit")));
    }
    if !task.state.is_open() {
        return Err(SubmitVisit::Gone.into());
    }
    let now = ctx.now();
    if input.at.0 > now.0 + DAY_MS {
        return Err(SubmitVisit::Future.into());
    }
    let form = forms.schema(&task.form).ok_or_else(|| SubmitVisit::NoForm(task.form.clone()))?;
    let faults = forms.faults(&task.form, &input.answers).unwrap_or_default();
    if !faults.is_empty() {
        let text = |fault: &Fault| format!("{} {}", fault.at, fault.what);
        return Err(SubmitVisit::BadAnswers(faults.iter().map(text).collect::<Vec<_>>().join("; ")).into());
    }
    let distance_m = match (input.point, task.point) {
        (Some(phone), Some(door)) => Some(phone.distance_m(door)),
        _ => None,
    };
    let far = distance_m.is_some_and(|distance| distance > FAR_M);
    let id: VisitId = ctx.new_id();
    tx.exec(
        &sql::INSERT_VISIT,
        &[
            (&id).into(),
            (&task.id).into(),
            input.once_key.as_str().into(),
            (&ctx.actor.account).into(),
            input.at.into(),
            now.into(),
            input.answers.to_string().into(),
            input.point.map(|p| p.lon).into(),
            input.point.map(|p| p.lat).into(),
            distance_m.into(),
            far.into(),
        ],
    )?;
    for photo in &input.photos {
        let params = [photo.into(), (&id).into(), (&ctx.actor.account).into()];
        if tx.exec(&sql::JOIN_PHOTO, &params)? == 0 {
            return Err(SubmitVisit::BadPhoto.into());
        }
    }
    tx.exec(&sql::SET_STATE, &[(&task.id).into(), TaskState::Done.name().into()])?;
    let body = json!({ "case": task.case_no, "far": far, "photos": input.photos.len() });
    record(tx, ctx, &Entry::new("visits.submit_visit", format!("visit:{id}"), task.division, body))?;
    let day = ctx.zone.day_of(TimeMs(input.at.0.min(now.0)));
    emit(
        tx,
        ctx,
        &Event::VisitClosed {
            visit: id.clone(),
            task: task.id,
            case: task.case,
            place: task.place,
            by: ctx.actor.account.clone(),
            findings: forms::findings(&input.answers, day),
            summary: forms::summary(form, &input.answers),
            division: task.division,
        },
    )?;
    queries::visit(tx, &id)?.ok_or(OpError::Db(DbError::NoRow("visit")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::jobs::{CaseBrief, Order, create_task};
    use crate::ops::accept_task;
    use gridweave_core::{Actor, Grant, Role, Zone};
    use gridweave_db::{Db, migrate::Migration, testkit::on_both};
    use std::sync::Arc;

    const STEPS: &[&[Migration]] = &[
        gridweave_ledger::MIGRATIONS,
        gridweave_jobs::MIGRATIONS,
        gridweave_access::MIGRATIONS,
        crate::MIGRATIONS,
    ];

    fn worker(name: &str) -> Ctx {
        let grants = vec![Grant { role: Role::GridWorker, division: None }];
        let actor = Actor { account: name.into(), name: name.into(), department: None, grants };
        Ctx::system(Zone::china()).acting_as(actor)
    }

    fn forms() -> Forms {
        let text = include_str!("../../../../catalogues/forms/verify-occupancy.json").to_owned();
        Forms::new([("verify-occupancy".to_owned(), text)]).unwrap()
    }

    fn task_for(db: &Db, name: &'static str) -> TaskId {
        db.write_blocking(move |tx| {
            let order = Order {
                case: "c".into(),
                no: gridweave_core::CaseNo("420106-20261123-00001".into()),
                worker: Some(name.into()),
                form: "verify-occupancy".into(),
                call_first: false,
                division: 420_106_001_001,
            };
            let brief = CaseBrief {
                title: "核实".into(),
                category: "housing.verify-occupancy".into(),
                urgency: "normal".into(),
                place: None,
                address: "东湖花园".into(),
                point: LonLat::new(114.3, 30.5),
                due_at_ms: 9,
                reason: Value::Null,
            };
            create_task(tx, &Ctx::system(Zone::china()), &order, &brief)?;
            Ok::<_, OpError>(queries::of_worker(tx, &name.into(), false, 10)?.pop().unwrap().id)
        })
        .unwrap()
    }

    fn submit(
        db: &Db,
        who: &str,
        task: &TaskId,
        key: &str,
        answers: Value,
        lon: f64,
    ) -> Result<Visit, OpError> {
        let (ctx, forms) = (worker(who), Arc::new(forms()));
        let input = Input {
            task: task.clone(),
            once_key: key.to_owned(),
            at: ctx.now(),
            answers,
            point: LonLat::new(lon, 30.5),
            photos: vec![],
        };
        db.write_blocking(move |tx| run(tx, &ctx, &forms, &input))
    }

    #[test]
    fn a_visit_sent_twice_is_one_and_far_ones_are_marked() {
        on_both(STEPS, |db| {
            let task = task_for(db, "w");
            let ctx = worker("w");
            let id = task.clone();
            db.write_blocking(move |tx| accept_task::run(tx, &ctx, &id)).unwrap();
            let good = json!({ "occupancy": "vacant" });
            let first = submit(db, "w", &task, "k1", good.clone(), 114.31).unwrap();
            assert!(first.far && first.distance_m.unwrap() > 900.0);
            assert_eq!(submit(db, "w", &task, "k1", good.clone(), 114.31).unwrap().id, first.id);
            let late = submit(db, "w", &task, "k2", good, 114.3).unwrap_err();
            assert_eq!(late.refusal().unwrap().code, "task_gone");
        });
    }

    #[test]
    fn another_worker_may_not_and_bad_answers_leave_the_task_open() {
        on_both(STEPS, |db| {
            let task = task_for(db, "w");
            let code = |result: Result<Visit, OpError>| result.unwrap_err().refusal().unwrap().code;
            assert_eq!(
                code(submit(db, "x", &task, "k", json!({ "occupancy": "vacant" }), 114.3)),
                "not_found"
            );
            assert_eq!(
                code(submit(db, "w", &task, "k", json!({ "occupancy": "maybe" }), 114.3)),
                "answers_invalid"
            );
            assert!(!submit(db, "w", &task, "k", json!({ "occupancy": "vacant" }), 114.3).unwrap().far);
        });
    }
}
