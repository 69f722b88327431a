//! Places that a half-typed text may mean: names that go on from what is typed, in letters, pinyin or its
//! initials, and doors whose numbers do.

use super::evidence::{Text, number_at};
use super::{Hints, LETTERS_MAX};
use crate::keys::Standard;
use crate::letters::{Letter, letters};
use crate::library::{
    AddressIndex, AnchorRecord, Continued, Layer, LiveLibrary, Mention, NONE, PlaceRecord, Spelling,
    number_code,
};
use crate::normalise::{is_numeral, numeral};

/// A place that a half-typed text may mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Identifier.
    pub id: String,
    /// Kind, as the library names it.
    pub kind: String,
    /// Standard address.
    pub address: String,
    /// Longitude and latitude.
    pub point: Option<[f64; 2]>,
    /// Division code; 0 where unknown.
    pub division: i64,
}

/// Names that are looked at for each way of spelling.
const NAMES_MAX: usize = 48;
/// What hangs on one name that is looked at.
const ANCHORS_MAX: usize = 100;
/// Door plates of one road that are proposed.
const PLATES_MAX: usize = 12;
/// Places that are looked at for one question, so that no text takes long; finding an anchor's counts as some.
const WORK_MAX: usize = 8000;
const ANCHOR_WORK: usize = 10;
/// So few that all are shown before a number is typed.
const DOORS_FEW: usize = 8;
/// A level below what is typed, and where it is too far below.
const LEVEL: f32 = 1.2;
const TOO_DEEP: f32 = 2.0 * LEVEL;
/// Readings of names that are written out, best first.
const READINGS_MAX: usize = 12;

impl AddressIndex {
    /// Places that a half-typed text may mean, likeliest first. `near`, a longitude and latitude, puts what is near
    /// first among equals.
    pub fn suggest(&self, text: &str, near: Option<[f64; 2]>, limit: usize) -> Vec<Suggestion> {
        suggest_in(text, &[Layer::whole(self)], near, limit)
    }
}

impl LiveLibrary {
    /// Places of the library as it is now that a half-typed text may mean, likeliest first. `near`, a longitude
    /// and latitude, puts what is near first among equals.
    pub fn suggest(&self, text: &str, near: Option<[f64; 2]>, limit: usize) -> Vec<Suggestion> {
        suggest_in(text, &self.layers(), near, limit)
    }
}

/// A place with how well it goes on from the text: greater is better.
struct Scored<'a> {
    layer: Layer<'a>,
    place: u32,
    score: f32,
    /// Among equals the smaller number first: on the road, of the building, unit, room.
    order: [u32; 5],
}

fn suggest_in(text: &str, layers: &[Layer], near: Option<[f64; 2]>, limit: usize) -> Vec<Suggestion> {
    let mut typed = letters(text);
    typed.truncate(LETTERS_MAX);
    let mut found: Vec<Scored> = Vec::new();
    for layer in layers {
        Typed { layer: *layer, letters: &typed, found: &mut found, left: WORK_MAX }.look(text);
    }
    for (rank, one) in super::weighed_in(text, layers, &Hints::default()).into_iter().enumerate() {
        let score = if one.falls_short { 0.0 } else { MATCHED };
        let score = score - rank as f32;
        found.push(Scored { layer: one.layer, place: one.place, score, order: [0; 5] });
    }
    if let Some(here) = near {
        for one in &mut found {
            let there = one.layer.index.place(one.place).and_then(|place| place.point);
            // Of the same kind of fit only: a metre never outweighs a letter.
            one.score += there.map_or(0.0, |there| super::nearness(here, there) * 0.05);
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.order.cmp(&b.order)));
    let mut told: Vec<Suggestion> = Vec::new();
    for one in found {
        let Some(place) = one.layer.index.place(one.place) else { continue };
        if told.len() == limit {
            break;
        }
        if told.iter().all(|known| known.id != place.id) {
            told.push(Suggestion {
                id: place.id.to_owned(),
                kind: place.kind.to_owned(),
                address: place.address.to_owned(),
                point: place.point,
                division: place.division,
            });
        }
    }
    told
}

