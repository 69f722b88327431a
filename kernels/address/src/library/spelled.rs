//! Names in the order of their letters, of their pinyin and of its initials: what somebody who is still typing
//! may go on to write. Every letter of a name is a place to begin at: 花园 leads to 东湖花园, behind the
//! names that begin so.

use super::names::{NAME_MAX, Names};
use pinyin::ToPinyinMulti;
use rayon::prelude::*;

/// How a name may be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// 东湖
    Letters,
    /// DONGHU
    Pinyin,
    /// DH
    Initials,
}

/// More ways to read a name than these are not told apart: each letter's first readings count.
const READINGS_MAX: u64 = 4;

/// A name, the letter that one begins at and which of its readings, in one word: reading, letter, name.
type Packed = u64;

fn unpacked(entry: Packed) -> (u32, usize, u64) {
    (entry as u32, usize::from((entry >> 32) as u8), entry >> 40)
}

/// A name that goes on from what was typed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Continued {
    pub name: u32,
    /// The letter of the name that the typed text begins at.
    pub start: usize,
    /// Letters or, in pinyin, letters of the alphabet that are yet to be typed.
    pub missing: usize,
}

/// The readings of a letter in capitals without tones; none of what has no pinyin.
fn readings(letter: char) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for reading in letter.to_pinyin_multi().into_iter().flatten() {
        let plain = reading.plain().to_ascii_uppercase().replace(['Ü', 'ü'], "V");
        if !found.contains(&plain) {
            found.push(plain);
        }
    }
    found
}

/// A name's end from a letter on, spelled in its n-th reading.
fn spelled(name: &str, start: usize, mut reading: u64, how: Spelling) -> String {
    let rest = name.chars().skip(start);
    if how == Spelling::Letters {
        return rest.collect();
    }
    let mut text = String::with_capacity(name.len() * 2);
    for letter in rest {
        let known = readings(letter);
        let Some(count) = std::num::NonZeroU64::new(known.len() as u64) else {
            text.push(letter);
            continue;
        };
        let chosen = &known[(reading % count) as usize];
        reading /= count;
        text.push_str(if how == Spelling::Initials { &chosen[..1] } else { chosen });
    }
    text
}

/// Every way to begin a name and to read it.
fn beginnings(number: u32, name: &str, readings_count: impl Fn(char) -> u64) -> Vec<Packed> {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() > NAME_MAX {
        return Vec::new();
    }
    let mut found = Vec::new();
    for start in 0..letters.len() {
        // A word of an alphabet begins with its first letter.
        if start > 0 && letters[start].is_ascii_alphanumeric() && letters[start - 1].is_ascii_alphanumeric() {
            continue;
        }
        let count: u64 = letters[start..]
            .iter()
            .fold(1, |n, letter| (n * readings_count(*letter).max(1)).min(READINGS_MAX));
        found.extend((0..count).map(|reading| reading << 40 | (start as u64) << 32 | u64::from(number)));
    }
    found
}

/// The three orders of these names: those from the first letter on come first.
pub(super) fn orders(names: &[(u32, &str)]) -> [Vec<Packed>; 3] {
    let texts: std::collections::HashMap<u32, &str> = names.iter().copied().collect();
    let order = |how: Spelling| -> Vec<Packed> {
        let count = |letter: char| match how {
            Spelling::Letters => 1,
            _ => readings(letter).len() as u64,
        };
        let mut entries: Vec<(bool, String, Packed)> = names
            .par_iter()
            .flat_map_iter(|(number, name)| {
                beginnings(*number, name, count).into_iter().map(|entry| {
                    let (number, start, reading) = unpacked(entry);
                    (start > 0, spelled(texts[&number], start, reading, how), entry)
                })
            })
            .collect();
        entries.par_sort_unstable();
        entries.into_iter().map(|(.., entry)| entry).collect()
    };
    [order(Spelling::Letters), order(Spelling::Pinyin), order(Spelling::Initials)]
}

/// An open library's names in one of the orders.
#[derive(Clone, Copy)]
pub(crate) struct Spelled<'a> {
    pub(super) entries: &'a [Packed],
    pub(super) how: Spelling,
}

impl Spelled<'_> {
    /// Names that go on from a typed text (folded, in capitals): at most so many from their first letter on, then
    /// at most so many from another.
    pub fn continued(&self, names: &Names, typed: &str, most: usize, found: &mut Vec<Continued>) {
        if typed.is_empty() {
            return;
        }
        let inner = self.entries.partition_point(|entry| unpacked(*entry).1 == 0);
        let spelled = |entry: &Packed| {
            let (name, start, reading) = unpacked(*entry);
            spelled(names.name(name), start, reading, self.how)
        };
        for entries in [&self.entries[..inner], &self.entries[inner..]] {
            let from = entries.partition_point(|entry| spelled(entry).as_str() < typed);
            for entry in entries[from..].iter().take(most) {
                let text = spelled(entry);
                let Some(rest) = text.strip_prefix(typed) else { break };
                let (name, start, _) = unpacked(*entry);
                found.push(Continued { name, start, missing: rest.chars().count() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_with_two_readings_is_found_by_both() {
        let all: Vec<String> =
            (0..READINGS_MAX).map(|reading| spelled("长乐路", 0, reading, Spelling::Pinyin)).collect();
        assert!(all.contains(&"CHANGLELU".to_owned()) && all.contains(&"ZHANGYUELU".to_owned()), "{all:?}");
        assert_eq!(spelled("A区花园", 1, 0, Spelling::Initials).len(), 3);
    }
}
