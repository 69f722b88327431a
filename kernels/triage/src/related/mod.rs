//! Reports that are about the same matter: alike in words, near in place and time.
//!
//! A report is kept as the hashes of its terms (pairs of neighbouring units; numbers and words by themselves). Candidates
//! are those with the same text, those that share one of its rarest terms, and those that lie near; what is outside the
//! window of time is not looked at. A candidate's probability comes of a logistic regression ([`RelatedWeights`]) over
//! likeness of words, distance, time between, agreement of categories and numbers of houses; the reason names what is
//! shared. Work for one report is bounded, whatever the number of reports.

mod weights;

use crate::terms::{Term, terms};
use crate::text::clean;
use hashbrown::HashMap;
use serde::Serialize;

pub use weights::{RelatedWeights, VALUES};

/// Terms that are kept of one report.
const TERMS_MAX: usize = 160;
/// Terms of a report by which others find it, the rarest.
const KEYS: usize = 12;
/// Reports of one term, of one square and of one text that are looked at, the latest.
const LATEST: usize = 96;
/// A square's side in degrees of latitude, some 110 metres.
const SQUARE: f64 = 0.001;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_320.0;
/// What is shared that a reason names.
const SHARED_TOLD: usize = 3;

/// A report, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report<'a> {
    /// The text, as it was written.
    pub text: &'a str,
    /// When it came, in milliseconds.
    pub at_ms: Option<i64>,
    /// Where it is about: longitude and latitude.
    pub lon_lat: Option<[f64; 2]>,
    /// Its category, by a number of the caller's, and the category's probability.
    pub category: Option<(u32, f32)>,
}

/// What speaks for and against two reports being of one matter.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// The texts are the same, marks and blanks aside.
    pub same_text: bool,
    /// Likeness of the words from 0 to 1, those of places' names aside: the cosine of their terms, rare ones weighing more.
    pub likeness: f32,
    /// The same of the places' names.
    pub place: f32,
    /// How rare the rarest shared term is: the natural logarithm of all reports by those that have it.
    pub rarest: f32,
    /// Metres between them.
    pub metres: Option<f32>,
    /// Days between them.
    pub days: Option<f32>,
    /// How likely both are of one category.
    pub category: Option<f32>,
    /// Both name numbers of houses, and none is the same.
    pub other_house: bool,
    /// Runs of the text that both have, the rarest first.
    pub shared: Vec<String>,
}

/// A report that another is related to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Related {
    /// Its number: the how many-th it was.
    pub number: u32,
    /// The probability that both are of one matter.
    pub probability: f64,
    /// Why.
    pub evidence: Evidence,
}

/// A report as it is kept.
#[derive(Clone, Debug)]
struct Kept {
    text: Option<u64>,
    at_ms: Option<i64>,
    lon_lat: Option<[f32; 2]>,
    category: Option<(u32, f32)>,
    /// Where its terms begin; they end where the next one's begin.
    terms: usize,
    /// The squares of the terms' weights together, when it came: of all but places, and of places.
    squares: [f32; 2],
}

/// A report that was read and not yet kept.
#[derive(Clone, Debug)]
pub struct Read {
    kept: Kept,
    /// In the order of their hashes.
    terms: Vec<Term>,
    houses: Vec<u32>,
    cleaned: String,
}

/// Reports by which others are found. Numbers are in the order of [`Self::keep`].
#[derive(Clone, Debug, Default)]
pub struct RelatedIndex {
    reports: Vec<Kept>,
    terms: Vec<u32>,
    /// Numbers of houses, by report: few have many.
    houses: HashMap<u32, Vec<u32>>,
    counts: HashMap<u32, u32>,
    by_term: HashMap<u32, Vec<u32>>,
    by_square: HashMap<(i32, i32), Vec<u32>>,
    by_text: HashMap<u64, Vec<u32>>,
    weights: RelatedWeights,
    window_ms: i64,
}

