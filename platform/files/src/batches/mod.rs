//! Tables of any length, a batch of columns at a time: CSV (also .csv.gz) and Parquet in and out.
//!
//! Where [`crate::read_table`] holds a whole table as text, this holds a million rows at the most, each
//! column in its own type.

mod columns;
mod csv_batches;
mod parquet_batches;
mod parquet_texts;
mod raw;
mod table_batches;

pub use columns::{Column, Kind, Numbered, Texts};
pub use raw::{Counts, RawColumn, RawPiece, RawPieces, RawTexts, raw_pieces};

use crate::table::{BadRow, FileError, Format};
use crate::unfinished::unfinished;
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// Some rows of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The columns that were asked for, in that order.
    pub columns: Vec<Column>,
    /// Number of rows.
    pub rows: usize,
    /// Number of the first row in the file, the first being 1.
    pub first_row: u64,
    /// Rows that could not be read at all.
    pub bad: Vec<BadRow>,
}

/// Cells of a column as texts.
pub enum Cells<'a> {
    /// One after the other.
    Each(&'a mut dyn Iterator<Item = Option<&'a str>>),
    /// As their numbers in a dictionary, the first being 1; 0 for an empty cell.
    Numbered(&'a Dictionary, &'a [u32]),
}

impl Cells<'_> {
    /// Hands each cell to `see`.
    pub fn each(self, mut see: impl FnMut(Option<&str>)) {
        match self {
            Cells::Each(all) => all.for_each(see),
            Cells::Numbered(dictionary, numbers) => {
                numbers.iter().for_each(|n| see(n.checked_sub(1).map(|n| dictionary.text(n))));
            }
        }
    }
}

/// Texts that a file holds once, for a part of its rows.
#[derive(Debug, Default)]
pub struct Dictionary {
    serial: u64,
    /// Each text behind four bytes for its length.
    bytes: bytes::Bytes,
    ends: Vec<usize>,
}

impl Dictionary {
    /// Tells it from every other.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// What sees the cells of a column as texts; the first says which of the columns it is.
pub type SeeTexts<'a> = dyn Fn(usize, Cells) + Sync + 'a;

/// A table that is read a batch at a time.
pub trait Batches: Send {
    /// Names of the columns.
    fn header(&self) -> &[String];
    /// Types of the columns, as this file has them.
    fn kinds(&self) -> Vec<Kind>;
    /// What a column's whole numbers count, where the file says so, and whether that is by UTC.
    fn counts(&self, _column: usize) -> Option<(Counts, bool)> {
        None
    }
    /// How many rows there are, where the file says so.
    fn rows(&self) -> Option<u64>;
    /// The next rows, at most so many, of these columns; none at the end.
    fn next(&mut self, columns: &[usize], most: usize) -> Result<Option<Batch>, FileError>;

    /// The same as texts: each column is handed to `see`, some cells at a time, columns beside each other on all cores, and
    /// none is kept.
    fn next_texts(
        &mut self,
        columns: &[usize],
        most: usize,
        see: &SeeTexts,
    ) -> Result<Option<Batch>, FileError> {
        let Some(batch) = self.next(columns, most)? else { return Ok(None) };
        batch.columns.par_iter().enumerate().for_each(|(n, column)| column.see_texts(n, see));
        Ok(Some(Batch { columns: Vec::new(), ..batch }))
    }

