//! OGC API – Features, part 1 (17-069r4): divisions, cells, places and cases for other programs' maps.
//! No person appears here. What a caller may not see is not there.

mod description;
mod query;

use super::Server;
use super::guard::Who;
use super::problem::{Answer, HttpRefusal, TxProblem};
use super::route::{Access, Route, get};
use crate::kept::Kept;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use description::{api, conformance, landing, queryables};
use gridweave_access::{Action, reach};
use gridweave_addresses::queries as places;
use gridweave_atlas::geojson::geometry_json;
use gridweave_atlas::{Bounds, Geometry};
use gridweave_cases::queries as cases;
use gridweave_core::{Ctx, TimeMs, Zone};
use gridweave_db::{DbError, Tx};
use gridweave_territory::queries as territory;
use query::{Asked, parameters};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) fn routes() -> Vec<Route> {
    let page = Access::SignedIn;
    vec![
        get("/ogc", page, "OGC API – Features: where to begin", landing),
        get("/ogc/conformance", page, "OGC API: what it conforms to", conformance),
        get("/ogc/api", page, "OGC API: its description (OpenAPI 3.0)", api),
        get("/ogc/collections", page, "OGC API: collections", collections),
        get("/ogc/collections/{name}", page, "OGC API: one collection", collection),
        get("/ogc/collections/{name}/queryables", page, "OGC API: what one may ask for", queryables),
        get(
            "/ogc/collections/{name}/items",
            page,
            "OGC API: features (bbox, datetime, limit, offset, properties)",
            items,
        ),
        get("/ogc/collections/{name}/items/{id}", page, "OGC API: one feature", item),
    ]
}

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 10_000;

/// A feature.
#[derive(Clone)]
struct Item {
    id: String,
    geometry: Geometry,
    properties: Map<String, Value>,
    /// When it happened, for what happens.
    at: Option<TimeMs>,
}

/// The features of a collection.
struct Items {
    /// In the order of paging.
    all: Vec<Item>,
    /// Identifier → place in the order.
    by_id: HashMap<String, usize>,
    extent: Bounds,
}

impl From<Vec<Item>> for Items {
    fn from(all: Vec<Item>) -> Self {
        let by_id = all.iter().enumerate().map(|(at, item)| (item.id.clone(), at)).collect();
        let extent = all.iter().fold(Bounds::EMPTY, |sum, item| sum.union(item.geometry.bounds()));
        Self { all, by_id, extent }
    }
}

/// Features of the ground by collection, made anew when their source has changed.
#[derive(Default)]
pub struct OgcCache(Mutex<HashMap<String, Arc<Kept<Items>>>>);

/// A collection: its name, what it is, and the properties that one may ask for.
struct Collection {
    name: String,
    title: String,
    queryables: &'static [&'static str],
}

const DIVISION: &[&str] = &["code", "name", "level"];
const CELL: &[&str] = &["code", "name", "network", "households"];
const PLACE: &[&str] = &["name", "kind", "division"];
const CASE: &[&str] = &["no", "title", "state", "urgency", "open"];

