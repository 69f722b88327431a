//! Tiles over HTTP: one tile with its tag, TileJSON, and a small service for sets that come from files.

use super::guard::Query;
use super::problem::{Answer, HttpRefusal, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gridweave_atlas::tile::TileId;
use gridweave_tiles::{Format, Tiles};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The type of MapLibre tiles.
const MLT: &str = "application/vnd.maplibre-tile";

/// Zoom, column and row of a path, the row with or without an ending; and the format: that of the ending
/// `.mlt`, or what the caller accepts.
pub(super) fn asked(z: u8, x: u32, y: &str, headers: &HeaderMap) -> Answer<(TileId, Format)> {
    let (row, ending) = y.split_once('.').unwrap_or((y, ""));
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let format = match ending {
        "mlt" => Format::Mlt,
        "" | "pbf" | "mvt" if accepts.contains(MLT) => Format::Mlt,
        "" | "pbf" | "mvt" => Format::Mvt,
        _ => return Err(HttpRefusal::NoRoute.into()),
    };
    let row = row.parse().map_err(|_| HttpRefusal::NoRoute)?;
    Ok((TileId::new(z, x, row).ok_or(HttpRefusal::NoRoute)?, format))
}

/// A tile, named by its content: what an edit elsewhere did not touch is not sent again.
pub(super) async fn answer(
    tiles: Arc<Tiles>,
    (id, format): (TileId, Format),
    headers: &HeaderMap,
) -> Answer<Response> {
    let tile = match tiles.known(id, format) {
        Some(tile) => tile,
        None => tokio::task::spawn_blocking(move || tiles.tile(id, format))
            .await
            .map_err(|error| Problem::failure(&error))?
            .map_err(|error| Problem::failure(&error))?,
    };
    let tag = format!("\"{:016x}\"", tile.tag);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same = |one: &str| one.trim().trim_start_matches("W/") == tag;
    let is_known = known.is_some_and(|known| known.split(',').any(same));
    let kept = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::VARY, "accept".to_owned()),
    ];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    if tile.bytes.is_empty() {
        return Ok((StatusCode::NO_CONTENT, kept).into_response());
    }
    let kind = match format {
        Format::Mvt => "application/vnd.mapbox-vector-tile",
        Format::Mlt => MLT,
    };
    let kind = [(header::CONTENT_TYPE, kind)];
    Ok((kept, kind, tile.bytes).into_response())
}

/// What of a set is described.
#[derive(serde::Deserialize, schemars::JsonSchema)]
pub(super) struct Encoding {
    /// `mlt` for MapLibre tiles, else `mvt`.
    encoding: Option<String>,
}

/// TileJSON 3.0 of a set; `base` is where its tiles lie.
pub(super) fn tile_json(tiles: &Tiles, name: &str, base: &str, encoding: &Encoding) -> Json<Value> {
    let mlt = encoding.encoding.as_deref() == Some("mlt");
    let (encoding, ending) = if mlt { ("mlt", "mlt") } else { ("mvt", "pbf") };
    let set = tiles.set();
    Json(json!({
        "tilejson": "3.0.0", "name": name, "minzoom": 0, "maxzoom": 18, "bounds": set.bounds(),
        "tiles": [format!("{base}/tiles/{name}/{{z}}/{{x}}/{{y}}.{ending}")], "vector_layers": set.vector_layers(),
        "encoding": encoding,
    }))
}

type Sets = Arc<BTreeMap<String, Arc<Tiles>>>;

/// Serves sets by name below `/tiles` until `ended` resolves, to whoever can reach it, without sign-in: for
/// files that their owner shows. `/` lists the sets.
pub async fn run(
    listener: tokio::net::TcpListener,
    sets: BTreeMap<String, Arc<Tiles>>,
    ended: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, of_files(sets)).with_graceful_shutdown(ended).await
}

fn of_files(sets: BTreeMap<String, Arc<Tiles>>) -> axum::Router {
    let find = |sets: &Sets, name: &str| sets.get(name).cloned().ok_or(HttpRefusal::NoRoute);
    let one = async move |State(sets): State<Sets>,
                          Path((set, z, x, y)): Path<(String, u8, u32, String)>,
                          headers: HeaderMap|
                -> Answer<Response> {
        answer(find(&sets, &set)?, asked(z, x, &y, &headers)?, &headers).await
    };
    let described = async move |State(sets): State<Sets>,
                                Path(set): Path<String>,
                                Query(encoding): Query<Encoding>,
                                headers: HeaderMap|
                -> Answer<Json<Value>> {
        let name = set.trim_end_matches(".json");
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        let tiles = find(&sets, name)?;
        Ok(tile_json(&tiles, name, &format!("http://{host}"), &encoding))
    };
    let list = async |State(sets): State<Sets>| Json(json!({ "sets": sets.keys().collect::<Vec<_>>() }));
    // Viewers are pages of other origins.
    let open = axum::middleware::map_response(async |mut response: Response| {
        let any = axum::http::HeaderValue::from_static("*");
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
        response
    });
    axum::Router::new()
        .route("/", get(list))
        .route("/tiles/{set}", get(described))
        .route("/tiles/{set}/{z}/{x}/{y}", get(one))
        .layer(open)
        .with_state(Arc::new(sets))
}
