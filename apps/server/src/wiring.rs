//! The loop: which room reacts to which event. This table *is* the loop; read it from top to bottom.

use crate::assembly::App;
use crate::composed;
use gridweave_addresses::jobs as addresses;
use gridweave_addresses::ops::take_permit;
use gridweave_cases::jobs as cases;
use gridweave_core::{Ctx, Event};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::Consumer;
use gridweave_registers::jobs as registers;
use gridweave_signals::jobs as signals;
use gridweave_visits::jobs as visits;
use std::sync::Arc;

type Reaction = fn(&mut Tx, &Ctx, &App, &Event) -> Result<(), OpError>;

/// Event, who reacts, how.
#[rustfmt::skip]
pub const LOOP: &[(&str, &str, Reaction)] = &[
    // A push made a signal and its door is certain: the rules judge it on what the registers know.
    ("SignalMatched",    "signals.judge",             composed::judge_signal),
    // It deserves work: a case is opened and given to the worker of the cell.
    ("SignalJudged",     "cases.open_for_signal",     |tx, ctx, app, e| cases::open_for_signal(tx, ctx, &app.cells, &app.library, &app.catalogues.cases, e)),
    // The case has a worker: the worker has a task.
    ("CaseDispatched",   "visits.create_task",        composed::create_task),
    // The worker takes it on, goes there, hands in what was found.
    ("TaskAccepted",     "cases.accept_for_worker",   |tx, ctx, app, e| cases::accept_for_worker(tx, ctx, &app.catalogues.cases, e)),
    ("VisitClosed",      "cases.handle_by_visit",     |tx, ctx, app, e| cases::handle_by_visit(tx, ctx, &app.catalogues.cases, e)),
    // Somebody who needs help gets a case of their own, at the department whose duty it is.
    ("VisitClosed",      "cases.follow_up",           |tx, ctx, app, e| cases::follow_up(tx, ctx, &app.cells, &app.library, &app.catalogues.cases, e)),
    // What was found flows back into the data.
    ("VisitClosed",      "registers.learn",           |tx, ctx, _, e| registers::learn_from_visit(tx, ctx, e)),
    ("VisitClosed",      "signals.learn",             composed::learn_outcome),
    ("VisitClosed",      "addresses.correct",         |tx, ctx, _, e| addresses::correct_from_visit(tx, ctx, e)),
    // The library changed: signals that waited for a door are matched again. The loop is closed.
    ("AddressCorrected", "signals.rematch",           |tx, ctx, app, e| signals::rematch_waiting(tx, ctx, &app.library, e)),
    // Permits that asked for just this change, or wait for the level below, are looked at again.
    ("AddressCorrected", "addresses.permits",         |tx, ctx, app, e| take_permit::again(tx, ctx, &app.library, e)),
    // A place was given up for another: what is tied to it follows, and goes back when that is undone.
    ("PlaceRedirected",  "registers.follow",          |tx, ctx, _, e| registers::follow_redirect(tx, ctx, e)),
    ("PlaceRedirected",  "cases.follow",              |tx, ctx, _, e| cases::follow_redirect(tx, ctx, e)),
    ("PlaceRedirected",  "signals.follow",            |tx, ctx, _, e| signals::follow_redirect(tx, ctx, e)),
    // A case that ended or came back takes its open tasks with it.
    ("CaseEnded",        "visits.cancel",             |tx, ctx, _, e| visits::cancel_tasks(tx, ctx, e)),
    ("CaseMoved",        "visits.cancel_returned",    |tx, ctx, _, e| visits::cancel_tasks(tx, ctx, e)),
];

/// Events that nobody reacts to but the live stream, and why.
pub const NONE: &[(&str, &str)] = &[
    ("SignalUnmatched", "waits in the inbox for a person"),
    ("CaseEstablished", "an operator dispatches; the live stream shows it"),
    ("TaskCreated", "the live stream tells the worker's phone"),
    ("CorrectionOpened", "waits in the inbox for a steward"),
    ("PlanPublished", "caches compare the epoch"),
    ("DwellingChanged", "the next signal is judged on it"),
];

/// The table as consumers over this assembly.
pub fn consumers(app: &App) -> Vec<Consumer> {
    LOOP.iter()
        .map(|&(event, name, react)| {
            let app = app.clone();
            Consumer {
                event,
                name,
                run: Arc::new(move |tx: &mut Tx, ctx: &Ctx, e: &Event| react(tx, ctx, &app, e)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_consumer_or_a_written_none() {
        for name in Event::NAMES {
            let consumed = LOOP.iter().any(|(event, ..)| event == name);
            let none = NONE.iter().any(|(event, why)| event == name && !why.is_empty());
            assert!(consumed != none, "{name}: consumed {consumed}, none {none}");
        }
        let mut names: Vec<_> = LOOP.iter().map(|(_, name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), LOOP.len(), "consumers' names are stored with jobs and must differ");
    }
}
