//! CSV a batch at a time. Every cell is text here; numbers are read where they are asked for.

use super::{Batch, Batches, Column, Kind};
use crate::table::{BadRow, FileError};
use std::io::{Read, Write};

pub(super) struct CsvBatches {
    name: String,
    reader: csv::Reader<Box<dyn Read + Send>>,
    header: Vec<String>,
    row: u64,
}

impl CsvBatches {
    pub(super) fn open(input: Box<dyn Read + Send>, name: &str) -> Result<Self, FileError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(input);
        let broken = |error: csv::Error| FileError::broken(name, error);
        let header: Vec<String> = reader
            .headers()
            .map_err(broken)?
            .iter()
            .map(|column| column.trim_start_matches('\u{feff}').to_owned())
            .collect();
        if header.is_empty() {
            return Err(FileError::NoHeader);
        }
        Ok(Self { name: name.to_owned(), reader, header, row: 1 })
    }
}

impl Batches for CsvBatches {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::Text; self.header.len()]
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn next(&mut self, columns: &[usize], most: usize) -> Result<Option<Batch>, FileError> {
        let mut cells: Vec<Vec<Option<String>>> = vec![Vec::new(); columns.len()];
        let mut batch = Batch { first_row: self.row, ..Batch::default() };
        let mut record = csv::ByteRecord::new();
        let mut ended = true;
        while batch.rows < most {
            let line = self.reader.position().line();
            let more = self
                .reader
                .read_byte_record(&mut record)
                .map_err(|error| FileError::broken(self.name.as_str(), error))?;
            if !more {
                break;
            }
            ended = false;
            self.row += 1;
            if record.len() != self.header.len() {
                let why = format!("{} cells, the header has {}", record.len(), self.header.len());
                batch.bad.push(BadRow { line: line.max(2), why });
                continue;
            }
            for (cells, column) in cells.iter_mut().zip(columns) {
                let cell = &record[*column];
                cells.push((!cell.is_empty()).then(|| String::from_utf8_lossy(cell).into_owned()));
            }
            batch.rows += 1;
        }
        batch.columns = cells.into_iter().map(Column::Text).collect();
        Ok((!ended).then_some(batch))
    }
}

pub(super) struct CsvSink {
    writer: csv::Writer<Box<dyn Write + Send>>,
}

fn broken(error: impl std::fmt::Display) -> FileError {
    FileError::broken("CSV", error)
}

impl CsvSink {
    pub(super) fn new(mut out: Box<dyn Write + Send>, header: &[String]) -> Result<Self, FileError> {
        // With the mark, spreadsheets read Chinese as Chinese.
        out.write_all(b"\xef\xbb\xbf").map_err(broken)?;
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(header).map_err(broken)?;
        Ok(Self { writer })
    }

    pub(super) fn write(&mut self, columns: &[&Column]) -> Result<(), FileError> {
        let rows = columns.first().map_or(0, |column| column.len());
        for row in 0..rows {
            for column in columns {
                match column {
                    // The usual case without a copy.
                    Column::Text(values) => {
                        self.writer.write_field(values[row].as_deref().unwrap_or("")).map_err(broken)?;
                    }
                    Column::Numbered(numbered) => {
                        self.writer.write_field(numbered.text(row)).map_err(broken)?
                    }
                    other => self.writer.write_field(other.text(row)).map_err(broken)?,
                }
            }
            self.writer.write_record(None::<&[u8]>).map_err(broken)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), FileError> {
        self.writer.flush().map_err(broken)
    }
}
