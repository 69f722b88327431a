//! The web app, embedded.

use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};

#[derive(rust_embed::RustEmbed)]
#[folder = "../../web/dist/"]
struct Dist;

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Gridweave</title>\
<p>网页应用尚未构建。请运行 <code>cargo xtask web</code>，再重新构建服务器。</p>\
<p>The web app has not been built. Run <code>cargo xtask web</code> and build the server again.</p>";

const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'";

/// A file of the app, or its page for every path that the app routes itself.
pub(super) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let (name, found) = match Dist::get(path) {
        Some(file) if !path.is_empty() => (path, Some(file)),
        _ if path.starts_with("assets/") => return StatusCode::NOT_FOUND.into_response(),
        _ => ("index.html", Dist::get("index.html")),
    };
    let Some(file) = found else { return Html(NOT_BUILT).into_response() };
    let kind = file.metadata.mimetype().to_owned();
    // Names below assets/ carry a hash of their content; the rest is asked for again each time.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, cache.to_owned()),
            (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        ],
        file.data,
    )
        .into_response()
}
