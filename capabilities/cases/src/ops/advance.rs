//! Moves a case along its life cycle: accept, refuse, return, handle, verify, close, withdraw, urge.

use crate::catalogue::Catalogue;
use crate::model::{Action, Case, Handler};
use crate::ops::dispatch::announce;
use crate::{sql, store};
use gridweave_access as access;
use gridweave_core::{CaseNo, Ctx, Entry, Event};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::{Value, json};

const NOTE_MAX: usize = 4_000;

gridweave_core::refusals! {
    /// Why it was not moved.
    pub enum Advance {
        /// No such case.
        NotFound = "case_not_found", NotFound, "没有这个案件", "There is no such case";
        /// Somebody moved it meanwhile.
        Stale = "case_stale", Stale, "案件已被他人处理，请重新载入", "The case was moved meanwhile; load it again";
        /// Too long.
        TooLong(max: usize) = "text_too_long", Invalid, "文字过长，最多 {0} 字", "The text is too long: at most {0} characters";
        /// It has its own operation.
        Elsewhere = "case_action_unknown", Invalid, "此操作有单独的入口", "This action has its own entry";
    }
}

/// What access calls this action.
fn right(action: Action) -> access::Action {
    match action {
        Action::Accept | Action::Return | Action::Handle => access::Action::CaseHandle,
        Action::VerifyPass | Action::VerifyFail | Action::Close => access::Action::CaseVerify,
        Action::Dispatch => access::Action::CaseDispatch,
        Action::Refuse | Action::Merge | Action::Withdraw | Action::Urge => access::Action::CaseSteer,
    }
}

/// What access should know of a case.
pub fn resource(case: &Case) -> access::Resource {
    let mut resource = access::Resource::in_division(case.division);
    match &case.handler {
        Handler::Worker(account) => resource.owner = Some(account.clone()),
        Handler::Department(code) => resource.department = Some(code.clone()),
        Handler::None => {}
    }
    resource
}

/// Moves the case, if it is still of the version that was looked at. `note` is the reason or what
/// was done; `data` holds evidence.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    catalogue: &Catalogue,
    no: &CaseNo,
    version: Option<i64>,
    action: Action,
    note: &str,
    data: &Value,
) -> Result<Case, OpError> {
    let case = tx.opt(&sql::BY_NO_LOCKED, &[no.into()], store::case_row)?.ok_or(Advance::NotFound)?;
    access::may(&ctx.actor, right(action), &resource(&case), None)?;
    if version.is_some_and(|version| version != case.version) {
        return Err(Advance::Stale.into());
    }
    apply(tx, ctx, catalogue, case, action, note, data)
}

