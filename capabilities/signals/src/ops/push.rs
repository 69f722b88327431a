//! Takes a push from a feed: makes signals of the changes that the kernel saw in readings and of lists, hands permits to
//! the address library, and says row by row what could not be taken.

use crate::feeds::{Feed, Observes};
use crate::model::{CandidateDoor, SignalState};
use crate::tuning::{self, InForce};
use crate::{health, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_address::{Hints, Match};
use gridweave_addresses::ops::learn_match;
use gridweave_addresses::ops::take_permit::{self, Taken};
use gridweave_addresses::queries::{match_address, place};
use gridweave_addresses::{AddressLibrary, Permit, PermitKind};
use gridweave_core::{Ctx, Entry, Event, LonLat, PlaceId, SignalId, Zone};
use gridweave_db::{DbError, OpError, Tx, Value};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use gridweave_meters::Change;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// One row: line in the file and values by the file's own column names.
#[derive(Debug, Clone)]
pub struct Row {
    /// Line in the file.
    pub line: u64,
    /// Values.
    pub values: HashMap<String, String>,
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RejectedRow {
    /// Line in the file.
    pub line: u64,
    /// Column at fault, in the file's words.
    pub column: String,
    /// Stable reason.
    pub code: String,
    /// The value found.
    pub value: String,
}

/// What came of a push. Counts add up: `rows = accepted + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pushed {
    /// Rows read.
    pub rows: u64,
    /// Rows taken.
    pub accepted: u64,
    /// Days of meters that were judged.
    pub changed: u64,
    /// Days of meters that came too late to be judged.
    #[serde(default)]
    pub late: u64,
    /// Signals made.
    pub signals: u64,
    /// Of those, how many wait for a door.
    pub unmatched: u64,
    /// Permits that wait for a steward, because the address library does not say so.
    #[serde(default)]
    pub corrections: u64,
    /// This very push was taken before; nothing was done.
    pub repeated: bool,
    /// Rows that were not taken, the first thousand.
    pub rejected: Vec<RejectedRow>,
    /// How many were not taken.
    pub rejected_count: u64,
}

const REJECTED_SHOWN: usize = 1000;

/// Finds the door of a meter in the registers: handed in by the server, because this room may not
/// ask the registers itself.
pub type DoorOfMeter<'a> = &'a dyn Fn(&mut Tx, &str) -> Result<Option<PlaceId>, DbError>;

/// A list or permits as they arrived.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Those that could be read.
    pub good: Vec<Row>,
    /// Those that could not.
    pub bad: Vec<RejectedRow>,
}

/// Takes the push. `digest` names its content: the same content again does nothing.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    feed: &Feed,
    digest: &str,
    rows: &Rows,
    library: &AddressLibrary,
    door_of_meter: DoorOfMeter<'_>,
) -> Result<Pushed, OpError> {
    may(&ctx.actor, Action::FeedPush, &Resource::city(), None)?;
    if let Some(before) = known(tx, feed, digest)? {
        return Ok(before);
    }
    let mut done = Pushed { rows: (rows.good.len() + rows.bad.len()) as u64, ..Pushed::default() };
    rows.bad.iter().for_each(|row| show_rejected(&mut done, row.clone()));
    let mut push = Push { tx, ctx, feed, library, door_of_meter, done };
    match feed.observes {
        // Readings are judged before: see [`take_judged`].
        Observes::Readings => {}
        Observes::ZeroUse | Observes::SuddenChange => push.list(&rows.good)?,
        Observes::Permits => push.permits(&rows.good)?,
    }
    push.end(digest)
}

/// Was this very content taken before? Then what came of it.
pub fn known(tx: &mut Tx, feed: &Feed, digest: &str) -> Result<Option<Pushed>, DbError> {
    let known =
        tx.opt(&sql::PUSH, &[feed.name.as_str().into(), digest.into()], |row| row.json::<Pushed>(0))?;
    Ok(known.map(|before| Pushed { repeated: true, ..before }))
}

