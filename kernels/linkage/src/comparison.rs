//! Comparisons: how alike two records are in a column, as one of a few levels, the best first. What is equal beneath
//! its writing is level 0; then come the tests, in their order; then "none of these". Where either side has no value
//! there is no level.

use crate::features::Features;
use crate::levels::Test;
use crate::packed::Packed;
use crate::records::{Column, MISSING};
use crate::shape;
use rapidfuzz::distance::{jaro_winkler, osa};

/// The level of a pair where either side has no value.
pub const NO_VALUE: u8 = 15;
/// Levels of a comparison at the most, so that a pair's are four bits each.
pub const LEVELS_MAX: usize = 14;

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
    features: Vec<Features>,
}

impl Comparison {
    /// Prepares the tests over the columns.
    pub fn new(name: &str, columns: &[(usize, &Column)], tests: Vec<Test>, term_frequency: bool) -> Self {
        let features = columns.iter().map(|(_, column)| Features::of(column, &tests)).collect();
        let columns = columns.iter().map(|(number, _)| *number).collect();
        Self { name: name.to_owned(), columns, tests, term_frequency, features }
    }

    /// Takes a value in that came later to a column, by its place among the comparison's.
    pub(crate) fn push(&mut self, column: usize, text: &str) {
        self.features[column].push(text);
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

    /// What is made of the values of a column, by its place among the comparison's.
    pub(crate) fn features(&self, column: usize) -> &Features {
        &self.features[column]
    }

    /// The level of two values of one column, by their numbers.
    pub fn level(&self, column: &Column, a: u32, b: u32) -> u8 {
        let features = &self.features[0];
        self.level_of_values(column, (a, features.get(a)), (b, features.get(b)))
    }

    /// The level of two values of one column, each its number and what is made of it.
    #[inline]
    pub(crate) fn level_of_values(&self, column: &Column, x: (u32, &[u32]), y: (u32, &[u32])) -> u8 {
        match (x.0, y.0) {
            (MISSING, _) | (_, MISSING) => NO_VALUE,
            (a, b) if a == b => 0,
            _ => self.unequal(column, x, y),
        }
    }

    fn unequal(&self, column: &Column, (a, x_made): (u32, &[u32]), (b, y_made): (u32, &[u32])) -> u8 {
        let at = &self.features[0];
        // Texts lie far apart: only what asks for them goes there.
        let text = std::cell::OnceCell::new();
        let texts = || *text.get_or_init(|| (column.values.get(a), column.values.get(b)));
        let packed = at.packed(x_made).zip(at.packed(y_made)).filter(|(x, y)| x.are_like(*y));
        let narrow = packed.filter(|(x, _)| x.is_ascii());
        let dates = || at.date(x_made).zip(at.date(y_made)).filter(|(x, y)| x.is_one() && y.is_one());
        let sketches = || at.sketch(x_made).zip(at.sketch(y_made));
        let alike = |least: f64| sketches().is_some_and(|(x, y)| jaccard(x, y) >= least);
        let mut similarity = None;
        for (n, test) in self.tests.iter().enumerate() {
            let holds = match *test {
                Test::JaroWinkler(least) => {
                    *similarity.get_or_insert_with(|| match packed {
                        Some((x, y)) if x.are_strange(y) => 0.0,
                        Some((x, y)) => jaro_winkler::similarity(x.letters(), y.letters()),
                        None => {
                            let (x, y) = texts();
                            similarity_of(x, y)
                        }
                    }) >= least
                }
                Test::Edits(most) => match packed {
                    Some((x, y)) if most == 1 => x.one_edit(y),
                    _ => {
                        let (x, y) = texts();
                        edits_within(x, y, most)
                    }
                },
                Test::Sound => at.sound(x_made) == at.sound(y_made),
                Test::Shape => match packed {
                    Some((x, y)) => {
                        let letters = |of: Packed| of.letters().filter_map(char::from_u32);
                        x.len() == y.len() && shape::all_alike(letters(x), letters(y))
                    }
                    None => {
                        let (x, y) = texts();
                        shape::alike(x, y)
                    }
                },
                Test::OneDigit => match narrow {
                    Some((x, y)) => x.one_letter(y),
                    None => {
                        let (x, y) = texts();
                        one_digit(x.as_bytes(), y.as_bytes())
                    }
                },
                Test::DayMonthSwapped => dates().is_some_and(|(x, y)| x.swapped(y)),
                Test::FirstOfJanuary => {
                    dates().is_some_and(|(x, y)| x.same_year(y) && (x.is_new_year() || y.is_new_year()))
                }
                Test::YearOff(most) => dates().is_some_and(|(x, y)| {
                    x.month_day() == y.month_day() && x.year().abs_diff(y.year()) <= most
                }),
                Test::SameYear => dates().is_some_and(|(x, y)| x.same_year(y)),
                Test::SameBirth => match narrow {
                    Some((x, y)) => x.same_birth(y),
                    None => {
                        let (x, y) = texts();
                        let (x, y) = (x.as_bytes(), y.as_bytes());
                        x.len() == 18 && y.len() == 18 && x[6..14] == y[6..14]
                    }
                },
                Test::LastDigits(n) => match narrow {
                    Some((x, y)) => x.ends_like(y, n),
                    None => {
                        let (x, y) = texts();
                        let end = |text: &'_ str| text.len().checked_sub(n);
                        let ends = end(x).zip(end(y));
                        ends.is_some_and(|(i, j)| x.as_bytes()[i..] == y.as_bytes()[j..])
                    }
                },
                Test::SameNumbers(least) => at.numbers(x_made) == at.numbers(y_made) && alike(least),
                Test::Alike(least) => alike(least),
                Test::Overlap(least) => overlap(at.words(a), at.words(b)) >= least,
                Test::Within(part) => {
                    let numbers = at.number(x_made).zip(at.number(y_made));
                    numbers.is_some_and(|(x, y)| (x - y).abs() <= part * x.abs().max(y.abs()))
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
                Test::EachAlike(least) => (0..2).all(|i| {
                    there[i] && (a[i] == b[i] || similarity_of(text(i, a[i]), text(i, b[i])) >= least)
                }),
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

fn similarity_of(x: &str, y: &str) -> f64 {
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

fn jaccard(a: [u64; 4], b: [u64; 4]) -> f64 {
    let count = |of: fn(u64, u64) -> u64| (0..4).map(|i| of(a[i], b[i]).count_ones()).sum::<u32>();
    f64::from(count(|a, b| a & b)) / f64::from(count(|a, b| a | b).max(1))
}

fn overlap(a: &[u64], b: &[u64]) -> f64 {
    let common = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::levels::Kind;
    use crate::records::RecordsBuilder;

    /// The level of two values of a kind with its own tests, in words.
    fn level(kind: Kind, a: &str, b: &str) -> String {
        let mut builder = RecordsBuilder::new(&["x".to_owned()]);
        builder.push(2, |_| [Some(a), Some(b)].into_iter());
        let mut records = builder.finish();
        if let Some(clean) = kind.clean() {
            records.columns[0] = records.columns[0].rewritten(clean);
        }
        let column = &records.columns[0];
        let comparison = Comparison::new("x", &[(0, column)], kind.tests(), false);
        let found = comparison.level(column, column.codes[0], column.codes[1]);
        assert_eq!(
            found,
            comparison.level(column, column.codes[1], column.codes[0]),
            "the same from both sides"
        );
        comparison.words(found)[1].clone()
    }

    #[test]
    fn values_are_alike_as_far_as_people_would_say() {
        for (kind, a, b, said) in [
            (Kind::Date, "1990-02-03", "19900203", "the same"),
            (Kind::Date, "1990-02-03", "1990-03-02", "day and month swapped"),
            (Kind::Date, "1990-02-03", "1990-02-08", "one digit wrong, or two swapped"),
            (Kind::Date, "1990-02-13", "1990-01-01", "the same year, one only its first of January"),
            (Kind::Date, "1989-02-13", "1990-02-13", "same month and day, a year off"),
            (Kind::Date, "1990-02-13", "1990-11-28", "the same year"),
            (Kind::Date, "1990-02-13", "2004-11-28", "different"),
            (Kind::IdNumber, "110105491231002", "11010519491231002X", "the same"),
            (Kind::IdNumber, "11010519491231002X", "11010519941231002X", "one digit wrong, or two swapped"),
            (Kind::IdNumber, "11010519491231002X", "420106194912310038", "the same birth date"),
            (Kind::Phone, "+86 138 0000 1234", "13800001234", "the same"),
            (Kind::Phone, "13800001234", "13800001243", "one digit wrong, or two swapped"),
            (Kind::Phone, "027-80001234", "13880001234", "last 7 digits the same"),
            (Kind::ChineseName, "张伟", "章伟", "sounds the same"),
            (Kind::ChineseName, "王未来", "王末来", "letters of a like shape"),
            (Kind::ChineseName, "欧阳文", "欧阳建文", "one letter different"),
            (Kind::ChineseName, "张伟", "李娜", "different"),
            (Kind::Name, "Catherine", "Catherina", "alike (similarity 0.92 or more)"),
            (Kind::Address, "东湖花园三栋二单元501室", "东湖花园3幢2单元501室", "the same"),
            (
                Kind::Address,
                "新华路202号东湖花园3栋501室",
                "新华路202号東湖花园3栋501",
                "same numbers, written alike",
            ),
            (Kind::Number, "100", "100.5", "less than 1 % apart"),
            (Kind::Set, "水；电；气", "气, 电, 水", "the same"),
            (Kind::Set, "水；电；气", "水；电", "most in common"),
            (Kind::Code, "430079", "430070", "one digit wrong, or two swapped"),
            (Kind::Text, "", "x", "one side is empty"),
        ] {
            assert_eq!(level(kind, a, b), said, "{kind:?} {a} {b}");
        }
    }

    #[test]
    fn two_columns_may_be_swapped() {
        let mut builder = RecordsBuilder::new(&["first".to_owned(), "last".to_owned()]);
        let rows =
            [["ann", "smith"], ["smith", "ann"], ["anne", "smyth"], ["bob", "smith"], ["ann", ""], ["", ""]];
        builder.push(rows.len(), |n| rows.iter().map(move |row| Some(row[n])));
        let records = builder.finish();
        let columns = [&records.columns[0], &records.columns[1]];
        let comparison =
            Comparison::new("name", &[(0, columns[0]), (1, columns[1])], Kind::tests_of_two(), false);
        let of = |record: usize| columns.map(|column| column.codes[record]);
        let words =
            |other: usize| comparison.words(comparison.level_of_two(columns, of(0), of(other)))[1].clone();
        assert_eq!(words(0), "the same");
        assert_eq!(words(1), "the two swapped");
        assert_eq!(words(2), "alike (similarity 0.85 or more)");
        assert_eq!(words(3), "only the second the same");
        assert_eq!(
            (words(4), words(5)),
            ("only the first the same".to_owned(), "one side is empty".to_owned())
        );
    }

    #[test]
    fn tests_are_read_and_written_the_same() {
        for kind in [
            Kind::Date,
            Kind::IdNumber,
            Kind::Address,
            Kind::Set,
            Kind::Number,
            Kind::ChineseName,
            Kind::Text,
        ] {
            for test in kind.tests().into_iter().chain(Kind::tests_of_two()) {
                assert_eq!(Test::try_from(String::from(test)), Ok(test));
            }
        }
        for wrong in ["jaro 0.9", "edits", "edits 0", "alike 2", "sound 1", ""] {
            assert!(Test::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
