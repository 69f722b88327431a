//! Takes a change of the library back: every place that it touched becomes what it was, unless one of them has been
//! changed since. Undoing is a change itself and can be undone.

use super::edit_library::{ALIAS, Edited, Told, finish};
use crate::model::*;
use crate::store::{self, Changes};
use crate::{queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_core::{Ctx, EditId, PlaceId};
use gridweave_db::{DbError, OpError, Tx};

gridweave_core::refusals! {
    /// Why a change was not undone.
    pub enum UndoEdit {
        /// No such change.
        NotFound = "edit_not_found", NotFound, "没有这次修改", "There is no such change";
        /// It was undone before.
        Undone = "edit_undone", Conflict, "该修改已撤销", "The change has been undone already";
        /// A place was changed again since.
        ChangedSince = "edit_changed_since", Conflict, "其中的地址之后又被修改，请先撤销较新的修改", "A place of it has been changed since; undo the newer change first";
    }
}

/// Undoes the change.
pub fn run(tx: &mut Tx, ctx: &Ctx, id: &EditId) -> Result<Edited, OpError> {
    let edit = tx.opt(&sql::EDIT, &[id.into()], queries::edit_row)?.ok_or(UndoEdit::NotFound)?;
    may(&ctx.actor, Action::PlaceEdit, &Resource::in_division(edit.division), None)?;
    if edit.undone_by.is_some() {
        return Err(UndoEdit::Undone.into());
    }
    let touched =
        tx.all(&sql::TOUCHED, &[id.into()], |row| Ok((PlaceId(row.text(0)?), row.int(1)?, row.int(2)?)))?;
    let mut changes = Changes::taking_back();
    for (place, before, after) in touched {
        let now = queries::place(tx, &place)?.ok_or(UndoEdit::NotFound)?;
        if now.version != after {
            return Err(UndoEdit::ChangedSince.into());
        }
        let was = match before {
            0 => None,
            version => tx.opt(&sql::FORMER, &[(&place).into(), version.into()], |row| {
                Ok((row.json::<Place>(0)?, row.opt_bytes(1)?))
            })?,
        };
        put_back(tx, ctx, &mut changes, &now, was, &edit.reason)?;
    }
    for (address, place) in
        tx.all(&sql::MOVED_ALL, &[id.into(), ALIAS.into()], |row| Ok((row.text(0)?, PlaceId(row.text(1)?))))?
    {
        tx.exec(&sql::DROP_ALIAS, &[(&place).into(), address.into()])?;
        let seq = changes.next(tx)?;
        tx.exec(&sql::TOUCH, &[(&place).into(), seq.into()])?;
    }
    let subject = queries::place(tx, &edit.place)?.ok_or(UndoEdit::NotFound)?;
    let told = Told { kind: "undo", place: subject, reason: &edit.reason, undoes: Some(id.clone()) };
    let done = finish(tx, ctx, changes, told)?;
    tx.exec(&sql::SET_UNDONE, &[id.into(), (&done.edit).into()])?;
    Ok(done)
}

/// Makes a place what it was; one that was new is given up.
fn put_back(
    tx: &mut Tx,
    ctx: &Ctx,
    changes: &mut Changes,
    now: &Place,
    was: Option<(Place, Option<Vec<u8>>)>,
    reason: &str,
) -> Result<(), DbError> {
    let (version, changed_at_ms) = (now.version + 1, ctx.now().0);
    let Some((was, outline)) = was else {
        let gone = Place { status: PlaceStatus::Abandoned, version, changed_at_ms, ..now.clone() };
        return store::update(tx, ctx, changes, now, &gone, reason);
    };
    let back = Place { version, changed_at_ms, ..was };
    store::update(tx, ctx, changes, now, &back, reason)?;
    let seq = changes.next(tx)?;
    tx.exec(&sql::SET_OUTLINE, &[(&now.id).into(), outline.into(), seq.into()]).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::AddressLibrary;
    use crate::ops::edit_library::{self, Change, Input};
    use crate::ops::import_places::{self, PlaceRow};
    use crate::tests::STEPS;
    use gridweave_address::Hints;
    use gridweave_atlas::{Geometry, geojson};
    use gridweave_core::{Actor, Grant, LonLat, Role, Zone};
    use gridweave_db::{Db, testkit::on_both};
    use gridweave_territory::CellIndex;

    /// The library as texts: address, or struck out, by code.
    type State = Vec<(String, String, bool, Option<Geometry>)>;

    struct Library<'a> {
        db: &'a Db,
        ctx: Ctx,
        matching: AddressLibrary,
    }

    impl<'a> Library<'a> {
        fn of(db: &'a Db) -> Self {
            let grants = vec![Grant { role: Role::Steward, division: None }];
            let actor = Actor { account: "s".into(), name: "钱".into(), department: None, grants };
            let ctx = Ctx::system(Zone::china()).acting_as(actor);
            let row = |code: &str, kind, parent: Option<&str>, name: &str| PlaceRow {
                line: 1,
                code: code.into(),
                kind,
                parent: parent.map(str::to_owned),
                name: name.into(),
                address: String::new(),
                aliases: vec![],
                point: LonLat::new(114.3, 30.5),
                outline: None,
                division: Some(420_106_001_001),
            };
            let mut rows = Vec::new();
            for (code, name) in [("e", "东湖花园"), ("w", "东湖花苑")] {
                rows.push(row(code, PlaceKind::Compound, None, name));
                for building in 1..=2 {
                    let of = format!("{code}{building}");
                    rows.push(row(&of, PlaceKind::Building, Some(code), &format!("{building}栋")));
                    for room in [101, 100 + building * 2] {
                        let name = format!("{room}室");
                        rows.push(row(&format!("{of}-{room}"), PlaceKind::Room, Some(&of), &name));
                    }
                }
            }
            rows.push(row("e3", PlaceKind::Building, Some("e"), "3栋"));
            let system = Ctx::system(Zone::china());
            db.write_blocking(move |tx| import_places::run(tx, &system, &CellIndex::default(), &rows))
                .unwrap();
            Self { db, ctx, matching: AddressLibrary::default() }
        }

        fn id(&self, code: &str) -> PlaceId {
            self.db.read_blocking(|tx| queries::by_code(tx, code)).unwrap().unwrap().id
        }

        fn make(&self, change: Change) -> Result<Edited, &'static str> {
            let ctx = self.ctx.clone();
            let input = Input { change, version: None, reason: "核实".into() };
            let done =
                self.db.write_blocking(move |tx| edit_library::run(tx, &ctx, &CellIndex::default(), &input));
            done.map_err(|error| error.refusal().unwrap().code)
        }

        fn undo(&self, edit: &EditId) -> Result<Edited, &'static str> {
            let (ctx, edit) = (self.ctx.clone(), edit.clone());
            let done = self.db.write_blocking(move |tx| run(tx, &ctx, &edit));
            done.map_err(|error| error.refusal().unwrap().code)
        }

        fn state(&self) -> State {
            let all = self.db.read_blocking(|tx| {
                let places = queries::export(tx, gridweave_core::Scope::EVERYWHERE, "", 1000)?;
                let state = places.into_iter().map(|(place, _)| {
                    let outline = queries::outline(tx, &place.id)?;
                    Ok((place.code, place.address, place.status == PlaceStatus::Abandoned, outline))
                });
                state.collect::<Result<State, DbError>>()
            });
            all.unwrap().into_iter().filter(|(.., abandoned, _)| !abandoned).collect()
        }

        fn found(&self, text: &str) -> Option<String> {
            let matched = self
                .db
                .read_blocking(|tx| queries::match_address(tx, &self.matching, text, &Hints::default()));
            matched.unwrap().accepted.map(|ranked| ranked.address)
        }
    }

    fn square(west: f64, south: f64, side: f64) -> Geometry {
        let (east, north) = (west + side, south + side);
        let ring =
            serde_json::json!([[west, south], [east, south], [east, north], [west, north], [west, south]]);
        geojson::geometry(&serde_json::json!({ "type": "Polygon", "coordinates": [ring] })).unwrap()
    }

    #[test]
    fn every_change_can_be_taken_back_and_made_again() {
        on_both(STEPS, |db| {
            let library = Library::of(db);
            let id = |code: &str| library.id(code);
            let add = |name: &str, kind| Change::Add {
                parent: Some(id("e3")),
                kind,
                name: name.into(),
                point: None,
                outline: None,
            };
            for change in [
                add("101室", PlaceKind::Room),
                Change::Rename { place: id("e"), name: "滨湖花园".into() },
                Change::Move { place: id("e1"), point: LonLat::new(114.4, 30.6).unwrap() },
                Change::Draw { place: id("e"), outline: Some(square(114.0, 30.0, 0.01)) },
                Change::Hang { places: vec![id("e3")], parent: id("w") },
                Change::Split {
                    place: id("e"),
                    name: "东湖花园二期".into(),
                    children: vec![id("e2"), id("e3")],
                    outline: None,
                },
                Change::Merge { place: id("e"), into: id("w") },
                Change::Retire { place: id("e1"), redirect: Some(id("w1")) },
                Change::Alias { place: id("e"), address: "老棉纺厂宿舍".into() },
            ] {
                let kind = change.kind();
                let before = library.state();
                let matched = library.found("东湖花园1栋101");
                let edited = library.make(change).unwrap();
                let after = library.state();
                assert!(before != after || ["move", "alias"].contains(&kind), "{kind} changes something");
                let undone = library.undo(&edited.edit).unwrap();
                assert_eq!(library.state(), before, "{kind} undone");
                assert_eq!(library.found("东湖花园1栋101"), matched, "{kind} undone");
                assert_eq!(library.undo(&edited.edit).unwrap_err(), "edit_undone");
                if kind != "add" {
                    // Undoing is a change as well.
                    let again = library.undo(&undone.edit).unwrap();
                    assert_eq!(library.state(), after, "{kind} made again");
                    library.undo(&again.edit).unwrap();
                    assert_eq!(library.state(), before, "{kind} undone again");
                }
            }
        });
    }

    #[test]
    fn what_is_merged_leads_to_what_stays() {
        on_both(STEPS, |db| {
            let library = Library::of(db);
            let (east, west) = (library.id("e"), library.id("w"));
            let merged = library.make(Change::Merge { place: east.clone(), into: west.clone() }).unwrap();
            // 1栋 and 101 are there on both sides and become one; the others move.
            for (text, address) in [
                ("东湖花园1栋101", "东湖花苑1栋101室"),
                ("东湖花园1栋102", "东湖花苑1栋102室"),
                ("东湖花园3栋", "东湖花苑3栋"),
                ("东湖花苑2栋104", "东湖花苑2栋104室"),
            ] {
                assert_eq!(library.found(text).as_deref(), Some(address), "{text}");
            }
            let gone = library.db.read_blocking(|tx| queries::place(tx, &east)).unwrap().unwrap();
            assert_eq!((gone.status, gone.redirect), (PlaceStatus::Abandoned, Some(west.clone())));
            assert_eq!(merged.touched.len(), 8, "the compound, three buildings, four rooms");
            let edits = library.db.read_blocking(|tx| queries::edits_of(tx, &east, 10)).unwrap();
            assert_eq!((edits[0].kind.as_str(), edits[0].places), ("merge", merged.touched.len() as i64));
            // Newer changes go first.
            library.make(Change::Rename { place: west, name: "东湖名苑".into() }).unwrap();
            assert_eq!(library.undo(&merged.edit).unwrap_err(), "edit_changed_since");
        });
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_changes_nothing() {
        on_both(STEPS, |db| {
            let library = Library::of(db);
            let id = |code: &str| library.id(code);
            let before = library.state();
            let add = |parent: &str, kind, name: &str| Change::Add {
                parent: Some(id(parent)),
                kind,
                name: name.into(),
                point: None,
                outline: None,
            };
            let bow: serde_json::Value = serde_json::json!({ "type": "Polygon",
                "coordinates": [[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]] });
            for (change, code) in [
                (add("e1", PlaceKind::Room, "１０１室"), "place_duplicate"),
                (add("e", PlaceKind::Building, "1幢"), "place_duplicate"),
                (add("e1-101", PlaceKind::Building, "1栋"), "place_level"),
                (add("e1", PlaceKind::Room, " "), "name_missing"),
                (add("e1", PlaceKind::Room, "1\u{7}"), "name_invalid"),
                (Change::Rename { place: id("e2"), name: "1栋".into() }, "place_duplicate"),
                (Change::Rename { place: id("e2"), name: "2栋".into() }, "nothing_to_change"),
                (Change::Draw { place: id("e"), outline: geojson::geometry(&bow).ok() }, "outline_invalid"),
                (Change::Merge { place: id("e"), into: id("e") }, "places_unlike"),
                (Change::Merge { place: id("e"), into: id("e1") }, "places_unlike"),
                (Change::Retire { place: id("e"), redirect: Some(id("e1")) }, "places_unlike"),
                (Change::Hang { places: vec![id("e")], parent: id("e1") }, "nothing_to_change"),
                (Change::Hang { places: vec![id("e1")], parent: id("w") }, "place_duplicate"),
                (
                    Change::Split {
                        place: id("w"),
                        name: "二期".into(),
                        children: vec![id("w1"), id("w2")],
                        outline: None,
                    },
                    "places_not_below",
                ),
                (
                    Change::Split {
                        place: id("w"),
                        name: "二期".into(),
                        children: vec![id("e1")],
                        outline: None,
                    },
                    "places_not_below",
                ),
                (Change::Alias { place: id("e"), address: " ".into() }, "nothing_to_change"),
                (
                    Change::Move { place: "none".into(), point: LonLat::new(1.0, 1.0).unwrap() },
                    "place_not_found",
                ),
            ] {
                assert_eq!(library.make(change.clone()).unwrap_err(), code, "{change:?}");
            }
            let retired = library.make(Change::Retire { place: id("e3"), redirect: None }).unwrap();
            let gone = Change::Rename { place: id("e3"), name: "4栋".into() };
            assert_eq!(library.make(gone).unwrap_err(), "place_abandoned");
            assert_eq!(library.make(add("e3", PlaceKind::Room, "101室")).unwrap_err(), "parent_abandoned");
            library.undo(&retired.edit).unwrap();
            assert_eq!(library.state(), before);
        });
    }
}
