//! Records made ready to be compared: the numbers of the compared values of each record lie beside each other.

use crate::blocking::Blocks;
use crate::comparison::{Comparison, NO_VALUE};
use crate::records::Records;
use crate::settings::Settings;
use rayon::prelude::*;

/// The levels of a pair, four bits a comparison, the first lowest.
pub type Pattern = u64;

/// The level of a comparison in a pattern.
#[inline]
pub fn level_of(pattern: Pattern, comparison: usize) -> u8 {
    (pattern >> (comparison * 4) & 15) as u8
}

/// Puts what columns say of each record beside each other.
pub(crate) fn beside(rows: &mut [u32], columns: &[&[u32]]) {
    const RECORDS: usize = 1 << 12;
    let stride = columns.len().max(1);
    rows.par_chunks_mut(stride * RECORDS).enumerate().for_each(|(n, part)| {
        for (slot, column) in columns.iter().enumerate() {
            let from = n * RECORDS;
            for (row, code) in part.chunks_mut(stride).zip(&column[from..]) {
                row[slot] = *code;
            }
        }
    });
}

/// Records, comparisons and blocks.
pub struct Linker {
    /// The records, cleaned.
    pub records: Records,
    /// The comparisons.
    pub comparisons: Vec<Comparison>,
    /// The blocks.
    pub blocks: Blocks,
    /// Columns of the rules, for what a rule says by itself.
    pub rules: Vec<Vec<usize>>,
    /// The values of a record in the columns of the comparisons, one after another.
    rows: Vec<u32>,
    /// Where a comparison's first value lies within a row.
    at: Vec<usize>,
    stride: usize,
}

impl Linker {
    /// Makes records ready. They must have been cleaned and the settings checked against their columns.
    pub fn new(settings: &Settings, records: Records) -> Self {
        let rules = settings.rules(&records);
        let blocks = Blocks::new(&records, &rules, settings.block_pairs_max);
        Self::with_blocks(settings, records, blocks)
    }

    /// The same without blocks: nothing is brought together.
    pub(crate) fn without_blocks(settings: &Settings, records: Records) -> Self {
        Self::with_blocks(settings, records, Blocks::none())
    }

    fn with_blocks(settings: &Settings, records: Records, blocks: Blocks) -> Self {
        let comparisons = settings.prepared(&records);
        let rules = settings.rules(&records);
        let (mut at, mut columns) = (Vec::new(), Vec::<usize>::new());
        for comparison in &comparisons {
            at.push(columns.len());
            columns.extend(&comparison.columns);
        }
        let stride = columns.len();
        let mut rows = vec![0; records.len * stride];
        let codes: Vec<&[u32]> =
            columns.iter().map(|column| records.columns[*column].codes.as_slice()).collect();
        beside(&mut rows, &codes);
        let rules = rules.iter().map(|rule| rule.iter().map(|(column, _)| *column).collect()).collect();
        Self { records, comparisons, blocks, rules, rows, at, stride }
    }

    /// Takes a record in behind the others, by the numbers of its values in the columns; blocks do not know it.
    pub(crate) fn push(&mut self, codes: &[u32]) -> u32 {
        for (column, code) in self.records.columns.iter_mut().zip(codes) {
            column.codes.push(*code);
        }
        for comparison in &self.comparisons {
            self.rows.extend(comparison.columns.iter().map(|column| codes[*column]));
        }
        self.records.len += 1;
        (self.records.len - 1) as u32
    }

    /// Takes the last record away again.
    pub(crate) fn pop(&mut self) {
        for column in &mut self.records.columns {
            column.codes.pop();
        }
        self.records.len -= 1;
        self.rows.truncate(self.records.len * self.stride);
    }

    /// Pairs of records that could be compared at all.
    pub fn all_pairs(&self) -> f64 {
        let (n, first) = (self.records.len as f64, self.records.first as f64);
        if self.linked() { first * (n - first) } else { n * (n - 1.0) / 2.0 }
    }

    /// Are there two tables?
    pub fn linked(&self) -> bool {
        self.records.first < self.records.len
    }

    /// The values of a record in the order of the comparisons.
    #[inline]
    pub(crate) fn row(&self, record: u32) -> &[u32] {
        &self.rows[record as usize * self.stride..][..self.stride]
    }

    /// The values of a comparison in a record.
    #[inline]
    pub(crate) fn values<'a>(&self, row: &'a [u32], comparison: usize) -> &'a [u32] {
        &row[self.at[comparison]..][..self.comparisons[comparison].columns.len()]
    }

    /// The level of a comparison between two rows.
    #[inline]
    pub(crate) fn level(&self, comparison: usize, x: &[u32], y: &[u32]) -> u8 {
        let of = &self.comparisons[comparison];
        let (x, y) = (self.values(x, comparison), self.values(y, comparison));
        match (x, y) {
            ([a], [b]) => of.level(&self.records.columns[of.columns[0]], *a, *b),
            ([a, c], [b, d]) => {
                let columns = [0, 1].map(|i| &self.records.columns[of.columns[i]]);
                of.level_of_two(columns, [*a, *c], [*b, *d])
            }
            _ => NO_VALUE,
        }
    }

    /// Hands the pairs that `tell` tells to `see`, in their order, some at a time: what comparing them asks for is gone
    /// for first, see [`Comparison::fetch`].
    pub(crate) fn pairs_at_hand(
        &self,
        tell: impl FnOnce(&mut dyn FnMut(u32, u32)),
        see: &mut impl FnMut(u32, u32),
    ) {
        const AT_ONCE: usize = 64;
        let mut some: Vec<(u32, u32)> = Vec::with_capacity(AT_ONCE);
        let mut flush = |some: &mut Vec<(u32, u32)>| {
            let rows = some.iter().fold(0, |sum, (a, b)| sum ^ self.row(*a)[0] ^ self.row(*b)[0]);
            let mut fetched = u64::from(rows);
            for (n, comparison) in self.comparisons.iter().enumerate() {
                for (a, b) in some.iter() {
                    let (x, y) = (self.values(self.row(*a), n), self.values(self.row(*b), n));
                    if x != y {
                        fetched ^= comparison.fetch(x) ^ comparison.fetch(y);
                    }
                }
            }
            std::hint::black_box(fetched);
            some.drain(..).for_each(|(a, b)| see(a, b));
        };
        tell(&mut |a, b| {
            some.push((a, b));
            if some.len() == AT_ONCE {
                flush(&mut some);
            }
        });
        flush(&mut some);
    }

    /// All levels of a pair.
    pub fn pattern(&self, a: u32, b: u32) -> Pattern {
        let (x, y) = (self.row(a), self.row(b));
        let levels = (0..self.comparisons.len()).map(|n| u64::from(self.level(n, x, y)) << (n * 4));
        levels.fold(0, |pattern, level| pattern | level)
    }
}
