//! Comparisons: how alike two records are in a column, as one of a few levels, the best first. What is equal beneath
//! its writing is level 0; then come the tests, in their order; then "none of these". Where either side has no value
//! there is no level.

use crate::keys::numbers;
use crate::records::{Column, MISSING};
use crate::{shape, sound};
use rapidfuzz::distance::{jaro_winkler, osa};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The level of a pair where either side has no value.
pub const NO_VALUE: u8 = 15;
/// Levels of a comparison at the most, so that a pair's are four bits each.
pub const LEVELS_MAX: usize = 14;

/// What the values of a column are; decides how they are brought to one writing and which tests fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Latin names and other short words.
    Name,
    /// 姓名
    ChineseName,
    /// Dates.
    Date,
    /// 居民身份证号 and other numbers that persons or shops bear for life.
    IdNumber,
    /// Telephone numbers.
    Phone,
    /// Addresses.
    Address,
    /// Short codes: postcodes, sexes, categories.
    Code,
    /// Numbers.
    Number,
    /// Words in no order.
    Set,
    /// Any text.
    Text,
}

/// A test that makes a level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Test {
    /// Jaro–Winkler similarity of at least so much (Winkler 1990).
    JaroWinkler(f64),
    /// So few insertions, deletions, substitutions or swaps of neighbours (Damerau 1964, as optimal string alignment).
    Edits(usize),
    /// The same pinyin or the same Soundex.
    Sound,
    /// Letters the same or of a like shape, each at its place (`shapes.txt`).
    Shape,
    /// One digit wrong, or two neighbours swapped; the same length.
    OneDigit,
    /// Day and month swapped.
    DayMonthSwapped,
    /// The same year, one of them its first of January: the day was not known.
    FirstOfJanuary,
    /// Month and day the same, the years so near.
    YearOff(u32),
    /// The same year.
    SameYear,
    /// The same birth date within an identity number.
    SameBirth,
    /// The last digits the same.
    LastDigits(usize),
    /// The same numbers in the same order, and so much of the pairs of letters in common.
    SameNumbers(f64),
    /// So much of the pairs of letters in common (Jaccard).
    Alike(f64),
    /// So much of the words in common (Jaccard).
    Overlap(f64),
    /// Apart by no more than this part of the larger.
    Within(f64),
    /// Of two columns: swapped.
    Swapped,
    /// Of two columns: each of at least this Jaro–Winkler similarity.
    EachAlike(f64),
    /// Of two columns: the second the same.
    SecondSame,
    /// Of two columns: the first the same.
    FirstSame,
}

impl From<Test> for String {
    fn from(test: Test) -> Self {
        match test {
            Test::JaroWinkler(x) => format!("jaro_winkler {x}"),
            Test::Edits(n) => format!("edits {n}"),
            Test::Sound => "sound".to_owned(),
            Test::Shape => "shape".to_owned(),
            Test::OneDigit => "one_digit".to_owned(),
            Test::DayMonthSwapped => "day_month_swapped".to_owned(),
            Test::FirstOfJanuary => "first_of_january".to_owned(),
            Test::YearOff(n) => format!("year_off {n}"),
            Test::SameYear => "same_year".to_owned(),
            Test::SameBirth => "same_birth".to_owned(),
            Test::LastDigits(n) => format!("last_digits {n}"),
            Test::SameNumbers(x) => format!("same_numbers {x}"),
            Test::Alike(x) => format!("alike {x}"),
            Test::Overlap(x) => format!("overlap {x}"),
            Test::Within(x) => format!("within {x}"),
            Test::Swapped => "swapped".to_owned(),
            Test::EachAlike(x) => format!("each_alike {x}"),
            Test::SecondSame => "second_same".to_owned(),
            Test::FirstSame => "first_same".to_owned(),
        }
    }
}

