//! 留痕: the append-only, hash-chained record of every change and of every reading of personal data.
//!
//! Each entry is written in the transaction of the act itself. An entry's hash covers the hash
//! before it and its own canonical JSON, so that nothing can be changed, inserted or removed from
//! the middle without [`verify`] noticing. On PostgreSQL several writers go on at once: each write
//! transaction holds one *lane*, a chain of its own; SQLite has a single lane.
//!
//! What verification cannot show by itself is the removal of a chain's *end*: keep the heads that
//! [`verify`] prints somewhere else and hand them to the next run.

mod canonical;

pub use canonical::canonical_json;

use gridweave_core::{Ctx, Entry};
use gridweave_db::{DbError, Row, Tx, migrate::Migration};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The ledger's tables.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "ledger_0001_chain",
    text: "create table ledger (
    lane bigint not null,
    seq bigint not null,
    at_ms bigint not null,
    actor text not null,
    action text not null,
    subject code_text not null,
    division bigint not null,
    purpose text,
    request text not null,
    body text not null,
    hash bytea not null,
    primary key (lane, seq)
);
create index ledger_by_subject on ledger (subject, at_ms);
create index ledger_by_time on ledger (at_ms);",
}];

gridweave_db::statements! {
    /// The end of a lane.
    HEAD = "select seq, hash from ledger where lane = $1 order by seq desc limit 1";
    /// Lengthens a lane.
    APPEND = "insert into ledger (lane, seq, at_ms, actor, action, subject, division, purpose, request, body, hash) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// Every entry in the order of the chains.
    CHAIN = "select lane, seq, at_ms, actor, action, subject, division, purpose, request, body, hash \
             from ledger order by lane, seq";
    /// The newest entries of a scope, before a time.
    RECENT = "select lane, seq, at_ms, actor, action, subject, division, purpose, request, body, hash \
              from ledger where division between $1 and $2 \
              and (at_ms < $3 or at_ms = $3 and (lane < $4 or lane = $4 and seq < $5)) \
              and (cast($6 as text) = '' or subject = $6) \
              order by at_ms desc, lane desc, seq desc limit $7";
}

/// An entry as stored.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Stored {
    /// The chain.
    pub lane: i64,
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When, UTC milliseconds.
    pub at_ms: i64,
    /// Account that acted.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// Division it concerns, 0 for none.
    pub division: i64,
    /// Why personal data were read.
    pub purpose: Option<String>,
    /// The request it belongs to.
    pub request: String,
    /// What changed or was read.
    pub body: serde_json::Value,
    /// SHA-256 in hexadecimal.
    pub hash: String,
}

impl Stored {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            lane: row.int(0)?,
            seq: row.int(1)?,
            at_ms: row.int(2)?,
            actor: row.text(3)?,
            action: row.text(4)?,
            subject: row.text(5)?,
            division: row.int(6)?,
            purpose: row.opt_text(7)?,
            request: row.text(8)?,
            body: row.json(9)?,
            hash: hex(&row.bytes(10)?),
        })
    }

    /// The hash that the entry should carry after `previous`.
    fn expected_hash(&self, previous: &[u8]) -> Vec<u8> {
        let text = canonical_json(&json!({
            "lane": self.lane, "seq": self.seq, "at_ms": self.at_ms, "actor": self.actor,
            "action": self.action, "subject": self.subject, "division": self.division,
            "purpose": self.purpose, "request": self.request, "body": self.body,
        }));
        let mut hasher = Sha256::new();
        hasher.update(previous);
        hasher.update(text.as_bytes());
        hasher.finalize().to_vec()
    }
}

/// Writes an entry into the running transaction.
pub fn record(tx: &mut Tx, ctx: &Ctx, entry: &Entry) -> Result<(), DbError> {
    let lane = tx.lane();
    let head = tx.opt(&HEAD, &[lane.into()], |row| Ok((row.int(0)?, row.bytes(1)?)))?;
    let (seq, previous) = head.unwrap_or((0, Vec::new()));
    let stored = Stored {
        lane,
        seq: seq + 1,
        at_ms: ctx.now().0,
        actor: ctx.actor.account.0.clone(),
        action: entry.action.to_owned(),
        subject: entry.subject.clone(),
        division: entry.division,
        purpose: ctx.purpose.as_ref().map(|purpose| purpose.0.clone()),
        request: ctx.request_id.clone(),
        body: entry.body.clone(),
        hash: String::new(),
    };
    let hash = stored.expected_hash(&previous);
    tx.exec(
        &APPEND,
        &[
            stored.lane.into(),
            stored.seq.into(),
            stored.at_ms.into(),
            stored.actor.into(),
            stored.action.into(),
            stored.subject.into(),
            stored.division.into(),
            stored.purpose.into(),
            stored.request.into(),
            canonical_json(&stored.body).into(),
            hash.into(),
        ],
    )?;
    Ok(())
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Entries read.
    pub entries: u64,
    /// The end of each lane: number and hash, to be kept elsewhere.
    pub heads: Vec<Head>,
    /// The first entry of each lane that does not fit what precedes it.
    pub broken: Vec<Broken>,
}

/// The end of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The chain.
    pub lane: i64,
    /// Its length.
    pub seq: i64,
    /// Hash of the last entry, hexadecimal.
    pub hash: String,
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The chain.
    pub lane: i64,
    /// The entry.
    pub seq: i64,
    /// `gap` (an entry is missing before it) or `altered`.
    pub what: &'static str,
}

