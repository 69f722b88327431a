//! A learnt tagger: its table of weights, its file, the best labels of a text.

use super::LABELS;
use super::bio::{Labelled, Scores, elements};
use super::features::{Endings, View};
use super::lexicon::Lexicon;
use super::tokens::{Token, hash_of, tokens};
use crate::{Element, ElementKind, slots};

const KINDS: usize = ElementKind::COUNT;
const MAGIC: &[u8; 8] = b"GWTAG\0\0\x01";
/// Weights of a row are so many, the last of them nothing.
const ROW: usize = 48;
/// Weights below so many steps everywhere are nothing.
const STEPS_MIN: i8 = 40;

/// Weights between a token and the one before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edges {
    /// From a kind (the last: the beginning of the text) to the beginning of a kind.
    pub enter: [[f32; KINDS]; KINDS + 1],
    /// From the beginning or the inside of a kind to its inside.
    pub stay: [[f32; 2]; KINDS],
}

impl Default for Edges {
    fn default() -> Self {
        Self { enter: [[0.0; KINDS]; KINDS + 1], stay: [[0.0; 2]; KINDS] }
    }
}

impl Edges {
    fn all(&self) -> impl Iterator<Item = f32> {
        self.enter.iter().flatten().chain(self.stay.iter().flatten()).copied()
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.enter.iter_mut().flatten().chain(self.stay.iter_mut().flatten())
    }

    pub(super) fn add(&mut self, other: &Edges, share: f32) {
        for (sum, weight) in self.all_mut().zip(other.all()) {
            *sum += share * weight;
        }
    }

    pub(super) fn step(&mut self, slope: &Edges, squares: &mut Edges, step: f32) {
        for ((weight, slope), square) in self.all_mut().zip(slope.all()).zip(squares.all_mut()) {
            *square += slope * slope;
            *weight -= step * slope / (*square + 1e-4).sqrt();
        }
    }
}

/// A model that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ModelError {
    /// It is another kind of file, or of another version.
    #[error("this is no model of a tagger that this version reads; train it again")]
    Foreign,
    /// Something is missing or has been changed.
    #[error("the model is damaged; train it again or fetch it again")]
    Damaged,
}

/// The hash of a feature and its weights, in one line of the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Slot {
    hash: u64,
    weights: [i8; ROW],
}

impl Slot {
    const EMPTY: Self = Self { hash: 0, weights: [0; ROW] };
}

/// Finds the elements of addresses.
pub struct Tagger {
    lexicon: Lexicon,
    endings: Endings,
    edges: Edges,
    /// A byte of each slot's hash: most features of a text are in no model, and this tells from memory near by.
    marks: Vec<u8>,
    slots: Vec<Slot>,
    /// What a step of a weight is.
    step: f32,
}

/// Memory that is kept from text to text.
#[derive(Default)]
pub struct Work {
    view: View,
    features: Vec<u64>,
    known: Vec<usize>,
    /// The kind before the beginning of each kind.
    from: Vec<[u8; KINDS]>,
    /// Kinds whose inside is best reached from their inside, a bit each.
    inside_from: Vec<u64>,
    /// Kinds whose inside is likelier than their beginning, a bit each.
    inside_ahead: Vec<u64>,
    labels: Vec<(ElementKind, bool)>,
}

/// Of bits that do not decide the slot.
fn mark(hash: u64) -> u8 {
    (hash >> 8) as u8 | 1
}

impl Tagger {
    /// Of weights as they were learnt.
    pub(super) fn of(
        lexicon: Lexicon,
        edges: Edges,
        rows: impl ExactSizeIterator<Item = (u64, [f32; LABELS])>,
    ) -> Self {
        let rows: Vec<(u64, [f32; LABELS])> = rows.collect();
        // The largest weights are cut off rather than that the small ones vanish.
        let mut sizes: Vec<f32> = rows.iter().flat_map(|(_, row)| row.iter().map(|w| w.abs())).collect();
        let nth = sizes.len().saturating_sub(1).min(sizes.len() * 9999 / 10_000);
        let top = if sizes.is_empty() { 1.0 } else { *sizes.select_nth_unstable_by(nth, f32::total_cmp).1 };
        let step = (top / 127.0).max(1e-6);
        let quantised = rows.iter().filter_map(|(hash, row)| {
            let bytes = row.map(|w| (w / step).round().clamp(-127.0, 127.0) as i8);
            bytes.iter().any(|b| b.abs() >= STEPS_MIN).then_some((*hash, bytes))
        });
        let kept: Vec<(u64, [i8; LABELS])> = quantised.collect();
        // Most features of a text are in no model: the search for one ends at once.
        let size = (kept.len() * 2).max(2);
        let mut tagger = Self {
            lexicon,
            endings: Endings::new(),
            edges,
            marks: vec![0; size],
            slots: vec![Slot::EMPTY; size],
            step,
        };
        for (hash, bytes) in kept {
            let mut at = tagger.home(hash);
            while tagger.marks[at] != 0 {
                at = tagger.after(at);
            }
            tagger.marks[at] = mark(hash);
            tagger.slots[at].hash = hash;
            tagger.slots[at].weights[..LABELS].copy_from_slice(&bytes);
        }
        tagger
    }

