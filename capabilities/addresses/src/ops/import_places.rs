//! Imports places by their codes. The same rows twice change nothing; parents come before children
//! or are in the library already.

use crate::model::*;
use crate::store::{self, Changes};
use crate::{queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_atlas::{Geometry, wkb};
use gridweave_core::{Ctx, Entry, LonLat, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use gridweave_territory::CellIndex;
use serde_json::json;

/// One place to import.
#[derive(Debug, Clone)]
pub struct PlaceRow {
    /// Line in the file, for findings.
    pub line: u64,
    /// Code, unique.
    pub code: String,
    /// Its kind.
    pub kind: PlaceKind,
    /// Code of the place above.
    pub parent: Option<String>,
    /// Its own element.
    pub name: String,
    /// Standard address; where empty, the parent's address and the own element.
    pub address: String,
    /// Other writings that departments use.
    pub aliases: Vec<String>,
    /// Where.
    pub point: Option<LonLat>,
    /// Outline.
    pub outline: Option<Geometry>,
    /// Division, where it is known better than by the point.
    pub division: Option<i64>,
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct RejectedRow {
    /// Line in the file.
    pub line: u64,
    /// Stable reason.
    pub code: &'static str,
    /// The value at fault.
    pub value: String,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Imported {
    /// Rows read.
    pub rows: u64,
    /// New places.
    pub added: u64,
    /// Places that changed.
    pub changed: u64,
    /// Rows that were not taken.
    pub rejected: Vec<RejectedRow>,
}

/// Imports the rows; a bad row costs no good one.
pub fn run(tx: &mut Tx, ctx: &Ctx, cells: &CellIndex, rows: &[PlaceRow]) -> Result<Imported, OpError> {
    may(&ctx.actor, Action::PlacesImport, &Resource::city(), None).or_else(|denied| {
        match rows.first().and_then(|row| row.division) {
            Some(division) => may(&ctx.actor, Action::PlacesImport, &Resource::in_division(division), None),
            None => Err(denied),
        }
    })?;
    let snapshot = cells.current(tx)?;
    let mut changes = Changes::default();
    let mut done = Imported { rows: rows.len() as u64, ..Imported::default() };
    let mut parents: std::collections::HashMap<String, Place> = Default::default();
    for row in rows {
        let parent = match &row.parent {
            None => None,
            Some(code) => match parents.get(code) {
                Some(known) => Some(known.clone()),
                None => match queries::by_code(tx, code)? {
                    Some(found) => {
                        parents.insert(code.clone(), found.clone());
                        Some(found)
                    }
                    None => {
                        reject(&mut done, row, "parent_not_found", code);
                        continue;
                    }
                },
            },
        };
        if row.name.trim().is_empty() {
            reject(&mut done, row, "name_missing", "");
            continue;
        }
        let point = row.point.or(parent.as_ref().and_then(|p| p.point));
        let division = row
            .division
            .or_else(|| point.map(|p| snapshot.division_at(p)).filter(|code| *code != 0))
            .or(parent.as_ref().map(|p| p.division))
            .unwrap_or(0);
        let address = match (row.address.is_empty(), &parent) {
            (false, _) => row.address.clone(),
            (true, Some(parent)) => format!("{}{}", parent.address, row.name),
            (true, None) => row.name.clone(),
        };
        let place = Place {
            id: ctx.new_id(),
            code: row.code.clone(),
            kind: row.kind,
            parent: parent.map(|p| p.id),
            name: row.name.clone(),
            address,
            division,
            point,
            status: PlaceStatus::InUse,
            changed_at_ms: ctx.now().0,
            version: 1,
            seq: 0,
            redirect: None,
        };
        let kept = put(tx, ctx, &mut changes, row, place, &mut done)?;
        if row.kind != PlaceKind::Room {
            parents.insert(kept.code.clone(), kept);
        }
    }
    changes.end(tx)?;
    if done.added + done.changed > 0 {
        let body = json!({ "rows": done.rows, "added": done.added, "changed": done.changed });
        record(tx, ctx, &Entry::new("addresses.import_places", "places", 0, body))?;
    }
    Ok(done)
}

fn reject(done: &mut Imported, row: &PlaceRow, code: &'static str, value: &str) {
    done.rejected.push(RejectedRow { line: row.line, code, value: value.to_owned() });
}

/// Adds the place or brings the known one up to date; gives what the library holds now.
fn put(
    tx: &mut Tx,
    ctx: &Ctx,
    changes: &mut Changes,
    row: &PlaceRow,
    place: Place,
    done: &mut Imported,
) -> Result<Place, OpError> {
    let kept = match queries::by_code(tx, &row.code)? {
        None => {
            store::insert(tx, ctx, changes, &place, row.outline.as_ref().map(wkb::write))?;
            done.added += 1;
            place
        }
        Some(old) => {
            let new = Place { id: old.id.clone(), status: old.status, version: old.version + 1, ..place };
            let new = Place { redirect: old.redirect.clone(), ..new };
            let same = old.name == new.name && old.address == new.address && old.point == new.point;
            let redrawn = match &row.outline {
                Some(outline) => queries::outline(tx, &old.id)?.as_ref() != Some(outline),
                None => false,
            };
            if !same {
                store::update(tx, ctx, changes, &old, &new, "import")?;
            }
            if let Some(outline) = row.outline.as_ref().filter(|_| redrawn) {
                let params = [(&old.id).into(), wkb::write(outline).into(), changes.next(tx)?.into()];
                tx.exec(&sql::SET_OUTLINE, &params)?;
            }
            done.changed += u64::from(!same || redrawn);
            if same { old } else { new }
        }
    };
    for alias in &row.aliases {
        store::add_alias(tx, changes, &kept, alias)?;
    }
    Ok(kept)
}

/// A place by code, for tests and the demonstration.
pub fn id_of(tx: &mut Tx, code: &str) -> Result<Option<PlaceId>, OpError> {
    Ok(queries::by_code(tx, code)?.map(|place| place.id))
}
