//! The features that are known, and a text as a vector of them.

use crate::features::{KINDS, Occurrence, features};
use hashbrown::{HashMap, HashTable};
use rayon::prelude::*;

/// Known features in the order of their kinds, with how much each tells: `ln(texts / texts that have it) + 1`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    pub hashes: Vec<u64>,
    pub idf: Vec<f32>,
    /// Where each kind ends.
    pub ends: [u32; KINDS],
    table: HashTable<(u64, u32)>,
}

/// A text as numbers of features with their values, each kind of length 1; in the order of the numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Vector {
    pub of: Vec<(u32, f32)>,
}

/// What vectors are made with: of one thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// How often each feature occurs; all noughts between two texts.
    counts: Vec<u16>,
    /// Those that do.
    pub touched: Vec<u32>,
}

impl Vocabulary {
    /// The features that at least two of the texts have.
    pub(crate) fn of(texts: &[&str]) -> Self {
        let own = |text: &&str| {
            let mut all: Vec<(usize, u64)> = Vec::new();
            features(text, &mut |one| all.push((one.kind, one.hash)));
            all.sort_unstable();
            all.dedup();
            all
        };
        let of_texts: Vec<Vec<(usize, u64)>> = texts.par_iter().map(own).collect();
        let mut counts: HashMap<(usize, u64), u32> = HashMap::new();
        of_texts.iter().flatten().for_each(|feature| *counts.entry(*feature).or_default() += 1);
        let mut kept: Vec<((usize, u64), u32)> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
        // What occurs often lies together: that part of the tables stays near at hand.
        kept.sort_unstable_by_key(|((kind, hash), count)| (*kind, std::cmp::Reverse(*count), *hash));
        let of = texts.len() as f32;
        let ends = [0, 1, 2].map(|kind| kept.partition_point(|((of, _), _)| *of <= kind) as u32);
        let idf = kept.iter().map(|(_, count)| (of / *count as f32).ln() + 1.0).collect();
        Self::from_parts(kept.iter().map(|((_, hash), _)| *hash).collect(), idf, ends)
    }

    pub(crate) fn from_parts(hashes: Vec<u64>, idf: Vec<f32>, ends: [u32; KINDS]) -> Self {
        let mut table = HashTable::with_capacity(hashes.len());
        for (hash, number) in hashes.iter().zip(0..) {
            table.insert_unique(*hash, (*hash, number), |(hash, _)| *hash);
        }
        Self { hashes, idf, ends, table }
    }

    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    pub(crate) fn number(&self, one: &Occurrence) -> Option<u32> {
        self.table.find(one.hash, |(hash, _)| *hash == one.hash).map(|(_, number)| *number)
    }

    /// The kind of a feature.
    #[inline]
    pub(crate) fn kind(&self, number: u32) -> usize {
        self.ends.iter().take(KINDS - 1).filter(|end| number >= **end).count()
    }

    /// Counts the features of a text.
    pub(crate) fn count(&self, text: &str, counts: &mut Counts) {
        counts.counts.resize(self.len(), 0);
        counts.touched.clear();
        features(text, &mut |one| {
            let Some(number) = self.number(&one) else { return };
            let count = &mut counts.counts[number as usize];
            if *count == 0 {
                counts.touched.push(number);
            }
            *count = count.saturating_add(1);
        });
    }

    /// Hands each counted feature with its value to `see`, values not yet brought to one length; tells the squares of
    /// the lengths. Counts are noughts again afterwards.
    #[inline]
    pub(crate) fn values(&self, counts: &mut Counts, see: &mut impl FnMut(u32, usize, f32)) -> [f32; KINDS] {
        let mut squares = [0f32; KINDS];
        for number in &counts.touched {
            let count = std::mem::take(&mut counts.counts[*number as usize]);
            // Often is more than once, but not so many times as much.
            let times = if count == 1 { 1.0 } else { 1.0 + f32::from(count).ln() };
            let value = times * self.idf[*number as usize];
            let kind = self.kind(*number);
            squares[kind] += value * value;
            see(*number, kind, value);
        }
        squares
    }

    /// The vector of a text.
    pub(crate) fn vector(&self, text: &str, counts: &mut Counts) -> Vector {
        self.count(text, counts);
        let mut all: Vec<(u32, usize, f32)> = Vec::with_capacity(counts.touched.len());
        let squares = self.values(counts, &mut |number, kind, value| all.push((number, kind, value)));
        let lengths = squares.map(f32::sqrt);
        let mut of: Vec<(u32, f32)> =
            all.into_iter().map(|(number, kind, value)| (number, value / lengths[kind])).collect();
        of.sort_unstable_by_key(|(number, _)| *number);
        Vector { of }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{LETTER, WORD};

    #[test]
    fn each_kind_has_length_one_and_rare_features_weigh_more() {
        let texts = ["路灯 坏了", "路灯 不亮", "电梯 坏了", "路灯"];
        let vocabulary = Vocabulary::of(&texts);
        let mut counts = Counts::default();
        let vector = vocabulary.vector("路灯 坏了 没见过", &mut counts);
        for kind in [WORD, LETTER] {
            let square: f32 =
                vector.of.iter().filter(|(n, _)| vocabulary.kind(*n) == kind).map(|(_, v)| v * v).sum();
            assert!((square - 1.0).abs() < 1e-5, "{kind} {square}");
        }
        let words: Vec<f32> =
            vector.of.iter().filter(|(n, _)| vocabulary.kind(*n) == WORD).map(|(_, value)| *value).collect();
        // Of the words only those two that two texts have are known; three texts have the one, two the other.
        assert_eq!(words.len(), 2);
        assert!((words[0] - words[1]).abs() > 0.05);
        assert_eq!(vocabulary.vector("没见过", &mut counts), Vector::default());
        assert_eq!(vocabulary.vector("路灯", &mut counts), vocabulary.vector("路灯", &mut Counts::default()));
    }
}
