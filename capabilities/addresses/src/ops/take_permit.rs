//! A permit for a door (门楼牌许可) that another department gave or withdrew: what the library does not hold yet
//! becomes a correction in the stewards' inbox. Called by the room that takes pushes, within what it is allowed to do.

use crate::model::*;
use crate::ops::elements::{Elements, falls_short};
use crate::ops::open_correction::{Ticket, put};
use crate::{AddressLibrary, queries, sql};
use gridweave_address::{Hints, Match, Standard};
use gridweave_core::{AccountId, CorrectionId, Ctx, Event, PlaceId};
use gridweave_db::{DbError, OpError, Tx};

/// How many permits one change of the library looks at again.
const AGAIN_MAX: i64 = 2000;

/// What came of a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The library says so already.
    Known,
    /// A steward decides.
    Waiting,
    /// It was taken before.
    Repeated,
}

/// Takes a permit; the same number, address and kind a second time does nothing.
pub fn run(tx: &mut Tx, ctx: &Ctx, library: &AddressLibrary, permit: &Permit) -> Result<Taken, OpError> {
    let added = tx.exec(
        &sql::PUT_PERMIT,
        &[
            permit.number.as_str().into(),
            permit.address.as_str().into(),
            permit.kind.name().into(),
            permit.issued_day.into(),
            permit.point.map(|p| p.lon).into(),
            permit.point.map(|p| p.lat).into(),
            ctx.now().into(),
        ],
    )?;
    if added == 0 {
        return Ok(Taken::Repeated);
    }
    Ok(match settle(tx, ctx, library, permit)? {
        PermitState::Waiting => Taken::Waiting,
        PermitState::Done | PermitState::Refused => Taken::Known,
    })
}

/// Permits that waited for a decision, or for the place that has just changed, are looked at again.
pub fn again(tx: &mut Tx, ctx: &Ctx, library: &AddressLibrary, event: &Event) -> Result<(), OpError> {
    let Event::AddressCorrected { place, .. } = event else { return Ok(()) };
    let above = queries::place(tx, place)?.and_then(|place| place.parent);
    let waiting = tx.all(
        &sql::PERMITS_AGAIN,
        &[place.into(), above.as_ref().unwrap_or(place).into(), AGAIN_MAX.into()],
        permit_row,
    )?;
    for permit in waiting {
        settle(tx, ctx, library, &permit)?;
    }
    Ok(())
}

/// Permits behind a correction, the oldest first.
pub fn of_correction(tx: &mut Tx, correction: &CorrectionId) -> Result<Vec<Permit>, DbError> {
    tx.all(&sql::PERMITS_OF, &[correction.into()], permit_row)
}

fn permit_row(row: &gridweave_db::Row) -> Result<Permit, DbError> {
    let kind = row.text(2)?;
    let point = row.opt_float(4)?.zip(row.opt_float(5)?);
    Ok(Permit {
        number: row.text(0)?,
        address: row.text(1)?,
        kind: PermitKind::from_name(&kind).ok_or(DbError::Corrupt { what: "permit", why: kind })?,
        issued_day: row.int(3)?,
        point: point.and_then(|(lon, lat)| gridweave_core::LonLat::new(lon, lat)),
    })
}

/// Is it so already? Else it waits for the ticket that says what is to be done; a ticket that was decided settles it.
fn settle(tx: &mut Tx, ctx: &Ctx, library: &AddressLibrary, permit: &Permit) -> Result<PermitState, OpError> {
    let hints = Hints { point: permit.point.map(|p| [p.lon, p.lat]), ..Hints::default() };
    let matched = queries::match_address(tx, library, &permit.address, &hints)?;
    let before = tx.opt(&sql::PERMIT_TICKET, &permit_key(permit), |row| row.opt_text(0))?.flatten();
    let Some(wanted) = wanted(tx, library, permit, &matched)? else {
        if let Some(ticket) = before {
            tx.exec(&sql::SOLVED_BY_ID, &[ticket.into(), ctx.now().into()])?;
        }
        return put_state(tx, permit, PermitState::Done, None);
    };
    let source = wanted.source(permit);
    let known = tx.opt(&sql::TICKET_BY_SOURCE, &[source.as_str().into()], |row| {
        Ok((CorrectionId(row.text(0)?), row.text(1)?))
    })?;
    match known {
        None => {
            let id = put(
                tx,
                ctx,
                &Ticket {
                    problem: wanted.problem,
                    division: wanted.place.as_ref().map_or(0, |place| place.division),
                    parent: wanted.place.as_ref().filter(|_| wanted.missing()).map(|place| place.id.clone()),
                    place: wanted.place.as_ref().filter(|_| !wanted.missing()).map(|place| place.id.clone()),
                    name: wanted.name.clone(),
                    kind: wanted.kind,
                    point: permit.point,
                    note: &permit.address,
                    by: (AccountId::from("system"), ""),
                    source: Some(&source),
                },
            )?;
            tx.exec(&sql::WAITS, &[source.into()])?;
            put_state(tx, permit, PermitState::Waiting, Some(&id))
        }
        Some((id, state)) if state == CorrectionState::Open.name() => {
            if before.as_ref() != Some(&id.0) {
                tx.exec(&sql::WAITS, &[source.into()])?;
            }
            put_state(tx, permit, PermitState::Waiting, Some(&id))
        }
        // A steward has spoken about just this.
        Some((id, state)) => {
            let refused = state == CorrectionState::Refused.name();
            put_state(tx, permit, if refused { PermitState::Refused } else { PermitState::Done }, Some(&id))
        }
    }
}

