//! Feeds: pushing to them, and how they do.

use super::Server;
use super::arriving::Arriving;
use super::guard::{Query, Who};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, post};
use crate::assembly::App;
use crate::mqtt;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use futures_util::StreamExt;
use gridweave_access::Action;
use gridweave_core::Zone;
use gridweave_files::Format;
use gridweave_signals::ops::push;
use gridweave_signals::{Feed, health, queries, tuning};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rejected rows that are shown.
const REJECTED_SHOWN: usize = 50;
/// Thresholds that are shown: those in force and those before.
const LIMITS_SHOWN: i64 = 20;
const DAYS: i64 = 30;
const DAYS_MOST: i64 = 366;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::May(Action::FeedsRead);
    vec![
        get("/api/v1/feeds", read, "Feeds and what they brought last", feeds).returns::<Vec<FeedView>>(),
        get(
            "/api/v1/feeds/{name}",
            read,
            "How a feed does: arrived, rejected, matched, found right",
            health_of,
        )
        .query::<HealthQuery>()
        .returns::<FeedHealth>(),
        post(
            "/api/v1/feeds/{name}/push",
            Access::May(Action::FeedPush),
            "Push rows (the body, also with Content-Encoding: gzip) to a feed",
            push_route,
        )
        .query::<PushQuery>()
        .returns::<push::Pushed>(),
    ]
}

/// A feed and what it brought last.
#[derive(Serialize, JsonSchema)]
struct FeedView {
    /// As declared.
    feed: Feed,
    /// When it last pushed.
    last_push_ms: Option<i64>,
    /// What came of it.
    last: Option<push::Pushed>,
    /// The broker, of a feed that listens to a topic.
    mqtt: Option<Broker>,
}

/// How the connection to the broker does.
#[derive(Serialize, JsonSchema)]
struct Broker {
    /// Host and port; none where no broker is set.
    broker: Option<String>,
    /// Since when the connection is there; none while it is not.
    connected_since_ms: Option<i64>,
    /// Why it is not, or which topic was refused.
    error: Option<String>,
    /// Messages of this feed since the server was started.
    messages: u64,
    /// Files of messages that wait to be taken.
    waiting: usize,
}

fn broker_of(app: &App, feed: &Feed) -> Option<Broker> {
    feed.topic.as_ref()?;
    let status = app.mqtt.status();
    Some(Broker {
        broker: mqtt::shown(&app.config),
        connected_since_ms: status.connected_since_ms,
        error: status.error,
        messages: status.messages.get(&feed.name).copied().unwrap_or_default(),
        waiting: mqtt::waiting(&mqtt::folder(app, feed)).len(),
    })
}

async fn feeds(State(server): State<Server>) -> Answer<Json<Vec<FeedView>>> {
    let app = server.app.clone();
    let found = server
        .read(move |tx| {
            let mut views = Vec::new();
            for feed in &app.catalogues.feeds {
                let last = queries::last_push(tx, &feed.name)?;
                views.push(FeedView {
                    feed: feed.clone(),
                    last_push_ms: last.as_ref().map(|(at, _)| *at),
                    last: last.map(|(_, pushed)| push::Pushed { rejected: vec![], ..pushed }),
                    mqtt: broker_of(&app, feed),
                });
            }
            Ok(views)
        })
        .await?;
    Ok(Json(found))
}

/// Of how many days.
#[derive(Deserialize, JsonSchema)]
struct HealthQuery {
    /// So many days up to today; 30 where it is not given, 366 at most.
    days: Option<i64>,
}

/// How a feed does.
#[derive(Serialize, JsonSchema)]
struct FeedHealth {
    /// As declared.
    feed: Feed,
    /// The broker, of a feed that listens to a topic.
    mqtt: Option<Broker>,
    /// When it last pushed.
    last_push_ms: Option<i64>,
    /// The first day that is looked at.
    from: String,
    /// The last one: today.
    to: String,
    /// Days on which something arrived, the oldest first.
    days: Vec<health::FeedDay>,
    /// What became of the signals made since, by kind.
    kinds: Vec<health::KindCounts>,
    /// The thresholds in force and those before them, newest first; of readings.
    limits: Vec<tuning::Since>,
    /// Rows that were not taken the last time that there were any.
    rejected: Option<health::LastRejected>,
}

async fn health_of(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(name): Path<String>,
    Query(query): Query<HealthQuery>,
) -> Answer<Json<FeedHealth>> {
    let app = server.app.clone();
    let feed = app.catalogues.feed(&name).cloned().ok_or(HttpRefusal::NoFeed(name))?;
    let days = query.days.unwrap_or(DAYS);
    if !(1..=DAYS_MOST).contains(&days) {
        return Err(HttpRefusal::BadQuery(format!("days: from 1 to {DAYS_MOST}")).into());
    }
    let (today, from) = (ctx.today(), ctx.today() - days + 1);
    let since = ctx.zone.start_of_day(from).0;
    let found = server
        .read(move |tx| {
            Ok(FeedHealth {
                mqtt: broker_of(&app, &feed),
                last_push_ms: queries::last_push(tx, &feed.name)?.map(|(at, _)| at),
                from: Zone::date_text(from),
                to: Zone::date_text(today),
                days: health::days(tx, &feed.name, from)?,
                kinds: health::kinds(tx, &feed.name, since)?,
                limits: tuning::last(tx, &feed.name, LIMITS_SHOWN)?,
                rejected: health::rejected(tx, &feed.name, REJECTED_SHOWN)?,
                feed: feed.clone(),
            })
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
