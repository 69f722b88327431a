//! A worker's clock along a round: walking, waiting, visiting, pausing.

use crate::problem::{Day, Minute, Visit, Worker};

/// Where a worker's day stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Clock {
    /// The place where the worker is.
    pub place: usize,
    /// When the worker is free to leave.
    pub free: Minute,
    /// The pause is over.
    pub paused: bool,
}

/// One visit of a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stop {
    /// When the visit begins.
    pub begins: Minute,
    /// When a pause began before it.
    pub pause: Option<Minute>,
    /// How it stands after.
    pub after: Clock,
}

impl Clock {
    pub fn of(worker: &Worker) -> Self {
        Self { place: worker.start, free: worker.shift.0, paused: worker.pause.is_none() }
    }

    /// Goes to a visit and makes it; none where it would begin too late.
    ///
    /// The pause is taken as late as it may begin, and before that where it costs no time because the worker would wait.
    #[inline]
    pub fn visit(self, day: &Day, worker: &Worker, visit: &Visit) -> Option<Stop> {
        let walk = day.walks.between(self.place, visit.place);
        let without = begins(visit, self.free + walk)?;
        let after =
            |begins: Minute, paused: bool| Clock { place: visit.place, free: begins + visit.minutes, paused };
        let Some((minutes, earliest, latest)) = worker.pause.filter(|_| !self.paused) else {
            return Some(Stop { begins: without, pause: None, after: after(without, true) });
        };
        let pause = self.free.max(earliest);
        let with = (pause <= latest).then(|| begins(visit, pause + minutes + walk)).flatten();
        match with {
            // It costs nothing here, or this is the last moment.
            Some(begins) if begins <= without || without + visit.minutes > latest => {
                Some(Stop { begins, pause: Some(pause), after: after(begins, true) })
            }
            _ if without + visit.minutes > latest => None,
            _ => Some(Stop { begins: without, pause: None, after: after(without, false) }),
        }
    }

    /// When the worker is home, and when a last pause began; none where that is after the shift.
    #[inline]
    pub fn home(self, day: &Day, worker: &Worker) -> Option<(Minute, Option<Minute>)> {
        let walk = day.walks.between(self.place, worker.end);
        let end = self.free + walk;
        let (end, pause) = match worker.pause.filter(|_| !self.paused) {
            // A day that ends before the pause needs none.
            Some((minutes, earliest, _)) if end > earliest => {
                let pause = self.free.max(earliest);
                (pause + minutes + walk, Some(pause))
            }
            _ => (end, None),
        };
        (end <= worker.shift.1).then_some((end, pause))
    }
}

/// When a visit begins for who comes at this time; none where it is too late.
#[inline]
pub(crate) fn begins(visit: &Visit, comes: Minute) -> Option<Minute> {
    visit.windows.iter().find(|(_, until)| comes <= *until).map(|(from, _)| comes.max(*from))
}
