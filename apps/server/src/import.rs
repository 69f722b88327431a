//! Files in and out: what joins the readers of `platform/files` with the operations of the rooms.
//! Used by the API and by the command line alike.

use crate::assembly::App;
use gridweave_addresses::ops::{import_base_map, import_places};
use gridweave_addresses::{AddressLibrary, BaseFeature, PlaceKind};
use gridweave_atlas::crs::Crs;
use gridweave_atlas::geojson::{self, BadFeature, Feature};
use gridweave_atlas::{Geometry, Shape};
use gridweave_core::{CellCode, Ctx, DivisionCode, LonLat};
use gridweave_db::{DbError, OpError, Tx};
use gridweave_files::{Table, osm};
use gridweave_registers::ops::import_rows;
use gridweave_registers::{RowKind, Vault};
use gridweave_signals::Feed;
use gridweave_signals::ops::push;
use gridweave_territory::ops::draw_plan::CellRow;
use gridweave_territory::ops::import_divisions::DivisionRow;
use serde_json::Value;
use std::collections::HashMap;

/// SHA-256 in hexadecimal: what a push is known by.
pub fn digest(bytes: &[u8]) -> String {
    gridweave_db::migrate::checksum_bytes(bytes)
}

/// The same of a file.
pub fn digest_file(path: &std::path::Path) -> std::io::Result<String> {
    gridweave_db::migrate::checksum_of(std::fs::File::open(path)?)
}

/// Pushes a table to a feed of lists or permits; rows that could not be read count as rejected.
pub fn push_table(
    tx: &mut Tx,
    ctx: &Ctx,
    library: &AddressLibrary,
    feed: &Feed,
    digest: &str,
    table: &Table,
) -> Result<push::Pushed, OpError> {
    let bad = table.bad.iter().map(|bad| push::RejectedRow {
        line: bad.line,
        column: String::new(),
        code: "row_unreadable".to_owned(),
        value: bad.why.clone(),
    });
    let rows = push::Rows {
        good: table.maps().map(|(line, values)| push::Row { line, values }).collect(),
        bad: bad.collect(),
    };
    let door = |tx: &mut Tx, meter: &str| gridweave_registers::queries::place_of_device(tx, meter);
    push::run(tx, ctx, feed, digest, &rows, library, &door)
}

/// How a checked import ends: with its report in any case, so that nothing is kept.
enum Checked {
    Report(import_rows::Imported),
    Op(OpError),
}

impl From<DbError> for Checked {
    fn from(error: DbError) -> Self {
        Checked::Op(error.into())
    }
}

/// What importing a table would do, without doing it: read, validate, report.
pub fn check_register_rows(
    app: &App,
    ctx: &Ctx,
    kind: RowKind,
    table: &std::sync::Arc<Table>,
) -> Result<import_rows::Imported, OpError> {
    let (ctx, vault, table) = (ctx.clone(), app.vault.clone(), table.clone());
    let outcome = app.db.write_blocking(move |tx| -> Result<(), Checked> {
        let report = register_rows(tx, &ctx, &vault, kind, &table).map_err(Checked::Op)?;
        Err(Checked::Report(report))
    });
    match outcome {
        Err(Checked::Report(report)) => Ok(report),
        Err(Checked::Op(error)) => Err(error),
        Ok(()) => Ok(import_rows::Imported::default()),
    }
}

/// Imports a table into a register.
pub fn register_rows(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    kind: RowKind,
    table: &Table,
) -> Result<import_rows::Imported, OpError> {
    let rows: Vec<import_rows::Row> =
        table.maps().map(|(line, values)| import_rows::Row { line, values }).collect();
    let mut done = import_rows::run(tx, ctx, vault, kind, &rows)?;
    done.rows += table.bad.len() as u64;
    done.rejected.extend(table.bad.iter().map(|bad| import_rows::RejectedRow {
        line: bad.line,
        column: "",
        code: "row_unreadable",
        detail: bad.why.clone(),
    }));
    Ok(done)
}

