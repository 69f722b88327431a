//! GeoJSON (RFC 7946): features with their properties, the bad ones reported beside the good.

use crate::polygon::{Geometry, Point, Polygon, Shape};
use serde_json::{Map, Value, json};

/// A feature: geometry and properties.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// The geometry.
    pub geometry: Geometry,
    /// The properties.
    pub properties: Map<String, Value>,
}

/// A feature that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadFeature {
    /// 1-based number in the file.
    pub number: usize,
    /// What is wrong.
    pub why: String,
}

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// What can be used.
    pub good: Vec<Feature>,
    /// What cannot.
    pub bad: Vec<BadFeature>,
}

/// Reads a FeatureCollection, a Feature or a bare geometry. The error says why the whole text is
/// no GeoJSON; single bad features are in the result.
pub fn read(text: &str) -> Result<Features, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let items: Vec<Value> = match value["type"].as_str() {
        Some("FeatureCollection") => match value["features"].as_array() {
            Some(items) => items.clone(),
            None => return Err("a FeatureCollection without a list of features".to_owned()),
        },
        Some("Feature") => vec![value],
        Some(_) => vec![json!({ "geometry": value })],
        None => return Err("JSON without a GeoJSON \"type\"".to_owned()),
    };
    let mut found = Features::default();
    for (i, item) in items.iter().enumerate() {
        match geometry(&item["geometry"]) {
            Ok(geometry) => found.good.push(Feature {
                geometry,
                properties: item["properties"].as_object().cloned().unwrap_or_default(),
            }),
            Err(why) => found.bad.push(BadFeature { number: i + 1, why }),
        }
    }
    Ok(found)
}

/// Reads one geometry object.
pub fn geometry(value: &Value) -> Result<Geometry, String> {
    let coordinates = &value["coordinates"];
    match value["type"].as_str() {
        Some("Point") => Ok(Geometry::Point(point(coordinates)?)),
        Some("LineString") => Ok(Geometry::Lines(vec![points(coordinates)?])),
        Some("MultiLineString") => Ok(Geometry::Lines(list(coordinates, points)?)),
        Some("Polygon") => Ok(Geometry::Shape(polygon(coordinates)?.into())),
        Some("MultiPolygon") => Ok(Geometry::Shape(Shape { polygons: list(coordinates, polygon)? })),
        Some(other) => Err(format!("geometry of type {other} is not used here")),
        None => Err("no geometry".to_owned()),
    }
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    value.as_array().ok_or("coordinates are not a list")?.iter().map(read).collect()
}

fn points(value: &Value) -> Result<Vec<Point>, String> {
    list(value, point)
}

fn polygon(value: &Value) -> Result<Polygon, String> {
    Ok(Polygon { rings: list(value, points)? })
}

fn point(value: &Value) -> Result<Point, String> {
    match (value[0].as_f64(), value[1].as_f64()) {
        (Some(x), Some(y)) => Ok([x, y]),
        _ => Err(format!("{value} is not a position")),
    }
}

/// Writes one geometry object.
pub fn geometry_json(geometry: &Geometry) -> Value {
    match geometry {
        Geometry::Point(p) => json!({ "type": "Point", "coordinates": p }),
        Geometry::Lines(lines) if lines.len() == 1 => {
            json!({ "type": "LineString", "coordinates": lines[0] })
        }
        Geometry::Lines(lines) => json!({ "type": "MultiLineString", "coordinates": lines }),
        Geometry::Shape(shape) if shape.polygons.len() == 1 => {
            json!({ "type": "Polygon", "coordinates": shape.polygons[0].rings })
        }
        Geometry::Shape(shape) => {
            let parts: Vec<_> = shape.polygons.iter().map(|polygon| &polygon.rings).collect();
            json!({ "type": "MultiPolygon", "coordinates": parts })
        }
    }
}

/// Writes a FeatureCollection.
pub fn collection_json(features: &[Feature]) -> Value {
    let items: Vec<Value> = features
        .iter()
        .map(|feature| {
            json!({
                "type": "Feature",
                "geometry": geometry_json(&feature.geometry),
                "properties": feature.properties,
            })
        })
        .collect();
    json!({ "type": "FeatureCollection", "features": items })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_bad_feature_does_not_cost_the_good_ones() {
        let text = r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[114.3,30.6]}},
            {"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":["x",1]}},
            {"type":"Feature","properties":{},"geometry":null}]}"#;
        let found = read(text).unwrap();
        assert_eq!((found.good.len(), found.bad.len()), (1, 2));
        assert_eq!(found.bad[0].number, 2);
        let again = read(&collection_json(&found.good).to_string()).unwrap();
        assert_eq!(again.good, found.good);
        assert!(read("[1]").is_err());
    }
}
