//! The features that are known, and a text as a vector of them.

use crate::features::{HEAD, KINDS, LETTER, Occurrence, features, head_hash};
use hashbrown::HashMap;
use rayon::prelude::*;

/// No feature.
const NONE: u32 = u32::MAX;
/// How much a feature counts that occurs so many times: often is more than once, but not so many times as much.
const TIMES: usize = 64;
/// So many texts are many.
const MANY_TEXTS: usize = 1_000;
/// Features that are looked up beside each other.
const ASKED_AT_ONCE: usize = 32;

/// Known features in the order of their kinds, with how much each tells: `ln(texts / texts that have it) + 1`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Vocabulary {
    pub hashes: Vec<u64>,
    pub idf: Vec<f32>,
    /// Where each kind ends.
    pub ends: [u32; KINDS],
    table: Table,
    /// The feature that one of letters is in the beginning.
    heads: Vec<u32>,
    times: Vec<f32>,
}

/// The numbers of hashes: a tag and a number in each place, the places from that of a hash on.
#[derive(Clone, Debug, Default, PartialEq)]
struct Table {
    places: Vec<(u32, u32)>,
    shift: u32,
}

impl Table {
    fn of(hashes: &[u64]) -> Self {
        let bits = (hashes.len() * 5 / 4).next_power_of_two().trailing_zeros().max(4);
        let mut table = Self { places: vec![(0, NONE); 1 << bits], shift: 64 - bits };
        for (hash, number) in hashes.iter().zip(0..) {
            let mut at = (hash >> table.shift) as usize;
            while table.places[at].1 != NONE {
                at = (at + 1) & (table.places.len() - 1);
            }
            table.places[at] = (*hash as u32, number);
        }
        table
    }

    /// Two hashes are one where the upper bits that choose the place and the lower 32 are the same.
    #[inline]
    fn find(&self, hash: u64) -> Option<u32> {
        let mut at = (hash >> self.shift) as usize;
        loop {
            let (tag, number) = *self.places.get(at)?;
            if number == NONE {
                return None;
            }
            if tag == hash as u32 {
                return Some(number);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }
}

/// A text as numbers of features with their values, each kind of length 1; in the order of the numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Vector {
    pub of: Vec<(u32, f32)>,
}

/// What vectors are made with: of one thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// The hashes of the features of a text, those of the beginning first.
    asked: Vec<u64>,
    /// How often each feature occurs; all noughts between two texts. The last stands for what is not known and is never
    /// nought.
    counts: Vec<u16>,
    /// Those that do occur; only so many of them hold.
    touched: Vec<u32>,
    held: usize,
}

impl Counts {
    /// Counts one feature, without asking whether it is the first: half are, which nobody can foretell.
    #[inline]
    fn see(&mut self, number: u32) {
        let count = &mut self.counts[number as usize];
        self.touched[self.held] = number;
        self.held += usize::from(*count == 0);
        *count = count.saturating_add(1);
    }

    /// The features that occur.
    #[inline]
    pub(crate) fn touched(&self) -> &[u32] {
        &self.touched[..self.held]
    }
}

impl Vocabulary {
    /// The features that at least two of the texts have, of many texts three: rarer ones cost time and tell nothing more.
    /// Where those are more than `most`, so many more texts that they are not.
    pub(crate) fn of(texts: &[&str], most: usize) -> Self {
        let own = |text: &&str| {
            let mut all: Vec<(usize, u64)> = Vec::new();
            features(text, &mut |one| {
                all.push((one.kind, one.hash));
                if one.head {
                    all.push((HEAD, head_hash(one.hash)));
                }
                true
            });
            all.sort_unstable();
            all.dedup();
            all
        };
        let of_texts: Vec<Vec<(usize, u64)>> = texts.par_iter().map(own).collect();
        let mut counts: HashMap<(usize, u64), u32> = HashMap::new();
        of_texts.iter().flatten().for_each(|feature| *counts.entry(*feature).or_default() += 1);
        let mut least = if texts.len() < MANY_TEXTS { 2 } else { 3 };
        while counts.values().filter(|count| **count >= least).count() > most {
            least += 1 + least / 8;
        }
        let mut kept: Vec<((usize, u64), u32)> =
            counts.into_iter().filter(|(_, count)| *count >= least).collect();
        // What occurs often lies together: that part of the tables stays near at hand.
        kept.sort_unstable_by_key(|((kind, hash), count)| (*kind, std::cmp::Reverse(*count), *hash));
        let of = texts.len() as f32;
        let ends = [0, 1, 2].map(|kind| kept.partition_point(|((of, _), _)| *of <= kind) as u32);
        let idf = kept.iter().map(|(_, count)| (of / *count as f32).ln() + 1.0).collect();
        Self::from_parts(kept.iter().map(|((_, hash), _)| *hash).collect(), idf, ends)
    }