/// Cells of a GeoJSON text with properties `code`, `name`, `households`.
pub fn cell_rows(text: &str, crs: Crs) -> Result<(Vec<CellRow>, Vec<BadFeature>), String> {
    let found = geojson::read(text)?;
    let (mut rows, mut bad) = (Vec::new(), found.bad);
    for (i, feature) in found.good.into_iter().enumerate() {
        let get = |key: &str| feature.properties.get(key).cloned().unwrap_or(Value::Null);
        let code = match get("code") {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let code = match CellCode::parse(&code) {
            Ok(code) => code,
            Err(error) => {
                bad.push(BadFeature { number: i + 1, why: error.to_string() });
                continue;
            }
        };
        let name = get("name").as_str().map_or_else(|| code.to_string(), str::to_owned);
        let households = get("households").as_i64().unwrap_or(0);
        match feature.geometry.map(|p| crs.to_wgs84(p)) {
            Geometry::Shape(shape) => rows.push(CellRow { code, name, households, shape }),
            _ => bad.push(BadFeature { number: i + 1, why: "a cell is a polygon".to_owned() }),
        }
    }
    Ok((rows, bad))
}

/// A row of a division table that was not taken.
#[derive(Debug, Clone, serde::Serialize)]
pub struct BadDivision {
    /// Line.
    pub line: u64,
    /// Why not.
    pub why: String,
}

/// Divisions of a table with columns `code` and `name`, and `longitude`, `latitude` where there are
/// such. Codes without meaning (virtual divisions of an administrative table) are left out when
/// their column `virtual` says `t`.
pub fn division_rows(table: &Table, crs: Crs) -> (Vec<DivisionRow>, Vec<BadDivision>) {
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for (line, values) in table.maps() {
        let get = |key: &str| values.get(key).map(|v| v.trim()).filter(|v| !v.is_empty());
        if get("virtual") == Some("t") && get("level") == Some("county") {
            continue;
        }
        let code = match get("code").map(DivisionCode::parse) {
            Some(Ok(code)) => code,
            Some(Err(error)) => {
                bad.push(BadDivision { line, why: error.to_string() });
                continue;
            }
            None => {
                bad.push(BadDivision { line, why: "column code is empty".to_owned() });
                continue;
            }
        };
        let number = |key: &str| get(key).and_then(|text| text.parse::<f64>().ok());
        let point = match (number("longitude").or(number("lon")), number("latitude").or(number("lat"))) {
            (Some(lon), Some(lat)) => Some(crs.to_wgs84([lon, lat])),
            _ => None,
        };
        match get("name") {
            Some(name) => rows.push(DivisionRow { code, name: name.to_owned(), point, outline: None }),
            None => bad.push(BadDivision { line, why: "column name is empty".to_owned() }),
        }
    }
    (rows, bad)
}

/// Outlines of divisions from GeoJSON with a property `code` or `adcode`.
pub fn division_outlines(text: &str, crs: Crs) -> Result<(Vec<DivisionRow>, Vec<BadFeature>), String> {
    let found = geojson::read(text)?;
    let (mut rows, mut bad) = (Vec::new(), found.bad);
    for (i, feature) in found.good.into_iter().enumerate() {
        let code =
            ["code", "adcode"].iter().find_map(|key| feature.properties.get(*key)).map(|value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
        let name = feature.properties.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let code = code.as_deref().map(DivisionCode::parse);
        match (code, feature.geometry.map(|p| crs.to_wgs84(p))) {
            (Some(Ok(code)), Geometry::Shape(shape)) => {
                rows.push(DivisionRow { code, name, point: None, outline: Some(shape) });
            }
            (Some(Err(error)), _) => bad.push(BadFeature { number: i + 1, why: error.to_string() }),
            (None, _) => bad.push(BadFeature { number: i + 1, why: "no property code or adcode".to_owned() }),
            (_, _) => bad.push(BadFeature { number: i + 1, why: "an outline is a polygon".to_owned() }),
        }
    }
    Ok((rows, bad))
}

/// Places of a table with columns `code`, `kind`, `parent`, `name`, `address`, `lon`, `lat`,
/// `division`, `aliases` (separated by `;`), with outlines by code where there are such.
pub fn place_rows(
    table: &Table,
    outlines: &HashMap<String, Shape>,
    crs: Crs,
) -> (Vec<import_places::PlaceRow>, Vec<import_places::RejectedRow>) {
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    for (line, values) in table.maps() {
        let get = |key: &str| values.get(key).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let mut reject = |code, value: String| bad.push(import_places::RejectedRow { line, code, value });
        let Some(code) = get("code") else {
            reject("code_missing", String::new());
            continue;
        };
        let kind = get("kind").unwrap_or_default();
        let Some(kind) = PlaceKind::from_name(&kind) else {
            reject("kind_invalid", kind);
            continue;
        };
        let number = |key: &str| get(key).and_then(|text| text.parse::<f64>().ok());
        let point = match (number("lon"), number("lat")) {
            (Some(lon), Some(lat)) => {
                let [lon, lat] = crs.to_wgs84([lon, lat]);
                LonLat::new(lon, lat)
            }
            _ => None,
        };
        let division =
            get("division").and_then(|text| DivisionCode::parse(&text).ok()).map(DivisionCode::number);
        rows.push(import_places::PlaceRow {
            line,
            kind,
            parent: get("parent"),
            name: get("name").unwrap_or_default(),
            address: get("address").unwrap_or_default(),
            aliases: get("aliases")
                .map(|all| all.split(';').map(str::to_owned).collect())
                .unwrap_or_default(),
            point,
            outline: outlines.get(&code).cloned().map(Geometry::Shape),
            division,
            code,
        });
    }
    (rows, bad)
}

/// The base map of GeoJSON features with properties `layer`, `class`, `name`.
pub fn base_features(text: &str) -> Result<Vec<BaseFeature>, String> {
    let found = geojson::read(text)?;
    let text_of =
        |feature: &Feature, key: &str| feature.properties.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(found
        .good
        .into_iter()
        .map(|feature| BaseFeature {
            layer: text_of(&feature, "layer").unwrap_or_else(|| "road".to_owned()),
            class: text_of(&feature, "class")
                .or_else(|| text_of(&feature, "kind_detail"))
                .unwrap_or_default(),
            name: text_of(&feature, "name"),
            geometry: feature.geometry,
        })
        .collect())
}

/// A real place from an OpenStreetMap extract: its base map, and buildings, house numbers and points
/// of interest as places of the library.
pub fn import_osm(
    tx: &mut Tx,
    ctx: &Ctx,
    app: &App,
    source: &str,
    extract: &osm::Extract,
) -> Result<(u64, import_places::Imported), OpError> {
    let layer = |layer: &'static str, features: &[osm::Feature]| -> Vec<BaseFeature> {
        let one = |feature: &osm::Feature| BaseFeature {
            layer: layer.to_owned(),
            class: feature.class.clone(),
            name: feature.name.clone(),
            geometry: feature.geometry.clone(),
        };
        features.iter().map(one).collect()
    };
    let mut base = layer("road", &extract.roads);
    base.extend(layer("water", &extract.water));
    base.extend(layer("green", &extract.green));
    let features = import_base_map::run(tx, ctx, source, &base)?;
    let mut rows = Vec::new();
    let places = [
        (PlaceKind::Building, &extract.buildings),
        (PlaceKind::DoorPlate, &extract.house_numbers),
        (PlaceKind::Poi, &extract.pois),
    ];
    for (kind, found) in places {
        for feature in found {
            let numbered = match (&feature.street, &feature.number) {
                (Some(street), Some(number)) => Some(format!("{street}{number}号")),
                (None, Some(number)) => Some(format!("{number}号")),
                _ => None,
            };
            let name = match kind {
                PlaceKind::DoorPlate => numbered.clone(),
                _ => feature.name.clone().or(numbered.clone()),
            };
            // A building without name or number is a shape on the map, not an address.
            let Some(name) = name else { continue };
            let [lon, lat] = feature.geometry.anchor();
            let outline = matches!(feature.geometry, Geometry::Shape(_)).then(|| feature.geometry.clone());
            rows.push(import_places::PlaceRow {
                line: rows.len() as u64 + 1,
                code: format!("osm-{}-{}", kind.name(), feature.id),
                kind,
                parent: None,
                address: numbered.unwrap_or_else(|| name.clone()),
                name,
                aliases: Vec::new(),
                point: LonLat::new(lon, lat),
                outline,
                division: None,
            });
        }
    }
    let imported = import_places::run(tx, ctx, &app.cells, &rows)?;
    Ok((features, imported))
}
