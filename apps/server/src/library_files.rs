//! The compiled address library as a file below the data folder: the next start opens it in place of compiling
//! millions of doors. The database knows which files are of its own past, so that one of another database, or of
//! a state that a restored backup does not have, is not opened.

use crate::assembly::App;
use gridweave_address::AddressIndex;
use gridweave_addresses::ops::record_quality;
use gridweave_addresses::{compile, quality, queries};
use gridweave_db::{DbError, OpError};
use gridweave_files::{map_file, write_whole};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A library of fewer places is compiled in a moment and kept in no file.
const PLACES_MIN: usize = 20_000;
/// So many changes lie over a compiled library before it is compiled again.
const CHANGES_MAX: usize = 2000;
const EVERY: Duration = Duration::from_secs(30);
const FOLDER: &str = "library";
const ENDING: &str = "addresses";

/// Why a library was not compiled or kept.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The database failed.
    #[error("database")]
    Db(#[from] DbError),
    /// The day's export could not be written.
    #[error("daily export: {0}")]
    Export(#[from] crate::export::ExportError),
    /// The file could not be written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

fn path_of(app: &App, id: &str) -> PathBuf {
    app.config.data.join(FOLDER).join(format!("{id}.{ENDING}"))
}

/// Opens the newest compiled library that is of this database; compiles where there is none.
pub fn open(app: &App) -> Result<(), LibraryError> {
    for (id, seq) in app.db.read_blocking(queries::library_files)? {
        let path = path_of(app, &id);
        let Ok(mapped) = map_file(&path) else { continue };
        match AddressIndex::open(Arc::new(mapped)) {
            Ok(base) => {
                app.db.read_blocking(|tx| app.library.adopt(tx, &base, seq))?;
                return Ok(());
            }
            Err(why) => {
                tracing::warn!(path = %path.display(), %why, "a compiled library is left aside");
                let _ = std::fs::remove_file(&path);
            }
        }
    }
    app.db.read_blocking(|tx| app.library.current(tx))?;
    Ok(())
}

/// Compiles again and keeps the file, where the library is large enough and enough has changed since the last. Tells
/// whether it did.
pub fn compact(app: &App) -> Result<bool, LibraryError> {
    compact_beyond(app, PLACES_MIN, CHANGES_MAX)
}

/// The same with other limits: the fewest places that are kept in a file, and the most changes over it.
pub fn compact_beyond(app: &App, places_min: usize, changes_max: usize) -> Result<bool, LibraryError> {
    app.db.read_blocking(|tx| app.library.current(tx))?;
    let Some((places, changes)) = app.library.sizes() else { return Ok(false) };
    let files = app.db.read_blocking(queries::library_files)?;
    let kept = files.iter().any(|(id, _)| path_of(app, id).exists());
    if places + changes < places_min || (kept && changes < changes_max) {
        return Ok(false);
    }
    // What was compiled a moment ago, because there was no file, is only written.
    let (base, seq) = match app.library.unchanged() {
        Some(known) => known,
        None => app.db.read_blocking(compile)?,
    };
    let id: String = app.system.new_id();
    let path = path_of(app, &id);
    write_whole(&path, |out| out.write_all(base.bytes()))
        .map_err(|source| LibraryError::File { path: path.display().to_string(), source })?;
    let named = id.clone();
    app.db.write_blocking(move |tx| queries::put_library_file(tx, &named, seq))?;
    app.db.read_blocking(|tx| app.library.adopt(tx, &base, seq))?;
    forget_others(&path);
    tracing::info!(places = base.len(), seq, "the address library was compiled");
    Ok(true)
}

/// Older files; one that is still mapped lives on without its name.
fn forget_others(kept: &Path) {
    let Some(Ok(entries)) = kept.parent().map(std::fs::read_dir) else { return };
    for entry in entries.flatten().filter(|entry| entry.path() != kept) {
        let _ = std::fs::remove_file(entry.path());
    }
}

/// Looks through the library by its rules, unless that was done today; `anew` does it in any case.
pub fn check_quality(app: &App, anew: bool) -> Result<bool, LibraryError> {
    let today = app.system.today();
    let done = app.db.read_blocking(|tx| quality::days(tx, today))?;
    if !done.is_empty() && !anew {
        return Ok(false);
    }
    let found = app.db.read_blocking(quality::check)?;
    let ctx = app.system.clone();
    app.db.write_blocking(move |tx| record_quality::run(tx, &ctx, &found)).map_err(|error| match error {
        OpError::Db(error) => LibraryError::Db(error),
        OpError::Refused(refusal) => {
            LibraryError::Db(DbError::Corrupt { what: "quality", why: refusal.code.to_owned() })
        }
    })?;
    Ok(true)
}

/// Opens the library, then compiles it again whenever enough has changed, for as long as the server lives.
pub fn watch(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        let mut opened = false;
        loop {
            let this = app.clone();
            let work = tokio::task::spawn_blocking(move || {
                if !opened {
                    open(&this)?;
                }
                compact(&this)?;
                check_quality(&this, false)?;
                crate::daily_export::write_due(&this).map_err(LibraryError::from)
            });
            match work.await {
                Ok(Ok(_)) => opened = true,
                Ok(Err(error)) => tracing::error!(%error, "the address library could not be kept"),
                Err(_) => tracing::error!("keeping the address library broke off"),
            }
            tokio::time::sleep(EVERY).await;
        }
    });
}
