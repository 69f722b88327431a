//! The one map: vector tiles of the base map and of cells, cases as points, where the city lies.

use super::Server;
use super::guard::{Query, Who};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get};
use super::tiles;
use crate::kept::{Kept, UntilWrite};
use crate::layers::MapSet;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use gridweave_access::{Action, reach};
use gridweave_cases::queries as cases;
use gridweave_core::time::DAY_MS;
use gridweave_db::{DbError, Tx};
use gridweave_tiles::Tiles;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get(
            "/tiles/{set}/{z}/{x}/{y}",
            Access::SignedIn,
            "A vector tile of `base` or `cells`: MVT, or MLT by the ending `.mlt` or `Accept`",
            tile,
        ),
        get("/tiles/{set}", Access::SignedIn, "TileJSON of a set", tile_json).query::<tiles::Encoding>(),
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

/// Tiles of each set.
#[derive(Default)]
pub struct TileCache {
    base: Kept<Tiles>,
    cells: Kept<Tiles>,
    /// The sets as they were when they were last asked for.
    current: UntilWrite<MapSet, Arc<Tiles>>,
}

impl TileCache {
    /// A set as of this transaction.
    fn of(&self, tx: &mut Tx, set: MapSet) -> Result<Arc<Tiles>, DbError> {
        let kept = match set {
            MapSet::Base => &self.base,
            MapSet::Cells => &self.cells,
        };
        kept.of(set.epoch(tx)?, |before| {
            let layers = set.layers(tx)?;
            Ok(match before {
                Some(before) => before.followed_by(layers),
                None => Tiles::new(layers),
            })
        })
    }
}

impl Server {
    /// A set as it is now: asked of the database only when something may have changed.
    async fn tiles_now(&self, set: MapSet) -> Answer<Arc<Tiles>> {
        let (writes, now) = (self.app.db.writes(), self.app.system.now());
        if let Some(tiles) = self.tiles.current.get(&set, writes, now) {
            return Ok(tiles);
        }
        let cache = self.tiles.clone();
        let found = self.read(move |tx| Ok(cache.of(tx, set)?)).await?;
        self.tiles.current.put(set, writes, now, found.clone());
        Ok(found)
    }
}

fn set_of(name: &str) -> Answer<MapSet> {
    Ok(MapSet::named(name).ok_or(HttpRefusal::NoRoute)?)
}

async fn tile(
    State(server): State<Server>,
    Path((set, z, x, y)): Path<(String, u8, u32, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    let asked = tiles::asked(z, x, &y, &headers)?;
    tiles::answer(server.tiles_now(set_of(&set)?).await?, asked, &headers).await
}

async fn tile_json(
    State(server): State<Server>,
    Path(set): Path<String>,
    Query(encoding): Query<tiles::Encoding>,
) -> Answer<Json<Value>> {
    let name = set.trim_end_matches(".json");
    Ok(tiles::tile_json(&*server.tiles_now(set_of(name)?).await?, name, "", &encoding))
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
    let cells = server.tiles_now(MapSet::Cells).await?.set().bounds();
    let bounds = match cells {
        Some(bounds) => Some(bounds),
        None => server.tiles_now(MapSet::Base).await?.set().bounds(),
    };
    Ok(Json(View { bounds }))
}
