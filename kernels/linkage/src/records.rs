//! Records column by column: each distinct value is kept once and records hold its number, so that equal values are
//! equal numbers and how often a value occurs is known for nothing.

use crate::clean::fold;
use hashbrown::HashTable;
use std::sync::{Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_64;

/// The number of "no value".
pub const MISSING: u32 = 0;

/// Distinct values in the order of their first occurrence; the first stands for "no value".
#[derive(Clone, Debug)]
pub struct Values {
    texts: String,
    ends: Vec<u64>,
    counts: Vec<u32>,
}

impl Default for Values {
    fn default() -> Self {
        Self { texts: String::new(), ends: vec![0], counts: vec![0] }
    }
}

impl Values {
    /// How many there are, with "no value".
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Is there no value at all?
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1
    }

    /// A value by its number; empty for [`MISSING`].
    #[inline]
    pub fn get(&self, code: u32) -> &str {
        let code = code as usize;
        let from = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[from as usize..self.ends[code] as usize]
    }

    /// How many records hold a value.
    pub fn count(&self, code: u32) -> u32 {
        self.counts[code as usize]
    }

    fn push(&mut self, text: &str) -> u32 {
        self.texts.push_str(text);
        self.ends.push(self.texts.len() as u64);
        self.counts.push(0);
        (self.ends.len() - 1) as u32
    }
}

/// Gives numbers to values while records come in. Beside each number stands half of the value's hash, so that values,
/// which lie far apart, are looked at only where they are nearly certain to be the same.
#[derive(Default)]
pub(crate) struct Numbering {
    table: HashTable<(u32, u32)>,
    /// Records that are expected; room is made for so many values when there are [`MANY`].
    expected: usize,
}

/// A column with so many values has perhaps as many as there are records.
const MANY: usize = 1 << 16;

fn hash_of(text: &str) -> u32 {
    (xxh3_64(text.as_bytes()) >> 32) as u32
}

/// Where a half of a hash stands in a table.
fn spread(half: u32) -> u64 {
    u64::from(half).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Numbering {
    /// That of values which are there already.
    pub(crate) fn of(values: &Values) -> Self {
        let mut table = HashTable::with_capacity(values.len());
        for code in 1..values.len() as u32 {
            let half = hash_of(values.get(code));
            table.insert_unique(spread(half), (half, code), |(half, _)| spread(*half));
        }
        Self { table, expected: 0 }
    }

    /// The number of a text, a new one where it is new; counts it.
    pub(crate) fn number(&mut self, values: &mut Values, text: &str) -> u32 {
        self.number_hashed(values, text, hash_of(text))
    }

    fn number_hashed(&mut self, values: &mut Values, text: &str, half: u32) -> u32 {
        if text.is_empty() {
            values.counts[MISSING as usize] += 1;
            return MISSING;
        }
        let same = |(known, code): &(u32, u32)| *known == half && values.get(*code) == text;
        let found = self.table.find(spread(half), same).map(|(_, code)| *code);
        let code = found.unwrap_or_else(|| {
            let code = values.push(text);
            if self.table.len() == MANY {
                self.table.reserve(self.expected.saturating_sub(MANY), |(half, _)| spread(*half));
            }
            self.table.insert_unique(spread(half), (half, code), |(half, _)| spread(*half));
            code
        });
        values.counts[code as usize] += 1;
        code
    }
}

/// Cells that are numbered together: what one of them waits for in memory the others need not wait for.
const TOGETHER: usize = 64;

impl Numbering {
    /// The numbers of some texts, one behind the other in `texts` up to each of `ends`.
    fn number_some(&mut self, values: &mut Values, texts: &str, ends: &[usize], codes: &mut Vec<u32>) {
        let mut known = [(0, MISSING); TOGETHER];
        let begin = |n: usize| n.checked_sub(1).map_or(0, |before| ends[before]);
        for (n, known) in known.iter_mut().enumerate().take(ends.len()) {
            let half = hash_of(&texts[begin(n)..ends[n]]);
            let found = self.table.find(spread(half), |(known, _)| *known == half);
            *known = (half, found.map_or(MISSING, |(_, code)| *code));
        }
        for (n, (half, known)) in known.iter().enumerate().take(ends.len()) {
            let text = &texts[begin(n)..ends[n]];
            if *known != MISSING && values.get(*known) == text {
                values.counts[*known as usize] += 1;
                codes.push(*known);
            } else {
                codes.push(self.number_hashed(values, text, *half));
            }
        }
    }
}

/// A text folded as those of a column are.
pub(crate) fn fold_owned(text: &str) -> String {
    let mut folded = String::new();
    fold(text, &mut folded).to_owned()
}

/// A column.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Its name in the file.
    pub name: String,
    /// The number of each record's value.
    pub codes: Vec<u32>,
    /// The values.
    pub values: Values,
    /// Are they in their one writing already?
    pub(crate) clean: bool,
}

