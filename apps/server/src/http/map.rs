//! The one map: vector tiles of the base map and of cells, cases as points, where the city lies.

use super::Server;
use super::guard::{Query, Who};
use super::problem::{Answer, HttpRefusal, Problem};
use super::route::{Access, Route, get};
use crate::layers;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gridweave_access::{Action, reach};
use gridweave_addresses::queries as places;
use gridweave_atlas::tile::TileId;
use gridweave_cases::queries as cases;
use gridweave_core::time::DAY_MS;
use gridweave_db::{DbError, Tx};
use gridweave_tiles::LayerSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/tiles/{set}/{z}/{x}/{y}", Access::SignedIn, "A vector tile of `base` or `cells`", tile),
        get("/tiles/{set}", Access::SignedIn, "TileJSON of a set", tile_json),
        get(
            "/api/v1/map/cases",
            Access::May(Action::CasesRead),
            "Cases as GeoJSON points, as far as the caller may see them",
            case_points,
        )
        .query::<CasesQuery>(),
        get("/api/v1/map/view", Access::SignedIn, "Where the map opens", view).returns::<View>(),
    ]
}

/// Tiles of each set with the epoch that they were made of.
#[derive(Default)]
pub struct TileCache {
    base: RwLock<Option<(Vec<i64>, Arc<LayerSet>)>>,
    cells: RwLock<Option<(Vec<i64>, Arc<LayerSet>)>>,
}

type Slot = RwLock<Option<(Vec<i64>, Arc<LayerSet>)>>;

fn cached(
    tx: &mut Tx,
    slot: &Slot,
    epoch: Vec<i64>,
    build: fn(&mut Tx) -> Result<LayerSet, DbError>,
) -> Result<Arc<LayerSet>, DbError> {
    let known = slot.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    if let Some((_, set)) = known.filter(|(at, _)| *at == epoch) {
        return Ok(set);
    }
    let fresh = Arc::new(build(tx)?);
    *slot.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((epoch, fresh.clone()));
    Ok(fresh)
}

/// The set of a name with the version of its content.
fn set_of(tx: &mut Tx, cache: &TileCache, name: &str) -> Result<Option<(Vec<i64>, Arc<LayerSet>)>, DbError> {
    Ok(match name {
        "base" => {
            let epoch = vec![places::map_epoch(tx)?];
            let set = cached(tx, &cache.base, epoch.clone(), layers::base)?;
            Some((epoch, set))
        }
        "cells" => {
            let epoch = vec![tx.one(&gridweave_territory::sql::EPOCH, &[], |row| row.int(0))?];
            let set = cached(tx, &cache.cells, epoch.clone(), layers::cells)?;
            Some((epoch, set))
        }
        _ => None,
    })
}

async fn tile(
    State(server): State<Server>,
    Path((set, z, x, y)): Path<(String, u8, u32, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    let y = y.trim_end_matches(".pbf").parse().map_err(|_| HttpRefusal::NoRoute)?;
    let id = TileId::new(z, x, y).ok_or(HttpRefusal::NoRoute)?;
    let cache = server.tiles.clone();
    let (epoch, found) =
        server.read(move |tx| Ok(set_of(tx, &cache, &set)?)).await?.ok_or(HttpRefusal::NoRoute)?;
    // A tile is named by the version of what it was cut from: unchanged content is not sent again.
    let version: Vec<String> = epoch.iter().map(i64::to_string).collect();
    let tag = format!("\"{}\"", version.join("."));
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let bytes = tokio::task::spawn_blocking(move || found.kept_tile(id))
        .await
        .map_err(|error| Problem::failure(&error))?
        .map_err(|error| Problem::failure(&error))?;
    if bytes.is_empty() {
        return Ok((StatusCode::NO_CONTENT, kept).into_response());
    }
    let kind = [(header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile")];
    Ok((kept, kind, bytes.to_vec()).into_response())
}

async fn tile_json(State(server): State<Server>, Path(set): Path<String>) -> Answer<Json<Value>> {
    let cache = server.tiles.clone();
    let name = set.trim_end_matches(".json").to_owned();
    let wanted = name.clone();
    let (_, found) =
        server.read(move |tx| Ok(set_of(tx, &cache, &wanted)?)).await?.ok_or(HttpRefusal::NoRoute)?;
    let layers: Vec<Value> =
        found.fields().into_iter().map(|(id, fields)| json!({ "id": id, "fields": fields })).collect();
    Ok(Json(json!({
        "tilejson": "3.0.0", "name": name, "minzoom": 0, "maxzoom": 18, "bounds": found.bounds(),
        "tiles": [format!("/tiles/{name}/{{z}}/{{x}}/{{y}}.pbf")], "vector_layers": layers,
    })))
}

/// Which cases.
#[derive(Deserialize, JsonSchema)]
struct CasesQuery {
    /// Ended ones of so many days as well; 7 where it is not given.
    days: Option<i64>,
}

async fn case_points(
    State(server): State<Server>,
    Who(ctx): Who,
    Query(query): Query<CasesQuery>,
) -> Answer<Json<Value>> {
    let found = server
        .read(move |tx| {
            let visible = reach(&ctx.actor, Action::CasesRead)?;
            if visible.own_only {
                return Ok(json!({ "type": "FeatureCollection", "features": [] }));
            }
            let now = ctx.now().0;
            let since = now - query.days.unwrap_or(7).clamp(0, 400) * DAY_MS;
            let features: Vec<Value> = cases::points(tx, since)?
                .into_iter()
                .filter(|case| visible.scope.contains(case.division))
                .map(|case| {
                    let overdue = case.open && case.due_at_ms < now;
                    let shown = match (case.open, overdue, case.state.as_str()) {
                        (false, ..) => "done",
                        (_, true, _) => "overdue",
                        (_, _, "established") => "new",
                        _ => "in_hand",
                    };
                    json!({
                        "type": "Feature",
                        "geometry": { "type": "Point", "coordinates": [case.point.lon, case.point.lat] },
                        "properties": {
                            "no": case.no, "title": case.title, "state": case.state, "status": shown,
                            "urgency": case.urgency, "open": case.open,
                        },
                    })
                })
                .collect();
            Ok(json!({ "type": "FeatureCollection", "features": features }))
        })
        .await?;
    Ok(Json(found))
}

/// Where the map opens.
#[derive(Serialize, JsonSchema)]
struct View {
    /// West, south, east, north; none while there is nothing to show.
    bounds: Option<[f64; 4]>,
}

async fn view(State(server): State<Server>) -> Answer<Json<View>> {
    let cache = server.tiles.clone();
    let bounds = server
        .read(move |tx| {
            let cells = set_of(tx, &cache, "cells")?.and_then(|(_, set)| set.bounds());
            let base = set_of(tx, &cache, "base")?.and_then(|(_, set)| set.bounds());
            Ok(cells.or(base))
        })
        .await?;
    Ok(Json(View { bounds }))
}
