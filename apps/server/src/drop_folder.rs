//! Feeds that arrive as files: `drop/<feed>/` below the data folder. A file that was taken moves to
//! `done/`, with its rejects beside it; one that cannot be read moves to `bad/` with the reason.

use crate::assembly::App;
use crate::import;
use crate::readings::push_file;
use gridweave_files::{FileError, read_table, write_csv};
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

/// Takes every file that lies in a drop folder.
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
            let outcome = take(app, &feed.name, &path);
            if let Err(error) = put_away(&folder, &path, &outcome) {
                tracing::error!(feed = feed.name, error = %error, "a dropped file could not be put away");
            }
        }
    }
}

fn take(app: &App, feed: &str, path: &Path) -> Result<Pushed, String> {
    let feed = app.catalogues.feed(feed).cloned().ok_or("the feed is gone")?;
    let digest = import::digest_file(path).map_err(|error| error.to_string())?;
    if feed.observes == Observes::Readings {
        return push_file(app, &app.system, &feed, path, &digest).map_err(|error| error.to_string());
    }
    let table = read_table(path).map_err(|error: FileError| error.to_string())?;
    let (ctx, library) = (app.system.clone(), app.library.clone());
    app.db
        .write_blocking(move |tx| import::push_table(tx, &ctx, &library, &feed, &digest, &table))
        .map_err(|error| error.to_string())
}

fn put_away(folder: &Path, path: &Path, outcome: &Result<Pushed, String>) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (home, rejects) = match outcome {
        Ok(done) => ("done", Some(&done.rejected)),
        Err(_) => ("bad", None),
    };
    let home = folder.join(home);
    std::fs::create_dir_all(&home)?;
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
    std::fs::rename(path, home.join(name))
}