/// Walks every chain and reports where one does not hold.
pub fn verify(tx: &mut Tx) -> Result<Verification, DbError> {
    let mut found = Verification { entries: 0, heads: Vec::new(), broken: Vec::new() };
    let mut previous: Vec<u8> = Vec::new();
    tx.each(&CHAIN, &[], |row| {
        let entry = Stored::from_row(row)?;
        found.entries += 1;
        if found.heads.last().is_none_or(|head| head.lane != entry.lane) {
            previous.clear();
            found.heads.push(Head { lane: entry.lane, seq: 0, hash: String::new() });
        }
        let Some(head) = found.heads.last_mut() else { return Ok(()) };
        let hash = row.bytes(10)?;
        let broken_already = found.broken.iter().any(|broken| broken.lane == entry.lane);
        if !broken_already {
            if entry.seq != head.seq + 1 {
                found.broken.push(Broken { lane: entry.lane, seq: entry.seq, what: "gap" });
            } else if entry.expected_hash(&previous) != hash {
                found.broken.push(Broken { lane: entry.lane, seq: entry.seq, what: "altered" });
            }
        }
        head.seq = entry.seq;
        head.hash = hex(&hash);
        previous = hash;
        Ok(())
    })?;
    Ok(found)
}

/// Where a page of the ledger ended: time, lane, number. Several entries may share a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    at_ms: i64,
    lane: i64,
    seq: i64,
}

impl Cursor {
    /// Before which everything is newer: the first page.
    pub const NEWEST: Cursor = Cursor { at_ms: i64::MAX, lane: i64::MAX, seq: i64::MAX };

    /// The end of a page.
    pub fn after(entry: &Stored) -> Self {
        Self { at_ms: entry.at_ms, lane: entry.lane, seq: entry.seq }
    }

    /// Reads what [`Display`](std::fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse::<i64>);
        let cursor = Self { at_ms: parts.next()?.ok()?, lane: parts.next()?.ok()?, seq: parts.next()?.ok()? };
        parts.next().is_none().then_some(cursor)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.at_ms, self.lane, self.seq)
    }
}

/// The newest entries of a scope (`lo..=hi` division codes) before a place in the ledger, about one
/// subject or all (`""`).
pub fn recent(
    tx: &mut Tx,
    scope: gridweave_core::Scope,
    before: Cursor,
    subject: &str,
    limit: i64,
) -> Result<Vec<Stored>, DbError> {
    let params = [
        scope.lo.into(),
        scope.hi.into(),
        before.at_ms.into(),
        before.lane.into(),
        before.seq.into(),
        subject.into(),
        limit.into(),
    ];
    tx.all(&RECENT, &params, Stored::from_row)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use gridweave_core::Zone;
    use gridweave_db::testkit::on_both;

    const STEPS: &[&[Migration]] = &[MIGRATIONS];
    const TAMPER: gridweave_db::Sql =
        gridweave_db::Sql { name: "TAMPER", text: "update ledger set body = '{}' where seq = 2" };
    const CUT: gridweave_db::Sql =
        gridweave_db::Sql { name: "CUT", text: "delete from ledger where seq = 2" };

    fn three(db: &gridweave_db::Db) {
        let ctx = Ctx::system(Zone::china());
        db.write_blocking(move |tx| -> Result<(), DbError> {
            for n in 0..3 {
                record(tx, &ctx, &Entry::new("test.act", format!("thing:{n}"), 0, json!({ "n": n })))?;
            }
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn an_untouched_ledger_verifies() {
        on_both(STEPS, |db| {
            three(db);
            let found = db.read_blocking(verify).unwrap();
            assert_eq!((found.entries, found.broken.len()), (3, 0));
        });
    }

    #[test]
    fn a_changed_or_removed_entry_is_found() {
        for (sql, what) in [(TAMPER, "altered"), (CUT, "gap")] {
            on_both(STEPS, |db| {
                three(db);
                db.write_blocking(move |tx| tx.exec(&sql, &[])).unwrap();
                let found = db.read_blocking(verify).unwrap();
                assert_eq!(found.broken.first().map(|b| b.what), Some(what));
            });
        }
    }

    #[test]
    fn paging_loses_no_entry_of_a_shared_moment() {
        on_both(STEPS, |db| {
            three(db);
            let mut seen = Vec::new();
            let mut before = Cursor::NEWEST;
            loop {
                let page = db
                    .read_blocking(|tx| recent(tx, gridweave_core::Scope::EVERYWHERE, before, "", 2))
                    .unwrap();
                let Some(last) = page.last() else { break };
                before = Cursor::parse(&Cursor::after(last).to_string()).unwrap();
                seen.extend(page.iter().map(|entry| (entry.lane, entry.seq)));
            }
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 3);
            assert_eq!((Cursor::parse("soon"), Cursor::parse("1.2.3.4")), (None, None));
        });
    }

    #[test]
    fn writers_at_once_break_no_chain() {
        on_both(STEPS, |db| {
            std::thread::scope(|scope| {
                for _ in 0..6 {
                    scope.spawn(|| (0..5).for_each(|_| three(db)));
                }
            });
            let found = db.read_blocking(verify).unwrap();
            assert_eq!((found.entries, found.broken.len()), (90, 0));
        });
    }
}
