//! What is near a point: doors and buildings, the nearest first.

use super::Server;
use super::guard::Query;
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get};
use crate::kept::Kept;
use axum::Json;
use axum::extract::State;
use gridweave_access::Action;
use gridweave_addresses::Place;
use gridweave_addresses::queries;
use gridweave_atlas::NearIndex;
use gridweave_core::PlaceId;
use gridweave_db::{DbError, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn routes() -> Vec<Route> {
    let access = Access::May(Action::PlacesRead);
    let what =
        "Places near a point, the nearest first: buildings, compounds, door plates, points of interest";
    vec![get("/api/v1/places/near", access, what, near).query::<NearQuery>().returns::<Vec<NearPlace>>()]
}

/// Where to look.
#[derive(Deserialize, JsonSchema)]
struct NearQuery {
    /// Longitude (CGCS2000/WGS 84).
    lon: f64,
    /// Latitude.
    lat: f64,
    /// No farther than so many metres; 500 where it is not given, 50,000 at most.
    within_m: Option<f64>,
    /// Only of this kind.
    kind: Option<String>,
    /// At most so many; 10 where it is not given, 200 at most.
    limit: Option<usize>,
}

/// A place and how far it is.
#[derive(Serialize, JsonSchema)]
struct NearPlace {
    /// The place.
    place: Place,
    /// Metres on the ellipsoid; 0 within its outline.
    distance_m: f64,
}

struct Drawn {
    ids: Vec<PlaceId>,
    index: NearIndex,
}

/// Places by where they are, of every kind and of each, made anew when the library has changed.
#[derive(Default)]
pub struct NearCache(Kept<BTreeMap<String, Drawn>>);

impl NearCache {
    fn current(&self, tx: &mut Tx) -> Result<Arc<BTreeMap<String, Drawn>>, DbError> {
        let epoch = queries::map_epoch(tx)?;
        self.0.of(epoch, |_| {
            let mut by_kind: BTreeMap<String, (Vec<PlaceId>, Vec<_>)> = BTreeMap::new();
            for place in queries::drawn_places(tx)? {
                let (ids, geometries) = by_kind.entry(place.kind).or_default();
                ids.push(place.id);
                geometries.push(place.geometry);
            }
            let drawn = |(kind, (ids, geometries))| (kind, Drawn { ids, index: NearIndex::new(geometries) });
            Ok(by_kind.into_iter().map(drawn).collect())
        })
    }
}

async fn near(State(server): State<Server>, Query(query): Query<NearQuery>) -> Answer<Json<Vec<NearPlace>>> {
    let within = -180.0..=180.0;
    if !within.contains(&query.lon) || !(-90.0..=90.0).contains(&query.lat) {
        return Err(HttpRefusal::BadQuery("lon and lat are degrees".to_owned()).into());
    }
    let limit = query.limit.unwrap_or(10).clamp(1, 200);
    let within_m = query.within_m.unwrap_or(500.0).clamp(0.0, 50_000.0);
    let cache = server.near.clone();
    let found = server
        .read(move |tx| {
            let kinds = cache.current(tx)?;
            let asked = |kind: &str| query.kind.as_deref().is_none_or(|wanted| wanted == kind);
            let mut found: Vec<(f64, &PlaceId)> = Vec::new();
            for (_, drawn) in kinds.iter().filter(|(kind, _)| asked(kind)) {
                let some = drawn.index.nearest([query.lon, query.lat], limit, Some(within_m));
                found.extend(some.into_iter().map(|near| (near.distance_m, &drawn.ids[near.number])));
            }
            found.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut answer = Vec::new();
            for (distance_m, id) in found.into_iter().take(limit) {
                if let Some(place) = queries::place(tx, id)? {
                    answer.push(NearPlace { place, distance_m });
                }
            }
            Ok(answer)
        })
        .await?;
    Ok(Json(found))
}
