//! Divisions, networks, plans and cells.

use gridweave_core::PlanId;
use serde::{Deserialize, Serialize};

/// 行政区划.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Division {
    /// 12 digits as a number.
    pub code: i64,
    /// Name.
    pub name: String,
    /// Digits that carry meaning: 2, 4, 6, 9 or 12.
    pub level: i64,
    /// The division above, 0 for none.
    pub parent: i64,
    /// Degrees east, where known.
    pub lon: Option<f64>,
    /// Degrees north, where known.
    pub lat: Option<f64>,
}

/// 网络: one way of covering the city with cells.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Network {
    /// Stable name.
    pub id: String,
    /// 名称。
    pub name_zh: String,
    /// Name.
    pub name_en: String,
}

/// The life of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// Being drawn.
    Draft,
    /// In force.
    Published,
    /// Was in force.
    Retired,
}

impl PlanState {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            PlanState::Draft => "draft",
            PlanState::Published => "published",
            PlanState::Retired => "retired",
        }
    }

    /// The state of that name; anything else is a draft.
    pub fn from_name(name: &str) -> Self {
        match name {
            "published" => PlanState::Published,
            "retired" => PlanState::Retired,
            _ => PlanState::Draft,
        }
    }
}

/// 网格方案: a version of a network's cells.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Plan {
    /// Identifier.
    pub id: PlanId,
    /// Its network.
    pub network: String,
    /// Name given by who drew it.
    pub name: String,
    /// Its state.
    pub state: PlanState,
    /// When it was drawn.
    pub drawn_at_ms: i64,
    /// When it came into force.
    pub published_at_ms: Option<i64>,
    /// What the check found: broken rings, overlaps, gaps, with the place to mend.
    pub findings: serde_json::Value,
    /// How many cells.
    pub cells: i64,
    /// For stale edits.
    pub version: i64,
}

/// 网格: a polygon of one network.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Cell {
    /// 15 digits as text.
    pub code: String,
    /// Name.
    pub name: String,
    /// Its network.
    pub network: String,
    /// Households in it, its workload.
    pub households: i64,
    /// Its workers.
    pub workers: Vec<CellWorker>,
}

/// 网格员.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CellWorker {
    /// Account.
    pub account: String,
    /// Name.
    pub name: String,
}
