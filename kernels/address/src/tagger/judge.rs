//! Learning to judge paths: from what a chain finds in addresses that it did not learn from.
//!
//! The likelihood of the right paths under a Gaussian prior, where a path is right as far as its elements
//! are; by the same stochastic gradients as the chain.

use super::bio::{Labelled, elements};
use super::model::{Tagger, Work};
use super::rerank::{CHAIN_SHARE, PATHS_LEARNT, Reranker, features, slot};
use super::train::{order, share};
use crate::ElementKind;
use gridweave_chance::Chance;
use rayon::prelude::*;
use std::collections::HashMap;

/// Parts of the addresses; each is tagged by a chain that learnt from the others.
pub(super) const FOLDS: usize = 5;
const EPOCHS: usize = 8;
const STEP: f32 = 0.05;
/// One over the variance of a weight.
const PRIOR: f32 = 10.0;
/// Share of features that are hidden while learning.
const HIDDEN: f32 = 0.45;
/// How much more right a path is taken to be for a right element more.
const RIGHTNESS: f32 = 15.0;

/// The paths of one address.
struct Example {
    paths: Vec<Candidate>,
    /// What share of the right answer each path is; one together.
    wanted: Vec<f32>,
}

struct Candidate {
    score: f32,
    features: Vec<u64>,
}

/// Learns a judge of the paths of chains; `chain` learns one from addresses.
pub(super) fn learn(addresses: &[Labelled], chain: &dyn Fn(&[Labelled]) -> Tagger, seed: u64) -> Reranker {
    let mut examples = Vec::with_capacity(addresses.len());
    for fold in 0..FOLDS {
        let part = |held: bool| {
            let of = addresses.iter().enumerate().filter(move |(at, _)| (at % FOLDS == fold) == held);
            of.map(|(_, one)| one.clone())
        };
        let tagger = chain(&part(false).collect::<Vec<_>>());
        let held: Vec<Labelled> = part(true).collect();
        let found: Vec<Example> =
            held.par_iter().map_init(Work::default, |work, one| example(&tagger, one, work)).collect();
        examples.extend(found);
    }
    let (told, seen) = kept(&examples);
    let number = |hash: u64| {
        let (at, mark) = slot(hash);
        (told[at] == mark).then_some(at as u32)
    };
    let known: Vec<Vec<Vec<u32>>> = examples
        .iter()
        .map(|one| {
            one.paths.iter().map(|path| path.features.iter().filter_map(|h| number(*h)).collect()).collect()
        })
        .collect();
    Reranker::of(&told, &weights(&examples, &known, &seen, seed))
}

fn example(tagger: &Tagger, one: &Labelled, work: &mut Work) -> Example {
    let expected = one.elements();
    let paths = tagger.paths(&one.tokens, PATHS_LEARNT, work);
    let rightness: Vec<f32> = paths
        .iter()
        .map(|path| {
            let labels: Vec<(ElementKind, bool)> =
                path.labels.iter().map(|l| (ElementKind::ALL[usize::from(l / 2)], l % 2 == 0)).collect();
            let found = elements(&labels);
            let right = found.iter().filter(|element| expected.contains(element)).count() as f32;
            let f1 = 2.0 * right / (found.len() + expected.len()) as f32;
            ((f1 - 1.0) * RIGHTNESS * expected.len() as f32 / 6.0).exp()
        })
        .collect();
    let sum: f32 = rightness.iter().sum::<f32>().max(1e-9);
    Example {
        paths: paths
            .iter()
            .map(|path| Candidate {
                score: path.score,
                features: features(&one.tokens, &path.labels, tagger.lexicon()),
            })
            .collect(),
        wanted: rightness.iter().map(|share| share / sum).collect(),
    }
}

/// By slot: how its feature is told from others, and in how many addresses it is. Features of one address
/// alone are left out; of those that share a slot the one of the most addresses is kept.
fn kept(examples: &[Example]) -> (Vec<u8>, Vec<u32>) {
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for one in examples {
        let mut all: Vec<u64> = one.paths.iter().flat_map(|path| path.features.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        for hash in all {
            *counts.entry(hash).or_default() += 1;
        }
    }
    let mut sorted: Vec<(u32, u64)> =
        counts.into_iter().filter(|(_, n)| *n >= 2).map(|(h, n)| (n, h)).collect();
    sorted.sort_unstable();
    let (mut told, mut seen) = (vec![0; Reranker::slots()], vec![0; Reranker::slots()]);
    for (count, hash) in sorted {
        let (at, mark) = slot(hash);
        (told[at], seen[at]) = (mark, count);
    }
    (told, seen)
}

/// The mean of the weights after the later epochs.
fn weights(examples: &[Example], known: &[Vec<Vec<u32>>], seen: &[u32], seed: u64) -> Vec<f32> {
    let (mut weights, mut squares) = (vec![0f32; seen.len()], vec![0f32; seen.len()]);
    let mut sums = vec![0f32; seen.len()];
    let mut slopes = vec![0f32; seen.len()];
    let mut chance = Chance::new(seed);
    let from = EPOCHS / 2;
    for epoch in 0..EPOCHS {
        for at in order(&mut chance, examples.len()) {
            let (one, salt) = (&examples[at], chance.next());
            // A feature is hidden in all paths or in none.
            let shown = |feature: &&u32| share(&mut Chance::new(salt ^ u64::from(**feature))) >= HIDDEN;
            let shown: Vec<Vec<u32>> =
                known[at].iter().map(|features| features.iter().filter(shown).copied().collect()).collect();
            let scores: Vec<f32> = (one.paths.iter().zip(&shown))
                .map(|(path, features)| {
                    CHAIN_SHARE * path.score + features.iter().map(|f| weights[*f as usize]).sum::<f32>()
                })
                .collect();
            let top = scores.iter().copied().fold(f32::MIN, f32::max);
            let likely: Vec<f32> = scores.iter().map(|score| (score - top).exp()).collect();
            let sum: f32 = likely.iter().sum();
            let mut touched = Vec::new();
            for ((features, likely), wanted) in shown.iter().zip(&likely).zip(&one.wanted) {
                for feature in features {
                    slopes[*feature as usize] += likely / sum - wanted;
                    touched.push(*feature);
                }
            }
            for feature in touched.iter().map(|feature| *feature as usize) {
                let slope = std::mem::take(&mut slopes[feature]);
                // In all paths alike, or a second time.
                if slope == 0.0 {
                    continue;
                }
                let slope = slope + PRIOR / seen[feature] as f32 * weights[feature];
                squares[feature] += slope * slope;
                weights[feature] -= STEP * slope / (squares[feature] + 1e-4).sqrt();
            }
        }
        if epoch >= from {
            sums.iter_mut().zip(&weights).for_each(|(sum, weight)| *sum += weight);
        }
    }
    sums.iter().map(|sum| sum / (EPOCHS - from) as f32).collect()
}
