//! 案件: intake, dispatch with a reason, life cycle, verification by someone else, the time line.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> established: open_case
//!     established --> dispatched: dispatch
//!     established --> refused: refuse
//!     dispatched --> dispatched: dispatch (transfer)
//!     dispatched --> accepted: accept
//!     dispatched --> established: return
//!     accepted --> established: return
//!     dispatched --> visited: handle
//!     accepted --> visited: handle
//!     visited --> verified: verify (pass)
//!     visited --> dispatched: verify (fail, rework)
//!     verified --> closed: close
//!     established --> merged: merge
//!     dispatched --> merged: merge
//!     accepted --> merged: merge
//!     established --> withdrawn: withdraw
//!     dispatched --> withdrawn: withdraw
//!     accepted --> withdrawn: withdraw
//! ```
//!
//! Invariants
//! - The clock starts at intake; nothing that happens on the way moves the limit.
//! - Nobody verifies or closes what they handled themselves.
//! - A return needs a reason in words; from the second return on, another dispatcher decides.
//! - What has ended stays ended.
//!
//! Operations: [`ops::open_case`], [`ops::dispatch`], [`ops::advance`], [`ops::merge`].

pub mod catalogue;
pub mod jobs;
pub mod model;
pub mod ops;
pub mod queries;
pub mod sql;
mod store;

pub use catalogue::{Catalogue, Category, Department};
pub use model::{Action, Case, Handler, State, Step};

use gridweave_db::migrate::Migration;

/// The tables of cases.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "cases_0001_cases",
        text: "create table cases (
    id code_text primary key,
    no code_text not null unique,
    state text not null,
    open boolean not null,
    category text not null,
    title text not null,
    description text not null,
    source text not null,
    urgency text not null,
    place_id code_text,
    address text not null,
    lon double precision,
    lat double precision,
    division bigint not null,
    located boolean not null,
    established_at_ms bigint not null,
    due_at_ms bigint not null,
    handler text not null,
    handler_name text not null,
    dispatched_by text,
    handled_by text,
    opened_by text not null,
    merged_into code_text,
    returns bigint not null,
    reworks bigint not null,
    urges bigint not null,
    reason text not null,
    once_key code_text,
    ended_at_ms bigint,
    version bigint not null
);
create unique index cases_once on cases (once_key);
create index cases_by_division on cases (division, id);
create index cases_open_by_division on cases (open, division, due_at_ms);
create index cases_by_handler on cases (handler, id);
create index cases_by_place on cases (place_id, id);
create table case_steps (
    case_id code_text not null references cases (id),
    n bigint not null,
    at_ms bigint not null,
    actor text not null,
    actor_name text not null,
    action text not null,
    state text not null,
    note text not null,
    data text not null,
    primary key (case_id, n)
);
create table case_counters (
    county bigint not null,
    day bigint not null,
    last bigint not null,
    primary key (county, day)
);",
    },
    Migration {
        name: "cases_0002_queues",
        // What is open is a small part of what there is: queues, counts and limits walk through it alone.
        text: "create index cases_open_new on cases (id) where open = true;
create index cases_open_due on cases (due_at_ms, id) where open = true;
create index cases_open_counts on cases (division, state, due_at_ms, handler) where open = true;",
    },
];
