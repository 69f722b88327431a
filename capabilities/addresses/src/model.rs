//! Places and corrections.

use gridweave_core::{CorrectionId, EditId, LonLat, PlaceId, Zone};
use serde::{Deserialize, Serialize};

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$vmeta])* $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The one of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

pub(crate) use named;

named! {
    /// The kinds of nodes of the address tree, large to small.
    PlaceKind {
        /// 道路
        Road = "road",
        /// 街巷
        Lane = "lane",
        /// 小区
        Compound = "compound",
        /// 门牌
        DoorPlate = "door_plate",
        /// 楼栋
        Building = "building",
        /// 单元
        Unit = "unit",
        /// 层
        Floor = "floor",
        /// 户室
        Room = "room",
        /// 兴趣点
        Poi = "poi",
    }
}

impl PlaceKind {
    /// May a place of this kind lie below one of another? Levels may be left out; a point of interest may lie
    /// anywhere and hold anything.
    pub fn lies_below(self, above: Self) -> bool {
        let level = |kind: Self| Self::ALL.iter().position(|one| *one == kind);
        self == Self::Poi || above == Self::Poi || level(self) > level(above)
    }
}

named! {
    /// 地址状态 (GB/T 37149-2018: OC, AB, IN, UN).
    PlaceStatus {
        /// 在用
        InUse = "in_use",
        /// 废弃
        Abandoned = "abandoned",
        /// 不一致
        Inconsistent = "inconsistent",
        /// 无法确定
        Undetermined = "undetermined",
    }
}

named! {
    /// What is wrong with an address.
    Problem {
        /// There is no such door.
        Absent = "absent",
        /// It is called otherwise.
        Renamed = "renamed",
        /// A door is missing from the library.
        Missing = "missing",
        /// It stands elsewhere.
        Moved = "moved",
        /// A text means it too.
        AlsoCalled = "also_called",
    }
}

named! {
    /// The state of a correction.
    CorrectionState {
        /// Waits for a steward.
        Open = "open",
        /// Done.
        Accepted = "accepted",
        /// Not done, with a reason.
        Refused = "refused",
    }
}

named! {
    /// What a permit says.
    PermitKind {
        /// 核发: the door was given its number.
        New = "new",
        /// 注销: the number was taken away.
        Withdrawn = "withdrawn",
    }
}

impl PermitKind {
    /// As departments write it: the stable name, `核发`, `新增`, `注销` or `撤销`.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "核发" | "新增" => Some(Self::New),
            "注销" | "撤销" => Some(Self::Withdrawn),
            _ => Self::from_name(text),
        }
    }
}

named! {
    /// The state of a permit.
    PermitState {
        /// Waits for a steward's decision.
        Waiting = "waiting",
        /// The library says so.
        Done = "done",
        /// A steward refused what it asked for.
        Refused = "refused",
    }
}

/// 门楼牌许可: another department gave a door its number, or took it away.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Permit {
    /// The department's number; one permit may name several addresses.
    pub number: String,
    /// As the permit writes it.
    pub address: String,
    /// What it says.
    pub kind: PermitKind,
    /// Day of issue, counted from 1970-01-01; as a date in JSON.
    #[serde(rename = "issued", serialize_with = "as_date")]
    #[schemars(with = "String")]
    pub issued_day: i64,
    /// Where, in WGS 84.
    pub point: Option<LonLat>,
}

fn as_date<S: serde::Serializer>(day: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&Zone::date_text(*day))
}

/// A node of the address tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Place {
    /// Identity, for life.
    pub id: PlaceId,
    /// Code that people and files use.
    pub code: String,
    /// Its kind.
    pub kind: PlaceKind,
    /// The node above.
    pub parent: Option<PlaceId>,
    /// Its own element: `3栋`.
    pub name: String,
    /// The standard address in full.
    pub address: String,
    /// Division code of 12 digits, 0 where it lies in none that is known.
    pub division: i64,
    /// Where it is.
    pub point: Option<LonLat>,
    /// Its status.
    pub status: PlaceStatus,
    /// Last change.
    pub changed_at_ms: i64,
    /// For stale edits.
    pub version: i64,
    /// Number of its last change among all changes of the library.
    #[serde(default)]
    pub seq: i64,
    /// The place that took over from an abandoned one.
    #[serde(default)]
    pub redirect: Option<PlaceId>,
}

/// 纠错工单.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Correction {
    /// Identifier.
    pub id: CorrectionId,
    /// The place that is wrong; none when one is missing.
    pub place: Option<PlaceId>,
    /// Under which a missing one belongs.
    pub parent: Option<PlaceId>,
    /// What is wrong.
    pub problem: Problem,
    /// The right name.
    pub name: Option<String>,
    /// The kind of a missing one.
    pub kind: Option<PlaceKind>,
    /// The right point.
    pub point: Option<LonLat>,
    /// The proposer's words.
    pub note: String,
    /// Its state.
    pub state: CorrectionState,
    /// Where.
    pub division: i64,
    /// Who proposed it.
    pub opened_by_name: String,
    /// When.
    pub opened_at_ms: i64,
    /// When it was decided.
    pub decided_at_ms: Option<i64>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// For stale decisions.
    pub version: i64,
    /// How many signals and cases wait for it.
    pub waits: i64,
}

/// A change that a steward made to the library in one go.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PlaceEdit {
    /// Identifier.
    pub id: EditId,
    /// `add`, `rename`, `move`, `draw`, `hang`, `split`, `merge`, `retire`, `alias`, `set`, `undo`.
    pub kind: String,
    /// The place that it was about.
    pub place: PlaceId,
    /// Its address now.
    pub address: String,
    /// Where.
    pub division: i64,
    /// Who made it.
    pub made_by_name: String,
    /// When.
    pub at_ms: i64,
    /// Why.
    pub reason: String,
    /// How many places it touched.
    pub places: i64,
    /// The change that it undid.
    pub undoes: Option<EditId>,
    /// The change that undid it.
    pub undone_by: Option<EditId>,
}

/// A feature of the base map: a road, water, green, a building without an address.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseFeature {
    /// `road`, `water`, `green`, `building`, `poi`.
    pub layer: String,
    /// Finer class, as the source says: `primary`, `river`.
    pub class: String,
    /// Name, where it has one.
    pub name: Option<String>,
    /// Geometry in WGS 84.
    pub geometry: gridweave_atlas::Geometry,
}
