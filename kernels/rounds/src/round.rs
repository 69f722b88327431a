//! Visits as they are placed, and the round of one worker.

use crate::clock::Stop;
use crate::problem::{Day, Minute, Visit};
use gridweave_chance::Chance;

/// A visit as it is placed: those for two are placed twice, at a time that is fixed.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub visit: usize,
    /// The other half of a visit for two.
    pub twin: Option<usize>,
    pub what: Visit,
}

/// The round of one worker.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub tasks: Vec<u32>,
    pub stops: Vec<Stop>,
    /// The places from the start to the end.
    pub places: Vec<u32>,
    /// The walks between those, one fewer; a round without tasks has none.
    pub walks: Vec<f32>,
    /// When the worker may come to each task at the latest, the pause being over, and be home.
    pub latest: Vec<Minute>,
    pub walked: f64,
    /// A visit, or the end of the shift, cannot be kept.
    pub is_late: bool,
}

impl Round {
    pub fn empty(day: &Day, worker: usize) -> Self {
        let who = &day.workers[worker];
        Self {
            tasks: Vec::new(),
            stops: Vec::new(),
            places: vec![who.start as u32, who.end as u32],
            walks: Vec::new(),
            latest: vec![who.shift.1],
            walked: 0.0,
            is_late: false,
        }
    }
}

/// The latest that a visit may begin, not after a time.
pub(crate) fn latest(visit: &Visit, not_after: Minute) -> Minute {
    let open = visit.windows.iter().rev().find(|(from, _)| *from <= not_after);
    open.map_or(f64::NEG_INFINITY, |(_, until)| until.min(not_after))
}

/// Visits as they are placed, and when those for two begin: at a time by chance within their windows, on a quarter of an hour.
pub(crate) fn tasks(day: &Day, chance: &mut Chance) -> (Vec<Task>, Vec<Option<Minute>>) {
    let mut tasks: Vec<Task> = Vec::with_capacity(day.visits.len());
    let mut appointments = vec![None; day.visits.len()];
    for (number, visit) in day.visits.iter().enumerate() {
        if visit.workers < 2 {
            tasks.push(Task { visit: number, twin: None, what: visit.clone() });
            continue;
        }
        let (from, until) = visit.windows[chance.below(visit.windows.len())];
        // Within what the shifts of those who can have in common with it.
        let able = || day.workers.iter().filter(|worker| worker.skills & visit.skills == visit.skills);
        let open = able().map(|worker| worker.shift.0).fold(f64::INFINITY, f64::min).max(from).min(until);
        let close = able()
            .map(|worker| worker.shift.1 - visit.minutes)
            .fold(0.0, f64::max)
            .clamp(open, until.max(open));
        let begins = ((open + chance.unit() * (close - open)) / 15.0).round() * 15.0;
        let begins = begins.clamp(open, close);
        appointments[number] = Some(begins);
        // Each half is worth half, so that both are worth the whole.
        let half = Visit { windows: vec![(begins, begins)], worth: visit.worth / 2.0, ..visit.clone() };
        let first = tasks.len();
        tasks.push(Task { visit: number, twin: Some(first + 1), what: half.clone() });
        tasks.push(Task { visit: number, twin: Some(first), what: half });
    }
    (tasks, appointments)
}
