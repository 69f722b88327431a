//! A steward changes the library: adds, renames, moves, draws, hangs elsewhere, splits, merges, gives up.
//! Everything that one change touches is kept with it, so that [`undo_edit`](super::undo_edit) can take it back.

use crate::model::*;
use crate::store::{self, Changes, Touched};
use crate::{queries, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_atlas::check::check;
use gridweave_atlas::{Geometry, wkb};
use gridweave_core::{Ctx, EditId, Entry, Event, LonLat, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use gridweave_territory::{CellIndex, queries as territory};
use serde_json::json;

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new place below another; of the topmost ones, where it stands.
    Add {
        /// The place above.
        parent: Option<PlaceId>,
        /// Its kind.
        kind: PlaceKind,
        /// Its own element.
        name: String,
        /// Where; as the place above where it is not said.
        point: Option<LonLat>,
        /// Its outline.
        outline: Option<Geometry>,
    },
    /// It is called otherwise; addresses below follow, old ones still lead to it.
    Rename {
        /// The place.
        place: PlaceId,
        /// Its own element.
        name: String,
    },
    /// It stands elsewhere.
    Move {
        /// The place.
        place: PlaceId,
        /// Where.
        point: LonLat,
    },
    /// Its outline is another, or none.
    Draw {
        /// The place.
        place: PlaceId,
        /// The outline.
        outline: Option<Geometry>,
    },
    /// It hangs below another place, with all below it.
    Hang {
        /// The places.
        places: Vec<PlaceId>,
        /// The place above.
        parent: PlaceId,
    },
    /// Some of what is below it becomes a place of its own beside it.
    Split {
        /// The place.
        place: PlaceId,
        /// The new one's own element.
        name: String,
        /// What goes along.
        children: Vec<PlaceId>,
        /// The new one's outline.
        outline: Option<Geometry>,
    },
    /// It is the same as another: what is below it goes there, doors of one name become one, its addresses lead there.
    Merge {
        /// The place that is given up.
        place: PlaceId,
        /// The place that stays.
        into: PlaceId,
    },
    /// It is there no more, nor is what was below it. What was tied to it belongs to the redirect, where there is one.
    Retire {
        /// The place.
        place: PlaceId,
        /// The place that takes over.
        redirect: Option<PlaceId>,
    },
    /// A text means it too.
    Alias {
        /// The place.
        place: PlaceId,
        /// The text.
        address: String,
    },
}

impl Change {
    /// The stable name.
    pub fn kind(&self) -> &'static str {
        match self {
            Change::Add { .. } => "add",
            Change::Rename { .. } => "rename",
            Change::Move { .. } => "move",
            Change::Draw { .. } => "draw",
            Change::Hang { .. } => "hang",
            Change::Split { .. } => "split",
            Change::Merge { .. } => "merge",
            Change::Retire { .. } => "retire",
            Change::Alias { .. } => "alias",
        }
    }

    /// The place that it begins with.
    fn subject(&self) -> Option<&PlaceId> {
        match self {
            Change::Add { parent, .. } => parent.as_ref(),
            Change::Hang { places, .. } => places.first(),
            Change::Rename { place, .. }
            | Change::Move { place, .. }
            | Change::Draw { place, .. }
            | Change::Split { place, .. }
            | Change::Merge { place, .. }
            | Change::Retire { place, .. }
            | Change::Alias { place, .. } => Some(place),
        }
    }
}

/// The change with what it rests on.
#[derive(Debug, Clone)]
pub struct Input {
    /// What is to be done.
    pub change: Change,
    /// The version of the place that was looked at; a later one refuses the change. Not of a place that is added to.
    pub version: Option<i64>,
    /// Why, for the history.
    pub reason: String,
}

/// What was done.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The change, to be undone by.
    pub edit: EditId,
    /// The place that it was about: the new one, the one that stays.
    pub place: Place,
    /// Every place touched.
    pub touched: Vec<Touched>,
}

gridweave_core::refusals! {
    /// Why the library was not changed.
    pub enum EditLibrary {
        /// No such place.
        NotFound = "place_not_found", NotFound, "没有这个地址", "There is no such place";
        /// Somebody changed it meanwhile.
        Stale = "place_stale", Stale, "该地址已被他人修改，请重新载入后再改", "The place was changed meanwhile; load it again";
        /// A place has a name.
        NoName = "name_missing", Invalid, "名称不能为空", "The name is missing";
        /// A name is short and of letters.
        BadName = "name_invalid", Invalid, "名称过长或含有不可见字符（最多 60 字）", "The name is too long or holds characters that cannot be seen (60 at most)";
        /// Two of one name stand below one place.
        Duplicate = "place_duplicate", Conflict, "同一上级下已有同名地址", "A place of that name is there already, below the same place";
        /// A building does not stand in a room.
        WrongLevel = "place_level", Invalid, "该类地址不能位于此上级之下", "Such a place cannot lie below that one";
        /// It is given up.
        Abandoned = "place_abandoned", Conflict, "该地址已废弃", "The place is abandoned";
        /// A place above is abandoned.
        ParentAbandoned = "parent_abandoned", Conflict, "上级地址已废弃", "The place above is abandoned";
        /// Nothing would change.
        Nothing = "nothing_to_change", Invalid, "没有需要修改的内容", "Nothing would change";
        /// Only like can be merged with like.
        Unlike = "places_unlike", Invalid, "只能合并同类的两个不同地址，且不能互为上下级", "Only two different places of one kind can be merged, and none that lies below the other";
        /// What is to go along lies not below the place.
        NotBelow = "places_not_below", Invalid, "请选择该地址下的部分下级（不能为空，也不能是全部）", "Choose some of what lies directly below the place, not none and not all";
        /// An outline that crosses itself.
        BadOutline = "outline_invalid", Invalid, "轮廓不是有效的多边形（自相交或面积为零）", "The outline is no valid polygon (it crosses itself or has no area)";
        /// A topmost place stands somewhere.
        NoPoint = "point_missing", Invalid, "请在地图上指出位置", "Show the place on the map";
    }
}

