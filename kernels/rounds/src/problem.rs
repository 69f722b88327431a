//! What is asked: visits, workers, and how long it takes to walk between.

/// Minutes since midnight of the day.
pub type Minute = f64;

/// A visit that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// Where, as a place of [`Walks`].
    pub place: usize,
    /// How long it takes, in minutes.
    pub minutes: f64,
    /// When it may begin: one or more spans, in order and apart from each other.
    pub windows: Vec<(Minute, Minute)>,
    /// What it costs to leave it out, in minutes of walking.
    pub worth: f64,
    /// What the worker has to be able to do, a bit each.
    pub skills: u64,
    /// How many have to be there at once, 1 or 2.
    pub workers: u8,
}

/// Somebody who visits.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    /// Where the day begins and ends, as places of [`Walks`].
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// From when to when.
    pub shift: (Minute, Minute),
    /// A pause: its minutes, and from when to when it may begin.
    pub pause: Option<(f64, Minute, Minute)>,
    /// What the worker is able to do, a bit each.
    pub skills: u64,
}

/// Minutes between places, from each (row) to each.
#[derive(Clone, Debug, PartialEq)]
pub struct Walks {
    places: usize,
    minutes: Vec<f32>,
}

impl Walks {
    /// A matrix, row by row. None where it is no square of so many places.
    pub fn new(places: usize, minutes: Vec<f32>) -> Option<Self> {
        (minutes.len() == places * places).then_some(Self { places, minutes })
    }

    /// A matrix that is known to be square.
    pub(crate) fn square(places: usize, minutes: Vec<f32>) -> Self {
        debug_assert_eq!(minutes.len(), places * places);
        Self { places, minutes }
    }

    /// How many places.
    pub fn places(&self) -> usize {
        self.places
    }

    /// From one to all.
    #[inline]
    pub(crate) fn from(&self, place: usize) -> &[f32] {
        &self.minutes[place * self.places..(place + 1) * self.places]
    }

    /// The same matrix with rows for columns.
    pub(crate) fn turned(&self) -> Vec<f32> {
        let count = self.places;
        (0..count * count).map(|at| self.minutes[at % count * count + at / count]).collect()
    }

    /// From one to another.
    #[inline]
    pub fn between(&self, from: usize, to: usize) -> f64 {
        f64::from(self.minutes[from * self.places + to])
    }
}

/// A day.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// What is to be done.
    pub visits: Vec<Visit>,
    /// Who is there.
    pub workers: Vec<Worker>,
    /// How far it is.
    pub walks: Walks,
}

/// Why a day cannot be planned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidDay {
    /// Nobody.
    #[error("there is no worker")]
    NoWorker,
    /// A place that is not there.
    #[error("{what} {number} is at place {place}, and there are {places}")]
    Place {
        /// Visit or worker.
        what: &'static str,
        /// Which.
        number: usize,
        /// Where.
        place: usize,
        /// Places that there are.
        places: usize,
    },
    /// A length of time that is none.
    #[error("{what} {number}: {why}")]
    Times {
        /// Visit or worker.
        what: &'static str,
        /// Which.
        number: usize,
        /// What is wrong.
        why: &'static str,
    },
}

impl Day {
    /// Is everything there, and are times times?
    pub fn check(&self) -> Result<(), InvalidDay> {
        if self.workers.is_empty() {
            return Err(InvalidDay::NoWorker);
        }
        let places = self.walks.places();
        for (number, visit) in self.visits.iter().enumerate() {
            let what = "visit";
            if visit.place >= places {
                return Err(InvalidDay::Place { what, number, place: visit.place, places });
            }
            let wrong = |why| InvalidDay::Times { what, number, why };
            if !visit.minutes.is_finite() || visit.minutes < 0.0 {
                return Err(wrong("its minutes are no length of time"));
            }
            if visit.windows.is_empty() {
                return Err(wrong("it has no time at which it may begin"));
            }
            if visit
                .windows
                .iter()
                .any(|(from, until)| !from.is_finite() || !until.is_finite() || from > until)
            {
                return Err(wrong("it may begin from a time that is after the last"));
            }
            if visit.windows.windows(2).any(|two| two[0].1 >= two[1].0) {
                return Err(wrong("its times overlap or are not in order"));
            }
            if !(1..=2).contains(&visit.workers) {
                return Err(wrong("it needs neither one nor two"));
            }
            if !visit.worth.is_finite() || visit.worth < 0.0 {
                return Err(wrong("its worth is no number"));
            }
        }
        for (number, worker) in self.workers.iter().enumerate() {
            let what = "worker";
            if let Some(place) = [worker.start, worker.end].into_iter().find(|place| *place >= places) {
                return Err(InvalidDay::Place { what, number, place, places });
            }
            let wrong = |why| InvalidDay::Times { what, number, why };
            let (from, until) = worker.shift;
            if !from.is_finite() || !until.is_finite() || from > until {
                return Err(wrong("the shift ends before it begins"));
            }
            if let Some((minutes, from, until)) = worker.pause
                && (!minutes.is_finite()
                    || minutes < 0.0
                    || !from.is_finite()
                    || !until.is_finite()
                    || from > until)
            {
                return Err(wrong(
                    "the pause is no length of time, or begins from a time that is after the last",
                ));
            }
        }
        Ok(())
    }
}
