//! Parquet a batch at a time, column by column, without a detour over rows.

use super::parquet_texts::{TextPages, is_read};
use super::raw::{Counts, counts};
use super::{Batch, Batches, Column, Kind, SeeTexts};
use crate::table::FileError;
use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::{ColumnCloseResult, ColumnWriter, ColumnWriterImpl, get_column_writer};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::reader::{ChunkReader, FileReader, Length, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A file and what it says of its columns.
pub(super) struct Source {
    name: String,
    pub(super) reader: SerializedFileReader<Positioned>,
    header: Vec<String>,
    kinds: Vec<Kind>,
}

pub(super) struct ParquetBatches {
    pub(super) source: Source,
    /// The row group that is being read, with a reader for each column that was asked for.
    group: usize,
    open: Vec<Open>,
    left: usize,
    row: u64,
}

/// A column of a row group that is being read.
pub(super) enum Open {
    Texts(Box<TextPages>),
    Values(Box<ColumnReader>),
}

/// A file that several columns are read from at once: each reader keeps its own place, where clones of a file would
/// move each other's.
pub(super) struct Positioned(Arc<File>);

pub(super) struct PlacedReader {
    file: Arc<File>,
    at: u64,
}

impl Read for PlacedReader {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(&*self.file, into, self.at)?;
        #[cfg(windows)]
        let count = std::os::windows::fs::FileExt::seek_read(&*self.file, into, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.0.metadata().map_or(0, |known| known.len())
    }
}

impl ChunkReader for Positioned {
    type T = BufReader<PlacedReader>;

    fn get_read(&self, start: u64) -> Parquet<Self::T> {
        Ok(BufReader::new(PlacedReader { file: self.0.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Parquet<Bytes> {
        let mut bytes = vec![0; length];
        PlacedReader { file: self.0.clone(), at: start }.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// The type of a column as this module reads it.
fn kind(column: &ColumnDescriptor) -> Option<Kind> {
    let text =
        matches!(column.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON)
            || matches!(column.logical_type_ref(), Some(LogicalType::String));
    // Lists have no place in a row of cells.
    if column.max_rep_level() > 0 {
        return None;
    }
    match column.physical_type() {
        Physical::BOOLEAN => Some(Kind::Bool),
        Physical::INT32 | Physical::INT64 => Some(Kind::Int),
        Physical::FLOAT | Physical::DOUBLE => Some(Kind::Float),
        Physical::BYTE_ARRAY => Some(if text { Kind::Text } else { Kind::Bytes }),
        Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY => None,
    }
}

impl Source {
    pub(super) fn open_column(&self, group: &dyn RowGroupReader, column: usize) -> Parquet<Open> {
        let known = group.metadata().column(column);
        Ok(match self.kinds[column] == Kind::Text && is_read(known) {
            true => Open::Texts(Box::new(TextPages::new(group.get_column_page_reader(column)?, known))),
            false => Open::Values(Box::new(group.get_column_reader(column)?)),
        })
    }

    /// Hands all texts of a column from a row group on to `see`.
    fn see_column(
        &self,
        from: usize,
        (n, column): (usize, usize),
        see: &SeeTexts,
        told: &dyn Fn(u64),
    ) -> Parquet<()> {
        const AT_ONCE: usize = 1 << 13;
        for group in from..self.reader.num_row_groups() {
            let group = self.reader.get_row_group(group)?;
            let mut open = self.open_column(&*group, column)?;
            let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            while left > 0 {
                let rows = left.min(AT_ONCE);
                match &mut open {
                    Open::Texts(pages) => pages.see(rows, &mut |cells| see(n, cells))?,
                    other => read(other, rows, self.kinds[column])?.see_texts(n, see),
                }
                left -= rows;
                told(rows as u64);
            }
        }
        Ok(())
    }
}

impl ParquetBatches {
    pub(super) fn open(file: File, name: &str) -> Result<Self, FileError> {
        let file = Positioned(Arc::new(file));
        let reader = SerializedFileReader::new(file).map_err(|error| FileError::broken(name, error))?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let (mut header, mut kinds) = (Vec::new(), Vec::new());
        for column in schema.columns() {
            let kind = kind(column).ok_or_else(|| {
                let why = format!("column {} is of a type that has no place in a table", column.path());
                FileError::broken(name, why)
            })?;
            header.push(column.path().string());
            kinds.push(kind);
        }
        let source = Source { name: name.to_owned(), reader, header, kinds };
        Ok(Self { source, group: 0, open: Vec::new(), left: 0, row: 1 })
    }

    fn open_group(&mut self, columns: &[usize]) -> Result<bool, FileError> {
        if self.group >= self.source.reader.num_row_groups() {
            return Ok(false);
        }
        let broken = |error: ParquetError| FileError::broken(self.source.name.as_str(), error);
        let group = self.source.reader.get_row_group(self.group).map_err(broken)?;
        self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let open = columns.iter().map(|column| self.source.open_column(&*group, *column));
        self.open = open.collect::<Result<_, _>>().map_err(broken)?;
        self.group += 1;
        Ok(true)
    }

    /// An empty batch of the next rows, which the open readers are to be asked for.
    fn begin(&mut self, columns: &[usize], most: usize) -> Result<Option<Batch>, FileError> {
        while self.left == 0 {
            if !self.open_group(columns)? {
                return Ok(None);
            }
        }
        let rows = self.left.min(most);
        self.left -= rows;
        let first_row = self.row;
        self.row += rows as u64;
        Ok(Some(Batch { columns: Vec::new(), rows, first_row, bad: Vec::new() }))
    }
}

impl Batches for ParquetBatches {
    fn header(&self) -> &[String] {
        &self.source.header
    }

    fn kinds(&self) -> Vec<Kind> {
        self.source.kinds.clone()
    }

    fn counts(&self, column: usize) -> Option<(Counts, bool)> {
        counts(&self.source.reader.metadata().file_metadata().schema_descr().column(column))
    }

    fn rows(&self) -> Option<u64> {
        u64::try_from(self.source.reader.metadata().file_metadata().num_rows()).ok()
    }

    fn next(&mut self, columns: &[usize], most: usize) -> Result<Option<Batch>, FileError> {
        let Some(mut batch) = self.begin(columns, most)? else { return Ok(None) };
        let (rows, kinds) = (batch.rows, &self.source.kinds);
        let found = self.open.par_iter_mut().zip(columns).map(|(reader, column)| {
            read(reader, rows, kinds[*column])
                .map_err(|error| broken_column(&self.source.name, &self.source.header[*column], error))
        });
        batch.columns = found.collect::<Result<_, _>>()?;
        Ok(Some(batch))
    }

    fn next_texts(
        &mut self,
        columns: &[usize],
        most: usize,
        see: &SeeTexts,
    ) -> Result<Option<Batch>, FileError> {
        let Some(batch) = self.begin(columns, most)? else { return Ok(None) };
        let (rows, kinds) = (batch.rows, &self.source.kinds);
        self.open.par_iter_mut().zip(columns).enumerate().with_max_len(1).try_for_each(
            |(n, (reader, column))| {
                let seen = match reader {
                    Open::Texts(pages) => pages.see(rows, &mut |cells| see(n, cells)),
                    other => read(other, rows, kinds[*column]).map(|column| column.see_texts(n, see)),
                };
                seen.map_err(|error| broken_column(&self.source.name, &self.source.header[*column], error))
            },
        )?;
        Ok(Some(batch))
    }

    fn all_texts(
        &mut self,
        columns: &[usize],
        see: &SeeTexts,
        told: &(dyn Fn(u64) + Sync),
    ) -> Option<Result<Batch, FileError>> {
        if self.left > 0 {
            return None;
        }
        let groups = self.source.reader.metadata().row_groups();
        let size = |column: usize| -> i64 {
            groups[self.group..].iter().map(|group| group.column(column).uncompressed_size()).sum()
        };
        // Whoever is free takes the largest that is left.
        let mut order: Vec<(usize, usize)> = columns.iter().copied().enumerate().collect();
        order.sort_by_key(|(_, column)| std::cmp::Reverse(size(*column)));
        let next = AtomicUsize::new(0);
        let (source, group) = (&self.source, self.group);
        let some = |_| -> Result<(), FileError> {
            while let Some((n, column)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                // The largest column's rows stand for all.
                let largest = *n == order[0].0;
                let told: &dyn Fn(u64) = if largest { told } else { &|_| () };
                source
                    .see_column(group, (*n, *column), see, told)
                    .map_err(|error| broken_column(&source.name, &source.header[*column], error))?;
            }
            Ok(())
        };
        let done = (0..rayon::current_num_threads()).into_par_iter().with_max_len(1).try_for_each(some);
        let rows = groups[self.group..].iter().map(|group| group.num_rows()).sum::<i64>();
        let rows = usize::try_from(rows).unwrap_or(0);
        let batch = Batch { columns: Vec::new(), rows, first_row: self.row, bad: Vec::new() };
        self.group = groups.len();
        self.row += rows as u64;
        Some(done.map(|()| batch))
    }
}

fn broken_column(file: &str, column: &str, error: ParquetError) -> FileError {
    FileError::broken(format!("{file}: column {column}"), error)
}

type Parquet<T> = Result<T, ParquetError>;

fn read(open: &mut Open, rows: usize, kind: Kind) -> Parquet<Column> {
    let reader = match open {
        Open::Texts(pages) => {
            let mut texts = Vec::with_capacity(rows);
            pages.see(rows, &mut |cells| cells.each(|cell| texts.push(cell.map(str::to_owned))))?;
            return Ok(Column::Text(texts));
        }
        Open::Values(reader) => reader.as_mut(),
    };
    Ok(match reader {
        ColumnReader::BoolColumnReader(reader) => Column::Bool(values(reader, rows, |v| v)?),
        ColumnReader::Int32ColumnReader(reader) => Column::Int(values(reader, rows, i64::from)?),
        ColumnReader::Int64ColumnReader(reader) => Column::Int(values(reader, rows, |v| v)?),
        ColumnReader::FloatColumnReader(reader) => Column::Float(values(reader, rows, f64::from)?),
        ColumnReader::DoubleColumnReader(reader) => Column::Float(values(reader, rows, |v| v)?),
        ColumnReader::ByteArrayColumnReader(reader) if kind == Kind::Text => {
            let text = |v: ByteArray| String::from_utf8_lossy(v.data()).into_owned();
            Column::Text(values(reader, rows, text)?)
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            Column::Bytes(values(reader, rows, |v| v.data().to_vec())?)
        }
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            Column::Text(vec![None; rows])
        }
    })
}

/// So many rows of a column: the values of its full cells, and the level of each cell; those of a full one are the
/// highest.
pub(super) fn records<D: DataType>(
    reader: &mut ColumnReaderImpl<D>,
    rows: usize,
) -> Parquet<(Vec<D::T>, Vec<i16>)> {
    let (mut read, mut levels) = (Vec::with_capacity(rows), Vec::new());
    let mut done = 0;
    while done < rows {
        let (records, ..) = reader.read_records(rows - done, Some(&mut levels), None, &mut read)?;
        if records == 0 {
            return Err(ParquetError::EOF(format!("{done} rows where {rows} were announced")));
        }
        done += records;
    }
    Ok((read, levels))
}

fn values<D: DataType, T>(
    reader: &mut ColumnReaderImpl<D>,
    rows: usize,
    make: impl Fn(D::T) -> T,
) -> Parquet<Vec<Option<T>>> {
    let (read, levels) = records(reader, rows)?;
    if read.len() == rows {
        return Ok(read.into_iter().map(|value| Some(make(value))).collect());
    }
    // A level below the highest means that the cell is empty.
    let full = levels.iter().copied().max().unwrap_or(0);
    let mut next = read.into_iter();
    Ok(levels.iter().map(|level| if *level == full { next.next().map(&make) } else { None }).collect())
}

pub(super) struct ParquetSink {
    writer: SerializedFileWriter<File>,
    /// How columns are written that say a value once and then its number, and how those that say each.
    once: WriterPropertiesPtr,
    each: WriterPropertiesPtr,
}

fn broken(error: impl std::fmt::Display) -> FileError {
    FileError::broken("Parquet", error)
}

impl ParquetSink {
    pub(super) fn new(file: File, header: &[String], kinds: &[Kind]) -> Result<Self, FileError> {
        let field = |(name, kind): (&String, &Kind)| {
            let (physical, logical) = match kind {
                Kind::Bool => (Physical::BOOLEAN, None),
                Kind::Int => (Physical::INT64, None),
                Kind::Float => (Physical::DOUBLE, None),
                Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                Kind::Bytes => (Physical::BYTE_ARRAY, None),
            };
            Type::primitive_type_builder(name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(logical)
                .build()
                .map(Arc::new)
        };
        let fields = header.iter().zip(kinds).map(field).collect::<Result<Vec<_>, _>>().map_err(broken)?;
        let schema = Type::group_type_builder("schema").with_fields(fields).build().map_err(broken)?;
        let with_dictionary = |enabled| {
            let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
            let properties = properties.set_statistics_enabled(EnabledStatistics::Chunk);
            Arc::new(properties.set_dictionary_enabled(enabled).build())
        };
        let (once, each) = (with_dictionary(true), with_dictionary(false));
        let writer = SerializedFileWriter::new(file, Arc::new(schema), once.clone()).map_err(broken)?;
        Ok(Self { writer, once, each })
    }

    /// A batch becomes a row group; its columns are encoded beside each other on all cores.
    pub(super) fn write(&mut self, columns: &[&Column]) -> Result<(), FileError> {
        let schema = self.writer.schema_descr();
        let encoded = columns.par_iter().enumerate().map(|(n, column)| {
            let properties = if seldom_repeats(column) { &self.each } else { &self.once };
            encoded(column, schema.column(n), properties.clone())
        });
        let encoded: Vec<_> = encoded.collect::<Parquet<_>>().map_err(broken)?;
        let mut group = self.writer.next_row_group().map_err(broken)?;
        for (bytes, closed) in encoded {
            group.append_column(&bytes, closed).map_err(broken)?;
        }
        group.close().map_err(broken)?;
        Ok(())
    }

    /// Says something of the whole file.
    pub(super) fn note(&mut self, key: &str, value: &str) {
        self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value.to_owned()));
    }

    pub(super) fn finish(self) -> Result<(), FileError> {
        self.writer.close().map(drop).map_err(broken)
    }
}

/// Texts that are looked at to see whether they repeat.
const LOOKED_AT: usize = 1000;

/// Where values seldom repeat, looking for those that do costs more than it saves: doubles, and texts of which nearly
/// all of the first differ.
fn seldom_repeats(column: &Column) -> bool {
    let first: Vec<&str> = match column {
        Column::Float(_) => return true,
        Column::Text(all) => all.iter().flatten().take(LOOKED_AT).map(String::as_str).collect(),
        Column::Numbered(numbered) => numbered.each().take(LOOKED_AT).collect(),
        _ => return false,
    };
    let different: HashSet<&&str> = first.iter().collect();
    first.len() == LOOKED_AT && different.len() * 10 > first.len() * 9
}

/// The bytes of a column of a row group, and what its footer says of it.
fn encoded(
    column: &Column,
    described: ColumnDescPtr,
    properties: WriterPropertiesPtr,
) -> Parquet<(Bytes, ColumnCloseResult)> {
    let mut sink = TrackedWrite::new(Vec::new());
    let writer = get_column_writer(described, properties, Box::new(SerializedPageWriter::new(&mut sink)));
    let closed = match (column, writer) {
        (Column::Bool(all), ColumnWriter::BoolColumnWriter(to)) => put(to, all.iter().copied()),
        (Column::Int(all), ColumnWriter::Int64ColumnWriter(to)) => put(to, all.iter().copied()),
        (Column::Float(all), ColumnWriter::DoubleColumnWriter(to)) => put(to, all.iter().copied()),
        (Column::Text(all), ColumnWriter::ByteArrayColumnWriter(to)) => {
            put(to, packed(all.iter().map(|text| text.as_deref())))
        }
        (Column::Numbered(numbered), ColumnWriter::ByteArrayColumnWriter(to)) => {
            put(to, packed(numbered.each().map(Some)))
        }
        (Column::Bytes(all), ColumnWriter::ByteArrayColumnWriter(to)) => {
            put(to, all.iter().map(|v| v.clone().map(ByteArray::from)))
        }
        (column, _) => {
            Err(ParquetError::General(format!("{:?} where another type was announced", column.kind())))
        }
    }?;
    Ok((sink.into_inner()?.into(), closed))
}

/// Texts as parts of one block of memory, in place of one each.
fn packed<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> impl Iterator<Item = Option<ByteArray>> {
    let mut all = String::new();
    let mut lengths = Vec::with_capacity(texts.size_hint().0);
    for text in texts {
        all.push_str(text.unwrap_or_default());
        lengths.push(text.map(str::len));
    }
    let all = Bytes::from(all);
    let mut at = 0;
    lengths.into_iter().map(move |length| {
        length.map(|length| {
            at += length;
            ByteArray::from(all.slice(at - length..at))
        })
    })
}

fn put<D: DataType>(
    mut column: ColumnWriterImpl<'_, D>,
    cells: impl Iterator<Item = Option<D::T>>,
) -> Parquet<ColumnCloseResult> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    column.write_batch(&values, Some(&levels), None)?;
    column.close()
}
