//! What the registers hold of a place.

use serde::{Deserialize, Serialize};

/// The kinds of rows that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// 人口: code, name, sex, birth_date, identity, phone
    People,
    /// 法人: code, name, kind
    Organisations,
    /// 房屋: place, occupancy
    Dwellings,
    /// 设备: code, kind, place
    Devices,
    /// 关系: subject, place, kind, from, until
    Ties,
    /// 计划外出: place, from, until, told_by
    Absences,
    /// 关爱标签: person, label, level, owner, purpose, until
    Care,
}

impl RowKind {
    /// Every kind, in the order in which a set of files should be imported.
    pub const ALL: [RowKind; 7] = [
        RowKind::People,
        RowKind::Organisations,
        RowKind::Dwellings,
        RowKind::Devices,
        RowKind::Ties,
        RowKind::Absences,
        RowKind::Care,
    ];

    /// The stable name, also of the file in a folder.
    pub fn name(self) -> &'static str {
        match self {
            RowKind::People => "people",
            RowKind::Organisations => "organisations",
            RowKind::Dwellings => "dwellings",
            RowKind::Devices => "devices",
            RowKind::Ties => "ties",
            RowKind::Absences => "absences",
            RowKind::Care => "care",
        }
    }
}

/// Somebody tied to a place, masked.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct TiedPerson {
    /// Identity in the register, for unmasking.
    pub id: String,
    /// Masked name.
    pub name: String,
    /// `male`, `female`, `unknown`.
    pub sex: String,
    /// Age in years, where the birth date is known.
    pub age: Option<i64>,
    /// `lives`, `owns`, `rents`, `manages`.
    pub tie: String,
    /// Masked phone, where there is one.
    pub phone: Option<String>,
    /// Care labels in force.
    pub care: Vec<String>,
}

/// An organisation tied to a place.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct TiedOrganisation {
    /// Identity in the register.
    pub id: String,
    /// Name.
    pub name: String,
    /// `trades`, `owns`, `manages`.
    pub tie: String,
}

/// 设备.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Device {
    /// Number on it.
    pub code: String,
    /// `water_meter`, `electricity_meter`, `gas_meter`, `lift`, `camera`, …
    pub kind: String,
}

/// The registers' part of a card.
#[derive(Clone, Debug, Default, Serialize, schemars::JsonSchema)]
pub struct PlaceFacts {
    /// `occupied`, `vacant`, `rented` or `unknown`.
    pub occupancy: String,
    /// When somebody last looked.
    pub verified_at_ms: Option<i64>,
    /// For a door: who is tied to it. Empty for a building.
    pub people: Vec<TiedPerson>,
    /// Organisations at the place itself.
    pub organisations: Vec<TiedOrganisation>,
    /// Devices at the place itself.
    pub devices: Vec<Device>,
    /// Counts for the place and all below it.
    pub below: BelowCounts,
    /// A planned absence that covers today or is to come.
    pub absence: Option<Absence>,
}

/// Counts of a place and all below it.
#[derive(Clone, Copy, Debug, Default, Serialize, schemars::JsonSchema)]
pub struct BelowCounts {
    /// Doors.
    pub doors: i64,
    /// People who live there.
    pub residents: i64,
    /// Organisations that trade there.
    pub organisations: i64,
    /// Devices.
    pub devices: i64,
}

/// 计划外出.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Absence {
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
}

/// What a rule may know of a home: facts, not people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeFacts {
    /// One person lives there, over 75; or a care label says that somebody lives alone.
    pub elderly_alone: bool,
    /// Registered as vacant.
    pub registered_vacant: bool,
    /// People registered as living there.
    pub residents: i64,
    /// A planned absence covers the day asked about.
    pub planned_absence: bool,
}
