//! Blocking keys: what two records must share to be compared at all. A rule is one or more parts, each a column and
//! what of its value counts; a part that splits a value into many gives a record many keys.

use crate::clean;
use crate::hashed::by_hash;
use crate::records::{Column, MISSING, Records};
use crate::sound;
use hashbrown::HashMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What of a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transform {
    /// All of it.
    Whole,
    /// The first letters.
    First(usize),
    /// The last letters.
    Last(usize),
    /// Letters from one to another, counted from 1, both included: 7 to 14 of an identity number is the birth date.
    Letters(usize, usize),
    /// How it sounds: pinyin without tones of Chinese letters, Soundex of Latin words.
    Sound,
    /// The letters in the order of the alphabet: swapped ones and swapped words do no harm.
    Sorted,
    /// The year of a date.
    Year,
    /// Month and day of a date.
    MonthDay,
    /// The numbers of an address, in their order.
    Numbers,
    /// Each run of so many letters: a key each.
    Grams(usize),
    /// Each word: a key each.
    Words,
}

/// A column and what of its value counts: `surname`, `date_of_birth|year`, `address|grams(3)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPart {
    /// The column's name.
    pub column: String,
    /// What of it.
    pub transform: Transform,
}

impl From<KeyPart> for String {
    fn from(part: KeyPart) -> Self {
        let transform = match part.transform {
            Transform::Whole => return part.column,
            Transform::First(n) => format!("first({n})"),
            Transform::Last(n) => format!("last({n})"),
            Transform::Letters(from, to) => format!("letters({from},{to})"),
            Transform::Sound => "sound".to_owned(),
            Transform::Sorted => "sorted".to_owned(),
            Transform::Year => "year".to_owned(),
            Transform::MonthDay => "month_day".to_owned(),
            Transform::Numbers => "numbers".to_owned(),
            Transform::Grams(n) => format!("grams({n})"),
            Transform::Words => "words".to_owned(),
        };
        format!("{}|{transform}", part.column)
    }
}

impl TryFrom<String> for KeyPart {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Some((column, transform)) = text.rsplit_once('|') else {
            return Ok(Self { column: text.trim().to_owned(), transform: Transform::Whole });
        };
        let transform = transform.trim();
        let (name, numbers) = match transform.strip_suffix(')').and_then(|open| open.split_once('(')) {
            Some((name, numbers)) => (name.trim(), numbers),
            None => (transform, ""),
        };
        let numbers: Vec<usize> =
            numbers.split(',').filter_map(|number| number.trim().parse().ok()).collect();
        let transform = match (name, numbers.as_slice()) {
            ("first", [n]) if *n > 0 => Transform::First(*n),
            ("last", [n]) if *n > 0 => Transform::Last(*n),
            ("letters", [from, to]) if *from > 0 && to >= from => Transform::Letters(*from, *to),
            ("sound", []) => Transform::Sound,
            ("sorted", []) => Transform::Sorted,
            ("year", []) => Transform::Year,
            ("month_day", []) => Transform::MonthDay,
            ("numbers", []) => Transform::Numbers,
            ("grams", [n]) if *n > 0 => Transform::Grams(*n),
            ("words", []) => Transform::Words,
            _ => {
                return Err(format!(
                    "{text:?}: use first(n), last(n), letters(from,to), sound, sorted, year, month_day, numbers, grams(n) or words behind the bar"
                ));
            }
        };
        Ok(Self { column: column.trim().to_owned(), transform })
    }
}

const NONE: u64 = 0;

fn hash(text: &str) -> u64 {
    if text.is_empty() { NONE } else { xxh3_64_with_seed(text.as_bytes(), 7).max(1) }
}

fn letters(text: &str, from: usize, count: usize) -> u64 {
    let kept: String = text.chars().skip(from).take(count).collect();
    if kept.chars().count() < count { NONE } else { hash(&kept) }
}

impl Transform {
    /// Does a value give one key, not many?
    pub fn is_single(self) -> bool {
        !matches!(self, Transform::Grams(_) | Transform::Words)
    }