/// Names are longer in no register of names.
const NAME_MAX: usize = 60;
/// What lies below one place, when it is looked through for a name.
const DEPTH_MAX: usize = 12;

/// Changes the library.
pub fn run(tx: &mut Tx, ctx: &Ctx, cells: &CellIndex, input: &Input) -> Result<Edited, OpError> {
    let mut division = 0;
    if let Some(subject) = input.change.subject() {
        let place = queries::place(tx, subject)?.ok_or(EditLibrary::NotFound)?;
        division = place.division;
        if input.version.is_some_and(|version| version != place.version) {
            return Err(EditLibrary::Stale.into());
        }
    } else if let Change::Add { point, .. } = &input.change {
        let point = point.ok_or(EditLibrary::NoPoint)?;
        division = cells.current(tx)?.division_at(point);
    }
    may(&ctx.actor, Action::PlaceEdit, &Resource::in_division(division), None)?;
    apply(tx, ctx, cells, &input.change, &input.reason)
}

/// Does a change that has been allowed: shared with accepted corrections.
pub(crate) fn apply(
    tx: &mut Tx,
    ctx: &Ctx,
    cells: &CellIndex,
    change: &Change,
    reason: &str,
) -> Result<Edited, OpError> {
    let mut edit = Edit { tx, ctx, cells, reason, changes: Changes::kept(), redirects: Vec::new() };
    let place = edit.change(change)?;
    let Edit { tx, changes, redirects, .. } = edit;
    finish(tx, ctx, changes, &redirects, Told { kind: change.kind(), place, reason, undoes: None })
}

/// Other addresses that a change gave to places, among what followed.
pub(crate) const ALIAS: &str = "alias";

/// What the record of a change says.
pub(crate) struct Told<'a> {
    pub kind: &'a str,
    pub place: Place,
    pub reason: &'a str,
    pub undoes: Option<EditId>,
}

/// Records what was done and tells who follows.
pub(crate) fn finish(
    tx: &mut Tx,
    ctx: &Ctx,
    changes: Changes,
    redirects: &[(PlaceId, PlaceId)],
    told: Told<'_>,
) -> Result<Edited, OpError> {
    let kept = changes.end(tx)?;
    let Told { kind, place, reason, undoes } = told;
    let edit: EditId = ctx.new_id();
    tx.exec(
        &sql::INSERT_EDIT,
        &[
            (&edit).into(),
            kind.into(),
            (&place.id).into(),
            place.division.into(),
            (&ctx.actor.account).into(),
            ctx.actor.name.as_str().into(),
            ctx.now().into(),
            reason.into(),
            kept.touched.len().into(),
            undoes.as_ref().into(),
        ],
    )?;
    for (place, address) in &kept.aliases {
        queries::note_moved(tx, &edit, ALIAS, address, place)?;
    }
    for Touched { before, after } in &kept.touched {
        let versions = [before.as_ref().map_or(0, |place| place.version), after.version];
        tx.exec(
            &sql::INSERT_TOUCHED,
            &[(&edit).into(), (&after.id).into(), versions[0].into(), versions[1].into()],
        )?;
    }
    let body = json!({ "edit": edit, "kind": kind, "places": kept.touched.len(), "undoes": undoes });
    record(
        tx,
        ctx,
        &Entry::new("addresses.edit_library", format!("place:{}", place.id), place.division, body),
    )?;
    // Of an undone change what followed then goes back.
    let (of, undone) = match undoes {
        Some(undoes) => (undoes, true),
        None => (edit.clone(), false),
    };
    for (from, to) in redirects {
        let event = Event::PlaceRedirected {
            place: from.clone(),
            to: to.clone(),
            edit: of.clone(),
            undone,
            division: place.division,
        };
        emit(tx, ctx, &event)?;
    }
    let corrected =
        Event::AddressCorrected { place: place.id.clone(), point: place.point, division: place.division };
    emit(tx, ctx, &corrected)?;
    Ok(Edited { edit, place, touched: kept.touched })
}

struct Edit<'a, 'b> {
    tx: &'a mut Tx<'b>,
    ctx: &'a Ctx,
    cells: &'a CellIndex,
    reason: &'a str,
    changes: Changes,
    /// Places that were given up, with what took over.
    redirects: Vec<(PlaceId, PlaceId)>,
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
            self.redirects.push((old.id.clone(), to.clone()));
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
