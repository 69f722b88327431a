//! Rules that keep the library right: names as GB/T 23705 and GB/T 37149 write the elements, nothing twice below one
//! place, numbers in order along a road, outlines within the one above, nothing that hangs on nothing, no door without a
//! point. The rules find and tell; a steward decides.

use crate::model::{PlaceKind, named};
use crate::sql;
use gridweave_address::normalise;
use gridweave_atlas::measure::distance_m;
use gridweave_atlas::{Geometry, Shape, wkb};
use gridweave_core::{PlaceId, Scope};
use gridweave_db::{DbError, Tx};
use std::collections::HashMap;

named! {
    /// A rule of the library.
    Rule {
        /// A name is not written as the standard writes elements of its kind.
        NameForm = "name_form",
        /// Two places of one kind and name below one place.
        DuplicateName = "duplicate_name",
        /// A door plate stands out of the order of its road's numbers.
        NumberOrder = "number_order",
        /// An outline reaches out of the one above.
        OutlineOutside = "outline_outside",
        /// It hangs on nothing that is in use.
        Orphan = "orphan",
        /// A door without a point.
        NoPoint = "no_point",
    }
}

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Which.
    pub rule: Rule,
    /// The place.
    pub place: PlaceId,
    /// Where.
    pub division: i64,
    /// What of it: the other's name, the number before and behind, how far out.
    pub detail: String,
}

/// An outline may reach out so far: maps are drawn by hand.
const OUTSIDE_M: f64 = 5.0;
/// A plate may stand so much farther from its neighbours than they from each other: a factor, and metres.
const DETOUR: (f64, f64) = (3.0, 60.0);

/// Is the name written as the standard writes elements of its kind? Names without a Chinese letter are not judged, but
/// for numbers that lack their word.
pub fn well_named(kind: PlaceKind, name: &str) -> bool {
    let name = name.trim();
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let numbered = name.chars().any(|c| c.is_ascii_digit());
    if !name.chars().any(is_han) && !numbered {
        return true;
    }
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word) && name.len() > word.len());
    match kind {
        PlaceKind::Road => {
            !name.chars().any(is_han)
                || ends(&[
                    "路", "街", "道", "线", "桥", "环", "巷", "弄", "里", "胡同", "高速", "隧道", "堤", "坡",
                ])
        }
        PlaceKind::Lane => {
            !name.chars().any(is_han) || ends(&["巷", "弄", "里", "胡同", "街", "条", "路", "坊", "村"])
        }
        PlaceKind::DoorPlate => numbered && name.contains('号'),
        PlaceKind::Building => ends(&["栋", "幢", "楼", "座", "号"]),
        PlaceKind::Unit => ends(&["单元", "门", "梯"]),
        PlaceKind::Floor => ends(&["层", "楼"]),
        PlaceKind::Room => ends(&["室", "户", "房", "号"]),
        PlaceKind::Compound | PlaceKind::Poi => true,
    }
}

struct Sibling {
    id: PlaceId,
    kind: PlaceKind,
    name: String,
    division: i64,
    point: Option<[f64; 2]>,
}

/// Looks through the whole library.
pub fn check(tx: &mut Tx) -> Result<Vec<Found>, DbError> {
    let mut found = Vec::new();
    let (mut parent, mut siblings) = (String::new(), Vec::new());
    tx.each(&sql::BY_PARENT, &[], |row| {
        let above = row.text(1)?;
        if above != parent {
            beside_each_other(&siblings, &parent, &mut found);
            siblings.clear();
            parent = above;
        }
        if let Some(kind) = PlaceKind::from_name(&row.text(2)?) {
            let point = row.point(5, 6)?.map(|p| [p.lon, p.lat]);
            siblings.push(Sibling {
                id: PlaceId(row.text(0)?),
                kind,
                name: row.text(3)?,
                division: row.int(4)?,
                point,
            });
        }
        Ok(())
    })?;
    beside_each_other(&siblings, &parent, &mut found);
    tx.each(&sql::NESTED_OUTLINES, &[], |row| {
        let shape = |bytes: Vec<u8>| match wkb::read(&bytes) {
            Ok(Geometry::Shape(shape)) => Some(shape),
            _ => None,
        };
        if let (Some(inner), Some(outer)) = (shape(row.bytes(2)?), shape(row.bytes(3)?))
            && let Some(metres) = outside_m(&inner, &outer)
        {
            let detail = format!("{} · {metres:.0} m", row.text(4)?);
            let (place, division) = (PlaceId(row.text(0)?), row.int(1)?);
            found.push(Found { rule: Rule::OutlineOutside, place, division, detail });
        }
        Ok(())
    })?;
    tx.each(&sql::ORPHANS, &[], |row| {
        let (place, division, detail) = (PlaceId(row.text(0)?), row.int(1)?, row.text(2)?);
        found.push(Found { rule: Rule::Orphan, place, division, detail });
        Ok(())
    })?;
    Ok(found)
}