    /// All rows that are left as texts, where a file can be read column by column from end to end: columns need not wait
    /// for each other. `told` hears of rows as they are done. None where a file cannot: it is asked for
    /// [`Self::next_texts`] then.
    fn all_texts(
        &mut self,
        _columns: &[usize],
        _see: &SeeTexts,
        _told: &(dyn Fn(u64) + Sync),
    ) -> Option<Result<Batch, FileError>> {
        None
    }
}

/// Opens a table by its ending: `.csv`, `.csv.gz` or `.parquet`; `.jsonl` and `.xlsx` are held whole.
pub fn open_batches(path: &Path) -> Result<Box<dyn Batches>, FileError> {
    let (format, zipped) = Format::of_path(path)?;
    let io = |source| FileError::Io { path: path.display().to_string(), source };
    let file = File::open(path).map_err(io)?;
    match format {
        Format::Parquet if !zipped => {
            Ok(Box::new(parquet_batches::ParquetBatches::open(file, &path.display().to_string())?))
        }
        Format::Csv => {
            let plain: Box<dyn Read + Send> = match zipped {
                true => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
                false => Box::new(file),
            };
            let text = as_utf8(plain).map_err(io)?;
            Ok(Box::new(csv_batches::CsvBatches::open(text, &path.display().to_string())?))
        }
        Format::Jsonl | Format::Xlsx => {
            Ok(Box::new(table_batches::TableBatches::of(crate::table::read_table(path)?)))
        }
        Format::Parquet => Err(FileError::Format(path.display().to_string())),
    }
}

/// The text of bytes as UTF-8: what does not begin as UTF-8 does is taken for GB 18030.
fn as_utf8(mut bytes: Box<dyn Read + Send>) -> std::io::Result<Box<dyn Read + Send>> {
    const LOOKED_AT: u64 = 1 << 18;
    let mut head = Vec::new();
    bytes.by_ref().take(LOOKED_AT).read_to_end(&mut head)?;
    // A letter may be cut off at the end of what was looked at.
    let utf8 = std::str::from_utf8(&head).map_or_else(|error| error.error_len().is_none(), |_| true);
    let whole = std::io::Cursor::new(head).chain(bytes);
    if utf8 {
        return Ok(Box::new(whole));
    }
    let gb18030 =
        encoding_rs_io::DecodeReaderBytesBuilder::new().encoding(Some(encoding_rs::GB18030)).build(whole);
    Ok(Box::new(gb18030))
}

/// Batches of a table that a thread of its own reads ahead, two at a time.
pub struct Ahead {
    batches: mpsc::Receiver<Result<Batch, FileError>>,
}

/// Reads these columns ahead, so many rows at the most in a batch.
pub fn read_ahead(mut table: Box<dyn Batches>, columns: Vec<usize>, most: usize) -> Ahead {
    let (send, batches) = mpsc::sync_channel(2);
    // Ends by itself: with the table, or when nobody listens any more.
    std::thread::spawn(move || {
        loop {
            let next = table.next(&columns, most).transpose();
            let last = !matches!(next, Some(Ok(_)));
            if next.is_some_and(|batch| send.send(batch).is_err()) || last {
                return;
            }
        }
    });
    Ahead { batches }
}

impl Iterator for Ahead {
    type Item = Result<Batch, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.recv().ok()
    }
}

/// Where batches go.
enum Sink {
    Csv(Box<csv_batches::CsvSink>),
    Parquet(Box<parquet_batches::ParquetSink>),
}

/// Writes batches to a file, which gets its name only when all is written: a run that was broken off
/// leaves what was there before.
pub struct BatchWriter {
    sink: Sink,
    /// The file as it is being written, and its name when it is done; none for standard output.
    names: Option<(PathBuf, PathBuf)>,
}

impl BatchWriter {
    /// Begins a file by its ending, or CSV on standard output where there is no path.
    pub fn create(path: Option<&Path>, header: &[String], kinds: &[Kind]) -> Result<Self, FileError> {
        let Some(path) = path else {
            let out: Box<dyn Write + Send> = Box::new(BufWriter::new(std::io::stdout()));
            return Ok(Self {
                sink: Sink::Csv(Box::new(csv_batches::CsvSink::new(out, header)?)),
                names: None,
            });
        };
        let format = match Format::of_path(path)? {
            (format @ (Format::Csv | Format::Parquet), false) => format,
            _ => return Err(FileError::Format(path.display().to_string())),
        };
        let unfinished = unfinished(path);
        let io = |source| FileError::Io { path: unfinished.display().to_string(), source };
        let file = File::create(&unfinished).map_err(io)?;
        let sink = match format {
            Format::Parquet => {
                Sink::Parquet(Box::new(parquet_batches::ParquetSink::new(file, header, kinds)?))
            }
            _ => Sink::Csv(Box::new(csv_batches::CsvSink::new(Box::new(BufWriter::new(file)), header)?)),
        };
        Ok(Self { sink, names: Some((unfinished, path.to_owned())) })
    }

    /// Writes rows: columns of the types that were announced, all of one length.
    pub fn write(&mut self, columns: &[&Column]) -> Result<(), FileError> {
        match &mut self.sink {
            Sink::Csv(sink) => sink.write(columns),
            Sink::Parquet(sink) => sink.write(columns),
        }
    }

    /// Says something of the whole file, by a key; only Parquet has a place for that.
    pub fn note(&mut self, key: &str, value: &str) {
        if let Sink::Parquet(sink) = &mut self.sink {
            sink.note(key, value);
        }
    }

    /// Ends the file and gives it its name.
    pub fn finish(self) -> Result<(), FileError> {
        match self.sink {
            Sink::Csv(sink) => sink.finish()?,
            Sink::Parquet(sink) => sink.finish()?,
        }
        match self.names {
            Some((unfinished, name)) => std::fs::rename(&unfinished, &name)
                .map_err(|source| FileError::Io { path: name.display().to_string(), source }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
