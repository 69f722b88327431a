//! Labelled addresses: a token and its label a line, a blank line between addresses; and how well labels
//! that were found agree with them.

use super::tokens::{Token, tokens};
use crate::ElementKind;
use std::collections::BTreeMap;

/// An address with the label of each token.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    pub(crate) tokens: Vec<Token>,
    /// Kind of each token, and whether an element begins there.
    pub labels: Vec<(ElementKind, bool)>,
}

/// A line that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BioError {
    /// There is no label.
    #[error("line {line}: {text:?} is no token with a label; write the token, a blank and B-KIND or I-KIND")]
    Label {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The label's kind is none of the 21.
    #[error("line {line}: there is no kind of element {kind:?}; there are: {}", ElementKind::names().join(", "))]
    Kind {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        kind: String,
    },
}

/// Reads labelled addresses. Kinds may be written in any case. A token is what the file says it is, even
/// where the text alone would be cut in another way. An inside that follows no element of its kind begins
/// one, as the CoNLL evaluation has it.
pub fn read(text: &str) -> Result<Vec<Labelled>, BioError> {
    let mut found = Vec::new();
    let mut one = Labelled { tokens: Vec::new(), labels: Vec::new() };
    for (number, line) in text.lines().enumerate() {
        let line_number = number + 1;
        if line.trim().is_empty() {
            if !one.labels.is_empty() {
                found.push(std::mem::replace(&mut one, Labelled { tokens: Vec::new(), labels: Vec::new() }));
            }
            continue;
        }
        let wrong = || BioError::Label { line: line_number, text: line.to_owned() };
        let (word, label) = line.trim_end().rsplit_once([' ', '\t']).ok_or_else(wrong)?;
        let (mark, kind) = label.split_once('-').ok_or_else(wrong)?;
        let begins = match mark {
            "B" | "b" => true,
            "I" | "i" => false,
            _ => return Err(wrong()),
        };
        let kind = ElementKind::from_name(&kind.to_lowercase())
            .ok_or_else(|| BioError::Kind { line: line_number, kind: kind.to_owned() })?;
        let follows = one.labels.last().is_some_and(|(before, _)| *before == kind);
        one.tokens.push(whole(word));
        one.labels.push((kind, begins || !follows));
    }
    if !one.labels.is_empty() {
        found.push(one);
    }
    Ok(found)
}

/// The token that a file's word is.
fn whole(word: &str) -> Token {
    let mut parts = tokens(word);
    match parts.len() {
        1 => parts.remove(0),
        _ => Token::of_several(word, &parts),
    }
}

impl Labelled {
    /// Elements as kind, first token, one past the last.
    pub(crate) fn elements(&self) -> Vec<(ElementKind, usize, usize)> {
        elements(&self.labels)
    }
}

/// Elements of labels as kind, first token, one past the last.
pub(crate) fn elements(labels: &[(ElementKind, bool)]) -> Vec<(ElementKind, usize, usize)> {
    let mut found: Vec<(ElementKind, usize, usize)> = Vec::new();
    for (at, (kind, begins)) in labels.iter().enumerate() {
        match found.last_mut() {
            Some(last) if !begins && last.0 == *kind => last.2 = at + 1,
            _ => found.push((*kind, at, at + 1)),
        }
    }
    found
}

/// Right, found and expected elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    right: usize,
    found: usize,
    expected: usize,
}

/// How well elements were found.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Score {
    /// Share of what was found that is right.
    pub precision: f64,
    /// Share of what is there that was found.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// Elements that are there.
    pub expected: usize,
}

impl Counts {
    fn score(self) -> Score {
        let share = |of: usize| if of == 0 { 0.0 } else { self.right as f64 / of as f64 };
        let (precision, recall) = (share(self.found), share(self.expected));
        let sum = precision + recall;
        let f1 = if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 };
        Score { precision, recall, f1, expected: self.expected }
    }
}

/// Scores as the CoNLL evaluation counts: an element is right where kind, beginning and end are.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    kinds: BTreeMap<ElementKind, Counts>,
}

impl Scores {
    /// Counts one address.
    pub fn add(&mut self, expected: &[(ElementKind, bool)], found: &[(ElementKind, bool)]) {
        let (expected, found) = (elements(expected), elements(found));
        for element in &expected {
            self.kinds.entry(element.0).or_default().expected += 1;
        }
        for element in &found {
            let counts = self.kinds.entry(element.0).or_default();
            counts.found += 1;
            // Both are in order.
            if expected.binary_search_by_key(&element.1, |e| e.1).is_ok_and(|at| expected[at] == *element) {
                counts.right += 1;
            }
        }
    }

    /// Over all kinds together.
    pub fn all(&self) -> Score {
        let sum = self.kinds.values().fold(Counts::default(), |a, b| Counts {
            right: a.right + b.right,
            found: a.found + b.found,
            expected: a.expected + b.expected,
        });
        sum.score()
    }

    /// For each kind.
    pub fn per_kind(&self) -> BTreeMap<ElementKind, Score> {
        self.kinds.iter().map(|(kind, counts)| (*kind, counts.score())).collect()
    }
}