    pub(crate) fn from_parts(hashes: Vec<u64>, idf: Vec<f32>, ends: [u32; KINDS]) -> Self {
        let table = Table::of(&hashes);
        let times = (0..TIMES).map(|count| 1.0 + (count.max(1) as f32).ln()).collect();
        let letters = hashes.get(ends[LETTER - 1] as usize..ends[LETTER] as usize).unwrap_or_default();
        let heads = letters.iter().map(|hash| table.find(head_hash(*hash)).unwrap_or(NONE)).collect();
        Self { hashes, idf, ends, table, heads, times }
    }

    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    #[inline]
    pub(crate) fn number(&self, one: &Occurrence) -> Option<u32> {
        self.table.find(one.hash)
    }

    /// The feature of the beginning that one of letters is as well.
    #[inline]
    pub(crate) fn head(&self, number: u32) -> Option<u32> {
        let head = *self.heads.get(number.wrapping_sub(self.ends[LETTER - 1]) as usize)?;
        (head != NONE).then_some(head)
    }

    /// The kind of a feature.
    #[inline]
    pub(crate) fn kind(&self, number: u32) -> usize {
        self.ends.iter().take(KINDS - 1).filter(|end| number >= **end).count()
    }

    /// Counts the features of a text.
    pub(crate) fn count(&self, text: &str, counts: &mut Counts) {
        let unknown = self.len() as u32;
        // The last stood for what another vocabulary did not know.
        if let Some(last) = counts.counts.last_mut() {
            *last = 0;
        }
        counts.counts.resize(self.len() + 1, 0);
        counts.counts[self.len()] = 1;
        counts.held = 0;
        let mut asked = std::mem::take(&mut counts.asked);
        asked.clear();
        let mut heads = 0;
        features(text, &mut |one| {
            asked.push(one.hash);
            if one.head {
                // Words of the beginning stand among them.
                heads = asked.len();
            }
            true
        });
        counts.touched.resize(asked.len() + heads + 1, 0);
        let mut from = 0;
        for asked in asked.chunks(ASKED_AT_ONCE) {
            // All are fetched before one is looked at: they come from afar, beside each other.
            let mut places = [(0u32, NONE); ASKED_AT_ONCE];
            for (place, hash) in places.iter_mut().zip(asked) {
                *place = self.table.places[(hash >> self.table.shift) as usize];
            }
            for (n, ((tag, number), hash)) in places.iter().zip(asked).enumerate() {
                let number = match *tag == *hash as u32 || *number == NONE {
                    true => *number,
                    false => self.table.find(*hash).unwrap_or(NONE),
                };
                counts.see(number.min(unknown));
                if from + n < heads {
                    counts.see(self.head(number).unwrap_or(unknown));
                }
            }
            from += asked.len();
        }
        counts.asked = asked;
    }

    /// Hands each counted feature with its kind and how much it counts for occurring so many times to `see`. Counts are
    /// noughts again afterwards.
    #[inline]
    pub(crate) fn counted(&self, counts: &mut Counts, see: &mut impl FnMut(u32, usize, f32)) {
        for number in &counts.touched[..counts.held] {
            let count = std::mem::take(&mut counts.counts[*number as usize]) as usize;
            see(*number, self.kind(*number), self.times[count.min(TIMES - 1)]);
        }
    }

    /// The vector of a text.
    pub(crate) fn vector(&self, text: &str, counts: &mut Counts) -> Vector {
        self.count(text, counts);
        let mut all: Vec<(u32, usize, f32)> = Vec::with_capacity(counts.touched.len());
        let mut squares = [0f32; KINDS];
        self.counted(counts, &mut |number, kind, times| {
            let value = times * self.idf[number as usize];
            squares[kind] += value * value;
            all.push((number, kind, value));
        });
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
        let vocabulary = Vocabulary::of(&texts, 100);
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
