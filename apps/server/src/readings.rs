//! Readings of meters into signals: the file is read, the kernel judges, and what it saw and what it keeps are written in one
//! transaction.
//!
//! A feed's meters are kept in memory by the version that the database has of them; who finds another version there
//! reads it anew. One push of a feed is judged at a time, the others wait for it.

use crate::assembly::App;
use gridweave_core::{Ctx, PlaceId};
use gridweave_db::{DbError, OpError};
use gridweave_files::readings::{BadReadings, Fault, Moment, Name, ReadingColumns, Rows, read_readings};
use gridweave_meters::{Amount, Fleet, Limits, Rhythm, Scan, Told, Whose};
use gridweave_registers::queries as registers;
use gridweave_signals::Feed;
use gridweave_signals::feeds::Interval;
use gridweave_signals::ops::push::{self, Judged, Observed, Pushed, RejectedRow, show_rejected};
use gridweave_signals::state::{self, Parts};
use gridweave_signals::tuning::{self, InForce};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// From so many meters on, all homes are asked for at once.
const MANY_METERS: usize = 2000;
/// Another server may push to the same feed at the same time; then it is judged again on what that one left.
const TRIES: usize = 4;

/// Why a push of readings was not taken; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// It may not, or the database failed.
    #[error("{0:?}")]
    Op(OpError),
    /// The file is none of readings.
    #[error(transparent)]
    File(#[from] BadReadings),
    /// What is kept of the feed's meters cannot be read.
    #[error(transparent)]
    State(#[from] gridweave_meters::BadSnapshot),
    /// Others came between, again and again.
    #[error("other pushes to this feed came between; push again")]
    Busy,
}

impl From<OpError> for PushError {
    fn from(error: OpError) -> Self {
        PushError::Op(error)
    }
}

impl From<DbError> for PushError {
    fn from(error: DbError) -> Self {
        PushError::Op(error.into())
    }
}

/// The meters of feeds, in memory.
#[derive(Clone, Default)]
pub struct MeterStates(Arc<Mutex<HashMap<String, Arc<Mutex<Option<Held>>>>>>);

/// The meters of a feed.
struct Held {
    version: i64,
    scan: Scan,
    parts: Arc<Parts>,
}

impl MeterStates {
    fn of(&self, feed: &str) -> Arc<Mutex<Option<Held>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(feed.to_owned()).or_default().clone()
    }
}

/// Pushes a file of readings to a feed. The same content again does nothing.
pub fn push_file(app: &App, ctx: &Ctx, feed: &Feed, path: &Path, digest: &str) -> Result<Pushed, PushError> {
    let held = app.meters.of(&feed.name);
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..TRIES {
        let (asked, same) = (feed.clone(), digest.to_owned());
        let now = ctx.now();
        let (known, version, visits) = app.db.read_blocking(move |tx| -> Result<_, OpError> {
            let known = push::known(tx, &asked, &same)?;
            Ok((known, state::version(tx, &asked.name)?, tuning::visits(tx, &asked.name, now)?))
        })?;
        if let Some(before) = known {
            return Ok(before);
        }
        // Taken out: where anything fails, it is read anew.
        let current = match held.take().filter(|held| held.version == version) {
            Some(current) => current,
            None => load(app, feed, version)?,
        };
        let Held { mut scan, parts, .. } = current;
        let begun = Instant::now();
        scan.fleet.allow(tuning::limits(&feed.false_alarms, &visits));
        let mut judged = judge(app, ctx, feed, path, &mut scan)?;
        judged.limits = Some(InForce::of(&scan.fleet, &feed.false_alarms, visits));
        let judged_in = begun.elapsed();
        let now = Arc::new(state::parts(&scan));
        let (name, rows) = (feed.name.clone(), judged.pushed.rows);
        let (before, after, judged) = (parts, now.clone(), Arc::new(judged));
        let (ctx, feed, digest, library) =
            (ctx.clone(), feed.clone(), digest.to_owned(), app.library.clone());
        let done = app.db.write_blocking(move |tx| {
            let door = |tx: &mut gridweave_db::Tx, meter: &str| registers::place_of_device(tx, meter);
            let store = |tx: &mut gridweave_db::Tx| state::store(tx, &feed.name, version, &before, &after);
            push::take_judged(tx, &ctx, &feed, &digest, &judged, &library, &door, store)
        })?;
        if let Some(done) = done {
            let written_in = begun.elapsed() - judged_in;
            tracing::info!(feed = name, rows, ?judged_in, ?written_in, "readings were taken");
            if !done.repeated {
                *held = Some(Held { version: version + 1, scan, parts: now });
            }
            return Ok(done);
        }
    }
    Err(PushError::Busy)
}

fn load(app: &App, feed: &Feed, version: i64) -> Result<Held, PushError> {
    let name = feed.name.clone();
    let parts = app.db.read_blocking(move |tx| state::load(tx, &name))?;
    let scan = state::scan(&parts)?.unwrap_or_else(|| Scan::new(Fleet::new(Limits::default())));
    Ok(Held { version, scan, parts: Arc::new(parts) })
}

