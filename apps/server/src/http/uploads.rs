//! A push in pieces: a line that breaks loses nothing, and what has arrived need not be sent again.

use super::Server;
use super::arriving::{BYTES_MAX, ending, failed, push_arrived};
use super::feeds::format_of;
use super::guard::{Body as JsonBody, Query, Who};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, patch, post};
use crate::assembly::App;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use futures_util::StreamExt;
use gridweave_access::Action;
use gridweave_core::SignalId;
use gridweave_signals::Feed;
use gridweave_signals::ops::push::Pushed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;
use tokio::fs::OpenOptions;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

/// Uploads that nobody ended are removed after so long.
const KEPT: Duration = Duration::from_secs(3 * 24 * 3600);

pub(super) fn routes() -> Vec<Route> {
    let may = Access::May(Action::FeedPush);
    vec![
        post("/api/v1/feeds/{name}/uploads", may, "Begin a push that is sent in pieces", begin)
            .body::<BeginBody>()
            .returns::<Upload>(),
        get("/api/v1/feeds/{name}/uploads/{id}", may, "How much of a push has arrived", state)
            .returns::<Upload>(),
        patch("/api/v1/feeds/{name}/uploads/{id}", may, "A piece (the body) of a push, at its offset", piece)
            .query::<PieceQuery>()
            .returns::<Upload>(),
        post("/api/v1/feeds/{name}/uploads/{id}/push", may, "Everything has arrived: push it", push)
            .returns::<Pushed>(),
    ]
}

/// What will be sent.
#[derive(Deserialize, JsonSchema)]
struct BeginBody {
    /// `csv`, `jsonl`, `xlsx` or `parquet`; the feed's own format where it is not given.
    format: Option<String>,
    /// Is it compressed by gzip?
    #[serde(default)]
    gzip: bool,
}

/// A push that is being sent.
#[derive(Serialize, JsonSchema)]
struct Upload {
    /// Names it.
    id: String,
    /// Bytes that have arrived: send what lies behind them.
    received: u64,
}

/// Where a piece belongs.
#[derive(Deserialize, JsonSchema)]
struct PieceQuery {
    /// Bytes before it.
    offset: u64,
}

fn feed_of(server: &Server, name: String) -> Answer<Feed> {
    Ok(server.app.catalogues.feed(&name).cloned().ok_or(HttpRefusal::NoFeed(name))?)
}

fn folder(app: &App, feed: &Feed) -> PathBuf {
    app.config.data.join("uploads").join(&feed.name)
}

/// The file of an upload.
fn file(app: &App, feed: &Feed, id: &str) -> Answer<PathBuf> {
    // An id of ours holds nothing that leads out of the folder.
    let good = !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let entries = good.then(|| std::fs::read_dir(folder(app, feed)).ok()).flatten();
    let mut paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let own = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().split('.').next() == Some(id))
    };
    Ok(paths.find(own).ok_or(HttpRefusal::NotFound)?)
}

async fn begin(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(name): Path<String>,
    JsonBody(body): JsonBody<BeginBody>,
) -> Answer<Json<Upload>> {
    let feed = feed_of(&server, name)?;
    let format = format_of(&feed, body.format.as_deref())?;
    let folder = folder(&server.app, &feed);
    tokio::fs::create_dir_all(&folder).await.map_err(failed)?;
    remove_old(&folder);
    let id = ctx.new_id::<SignalId>().0;
    tokio::fs::write(folder.join(format!("{id}.{}", ending(format, body.gzip))), b"")
        .await
        .map_err(failed)?;
    Ok(Json(Upload { id, received: 0 }))
}

fn remove_old(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|known| known.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

async fn state(
    State(server): State<Server>,
    Path((name, id)): Path<(String, String)>,
) -> Answer<Json<Upload>> {
    let path = file(&server.app, &feed_of(&server, name)?, &id)?;
    let received = tokio::fs::metadata(&path).await.map_err(failed)?.len();
    Ok(Json(Upload { id, received }))
}

async fn piece(
    State(server): State<Server>,
    Path((name, id)): Path<(String, String)>,
    Query(query): Query<PieceQuery>,
    body: Body,
) -> Answer<Json<Upload>> {
    let path = file(&server.app, &feed_of(&server, name)?, &id)?;
    let mut out = OpenOptions::new().write(true).open(&path).await.map_err(failed)?;
    let received = out.metadata().await.map_err(failed)?.len();
    if query.offset > received {
        let why = format!("offset {}: {received} bytes have arrived, send from there", query.offset);
        return Err(HttpRefusal::BadQuery(why).into());
    }
    // A piece that was sent before lies where it lay.
    out.seek(std::io::SeekFrom::Start(query.offset)).await.map_err(failed)?;
    let mut at = query.offset;
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        // What arrived before the line broke is kept.
        let Ok(part) = part else { break };
        at += part.len() as u64;
        if at > BYTES_MAX {
            return Err(HttpRefusal::TooLarge.into());
        }
        out.write_all(&part).await.map_err(failed)?;
    }
    out.flush().await.map_err(failed)?;
    Ok(Json(Upload { id, received: at.max(received) }))
}

async fn push(
    State(server): State<Server>,
    Who(ctx): Who,
    Path((name, id)): Path<(String, String)>,
) -> Answer<Json<Pushed>> {
    let feed = feed_of(&server, name)?;
    let path = file(&server.app, &feed, &id)?;
    let done = push_arrived(&server, ctx, feed, path.clone()).await?;
    // It stays until it was taken. Whoever did not hear the answer sends it anew, and is told what came of it.
    tokio::fs::remove_file(&path).await.map_err(failed)?;
    Ok(Json(done))
}
