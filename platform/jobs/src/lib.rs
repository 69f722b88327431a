//! The outbox and what runs from it: events are written with the change that they tell of, become
//! one job for each consumer, and every job runs in the same transaction that removes it. A crash
//! at any point loses nothing and doubles nothing in the database.
//!
//! ```text
//! emit (in the operation's transaction) ─► outbox ─► dispatch: seq + jobs ─► run: consumer + delete
//! ```
//!
//! - `seq` is given by [`dispatch`] alone, one at a time, so that readers of the live stream who ask
//!   for "after 17" never miss an event that committed late.
//! - A consumer that is refused does not run again: the job is kept as `failed` with its reason. One
//!   that met a failing database runs again with growing pauses.

mod runner;

pub use runner::{Consumer, Runner};

use gridweave_core::{Ctx, Event, Scope};
use gridweave_db::{DbError, Tx, migrate::Migration};

/// The tables of the outbox and the queue.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "jobs_0001_outbox",
    text: "create table outbox (
    id code_text primary key,
    at_ms bigint not null,
    name text not null,
    division bigint not null,
    body text not null,
    seq bigint
);
create unique index outbox_by_seq on outbox (seq);
create index outbox_waiting on outbox (id) where seq is null;
create table stream_head (
    one bigint primary key,
    seq bigint not null
);
insert into stream_head (one, seq) values (1, 0);
create table jobs (
    id code_text primary key,
    consumer text not null,
    event text not null,
    run_at_ms bigint not null,
    attempts bigint not null,
    failed boolean not null,
    error text
);
create index jobs_ready on jobs (failed, run_at_ms, id);",
}];

gridweave_db::statements! {
    /// Puts an event into the outbox.
    EMIT = "insert into outbox (id, at_ms, name, division, body) values ($1, $2, $3, $4, $5)";
    /// The end of the stream, for the one who lengthens it.
    HEAD_LOCKED = "select seq from stream_head where one = 1 {lock}";
    /// Moves the end of the stream.
    SET_HEAD = "update stream_head set seq = $1 where one = 1";
    /// The end of the stream, for readers.
    HEAD = "select seq from stream_head where one = 1";
    /// Events that are not in the stream yet.
    WAITING = "select id, name, body from outbox where seq is null order by id limit $1";
    /// Gives an event its place.
    NUMBER = "update outbox set seq = $1 where id = $2";
    /// One job for one consumer.
    ENQUEUE = "insert into jobs (id, consumer, event, run_at_ms, attempts, failed) values ($1, $2, $3, $4, 0, false)";
    /// Jobs whose time has come.
    READY = "select id, consumer, event from jobs where failed = false and run_at_ms <= $1 \
             order by run_at_ms, id limit $2 {skip_locked}";
    /// Is anything ready? Asked without a lock before a write is begun.
    READY_COUNT = "select 1 from jobs where failed = false and run_at_ms <= $1 limit 1";
    /// A job is done.
    DONE = "delete from jobs where id = $1";
    /// A job must wait, or has failed for good.
    POSTPONE = "update jobs set attempts = attempts + 1, run_at_ms = $2, failed = $3, error = $4 where id = $1";
    /// How often a job has been tried.
    ATTEMPTS = "select attempts from jobs where id = $1";
    /// How many wait and how many failed.
    COUNTS = "select (select count(*) from jobs where failed = false), (select count(*) from jobs where failed = true), \
              (select count(*) from outbox where seq is null)";
    /// The stream after a place, as far as a scope may see it.
    AFTER = "select seq, at_ms, body from outbox where seq > $1 and division between $2 and $3 order by seq limit $4";
}

/// Writes an event into the running transaction.
pub fn emit(tx: &mut Tx, ctx: &Ctx, event: &Event) -> Result<(), DbError> {
    let id: String = ctx.new_id();
    let body = serde_json::to_string(event)
        .map_err(|error| DbError::Corrupt { what: "event", why: error.to_string() })?;
    tx.exec(
        &EMIT,
        &[id.into(), ctx.now().into(), event.name().into(), event.division().into(), body.into()],
    )?;
    Ok(())
}