/// Reads the file and lets the kernel judge.
fn judge(app: &App, ctx: &Ctx, feed: &Feed, path: &Path, scan: &mut Scan) -> Result<Judged, PushError> {
    let column = |name: &str| feed.columns.get(name).cloned();
    let columns = ReadingColumns {
        meter: column("meter"),
        time: column("time"),
        value: column("value"),
        address: column("address"),
    };
    let mut taker = Taker {
        feed,
        scan,
        rhythm: rhythm(feed),
        addresses: HashMap::new(),
        seen: Vec::new(),
        done: Pushed::default(),
    };
    read_readings(path, &columns, ctx.zone.clone(), 1, &mut taker)?;
    let Taker { addresses, seen, mut done, .. } = taker;
    let seen: Vec<u32> = (0..).zip(seen).filter_map(|(place, seen)| seen.then_some(place)).collect();
    let asked = Instant::now();
    let homes = homes(app, ctx, scan, &seen)?;
    tracing::info!(homes = homes.len(), took = ?asked.elapsed(), "the registers were asked");
    settle(scan, &homes);
    let (told, taken) = scan.finish();
    (done.changed, done.late) = (taken.meter_days, taken.too_late);
    let observed = |told: Told| match told.of {
        Whose::Meter(place) => Observed {
            subject: scan.keys.name(place as usize).to_owned(),
            address: addresses.get(&place).cloned(),
            place: None,
            change: told.change,
        },
        Whose::Neighbourhood(number) => {
            let subject = scan.neighbours.name(number).to_owned();
            // All neighbourhoods are places of the library.
            let place = Some(PlaceId(subject.clone()));
            Observed { subject, address: None, place, change: told.change }
        }
    };
    Ok(Judged { changes: told.into_iter().map(observed).collect(), pushed: done, limits: None })
}

fn rhythm(feed: &Feed) -> Option<Rhythm> {
    let (slots, a_day) = match feed.interval {
        Interval::Day => (1, 1),
        Interval::Hour => (24, 24),
        Interval::HalfHour => (48, 48),
    };
    (slots > 1 || feed.registers).then_some(Rhythm { slots, a_day, registers: feed.registers })
}

/// What the registers say of the homes of meters, by the meters' places: all of them where many were pushed.
fn homes(
    app: &App,
    ctx: &Ctx,
    scan: &Scan,
    seen: &[u32],
) -> Result<Vec<(u32, registers::MeteredHome)>, PushError> {
    let today = ctx.today();
    let some: Option<Vec<String>> = (seen.len() < MANY_METERS)
        .then(|| seen.iter().map(|place| scan.keys.name(*place as usize).to_owned()).collect());
    let found = match some {
        None => all_homes(app, today)?,
        Some(meters) => app.db.read_blocking(move |tx| {
            let one = |meter: &String| registers::metered_home(tx, meter, today).transpose();
            meters.iter().filter_map(one).collect::<Result<Vec<_>, DbError>>()
        })?,
    };
    let place = |home: registers::MeteredHome| Some((scan.keys.find(&home.meter)? as u32, home));
    Ok(found.into_iter().filter_map(place).collect())
}

/// The homes of all meters. Who is cared for and what lies where are asked for at the same time.
fn all_homes(app: &App, today: i64) -> Result<Vec<registers::MeteredHome>, PushError> {
    let (db, other) = (&app.db, app.db.clone());
    let (cared, homes) = std::thread::scope(|scope| {
        let cared = scope.spawn(move || other.read_blocking(move |tx| registers::cared_homes(tx, today)));
        let homes = db.read_blocking(registers::metered_homes);
        (cared.join(), homes)
    });
    let cared = cared.map_err(|_| DbError::Worker("the care list was not read".to_owned()))??;
    let with_care = |(home, place): (registers::MeteredHome, PlaceId)| {
        let care = cared.contains(&place.0);
        registers::MeteredHome { care, ..home }
    };
    Ok(homes?.into_iter().map(with_care).collect())
}

/// Tells the scan who is on the care list and who lies beside whom.
fn settle(scan: &mut Scan, homes: &[(u32, registers::MeteredHome)]) {
    scan.care.resize(scan.keys.len(), false);
    for (place, home) in homes {
        scan.care[*place as usize] = home.care;
        for (level, near) in home.near.iter().enumerate() {
            let Some(near) = near else { continue };
            let number = scan.neighbours.numbered(&near.0, level);
            scan.neighbours.put(*place as usize, number);
        }
    }
}

/// Puts rows into the scan.
struct Taker<'a> {
    feed: &'a Feed,
    scan: &'a mut Scan,
    rhythm: Option<Rhythm>,
    addresses: HashMap<u32, String>,
    /// By place: did a row name the meter?
    seen: Vec<bool>,
    done: Pushed,
}

impl Rows for Taker<'_> {
    fn take(&mut self, meter: Name<'_>, at: Moment, value: f64) -> bool {
        let place = match meter {
            Name::Text(text) => self.scan.keys.place(text),
            Name::Number(number) => self.scan.keys.place_of_number(number),
        };
        self.done.rows += 1;
        self.done.accepted += 1;
        if place >= self.seen.len() {
            self.seen.resize(self.scan.keys.len(), false);
        }
        self.seen[place] = true;
        match self.rhythm {
            Some(rhythm) => self.scan.take_reading(place, at.day, at.second, value, rhythm),
            None => self.scan.take(place, at.day, Amount::of(value as f32)),
        }
        true
    }

    fn address(&mut self, meter: &str, address: &str) {
        if !address.trim().is_empty() && !meter.trim().is_empty() {
            let place = self.scan.keys.place(meter);
            self.addresses.insert(place as u32, address.trim().to_owned());
        }
    }

    fn reject(&mut self, _: &Path, line: u64, fault: Fault, cell: &str) {
        let (column, code) = match fault {
            Fault::Meter => ("meter", "value_missing"),
            Fault::Time => ("time", "time_invalid"),
            Fault::Value => ("value", "number_invalid"),
            Fault::Row => ("", "row_unreadable"),
        };
        self.done.rows += 1;
        let column = self.feed.columns.get(column).cloned().unwrap_or_else(|| column.to_owned());
        let row = RejectedRow { line, column, code: code.to_owned(), value: cell.to_owned() };
        show_rejected(&mut self.done, row);
    }

    fn progress(&mut self, _: f64) {}
}