/// A number of the tail; the last may be half typed.
struct Number {
    text: String,
    code: u32,
    whole: bool,
}

/// The numbers behind a name: 3栋1 is a whole 3 and a 1 that may go on.
fn numbers(tail: &[Letter]) -> Vec<Number> {
    let part = |letter: &Letter| is_numeral(letter.letter) || letter.letter.is_ascii_alphabetic();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tail.len() {
        let length = tail[at..].iter().take_while(|letter| part(letter)).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let text: String = tail[at..at + length].iter().map(|l| l.letter).collect();
        let text = numeral(&text).map_or(text, |number| number.to_string());
        at += length;
        found.push(Number { code: number_code(&text), text, whole: at < tail.len() });
    }
    found
}

impl Number {
    /// Is a place's number this one, or may it become it? The smaller the better.
    fn fits(&self, code: u32, written: impl FnOnce() -> Option<String>) -> Option<u8> {
        if code == self.code {
            return Some(0);
        }
        if self.whole || code == NONE {
            return None;
        }
        let text = if code < 1 << 30 { Some(code.to_string()) } else { written() };
        text.is_some_and(|text| text.starts_with(&self.text)).then_some(1)
    }
}

struct Typed<'a, 'b> {
    layer: Layer<'a>,
    letters: &'b [Letter],
    found: &'b mut Vec<Scored<'a>>,
    /// Work that may still be done.
    left: usize,
}

/// The text means the place as it stands.
const MATCHED: f32 = 130.0;
/// A name was typed whole, then perhaps numbers.
const NAMED: f32 = 100.0;
/// A name is being typed: in letters, in pinyin, in initials.
const BEING_TYPED: [f32; 3] = [80.0, 60.0, 50.0];
/// It begins within the name.
const WITHIN: f32 = 15.0;
/// What is yet to be typed, a letter each, up to so many.
const MISSING: (f32, usize) = (0.3, 30);

