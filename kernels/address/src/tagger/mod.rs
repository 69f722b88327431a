//! A statistical tagger: text → the 21 kinds of elements, learnt from labelled addresses.
//!
//! A linear-chain conditional random field (Lafferty, McCallum, Pereira: "Conditional Random Fields",
//! ICML 2001) over tokens: a letter each, a run of digits or of Latin letters together. Labels are the
//! beginning and the inside of each kind; the inside of a kind follows only that kind, which leaves the
//! best path as cheap as one over kinds. What a token looks like is hashed; the weights of one hash are one
//! cache line of bytes.

mod bio;
mod chain;
mod features;
mod lexicon;
mod judge;
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

/// Labels: the beginning (even) and the inside (odd) of each kind.
const LABELS: usize = crate::ElementKind::COUNT * 2;
