//! Rounds of any day can be walked, are as short as can be where that can be counted out, and what is left out says why.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::*;
use gridweave_chance::Chance;
use proptest::prelude::*;

/// A day by chance: some visits with narrow times, some for two, some that not everybody is able to make; pauses at noon.
fn day(visits: usize, workers: usize, seed: u64, twos: bool) -> Day {
    let mut chance = Chance::new(seed);
    let places: Vec<[f64; 2]> =
        (0..visits + workers).map(|_| [114.3 + chance.unit() * 0.02, 30.5 + chance.unit() * 0.02]).collect();
    let visits = (0..visits)
        .map(|number| {
            let from = 480.0 + chance.below(480) as f64;
            let windows = match chance.below(4) {
                0 => vec![(from, from + 60.0)],
                1 => vec![(480.0, 600.0), (from.max(601.0), from.max(601.0) + 120.0)],
                _ => vec![(480.0, 1080.0)],
            };
            let workers = if twos && chance.below(8) == 0 { 2 } else { 1 };
            let skills = if chance.below(4) == 0 { 1 } else { 0 };
            Visit {
                place: number,
                minutes: 5.0 + chance.below(25) as f64,
                windows,
                worth: 200.0,
                skills,
                workers,
            }
        })
        .collect::<Vec<_>>();
    let count = visits.len();
    let workers = (0..workers)
        .map(|number| Worker {
            start: count + number,
            end: count + number,
            shift: (480.0, 1020.0 - 30.0 * chance.below(4) as f64),
            pause: (chance.below(3) > 0).then_some((45.0, 690.0, 780.0)),
            skills: u64::from(number % 2 == 0),
        })
        .collect();
    Day { visits, workers, walks: straight(&places, Pace::default()) }
}

fn found(day: &Day, seed: u64, steps: u32) -> Plan {
    day.check().unwrap();
    let mut search = Search::new(day, seed);
    for step in 0..steps {
        search.step(f64::from(step) / f64::from(steps));
    }
    search.plan()
}

fn faults(day: &Day, plan: &Plan) -> Vec<Fault> {
    let times: Option<Vec<_>> = plan.times(day).into_iter().collect();
    check(day, &times.expect("every round fits"), &plan.left_out)
}

/// The least cost of a day of few visits for one worker each: all ways to share them and all orders.
fn counted_out(day: &Day) -> f64 {
    fn orders(open: &mut Vec<usize>, plan: &mut Plan, worker: usize, day: &Day, best: &mut f64) {
        let known = plan.times(day).into_iter().all(|times| times.is_some());
        if !known {
            return;
        }
        if worker + 1 == day.workers.len() {
            let all = Plan { left_out: open.clone(), ..plan.clone() };
            *best = best.min(all.cost(day));
        } else {
            orders(open, plan, worker + 1, day, best);
        }
        for at in 0..open.len() {
            let visit = open.remove(at);
            if day.workers[worker].skills & day.visits[visit].skills == day.visits[visit].skills {
                plan.rounds[worker].push(visit);
                orders(open, plan, worker, day, best);
                plan.rounds[worker].pop();
            }
            open.insert(at, visit);
        }
    }
    let mut best = f64::INFINITY;
    let mut plan = Plan {
        rounds: vec![Vec::new(); day.workers.len()],
        left_out: Vec::new(),
        appointments: vec![None; day.visits.len()],
    };
    orders(&mut (0..day.visits.len()).collect(), &mut plan, 0, day, &mut best);
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn rounds_of_any_day_can_be_walked(visits in 1usize..60, workers in 1usize..8, seed in 0u64..10_000) {
        let day = day(visits, workers, seed, true);
        let plan = found(&day, seed, 400);
        prop_assert_eq!(faults(&day, &plan), []);
    }

    #[test]
    fn of_few_visits_the_best_rounds_are_found(visits in 1usize..6, workers in 1usize..3, seed in 0u64..10_000) {
        let day = day(visits, workers, seed, false);
        let least = counted_out(&day);
        let cost = found(&day, seed, 5000).cost(&day);
        prop_assert!(cost <= least + 1e-3, "{} {}", cost, least);
    }

    #[test]
    fn one_visit_more_or_less_leaves_rounds_that_can_be_walked(visits in 4usize..40, workers in 1usize..6, seed in 0u64..10_000) {
        let day = day(visits, workers, seed, true);
        let plan = found(&day, seed, 300);
        let mut fewer = day.clone();
        fewer.visits[1].windows = vec![(0.0, 1.0)];
        let mut search = Search::new(&fewer, seed).from(&plan);
        let begun = search.plan();
        for _ in 0..100 {
            search.step(1.0);
        }
        prop_assert!(search.plan().left_out.contains(&1));
        prop_assert_eq!(faults(&fewer, &search.plan()), []);
        prop_assert!(search.plan().cost(&fewer) <= begun.cost(&fewer) + 1e-3);
    }
}

