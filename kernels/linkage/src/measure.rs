//! Against the truth: of the pairs that were said to be the same, how many are (precision), and of those that are, how
//! many were said (recall).

use crate::scoring::Scored;
use hashbrown::HashMap;
use serde::Serialize;

/// Precision, recall and their harmonic mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    /// Right of those that were said.
    pub precision: f64,
    /// Said of those that are right.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

impl Measured {
    fn of(said: f64, right: f64, all: f64) -> Self {
        let precision = if said > 0.0 { right / said } else { 1.0 };
        let recall = if all > 0.0 { right / all } else { 1.0 };
        let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        Self { precision, recall, f1 }
    }
}

/// The truth: records of the same number are the same; 0 is nobody's.
pub struct Truth<'a> {
    /// The number of each record.
    pub of: &'a [u32],
    /// Records below it are of the first table.
    pub first: usize,
}

impl Truth<'_> {
    fn linked(&self) -> bool {
        self.first < self.of.len()
    }

    /// Pairs within groups of equal names, across both tables where there are two.
    fn pairs<T: std::hash::Hash + Eq>(&self, name: impl Fn(usize) -> Option<T>) -> f64 {
        let mut sizes: HashMap<T, (f64, f64)> = HashMap::new();
        for record in 0..self.of.len() {
            if let Some(name) = name(record) {
                let size = sizes.entry(name).or_default();
                if record < self.first { size.0 += 1.0 } else { size.1 += 1.0 }
            }
        }
        let pairs = sizes
            .into_values()
            .map(|(left, right)| if self.linked() { left * right } else { left * (left - 1.0) / 2.0 });
        pairs.sum()
    }

    fn known(&self, record: usize) -> Option<u32> {
        Some(self.of[record]).filter(|name| *name != 0)
    }

    /// Are two records the same?
    pub fn same(&self, a: u32, b: u32) -> bool {
        self.of[a as usize] != 0 && self.of[a as usize] == self.of[b as usize]
    }

    /// Of pairs.
    pub fn of_pairs(&self, said: &[Scored]) -> Measured {
        let right = said.iter().filter(|pair| self.same(pair.a, pair.b)).count();
        Measured::of(said.len() as f64, right as f64, self.pairs(|record| self.known(record)))
    }

    /// Of groups, by the pairs within them.
    pub fn of_clusters(&self, clusters: &[u32]) -> Measured {
        let said = self.pairs(|record| Some(clusters[record]));
        let right = self.pairs(|record| self.known(record).map(|name| (name, clusters[record])));
        Measured::of(said, right, self.pairs(|record| self.known(record)))
    }

    /// Precision and recall at each of some probabilities, of pairs in their order.
    pub fn at_thresholds(&self, pairs: &[Scored], thresholds: &[f64]) -> Vec<(f64, Measured)> {
        let at = |threshold: &f64| {
            let end = pairs.partition_point(|pair| pair.probability() >= *threshold);
            (*threshold, self.of_pairs(&pairs[..end]))
        };
        thresholds.iter().map(at).collect()
    }

    /// Are probabilities what they say? For each tenth: pairs, their mean probability, and how many are right.
    pub fn calibration(&self, pairs: &[Scored]) -> Vec<(u64, f64, f64)> {
        let mut bins = vec![(0u64, 0.0, 0.0); 10];
        for pair in pairs {
            let probability = pair.probability();
            let bin = &mut bins[((probability * 10.0) as usize).min(9)];
            bin.0 += 1;
            bin.1 += probability;
            bin.2 += f64::from(u8::from(self.same(pair.a, pair.b)));
        }
        let mean = |(count, sum, right): (u64, f64, f64)| {
            let of = (count as f64).max(1.0);
            (count, sum / of, right / of)
        };
        bins.into_iter().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_groups_are_counted_as_by_hand() {
        let truth = Truth { of: &[1, 1, 1, 2, 2, 0], first: 6 };
        let pair = |a, b| Scored { a, b, weight: 9.0, pattern: 0 };
        let pairs = truth.of_pairs(&[pair(0, 1), pair(3, 4), pair(2, 3), pair(0, 5)]);
        assert_eq!((pairs.precision, pairs.recall), (0.5, 0.5));
        let groups = truth.of_clusters(&[0, 0, 2, 2, 2, 5]);
        assert_eq!((groups.precision, groups.recall), (0.5, 0.5));
        let linked = Truth { of: &[1, 2, 1, 2], first: 2 };
        assert_eq!(linked.of_pairs(&[pair(0, 2)]).recall, 0.5);
    }
}
