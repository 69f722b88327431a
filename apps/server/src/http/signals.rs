//! The signals' inbox.

use super::Server;
use super::guard::{Body as JsonBody, Page, Query, Who, page_size};
use super::problem::Answer;
use super::route::{Access, Route, get, post};
use axum::Json;
use axum::extract::{Path, State};
use gridweave_access::{Action, reach};
use gridweave_addresses::queries as places;
use gridweave_core::{PlaceId, SignalId};
use gridweave_signals::ops::{dismiss_signal, match_signal};
use gridweave_signals::{Signal, SignalState, queries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Vec<Route> {
    let decide = Access::May(Action::SignalDecide);
    vec![
        get("/api/v1/signals", Access::May(Action::SignalsRead), "Signals, newest first", list)
            .query::<ListQuery>()
            .returns::<Page<SignalView>>(),
        post("/api/v1/signals/{id}/match", decide, "Say which door a signal means", match_route)
            .body::<MatchBody>(),
        post("/api/v1/signals/{id}/dismiss", decide, "Put a signal aside", dismiss).body::<DismissBody>(),
    ]
}

/// Which signals.
#[derive(Deserialize, JsonSchema)]
struct ListQuery {
    /// State; unmatched where it is not given.
    state: Option<SignalState>,
    /// Of this feed only.
    feed: Option<String>,
    /// Of this kind only.
    kind: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

/// A signal and where it is.
#[derive(Serialize, JsonSchema)]
struct SignalView {
    /// The signal.
    #[serde(flatten)]
    signal: Signal,
    /// The address of its door, as the library has it.
    place_address: Option<String>,
}

async fn list(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<ListQuery>,
) -> Answer<Json<Page<SignalView>>> {
    let limit = page_size(query.limit);
    let found = server
        .read(move |tx| {
            let visible = reach(&ctx.actor, Action::SignalsRead)?;
            let filter = queries::Filter {
                feed: query.feed.clone().unwrap_or_default(),
                kind: query.kind.clone().unwrap_or_default(),
                ..queries::Filter::of(query.state.unwrap_or(SignalState::Unmatched))
            };
            let before = query.cursor.as_deref().unwrap_or("");
            let mut views = Vec::new();
            for signal in queries::list(tx, &filter, visible.scope, before, limit + 1)? {
                let place = signal.place.as_ref().map(|id| places::place(tx, id)).transpose()?.flatten();
                views.push(SignalView { signal, place_address: place.map(|place| place.address) });
            }
            Ok(views)
        })
        .await?;
    Ok(Json(Page::new(found, limit, |view| view.signal.id.0.clone())))
}

/// Which door.
#[derive(Deserialize, JsonSchema)]
struct MatchBody {
    /// The door.
    place: PlaceId,
    /// The version that was looked at.
    version: i64,
}

async fn match_route(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<MatchBody>,
) -> Answer<()> {
    server.run(move |tx| match_signal::run(tx, &ctx, &SignalId(id.clone()), &body.place, body.version)).await
}

/// Why not.
#[derive(Deserialize, JsonSchema)]
struct DismissBody {
    /// In words.
    reason: String,
    /// The version that was looked at.
    version: i64,
}

async fn dismiss(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<DismissBody>,
) -> Answer<()> {
    server
        .run(move |tx| dismiss_signal::run(tx, &ctx, &SignalId(id.clone()), &body.reason, body.version))
        .await
}
