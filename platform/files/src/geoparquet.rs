//! GeoParquet 1.1 (OGC): features in WGS 84 as a table with their geometry as well-known binary.

use crate::batches::{BatchWriter, Column, Kind};
use crate::table::FileError;
use gridweave_atlas::geojson::Feature;
use gridweave_atlas::{Bounds, Geometry, wkb};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The column with the geometry.
const GEOMETRY: &str = "geometry";
/// Features of a row group.
const ROWS: usize = 1 << 16;

/// Writes features. Every property becomes a column: of numbers or truths where all its values are that, of text otherwise, and none where nothing is said; in the
/// order in which properties come. The file is there only when it is whole.
pub fn write(path: &Path, features: &[Feature]) -> Result<(), FileError> {
    let mut names: Vec<&str> = Vec::new();
    for name in features.iter().flat_map(|feature| feature.properties.keys()) {
        if name != GEOMETRY && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let kinds: Vec<Option<Kind>> = names.iter().map(|name| kind_of(features, name)).collect();
    let (names, kinds): (Vec<&str>, Vec<Kind>) =
        names.into_iter().zip(kinds).filter_map(|(name, kind)| Some((name, kind?))).unzip();
    let header: Vec<String> =
        names.iter().map(|name| (*name).to_owned()).chain([GEOMETRY.to_owned()]).collect();
    let all: Vec<Kind> = kinds.iter().copied().chain([Kind::Bytes]).collect();
    let mut out = BatchWriter::create(Some(path), &header, &all)?;
    out.note("geo", &meaning(features).to_string());
    for rows in features.chunks(ROWS) {
        let mut columns: Vec<Column> =
            names.iter().zip(&kinds).map(|(name, kind)| column(rows, name, *kind)).collect();
        columns.push(Column::Bytes(rows.iter().map(|feature| Some(wkb::write(&feature.geometry))).collect()));
        out.write(&columns.iter().collect::<Vec<_>>())?;
    }
    out.finish()
}

/// What the geometry column holds, as the standard has it said.
fn meaning(features: &[Feature]) -> Value {
    let mut bounds = Bounds::EMPTY;
    let mut types = BTreeSet::new();
    for feature in features {
        bounds = bounds.union(feature.geometry.bounds());
        types.insert(match &feature.geometry {
            Geometry::Point(_) => "Point",
            Geometry::Lines(lines) if lines.len() == 1 => "LineString",
            Geometry::Lines(_) => "MultiLineString",
            Geometry::Shape(shape) if shape.polygons.len() == 1 => "Polygon",
            Geometry::Shape(_) => "MultiPolygon",
        });
    }
    let mut column = json!({ "encoding": "WKB", "geometry_types": types });
    if !bounds.is_empty() {
        column["bbox"] = json!([bounds.min[0], bounds.min[1], bounds.max[0], bounds.max[1]]);
    }
    json!({ "version": "1.1.0", "primary_column": GEOMETRY, "columns": { GEOMETRY: column } })
}

fn kind_of(features: &[Feature], name: &str) -> Option<Kind> {
    let mut kind = None;
    for value in features.iter().filter_map(|feature| feature.properties.get(name)) {
        let own = match value {
            Value::Null => continue,
            Value::Bool(_) => Kind::Bool,
            Value::Number(number) if number.is_i64() => Kind::Int,
            Value::Number(_) => Kind::Float,
            _ => Kind::Text,
        };
        kind = match (kind, own) {
            (None, own) => Some(own),
            (Some(before), own) if before == own => Some(own),
            (Some(Kind::Int | Kind::Float), Kind::Int | Kind::Float) => Some(Kind::Float),
            _ => Some(Kind::Text),
        };
    }
    kind
}

fn column(features: &[Feature], name: &str, kind: Kind) -> Column {
    let values = features.iter().map(|feature| feature.properties.get(name).filter(|value| !value.is_null()));
    match kind {
        Kind::Bool => Column::Bool(values.map(|value| value?.as_bool()).collect()),
        Kind::Int => Column::Int(values.map(|value| value?.as_i64()).collect()),
        Kind::Float => Column::Float(values.map(|value| value?.as_f64()).collect()),
        _ => Column::Text(
            values
                .map(|value| {
                    value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                })
                .collect(),
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::batches::open_batches;
    use gridweave_atlas::{Polygon, Shape};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn features_come_back_with_their_types_and_the_file_says_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cells.parquet");
        let ring = vec![[114.0, 30.0], [114.1, 30.0], [114.1, 30.1], [114.0, 30.1]];
        let square = Shape { polygons: vec![Polygon::from_ring(ring)] };
        let feature = |geometry: Geometry, properties: Value| Feature {
            geometry,
            properties: properties.as_object().unwrap().clone(),
        };
        let features = [
            feature(
                Geometry::Shape(square.clone()),
                json!({ "code": "01", "work": 3, "doors": null, "mixed": 1 }),
            ),
            feature(
                Geometry::Point([114.2, 30.2]),
                json!({ "code": "02", "work": 2.5, "mixed": "x", "old": true }),
            ),
        ];
        write(&path, &features).unwrap();
        let mut table = open_batches(&path).unwrap();
        let header = table.header().to_vec();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let read = table.next(&(0..header.len()).collect::<Vec<_>>(), 10).unwrap().unwrap();
        assert_eq!(read.rows, 2);
        assert_eq!(read.columns[at("work")], Column::Float(vec![Some(3.0), Some(2.5)]));
        assert_eq!(read.columns[at("old")], Column::Bool(vec![None, Some(true)]));
        let texts = |name: &str| (0..2).map(|row| read.columns[at(name)].text(row)).collect::<Vec<_>>();
        assert_eq!(texts("code"), ["01", "02"]);
        assert_eq!(texts("mixed"), ["1", "x"]);
        assert!(!header.iter().any(|name| name == "doors"), "{header:?}");
        let Column::Bytes(shapes) = &read.columns[at("geometry")] else { panic!("no bytes") };
        assert_eq!(wkb::read(shapes[0].as_ref().unwrap()).unwrap(), Geometry::Shape(square));
        let file = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let noted = file.metadata().file_metadata().key_value_metadata().unwrap();
        let geo =
            noted.iter().find(|noted| noted.key == "geo").and_then(|noted| noted.value.clone()).unwrap();
        let geo: Value = serde_json::from_str(&geo).unwrap();
        assert_eq!(geo["columns"]["geometry"]["geometry_types"], json!(["Point", "Polygon"]));
        assert_eq!(geo["columns"]["geometry"]["bbox"], json!([114.0, 30.0, 114.2, 30.2]));
    }
}
