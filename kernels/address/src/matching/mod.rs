//! Text → the one right door, or an honest "not sure".
//!
//! What the text may mean is found from the library's side: its names, however written, stand somewhere in
//! the text; each road number or compound that they name is weighed by what agrees, what contradicts and
//! what of the text it leaves unexplained; the numbers behind lead to the door. Weights are log odds, and
//! confidence is the share of the best reading beside its rivals and beside "none of these".

mod evidence;
mod suggest;
mod tail;

use crate::keys::Standard;
use crate::letters::{Letter, letters};
use crate::library::{ANY, AddressIndex, Layer, LiveLibrary, Mention, NONE, PlaceRecord, kind_name};
use evidence::{Reading, Text};
pub use suggest::Suggestion;
use tail::Tail;

/// What else is known.
#[derive(Clone, Debug, Default)]
pub struct Hints<'a> {
    /// The sender's division: only places whose code lies between are right.
    pub division: Option<(i64, i64)>,
    /// A coordinate that came with the text, longitude and latitude: among doors that fit equally the near
    /// ones are likelier.
    pub point: Option<[f64; 2]>,
    /// What the same sender's text was last matched to, by identifier: likelier among doors that fit
    /// equally.
    pub last: Option<&'a str>,
}

/// A place with the trust put in it and the reasons.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Ranked {
    /// The place.
    pub id: String,
    /// `room`, `unit`, `building` or `anchor`: how deep the text is certain.
    pub level: String,
    /// Standard address.
    pub address: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// What agreed, was missing or contradicted, as `code` or `code:detail`, for faces to put into
    /// words: `level:room`, `rivals:2`, `unit_missing`, `division_agrees:南桥区`.
    pub reasons: Vec<String>,
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Match {
    /// The one place, where it is certain.
    pub accepted: Option<Ranked>,
    /// What else might be meant, best first, for a person to choose from.
    pub candidates: Vec<Ranked>,
}

/// Below this nothing is accepted.
pub const ACCEPT: f64 = 0.9;
/// Candidates that are told.
const CANDIDATES_MAX: usize = 8;
/// Anchors that are weighed.
const ANCHORS_MAX: usize = 512;
/// Weight of "none of these".
const NONE_OF_THESE: f32 = 3.0;
/// A text longer than this holds no address worth the work: only its beginning is read.
const LETTERS_MAX: usize = 120;

/// A reading with the place that it leads to.
struct Weighed<'a> {
    layer: Layer<'a>,
    place: u32,
    depth: Depth,
    /// The text asks for more than was found.
    falls_short: bool,
    unit_missing: bool,
    weight: f32,
    reading: Reading,
}

/// How deep a place lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    Anchor,
    Building,
    Unit,
    Room,
}

impl Depth {
    /// By its numbers, or by its kind where that is deeper: another address of a door may have no number.
    fn of(place: &PlaceRecord) -> Self {
        let by_numbers = match place {
            p if p.room != NONE => Depth::Room,
            p if p.unit != NONE => Depth::Unit,
            p if p.building != NONE => Depth::Building,
            _ => Depth::Anchor,
        };
        let by_kind = match kind_name(place.kind) {
            "room" => Depth::Room,
            "unit" => Depth::Unit,
            "building" => Depth::Building,
            _ => Depth::Anchor,
        };
        by_numbers.max(by_kind)
    }

    fn name(self) -> &'static str {
        match self {
            Depth::Anchor => "anchor",
            Depth::Building => "building",
            Depth::Unit => "unit",
            Depth::Room => "room",
        }
    }
}

/// Matches a text against a library. O(letters²) look-ups; the work for one text has a limit.
pub fn match_text(text: &str, library: &AddressIndex, hints: &Hints) -> Match {
    match_in(text, &[Layer::whole(library)], hints)
}

impl LiveLibrary {
    /// Matches a text against the library as it is now.
    pub fn match_text(&self, text: &str, hints: &Hints) -> Match {
        match_in(text, &self.layers(), hints)
    }
}

