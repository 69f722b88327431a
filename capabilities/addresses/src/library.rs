//! The library for matching, in memory: compiled once, with the changes since laid over it.

use crate::sql;
use crate::store::place_row;
use crate::{Place, PlaceStatus};
use gridweave_address::{AddressIndex, Entry, LibraryBuilder, LiveLibrary};
use gridweave_core::PlaceId;
use gridweave_db::{DbError, Tx};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Places that are read at a time for compiling.
const AT_ONCE: usize = 1 << 16;
/// As long as no more have changed they are laid over the compiled library; beyond that all is compiled anew, unless
/// the library is so large that this is left to the next [`AddressLibrary::adopt`].
const OVERLAY_MAX: usize = 2000;
/// The part of a large library that may lie over it.
const OVERLAY_PART: usize = 20;

/// Shared by everything that asks what a text means. Cheap to clone.
///
/// An operation that changes the library does not match in the same transaction: what it would keep here might
/// be rolled back.
#[derive(Clone, Default)]
pub struct AddressLibrary {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    current: RwLock<Option<Arc<Current>>>,
    making: Mutex<()>,
}

/// The library as of one number of the sequence of changes.
struct Current {
    seq: i64,
    /// The number that the compiled part is of.
    base_seq: i64,
    changed: usize,
    live: LiveLibrary,
}

impl AddressLibrary {
    fn known(&self) -> Option<Arc<Current>> {
        self.inner.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, fresh: Current) -> LiveLibrary {
        let live = fresh.live.clone();
        *self.inner.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(fresh));
        live
    }

    /// The library as of this transaction, or a little newer. The first who asks after a change brings it up to
    /// date; others wait for it.
    pub fn current(&self, tx: &mut Tx) -> Result<LiveLibrary, DbError> {
        let seq = tx.one(&sql::SEQ, &[], |row| row.int(0))?;
        let newest = |known: &Arc<Current>| known.seq >= seq;
        if let Some(known) = self.known().filter(newest) {
            return Ok(known.live.clone());
        }
        let _making = self.inner.making.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.known();
        if let Some(known) = before.clone().filter(newest) {
            return Ok(known.live.clone());
        }
        if let Some(before) = before {
            let most = OVERLAY_MAX.max(before.live.base().len() / OVERLAY_PART);
            if let Some(fresh) = laid_over(tx, before.live.base(), before.base_seq, most)? {
                return Ok(self.keep(fresh));
            }
        }
        let (base, seq) = compile(tx)?;
        Ok(self.keep(Current { seq, base_seq: seq, changed: 0, live: LiveLibrary::new(base) }))
    }

    /// Takes a compiled library of a number of the sequence as the base from now on.
    pub fn adopt(&self, tx: &mut Tx, base: &AddressIndex, base_seq: i64) -> Result<(), DbError> {
        let _making = self.inner.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fresh) = laid_over(tx, base, base_seq, usize::MAX)? {
            self.keep(fresh);
        }
        Ok(())
    }

    /// The compiled part and its number of the sequence, where nothing has changed since.
    pub fn unchanged(&self) -> Option<(AddressIndex, i64)> {
        self.known()
            .filter(|known| known.changed == 0)
            .map(|known| (known.live.base().clone(), known.base_seq))
    }

    /// How many places are compiled and how many changes lie over them; none where nobody asked yet.
    pub fn sizes(&self) -> Option<(usize, usize)> {
        self.known().map(|known| (known.live.base().len(), known.changed))
    }
}

/// A base with what changed since; none where that is more than `most`.
fn laid_over(
    tx: &mut Tx,
    base: &AddressIndex,
    base_seq: i64,
    most: usize,
) -> Result<Option<Current>, DbError> {
    let seq = tx.one(&sql::SEQ, &[], |row| row.int(0))?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let changed: Vec<Place> = tx.all(&sql::SINCE, &[base_seq.into(), limit.into()], place_row)?;
    if changed.len() > most {
        return Ok(None);
    }
    let mut aliases = aliases_since(tx, base_seq)?;
    let count = changed.len();
    let (found, gone): (Vec<Place>, Vec<Place>) =
        changed.into_iter().partition(|place| place.status != PlaceStatus::Abandoned);
    let now: Vec<Entry> = found
        .into_iter()
        .map(|place| Entry {
            aliases: aliases.remove(&place.id.0).unwrap_or_default(),
            id: place.id.0,
            kind: place.kind.name().to_owned(),
            address: place.address,
            point: place.point.map(|p| [p.lon, p.lat]),
            division: place.division,
        })
        .collect();
    let gone = gone.iter().map(|place| place.id.0.as_str());
    let live = LiveLibrary::new(base.clone()).with_changes(&now, gone);
    Ok(Some(Current { seq, base_seq, changed: count, live }))
}

