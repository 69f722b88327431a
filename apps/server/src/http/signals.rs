//! Feeds and the signals' inbox.

use super::Server;
use super::arriving::Arriving;
use super::guard::{Body as JsonBody, Page, Query, Who, page_size};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, post};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use futures_util::StreamExt;
use gridweave_access::{Action, reach};
use gridweave_core::{PlaceId, SignalId};
use gridweave_files::Format;
use gridweave_signals::ops::{dismiss_signal, match_signal, push};
use gridweave_signals::{Feed, Signal, SignalState, queries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Vec<Route> {
    let decide = Access::May(Action::SignalDecide);
    vec![
        get("/api/v1/feeds", Access::May(Action::FeedsRead), "Feeds and how they do", feeds)
            .returns::<Vec<FeedView>>(),
        post(
            "/api/v1/feeds/{name}/push",
            Access::May(Action::FeedPush),
            "Push rows (the body, also with Content-Encoding: gzip) to a feed",
            push_route,
        )
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
    headers: HeaderMap,
    body: Body,
) -> Answer<Json<push::Pushed>> {
    let feed = server.app.catalogues.feed(&name).cloned().ok_or(HttpRefusal::NoFeed(name))?;
    let format = format_of(&feed, query.format.as_deref())?;
    let zipped = match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip") => true,
        Some(_) => return Err(HttpRefusal::BadBody("Content-Encoding: use gzip, or none".to_owned()).into()),
    };
    let mut arriving = Arriving::begin(&server.app).await?;
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        // What was cut off is gone with its file.
        let part = part.map_err(|error| HttpRefusal::BadBody(error.to_string()))?;
        arriving.add(&part).await?;
    }
    Ok(Json(arriving.push(&server, ctx, feed, format, zipped).await?))
}

/// The format of a push: the one asked for, else the feed's own.
pub(super) fn format_of(feed: &Feed, asked: Option<&str>) -> Answer<Format> {
    Format::of_name(asked.unwrap_or(&feed.format))
        .ok_or_else(|| HttpRefusal::BadQuery("format: use csv, jsonl, xlsx or parquet".to_owned()).into())
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
