//! Feeds that arrive as files: `drop/<feed>/` below the data folder. A file that was taken moves to
//! `done/`, with its rejects beside it; one that cannot be read moves to `bad/` with the reason. Files of messages
//! (`mqtt/<feed>/`) likewise, but those that were taken are removed: readings are judged and not kept.

use crate::assembly::App;
use crate::import;
use crate::mqtt;
use crate::readings::{PushError, push_file};
use gridweave_db::OpError;
use gridweave_files::{FileError, read_table, write_csv};
use gridweave_signals::Feed;
use gridweave_signals::feeds::{Observes, Source};
use gridweave_signals::ops::push::Pushed;
use std::path::Path;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(5);

/// Looks into the drop folders now and then for as long as the server lives.
pub fn watch(app: &App) {
    let app = app.clone();
    tokio::spawn(async move {
        loop {
            let this = app.clone();
            // A panic in one round must not end the next.
            let _ = tokio::task::spawn_blocking(move || take_all(&this)).await;
            tokio::time::sleep(EVERY).await;
        }
    });
}

/// Takes every file that lies in a drop folder, and what messages have left.
pub fn take_all(app: &App) {
    for feed in app.catalogues.feeds.iter().filter(|feed| feed.source == Source::Drop) {
        let folder = app.config.data.join("drop").join(feed.drop.as_deref().unwrap_or(&feed.name));
        if std::fs::create_dir_all(&folder).is_err() {
            continue;
        }
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            let path = entry.path();
            // Who writes a file slowly gives it another ending until it is whole.
            if path.extension().is_some_and(|ending| ending == "part" || ending == "tmp") {
                continue;
            }
            take_one(app, feed, &folder, &path, true);
        }
    }
    for feed in app.catalogues.feeds.iter().filter(|feed| feed.topic.is_some()) {
        let folder = mqtt::folder(app, feed);
        for path in mqtt::waiting(&folder) {
            if !take_one(app, feed, &folder, &path, false) {
                break;
            }
        }
    }
}

/// Takes a file and puts it away; where it was taken it is kept or removed. False where it has to wait.
fn take_one(app: &App, feed: &Feed, folder: &Path, path: &Path, keep: bool) -> bool {
    let outcome = match take(app, feed, path) {
        Ok(done) => Ok(done),
        Err(NotTaken::Bad(why)) => Err(why),
        Err(NotTaken::Later(why)) => {
            tracing::warn!(feed = feed.name, why, "a file waits");
            return false;
        }
    };
    if let Err(error) = put_away(folder, path, &outcome, keep) {
        tracing::error!(feed = feed.name, error = %error, "a file that was taken could not be put away");
    }
    true
}

/// Why a file was not taken.
enum NotTaken {
    /// It never will be.
    Bad(String),
    /// Nothing is wrong with it: it stays where it is.
    Later(String),
}

impl From<OpError> for NotTaken {
    fn from(error: OpError) -> Self {
        match error {
            OpError::Refused(_) => NotTaken::Bad(error.to_string()),
            OpError::Db(_) => NotTaken::Later(error.to_string()),
        }
    }
}

impl From<PushError> for NotTaken {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Op(error) => error.into(),
            PushError::File(_) => NotTaken::Bad(error.to_string()),
            PushError::State(_) | PushError::Busy => NotTaken::Later(error.to_string()),
        }
    }
}

fn take(app: &App, feed: &Feed, path: &Path) -> Result<Pushed, NotTaken> {
    let digest = import::digest_file(path).map_err(|error| NotTaken::Later(error.to_string()))?;
    if feed.observes == Observes::Readings {
        return Ok(push_file(app, &app.system, feed, path, &digest)?);
    }
    let table = read_table(path).map_err(|error: FileError| NotTaken::Bad(error.to_string()))?;
    let (ctx, library, feed) = (app.system.clone(), app.library.clone(), feed.clone());
    let pushed =
        app.db.write_blocking(move |tx| import::push_table(tx, &ctx, &library, &feed, &digest, &table));
    Ok(pushed?)
}

fn put_away(folder: &Path, path: &Path, outcome: &Result<Pushed, String>, keep: bool) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (home, rejects) = match outcome {
        Ok(done) => ("done", Some(&done.rejected)),
        Err(_) => ("bad", None),
    };
    let home = folder.join(home);
    if keep || outcome.as_ref().map_or(true, |done| !done.rejected.is_empty()) {
        std::fs::create_dir_all(&home)?;
    }
    if let Err(why) = outcome {
        std::fs::write(home.join(format!("{name}.reason.txt")), why)?;
    }
    if let Some(rows) = rejects.filter(|rows| !rows.is_empty()) {
        let header = ["line", "column", "code", "value"].map(str::to_owned);
        let mut out = std::fs::File::create(home.join(format!("{name}.rejects.csv")))?;
        let cells =
            rows.iter().map(|r| vec![r.line.to_string(), r.column.clone(), r.code.clone(), r.value.clone()]);
        write_csv(&mut out, &header, cells).map_err(std::io::Error::other)?;
    }
    if outcome.is_ok() && !keep {
        return std::fs::remove_file(path);
    }
    std::fs::rename(path, home.join(name))
}