impl TryFrom<String> for Test {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (name, number) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let part = || number.trim().parse::<f64>().ok().filter(|x| (0.0..=1.0).contains(x));
        let count = || number.trim().parse::<u32>().ok().filter(|n| *n > 0);
        let found = match (name, number.trim().is_empty()) {
            ("jaro_winkler", false) => part().map(Test::JaroWinkler),
            ("edits", false) => count().map(|n| Test::Edits(n as usize)),
            ("year_off", false) => count().map(Test::YearOff),
            ("last_digits", false) => count().map(|n| Test::LastDigits(n as usize)),
            ("same_numbers", false) => part().map(Test::SameNumbers),
            ("alike", false) => part().map(Test::Alike),
            ("overlap", false) => part().map(Test::Overlap),
            ("within", false) => part().map(Test::Within),
            ("each_alike", false) => part().map(Test::EachAlike),
            ("sound", true) => Some(Test::Sound),
            ("shape", true) => Some(Test::Shape),
            ("one_digit", true) => Some(Test::OneDigit),
            ("day_month_swapped", true) => Some(Test::DayMonthSwapped),
            ("first_of_january", true) => Some(Test::FirstOfJanuary),
            ("same_year", true) => Some(Test::SameYear),
            ("same_birth", true) => Some(Test::SameBirth),
            ("swapped", true) => Some(Test::Swapped),
            ("second_same", true) => Some(Test::SecondSame),
            ("first_same", true) => Some(Test::FirstSame),
            _ => None,
        };
        found.ok_or_else(|| {
            format!(
                "{text:?} is no test; there are jaro_winkler 0.9, edits 1, sound, shape, one_digit, day_month_swapped, first_of_january, year_off 1, same_year, same_birth, last_digits 8, same_numbers 0.6, alike 0.5, overlap 0.5, within 0.1 and, of two columns, swapped, each_alike 0.9, second_same, first_same"
            )
        })
    }
}

impl Test {
    fn of_two(self) -> bool {
        matches!(self, Test::Swapped | Test::EachAlike(_) | Test::SecondSame | Test::FirstSame)
    }

    /// In plain words: Chinese, English.
    pub fn words(self) -> [String; 2] {
        let words = |zh: &str, en: &str| [zh.to_owned(), en.to_owned()];
        match self {
            Test::JaroWinkler(x) | Test::EachAlike(x) => {
                [format!("相近（相似度 ≥ {x}）"), format!("alike (similarity {x} or more)")]
            }
            Test::Edits(1) => words("差一个字", "one letter different"),
            Test::Edits(n) => [format!("最多差 {n} 个字"), format!("{n} letters different at most")],
            Test::Sound => words("读音相同", "sounds the same"),
            Test::Shape => words("字形相近", "letters of a like shape"),
            Test::OneDigit => words("错一位或相邻两位颠倒", "one digit wrong, or two swapped"),
            Test::DayMonthSwapped => words("日月颠倒", "day and month swapped"),
            Test::FirstOfJanuary => {
                words("同年，一方只记了 1 月 1 日", "the same year, one only its first of January")
            }
            Test::YearOff(1) => words("月日相同，年份差一年", "same month and day, a year off"),
            Test::YearOff(n) => {
                [format!("月日相同，年份差 {n} 年内"), format!("same month and day, {n} years off at most")]
            }
            Test::SameYear => words("同年", "the same year"),
            Test::SameBirth => words("出生日期相同", "the same birth date"),
            Test::LastDigits(n) => [format!("后 {n} 位相同"), format!("last {n} digits the same")],
            Test::SameNumbers(_) => words("门牌数字相同，写法相近", "same numbers, written alike"),
            Test::Alike(x) => {
                [format!("写法相近（重合 ≥ {x}）"), format!("written alike ({x} or more in common)")]
            }
            Test::Overlap(_) => words("大部分相同", "most in common"),
            Test::Within(x) => {
                [format!("相差不到 {}%", x * 100.0), format!("less than {} % apart", x * 100.0)]
            }
            Test::Swapped => words("两栏颠倒", "the two swapped"),
            Test::SecondSame => words("仅后一栏相同", "only the second the same"),
            Test::FirstSame => words("仅前一栏相同", "only the first the same"),
        }
    }
}

