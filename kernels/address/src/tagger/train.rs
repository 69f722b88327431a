//! Learning a tagger from labelled addresses.
//!
//! Maximum likelihood with a Gaussian prior, by stochastic gradients with a step of its own for each weight
//! (Duchi, Hazan, Singer: AdaGrad, JMLR 2011). Some taggers are learnt from the same addresses in different
//! orders and their weights averaged: the same size as one, less of chance. Names for the lexicon's
//! features come from the other folds, so that a name's own address does not vouch for it.

use super::LABELS;
use super::bio::Labelled;
use super::chain::Edges;
use super::features::{Endings, View};
use super::judge;
use super::lexicon::Lexicon;
use super::model::Tagger;
use crate::ElementKind;
use gridweave_chance::Chance;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const KINDS: usize = ElementKind::COUNT;

/// How to learn.
#[derive(Clone, Copy, Debug)]
pub struct TrainOptions {
    /// Times through the addresses.
    pub epochs: usize,
    /// Taggers that are averaged.
    pub members: usize,
    /// Strength of the prior: one over the variance of a weight.
    pub prior: f32,
    /// The first step.
    pub step: f32,
    /// Features seen less often are left out.
    pub seen_min: u32,
    /// Share of features that are hidden from an address while learning.
    pub hidden: f32,
    /// Of the order of addresses.
    pub seed: u64,
    /// With a judge of the best paths, which takes six times as long.
    pub judged: bool,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            epochs: 20,
            members: 4,
            prior: 2.0,
            step: 0.1,
            seen_min: 2,
            hidden: 0.3,
            seed: 1,
            judged: true,
        }
    }
}

/// What has been reached.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Times that all addresses have been gone through, over all members.
    pub epoch: usize,
    /// So many there will be.
    pub of: usize,
    /// Mean loss of an address in the last one, in nats.
    pub loss: f64,
}

/// An address as numbers: features of each token by their place in the table, and its labels.
struct Example {
    features: Vec<Vec<u32>>,
    labels: Vec<u8>,
}

const FOLDS: usize = 8;

/// Learns from addresses; `told` hears of each epoch, from any thread.
pub fn train(addresses: &[Labelled], options: &TrainOptions, told: &(dyn Fn(Progress) + Sync)) -> Tagger {
    let chains = if options.judged { 1 + judge::FOLDS } else { 1 };
    let of = options.epochs * options.members.max(1) * chains;
    let done = AtomicUsize::new(0);
    let told = |loss: f64| told(Progress { epoch: done.fetch_add(1, Relaxed) + 1, of, loss });
    let tagger = chain(addresses, options, &told);
    if !options.judged {
        return tagger;
    }
    let reranker = judge::learn(addresses, &|part| chain(part, options, &told), options.seed);
    tagger.with(reranker)
}

/// Learns the chain alone.
fn chain(addresses: &[Labelled], options: &TrainOptions, told: &(dyn Fn(f64) + Sync)) -> Tagger {
    let lexicon = Lexicon::of(addresses.iter());
    let hashed = hashed(addresses);
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for hash in hashed.iter().flatten().flatten() {
        *counts.entry(*hash).or_default() += 1;
    }
    let mut kept: Vec<(u64, u32)> = counts.into_iter().filter(|(_, n)| *n >= options.seen_min).collect();
    kept.sort_unstable();
    let number: HashMap<u64, u32> = kept.iter().enumerate().map(|(i, (hash, _))| (*hash, i as u32)).collect();
    let examples: Vec<Example> = hashed
        .iter()
        .zip(addresses)
        .map(|(tokens, one)| Example {
            features: tokens
                .iter()
                .map(|hashes| hashes.iter().filter_map(|hash| number.get(hash).copied()).collect())
                .collect(),
            labels: one.labels.iter().map(|(kind, begins)| *kind as u8 * 2 + u8::from(!begins)).collect(),
        })
        .collect();
    let seen: Vec<u32> = kept.iter().map(|(_, count)| *count).collect();
    let members: Vec<Learner> = (0..options.members.max(1))
        .into_par_iter()
        .map(|member| {
            let mut learner = Learner::new(seen.len(), options.seed.wrapping_add(member as u64 * 7919));
            for epoch in 0..options.epochs {
                let loss = learner.epoch(&examples, &seen, options, epoch);
                told(loss);
            }
            learner.averaged()
        })
        .collect();
    let share = 1.0 / members.len() as f32;
    let mut weights = vec![[0f32; LABELS]; seen.len()];
    let mut edges = Edges::default();
    for member in &members {
        for (sum, row) in weights.iter_mut().zip(&member.weights) {
            for (sum, weight) in sum.iter_mut().zip(row) {
                *sum += share * weight;
            }
        }
        edges.add(&member.edges, share);
    }
    let rows = kept.iter().map(|(hash, _)| *hash).zip(weights);
    Tagger::of(lexicon, edges, rows)
}