fn permit_key(permit: &Permit) -> [gridweave_db::Value; 3] {
    [permit.number.as_str().into(), permit.address.as_str().into(), permit.kind.name().into()]
}

fn put_state(
    tx: &mut Tx,
    permit: &Permit,
    state: PermitState,
    ticket: Option<&CorrectionId>,
) -> Result<PermitState, OpError> {
    let [number, address, kind] = permit_key(permit);
    tx.exec(&sql::SET_PERMIT, &[number, address, kind, state.name().into(), ticket.into()])?;
    Ok(state)
}

/// What the library would have to change for the permit to be true.
struct Wanted {
    problem: Problem,
    /// What is gone, or under which something is missing; none where nobody knows.
    place: Option<Place>,
    name: Option<String>,
    kind: Option<PlaceKind>,
}

impl Wanted {
    fn missing(&self) -> bool {
        self.problem == Problem::Missing
    }

    /// Permits that want the same share a ticket.
    fn source(&self, permit: &Permit) -> String {
        let what = self.problem.name();
        match (&self.place, &self.name) {
            (Some(place), name) => {
                format!("permit:{what}:{}:{}", place.id, name.as_deref().unwrap_or_default())
            }
            (None, _) => format!("permit:{what}:{}", gridweave_address::normalise(&permit.address)),
        }
    }
}

fn wanted(
    tx: &mut Tx,
    library: &AddressLibrary,
    permit: &Permit,
    matched: &Match,
) -> Result<Option<Wanted>, DbError> {
    let place_of = |tx: &mut Tx, id: &str| queries::place(tx, &PlaceId(id.to_owned()));
    let accepted = matched.accepted.as_ref().map(|ranked| place_of(tx, &ranked.id)).transpose()?.flatten();
    let elements = Elements::of(&permit.address);
    if permit.kind == PermitKind::Withdrawn {
        let absent = |place| Wanted { problem: Problem::Absent, place, name: None, kind: None };
        return Ok(match (accepted, matched.candidates.first()) {
            (Some(place), _) if elements.below(&place).is_none() => Some(absent(Some(place))),
            // Several fit equally: a person says which one is meant.
            (_, Some(best)) if !falls_short(best) => Some(absent(None)),
            _ => None,
        });
    }
    let named = |place: Option<Place>, (name, kind): (String, PlaceKind)| Wanted {
        problem: Problem::Missing,
        place,
        name: Some(name),
        kind: Some(kind),
    };
    if let Some(place) = accepted {
        return Ok(elements.below(&place).map(|missing| named(Some(place), missing)));
    }
    let best = matched.candidates.first().filter(|best| falls_short(best));
    let above = best.map(|best| place_of(tx, &best.id)).transpose()?.flatten();
    if let Some((place, missing)) = above.and_then(|place| elements.below(&place).map(|found| (place, found)))
    {
        return Ok(Some(named(Some(place), missing)));
    }
    if let Some(road) = road_of(tx, library, &permit.address)?
        && let Some(missing) = elements.below(&road)
    {
        return Ok(Some(named(Some(road), missing)));
    }
    let last = elements.0.last().cloned().unwrap_or_else(|| (permit.address.clone(), PlaceKind::Poi));
    Ok(Some(named(None, last)))
}