impl<'a> Typed<'a, '_> {
    fn look(&mut self, text: &str) {
        let index = self.layer.index;
        let mut mentions = Vec::new();
        index.names().whole(self.letters, &mut mentions);
        if mentions.is_empty() {
            index.names().nearly(self.letters, &mut mentions);
        }
        self.named(text, &mentions);
        // A name begins with the text, behind another name, or behind a number.
        let mut starts = vec![0];
        for mention in &mentions {
            starts.push(mention.end);
            starts.extend(number_at(self.letters, mention.end).map(|(_, end)| end));
        }
        starts.sort_unstable();
        starts.dedup();
        for start in starts.into_iter().filter(|start| *start < self.letters.len()) {
            self.being_typed(start, &mentions);
        }
    }

    /// Names that stand in the text as wholes, with the doors that go on from its numbers.
    fn named(&mut self, text: &str, mentions: &[Mention]) {
        let index = self.layer.index;
        let divisions = Standard::from_text(text).divisions;
        let evidence = Text::of(index, self.letters, mentions, &divisions);
        let mut readings: Vec<_> =
            evidence.anchors(super::ANCHORS_MAX).into_iter().map(|a| evidence.read(a)).collect();
        readings.retain(|reading| reading.weight > 0.0 && !reading.contradicts());
        readings.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.anchor.cmp(&b.anchor)));
        for reading in readings.into_iter().take(READINGS_MAX) {
            let tail = &self.letters[reading.end.min(self.letters.len())..];
            self.doors(reading.anchor, &numbers(tail), NAMED + reading.weight.min(20.0));
        }
        for mention in mentions {
            let tail = &self.letters[mention.end..];
            if tail.iter().all(|letter| is_numeral(letter.letter)) {
                self.on_road(mention.name, &numbers(tail), NAMED - mention.cost);
            }
        }
    }

    /// The road itself, and door plates whose number goes on from what is typed; the first ones where none is.
    fn on_road(&mut self, road: u32, typed: &[Number], score: f32) {
        let index = self.layer.index;
        let on = index.names().on_road(road);
        let number =
            |anchor: &u32| index.anchors().get(*anchor as usize).map_or(NONE, |anchor| anchor.number);
        let within = |from: u32, to: u32| {
            let start = on.partition_point(|anchor| number(anchor) < from);
            let count = on[start..].partition_point(|anchor| number(anchor) < to);
            &on[start..start + count]
        };
        let mut fitting: Vec<u32> = Vec::new();
        match typed.first() {
            None => {
                fitting.extend(on[within(0, NONE).len()..].iter().take(2));
                fitting.extend(on.iter().take(PLATES_MAX));
            }
            Some(written) => {
                fitting.extend(within(written.code, written.code + 1).iter().take(PLATES_MAX));
                // 2 goes on to 20 to 29, 200 to 299 …
                let mut reach = numeral(&written.text).filter(|_| !written.whole).map(|n| (n, n + 1));
                while let Some((from, to)) = reach.filter(|(from, _)| fitting.len() < PLATES_MAX && *from > 0)
                {
                    reach = from.checked_mul(10).zip(to.checked_mul(10));
                    fitting.extend(reach.iter().flat_map(|(from, to)| within(*from, *to)).take(PLATES_MAX));
                }
                // 3A and 12-2 stand in no order.
                for anchor in within(1 << 30, NONE).iter().take(ANCHORS_MAX) {
                    let text = || Standard::from_text(self.first_address(*anchor)?).road_number;
                    if written.fits(number(anchor), text).is_some() {
                        fitting.push(*anchor);
                    }
                }
            }
        }
        for anchor in fitting {
            let exact = typed.first().is_some_and(|written| written.code == number(&anchor));
            let itself = typed.is_empty() && number(&anchor) == NONE;
            self.doors(anchor, &[], score - f32::from(u8::from(!exact && !itself)));
        }
    }

    fn first_address(&self, anchor: u32) -> Option<&'a str> {
        self.layer
            .index
            .below(anchor)
            .first()
            .and_then(|place| self.layer.index.place(*place))
            .map(|p| p.address)
    }

    /// Names that go on from the letters behind a place of the text, perhaps with numbers behind them.
    fn being_typed(&mut self, start: usize, mentions: &[Mention]) {
        let index = self.layer.index;
        let rest = &self.letters[start..];
        let whole: String = rest.iter().map(|l| l.letter).collect();
        let head = rest.iter().position(|l| !l.is_wordy()).unwrap_or(rest.len());
        let mut ways = vec![(whole.clone(), rest.len())];
        if head > 0 && head < rest.len() {
            ways.push((rest[..head].iter().map(|l| l.letter).collect(), head));
        }
        for (typed, length) in ways {
            let tail = numbers(&rest[length..]);
            let spellings: &[Spelling] = match typed.is_ascii() {
                true => &[Spelling::Letters, Spelling::Pinyin, Spelling::Initials],
                false => &[Spelling::Letters],
            };
            for (how, score) in spellings.iter().zip(BEING_TYPED) {
                let mut names = Vec::new();
                index.spelled(*how).continued(&index.names(), &typed, NAMES_MAX, &mut names);
                // The nearest first, as long as there is work to be done.
                names.sort_by_key(|name| (name.start > 0, name.missing));
                for name in names {
                    self.continued(&name, &tail, score, mentions);
                }
            }
        }
    }

    fn continued(&mut self, name: &Continued, tail: &[Number], score: f32, mentions: &[Mention]) {
        let index = self.layer.index;
        let (each, most) = MISSING;
        let mut score = score - name.missing.min(most) as f32 * each;
        if name.start > 0 {
            score -= WITHIN;
        }
        // A name that is typed whole, or nearly, goes on to its doors.
        let names = index.names();
        for anchor in names.compounds(name.name).iter().take(ANCHORS_MAX) {
            let Some(record) = index.anchors().get(*anchor as usize) else { continue };
            let said = |known: &u32| mentions.iter().any(|mention| mention.name == *known && *known != NONE);
            let agreed = record.divisions.iter().chain([&record.road]).filter(|known| said(known)).count();
            self.doors(*anchor, tail, score + agreed as f32 * 3.0);
        }
        if names.record(name.name).as_road > 0 {
            self.on_road(name.name, tail, score);
        }
    }

    /// The places of an anchor whose numbers go on from the typed ones, and one level further where those are whole.
    fn doors(&mut self, anchor: u32, typed: &[Number], score: f32) {
        let index = self.layer.index;
        let Some(AnchorRecord { number, buildings, .. }) = index.anchors().get(anchor as usize).copied()
        else {
            return;
        };
        if self.left < ANCHOR_WORK {
            return;
        }
        self.left -= ANCHOR_WORK;
        let doors = index.below(anchor);
        let mut next = 0;
        while let Some((place, record)) =
            doors.get(next).and_then(|place| Some((place, index.places().get(*place as usize)?)))
        {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            // Places with the same building, and the same unit, stand beside each other.
            let behind = |same: &dyn Fn(&PlaceRecord) -> bool| {
                let is = |place: &u32| index.places().get(*place as usize).is_some_and(same);
                next + doors[next..].partition_point(is).max(1)
            };
            let building = |other: &PlaceRecord| other.building == record.building;
            let unit = |other: &PlaceRecord| building(other) && other.unit == record.unit;
            let fit = self.fit(*place, record, typed, buildings == 1);
            let fit = match fit {
                // Two levels and more below what is typed there are too many.
                Some(fit) if fit >= TOO_DEEP && doors.len() > DOORS_FEW => {
                    next = if typed.is_empty() { behind(&building) } else { behind(&unit) };
                    continue;
                }
                Some(fit) => fit,
                None => {
                    let written = || {
                        let standard = Standard::from_text(index.place(*place)?.address);
                        standard.building
                    };
                    let other = record.building != NONE
                        && buildings != 1
                        && typed.first().is_some_and(|first| first.fits(record.building, written).is_none());
                    next = if other { behind(&building) } else { next + 1 };
                    continue;
                }
            };
            next += 1;
            if !self.layer.shows(*place) {
                continue;
            }
            let [road, building, unit, room] =
                [number, record.building, record.unit, record.room].map(|n| n.wrapping_add(1));
            let order = [road, building, unit, room, *place];
            self.found.push(Scored { layer: self.layer, place: *place, score: score - fit, order });
        }
    }

    /// How far a place is from the typed numbers; none where it does not go on from them.
    fn fit(&self, place: u32, record: &PlaceRecord, typed: &[Number], single: bool) -> Option<f32> {
        let levels = [record.building, record.unit, record.room];
        let written = |level: usize| {
            let standard = Standard::from_text(self.layer.index.place(place)?.address);
            [standard.building, standard.unit, standard.room].into_iter().nth(level).flatten()
        };
        let (mut at, mut cost) = (0, 0.0);
        for (level, code) in levels.iter().enumerate().filter(|(_, code)| **code != NONE) {
            let Some(number) = typed.get(at) else {
                // Behind what is typed: one level, and only of numbers that are whole.
                cost += LEVEL;
                continue;
            };
            match number.fits(*code, || written(level)) {
                Some(fit) => {
                    cost += f32::from(fit);
                    at += 1;
                }
                // A unit, or the only building, is often left out.
                None if level == 1 || (level == 0 && single) => cost += 0.5,
                None => return None,
            }
        }
        (at == typed.len()).then_some(cost)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Entry, LibraryBuilder};

    fn entries() -> Vec<Entry> {
        let mut addresses: Vec<String> = [
            "澜江市南桥区新华路202号东湖花园",
            "澜江市南桥区新华路20号",
            "澜江市南桥区新华路3号",
            "澜江市南桥区新华路",
            "澜江市南桥区东湖小学",
            "澜江市北湖区长乐路8号长乐苑",
            "澜江市北湖区南湖花园",
            "Rue Saint-Martin 12号",
        ]
        .map(str::to_owned)
        .to_vec();
        for building in [1, 3, 30] {
            let compound = "澜江市南桥区新华路202号东湖花园";
            addresses.push(format!("{compound}{building}栋"));
            for unit in 1..=2 {
                addresses.push(format!("{compound}{building}栋{unit}单元"));
                addresses.extend((1..=3).map(|n| format!("{compound}{building}栋{unit}单元{n}02室")));
            }
        }
        let entry = |address: String| Entry { id: address.clone(), address, ..Entry::default() };
        addresses.into_iter().map(entry).collect()
    }

    fn first(text: &str) -> String {
        let mut builder = LibraryBuilder::default();
        builder.add(&entries());
        let found = builder.finish().suggest(text, None, 5);
        found.first().map_or(String::new(), |one| one.address.replace("澜江市", ""))
    }

    #[test]
    fn a_name_is_found_while_it_is_typed() {
        let compound = "南桥区新华路202号东湖花园";
        for text in [
            "东湖花",
            "東湖花",
            "donghuhua",
            "DHHY",
            "dhhy",
            "东湖花园",
            "南桥区东湖花",
            "新华路202号东湖",
            "冬湖花园",
        ] {
            assert_eq!(first(text), compound, "{text}");
        }
        assert_eq!(first("dhxx"), "南桥区东湖小学");
        assert_eq!(first("changle"), "北湖区长乐路8号长乐苑");
        assert_eq!(first("cly"), "北湖区长乐路8号长乐苑");
        assert_eq!(first("saintm"), "");
        assert_eq!(first("rue saint"), "Rue Saint-Martin 12号");
        assert_eq!(first("花园"), "北湖区南湖花园");
        for text in ["", " ", "号", "qq", "💧", "-"] {
            assert_eq!(first(text), "", "{text}");
        }
    }

    #[test]
    fn numbers_go_on() {
        let compound = "南桥区新华路202号东湖花园";
        for (text, tail) in [
            ("东湖花园3", "3栋"),
            ("东湖花园30", "30栋"),
            ("东湖花园三栋", "3栋"),
            ("东湖花园3栋2", "3栋2单元"),
            ("dhhy3-2", "3栋2单元"),
            ("东湖花园3栋2单元3", "3栋2单元302室"),
            ("东湖花园3-1-2", "3栋1单元202室"),
            ("东湖花园3栋302", "3栋1单元302室"),
        ] {
            assert_eq!(first(text), format!("{compound}{tail}"), "{text}");
        }
        assert_eq!(first("新华路2"), "南桥区新华路20号");
        assert_eq!(first("新华路3"), "南桥区新华路3号");
        assert_eq!(first("xhl"), "南桥区新华路");
    }

    #[test]
    fn changes_are_proposed_at_once() {
        let mut builder = LibraryBuilder::default();
        builder.add(&entries());
        let live = LiveLibrary::new(builder.finish());
        let renamed = Entry {
            id: "澜江市南桥区东湖小学".to_owned(),
            address: "澜江市南桥区滨湖小学".to_owned(),
            ..Entry::default()
        };
        let live = live.with_changes(&[renamed], ["澜江市北湖区南湖花园"]);
        let names =
            |text: &str| live.suggest(text, None, 5).into_iter().map(|s| s.address).collect::<Vec<_>>();
        assert_eq!(names("bhxx"), ["澜江市南桥区滨湖小学"]);
        assert!(names("dhxx").is_empty() && names("nhhy").is_empty());
    }
}
