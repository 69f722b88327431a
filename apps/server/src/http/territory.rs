//! Divisions, networks, plans, cells.

use super::Server;
use super::guard::{Body, Page, Query, Who, if_match, page_size};
use super::problem::{Answer, HttpRefusal};
use super::route::{Access, Route, get, post, put};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use gridweave_access::Action;
use gridweave_atlas::crs::Crs;
use gridweave_core::{AccountId, CellCode, DivisionCode, LonLat, PlanId, Scope};
use gridweave_territory::ops::{assign_worker, draw_plan, publish_plan};
use gridweave_territory::{Cell, Division, Network, Plan, queries};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Vec<Route> {
    let read = Access::May(Action::TerritoryRead);
    vec![
        get("/api/v1/divisions", read, "Divisions below one, or the topmost", divisions)
            .query::<DivisionsQuery>()
            .returns::<Vec<Division>>(),
        get("/api/v1/divisions/{code}/lineage", read, "From the city down to a division", lineage)
            .returns::<Vec<Division>>(),
        get("/api/v1/networks", read, "The networks", networks).returns::<Vec<Network>>(),
        get("/api/v1/cells", read, "Cells in force with their workers", cells)
            .query::<CellsQuery>()
            .returns::<Page<Cell>>(),
        put(
            "/api/v1/cells/{network}/{code}/workers",
            Access::May(Action::WorkersAssign),
            "Say who works in a cell",
            assign,
        )
        .body::<WorkersBody>(),
        get("/api/v1/plans", read, "Grid plans, newest first", plans).returns::<Vec<Plan>>(),
        post(
            "/api/v1/plans",
            Access::May(Action::PlanDraw),
            "Draw a plan from GeoJSON; says what is wrong with it",
            draw,
        )
        .body::<DrawBody>()
        .returns::<Drawn>(),
        post(
            "/api/v1/plans/{id}/publish",
            Access::May(Action::PlanPublish),
            "Put a plan into force",
            publish,
        ),
        get("/api/v1/locate", read, "Which cells and which division a point lies in", locate)
            .query::<LocateQuery>()
            .returns::<Located>(),
    ]
}

/// Which divisions.
#[derive(Deserialize, JsonSchema)]
struct DivisionsQuery {
    /// The division above; none for the topmost.
    parent: Option<String>,
}

fn division_code(text: &str) -> Result<DivisionCode, HttpRefusal> {
    DivisionCode::parse(text).map_err(|error| HttpRefusal::BadQuery(error.to_string()))
}

async fn divisions(
    State(server): State<Server>,
    Query(query): Query<DivisionsQuery>,
) -> Answer<Json<Vec<Division>>> {
    let parent = query.parent.as_deref().map(division_code).transpose()?.map_or(0, DivisionCode::number);
    Ok(Json(server.read(move |tx| Ok(queries::children(tx, parent, Scope::EVERYWHERE)?)).await?))
}

async fn lineage(State(server): State<Server>, Path(code): Path<String>) -> Answer<Json<Vec<Division>>> {
    let code = division_code(&code)?.number();
    Ok(Json(server.read(move |tx| Ok(queries::lineage(tx, code)?)).await?))
}

async fn networks(State(server): State<Server>) -> Answer<Json<Vec<Network>>> {
    Ok(Json(server.read(|tx| Ok(queries::networks(tx)?)).await?))
}

/// Which cells.
#[derive(Deserialize, JsonSchema)]
struct CellsQuery {
    /// Network; `base` where it is not given.
    network: Option<String>,
    /// Division.
    division: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// At most so many.
    limit: Option<i64>,
}

async fn cells(State(server): State<Server>, Query(query): Query<CellsQuery>) -> Answer<Json<Page<Cell>>> {
    let scope = match &query.division {
        Some(code) => division_code(code)?.scope(),
        None => Scope::EVERYWHERE,
    };
    let after = query.cursor.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0);
    let limit = page_size(query.limit);
    let network = query.network.unwrap_or_else(|| "base".to_owned());
    let found = server.read(move |tx| Ok(queries::cells(tx, &network, scope, after, limit + 1)?)).await?;
    Ok(Json(Page::new(found, limit, |cell| cell.code.clone())))
}