impl Column {
    /// The column with each value in another writing; values that become the same become one.
    pub fn rewritten(&self, write: impl Fn(&str) -> String + Sync) -> Self {
        use rayon::prelude::*;
        let mut numbering = Numbering::default();
        let mut values = Values::default();
        let mut codes = vec![MISSING; self.values.len()];
        const AT_ONCE: u32 = 1 << 16;
        let end = self.values.len() as u32;
        for from in (1..end).step_by(AT_ONCE as usize) {
            let part = from..end.min(from + AT_ONCE);
            let texts: Vec<String> =
                part.clone().into_par_iter().map(|code| write(self.values.get(code))).collect();
            for (code, text) in part.zip(&texts) {
                codes[code as usize] = numbering.number(&mut values, text);
            }
        }
        let mut column = Self { name: self.name.clone(), codes: self.codes.clone(), values, clean: true };
        column.values.counts.iter_mut().for_each(|count| *count = 0);
        for code in &mut column.codes {
            *code = codes[*code as usize];
            column.values.counts[*code as usize] += 1;
        }
        column
    }

    /// How often two different records, drawn at random of those that have a value, have the same.
    pub fn coincidence(&self) -> f64 {
        let with: f64 = self.values.counts.iter().skip(1).map(|n| f64::from(*n)).sum();
        let same: f64 =
            self.values.counts.iter().skip(1).map(|n| f64::from(*n) * (f64::from(*n) - 1.0)).sum();
        if with < 2.0 { 0.0 } else { same / (with * (with - 1.0)) }
    }
}

/// The records of one table, or of two behind each other.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The columns.
    pub columns: Vec<Column>,
    /// How many records there are.
    pub len: usize,
    /// How many of them are of the first table; all where there is only one.
    pub first: usize,
}

impl Records {
    /// The number of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Leaves records aside; `keep` says which stay.
    pub fn retain(&mut self, keep: &[bool]) {
        for column in &mut self.columns {
            let mut kept = keep.iter();
            column.codes.retain(|_| kept.next().is_none_or(|keep| *keep));
            column.values.counts.iter_mut().for_each(|count| *count = 0);
            for code in &column.codes {
                column.values.counts[*code as usize] += 1;
            }
        }
        self.first = keep[..self.first].iter().filter(|keep| **keep).count();
        self.len = keep.iter().filter(|keep| **keep).count();
    }

    /// Is there no record?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Takes records in, a batch of columns at a time.
pub struct RecordsBuilder {
    /// Columns may come from several threads, each from one at a time.
    columns: Vec<Mutex<(Column, Numbering)>>,
    /// What brings the values of a column to one writing as they come.
    cleaners: Vec<Option<fn(&str) -> String>>,
    exact: usize,
    len: usize,
    first: Option<usize>,
}

impl RecordsBuilder {
    /// For columns of these names.
    pub fn new(names: &[String]) -> Self {
        Self::with_exact(names, 0)
    }

    /// The same where the texts of the first `exact` columns are taken as they are: identifiers.
    pub fn with_exact(names: &[String], exact: usize) -> Self {
        let column = |name: &String| {
            Mutex::new((Column { name: name.clone(), ..Column::default() }, Numbering::default()))
        };
        let columns = names.iter().map(column).collect();
        Self { columns, cleaners: vec![None; names.len()], exact, len: 0, first: None }
    }

