//! Names that were seen as a kind of element, found again in other texts.

use super::bio::Labelled;
use super::tokens::{Class, Token, mix};
use std::collections::HashMap;

/// The longest name that is looked for, in tokens.
pub(super) const NAME_MAX: usize = 9;

/// From this bit on stands the kind that a name was seen as most.
pub(super) const TOP_KIND: u32 = 24;

/// The hash of a name → the kinds that it was seen as, a bit each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lexicon {
    /// Open addressing; a power of two; 0 is empty.
    slots: Vec<(u64, u32)>,
    /// A bit for each name, by the top of its hash: most of what is looked for is no name.
    marks: Vec<u64>,
}

/// The marks are two to this many.
const MARK_BITS: u32 = 16;

/// What names cover a token: the longest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Covered {
    /// Kinds, a bit each; 0 for none.
    pub kinds: u32,
    /// Tokens of the name.
    pub length: u8,
    /// Its how-manieth token this is.
    pub at: u8,
}

impl Lexicon {
    /// The names of labelled addresses, numbers left out.
    pub fn of<'a>(addresses: impl Iterator<Item = &'a Labelled>) -> Self {
        let mut kinds: HashMap<u64, [u32; crate::ElementKind::COUNT]> = HashMap::new();
        for one in addresses {
            for (kind, from, to) in one.elements() {
                let name = &one.tokens[from..to];
                if (2..=NAME_MAX).contains(&name.len()) && name.iter().all(|t| t.class != Class::Digits) {
                    let seen = kinds.entry(name.iter().fold(0, |h, t| mix(h, t.word))).or_default();
                    seen[kind as usize] += 1;
                }
            }
        }
        let told = |seen: [u32; crate::ElementKind::COUNT]| {
            let mask =
                seen.iter().enumerate().filter(|(_, n)| **n > 0).fold(0, |mask, (kind, _)| mask | 1 << kind);
            let top = (0..seen.len()).max_by_key(|kind| seen[*kind]).unwrap_or(0) as u32;
            mask | top << TOP_KIND
        };
        let mut names: Vec<(u64, u32)> = kinds.into_iter().map(|(hash, seen)| (hash, told(seen))).collect();
        names.sort_unstable();
        Self::of_hashes(names.into_iter())
    }

    fn of_hashes(names: impl ExactSizeIterator<Item = (u64, u32)>) -> Self {
        let size = (names.len() * 2).next_power_of_two();
        let mut slots = vec![(0, 0); size];
        for (hash, kinds) in names {
            let mut at = hash as usize & (size - 1);
            while slots[at].0 != 0 {
                at = (at + 1) & (size - 1);
            }
            slots[at] = (hash.max(1), kinds);
        }
        Self::of_slots(slots)
    }

    fn of_slots(slots: Vec<(u64, u32)>) -> Self {
        let mut marks = vec![0; 1 << (MARK_BITS - 6)];
        for (hash, _) in slots.iter().filter(|slot| slot.0 != 0) {
            marks[(hash >> (70 - MARK_BITS)) as usize] |= 1 << (hash >> (64 - MARK_BITS) & 63);
        }
        Self { slots, marks }
    }

    /// The kinds of the name of this hash, a bit each, and the one it was seen as most; 0 for an unknown one.
    pub fn kinds(&self, hash: u64) -> u32 {
        let marks = self.marks.get((hash >> (70 - MARK_BITS)) as usize).copied().unwrap_or(0);
        if marks >> (hash >> (64 - MARK_BITS) & 63) & 1 == 0 {
            return 0;
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                (0, _) => return 0,
                (found, kinds) if found == hash.max(1) => return kinds,
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// For each token the longest name that covers it; of two as long the earlier.
    pub fn cover(&self, tokens: &[Token], found: &mut Vec<Covered>) {
        found.clear();
        found.resize(tokens.len(), Covered::default());
        for from in 0..tokens.len() {
            let mut hash = mix(0, tokens[from].word);
            for to in from + 1..tokens.len().min(from + NAME_MAX) {
                hash = mix(hash, tokens[to].word);
                let kinds = self.kinds(hash);
                if kinds == 0 {
                    continue;
                }
                let length = (to + 1 - from) as u8;
                for (at, covered) in found[from..=to].iter_mut().enumerate() {
                    if covered.length < length {
                        *covered = Covered { kinds, length, at: at as u8 };
                    }
                }
            }
        }
    }

    /// As words of a file.
    pub fn words(&self) -> impl Iterator<Item = (u64, u32)> {
        self.slots.iter().copied()
    }

    /// From the words of a file: as many as a power of two, or none.
    pub fn from_words(slots: Vec<(u64, u32)>) -> Option<Self> {
        let fits = slots.is_empty() || slots.len().is_power_of_two() && slots.iter().any(|slot| slot.0 == 0);
        fits.then(|| Self::of_slots(slots))
    }
}
