//! Parquet as plain values, row groups decoded beside each other: for tables of tens of millions of rows whose cells
//! are hardly ever empty.

use super::parquet_batches::{Open, ParquetBatches, records};
use crate::table::FileError;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::schema::types::ColumnDescriptor;
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

/// Rows of a piece.
const PIECE_ROWS: usize = 1 << 16;
/// Pieces that a thread decodes ahead of whoever takes them: enough to go on while the first rows take long.
const AHEAD: usize = 16;

/// The values of a column in a piece; those of empty cells are none in particular ([`RawPiece::empty`]).
#[derive(Clone, Debug, PartialEq)]
pub enum RawColumn {
    /// Whole numbers of up to 32 bits.
    Ints(Vec<i32>),
    /// Whole numbers.
    Longs(Vec<i64>),
    /// Numbers.
    Floats(Vec<f32>),
    /// Doubles.
    Doubles(Vec<f64>),
    /// Texts, one behind the other.
    Texts(RawTexts),
}

/// Texts, one behind the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawTexts {
    text: String,
    ends: Vec<u32>,
}

impl RawTexts {
    /// The text of a row.
    #[inline]
    pub fn get(&self, row: usize) -> &str {
        let from = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.text[from as usize..self.ends[row] as usize]
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }
}

/// Rows that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct RawPiece {
    /// The columns that were asked for, in that order.
    pub columns: Vec<RawColumn>,
    /// Rows, in order, in which one of the columns has an empty cell.
    pub empty: Vec<u32>,
    /// How many rows.
    pub rows: usize,
    /// Number of the first row in the file, the first being 1.
    pub first_row: u64,
}

/// What whole numbers in a column of a Parquet file count, where the file says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Days since 1970-01-01.
    Days,
    /// So many of a second since then.
    PartsOfSecond(i64),
}

/// What a column's whole numbers count, and whether times are UTC where they are times.
pub(super) fn counts(column: &ColumnDescriptor) -> Option<(Counts, bool)> {
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => Some((Counts::Days, false)),
        (Some(LogicalType::Timestamp(time)), _) => {
            let parts = match time.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            };
            Some((Counts::PartsOfSecond(parts), time.is_adjusted_to_u_t_c))
        }
        (None, ConvertedType::TIMESTAMP_MILLIS) => Some((Counts::PartsOfSecond(1_000), true)),
        (None, ConvertedType::TIMESTAMP_MICROS) => Some((Counts::PartsOfSecond(1_000_000), true)),
        _ => None,
    }
}

/// A Parquet file whose pieces come in the file's order.
pub struct RawPieces {
    parts: Vec<Receiver<Result<Option<RawPiece>, FileError>>>,
    group: usize,
    groups: usize,
}

/// Reads these columns, whose row groups so many threads decode ahead. Truth values and bytes are refused.
pub fn raw_pieces(path: &Path, columns: &[usize], threads: usize) -> Result<RawPieces, FileError> {
    let name = path.display().to_string();
    let open = || {
        let file = File::open(path).map_err(|source| FileError::Io { path: name.clone(), source })?;
        ParquetBatches::open(file, &name)
    };
    let first = open()?;
    let groups = first.source.reader.num_row_groups();
    let mut starts = vec![1u64];
    for group in first.source.reader.metadata().row_groups() {
        starts.push(starts[starts.len() - 1] + u64::try_from(group.num_rows()).unwrap_or(0));
    }
    let threads = threads.clamp(1, groups.max(1));
    let mut parts = Vec::new();
    for thread in 0..threads {
        let (table, columns, starts, name) = (open()?, columns.to_vec(), starts.clone(), name.clone());
        let (send, receive) = sync_channel(AHEAD);
        // Ends by itself: with the file, or when nobody listens any more.
        std::thread::spawn(move || {
            for group in (thread..groups).step_by(threads) {
                let sent = send_group(&table, group, &columns, starts[group], &mut |piece| {
                    send.send(Ok(Some(piece))).is_ok()
                });
                let go_on = match sent {
                    Ok(heard) => heard && send.send(Ok(None)).is_ok(),
                    Err(error) => {
                        let _ = send.send(Err(FileError::broken(name.as_str(), error)));
                        false
                    }
                };
                if !go_on {
                    return;
                }
            }
        });
        parts.push(receive);
    }
    Ok(RawPieces { parts, group: 0, groups })
}