#[test]
fn the_same_seed_finds_the_same_rounds() {
    let day = day(40, 5, 3, true);
    assert_eq!(found(&day, 1, 500), found(&day, 1, 500));
    assert_ne!(found(&day, 1, 500), found(&day, 2, 500));
}

/// Two visits two hundred minutes apart and one worker between.
fn plain() -> Day {
    let visit = |place| Visit {
        place,
        minutes: 10.0,
        windows: vec![(540.0, 700.0)],
        worth: 500.0,
        skills: 0,
        workers: 1,
    };
    let worker = Worker { start: 2, end: 2, shift: (540.0, 900.0), pause: None, skills: 0 };
    let walks = Walks::new(3, vec![0.0, 200.0, 100.0, 200.0, 0.0, 100.0, 100.0, 100.0, 0.0]).unwrap();
    Day { visits: vec![visit(0), visit(1)], workers: vec![worker], walks }
}

#[test]
fn what_is_left_out_says_why() {
    let told = |day: &Day| {
        let plan = found(day, 1, 100);
        assert_eq!(faults(day, &plan), []);
        why(day, &plan, *plan.left_out.last().expect("something is left out"))
    };
    // Both windows close before one worker could walk from one to the other.
    assert_eq!(told(&plain()), Why::Window { able: 1 });
    let mut day = plain();
    day.visits[1].skills = 4;
    assert_eq!(told(&day), Why::NoSkill);
    let mut day = plain();
    day.visits[1].workers = 2;
    assert_eq!(told(&day), Why::NotTwo);
    let mut day = plain();
    day.visits[1].windows = vec![(1000.0, 1100.0)];
    assert_eq!(told(&day), Why::NoShift { from: 1000.0, until: 1100.0 });
    let mut day = plain();
    day.workers[0].shift = (540.0, 745.0);
    day.visits.truncate(1);
    assert_eq!(told(&day), Why::TooFar { short: 5.0 });
    let mut day = plain();
    day.visits.iter_mut().for_each(|visit| visit.windows = vec![(540.0, 1000.0)]);
    assert_eq!(told(&day), Why::Full { worker: 0, more: 60.0 });
    let mut day = plain();
    day.visits.truncate(1);
    day.visits[0].worth = 150.0;
    assert_eq!(told(&day), Why::NotWorth { walk: 200.0 });
}

#[test]
fn a_pause_is_taken_where_it_costs_least() {
    let mut day = plain();
    day.workers[0].shift = (540.0, 1200.0);
    day.workers[0].pause = Some((60.0, 600.0, 720.0));
    // The second visit can only begin late: the worker would wait.
    day.visits[1].windows = vec![(950.0, 1000.0)];
    let plan = found(&day, 1, 100);
    assert_eq!(faults(&day, &plan), []);
    let times = plan.times(&day).remove(0).unwrap();
    let begins: Vec<i64> = times
        .iter()
        .map(|doing| match doing {
            Doing::Pause { begins, .. } => -*begins as i64,
            Doing::Visit { begins, .. } => *begins as i64,
            Doing::Home { at, .. } => *at as i64,
        })
        .collect();
    assert_eq!(begins, [640, -650, 950, 1060]);
}