impl Kind {
    /// One writing for what is the same.
    pub fn clean(self) -> Option<fn(&str) -> String> {
        use crate::clean;
        match self {
            Kind::Date => Some(clean::date),
            Kind::IdNumber => Some(clean::id_number),
            Kind::Phone => Some(clean::phone),
            Kind::Address => Some(clean::address),
            Kind::Number => Some(clean::plain_number),
            Kind::Set => Some(clean::set),
            Kind::Name | Kind::ChineseName | Kind::Code | Kind::Text => None,
        }
    }

    /// The tests that fit where none are named.
    pub fn tests(self) -> Vec<Test> {
        use Test::*;
        match self {
            Kind::Name => vec![JaroWinkler(0.92), JaroWinkler(0.88), JaroWinkler(0.7)],
            Kind::ChineseName => vec![Sound, Shape, Edits(1), JaroWinkler(0.6)],
            Kind::Date => vec![DayMonthSwapped, OneDigit, FirstOfJanuary, YearOff(1), SameYear],
            Kind::IdNumber => vec![OneDigit, Edits(1), SameBirth],
            Kind::Phone => vec![OneDigit, LastDigits(7)],
            Kind::Address => vec![SameNumbers(0.5), Alike(0.75), Alike(0.5)],
            Kind::Code => vec![OneDigit],
            Kind::Number => vec![Within(0.01), Within(0.1)],
            Kind::Set => vec![Overlap(0.75), Overlap(0.4)],
            Kind::Text => vec![Edits(1), JaroWinkler(0.92), JaroWinkler(0.8)],
        }
    }

    /// The tests that fit two columns of names.
    pub fn tests_of_two() -> Vec<Test> {
        use Test::*;
        vec![Swapped, EachAlike(0.92), EachAlike(0.85), SecondSame, FirstSame]
    }
}

/// What the tests ask of a column's values, made once for each distinct value.
#[derive(Clone, Debug, Default)]
struct Made {
    sound: Vec<u64>,
    sketch: Vec<[u64; 4]>,
    numbers: Vec<u64>,
    number: Vec<f64>,
    words: Vec<Vec<u64>>,
}

/// A comparison over columns of records, ready to be asked.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Its name.
    pub name: String,
    /// The columns, one or two.
    pub columns: Vec<usize>,
    /// The tests behind "equal".
    pub tests: Vec<Test>,
    /// Does a rare value count more than a common one where it is equal?
    pub term_frequency: bool,
    made: Vec<Made>,
}

impl Comparison {
    /// Prepares the tests over the columns.
    pub fn new(name: &str, columns: &[(usize, &Column)], tests: Vec<Test>, term_frequency: bool) -> Self {
        let made = columns.iter().map(|(_, column)| Made::of(column, &tests)).collect();
        let columns = columns.iter().map(|(number, _)| *number).collect();
        Self { name: name.to_owned(), columns, tests, term_frequency, made }
    }

    /// Takes a value in that came later to a column, by its place among the comparison's.
    pub(crate) fn push(&mut self, column: usize, text: &str) {
        self.made[column].push(text, &self.tests);
    }

    /// How many levels there are, without that of no value.
    pub fn levels(&self) -> usize {
        self.tests.len() + 2
    }

    /// Does a test fit the number of columns?
    pub fn fits(tests: &[Test], columns: usize) -> bool {
        tests.iter().all(|test| test.of_two() == (columns == 2))
    }

    /// A level in plain words: Chinese, English.
    pub fn words(&self, level: u8) -> [String; 2] {
        match level as usize {
            15 => ["一方缺失".to_owned(), "one side is empty".to_owned()],
            0 => ["相同".to_owned(), "the same".to_owned()],
            n if n <= self.tests.len() => self.tests[n - 1].words(),
            _ => ["不同".to_owned(), "different".to_owned()],
        }
    }

    /// The level of two values of one column.
    #[inline]
    pub fn level(&self, column: &Column, a: u32, b: u32) -> u8 {
        match (a, b) {
            (MISSING, _) | (_, MISSING) => NO_VALUE,
            _ if a == b => 0,
            _ => self.unequal(column, a, b),
        }
    }

