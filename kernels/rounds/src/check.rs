//! Are rounds what they should be? Told from the day and the times alone, by plain means that know nothing of how they were found.

use crate::plan::Doing;
use crate::problem::Day;

/// Times may differ by this much, in minutes: they were added up in another order.
const EQUAL: f64 = 1e-6;

/// Something that is wrong with rounds.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Not as many rounds as workers.
    #[error("there are {rounds} rounds for {workers} workers")]
    Rounds {
        /// Rounds.
        rounds: usize,
        /// Workers.
        workers: usize,
    },
    /// A visit that is not there.
    #[error("visit {visit} is not of this day")]
    NoVisit {
        /// Which.
        visit: usize,
    },
    /// Made by too many or too few.
    #[error("visit {visit} is made by {made} and needs {needed}, or is left out and made")]
    Made {
        /// Which.
        visit: usize,
        /// Workers who make it.
        made: usize,
        /// Workers that it needs.
        needed: usize,
    },
    /// Not when it may be.
    #[error("visit {visit} begins at {begins:.1}, when it may not")]
    Window {
        /// Which.
        visit: usize,
        /// When.
        begins: f64,
    },
    /// By somebody who cannot.
    #[error("worker {worker} is not able to make visit {visit}")]
    Skill {
        /// Who.
        worker: usize,
        /// Which.
        visit: usize,
    },
    /// Two who do not come together.
    #[error("the two of visit {visit} begin at {} and {}", .begins.0, .begins.1)]
    NotTogether {
        /// Which.
        visit: usize,
        /// When.
        begins: (f64, f64),
    },
    /// Before the worker can be there.
    #[error("worker {worker} cannot be at number {at} of the round so early")]
    TooEarly {
        /// Who.
        worker: usize,
        /// Of the round, counted from 0.
        at: usize,
    },
    /// Outside of the shift.
    #[error("worker {worker} is on the way outside of the shift")]
    Shift {
        /// Who.
        worker: usize,
    },
    /// No pause, or at another time.
    #[error("worker {worker} has no pause when there should be one")]
    Pause {
        /// Who.
        worker: usize,
    },
}

/// Looks at what each worker does, and at what is left out.
pub fn check(day: &Day, doings: &[Vec<Doing>], left_out: &[usize]) -> Vec<Fault> {
    let mut faults = Vec::new();
    if doings.len() != day.workers.len() {
        return vec![Fault::Rounds { rounds: doings.len(), workers: day.workers.len() }];
    }
    let mut begun: Vec<Vec<f64>> = vec![Vec::new(); day.visits.len()];
    for (number, doings) in doings.iter().enumerate() {
        faults.extend(of_worker(day, number, doings, &mut begun));
    }
    for (visit, begun) in begun.iter().enumerate() {
        let left = left_out.contains(&visit);
        let needed = if left { 0 } else { usize::from(day.visits[visit].workers) };
        if begun.len() != needed {
            faults.push(Fault::Made { visit, made: begun.len(), needed });
        }
        if let [a, b] = begun[..]
            && (a - b).abs() > EQUAL
        {
            faults.push(Fault::NotTogether { visit, begins: (a, b) });
        }
    }
    faults
}

fn of_worker(day: &Day, number: usize, doings: &[Doing], begun: &mut [Vec<f64>]) -> Vec<Fault> {
    let worker = &day.workers[number];
    let mut faults = Vec::new();
    // The earliest that the worker can be done with what came before.
    let (mut place, mut free) = (worker.start, worker.shift.0);
    let mut paused = false;
    let mut home = None;
    for (at, doing) in doings.iter().enumerate() {
        match *doing {
            Doing::Pause { begins, minutes } => {
                let as_wanted = worker.pause.is_some_and(|(wanted, from, until)| {
                    (minutes - wanted).abs() < EQUAL && begins > from - EQUAL && begins < until + EQUAL
                });
                if !as_wanted || paused {
                    faults.push(Fault::Pause { worker: number });
                }
                if begins < free - EQUAL {
                    faults.push(Fault::TooEarly { worker: number, at });
                }
                (paused, free) = (true, begins + minutes);
            }
            Doing::Visit { visit, begins, ends, .. } => {
                let Some(what) = day.visits.get(visit) else {
                    faults.push(Fault::NoVisit { visit });
                    continue;
                };
                if begins < free + day.walks.between(place, what.place) - EQUAL
                    || ends < begins + what.minutes - EQUAL
                {
                    faults.push(Fault::TooEarly { worker: number, at });
                }
                if !what.windows.iter().any(|(from, until)| begins > from - EQUAL && begins < until + EQUAL) {
                    faults.push(Fault::Window { visit, begins });
                }
                if worker.skills & what.skills != what.skills {
                    faults.push(Fault::Skill { worker: number, visit });
                }
                begun[visit].push(begins);
                (place, free) = (what.place, ends);
            }
            Doing::Home { at: arrives, .. } => {
                if arrives < free + day.walks.between(place, worker.end) - EQUAL {
                    faults.push(Fault::TooEarly { worker: number, at });
                }
                home = Some(arrives);
            }
        }
    }
    let visits = doings.iter().any(|doing| matches!(doing, Doing::Visit { .. }));
    if visits && home.is_none_or(|home| home > worker.shift.1 + EQUAL) {
        faults.push(Fault::Shift { worker: number });
    }
    // Who is out before and after the pause's first moment has had one.
    if let (Some((_, from, _)), Some(home)) = (worker.pause, home)
        && visits
        && home > from + EQUAL
        && !paused
    {
        faults.push(Fault::Pause { worker: number });
    }
    faults
}
