//! Names by their sound, whole or with one letter left out: what a text may have written badly is found
//! again without looking at every name.
//!
//! Leaving one letter out of both sides finds every name that is one letter away (Garbe's "symmetric
//! delete" scheme of 2012).

use super::file::{File, Part};
use super::records::{NONE, NameRecord};
use crate::letters::{Letter, letters};
use crate::rules::RULES;
use crate::slots::{each, slots_of};

/// The longest name that is looked for, in letters.
pub(crate) const NAME_MAX: usize = 40;
/// Names shorter than this are only known whole.
const SHORTENED_MIN: usize = 3;

/// One step of the hash of a run of sounds.
pub(super) fn sounds_step(hash: u64, sound: u32) -> u64 {
    (hash ^ u64::from(sound)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

pub(super) const WHOLE: u64 = 0x51;
pub(super) const SHORTENED: u64 = 0xa7;

pub(super) fn spread(hash: u64) -> u64 {
    let x = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^ x >> 33
}

fn hash_but(letters: &[Letter], start: u64, left_out: usize) -> u64 {
    let kept = letters.iter().enumerate().filter(|(at, _)| *at != left_out);
    spread(kept.fold(start, |hash, (_, letter)| sounds_step(hash, letter.sound)))
}

/// Every hash under which a name is found.
pub(super) fn hashes(name: &[Letter]) -> Vec<u64> {
    let mut found = vec![hash_but(name, WHOLE, usize::MAX)];
    if name.len() >= SHORTENED_MIN {
        found.extend((0..name.len()).map(|left_out| hash_but(name, SHORTENED, left_out)));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A name that stands in a text, perhaps written badly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mention {
    pub name: u32,
    /// First letter.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// What the writing costs, 0 for as it should be.
    pub cost: f32,
}

/// The names of an open library.
pub(crate) struct Names<'a> {
    text: &'a [u8],
    records: &'a [NameRecord],
    slots: &'a [u64],
    bloom: &'a [u64],
    postings: &'a [u32],
}

impl<'a> Names<'a> {
    pub fn of(file: &'a File) -> Self {
        Self {
            text: file.text(Part::Text),
            records: file.records(Part::Names),
            slots: file.records(Part::NameSlots),
            bloom: file.records(Part::Bloom),
            postings: file.records(Part::Postings),
        }
    }

    pub fn record(&self, name: u32) -> &'a NameRecord {
        &self.records[name as usize]
    }

    pub fn name(&self, name: u32) -> &'a str {
        let Some(record) = self.records.get(name as usize) else { return "" };
        let start = record.text as usize;
        std::str::from_utf8(&self.text[start..start + usize::from(record.text_length)]).unwrap_or("")
    }

    /// Anchors whose compound has this name.
    pub fn compounds(&self, name: u32) -> &'a [u32] {
        let record = self.record(name);
        let start = record.postings as usize;
        &self.postings[start..start + record.as_compound as usize]
    }

    /// Anchors on the road of this name, by their number.
    pub fn on_road(&self, name: u32) -> &'a [u32] {
        let record = self.record(name);
        let start = record.postings as usize + record.as_compound as usize;
        &self.postings[start..start + record.as_road as usize]
    }

    fn find(&self, hash: u64, mut found: impl FnMut(u32)) {
        let bits = self.bloom.len() as u64 * 64;
        if bits == 0 || self.slots.is_empty() {
            return;
        }
        let bit = hash & (bits - 1);
        if self.bloom[(bit / 64) as usize] >> (bit % 64) & 1 == 0 {
            return;
        }
        each(self.slots, hash, |name| {
            found(name);
            false
        });
    }

    /// Names as they sound, wherever in the text they stand.
    pub fn whole(&self, text: &[Letter], found: &mut Vec<Mention>) {
        for start in 0..text.len() {
            if text[start].letter == '-' {
                continue;
            }
            let mut hash = WHOLE;
            for end in start + 1..=text.len().min(start + NAME_MAX) {
                if text[end - 1].letter == '-' {
                    break;
                }
                hash = sounds_step(hash, text[end - 1].sound);
                if end - start >= 2 {
                    self.find(spread(hash), |name| self.mention(text, name, start, end, found));
                }
            }
        }
    }

    /// Names with one letter wrong, missing or too many.
    pub fn nearly(&self, text: &[Letter], found: &mut Vec<Mention>) {
        // The hashes of the part so far with each one of its letters left out, among shortened and whole names.
        let (mut shortened_but, mut whole_but) = ([0u64; NAME_MAX + 1], [0u64; NAME_MAX + 1]);
        for start in 0..text.len() {
            if !text[start].is_wordy() {
                continue;
            }
            let (mut whole, mut shortened) = (WHOLE, SHORTENED);
            for end in start + 1..=text.len().min(start + NAME_MAX + 1) {
                let letter = text[end - 1];
                if letter.letter == '-' {
                    break;
                }
                let length = end - start;
                for hash in shortened_but[..length - 1].iter_mut().chain(&mut whole_but[..length - 1]) {
                    *hash = sounds_step(*hash, letter.sound);
                }
                (shortened_but[length - 1], whole_but[length - 1]) = (shortened, whole);
                whole = sounds_step(whole, letter.sound);
                shortened = sounds_step(shortened, letter.sound);
                if length < SHORTENED_MIN {
                    continue;
                }
                // A letter is missing here.
                self.find(spread(shortened), |name| self.mention(text, name, start, end, found));
                if !letter.is_wordy() {
                    continue;
                }
                for hash in &shortened_but[..length] {
                    self.find(spread(*hash), |name| self.mention(text, name, start, end, found));
                }
                // A letter too many; a name neither begins nor ends with it.
                if length > 4 {
                    for hash in &whole_but[1..length - 1] {
                        self.find(spread(*hash), |name| self.mention(text, name, start, end, found));
                    }
                }
            }
        }
    }

    fn mention(&self, text: &[Letter], name: u32, start: usize, end: usize, found: &mut Vec<Mention>) {
        if self.records.get(name as usize).is_none() {
            return;
        }
        let mut known = [Letter { letter: ' ', sound: 0 }; NAME_MAX];
        let mut length = 0;
        for (to, letter) in known.iter_mut().zip(self.name(name).chars()) {
            *to = Letter::of(letter);
            length += 1;
        }
        if let Some(cost) = cost(&text[start..end], &known[..length]) {
            let mention = Mention { name, start, end, cost };
            if !found.contains(&mention) {
                found.push(mention);
            }
        }
    }
}

