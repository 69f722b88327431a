//! The features of a cleaned text, hashed.

use crate::text::{Gap, Unit, units};
use xxhash_rust::xxh3::xxh3_64;

/// Kinds of features; those of a kind are brought to one length together.
pub(crate) const KINDS: usize = 3;
/// Words where the text is cut into words, and clauses that are as short.
pub(crate) const WORD: usize = 0;
/// Units and pairs of neighbours.
pub(crate) const LETTER: usize = 1;
/// The same of the beginning.
pub(crate) const HEAD: usize = 2;

/// Units of the beginning: about as many as a subject has.
const HEAD_UNITS: usize = 25;
/// Units of the longest word.
const WORD_UNITS: usize = 8;

/// A feature that occurs, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub kind: usize,
    pub hash: u64,
    pub from: u32,
    pub to: u32,
}

fn mixed(a: u64, b: u64) -> u64 {
    (a.rotate_left(29) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Hands all features to `see`. Neighbours are pairs across blanks, which only part words, but not across marks.
pub(crate) fn features(text: &str, see: &mut impl FnMut(Occurrence)) {
    let mut word: (u64, usize, u32, u32) = (0, 0, 0, 0);
    let mut before: Option<(u64, u32)> = None;
    let mut count = 0;
    let mut told = |kind: usize, hash: u64, from: u32, to: u32| {
        see(Occurrence { kind, hash: mixed(hash, kind as u64 + 1), from, to });
    };
    units(text, &mut |unit: Unit| {
        // Which number it is says little, that there is one much.
        let hash = if unit.number { 7 } else { xxh3_64(&text.as_bytes()[unit.from..unit.to]) };
        let (from, to) = (unit.from as u32, unit.to as u32);
        if unit.gap != Gap::None {
            let (of_word, units, start, end) = word;
            if (1..=WORD_UNITS).contains(&units) {
                told(WORD, of_word, start, end);
            }
            word = (0, 0, from, to);
        }
        word = (mixed(word.0, hash), word.1 + 1, word.2, to);
        let kinds = if count < HEAD_UNITS { [LETTER, HEAD] } else { [LETTER, LETTER] };
        for kind in &kinds[..if count < HEAD_UNITS { 2 } else { 1 }] {
            told(*kind, hash, from, to);
            if let Some((other, start)) = before.filter(|_| unit.gap != Gap::Mark) {
                told(*kind, mixed(mixed(other, 3), hash), start, to);
            }
        }
        before = Some((hash, from));
        count += 1;
    });
    if (1..=WORD_UNITS).contains(&word.1) {
        told(WORD, word.0, word.2, word.3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, &str)> {
        let mut all = Vec::new();
        features(text, &mut |one| all.push((one.kind, &text[one.from as usize..one.to as usize])));
        all.sort_unstable();
        all
    }

    #[test]
    fn words_letters_and_pairs_are_told_across_blanks_but_not_across_marks() {
        let letters = |kind| ["灯", "路", "路灯", "了", "坏", "坏了", "灯 坏"].map(|text| (kind, text));
        let mut expected: Vec<(usize, &str)> = [(WORD, "路灯"), (WORD, "坏了")].to_vec();
        expected.extend(letters(LETTER).into_iter().chain(letters(HEAD)));
        expected.sort_unstable();
        assert_eq!(of("路灯 坏了"), expected);
        assert!(!of("路灯，坏了").contains(&(LETTER, "灯，坏")));
    }

    #[test]
    fn the_same_word_is_the_same_wherever_it_stands_and_numbers_are_alike() {
        let hashes = |text: &str, kind: usize| {
            let mut all = Vec::new();
            features(text, &mut |one| all.extend((one.kind == kind).then_some(one.hash)));
            all
        };
        assert_eq!(hashes("路灯", WORD), hashes("  路灯 ", WORD));
        assert_eq!(hashes("12号", LETTER), hashes("9号", LETTER));
        assert_ne!(hashes("路灯", LETTER), hashes("灯路", LETTER));
    }
}
