//! What tests ask of a column's values, made once for each distinct value: a few words that lie beside each other, and
//! that are copied beside the numbers of a record's values where there is room (see [`crate::linker`]).

use crate::levels::Test;
use crate::packed::Packed;
use crate::records::Column;
use crate::sound;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

/// A date as eight digits of four bits each, year first; all ones where it is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Date(u32);

impl Date {
    fn of(text: &str) -> Self {
        let whole = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !whole {
            return Self(u32::MAX);
        }
        Self(text.bytes().fold(0, |date, byte| date << 4 | u32::from(byte - b'0')))
    }

    pub(crate) fn is_one(self) -> bool {
        self.0 != u32::MAX
    }

    pub(crate) fn year(self) -> u32 {
        (16..32).step_by(4).rev().fold(0, |year, at| year * 10 + (self.0 >> at & 15))
    }

    /// Month and day, each in eight bits.
    pub(crate) fn month_day(self) -> u32 {
        self.0 & 0xffff
    }

    pub(crate) fn same_year(self, other: Self) -> bool {
        self.0 >> 16 == other.0 >> 16
    }

    pub(crate) fn swapped(self, other: Self) -> bool {
        let of = other.month_day();
        self.same_year(other) && self.month_day() == (of >> 8 | (of & 0xff) << 8)
    }

    /// Is it the first of January of some year?
    pub(crate) fn is_new_year(self) -> bool {
        self.month_day() == 0x0101
    }
}

/// What is made of a column's values for the tests of a comparison.
#[derive(Clone, Debug, Default)]
pub(crate) struct Features {
    at: Places,
    /// Words of all values, one value behind the other.
    table: Vec<u32>,
    /// The words of each value's text, as hashes in order, where they are asked for.
    of_words: Option<Vec<Vec<u64>>>,
}

/// Where in a value's words each feature begins; none where no test asks for it.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    packed: Option<usize>,
    date: Option<usize>,
    sound: Option<usize>,
    sketch: Option<usize>,
    numbers: Option<usize>,
    number: Option<usize>,
    stride: usize,
}

impl Places {
    fn of(tests: &[Test]) -> Self {
        use Test::*;
        let mut stride = 0;
        let mut place = |words: usize, asks: fn(&Test) -> bool| {
            let at = tests.iter().any(asks).then_some(stride);
            stride += at.map_or(0, |_| words);
            at
        };
        let places = Self {
            packed: place(4, |test| {
                matches!(test, JaroWinkler(_) | Edits(1) | Shape | OneDigit | SameBirth | LastDigits(_))
            }),
            date: place(1, |test| matches!(test, DayMonthSwapped | FirstOfJanuary | YearOff(_) | SameYear)),
            sound: place(2, |test| matches!(test, Sound)),
            sketch: place(8, |test| matches!(test, SameNumbers(_) | Alike(_))),
            numbers: place(2, |test| matches!(test, SameNumbers(_))),
            number: place(2, |test| matches!(test, Within(_))),
            stride: 0,
        };
        Self { stride, ..places }
    }

    fn write(&self, text: &str, to: &mut [u32]) {
        if let Some(at) = self.packed {
            let bits = Packed::of(text).raw();
            put(to, at, bits as u64);
            put(to, at + 2, (bits >> 64) as u64);
        }
        if let Some(at) = self.date {
            to[at] = Date::of(text).0;
        }
        if let Some(at) = self.sound {
            put(to, at, xxh3_64(sound::of(text).as_bytes()));
        }
        if let Some(at) = self.sketch {
            sketch(text).into_iter().enumerate().for_each(|(n, bits)| put(to, at + 2 * n, bits));
        }
        if let Some(at) = self.numbers {
            put(to, at, numbers_of(text));
        }
        if let Some(at) = self.number {
            put(to, at, number_of(text).to_bits());
        }
    }
}

fn put(words: &mut [u32], at: usize, value: u64) {
    words[at] = value as u32;
    words[at + 1] = (value >> 32) as u32;
}

