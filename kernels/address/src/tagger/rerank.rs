//! Which of the best paths: judged by their elements as wholes, which a chain from token to token cannot see.
//!
//! Discriminative reranking (Collins, Koo: "Discriminative Reranking for Natural Language Parsing",
//! Computational Linguistics 2005), and of the paths' probabilities the one with the best expected share of
//! right elements (minimum Bayes risk: Kumar, Byrne, HLT-NAACL 2004).

use super::chain::{Most, Path};
use super::features::feature;
use super::lexicon::Lexicon;
use super::tokens::{Class, Token, mix};
use crate::ElementKind;

/// So many paths are compared.
pub(super) const PATHS: Most = Most { paths: 6, within: 3.0 };
/// So many are learnt from: more, since they are what there is to learn.
pub(super) const PATHS_LEARNT: Most = Most { paths: 8, within: 12.0 };
/// What the chain's score counts: it is surer of itself than it should be.
pub(super) const CHAIN_SHARE: f32 = 0.2;
/// The table has two to this many slots.
const SLOT_BITS: u32 = 19;
/// Before the first element and behind the last.
const EDGES: [u64; 2] = [90, 91];

/// An element of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    kind: u8,
    from: u32,
    to: u32,
}

fn segments(labels: &[u8], found: &mut Vec<Segment>) {
    found.clear();
    for (at, label) in labels.iter().enumerate() {
        match found.last_mut() {
            Some(last) if label % 2 == 1 => last.to = at as u32 + 1,
            _ => found.push(Segment { kind: label / 2, from: at as u32, to: at as u32 + 1 }),
        }
    }
}

/// A feature: in which slot, and how it is told from others there.
pub(super) fn slot(hash: u64) -> (usize, u8) {
    ((hash >> (64 - SLOT_BITS)) as usize, ((hash >> 8) as u8).max(1))
}

/// Weights of features, in steps; of those that share a slot one.
pub(super) struct Reranker {
    /// How it is told and the weight; 0 where there is none.
    slots: Vec<(u8, i8)>,
    /// What a step of a weight is.
    step: f32,
}

/// Memory that is kept from text to text.
#[derive(Default)]
pub(super) struct Room {
    segments: Vec<Vec<Segment>>,
    /// What was judged already: an element among the same neighbours is in most of the paths.
    judged: Vec<(u64, i32)>,
    scores: Vec<f32>,
}

/// What an element's features are made of.
struct Around<'a> {
    tokens: &'a [Token],
    segments: &'a [Segment],
    at: usize,
    /// Kinds of the elements before, a bit each.
    earlier: u64,
    /// The kind of the last element before that is written the same.
    same: u64,
}

const POI: u32 = ElementKind::Poi as u32;

impl Around<'_> {
    fn kind(&self, offset: isize) -> u64 {
        match self.at.checked_add_signed(offset) {
            None => EDGES[0],
            Some(at) => self.segments.get(at).map_or(EDGES[1], |segment| u64::from(segment.kind)),
        }
    }

    /// Of the token at this place.
    fn shape(&self, at: Option<usize>) -> u64 {
        at.map_or(5, |at| self.tokens.get(at).map_or(6, |token| token.shape))
    }

    /// All that decides the features.
    fn key(&self) -> u64 {
        let Segment { kind, from, to } = self.segments[self.at];
        let place = u64::from(from) << 32 | u64::from(to) << 8 | u64::from(kind);
        let kinds = (-3..=1).fold(0, |kinds, offset| kinds << 7 | self.kind(offset));
        let left = (self.segments.len() - self.at) as u64;
        feature(place, &[kinds, self.earlier, self.same, left])
    }

    fn features(&self, lexicon: &Lexicon, mut add: impl FnMut(u64)) {
        let Segment { kind, from, to } = self.segments[self.at];
        let (k, from, to) = (u64::from(kind), from as usize, to as usize);
        let tokens = &self.tokens[from..to];
        let name = tokens.iter().fold(0, |hash, token| mix(hash, token.word));
        let looks = tokens.iter().fold(0, |hash, token| mix(hash, token.shape));
        let length = tokens.len() as u64;
        let left = (self.segments.len() - self.at) as u64;
        let number = u64::from(tokens[0].class == Class::Digits);
        let (first, last) = (tokens[0].shape, tokens[tokens.len() - 1].shape);
        let (before, behind) = (self.shape(from.checked_sub(1)), self.shape(Some(to)));
        let ending = if tokens.len() > 1 { mix(tokens[tokens.len() - 2].shape, last) } else { 1 };
        let known = u64::from(lexicon.kinds(name));
        let (k1, k2, k3) = (self.kind(-1), self.kind(-2), self.kind(-3));
        let n1 = self.kind(1);
        let mut add = |template: u64, parts: &[u64]| add(feature(template, parts));
        add(101, &[k, looks]);
        add(102, &[k, length.min(9)]);
        add(103, &[k, k1, k2]);
        add(104, &[k, first, last]);
        add(105, &[k, last, length.min(8)]);
        add(106, &[k, ending]);
        add(107, &[k, last, before]);
        add(112, &[k, self.earlier >> kind & 1]);
        add(113, &[k, self.earlier]);
        add(114, &[k, self.earlier >> POI & 1, last]);
        add(115, &[k, known, number]);
        add(116, &[k, self.same, length.min(4)]);
        add(117, &[k, k1, n1]);
        add(118, &[k, left, number]);
        add(119, &[k, k1, k2, k3]);
        if number == 1 {
            add(122, &[k, k1, n1, last, behind]);
        }
        for token in tokens {
            add(123, &[k, token.shape]);
        }
        for pair in tokens.windows(2) {
            add(124, &[k, pair[0].shape, pair[1].shape]);
        }
    }
}