    /// How many features it knows.
    pub fn features(&self) -> usize {
        self.marks.iter().filter(|mark| **mark != 0).count()
    }

    fn home(&self, hash: u64) -> usize {
        slots::home(hash, self.marks.len())
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.marks.len() { 0 } else { at + 1 }
    }

    /// The slot of a feature, if it is known.
    fn slot(&self, hash: u64) -> Option<usize> {
        let mut at = self.home(hash);
        let wanted = mark(hash);
        loop {
            let found = self.marks[at];
            if found == 0 {
                return None;
            }
            if found == wanted && self.slots[at].hash == hash {
                return Some(at);
            }
            at = self.after(at);
        }
    }

    fn score(&self, features: &[u64], known: &mut Vec<usize>) -> [f32; LABELS] {
        // All are found before the first is added: so the memory brings them side by side.
        known.clear();
        known.extend(features.iter().filter_map(|hash| self.slot(*hash)));
        let mut sum = [0i16; ROW];
        for at in known {
            for (sum, weight) in sum.iter_mut().zip(&self.slots[*at].weights) {
                *sum += i16::from(*weight);
            }
        }
        let mut scores = [0f32; LABELS];
        for (score, sum) in scores.iter_mut().zip(sum) {
            *score = f32::from(sum) * self.step;
        }
        scores
    }