/// What can be told of places that hang on one.
fn beside_each_other(siblings: &[Sibling], parent: &str, found: &mut Vec<Found>) {
    let mut names: HashMap<(PlaceKind, String), &Sibling> = HashMap::new();
    for one in siblings {
        let mut tell = |rule: Rule, detail: String| {
            found.push(Found { rule, place: one.id.clone(), division: one.division, detail });
        };
        if !well_named(one.kind, &one.name) {
            tell(Rule::NameForm, one.name.clone());
        }
        if one.point.is_none() && !matches!(one.kind, PlaceKind::Road | PlaceKind::Lane) {
            tell(Rule::NoPoint, String::new());
        }
        // Topmost places of one name lie in different divisions.
        if !parent.is_empty() {
            match names.entry((one.kind, normalise(&one.name))) {
                std::collections::hash_map::Entry::Occupied(_) => tell(Rule::DuplicateName, one.name.clone()),
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(one);
                }
            }
        }
    }
    for odd in [0, 1] {
        let mut plates: Vec<(u32, &Sibling, [f64; 2])> = siblings
            .iter()
            .filter(|one| one.kind == PlaceKind::DoorPlate)
            .filter_map(|one| Some((leading_number(&one.name)?, one, one.point?)))
            .filter(|(number, ..)| number % 2 == odd)
            .collect();
        plates.sort_by_key(|(number, ..)| *number);
        for three in plates.windows(3) {
            let [(before, _, a), (_, plate, p), (behind, _, b)] = three else { continue };
            let (straight, way) = (distance_m(*a, *b), distance_m(*a, *p) + distance_m(*p, *b));
            if way > straight * DETOUR.0 + DETOUR.1 {
                let detail = format!("{before} · {} · {behind}", plate.name);
                let (place, division) = (plate.id.clone(), plate.division);
                found.push(Found { rule: Rule::NumberOrder, place, division, detail });
            }
        }
    }
}

fn leading_number(name: &str) -> Option<u32> {
    let digits: String = normalise(name).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// How far the farthest corner lies out of the outer shape, where that is too far.
fn outside_m(inner: &Shape, outer: &Shape) -> Option<f64> {
    let outer_geometry = Geometry::Shape(outer.clone());
    let farthest = inner
        .edges()
        .map(|(corner, _)| corner)
        .filter(|corner| !outer.contains(*corner))
        .map(|corner| gridweave_atlas::measure::distance_to_m(corner, &outer_geometry))
        .fold(0.0, f64::max);
    (farthest > OUTSIDE_M).then_some(farthest)
}

/// A finding with its place.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct FindingView {
    /// The rule.
    pub rule: String,
    /// The place.
    pub place: PlaceId,
    /// What of it.
    pub detail: String,
    /// Found first.
    pub since_ms: i64,
    /// Its address.
    pub address: String,
    /// Its kind.
    pub kind: String,
    /// Its version.
    pub version: i64,
}