    fn one(self, text: &str) -> u64 {
        let count = || text.chars().count();
        match self {
            Transform::Whole => hash(text),
            Transform::First(n) => hash(&text.chars().take(n).collect::<String>()),
            Transform::Last(n) => letters(text, count().saturating_sub(n), n.min(count())),
            Transform::Letters(from, to) => letters(text, from - 1, to + 1 - from),
            Transform::Sound => hash(&sound::of(text)),
            Transform::Sorted => {
                let mut kept: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
                kept.sort_unstable();
                hash(&kept.into_iter().collect::<String>())
            }
            Transform::Year => date_part(text, 0, 4),
            Transform::MonthDay => date_part(text, 4, 8),
            Transform::Numbers => hash(&numbers(text)),
            Transform::Grams(_) | Transform::Words => NONE,
        }
    }

    fn many(self, text: &str) -> Vec<u64> {
        let mut keys: Vec<u64> = match self {
            Transform::Words => text.split(' ').map(hash).collect(),
            Transform::Grams(n) => {
                let all: Vec<char> = text.chars().collect();
                all.windows(n.min(all.len()).max(1))
                    .map(|gram| hash(&gram.iter().collect::<String>()))
                    .collect()
            }
            single => vec![single.one(text)],
        };
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| *key != NONE);
        keys
    }
}

fn date_part(text: &str, from: usize, to: usize) -> u64 {
    let digits = clean::cleaned(clean::date, text);
    let whole = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole { hash(&digits[from..to]) } else { NONE }
}

/// The numbers of a text in their order, parted by blanks.
pub(crate) fn numbers(text: &str) -> String {
    let mut out = String::new();
    for run in text.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(run);
    }
    out
}

/// The keys of every record under a rule: one each (0 for none), or many.
pub(crate) enum Keys<'a> {
    One(Vec<u64>),
    /// The values of a column by themselves: their numbers are the keys.
    Whole(&'a Column),
    /// Record `i` has the keys from `starts[i]` to `starts[i + 1]`.
    Many {
        starts: Vec<u32>,
        keys: Vec<u64>,
    },
}

impl Keys<'_> {
    /// Every key with its record, in the order of the keys.
    pub(crate) fn sorted(&self) -> Vec<(u64, u32)> {
        match self {
            Keys::Whole(column) => by_value(column),
            Keys::One(keys) => by_hash(keys.iter().copied().zip(0..).filter(|(key, _)| *key != NONE)),
            Keys::Many { starts, keys } => {
                let of = |record: usize| starts[record] as usize..starts[record + 1] as usize;
                let records = 0..starts.len() - 1;
                by_hash(
                    records.flat_map(|record| keys[of(record)].iter().map(move |key| (*key, record as u32))),
                )
            }
        }
    }
}

/// Every record that has a value with the value's number, in the order of the numbers.
fn by_value(column: &Column) -> Vec<(u64, u32)> {
    let mut from = 0;
    let mut ends: Vec<u32> = (0..column.values.len() as u32)
        .map(|code| {
            let of = if code == MISSING { 0 } else { column.values.count(code) };
            from += of;
            from - of
        })
        .collect();
    let mut sorted = vec![(0, 0); from as usize];
    for (code, record) in column.codes.iter().zip(0..).filter(|(code, _)| **code != MISSING) {
        let at = &mut ends[*code as usize];
        sorted[*at as usize] = (u64::from(*code), record);
        *at += 1;
    }
    sorted
}

/// A key with each key of parts that have many.
fn crossed<'a>(key: u64, many: impl Iterator<Item = &'a [u64]>) -> Vec<u64> {
    let mut of = vec![key];
    for more in many {
        of = of.iter().flat_map(|key| more.iter().map(|part| mixed(*key, *part))).take(MANY_MAX).collect();
    }
    of.retain(|key| *key != NONE);
    of.sort_unstable();
    of.dedup();
    of
}

fn mixed(key: u64, part: u64) -> u64 {
    match (key, part) {
        (NONE, _) | (_, NONE) => NONE,
        _ => (key.rotate_left(23) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1),
    }
}

/// The most keys that one record has under one rule.
const MANY_MAX: usize = 64;

/// The keys of one record under a rule, by its values in the rule's columns.
pub(crate) fn keys_of_one(values: &[&str], transforms: &[Transform]) -> Vec<u64> {
    let mut key = 1;
    for (text, transform) in values.iter().zip(transforms).filter(|(_, transform)| transform.is_single()) {
        key = mixed(key, if text.is_empty() { NONE } else { transform.one(text) });
    }
    let many = values.iter().zip(transforms).filter(|(_, transform)| !transform.is_single());
    let many: Vec<Vec<u64>> = many.map(|(text, transform)| transform.many(text)).collect();
    crossed(key, many.iter().map(Vec::as_slice))
}

