//! What values are, and the tests that make levels of how alike two of them are: as `link.toml` names them.

use crate::clean::{self, Clean};
use serde::{Deserialize, Serialize};

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
    pub(crate) fn of_two(self) -> bool {
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
    pub fn clean(self) -> Option<Clean> {
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