/// Another letter of the same sound.
const SOUNDS_ALIKE: f32 = 0.8;
const LOOKS_ALIKE: f32 = 1.5;
/// Any other letter in its place; one missing, one too many.
const WRONG: f32 = 3.5;

/// What it costs to take a writing for a name; none where it is another name.
pub(crate) fn cost(written: &[Letter], name: &[Letter]) -> Option<f32> {
    // A letter by itself, as in A区, tells; one of a word may be wrong.
    let of_words = name.windows(3).any(|three| three.iter().all(|letter| letter.is_alphabetic()));
    let cost = match written.len().cmp(&name.len()) {
        std::cmp::Ordering::Equal => {
            let each =
                written.iter().zip(name).map(|(w, n)| match w.is_alphabetic() && w != n && !of_words {
                    true => None,
                    false => letter_cost(*w, *n),
                });
            let (mut sum, mut wrong) = (0.0, 0);
            for cost in each {
                let cost = cost?;
                wrong += usize::from(cost >= WRONG);
                sum += cost;
            }
            // Of a short name too much would be wrong.
            if wrong > 0 && (wrong > 1 || name.len() < 4) {
                return None;
            }
            sum
        }
        std::cmp::Ordering::Less => one_more(name, written, of_words)?,
        std::cmp::Ordering::Greater => one_more(written, name, of_words)?,
    };
    (!ends_differ(written, name)).then_some(cost)
}

