//! A table of text cells, whatever file it came from.

use std::collections::HashMap;
use std::path::Path;

/// Why a file as a whole could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be opened or read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Its ending tells no format that we know.
    #[error("{0}: unknown ending; use .csv, .csv.gz, .jsonl, .xlsx or .parquet")]
    Format(String),
    /// It is not what its ending says.
    #[error("{what} cannot be read: {why}")]
    Broken {
        /// Which file or part.
        what: String,
        /// Why not.
        why: String,
    },
    /// It has no header, or nothing at all.
    #[error("the file has no header row")]
    NoHeader,
}

impl FileError {
    pub(crate) fn broken(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        FileError::Broken { what: what.into(), why: why.to_string() }
    }
}

/// The formats of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, UTF-8 (with or without mark) or GBK.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Excel.
    Xlsx,
    /// Parquet.
    Parquet,
}

impl Format {
    /// The format of an ending, and whether the file is compressed by gzip.
    pub fn of_path(path: &Path) -> Result<(Self, bool), FileError> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let (name, zipped) = match name.strip_suffix(".gz") {
            Some(inner) => (inner.to_owned(), true),
            None => (name, false),
        };
        let ending = name.rsplit('.').next().unwrap_or_default();
        Self::of_name(ending)
            .map(|format| (format, zipped))
            .ok_or(FileError::Format(path.display().to_string()))
    }

    /// Its name, which is the ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::Xlsx => "xlsx",
            Format::Parquet => "parquet",
        }
    }

    /// The format of a name: `csv`, `jsonl`, `xlsx`, `parquet`.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Format::Csv),
            "jsonl" | "ndjson" => Some(Format::Jsonl),
            "xlsx" => Some(Format::Xlsx),
            "parquet" => Some(Format::Parquet),
            _ => None,
        }
    }
}

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadRow {
    /// Line in the file, the header being 1.
    pub line: u64,
    /// Why not.
    pub why: String,
}

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Column names.
    pub header: Vec<String>,
    /// Line in the file and cells, as many as the header has.
    pub rows: Vec<(u64, Vec<String>)>,
    /// Rows that could not be read.
    pub bad: Vec<BadRow>,
}

impl Table {
    /// The number of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Each row as a map from column to value.
    pub fn maps(&self) -> impl Iterator<Item = (u64, HashMap<String, String>)> + '_ {
        self.rows
            .iter()
            .map(|(line, cells)| (*line, self.header.iter().cloned().zip(cells.iter().cloned()).collect()))
    }
}

/// Reads a file by its ending.
pub fn read_table(path: &Path) -> Result<Table, FileError> {
    let (format, zipped) = Format::of_path(path)?;
    let io = |source| FileError::Io { path: path.display().to_string(), source };
    let mut bytes = std::fs::read(path).map_err(io)?;
    if zipped {
        let mut clear = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes.as_slice()), &mut clear)
            .map_err(io)?;
        bytes = clear;
    }
    read_table_from(bytes, format)
}

/// Reads bytes of a known format.
pub fn read_table_from(bytes: Vec<u8>, format: Format) -> Result<Table, FileError> {
    match format {
        Format::Csv => crate::csv_file::read_csv(&bytes),
        Format::Jsonl => read_jsonl(&bytes),
        Format::Xlsx => crate::xlsx_file::read_xlsx(bytes),
        Format::Parquet => crate::parquet_file::read_parquet(bytes),
    }
}

/// The text of bytes: UTF-8, else GBK (GB 18030, its superset).
pub(crate) fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode(bytes).0.into_owned(),
    }
}

/// A JSON value as a cell.
fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn read_jsonl(bytes: &[u8]) -> Result<Table, FileError> {
    let mut table = Table::default();
    let mut objects = Vec::new();
    for (i, line) in decode(bytes).lines().enumerate() {
        let line_number = i as u64 + 1;
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line) {
            Ok(object) => {
                for key in object.keys() {
                    if table.column(key).is_none() {
                        table.header.push(key.clone());
                    }
                }
                objects.push((line_number, object));
            }
            Err(error) => table.bad.push(BadRow { line: line_number, why: error.to_string() }),
        }
    }
    for (line, object) in objects {
        let cells = table.header.iter().map(|key| object.get(key).map(cell).unwrap_or_default()).collect();
        table.rows.push((line, cells));
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{write_csv, write_xlsx};
    use proptest::prelude::*;

    #[test]
    fn gbk_is_read_and_short_rows_are_reported() {
        let (gbk, _, _) = encoding_rs::GBK.encode("户号,地址\n1,东湖花园3栋\n2\n3,\"新华路,202号\"\n");
        let table = read_table_from(gbk.into_owned(), Format::Csv).unwrap();
        assert_eq!(table.header, ["户号", "地址"]);
        assert_eq!(table.rows[1], (4, vec!["3".to_owned(), "新华路,202号".to_owned()]));
        assert_eq!(table.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [3]);
        assert!(matches!(read_table_from(vec![], Format::Csv), Err(FileError::NoHeader)));
        assert!(read_table_from(b"not a zip".to_vec(), Format::Xlsx).is_err());
        assert!(read_table_from(b"PAR?".to_vec(), Format::Parquet).is_err());
    }

    #[test]
    fn json_lines_keep_the_good_ones() {
        let table =
            read_table_from(b"{\"a\":1}\nnope\n{\"b\":\"x\",\"a\":null}\n".to_vec(), Format::Jsonl).unwrap();
        assert_eq!(table.header, ["a", "b"]);
        assert_eq!(
            table.rows,
            [(1, vec!["1".to_owned(), String::new()]), (3, vec![String::new(), "x".to_owned()])]
        );
        assert_eq!(table.bad[0].line, 2);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(rows in prop::collection::vec(prop::collection::vec("[ -~一-龥]{0,12}", 3), 1..20)) {
            let header: Vec<String> = ["编号", "b", "c"].map(str::to_owned).to_vec();
            // Blank rows and outer blanks are the one thing that spreadsheets do not keep.
            let rows: Vec<Vec<String>> = rows.into_iter()
                .map(|row| row.into_iter().map(|cell| format!("x{}x", cell)).collect()).collect();
            let mut csv = Vec::new();
            write_csv(&mut csv, &header, rows.iter().cloned()).unwrap();
            let xlsx = write_xlsx("表", &header, rows.iter().cloned()).unwrap();
            for (bytes, format) in [(csv, Format::Csv), (xlsx, Format::Xlsx)] {
                let table = read_table_from(bytes, format).unwrap();
                prop_assert_eq!(&table.header, &header);
                prop_assert_eq!(table.rows.iter().map(|(_, cells)| cells.clone()).collect::<Vec<_>>(), rows.clone());
            }
        }
    }

    #[test]
    fn long_numbers_stay_text_in_excel() {
        let header = vec!["identity".to_owned()];
        let bytes = write_xlsx("a", &header, [vec!["110105194912310021".to_owned()]].into_iter()).unwrap();
        let table = read_table_from(bytes, Format::Xlsx).unwrap();
        assert_eq!(table.rows[0].1[0], "110105194912310021");
    }
}