#[inline]
fn get(words: &[u32], at: usize) -> u64 {
    u64::from(words[at]) | u64::from(words[at + 1]) << 32
}

impl Features {
    pub(crate) fn of(column: &Column, tests: &[Test]) -> Self {
        const AT_ONCE: usize = 1 << 10;
        let at = Places::of(tests);
        let mut table = vec![0; at.stride * column.values.len()];
        table.par_chunks_mut((at.stride * AT_ONCE).max(1)).enumerate().for_each(|(n, part)| {
            for (code, to) in (n * AT_ONCE..).zip(part.chunks_mut(at.stride)) {
                at.write(column.values.get(code as u32), to);
            }
        });
        let words = |code: u32| words_of(column.values.get(code));
        let asked = tests.iter().any(|test| matches!(test, Test::Overlap(_)));
        let of_words = asked.then(|| (0..column.values.len() as u32).into_par_iter().map(words).collect());
        Self { at, table, of_words }
    }

    /// Takes a value in that came later.
    pub(crate) fn push(&mut self, text: &str) {
        let from = self.table.len();
        self.table.resize(from + self.at.stride, 0);
        self.at.write(text, &mut self.table[from..]);
        if let Some(of_words) = &mut self.of_words {
            of_words.push(words_of(text));
        }
    }

    /// Words of a value.
    pub(crate) fn stride(&self) -> usize {
        self.at.stride
    }

    /// What is made of a value, by its number.
    #[inline]
    pub(crate) fn get(&self, code: u32) -> &[u32] {
        &self.table[code as usize * self.at.stride..][..self.at.stride]
    }

    #[inline]
    pub(crate) fn packed(&self, words: &[u32]) -> Option<Packed> {
        let at = self.at.packed?;
        Some(Packed::from_raw(u128::from(get(words, at)) | u128::from(get(words, at + 2)) << 64))
    }

    #[inline]
    pub(crate) fn date(&self, words: &[u32]) -> Option<Date> {
        Some(Date(words[self.at.date?]))
    }

    #[inline]
    pub(crate) fn sound(&self, words: &[u32]) -> Option<u64> {
        Some(get(words, self.at.sound?))
    }

    #[inline]
    pub(crate) fn sketch(&self, words: &[u32]) -> Option<[u64; 4]> {
        let at = self.at.sketch?;
        Some([0, 2, 4, 6].map(|n| get(words, at + n)))
    }

    #[inline]
    pub(crate) fn numbers(&self, words: &[u32]) -> Option<u64> {
        Some(get(words, self.at.numbers?))
    }

    #[inline]
    pub(crate) fn number(&self, words: &[u32]) -> Option<f64> {
        Some(f64::from_bits(get(words, self.at.number?)))
    }

    /// The words of a value's text.
    pub(crate) fn words(&self, code: u32) -> &[u64] {
        self.of_words.as_ref().map_or(&[], |all| &all[code as usize])
    }
}

/// A hash of the numbers of a text in their order.
fn numbers_of(text: &str) -> u64 {
    let (mut hash, mut within) = (0u64, false);
    for byte in text.bytes() {
        if byte.is_ascii_digit() {
            hash ^= (if within { 0 } else { 1 << 32 }) | u64::from(byte);
            hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        within = byte.is_ascii_digit();
    }
    hash
}

fn number_of(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

fn words_of(text: &str) -> Vec<u64> {
    let mut words: Vec<u64> = text.split(' ').map(|word| xxh3_64(word.as_bytes())).collect();
    words.sort_unstable();
    words
}

/// The pairs of neighbouring letters as bits of 256.
fn sketch(text: &str) -> [u64; 4] {
    let mut bits = [0u64; 4];
    let mut before = ' ';
    for letter in text.chars() {
        let pair =
            (u64::from(before as u32) << 21 | u64::from(letter as u32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bit = (pair >> 56) as usize;
        bits[bit / 64] |= 1 << (bit % 64);
        before = letter;
    }
    bits
}
