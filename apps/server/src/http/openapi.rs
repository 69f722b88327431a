//! OpenAPI 3.1, made from the table of routes and the types they take and give.

use crate::http::route::{Access, Route};
use axum::Json;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The document, as served.
pub async fn document() -> Json<Value> {
    Json(build())
}

/// The document.
pub fn build() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in super::routes() {
        let operation = operation(&route, &mut generator);
        let item = paths.entry(route.path.replace("{*", "{")).or_insert_with(|| json!({}));
        item[route.method] = operation;
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("ProblemDetails".to_owned(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Gridweave 织网",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Grid governance in one closed loop. Errors are application/problem+json with a stable `code`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": super::guard::COOKIE },
                "key": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut schemars::SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } })
        })
        .collect();
    if let Some(query) = route.query {
        let schema = query(generator).to_value();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            parameters.push(json!({
                "name": name, "in": "query", "required": required.contains(&name.as_str()),
                "description": property["description"], "schema": property,
            }));
        }
    }
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "tags": [route.path.split('/').nth(3).unwrap_or("tiles")],
        "x-access": route.access.name(),
        "parameters": parameters,
        "responses": {
            "default": {
                "description": "Refused or failed",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/ProblemDetails" } } },
            },
        },
    });
    if route.access != Access::Public {
        operation["security"] = json!([{ "session": [] }, { "key": [] }]);
    }
    if let Some(body) = route.body {
        let schema = body(generator).to_value();
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    operation["responses"]["200"] = match route.returns {
        Some(returns) => {
            let schema = returns(generator).to_value();
            json!({ "description": "Done", "content": { "application/json": { "schema": schema } } })
        }
        None => json!({ "description": "Done" }),
    };
    operation
}

/// `get /api/v1/cases/{no}/steps` → `getCasesByNoSteps`.
fn operation_id(route: &Route) -> String {
    let mut id = route.method.to_owned();
    for part in
        route.path.trim_start_matches("/api/v1").split(['/', '-', '.']).filter(|part| !part.is_empty())
    {
        let (by, word) = match part.strip_prefix('{') {
            Some(name) => ("By", name.trim_end_matches('}').trim_start_matches('*')),
            None => ("", part),
        };
        id.push_str(by);
        let mut letters = word.chars();
        id.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why not (RFC 9457).",
        "required": ["status", "code", "title", "request_id"],
        "properties": {
            "type": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "Stable: translate by this." },
            "title": { "type": "string", "description": "In the language that was asked for." },
            "request_id": { "type": "string", "description": "To be named when asking for help." },
        },
    })
}

/// A page that lists the operations and lets one try them: plain, nothing from elsewhere.
pub async fn page() -> Html<&'static str> {
    Html(include_str!("api_page.html"))
}

/// What the page runs.
pub async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("api_page.js"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_document_is_self_contained_and_names_are_distinct() {
        let document = build();
        let text = document.to_string();
        let mut ids = Vec::new();
        for operation in
            document["paths"].as_object().unwrap().values().flat_map(|p| p.as_object().unwrap().values())
        {
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            assert!(operation["x-access"].is_string());
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for part in text.split("\"$ref\":\"").skip(1) {
            let name = part.split('"').next().unwrap();
            let pointer = name.strip_prefix('#').unwrap_or_else(|| panic!("{name} leads out"));
            assert!(document.pointer(pointer).is_some(), "{name} leads nowhere");
        }
    }
}
