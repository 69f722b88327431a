//! Visits, workers and former rounds from tables.

use crate::WrongCall;
use crate::args::PlanCall;
use crate::convert::system;
use crate::faults::Faults;
use gridweave_atlas::Point;
use gridweave_atlas::crs::{Converter, Crs};
use gridweave_files::read_table;
use gridweave_rounds::{Plan, Visit, Worker};
use std::collections::HashMap;
use std::path::Path;

/// Minutes of a visit of which nothing is told, and a day's beginning and end.
const MINUTES: f64 = 10.0;
const DAY: (f64, f64) = (510.0, 1050.0);
/// What it costs to leave out a visit of each urgency, in minutes of walking.
const WORTH: [f64; 5] = [40.0, 120.0, 360.0, 1080.0, 3240.0];
/// Minutes for a floor up and down again, on stairs and by lift; and what waiting for a lift takes.
const FLOOR_STAIRS: f64 = 0.5;
const FLOOR_LIFT: f64 = 0.1;
const LIFT: f64 = 1.0;

/// What was read.
pub struct Read {
    /// Names of visits.
    pub visit_ids: Vec<String>,
    /// Visits.
    pub visits: Vec<Visit>,
    /// Where they are.
    pub visit_places: Vec<Point>,
    /// Names of workers.
    pub worker_ids: Vec<String>,
    /// Workers.
    pub workers: Vec<Worker>,
    /// Where they begin and end, two each.
    pub worker_places: Vec<Point>,
    /// Names of skills, in the order of their bits.
    pub skills: Vec<String>,
    /// Rows that were not taken.
    pub rejected: u64,
}

type Row = HashMap<String, String>;

fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn number(row: &Row, name: &str) -> Result<Option<f64>, String> {
    let Some(text) = text(row, name) else { return Ok(None) };
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.map(Some).ok_or_else(|| format!("{name} is {text:?}, no number"))
}

/// A time of day, as 09:30, or minutes since midnight.
fn minute(text: &str) -> Option<f64> {
    if let Some((hours, minutes)) = text.split_once(':') {
        let (hours, minutes) = (hours.trim().parse::<f64>().ok()?, minutes.trim().parse::<f64>().ok()?);
        return ((0.0..=24.0).contains(&hours) && (0.0..60.0).contains(&minutes))
            .then_some(hours * 60.0 + minutes);
    }
    text.parse().ok().filter(|minute| (0.0..=2880.0).contains(minute))
}

fn time(row: &Row, name: &str) -> Result<Option<f64>, String> {
    let Some(text) = text(row, name) else { return Ok(None) };
    minute(text).map(Some).ok_or_else(|| format!("{name} is {text:?}, no time such as 09:30"))
}

fn place(row: &Row, names: [&str; 2], to_wgs84: &Converter) -> Result<Option<Point>, String> {
    match (number(row, names[0])?, number(row, names[1])?) {
        (Some(x), Some(y)) => {
            let at = to_wgs84.convert([x, y]);
            let fits =
                at.iter().all(|value| value.is_finite()) && at[0].abs() <= 180.0 && at[1].abs() <= 90.0;
            fits.then_some(Some(at)).ok_or_else(|| format!("{x}, {y} is no place; is --crs right?"))
        }
        _ => Ok(None),
    }
}

/// Skills of a row as bits; names that are new get the next.
fn skills(row: &Row, known: &mut Vec<String>) -> Result<u64, String> {
    let mut bits = 0;
    for name in text(row, "skills")
        .unwrap_or("")
        .split([';', '；', '、'])
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let at = known.iter().position(|known| known == name).unwrap_or_else(|| {
            known.push(name.to_owned());
            known.len() - 1
        });
        if at >= 64 {
            return Err("there are more than 64 skills".to_owned());
        }
        bits |= 1 << at;
    }
    Ok(bits)
}