/// A change that the kernel saw in a push of readings.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The meter; of a supply cut the neighbourhood.
    pub subject: String,
    /// What.
    pub change: Change,
    /// The address that came with the meter.
    pub address: Option<String>,
    /// Where it is for certain; else the door is looked for.
    pub place: Option<PlaceId>,
}

/// A push of readings that the kernel has judged.
#[derive(Debug, Default)]
pub struct Judged {
    /// What came of its rows; signals are not made yet.
    pub pushed: Pushed,
    /// The changes seen.
    pub changes: Vec<Observed>,
    /// By which thresholds.
    pub limits: Option<InForce>,
}

/// Makes the signals of a push of readings, together with what is kept of its meters: `store` writes that, and says false
/// where another push came between; then nothing is done, and nothing is told.
pub fn take_judged(
    tx: &mut Tx,
    ctx: &Ctx,
    feed: &Feed,
    digest: &str,
    judged: &Judged,
    library: &AddressLibrary,
    door_of_meter: DoorOfMeter<'_>,
    store: impl FnOnce(&mut Tx) -> Result<bool, DbError>,
) -> Result<Option<Pushed>, OpError> {
    may(&ctx.actor, Action::FeedPush, &Resource::city(), None)?;
    if let Some(before) = known(tx, feed, digest)? {
        return Ok(Some(before));
    }
    if !store(tx)? {
        return Ok(None);
    }
    if let Some(limits) = &judged.limits
        && tuning::remember(tx, &feed.name, ctx.now(), limits)?
    {
        record(tx, ctx, &Entry::new("signals.tune", format!("feed:{}", feed.name), 0, json!(limits)))?;
    }
    let mut push = Push { tx, ctx, feed, library, door_of_meter, done: judged.pushed.clone() };
    for observed in &judged.changes {
        push.observed(observed)?;
    }
    push.end(digest).map(Some)
}

/// The one door that a text means for certain, with its division; else the candidates. A signal
/// about a home needs the room itself, not its building.
/// Where the same subject was found the last time is likelier.
pub(crate) fn match_door(
    tx: &mut Tx,
    library: &AddressLibrary,
    subject: &str,
    address: &str,
) -> Result<(Option<(PlaceId, i64)>, Match), DbError> {
    let last = tx.opt(&sql::LAST_PLACE, &[subject.into()], |row| row.text(0))?;
    let hints = Hints { last: last.as_deref(), ..Hints::default() };
    let matched = match_address(tx, library, address, &hints)?;
    let Some(accepted) = matched.accepted.as_ref().filter(|ranked| ranked.level == "room") else {
        return Ok((None, matched));
    };
    let id = PlaceId(accepted.id.clone());
    let division = place(tx, &id)?.map_or(0, |place| place.division);
    Ok((Some((id, division)), matched))
}

/// Rows that are shown of those that were not taken.
pub fn show_rejected(done: &mut Pushed, row: RejectedRow) {
    done.rejected_count += 1;
    if done.rejected.len() < REJECTED_SHOWN {
        done.rejected.push(RejectedRow { value: row.value.chars().take(60).collect(), ..row });
    }
}

struct Push<'a, 'b> {
    tx: &'a mut Tx<'b>,
    ctx: &'a Ctx,
    feed: &'a Feed,
    library: &'a AddressLibrary,
    door_of_meter: DoorOfMeter<'a>,
    done: Pushed,
}

/// A signal about to be made.
struct Draft<'a> {
    kind: &'a str,
    stage: &'a str,
    subject: &'a str,
    once_key: String,
    since: i64,
    detected: i64,
    size: f64,
    confidence: f64,
    reason: serde_json::Value,
    address: Option<&'a str>,
    /// Where it is for certain.
    place: Option<&'a PlaceId>,
}

impl Push<'_, '_> {
    fn reject(&mut self, row: &Row, column: &str, code: &str, value: &str) {
        let row = RejectedRow {
            line: row.line,
            column: self.feed.columns.get(column).cloned().unwrap_or_else(|| column.to_owned()),
            code: code.to_owned(),
            value: value.to_owned(),
        };
        show_rejected(&mut self.done, row);
    }

