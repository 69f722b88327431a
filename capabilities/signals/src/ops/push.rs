//! Takes a push of rows from a feed: stores readings, moves the detectors on, makes signals, hands permits to the
//! address library, and says row by row what could not be taken.

use crate::feeds::{Feed, Interval, Observes};
use crate::model::{CandidateDoor, SignalState};
use crate::sql;
use gridweave_access::{Action, Resource, may};
use gridweave_address::{Hints, Match};
use gridweave_addresses::ops::learn_match;
use gridweave_addresses::ops::take_permit::{self, Taken};
use gridweave_addresses::queries::{match_address, place};
use gridweave_addresses::{AddressLibrary, Permit, PermitKind};
use gridweave_core::{Ctx, Entry, Event, LonLat, PlaceId, SignalId, TimeMs, Zone};
use gridweave_db::{DbError, OpError, Tx, Value};
use gridweave_jobs::emit;
use gridweave_ledger::record;
use gridweave_meters::{Amount, Around, Day, Found, Limits, Meter, Season};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

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
    /// Readings that were new or corrected.
    pub changed: u64,
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

/// Takes the push. `digest` names its content: the same content again does nothing.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    feed: &Feed,
    digest: &str,
    rows: &[Row],
    library: &AddressLibrary,
    door_of_meter: DoorOfMeter<'_>,
) -> Result<Pushed, OpError> {
    may(&ctx.actor, Action::FeedPush, &Resource::city(), None)?;
    let known =
        tx.opt(&sql::PUSH, &[feed.name.as_str().into(), digest.into()], |row| row.json::<Pushed>(0))?;
    if let Some(before) = known {
        return Ok(Pushed { repeated: true, ..before });
    }
    let mut push = Push {
        tx,
        ctx,
        feed,
        library,
        door_of_meter,
        done: Pushed { rows: rows.len() as u64, ..Pushed::default() },
    };
    match feed.observes {
        Observes::Readings => push.readings(rows)?,
        Observes::ZeroUse | Observes::SuddenChange => push.list(rows)?,
        Observes::Permits => push.permits(rows)?,
    }
    let Push { tx, done, .. } = push;
    let summary = serde_json::to_string(&done)
        .map_err(|error| DbError::Corrupt { what: "push", why: error.to_string() })?;
    tx.exec(&sql::PUT_PUSH, &[feed.name.as_str().into(), digest.into(), ctx.now().into(), summary.into()])?;
    let body = json!({
        "rows": done.rows, "accepted": done.accepted, "rejected": done.rejected_count,
        "signals": done.signals, "corrections": done.corrections, "digest": digest,
    });
    record(tx, ctx, &Entry::new("signals.push", format!("feed:{}", feed.name), 0, body))?;
    Ok(done)
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
}

impl Push<'_, '_> {
    fn reject(&mut self, row: &Row, column: &str, code: &str, value: &str) {
        self.done.rejected_count += 1;
        if self.done.rejected.len() < REJECTED_SHOWN {
            self.done.rejected.push(RejectedRow {
                line: row.line,
                column: self.feed.columns.get(column).cloned().unwrap_or_else(|| column.to_owned()),
                code: code.to_owned(),
                value: value.chars().take(60).collect(),
            });
        }
    }

