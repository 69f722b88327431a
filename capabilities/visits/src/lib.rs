//! 任务与走访: what a worker has to do, the form that is filled in already, and what was found.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> open: create_task (a case was dispatched to a worker)
//!     open --> accepted: accept_task
//!     open --> done: submit_visit
//!     accepted --> done: submit_visit
//!     open --> cancelled: the case ended, was returned or went to another
//!     accepted --> cancelled: the case ended, was returned or went to another
//! ```
//!
//! Invariants
//! - A worker sees and answers own tasks only.
//! - A visit handed in twice under the same key is one visit: phones that were off line may repeat.
//! - Answers fit the task's form, or nothing is taken and every fault is named.
//! - A visit taken far from the door is marked, not refused: the reader decides what it means.
//!
//! Operations: [`ops::accept_task`], [`ops::submit_visit`], [`ops::add_photo`].

pub mod forms;
pub mod jobs;
pub mod model;
pub mod ops;
pub mod queries;
pub mod sql;

pub use forms::Forms;
pub use model::{Task, TaskState, Visit};

use gridweave_db::migrate::Migration;

/// The tables of tasks and visits.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "visits_0001_tasks_and_visits",
    text: "create table tasks (
    id code_text primary key,
    case_id code_text not null,
    case_no code_text not null,
    worker code_text not null,
    state text not null,
    title text not null,
    category text not null,
    urgency text not null,
    form text not null,
    call_first boolean not null,
    place_id code_text,
    address text not null,
    lon double precision,
    lat double precision,
    division bigint not null,
    due_at_ms bigint not null,
    reason text not null,
    created_at_ms bigint not null,
    version bigint not null
);
create index tasks_by_worker on tasks (worker, state, due_at_ms);
create index tasks_by_case on tasks (case_id, state);
create index tasks_by_place on tasks (place_id, worker, state);
create table visits (
    id code_text primary key,
    task_id code_text not null references tasks (id),
    once_key code_text not null unique,
    worker code_text not null,
    at_ms bigint not null,
    received_at_ms bigint not null,
    answers text not null,
    lon double precision,
    lat double precision,
    distance_m double precision,
    far boolean not null
);
create index visits_by_task on visits (task_id);
create table photos (
    id code_text primary key,
    visit_id code_text,
    owner code_text not null,
    media_type text not null,
    bytes bigint not null,
    digest text not null,
    at_ms bigint not null
);
create index photos_by_visit on photos (visit_id);",
}];
