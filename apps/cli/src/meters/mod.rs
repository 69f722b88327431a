//! `gridweave meters`: readings into signals.

mod drawing;
mod register;
mod rhythm;
mod score;

use crate::WrongCall;
use crate::args::{Language, MetersCommand, ReadingsCall, ScanCall};
use crate::kernels::peak_mib;
use crate::progress::Progress;
use gridweave_core::Zone;
use gridweave_files::batches::{BatchWriter, Column, Kind};
use gridweave_files::readings::{
    BadReadings, Fault, Moment, Name, Names, Numbers, ReadingColumns, Rows, read_readings,
};
use gridweave_files::{map_file, write_csv, write_whole};
use gridweave_meters::{
    Amount, Fleet, Hourly, Keys, Limits, Meter, Rhythm, Scan, Taken, Told, Whose, read_snapshot,
    write_snapshot,
};
use rhythm::Sample;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Rows that were not taken and that are shown.
const SHOWN: usize = 20;
/// Rows that were not taken and that are kept for `--rejected`.
const KEPT: usize = 1_000_000;

/// Runs a command.
pub fn run(json: bool, what: MetersCommand) -> anyhow::Result<ExitCode> {
    match what {
        MetersCommand::Scan(call) => scan(json, &call),
        MetersCommand::Explain { readings, of, out } => {
            let mut run = begin(&readings, None, Some(&of))?;
            let (told, _) = run.scan.finish();
            run.end_progress();
            draw(&run.scan, &told, &of, &out)?;
            Ok(ExitCode::SUCCESS)
        }
        MetersCommand::Score(call) => score::run(json, &call),
    }
}

/// Readings that were taken, before the last days are judged.
struct Run {
    scan: Scan,
    counts: Counts,
    rejected: Vec<(PathBuf, u64, Fault, String)>,
    progress: Option<Progress>,
}

impl Run {
    fn end_progress(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.done();
        }
    }
}

#[derive(Default)]
struct Counts {
    readings: u64,
    rejected: BTreeMap<Fault, u64>,
}

