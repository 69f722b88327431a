//! 信号: what feeds observe, matched to doors and judged by rules.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> matched: push (the door is certain)
//!     [*] --> unmatched: push (it is not)
//!     unmatched --> matched: match_signal / rematch after a correction
//!     unmatched --> dismissed: dismiss_signal
//!     matched --> work: judge (a rule asks for it)
//!     matched --> watched: judge (too early)
//!     matched --> silenced: judge (planned, or agrees with the register)
//! ```
//!
//! Invariants
//! - The same push twice makes nothing twice: pushes by their content, signals by their key.
//! - Readings are judged and forgotten: of a meter some hundred bytes are kept, of which no day's hours can be told.
//! - What cannot be matched with confidence waits in the inbox with its candidates; it never goes to
//!   a door that only might be right.
//! - The room knows facts about homes, never people: rules see what [`rules::Facts`] holds.
//!
//! - What is kept of a feed's meters changes in the transaction that makes their signals ([`state`]): a push that was cut
//!   off left nothing, and sent again it does all of it once.
//! - Visits say what signals were worth ([`outcome`]), and that tunes the thresholds, for everybody to see ([`tuning`]).
//!
//! Operations: [`ops::push`] (lists, permits and, judged, readings), [`ops::match_signal`], [`ops::dismiss_signal`], [`ops::judge`].

pub mod feeds;
pub mod health;
pub mod jobs;
pub mod model;
pub mod ops;
pub mod outcome;
pub mod queries;
pub mod rules;
pub mod sql;
pub mod state;
pub mod topic;
pub mod tuning;

pub use feeds::{Feed, Observes};
pub use model::{Signal, SignalState};
pub use outcome::Outcome;
pub use rules::{Facts, Rules};

use gridweave_db::migrate::Migration;

/// The tables of feeds, readings and signals.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "signals_0001_readings_and_signals",
        text: "create table pushes (
    feed code_text not null,
    digest code_text not null,
    at_ms bigint not null,
    summary text not null,
    primary key (feed, digest)
);
create index pushes_by_time on pushes (feed, at_ms);
create table readings (
    meter code_text not null,
    at_ms bigint not null,
    value double precision not null,
    primary key (meter, at_ms)
);
create table meters (
    meter code_text primary key,
    detector text not null,
    place_id code_text,
    address text
);
create table signals (
    id code_text primary key,
    feed code_text not null,
    kind text not null,
    stage text not null,
    subject text not null,
    once_key code_text not null unique,
    since_day bigint not null,
    detected_day bigint not null,
    size double precision not null,
    confidence double precision not null,
    reason text not null,
    state text not null,
    place_id code_text,
    division bigint not null,
    address text,
    candidates text not null,
    verdict text,
    created_at_ms bigint not null,
    version bigint not null
);
create index signals_by_state on signals (state, division, id);
create index signals_by_place on signals (place_id, id);",
    },
    Migration {
        name: "signals_0002_subject",
        text: "create index signals_by_subject on signals (subject, id);",
    },
    // What is kept of a meter is its state; readings are judged and forgotten.
    Migration {
        name: "signals_0003_states_of_feeds",
        text: "drop table readings;
alter table meters drop column detector;
create table feed_states (
    feed code_text primary key,
    version bigint not null
);
create table feed_state_parts (
    feed code_text not null,
    part bigint not null,
    bytes bytea not null,
    primary key (feed, part)
);",
    },
    // How feeds do, and what visits found of what they said.
    Migration {
        name: "signals_0004_health",
        text: "create table feed_days (
    feed code_text not null,
    day bigint not null,
    pushes bigint not null,
    arrived bigint not null,
    rejected bigint not null,
    late bigint not null,
    judged bigint not null,
    signals bigint not null,
    unmatched bigint not null,
    primary key (feed, day)
);
create table feed_limits (
    feed code_text not null,
    at_ms bigint not null,
    body text not null,
    primary key (feed, at_ms)
);
alter table signals add column outcome text;
alter table signals add column outcome_at_ms bigint;
create index signals_by_feed on signals (feed, created_at_ms);
create index signals_by_outcome on signals (feed, outcome_at_ms) where outcome is not null;",
    },
];

gridweave_core::refusals! {
    /// What can be wrong with a signal that somebody wants to decide.
    pub enum DecideSignal {
        /// No such signal.
        NotFound = "signal_not_found", NotFound, "没有这条信号", "There is no such signal";
        /// It is not waiting any more.
        Decided = "signal_decided", Conflict, "该信号已处理", "The signal has been dealt with";
        /// Somebody changed it meanwhile.
        Stale = "signal_stale", Stale, "该信号已变化，请重新载入", "The signal has changed; load it again";
        /// No such door.
        NoPlace = "place_not_found", NotFound, "没有这个地址", "There is no such place";
        /// A dismissal says why.
        NoReason = "reason_missing", Invalid, "请说明理由", "Give a reason";
    }
}
