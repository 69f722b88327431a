//! A statistical tagger: text → the 21 kinds of elements, learnt from labelled addresses.
//!
//! A linear-chain conditional random field (Lafferty, McCallum, Pereira: "Conditional Random Fields",
//! ICML 2001) over tokens: a letter each, a run of digits or of Latin letters together. Labels are the
//! beginning and the inside of each kind; the inside of a kind follows only that kind, which leaves the
//! best path as cheap as one over kinds. What a token looks like is hashed; the weights of one hash are a row of
//! bytes. Where the chain is unsure, its few best paths are judged by their elements as wholes (`rerank`).

mod bio;
mod chain;
mod features;
mod judge;
mod lexicon;
mod model;
mod rerank;
mod table;
mod tokens;
mod train;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use bio::{BioError, Labelled, Score, Scores, read as read_bio};
pub use model::{ModelError, Tagger};
pub use tokens::{Token, tokens};
pub use train::{Progress, TrainOptions, train};

/// The tagger that ships: learnt from invented addresses alone (see `model/README.md`).
pub fn shipped() -> Result<Tagger, ModelError> {
    Tagger::from_bytes(include_bytes!("../../model/shipped.model"))
}

/// Labels: the beginning (even) and the inside (odd) of each kind.
const LABELS: usize = crate::ElementKind::COUNT * 2;
