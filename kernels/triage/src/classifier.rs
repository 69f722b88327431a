//! Categories of texts: learning them and telling them.

use crate::calibration::Calibration;
use crate::features::{KINDS, features};
use crate::svm::{LANES, Weights, learn};
use crate::text::{self, Gap, Unit, clean};
use crate::vocabulary::{Counts, Vector, Vocabulary};
use gridweave_chance::Chance;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// A text whose category is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The text, as it was written.
    pub text: String,
    /// Its category.
    pub label: String,
}

/// How categories are learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainOptions {
    /// The larger, the more an example on the wrong side counts.
    pub cost: f32,
    /// Examples that a category needs; those of smaller ones are left aside.
    pub least: usize,
    /// Parts of which each is told by machines that have not seen it, for the probabilities.
    pub folds: usize,
    /// What is drawn is drawn with this seed.
    pub seed: u64,
    /// Numbers that a classifier has at the most, about.
    pub numbers: usize,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { cost: 1.0, least: 2, folds: 5, seed: 1, numbers: 4_000_000 }
    }
}

/// Why nothing can be learnt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// There are not two categories with enough examples.
    #[error("{} categories have {least} examples or more; two are needed to tell one from another", counts.values().filter(|count| *count >= least).count())]
    TooFew {
        /// How many examples each category has.
        counts: BTreeMap<String, usize>,
        /// What is enough.
        least: usize,
    },
}

/// What was learnt from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trained {
    /// Examples.
    pub examples: usize,
    /// Examples without a letter that can be read.
    pub without_text: usize,
    /// Categories that were left aside because they have too few examples, and how many they have.
    pub left_aside: BTreeMap<String, usize>,
    /// Categories, those of all levels.
    pub categories: usize,
    /// Features, those of all branchings.
    pub features: usize,
}

/// What one classifier says of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranked<'a> {
    /// The categories with their probabilities, the likeliest first; none where the text has nothing that is known.
    pub categories: Vec<(&'a str, f64)>,
    /// Words of the text that decided for the likeliest against the next, the strongest first.
    pub reasons: Vec<String>,
}

/// Tells one of some categories.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    pub(crate) categories: Vec<String>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) weights: Weights,
    pub(crate) calibration: Calibration,
}

/// What a thread needs for telling categories, kept from one text to the next.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    counts: Counts,
    sums: Vec<f32>,
}

/// Reasons that are told.
const REASONS: usize = 3;
/// Units of a reason at the most.
const RUN_MAX: usize = 4;

impl Classifier {
    /// Learns from examples. `told` hears of each part that is done, of `folds + 1`.
    ///
    /// # Errors
    ///
    /// There must be two categories with enough examples.
    pub fn train(
        examples: &[Example],
        options: &TrainOptions,
        told: &(dyn Fn(usize) + Sync),
    ) -> Result<(Self, Trained), TrainError> {
        let mut trained = Trained::default();
        let cleaned: Vec<String> = examples.par_iter().map(|example| clean(&example.text)).collect();
        let readable = |text: &String| text.chars().any(char::is_alphanumeric);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (example, text) in examples.iter().zip(&cleaned) {
            match readable(text) {
                true => *counts.entry(&example.label).or_default() += 1,
                false => trained.without_text += 1,
            }
        }
        let least = options.least.max(2);
        let counts = counts.into_iter().map(|(label, count)| (label.to_owned(), count));
        let (kept, few): (BTreeMap<String, usize>, BTreeMap<String, usize>) =
            counts.partition(|(_, count)| *count >= least);
        if kept.len() < 2 {
            return Err(TrainError::TooFew { counts: kept.into_iter().chain(few).collect(), least });
        }
        trained.left_aside = few;
        let categories: Vec<String> = kept.into_keys().collect();
        let (mut texts, mut labels) = (Vec::new(), Vec::new());
        for (example, text) in examples.iter().zip(cleaned) {
            if let (Ok(label), true) = (categories.binary_search(&example.label), readable(&text)) {
                texts.push(text);
                labels.push(label);
            }
        }
        trained.examples = texts.len();
        // What machines say of texts that they have not seen; each part has its own vocabulary.
        let fold_of = folds(&labels, options);
        let unseen: Vec<(usize, Vec<f32>)> = (0..options.folds.max(2))
            .flat_map(|fold| {
                let (unseen, seen): (Vec<usize>, Vec<usize>) =
                    (0..texts.len()).partition(|n| fold_of[*n] == fold);
                let seen_texts: Vec<&str> = seen.iter().map(|n| texts[*n].as_str()).collect();
                let seen_labels: Vec<usize> = seen.iter().map(|n| labels[*n]).collect();
                let (vocabulary, weights) = machines(&seen_texts, &seen_labels, categories.len(), options);
                let said: Vec<(usize, Vec<f32>)> = unseen
                    .into_par_iter()
                    .map_init(Counts::default, |counts, n| {
                        (n, weights.decide(&vocabulary.vector(&texts[n], counts)))
                    })
                    .collect();
                told(fold + 1);
                said
            })
            .collect();
        let (numbers, said): (Vec<usize>, Vec<Vec<f32>>) = unseen.into_iter().unzip();
        let unseen_labels: Vec<usize> = numbers.into_iter().map(|n| labels[n]).collect();
        let calibration = Calibration::fit(&said, &unseen_labels, categories.len());
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (vocabulary, weights) = machines(&all, &labels, categories.len(), options);
        told(options.folds.max(2) + 1);
        trained.features = vocabulary.len();
        trained.categories = categories.len();
        Ok((Self { categories, vocabulary, weights, calibration }, trained))
    }

