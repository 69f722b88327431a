//! 区划与网格: divisions, networks, cells as versions of a grid plan, and who works where. Ground:
//! other capabilities may ask it.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> draft: draw_plan
//!     draft --> published: publish_plan
//!     published --> retired: another plan of the network is published
//!     retired --> published: publish_plan (rolled back)
//! ```
//!
//! Invariants
//! - Each network has at most one published plan; redrawing rewrites nothing outside this room,
//!   because nothing copies a cell's lineage: a point's cell is asked when it is needed.
//! - A division's code is its nested interval: "all in my street" is one index range.
//! - A plan with broken rings cannot be published; gaps and overlaps are reported and may be.
//!
//! Operations: [`ops::import_divisions`], [`ops::draw_plan`], [`ops::publish_plan`],
//! [`ops::assign_worker`].

pub mod cells;
pub mod model;
pub mod ops;
pub mod queries;
pub mod sql;

pub use cells::CellIndex;
pub use model::{Cell, Division, Network, Plan, PlanState};

use gridweave_db::migrate::Migration;

/// The tables of divisions, plans and cells.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "territory_0001_divisions_and_plans",
    text: "create table divisions (
    code bigint primary key,
    name text not null,
    level bigint not null,
    parent bigint not null,
    lon double precision,
    lat double precision,
    outline bytea,
    version bigint not null
);
create index divisions_by_parent on divisions (parent, code);
create table networks (
    id code_text primary key,
    name_zh text not null,
    name_en text not null,
    place bigint not null
);
insert into networks (id, name_zh, name_en, place) values
    ('base', '基础网格', 'Base', 1),
    ('policing', '治安网格', 'Policing', 2),
    ('safety', '安全网格', 'Safety', 3),
    ('fire', '消防网格', 'Fire', 4),
    ('traffic', '交通网格', 'Traffic', 5);
create table grid_plans (
    id code_text primary key,
    network code_text not null references networks (id),
    name text not null,
    state text not null,
    drawn_at_ms bigint not null,
    published_at_ms bigint,
    findings text not null,
    division bigint not null,
    version bigint not null
);
create index grid_plans_by_network on grid_plans (network, state);
create table cells (
    plan_id code_text not null references grid_plans (id),
    code bigint not null,
    name text not null,
    households bigint not null,
    outline bytea not null,
    primary key (plan_id, code)
);
create table cell_workers (
    network code_text not null,
    cell bigint not null,
    account_id code_text not null,
    primary key (network, cell, account_id)
);
create index cell_workers_by_account on cell_workers (account_id);
create table territory_epoch (
    one bigint primary key,
    epoch bigint not null
);
insert into territory_epoch (one, epoch) values (1, 1);",
}];
