//! Reading and writing one place with its keys and history.

use crate::model::*;
use crate::sql;
use gridweave_address::place_keys;
use gridweave_core::{Ctx, PlaceId};
use gridweave_db::{DbError, Row, Tx};

pub(crate) fn place_row(row: &Row) -> Result<Place, DbError> {
    let corrupt = |what, found: String| DbError::Corrupt { what, why: found };
    let (kind, status) = (row.text(2)?, row.text(9)?);
    Ok(Place {
        id: PlaceId(row.text(0)?),
        code: row.text(1)?,
        kind: PlaceKind::from_name(&kind).ok_or_else(|| corrupt("place kind", kind))?,
        parent: row.opt_text(3)?.map(PlaceId),
        name: row.text(4)?,
        address: row.text(5)?,
        division: row.int(6)?,
        point: row.point(7, 8)?,
        status: PlaceStatus::from_name(&status).ok_or_else(|| corrupt("place status", status))?,
        changed_at_ms: row.int(10)?,
        version: row.int(11)?,
    })
}

pub(crate) fn insert(tx: &mut Tx, ctx: &Ctx, place: &Place, outline: Option<Vec<u8>>) -> Result<(), DbError> {
    tx.exec(
        &sql::INSERT,
        &[
            (&place.id).into(),
            place.code.as_str().into(),
            place.kind.name().into(),
            place.parent.as_ref().into(),
            place.name.as_str().into(),
            place.address.as_str().into(),
            place.division.into(),
            place.point.map(|p| p.lon).into(),
            place.point.map(|p| p.lat).into(),
            outline.into(),
            ctx.now().into(),
        ],
    )?;
    add_keys(tx, &place.id, &place.address, "standard")
}

pub(crate) fn add_keys(tx: &mut Tx, id: &PlaceId, address: &str, source: &str) -> Result<(), DbError> {
    for key in place_keys(address) {
        tx.exec(&sql::ADD_KEY, &[key.into(), id.into(), source.into()])?;
    }
    Ok(())
}

/// Writes the changed place, keeps the former one, renews its keys. An old address stays an alias.
pub(crate) fn update(tx: &mut Tx, ctx: &Ctx, old: &Place, new: &Place, reason: &str) -> Result<(), DbError> {
    let record = serde_json::to_string(old)
        .map_err(|error| DbError::Corrupt { what: "place", why: error.to_string() })?;
    tx.exec(
        &sql::KEEP,
        &[(&old.id).into(), old.version.into(), ctx.now().into(), record.into(), reason.into()],
    )?;
    tx.exec(
        &sql::UPDATE,
        &[
            (&new.id).into(),
            new.name.as_str().into(),
            new.address.as_str().into(),
            new.division.into(),
            new.point.map(|p| p.lon).into(),
            new.point.map(|p| p.lat).into(),
            new.status.name().into(),
            ctx.now().into(),
        ],
    )?;
    if new.status == PlaceStatus::Abandoned {
        tx.exec(&sql::DROP_KEYS, &[(&new.id).into()])?;
    } else if old.address != new.address {
        tx.exec(&sql::KEYS_TO_ALIASES, &[(&new.id).into()])?;
        add_keys(tx, &new.id, &new.address, "standard")?;
    }
    Ok(())
}

/// Tells everything that shows the library that it has changed. Once for each operation.
pub(crate) fn library_changed(tx: &mut Tx) -> Result<(), DbError> {
    tx.exec(&sql::NEXT_EPOCH, &[]).map(drop)
}

/// The direct children, all of them.
pub(crate) fn children(tx: &mut Tx, id: &PlaceId) -> Result<Vec<Place>, DbError> {
    tx.all(&sql::CHILDREN, &[id.into(), "".into(), i64::from(i32::MAX).into()], place_row)
}

/// A changed address goes down the tree: each place below keeps its own element.
pub(crate) fn readdress_below(tx: &mut Tx, ctx: &Ctx, parent: &Place, reason: &str) -> Result<u64, DbError> {
    let mut count = 0;
    for old in children(tx, &parent.id)? {
        let address = format!("{}{}", parent.address, old.name);
        if address != old.address {
            let new = Place { address, ..old.clone() };
            update(tx, ctx, &old, &new, reason)?;
            count += 1 + readdress_below(tx, ctx, &new, reason)?;
        }
    }
    Ok(count)
}
