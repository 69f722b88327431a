//! What the service says of itself: landing page, conformance, what one may ask for, OpenAPI 3.0.

use super::query::parameters;
use super::{LIMIT_DEFAULT, LIMIT_MAX, base, known, link, one};
use crate::http::Server;
use crate::http::guard::Who;
use crate::http::problem::Answer;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

const CONFORMS: [&str; 3] = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
];

pub(super) async fn landing(headers: HeaderMap, RawQuery(query): RawQuery) -> Answer<Json<Value>> {
    parameters(query.as_deref(), &[])?;
    let base = base(&headers);
    Ok(Json(json!({
        "title": "织网 Gridweave",
        "description": "Divisions, grid cells, places and cases. No person appears here.",
        "links": [
            link(base.clone(), "self", "application/json", "this page"),
            link(format!("{base}/api"), "service-desc", "application/vnd.oai.openapi+json;version=3.0", "the description"),
            link(format!("{}/api", base.trim_end_matches("/ogc")), "service-doc", "text/html", "every operation"),
            link(format!("{base}/conformance"), "conformance", "application/json", "what it conforms to"),
            link(format!("{base}/collections"), "data", "application/json", "collections"),
        ],
    })))
}

pub(super) async fn conformance(RawQuery(query): RawQuery) -> Answer<Json<Value>> {
    parameters(query.as_deref(), &[])?;
    Ok(Json(json!({ "conformsTo": CONFORMS })))
}

/// Properties that items may be filtered by, as a JSON Schema (part 3 of the standard).
pub(super) async fn queryables(
    State(server): State<Server>,
    Who(ctx): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    parameters(query.as_deref(), &[])?;
    let base = base(&headers);
    let found = server
        .read(move |tx| {
            let collection = one(tx, &ctx, &name)?;
            let text = |name: &&str| ((*name).to_owned(), json!({ "title": name, "type": "string" }));
            let properties: Map<String, Value> = collection.queryables.iter().map(text).collect();
            Ok(json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$id": format!("{base}/collections/{name}/queryables"),
                "type": "object", "title": collection.title, "properties": properties,
                "additionalProperties": false,
            }))
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "application/schema+json")], found.to_string()).into_response())
}

/// The description in OpenAPI 3.0, as the standard asks; the whole API is described in 3.1 elsewhere.
pub(super) async fn api(
    State(server): State<Server>,
    Who(ctx): Who,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    parameters(query.as_deref(), &[])?;
    let base = base(&headers);
    let found = server
        .read(move |tx| {
            let plain = |summary: &str| {
                json!({ "get": { "summary": summary, "responses": { "200": { "description": "Done" } } } })
            };
            let parameter = |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema });
            let mut paths = Map::new();
            paths.insert("/".into(), plain("Where to begin"));
            paths.insert("/conformance".into(), plain("What it conforms to"));
            paths.insert("/collections".into(), plain("Collections"));
            for collection in known(tx, &ctx)? {
                let here = format!("/collections/{}", collection.name);
                let numbers = json!({ "type": "array", "minItems": 4, "maxItems": 6, "items": { "type": "number" } });
                let mut asked = vec![
                    json!({ "name": "bbox", "in": "query", "style": "form", "explode": false, "schema": numbers }),
                    parameter("datetime", json!({ "type": "string" })),
                    parameter(
                        "limit",
                        json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT }),
                    ),
                    parameter("offset", json!({ "type": "integer", "minimum": 0, "default": 0 })),
                ];
                asked.extend(collection.queryables.iter().map(|name| parameter(name, json!({ "type": "string" }))));
                let mut many = plain("Features");
                many["get"]["parameters"] = json!(asked);
                let mut single = plain("One feature");
                single["get"]["parameters"] =
                    json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
                paths.insert(here.clone(), plain(&collection.title));
                paths.insert(format!("{here}/items"), many);
                paths.insert(format!("{here}/items/{{id}}"), single);
                paths.insert(format!("{here}/queryables"), plain("What one may ask for"));
            }
            Ok(json!({
                "openapi": "3.0.3",
                "info": { "title": "Gridweave OGC API – Features", "version": env!("CARGO_PKG_VERSION") },
                "servers": [{ "url": base }],
                "paths": paths,
            }))
        })
        .await?;
    let kind = "application/vnd.oai.openapi+json;version=3.0";
    Ok(([(header::CONTENT_TYPE, kind)], found.to_string()).into_response())
}