#[test]
fn two_come_together_or_not_at_all() {
    let mut day = plain();
    day.visits.truncate(1);
    day.visits[0].workers = 2;
    day.workers.push(day.workers[0].clone());
    let plan = found(&day, 1, 100);
    assert_eq!((plan.rounds[0].len(), plan.rounds[1].len()), (1, 1));
    assert_eq!(faults(&day, &plan), []);
    // The other has gone home by then.
    day.workers[1].shift = (540.0, 560.0);
    let plan = found(&day, 1, 100);
    assert_eq!(plan.left_out, [0]);
    assert_eq!(faults(&day, &plan), []);
}

#[test]
fn the_check_sees_what_is_wrong() {
    let day = plain();
    let visit = |visit, begins: f64| Doing::Visit { visit, walk: 100.0, begins, ends: begins + 10.0 };
    let home = |at| Doing::Home { walk: 100.0, at };
    assert_eq!(check(&day, &[vec![visit(0, 640.0), home(750.0)]], &[1]), []);
    let told = check(&day, &[vec![visit(0, 630.0), home(740.0)]], &[1]);
    assert!(matches!(told[..], [Fault::TooEarly { at: 0, .. }]), "{told:?}");
    let told = check(&day, &[vec![visit(0, 710.0), home(950.0)]], &[]);
    assert!(
        matches!(
            told[..],
            [Fault::Window { .. }, Fault::Shift { .. }, Fault::Made { visit: 1, made: 0, .. }]
        ),
        "{told:?}"
    );
    assert!(matches!(check(&day, &[], &[])[..], [Fault::Rounds { .. }]));
}

#[test]
fn streets_lead_around_and_off_them_it_is_straight() {
    // A street like a U; the two ends are a hundred metres from each other and far on foot.
    let metre = 1.0 / 111_195.08;
    let at = |x: f64, y: f64| [x * metre, y * metre];
    let streets = Streets::new(&[
        vec![at(0.0, 0.0), at(0.0, 300.0)],
        vec![at(0.0, 300.0), at(100.0, 300.0), at(100.0, 0.0)],
    ]);
    let pace = Pace { metres_a_minute: 100.0, detour: 2.0 };
    let walks = streets.walks(&[at(0.0, 0.0), at(100.0, 0.0), at(100.0, 280.0), at(5000.0, 0.0)], pace);
    let minutes = |from, to| (walks.between(from, to) * 10.0).round() / 10.0;
    // The last ten metres lie between two nodes, and are held to be off the street.
    assert_eq!((minutes(0, 1), minutes(1, 0), minutes(0, 2)), (7.0, 7.0, 4.5));
    assert_eq!(minutes(0, 3), 100.0);
    let way = streets.way(at(0.0, 0.0), at(100.0, 0.0));
    assert!(way.len() > 20 && way.iter().any(|p| (p[1] / metre - 300.0).abs() < 1.0));
}

#[test]
fn how_far_it_is_along_streets_is_told_as_far_as_is_asked() {
    // Two banks 200 m from each other, joined 2 km to the east; a street by itself lies beside the first.
    let [lon, lat] = [114.3, 30.5];
    let at = |x: f64, y: f64| [lon + x / 95_900.0, lat + y / 110_900.0];
    let streets = Streets::new(&[
        vec![at(0.0, 0.0), at(2000.0, 0.0), at(2000.0, 200.0), at(0.0, 200.0)],
        vec![at(0.0, 10.0), at(30.0, 10.0)],
    ]);
    let told = |to: [f64; 2], near: f64, most: f64| streets.reach([at(5.0, 8.0), to], near, most);
    let Reach::Metres(round) = told(at(5.0, 208.0), 50.0, 9000.0) else { panic!("no way") };
    assert!((4180.0..4230.0).contains(&round), "{round}");
    assert_eq!(told(at(5.0, 208.0), 50.0, round - 1.0), Reach::Farther);
    assert_eq!(told(at(5.0, 208.0), 50.0, round + 1.0), Reach::Metres(round));
    // Along the same bank, to the street that the nearest one does not lead to.
    let Reach::Metres(along) = told(at(900.0, -5.0), 50.0, 2000.0) else { panic!("no way") };
    assert!((895.0..915.0).contains(&along), "{along}");
    assert_eq!(told(at(5.0, 300.0), 50.0, 9000.0), Reach::OffStreets);
    assert!(matches!(told(at(5.0, 300.0), 150.0, 9000.0), Reach::Metres(_)));
}
