//! Who acts: an account with roles, each bound to a division; and the purpose a reading names.

use crate::{codes::DivisionCode, ids::AccountId};
use serde::{Deserialize, Serialize};

/// What a person may be in the city's organisation. One account may hold several.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 坐席、派遣员: sees what happens, dispatches, supervises, verifies.
    Operator,
    /// 街道社区工作人员: the duty list of a street or community.
    StreetStaff,
    /// 网格员: visits doors.
    GridWorker,
    /// 职能部门: handles the cases that are theirs.
    DepartmentHandler,
    /// 数据管理员: answers for the address library and the registers.
    Steward,
    /// 规划员: draws grids and reads indicators.
    Planner,
    /// 系统管理员: accounts, feeds, catalogues.
    Administrator,
    /// 审计员: reads the ledger.
    Auditor,
    /// 对接系统: a program that pushes signals.
    Integrator,
}

impl Role {
    /// Every role, in the order of the design.
    pub const ALL: [Role; 9] = [
        Role::Operator,
        Role::StreetStaff,
        Role::GridWorker,
        Role::DepartmentHandler,
        Role::Steward,
        Role::Planner,
        Role::Administrator,
        Role::Auditor,
        Role::Integrator,
    ];

    /// The stable name, as in the API and the database.
    pub fn name(self) -> &'static str {
        match self {
            Role::Operator => "operator",
            Role::StreetStaff => "street_staff",
            Role::GridWorker => "grid_worker",
            Role::DepartmentHandler => "department_handler",
            Role::Steward => "steward",
            Role::Planner => "planner",
            Role::Administrator => "administrator",
            Role::Auditor => "auditor",
            Role::Integrator => "integrator",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A closed interval of 12-digit division codes: "everything in my street" is one index range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scope {
    /// First code.
    pub lo: i64,
    /// Last code.
    pub hi: i64,
}

impl Scope {
    /// Every division, and what has none (code 0).
    pub const EVERYWHERE: Scope = Scope { lo: 0, hi: 999_999_999_999 };
    /// No division at all.
    pub const NOWHERE: Scope = Scope { lo: 1, hi: 0 };

    /// Does it hold this division code?
    pub fn contains(self, code: i64) -> bool {
        (self.lo..=self.hi).contains(&code)
    }

    /// Does it hold the whole of the other?
    pub fn covers(self, other: Scope) -> bool {
        self.lo <= other.lo && other.hi <= self.hi
    }

    /// What lies in both.
    pub fn intersect(self, other: Scope) -> Scope {
        Scope { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi) }
    }
}

/// A role held in a division.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Grant {
    /// What the account may be there.
    pub role: Role,
    /// Where; none means the whole city and what lies in no division.
    pub division: Option<DivisionCode>,
}

impl Grant {
    /// The codes that the grant reaches.
    pub fn scope(&self) -> Scope {
        self.division.map_or(Scope::EVERYWHERE, DivisionCode::scope)
    }
}

/// Who performs an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account, or `system` for the loop itself.
    pub account: AccountId,
    /// Shown on time lines.
    pub name: String,
    /// Department code, for department handlers.
    pub department: Option<String>,
    /// Roles by division.
    pub grants: Vec<Grant>,
}

impl Actor {
    /// The loop itself: reactions to events act as the system, everywhere.
    pub fn system() -> Self {
        Self {
            account: AccountId("system".to_owned()),
            name: "织网 Gridweave".to_owned(),
            department: None,
            grants: vec![Grant { role: Role::Administrator, division: None }],
        }
    }

    /// Is this the loop itself?
    pub fn is_system(&self) -> bool {
        self.account.0 == "system"
    }

    /// Does the actor hold the role anywhere?
    pub fn has(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }
}

/// Why personal data are read: a task, a case or a statutory duty, in the reader's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Purpose(pub String);