    fn unequal(&self, column: &Column, a: u32, b: u32) -> u8 {
        let made = &self.made[0];
        // Texts lie far apart: only what asks for them goes there.
        let text = std::cell::OnceCell::new();
        let texts = || *text.get_or_init(|| (column.values.get(a), column.values.get(b)));
        let (a, b) = (a as usize, b as usize);
        let mut similarity = None;
        for (n, test) in self.tests.iter().enumerate() {
            let holds = match *test {
                Test::JaroWinkler(least) => {
                    *similarity.get_or_insert_with(|| {
                        let (x, y) = texts();
                        alike(x, y)
                    }) >= least
                }
                Test::Edits(most) => {
                    let (x, y) = texts();
                    edits_within(x, y, most)
                }
                Test::Sound => made.sound[a] == made.sound[b],
                Test::Shape => {
                    let (x, y) = texts();
                    shape::alike(x, y)
                }
                Test::OneDigit => {
                    let (x, y) = texts();
                    one_digit(x.as_bytes(), y.as_bytes())
                }
                Test::DayMonthSwapped => dates(texts())
                    .is_some_and(|(x, y)| x[..4] == y[..4] && x[4..6] == y[6..] && x[6..] == y[4..6]),
                Test::FirstOfJanuary => dates(texts())
                    .is_some_and(|(x, y)| x[..4] == y[..4] && (&x[4..] == b"0101" || &y[4..] == b"0101")),
                Test::YearOff(most) => {
                    dates(texts()).is_some_and(|(x, y)| x[4..] == y[4..] && year(x).abs_diff(year(y)) <= most)
                }
                Test::SameYear => dates(texts()).is_some_and(|(x, y)| x[..4] == y[..4]),
                Test::SameBirth => {
                    let (x, y) = texts();
                    let (x, y) = (x.as_bytes(), y.as_bytes());
                    x.len() == 18 && y.len() == 18 && x[6..14] == y[6..14]
                }
                Test::LastDigits(n) => {
                    let (x, y) = texts();
                    x.len() >= n && y.len() >= n && x.as_bytes()[x.len() - n..] == y.as_bytes()[y.len() - n..]
                }
                Test::SameNumbers(least) => {
                    made.numbers[a] == made.numbers[b] && jaccard(&made.sketch[a], &made.sketch[b]) >= least
                }
                Test::Alike(least) => jaccard(&made.sketch[a], &made.sketch[b]) >= least,
                Test::Overlap(least) => overlap(&made.words[a], &made.words[b]) >= least,
                Test::Within(part) => {
                    let (x, y) = (made.number[a], made.number[b]);
                    (x - y).abs() <= part * x.abs().max(y.abs())
                }
                Test::Swapped | Test::EachAlike(_) | Test::SecondSame | Test::FirstSame => false,
            };
            if holds {
                return n as u8 + 1;
            }
        }
        self.tests.len() as u8 + 1
    }

    /// The level of two values each of two columns: of one record `a`, of the other `b`.
    pub fn level_of_two(&self, columns: [&Column; 2], a: [u32; 2], b: [u32; 2]) -> u8 {
        let there = [0, 1].map(|i| a[i] != MISSING && b[i] != MISSING);
        if !there[0] && !there[1] {
            return NO_VALUE;
        }
        if a == b && there[0] && there[1] {
            return 0;
        }
        // The columns number their values each for itself.
        let text = |i: usize, code: u32| columns[i].values.get(code);
        for (n, test) in self.tests.iter().enumerate() {
            let holds = match *test {
                Test::Swapped => {
                    there[0] && there[1] && text(0, a[0]) == text(1, b[1]) && text(1, a[1]) == text(0, b[0])
                }
                Test::EachAlike(least) => {
                    (0..2).all(|i| there[i] && (a[i] == b[i] || alike(text(i, a[i]), text(i, b[i])) >= least))
                }
                Test::SecondSame => there[1] && a[1] == b[1],
                Test::FirstSame => there[0] && a[0] == b[0],
                _ => false,
            };
            if holds {
                return n as u8 + 1;
            }
        }
        self.tests.len() as u8 + 1
    }
}

