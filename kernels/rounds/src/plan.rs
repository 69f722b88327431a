//! Rounds with their times.

use crate::clock::Clock;
use crate::problem::{Day, Minute};

/// Who visits whom, in which order, and who is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Visits of each worker, in order.
    pub rounds: Vec<Vec<usize>>,
    /// Visits that nobody makes.
    pub left_out: Vec<usize>,
    /// When visits for two begin, by visit; none of others.
    pub appointments: Vec<Option<Minute>>,
}

/// One thing that a worker does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doing {
    /// A pause.
    Pause {
        /// When it begins.
        begins: Minute,
        /// How long it takes.
        minutes: f64,
    },
    /// A visit.
    Visit {
        /// Which.
        visit: usize,
        /// Minutes walked before it.
        walk: f64,
        /// When it begins.
        begins: Minute,
        /// When it is over.
        ends: Minute,
    },
    /// Home.
    Home {
        /// Minutes walked before.
        walk: f64,
        /// When.
        at: Minute,
    },
}

impl Plan {
    /// What each worker does and when; none of those whose round does not fit.
    pub fn times(&self, day: &Day) -> Vec<Option<Vec<Doing>>> {
        (0..day.workers.len()).map(|worker| self.times_of(day, worker)).collect()
    }

    fn times_of(&self, day: &Day, number: usize) -> Option<Vec<Doing>> {
        let worker = &day.workers[number];
        let mut clock = Clock::of(worker);
        let mut doings = Vec::new();
        let pauses =
            |begins: Minute| Doing::Pause { begins, minutes: worker.pause.map_or(0.0, |pause| pause.0) };
        let round = self.rounds.get(number).map_or(&[][..], Vec::as_slice);
        for &visit in round {
            let walk = day.walks.between(clock.place, day.visits[visit].place);
            let mut wanted = day.visits[visit].clone();
            if let Some(appointment) = self.appointments.get(visit).copied().flatten() {
                wanted.windows = vec![(appointment, appointment)];
            }
            let stop = clock.visit(day, worker, &wanted)?;
            doings.extend(stop.pause.map(pauses));
            doings.push(Doing::Visit { visit, walk, begins: stop.begins, ends: stop.after.free });
            clock = stop.after;
        }
        if round.is_empty() {
            return Some(doings);
        }
        let walk = day.walks.between(clock.place, worker.end);
        let (at, pause) = clock.home(day, worker)?;
        doings.extend(pause.map(pauses));
        doings.push(Doing::Home { walk, at });
        Some(doings)
    }

    /// Minutes walked by all.
    pub fn walked(&self, day: &Day) -> f64 {
        self.rounds.iter().enumerate().map(|(worker, round)| walked_by(day, worker, round)).sum()
    }

    /// Minutes walked, and what it costs that visits are left out: what is made as small as can be.
    pub fn cost(&self, day: &Day) -> f64 {
        self.walked(day) + self.left_out.iter().map(|visit| day.visits[*visit].worth).sum::<f64>()
    }
}

/// Minutes that a worker walks on a round.
pub(crate) fn walked_by(day: &Day, worker: usize, round: &[usize]) -> f64 {
    let worker = &day.workers[worker];
    if round.is_empty() {
        return 0.0;
    }
    let (mut at, mut sum) = (worker.start, 0.0);
    for place in round.iter().map(|visit| day.visits[*visit].place).chain([worker.end]) {
        sum += day.walks.between(at, place);
        at = place;
    }
    sum
}