fn match_in(text: &str, layers: &[Layer], hints: &Hints) -> Match {
    told(&weighed_in(text, layers, hints))
}

/// What a text may mean, the best first.
fn weighed_in<'a>(text: &str, layers: &[Layer<'a>], hints: &Hints) -> Vec<Weighed<'a>> {
    let mut letters = letters(text);
    letters.truncate(LETTERS_MAX);
    let divisions = Standard::from_text(text).divisions;
    let mut weighed = Vec::new();
    let mut mentions: Vec<Vec<Mention>> = Vec::new();
    for layer in layers {
        let mut found = Vec::new();
        layer.index.names().whole(&letters, &mut found);
        weigh_all(*layer, &letters, &found, &divisions, hints, &mut weighed);
        mentions.push(found);
    }
    let weighed = ranked(weighed);
    if weighed.first().is_some_and(|best| !best.falls_short && confidence(best, sum(&weighed)) >= ACCEPT) {
        return weighed;
    }
    // Something may be written so badly that no name sounds like it.
    let (mut again, mut more) = (Vec::new(), false);
    for (layer, mentions) in layers.iter().zip(&mut mentions) {
        let known = mentions.len();
        layer.index.names().nearly(&letters, mentions);
        more |= mentions.len() > known;
        weigh_all(*layer, &letters, mentions, &divisions, hints, &mut again);
    }
    if more { ranked(again) } else { weighed }
}

fn weigh_all<'a>(
    layer: Layer<'a>,
    letters: &[Letter],
    mentions: &[Mention],
    divisions: &[(crate::ElementKind, String)],
    hints: &Hints,
    weighed: &mut Vec<Weighed<'a>>,
) {
    let text = Text::of(layer.index, letters, mentions, divisions);
    for anchor in text.anchors(ANCHORS_MAX) {
        let reading = text.read(anchor);
        if reading.weight > -2.0 {
            weigh(layer, letters, reading, hints, weighed);
        }
    }
}

/// The places that a reading's numbers lead to.
fn weigh<'a>(
    layer: Layer<'a>,
    letters: &[Letter],
    reading: Reading,
    hints: &Hints,
    out: &mut Vec<Weighed<'a>>,
) {
    let library = layer.index;
    let tail = Tail::of(&letters[reading.end.min(letters.len())..]);
    let mut found = Vec::new();
    let find = |door: [u32; 3], found: &mut Vec<u32>| {
        found.clear();
        let [building, unit, room] = door;
        library.doors().find(reading.anchor, building, unit, room, found);
        found.retain(|place| layer.shows(*place));
    };
    let mut push = |place: u32, falls_short: bool, unit_missing: bool, plus: f32| {
        let Some(record) = library.places().get(place as usize) else { return };
        let code = record.division();
        if hints.division.is_some_and(|(lo, hi)| code != 0 && !(lo..=hi).contains(&code)) {
            return;
        }
        let mut weight = reading.weight + plus;
        // Reading a place is not for nothing.
        let wanted = hints.last.is_some() || hints.point.is_some();
        if let Some(known) = wanted.then(|| library.place(place)).flatten() {
            if hints.last == Some(known.id) {
                weight += 3.0;
            }
            if let (Some(here), Some(there)) = (hints.point, known.point) {
                weight += nearness(here, there);
            }
        }
        let depth = Depth::of(record);
        out.push(Weighed {
            layer,
            place,
            depth,
            falls_short,
            unit_missing,
            weight,
            reading: reading.clone(),
        });
    };
    for (rank, door) in tail.doors.iter().enumerate() {
        find([door.building, door.unit, door.room], &mut found);
        let unit_missing = door.unit == ANY;
        for place in &found {
            push(*place, false, unit_missing, DOOR_FOUND - rank as f32 * 0.4 - tail.unread);
        }
        if !found.is_empty() {
            return;
        }
    }
    // As deep as it is certain.
    for door in tail.above() {
        find([door.building, door.unit, NONE], &mut found);
        for place in &found {
            push(*place, true, false, -2.0);
        }
        if !found.is_empty() {
            return;
        }
    }
    find([NONE; 3], &mut found);
    for place in &found {
        push(*place, true, false, -3.0);
    }
}