/// The road that a text names, where the library knows the road but not the number.
fn road_of(tx: &mut Tx, library: &AddressLibrary, text: &str) -> Result<Option<Place>, DbError> {
    let standard = Standard::from_text(text);
    let Some(road) = standard.road else { return Ok(None) };
    let divisions: String = standard.divisions.into_iter().map(|(_, name)| name).collect();
    let found = queries::match_address(tx, library, &format!("{divisions}{road}"), &Hints::default())?;
    let Some(found) = found.accepted else { return Ok(None) };
    let place = queries::place(tx, &PlaceId(found.id))?;
    Ok(place.filter(|place| matches!(place.kind, PlaceKind::Road | PlaceKind::Lane)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::decide_correction::{self, Decision};
    use crate::ops::import_places::{self, PlaceRow};
    use crate::tests::STEPS;
    use gridweave_core::{Actor, Grant, Role, Scope, Zone};
    use gridweave_db::{Db, testkit::on_both};
    use gridweave_territory::CellIndex;

    fn steward() -> Ctx {
        let grants = vec![Grant { role: Role::Steward, division: None }];
        let actor = Actor { account: "s".into(), name: "钱".into(), department: None, grants };
        Ctx::system(Zone::china()).acting_as(actor)
    }

    fn library(db: &Db) {
        let row = |code: &str, kind, parent: Option<&str>, name: &str, address: &str| PlaceRow {
            line: 1,
            code: code.into(),
            kind,
            parent: parent.map(str::to_owned),
            name: name.into(),
            address: address.into(),
            aliases: vec![],
            point: None,
            outline: None,
            division: Some(420_106_001_001),
        };
        db.write_blocking(move |tx| {
            let rows = [
                row("road", PlaceKind::Road, None, "新华路", "武昌区新华路"),
                row("c", PlaceKind::Compound, None, "东湖花园", "武昌区新华路202号东湖花园"),
                row("b", PlaceKind::Building, Some("c"), "3栋", ""),
                row("u", PlaceKind::Unit, Some("b"), "1单元", ""),
                row("r", PlaceKind::Room, Some("u"), "502室", ""),
            ];
            import_places::run(tx, &steward(), &CellIndex::default(), &rows)
        })
        .unwrap();
    }

    fn permit(number: &str, address: &str, kind: PermitKind) -> Permit {
        Permit { number: number.into(), address: address.into(), kind, issued_day: 20_000, point: None }
    }

    fn take(db: &Db, known: &AddressLibrary, permit: Permit) -> Taken {
        let known = known.clone();
        db.write_blocking(move |tx| run(tx, &steward(), &known, &permit)).unwrap()
    }

    fn open_tickets(db: &Db) -> Vec<Correction> {
        db.read_blocking(|tx| queries::corrections(tx, CorrectionState::Open, Scope::EVERYWHERE, "", 100))
            .unwrap()
    }

    fn decide(db: &Db, known: &AddressLibrary, ticket: &Correction, decision: Decision) {
        let (id, known) = (ticket.id.clone(), known.clone());
        db.write_blocking(move |tx| {
            decide_correction::run(tx, &steward(), &CellIndex::default(), &id, &decision)
        })
        .unwrap();
        // What the wiring does with the event of the change.
        db.write_blocking(move |tx| {
            let added = queries::changes(tx, 0, Scope::EVERYWHERE, 100)?.pop().unwrap().place;
            let event = Event::AddressCorrected { place: added.id, point: None, division: added.division };
            again(tx, &steward(), &known, &event)
        })
        .unwrap();
    }

    fn accept(place: Option<PlaceId>, version: i64) -> Decision {
        Decision { accept: true, reason: String::new(), version, place }
    }

    fn states(db: &Db) -> Vec<(String, String)> {
        db.read_blocking(|tx| tx.all(&sql::PERMIT_STATES, &[], |row| Ok((row.text(0)?, row.text(1)?))))
            .unwrap()
    }

    #[test]
    fn a_permit_for_a_new_room_asks_for_building_unit_and_room_in_turn() {
        on_both(STEPS, |db| {
            library(db);
            let known = AddressLibrary::default();
            let door = "武昌区新华路202号东湖花园9栋2单元301室";
            assert_eq!(take(db, &known, permit("A1", door, PermitKind::New)), Taken::Waiting);
            assert_eq!(take(db, &known, permit("A1", door, PermitKind::New)), Taken::Repeated);
            let beside = "东湖花园9栋1单元101室";
            assert_eq!(take(db, &known, permit("A2", beside, PermitKind::New)), Taken::Waiting);
            let tickets = open_tickets(db);
            let told: Vec<_> = tickets.iter().map(|one| (one.name.as_deref(), one.kind, one.waits)).collect();
            assert_eq!(told, [(Some("9栋"), Some(PlaceKind::Building), 2)]);
            let mut asked = Vec::new();
            while let Some(ticket) = open_tickets(db).first().cloned() {
                asked.push(ticket.name.clone().unwrap());
                decide(db, &known, &ticket, accept(None, ticket.version));
                assert!(asked.len() < 9, "{asked:?}");
            }
            asked.sort();
            assert_eq!(asked, ["101室", "1单元", "2单元", "301室", "9栋"]);
            let done = |number: &str| (number.to_owned(), "done".to_owned());
            assert_eq!(states(db), [done("A1"), done("A2")]);
        });
    }

    #[test]
    fn a_permit_that_the_library_fulfils_asks_for_nothing() {
        on_both(STEPS, |db| {
            library(db);
            let known = AddressLibrary::default();
            let door = permit("B1", "东湖花园3幢1门502", PermitKind::New);
            assert_eq!(take(db, &known, door), Taken::Known);
            let never = permit("B2", "东湖花园8栋", PermitKind::Withdrawn);
            assert_eq!(take(db, &known, never), Taken::Known);
            assert!(open_tickets(db).is_empty());
        });
    }

    #[test]
    fn a_withdrawn_number_asks_for_its_door_to_be_given_up() {
        on_both(STEPS, |db| {
            library(db);
            let known = AddressLibrary::default();
            let gone = permit("C1", "东湖花园3栋1单元502室", PermitKind::Withdrawn);
            assert_eq!(take(db, &known, gone), Taken::Waiting);
            let ticket = open_tickets(db).remove(0);
            assert_eq!(ticket.problem, Problem::Absent);
            decide(db, &known, &ticket, accept(None, ticket.version));
            let place = db.read_blocking(|tx| queries::by_code(tx, "r")).unwrap().unwrap();
            assert_eq!(place.status, PlaceStatus::Abandoned);
            assert_eq!(states(db), [("C1".to_owned(), "done".to_owned())]);
        });
    }

    #[test]
    fn a_number_on_a_known_road_hangs_below_it_and_an_unknown_compound_where_a_steward_says() {
        on_both(STEPS, |db| {
            library(db);
            let known = AddressLibrary::default();
            take(db, &known, permit("D1", "武昌区新华路208号", PermitKind::New));
            let ticket = open_tickets(db).remove(0);
            let road = db.read_blocking(|tx| queries::by_code(tx, "road")).unwrap().unwrap();
            assert_eq!((ticket.parent.as_ref(), ticket.name.as_deref()), (Some(&road.id), Some("208号")));
            decide(db, &known, &ticket, accept(None, ticket.version));
            take(db, &known, permit("D2", "青松里小区", PermitKind::New));
            let ticket = open_tickets(db).remove(0);
            assert_eq!((ticket.parent.as_ref(), ticket.name.as_deref()), (None, Some("青松里小区")));
            let (id, version) = (ticket.id.clone(), ticket.version);
            let refused = db.write_blocking(move |tx| {
                decide_correction::run(tx, &steward(), &CellIndex::default(), &id, &accept(None, version))
            });
            assert_eq!(refused.unwrap_err().refusal().unwrap().code, "parent_missing");
            decide(db, &known, &ticket, accept(Some(road.id), ticket.version));
            assert!(states(db).iter().all(|(_, state)| state == "done"), "{:?}", states(db));
        });
    }

    #[test]
    fn what_a_steward_refuses_is_refused_for_every_permit_behind_it() {
        on_both(STEPS, |db| {
            library(db);
            let known = AddressLibrary::default();
            take(db, &known, permit("E1", "东湖花园9栋", PermitKind::New));
            let ticket = open_tickets(db).remove(0);
            let no =
                Decision { accept: false, reason: "未建".into(), version: ticket.version, place: None };
            decide(db, &known, &ticket, no);
            take(db, &known, permit("E2", "东湖花园9幢", PermitKind::New));
            assert!(open_tickets(db).is_empty());
            assert!(states(db).iter().all(|(_, state)| state == "refused"));
        });
    }
}
