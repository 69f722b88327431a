//! MBTiles (1.3): a set of tiles as one SQLite file, for use elsewhere.

use crate::table::FileError;
use crate::unfinished::unfinished;
use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::Connection;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of tiles that is being written; it gets its name only when it is whole.
pub struct MbTiles {
    connection: Connection,
    unfinished: PathBuf,
    name: PathBuf,
}

fn broken(error: impl std::fmt::Display) -> FileError {
    FileError::broken("MBTiles", error)
}

/// Bytes packed by gzip, as vector tiles lie in MBTiles and PMTiles.
pub fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes)?;
    packed.finish()
}

impl MbTiles {
    /// Begins a file with its metadata (`name`, `format`, `bounds`, `json` …).
    pub fn create(path: &Path, metadata: &[(&str, String)]) -> Result<Self, FileError> {
        let unfinished = unfinished(path);
        let io = |source| FileError::Io { path: unfinished.display().to_string(), source };
        if unfinished.exists() {
            std::fs::remove_file(&unfinished).map_err(io)?;
        }
        let connection = Connection::open(&unfinished).map_err(broken)?;
        connection
            .execute_batch(
                "pragma journal_mode = off; pragma synchronous = off;
                 create table metadata (name text, value text);
                 create table tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob);
                 create unique index tile_index on tiles (zoom_level, tile_column, tile_row);
                 begin;",
            )
            .map_err(broken)?;
        for (name, value) in metadata {
            connection.execute("insert into metadata values (?1, ?2)", (name, value)).map_err(broken)?;
        }
        Ok(Self { connection, unfinished, name: path.to_owned() })
    }

    /// Adds a tile, [packed](gzip), by its usual address (y grows southwards; here rows count from the south).
    pub fn add(&self, z: u8, x: u32, y: u32, packed: &[u8]) -> Result<(), FileError> {
        let row = (1u64 << z) - 1 - u64::from(y);
        self.connection
            .prepare_cached("insert into tiles values (?1, ?2, ?3, ?4)")
            .and_then(|mut insert| insert.execute((z, x, row as i64, packed)))
            .map(drop)
            .map_err(broken)
    }

    /// Ends the file and gives it its name.
    pub fn finish(self) -> Result<(), FileError> {
        self.connection.execute_batch("commit").map_err(broken)?;
        self.connection.close().map_err(|(_, error)| broken(error))?;
        std::fs::rename(&self.unfinished, &self.name)
            .map_err(|source| FileError::Io { path: self.name.display().to_string(), source })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tiles_lie_where_the_format_says_and_the_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.mbtiles");
        let file = MbTiles::create(&path, &[("format", "pbf".to_owned())]).unwrap();
        file.add(2, 1, 0, &gzip(b"tile").unwrap()).unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        let read = Connection::open(&path).unwrap();
        let (row, data): (i64, Vec<u8>) = read
            .query_row("select tile_row, tile_data from tiles where zoom_level = 2", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        let mut clear = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(data.as_slice()), &mut clear).unwrap();
        assert_eq!((row, clear.as_slice()), (3, b"tile".as_slice()));
    }
}