/// Calls for each element of a path, and for the path as a whole.
fn each_element(
    tokens: &[Token],
    segments: &[Segment],
    mut element: impl FnMut(&Around),
    mut whole: impl FnMut(u64),
) {
    let (mut earlier, mut kinds) = (0u64, 0);
    for (at, segment) in segments.iter().enumerate() {
        let written = |of: &Segment| &tokens[of.from as usize..of.to as usize];
        let alike = |other: &&Segment| {
            other.to - other.from == segment.to - segment.from
                && written(other).iter().zip(written(segment)).all(|(a, b)| a.word == b.word)
        };
        let same = segments[..at].iter().rev().find(alike).map_or(99, |other| u64::from(other.kind));
        element(&Around { tokens, segments, at, earlier, same });
        earlier |= 1 << segment.kind;
        kinds = mix(kinds, u64::from(segment.kind));
    }
    whole(feature(140, &[kinds]));
    whole(feature(141, &[earlier]));
    whole(feature(142, &[segments.len() as u64]));
}

/// All features of a path.
pub(super) fn features(tokens: &[Token], labels: &[u8], lexicon: &Lexicon) -> Vec<u64> {
    let (mut elements, mut found, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
    segments(labels, &mut elements);
    let element = |around: &Around| around.features(lexicon, |hash| found.push(hash));
    each_element(tokens, &elements, element, |hash| wholes.push(hash));
    found.extend(wholes);
    found
}

/// Elements that two paths have in common.
fn common(a: &[Segment], b: &[Segment]) -> usize {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        both += usize::from(x == y);
        i += usize::from(x.to <= y.to);
        j += usize::from(y.to <= x.to);
    }
    both
}

/// The path with the best expected share of right elements, of these with such scores; they become weights.
fn surest(paths: &[Vec<Segment>], scores: &mut [f32]) -> usize {
    let top = scores.iter().copied().fold(f32::MIN, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - top).exp());
    let weights = &*scores;
    let sum: f32 = weights.iter().sum();
    let expected: f32 = paths.iter().zip(weights).map(|(path, weight)| weight * path.len() as f32).sum();
    let gain = |path: &[Segment]| {
        let right: f32 =
            paths.iter().zip(weights).map(|(other, weight)| weight * common(path, other) as f32).sum();
        right / (expected + sum * path.len() as f32)
    };
    let mut best = (f32::MIN, 0);
    for (at, path) in paths.iter().enumerate() {
        let gain = gain(path);
        best = if gain > best.0 { (gain, at) } else { best };
    }
    best.1
}

impl Reranker {
    /// Of weights as they were learnt, by slot.
    pub fn of(told: &[u8], weights: &[f32]) -> Self {
        let top = weights.iter().fold(0f32, |top, weight| top.max(weight.abs()));
        let step = (top / 127.0).max(1e-6);
        let slots = told.iter().zip(weights).map(|(told, weight)| {
            let weight = (weight / step).round() as i8;
            if weight == 0 { (0, 0) } else { (*told, weight) }
        });
        Self { slots: slots.collect(), step }
    }

    /// Slots that a table has.
    pub fn slots() -> usize {
        1 << SLOT_BITS
    }

    fn weight(&self, hash: u64) -> i32 {
        let (at, told) = slot(hash);
        let (found, weight) = self.slots[at];
        i32::from(weight) * i32::from(found == told)
    }

    /// Which of the paths; they are of the same text.
    pub fn choose(&self, tokens: &[Token], lexicon: &Lexicon, paths: &[Path], room: &mut Room) -> usize {
        room.judged.clear();
        room.scores.clear();
        room.segments.resize_with(paths.len(), Vec::new);
        for (path, elements) in paths.iter().zip(&mut room.segments) {
            segments(&path.labels, elements);
            let judged = &mut room.judged;
            let (mut sum, mut wholes) = (0, 0);
            let element = |around: &Around| {
                let key = around.key();
                sum += match judged.iter().find(|(known, _)| *known == key) {
                    Some((_, score)) => *score,
                    None => {
                        let mut score = 0;
                        around.features(lexicon, |hash| score += self.weight(hash));
                        judged.push((key, score));
                        score
                    }
                };
            };
            each_element(tokens, elements, element, |hash| wholes += self.weight(hash));
            room.scores.push(CHAIN_SHARE * path.score + (sum + wholes) as f32 * self.step);
        }
        surest(&room.segments, &mut room.scores)
    }

    /// Its step and slots, as a file has them.
    pub fn parts(&self) -> (f32, &[(u8, i8)]) {
        (self.step, &self.slots)
    }

    /// From what a file has.
    pub fn from_parts(step: f32, slots: Vec<(u8, i8)>) -> Option<Self> {
        (slots.len() == Self::slots()).then_some(Self { slots, step })
    }
}