impl RelatedIndex {
    /// An index whose reports are related within so many days.
    pub fn new(days: f64, weights: RelatedWeights) -> Self {
        Self { window_ms: (days * 86_400_000.0) as i64, weights, ..Self::default() }
    }

    /// How many reports are kept.
    pub fn len(&self) -> usize {
        self.reports.len()
    }

    /// Is none kept?
    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    /// Keeps a report for those to come; tells its number.
    pub fn keep(&mut self, read: &Read) -> u32 {
        let number = self.reports.len() as u32;
        let squares = squares(&self.weights_of(read));
        let keys = self.keys(read);
        for term in &read.terms {
            *self.counts.entry(term.hash).or_default() += 1;
        }
        for hash in keys {
            latest(self.by_term.entry(hash).or_default(), number);
        }
        if let Some(at) = read.kept.lon_lat {
            latest(self.by_square.entry(square_of(at)).or_default(), number);
        }
        if let Some(text) = read.kept.text {
            latest(self.by_text.entry(text).or_default(), number);
        }
        if !read.houses.is_empty() {
            self.houses.insert(number, read.houses.clone());
        }
        self.reports.push(Kept { terms: self.terms.len(), squares, ..read.kept.clone() });
        self.terms.extend(read.terms.iter().map(|term| term.hash));
        number
    }

    fn weight(&self, hash: u32) -> f32 {
        let count = self.counts.get(&hash).copied().unwrap_or(0);
        ((self.reports.len() as f32 + 2.0) / (count as f32 + 1.0)).ln()
    }

    /// The terms of a report with what they weigh now.
    fn weights_of(&self, read: &Read) -> Vec<(Term, f32)> {
        read.terms.iter().map(|term| (*term, self.weight(term.hash))).collect()
    }

    /// The rarest terms of a report.
    fn keys(&self, read: &Read) -> Vec<u32> {
        let mut keys: Vec<(u32, u32)> = read
            .terms
            .iter()
            .map(|term| (self.counts.get(&term.hash).copied().unwrap_or(0), term.hash))
            .collect();
        keys.sort_unstable();
        keys.truncate(KEYS);
        keys.into_iter().map(|(_, hash)| hash).collect()
    }

    fn terms_of(&self, number: u32) -> &[u32] {
        let at = number as usize;
        let end = self.reports.get(at + 1).map_or(self.terms.len(), |next| next.terms);
        &self.terms[self.reports[at].terms..end]
    }