/// The features of each token of each address.
fn hashed(addresses: &[Labelled]) -> Vec<Vec<Vec<u64>>> {
    let endings = Endings::new();
    let mut found: Vec<Vec<Vec<u64>>> = vec![Vec::new(); addresses.len()];
    for fold in 0..FOLDS {
        let others = addresses.iter().enumerate().filter(|(i, _)| i % FOLDS != fold).map(|(_, one)| one);
        let lexicon = Lexicon::of(others);
        let mut view = View::default();
        for (at, one) in addresses.iter().enumerate().filter(|(i, _)| i % FOLDS == fold) {
            view.look(&one.tokens, &lexicon, &endings);
            found[at] = (0..one.tokens.len())
                .map(|token| {
                    let mut features = Vec::new();
                    view.features(token, &mut features);
                    features
                })
                .collect();
        }
    }
    found
}

/// From 0 to below 1. A model is the same for the same seed, for good.
pub(super) fn share(chance: &mut Chance) -> f32 {
    (chance.next() >> 40) as f32 / (1u64 << 24) as f32
}

/// All numbers below this one, each once.
pub(super) fn order(chance: &mut Chance, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        order.swap(at, (chance.next() % (at as u64 + 1)) as usize);
    }
    order
}

struct Learner {
    weights: Vec<[f32; LABELS]>,
    squares: Vec<[f32; LABELS]>,
    /// Sums of the weights at the ends of the later epochs.
    sums: Vec<[f32; LABELS]>,
    edges: Edges,
    edge_squares: Edges,
    edge_sums: Edges,
    summed: f32,
    chance: Chance,
    room: Room,
}

/// Memory for one address.
#[derive(Default)]
struct Room {
    scores: Vec<[f32; LABELS]>,
    forward: Vec<[f64; LABELS]>,
    backward: Vec<[f64; LABELS]>,
    psi: Vec<[f64; LABELS]>,
}

impl Learner {
    fn new(features: usize, seed: u64) -> Self {
        Self {
            weights: vec![[0.0; LABELS]; features],
            squares: vec![[0.0; LABELS]; features],
            sums: vec![[0.0; LABELS]; features],
            edges: Edges::default(),
            edge_squares: Edges::default(),
            edge_sums: Edges::default(),
            summed: 0.0,
            chance: Chance::new(seed),
            room: Room::default(),
        }
    }

    fn epoch(&mut self, examples: &[Example], seen: &[u32], options: &TrainOptions, epoch: usize) -> f64 {
        let order = order(&mut self.chance, examples.len());
        let loss: f64 = order.iter().map(|at| self.learn(&examples[*at], seen, options)).sum();
        if epoch * 2 >= options.epochs {
            self.summed += 1.0;
            for (sum, row) in self.sums.iter_mut().zip(&self.weights) {
                for (sum, weight) in sum.iter_mut().zip(row) {
                    *sum += weight;
                }
            }
            self.edge_sums.add(&self.edges, 1.0);
        }
        loss / examples.len().max(1) as f64
    }

    fn averaged(mut self) -> Self {
        let share = 1.0 / self.summed.max(1.0);
        for weight in self.sums.iter_mut().flatten() {
            *weight *= share;
        }
        let mut edges = Edges::default();
        edges.add(&self.edge_sums, share);
        Self { weights: self.sums, edges, sums: Vec::new(), squares: Vec::new(), ..self }
    }

    /// One step for one address; its loss.
    fn learn(&mut self, example: &Example, seen: &[u32], options: &TrainOptions) -> f64 {
        let count = example.labels.len();
        let shown: Vec<Vec<u32>> = example
            .features
            .iter()
            .map(|all| all.iter().copied().filter(|_| share(&mut self.chance) >= options.hidden).collect())
            .collect();
        let room = &mut self.room;
        room.scores.clear();
        room.scores.extend(shown.iter().map(|features| {
            let mut sum = [0f32; LABELS];
            for feature in features {
                for (sum, weight) in sum.iter_mut().zip(&self.weights[*feature as usize]) {
                    *sum += weight;
                }
            }
            sum
        }));
        let (loss, gradient) = room.gradient(&self.edges, &example.labels);
        for (features, gradient) in shown.iter().zip(&room.forward[..count]) {
            for feature in features {
                let at = *feature as usize;
                let decay = options.prior / seen[at] as f32;
                let (weights, squares) = (&mut self.weights[at], &mut self.squares[at]);
                for label in 0..LABELS {
                    let slope = gradient[label] as f32 + decay * weights[label];
                    squares[label] += slope * slope;
                    weights[label] -= options.step * slope / (squares[label] + 1e-4).sqrt();
                }
            }
        }
        self.edges.step(&gradient, &mut self.edge_squares, options.step);
        loss
    }
}

