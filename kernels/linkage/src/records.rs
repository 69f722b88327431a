//! Records column by column: each distinct value is kept once and records hold its number, so that equal values are
//! equal numbers and how often a value occurs is known for nothing.

use crate::clean::{Clean, fold};
use crate::hashed::by_hash;
use hashbrown::HashTable;
use rayon::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

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
/// which lie far apart, are looked at only where they are nearly certain to be the same. Where most values turn out to
/// differ, as those of identifiers do, each gets a number of its own, and equal ones are found at the end by putting
/// their hashes in order: a table of so many would be asked in vain.
#[derive(Default)]
pub(crate) struct Numbering {
    table: HashTable<(u32, u32)>,
    /// The hash of each value where the table was given up: of 128 bits, so that equal ones are of equal values. (Of a
    /// thousand million values two differing ones share theirs once in 10^20 runs.)
    hashes: Option<Vec<u128>>,
}

/// With so many values a column shows whether most of its values differ.
const MANY: usize = 1 << 16;

fn hash_of(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
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
            let half = half(hash_of(values.get(code)));
            table.insert_unique(spread(half), (half, code), |(half, _)| spread(*half));
        }
        Self { table, hashes: None }
    }

    /// The number of a text, a new one where it is new; counts it.
    pub(crate) fn number(&mut self, values: &mut Values, text: &str) -> u32 {
        let code = self.number_uncounted(values, text);
        values.counts[code as usize] += 1;
        code
    }

    fn number_uncounted(&mut self, values: &mut Values, text: &str) -> u32 {
        match &mut self.hashes {
            Some(hashes) if !text.is_empty() => {
                hashes.push(xxh3_128(text.as_bytes()));
                values.push(text)
            }
            _ => self.number_hashed(values, text, hash_of(text)),
        }
    }

    fn number_hashed(&mut self, values: &mut Values, text: &str, hash: u64) -> u32 {
        if text.is_empty() {
            return MISSING;
        }
        let half = half(hash);
        let same = |(known, code): &(u32, u32)| *known == half && values.get(*code) == text;
        if let Some((_, code)) = self.table.find(spread(half), same) {
            return *code;
        }
        let code = values.push(text);
        self.table.insert_unique(spread(half), (half, code), |(half, _)| spread(*half));
        code
    }

    /// Gives the table up where it has become large and most of so many cells were new.
    fn give_up(&mut self, values: &Values, cells: usize) {
        if self.hashes.is_none() && self.table.len() >= MANY && self.table.len() * 2 > cells {
            let hash = |code| xxh3_128(values.get(code).as_bytes());
            self.hashes = Some((1..values.len() as u32).map(hash).collect());
            self.table = HashTable::new();
        }
    }

    /// Makes equal values one again where each got a number of its own.
    fn finish(self, values: &mut Values, codes: &mut [u32]) {
        let Some(hashes) = self.hashes else { return };
        let sorted = by_hash(hashes.iter().map(|hash| (*hash >> 64) as u64).zip(1..));
        let hash = |code: u32| hashes[code as usize - 1];
        let mut first: Vec<u32> = (0..values.len() as u32).collect();
        for same in sorted.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            for (n, (_, code)) in same.iter().enumerate() {
                let before = same[..n].iter().find(|(_, before)| hash(*before) == hash(*code));
                first[*code as usize] = before.map_or(*code, |(_, before)| *before);
            }
        }
        drop((sorted, hashes));
        if first.iter().zip(0..).all(|(first, code)| *first == code) {
            return;
        }
        let mut kept = Values::default();
        for code in 1..first.len() {
            // One that is not the first comes behind it: that has its new number already.
            let before = first[code] as usize;
            first[code] = if before == code { kept.push(values.get(code as u32)) } else { first[before] };
        }
        *values = kept;
        codes.iter_mut().for_each(|code| *code = first[*code as usize]);
    }
}

/// Cells that are numbered together: what one of them waits for in memory the others need not wait for.
const TOGETHER: usize = 64;

