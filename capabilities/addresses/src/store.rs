//! Reading and writing one place with its other addresses and history.

use crate::model::*;
use crate::sql;
use gridweave_core::{Ctx, PlaceId};
use gridweave_db::{DbError, Row, Tx};
use std::collections::HashMap;

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
        seq: row.int(12)?,
        redirect: row.opt_text(13)?.map(PlaceId),
    })
}

/// Changes of the library that one operation makes: each takes the next number of the sequence that all changes
/// share. From the first on no other operation can change the library until this one ends.
#[derive(Default)]
#[must_use]
pub(crate) struct Changes {
    seq: Option<i64>,
    /// What a steward's change touched; nothing is kept of an import.
    kept: Option<Kept>,
    /// Old addresses do not become other addresses of their place: they were mistakes.
    forget_addresses: bool,
}

/// What an operation touched.
#[derive(Default)]
pub(crate) struct Kept {
    /// Every place, in order.
    pub touched: Vec<Touched>,
    at: HashMap<PlaceId, usize>,
    /// Other addresses that places were given.
    pub aliases: Vec<(PlaceId, String)>,
}

/// A place that an operation touched.
#[derive(Debug, Clone)]
pub struct Touched {
    /// As it was; none where it is new.
    pub before: Option<Place>,
    /// As it is.
    pub after: Place,
}

impl Changes {
    /// Those of a steward, who may want them back.
    pub fn kept() -> Self {
        Self { kept: Some(Kept::default()), ..Self::default() }
    }

    /// Those that take a mistake back.
    pub fn taking_back() -> Self {
        Self { forget_addresses: true, ..Self::kept() }
    }

    /// The next number.
    pub fn next(&mut self, tx: &mut Tx) -> Result<i64, DbError> {
        let seq = match self.seq {
            Some(seq) => seq,
            None => {
                tx.exec(&sql::NEXT_EPOCH, &[])?;
                tx.one(&sql::SEQ, &[], |row| row.int(0))?
            }
        };
        self.seq = Some(seq + 1);
        Ok(seq + 1)
    }

    fn touch(&mut self, before: Option<&Place>, after: &Place) {
        let Some(kept) = &mut self.kept else { return };
        match kept.at.get(&after.id) {
            Some(at) => kept.touched[*at].after = after.clone(),
            None => {
                kept.at.insert(after.id.clone(), kept.touched.len());
                kept.touched.push(Touched { before: before.cloned(), after: after.clone() });
            }
        }
    }

    /// Must be called last: tells everything that shows the library that it has changed, if it has. Gives what was
    /// touched.
    pub fn end(self, tx: &mut Tx) -> Result<Kept, DbError> {
        if let Some(seq) = self.seq {
            tx.exec(&sql::SET_SEQ, &[seq.into()])?;
        }
        Ok(self.kept.unwrap_or_default())
    }
}

pub(crate) fn insert(
    tx: &mut Tx,
    ctx: &Ctx,
    changes: &mut Changes,
    place: &Place,
    outline: Option<Vec<u8>>,
) -> Result<(), DbError> {
    let seq = changes.next(tx)?;
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
            seq.into(),
        ],
    )?;
    changes.touch(None, place);
    Ok(())
}

/// Another address by which the place is found.
pub(crate) fn add_alias(
    tx: &mut Tx,
    changes: &mut Changes,
    place: &Place,
    address: &str,
) -> Result<bool, DbError> {
    let address = address.trim();
    if address.is_empty()
        || address == place.address
        || tx.exec(&sql::ADD_ALIAS, &[(&place.id).into(), address.into()])? == 0
    {
        return Ok(false);
    }
    let seq = changes.next(tx)?;
    tx.exec(&sql::TOUCH, &[(&place.id).into(), seq.into()])?;
    if let Some(kept) = &mut changes.kept {
        kept.aliases.push((place.id.clone(), address.to_owned()));
    }
    Ok(true)
}

/// Writes the changed place and keeps the former one. An old address stays an alias.
pub(crate) fn update(
    tx: &mut Tx,
    ctx: &Ctx,
    changes: &mut Changes,
    old: &Place,
    new: &Place,
    reason: &str,
) -> Result<(), DbError> {
    let seq = changes.next(tx)?;
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
            seq.into(),
            new.parent.as_ref().into(),
            new.redirect.as_ref().into(),
        ],
    )?;
    if changes.forget_addresses {
        tx.exec(&sql::DROP_ALIAS, &[(&new.id).into(), new.address.as_str().into()])?;
    } else if old.address != new.address {
        tx.exec(&sql::ADD_ALIAS, &[(&new.id).into(), old.address.as_str().into()])?;
    }
    changes.touch(Some(old), new);
    Ok(())
}

/// The direct children, all of them.
pub(crate) fn children(tx: &mut Tx, id: &PlaceId) -> Result<Vec<Place>, DbError> {
    tx.all(&sql::CHILDREN, &[id.into(), "".into(), i64::from(i32::MAX).into()], place_row)
}

/// A changed address goes down the tree: each place below keeps its own element.
pub(crate) fn readdress_below(
    tx: &mut Tx,
    ctx: &Ctx,
    changes: &mut Changes,
    parent: &Place,
    reason: &str,
) -> Result<u64, DbError> {
    let mut count = 0;
    for old in children(tx, &parent.id)? {
        let address = format!("{}{}", parent.address, old.name);
        if address != old.address {
            let new = Place { address, version: old.version + 1, changed_at_ms: ctx.now().0, ..old.clone() };
            update(tx, ctx, changes, &old, &new, reason)?;
            count += 1 + readdress_below(tx, ctx, changes, &new, reason)?;
        }
    }
    Ok(count)
}

/// Draws an outline or takes it away; the place gets a new version, its former one the old outline.
pub(crate) fn set_outline(
    tx: &mut Tx,
    ctx: &Ctx,
    changes: &mut Changes,
    old: &Place,
    outline: Option<Vec<u8>>,
    reason: &str,
) -> Result<Place, DbError> {
    let new = Place { version: old.version + 1, changed_at_ms: ctx.now().0, ..old.clone() };
    update(tx, ctx, changes, old, &new, reason)?;
    let seq = changes.next(tx)?;
    tx.exec(&sql::SET_OUTLINE, &[(&old.id).into(), outline.into(), seq.into()])?;
    Ok(new)
}