/// An event of the live stream.
#[derive(Debug, Clone)]
pub struct StreamItem {
    /// Its place in the stream.
    pub seq: i64,
    /// When it happened, UTC milliseconds.
    pub at_ms: i64,
    /// What happened.
    pub event: Event,
}

/// The stream after `seq`, as far as the scope may see it, oldest first.
pub fn stream_after(tx: &mut Tx, seq: i64, scope: Scope, limit: i64) -> Result<Vec<StreamItem>, DbError> {
    tx.all(&AFTER, &[seq.into(), scope.lo.into(), scope.hi.into(), limit.into()], |row| {
        Ok(StreamItem { seq: row.int(0)?, at_ms: row.int(1)?, event: row.json(2)? })
    })
}

/// The place of the newest event in the stream.
pub fn stream_head(tx: &mut Tx) -> Result<i64, DbError> {
    tx.one(&HEAD, &[], |row| row.int(0))
}

/// What waits and what failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that will run.
    pub ready: i64,
    /// Jobs that need a person.
    pub failed: i64,
    /// Events without their jobs yet.
    pub undispatched: i64,
}

/// How much is left to do.
pub fn backlog(tx: &mut Tx) -> Result<Backlog, DbError> {
    tx.one(&COUNTS, &[], |row| {
        Ok(Backlog { ready: row.int(0)?, failed: row.int(1)?, undispatched: row.int(2)? })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use gridweave_core::{PlaceId, RefusalKind, Refuse, Zone};
    use gridweave_db::{Db, testkit::on_both};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const STEPS: &[&[Migration]] = &[MIGRATIONS];

    gridweave_core::refusals! {
        /// For the test.
        pub enum No {
            /// Always.
            Never = "never", Conflict, "不行", "No";
        }
    }

    fn emit_one(db: &Db, name: &str) {
        let ctx = Ctx::system(Zone::china());
        let place = PlaceId::from(name);
        db.write_blocking(move |tx| {
            emit(tx, &ctx, &Event::DwellingChanged { place: place.clone(), division: 7 })
        })
        .unwrap();
    }

    fn runner(db: &Db, ran: Arc<AtomicUsize>) -> Runner {
        let run = move |_: &mut Tx, _: &Ctx, event: &Event| match event {
            Event::DwellingChanged { place, .. } if place.0 == "bad" => Err(No::Never.into()),
            _ => {
                ran.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        };
        let consumer = Consumer { event: "DwellingChanged", name: "test.count", run: Arc::new(run) };
        Runner::new(db.clone(), Ctx::system(Zone::china()), vec![consumer])
    }

    #[test]
    fn each_event_reaches_its_consumer_once_and_a_refused_one_holds_up_nobody() {
        on_both(STEPS, |db| {
            ["a", "bad", "b"].iter().for_each(|name| emit_one(db, name));
            let ran = Arc::new(AtomicUsize::new(0));
            let runner = runner(db, ran.clone());
            runner.drain().unwrap();
            runner.drain().unwrap();
            let left = db.read_blocking(backlog).unwrap();
            assert_eq!(left, Backlog { ready: 0, failed: 1, undispatched: 0 });
            let stream = db.read_blocking(|tx| stream_after(tx, 1, Scope::EVERYWHERE, 10)).unwrap();
            assert_eq!(stream.iter().map(|item| item.seq).collect::<Vec<_>>(), [2, 3]);
            assert!(ran.load(Ordering::SeqCst) >= 2, "attempts that were rolled back may count twice");
            assert_eq!(No::Never.refusal().kind, RefusalKind::Conflict);
        });
    }

    #[test]
    fn the_stream_shows_only_what_the_scope_holds() {
        on_both(STEPS, |db| {
            emit_one(db, "a");
            runner(db, Arc::default()).drain().unwrap();
            let elsewhere = Scope { lo: 8, hi: 9 };
            assert!(db.read_blocking(|tx| stream_after(tx, 0, elsewhere, 10)).unwrap().is_empty());
        });
    }
}
