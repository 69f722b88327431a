//! Rounds are looked for: some visits are taken out and put back where they cost least, again and again.

use crate::clock::{Clock, Stop};
use crate::plan::Plan;
use crate::problem::{Day, Minute};
use crate::round::{Round, Task, latest, tasks};
use gridweave_chance::Chance;

/// Visits that are taken out at a time, on the mean.
const TAKEN_OUT: f64 = 10.0;
/// Of one round at the most.
const FROM_ROUND: usize = 10;
/// How often some in the middle of what is taken out of a round stay, and how often one more does.
const SPLIT: f64 = 0.5;
const SPLIT_MORE: f64 = 0.01;
/// How often a round is taken out whole: otherwise two rounds that one worker could walk would stay two.
const WHOLE: f64 = 0.03;
/// How often a place is passed over.
const BLINK: f64 = 0.01;
/// Temperature at first and at last, in mean walks between neighbours.
const HOT: f64 = 10.0;
const COLD: f64 = 0.05;
/// Nearest neighbours that a visit is put beside first.
const BESIDE: usize = 24;
/// Neighbours of a visit that are kept in order.
const NEIGHBOURS: usize = 200;

/// Rounds being looked for. The best so far can be had at any moment; the same seed and the same steps find the same.
///
/// Slack induction by string removals (Christiaens and Vanden Berghe 2020): strings of visits near to each other leave a few rounds
/// and are put back in one of several orders, each where it costs least, some places passed over by chance; worse rounds are kept
/// less and less often (simulated annealing).
#[derive(Debug)]
pub struct Search<'a> {
    day: &'a Day,
    tasks: Vec<Task>,
    neighbours: Vec<Vec<u32>>,
    chance: Chance,
    rounds: Vec<Round>,
    /// The worker of each task.
    worker_of: Vec<Option<u32>>,
    /// Where each task is in its round.
    at: Vec<u32>,
    left_out: Vec<u32>,
    /// Some visit is for two.
    has_twins: bool,
    /// Minutes to each place, in rows: the matrix turned round.
    towards: Vec<f32>,
    cost: f64,
    best: (f64, Vec<Vec<u32>>, Vec<u32>),
    mean_walk: f64,
    appointments: Vec<Option<Minute>>,
}

impl<'a> Search<'a> {
    /// Every visit is left out at first. The day has to be one that [`Day::check`] lets pass.
    pub fn new(day: &'a Day, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let (tasks, appointments) = tasks(day, &mut chance);
        let neighbours: Vec<Vec<u32>> = tasks
            .iter()
            .map(|task| {
                let mut near: Vec<u32> = (0..tasks.len() as u32).collect();
                let walk =
                    |other: &u32| day.walks.between(task.what.place, tasks[*other as usize].what.place);
                let keep = NEIGHBOURS.min(near.len());
                if keep > 0 && keep < near.len() {
                    near.select_nth_unstable_by(keep - 1, |a, b| walk(a).total_cmp(&walk(b)));
                    near.truncate(keep);
                }
                near.sort_by(|a, b| walk(a).total_cmp(&walk(b)).then(a.cmp(b)));
                near
            })
            .collect();
        let near = |(task, near): (&Task, &Vec<u32>)| {
            let walks = near
                .iter()
                .map(|other| day.walks.between(task.what.place, tasks[*other as usize].what.place));
            walks.filter(|walk| *walk > 0.0).take(5).collect::<Vec<_>>()
        };
        let walks: Vec<f64> = tasks.iter().zip(&neighbours).flat_map(near).collect();
        let mean_walk = walks.iter().sum::<f64>() / walks.len().max(1) as f64;
        let mut found = Self {
            day,
            neighbours,
            chance,
            rounds: (0..day.workers.len()).map(|worker| Round::empty(day, worker)).collect(),
            has_twins: tasks.iter().any(|task| task.twin.is_some()),
            towards: day.walks.turned(),
            worker_of: vec![None; tasks.len()],
            at: vec![0; tasks.len()],
            left_out: (0..tasks.len() as u32).collect(),
            cost: tasks.iter().map(|task| task.what.worth).sum(),
            best: (f64::INFINITY, Vec::new(), Vec::new()),
            mean_walk: mean_walk.max(0.01),
            tasks,
            appointments,
        };
        found.keep_best();
        found
    }