/// The keys of the values of columns, by column and what of them counts: several rules share them.
pub(crate) struct ValueKeys(HashMap<(usize, Transform), OfValues>);

enum OfValues {
    One(Vec<u64>),
    Many(Vec<Vec<u64>>),
}

impl ValueKeys {
    /// Makes them for all parts of rules.
    pub(crate) fn of(records: &Records, rules: &[Vec<(usize, Transform)>]) -> Self {
        let mut parts: Vec<(usize, Transform)> = rules.iter().flatten().copied().collect();
        parts.sort_by_key(|(column, transform)| (*column, format!("{transform:?}")));
        parts.dedup();
        let made = |part: (usize, Transform)| {
            let (column, transform) = part;
            let values = &records.columns[column].values;
            let codes = (0..values.len() as u32).into_par_iter();
            let of = match transform.is_single() {
                true => OfValues::One(
                    codes.map(|c| if c == MISSING { NONE } else { transform.one(values.get(c)) }).collect(),
                ),
                false => OfValues::Many(codes.map(|c| transform.many(values.get(c))).collect()),
            };
            (part, of)
        };
        Self(parts.into_par_iter().map(made).collect::<Vec<_>>().into_iter().collect())
    }
}

/// Is a rule nothing but a column as it is?
pub(crate) fn is_whole(rule: &[(usize, Transform)]) -> bool {
    matches!(rule, [(_, Transform::Whole)])
}

/// Makes the keys of a rule for parting the records; [`keys_of`] makes those that other records can be asked for too.
pub(crate) fn parting_keys<'a>(
    records: &'a Records,
    of_values: &ValueKeys,
    rule: &[(usize, Transform)],
) -> Keys<'a> {
    if is_whole(rule) { Keys::Whole(&records.columns[rule[0].0]) } else { keys_of(records, of_values, rule) }
}

/// Makes the keys of a rule; parts are columns by number, of which [`ValueKeys`] knows.
pub(crate) fn keys_of(
    records: &Records,
    of_values: &ValueKeys,
    rule: &[(usize, Transform)],
) -> Keys<'static> {
    let mut keys = vec![1u64; records.len];
    let mut many: Vec<(&Column, &[Vec<u64>])> = Vec::new();
    for part in rule {
        let column = &records.columns[part.0];
        match of_values.0.get(part) {
            Some(OfValues::One(of)) => {
                for (key, code) in keys.iter_mut().zip(&column.codes) {
                    *key = mixed(*key, of[*code as usize]);
                }
            }
            Some(OfValues::Many(of)) => many.push((column, of)),
            None => keys.fill(NONE),
        }
    }
    if many.is_empty() {
        return Keys::One(keys);
    }
    let (mut starts, mut all) = (vec![0], Vec::new());
    for (record, key) in keys.iter().enumerate() {
        let of = many.iter().map(|(column, values)| values[column.codes[record] as usize].as_slice());
        all.extend(crossed(*key, of));
        starts.push(all.len() as u32);
    }
    Keys::Many { starts, keys: all }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Result<KeyPart, String> {
        KeyPart::try_from(text.to_owned())
    }

    #[test]
    fn parts_are_read_and_written_the_same() {
        for text in ["surname", "dob|year", "id|letters(7,14)", "address|grams(3)", "name|first(2)"] {
            assert_eq!(part(text).map(String::from).as_deref(), Ok(text));
        }
        assert!(part("name|frist(2)").is_err_and(|why| why.contains("first(n)")));
        assert!(part("name|first(0)").is_err());
    }

    #[test]
    fn keys_take_of_a_value_what_they_say() {
        let same = |transform: Transform, a: &str, b: &str| transform.one(a) == transform.one(b);
        assert!(same(Transform::Sound, "张卫国", "章未国") && !same(Transform::Sound, "张卫国", "张伟民"));
        assert!(same(Transform::Sound, "robert", "rupert") && same(Transform::Sorted, "ab cd", "cd ab"));
        assert!(same(Transform::Year, "1990-02-01", "19901231") && Transform::Year.one("spring") == NONE);
        assert!(same(Transform::Letters(7, 14), "11010519491231002x", "42010619491231003x"));
        assert!(same(Transform::Numbers, "东湖花园3栋502室", "3 502"));
        assert_eq!(Transform::Letters(7, 14).one("123"), NONE);
        assert_eq!(Transform::Grams(2).many("abab").len(), 2);
    }
}
