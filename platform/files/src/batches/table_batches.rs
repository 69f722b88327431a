//! Tables that are read whole, a batch at a time all the same: JSON lines and XLSX.

use super::{Batch, Batches, Column, Kind};
use crate::table::{BadRow, Table};

/// A table in memory.
pub(super) struct TableBatches {
    header: Vec<String>,
    rows: std::vec::IntoIter<(u64, Vec<String>)>,
    bad: Vec<BadRow>,
    count: u64,
    next: u64,
}

impl TableBatches {
    pub(super) fn of(table: Table) -> Self {
        let count = table.rows.len() as u64;
        Self { header: table.header, rows: table.rows.into_iter(), bad: table.bad, count, next: 1 }
    }
}

impl Batches for TableBatches {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::Text; self.header.len()]
    }

    fn rows(&self) -> Option<u64> {
        Some(self.count)
    }

    fn next(&mut self, columns: &[usize], most: usize) -> Result<Option<Batch>, crate::table::FileError> {
        let rows: Vec<(u64, Vec<String>)> = self.rows.by_ref().take(most).collect();
        let bad = std::mem::take(&mut self.bad);
        if rows.is_empty() && bad.is_empty() {
            return Ok(None);
        }
        let text = |column: &usize| {
            let cell = |(_, cells): &(u64, Vec<String>)| {
                Some(cells[*column].clone()).filter(|cell| !cell.is_empty())
            };
            Column::Text(rows.iter().map(cell).collect())
        };
        let first_row = self.next;
        self.next += rows.len() as u64;
        Ok(Some(Batch { columns: columns.iter().map(text).collect(), rows: rows.len(), first_row, bad }))
    }
}
