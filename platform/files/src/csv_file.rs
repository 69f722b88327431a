//! CSV: UTF-8 or GBK in, UTF-8 with its mark out, so that spreadsheets show Chinese.

use crate::table::{BadRow, FileError, Table, decode};
use std::io::Write;

pub(crate) fn read_csv(bytes: &[u8]) -> Result<Table, FileError> {
    let text = decode(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut table = Table::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                table.bad.push(BadRow { line, why: error.to_string() });
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if table.header.is_empty() {
            table.header = cells.into_iter().map(|name| name.trim().to_owned()).collect();
        } else if cells.len() == table.header.len() {
            table.rows.push((line, cells));
        } else {
            let why = format!("{} cells, the header has {}", cells.len(), table.header.len());
            table.bad.push(BadRow { line, why });
        }
    }
    if table.header.is_empty() { Err(FileError::NoHeader) } else { Ok(table) }
}

/// Writes CSV with the UTF-8 mark.
pub fn write_csv(
    out: &mut dyn Write,
    header: &[String],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), FileError> {
    out.write_all(b"\xef\xbb\xbf").map_err(|error| FileError::broken("CSV", error))?;
    print_csv(out, header, rows)
}

/// Writes CSV without the mark, as the next program of a pipe wants it.
pub fn print_csv(
    out: &mut dyn Write,
    header: &[String],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), FileError> {
    let broken = |error: csv::Error| FileError::broken("CSV", error);
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(header).map_err(broken)?;
    for row in rows {
        writer.write_record(row).map_err(broken)?;
    }
    writer.flush().map_err(|error| FileError::broken("CSV", error))
}
