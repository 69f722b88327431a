//! A learnt tagger: its parts, its file, the best labels of a text.

use super::LABELS;
use super::bio::{Labelled, Scores, elements};
use super::chain::{Edges, Lattice, Most, Path};
use super::features::{Endings, View};
use super::lexicon::Lexicon;
use super::rerank::{PATHS, Reranker, Room};
use super::table::Table;
use super::tokens::{Token, hash_of, tokens};
use crate::{Element, ElementKind};

const MAGIC: &[u8; 8] = b"GWTAG\0\0\x02";
/// Weights below so many steps everywhere are nothing.
const STEPS_MIN: i8 = 40;

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

/// Finds the elements of addresses.
pub struct Tagger {
    lexicon: Lexicon,
    endings: Endings,
    edges: Edges,
    table: Table,
    /// What a step of a weight is.
    step: f32,
    reranker: Option<Reranker>,
}

/// Memory that is kept from text to text.
#[derive(Default)]
pub struct Work {
    view: View,
    features: Vec<u64>,
    lattice: Lattice,
    paths: Vec<Path>,
    room: Room,
    labels: Vec<(ElementKind, bool)>,
}

impl Tagger {
    /// A chain of weights as they were learnt.
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
        Self { lexicon, endings: Endings::new(), edges, table: Table::of(&kept), step, reranker: None }
    }

    /// With a judge of its best paths.
    pub(super) fn with(self, reranker: Reranker) -> Self {
        Self { reranker: Some(reranker), ..self }
    }

    /// How many features of tokens it knows.
    pub fn features(&self) -> usize {
        self.table.len()
    }

    pub(super) fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// The chain's best paths, the best first.
    pub(super) fn paths<'a>(&self, tokens: &[Token], most: Most, work: &'a mut Work) -> &'a [Path] {
        work.view.look(tokens, &self.lexicon, &self.endings);
        work.lattice.clear();
        for at in 0..tokens.len() {
            work.view.features(at, &mut work.features);
            let scores = self.table.sum(&work.features).map(|steps| f32::from(steps) * self.step);
            work.lattice.push(&self.edges, scores);
        }
        work.lattice.best(&self.edges, most, &mut work.paths);
        &work.paths
    }

    /// The best labels: the kind of each token and whether an element begins there. O(tokens).
    pub fn labels<'a>(&self, tokens: &[Token], work: &'a mut Work) -> &'a [(ElementKind, bool)] {
        let most = if self.reranker.is_some() { PATHS } else { Most::ONE };
        self.paths(tokens, most, work);
        let chosen = match &self.reranker {
            Some(reranker) if work.paths.len() > 1 => {
                reranker.choose(tokens, &self.lexicon, &work.paths, &mut work.room)
            }
            _ => 0,
        };
        work.labels.clear();
        let labels = work.paths.get(chosen).map_or(&[][..], |path| &path.labels);
        work.labels
            .extend(labels.iter().map(|label| (ElementKind::ALL[usize::from(label / 2)], label % 2 == 0)));
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
        let (buckets, rows) = self.table.parts();
        number(&mut out, buckets.len());
        for (marks, first) in buckets {
            out.extend(marks.to_le_bytes());
            out.extend(first.to_le_bytes());
        }
        number(&mut out, rows.len());
        for (hash, weights) in rows {
            out.extend(hash.to_le_bytes());
            out.extend(weights.iter().map(|weight| *weight as u8));
        }
        if let Some((step, slots)) = self.reranker.as_ref().map(Reranker::parts) {
            out.extend(step.to_le_bytes());
            number(&mut out, slots.iter().filter(|slot| slot.1 != 0).count());
            for (at, (told, weight)) in slots.iter().enumerate().filter(|(_, slot)| slot.1 != 0) {
                out.extend((at as u32).to_le_bytes());
                out.extend([*told, *weight as u8]);
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
        let (mut buckets, mut rows) = (Vec::new(), Vec::new());
        for _ in 0..from.number()? {
            buckets.push((u64::from_le_bytes(from.take()?), u32::from_le_bytes(from.take()?)));
        }
        for _ in 0..from.number()? {
            let hash = u32::from_le_bytes(from.take()?);
            let weights: [u8; LABELS] = from.take()?;
            rows.push((hash, weights.map(|weight| weight as i8)));
        }
        let mut reranker = None;
        if !from.0.is_empty() {
            let step = f32::from_le_bytes(from.take()?);
            let mut slots = vec![(0, 0); Reranker::slots()];
            for _ in 0..from.number()? {
                let at = u32::from_le_bytes(from.take()?) as usize;
                let [told, weight] = from.take()?;
                *slots.get_mut(at)? = (told, weight as i8);
            }
            reranker = Some(Reranker::from_parts(step, slots)?);
        }
        let endings = Endings::new();
        let table = Table::from_parts(buckets, rows);
        from.0.is_empty().then_some(Self { lexicon, endings, edges, table, step, reranker })
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
