//! Shapefiles in WGS 84: points or polygons with text columns, UTF-8 or GBK. The `.cpg` file beside
//! tells the letters; without one a Chinese Shapefile is GBK.

use crate::table::FileError;
use dbase::encoding::EncodingRs;
use dbase::{FieldName, FieldValue, Record, TableWriterBuilder, Unicode};
use gridweave_atlas::geojson::Feature;
use gridweave_atlas::{Geometry, Polygon, Shape};
use serde_json::{Map, Value, json};
use shapefile::record::polygon::PolygonRing;
use std::path::Path;

/// The letters of a Shapefile's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// UTF-8.
    Utf8,
    /// GBK, which older desktop programs expect.
    Gbk,
}

/// The longest text that a column of the format holds, in bytes.
const TEXT_MAX: usize = 254;
const PROJECTION: &str = "GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],\
PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]";

fn broken(error: impl std::fmt::Display) -> FileError {
    FileError::broken("Shapefile", error)
}

/// Cut to what fits a column, never in the middle of a letter.
fn fitting(text: &str, letters: Letters) -> String {
    let mut bytes = 0;
    let size = |c: char| match letters {
        Letters::Utf8 => c.len_utf8(),
        Letters::Gbk => 1 + usize::from(!c.is_ascii()),
    };
    text.chars()
        .take_while(|c| {
            bytes += size(*c);
            bytes <= TEXT_MAX
        })
        .collect()
}

/// Writes features as points (`.shp`, `.shx`, `.dbf`, `.cpg`, `.prj`); outlines become their anchors,
/// because the format holds one kind of geometry. Column names have at most ten letters.
pub fn write(path: &Path, columns: &[&str], features: &[Feature], letters: Letters) -> Result<(), FileError> {
    let mut builder = match letters {
        Letters::Utf8 => TableWriterBuilder::with_encoding(Unicode),
        Letters::Gbk => TableWriterBuilder::with_encoding(EncodingRs::from(encoding_rs::GBK)),
    };
    for column in columns {
        let name =
            FieldName::try_from(*column).map_err(|_| broken(format!("column name {column} is too long")))?;
        builder = builder.add_character_field(name, TEXT_MAX as u8);
    }
    let mut writer = shapefile::Writer::from_path(path, builder).map_err(broken)?;
    for feature in features {
        let mut record = Record::default();
        for column in columns {
            let text = match feature.properties.get(*column) {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(fitting(text, letters)),
                Some(other) => Some(other.to_string()),
            };
            record.insert((*column).to_owned(), FieldValue::Character(text));
        }
        let [x, y] = feature.geometry.anchor();
        writer.write_shape_and_record(&shapefile::Point::new(x, y), &record).map_err(broken)?;
    }
    drop(writer);
    let beside = |ending: &str, text: &str| {
        let path = path.with_extension(ending);
        std::fs::write(&path, text)
            .map_err(|source| FileError::Io { path: path.display().to_string(), source })
    };
    beside("cpg", if letters == Letters::Utf8 { "UTF-8" } else { "GBK" })?;
    beside("prj", PROJECTION)
}

/// Reads points, lines and polygons with their columns.
pub fn read(path: &Path) -> Result<Vec<Feature>, FileError> {
    let told = std::fs::read_to_string(path.with_extension("cpg")).unwrap_or_default().to_ascii_uppercase();
    let utf8 = told.contains("UTF");
    let table = path.with_extension("dbf");
    let rows = match utf8 {
        true => dbase::ReaderBuilder::new().with_encoding(Unicode).open(&table),
        false => dbase::ReaderBuilder::new().with_encoding(EncodingRs::from(encoding_rs::GBK)).open(&table),
    };
    let shapes = shapefile::ShapeReader::from_path(path).map_err(broken)?;
    let mut reader = shapefile::Reader::new(shapes, rows.map_err(broken)?);
    let mut features = Vec::new();
    for pair in reader.iter_shapes_and_records() {
        let (shape, record) = pair.map_err(broken)?;
        let Some(geometry) = geometry_of(shape) else { continue };
        let mut properties = Map::new();
        for (name, value) in record {
            let value = match value {
                FieldValue::Character(Some(text)) => json!(text),
                FieldValue::Numeric(Some(number)) => json!(number),
                FieldValue::Integer(number) => json!(number),
                FieldValue::Double(number) => json!(number),
                FieldValue::Float(Some(number)) => json!(number),
                FieldValue::Logical(Some(value)) => json!(value),
                _ => Value::Null,
            };
            properties.insert(name, value);
        }
        features.push(Feature { geometry, properties });
    }
    Ok(features)
}

fn geometry_of(shape: shapefile::Shape) -> Option<Geometry> {
    match shape {
        shapefile::Shape::Point(p) => Some(Geometry::Point([p.x, p.y])),
        shapefile::Shape::Polyline(line) => {
            let parts = line.parts().iter().map(|part| part.iter().map(|p| [p.x, p.y]).collect()).collect();
            Some(Geometry::Lines(parts))
        }
        shapefile::Shape::Polygon(polygon) => {
            let mut found = Shape::default();
            for ring in polygon.rings() {
                let points: Vec<[f64; 2]> = ring.points().iter().map(|p| [p.x, p.y]).collect();
                match (ring, found.polygons.last_mut()) {
                    (PolygonRing::Inner(_), Some(outer)) => outer.rings.push(points),
                    _ => found.polygons.push(Polygon::from_ring(points)),
                }
            }
            Some(Geometry::Shape(found))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_letters_survive_and_long_text_is_cut_between_letters() {
        for letters in [Letters::Utf8, Letters::Gbk] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.shp");
            let mut properties = Map::new();
            properties.insert("name".to_owned(), json!("东湖花园３栋"));
            properties.insert("address".to_owned(), json!("长".repeat(200)));
            let feature = Feature { geometry: Geometry::Point([114.3, 30.5]), properties };
            write(&path, &["name", "address"], std::slice::from_ref(&feature), letters).unwrap();
            let back = read(&path).unwrap();
            assert_eq!(back[0].geometry, feature.geometry);
            assert_eq!(back[0].properties["name"], "东湖花园３栋", "{letters:?}");
            let kept = back[0].properties["address"].as_str().unwrap().chars().count();
            assert_eq!(kept, if letters == Letters::Utf8 { 84 } else { 127 });
        }
    }
}
