//! The rules decide what a matched signal deserves.

use crate::model::SignalState;
use crate::rules::{Facts, Rules};
use crate::{queries, sql};
use gridweave_core::{Ctx, Entry, Event, SignalId, event::WorkOrder};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use serde_json::json;

/// What the catalogue of categories says of one: the server hands it in.
#[derive(Clone, Debug)]
pub struct CategoryTerms {
    /// `urgent` or `normal`.
    pub urgency: String,
    /// Minutes from intake.
    pub limit_min: i64,
    /// Form for the worker.
    pub form: String,
    /// Network whose worker goes.
    pub network: String,
    /// 名称。
    pub title: String,
}

/// Judges a signal. Judging it twice does nothing.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    rules: &Rules,
    terms: impl Fn(&str) -> Option<CategoryTerms>,
    id: &SignalId,
    facts: &Facts,
) -> Result<(), OpError> {
    let Some(signal) = tx.opt(&sql::SIGNAL_LOCKED, &[id.into()], queries::signal_row)? else { return Ok(()) };
    let (SignalState::Matched, Some(place)) = (signal.state, signal.place.clone()) else { return Ok(()) };
    let rule = rules.decide(&signal.kind, &signal.stage, facts);
    let (state, verdict) = match rule {
        None => (SignalState::Silenced, json!({ "rule": null })),
        Some(rule) => {
            let state = match rule.then.as_str() {
                "silence" => SignalState::Silenced,
                "watch" => SignalState::Watched,
                _ => SignalState::Work,
            };
            (state, json!({ "rule": rule.id, "zh": rule.zh, "en": rule.en, "facts": facts }))
        }
    };
    tx.exec(&sql::SET_STATE, &[id.into(), state.name().into(), verdict.to_string().into()])?;
    record(tx, ctx, &Entry::new("signals.judge", format!("signal:{id}"), signal.division, verdict))?;
    let Some(rule) = rule.filter(|_| state == SignalState::Work) else { return Ok(()) };
    let Some(terms) = terms(&rule.then) else { return Ok(()) };
    let order = WorkOrder {
        category: rule.then.clone(),
        urgency: terms.urgency,
        limit_min: terms.limit_min,
        form: terms.form,
        network: terms.network,
        call_first: rule.call_first,
        title: terms.title,
        reason: json!({
            "rule": rule.id,
            "zh": rule.zh,
            "en": rule.en,
            "kind": signal.kind,
            "since": signal.since,
            "detected": signal.detected,
            "size": signal.size,
            "observed": signal.reason,
            "signal": id,
        }),
    };
    emit(tx, ctx, &Event::SignalJudged { signal: id.clone(), place, order, division: signal.division })?;
    Ok(())
}
