//! The table of meters: who is on the care list, and who lies beside whom.

use crate::args::ReadingsCall;
use crate::columns::column;
use gridweave_files::batches::open_batches;
use gridweave_meters::{LEVELS, Scan};
use std::path::Path;

/// Is a cell a yes?
pub fn is_yes(cell: &str) -> bool {
    matches!(cell.trim().to_lowercase().as_str(), "1" | "yes" | "true" | "y" | "是")
}

/// Puts what the table says into the scan. Meters that it does not name are homes without neighbours.
pub fn apply(call: &ReadingsCall, scan: &mut Scan) -> anyhow::Result<()> {
    let Some(path) = &call.register else { return Ok(()) };
    rows(path, &call.near, |meter, care, near| {
        let place = scan.keys.place(meter);
        if care {
            scan.care.resize(scan.care.len().max(place + 1), false);
            scan.care[place] = true;
        }
        for (level, name) in near.iter().enumerate().take(LEVELS).filter(|(_, name)| !name.is_empty()) {
            let number = scan.neighbours.numbered(name, level);
            scan.neighbours.put(place, number);
        }
    })
}

/// Hands each row's meter, whether it is on the care list, and its neighbourhoods to `see`.
pub fn rows(path: &Path, near: &[String], mut see: impl FnMut(&str, bool, &[&str])) -> anyhow::Result<()> {
    let mut table = open_batches(path)?;
    let header = table.header().to_vec();
    let find = |name: &str| header.iter().position(|column| column == name);
    let mut columns = vec![column(&header, "meter", path)?];
    let care = find("care");
    columns.extend(care);
    columns.extend(near.iter().filter_map(|name| find(name)));
    let first_near = 1 + usize::from(care.is_some());
    while let Some(batch) = table.next(&columns, 1 << 16)? {
        for row in 0..batch.rows {
            let cells: Vec<String> = batch.columns.iter().map(|column| column.text(row)).collect();
            let on_list = care.is_some() && is_yes(&cells[1]);
            let near: Vec<&str> = cells[first_near..].iter().map(String::as_str).collect();
            see(&cells[0], on_list, &near);
        }
    }
    Ok(())
}
