//! GeoPackage (OGC 12-128): one feature table in WGS 84, in and out.

use crate::table::FileError;
use gridweave_atlas::geojson::Feature;
use gridweave_atlas::wkb;
use rusqlite::{Connection, types::ValueRef};
use serde_json::{Map, Value, json};
use std::path::Path;

const TABLE: &str = "places";

fn broken(error: rusqlite::Error) -> FileError {
    FileError::broken("GeoPackage", error)
}

/// Writes features; every property becomes a text column.
pub fn write(path: &Path, columns: &[&str], features: &[Feature]) -> Result<(), FileError> {
    if path.exists() {
        std::fs::remove_file(path)
            .map_err(|source| FileError::Io { path: path.display().to_string(), source })?;
    }
    let mut conn = Connection::open(path).map_err(broken)?;
    let named: Vec<String> =
        columns.iter().map(|name| format!("\"{}\" text", name.replace('"', ""))).collect();
    conn.execute_batch(&format!(
        "pragma application_id = 1196444487; pragma user_version = 10300;
         create table gpkg_spatial_ref_sys (srs_name text not null, srs_id integer primary key, organization text not null,
           organization_coordsys_id integer not null, definition text not null, description text);
         insert into gpkg_spatial_ref_sys values ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS[\"WGS 84\"]', null),
           ('undefined cartesian', -1, 'NONE', -1, 'undefined', null), ('undefined geographic', 0, 'NONE', 0, 'undefined', null);
         create table gpkg_contents (table_name text primary key, data_type text not null, identifier text unique,
           description text default '', last_change text not null default (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
           min_x double, min_y double, max_x double, max_y double, srs_id integer);
         insert into gpkg_contents (table_name, data_type, identifier, srs_id) values ('{TABLE}', 'features', '{TABLE}', 4326);
         create table gpkg_geometry_columns (table_name text not null, column_name text not null, geometry_type_name text not null,
           srs_id integer not null, z tinyint not null, m tinyint not null, primary key (table_name, column_name));
         insert into gpkg_geometry_columns values ('{TABLE}', 'geom', 'GEOMETRY', 4326, 0, 0);
         create table {TABLE} (fid integer primary key autoincrement, geom blob, {});",
        named.join(", ")
    ))
    .map_err(broken)?;
    let tx = conn.transaction().map_err(broken)?;
    {
        let marks = vec!["?"; columns.len() + 1].join(", ");
        let names: Vec<String> =
            columns.iter().map(|name| format!("\"{}\"", name.replace('"', ""))).collect();
        let sql = format!("insert into {TABLE} (geom, {}) values ({marks})", names.join(", "));
        let mut insert = tx.prepare(&sql).map_err(broken)?;
        for feature in features {
            // Header: magic, version 0, little-endian without envelope, SRS 4326.
            let mut blob = b"GP\x00\x01".to_vec();
            blob.extend(4326i32.to_le_bytes());
            blob.extend(wkb::write(&feature.geometry));
            let mut values: Vec<rusqlite::types::Value> = vec![blob.into()];
            for column in columns {
                values.push(match feature.properties.get(*column) {
                    None | Some(Value::Null) => rusqlite::types::Value::Null,
                    Some(Value::String(text)) => text.clone().into(),
                    Some(other) => other.to_string().into(),
                });
            }
            insert.execute(rusqlite::params_from_iter(values)).map_err(broken)?;
        }
    }
    tx.commit().map_err(broken)
}

/// Reads the first feature table.
pub fn read(path: &Path) -> Result<Vec<Feature>, FileError> {
    let conn =
        Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(broken)?;
    let (table, geometry): (String, String) = conn
        .query_row("select table_name, column_name from gpkg_geometry_columns limit 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(broken)?;
    let mut select =
        conn.prepare(&format!("select * from \"{}\"", table.replace('"', ""))).map_err(broken)?;
    let names: Vec<String> = select.column_names().map(str::to_owned).collect();
    let mut rows = select.query([]).map_err(broken)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(broken)? {
        let mut properties = Map::new();
        let mut shape = None;
        for (i, name) in names.iter().enumerate() {
            match row.get_ref(i).map_err(broken)? {
                ValueRef::Blob(blob) if *name == geometry => shape = geometry_of(blob),
                ValueRef::Text(text) => {
                    properties.insert(name.clone(), json!(String::from_utf8_lossy(text)));
                }
                ValueRef::Integer(value) => {
                    properties.insert(name.clone(), json!(value));
                }
                ValueRef::Real(value) => {
                    properties.insert(name.clone(), json!(value));
                }
                ValueRef::Null | ValueRef::Blob(_) => {}
            }
        }
        if let Some(geometry) = shape {
            found.push(Feature { geometry, properties });
        }
    }
    Ok(found)
}

/// The geometry behind a GeoPackage header, whose envelope has one of five lengths.
fn geometry_of(blob: &[u8]) -> Option<gridweave_atlas::Geometry> {
    let flags = *blob.get(3)?;
    let envelope = [0, 32, 48, 48, 64].get(usize::from(flags >> 1 & 7)).copied()?;
    wkb::read(blob.get(8 + envelope..)?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use gridweave_atlas::Geometry;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gpkg");
        let mut properties = Map::new();
        properties.insert("name".to_owned(), json!("东湖花园"));
        let feature = Feature { geometry: Geometry::Point([114.3, 30.5]), properties };
        write(&path, &["name"], std::slice::from_ref(&feature)).unwrap();
        let back = read(&path).unwrap();
        assert_eq!(back[0].geometry, feature.geometry);
        assert_eq!(back[0].properties["name"], "东湖花园");
    }
}
