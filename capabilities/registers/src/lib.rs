//! 人口、法人、房屋、设备: the registers, the ties between them and places, and what may be seen of
//! them.
//!
//! Invariants
//! - Identity numbers and phones are encrypted with a key outside the database; a keyed blind index
//!   finds them exactly. Cards and lists are masked; unmasking names a purpose and is in the ledger.
//! - A bad row costs no good one; the same file twice changes nothing.
//! - No field for religion, ethnicity or opinion; no registers of judicial or medical stigma. Care
//!   labels have an owner, a level, a purpose and an end.
//!
//! Operations: [`ops::import_rows`], [`ops::unmask`], [`ops::record_absence`],
//! [`ops::set_occupancy`].

pub mod jobs;
pub mod model;
pub mod ops;
pub mod queries;
pub mod sql;
pub mod vault;

pub use model::*;
pub use vault::Vault;

use gridweave_db::migrate::Migration;

/// The tables of the registers.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "registers_0001_people_and_places",
        text: "create table people (
    id code_text primary key,
    code code_text not null unique,
    name text not null,
    sex text not null,
    birth_date text,
    identity_enc bytea,
    identity_index bytea,
    phone_enc bytea,
    phone_index bytea,
    changed_at_ms bigint not null,
    version bigint not null
);
create index people_by_identity on people (identity_index);
create index people_by_phone on people (phone_index);
create table care_labels (
    person_id code_text not null references people (id),
    label text not null,
    level bigint not null,
    owner text not null,
    purpose text not null,
    until_day bigint not null,
    primary key (person_id, label)
);
create table organisations (
    id code_text primary key,
    code code_text not null unique,
    name text not null,
    kind text not null,
    changed_at_ms bigint not null,
    version bigint not null
);
create table dwellings (
    place_id code_text primary key,
    occupancy text not null,
    verified_at_ms bigint,
    changed_at_ms bigint not null,
    version bigint not null
);
create table devices (
    code code_text primary key,
    kind text not null,
    place_id code_text not null,
    changed_at_ms bigint not null,
    version bigint not null
);
create index devices_by_place on devices (place_id);
create table ties (
    id code_text primary key,
    subject_kind text not null,
    subject_id code_text not null,
    place_id code_text not null,
    kind text not null,
    from_day bigint,
    until_day bigint
);
create unique index ties_once on ties (place_id, subject_id, kind);
create index ties_by_subject on ties (subject_id);
create table absences (
    id code_text primary key,
    place_id code_text not null,
    from_day bigint not null,
    until_day bigint not null,
    told_by text not null
);
create unique index absences_once on absences (place_id, from_day);",
    },
    Migration { name: "registers_0002_birth", text: "create index people_by_birth on people (birth_date);" },
];
