//! Parquet a batch at a time, column by column, without a detour over rows.

use super::{Batch, Batches, Column, Kind, SeeTexts};
use crate::table::FileError;
use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescriptor, ColumnPath, Type};
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;

pub(super) struct ParquetBatches {
    name: String,
    reader: SerializedFileReader<Positioned>,
    header: Vec<String>,
    kinds: Vec<Kind>,
    /// The row group that is being read, with a reader for each column that was asked for.
    group: usize,
    open: Vec<ColumnReader>,
    left: usize,
    row: u64,
}

/// A file that several columns are read from at once: each reader keeps its own place, where clones of a file would
/// move each other's.
struct Positioned(Arc<File>);

struct PlacedReader {
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
        Ok(Self { name: name.to_owned(), reader, header, kinds, group: 0, open: Vec::new(), left: 0, row: 1 })
    }

    fn open_group(&mut self, columns: &[usize]) -> Result<bool, FileError> {
        if self.group >= self.reader.num_row_groups() {
            return Ok(false);
        }
        let broken = |error: parquet::errors::ParquetError| FileError::broken(self.name.as_str(), error);
        let group = self.reader.get_row_group(self.group).map_err(broken)?;
        self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        self.open = columns
            .iter()
            .map(|column| group.get_column_reader(*column))
            .collect::<Result<_, _>>()
            .map_err(broken)?;
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
        &self.header
    }

    fn kinds(&self) -> Vec<Kind> {
        self.kinds.clone()
    }

    fn rows(&self) -> Option<u64> {
        u64::try_from(self.reader.metadata().file_metadata().num_rows()).ok()
    }

    fn next(&mut self, columns: &[usize], most: usize) -> Result<Option<Batch>, FileError> {
        let Some(mut batch) = self.begin(columns, most)? else { return Ok(None) };
        let (rows, kinds) = (batch.rows, &self.kinds);
        let found = self.open.par_iter_mut().zip(columns).map(|(reader, column)| {
            read(reader, rows, kinds[*column])
                .map_err(|error| broken_column(&self.name, &self.header[*column], error))
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
        let (rows, kinds) = (batch.rows, &self.kinds);
        self.open.par_iter_mut().zip(columns).enumerate().try_for_each(|(n, (reader, column))| {
            let seen = match reader {
                ColumnReader::ByteArrayColumnReader(reader) if kinds[*column] == Kind::Text => {
                    cells(reader, rows).map(|all| see_cells(&all, n, see))
                }
                other => read(other, rows, kinds[*column]).map(|column| column.see_texts(n, see)),
            };
            seen.map_err(|error| broken_column(&self.name, &self.header[*column], error))
        })?;
        Ok(Some(batch))
    }
}

fn see_cells(all: &[Option<ByteArray>], n: usize, see: &SeeTexts) {
    // What is no text is shown as far as it is one.
    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes)
            .or_else(|error| std::str::from_utf8(&bytes[..error.valid_up_to()]))
            .unwrap_or_default()
    }
    see(n, &mut all.iter().map(|cell| cell.as_ref().map(|value| text(value.data()))));
}

fn broken_column(file: &str, column: &str, error: parquet::errors::ParquetError) -> FileError {
    FileError::broken(format!("{file}: column {column}"), error)
}

type Parquet<T> = Result<T, parquet::errors::ParquetError>;

fn read(reader: &mut ColumnReader, rows: usize, kind: Kind) -> Parquet<Column> {
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

fn cells<D: DataType>(reader: &mut ColumnReaderImpl<D>, rows: usize) -> Parquet<Vec<Option<D::T>>> {
    values(reader, rows, |value| value)
}

fn values<D: DataType, T>(
    reader: &mut ColumnReaderImpl<D>,
    rows: usize,
    make: impl Fn(D::T) -> T,
) -> Parquet<Vec<Option<T>>> {
    let (mut read, mut levels) = (Vec::with_capacity(rows), Vec::new());
    let (mut done, mut known) = (0, 0);
    while done < rows {
        let (records, values, _) = reader.read_records(rows - done, Some(&mut levels), None, &mut read)?;
        if records == 0 {
            break;
        }
        done += records;
        known += values;
    }
    if done < rows {
        let why = format!("{done} rows where {rows} were announced");
        return Err(parquet::errors::ParquetError::EOF(why));
    }
    if known == rows {
        return Ok(read.into_iter().map(|value| Some(make(value))).collect());
    }
    // A level below the highest means that the cell is empty.
    let full = levels.iter().copied().max().unwrap_or(0);
    let mut next = read.into_iter();
    Ok(levels.iter().map(|level| if *level == full { next.next().map(&make) } else { None }).collect())
}

pub(super) struct ParquetSink {
    writer: SerializedFileWriter<File>,
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
        // Doubles seldom repeat: looking for those that do costs more than it saves.
        let doubles = header.iter().zip(kinds).filter(|(_, kind)| **kind == Kind::Float);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = doubles.fold(properties, |properties, (name, _)| {
            properties.set_column_dictionary_enabled(ColumnPath::new(vec![name.clone()]), false)
        });
        let properties = properties.build();
        let writer =
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(broken)?;
        Ok(Self { writer })
    }

    /// A batch becomes a row group.
    pub(super) fn write(&mut self, columns: &[&Column]) -> Result<(), FileError> {
        let mut group = self.writer.next_row_group().map_err(broken)?;
        for column in columns {
            match column {
                Column::Bool(all) => put::<BoolType>(&mut group, all.iter().copied()),
                Column::Int(all) => put::<Int64Type>(&mut group, all.iter().copied()),
                Column::Float(all) => put::<DoubleType>(&mut group, all.iter().copied()),
                Column::Text(all) => {
                    put::<ByteArrayType>(&mut group, packed(all.iter().map(|text| text.as_deref())))
                }
                Column::Few(few) => {
                    let texts: Vec<ByteArray> =
                        few.texts.iter().map(|text| ByteArray::from(text.as_str())).collect();
                    put::<ByteArrayType>(&mut group, few.of.iter().map(|n| Some(texts[*n as usize].clone())))
                }
                Column::Bytes(all) => {
                    put::<ByteArrayType>(&mut group, all.iter().map(|v| v.clone().map(ByteArray::from)))
                }
            }
            .map_err(broken)?;
        }
        group.close().map_err(broken)?;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), FileError> {
        self.writer.close().map(drop).map_err(broken)
    }
}

/// Texts as parts of one block of memory, in place of one each.
fn packed<'a>(
    texts: impl Iterator<Item = Option<&'a str>> + Clone,
) -> impl Iterator<Item = Option<ByteArray>> {
    let all: String = texts.clone().flatten().collect();
    let all = Bytes::from(all);
    let mut at = 0;
    texts.map(|text| text.map(str::len)).collect::<Vec<_>>().into_iter().map(move |length| {
        length.map(|length| {
            at += length;
            ByteArray::from(all.slice(at - length..at))
        })
    })
}

fn put<D: DataType>(
    group: &mut parquet::file::writer::SerializedRowGroupWriter<'_, File>,
    cells: impl Iterator<Item = Option<D::T>>,
) -> Parquet<()> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    if let Some(mut column) = group.next_column()? {
        column.typed::<D>().write_batch(&values, Some(&levels), None)?;
        column.close()?;
    }
    Ok(())
}
