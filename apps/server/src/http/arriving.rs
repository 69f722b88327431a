//! A push as it arrives: into a file, which is read when it is whole.

use super::Server;
use super::problem::{Answer, HttpRefusal, Problem, of};
use crate::assembly::App;
use crate::import;
use crate::readings::{PushError, push_file};
use gridweave_core::Ctx;
use gridweave_files::{FileError, Format, read_table_from};
use gridweave_signals::ops::push::Pushed;
use gridweave_signals::{Feed, Observes};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// A push may be so large: the half hours of a large city's day.
pub(super) const BYTES_MAX: u64 = 8 << 30;
/// A list is held whole.
const LIST_BYTES_MAX: u64 = 512 << 20;

/// A file that grows, and that is gone when this is, but for [`Arriving::push`] having read it.
pub(super) struct Arriving {
    file: File,
    path: PathBuf,
    size: u64,
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // Whole or cut off: what is needed of it is in the database.
        let _ = std::fs::remove_file(&self.path);
    }
}

pub(super) fn failed(error: std::io::Error) -> Problem {
    Problem::failure(&error)
}

/// The reader knows a file by its ending.
pub(super) fn ending(format: Format, zipped: bool) -> String {
    format!("{}{}", format.name(), if zipped { ".gz" } else { "" })
}

impl Arriving {
    /// An empty file of a name that no other has.
    pub(super) async fn begin(app: &App) -> Answer<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = app.config.data.join("arriving");
        tokio::fs::create_dir_all(&folder).await.map_err(failed)?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}", std::process::id()));
        let file = File::create(&path).await.map_err(failed)?;
        Ok(Self { file, path, size: 0 })
    }

    /// Some bytes more.
    pub(super) async fn add(&mut self, bytes: &[u8]) -> Answer<()> {
        self.size += bytes.len() as u64;
        if self.size > BYTES_MAX {
            return Err(HttpRefusal::TooLarge.into());
        }
        self.file.write_all(bytes).await.map_err(failed)
    }

    /// Everything is there: pushes it to its feed.
    pub(super) async fn push(
        mut self,
        server: &Server,
        ctx: Ctx,
        feed: Feed,
        format: Format,
        zipped: bool,
    ) -> Answer<Pushed> {
        self.file.flush().await.map_err(failed)?;
        let named = self.path.with_extension(ending(format, zipped));
        tokio::fs::rename(&self.path, &named).await.map_err(failed)?;
        self.path = named;
        push_arrived(server, ctx, feed, self.path.clone()).await
    }
}

/// Pushes a file, whose ending tells its format, to its feed.
pub(super) async fn push_arrived(server: &Server, ctx: Ctx, feed: Feed, path: PathBuf) -> Answer<Pushed> {
    let app = server.app.clone();
    let pushed = tokio::task::spawn_blocking(move || {
        let digest = import::digest_file(&path).map_err(failed)?;
        if feed.observes == Observes::Readings {
            return push_file(&app, &ctx, &feed, &path, &digest).map_err(problem);
        }
        push_list(&app, &ctx, &feed, &path, digest)
    });
    pushed.await.map_err(|error| Problem::failure(&error))?
}

fn push_list(app: &App, ctx: &Ctx, feed: &Feed, path: &Path, digest: String) -> Answer<Pushed> {
    let bad = |error: FileError| HttpRefusal::BadFile(error.to_string());
    let (format, zipped) = Format::of_path(path).map_err(bad)?;
    if path.metadata().map_err(failed)?.len() > LIST_BYTES_MAX {
        return Err(HttpRefusal::TooLarge.into());
    }
    let table = read_table_from(plain(path, zipped)?, format).map_err(bad)?;
    let (ctx, feed, library) = (ctx.clone(), feed.clone(), app.library.clone());
    let done =
        app.db.write_blocking(move |tx| import::push_table(tx, &ctx, &library, &feed, &digest, &table));
    done.map_err(of)
}

fn plain(path: &Path, zipped: bool) -> Answer<Vec<u8>> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let mut limited: Box<dyn Read> = match zipped {
        true => Box::new(flate2::read::MultiGzDecoder::new(file).take(LIST_BYTES_MAX)),
        false => Box::new(file),
    };
    limited.read_to_end(&mut bytes).map_err(|error| HttpRefusal::BadFile(error.to_string()))?;
    Ok(bytes)
}

fn problem(error: PushError) -> Problem {
    match error {
        PushError::Op(error) => of(error),
        PushError::File(error) => HttpRefusal::BadFile(error.to_string()).into(),
        PushError::State(error) => Problem::failure(&error),
        PushError::Busy => HttpRefusal::FeedBusy.into(),
    }
}
