//! The weights of features, found by their hash.

use super::LABELS;
use super::features::MOST;

/// Weights of a row are so many, the last of them nothing.
const ROW: usize = 44;
/// Rows that one bucket can have.
const DEPTH: usize = 8;
const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The weights of a feature.
#[derive(Clone, Copy)]
struct Row {
    /// The lower half of the hash; the upper half finds the bucket.
    hash: u32,
    weights: [i8; ROW],
}

/// Where the rows of a few hashes are, and a byte of each: most features of a text are in no model, and this
/// tells without a branch and from memory near by.
#[derive(Clone, Copy, Default)]
struct Bucket {
    /// A byte a row, from the lowest; 0 where there is none.
    marks: u64,
    first: u32,
}

impl Bucket {
    /// The highest bit of each byte that is this mark; now and then of another one above it.
    fn hits(self, mark: u8) -> u64 {
        let different = self.marks ^ (u64::from(mark) * LOW);
        different.wrapping_sub(LOW) & !different & HIGH
    }
}

/// Hash of a feature → a weight for each label, in steps.
#[derive(Default)]
pub(super) struct Table {
    buckets: Vec<Bucket>,
    /// A bucket's beside each other.
    rows: Vec<Row>,
}

/// Of bits that do not decide the bucket; never 0.
fn mark(hash: u64) -> u8 {
    ((hash >> 8) as u8).max(1)
}

impl Table {
    /// Of hashes and their weights, each hash once. Of more than eight that fall into one bucket the last are
    /// left out: of ten thousand one or two.
    pub fn of(rows: &[(u64, [i8; LABELS])]) -> Self {
        let mut table = Self { buckets: vec![Bucket::default(); rows.len() / 2 + 1], rows: Vec::new() };
        let mut sorted: Vec<(usize, &(u64, [i8; LABELS]))> =
            rows.iter().map(|row| (table.home(row.0), row)).collect();
        sorted.sort_by_key(|(home, row)| (*home, row.0));
        for together in sorted.chunk_by(|a, b| a.0 == b.0) {
            let bucket = &mut table.buckets[together[0].0];
            bucket.first = table.rows.len() as u32;
            for (at, (_, (hash, weights))) in together.iter().take(DEPTH).enumerate() {
                bucket.marks |= u64::from(mark(*hash)) << (8 * at);
                let mut row = Row { hash: *hash as u32, weights: [0; ROW] };
                row.weights[..LABELS].copy_from_slice(weights);
                table.rows.push(row);
            }
        }
        table
    }

    fn home(&self, hash: u64) -> usize {
        crate::slots::home(hash, self.buckets.len())
    }

    /// How many hashes it knows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The sum of the weights of some features, at most [`MOST`].
    pub fn sum(&self, features: &[u64]) -> [i16; LABELS] {
        let mut sum = [0i16; ROW];
        if !self.buckets.is_empty() {
            // Those that might be known, before the first row is read: so the memory brings rows side by side.
            let (mut known, mut count) = ([(0u64, 0u32, 0u32); MOST], 0);
            for hash in &features[..features.len().min(MOST)] {
                let bucket = self.buckets[self.home(*hash)];
                let hits = bucket.hits(mark(*hash));
                known[count] = (hits, *hash as u32, bucket.first);
                count += usize::from(hits != 0);
            }
            for (hits, hash, first) in &known[..count] {
                let mut hits = *hits;
                while hits != 0 {
                    let at = *first as usize + hits.trailing_zeros() as usize / 8;
                    hits &= hits - 1;
                    if let Some(row) = self.rows.get(at).filter(|row| row.hash == *hash) {
                        for (sum, weight) in sum.iter_mut().zip(&row.weights) {
                            *sum += i16::from(*weight);
                        }
                    }
                }
            }
        }
        let mut scores = [0; LABELS];
        scores.copy_from_slice(&sum[..LABELS]);
        scores
    }

    /// What a file has of each bucket and of each row.
    pub fn parts(&self) -> (Vec<(u64, u32)>, impl ExactSizeIterator<Item = (u32, &[i8])>) {
        let buckets = self.buckets.iter().map(|bucket| (bucket.marks, bucket.first)).collect();
        (buckets, self.rows.iter().map(|row| (row.hash, &row.weights[..LABELS])))
    }

    /// From what a file has.
    pub fn from_parts(buckets: Vec<(u64, u32)>, rows: Vec<(u32, [i8; LABELS])>) -> Self {
        let buckets = buckets.into_iter().map(|(marks, first)| Bucket { marks, first }).collect();
        let row = |(hash, labels): (u32, [i8; LABELS])| {
            let mut weights = [0; ROW];
            weights[..LABELS].copy_from_slice(&labels);
            Row { hash, weights }
        };
        Self { buckets, rows: rows.into_iter().map(row).collect() }
    }
}
