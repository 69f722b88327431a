//! 权限: accounts, roles by division, sessions, and the one question that every operation asks:
//! [`may`]`(actor, action, resource, purpose)`.
//!
//! The rules stand in [`rules`], one row for each action and role. Nothing else decides.
//!
//! Invariants
//! - Existence is private: what an actor may not see is answered as not found by the caller.
//! - A password is never stored, only its argon2id hash; a session token only its SHA-256.
//! - After [`ops::sign_in::ATTEMPTS_MAX`] wrong passwords an account is locked for a while.
//!
//! Operations: [`ops::create_account`], [`ops::sign_in`], [`ops::sign_out`].

pub mod model;
pub mod ops;
pub mod password;
pub mod queries;
pub mod rules;
pub mod sql;

pub use model::{Action, Resource, Session};
pub use rules::{Denied, Visible, may, reach};

use gridweave_db::migrate::Migration;

/// The tables of accounts and sessions.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "access_0001_accounts",
    text: "create table accounts (
    id code_text primary key,
    login code_text not null unique,
    name text not null,
    department text,
    password_hash text,
    active boolean not null,
    failed bigint not null,
    locked_until_ms bigint not null,
    created_at_ms bigint not null,
    version bigint not null
);
create table grants (
    account_id code_text not null references accounts (id),
    role text not null,
    division bigint not null,
    primary key (account_id, role, division)
);
create table sessions (
    token_hash bytea primary key,
    account_id code_text not null references accounts (id),
    csrf text not null,
    kind text not null,
    created_at_ms bigint not null,
    seen_at_ms bigint not null,
    expires_at_ms bigint not null
);
create index sessions_by_account on sessions (account_id);",
}];