fn yes(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "1" | "yes" | "true" | "y" | "是" | "有")
}

/// Reads both tables; a row that is wrong is told and left out.
pub fn read(call: &PlanCall) -> anyhow::Result<Read> {
    let to_wgs84 = Converter::new(system(&call.crs)?, Crs::Wgs84);
    let mut read = Read {
        visit_ids: Vec::new(),
        visits: Vec::new(),
        visit_places: Vec::new(),
        worker_ids: Vec::new(),
        workers: Vec::new(),
        worker_places: Vec::new(),
        skills: Vec::new(),
        rejected: 0,
    };
    let mut faults = Faults::default();
    for (line, row) in rows(&call.visits, &mut faults)? {
        match read.visit(&row, &to_wgs84) {
            Ok(()) => {}
            Err(why) => faults.tell(|| format!("{} line {line}: {why}", call.visits.display())),
        }
    }
    // Places of workers come behind those of visits.
    let visits = read.visits.len();
    for (line, row) in rows(&call.workers, &mut faults)? {
        match read.worker(&row, visits, &to_wgs84) {
            Ok(()) => {}
            Err(why) => faults.tell(|| format!("{} line {line}: {why}", call.workers.display())),
        }
    }
    if read.workers.is_empty() {
        return Err(WrongCall(format!("{}: there is no worker", call.workers.display())).into());
    }
    read.rejected = faults.count();
    Ok(read)
}

fn rows(path: &Path, faults: &mut Faults) -> anyhow::Result<Vec<(u64, Row)>> {
    let table = read_table(path)?;
    for name in ["lon", "lat"] {
        if table.column(name).is_none() {
            let there = table.header.join(", ");
            return Err(
                WrongCall(format!("{}: no column {name:?}; there are: {there}", path.display())).into()
            );
        }
    }
    for bad in &table.bad {
        faults.tell(|| format!("{} line {}: {}", path.display(), bad.line, bad.why));
    }
    Ok(table.maps().collect())
}

impl Read {
    fn visit(&mut self, row: &Row, to_wgs84: &Converter) -> Result<(), String> {
        let at = place(row, ["lon", "lat"], to_wgs84)?.ok_or("no lon and lat")?;
        let id = text(row, "id").map_or_else(|| (self.visit_ids.len() + 1).to_string(), str::to_owned);
        if self.visit_ids.contains(&id) {
            return Err(format!("there is a visit {id:?} already"));
        }
        let urgency = number(row, "urgency")?.unwrap_or(3.0);
        if !(1.0..=5.0).contains(&urgency) {
            return Err(format!("urgency is {urgency}; it goes from 1 to 5"));
        }
        let workers = number(row, "workers")?.unwrap_or(1.0);
        if workers != 1.0 && workers != 2.0 {
            return Err(format!("workers is {workers}; 1 or 2 can visit"));
        }
        let minutes = number(row, "minutes")?.unwrap_or(MINUTES);
        if minutes < 0.0 {
            return Err(format!("minutes is {minutes}"));
        }
        let floors = (number(row, "floor")?.unwrap_or(1.0) - 1.0).abs();
        let climb = match text(row, "lift").is_some_and(yes) {
            _ if floors < 0.5 => 0.0,
            true => LIFT + floors * FLOOR_LIFT,
            false => floors * FLOOR_STAIRS,
        };
        let skills = skills(row, &mut self.skills)?;
        self.visits.push(Visit {
            place: self.visits.len(),
            minutes: minutes + climb,
            windows: windows(row)?,
            worth: WORTH[(urgency.round() as usize).clamp(1, 5) - 1],
            skills,
            workers: workers as u8,
        });
        self.visit_ids.push(id);
        self.visit_places.push(at);
        Ok(())
    }

