//! The terms of a text, by which texts are compared: pairs of neighbouring units, numbers and words by themselves.

use crate::places::places;
use crate::text::{Gap, Unit, units};
use xxhash_rust::xxh3::xxh3_64;

/// A term, with where it first stands in the cleaned text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term {
    pub hash: u32,
    pub from: u32,
    pub to: u32,
    /// Is it part of a place's name?
    pub of_place: bool,
}

/// What a text is compared by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// In the order of their hashes, each once.
    pub of: Vec<Term>,
    /// Numbers of houses that it names, in order.
    pub houses: Vec<u32>,
    /// A hash of the text without marks and blanks; none where nothing is left.
    pub bare: Option<u64>,
}

/// The number that a numeral of one Chinese letter stands for.
fn numeral(letter: char) -> Option<u32> {
    "零一二三四五六七八九十".chars().position(|one| one == letter).map(|at| at as u32)
}

/// The terms of a cleaned text, of its first `most` ones.
pub(crate) fn terms(cleaned: &str, most: usize) -> Terms {
    let named = places(cleaned);
    let of_place = |from: u32, to: u32| {
        let at = named.partition_point(|span| span.end < to as usize);
        named.get(at).is_some_and(|span| span.start <= from as usize)
    };
    let mut terms: Vec<Term> = Vec::new();
    let mut houses: Vec<u32> = Vec::new();
    let mut bare: Vec<u8> = Vec::with_capacity(cleaned.len());
    let mut before: Option<(u64, Unit)> = None;
    let add = |terms: &mut Vec<Term>, hash: u64, from: u32, to: u32| {
        if terms.len() < most {
            terms.push(Term { hash: (hash >> 32) as u32, from, to, of_place: of_place(from, to) });
        }
    };
    units(cleaned, &mut |unit| {
        let of = &cleaned[unit.from as usize..unit.to as usize];
        bare.extend_from_slice(of.as_bytes());
        // A house's number is one, however it is written.
        let is_house = unit.whole.is_some_and(|letter| "栋幢号座楼".contains(letter));
        let written = |unit: &Unit| cleaned[unit.from as usize..unit.to as usize].parse::<u32>().ok();
        let number = |unit: &Unit| unit.whole.map_or_else(|| written(unit), numeral);
        let hash = xxh3_64(of.as_bytes());
        if let Some((other, last)) = before.filter(|_| unit.gap == Gap::None || unit.whole.is_none()) {
            let hash = match number(&last).filter(|_| is_house) {
                Some(house) => {
                    houses.push(house);
                    xxh3_64(&house.to_le_bytes())
                }
                None => (other.rotate_left(29) ^ hash).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            };
            add(&mut terms, hash, last.from, unit.to);
        }
        if unit.whole.is_none() && unit.to - unit.from > 1 {
            add(&mut terms, hash, unit.from, unit.to);
        }
        before = Some((hash, unit));
        // The whole text counts for whether it is the same.
        true
    });
    terms.sort_unstable();
    terms.dedup_by_key(|term| term.hash);
    houses.sort_unstable();
    houses.dedup();
    let bare = (!bare.is_empty()).then(|| xxh3_64(&bare));
    Terms { of: terms, houses, bare }
}
