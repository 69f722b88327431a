//! A steward changes the library: adds, renames, moves, draws, hangs elsewhere, splits, merges, gives up.
//! Everything that one change touches is kept with it, so that [`undo_edit`](super::undo_edit) can take it back.

mod making;
mod recording;

pub(crate) use making::renamed_address;
pub(crate) use recording::{ALIAS, Told, finish};

use crate::model::*;
use crate::queries;
use crate::store::Touched;
use gridweave_access::{Action, Resource, may};
use gridweave_atlas::Geometry;
use gridweave_core::{Ctx, EditId, LonLat, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_territory::CellIndex;

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
    let made = making::make(tx, ctx, cells, change, reason)?;
    let told = Told { kind: change.kind(), place: made.place, reason, undoes: None };
    finish(tx, ctx, made.changes, told)
}
