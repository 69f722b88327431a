//! How each change is made: what is checked, what is written, what follows.

use super::{Change, EditLibrary};
use crate::model::*;
use crate::store::{self, Changes};
use crate::{queries, sql};
use gridweave_atlas::check::check;
use gridweave_atlas::{Geometry, wkb};
use gridweave_core::{Ctx, LonLat, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_territory::{CellIndex, queries as territory};

/// Names are longer in no register of names.
const NAME_MAX: usize = 60;
/// What lies below one place, when it is looked through for a name.
const DEPTH_MAX: usize = 12;

/// What was made of the library, before it is recorded.
pub(super) struct Made {
    pub place: Place,
    pub changes: Changes,
}

/// Makes the change.
pub(super) fn make(
    tx: &mut Tx,
    ctx: &Ctx,
    cells: &CellIndex,
    change: &Change,
    reason: &str,
) -> Result<Made, OpError> {
    let mut edit = Edit { tx, ctx, cells, reason, changes: Changes::kept() };
    let place = edit.change(change)?;
    Ok(Made { place, changes: edit.changes })
}

struct Edit<'a, 'b> {
    tx: &'a mut Tx<'b>,
    ctx: &'a Ctx,
    cells: &'a CellIndex,
    reason: &'a str,
    changes: Changes,
}

/// A name as it is kept.
fn cleaned(name: &str) -> Result<String, EditLibrary> {
    let name = name.trim();
    if name.is_empty() {
        return Err(EditLibrary::NoName);
    }
    if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(EditLibrary::BadName);
    }
    Ok(name.to_owned())
}

/// Two names that say the same: 3栋 and ３幢.
fn same_name(a: &str, b: &str) -> bool {
    let folded =
        |name: &str| gridweave_address::normalise(name).replace(['幢', '座'], "栋").replace("号楼", "栋");
    folded(a) == folded(b)
}

/// The own element is the end of the standard address; it is replaced there.
pub(crate) fn renamed_address(address: &str, old: &str, new: &str) -> String {
    match address.strip_suffix(old) {
        Some(front) => format!("{front}{new}"),
        None => format!("{address}{new}"),
    }
}

fn whole(outline: &Geometry) -> Result<(), EditLibrary> {
    match outline {
        Geometry::Shape(shape) if check(&[(shape.clone(), 0)]).is_empty() => Ok(()),
        _ => Err(EditLibrary::BadOutline),
    }
}

impl Edit<'_, '_> {
    fn place(&mut self, id: &PlaceId) -> Result<Place, OpError> {
        Ok(queries::place(self.tx, id)?.ok_or(EditLibrary::NotFound)?)
    }

    fn in_use(&mut self, id: &PlaceId) -> Result<Place, OpError> {
        let place = self.place(id)?;
        match place.status {
            PlaceStatus::Abandoned => Err(EditLibrary::Abandoned.into()),
            _ => Ok(place),
        }
    }

    /// Everything directly below that is still there.
    fn below(&mut self, id: &PlaceId) -> Result<Vec<Place>, OpError> {
        let mut found = store::children(self.tx, id)?;
        found.retain(|place| place.status != PlaceStatus::Abandoned);
        Ok(found)
    }

    fn changed(&self, old: &Place) -> Place {
        Place { version: old.version + 1, changed_at_ms: self.ctx.now().0, ..old.clone() }
    }

    /// Writes a changed place; addresses below follow.
    fn write(&mut self, old: &Place, new: Place) -> Result<Place, OpError> {
        store::update(self.tx, self.ctx, &mut self.changes, old, &new, self.reason)?;
        if old.address != new.address {
            store::readdress_below(self.tx, self.ctx, &mut self.changes, &new, self.reason)?;
        }
        Ok(new)
    }

    fn fits_below(&mut self, kind: PlaceKind, name: &str, parent: &Place) -> Result<(), OpError> {
        if parent.status == PlaceStatus::Abandoned {
            return Err(EditLibrary::ParentAbandoned.into());
        }
        if !kind.lies_below(parent.kind) {
            return Err(EditLibrary::WrongLevel.into());
        }
        let known = self.below(&parent.id)?;
        match known.iter().any(|place| place.kind == kind && same_name(&place.name, name)) {
            true => Err(EditLibrary::Duplicate.into()),
            false => Ok(()),
        }
    }