/// The move itself, when access has been asked: shared with reactions to visits.
pub(crate) fn apply(
    tx: &mut Tx,
    ctx: &Ctx,
    catalogue: &Catalogue,
    case: Case,
    action: Action,
    note: &str,
    data: &Value,
) -> Result<Case, OpError> {
    if matches!(action, Action::Dispatch | Action::Merge) {
        return Err(Advance::Elsewhere.into());
    }
    if note.chars().count() > NOTE_MAX {
        return Err(Advance::TooLong(NOTE_MAX).into());
    }
    let next = case.after(action, &ctx.actor.account, note)?;
    let mut moved = Case { state: next, version: case.version + 1, ..case };
    match action {
        Action::Return => {
            moved.returns += 1;
            moved.handler = Handler::None;
            moved.handler_name = String::new();
        }
        Action::Handle => moved.handled_by = Some(ctx.actor.account.clone()),
        Action::VerifyFail => moved.reworks += 1,
        Action::Urge => moved.urges += 1,
        _ => {}
    }
    if next.is_end() {
        moved.ended_at_ms = Some(ctx.now().0);
    }
    store::save(tx, &moved)?;
    store::add_step(tx, ctx, &moved, action.name(), note.trim(), data)?;
    let body = json!({ "action": action, "state": moved.state });
    record(tx, ctx, &Entry::new("cases.advance", format!("case:{}", moved.id), moved.division, body))?;
    let (case, no, division) = (moved.id.clone(), moved.no.clone(), moved.division);
    let state = moved.state.name().to_owned();
    if next.is_end() {
        emit(tx, ctx, &Event::CaseEnded { case, no, state, division })?;
    } else {
        let name = action.name().to_owned();
        emit(tx, ctx, &Event::CaseMoved { case, no, action: name, state, division })?;
    }
    if action == Action::VerifyFail {
        announce(tx, ctx, catalogue, &moved)?;
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::State;
    use crate::ops::{dispatch, merge, open_case};
    use gridweave_addresses::AddressLibrary;
    use gridweave_core::{AccountId, Actor, DivisionCode, Grant, Role, Zone};
    use gridweave_db::{Db, migrate::Migration, testkit::on_both};
    use gridweave_territory::CellIndex;

    const STEPS: &[&[Migration]] = &[
        gridweave_ledger::MIGRATIONS,
        gridweave_jobs::MIGRATIONS,
        gridweave_access::MIGRATIONS,
        gridweave_territory::MIGRATIONS,
        gridweave_addresses::MIGRATIONS,
        crate::MIGRATIONS,
    ];

    fn catalogue() -> Catalogue {
        Catalogue::from_toml(include_str!("../../../../catalogues/categories.toml")).unwrap()
    }

    fn acting(account: &str, role: Role) -> Ctx {
        let grants = vec![Grant { role, division: None }];
        let actor =
            Actor { account: account.into(), name: account.into(), department: Some("water".into()), grants };
        Ctx::system(Zone::china()).acting_as(actor)
    }

    fn opened(db: &Db, key: &str) -> Case {
        let key = Some(key.to_owned());
        db.write_blocking(move |tx| {
            let input = open_case::Input {
                title: "井盖破损".into(),
                category: "public.facility".into(),
                source: "hotline".into(),
                once_key: key.clone(),
                ..open_case::Input::default()
            };
            let library = AddressLibrary::default();
            let ctx = acting("op", Role::Operator);
            open_case::run(tx, &ctx, &CellIndex::default(), &library, &catalogue(), &input)
        })
        .unwrap()
    }

    fn to_water(db: &Db, who: &'static str, no: &CaseNo) -> Result<Case, OpError> {
        let no = no.clone();
        db.write_blocking(move |tx| {
            let to = Handler::Department("water".into());
            dispatch::run(tx, &acting(who, Role::Operator), &catalogue(), &no, None, &to, &Value::Null)
        })
    }

    fn act(
        db: &Db,
        ctx: Ctx,
        no: &CaseNo,
        version: Option<i64>,
        action: Action,
        note: &'static str,
    ) -> Result<Case, OpError> {
        let no = no.clone();
        db.write_blocking(move |tx| run(tx, &ctx, &catalogue(), &no, version, action, note, &Value::Null))
    }

    fn code(result: Result<Case, OpError>) -> &'static str {
        result.unwrap_err().refusal().unwrap().code
    }

    #[test]
    fn a_case_goes_its_whole_way_and_the_same_key_opens_one_only() {
        on_both(STEPS, |db| {
            let case = opened(db, "k");
            assert_eq!(opened(db, "k").no, case.no);
            assert_ne!(opened(db, "other").no, case.no);
            let no = &case.no;
            to_water(db, "op", no).unwrap();
            let handler = || acting("h", Role::DepartmentHandler);
            act(db, handler(), no, None, Action::Accept, "").unwrap();
            act(db, handler(), no, None, Action::Handle, "已更换").unwrap();
            assert_eq!(code(act(db, handler(), no, None, Action::VerifyPass, "")), "forbidden_role");
            let both = acting("h", Role::Operator);
            assert_eq!(code(act(db, both, no, None, Action::VerifyPass, "")), "case_own_work");
            act(db, acting("op2", Role::Operator), no, None, Action::VerifyPass, "").unwrap();
            let closed = act(db, acting("op", Role::Operator), no, None, Action::Close, "").unwrap();
            assert_eq!(closed.state, State::Closed);
            assert_eq!(
                code(act(db, acting("op", Role::Operator), no, None, Action::Urge, "")),
                "case_move_not_allowed"
            );
            let id = closed.id.clone();
            let steps = db.read_blocking(move |tx| crate::queries::steps(tx, &id)).unwrap();
            let names: Vec<_> = steps.iter().map(|s| s.action.as_str()).collect();
            assert_eq!(names, ["establish", "dispatch", "accept", "handle", "verify_pass", "close"]);
        });
    }

    #[test]
    fn returns_need_reasons_stale_edits_are_refused_and_merging_ends_one() {
        on_both(STEPS, |db| {
            let case = opened(db, "a");
            let other = opened(db, "b");
            to_water(db, "op", &case.no).unwrap();
            let handler = acting("h", Role::DepartmentHandler);
            assert_eq!(code(act(db, handler.clone(), &case.no, None, Action::Return, " ")), "reason_missing");
            assert_eq!(code(act(db, handler.clone(), &case.no, Some(1), Action::Accept, "")), "case_stale");
            let back = act(db, handler.clone(), &case.no, None, Action::Return, "不属于水务").unwrap();
            assert_eq!(
                (back.state, back.handler.clone(), back.returns),
                (State::Established, Handler::None, 1)
            );
            assert_eq!(back.due_at_ms, case.due_at_ms);
            let (from, into) = (case.no.clone(), other.no.clone());
            let merged = db
                .write_blocking(move |tx| {
                    merge::run(tx, &acting("op", Role::Operator), &from, None, &into, "同一件事")
                })
                .unwrap();
            assert_eq!(merged.merged_into, Some(other.no));
        });
    }

    #[test]
    fn a_clerk_of_another_street_does_not_even_learn_that_it_exists() {
        on_both(STEPS, |db| {
            let case = opened(db, "a");
            let grants =
                vec![Grant { role: Role::StreetStaff, division: DivisionCode::parse("420106001").ok() }];
            let actor = Actor { account: AccountId::from("x"), name: "x".into(), department: None, grants };
            let ctx = Ctx::system(Zone::china()).acting_as(actor);
            assert_eq!(code(act(db, ctx, &case.no, None, Action::Urge, "")), "not_found");
        });
    }
}
