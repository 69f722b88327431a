//! How a feed does: what arrived, what came of it, what visits found.

use crate::ops::push::{Pushed, RejectedRow};
use crate::sql;
use gridweave_core::{Ctx, Zone};
use gridweave_db::{DbError, Tx, Value};
use serde::Serialize;

/// Pushes that are looked through for rejected rows.
const PUSHES_SEEN: i64 = 50;

/// What a feed brought on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FeedDay {
    /// The day on which it arrived.
    pub day: String,
    /// Pushes.
    pub pushes: i64,
    /// Rows that arrived.
    pub rows: i64,
    /// Rows that were not taken.
    pub rejected: i64,
    /// Days of meters that came too late to be judged.
    pub late: i64,
    /// Days of meters that were judged.
    pub judged: i64,
    /// Signals made.
    pub signals: i64,
    /// Of those, how many had no door for certain then.
    pub unmatched: i64,
}

/// What became of a feed's signals of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct KindCounts {
    /// Which.
    pub kind: String,
    /// How many were made.
    pub signals: i64,
    /// Wait for a door.
    pub unmatched: i64,
    /// Became work.
    pub work: i64,
    /// Are watched.
    pub watched: i64,
    /// Nothing was to be done.
    pub silenced: i64,
    /// A person put them aside.
    pub dismissed: i64,
    /// A visit found that it was so.
    pub confirmed: i64,
    /// A visit found that it was not.
    pub false_alarms: i64,
}

/// Rows that the last push which had such was not taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct LastRejected {
    /// When.
    pub at_ms: i64,
    /// How many.
    pub count: u64,
    /// Some of them.
    pub rows: Vec<RejectedRow>,
}

/// Adds a push to its day.
pub(crate) fn add(tx: &mut Tx, ctx: &Ctx, feed: &str, done: &Pushed) -> Result<(), DbError> {
    let counts = [done.rows, done.rejected_count, done.late, done.changed, done.signals, done.unmatched];
    let mut params: Vec<Value> = vec![feed.into(), ctx.today().into(), 1i64.into()];
    params.extend(counts.map(|count| Value::from(count as i64)));
    tx.exec(&sql::ADD_DAY, &params)?;
    Ok(())
}

/// The days of a feed from one on, the oldest first.
pub fn days(tx: &mut Tx, feed: &str, from: i64) -> Result<Vec<FeedDay>, DbError> {
    tx.all(&sql::DAYS, &[feed.into(), from.into()], |row| {
        Ok(FeedDay {
            day: Zone::date_text(row.int(0)?),
            pushes: row.int(1)?,
            rows: row.int(2)?,
            rejected: row.int(3)?,
            late: row.int(4)?,
            judged: row.int(5)?,
            signals: row.int(6)?,
            unmatched: row.int(7)?,
        })
    })
}

/// What became of a feed's signals that were made since, by kind.
pub fn kinds(tx: &mut Tx, feed: &str, since_ms: i64) -> Result<Vec<KindCounts>, DbError> {
    let mut kinds: Vec<KindCounts> = Vec::new();
    tx.each(&sql::BY_KIND, &[feed.into(), since_ms.into()], |row| {
        let (kind, state, outcome, count) = (row.text(0)?, row.text(1)?, row.opt_text(2)?, row.int(3)?);
        if kinds.last().is_none_or(|last| last.kind != kind) {
            kinds.push(KindCounts { kind, ..KindCounts::default() });
        }
        let Some(counts) = kinds.last_mut() else { return Ok(()) };
        counts.signals += count;
        match state.as_str() {
            "unmatched" => counts.unmatched += count,
            "work" => counts.work += count,
            "watched" => counts.watched += count,
            "silenced" => counts.silenced += count,
            "dismissed" => counts.dismissed += count,
            _ => {}
        }
        match outcome.as_deref() {
            Some("confirmed") => counts.confirmed += count,
            Some("false_alarm") => counts.false_alarms += count,
            _ => {}
        }
        Ok(())
    })?;
    Ok(kinds)
}

/// Rows that were not taken the last time that there were any, so many of them.
pub fn rejected(tx: &mut Tx, feed: &str, most: usize) -> Result<Option<LastRejected>, DbError> {
    let mut found = None;
    tx.each(&sql::LAST_PUSHES, &[feed.into(), PUSHES_SEEN.into()], |row| {
        let (at_ms, mut pushed) = (row.int(0)?, row.json::<Pushed>(1)?);
        if found.is_none() && pushed.rejected_count > 0 {
            pushed.rejected.truncate(most);
            found = Some(LastRejected { at_ms, count: pushed.rejected_count, rows: pushed.rejected });
        }
        Ok(())
    })?;
    Ok(found)
}
