//! The address library as files, in forms that the import takes again. CSV and its packed form are written page by
//! page; the others hold a division in memory.

use gridweave_addresses::{Place, queries as places};
use gridweave_atlas::Geometry;
use gridweave_atlas::geojson::{self, Feature};
use gridweave_core::Scope;
use gridweave_db::{DbError, Tx};
use gridweave_files::{FileError, gpkg, unfinished, write_csv, write_whole, write_xlsx};
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use std::path::Path;

/// The formats of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// CSV with the UTF-8 mark.
    Csv,
    /// Excel with text cells.
    Xlsx,
    /// GeoJSON.
    GeoJson,
    /// GeoPackage.
    Gpkg,
}

impl ExportFormat {
    /// Reads `csv`, `xlsx`, `geojson`, `gpkg`.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx, Self::GeoJson, Self::Gpkg].into_iter().find(|format| format.ending() == name)
    }

    /// The file's ending.
    pub fn ending(self) -> &'static str {
        match self {
            ExportFormat::Csv => "csv",
            ExportFormat::Xlsx => "xlsx",
            ExportFormat::GeoJson => "geojson",
            ExportFormat::Gpkg => "gpkg",
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            ExportFormat::Csv => "text/csv; charset=utf-8",
            ExportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ExportFormat::GeoJson => "application/geo+json",
            ExportFormat::Gpkg => "application/geopackage+sqlite3",
        }
    }
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database failed.
    #[error("the library cannot be read: {0}")]
    Db(#[from] DbError),
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The disk failed.
    #[error("the file cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// The columns of an export.
pub const EXPORT_COLUMNS: [&str; 9] =
    ["code", "kind", "parent", "name", "address", "lon", "lat", "division", "status"];
const EXPORT_PAGE: i64 = 5000;

pub(crate) fn header(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| (*name).to_owned()).collect()
}

/// The cells of a place in the order of [`EXPORT_COLUMNS`].
pub(crate) fn cells(place: &Place, parent: String) -> Vec<String> {
    let degree = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
    vec![
        place.code.clone(),
        place.kind.name().to_owned(),
        parent,
        place.name.clone(),
        place.address.clone(),
        degree(place.point.map(|p| p.lon)),
        degree(place.point.map(|p| p.lat)),
        format!("{:012}", place.division),
        place.status.name().to_owned(),
    ]
}

/// Rows that come page by page until one is empty. Ends early where the database fails; [`Paged::end`] says so.
pub(crate) struct Paged<T, F> {
    turn: F,
    page: std::vec::IntoIter<T>,
    count: u64,
    failed: Option<DbError>,
}

impl<T, F: FnMut() -> Result<Vec<T>, DbError>> Paged<T, F> {
    pub(crate) fn of(turn: F) -> Self {
        Self { turn, page: Vec::new().into_iter(), count: 0, failed: None }
    }

    /// How many were told, where all were.
    pub(crate) fn end(self) -> Result<u64, DbError> {
        self.failed.map_or(Ok(self.count), Err)
    }
}

impl<T, F: FnMut() -> Result<Vec<T>, DbError>> Iterator for Paged<T, F> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.page.len() == 0 && self.failed.is_none() {
            match (self.turn)() {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => self.failed = Some(error),
            }
        }
        let next = self.page.next();
        self.count += u64::from(next.is_some());
        next
    }
}

/// Every place of a scope in the order of codes, with the code of the place above.
fn all<'t>(
    tx: &'t mut Tx<'_>,
    scope: Scope,
) -> Paged<(Place, String), impl FnMut() -> Result<Vec<(Place, String)>, DbError> + 't> {
    let mut after = String::new();
    Paged::of(move || {
        let page = places::export(tx, scope, &after, EXPORT_PAGE)?;
        if let Some((last, _)) = page.last() {
            after.clone_from(&last.code);
        }
        Ok(page)
    })
}

/// The library of a scope as features: outlines where there are such, points elsewhere.
pub fn export_features(tx: &mut Tx, scope: Scope) -> Result<Vec<Feature>, DbError> {
    let mut rows = all(tx, scope);
    let found: Vec<(Place, String)> = rows.by_ref().collect();
    rows.end()?;
    let mut features = Vec::new();
    for (place, parent) in found {
        let cells = cells(&place, parent);
        let outline = places::outline(tx, &place.id)?;
        let geometry = outline.or(place.point.map(|p| Geometry::Point([p.lon, p.lat])));
        let Some(geometry) = geometry else { continue };
        let names = EXPORT_COLUMNS.iter().map(|name| (*name).to_owned());
        let properties: Map<String, Value> = names.zip(cells.into_iter().map(|cell| json!(cell))).collect();
        features.push(Feature { geometry, properties });
    }
    Ok(features)
}

/// Writes the library of a scope as CSV; tells how many places it holds.
pub fn write_places(tx: &mut Tx, scope: Scope, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut rows = all(tx, scope);
    write_csv(out, &header(&EXPORT_COLUMNS), rows.by_ref().map(|(place, parent)| cells(&place, parent)))?;
    Ok(rows.end()?)
}

/// The library of a scope as a file that takes its name when it is whole.
pub fn export_places(
    tx: &mut Tx,
    scope: Scope,
    format: ExportFormat,
    path: &Path,
) -> Result<(), ExportError> {
    match format {
        ExportFormat::Csv => write_whole(path, |out| write_places(tx, scope, out).map(drop)),
        ExportFormat::Xlsx => write_whole(path, |out| {
            let mut rows = all(tx, scope);
            let told = rows.by_ref().map(|(place, parent)| cells(&place, parent));
            let sheet = write_xlsx("地址库", &header(&EXPORT_COLUMNS), told)?;
            rows.end()?;
            Ok(out.write_all(&sheet)?)
        }),
        ExportFormat::GeoJson => write_whole(path, |out| {
            let collection = geojson::collection_json(&export_features(tx, scope)?);
            Ok(serde_json::to_writer(out, &collection).map_err(io::Error::from)?)
        }),
        ExportFormat::Gpkg => {
            let beside = unfinished(path);
            gpkg::write(&beside, &EXPORT_COLUMNS, &export_features(tx, scope)?)?;
            Ok(std::fs::rename(beside, path)?)
        }
    }
}
