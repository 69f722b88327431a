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

/// A column with more values than so many does not stay near at hand.
const MANY: usize = 1 << 12;
/// Words of all rows at the most, where what is made of values goes along.
const ROOM: usize = 1 << 28;

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
    /// Of each record the numbers of its values in the columns of the comparisons, one after another; behind them what is
    /// made of the values, where it goes along.
    rows: Vec<u32>,
    /// Where a comparison's first value lies within a row.
    at: Vec<usize>,
    /// And where what is made of it.
    made_at: Vec<Option<usize>>,
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
        // What is made of values goes along where a column has so many that they lie far apart, and where there is room.
        let (mut made_at, mut stride) = (Vec::new(), columns.len());
        for comparison in &comparisons {
            let one = comparison.columns.len() == 1;
            let many = one && records.columns[comparison.columns[0]].values.len() > MANY;
            let words = comparison.features(0).stride();
            let room = (stride + words).saturating_mul(records.len) <= ROOM;
            let goes = many && words > 0 && room;
            made_at.push(goes.then_some(stride));
            stride += if goes { words } else { 0 };
        }
        let mut linker = Self {
            rows: vec![0; records.len * stride],
            records,
            comparisons,
            blocks,
            rules: Vec::new(),
            at,
            made_at,
            stride,
        };
        linker.fill_rows(&columns);
        linker.rules = rules.iter().map(|rule| rule.iter().map(|(column, _)| *column).collect()).collect();
        linker
    }

    fn fill_rows(&mut self, columns: &[usize]) {
        const AT_ONCE: usize = 1 << 12;
        let mut rows = std::mem::take(&mut self.rows);
        rows.par_chunks_mut((self.stride * AT_ONCE).max(1)).enumerate().for_each(|(n, part)| {
            let codes = |column: usize| &self.records.columns[column].codes[n * AT_ONCE..];
            for (slot, column) in columns.iter().enumerate() {
                part.chunks_mut(self.stride).zip(codes(*column)).for_each(|(row, code)| row[slot] = *code);
            }
            for (comparison, at) in self.comparisons.iter().zip(&self.made_at) {
                let (Some(at), features) = (*at, comparison.features(0)) else { continue };
                for (row, code) in part.chunks_mut(self.stride).zip(codes(comparison.columns[0])) {
                    row[at..at + features.stride()].copy_from_slice(features.get(*code));
                }
            }
        });
        self.rows = rows;
    }

    /// Takes a record in behind the others, by the numbers of its values in the columns; blocks do not know it.
    pub(crate) fn push(&mut self, codes: &[u32]) -> u32 {
        for (column, code) in self.records.columns.iter_mut().zip(codes) {
            column.codes.push(*code);
        }
        for comparison in &self.comparisons {
            self.rows.extend(comparison.columns.iter().map(|column| codes[*column]));
        }
        for (comparison, _) in self.comparisons.iter().zip(&self.made_at).filter(|(_, at)| at.is_some()) {
            self.rows.extend(comparison.features(0).get(codes[comparison.columns[0]]));
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
        match (self.values(x, comparison), self.values(y, comparison)) {
            ([a], [b]) => {
                let features = of.features(0);
                let (x, y) = match self.made_at[comparison] {
                    Some(at) => (&x[at..at + features.stride()], &y[at..at + features.stride()]),
                    None => (features.get(*a), features.get(*b)),
                };
                of.level_of_values(&self.records.columns[of.columns[0]], (*a, x), (*b, y))
            }
            ([a, c], [b, d]) => {
                let columns = [0, 1].map(|i| &self.records.columns[of.columns[i]]);
                of.level_of_two(columns, [*a, *c], [*b, *d])
            }
            _ => NO_VALUE,
        }
    }

    /// Hands the pairs that `tell` tells to `see`, in their order, some at a time. Their rows are gone for first: they lie
    /// far apart in memory, and are waited for at once rather than one after the other.
    pub(crate) fn pairs_at_hand(
        &self,
        tell: impl FnOnce(&mut dyn FnMut(u32, u32)),
        see: &mut impl FnMut(u32, u32),
    ) {
        const AT_ONCE: usize = 64;
        /// Words of a line of a processor's cache.
        const LINE: usize = 16;
        let mut some: Vec<(u32, u32)> = Vec::with_capacity(AT_ONCE);
        let mut flush = |some: &mut Vec<(u32, u32)>| {
            let lines = |record: u32| self.row(record).iter().step_by(LINE).fold(0, |sum, word| sum ^ word);
            let fetched = some.iter().fold(0, |sum, (a, b)| sum ^ lines(*a) ^ lines(*b));
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
