//! Parquet in, every column as text. Byte arrays (geometry) come as hexadecimal.

use crate::table::{FileError, Table};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

pub(crate) fn read_parquet(bytes: Vec<u8>) -> Result<Table, FileError> {
    let broken = |error: parquet::errors::ParquetError| FileError::broken("Parquet", error);
    let reader = SerializedFileReader::new(parquet_bytes(bytes)).map_err(broken)?;
    let schema = reader.metadata().file_metadata().schema();
    let header = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    let mut table = Table { header, ..Table::default() };
    for (i, row) in reader.get_row_iter(None).map_err(broken)?.enumerate() {
        let row = row.map_err(broken)?;
        let cells = row.get_column_iter().map(|(_, field)| text(field)).collect();
        table.rows.push((i as u64 + 1, cells));
    }
    Ok(table)
}

fn parquet_bytes(bytes: Vec<u8>) -> bytes::Bytes {
    bytes::Bytes::from(bytes)
}

fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => bytes.data().iter().map(|byte| format!("{byte:02x}")).collect(),
        Field::TimestampMillis(ms) => ms.to_string(),
        Field::TimestampMicros(us) => (us / 1000).to_string(),
        Field::Date(day) => gridweave_core::Zone::date_text(i64::from(*day)),
        Field::Double(value) => value.to_string(),
        Field::Float(value) => value.to_string(),
        other => other.to_string(),
    }
}
