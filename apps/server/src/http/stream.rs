//! What happens, as it happens: server-sent events, only what the session may see, resumable.

use super::Server;
use super::guard::Who;
use super::problem::Answer;
use super::route::{Access, Route, get};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event as SseEvent, KeepAlive};
use futures_util::Stream;
use gridweave_access::{Action, reach};
use gridweave_core::{Actor, Event, Scope};
use gridweave_jobs::{StreamItem, stream_after, stream_head};
use std::collections::VecDeque;
use std::convert::Infallible;

const BATCH: i64 = 200;

pub(super) fn routes() -> Vec<Route> {
    vec![get(
        "/api/v1/stream",
        Access::SignedIn,
        "Live events (text/event-stream); resumes by Last-Event-ID",
        stream,
    )]
}

/// May this actor hear of this event?
fn may_hear(actor: &Actor, event: &Event) -> bool {
    let sees = |action| reach(actor, action).is_ok_and(|v| !v.own_only && v.scope.contains(event.division()));
    match event {
        Event::TaskCreated { worker, .. } => *worker == actor.account || sees(Action::TasksRead),
        Event::CaseDispatched { worker, .. } => {
            worker.as_ref() == Some(&actor.account) || sees(Action::CasesRead)
        }
        Event::CaseEstablished { .. }
        | Event::CaseMoved { .. }
        | Event::CaseEnded { .. }
        | Event::VisitClosed { .. }
        | Event::TaskAccepted { .. } => sees(Action::CasesRead),
        Event::SignalUnmatched { .. } | Event::SignalMatched { .. } | Event::SignalJudged { .. } => {
            sees(Action::SignalsRead)
        }
        Event::CorrectionOpened { .. } => sees(Action::CorrectionsRead),
        Event::AddressCorrected { .. }
        | Event::PlaceRedirected { .. }
        | Event::DwellingChanged { .. }
        | Event::PlanPublished { .. } => reach(actor, Action::PlacesRead).is_ok(),
    }
}

/// What a listener is told: the event's name, its number of the case or identifier, no more.
fn told(item: &StreamItem) -> SseEvent {
    let full = serde_json::to_value(&item.event).unwrap_or_default();
    let keep =
        ["no", "state", "action", "task", "signal", "correction", "place", "plan", "division", "worker"];
    let mut data = serde_json::Map::new();
    for key in keep {
        if let Some(value) = full.get(key) {
            data.insert(key.to_owned(), value.clone());
        }
    }
    data.insert("at_ms".to_owned(), item.at_ms.into());
    SseEvent::default()
        .id(item.seq.to_string())
        .event(item.event.name())
        .data(serde_json::Value::Object(data).to_string())
}

struct Listener {
    server: Server,
    actor: Actor,
    seq: i64,
    waiting: VecDeque<SseEvent>,
    woken: tokio::sync::watch::Receiver<u64>,
}

async fn stream(
    State(server): State<Server>,
    Who(ctx): Who,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>> {
    let resume = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let seq = match resume {
        Some(seq) => seq,
        None => server.read(|tx| Ok(stream_head(tx)?)).await?,
    };
    let woken = server.app.db.subscribe();
    // The first event tells the client that it is connected, and from where.
    let hello = SseEvent::default().id(seq.to_string()).event("hello").data("{}");
    let listener = Listener { server, actor: ctx.actor, seq, waiting: VecDeque::from([hello]), woken };
    let events = futures_util::stream::unfold(listener, async |mut listener| {
        loop {
            if let Some(event) = listener.waiting.pop_front() {
                return Some((Ok(event), listener));
            }
            let seq = listener.seq;
            let read =
                listener.server.read(move |tx| Ok(stream_after(tx, seq, Scope::EVERYWHERE, BATCH)?)).await;
            let items = read.unwrap_or_default();
            match items.last() {
                Some(last) => {
                    listener.seq = last.seq;
                    let heard = items.iter().filter(|item| may_hear(&listener.actor, &item.event));
                    listener.waiting.extend(heard.map(told));
                }
                None => {
                    let pause = std::time::Duration::from_secs(1);
                    let _ = tokio::time::timeout(pause, listener.woken.changed()).await;
                }
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