fn letter_cost(written: Letter, name: Letter) -> Option<f32> {
    if written.letter == name.letter {
        return Some(0.0);
    }
    if RULES.telling(written.letter, name.letter) {
        return None;
    }
    if written.sound == name.sound {
        // Digits for numerals are no mistake.
        return Some(if written.is_digit() || name.is_digit() { 0.0 } else { SOUNDS_ALIKE });
    }
    Some(if RULES.alike(written.letter, name.letter) { LOOKS_ALIKE } else { WRONG })
}

/// The cost where the longer has one letter more.
fn one_more(longer: &[Letter], shorter: &[Letter], of_words: bool) -> Option<f32> {
    if longer.len() != shorter.len() + 1 || shorter.len() < 3 {
        return None;
    }
    let same = longer.iter().zip(shorter).take_while(|(a, b)| a.sound == b.sound).count();
    let rest = longer[same + 1..].iter().zip(&shorter[same..]);
    if rest.clone().any(|(a, b)| a.sound != b.sound) {
        return None;
    }
    let more = longer[same];
    // 新华东路 is not 新华路 with a letter too many, nor is a number part of a name.
    if !more.is_wordy() || RULES.telling_alone(more.letter) || (more.is_alphabetic() && !of_words) {
        return None;
    }
    Some(WRONG)
}

/// Do the two end in different words of those that tell names apart?
fn ends_differ(written: &[Letter], name: &[Letter]) -> bool {
    let ending = |of: &[Letter]| {
        RULES.endings.iter().find(|end| {
            of.len() >= end.len()
                && of[of.len() - end.len()..].iter().zip(end.iter()).all(|(a, b)| a.letter == *b)
        })
    };
    let (Some(a), Some(b)) = (ending(written), ending(name)) else { return false };
    // 少区 for 小区 ends in 区, which is no other ending.
    if a.ends_with(b) || b.ends_with(a) {
        return false;
    }
    let sounds = |end: &[char]| end.iter().map(|c| Letter::of(*c).sound).collect::<Vec<_>>();
    sounds(a) != sounds(b)
}

/// The names of a library that is being made.
#[derive(Default)]
pub(super) struct NameTable {
    numbers: std::collections::HashMap<String, u32>,
    pub records: Vec<NameRecord>,
    pub texts: Vec<String>,
}

impl NameTable {
    /// The number of a name, which is also of that kind from now on.
    pub fn number(&mut self, name: &str, kind: crate::ElementKind) -> u32 {
        // As texts are read: without blanks and marks.
        let name: String = letters(name).iter().map(|letter| letter.letter).collect();
        let number = match self.numbers.get(&name) {
            Some(number) => *number,
            None => {
                let number = self.records.len() as u32;
                self.numbers.insert(name.clone(), number);
                self.texts.push(name.clone());
                self.records.push(NameRecord {
                    text: NONE,
                    text_length: u16::try_from(name.len()).unwrap_or(u16::MAX),
                    letters: name.chars().count().min(usize::from(u16::MAX)) as u16,
                    kinds: 0,
                    postings: 0,
                    as_compound: 0,
                    as_road: 0,
                });
                number
            }
        };
        self.records[number as usize].kinds |= 1 << kind as u32;
        number
    }

    /// Slots and bloom filter over all names.
    pub fn slots(&self) -> (Vec<u64>, Vec<u64>) {
        use rayon::prelude::*;
        let hashed: Vec<(u64, u32)> = self
            .texts
            .par_iter()
            .enumerate()
            .flat_map_iter(|(number, name)| {
                let letters = letters(name);
                let known = if letters.len() <= NAME_MAX { hashes(&letters) } else { Vec::new() };
                known.into_iter().map(move |hash| (hash, number as u32))
            })
            .collect();
        let mut bloom = vec![0u64; (hashed.len() / 4 + 1).next_power_of_two()];
        let bits = bloom.len() as u64 * 64;
        for (hash, _) in &hashed {
            let bit = hash & (bits - 1);
            bloom[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        let slots = slots_of(&hashed);
        (slots, bloom)
    }
}