    fn lies_within(&mut self, id: &PlaceId, above: &PlaceId) -> Result<bool, OpError> {
        let line = queries::lineage(self.tx, id)?;
        Ok(line.iter().take(DEPTH_MAX).any(|place| place.id == *above))
    }

    fn change(&mut self, change: &Change) -> Result<Place, OpError> {
        match change {
            Change::Add { parent, kind, name, point, outline } => {
                self.add(parent.as_ref(), *kind, &cleaned(name)?, *point, outline.as_ref())
            }
            Change::Rename { place, name } => self.rename(place, &cleaned(name)?),
            Change::Move { place, point } => {
                let old = self.in_use(place)?;
                if old.point == Some(*point) {
                    return Err(EditLibrary::Nothing.into());
                }
                let division = self.cells.current(self.tx)?.division_at(*point);
                let division = if division == 0 { old.division } else { division };
                let new = Place { point: Some(*point), division, ..self.changed(&old) };
                self.write(&old, new)
            }
            Change::Draw { place, outline } => {
                let old = self.in_use(place)?;
                outline.as_ref().map_or(Ok(()), whole)?;
                if queries::outline(self.tx, place)? == *outline {
                    return Err(EditLibrary::Nothing.into());
                }
                let bytes = outline.as_ref().map(wkb::write);
                Ok(store::set_outline(self.tx, self.ctx, &mut self.changes, &old, bytes, self.reason)?)
            }
            Change::Hang { places, parent } => self.hang(places, parent),
            Change::Split { place, name, children, outline } => {
                self.split(place, &cleaned(name)?, children, outline.as_ref())
            }
            Change::Merge { place, into } => {
                let (from, into) = (self.in_use(place)?, self.in_use(into)?);
                let apart =
                    !self.lies_within(&from.id, &into.id)? && !self.lies_within(&into.id, &from.id)?;
                if from.kind != into.kind || !apart {
                    return Err(EditLibrary::Unlike.into());
                }
                self.merge(&from, &into)?;
                self.place(&into.id)
            }
            Change::Retire { place, redirect } => {
                let old = self.in_use(place)?;
                if let Some(redirect) = redirect {
                    let to = self.in_use(redirect)?;
                    if self.lies_within(&to.id, &old.id)? {
                        return Err(EditLibrary::Unlike.into());
                    }
                    self.hand_addresses(&old, &to)?;
                }
                self.retire(&old, redirect.as_ref())
            }
            Change::Alias { place, address } => {
                let known = self.in_use(place)?;
                if !store::add_alias(self.tx, &mut self.changes, &known, address)? {
                    return Err(EditLibrary::Nothing.into());
                }
                Ok(known)
            }
        }
    }

    fn add(
        &mut self,
        parent: Option<&PlaceId>,
        kind: PlaceKind,
        name: &str,
        point: Option<LonLat>,
        outline: Option<&Geometry>,
    ) -> Result<Place, OpError> {
        outline.map_or(Ok(()), whole)?;
        let parent = parent.map(|id| self.place(id)).transpose()?;
        if let Some(parent) = &parent {
            self.fits_below(kind, name, parent)?;
        }
        let within = outline.map(|outline| outline.anchor()).and_then(|[lon, lat]| LonLat::new(lon, lat));
        let point = point.or(within).or(parent.as_ref().and_then(|parent| parent.point));
        let known = match point {
            Some(point) => self.cells.current(self.tx)?.division_at(point),
            None => 0,
        };
        let division = match &parent {
            Some(parent) if known == 0 => parent.division,
            _ => known,
        };
        let front = match &parent {
            Some(parent) => parent.address.clone(),
            None => territory::lineage(self.tx, division)?.into_iter().map(|above| above.name).collect(),
        };
        let id: PlaceId = self.ctx.new_id();
        let place = Place {
            code: format!("{}-{id}", parent.as_ref().map_or("", |parent| parent.code.as_str())),
            kind,
            parent: parent.map(|parent| parent.id),
            name: name.to_owned(),
            address: format!("{front}{name}"),
            division,
            point,
            status: PlaceStatus::InUse,
            changed_at_ms: self.ctx.now().0,
            version: 1,
            seq: 0,
            redirect: None,
            id,
        };
        store::insert(self.tx, self.ctx, &mut self.changes, &place, outline.map(wkb::write))?;
        Ok(place)
    }