    /// Brings the values of columns to one writing as they come, by the columns' names: better than afterwards where nearly
    /// all differ. Exact columns stay as they are.
    pub(crate) fn clean_by(&mut self, cleaner: impl Fn(&str) -> Option<fn(&str) -> String>) {
        for (held, clean) in self.columns.iter_mut().zip(&mut self.cleaners).skip(self.exact) {
            let (column, _) = held.get_mut().unwrap_or_else(PoisonError::into_inner);
            *clean = cleaner(&column.name);
            column.clean = clean.is_some();
        }
    }

    /// So many records will come, about.
    pub fn expect(&mut self, rows: u64) {
        for held in &mut self.columns {
            let (_, numbering) = held.get_mut().unwrap_or_else(PoisonError::into_inner);
            numbering.expected = usize::try_from(rows).unwrap_or(0);
        }
    }

    /// Takes the cells of one column of a batch. Texts are folded: full width to half, capitals to small letters, blanks
    /// to one. [`Self::end_batch`] says that all columns have come.
    pub fn push_column<'a>(&self, n: usize, cells: impl Iterator<Item = Option<&'a str>>) {
        let mut held = self.columns[n].lock().unwrap_or_else(PoisonError::into_inner);
        let (column, numbering) = &mut *held;
        let (mut folded, mut texts, mut ends) = (String::new(), String::new(), Vec::with_capacity(TOGETHER));
        for cell in cells {
            let cell = cell.unwrap_or_default();
            match self.cleaners[n] {
                _ if n < self.exact => texts.push_str(cell),
                Some(clean) if !cell.is_empty() => texts.push_str(&clean(fold(cell, &mut folded))),
                _ => texts.push_str(fold(cell, &mut folded)),
            }
            ends.push(texts.len());
            if ends.len() == TOGETHER {
                numbering.number_some(&mut column.values, &texts, &ends, &mut column.codes);
                texts.clear();
                ends.clear();
            }
        }
        numbering.number_some(&mut column.values, &texts, &ends, &mut column.codes);
    }

    /// All columns of a batch of so many rows have come.
    pub fn end_batch(&mut self, rows: usize) {
        self.len += rows;
    }

    /// Takes a batch: `cells(column)` gives the texts of a column, each of `rows`. Columns are numbered beside each
    /// other on all cores.
    pub fn push<'a, I>(&mut self, rows: usize, cells: impl Fn(usize) -> I + Sync)
    where
        I: Iterator<Item = Option<&'a str>>,
    {
        use rayon::prelude::*;
        (0..self.columns.len()).into_par_iter().for_each(|n| self.push_column(n, cells(n)));
        self.end_batch(rows);
    }

    /// What follows is of the second table.
    pub fn second(&mut self) {
        self.first = Some(self.len);
    }

    /// The records.
    pub fn finish(self) -> Records {
        let column =
            |held: Mutex<(Column, Numbering)>| held.into_inner().unwrap_or_else(PoisonError::into_inner).0;
        let columns = self.columns.into_iter().map(column).collect();
        Records { columns, len: self.len, first: self.first.unwrap_or(self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_equal_numbers_and_are_counted() {
        let mut builder = RecordsBuilder::new(&["name".to_owned()]);
        let cells = [Some("Anna"), None, Some("ａｎｎａ "), Some("bo"), Some("")];
        builder.push(cells.len(), |_| cells.into_iter());
        let records = builder.finish();
        let column = &records.columns[0];
        assert_eq!(column.codes, [1, 0, 1, 2, 0]);
        assert_eq!((column.values.get(1), column.values.count(1), column.values.count(0)), ("anna", 2, 2));
        assert!((column.coincidence() - 1.0 / 3.0).abs() < 1e-12);
        let short = column.rewritten(|text| text[..1].to_owned());
        assert_eq!((short.values.get(2), short.values.count(1)), ("b", 2));
    }
}