/// Who works there.
#[derive(Deserialize, JsonSchema)]
struct WorkersBody {
    /// Accounts.
    workers: Vec<AccountId>,
}

async fn assign(
    State(server): State<Server>,
    Who(ctx): Who,
    Path((network, code)): Path<(String, String)>,
    Body(body): Body<WorkersBody>,
) -> Answer<()> {
    let cell = CellCode::parse(&code).map_err(|error| HttpRefusal::BadQuery(error.to_string()))?;
    server.run(move |tx| assign_worker::run(tx, &ctx, &network, cell, &body.workers)).await
}

async fn plans(State(server): State<Server>) -> Answer<Json<Vec<Plan>>> {
    Ok(Json(server.read(|tx| Ok(queries::plans(tx)?)).await?))
}

/// A plan to draw.
#[derive(Deserialize, JsonSchema)]
struct DrawBody {
    /// Network.
    network: String,
    /// Name of the plan.
    name: String,
    /// GeoJSON FeatureCollection with properties `code` (15 digits), `name`, `households`.
    features: serde_json::Value,
    /// Coordinate system of the features; `wgs84` where it is not given.
    crs: Option<String>,
}

/// A drawn plan.
#[derive(Serialize, JsonSchema)]
struct Drawn {
    /// The draft.
    plan: PlanId,
    /// Cells taken.
    cells: usize,
    /// What is wrong with the cells, and where to mend it.
    findings: serde_json::Value,
    /// Features that could not be read.
    rejected: serde_json::Value,
}

async fn draw(
    State(server): State<Server>,
    Who(ctx): Who,
    Body(body): Body<DrawBody>,
) -> Answer<Json<Drawn>> {
    let crs = Crs::from_name(body.crs.as_deref().unwrap_or("wgs84"))
        .ok_or_else(|| HttpRefusal::BadBody("crs: use wgs84, gcj02, bd09 or epsg:3857".to_owned()))?;
    let (rows, rejected) =
        crate::import::cell_rows(&body.features.to_string(), crs).map_err(HttpRefusal::BadBody)?;
    let cells = rows.len();
    let input = draw_plan::Input { network: body.network, name: body.name, cells: rows };
    let drawn = server.run(move |tx| draw_plan::run(tx, &ctx, &input)).await?;
    Ok(Json(Drawn {
        plan: drawn.plan,
        cells,
        findings: serde_json::to_value(&drawn.findings).unwrap_or_default(),
        rejected: serde_json::to_value(&rejected).unwrap_or_default(),
    }))
}

async fn publish(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<()> {
    let (plan, version) = (PlanId(id), if_match(&headers));
    server.run(move |tx| publish_plan::run(tx, &ctx, &plan, version)).await
}

/// Which point.
#[derive(Deserialize, JsonSchema)]
struct LocateQuery {
    /// Degrees east.
    lon: f64,
    /// Degrees north.
    lat: f64,
    /// Coordinate system; `wgs84` where it is not given.
    crs: Option<String>,
}

/// Where a point lies.
#[derive(Serialize, JsonSchema)]
struct Located {
    /// The point in WGS 84.
    point: LonLat,
    /// Network and cell.
    cells: Vec<(String, Option<String>)>,
    /// From the city down.
    divisions: Vec<Division>,
}

async fn locate(State(server): State<Server>, Query(query): Query<LocateQuery>) -> Answer<Json<Located>> {
    let crs = Crs::from_name(query.crs.as_deref().unwrap_or("wgs84"))
        .ok_or_else(|| HttpRefusal::BadQuery("crs: use wgs84, gcj02, bd09 or epsg:3857".to_owned()))?;
    let [lon, lat] = crs.to_wgs84([query.lon, query.lat]);
    let point =
        LonLat::new(lon, lat).ok_or_else(|| HttpRefusal::BadQuery("lon, lat: out of range".to_owned()))?;
    let index = server.app.cells.clone();
    let found = server
        .read(move |tx| {
            let snapshot = index.current(tx)?;
            let divisions = queries::lineage(tx, snapshot.division_at(point))?;
            let cells = snapshot.cells_at(point);
            let cells = cells.into_iter().map(|(n, c)| (n, c.map(|c| format!("{c:015}")))).collect();
            Ok(Located { point, cells, divisions })
        })
        .await?;
    Ok(Json(found))
}