impl Iterator for RawPieces {
    type Item = Result<RawPiece, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.group < self.groups {
            match self.parts[self.group % self.parts.len()].recv() {
                Ok(Ok(Some(piece))) => return Some(Ok(piece)),
                Ok(Ok(None)) => self.group += 1,
                Ok(Err(error)) => {
                    self.group = self.groups;
                    return Some(Err(error));
                }
                Err(_) => return None,
            }
        }
        None
    }
}

type Parquet<T> = Result<T, ParquetError>;

/// Hands the pieces of a row group on; false when nobody listens any more.
fn send_group(
    table: &ParquetBatches,
    group: usize,
    columns: &[usize],
    first_row: u64,
    send: &mut dyn FnMut(RawPiece) -> bool,
) -> Parquet<bool> {
    let group = table.source.reader.get_row_group(group)?;
    let open = columns.iter().map(|column| table.source.open_column(&*group, *column));
    let mut open: Vec<Open> = open.collect::<Parquet<_>>()?;
    let count = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let mut at = 0;
    while at < count {
        let rows = (count - at).min(PIECE_ROWS);
        let mut empty = Vec::new();
        let found = open.iter_mut().map(|open| read(open, rows, &mut empty));
        let found = found.collect::<Parquet<_>>()?;
        empty.sort_unstable();
        empty.dedup();
        let piece = RawPiece { columns: found, empty, rows, first_row: first_row + at as u64 };
        if !send(piece) {
            return Ok(false);
        }
        at += rows;
    }
    Ok(true)
}

fn read(open: &mut Open, rows: usize, empty: &mut Vec<u32>) -> Parquet<RawColumn> {
    let reader = match open {
        Open::Texts(pages) => {
            let mut texts = RawTexts::default();
            texts.ends.reserve(rows);
            pages.see(rows, &mut |cells| {
                cells.each(|cell| {
                    if cell.is_none() {
                        empty.push(texts.ends.len() as u32);
                    }
                    texts.push(cell.unwrap_or_default());
                });
            })?;
            return Ok(RawColumn::Texts(texts));
        }
        Open::Values(reader) => reader.as_mut(),
    };
    Ok(match reader {
        ColumnReader::Int32ColumnReader(reader) => RawColumn::Ints(values(reader, rows, empty)?),
        ColumnReader::Int64ColumnReader(reader) => RawColumn::Longs(values(reader, rows, empty)?),
        ColumnReader::FloatColumnReader(reader) => RawColumn::Floats(values(reader, rows, empty)?),
        ColumnReader::DoubleColumnReader(reader) => RawColumn::Doubles(values(reader, rows, empty)?),
        ColumnReader::ByteArrayColumnReader(reader) => {
            let mut texts = RawTexts::default();
            for bytes in values(reader, rows, empty)? {
                // The bytes of an empty cell are not set.
                let text = if bytes.is_empty() { "" } else { bytes.as_utf8()? };
                texts.push(text);
            }
            RawColumn::Texts(texts)
        }
        _ => return Err(ParquetError::General("a column of truth values or raw bytes".to_owned())),
    })
}

fn values<D: DataType>(
    reader: &mut ColumnReaderImpl<D>,
    rows: usize,
    empty: &mut Vec<u32>,
) -> Parquet<Vec<D::T>> {
    let (read, levels) = records(reader, rows)?;
    if read.len() == rows {
        return Ok(read);
    }
    let full = levels.iter().copied().max().unwrap_or(0);
    let mut next = read.into_iter();
    let spread = levels.iter().enumerate().map(|(row, level)| {
        // Where every cell is empty, the highest level is none of a full one.
        let value = if *level == full { next.next() } else { None };
        value.unwrap_or_else(|| {
            empty.push(row as u32);
            D::T::default()
        })
    });
    Ok(spread.collect())
}