    fn value<'r>(&self, row: &'r Row, column: &str) -> Option<&'r str> {
        let name = self.feed.columns.get(column)?;
        row.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn readings(&mut self, rows: &[Row]) -> Result<(), OpError> {
        let mut by_meter: BTreeMap<&str, Vec<(TimeMs, f64)>> = BTreeMap::new();
        let mut addresses: HashMap<&str, &str> = HashMap::new();
        for row in rows {
            let Some(meter) = self.value(row, "meter") else {
                self.reject(row, "meter", "value_missing", "");
                continue;
            };
            let time_text = self.value(row, "time").unwrap_or("");
            let Some(time) = self.ctx.zone.parse(time_text) else {
                self.reject(row, "time", "time_invalid", time_text);
                continue;
            };
            let value_text = self.value(row, "value").unwrap_or("");
            match value_text.parse::<f64>() {
                Ok(value) if value.is_finite() && value >= 0.0 => {
                    by_meter.entry(meter).or_default().push((time, value));
                }
                Ok(_) => {
                    self.reject(row, "value", "value_out_of_range", value_text);
                    continue;
                }
                Err(_) => {
                    self.reject(row, "value", "number_invalid", value_text);
                    continue;
                }
            }
            self.done.accepted += 1;
            if let Some(address) = self.value(row, "address") {
                addresses.insert(meter, address);
            }
        }
        for (meter, mut values) in by_meter {
            values.sort_by_key(|(time, _)| *time);
            self.meter(meter, &values, addresses.get(meter).copied())?;
        }
        Ok(())
    }

    /// Stores a meter's new readings and lets its detector see the days that they complete.
    fn meter(&mut self, meter: &str, values: &[(TimeMs, f64)], address: Option<&str>) -> Result<(), OpError> {
        for (time, value) in values {
            self.done.changed +=
                self.tx.exec(&sql::PUT_READING, &[meter.into(), (*time).into(), (*value).into()])?;
        }
        let known = self.tx.opt(&sql::METER, &[meter.into()], |row| Ok((row.text(0)?, row.opt_text(2)?)))?;
        let (state, known_address) = known.unwrap_or_default();
        // What an older program kept is read anew from the readings.
        let mut state = Meter::from_text(&state).unwrap_or_default();
        let address = address.map(str::to_owned).or(known_address);
        let day_of = |time: TimeMs| self.ctx.zone.day_of(time);
        let first_new = values.first().map_or(0, |(time, _)| day_of(*time));
        // A reading for a day that was judged already: the meter is judged anew from its start.
        // Signals carry a key, so none is made twice.
        let last_day = |state: &Meter| state.last_day().map(i64::from);
        if last_day(&state).is_some_and(|last| first_new <= last) {
            state = Meter::default();
        }
        let from = last_day(&state).map_or(TimeMs(i64::MIN), |last| self.ctx.zone.start_of_day(last + 1));
        let mut days: BTreeMap<i64, f64> = BTreeMap::new();
        self.tx.each(&sql::READINGS, &[meter.into(), from.into()], |row| {
            *days.entry(self.ctx.zone.day_of(TimeMs(row.int(0)?))).or_default() += row.float(1)?;
            Ok(())
        })?;
        if self.feed.interval != Interval::Day {
            days.pop_last();
        }
        let mut found = Found::default();
        let around = Around { limits: &Limits::default(), season: &Season::default() };
        for (day, value) in &days {
            let Ok(day) = i32::try_from(*day) else { continue };
            let day = Day { day, used: Amount::of(*value as f32), night: Amount::MISSING };
            state.push(day, true, around, &mut found);
        }
        self.tx.exec(&sql::PUT_METER, &[meter.into(), state.to_text().into(), address.clone().into()])?;
        for change in found.changes {
            let stage = match change.stage {
                gridweave_meters::Stage::Early => "early",
                gridweave_meters::Stage::Confirmed => "confirmed",
            };
            let kind = change.kind.name();
            self.signal(Draft {
                kind,
                stage,
                subject: meter,
                once_key: format!("{}:{meter}:{kind}:{stage}:{}", self.feed.name, change.since),
                since: i64::from(change.since),
                detected: i64::from(change.detected),
                size: change.size,
                confidence: change.confidence,
                reason: json!(change.reason),
                address: address.as_deref(),
            })?;
        }
        Ok(())
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
            })?;
        }
        Ok(())
    }

    /// Makes the signal with its door: by the meter's place in the registers, by the door that a
    /// person chose before, by the address; else it waits in the inbox.
    fn signal(&mut self, draft: Draft<'_>) -> Result<(), OpError> {
        let mut door = (self.door_of_meter)(self.tx, draft.subject)?;
        if door.is_none() {
            let chosen = self.tx.opt(&sql::METER, &[draft.subject.into()], |row| row.opt_text(1))?;
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
