//! What a tagger sees of a text.

use crate::normalise::fold;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// What kind of letters a token is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Digits,
    Latin,
    Other,
}

/// A letter, or a run of digits or Latin letters, without blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    pub(crate) class: Class,
    /// The token itself, folded.
    pub(crate) word: u64,
    /// What stands for it in contexts: its length for a number, else itself.
    pub(crate) shape: u64,
}

/// Of any text, in order. Full width, upper case and kinds of dashes make no difference.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::with_capacity(text.len() / 3 + 1);
    let mut run = Run::default();
    for (at, letter) in text.char_indices() {
        let folded = fold(letter);
        let class = match folded {
            c if c.is_ascii_digit() => Class::Digits,
            c if c.is_ascii_alphabetic() => Class::Latin,
            _ => Class::Other,
        };
        if !(run.length > 0 && run.class == class && class != Class::Other && run.end == at) {
            run.end_in(&mut found);
            run.start = at;
            run.class = class;
        }
        if folded.is_whitespace() {
            continue;
        }
        run.push(folded);
        run.end = at + letter.len_utf8();
        if class == Class::Other {
            run.end_in(&mut found);
        }
    }
    run.end_in(&mut found);
    found
}

struct Run {
    start: usize,
    end: usize,
    class: Class,
    length: u32,
    hash: u64,
}

impl Default for Run {
    fn default() -> Self {
        Self { start: 0, end: 0, class: Class::Other, length: 0, hash: 0 }
    }
}

impl Run {
    fn push(&mut self, letter: char) {
        self.length += 1;
        self.hash = mix(self.hash, u64::from(u32::from(letter)));
    }

    fn end_in(&mut self, found: &mut Vec<Token>) {
        if self.length == 0 {
            return;
        }
        let shape = match self.class {
            Class::Digits => mix(1, u64::from(self.length.min(6))),
            Class::Latin if self.length > 1 => 2,
            _ => self.hash,
        };
        found.push(Token { span: self.start..self.end, class: self.class, word: self.hash, shape });
        self.length = 0;
        self.hash = 0;
    }
}

/// One hash of two.
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let x = (a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^ (x >> 32)
}

/// A hash of bytes that stays the same from one version to the next: models hold it.
pub(crate) fn hash_of(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

impl Token {
    /// The one token that some are together.
    pub(crate) fn of_several(word: &str, parts: &[Token]) -> Self {
        let hash = parts.iter().fold(3, |hash, part| mix(hash, part.word));
        let shape = parts.iter().fold(4, |hash, part| mix(hash, part.shape));
        Token { span: 0..word.len(), class: Class::Other, word: hash, shape }
    }
}
