//! The columns of a file by their names.

use crate::WrongCall;
use std::path::Path;

/// Where the column of that name stands; a wrong call where there is none.
pub fn column(header: &[String], name: &str, path: &Path) -> anyhow::Result<usize> {
    header.iter().position(|column| column == name).ok_or_else(|| no_column(header, name, path))
}

/// A wrong call: a column that a file does not have, and those that it has.
pub fn no_column(header: &[String], wanted: &str, path: &Path) -> anyhow::Error {
    WrongCall(format!("{}: no column {wanted:?}; there are: {}", path.display(), header.join(", "))).into()
}