impl Numbering {
    /// The numbers of some texts, one behind the other in `texts` up to each of `ends`.
    fn number_some(&mut self, values: &mut Values, texts: &str, ends: &[usize], codes: &mut Vec<u32>) {
        let mut known = [(0, MISSING); TOGETHER];
        let text = |n: usize| &texts[n.checked_sub(1).map_or(0, |before| ends[before])..ends[n]];
        if self.hashes.is_some() {
            codes.extend((0..ends.len()).map(|n| self.number_uncounted(values, text(n))));
            return;
        }
        for (n, known) in known.iter_mut().enumerate().take(ends.len()) {
            let hash = hash_of(text(n));
            let found = self.table.find(spread(half(hash)), |(known, _)| *known == half(hash));
            *known = (hash, found.map_or(MISSING, |(_, code)| *code));
        }
        for (n, (hash, known)) in known.iter().enumerate().take(ends.len()) {
            let same = *known != MISSING && values.get(*known) == text(n);
            codes.push(if same { *known } else { self.number_hashed(values, text(n), *hash) });
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
    pub fn rewritten(&self, write: impl Fn(&str, &mut String) + Sync) -> Self {
        let mut numbering = Numbering::default();
        let mut values = Values::default();
        let mut codes = vec![MISSING; self.values.len()];
        const AT_ONCE: u32 = 1 << 16;
        let end = self.values.len() as u32;
        for from in (1..end).step_by(AT_ONCE as usize) {
            let part = from..end.min(from + AT_ONCE);
            let written = |code: u32| {
                let mut text = String::new();
                write(self.values.get(code), &mut text);
                text
            };
            let texts: Vec<String> = part.clone().into_par_iter().map(written).collect();
            for (code, text) in part.zip(&texts) {
                codes[code as usize] = numbering.number_uncounted(&mut values, text);
            }
        }
        let codes = self.codes.iter().map(|code| codes[*code as usize]).collect();
        let mut column = Self { name: self.name.clone(), codes, values, clean: true };
        column.count();
        column
    }

    /// Counts how many records hold each value.
    fn count(&mut self) {
        self.values.counts.iter_mut().for_each(|count| *count = 0);
        self.codes.iter().for_each(|code| self.values.counts[*code as usize] += 1);
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
            column.count();
        }
        self.first = keep[..self.first].iter().filter(|keep| **keep).count();
        self.len = keep.iter().filter(|keep| **keep).count();
    }

    /// Is there no record?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A column that is being taken in.
struct Taking {
    column: Column,
    numbering: Numbering,
    /// Are its texts taken as they are?
    exact: bool,
    /// What brings them to one writing as they come.
    clean: Option<Clean>,
    folded: String,
    /// The dictionary that numbered cells came from last, and the number that each of its texts has here.
    dictionary: u64,
    of_dictionary: Vec<u32>,
}

/// No number yet.
const UNKNOWN: u32 = u32::MAX;

impl Taking {
    /// Adds a cell to `texts` as it is to be numbered.
    fn write(&mut self, cell: &str, texts: &mut String) {
        match self.clean {
            _ if self.exact => texts.push_str(cell),
            Some(clean) if !cell.is_empty() => clean(fold(cell, &mut self.folded), texts),
            _ => texts.push_str(fold(cell, &mut self.folded)),
        }
    }

    fn take<'a>(&mut self, cells: impl Iterator<Item = Option<&'a str>>) {
        let (mut texts, mut ends) = (String::new(), Vec::with_capacity(TOGETHER));
        for cell in cells {
            self.write(cell.unwrap_or_default(), &mut texts);
            ends.push(texts.len());
            if ends.len() == TOGETHER {
                self.number(&texts, &ends);
                texts.clear();
                ends.clear();
            }
        }
        self.number(&texts, &ends);
        self.numbering.give_up(&self.column.values, self.column.codes.len());
    }

    fn number(&mut self, texts: &str, ends: &[usize]) {
        let Column { values, codes, .. } = &mut self.column;
        self.numbering.number_some(values, texts, ends, codes);
    }

    fn take_numbered<'a>(&mut self, dictionary: u64, text: impl Fn(u32) -> &'a str, numbers: &[u32]) {
        if std::mem::replace(&mut self.dictionary, dictionary) != dictionary {
            self.of_dictionary.clear();
        }
        let most = numbers.iter().copied().max().unwrap_or(0) as usize;
        if self.of_dictionary.len() <= most {
            self.of_dictionary.resize(most + 1, UNKNOWN);
            self.of_dictionary[0] = MISSING;
        }
        let mut written = String::new();
        for number in numbers {
            let mut code = self.of_dictionary[*number as usize];
            if code == UNKNOWN {
                written.clear();
                self.write(text(*number), &mut written);
                code = self.numbering.number_uncounted(&mut self.column.values, &written);
                self.of_dictionary[*number as usize] = code;
            }
            self.column.codes.push(code);
        }
        self.numbering.give_up(&self.column.values, self.column.codes.len());
    }

