//! 地址库: one address for every door, with outlines, aliases, status and history, corrected from
//! the field. Ground: other capabilities may ask it.
//!
//! ```mermaid
//! stateDiagram-v2
//!     state "correction" as c {
//!         [*] --> open: open_correction
//!         open --> accepted: decide_correction (accept)
//!         open --> refused: decide_correction (refuse, with a reason)
//!     }
//!     state "place" as p {
//!         [*] --> in_use: import_places / accepted "missing"
//!         in_use --> abandoned: accepted "absent"
//!         in_use --> in_use: accepted "renamed" or "moved", edit_place
//!     }
//! ```
//!
//! Invariants
//! - A place's identity outlives its text: references hold the identifier, so a rename moves nothing.
//! - What was is kept: every change writes the former record to the history.
//! - An old name stays an alias, so that a department's old text still finds the door.
//! - A place that is abandoned is found by no text.
//!
//! Operations: [`ops::import_places`], [`ops::edit_place`], [`ops::open_correction`],
//! [`ops::decide_correction`], [`ops::take_permit`], [`ops::edit_library`], [`ops::undo_edit`], [`ops::learn_match`],
//! [`ops::record_quality`], [`ops::import_base_map`].

pub mod jobs;
mod library;
pub mod model;
pub mod ops;
pub mod quality;
pub mod queries;
pub mod sql;
mod store;

pub use library::{AddressLibrary, compile};
pub use model::*;
pub use store::Touched;

use gridweave_db::migrate::Migration;

/// The tables of places, keys, history and corrections.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "addresses_0001_places",
        text: "create table places (
    id code_text primary key,
    code code_text not null unique,
    kind text not null,
    parent_id code_text,
    name text not null,
    address code_text not null,
    division bigint not null,
    lon double precision,
    lat double precision,
    outline bytea,
    status text not null,
    changed_at_ms bigint not null,
    version bigint not null
);
create index places_by_parent on places (parent_id, code);
create index places_by_address on places (address);
create index places_by_division on places (division, kind, code);
create table place_keys (
    key code_text not null,
    place_id code_text not null references places (id),
    source text not null,
    primary key (key, place_id)
);
create index place_keys_by_place on place_keys (place_id);
create table place_history (
    place_id code_text not null,
    version bigint not null,
    until_ms bigint not null,
    record text not null,
    reason text not null,
    primary key (place_id, version)
);
create table corrections (
    id code_text primary key,
    place_id code_text,
    parent_id code_text,
    problem text not null,
    name text,
    kind text,
    lon double precision,
    lat double precision,
    note text not null,
    state text not null,
    division bigint not null,
    opened_by text not null,
    opened_by_name text not null,
    opened_at_ms bigint not null,
    source text,
    decided_by text,
    decided_at_ms bigint,
    reason text,
    version bigint not null
);
create index corrections_by_state on corrections (state, division, id);
create unique index corrections_by_source on corrections (source);
create table base_features (
    id bigint not null,
    layer text not null,
    source code_text not null,
    class text not null,
    name text,
    shape bytea not null,
    primary key (source, id)
);",
    },
    Migration {
        name: "addresses_0002_epoch",
        // Raised with every change that the map or a copy of the library could show: asking whether anything
        // changed must not cost a walk through all places.
        text: "create table library_epoch (
    one bigint primary key,
    epoch bigint not null
);
insert into library_epoch (one, epoch) values (1, 1);",
    },
    Migration {
        name: "addresses_0003_sequence",
        // Every change of a place takes the next number of one sequence, and the place keeps it: what changed since a
        // number is one index range. Writers of the library wait for each other at the epoch's row, so that numbers
        // become visible in their order. Other addresses of a place are kept as written instead of as keys.
        text: "alter table places add column seq bigint not null default 0;
update places set seq = (select n from (select id, row_number() over (order by id) as n from places) as numbered \
               where numbered.id = places.id);
create index places_by_seq on places (seq);
alter table places add column redirect_id code_text;
alter table library_epoch add column seq bigint not null default 0;
update library_epoch set seq = (select count(*) from places);
create table place_aliases (
    place_id code_text not null references places (id),
    address code_text not null,
    primary key (place_id, address)
);
insert into place_aliases (place_id, address)
    select distinct place_id, replace(replace(replace(replace(key, 'C:', ''), 'R:', ''), '||', '-'), '|', '-')
    from place_keys where source = 'alias';
drop table place_keys;
create table library_files (
    id code_text primary key,
    seq bigint not null
);",
    },
    Migration {
        name: "addresses_0004_edits",
        // What a steward did in one go, with every place that it touched and the versions before and after, so that it
        // can be undone; and what of other rooms followed a place that was given up.
        text: "create table place_edits (
    id code_text primary key,
    kind text not null,
    place_id code_text not null,
    division bigint not null,
    made_by text not null,
    made_by_name text not null,
    at_ms bigint not null,
    reason text not null,
    places bigint not null,
    undoes code_text,
    undone_by code_text
);
create index place_edits_by_place on place_edits (place_id, id);
create index place_edits_by_division on place_edits (division, id);
create table place_edit_places (
    edit_id code_text not null references place_edits (id),
    place_id code_text not null,
    version_before bigint not null,
    version_after bigint not null,
    primary key (edit_id, place_id)
);
create table place_moved (
    edit_id code_text not null,
    what text not null,
    key code_text not null,
    place_id code_text not null,
    primary key (edit_id, what, key)
);
alter table place_history add column outline bytea;",
    },
    Migration {
        name: "addresses_0005_quality",
        // What breaks the rules of the library and since when, how many each day; and how much waits for a correction.
        text: "create table quality_findings (
    rule text not null,
    place_id code_text not null,
    division bigint not null,
    detail text not null,
    since_ms bigint not null,
    primary key (rule, place_id)
);
create index quality_by_division on quality_findings (rule, division, place_id);
create table quality_days (
    day bigint not null,
    rule text not null,
    found bigint not null,
    at_ms bigint not null,
    primary key (day, rule)
);
alter table corrections add column waits bigint not null default 0;",
    },
    Migration {
        name: "addresses_0006_permits",
        // Doors that another department numbered, until the library says the same.
        text: "create table permits (
    number code_text not null,
    address code_text not null,
    kind code_text not null,
    issued_day bigint not null,
    lon double precision,
    lat double precision,
    state text not null,
    correction_id code_text,
    taken_at_ms bigint not null,
    primary key (number, address, kind)
);
create index permits_by_correction on permits (correction_id);
create index permits_waiting on permits (state, correction_id);",
    },
];

#[cfg(test)]
mod tests {
    use super::Migration;

    /// What the tests of this room need.
    pub(crate) const STEPS: &[&[Migration]] = &[
        gridweave_ledger::MIGRATIONS,
        gridweave_jobs::MIGRATIONS,
        gridweave_access::MIGRATIONS,
        gridweave_territory::MIGRATIONS,
        super::MIGRATIONS,
    ];
}