fn scan(json: bool, call: &ScanCall) -> anyhow::Result<ExitCode> {
    let clock = Instant::now();
    let mut run = begin(&call.readings, call.state.as_deref(), call.explain.as_deref())?;
    let read_s = clock.elapsed().as_secs_f64();
    let (told, taken) = run.scan.finish();
    let judge_s = clock.elapsed().as_secs_f64() - read_s;
    write_signals(call, &run.scan, &told)?;
    if let Some(path) = &call.rejected {
        write_rejected(path, &run)?;
    }
    // The state comes last: where it was not written, the run can be made again.
    if let Some(path) = &call.state {
        write_whole(path, |out| write_snapshot(&run.scan, out))?;
    }
    run.end_progress();
    if let (Some(meter), Some(out)) = (&call.explain, &call.drawing) {
        draw(&run.scan, &told, meter, out)?;
    }
    let summary = summary(&run, &told, taken, (read_s, judge_s, clock.elapsed().as_secs_f64()));
    if json {
        println!("{summary}");
    } else {
        eprintln!(
            "{} readings of {} meters: {} signals in {}",
            run.counts.readings,
            run.scan.keys.len(),
            shown(&told).count(),
            call.out.display()
        );
        if taken.too_late > 0 {
            eprintln!("{} days of meters came too late to be judged", taken.too_late);
        }
        for (fault, count) in &run.counts.rejected {
            eprintln!("{count} rows not taken: {}", fault.text());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(run: &Run, told: &[Told], taken: Taken, (read, judge, all): (f64, f64, f64)) -> serde_json::Value {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for told in shown(told) {
        *kinds.entry(told.change.kind.name()).or_default() += 1;
    }
    let hourly = run.scan.hours.is_some();
    json!({
        "readings": run.counts.readings,
        "meters": run.scan.keys.len(),
        "meter_days": taken.meter_days,
        "too_late": taken.too_late,
        "rejected": run.counts.rejected.values().sum::<u64>(),
        "signals": shown(told).count(),
        "kinds": kinds,
        "silence_days": run.scan.fleet.limits.silence_days,
        "shift_errors": run.scan.fleet.limits.shift,
        "state_bytes_per_meter": size_of::<Meter>() + if hourly { size_of::<Hourly>() } else { 0 },
        "read_s": read,
        "judge_s": judge,
        "seconds": all,
        "peak_mib": peak_mib(),
    })
}

/// What is written: of a silence that was said early, the confirmation is not said again.
fn shown(told: &[Told]) -> impl Iterator<Item = &Told> {
    told.iter().filter(|told| !told.change.again)
}

/// Reads the readings; what is between two runs goes on.
fn begin(call: &ReadingsCall, state: Option<&Path>, explain: Option<&str>) -> anyhow::Result<Run> {
    for (flag, value) in
        [("--false-alarms", call.false_alarms), ("--care-false-alarms", call.care_false_alarms)]
    {
        if !(value > 0.0 && value.is_finite()) {
            return Err(WrongCall(format!("{flag} {value}: a number above 0")).into());
        }
    }
    let known = state.filter(|path| path.exists());
    let mut scan = Some(fresh(call, known)?);
    let mut rhythm = match (known, &scan) {
        (Some(_), Some(scan)) => scan.hours.as_ref().map(|hours| hours.rhythm),
        _ => sampled_rhythm(call)?,
    };
    loop {
        let mut scan = scan.take().map_or_else(|| fresh(call, known), Ok)?;
        scan.watched = explain.map(|name| scan.keys.place(name));
        let mut taker = Taker {
            run: Run {
                scan,
                counts: Counts::default(),
                rejected: Vec::new(),
                progress: Some(Progress::new()),
            },
            rhythm,
            second: None,
            finer: None,
        };
        read(call, &mut taker)?;
        match taker.finer {
            None => return Ok(taker.run),
            // A day turned out to have several readings: from the start, by their hours.
            Some(gap) => {
                let (slots, a_day) = rhythm::slots_of(gap, gap % 900 == 0);
                rhythm = Some(Rhythm { slots: slots.max(24), a_day: a_day.max(2), registers: false });
            }
        }
    }
}

/// Reads all files into `rows`.
fn read(call: &ReadingsCall, rows: &mut dyn Rows) -> anyhow::Result<()> {
    let zone = Zone::named(&call.zone)
        .ok_or_else(|| WrongCall(format!("--zone {:?} is no time zone, as Asia/Shanghai is", call.zone)))?;
    let columns = ReadingColumns {
        meter: call.meter.clone(),
        time: call.time.clone(),
        value: call.value.clone(),
        address: None,
    };
    for path in &call.files {
        let go_on = read_readings(path, &columns, zone.clone(), rayon::current_num_threads(), rows);
        let go_on = go_on.map_err(|error| match error {
            BadReadings::File(error) => anyhow::Error::new(error),
            other => WrongCall(other.to_string()).into(),
        });
        if !go_on? {
            break;
        }
    }
    Ok(())
}

/// How readings come, as their first rows say.
fn sampled_rhythm(call: &ReadingsCall) -> anyhow::Result<Option<Rhythm>> {
    let mut sample = Sample::default();
    read(call, &mut sample)?;
    Ok(if sample.is_empty() { None } else { sample.rhythm(call.interval, call.values) })
}

/// The scan of a state, or a new one, that knows the table of meters.
fn fresh(call: &ReadingsCall, state: Option<&Path>) -> anyhow::Result<Scan> {
    let limits = Limits::allowing(call.false_alarms, call.care_false_alarms);
    let mut scan = match state {
        None => Scan::new(Fleet::new(limits)),
        Some(path) => {
            let bytes = map_file(path)?;
            let mut scan = read_snapshot(bytes.as_ref())
                .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
            scan.fleet.allow(limits);
            scan
        }
    };
    register::apply(call, &mut scan)?;
    Ok(scan)
}

/// Puts rows into the scan.
struct Taker {
    run: Run,
    rhythm: Option<Rhythm>,
    /// The second of the day at which the first reading was.
    second: Option<u32>,
    /// Two readings of a meter on one day so many seconds apart, where a day was thought to have one.
    finer: Option<i64>,
}

impl Rows for Taker {
    #[inline]
    fn take(&mut self, meter: Name<'_>, at: Moment, value: f64) -> bool {
        let scan = &mut self.run.scan;
        let place = match meter {
            Name::Text(text) => scan.keys.place(text),
            Name::Number(number) => scan.keys.place_of_number(number),
        };
        self.run.counts.readings += 1;
        match self.rhythm {
            Some(rhythm) => scan.take_reading(place, at.day, at.second, value, rhythm),
            None => {
                let first = *self.second.get_or_insert(at.second);
                if at.second != first && scan.holds(place, at.day) {
                    self.finer = Some((i64::from(at.second) - i64::from(first)).abs().max(900));
                    return false;
                }
                scan.take(place, at.day, Amount::of(value as f32));
            }
        }
        true
    }

    fn take_many(&mut self, meters: Names<'_>, at: Moment, values: Numbers<'_>) -> bool {
        let first = *self.second.get_or_insert(at.second);
        if self.rhythm.is_some() || at.second != first {
            return (0..values.len()).all(|row| self.take(meters.get(row), at, values.get(row)));
        }
        self.run.counts.readings += values.len() as u64;
        match meters {
            Names::Ints(of) => {
                self.take_from(at.day, |keys, row| keys.place_of_number(i64::from(of[row])), values);
            }
            Names::Longs(of) => self.take_from(at.day, |keys, row| keys.place_of_number(of[row]), values),
            Names::Texts(texts, from) => {
                self.take_from(at.day, |keys, row| keys.place(texts.get(from + row)), values);
            }
        }
        true
    }

    fn reject(&mut self, file: &Path, line: u64, fault: Fault, cell: &str) {
        let counts = &mut self.run.counts.rejected;
        if counts.values().sum::<u64>() < SHOWN as u64 {
            eprintln!("{} line {line}: {}: {cell:?}", file.display(), fault.text());
        }
        *counts.entry(fault).or_default() += 1;
        if self.run.rejected.len() < KEPT {
            self.run.rejected.push((file.to_owned(), line, fault, cell.to_owned()));
        }
    }

    fn progress(&mut self, share: f64) {
        if let Some(progress) = &mut self.run.progress {
            progress.show("reading", share);
        }
    }
}

impl Taker {
    fn take_from(&mut self, day: i32, whose: impl Fn(&mut Keys, usize) -> usize, values: Numbers<'_>) {
        let scan = &mut self.run.scan;
        match values {
            Numbers::Doubles(all) => scan.take_many(day, all.len(), whose, |row| all[row] as f32),
            Numbers::Floats(all) => scan.take_many(day, all.len(), whose, |row| all[row]),
        }
    }
}

fn name_of(scan: &Scan, of: Whose) -> &str {
    match of {
        Whose::Meter(place) => scan.keys.name(place as usize),
        Whose::Neighbourhood(number) => scan.neighbours.name(number),
    }
}

fn write_signals(call: &ScanCall, scan: &Scan, told: &[Told]) -> anyhow::Result<()> {
    let header = ["meter", "kind", "since", "detected", "size", "confidence", "reason"].map(str::to_owned);
    let told: Vec<&Told> = shown(told).collect();
    let text =
        |make: &dyn Fn(&Told) -> String| Column::Text(told.iter().map(|told| Some(make(told))).collect());
    let columns = [
        text(&|told| name_of(scan, told.of).to_owned()),
        text(&|told| told.change.kind.name().to_owned()),
        text(&|told| Zone::date_text(i64::from(told.change.since))),
        text(&|told| Zone::date_text(i64::from(told.change.detected))),
        text(&|told| format!("{:.3}", told.change.size)),
        text(&|told| format!("{:.2}", told.change.confidence)),
        text(&|told| match call.language {
            Language::Zh => told.change.reason.zh.clone(),
            Language::En => told.change.reason.en.clone(),
        }),
    ];
    let mut out = BatchWriter::create(Some(&call.out), &header, &[Kind::Text; 7])?;
    out.write(&columns.iter().collect::<Vec<_>>())?;
    out.finish()?;
    Ok(())
}

fn write_rejected(path: &Path, run: &Run) -> anyhow::Result<()> {
    let header = ["file", "line", "reason", "cell"].map(str::to_owned);
    let rows = run.rejected.iter().map(|(file, line, fault, cell)| {
        vec![file.display().to_string(), line.to_string(), fault.text().to_owned(), cell.clone()]
    });
    write_whole::<anyhow::Error>(path, |out| Ok(write_csv(out, &header, rows)?))?;
    Ok(())
}

fn draw(scan: &Scan, told: &[Told], meter: &str, out: &Path) -> anyhow::Result<()> {
    let place = scan.keys.find(meter).filter(|_| !scan.seen.is_empty());
    let Some(place) = place else {
        return Err(WrongCall(format!("there are no readings of meter {meter:?}")).into());
    };
    let own: Vec<&Told> = told.iter().filter(|told| told.of == Whose::Meter(place as u32)).collect();
    let svg = drawing::series(meter, &scan.seen, &own);
    write_whole(out, |file| std::io::Write::write_all(file, svg.as_bytes()))?;
    eprintln!("{} days, {} signals: {}", scan.seen.len(), own.len(), out.display());
    Ok(())
}