    /// The evidence of all reports that may be of one matter with this one.
    pub fn candidates(&self, read: &Read) -> Vec<(u32, Evidence)> {
        let mut numbers: Vec<u32> = Vec::new();
        let mut look = |list: Option<&Vec<u32>>| {
            numbers.extend(list.into_iter().flat_map(|all| all.iter().rev().take(LATEST)))
        };
        look(read.kept.text.and_then(|text| self.by_text.get(&text)));
        self.keys(read).iter().for_each(|hash| look(self.by_term.get(hash)));
        if let Some(at) = read.kept.lon_lat {
            let (x, y) = square_of(at);
            for (dx, dy) in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy))) {
                look(self.by_square.get(&(x + dx, y + dy)));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        let weights = self.weights_of(read);
        let squares = squares(&weights);
        let within = |number: &u32| {
            let of = self.reports[*number as usize].at_ms;
            of.zip(read.kept.at_ms).is_none_or(|(a, b)| (a - b).abs() <= self.window_ms)
        };
        numbers
            .into_iter()
            .filter(within)
            .map(|number| (number, self.evidence(read, &weights, squares, number)))
            .collect()
    }

    fn evidence(&self, read: &Read, weights: &[(Term, f32)], squares: [f32; 2], number: u32) -> Evidence {
        let other = &self.reports[number as usize];
        let (mut shared, mut rarest) = ([0f32; 2], 0f32);
        let mut theirs = self.terms_of(number).iter().peekable();
        for (term, weight) in weights {
            while theirs.next_if(|one| **one < term.hash).is_some() {}
            if theirs.peek() == Some(&&term.hash) {
                shared[usize::from(term.of_place)] += weight * weight;
                rarest = rarest.max(*weight);
            }
        }
        // A text that is a small part of another is not like it on that account alone.
        let cosine = |part: usize| match squares[part] > 0.0 {
            true => (shared[part] / (squares[part] * other.squares[part].max(squares[part] / 9.0)).sqrt())
                .min(1.0),
            false => 0.0,
        };
        let metres = read.kept.lon_lat.zip(other.lon_lat).map(|(a, b)| metres(a, b));
        let both = read.kept.category.zip(other.category);
        let houses = self.houses.get(&number);
        Evidence {
            same_text: read.kept.text.is_some() && read.kept.text == other.text,
            likeness: cosine(0),
            place: cosine(1),
            rarest,
            metres,
            days: read.kept.at_ms.zip(other.at_ms).map(|(a, b)| (a - b).abs() as f32 / 86_400_000.0),
            category: both.map(|((a, p), (b, q))| if a == b { p * q } else { 0.0 }),
            other_house: houses.is_some_and(|theirs| {
                !read.houses.is_empty() && theirs.iter().all(|house| !read.houses.contains(house))
            }),
            shared: Vec::new(),
        }
    }

    /// The reports that one is related to with this probability or more, the likeliest first.
    pub fn related(&self, read: &Read, threshold: f64) -> Vec<Related> {
        let mut found: Vec<Related> = self
            .candidates(read)
            .into_iter()
            .map(|(number, evidence)| Related {
                number,
                probability: self.weights.probability(&evidence),
                evidence,
            })
            .filter(|one| one.probability >= threshold)
            .collect();
        found.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.number.cmp(&b.number)));
        for one in &mut found {
            one.evidence.shared = self.shared(read, one.number);
        }
        found
    }

    /// Runs of the text whose terms another has as well, the rarest first.
    fn shared(&self, read: &Read, number: u32) -> Vec<String> {
        let theirs = self.terms_of(number);
        let mut spans: Vec<(u32, u32, f32)> = read
            .terms
            .iter()
            .filter(|term| theirs.binary_search(&term.hash).is_ok())
            .map(|term| (term.from, term.to, self.weight(term.hash)))
            .collect();
        spans.sort_unstable_by_key(|(from, to, _)| (*from, *to));
        let mut runs: Vec<(u32, u32, f32)> = Vec::new();
        for (from, to, weight) in spans {
            match runs.last_mut() {
                Some(last) if from < last.1 => {
                    last.1 = last.1.max(to);
                    last.2 = last.2.max(weight);
                }
                _ => runs.push((from, to, weight)),
            }
        }
        runs.sort_by(|a, b| b.2.total_cmp(&a.2));
        runs.truncate(SHARED_TOLD);
        runs.into_iter().map(|(from, to, _)| read.cleaned[from as usize..to as usize].to_owned()).collect()
    }
}

/// The squares of weights together: of all but places, and of places.
fn squares(weights: &[(Term, f32)]) -> [f32; 2] {
    let mut squares = [0f32; 2];
    weights.iter().for_each(|(term, weight)| squares[usize::from(term.of_place)] += weight * weight);
    squares
}

/// Puts a number at the end of a list of which only the latest are looked at.
fn latest(list: &mut Vec<u32>, number: u32) {
    if list.len() >= 2 * LATEST {
        list.drain(..LATEST);
    }
    list.push(number);
}

fn square_of([lon, lat]: [f32; 2]) -> (i32, i32) {
    ((f64::from(lon) / SQUARE).floor() as i32, (f64::from(lat) / SQUARE).floor() as i32)
}

pub(crate) fn metres(a: [f32; 2], b: [f32; 2]) -> f32 {
    let [ax, ay, bx, by] = [a[0], a[1], b[0], b[1]].map(f64::from);
    let (x, y) = ((ax - bx) * ay.to_radians().cos(), ay - by);
    (x.hypot(y) * DEGREE_M) as f32
}

