//! The columns of a file by their names, and the geometry in them.

use crate::WrongCall;
use gridweave_atlas::Geometry;
use gridweave_atlas::wkb::{self, InvalidWkb};
use gridweave_files::batches::Column;
use std::path::Path;

/// Where the column of that name stands; a wrong call where there is none.
pub fn column(header: &[String], name: &str, path: &Path) -> anyhow::Result<usize> {
    header.iter().position(|column| column == name).ok_or_else(|| no_column(header, name, path))
}

/// A wrong call: a column that a file does not have, and those that it has.
pub fn no_column(header: &[String], wanted: &str, path: &Path) -> anyhow::Error {
    WrongCall(format!("{}: no column {wanted:?}; there are: {}", path.display(), header.join(", "))).into()
}

/// The geometry of a row: WKB, as bytes or as hexadecimal text; none where there is nothing.
pub fn geometry(column: &Column, row: usize) -> Option<Result<Geometry, InvalidWkb>> {
    match column {
        Column::Bytes(all) => all[row].as_deref().map(wkb::read),
        other => crate::kernels::unhex(&other.text(row)).map(|bytes| wkb::read(&bytes)),
    }
}
