//! Feeds and the signals' inbox.

use super::Server;
use super::guard::{Body, Page, Query, Who, page_size};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, post};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use gridweave_access::{Action, reach};
use gridweave_core::{PlaceId, SignalId};
use gridweave_files::{Format, read_table_from};
use gridweave_signals::ops::{dismiss_signal, match_signal, push};
use gridweave_signals::{Feed, Signal, SignalState, queries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A day of a large city fits into one push.
const PUSH_BYTES_MAX: usize = 512 * 1024 * 1024;

pub(super) fn routes() -> Vec<Route> {
    let decide = Access::May(Action::SignalDecide);
    vec![
        get("/api/v1/feeds", Access::May(Action::FeedsRead), "Feeds and how they do", feeds)
            .returns::<Vec<FeedView>>(),
        post(
            "/api/v1/feeds/{name}/push",
            Access::May(Action::FeedPush),
            "Push rows (the body) to a feed",
            push_route,
        )
        .limit(PUSH_BYTES_MAX)
        .query::<PushQuery>()
        .returns::<push::Pushed>(),
        get("/api/v1/signals", Access::May(Action::SignalsRead), "Signals, newest first", list)
            .query::<ListQuery>()
            .returns::<Page<Signal>>(),
        post("/api/v1/signals/{id}/match", decide, "Say which door a signal means", match_route)
            .body::<MatchBody>(),
        post("/api/v1/signals/{id}/dismiss", decide, "Put a signal aside", dismiss).body::<DismissBody>(),
    ]
}

/// A feed and how it does.
#[derive(Serialize, JsonSchema)]
struct FeedView {
    /// As declared.
    feed: Feed,
    /// When it last pushed.
    last_push_ms: Option<i64>,
    /// What came of it.
    last: Option<serde_json::Value>,
}

async fn feeds(State(server): State<Server>) -> Answer<Json<Vec<FeedView>>> {
    let catalogues = server.app.catalogues.clone();
    let found = server
        .read(move |tx| {
            let mut views = Vec::new();
            for feed in &catalogues.feeds {
                let last = queries::last_push(tx, &feed.name)?;
                views.push(FeedView {
                    feed: feed.clone(),
                    last_push_ms: last.as_ref().map(|(at, _)| *at),
                    last: last.map(|(_, summary)| summary),
                });
            }
            Ok(views)
        })
        .await?;
    Ok(Json(found))
}

/// How the body is to be read.
#[derive(Deserialize, JsonSchema)]
struct PushQuery {
    /// `csv`, `jsonl`, `xlsx` or `parquet`; the feed's own format where it is not given.
    format: Option<String>,
}

async fn push_route(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(name): Path<String>,
    Query(query): Query<PushQuery>,
    bytes: Bytes,
) -> Answer<Json<push::Pushed>> {
    let feed = server.app.catalogues.feed(&name).cloned().ok_or(HttpRefusal::NoFeed(name))?;
    let format = Format::of_name(query.format.as_deref().unwrap_or(&feed.format))
        .ok_or_else(|| HttpRefusal::BadQuery("format: use csv, jsonl, xlsx or parquet".to_owned()))?;
    let digest = crate::import::digest(&bytes);
    let table = tokio::task::spawn_blocking(move || read_table_from(bytes.to_vec(), format))
        .await
        .map_err(|error| super::Problem::failure(&error))?
        .map_err(|error| HttpRefusal::BadFile(error.to_string()))?;
    let library = server.app.library.clone();
    let done =
        server.run(move |tx| crate::import::push_table(tx, &ctx, &library, &feed, &digest, &table)).await?;
    Ok(Json(done))
}

/// Which signals.
#[derive(Deserialize, JsonSchema)]
struct ListQuery {
    /// State; unmatched where it is not given.
    state: Option<SignalState>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

async fn list(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<ListQuery>,
) -> Answer<Json<Page<Signal>>> {
    let limit = page_size(query.limit);
    let found = server
        .read(move |tx| {
            let visible = reach(&ctx.actor, Action::SignalsRead)?;
            let state = query.state.unwrap_or(SignalState::Unmatched);
            let before = query.cursor.as_deref().unwrap_or("");
            Ok(queries::list(tx, state, visible.scope, before, limit + 1)?)
        })
        .await?;
    Ok(Json(Page::new(found, limit, |signal| signal.id.0.clone())))
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
    Body(body): Body<MatchBody>,
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
    Body(body): Body<DismissBody>,
) -> Answer<()> {
    server
        .run(move |tx| dismiss_signal::run(tx, &ctx, &SignalId(id.clone()), &body.reason, body.version))
        .await
}