/// Reads a report.
pub fn read(report: &Report) -> Read {
    let cleaned = clean(report.text);
    let mut terms = terms(&cleaned, TERMS_MAX * 2);
    // Of a long text those with the smallest hashes: of two that are alike the same.
    terms.of.truncate(TERMS_MAX);
    let kept = Kept {
        text: terms.bare,
        at_ms: report.at_ms,
        lon_lat: report.lon_lat.map(|at| at.map(|degree| degree as f32)),
        category: report.category,
        terms: 0,
        squares: [0.0; 2],
    };
    Read { kept, terms: terms.of, houses: terms.houses, cleaned }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn index(reports: &[Report]) -> RelatedIndex {
        let mut index = RelatedIndex::new(14.0, RelatedWeights::default());
        // Others, so that what is rare is rare.
        for n in 0..300 {
            let text = format!("{n}号小区的路灯不亮，请维修第{n}盏");
            index.keep(&read(&Report {
                text: &text,
                at_ms: Some(0),
                lon_lat: Some([110.0, 30.0 + f64::from(n) / 50.0]),
                category: None,
            }));
        }
        reports.iter().for_each(|report| {
            index.keep(&read(report));
        });
        index
    }

    #[test]
    fn the_same_is_found_whatever_the_marks_and_what_is_far_or_old_is_not() {
        let at = |text, day: i64| Report {
            text,
            at_ms: Some(day * DAY),
            lon_lat: Some([114.3, 30.5]),
            category: None,
        };
        let index = index(&[at("东湖花园3栋电梯坏了，老人下不了楼", 1)]);
        let again = index.related(&read(&at("东湖花园3栋电梯坏了老人下不了楼！！", 3)), 0.5);
        assert_eq!(again[0].number, 300);
        assert!(again[0].evidence.same_text && again[0].probability > 0.9, "{again:?}");
        let reworded = index.related(&read(&at("东湖花园三栋的电梯又坏了，没人修", 2)), 0.1);
        assert_eq!(reworded[0].number, 300);
        assert!(reworded[0].evidence.shared.iter().any(|run| run.contains("东湖花园")), "{reworded:?}");
        assert!(!reworded[0].evidence.other_house, "三 is 3");
        let old = index.related(&read(&at("东湖花园3栋电梯坏了，老人下不了楼", 60)), 0.0);
        assert!(old.iter().all(|one| one.number != 300));
    }

    #[test]
    fn another_house_is_told_apart_and_evidence_is_measured() {
        let report = |text, lon| Report {
            text,
            at_ms: Some(DAY),
            lon_lat: Some([lon, 30.5]),
            category: Some((4, 0.9)),
        };
        let index = index(&[report("南桥小区5栋漏水", 114.3)]);
        let of = |other: &Report| {
            index
                .candidates(&read(other))
                .into_iter()
                .find(|(number, _)| *number == 300)
                .map(|(_, evidence)| evidence)
        };
        let found = of(&report("南桥小区7栋漏水", 114.3005)).unwrap_or_default();
        assert!(found.other_house && found.likeness > 0.3 && found.days == Some(0.0), "{found:?}");
        assert!((found.metres.unwrap_or_default() - 47.96).abs() < 2.0, "{found:?}");
        assert!((found.category.unwrap_or_default() - 0.81).abs() < 1e-6);
    }

    #[test]
    fn any_text_is_read() {
        for text in ["", "😀", "<p>", &"长".repeat(9000)] {
            let read = read(&Report { text, ..Report::default() });
            assert!(read.terms.len() <= TERMS_MAX);
            let mut index = RelatedIndex::new(7.0, RelatedWeights::default());
            assert!(index.related(&read, 0.0).is_empty());
            index.keep(&read);
            // Nothing is not the same as nothing.
            let again = index.related(&read, 0.5);
            assert_eq!(again.first().is_some_and(|one| one.evidence.same_text), read.kept.text.is_some());
        }
    }
}
