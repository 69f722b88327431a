//! The address library as files: a division when asked for, all of it day by day.

use super::Server;
use super::guard::{Query, Who};
use super::places::scope_of;
use super::problem::{Answer, HttpRefusal, Problem, TxProblem};
use super::route::{Access, Route, get};
use crate::daily_export::{self, DayExport};
use crate::export::{ExportFormat, export_places};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use gridweave_access::{Action, reach};
use gridweave_core::{Actor, Entry, Scope};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::io::AsyncReadExt;

const CHUNK: usize = 1 << 16;

pub(super) fn routes() -> Vec<Route> {
    let export_files = Access::May(Action::PlacesExport);
    vec![
        get("/api/v1/places/export", export_files, "The library of a division as a file", export)
            .query::<ExportQuery>(),
        get("/api/v1/places/exports", export_files, "Days of which the whole library is kept as files", days)
            .returns::<Vec<DayExport>>(),
        get("/api/v1/places/exports/{file}", export_files, "A file of a day, gzip-packed CSV", day_file),
    ]
}

/// What to take out.
#[derive(Deserialize, JsonSchema)]
struct ExportQuery {
    /// Division; the widest that the caller may see where it is not given.
    division: Option<String>,
    /// `csv`, `xlsx`, `geojson` or `gpkg`.
    format: Option<String>,
}

async fn export(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<ExportQuery>,
) -> Answer<Response> {
    let wanted = scope_of(query.division.as_deref())?;
    let visible = reach(&ctx.actor, Action::PlacesExport).map_err(|d| TxProblem::from(d).0)?;
    let scope = visible.scope.intersect(wanted);
    let name = query.format.unwrap_or_else(|| "csv".to_owned());
    let format = ExportFormat::from_name(&name)
        .ok_or_else(|| HttpRefusal::BadQuery("format: use csv, xlsx, geojson or gpkg".to_owned()))?;
    let path = std::env::temp_dir().join(format!("gridweave-export-{}.{name}", ctx.new_id::<String>()));
    let beside = path.clone();
    server
        .read(move |tx| {
            export_places(tx, scope, format, &beside).map_err(|error| TxProblem(Problem::failure(&error)))
        })
        .await?;
    let opened = std::fs::File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
    // The open file lives on without its name until it is told.
    let _ = std::fs::remove_file(&path);
    let (bytes, file) = opened.map_err(|error| Problem::failure(&error))?;
    server
        .write(move |tx| {
            let body = json!({ "format": name, "bytes": bytes });
            gridweave_ledger::record(tx, &ctx, &Entry::new("addresses.export", "places", scope.lo, body))?;
            Ok(())
        })
        .await?;
    let attachment = format!("attachment; filename=\"places.{}\"", format.ending());
    let headers = [
        (CONTENT_TYPE, format.media_type().to_owned()),
        (CONTENT_DISPOSITION, attachment),
        (CONTENT_LENGTH, bytes.to_string()),
    ];
    Ok((headers, told(file)).into_response())
}

/// A file's bytes, read as the caller takes them.
fn told(file: std::fs::File) -> Body {
    let file = tokio::fs::File::from_std(file);
    Body::from_stream(stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let count = file.read(&mut chunk).await?;
        chunk.truncate(count);
        Ok::<_, std::io::Error>((count > 0).then(|| (Bytes::from(chunk), file)))
    }))
}

/// The days hold the whole city: who may take out a part of it asks for that part.
fn whole_city(who: &Actor) -> Result<(), Problem> {
    let visible = reach(who, Action::PlacesExport).map_err(|d| TxProblem::from(d).0)?;
    if visible.scope == Scope::EVERYWHERE {
        return Ok(());
    }
    Err(HttpRefusal::NotWhole.into())
}

async fn days(State(server): State<Server>, Who(ctx): Who) -> Answer<Json<Vec<DayExport>>> {
    whole_city(&ctx.actor)?;
    let found = tokio::task::spawn_blocking(move || daily_export::days(&server.app)).await;
    Ok(Json(found.map_err(|error| Problem::failure(&error))?))
}

async fn day_file(State(server): State<Server>, Who(ctx): Who, Path(name): Path<String>) -> Answer<Response> {
    whole_city(&ctx.actor)?;
    let (file, mapped) =
        daily_export::open(&server.app, &name).ok_or_else(|| HttpRefusal::NoExport(name.clone()))?;
    let named = file.name.clone();
    server
        .write(move |tx| {
            let body = json!({ "file": named, "bytes": file.bytes });
            gridweave_ledger::record(tx, &ctx, &Entry::new("addresses.export", "places", 0, body))?;
            Ok(())
        })
        .await?;
    let headers = [
        (CONTENT_TYPE, "application/gzip".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (CONTENT_LENGTH, file.bytes.to_string()),
        (ETAG, format!("\"{}\"", file.sha256)),
    ];
    Ok((headers, Body::from(Bytes::from_owner(mapped))).into_response())
}
