//! The HTTP face: one table of routes, each with its access row, guarded before its handler runs.

pub mod guard;
pub mod openapi;
pub mod operations;
pub mod problem;
pub mod route;
mod uploads;
mod web;

mod admin;
mod arriving;
mod cases;
mod desk;
mod downloads;
mod drill;
mod feeds;
mod library;
mod map;
mod near;
mod ogc;
mod places;
mod registers;
mod session;
mod signals;
mod stream;
mod territory;
pub mod tiles;
mod visits;

use crate::assembly::App;
use crate::kept::UntilWrite;
use axum::Router;
use gridweave_access::Session;
use operations::Metrics;
use problem::{HttpRefusal, Problem};
use route::Route;
use std::sync::Arc;

/// What handlers share.
#[derive(Clone)]
pub struct Server {
    /// The assembled rooms.
    pub app: App,
    /// Counters and histograms.
    pub metrics: Arc<Metrics>,
    /// Who is signed in, by token.
    pub sessions: Arc<UntilWrite<String, Session>>,
    /// Tiles, swapped whole when their source has changed.
    pub tiles: Arc<map::TileCache>,
    /// Places by where they are, likewise.
    pub near: Arc<near::NearCache>,
    /// Extents of divisions and cells, likewise.
    pub extents: Arc<drill::ExtentCache>,
    /// Features for other programs, likewise.
    pub ogc: Arc<ogc::OgcCache>,
}

/// Every route of the API. A route outside this table cannot be mounted, and a row cannot be made
/// without saying who may call it.
pub fn routes() -> Vec<Route> {
    [
        session::routes(),
        territory::routes(),
        places::routes(),
        downloads::routes(),
        library::routes(),
        registers::routes(),
        feeds::routes(),
        signals::routes(),
        uploads::routes(),
        cases::routes(),
        visits::routes(),
        near::routes(),
        map::routes(),
        drill::routes(),
        ogc::routes(),
        desk::routes(),
        stream::routes(),
        admin::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The whole service over an assembly.
pub fn service(app: App) -> Router {
    let server = Server {
        app,
        metrics: Arc::default(),
        sessions: Arc::default(),
        tiles: Arc::default(),
        near: Arc::default(),
        extents: Arc::default(),
        ogc: Arc::default(),
    };
    let mut router = Router::new();
    for route in routes() {
        router = route.mount(router, &server);
    }
    router
        .merge(operations::router())
        .route("/api/openapi.json", axum::routing::get(openapi::document))
        .route("/api", axum::routing::get(openapi::page))
        // Clients that put a slash behind an address mean the same.
        .route("/ogc/", axum::routing::get(async || axum::response::Redirect::permanent("/ogc")))
        .route("/ogc/{*rest}", axum::routing::any(async || Problem::from(HttpRefusal::NoRoute)))
        .route("/api/page.js", axum::routing::get(openapi::script))
        .route("/api/{*rest}", axum::routing::any(async || Problem::from(HttpRefusal::NoRoute)))
        .fallback(web::serve)
        .layer(axum::middleware::from_fn_with_state(server.clone(), operations::observe))
        .with_state(server)
}

/// Serves until `ended` resolves.
pub async fn run(
    listener: tokio::net::TcpListener,
    app: App,
    ended: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Live streams never end by themselves, so a patient shutdown would wait for ever.
    let server = axum::serve(listener, service(app));
    tokio::select! {
        result = server => result,
        () = ended => Ok(()),
    }
}