impl Room {
    /// The loss and the slope of the edges; the slope of the scores is left in `forward`.
    fn gradient(&mut self, edges: &Edges, labels: &[u8]) -> (f64, Edges) {
        let count = labels.len();
        let into = edges.enter.map(|row| row.map(|w| f64::from(w).exp()));
        let stay = edges.stay.map(|row| row.map(|w| f64::from(w).exp()));
        self.psi.clear();
        let mut log_scale = 0.0;
        for scores in &self.scores {
            let top = scores.iter().copied().fold(f32::MIN, f32::max);
            log_scale += f64::from(top);
            self.psi.push(scores.map(|s| f64::from(s - top).exp()));
        }
        self.forward.clear();
        self.backward.clear();
        self.backward.resize(count, [1.0; LABELS]);
        let mut before = [0.0; KINDS + 1];
        before[KINDS] = 1.0;
        let mut last: Option<[f64; LABELS]> = None;
        let mut scales = Vec::with_capacity(count);
        for psi in &self.psi {
            let mut now = [0.0; LABELS];
            for kind in 0..KINDS {
                let enter: f64 = before.iter().zip(&into).map(|(a, row)| a * row[kind]).sum();
                now[kind * 2] = psi[kind * 2] * enter;
                if let Some(last) = &last {
                    now[kind * 2 + 1] = psi[kind * 2 + 1]
                        * (last[kind * 2] * stay[kind][0] + last[kind * 2 + 1] * stay[kind][1]);
                }
            }
            let scale: f64 = now.iter().sum::<f64>().max(1e-300);
            now = now.map(|v| v / scale);
            scales.push(scale);
            for kind in 0..KINDS {
                before[kind] = now[kind * 2] + now[kind * 2 + 1];
            }
            before[KINDS] = 0.0;
            last = Some(now);
            self.forward.push(now);
        }
        for at in (0..count.saturating_sub(1)).rev() {
            let (next, psi) = (self.backward[at + 1], &self.psi[at + 1]);
            let scale = scales[at + 1];
            let mut weighted = [0.0; KINDS];
            for kind in 0..KINDS {
                weighted[kind] = psi[kind * 2] * next[kind * 2];
            }
            for kind in 0..KINDS {
                let leave: f64 = weighted.iter().zip(&into[kind]).map(|(a, b)| a * b).sum();
                let inside = psi[kind * 2 + 1] * next[kind * 2 + 1];
                self.backward[at][kind * 2] = (leave + inside * stay[kind][0]) / scale;
                self.backward[at][kind * 2 + 1] = (leave + inside * stay[kind][1]) / scale;
            }
        }
        let log_all: f64 = scales.iter().map(|s| s.ln()).sum::<f64>() + log_scale;
        let mut gradient = Edges::default();
        let mut log_gold = 0.0;
        for at in 0..count {
            let (label, kind) = (labels[at] as usize, labels[at] as usize / 2);
            log_gold += f64::from(self.scores[at][label]);
            let from = if at == 0 { KINDS } else { labels[at - 1] as usize / 2 };
            if label % 2 == 0 {
                log_gold += f64::from(edges.enter[from][kind]);
                gradient.enter[from][kind] -= 1.0;
            } else {
                let inside = labels[at - 1] as usize % 2;
                log_gold += f64::from(edges.stay[kind][inside]);
                gradient.stay[kind][inside] -= 1.0;
            }
            // Expected edges into this token.
            let (psi, next, scale) = (&self.psi[at], &self.backward[at], scales[at]);
            if at == 0 {
                for kind in 0..KINDS {
                    gradient.enter[KINDS][kind] +=
                        (into[KINDS][kind] * psi[kind * 2] * next[kind * 2] / scale) as f32;
                }
            } else {
                let last = &self.forward[at - 1];
                for kind in 0..KINDS {
                    let begin = psi[kind * 2] * next[kind * 2] / scale;
                    for other in 0..KINDS {
                        let mass = last[other * 2] + last[other * 2 + 1];
                        gradient.enter[other][kind] += (mass * into[other][kind] * begin) as f32;
                    }
                    let inside = psi[kind * 2 + 1] * next[kind * 2 + 1] / scale;
                    for (from, stays) in stay[kind].iter().enumerate() {
                        gradient.stay[kind][from] += (last[kind * 2 + from] * stays * inside) as f32;
                    }
                }
            }
        }
        for ((forward, backward), label) in self.forward.iter_mut().zip(&self.backward).zip(labels) {
            forward.iter_mut().zip(backward).for_each(|(f, b)| *f *= b);
            forward[usize::from(*label)] -= 1.0;
        }
        (log_all - log_gold, gradient)
    }
}
