//! What those who run the server look at: health, readiness, metrics, the access line.

use crate::http::Server;
use crate::http::guard::RequestId;
use crate::http::problem::{self, Problem};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gridweave_db::DbError;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// Labels of a request.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

/// Counters and histograms.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabel, Histogram>,
    ready_jobs: Gauge,
    failed_jobs: Gauge,
    transactions: Gauge,
}

/// Label of a latency.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RouteLabel {
    route: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("gridweave");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(latency as fn() -> Histogram);
        let (ready_jobs, failed_jobs, transactions) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("requests", "Requests answered", requests.clone());
        registry.register("request_seconds", "Time to answer", seconds.clone());
        registry.register("jobs_ready", "Jobs that wait to run", ready_jobs.clone());
        registry.register("jobs_failed", "Jobs that need a person", failed_jobs.clone());
        registry.register("transactions", "Transactions begun", transactions.clone());
        Self { registry, requests, seconds, ready_jobs, failed_jobs, transactions }
    }
}

/// Bounds of the latency histogram in seconds.
fn latency() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0])
}

/// Routes that stand beside the table: they show counts, never data.
pub fn router() -> Router<Server> {
    Router::new()
        .route("/healthz", axum::routing::get(async || "ok\n"))
        .route("/readyz", axum::routing::get(ready))
        .route("/metrics", axum::routing::get(metrics))
}

async fn ready(State(server): State<Server>) -> Response {
    match server.app.db.read(gridweave_jobs::backlog).await {
        Ok(_) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

async fn metrics(State(server): State<Server>) -> Response {
    if let Ok(backlog) = server.app.db.read::<_, DbError>(gridweave_jobs::backlog).await {
        server.metrics.ready_jobs.set(backlog.ready + backlog.undispatched);
        server.metrics.failed_jobs.set(backlog.failed);
    }
    server.metrics.transactions.set(i64::try_from(server.app.db.transactions()).unwrap_or(i64::MAX));
    let mut text = String::new();
    match encode(&mut text, &server.metrics.registry) {
        Ok(()) => {
            ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
                .into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Nothing from elsewhere runs, loads or is sent to: the app has all it needs in the binary. Styles are
/// set on elements by the component library; the map's worker comes as a blob.
const CONTENT_POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
     worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// The outermost layer: gives the request its number, writes problems, counts, logs one line
/// without personal data.
pub async fn observe(State(server): State<Server>, mut request: Request, next: Next) -> Response {
    let clock = std::time::Instant::now();
    let id: String = server.app.system.new_id();
    let method = request.method().to_string();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(file)".to_owned(), |path| path.as_str().to_owned());
    let headers = request.headers().clone();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    if let Some(found) = response.extensions_mut().remove::<Arc<Problem>>() {
        let body = problem::write(&found, &headers, &id);
        *response.body_mut() = body.into();
    }
    if let Ok(value) = id.parse() {
        response.headers_mut().insert("x-request-id", value);
    }
    let headers = response.headers_mut();
    headers.insert("x-content-type-options", header::HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", header::HeaderValue::from_static("same-origin"));
    headers.insert("x-frame-options", header::HeaderValue::from_static("DENY"));
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(CONTENT_POLICY));
    let status = response.status().as_u16();
    let seconds = clock.elapsed().as_secs_f64();
    tracing::info!(request_id = id, method, route, status, ms = seconds * 1000.0, "request");
    let labels = RequestLabels { method, route: route.clone(), status };
    server.metrics.requests.get_or_create(&labels).inc();
    server.metrics.seconds.get_or_create(&RouteLabel { route }).observe(seconds);
    response
}
