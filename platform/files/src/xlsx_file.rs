//! XLSX: the first sheet in; text cells out, so that no identity number becomes 4.2E+17.

use crate::table::{FileError, Table};
use calamine::{Data, Reader, Xlsx};
use std::io::Cursor;

pub(crate) fn read_xlsx(bytes: Vec<u8>) -> Result<Table, FileError> {
    let broken = |error: calamine::XlsxError| FileError::broken("XLSX", error);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let range = book.worksheet_range_at(0).ok_or(FileError::NoHeader)?.map_err(broken)?;
    let first = range.start().map_or(0, |(row, _)| u64::from(row));
    let mut rows = range.rows().enumerate();
    let Some((_, header)) = rows.next() else { return Err(FileError::NoHeader) };
    let mut table = Table {
        header: header.iter().map(|cell| text(cell).trim().to_owned()).collect(),
        ..Table::default()
    };
    for (i, row) in rows {
        let cells: Vec<String> = row.iter().map(text).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            table.rows.push((first + i as u64 + 1, cells));
        }
    }
    Ok(table)
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::DateTime(stamp) => {
            // Excel counts days from 1899-12-30; 25569 of them lie before 1970.
            let day = stamp.as_f64() - 25_569.0;
            let date = gridweave_core::Zone::date_text(day.floor() as i64);
            let minutes = ((day - day.floor()) * 1440.0).round() as i64;
            match minutes {
                0 => date,
                _ => format!("{date} {:02}:{:02}", minutes / 60, minutes % 60),
            }
        }
    }
}

/// Writes one sheet of text cells with a frozen header.
pub fn write_xlsx(
    sheet: &str,
    header: &[String],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<Vec<u8>, FileError> {
    let broken = |error: rust_xlsxwriter::XlsxError| FileError::broken("XLSX", error);
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet();
    page.set_name(sheet).map_err(broken)?;
    let bold = rust_xlsxwriter::Format::new().set_bold();
    for (column, name) in header.iter().enumerate() {
        page.write_string_with_format(0, column as u16, name, &bold).map_err(broken)?;
    }
    page.set_freeze_panes(1, 0).map_err(broken)?;
    for (number, row) in rows.enumerate() {
        for (column, cell) in row.iter().enumerate() {
            page.write_string(number as u32 + 1, column as u16, cell).map_err(broken)?;
        }
    }
    book.save_to_buffer().map_err(broken)
}
