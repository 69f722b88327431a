//! The address library for other departments, a day at a time: all of it and what changed since the day before, as
//! packed CSV below the data folder, each with how many rows it has and the SHA-256 of its bytes. A day is told only
//! when both of its files are whole.

use crate::assembly::App;
use crate::export::{EXPORT_COLUMNS, ExportError, Paged, cells, header, write_places};
use flate2::Compression;
use flate2::write::GzEncoder;
use gridweave_addresses::queries as places;
use gridweave_core::{PlaceId, Scope, Zone};
use gridweave_db::{DbError, Tx};
use gridweave_files::{Mapped, map_file, write_csv, write_whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::PathBuf;

const FOLDER: &str = "exports";
/// Columns that a file of changes has beyond those of [`EXPORT_COLUMNS`].
const CHANGE_COLUMNS: [&str; 3] = ["redirect", "aliases", "seq"];
const CHANGES_PAGE: i64 = 5000;

/// A file of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayFile {
    /// Its name: `places-2026-11-25.csv.gz`.
    pub name: String,
    /// Rows behind the header.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the packed bytes, in hexadecimal.
    pub sha256: String,
}

/// What was written on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayExport {
    /// The day.
    pub day: String,
    /// When it was written.
    pub at_ms: i64,
    /// The number of the last change that is in it: `/api/v1/places/changes?since=` goes on from it.
    pub seq: i64,
    /// The number after which the file of changes begins: the `seq` of the export before. None, and no changes, where
    /// only the whole library tells what is: at the first export and after an older state was restored.
    pub since: Option<i64>,
    /// The whole library, abandoned places too.
    pub places: DayFile,
    /// Places that changed since the export before, as they are now.
    pub changes: DayFile,
}

fn folder(app: &App) -> PathBuf {
    app.config.data.join(FOLDER)
}

/// Days that are kept, newest first.
pub fn days(app: &App) -> Vec<DayExport> {
    let Ok(entries) = std::fs::read_dir(folder(app)) else { return Vec::new() };
    let told =
        entries.flatten().filter(|entry| entry.path().extension().is_some_and(|ending| ending == "json"));
    let mut days: Vec<DayExport> =
        told.filter_map(|entry| serde_json::from_slice(&std::fs::read(entry.path()).ok()?).ok()).collect();
    days.sort_by(|a, b| b.day.cmp(&a.day));
    days
}

/// A file of a day that is kept, by its name.
pub fn open(app: &App, name: &str) -> Option<(DayFile, Mapped)> {
    let known =
        days(app).into_iter().flat_map(|day| [day.places, day.changes]).find(|file| file.name == name)?;
    let mapped = map_file(&folder(app).join(&known.name)).ok()?;
    Some((known, mapped))
}

/// Writes today's export where it is not there yet, and forgets the oldest. Tells whether it wrote.
pub fn write_due(app: &App) -> Result<bool, ExportError> {
    let keep = app.config.export_days;
    let day = Zone::date_text(app.system.today());
    let mut kept = days(app);
    if keep == 0 || kept.first().is_some_and(|newest| newest.day >= day) {
        return Ok(false);
    }
    let before = kept.first().map(|before| before.seq);
    let told = app.db.read_blocking(|tx| write(tx, app, &day, before))?;
    let json = serde_json::to_vec_pretty(&told).map_err(std::io::Error::from)?;
    write_whole(&folder(app).join(format!("{day}.json")), |out| out.write_all(&json))?;
    tracing::info!(
        day,
        places = told.places.rows,
        changes = told.changes.rows,
        "the address library was exported"
    );
    kept.insert(0, told);
    for old in kept.iter().skip(keep as usize) {
        // What is told must be there: the telling goes first.
        for name in [&format!("{}.json", old.day), &old.places.name, &old.changes.name] {
            let _ = std::fs::remove_file(folder(app).join(name));
        }
    }
    Ok(true)
}

fn write(tx: &mut Tx, app: &App, day: &str, before: Option<i64>) -> Result<DayExport, ExportError> {
    let seq = places::last_change(tx)?;
    let since = before.filter(|before| *before <= seq);
    let whole = packed(app, format!("places-{day}.csv.gz"), |out| write_places(tx, Scope::EVERYWHERE, out))?;
    let from = since.unwrap_or(seq);
    let changes = packed(app, format!("changes-{day}.csv.gz"), |out| write_changes(tx, from, out))?;
    Ok(DayExport { day: day.to_owned(), at_ms: app.system.now().0, seq, since, places: whole, changes })
}

fn write_changes(tx: &mut Tx, since: i64, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut at = since;
    let mut rows = Paged::of(|| {
        let page = places::changes(tx, at, Scope::EVERYWHERE, CHANGES_PAGE)?;
        if let Some(last) = page.last() {
            at = last.seq;
        }
        page.into_iter().map(|change| change_cells(tx, change)).collect()
    });
    write_csv(out, &header(&[&EXPORT_COLUMNS[..], &CHANGE_COLUMNS[..]].concat()), rows.by_ref())?;
    Ok(rows.end()?)
}

fn change_cells(tx: &mut Tx, change: places::PlaceChange) -> Result<Vec<String>, DbError> {
    let mut code = |id: &Option<PlaceId>| -> Result<String, DbError> {
        let place = id.as_ref().map(|id| places::place(tx, id)).transpose()?.flatten();
        Ok(place.map(|place| place.code).unwrap_or_default())
    };
    let (parent, redirect) = (code(&change.place.parent)?, code(&change.place.redirect)?);
    let mut row = cells(&change.place, parent);
    row.extend([redirect, change.aliases.join(" | "), change.seq.to_string()]);
    Ok(row)
}

fn packed(
    app: &App,
    name: String,
    write: impl FnOnce(&mut dyn Write) -> Result<u64, ExportError>,
) -> Result<DayFile, ExportError> {
    let path = folder(app).join(&name);
    let mut rows = 0;
    write_whole(&path, |out| -> Result<(), ExportError> {
        let mut packer = GzEncoder::new(out, Compression::default());
        rows = write(&mut packer)?;
        packer.finish()?;
        Ok(())
    })?;
    let bytes = map_file(&path)?;
    Ok(DayFile {
        name,
        rows,
        bytes: bytes.as_ref().len() as u64,
        sha256: crate::import::digest(bytes.as_ref()),
    })
}
