//! Tasks and visits.

use gridweave_core::{AccountId, CaseId, CaseNo, FileId, LonLat, PlaceId, TaskId, VisitId};
use serde::{Deserialize, Serialize};

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// 待办
    Open,
    /// 已接
    Accepted,
    /// 已办
    Done,
    /// 已取消
    Cancelled,
}

impl TaskState {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            TaskState::Open => "open",
            TaskState::Accepted => "accepted",
            TaskState::Done => "done",
            TaskState::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Accepted, Self::Done, Self::Cancelled].into_iter().find(|s| s.name() == name)
    }

    /// Is there something to do?
    pub fn is_open(self) -> bool {
        matches!(self, TaskState::Open | TaskState::Accepted)
    }
}

/// 任务.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Task {
    /// Identifier.
    pub id: TaskId,
    /// Its case.
    pub case: CaseId,
    /// The case's number.
    pub case_no: CaseNo,
    /// Whose it is.
    pub worker: AccountId,
    /// Its state.
    pub state: TaskState,
    /// What it is.
    pub title: String,
    /// Category code.
    pub category: String,
    /// `urgent` or `normal`.
    pub urgency: String,
    /// Form to fill in.
    pub form: String,
    /// Telephone before going.
    pub call_first: bool,
    /// The door.
    pub place: Option<PlaceId>,
    /// Its address.
    pub address: String,
    /// Where it is.
    pub point: Option<LonLat>,
    /// Division of 12 digits.
    pub division: i64,
    /// The case's limit.
    pub due_at_ms: i64,
    /// Why somebody has to go there.
    pub reason: serde_json::Value,
    /// When it was made.
    pub created_at_ms: i64,
    /// For stale edits.
    pub version: i64,
}

/// 走访.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Visit {
    /// Identifier.
    pub id: VisitId,
    /// The task it answers.
    pub task: TaskId,
    /// Who went.
    pub worker: AccountId,
    /// When, by the phone.
    pub at_ms: i64,
    /// When it arrived here.
    pub received_at_ms: i64,
    /// The form's answers.
    pub answers: serde_json::Value,
    /// Where the phone was.
    pub point: Option<LonLat>,
    /// How far from the door, in metres.
    pub distance_m: Option<f64>,
    /// Taken far from the door.
    pub far: bool,
    /// Photos.
    pub photos: Vec<FileId>,
}

/// From this distance on a visit is marked as taken far from the door. Phones in stairwells are off
/// by tens of metres.
pub const FAR_M: f64 = 150.0;