    fn value<'r>(&self, row: &'r Row, column: &str) -> Option<&'r str> {
        let name = self.feed.columns.get(column)?;
        row.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Remembers the push and what came of it.
    fn end(self, digest: &str) -> Result<Pushed, OpError> {
        let Push { tx, ctx, feed, done, .. } = self;
        let summary = serde_json::to_string(&done)
            .map_err(|error| DbError::Corrupt { what: "push", why: error.to_string() })?;
        let params = [feed.name.as_str().into(), digest.into(), ctx.now().into(), summary.into()];
        tx.exec(&sql::PUT_PUSH, &params)?;
        health::add(tx, ctx, &feed.name, &done)?;
        let body = json!({
            "rows": done.rows, "accepted": done.accepted, "rejected": done.rejected_count,
            "signals": done.signals, "corrections": done.corrections, "digest": digest,
        });
        record(tx, ctx, &Entry::new("signals.push", format!("feed:{}", feed.name), 0, body))?;
        Ok(done)
    }

    /// Makes the signal of a change, and remembers the address of its meter.
    fn observed(&mut self, observed: &Observed) -> Result<(), OpError> {
        let Observed { subject, change, .. } = observed;
        let mut address = observed.address.clone();
        if observed.place.is_none() {
            self.tx.exec(&sql::PUT_METER, &[subject.as_str().into(), address.clone().into()])?;
            if address.is_none() {
                let kept = self.tx.opt(&sql::METER, &[subject.as_str().into()], |row| row.opt_text(1))?;
                address = kept.flatten();
            }
        }
        let stage = match change.stage {
            gridweave_meters::Stage::Early => "early",
            gridweave_meters::Stage::Confirmed => "confirmed",
        };
        let kind = change.kind.name();
        self.signal(Draft {
            kind,
            stage,
            subject,
            once_key: format!("{}:{subject}:{kind}:{stage}:{}", self.feed.name, change.since),
            since: i64::from(change.since),
            detected: i64::from(change.detected),
            size: change.size,
            confidence: change.confidence,
            reason: json!(change.reason),
            address: address.as_deref(),
            place: observed.place.as_ref(),
        })
    }

    /// The day of a row, today where it names none; one that cannot be read rejects the row.
    fn day(&mut self, row: &Row) -> Option<i64> {
        let text = self.value(row, "time").unwrap_or("");
        if text.is_empty() {
            return Some(self.ctx.today());
        }
        let time = self.ctx.zone.parse(text);
        if time.is_none() {
            self.reject(row, "time", "time_invalid", text);
        }
        time.map(|time| self.ctx.zone.day_of(time))
    }

    /// Where a row stands; none where it does not say. Half a coordinate or one of another world rejects the row.
    fn point(&mut self, row: &Row) -> Result<Option<LonLat>, ()> {
        let (lon, lat) = (self.value(row, "lon"), self.value(row, "lat"));
        if lon.is_none() && lat.is_none() {
            return Ok(None);
        }
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
        match number(lon).zip(number(lat)).and_then(|(lon, lat)| LonLat::new(lon, lat)) {
            Some(point) => Ok(Some(point)),
            None => {
                let text = format!("{} {}", lon.unwrap_or("–"), lat.unwrap_or("–"));
                self.reject(row, "lon", "point_invalid", &text);
                Err(())
            }
        }
    }

    fn permits(&mut self, rows: &[Row]) -> Result<(), OpError> {
        for row in rows {
            let (number, address) = (self.value(row, "number"), self.value(row, "address"));
            let (Some(number), Some(address)) = (number, address) else {
                self.reject(row, if number.is_none() { "number" } else { "address" }, "value_missing", "");
                continue;
            };
            let kind_text = self.value(row, "kind").unwrap_or(PermitKind::New.name());
            let Some(kind) = PermitKind::read(kind_text) else {
                self.reject(row, "kind", "kind_unknown", kind_text);
                continue;
            };
            let Some(issued_day) = self.day(row) else { continue };
            let Ok(point) = self.point(row) else { continue };
            self.done.accepted += 1;
            let permit =
                Permit { number: number.to_owned(), address: address.to_owned(), kind, issued_day, point };
            match take_permit::run(self.tx, self.ctx, self.library, &permit)? {
                Taken::Waiting => self.done.corrections += 1,
                Taken::Known | Taken::Repeated => {}
            }
        }
        Ok(())
    }

    fn list(&mut self, rows: &[Row]) -> Result<(), OpError> {
        let kind = self.feed.observes.name();
        for row in rows {
            let Some(address) = self.value(row, "address") else {
                self.reject(row, "address", "value_missing", "");
                continue;
            };
            let Some(day) = self.day(row) else { continue };
            let subject = self.value(row, "meter").unwrap_or(address);
            self.done.accepted += 1;
            self.signal(Draft {
                kind,
                stage: "confirmed",
                subject,
                once_key: format!("{}:{subject}:{kind}:{day}", self.feed.name),
                since: day,
                detected: day,
                size: 0.0,
                confidence: 0.9,
                reason: json!({
                    "zh": format!("{} 列入清单", Zone::date_text(day)),
                    "en": format!("listed on {}", Zone::date_text(day)),
                }),
                address: Some(address),
                place: None,
            })?;
        }
        Ok(())
    }

    /// Makes the signal with its door: by the meter's place in the registers, by the door that a
    /// person chose before, by the address; else it waits in the inbox.
    fn signal(&mut self, draft: Draft<'_>) -> Result<(), OpError> {
        let mut door = match draft.place {
            Some(place) => Some(place.clone()),
            None => (self.door_of_meter)(self.tx, draft.subject)?,
        };
        if door.is_none() {
            let chosen = self.tx.opt(&sql::METER, &[draft.subject.into()], |row| row.opt_text(0))?;
            door = chosen.flatten().map(PlaceId);
        }
        let mut matched = Match::default();
        let mut division = 0;
        match (&door, draft.address) {
            (Some(id), _) => division = place(self.tx, id)?.map_or(0, |place| place.division),
            (None, Some(address)) => {
                let (found, outcome) = match_door(self.tx, self.library, draft.subject, address)?;
                matched = outcome;
                if let Some((id, at)) = found {
                    division = at;
                    door = Some(id);
                }
            }
            (None, None) => {}
        }
        let state = if door.is_some() { SignalState::Matched } else { SignalState::Unmatched };
        let id: SignalId = self.ctx.new_id();
        let candidates: Vec<CandidateDoor> =
            matched.candidates.iter().cloned().map(CandidateDoor::from).collect();
        let listed = serde_json::to_string(&candidates).unwrap_or_else(|_| "[]".to_owned());
        let params: [Value; 17] = [
            (&id).into(),
            self.feed.name.as_str().into(),
            draft.kind.into(),
            draft.stage.into(),
            draft.subject.into(),
            draft.once_key.into(),
            draft.since.into(),
            draft.detected.into(),
            draft.size.into(),
            draft.confidence.into(),
            draft.reason.to_string().into(),
            state.name().into(),
            door.as_ref().into(),
            division.into(),
            draft.address.into(),
            listed.into(),
            self.ctx.now().into(),
        ];
        if self.tx.exec(&sql::INSERT, &params)? == 0 {
            return Ok(());
        }
        self.done.signals += 1;
        let event = match door {
            Some(place) => Event::SignalMatched { signal: id, place, division },
            None => {
                self.done.unmatched += 1;
                // It waits in the stewards' inbox too: something of the library may be wrong.
                if let Some(address) = draft.address {
                    learn_match::failed(self.tx, self.ctx, address, &matched)?;
                }
                Event::SignalUnmatched { signal: id, division }
            }
        };
        emit(self.tx, self.ctx, &event)?;
        Ok(())
    }
}
