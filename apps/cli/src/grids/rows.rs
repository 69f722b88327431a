//! Tables that are told: into a file as CSV, or on standard output.

use anyhow::Context;
use gridweave_files::{print_csv, write_csv, write_whole};
use std::path::Path;

/// A table.
pub struct Rows {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// One without rows.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Writes all; the file is there only when it is whole.
    pub fn write(self, path: &Path) -> anyhow::Result<()> {
        let Self { header, rows } = self;
        write_whole(path, |file| write_csv(file, &header, rows.into_iter()).map_err(std::io::Error::other))
            .with_context(|| path.display().to_string())
    }

    /// Writes all, or prints it where no file is named.
    pub fn write_or_print(self, path: Option<&Path>) -> anyhow::Result<()> {
        match path {
            Some(path) => self.write(path),
            None => Ok(print_csv(&mut std::io::stdout().lock(), &self.header, self.rows.into_iter())?),
        }
    }
}
