//! Reading tables of records: which rows can be used, and which not and why.

use super::progress;
use crate::columns::column;
use crate::faults::Faults;
use anyhow::bail;
use gridweave_files::batches::{Cells, SeeTexts, open_batches};
use gridweave_linkage::records::{self, Records, RecordsBuilder};
use gridweave_linkage::settings::Settings;
use std::path::Path;

/// Rows that are read at a time.
const READ_AT_ONCE: usize = 1 << 13;

/// What was read.
pub(super) struct Read {
    /// The columns that are compared.
    pub records: Records,
    /// Identifiers, and the truth where it is asked for.
    pub aside: Vec<records::Column>,
    pub left_out: u64,
}

pub(super) struct Wanted<'a> {
    pub files: Vec<&'a Path>,
    pub id: Option<&'a str>,
    pub truth: Option<&'a str>,
    /// The columns that are compared; all others where none are named.
    pub columns: Option<Vec<String>>,
    pub skip_bad: bool,
    /// What the columns are, where that is known.
    pub settings: Option<&'a Settings>,
}

pub(super) fn header_of(path: &Path) -> anyhow::Result<Vec<String>> {
    Ok(open_batches(path)?.header().to_vec())
}

/// Reads the tables. Rows that cannot be read and identifiers that are missing or doubled end it, or are left out where
/// that is asked for.
pub(super) fn read(wanted: &Wanted) -> anyhow::Result<Read> {
    let first = header_of(wanted.files[0])?;
    let compared = wanted.columns.clone().unwrap_or_else(|| {
        first
            .iter()
            .filter(|name| ![wanted.id, wanted.truth].contains(&Some(name.as_str())))
            .cloned()
            .collect()
    });
    let mut names = vec![wanted.id.unwrap_or("row").to_owned()];
    names.extend(wanted.truth.map(str::to_owned));
    names.extend(compared.iter().cloned());
    let exact = names.len() - compared.len();
    let mut builder = RecordsBuilder::with_exact(&names, exact);
    if let Some(settings) = wanted.settings {
        settings.clean_as_they_come(&mut builder);
    }
    let mut faults = Faults::default();
    // Where each batch begins, for naming rows: the record, the file and its row.
    let mut batches: Vec<(usize, &Path, u64)> = Vec::new();
    let mut count = 0;
    for (n, path) in wanted.files.iter().enumerate() {
        if n == 1 {
            builder.second();
        }
        let mut source = open_batches(path)?;
        let header = source.header().to_vec();
        let at = |name: &String| column(&header, name, path);
        let mut columns: Vec<usize> = compared.iter().map(at).collect::<anyhow::Result<_>>()?;
        let id = wanted.id.map(|name| column(&header, name, path)).transpose()?;
        let truth = wanted.truth.map(|name| column(&header, name, path)).transpose()?;
        columns.splice(0..0, id.into_iter().chain(truth));
        let bar = progress(source.rows(), "read");
        let before = count;
        // Where no column is the identifier the number of the row is.
        let from = usize::from(id.is_none());
        let see: &SeeTexts = &|n, cells| match cells {
            Cells::Each(cells) => builder.push_column(n + from, cells),
            Cells::Numbered(dictionary, numbers) => {
                let text = |number: u32| dictionary.text(number - 1);
                builder.push_numbered(n + from, dictionary.serial(), text, numbers);
            }
        };
        // At once where that can be, else a batch after the other.
        let mut whole = source.all_texts(&columns, see, &|rows| bar.inc(rows)).transpose()?;
        loop {
            let batch = match whole.take() {
                Some(all) => Some(all),
                None => source.next_texts(&columns, READ_AT_ONCE, see)?,
            };
            let Some(batch) = batch else { break };
            for bad in &batch.bad {
                faults.tell(|| format!("{} line {}: {}", path.display(), bad.line, bad.why));
            }
            if id.is_none() {
                let rows: Vec<String> =
                    (0..batch.rows as u64).map(|row| (batch.first_row + row).to_string()).collect();
                builder.push_column(0, rows.iter().map(|row| Some(row.as_str())));
            }
            batches.push((count, path, batch.first_row));
            count += batch.rows;
            bar.set_position((count - before) as u64);
        }
        builder.end_batch(count - before);
        bar.finish_and_clear();
    }
    let mut records = builder.finish();
    let shown = |record: usize| {
        let (from, path, row) = batches[batches.partition_point(|(from, ..)| *from <= record) - 1];
        (path.display().to_string(), row + (record - from) as u64)
    };
    let keep = identified(&records, &mut faults, &shown);
    if faults.count() > 0 {
        if !wanted.skip_bad {
            bail!(
                "{} rows cannot be used; nothing was written. Put them right, or leave them out with --skip-bad",
                faults.count()
            );
        }
        records.retain(&keep);
    }
    let compared = records.columns.split_off(exact);
    let aside = std::mem::replace(&mut records.columns, compared);
    Ok(Read { records, aside, left_out: faults.count() })
}

/// Which records have an identifier of their own; the others are told.
fn identified(records: &Records, faults: &mut Faults, shown: &dyn Fn(usize) -> (String, u64)) -> Vec<bool> {
    let ids = &records.columns[0];
    let mut keep = vec![true; records.len];
    for table in [0..records.first, records.first..records.len] {
        let mut before = vec![usize::MAX; ids.values.len()];
        for record in table {
            let code = ids.codes[record] as usize;
            let first = std::mem::replace(&mut before[code], record);
            if code != 0 && first == usize::MAX {
                continue;
            }
            keep[record] = false;
            before[code] = first.min(record);
            faults.tell(|| {
                let (path, row) = shown(record);
                match code {
                    0 => format!("{path} row {row}: the identifier is empty"),
                    _ => {
                        let id = ids.values.get(code as u32);
                        format!(
                            "{path} row {row}: {id:?} is the identifier of row {} already",
                            shown(first).1
                        )
                    }
                }
            });
        }
    }
    keep
}