/// Findings of a rule in a scope, after a place.
pub fn findings(
    tx: &mut Tx,
    rule: Rule,
    scope: Scope,
    after: &str,
    limit: i64,
) -> Result<Vec<FindingView>, DbError> {
    let params = [rule.name().into(), scope.lo.into(), scope.hi.into(), after.into(), limit.into()];
    tx.all(&sql::FINDINGS, &params, |row| {
        Ok(FindingView {
            rule: row.text(0)?,
            place: PlaceId(row.text(1)?),
            detail: row.text(2)?,
            since_ms: row.int(3)?,
            address: row.text(4)?,
            kind: row.text(5)?,
            version: row.int(6)?,
        })
    })
}

/// How many places break each rule in a scope.
pub fn counts(tx: &mut Tx, scope: Scope) -> Result<HashMap<String, i64>, DbError> {
    let params = [scope.lo.into(), scope.hi.into()];
    let found = tx.all(&sql::COUNT_FINDINGS, &params, |row| Ok((row.text(0)?, row.int(1)?)))?;
    Ok(found.into_iter().collect())
}

/// What was found on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayCount {
    /// The day.
    pub day: i64,
    /// The rule.
    pub rule: String,
    /// How many places broke it in the whole library.
    pub found: i64,
    /// When it was looked through.
    pub at_ms: i64,
}

/// How many were found each day since one, in the whole library.
pub fn days(tx: &mut Tx, since: i64) -> Result<Vec<DayCount>, DbError> {
    tx.all(&sql::QUALITY_DAYS, &[since.into()], |row| {
        Ok(DayCount { day: row.int(0)?, rule: row.text(1)?, found: row.int(2)?, at_ms: row.int(3)? })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sibling(kind: PlaceKind, name: &str, point: Option<[f64; 2]>) -> Sibling {
        Sibling { id: PlaceId(name.to_owned()), kind, name: name.to_owned(), division: 0, point }
    }

    fn rules(siblings: &[Sibling]) -> Vec<(Rule, String)> {
        let mut found = Vec::new();
        beside_each_other(siblings, "p", &mut found);
        found.into_iter().map(|one| (one.rule, one.place.0)).collect()
    }

    #[test]
    fn names_are_judged_by_their_kind() {
        for (kind, name) in [
            (PlaceKind::Road, "新华路"),
            (PlaceKind::Road, "Rue Saint-Martin"),
            (PlaceKind::DoorPlate, "12号附3号"),
            (PlaceKind::Building, "3栋"),
            (PlaceKind::Building, "A座"),
            (PlaceKind::Unit, "1单元"),
            (PlaceKind::Room, "502室"),
            (PlaceKind::Compound, "东湖花园"),
        ] {
            assert!(well_named(kind, name), "{name}");
        }
        for (kind, name) in [
            (PlaceKind::Road, "新华"),
            (PlaceKind::DoorPlate, "12"),
            (PlaceKind::Building, "3"),
            (PlaceKind::Unit, "1单"),
            (PlaceKind::Room, "502"),
            (PlaceKind::Room, "室"),
        ] {
            assert!(!well_named(kind, name), "{name}");
        }
    }

    #[test]
    fn siblings_are_compared_with_each_other() {
        let at = |x: f64| Some([114.3 + x / 95_000.0, 30.5]);
        let plates = [
            sibling(PlaceKind::DoorPlate, "1号", at(0.0)),
            sibling(PlaceKind::DoorPlate, "3号", at(30.0)),
            sibling(PlaceKind::DoorPlate, "5号", at(900.0)),
            sibling(PlaceKind::DoorPlate, "7号", at(90.0)),
            sibling(PlaceKind::DoorPlate, "9号", at(120.0)),
            sibling(PlaceKind::DoorPlate, "2号", at(500.0)),
        ];
        assert_eq!(rules(&plates), [(Rule::NumberOrder, "5号".to_owned())]);
        let rooms = [
            sibling(PlaceKind::Room, "502室", at(0.0)),
            sibling(PlaceKind::Room, "５０２室", at(0.0)),
            sibling(PlaceKind::Unit, "1单元", None),
        ];
        let expected = [(Rule::DuplicateName, "５０２室".to_owned()), (Rule::NoPoint, "1单元".to_owned())];
        assert_eq!(rules(&rooms), expected);
    }
}
