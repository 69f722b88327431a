//! Cards, unmasking, imports into the registers, planned absences.

use super::Server;
use super::guard::{Body, Query, Who};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, post};
use crate::composed::{self, Card};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use gridweave_access::Action;
use gridweave_addresses::queries as places;
use gridweave_core::{PersonId, PlaceId, Zone};
use gridweave_files::{Format, read_table_from};
use gridweave_registers::RowKind;
use gridweave_registers::ops::{import_rows, record_absence, unmask};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get(
            "/api/v1/places/{id}/card",
            Access::May(Action::CardRead),
            "The card of a building or door, masked",
            card,
        )
        .returns::<Card>(),
        post(
            "/api/v1/places/{id}/absences",
            Access::May(Action::AbsenceRecord),
            "Record a planned absence",
            absence,
        )
        .body::<AbsenceBody>(),
        post(
            "/api/v1/people/{id}/unmask",
            Access::May(Action::PersonUnmask),
            "Show a person in clear, for the purpose in X-Purpose",
            unmask_route,
        )
        .body::<UnmaskBody>()
        .returns::<unmask::Clear>(),
        post(
            "/api/v1/registers/{kind}/import",
            Access::May(Action::RegistersImport),
            "Import a file (the body) into a register",
            import,
        )
        .query::<ImportQuery>()
        .returns::<import_rows::Imported>(),
    ]
}

async fn card(State(server): State<Server>, Who(ctx): Who, Path(id): Path<String>) -> Answer<Json<Card>> {
    let app = server.app.clone();
    Ok(Json(server.run(move |tx| composed::card(tx, &ctx, &app, &PlaceId(id.clone()))).await?))
}

/// An absence.
#[derive(Deserialize, JsonSchema)]
struct AbsenceBody {
    /// First day, `YYYY-MM-DD`.
    from: String,
    /// Last day.
    until: String,
    /// Who said so.
    #[serde(default)]
    told_by: String,
}

async fn absence(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(id): Path<String>,
    Body(body): Body<AbsenceBody>,
) -> Answer<()> {
    let day = |text: &str| {
        Zone::day_from_text(text).ok_or_else(|| HttpRefusal::BadBody(format!("{text:?}: write YYYY-MM-DD")))
    };
    let (from, until) = (day(&body.from)?, day(&body.until)?);
    server
        .run(move |tx| record_absence::run(tx, &ctx, &PlaceId(id.clone()), from, until, &body.told_by))
        .await
}

/// Where the person is met.
#[derive(Deserialize, JsonSchema)]
struct UnmaskBody {
    /// The door.
    place: PlaceId,
}

async fn unmask_route(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(id): Path<String>,
    Body(body): Body<UnmaskBody>,
) -> Answer<Json<unmask::Clear>> {
    let vault = server.app.vault.clone();
    let clear = server
        .run(move |tx| {
            let owner = match places::place(tx, &body.place)? {
                Some(place) => composed::place_resource(tx, &ctx, &place)?.owner,
                None => None,
            };
            unmask::run(tx, &ctx, &vault, &PersonId(id.clone()), &body.place, owner)
        })
        .await?;
    Ok(Json(clear))
}

/// How the body is to be read.
#[derive(Deserialize, JsonSchema)]
struct ImportQuery {
    /// `csv`, `jsonl` or `xlsx`.
    format: Option<String>,
}

async fn import(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(kind): Path<String>,
    Query(query): Query<ImportQuery>,
    bytes: Bytes,
) -> Answer<Json<import_rows::Imported>> {
    let kind = RowKind::ALL.into_iter().find(|known| known.name() == kind).ok_or(HttpRefusal::NotFound)?;
    let format = Format::of_name(query.format.as_deref().unwrap_or("csv"))
        .ok_or_else(|| HttpRefusal::BadQuery("format: use csv, jsonl or xlsx".to_owned()))?;
    let table =
        read_table_from(bytes.to_vec(), format).map_err(|error| HttpRefusal::BadFile(error.to_string()))?;
    let vault = server.app.vault.clone();
    let done = server.run(move |tx| crate::import::register_rows(tx, &ctx, &vault, kind, &table)).await?;
    Ok(Json(done))
}