    fn rename(&mut self, id: &PlaceId, name: &str) -> Result<Place, OpError> {
        let old = self.in_use(id)?;
        if old.name == name {
            return Err(EditLibrary::Nothing.into());
        }
        if let Some(parent) = &old.parent {
            let beside = self.below(parent)?;
            let taken =
                |place: &Place| place.id != old.id && place.kind == old.kind && same_name(&place.name, name);
            if beside.iter().any(taken) {
                return Err(EditLibrary::Duplicate.into());
            }
        }
        let address = renamed_address(&old.address, &old.name, name);
        let new = Place { name: name.to_owned(), address, ..self.changed(&old) };
        self.write(&old, new)
    }

    fn hang(&mut self, places: &[PlaceId], parent: &PlaceId) -> Result<Place, OpError> {
        let parent = self.in_use(parent)?;
        if places.is_empty() {
            return Err(EditLibrary::Nothing.into());
        }
        for id in places {
            let old = self.in_use(id)?;
            if old.parent.as_ref() == Some(&parent.id) || self.lies_within(&parent.id, &old.id)? {
                return Err(EditLibrary::Nothing.into());
            }
            self.fits_below(old.kind, &old.name, &parent)?;
            self.hang_one(&old, &parent)?;
        }
        Ok(parent)
    }

    fn hang_one(&mut self, old: &Place, parent: &Place) -> Result<(), OpError> {
        let address = format!("{}{}", parent.address, old.name);
        let new = Place { parent: Some(parent.id.clone()), address, ..self.changed(old) };
        self.write(old, new).map(drop)
    }

    fn split(
        &mut self,
        id: &PlaceId,
        name: &str,
        children: &[PlaceId],
        outline: Option<&Geometry>,
    ) -> Result<Place, OpError> {
        let old = self.in_use(id)?;
        let below = self.below(id)?;
        let along: Vec<Place> = below.iter().filter(|child| children.contains(&child.id)).cloned().collect();
        if along.is_empty() || along.len() != children.len() || along.len() == below.len() {
            return Err(EditLibrary::NotBelow.into());
        }
        let point = along.iter().find_map(|child| child.point).or(old.point);
        let fresh = match &old.parent {
            Some(parent) => self.add(Some(&parent.clone()), old.kind, name, point, outline)?,
            None => {
                let fresh = self.add(None, old.kind, name, point, outline)?;
                // As the one beside it begins.
                let address = renamed_address(&old.address, &old.name, name);
                self.write(&fresh, Place { address, ..self.changed(&fresh) })?
            }
        };
        for child in along {
            self.hang_one(&child, &fresh)?;
        }
        self.place(&fresh.id)
    }

    /// Below first, so that no child hangs on a place that is gone.
    fn merge(&mut self, from: &Place, into: &Place) -> Result<(), OpError> {
        let known = self.below(&into.id)?;
        for child in self.below(&from.id)? {
            match known.iter().find(|other| other.kind == child.kind && same_name(&other.name, &child.name)) {
                Some(same) => self.merge(&child, same)?,
                None => self.hang_one(&child, into)?,
            }
        }
        self.hand_addresses(from, into)?;
        self.give_up(from, Some(&into.id)).map(drop)
    }

    /// The addresses of one lead to another from now on.
    fn hand_addresses(&mut self, from: &Place, to: &Place) -> Result<(), OpError> {
        let mut addresses = queries::aliases(self.tx, &from.id)?;
        addresses.push(from.address.clone());
        for address in addresses {
            store::add_alias(self.tx, &mut self.changes, to, &address)?;
        }
        Ok(())
    }

    fn give_up(&mut self, old: &Place, redirect: Option<&PlaceId>) -> Result<Place, OpError> {
        let new = Place { status: PlaceStatus::Abandoned, redirect: redirect.cloned(), ..self.changed(old) };
        let new = self.write(old, new)?;
        if let Some(to) = redirect {
            // Who was sent to this one goes on to the other.
            let earlier = self.tx.all(&sql::REDIRECTED_TO, &[(&old.id).into()], store::place_row)?;
            for place in earlier {
                let new = Place { redirect: Some(to.clone()), ..self.changed(&place) };
                self.write(&place, new)?;
            }
        }
        Ok(new)
    }

    fn retire(&mut self, old: &Place, redirect: Option<&PlaceId>) -> Result<Place, OpError> {
        for child in self.below(&old.id)? {
            self.retire(&child, redirect)?;
        }
        self.give_up(old, redirect)
    }
}