/// The collections that this caller may see.
fn known(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Collection>, DbError> {
    let may = |action| reach(&ctx.actor, action).is_ok_and(|visible| !visible.own_only);
    let mut found = Vec::new();
    if may(Action::TerritoryRead) {
        let (name, title) = ("divisions".to_owned(), "行政区划 · Divisions".to_owned());
        found.push(Collection { name, title, queryables: DIVISION });
        for network in territory::networks(tx)? {
            let title = format!("{} · {}", network.name_zh, network.name_en);
            found.push(Collection { name: format!("cells-{}", network.id), title, queryables: CELL });
        }
    }
    if may(Action::PlacesRead) {
        let (name, title) = ("places".to_owned(), "地址库 · Places".to_owned());
        found.push(Collection { name, title, queryables: PLACE });
    }
    if may(Action::CasesRead) {
        let (name, title) = ("cases".to_owned(), "案件 · Cases".to_owned());
        found.push(Collection { name, title, queryables: CASE });
    }
    Ok(found)
}

fn one(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<Collection, TxProblem> {
    known(tx, ctx)?.into_iter().find(|c| c.name == name).ok_or_else(|| HttpRefusal::NotFound.into())
}

fn properties(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// All features of a collection, in a fixed order.
fn features(tx: &mut Tx, ctx: &Ctx, cache: &OgcCache, name: &str) -> Result<Arc<Items>, TxProblem> {
    if name == "cases" {
        let visible = reach(&ctx.actor, Action::CasesRead)?;
        let seen = cases::points(tx, 0)?.into_iter().filter(|case| visible.scope.contains(case.division));
        let items = seen.map(|case| Item {
            id: case.no.clone(),
            geometry: Geometry::Point([case.point.lon, case.point.lat]),
            properties: properties(json!({
                "no": case.no, "title": case.title, "state": case.state, "urgency": case.urgency, "open": case.open,
                "established": Zone::utc_text(TimeMs(case.established_at_ms)),
            })),
            at: Some(TimeMs(case.established_at_ms)),
        });
        return Ok(Arc::new(items.collect::<Vec<_>>().into()));
    }
    let epoch = match name {
        "places" => places::map_epoch(tx)?,
        _ => tx.one(&gridweave_territory::sql::EPOCH, &[], |row| row.int(0))?,
    };
    let kept =
        cache.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default().clone();
    Ok(kept.of(epoch, |_| Ok(ground(tx, name)?.into()))?)
}

fn ground(tx: &mut Tx, name: &str) -> Result<Vec<Item>, DbError> {
    let item = |id: String, geometry: Geometry, value: Value| Item {
        id,
        geometry,
        properties: properties(value),
        at: None,
    };
    Ok(match name {
        "divisions" => territory::drawn_divisions(tx)?
            .into_iter()
            .map(|(division, shape)| {
                let code = format!("{:012}", division.code);
                let value = json!({ "code": code, "name": division.name, "level": division.level });
                item(code, Geometry::Shape(shape), value)
            })
            .collect(),
        "places" => places::drawn_places(tx)?
            .into_iter()
            .map(|place| {
                let value = json!({ "name": place.name, "kind": place.kind, "division": place.division });
                item(place.id.0, place.geometry, value)
            })
            .collect(),
        cells => {
            let network = cells.trim_start_matches("cells-");
            let all = territory::drawn_cells(tx)?.into_iter().filter(|cell| cell.network == network);
            all.map(|cell| {
                let code = format!("{:015}", cell.code);
                let value = json!({
                    "code": code, "name": cell.name, "network": cell.network, "households": cell.households,
                });
                item(code, Geometry::Shape(cell.shape), value)
            })
            .collect()
        }
    })
}

/// Where the caller reaches us, for links that hold from outside.
fn base(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = text("x-forwarded-proto").unwrap_or("http");
    let host = text("x-forwarded-host").or(text("host")).unwrap_or("localhost");
    format!("{scheme}://{host}/ogc")
}

fn link(href: String, rel: &str, kind: &str, title: &str) -> Value {
    json!({ "href": href, "rel": rel, "type": kind, "title": title })
}

fn described(collection: &Collection, extent: Bounds, base: &str) -> Value {
    let here = format!("{base}/collections/{}", collection.name);
    let mut value = json!({
        "id": collection.name,
        "title": collection.title,
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            link(here.clone(), "self", "application/json", "this collection"),
            link(format!("{here}/items"), "items", "application/geo+json", "its features"),
            link(
                format!("{here}/queryables"),
                "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                "application/schema+json",
                "what one may ask for",
            ),
        ],
    });
    if !extent.is_empty() {
        let bbox = [extent.min[0], extent.min[1], extent.max[0], extent.max[1]];
        value["extent"] = json!({ "spatial": { "bbox": [bbox], "crs": CRS84 } });
    }
    value
}

async fn collections(
    State(server): State<Server>,
    Who(ctx): Who,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    parameters(query.as_deref(), &[])?;
    let (base, cache) = (base(&headers), server.ogc.clone());
    let found = server
        .read(move |tx| {
            let mut all = Vec::new();
            for collection in known(tx, &ctx)? {
                let items = features(tx, &ctx, &cache, &collection.name)?;
                all.push(described(&collection, items.extent, &base));
            }
            let own = link(format!("{base}/collections"), "self", "application/json", "collections");
            Ok(json!({ "collections": all, "links": [own] }))
        })
        .await?;
    Ok(Json(found))
}

async fn collection(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    parameters(query.as_deref(), &[])?;
    let (base, cache) = (base(&headers), server.ogc.clone());
    let found = server
        .read(move |tx| {
            let collection = one(tx, &ctx, &name)?;
            let items = features(tx, &ctx, &cache, &name)?;
            Ok(described(&collection, items.extent, &base))
        })
        .await?;
    Ok(Json(found))
}

fn feature(item: &Item) -> Value {
    json!({
        "type": "Feature", "id": item.id, "geometry": geometry_json(&item.geometry), "properties": item.properties,
    })
}

fn geo_json(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/geo+json")], value.to_string()).into_response()
}

async fn items(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let (base, cache) = (base(&headers), server.ogc.clone());
    let now = ctx.now();
    let found = server
        .read(move |tx| {
            let collection = one(tx, &ctx, &name)?;
            let mut allowed = vec!["bbox", "datetime", "limit", "offset"];
            allowed.extend(collection.queryables);
            let given = parameters(query.as_deref(), &allowed)?;
            let asked = Asked::read(&given, collection.queryables)?;
            let all = features(tx, &ctx, &cache, &name)?;
            let fitting: Vec<&Item> = all.all.iter().filter(|item| asked.fits(item)).collect();
            let page: Vec<Value> =
                fitting.iter().skip(asked.offset).take(asked.limit).map(|item| feature(item)).collect();
            let here = |offset: usize| {
                let mut query = form_urlencoded::Serializer::new(String::new());
                for (name, value) in &given {
                    if !["offset", "limit"].contains(&name.as_str()) {
                        query.append_pair(name, value);
                    }
                }
                query.append_pair("limit", &asked.limit.to_string());
                query.append_pair("offset", &offset.to_string());
                format!("{base}/collections/{name}/items?{}", query.finish())
            };
            let kind = "application/geo+json";
            let mut links = vec![
                link(here(asked.offset), "self", kind, "this page"),
                link(
                    format!("{base}/collections/{name}"),
                    "collection",
                    "application/json",
                    "the collection",
                ),
            ];
            if asked.offset + asked.limit < fitting.len() {
                links.push(link(here(asked.offset + asked.limit), "next", kind, "the next page"));
            }
            if asked.offset > 0 {
                links.push(link(
                    here(asked.offset.saturating_sub(asked.limit)),
                    "prev",
                    kind,
                    "the page before",
                ));
            }
            Ok(json!({
                "type": "FeatureCollection",
                "timeStamp": Zone::utc_text(now),
                "numberMatched": fitting.len(),
                "numberReturned": page.len(),
                "features": page,
                "links": links,
            }))
        })
        .await?;
    Ok(geo_json(&found))
}

async fn item(
    State(server): State<Server>,
    Who(ctx): Who,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    parameters(query.as_deref(), &[])?;
    let (base, cache) = (base(&headers), server.ogc.clone());
    let found = server
        .read(move |tx| {
            one(tx, &ctx, &name)?;
            let all = features(tx, &ctx, &cache, &name)?;
            let at = all.by_id.get(&id).ok_or(HttpRefusal::NotFound)?;
            let mut value = feature(&all.all[*at]);
            let here = format!("{base}/collections/{name}");
            value["links"] = json!([
                link(format!("{here}/items/{id}"), "self", "application/geo+json", "this feature"),
                link(here, "collection", "application/json", "the collection"),
            ]);
            Ok(value)
        })
        .await?;
    Ok(geo_json(&found))
}