impl Made {
    fn of(column: &Column, tests: &[Test]) -> Self {
        use rayon::prelude::*;
        fn each<T: Send>(column: &Column, wanted: bool, make: impl Fn(&str) -> T + Sync + Send) -> Vec<T> {
            let codes = 0..if wanted { column.values.len() as u32 } else { 0 };
            codes.into_par_iter().map(|code| make(column.values.get(code))).collect()
        }
        let asked = Asked::of(tests);
        Self {
            sound: each(column, asked.sound, sound_of),
            sketch: each(column, asked.sketch, sketch),
            numbers: each(column, asked.numbers, numbers_of),
            number: each(column, asked.number, number_of),
            words: each(column, asked.words, words_of),
        }
    }

    /// Takes a value in that came later.
    fn push(&mut self, text: &str, tests: &[Test]) {
        let asked = Asked::of(tests);
        self.sound.extend(asked.sound.then(|| sound_of(text)));
        self.sketch.extend(asked.sketch.then(|| sketch(text)));
        self.numbers.extend(asked.numbers.then(|| numbers_of(text)));
        self.number.extend(asked.number.then(|| number_of(text)));
        self.words.extend(asked.words.then(|| words_of(text)));
    }
}

/// What tests ask of values.
struct Asked {
    sound: bool,
    sketch: bool,
    numbers: bool,
    number: bool,
    words: bool,
}

impl Asked {
    fn of(tests: &[Test]) -> Self {
        let any = |of: fn(&Test) -> bool| tests.iter().any(of);
        Self {
            sound: any(|test| *test == Test::Sound),
            sketch: any(|test| matches!(test, Test::SameNumbers(_) | Test::Alike(_))),
            numbers: any(|test| matches!(test, Test::SameNumbers(_))),
            number: any(|test| matches!(test, Test::Within(_))),
            words: any(|test| matches!(test, Test::Overlap(_))),
        }
    }
}

fn sound_of(text: &str) -> u64 {
    xxh3_64(sound::of(text).as_bytes())
}

fn numbers_of(text: &str) -> u64 {
    xxh3_64(numbers(text).as_bytes())
}

fn number_of(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

fn words_of(text: &str) -> Vec<u64> {
    let mut words: Vec<u64> = text.split(' ').map(|word| xxh3_64(word.as_bytes())).collect();
    words.sort_unstable();
    words
}

fn alike(x: &str, y: &str) -> f64 {
    if x.is_ascii() && y.is_ascii() {
        return jaro_winkler::similarity(x.bytes(), y.bytes());
    }
    jaro_winkler::similarity(x.chars(), y.chars())
}

fn edits_within(x: &str, y: &str, most: usize) -> bool {
    if x.len().abs_diff(y.len()) > most * 4 {
        return false;
    }
    let call = osa::Args::default().score_cutoff(most);
    match x.is_ascii() && y.is_ascii() {
        true => osa::distance_with_args(x.bytes(), y.bytes(), &call).is_some(),
        false => osa::distance_with_args(x.chars(), y.chars(), &call).is_some(),
    }
}

fn one_digit(x: &[u8], y: &[u8]) -> bool {
    if x.len() != y.len() {
        return false;
    }
    let apart: Vec<usize> = (0..x.len()).filter(|i| x[*i] != y[*i]).take(3).collect();
    match apart.as_slice() {
        [_] => true,
        [i, j] => *j == i + 1 && x[*i] == y[*j] && x[*j] == y[*i],
        _ => false,
    }
}

/// Both as eight digits.
fn dates<'a>((x, y): (&'a str, &'a str)) -> Option<(&'a [u8], &'a [u8])> {
    let whole = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    (whole(x) && whole(y)).then_some((x.as_bytes(), y.as_bytes()))
}

fn year(date: &[u8]) -> u32 {
    date[..4].iter().fold(0, |year, digit| year * 10 + u32::from(digit - b'0'))
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

fn jaccard(a: &[u64; 4], b: &[u64; 4]) -> f64 {
    let count = |of: fn(u64, u64) -> u64| (0..4).map(|i| of(a[i], b[i]).count_ones()).sum::<u32>();
    f64::from(count(|a, b| a & b)) / f64::from(count(|a, b| a | b).max(1))
}

fn overlap(a: &[u64], b: &[u64]) -> f64 {
    let common = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}