    /// The best labels: the kind of each token and whether an element begins there. O(tokens).
    pub fn labels<'a>(&self, tokens: &[Token], work: &'a mut Work) -> &'a [(ElementKind, bool)] {
        work.view.look(tokens, &self.lexicon, &self.endings);
        work.from.clear();
        work.inside_from.clear();
        work.inside_ahead.clear();
        work.labels.clear();
        if tokens.is_empty() {
            return &work.labels;
        }
        let (mut begin, mut inside) = ([f32::MIN; KINDS], [f32::MIN; KINDS]);
        for at in 0..tokens.len() {
            work.view.features(at, &mut work.features);
            let scores = self.score(&work.features, &mut work.known);
            let mut from = [0u8; KINDS];
            let mut stays = 0u64;
            let (next_begin, mut next_inside);
            next_inside = [f32::MIN; KINDS];
            if at == 0 {
                next_begin = self.edges.enter[KINDS];
            } else {
                let mut best = [f32::MIN; KINDS];
                let mut best_from = [0u32; KINDS];
                for (other, enter) in self.edges.enter[..KINDS].iter().enumerate() {
                    let reached = begin[other].max(inside[other]);
                    for ((best, from), enter) in best.iter_mut().zip(&mut best_from).zip(enter) {
                        let value = reached + enter;
                        let better = value > *best;
                        *from = if better { other as u32 } else { *from };
                        *best = if better { value } else { *best };
                    }
                }
                from = best_from.map(|other| other as u8);
                next_begin = best;
                for kind in 0..KINDS {
                    let [b, i] = self.edges.stay[kind];
                    let (b, i) = (begin[kind] + b, inside[kind] + i);
                    next_inside[kind] = b.max(i);
                    stays |= u64::from(i > b) << kind;
                }
            }
            let mut inside_ahead = 0;
            for kind in 0..KINDS {
                begin[kind] = next_begin[kind] + scores[kind * 2];
                inside[kind] = (next_inside[kind] + scores[kind * 2 + 1]).max(f32::MIN);
                inside_ahead |= u64::from(inside[kind] > begin[kind]) << kind;
            }
            work.inside_ahead.push(inside_ahead);
            work.from.push(from);
            work.inside_from.push(stays);
        }
        let ends = |kind: usize| begin[kind].max(inside[kind]);
        let mut kind = (0..KINDS).max_by(|a, b| ends(*a).total_cmp(&ends(*b))).unwrap_or(0);
        let mut begins = begin[kind] >= inside[kind];
        for at in (0..tokens.len()).rev() {
            work.labels.push((ElementKind::ALL[kind], begins));
            if at == 0 {
                break;
            }
            if begins {
                kind = usize::from(work.from[at][kind]);
                begins = work.inside_ahead[at - 1] >> kind & 1 == 0;
            } else {
                begins = work.inside_from[at] >> kind & 1 == 0;
            }
        }
        work.labels.reverse();
        &work.labels
    }

    /// How well it finds the elements of labelled addresses.
    pub fn scores(&self, addresses: &[Labelled]) -> Scores {
        let (mut scores, mut work) = (Scores::default(), Work::default());
        for one in addresses {
            scores.add(&one.labels, self.labels(&one.tokens, &mut work));
        }
        scores
    }

    /// The elements of a text. Their text is as it is written, their spans count its characters.
    pub fn elements(&self, text: &str) -> Vec<Element> {
        let (tokens, mut work) = (tokens(text), Work::default());
        let found = elements(self.labels(&tokens, &mut work));
        let (mut bytes, mut letters) = (0, 0);
        let mut letters_before = |to: usize| {
            letters += text[bytes..to].chars().count();
            bytes = to;
            letters
        };
        found
            .into_iter()
            .map(|(kind, from, to)| {
                let span = tokens[from].span.start..tokens[to - 1].span.end;
                let (start, end) = (letters_before(span.start), letters_before(span.end));
                Element { kind, text: text[span].to_owned(), start, end }
            })
            .collect()
    }

    /// As a file: the same bytes for the same model.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let number = |out: &mut Vec<u8>, n: usize| out.extend((n as u64).to_le_bytes());
        out.extend(self.step.to_le_bytes());
        self.edges.all().for_each(|weight| out.extend(weight.to_le_bytes()));
        number(&mut out, self.lexicon.words().count());
        for (hash, kinds) in self.lexicon.words() {
            out.extend(hash.to_le_bytes());
            out.extend(kinds.to_le_bytes());
        }
        number(&mut out, self.slots.len());
        for (mark, slot) in self.marks.iter().zip(&self.slots) {
            out.push(u8::from(*mark != 0));
            if *mark != 0 {
                out.extend(slot.hash.to_le_bytes());
                out.extend(slot.weights[..LABELS].iter().map(|weight| *weight as u8));
            }
        }
        out.extend(hash_of(&out).to_le_bytes());
        out
    }

    /// From a file's bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::Foreign)?;
        let (body, sum) = rest.split_last_chunk::<8>().ok_or(ModelError::Damaged)?;
        if hash_of(&bytes[..bytes.len() - 8]) != u64::from_le_bytes(*sum) {
            return Err(ModelError::Damaged);
        }
        Self::read(&mut Reader(body)).ok_or(ModelError::Damaged)
    }

    fn read(from: &mut Reader) -> Option<Self> {
        let step = f32::from_le_bytes(from.take()?);
        let mut edges = Edges::default();
        for weight in edges.all_mut() {
            *weight = f32::from_le_bytes(from.take()?);
        }
        let mut words = Vec::new();
        for _ in 0..from.number()? {
            words.push((u64::from_le_bytes(from.take()?), u32::from_le_bytes(from.take()?)));
        }
        let lexicon = Lexicon::from_words(words)?;
        let (mut marks, mut slots) = (Vec::new(), Vec::new());
        for _ in 0..from.number()? {
            let mut slot = Slot::EMPTY;
            let [used] = from.take()?;
            if used != 0 {
                slot.hash = u64::from_le_bytes(from.take()?);
                let weights: [u8; LABELS] = from.take()?;
                slot.weights.iter_mut().zip(weights).for_each(|(to, weight)| *to = weight as i8);
            }
            marks.push(if used == 0 { 0 } else { mark(slot.hash) });
            slots.push(slot);
        }
        // A search ends at an empty slot.
        (from.0.is_empty() && marks.contains(&0)).then(|| Self {
            lexicon,
            endings: Endings::new(),
            edges,
            marks,
            slots,
            step,
        })
    }
}

/// What is left of a file.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.take()?)).ok()
    }
}