    /// Begins from rounds that there are, with the times agreed on for visits for two: what does not fit any more is left out.
    pub fn from(mut self, plan: &Plan) -> Self {
        for task in self.tasks.iter_mut().filter(|task| task.twin.is_some()) {
            let held = plan.appointments.get(task.visit).copied().flatten();
            let windows = &self.day.visits[task.visit].windows;
            if let Some(begins) =
                held.filter(|begins| windows.iter().any(|(from, until)| (*from..=*until).contains(begins)))
            {
                task.what.windows = vec![(begins, begins)];
                self.appointments[task.visit] = Some(begins);
            }
        }
        let mut halves: Vec<Vec<u32>> = vec![Vec::new(); self.day.visits.len()];
        for (number, task) in self.tasks.iter().enumerate().rev() {
            halves[task.visit].push(number as u32);
        }
        for (worker, round) in plan.rounds.iter().enumerate().take(self.day.workers.len()) {
            for visit in round {
                let Some(task) = halves.get_mut(*visit).and_then(Vec::pop) else { continue };
                let end = self.rounds[worker].tasks.len();
                if self.can_do(worker, task) && self.fits(worker, end, task) {
                    self.left_out.retain(|left| *left != task);
                    self.insert(worker, end, task);
                }
            }
        }
        self.unpair(&mut Vec::new());
        self.keep_best();
        self
    }

    /// A step: takes some out and puts them back. `cool` goes from 0 at the beginning to 1 at the end. True where it found
    /// better rounds than ever.
    pub fn step(&mut self, cool: f64) -> bool {
        if self.tasks.is_empty() {
            return false;
        }
        let before_left_out = self.left_out.clone();
        let mut before: Vec<(usize, Round)> = Vec::new();
        let cost_before = self.cost;
        self.take_out(&mut before);
        self.put_back(&mut before);
        let temperature = self.mean_walk * HOT * (COLD / HOT).powf(cool.clamp(0.0, 1.0));
        let limit = cost_before - temperature * self.chance.unit().max(1e-12).ln();
        let is_late = before.iter().any(|(worker, _)| self.rounds[*worker].is_late);
        if self.cost < limit && !is_late {
            return self.keep_best();
        }
        // As it was.
        for (worker, _) in &before {
            for task in std::mem::take(&mut self.rounds[*worker].tasks) {
                self.worker_of[task as usize] = None;
            }
        }
        for (worker, round) in before {
            for (at, task) in round.tasks.iter().enumerate() {
                self.worker_of[*task as usize] = Some(worker as u32);
                self.at[*task as usize] = at as u32;
            }
            self.rounds[worker] = round;
        }
        self.left_out = before_left_out;
        self.cost = cost_before;
        false
    }

    /// What the best rounds so far cost.
    pub fn cost(&self) -> f64 {
        self.best.0
    }

    /// The best rounds so far.
    pub fn plan(&self) -> Plan {
        let visits = |tasks: &Vec<u32>| tasks.iter().map(|task| self.tasks[*task as usize].visit).collect();
        let mut left_out: Vec<usize> =
            self.best.2.iter().map(|task| self.tasks[*task as usize].visit).collect();
        left_out.sort_unstable();
        left_out.dedup();
        Plan {
            rounds: self.best.1.iter().map(visits).collect(),
            left_out,
            appointments: self.appointments.clone(),
        }
    }

    fn keep_best(&mut self) -> bool {
        if self.cost >= self.best.0 - 1e-9 {
            return false;
        }
        self.best =
            (self.cost, self.rounds.iter().map(|round| round.tasks.clone()).collect(), self.left_out.clone());
        true
    }

    /// Keeps what a round was, once.
    fn keep(&self, before: &mut Vec<(usize, Round)>, worker: usize) {
        if before.iter().all(|(kept, _)| *kept != worker) {
            before.push((worker, self.rounds[worker].clone()));
        }
    }

    fn take_out(&mut self, before: &mut Vec<(usize, Round)>) {
        let placed = self.tasks.len() - self.left_out.len();
        let used = self.rounds.iter().filter(|round| !round.tasks.is_empty()).count();
        if used == 0 {
            return;
        }
        let longest = (placed as f64 / used as f64).min(FROM_ROUND as f64).max(1.0);
        let strings = (4.0 * TAKEN_OUT / (1.0 + longest) - 1.0).max(1.0);
        let strings = (1.0 + self.chance.unit() * strings).floor() as usize;
        let seed = self.chance.below(self.tasks.len());
        let mut taken: Vec<usize> = Vec::new();
        for at in 0..self.neighbours[seed].len() {
            if taken.len() >= strings {
                break;
            }
            let task = self.neighbours[seed][at];
            let Some(worker) = self.worker_of[task as usize].map(|worker| worker as usize) else { continue };
            if taken.contains(&worker) {
                continue;
            }
            taken.push(worker);
            self.keep(before, worker);
            let length = self.rounds[worker].tasks.len();
            let most = longest.min(length as f64);
            let count = match self.chance.unit() < WHOLE {
                true => length,
                false => (1.0 + self.chance.unit() * most).floor().min(length as f64) as usize,
            };
            self.take_string(worker, task, count);
        }
        // A visit for two is taken out of both rounds.
        self.unpair(before);
    }

