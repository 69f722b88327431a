//! Elements of an address, by the suffixes that close them.

use crate::ElementKind;
use crate::normalise::{is_numeral, normalise};

/// An element with its text in the normalised writing and its span there, in characters.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Element {
    /// What it is.
    pub kind: ElementKind,
    /// Its text.
    pub text: String,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// Divisions open an address; each has its endings, and words whose ending only looks like one.
const DIVISIONS: [(ElementKind, &[&str], &[&str]); 5] = [
    (ElementKind::Prov, &["省", "自治区"], &[]),
    (ElementKind::City, &["市"], &["市场"]),
    (ElementKind::District, &["区", "县"], &["社区", "小区", "园区", "片区", "区域"]),
    (ElementKind::Town, &["街道", "镇", "乡"], &[]),
    (ElementKind::Community, &["社区", "村"], &["新村", "村路"]),
];

const ROADS: &[&str] = &["大道", "大街", "路", "街", "巷", "弄", "胡同", "里", "道"];
/// A word this long can be the name of a division.
const DIVISION_LETTERS_MAX: usize = 9;

/// Cuts a text into elements. Total: any text gives some answer. O(length).
pub fn parse(text: &str) -> Vec<Element> {
    let letters: Vec<char> = normalise(text).chars().collect();
    let mut cursor = Cursor { letters, at: 0, found: Vec::new() };
    cursor.divisions();
    cursor.body();
    cursor.found
}

struct Cursor {
    letters: Vec<char>,
    at: usize,
    found: Vec<Element>,
}

impl Cursor {
    fn starts_with(&self, at: usize, word: &str) -> bool {
        word.chars().enumerate().all(|(i, c)| self.letters.get(at + i) == Some(&c))
    }

    fn push(&mut self, kind: ElementKind, end: usize) {
        let text: String = self.letters[self.at..end].iter().collect();
        self.found.push(Element { kind, text, start: self.at, end });
        self.at = end;
    }

    fn divisions(&mut self) {
        for (kind, endings, traps) in DIVISIONS {
            if let Some(end) = self.division_end(endings, traps) {
                self.push(kind, end);
            }
        }
    }

    /// The end of the next division name: a short run of letters closed by one of the endings.
    fn division_end(&self, endings: &[&str], traps: &[&str]) -> Option<usize> {
        for at in self.at + 1..(self.at + DIVISION_LETTERS_MAX).min(self.letters.len()) {
            if self.letters[at].is_ascii_digit() {
                return None;
            }
            let trapped = traps.iter().any(|trap| {
                let length = trap.chars().count();
                (0..length).any(|back| at >= back && self.starts_with(at - back, trap))
            });
            let Some(ending) = endings.iter().find(|ending| self.starts_with(at, ending)) else { continue };
            let end = at + ending.chars().count();
            // 街道 closes a street office; a road number right behind says it was a road after all.
            if trapped || self.letters.get(end).is_some_and(char::is_ascii_digit) {
                return None;
            }
            return Some(end);
        }
        None
    }

    /// Names and numbers in turn.
    fn body(&mut self) {
        while self.at < self.letters.len() {
            let name_end = self.next_number(self.at);
            if name_end > self.at {
                self.name(name_end);
            } else {
                self.number();
            }
        }
    }

    /// Where the next number that means something begins: digits or a letter before a suffix. A
    /// Chinese numeral inside a name (五一路) begins no number.
    fn next_number(&self, from: usize) -> usize {
        (from..self.letters.len())
            .find(|&at| {
                let c = self.letters[at];
                // A dash joins numbers; inside a name it is part of the name.
                let digit = |at: usize| self.letters.get(at).is_some_and(char::is_ascii_digit);
                if c.is_ascii_digit() || c == '#' || (c == '-' && digit(at + 1)) {
                    return true;
                }
                if !self.is_numbering(at) {
                    return false;
                }
                let end = self.run_end(at);
                // 二单元三〇二: behind a building or unit a numeral at the very end is the room.
                let below =
                    self.found.iter().any(|e| matches!(e.kind, ElementKind::HouseNo | ElementKind::CellNo));
                self.suffix(end).is_some() || (at == from && below && end == self.letters.len())
            })
            .unwrap_or(self.letters.len())
    }

    /// Can it be a part of a number: a numeral, one of a letter or two, a word like 甲 or 附?
    fn is_numbering(&self, at: usize) -> bool {
        let Some(c) = self.letters.get(at) else { return false };
        if is_numeral(*c) || "甲乙丙丁负附".contains(*c) {
            return true;
        }
        let alphabetic = |c: &&char| c.is_alphabetic() && **c < '\u{2e80}';
        let word = self.letters[at..].iter().take_while(alphabetic).count()
            + self.letters[..at].iter().rev().take_while(alphabetic).count();
        c.is_ascii_uppercase() && word <= 2
    }

    fn run_end(&self, from: usize) -> usize {
        (from..).find(|at| !self.is_numbering(*at)).unwrap_or(from)
    }

