//! Rows of messages in a file, so that the broker may forget them: written through to the disk before they are
//! acknowledged, and taken as a push when it has been quiet for a while.

use gridweave_core::TimeMs;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The file that is being written.
const OPEN: &str = "open.part";
/// It is a push when nothing has come for so long …
const QUIET: Duration = Duration::from_secs(5);
/// … when it has grown for so long …
const OLD: Duration = Duration::from_secs(60);
/// … or when it is so large.
const LARGE: u64 = 32 << 20;

/// The folder of a feed's messages.
pub(super) struct Spool {
    folder: PathBuf,
    open: Option<Open>,
    made: u64,
}

struct Open {
    file: File,
    bytes: u64,
    since: Instant,
    last: Instant,
}

impl Spool {
    /// Opens the folder. What a crash left is whole but for a torn line at its end, which was never acknowledged and is cut off.
    pub(super) fn open(folder: &Path, now: TimeMs) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut spool = Self { folder: folder.to_owned(), open: None, made: 0 };
        let left = folder.join(OPEN);
        if left.exists() {
            let mut bytes = Vec::new();
            let mut file = OpenOptions::new().read(true).write(true).open(&left)?;
            file.read_to_end(&mut bytes)?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end as u64 + 1);
            file.set_len(whole)?;
            file.sync_all()?;
            match whole {
                0 => std::fs::remove_file(&left)?,
                _ => spool.end(now)?,
            }
        }
        Ok(spool)
    }

    /// Adds whole lines; they are safe once [`Spool::sync`] has said so.
    pub(super) fn add(&mut self, lines: &[u8]) -> std::io::Result<()> {
        let now = Instant::now();
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let file = OpenOptions::new().create(true).append(true).open(self.folder.join(OPEN))?;
                let bytes = file.metadata()?.len();
                Open { file, bytes, since: now, last: now }
            }
        };
        if let Err(error) = open.file.write_all(lines) {
            // No half a line stays between two; the file is opened anew.
            open.file.set_len(open.bytes)?;
            return Err(error);
        }
        open.bytes += lines.len() as u64;
        open.last = now;
        self.open = Some(open);
        Ok(())
    }

    /// Everything that was added is on the disk.
    pub(super) fn sync(&mut self) -> std::io::Result<()> {
        self.open.as_ref().map_or(Ok(()), |open| open.file.sync_data())
    }

    /// Ends the file where it is time, so that it will be taken.
    pub(super) fn end_in_time(&mut self, now: TimeMs) -> std::io::Result<()> {
        let due = self.open.as_ref().is_some_and(|open| {
            open.bytes >= LARGE || open.last.elapsed() >= QUIET || open.since.elapsed() >= OLD
        });
        if due { self.end(now) } else { Ok(()) }
    }

    fn end(&mut self, now: TimeMs) -> std::io::Result<()> {
        self.open = None;
        self.made += 1;
        // Names in the order of time.
        let name = format!("{:015}-{:06}.jsonl", now.0, self.made);
        std::fs::rename(self.folder.join(OPEN), self.folder.join(name))
    }
}

/// Files of a folder that wait to be taken, the oldest first.
pub fn waiting(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.is_file() && path.extension().is_some_and(|end| end == "jsonl")).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_synced_is_there_after_a_crash_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), TimeMs(7)).unwrap();
        spool.add(b"{\"a\":1}\n").unwrap();
        spool.sync().unwrap();
        spool.end_in_time(TimeMs(8)).unwrap();
        assert!(waiting(folder.path()).is_empty(), "a push is not begun while messages come");
        spool.add(b"{\"a\":2}\n{\"a\"").unwrap();
        drop(spool);
        drop(Spool::open(folder.path(), TimeMs(7)).unwrap());
        let files = waiting(folder.path());
        assert_eq!(files.len(), 1);
        assert_eq!(std::fs::read(&files[0]).unwrap(), b"{\"a\":1}\n{\"a\":2}\n");
        std::fs::write(folder.path().join(OPEN), b"{\"torn").unwrap();
        drop(Spool::open(folder.path(), TimeMs(7)).unwrap());
        assert_eq!(waiting(folder.path()).len(), 1);
    }
}