    fn take_string(&mut self, worker: usize, around: u32, count: usize) {
        let tasks = &self.rounds[worker].tasks;
        let Some(at) = tasks.iter().position(|task| *task == around) else { return };
        let mut stay = 0;
        if count > 1 && count < tasks.len() && self.chance.unit() < SPLIT {
            stay = 1;
            while count + stay < tasks.len() && self.chance.unit() < SPLIT_MORE {
                stay += 1;
            }
        }
        let tasks = &self.rounds[worker].tasks;
        let span = count + stay;
        let first = (at + 1).saturating_sub(span);
        let last = at.min(tasks.len() - span);
        let begin = first + self.chance.below(last - first + 1);
        let gap = if stay > 0 { begin + self.chance.below(count + 1) } else { usize::MAX };
        let mut kept = Vec::with_capacity(self.rounds[worker].tasks.len() - count);
        for (place, task) in std::mem::take(&mut self.rounds[worker].tasks).into_iter().enumerate() {
            let inside = (begin..begin + span).contains(&place);
            let stays = stay > 0 && (gap..gap + stay).contains(&place);
            if inside && !stays {
                self.leave_out(task);
            } else {
                kept.push(task);
            }
        }
        self.set_round(worker, kept);
    }

    /// Takes out halves of visits for two whose other half is not placed.
    fn unpair(&mut self, before: &mut Vec<(usize, Round)>) {
        while self.has_twins {
            let alone = self.left_out.iter().find_map(|task| {
                let twin = self.tasks[*task as usize].twin?;
                self.worker_of[twin].map(|worker| (twin as u32, worker as usize))
            });
            let Some((twin, worker)) = alone else { return };
            self.keep(before, worker);
            self.leave_out(twin);
            let kept = self.rounds[worker].tasks.iter().copied().filter(|task| *task != twin).collect();
            self.set_round(worker, kept);
        }
    }

    fn leave_out(&mut self, task: u32) {
        self.worker_of[task as usize] = None;
        self.left_out.push(task);
        self.cost += self.tasks[task as usize].what.worth;
    }

    /// Puts back all that is left out, each where it costs least, in an order by chance.
    fn put_back(&mut self, before: &mut Vec<(usize, Round)>) {
        let mut open = std::mem::take(&mut self.left_out);
        self.chance.shuffle(&mut open);
        let depot = self.day.workers[0].start;
        let far = |task: &u32| self.day.walks.between(depot, self.tasks[*task as usize].what.place);
        let narrow = |task: &u32| {
            self.tasks[*task as usize].what.windows.iter().map(|(from, until)| until - from).sum::<f64>()
        };
        let ends = |task: &u32| self.tasks[*task as usize].what.windows.last().map_or(0.0, |window| window.1);
        match self.chance.below(12) {
            0..4 => {}
            4..6 => open.sort_by(|a, b| far(b).total_cmp(&far(a))),
            6..7 => open.sort_by(|a, b| far(a).total_cmp(&far(b))),
            7..9 => open.sort_by(|a, b| narrow(a).total_cmp(&narrow(b))),
            9..10 => open.sort_by(|a, b| ends(a).total_cmp(&ends(b))),
            _ => open.sort_by(|a, b| {
                self.tasks[*b as usize].what.worth.total_cmp(&self.tasks[*a as usize].what.worth)
            }),
        }
        for task in open {
            match self.best_place(task) {
                Some((worker, at)) => {
                    self.keep(before, worker);
                    self.insert(worker, at, task);
                }
                None => self.left_out.push(task),
            }
        }
        self.unpair(before);
    }