    /// The suffix that follows a number and what it makes of it.
    fn suffix(&self, at: usize) -> Option<(ElementKind, usize)> {
        const SUFFIXES: &[(&str, ElementKind)] = &[
            ("号楼", ElementKind::HouseNo),
            ("号院", ElementKind::RoadNo),
            ("单元", ElementKind::CellNo),
            ("栋", ElementKind::HouseNo),
            ("座", ElementKind::HouseNo),
            ("#楼", ElementKind::HouseNo),
            ("#", ElementKind::HouseNo),
            ("号", ElementKind::RoadNo),
            ("梯", ElementKind::CellNo),
            ("门", ElementKind::CellNo),
            ("层", ElementKind::FloorNo),
            ("楼", ElementKind::FloorNo),
            ("F", ElementKind::FloorNo),
            ("室", ElementKind::RoomNo),
            ("户", ElementKind::RoomNo),
            ("房", ElementKind::RoomNo),
        ];
        SUFFIXES
            .iter()
            .find(|(word, _)| self.starts_with(at, word))
            .map(|(word, kind)| (*kind, word.chars().count()))
    }

    /// A stretch of letters: a road where it ends like one, a compound behind it.
    fn name(&mut self, end: usize) {
        let road_end = (self.at + 1..end)
            .filter(|&at| ROADS.iter().any(|road| self.starts_with(at, road)))
            .map(|at| {
                let long = ROADS.iter().find(|road| self.starts_with(at, road));
                at + long.map_or(1, |road| road.chars().count())
            })
            .filter(|&at| at <= end)
            .max();
        match road_end {
            Some(road_end) => {
                self.push(ElementKind::Road, road_end);
                if road_end < end {
                    self.push(ElementKind::Poi, end);
                }
            }
            None => self.push(ElementKind::Poi, end),
        }
    }

    /// A number and its suffix; bare numbers joined by dashes are building, unit, room.
    fn number(&mut self) {
        if matches!(self.letters[self.at], '-' | '#') {
            self.at += 1;
            return;
        }
        let end = self.run_end(self.at);
        if end == self.at {
            self.push(ElementKind::OtherInfo, self.letters.len());
            return;
        }
        if let Some((kind, length)) = self.suffix(end) {
            self.push(kind, end);
            self.at += length;
            return;
        }
        let kind = self.bare_kind(end);
        self.push(kind, end);
    }

    /// What a number without suffix means: by what came before and how many more follow.
    fn bare_kind(&self, end: usize) -> ElementKind {
        let mut more = 0;
        let mut at = end;
        while self.letters.get(at) == Some(&'-') {
            at = self.run_end(at + 1);
            more += 1;
        }
        let has = |kind| self.found.iter().any(|element| element.kind == kind);
        match more {
            2.. if !has(ElementKind::HouseNo) => ElementKind::HouseNo,
            1 if !has(ElementKind::CellNo) && has(ElementKind::HouseNo) => ElementKind::CellNo,
            1 if !has(ElementKind::HouseNo) => ElementKind::HouseNo,
            0 if has(ElementKind::HouseNo) || has(ElementKind::CellNo) || has(ElementKind::RoadNo) => {
                ElementKind::RoomNo
            }
            0 if has(ElementKind::Road) => ElementKind::RoadNo,
            _ => ElementKind::OtherInfo,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(text: &str) -> Vec<(ElementKind, String)> {
        parse(text).into_iter().map(|e| (e.kind, e.text)).collect()
    }

    #[test]
    fn a_full_address_has_all_its_elements() {
        use ElementKind::*;
        let found = kinds("湖北省澜江市南桥区北苑街道和平社区新华路202号东湖花园3栋1单元502室");
        let expected = [
            (Prov, "湖北省"),
            (City, "澜江市"),
            (District, "南桥区"),
            (Town, "北苑街道"),
            (Community, "和平社区"),
            (Road, "新华路"),
            (RoadNo, "202"),
            (Poi, "东湖花园"),
            (HouseNo, "3"),
            (CellNo, "1"),
            (RoomNo, "502"),
        ];
        assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn short_and_dashed_writings_are_understood() {
        use ElementKind::*;
        let of = |text: &str| kinds(text).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
        assert_eq!(of("东湖花园3-1-502"), [Poi, HouseNo, CellNo, RoomNo]);
        assert_eq!(of("东湖花园3栋502"), [Poi, HouseNo, RoomNo]);
        assert_eq!(of("东湖花园十二号楼二单元三〇二"), [Poi, HouseNo, CellNo, RoomNo]);
        assert_eq!(of("五一路12号"), [Road, RoadNo]);
        assert_eq!(of("幸福新村A座"), [Poi, HouseNo]);
        assert_eq!(of("锦绣小区5#"), [Poi, HouseNo]);
    }

    proptest! {
        #[test]
        fn any_text_gives_spans_in_order(text in "\\PC{0,40}") {
            let mut at = 0;
            for element in parse(&text) {
                prop_assert!(element.start >= at && element.end > element.start);
                at = element.end;
            }
        }
    }
}
