//! `gridweave rounds`: who visits whom, and in which order.

mod picture;
mod reading;
mod words;
mod writing;

use crate::WrongCall;
use crate::args::{PlanCall, RoundsCommand};
use crate::interrupt;
use crate::kernels::peak_mib;
use crate::progress::Progress;
use anyhow::Context;
use gridweave_atlas::Point;
use gridweave_files::{osm, write_whole};
use gridweave_rounds::{Day, Pace, Plan, Search, Streets, Walks, check, straight, why};
use rayon::prelude::*;
use reading::Read;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Searches beside each other, of which the best is taken.
const SEARCHES: u64 = 2;
/// Steps of a search for each visit, at the least and at the most in all.
const STEPS_A_VISIT: usize = 250;
const STEPS_LEAST: usize = 20_000;
const STEPS_MOST: usize = 2_000_000;
/// Steps where most stays as it was.
const STEPS_AGAIN: usize = 3_000;
/// Steps between two looks at the clock.
const AT_ONCE: usize = 64;

/// `gridweave rounds …`.
pub fn run(json: bool, what: RoundsCommand) -> anyhow::Result<ExitCode> {
    match what {
        RoundsCommand::Plan(call) => plan(json, &call),
    }
}

fn plan(json: bool, call: &PlanCall) -> anyhow::Result<ExitCode> {
    let since = Instant::now();
    let read = reading::read(call)?;
    let places: Vec<Point> = read.places();
    let pace = Pace { metres_a_minute: call.pace * 1000.0 / 60.0, detour: call.detour };
    if !(pace.metres_a_minute > 0.0 && pace.detour >= 1.0) {
        return Err(WrongCall("--pace is above 0, and --detour at least 1".to_owned()).into());
    }
    let (walks, streets) = match (&call.streets, &call.minutes) {
        (Some(path), _) => {
            let streets = walkable(path)?;
            (streets.walks(&places, pace), Some(streets))
        }
        (None, Some(path)) => (matrix(path, places.len())?, None),
        (None, None) => (straight(&places, pace), None),
    };
    let day = Day { visits: read.visits.clone(), workers: read.workers.clone(), walks };
    day.check().map_err(|why| WrongCall(why.to_string()))?;
    let read_s = since.elapsed().as_secs_f64();
    let previous = call.previous.as_ref().map(|path| reading::previous(path, &read)).transpose()?;
    let searching = Instant::now();
    let (found, steps) = search(call, &day, previous.as_ref());
    let search_s = searching.elapsed().as_secs_f64();
    let times: Option<Vec<_>> = found.times(&day).into_iter().collect();
    let times = times.context("a round does not fit its own times")?;
    let faults = check(&day, &times, &found.left_out);
    if let Some(fault) = faults.first() {
        anyhow::bail!("rounds were found that cannot be walked: {fault}");
    }
    let reasons: Vec<_> = found.left_out.iter().map(|visit| (*visit, why(&day, &found, *visit))).collect();
    let in_words: Vec<_> =
        reasons.iter().map(|(visit, why)| (*visit, words::of(*why, &read, call.language))).collect();
    writing::write(&call.out, &read, &times, &in_words, streets.as_ref())?;
    if let Some(path) = &call.picture {
        let drawn = picture::map(&read, &times, &found, streets.as_ref());
        write_whole(path, |file| file.write_all(drawn.as_bytes()))
            .with_context(|| path.display().to_string())?;
    }
    let at_work = found.rounds.iter().filter(|round| !round.is_empty()).count();
    if json {
        println!(
            "{}",
            json!({
                "visits": day.visits.len(), "workers": day.workers.len(), "at_work": at_work,
                "left_out": found.left_out.len(), "walked_minutes": found.walked(&day), "cost": found.cost(&day),
                "rejected": read.rejected, "steps": steps, "read_s": read_s, "search_s": search_s,
                "seconds": since.elapsed().as_secs_f64(), "peak_mib": peak_mib(),
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "{} visits, {} left out; {at_work} of {} workers walk {:.0} minutes in all; {:.1} s",
        day.visits.len(),
        found.left_out.len(),
        day.workers.len(),
        found.walked(&day),
        since.elapsed().as_secs_f64()
    );
    for (visit, why) in &in_words {
        eprintln!("{}: {why}", read.visit_ids[*visit]);
    }
    Ok(ExitCode::SUCCESS)
}

fn walkable(path: &Path) -> anyhow::Result<Streets> {
    let extract = osm::read(path)?;
    let on_foot = |class: &str| !matches!(class, "motorway" | "motorway_link" | "construction" | "proposed");
    let lines: Vec<Vec<Point>> = extract
        .roads
        .into_iter()
        .filter(|road| on_foot(&road.class))
        .flat_map(|road| match road.geometry {
            gridweave_atlas::Geometry::Lines(lines) => lines,
            _ => Vec::new(),
        })
        .collect();
    let streets = Streets::new(&lines);
    if streets.is_empty() {
        return Err(WrongCall(format!("{}: there is no street to walk on", path.display())).into());
    }
    Ok(streets)
}

fn matrix(path: &Path, places: usize) -> anyhow::Result<Walks> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let rows: Vec<Vec<f32>> =
        serde_json::from_str(&text).map_err(|why| WrongCall(format!("{}: {why}", path.display())))?;
    let fits = rows.len() == places && rows.iter().all(|row| row.len() == places);
    if !fits || rows.iter().flatten().any(|minutes| !minutes.is_finite() || *minutes < 0.0) {
        let why = format!("it takes {places} rows of {places} minutes, first the visits, then the workers");
        return Err(WrongCall(format!("{}: {why}", path.display())).into());
    }
    Walks::new(places, rows.into_iter().flatten().collect()).context("a matrix")
}

/// Looks for rounds, several times beside each other; tells the best, and how many steps that took.
fn search(call: &PlanCall, day: &Day, previous: Option<&Plan>) -> (Plan, usize) {
    let steps = match previous {
        Some(_) => STEPS_AGAIN,
        None => (day.visits.len() * STEPS_A_VISIT).clamp(STEPS_LEAST, STEPS_MOST),
    };
    let since = Instant::now();
    interrupt::listen();
    let progress = std::sync::Mutex::new(Progress::new());
    let found = (0..SEARCHES).into_par_iter().map(|number| {
        let mut search = Search::new(day, call.seed.wrapping_mul(SEARCHES).wrapping_add(number));
        if let Some(plan) = previous {
            search = search.from(plan);
        }
        let mut done = 0usize;
        loop {
            let share = match call.seconds {
                Some(seconds) => since.elapsed().as_secs_f64() / seconds.max(1e-3),
                None => done as f64 / steps as f64,
            };
            if share >= 1.0 || interrupt::asked() {
                break;
            }
            if number == 0
                && done.is_multiple_of(64 * AT_ONCE)
                && let Ok(mut progress) = progress.lock()
            {
                progress.show("plan", share);
            }
            // What stays as it was is not shaken.
            let cool = if previous.is_some() { 1.0 } else { share };
            for _ in 0..AT_ONCE {
                search.step(cool);
            }
            done += AT_ONCE;
        }
        (search.cost(), number, search.plan(), done)
    });
    let all: Vec<_> = found.collect();
    if let Ok(progress) = progress.into_inner() {
        progress.done();
    }
    let steps = all.iter().map(|found| found.3).sum();
    let best = all.into_iter().min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    (best.map(|best| best.2).unwrap_or_default(), steps)
}

/// A time of day.
pub(crate) fn clock_text(minute: f64) -> String {
    let minute = minute.round() as i64;
    format!("{:02}:{:02}", minute.div_euclid(60), minute.rem_euclid(60))
}

impl Read {
    /// Where visits are, and then where workers begin and end.
    fn places(&self) -> Vec<Point> {
        self.visit_places.iter().chain(&self.worker_places).copied().collect()
    }
}
