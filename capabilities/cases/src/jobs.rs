//! Reactions: a signal that deserves work becomes a dispatched case; what the worker did moves it on.

use crate::catalogue::Catalogue;
use crate::model::{Action, Handler, State};
use crate::ops::{advance, dispatch, open_case};
use crate::{sql, store};
use gridweave_addresses::AddressLibrary;
use gridweave_addresses::jobs::{self as places, Follower};
use gridweave_core::{Ctx, Event, event::Finding};
use gridweave_db::{OpError, Tx};
use gridweave_territory::CellIndex;
use serde_json::json;

/// Opens a case for a judged signal and gives it to the worker of the cell. Where a case of the
/// same category is open at that door already, the signal joins its time line instead.
pub fn open_for_signal(
    tx: &mut Tx,
    ctx: &Ctx,
    cells: &CellIndex,
    library: &AddressLibrary,
    catalogue: &Catalogue,
    event: &Event,
) -> Result<(), OpError> {
    let Event::SignalJudged { signal, place, order, .. } = event else { return Ok(()) };
    let open = tx.opt(&sql::OPEN_AT, &[place.into(), order.category.as_str().into()], store::case_row)?;
    if let Some(case) = open {
        let data = json!({ "signal": signal, "reason": order.reason });
        store::add_step(tx, ctx, &case, "signal_again", "", &data)?;
        return Ok(());
    }
    let mut reason = order.reason.clone();
    reason["form"] = json!(order.form);
    reason["call_first"] = json!(order.call_first);
    let input = open_case::Input {
        title: order.title.clone(),
        description: order.reason["zh"].as_str().unwrap_or_default().to_owned(),
        category: order.category.clone(),
        source: "signal".to_owned(),
        place: Some(place.clone()),
        once_key: Some(format!("signal:{signal}")),
        limit_min: Some(order.limit_min),
        urgency: Some(order.urgency.clone()),
        reason,
        ..open_case::Input::default()
    };
    let case = open_case::run(tx, ctx, cells, library, catalogue, &input)?;
    let worker = dispatch::options(tx, cells, catalogue, &case)?
        .into_iter()
        .find(|option| matches!(option.to, Handler::Worker(_)));
    if let Some(option) = worker {
        dispatch::run(tx, ctx, catalogue, &case.no, None, &option.to, &option.reason)?;
    }
    Ok(())
}

/// What a visit found may ask for more than the case that sent it: somebody who needs help gets a
/// case of their own, at the department whose duty it is, with its own clock.
pub fn follow_up(
    tx: &mut Tx,
    ctx: &Ctx,
    cells: &CellIndex,
    library: &AddressLibrary,
    catalogue: &Catalogue,
    event: &Event,
) -> Result<(), OpError> {
    let Event::VisitClosed { visit, case, place: Some(place), findings, .. } = event else { return Ok(()) };
    for finding in findings {
        let Finding::Care { outcome } = finding else { continue };
        let Some(follow) = catalogue.follow_ups.iter().find(|follow| follow.care == *outcome) else {
            continue;
        };
        let Some(category) = catalogue.category(&follow.category) else { continue };
        let input = open_case::Input {
            title: category.zh.clone(),
            description: follow.zh.clone(),
            category: category.code.clone(),
            source: "patrol".to_owned(),
            place: Some(place.clone()),
            once_key: Some(format!("visit:{visit}:{outcome}")),
            reason: json!({ "zh": follow.zh, "en": follow.en, "visit": visit, "from_case": case }),
            ..open_case::Input::default()
        };
        let opened = open_case::run(tx, ctx, cells, library, catalogue, &input)?;
        let to = Handler::Department(category.department.clone());
        let reason = json!({ "why": "duty_list", "category": category.code });
        dispatch::run(tx, ctx, catalogue, &opened.no, None, &to, &reason)?;
    }
    Ok(())
}

/// The worker took the task on: the case is accepted.
pub fn accept_for_worker(
    tx: &mut Tx,
    ctx: &Ctx,
    catalogue: &Catalogue,
    event: &Event,
) -> Result<(), OpError> {
    let Event::TaskAccepted { case, by, .. } = event else { return Ok(()) };
    let Some(found) = tx.opt(&sql::BY_ID_LOCKED, &[case.into()], store::case_row)? else { return Ok(()) };
    if found.state != State::Dispatched {
        return Ok(());
    }
    let Some(worker) = gridweave_access::queries::actor(tx, by)? else { return Ok(()) };
    advance::apply(tx, &ctx.acting_as(worker), catalogue, found, Action::Accept, "", &json!({}))?;
    Ok(())
}

/// The worker handed in a visit: the case waits for verification by someone else.
pub fn handle_by_visit(tx: &mut Tx, ctx: &Ctx, catalogue: &Catalogue, event: &Event) -> Result<(), OpError> {
    let Event::VisitClosed { case, visit, by, summary, .. } = event else { return Ok(()) };
    let Some(found) = tx.opt(&sql::BY_ID_LOCKED, &[case.into()], store::case_row)? else { return Ok(()) };
    if !matches!(found.state, State::Dispatched | State::Accepted) {
        return Ok(());
    }
    let Some(worker) = gridweave_access::queries::actor(tx, by)? else { return Ok(()) };
    let as_worker = ctx.acting_as(worker);
    let data = json!({ "visit": visit });
    let mut case = found;
    if case.state == State::Dispatched {
        case = advance::apply(tx, &as_worker, catalogue, case, Action::Accept, "", &json!({}))?;
    }
    advance::apply(tx, &as_worker, catalogue, case, Action::Handle, summary, &data)?;
    Ok(())
}

/// Open cases follow a place that was given up to the one that took over, and go back when that is undone. What is
/// closed keeps the place that it was about.
pub fn follow_redirect(tx: &mut Tx, _: &Ctx, event: &Event) -> Result<(), OpError> {
    let followers: &[Follower] = &[("case", &sql::MOVE_CASES, &sql::CASE_BACK)];
    places::follow_redirect(tx, event, followers)
}