    /// Where a task costs least: the worker, and the place in the round.
    fn best_place(&mut self, task: u32) -> Option<(usize, usize)> {
        let what = &self.tasks[task as usize];
        let (place, worth, twin) = (what.what.place, what.what.worth, what.twin);
        let places = self.day.walks.places();
        let from_here = self.day.walks.from(place);
        let to_here = place * places;
        let mut best: Option<(usize, usize)> = None;
        let mut least = worth as f32;
        let mut empty_seen = Vec::new();
        let mut look = |search: &mut Self, worker: usize, at: usize, best: &mut Option<(usize, usize)>| {
            let round = &search.rounds[worker];
            let [from, to] = [round.places[at], round.places[at + 1]].map(|place| place as usize);
            let more =
                search.towards[to_here + from] + from_here[to] - round.walks.get(at).copied().unwrap_or(0.0);
            if more < least && search.chance.unit() >= BLINK && search.fits(worker, at, task) {
                least = more;
                *best = Some((worker, at));
            }
        };
        // Beside those that are near; all others only where none of these will do.
        for near in 0..self.neighbours[task as usize].len().min(BESIDE) {
            let beside = self.neighbours[task as usize][near] as usize;
            let Some(worker) = self.worker_of[beside].map(|worker| worker as usize) else { continue };
            if !self.can_do(worker, task)
                || twin.is_some_and(|twin| self.worker_of[twin] == Some(worker as u32))
            {
                continue;
            }
            let at = self.at[beside] as usize;
            look(self, worker, at, &mut best);
            look(self, worker, at + 1, &mut best);
        }
        let all = best.is_none();
        for worker in 0..self.rounds.len() {
            let is_empty = self.rounds[worker].tasks.is_empty();
            if !(all || is_empty)
                || !self.can_do(worker, task)
                || twin.is_some_and(|twin| self.worker_of[twin] == Some(worker as u32))
            {
                continue;
            }
            if is_empty {
                // Of workers who are alike and do nothing yet one is enough.
                let who = &self.day.workers[worker];
                if empty_seen.contains(&who) {
                    continue;
                }
                empty_seen.push(who);
            }
            for at in 0..=self.rounds[worker].tasks.len() {
                look(self, worker, at, &mut best);
            }
        }
        best
    }

    fn can_do(&self, worker: usize, task: u32) -> bool {
        let needed = self.tasks[task as usize].what.skills;
        self.day.workers[worker].skills & needed == needed
    }

    /// Can a task be done at this place of a round, and all behind it still?
    fn fits(&self, worker: usize, at: usize, task: u32) -> bool {
        let (who, round) = (&self.day.workers[worker], &self.rounds[worker]);
        let before = if at == 0 { Clock::of(who) } else { round.stops[at - 1].after };
        let Some(stop) = before.visit(self.day, who, &self.tasks[task as usize].what) else { return false };
        let mut clock = stop.after;
        if clock.paused && (at == 0 && who.pause.is_none() || at > 0 && before.paused) {
            let to = round.places[at + 1] as usize;
            return clock.free + self.day.walks.between(clock.place, to) <= round.latest[at];
        }
        for (next, old) in round.tasks[at..].iter().zip(&round.stops[at..]) {
            let Some(stop) = clock.visit(self.day, who, &self.tasks[*next as usize].what) else {
                return false;
            };
            clock = stop.after;
            // From here on all is as it was.
            if clock == old.after {
                return true;
            }
        }
        clock.home(self.day, who).is_some()
    }

    fn insert(&mut self, worker: usize, at: usize, task: u32) {
        let mut tasks = std::mem::take(&mut self.rounds[worker].tasks);
        tasks.insert(at, task);
        self.worker_of[task as usize] = Some(worker as u32);
        self.cost -= self.tasks[task as usize].what.worth;
        self.set_round(worker, tasks);
    }

    /// A round with its times and its walks.
    fn set_round(&mut self, worker: usize, tasks: Vec<u32>) {
        let who = &self.day.workers[worker];
        let round = &mut self.rounds[worker];
        self.cost -= round.walked;
        round.stops.clear();
        round.places.clear();
        round.walks.clear();
        round.places.push(who.start as u32);
        let mut clock = Clock::of(who);
        round.is_late = false;
        for task in &tasks {
            let what = &self.tasks[*task as usize].what;
            round.walks.push(self.day.walks.between(clock.place, what.place) as f32);
            round.places.push(what.place as u32);
            // What fitted fits also with less before it, but for a pause that comes later, or a detour that was shorter.
            let stop = clock.visit(self.day, who, what).unwrap_or_else(|| {
                round.is_late = true;
                Stop { begins: clock.free, pause: None, after: Clock { place: what.place, ..clock } }
            });
            clock = stop.after;
            round.stops.push(stop);
        }
        if !tasks.is_empty() {
            round.walks.push(self.day.walks.between(clock.place, who.end) as f32);
            round.is_late |= clock.home(self.day, who).is_none();
        }
        round.places.push(who.end as u32);
        round.latest.clear();
        round.latest.resize(tasks.len() + 1, who.shift.1);
        for at in (0..tasks.len()).rev() {
            let what = &self.tasks[tasks[at] as usize].what;
            let free = round.latest[at + 1] - f64::from(round.walks[at + 1]);
            round.latest[at] = latest(what, free - what.minutes);
            self.at[tasks[at] as usize] = at as u32;
        }
        round.walked = round.walks.iter().map(|walk| f64::from(*walk)).sum();
        round.tasks = tasks;
        self.cost += round.walked;
    }
}
