//! Why is a visit left out?

use crate::clock::{Clock, begins};
use crate::plan::{Plan, walked_by};
use crate::problem::{Day, Minute, Worker};

/// Why a visit is left out, the nearest to a way out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// Nobody of this day is able to.
    NoSkill,
    /// It needs two, and fewer than two of this day are able to.
    NotTwo,
    /// Everybody who is able to has gone home before it may begin, or has not come when it may begin last.
    NoShift {
        /// When it may begin first.
        from: Minute,
        /// When it may begin last.
        until: Minute,
    },
    /// Even a worker with nothing else to do could not walk there and back in time.
    TooFar {
        /// Minutes that the shift of the nearest is too short by.
        short: f64,
    },
    /// All rounds are full: with the rounds as they are, this worker could make it with so much more time at the end of the day.
    Full {
        /// Who.
        worker: usize,
        /// Minutes beyond the shift.
        more: f64,
    },
    /// Between the visits of those who are able to it fits at no time when it may begin.
    Window {
        /// Of so many workers who are able to.
        able: usize,
    },
    /// It would fit, and costs more walking than leaving it out.
    NotWorth {
        /// Minutes of walking that it would take.
        walk: f64,
    },
}

/// Tells why a visit is left out of a plan.
pub fn why(day: &Day, plan: &Plan, visit: usize) -> Why {
    let what = &day.visits[visit];
    let able: Vec<usize> = (0..day.workers.len())
        .filter(|worker| day.workers[*worker].skills & what.skills == what.skills)
        .collect();
    if able.is_empty() {
        return Why::NoSkill;
    }
    if able.len() < usize::from(what.workers) {
        return Why::NotTwo;
    }
    let (from, until) = (what.windows[0].0, what.windows[what.windows.len() - 1].1);
    let there = |worker: &&Worker| worker.shift.0 <= until && worker.shift.1 >= from + what.minutes;
    if !able.iter().any(|worker| there(&&day.workers[*worker])) {
        return Why::NoShift { from, until };
    }
    // Alone: a worker with nothing else to do.
    let mut short = f64::INFINITY;
    for worker in able.iter().map(|worker| &day.workers[*worker]) {
        let comes = worker.shift.0 + day.walks.between(worker.start, what.place);
        if let Some(begins) = begins(what, comes) {
            let home = begins + what.minutes + day.walks.between(what.place, worker.end);
            short = short.min(home - worker.shift.1);
        }
    }
    if short > 0.0 {
        return Why::TooFar { short };
    }
    let mut full: Option<(f64, usize)> = None;
    let mut fits: Option<f64> = None;
    for &worker in &able {
        let round = plan.rounds.get(worker).map_or(&[][..], Vec::as_slice);
        for at in 0..=round.len() {
            let Some((more, walk)) = with(day, plan, worker, round, at, visit) else { continue };
            if more <= 0.0 {
                fits = Some(fits.map_or(walk, |least| least.min(walk)));
            } else if full.is_none_or(|(least, _)| more < least) {
                full = Some((more, worker));
            }
        }
    }
    match (fits, full) {
        (Some(walk), _) if what.workers == 1 => Why::NotWorth { walk },
        (_, Some((more, worker))) => Why::Full { worker, more },
        _ => Why::Window { able: able.len() },
    }
}

/// With a visit at a place of a round: minutes beyond the shift (0 or less: none), and how much farther it is to walk. None where
/// another visit would begin too late.
fn with(
    day: &Day,
    plan: &Plan,
    number: usize,
    round: &[usize],
    at: usize,
    visit: usize,
) -> Option<(f64, f64)> {
    let worker =
        Worker { shift: (day.workers[number].shift.0, f64::INFINITY), ..day.workers[number].clone() };
    let mut clock = Clock::of(&worker);
    let mut walked = 0.0;
    let order = round[..at].iter().chain(std::iter::once(&visit)).chain(&round[at..]);
    for &next in order {
        let mut what = day.visits[next].clone();
        if let Some(appointment) = plan.appointments.get(next).copied().flatten() {
            what.windows = vec![(appointment, appointment)];
        }
        walked += day.walks.between(clock.place, what.place);
        clock = clock.visit(day, &worker, &what)?.after;
    }
    walked += day.walks.between(clock.place, worker.end);
    let (home, _) = clock.home(day, &worker)?;
    Some((home - day.workers[number].shift.1, walked - walked_by(day, number, round)))
}