fn aliases_since(tx: &mut Tx, seq: i64) -> Result<HashMap<String, Vec<String>>, DbError> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    tx.each(&sql::ALIASES_SINCE, &[seq.into()], |row| {
        found.entry(row.text(0)?).or_default().push(row.text(1)?);
        Ok(())
    })?;
    Ok(found)
}

/// Compiles every place that a text can mean; with the number of the last change that is in it.
pub fn compile(tx: &mut Tx) -> Result<(AddressIndex, i64), DbError> {
    let seq = tx.one(&sql::SEQ, &[], |row| row.int(0))?;
    let mut aliases = aliases_since(tx, -1)?;
    let mut builder = LibraryBuilder::default();
    let mut waiting: Vec<Entry> = Vec::new();
    tx.each(&sql::FOUND, &[], |row| {
        let id = PlaceId(row.text(0)?);
        waiting.push(Entry {
            aliases: aliases.remove(&id.0).unwrap_or_default(),
            id: id.0,
            kind: row.text(1)?,
            address: row.text(2)?,
            point: row.point(3, 4)?.map(|p| [p.lon, p.lat]),
            division: row.int(5)?,
        });
        if waiting.len() == AT_ONCE {
            builder.add(&waiting);
            waiting.clear();
        }
        Ok(())
    })?;
    builder.add(&waiting);
    Ok((builder.finish(), seq))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::edit_place;
    use crate::ops::import_places::{self, PlaceRow};
    use crate::{PlaceKind, queries};
    use gridweave_address::Hints;
    use gridweave_core::time::{ManualClock, TimeMs};
    use gridweave_core::{Actor, Clock, Ctx, Grant, LonLat, OsRng, Role, Scope, SystemClock, Zone};
    use gridweave_db::{Db, testkit::on_both};
    use gridweave_territory::CellIndex;

    fn row(code: &str, kind: PlaceKind, parent: Option<&str>, name: &str, aliases: &[&str]) -> PlaceRow {
        PlaceRow {
            line: 1,
            code: code.into(),
            kind,
            parent: parent.map(str::to_owned),
            name: name.into(),
            address: String::new(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            point: LonLat::new(114.3, 30.5),
            outline: None,
            division: Some(420_106_001_001),
        }
    }

    fn import(db: &Db, rows: Vec<PlaceRow>) {
        let ctx = Ctx::system(Zone::china());
        db.write_blocking(move |tx| import_places::run(tx, &ctx, &CellIndex::default(), &rows)).unwrap();
    }

    fn compound(db: &Db) {
        import(
            db,
            vec![
                row("c", PlaceKind::Compound, None, "东湖花园", &["老棉纺厂宿舍"]),
                row("b", PlaceKind::Building, Some("c"), "3栋", &[]),
                row("r", PlaceKind::Room, Some("b"), "502室", &["老棉纺厂宿舍3栋502"]),
            ],
        );
    }

    fn edit(db: &Db, code: &'static str, input: edit_place::Input) {
        let actor = Actor {
            account: "s".into(),
            name: "钱".into(),
            department: None,
            grants: vec![Grant { role: Role::Steward, division: None }],
        };
        // A minute after everything else, so that before and after are apart.
        let clock = ManualClock::at(SystemClock.now().plus_ms(60_000));
        let ctx = Ctx::new(actor, Arc::new(clock), Arc::new(Mutex::new(OsRng)), Zone::china());
        db.write_blocking(move |tx| {
            let place = queries::by_code(tx, code)?.unwrap();
            edit_place::run(tx, &ctx, &CellIndex::default(), &place.id, place.version, &input)
        })
        .unwrap();
    }

    fn named(name: &str) -> edit_place::Input {
        edit_place::Input { name: Some(name.to_owned()), ..edit_place::Input::default() }
    }

    fn found(db: &Db, library: &AddressLibrary, text: &str) -> Option<String> {
        let matched = db.read_blocking(|tx| queries::match_address(tx, library, text, &Hints::default()));
        matched.unwrap().accepted.map(|ranked| ranked.address)
    }

    #[test]
    fn a_change_is_found_at_once_and_nothing_is_compiled_again() {
        on_both(crate::tests::STEPS, |db| {
            compound(db);
            let library = AddressLibrary::default();
            for text in ["东湖花园3栋502", "老棉纺厂宿舍3栋502"] {
                assert_eq!(found(db, &library, text).as_deref(), Some("东湖花园3栋502室"), "{text}");
            }
            assert_eq!(library.sizes(), Some((3, 0)));
            edit(db, "c", named("滨湖花园"));
            for text in ["滨湖花园3栋502", "东湖花园3栋502", "老棉纺厂宿舍3栋502"] {
                assert_eq!(found(db, &library, text).as_deref(), Some("滨湖花园3栋502室"), "{text}");
            }
            // The compound, its building and its room lie over the three that were compiled.
            assert_eq!(library.sizes(), Some((3, 3)));
            let gone = PlaceStatus::Abandoned;
            edit(db, "r", edit_place::Input { status: Some(gone), ..edit_place::Input::default() });
            assert_eq!(found(db, &library, "滨湖花园3栋502"), None);
            // A base of before, as it comes from a file, takes the changes since.
            let other = AddressLibrary::default();
            let (base, seq) = db.read_blocking(compile).unwrap();
            edit(db, "c", named("临湖花园"));
            db.read_blocking(|tx| other.adopt(tx, &base, seq)).unwrap();
            assert_eq!(found(db, &other, "临湖花园3栋").as_deref(), Some("临湖花园3栋"));
            assert_eq!(other.sizes(), Some((2, 3)));
        });
    }

    #[test]
    fn who_follows_the_changes_holds_the_library() {
        on_both(crate::tests::STEPS, |db| {
            compound(db);
            let changes = |since: i64| {
                let all = db.read_blocking(|tx| queries::changes(tx, since, Scope::EVERYWHERE, 100)).unwrap();
                all.into_iter().map(|change| (change.seq, change.place.address)).collect::<Vec<_>>()
            };
            let first = changes(0);
            let last = first.last().unwrap().0;
            assert!(first.windows(2).all(|two| two[0].0 < two[1].0) && first.len() == 3);
            assert_eq!(last, db.read_blocking(queries::last_change).unwrap());
            assert!(changes(last).is_empty());
            edit(db, "b", named("三号楼"));
            let names: Vec<String> = changes(last).into_iter().map(|(_, address)| address).collect();
            assert_eq!(names, ["东湖花园三号楼", "东湖花园三号楼502室"]);
            // The same rows again change nothing.
            let before = db.read_blocking(queries::last_change).unwrap();
            import(db, vec![row("c", PlaceKind::Compound, None, "东湖花园", &["老棉纺厂宿舍"])]);
            assert_eq!(db.read_blocking(queries::last_change).unwrap(), before);
        });
    }

    #[test]
    fn a_place_is_told_as_it_was() {
        on_both(crate::tests::STEPS, |db| {
            compound(db);
            let id = db.read_blocking(|tx| queries::by_code(tx, "b")).unwrap().unwrap().id;
            let at = |time: i64| db.read_blocking(|tx| queries::place_at(tx, &id, TimeMs(time))).unwrap();
            let made = at(i64::MAX).unwrap().changed_at_ms;
            edit(db, "b", named("三号楼"));
            let changed = at(i64::MAX).unwrap().changed_at_ms;
            let name = |time: i64| at(time).map(|place| place.name);
            assert_eq!(name(changed).as_deref(), Some("三号楼"));
            assert_eq!(name(changed - 1).as_deref(), Some("3栋"));
            assert_eq!(name(made - 1), None);
        });
    }
}