    /// The categories, in order.
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// How many features are known.
    pub fn features(&self) -> usize {
        self.vocabulary.len()
    }

    /// The number and the probability of the likeliest category of a text; none where it has nothing that is known.
    pub fn best(&self, text: &str, scratch: &mut Scratch) -> Option<(usize, f64)> {
        self.best_of(&clean(text), scratch)
    }

    /// The same of a cleaned text.
    pub(crate) fn best_of(&self, cleaned: &str, scratch: &mut Scratch) -> Option<(usize, f64)> {
        let probabilities = self.probabilities(cleaned, scratch)?;
        // Of equal ones the first, as in the order of all.
        let likelier = |a: &usize, b: &usize| probabilities[*a].total_cmp(&probabilities[*b]);
        let best = (0..probabilities.len()).rev().max_by(likelier)?;
        Some((best, f64::from(probabilities[best])))
    }

    /// The categories of a cleaned text by number with their probabilities, the likeliest first; none where it has nothing
    /// that is known.
    pub(crate) fn order_of(&self, cleaned: &str, scratch: &mut Scratch) -> Vec<(usize, f64)> {
        let probabilities = self.probabilities(cleaned, scratch).unwrap_or_default();
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]));
        order.into_iter().map(|n| (n, f64::from(probabilities[n]))).collect()
    }

    fn probabilities(&self, cleaned: &str, scratch: &mut Scratch) -> Option<Vec<f32>> {
        self.vocabulary.count(cleaned, &mut scratch.counts);
        if scratch.counts.touched().is_empty() {
            return None;
        }
        let stride = self.weights.stride;
        let sums = &mut scratch.sums;
        sums.clear();
        sums.resize(stride * KINDS, 0.0);
        let mut squares = [0f32; KINDS];
        self.vocabulary.counted(&mut scratch.counts, &mut |number, kind, times| {
            let row = self.weights.row_and_scale(number);
            let value = times * row[0];
            squares[kind] += value * value;
            let (sums, _) = sums[kind * stride..][..stride].as_chunks_mut::<LANES>();
            for (sums, row) in sums.iter_mut().zip(row.as_chunks::<LANES>().0) {
                for lane in 0..LANES {
                    sums[lane] += row[lane] * value;
                }
            }
        });
        let mut said = self.weights.offsets.clone();
        for (kind, square) in squares.iter().enumerate().filter(|(_, square)| **square > 0.0) {
            let length = square.sqrt();
            said.iter_mut().zip(&sums[kind * stride + 1..]).for_each(|(said, sum)| *said += sum / length);
        }
        Some(self.calibration.probabilities(&said))
    }

    /// All categories of a text with the words that decided.
    pub fn classify(&self, text: &str) -> Ranked<'_> {
        self.classify_with(text, &mut Scratch::default())
    }

    /// The same for many texts of one thread.
    pub fn classify_with(&self, text: &str, scratch: &mut Scratch) -> Ranked<'_> {
        let cleaned = clean(text);
        let order = self.order_of(&cleaned, scratch);
        let [(is, _), (not, _), ..] = order[..] else { return Ranked::default() };
        let reasons = self.reasons(&cleaned, is, not, scratch);
        let categories = order.into_iter().map(|(n, of)| (self.categories[n].as_str(), of)).collect();
        Ranked { categories, reasons }
    }

    /// What speaks most for one category against another: runs of a few units, none across a mark or within another.
    pub(crate) fn reasons(&self, cleaned: &str, is: usize, not: usize, scratch: &mut Scratch) -> Vec<String> {
        let vector = self.vocabulary.vector(cleaned, &mut scratch.counts);
        let mut units: Vec<Unit> = Vec::new();
        text::units(cleaned, &mut |unit| {
            units.push(unit);
            true
        });
        // What each unit begins, by how many units further it ends.
        let mut begun = vec![[0f32; RUN_MAX]; units.len()];
        features(cleaned, &mut |one| {
            let Some(number) = self.vocabulary.number(&one) else { return false };
            let first = units.partition_point(|unit| unit.from < one.from);
            let last = units.partition_point(|unit| unit.from < one.to);
            if let Some(sum) = begun.get_mut(first).and_then(|of| of.get_mut(last - first - 1)) {
                for number in
                    [Some(number), self.vocabulary.head(number).filter(|_| one.head)].into_iter().flatten()
                {
                    if let Ok(at) = vector.of.binary_search_by_key(&number, |(known, _)| *known) {
                        let row = self.weights.row(number);
                        *sum += vector.of[at].1 * (row[is] - row[not]);
                    }
                }
            }
            true
        });
        let mut runs: Vec<(f32, usize, usize)> = Vec::new();
        for from in 0..units.len() {
            for length in 1..=RUN_MAX.min(units.len() - from) {
                let run = &units[from..from + length];
                if run[1..].iter().any(|unit| unit.gap == Gap::Mark) {
                    break;
                }
                // A letter by itself is no word.
                if length == 1 && run[0].whole.is_some() {
                    continue;
                }
                let within = |at: usize| begun[from + at][..length - at].iter().sum::<f32>();
                let sum: f32 = (0..length).map(within).sum();
                if sum > 0.0 {
                    // Longer runs hold more; they must hold more for each unit that they add.
                    runs.push((sum / (length as f32).sqrt(), from, from + length));
                }
            }
        }
        runs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut told: Vec<(usize, usize, String)> = Vec::new();
        for (_, from, to) in runs {
            let words = cleaned[units[from].from as usize..units[to - 1].to as usize].to_owned();
            let apart = |(start, end, other): &(usize, usize, String)| {
                (to <= *start || *end <= from) && !other.contains(&words) && !words.contains(other.as_str())
            };
            if told.len() == REASONS {
                break;
            }
            if told.iter().all(apart) {
                told.push((from, to, words));
            }
        }
        told.into_iter().map(|(.., words)| words).collect()
    }
}

/// The part of each example: those of a category are spread evenly.
fn folds(labels: &[usize], options: &TrainOptions) -> Vec<usize> {
    let mut chance = Chance::new(options.seed);
    let mut order: Vec<usize> = (0..labels.len()).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, chance.below(at + 1));
    }
    let mut next: BTreeMap<usize, usize> = BTreeMap::new();
    let mut fold_of = vec![0; labels.len()];
    for n in order {
        let count = next.entry(labels[n]).or_default();
        fold_of[n] = *count % options.folds.max(2);
        *count += 1;
    }
    fold_of
}

fn machines(
    texts: &[&str],
    labels: &[usize],
    classes: usize,
    options: &TrainOptions,
) -> (Vocabulary, Weights) {
    let most = options.numbers / (classes + 1).next_multiple_of(LANES);
    let vocabulary = Vocabulary::of(texts, most);
    let vectors: Vec<Vector> =
        texts.par_iter().map_init(Counts::default, |counts, text| vocabulary.vector(text, counts)).collect();
    let vectors: Vec<&Vector> = vectors.iter().collect();
    let weights = learn(&vectors, labels, (&vocabulary.idf, classes), options.cost, options.seed);
    (vocabulary, weights)
}
