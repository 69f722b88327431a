//! The events that close the loop. An operation records its event in the outbox in the same
//! transaction as its change; `apps/server/src/wiring.rs` says who reacts. Events carry
//! identifiers and codes, never personal data.

use crate::{codes::CaseNo, geo::LonLat, ids::*};
use serde::{Deserialize, Serialize};

/// What a rule asks for when a signal deserves work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkOrder {
    /// Category code of `catalogues/categories.toml`.
    pub category: String,
    /// `urgent` or `normal`.
    pub urgency: String,
    /// Minutes from intake to the limit.
    pub limit_min: i64,
    /// Form of `catalogues/forms/`.
    pub form: String,
    /// Network whose worker goes.
    pub network: String,
    /// Telephone before going to the door.
    pub call_first: bool,
    /// 标题。
    pub title: String,
    /// Why, as the worker and the case page show it.
    pub reason: serde_json::Value,
}

/// What a visit found that the registers and the address library should learn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// The home is lived in, vacant or let.
    Occupancy {
        /// `occupied`, `vacant` or `rented`.
        occupancy: String,
    },
    /// The household will be away for a known time.
    PlannedAbsence {
        /// First local day.
        from_day: i64,
        /// Last local day.
        to_day: i64,
    },
    /// The person in care is well, needs help, or was not found.
    Care {
        /// `well`, `needs_help` or `not_found`.
        outcome: String,
    },
    /// The door is not where or what the library says.
    Address {
        /// `absent`, `renamed`, `missing` or `moved`.
        problem: String,
        /// The name that is right, where it is known.
        name: Option<String>,
    },
    /// What was reported is so.
    Confirmed {
        /// What was behind it.
        cause: String,
    },
    /// The signal was wrong or had a harmless cause.
    FalseAlarm {
        /// What was behind it.
        cause: String,
    },
}

macro_rules! events {
    ($($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident: $ty:ty,)* })*) => {
        /// Something that happened, for whoever reacts to it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "event")]
        pub enum Event {
            $($(#[$meta])* $name { $($(#[$fmeta])* $field: $ty,)* },)*
        }

        impl Event {
            /// The names of all events, for the guard that every one has a consumer or a written "none".
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];

            /// The event's name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)*
                }
            }

            /// The division it happened in (12 digits), 0 where there is none: who may see it.
            pub fn division(&self) -> i64 {
                match self {
                    $(Self::$name { division, .. } => *division,)*
                }
            }
        }
    };
}

events! {
    /// A signal waits for its door in the inbox.
    SignalUnmatched {
        /// The signal.
        signal: SignalId,
        /// Where, 0 when unknown.
        division: i64,
    }
    /// A signal has its door.
    SignalMatched {
        /// The signal.
        signal: SignalId,
        /// The door.
        place: PlaceId,
        /// Where.
        division: i64,
    }
    /// A rule found that a signal deserves work.
    SignalJudged {
        /// The signal.
        signal: SignalId,
        /// The door.
        place: PlaceId,
        /// What is asked for.
        order: WorkOrder,
        /// Where.
        division: i64,
    }
    /// A case was opened.
    CaseEstablished {
        /// The case.
        case: CaseId,
        /// Its number.
        no: CaseNo,
        /// Where.
        division: i64,
    }
    /// A case was given to a worker or a department.
    CaseDispatched {
        /// The case.
        case: CaseId,
        /// Its number.
        no: CaseNo,
        /// The worker, when a worker handles it.
        worker: Option<AccountId>,
        /// Form the worker fills in.
        form: String,
        /// Telephone before going.
        call_first: bool,
        /// Where.
        division: i64,
    }
    /// A case went on along its life cycle.
    CaseMoved {
        /// The case.
        case: CaseId,
        /// Its number.
        no: CaseNo,
        /// What was done.
        action: String,
        /// The state it is in now.
        state: String,
        /// Where.
        division: i64,
    }
    /// A case ended: closed, merged or withdrawn.
    CaseEnded {
        /// The case.
        case: CaseId,
        /// Its number.
        no: CaseNo,
        /// The state it ended in.
        state: String,
        /// Where.
        division: i64,
    }
    /// A worker has something to do.
    TaskCreated {
        /// The task.
        task: TaskId,
        /// Whose.
        worker: AccountId,
        /// Where.
        division: i64,
    }
    /// A worker took a task on.
    TaskAccepted {
        /// The task.
        task: TaskId,
        /// Its case.
        case: CaseId,
        /// Who.
        by: AccountId,
        /// Where.
        division: i64,
    }
    /// A visit was handed in.
    VisitClosed {
        /// The visit.
        visit: VisitId,
        /// The task it answers.
        task: TaskId,
        /// Its case.
        case: CaseId,
        /// The door.
        place: Option<PlaceId>,
        /// Who went.
        by: AccountId,
        /// What the registers should learn.
        findings: Vec<Finding>,
        /// One line for the time line.
        summary: String,
        /// Where.
        division: i64,
    }
    /// Someone in the field or the office proposed a change to the library.
    CorrectionOpened {
        /// The ticket.
        correction: CorrectionId,
        /// Where.
        division: i64,
    }
    /// The library changed: waiting signals are matched again.
    AddressCorrected {
        /// The place.
        place: PlaceId,
        /// Where it is now.
        point: Option<LonLat>,
        /// Where.
        division: i64,
    }
    /// A place was given up for another, or that was undone: what is tied to the one belongs to the other.
    PlaceRedirected {
        /// The place that was given up.
        place: PlaceId,
        /// The place that took over.
        to: PlaceId,
        /// The change that did it.
        edit: EditId,
        /// It was undone: what followed goes back.
        undone: bool,
        /// Where.
        division: i64,
    }
    /// A grid plan came into force.
    PlanPublished {
        /// The plan.
        plan: PlanId,
        /// Its network.
        network: String,
        /// Where.
        division: i64,
    }
    /// A fact about a home changed.
    DwellingChanged {
        /// The door.
        place: PlaceId,
        /// Where.
        division: i64,
    }
}
