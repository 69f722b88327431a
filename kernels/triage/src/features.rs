//! The features of a cleaned text, hashed.

use crate::text::{Gap, Unit, units};
use xxhash_rust::xxh3::xxh3_64;

/// Kinds of features; those of a kind are brought to one length together.
pub(crate) const KINDS: usize = 3;
/// Words where the text is cut into words, and clauses that are as short.
pub(crate) const WORD: usize = 0;
/// Units and pairs of neighbours.
pub(crate) const LETTER: usize = 1;
/// Those of the beginning.
pub(crate) const HEAD: usize = 2;

/// Units of the beginning: about as many as a subject has.
const HEAD_UNITS: usize = 25;
/// Units that are read: what lies behind them changes little (measured: macro-F1 by 0.001 either way between 300 and all).
const UNITS_MAX: usize = 600;
/// Units of the longest word.
const WORD_UNITS: usize = 8;

/// A feature that occurs, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    /// [`WORD`] or [`LETTER`].
    pub kind: usize,
    /// Those of different kinds differ.
    pub hash: u64,
    /// Does it stand in the beginning? Then it is one of [`HEAD`] as well.
    pub head: bool,
    pub from: u32,
    pub to: u32,
}

fn mixed(a: u64, b: u64) -> u64 {
    (a.rotate_left(29) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The hash that a feature of letters has as one of the beginning.
pub(crate) fn head_hash(hash: u64) -> u64 {
    mixed(hash, HEAD as u64 + 1)
}

#[inline]
fn unit_hash(text: &str, unit: &Unit) -> u64 {
    match unit.whole {
        Some(letter) => mixed(u64::from(letter), 11),
        // Which number it is says little, that there is one much.
        None if unit.number => 7,
        None => xxh3_64(&text.as_bytes()[unit.from as usize..unit.to as usize]),
    }
}

/// Hands all features to `see`, which tells whether it knows them: of units that are not known pairs are not asked.
/// Neighbours are pairs across blanks, which only part words, but not across marks.
#[inline]
pub(crate) fn features(text: &str, see: &mut impl FnMut(Occurrence) -> bool) {
    let mut word: (u64, usize, u32, u32) = (0, 0, 0, 0);
    let mut before: Option<(u64, u32)> = None;
    let mut count = 0;
    units(text, &mut |unit: Unit| {
        if count == UNITS_MAX {
            return false;
        }
        let hash = unit_hash(text, &unit);
        let (from, to) = (unit.from, unit.to);
        if unit.gap != Gap::None {
            let (hash, units, from, to) = word;
            if (1..=WORD_UNITS).contains(&units) {
                see(Occurrence { kind: WORD, hash, head: false, from, to });
            }
            word = (1, 0, unit.from, 0);
        }
        word = (mixed(word.0, hash), word.1 + 1, word.2, to);
        let head = count < HEAD_UNITS;
        let known = see(Occurrence { kind: LETTER, hash, head, from, to });
        if let Some((other, from)) = before.filter(|_| known && unit.gap != Gap::Mark) {
            see(Occurrence { kind: LETTER, hash: mixed(mixed(other, 3), hash), head, from, to });
        }
        before = known.then_some((hash, from));
        count += 1;
        true
    });
    let (hash, units, from, to) = word;
    if (1..=WORD_UNITS).contains(&units) {
        see(Occurrence { kind: WORD, hash, head: false, from, to });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, bool, &str)> {
        let mut all = Vec::new();
        features(text, &mut |one| {
            all.push((one.kind, one.head, &text[one.from as usize..one.to as usize]));
            true
        });
        all.sort_unstable();
        all
    }

    #[test]
    fn words_letters_and_pairs_are_told_across_blanks_but_not_across_marks() {
        let letters = ["灯", "路", "路灯", "了", "坏", "坏了", "灯 坏"].map(|text| (LETTER, true, text));
        let mut expected = [(WORD, false, "路灯"), (WORD, false, "坏了")].to_vec();
        expected.extend(letters);
        expected.sort_unstable();
        assert_eq!(of("路灯 坏了"), expected);
        assert!(of("路灯，坏了").iter().all(|(.., words)| *words != "灯，坏"));
        let long = "长".repeat(HEAD_UNITS + 5);
        assert_eq!(of(&long).iter().filter(|(_, head, _)| *head).count(), 2 * HEAD_UNITS - 1);
    }

    #[test]
    fn the_same_word_is_the_same_wherever_it_stands_and_numbers_are_alike() {
        let hashes = |text: &str, kind: usize| {
            let mut all = Vec::new();
            features(text, &mut |one| {
                all.extend((one.kind == kind).then_some(one.hash));
                true
            });
            all
        };
        assert_eq!(hashes("路灯", WORD), hashes("  路灯 ", WORD));
        assert_eq!(hashes("12号", LETTER), hashes("9号", LETTER));
        assert_ne!(hashes("路灯", LETTER), hashes("灯路", LETTER));
        // A word of one unit is not that unit.
        assert_ne!(hashes("灯", WORD), hashes("灯", LETTER));
    }
}