    fn finish(mut self) -> Column {
        self.numbering.finish(&mut self.column.values, &mut self.column.codes);
        self.column.count();
        self.column
    }
}

/// Takes records in, a batch of columns at a time.
pub struct RecordsBuilder {
    /// Columns may come from several threads, each from one at a time.
    columns: Vec<Mutex<Taking>>,
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
        let column = |(n, name): (usize, &String)| {
            Mutex::new(Taking {
                column: Column { name: name.clone(), ..Column::default() },
                numbering: Numbering::default(),
                exact: n < exact,
                clean: None,
                folded: String::new(),
                dictionary: 0,
                of_dictionary: Vec::new(),
            })
        };
        let columns = names.iter().enumerate().map(column).collect();
        Self { columns, len: 0, first: None }
    }

    /// Brings the values of columns to one writing as they come, by the columns' names: better than afterwards where nearly
    /// all differ. Exact columns stay as they are.
    pub(crate) fn clean_by(&mut self, cleaner: impl Fn(&str) -> Option<Clean>) {
        let columns =
            self.columns.iter_mut().map(|held| held.get_mut().unwrap_or_else(PoisonError::into_inner));
        for taking in columns.filter(|taking| !taking.exact) {
            taking.clean = cleaner(&taking.column.name);
            taking.column.clean = taking.clean.is_some();
        }
    }

    fn taking(&self, n: usize) -> MutexGuard<'_, Taking> {
        self.columns[n].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes cells of one column of a batch. Texts are folded: full width to half, capitals to small letters, blanks to
    /// one. [`Self::end_batch`] says that all columns have come.
    pub fn push_column<'a>(&self, n: usize, cells: impl Iterator<Item = Option<&'a str>>) {
        self.taking(n).take(cells);
    }

    /// The same of cells that come as numbers of a dictionary, 0 being an empty cell. `dictionary` tells it from every
    /// other, of other columns too; it is not 0. `text` gives the text of a number.
    pub fn push_numbered<'a>(
        &self,
        n: usize,
        dictionary: u64,
        text: impl Fn(u32) -> &'a str,
        numbers: &[u32],
    ) {
        self.taking(n).take_numbered(dictionary, text, numbers);
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
        (0..self.columns.len()).into_par_iter().for_each(|n| self.push_column(n, cells(n)));
        self.end_batch(rows);
    }

    /// What follows is of the second table.
    pub fn second(&mut self) {
        self.first = Some(self.len);
    }

    /// The records.
    pub fn finish(self) -> Records {
        let column = |held: Mutex<Taking>| held.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
        let columns = self.columns.into_par_iter().map(column).collect();
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
        let short = column.rewritten(|text, out| out.push_str(&text[..1]));
        assert_eq!((short.values.get(2), short.values.count(1)), ("b", 2));
    }

    #[test]
    fn values_that_nearly_all_differ_are_numbered_as_others_are() {
        let rows = MANY as u32 * 4;
        // Most of the first differ; then many come again, one as an empty cell, in both ways of coming.
        let of = |row: u32| if row < rows / 2 { row } else { row.wrapping_mul(7) % (rows / 2) };
        let texts: Vec<String> =
            (0..rows).map(|n| if n == 5 { String::new() } else { format!("N{n}") }).collect();
        let mut builder = RecordsBuilder::with_exact(&["id".to_owned(), "code".to_owned()], 1);
        for from in (0..rows).step_by(8192) {
            let part = from..from + 8192;
            builder.push_column(0, part.clone().map(|row| Some(texts[of(row) as usize].as_str())));
            let numbers: Vec<u32> = part.map(|row| of(row) + 1).collect();
            builder.push_numbered(1, 1 + u64::from(from / 100_000), |n| &texts[n as usize - 1], &numbers);
            builder.end_batch(8192);
        }
        let records = builder.finish();
        let mut plain = (Values::default(), Numbering::default());
        let expected: Vec<u32> =
            (0..rows).map(|row| plain.1.number(&mut plain.0, &texts[of(row) as usize])).collect();
        for (column, sign) in records.columns.iter().zip(['N', 'n']) {
            assert!(column.codes == expected);
            assert_eq!(column.values.len(), plain.0.len());
            for code in (0..plain.0.len() as u32).step_by(997) {
                assert_eq!(column.values.get(code).replace(sign, "N"), plain.0.get(code));
                assert_eq!(column.values.count(code), plain.0.count(code));
            }
        }
    }
}
