//! A steward changes a place directly.

use super::edit_library::{Told, finish, renamed_address};
use crate::model::*;
use crate::queries;
use crate::store::{self, Changes};
use gridweave_access::{Action, Resource, may};
use gridweave_core::{Ctx, LonLat, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_territory::CellIndex;

/// What to change; none leaves it.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Its own element.
    pub name: Option<String>,
    /// Where it is.
    pub point: Option<LonLat>,
    /// Its status.
    pub status: Option<PlaceStatus>,
    /// Why, for the history.
    pub reason: String,
}

gridweave_core::refusals! {
    /// Why a place was not changed.
    pub enum EditPlace {
        /// No such place.
        NotFound = "place_not_found", NotFound, "没有这个地址", "There is no such place";
        /// Somebody changed it meanwhile.
        Stale = "place_stale", Stale, "该地址已被他人修改，请重新载入后再改", "The place was changed meanwhile; load it again";
        /// A place has a name.
        NoName = "name_missing", Invalid, "名称不能为空", "The name is missing";
    }
}

/// Changes the place, if it is still of the version that was looked at. Addresses below follow.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    cells: &CellIndex,
    id: &PlaceId,
    version: i64,
    input: &Input,
) -> Result<Place, OpError> {
    let old = queries::place(tx, id)?.ok_or(EditPlace::NotFound)?;
    may(&ctx.actor, Action::PlaceEdit, &Resource::in_division(old.division), None)?;
    if old.version != version {
        return Err(EditPlace::Stale.into());
    }
    apply(tx, ctx, cells, &old, input)
}

fn apply(tx: &mut Tx, ctx: &Ctx, cells: &CellIndex, old: &Place, input: &Input) -> Result<Place, OpError> {
    let mut new = old.clone();
    if let Some(name) = &input.name {
        if name.trim().is_empty() {
            return Err(EditPlace::NoName.into());
        }
        new.address = renamed_address(&old.address, &old.name, name.trim());
        new.name = name.trim().to_owned();
    }
    if let Some(point) = input.point {
        new.point = Some(point);
        new.division = cells.current(tx)?.division_at(point);
    }
    new.status = input.status.unwrap_or(old.status);
    new.version = old.version + 1;
    new.changed_at_ms = ctx.now().0;
    let mut changes = Changes::kept();
    store::update(tx, ctx, &mut changes, old, &new, &input.reason)?;
    if new.address != old.address {
        store::readdress_below(tx, ctx, &mut changes, &new, &input.reason)?;
    }
    let told = Told { kind: "set", place: new, reason: &input.reason, undoes: None };
    Ok(finish(tx, ctx, changes, told)?.place)
}