    fn worker(&mut self, row: &Row, visits: usize, to_wgs84: &Converter) -> Result<(), String> {
        let start = place(row, ["lon", "lat"], to_wgs84)?.ok_or("no lon and lat")?;
        let end = place(row, ["end_lon", "end_lat"], to_wgs84)?.unwrap_or(start);
        let id = text(row, "id").map_or_else(|| (self.worker_ids.len() + 1).to_string(), str::to_owned);
        if self.worker_ids.contains(&id) {
            return Err(format!("there is a worker {id:?} already"));
        }
        let shift = (time(row, "from")?.unwrap_or(DAY.0), time(row, "until")?.unwrap_or(DAY.1));
        if shift.0 > shift.1 {
            return Err("the shift ends before it begins".to_owned());
        }
        let pause = match number(row, "pause_minutes")?.filter(|minutes| *minutes > 0.0) {
            Some(minutes) => {
                let from = time(row, "pause_from")?.unwrap_or(690.0);
                let until = time(row, "pause_until")?.unwrap_or(from + 90.0);
                if from > until {
                    return Err("the pause begins from a time that is after the last".to_owned());
                }
                Some((minutes, from, until))
            }
            None => None,
        };
        let skills = skills(row, &mut self.skills)?;
        let first = visits + self.worker_places.len();
        self.workers.push(Worker { start: first, end: first + 1, shift, pause, skills });
        self.worker_places.extend([start, end]);
        self.worker_ids.push(id);
        Ok(())
    }
}

/// When a visit may begin: `windows`, or `from` and `until`, or at any time.
fn windows(row: &Row) -> Result<Vec<(f64, f64)>, String> {
    let Some(told) = text(row, "windows") else {
        let (from, until) = (time(row, "from")?.unwrap_or(0.0), time(row, "until")?.unwrap_or(1440.0));
        if from > until {
            return Err("it may begin from a time that is after the last".to_owned());
        }
        return Ok(vec![(from, until)]);
    };
    let span = |text: &str| {
        let (from, until) = text.split_once(['-', '–', '~'])?;
        Some((minute(from.trim())?, minute(until.trim())?)).filter(|(from, until)| from <= until)
    };
    let mut windows: Vec<(f64, f64)> = told
        .split([';', '；'])
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| {
            span(text).ok_or_else(|| format!("windows has {text:?}; it takes spans such as 09:00-11:00"))
        })
        .collect::<Result<_, _>>()?;
    windows.sort_by(|a, b| a.0.total_cmp(&b.0));
    windows.dedup_by(|next, kept| {
        let meets = next.0 <= kept.1;
        kept.1 = if meets { kept.1.max(next.1) } else { kept.1 };
        meets
    });
    if windows.is_empty() {
        return Err("windows has no span".to_owned());
    }
    Ok(windows)
}

/// Rounds of before, of the visits and workers that are still there.
pub fn previous(path: &Path, read: &Read) -> anyhow::Result<Plan> {
    let table = read_table(path)?;
    if ["worker", "kind", "visit"].iter().any(|name| table.column(name).is_none()) {
        let why = "these are no rounds: columns worker, kind and visit are needed";
        return Err(WrongCall(format!("{}: {why}", path.display())).into());
    }
    let visits: HashMap<&str, usize> =
        read.visit_ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let workers: HashMap<&str, usize> =
        read.worker_ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let mut plan = Plan { rounds: vec![Vec::new(); read.workers.len()], ..Plan::default() };
    plan.appointments = vec![None; read.visits.len()];
    for (_, row) in table.maps().filter(|(_, row)| text(row, "kind") == Some("visit")) {
        let worker = text(&row, "worker").and_then(|id| workers.get(id));
        let visit = text(&row, "visit").and_then(|id| visits.get(id));
        if let (Some(worker), Some(visit)) = (worker, visit) {
            plan.rounds[*worker].push(*visit);
            if read.visits[*visit].workers == 2 {
                plan.appointments[*visit] = text(&row, "begins").and_then(minute);
            }
        }
    }
    Ok(plan)
}