/// A door that is there just as it is written speaks for the reading.
const DOOR_FOUND: f32 = 2.0;

/// Log odds of a distance: nothing speaks beyond some hundred metres, 100 m and less speak for.
fn nearness(a: [f64; 2], b: [f64; 2]) -> f32 {
    let scale = a[1].to_radians().cos();
    let metres = ((a[0] - b[0]) * scale).hypot(a[1] - b[1]) * 111_320.0;
    (3.0 - metres / 150.0).clamp(-3.0, 3.0) as f32
}

/// The best first, each place once.
fn ranked(mut weighed: Vec<Weighed<'_>>) -> Vec<Weighed<'_>> {
    weighed.sort_by(|a, b| {
        let by_weight = a.falls_short.cmp(&b.falls_short).then(b.weight.total_cmp(&a.weight));
        by_weight.then(a.place.cmp(&b.place))
    });
    let mut seen = Vec::new();
    weighed.retain(|one| {
        let place = (std::ptr::from_ref(one.layer.index), one.layer.index.identity(one.place));
        let fresh = !seen.contains(&place);
        seen.push(place);
        fresh
    });
    weighed
}

/// What all readings that find what the text asks for weigh together, with "none of these".
fn sum(weighed: &[Weighed]) -> f32 {
    let whole = weighed.iter().filter(|one| !one.falls_short);
    whole.map(|one| one.weight.exp()).sum::<f32>() + NONE_OF_THESE.exp()
}

/// The share beside the rivals and beside "none of these", in thousandths.
fn confidence(one: &Weighed, sum: f32) -> f64 {
    let share = f64::from(one.weight.exp() / sum);
    // What the text asks for is not there: this is only where it would be.
    let share = if one.falls_short { share.min(0.6) } else { share };
    (share * 1000.0).round() / 1000.0
}

/// In words for faces, the best first.
fn told(weighed: &[Weighed]) -> Match {
    let sum = sum(weighed);
    let whole = weighed.iter().filter(|one| !one.falls_short);
    let rivals = whole.filter(|one| weighed[0].weight - one.weight < 2.0).count();
    let candidates: Vec<Ranked> = weighed
        .iter()
        .take(CANDIDATES_MAX)
        .filter_map(|one| {
            let library = one.layer.index;
            let place = library.place(one.place)?;
            let mut reasons = vec![format!("level:{}", one.depth.name())];
            if one.falls_short {
                reasons.push("not_in_library".to_owned());
            }
            if rivals > 1 && !one.falls_short {
                reasons.push(format!("rivals:{rivals}"));
            }
            if one.unit_missing {
                reasons.push("unit_missing".to_owned());
            }
            reasons.extend(one.reading.reasons(library));
            Some(Ranked {
                id: place.id.to_owned(),
                level: one.depth.name().to_owned(),
                address: place.address.to_owned(),
                confidence: confidence(one, sum),
                reasons,
            })
        })
        .collect();
    let accepted = candidates
        .first()
        .filter(|first| first.confidence >= ACCEPT && weighed.first().is_some_and(|one| !one.falls_short));
    Match { accepted: accepted.cloned(), candidates }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Entry, LibraryBuilder};

    fn library(addresses: &[&str]) -> AddressIndex {
        let entry = |(i, address): (usize, &&str)| Entry {
            id: i.to_string(),
            address: (*address).to_owned(),
            ..Entry::default()
        };
        let mut builder = LibraryBuilder::default();
        builder.add(&addresses.iter().enumerate().map(entry).collect::<Vec<_>>());
        builder.finish()
    }

    fn accepted(library: &AddressIndex, text: &str) -> Option<String> {
        match_text(text, library, &Hints::default()).accepted.map(|r| r.id)
    }

    #[test]
    fn every_writing_of_a_door_finds_it() {
        let library = library(&[
            "澜江市南桥区和平社区新华路202号东湖花园3栋1单元502室",
            "澜江市南桥区和平社区新华路202号东湖花园3栋2单元602室",
            "澜江市南桥区和平社区新华路202号东湖花园3栋",
            "澜江市南桥区和平社区新华路204号南湖花园3栋1单元502室",
            "澜江市南桥区和平社区建设一路20号",
        ]);
        for text in [
            "南桥区和平社区新华路202号东湖花园3栋1单元502室",
            "东湖花园3幢1单元502",
            "东湖花园３栋1-502室",
            "新华路202号3栋1单元502",
            "南桥区东湖花园三号楼502",
            "冬湖花圆3-1-502",
            "南橋區新華路202號東湖花園3棟1單元502",
            "南桥区新华路202号（东潮花园）3栋1单元502",
            "南桥区 新华路 202 号 东湖花园 3 1 502",
            "湖北省澜江市南桥区南桥区东湖花园3栋1单元五〇二室",
        ] {
            assert_eq!(accepted(&library, text).as_deref(), Some("0"), "{text}");
        }
        assert_eq!(accepted(&library, "东湖花园3栋").as_deref(), Some("2"));
        assert_eq!(accepted(&library, "建设1路20号").as_deref(), Some("4"));
    }

    #[test]
    fn it_abstains_rather_than_guess() {
        let library = library(&[
            "南桥区新华路202号东湖花园3栋1单元502室",
            "南桥区新华路202号东湖花园3栋2单元502室",
            "北湖区新华路202号东湖花园3栋1单元502室",
            "南桥区新华路202号东湖花园3栋",
            "南桥区建设一路20号",
        ]);
        assert_eq!(accepted(&library, "南桥区东湖花园3栋502"), None, "two units have a 502");
        assert_eq!(accepted(&library, "东湖花园3栋1单元502"), None, "two districts have it");
        assert_eq!(accepted(&library, "北湖区东湖花园3栋1单元502").as_deref(), Some("2"));
        assert_eq!(accepted(&library, "西山区东湖花园3栋1单元502"), None, "no such district");
        assert_eq!(accepted(&library, "南桥区东湖家园3栋1单元502"), None, "another compound");
        assert_eq!(accepted(&library, "南桥区西湖花园3栋1单元502"), None, "another compound");
        assert_eq!(accepted(&library, "南桥区建设二路20号"), None, "another road");
        assert_eq!(accepted(&library, "东湖花园9栋1单元502"), None);
        assert_eq!(accepted(&library, "南桥区新华路203号东湖花园3栋1单元502"), None, "another number");
        let unknown = match_text("南桥区东湖花园3栋1单元999", &library, &Hints::default());
        assert_eq!(unknown.accepted, None);
        assert_eq!(unknown.candidates[0].level, "building");
        for text in ["", "-", "3", "号", "💧💧💧", "东湖"] {
            assert_eq!(accepted(&library, text), None, "{text}");
        }
    }

    #[test]
    fn hints_settle_what_the_text_leaves_open() {
        let library =
            library(&["南桥区新华路202号东湖花园3栋1单元502室", "北湖区新华路202号东湖花园3栋1单元502室"]);
        let hints = Hints { last: Some("1"), ..Hints::default() };
        let found = match_text("东湖花园3栋1单元502", &library, &hints);
        assert_eq!(found.accepted.unwrap().id, "1");
    }

    #[test]
    fn another_address_leads_to_the_same_place() {
        let mut builder = LibraryBuilder::default();
        builder.add(&[Entry {
            id: "7".to_owned(),
            address: "南桥区新华路202号滨湖花园3栋1单元502室".to_owned(),
            aliases: vec!["南桥区新华路202号东湖花园3栋1单元502室".to_owned(), "老棉纺厂宿舍".to_owned()],
            kind: "room".to_owned(),
            ..Entry::default()
        }]);
        let library = builder.finish();
        assert_eq!((library.len(), library.number_of("7")), (1, Some(0)));
        for text in ["滨湖花园3-1-502", "东湖花园3栋1单元502", "老棉纺厂宿舍"] {
            let found = match_text(text, &library, &Hints::default()).accepted.unwrap();
            assert_eq!((found.id.as_str(), found.level.as_str()), ("7", "room"), "{text}");
            assert_eq!(found.address, "南桥区新华路202号滨湖花园3栋1单元502室");
        }
        let typed = library.suggest("lmfc", None, 5);
        assert_eq!(
            typed[0].address, "南桥区新华路202号滨湖花园3栋1单元502室",
            "proposed as the library writes it"
        );
    }

    #[test]
    fn changes_lie_over_what_is_compiled() {
        let base = library(&[
            "南桥区新华路202号东湖花园3栋1单元502室",
            "南桥区新华路202号东湖花园3栋2单元502室",
            "南桥区建设一路20号",
        ]);
        let live = LiveLibrary::new(base);
        let accepted = |live: &LiveLibrary, text: &str| {
            live.match_text(text, &Hints::default()).accepted.map(|found| found.id)
        };
        assert_eq!(accepted(&live, "东湖花园3栋502"), None, "two units have a 502");
        // One of the two is gone: now there is only one.
        let less = live.with_changes(&[], ["1"]);
        assert_eq!(accepted(&less, "东湖花园3栋502").as_deref(), Some("0"));
        assert_eq!(less.len(), 2);
        // A new one in the changes is as much a rival as one that was compiled.
        let entry = |id: &str, address: &str, aliases: &[&str]| Entry {
            id: id.to_owned(),
            address: address.to_owned(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            ..Entry::default()
        };
        let third = entry("9", "南桥区新华路202号东湖花园3栋3单元502室", &[]);
        let more = live.with_changes(&[third], ["1"]);
        assert_eq!(accepted(&more, "东湖花园3栋502"), None);
        assert_eq!(accepted(&more, "东湖花园3栋3单元502").as_deref(), Some("9"));
        let renamed = live.with_changes(&[entry("2", "南桥区滨江一路20号", &["南桥区建设一路20号"])], []);
        assert_eq!(accepted(&renamed, "滨江一路20号").as_deref(), Some("2"));
        assert_eq!(accepted(&renamed, "建设一路20号").as_deref(), Some("2"));
        assert_eq!((renamed.len(), accepted(&live, "滨江一路20号")), (3, None));
    }

    #[test]
    fn a_compiled_library_opens_again_and_damage_is_told() {
        struct Words(Vec<u64>);
        impl AsRef<[u8]> for Words {
            fn as_ref(&self) -> &[u8] {
                bytemuck::cast_slice(&self.0)
            }
        }
        let made = library(&["南桥区新华路202号东湖花园3栋1单元502室"]);
        let mut words: Vec<u64> =
            made.bytes().chunks_exact(8).map(|w| u64::from_le_bytes(w.try_into().unwrap())).collect();
        let open = |words: &Vec<u64>| AddressIndex::open(std::sync::Arc::new(Words(words.clone())));
        let again = open(&words).unwrap();
        assert_eq!(accepted(&again, "东湖花园3栋1单元502").as_deref(), Some("0"));
        assert_eq!(again.number_of("0"), Some(0));
        *words.last_mut().unwrap() ^= 1;
        assert_eq!(open(&words).err(), Some(crate::InvalidLibrary::Damaged));
        words[0] = 0;
        assert_eq!(open(&words).err(), Some(crate::InvalidLibrary::Foreign));
    }
}
