//! What a meter says of days that are made for it.

#![allow(clippy::unwrap_used)]

use crate::period::{Calendar, PERIOD};
use crate::{
    Amount, Around, Change, Day, Fleet, Found, Kind, Limits, Meter, OPEN_DAYS, Scan, Season, Stage, Whose,
};
use proptest::prelude::*;

/// A home's use with a wobble of its own and a fuller weekend.
fn usual(day: i32) -> f64 {
    let wobble = f64::from((day.wrapping_mul(7919) % 13 + 13) % 13) / 13.0 - 0.5;
    0.3 * (1.0 + 0.3 * wobble) * if day % 7 < 2 { 1.2 } else { 1.0 }
}

struct Home {
    meter: Meter,
    care: bool,
    limits: Limits,
    found: Found,
}

impl Home {
    fn new(care: bool) -> Self {
        Self { meter: Meter::default(), care, limits: Limits::default(), found: Found::default() }
    }

    fn push(&mut self, day: i32, used: Amount, night: Amount) {
        let season = Season::default();
        let around = Around { limits: &self.limits, season: &season };
        self.meter.push(Day { day, used, night }, self.care, around, &mut self.found);
    }
}

fn run(days: i32, care: bool, value: impl Fn(i32) -> Option<f64>) -> Vec<Change> {
    let mut home = Home::new(care);
    for day in 0..days {
        if let Some(value) = value(day) {
            home.push(day, Amount::of(value as f32), Amount::MISSING);
        }
    }
    home.found.changes
}

fn brief(changes: &[Change]) -> Vec<(Kind, i32, i32)> {
    changes.iter().map(|change| (change.kind, change.since, change.detected)).collect()
}

#[test]
fn a_steady_home_says_nothing() {
    assert_eq!(run(300, true, |day| Some(usual(day))), []);
}

#[test]
fn a_silence_is_confirmed_within_two_weeks_and_said_early_of_a_home_in_care() {
    let silent_from = |day: i32| Some(if day < 60 { usual(day) } else { 0.0 });
    assert_eq!(brief(&run(100, false, silent_from)), [(Kind::ZeroOnset, 60, 72)]);
    let found = run(100, true, silent_from);
    assert_eq!(brief(&found), [(Kind::ZeroOnset, 60, 61), (Kind::ZeroOnset, 60, 72)]);
    assert_eq!((found[0].stage, found[1].stage), (Stage::Early, Stage::Confirmed));
    assert!(!found[0].again && found[1].again);
}

#[test]
fn a_trip_and_a_home_of_weekends_are_not_said() {
    assert_eq!(run(120, false, |day| Some(if (60..69).contains(&day) { 0.0 } else { usual(day) })), []);
    assert_eq!(run(120, false, |day| Some(if day % 7 >= 2 { 0.0 } else { 0.3 })), []);
}

#[test]
fn a_home_that_was_away_for_long_has_to_be_away_for_longer() {
    let away = |day: i32| (60..80).contains(&day) || day >= 120;
    let found = run(200, false, |day| Some(if away(day) { 0.0 } else { usual(day) }));
    let onsets: Vec<_> = found.iter().filter(|change| change.kind == Kind::ZeroOnset).collect();
    assert_eq!(onsets.len(), 2);
    assert_eq!((onsets[0].detected, onsets[1].since), (72, 120));
    assert!(onsets[1].detected - onsets[1].since >= 35, "{:?}", onsets[1]);
}

#[test]
fn use_in_an_empty_home_is_a_return_and_a_rare_day_in_a_garage_is_not() {
    let found = run(80, false, |day| Some(if day < 40 { 0.0 } else { usual(day) }));
    assert_eq!(brief(&found), [(Kind::Return, 40, 43)]);
    assert_eq!(run(200, false, |day| Some(if day % 37 == 5 { 0.1 } else { 0.0 })), []);
}

#[test]
fn shifts_are_found_within_five_days_and_once() {
    for (factor, kind) in [(3.0, Kind::ShiftUp), (0.3, Kind::ShiftDown)] {
        let found = run(120, false, |day| Some(if day < 70 { usual(day) } else { factor * usual(day) }));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, found[0].since), (kind, 70));
        assert!(found[0].detected <= 75);
        assert!((found[0].size / factor - 1.0).abs() < 0.25);
    }
}

#[test]
fn guests_and_one_wild_day_are_no_shift() {
    let guests = |day: i32| if (70..74).contains(&day) { 1.8 * usual(day) } else { usual(day) };
    assert_eq!(run(120, false, |day| Some(guests(day))), []);
    let found = run(120, false, |day| Some(if day == 70 { 100.0 * usual(day) } else { usual(day) }));
    assert_eq!(brief(&found), [(Kind::Implausible, 70, 70)]);
}

#[test]
fn a_stuck_and_a_reversed_meter_are_said_once() {
    let found = run(120, false, |day| Some(if (70..90).contains(&day) { 0.321 } else { usual(day) }));
    assert_eq!(brief(&found), [(Kind::Stuck, 70, 74)]);
    let found = run(120, false, |day| Some(if (70..80).contains(&day) { -usual(day) } else { usual(day) }));
    assert_eq!(brief(&found), [(Kind::Reversed, 70, 72)]);
}

#[test]
fn water_that_never_stops_at_night_is_a_leak() {
    let mut home = Home::new(false);
    for day in 0..90 {
        let night = if day < 60 { Amount::ZERO } else { Amount::of(0.004) };
        home.push(day, Amount::of(usual(day) as f32), night);
    }
    assert_eq!(brief(&home.found.changes), [(Kind::Leak, 60, 66)]);
}

#[test]
fn missing_days_are_neither_silent_nor_used() {
    assert_eq!(run(120, true, |day| (!(60..90).contains(&day)).then(|| usual(day))), []);
}

#[test]
fn a_correction_that_comes_late_is_heard() {
    let mut home = Home::new(true);
    for day in 0..60 {
        home.push(day, Amount::of(usual(day) as f32), Amount::MISSING);
    }
    home.push(60, Amount::ZERO, Amount::MISSING);
    home.push(62, Amount::of(usual(62) as f32), Amount::MISSING);
    home.push(63, Amount::ZERO, Amount::MISSING);
    home.push(61, Amount::of(usual(61) as f32), Amount::MISSING);
    assert_eq!(home.found.changes, []);
    // The 62nd turns out to be silent: with the 63rd that makes two.
    home.push(62, Amount::ZERO, Amount::MISSING);
    assert_eq!(brief(&home.found.changes), [(Kind::ZeroOnset, 62, 63)]);
    let before = home.meter;
    home.push(63 - OPEN_DAYS as i32, Amount::ZERO, Amount::MISSING);
    assert!(home.meter.too_late(63 - OPEN_DAYS as i32));
    assert_eq!(home.meter, before);
}

/// Days of a home, mostly ordinary, with all that can happen.
fn days() -> impl Strategy<Value = Vec<Amount>> {
    let day = prop_oneof![
        12 => (0.1f32..0.6).prop_map(Amount::of),
        2 => Just(Amount::ZERO),
        1 => Just(Amount::MISSING),
        1 => Just(Amount::BACKWARDS),
        1 => (0.001f32..50.0).prop_map(Amount::of),
        1 => Just(Amount::of(0.25)),
    ];
    let run = (prop::collection::vec(day, 1..6), 1usize..20)
        .prop_map(|(days, times)| days.iter().cycle().take(days.len() * times).copied().collect::<Vec<_>>());
    prop::collection::vec(run, 1..9).prop_map(|runs| runs.concat())
}

proptest! {
    #[test]
    fn days_at_once_say_what_days_one_by_one_say(days in days(), care: bool, cuts in prop::collection::vec(1usize..=PERIOD, 1..40)) {
        let (limits, season) = (Limits::default(), Season::default());
        let around = Around { limits: &limits, season: &season };
        let (mut one, mut many) = (Meter::default(), Meter::default());
        let (mut by_one, mut by_many) = (Found::default(), Found::default());
        for (day, used) in days.iter().enumerate().filter(|(_, used)| **used != Amount::MISSING) {
            let day = Day { day: 100 + day as i32, used: *used, night: Amount::MISSING };
            one.push(day, care, around, &mut by_one);
        }
        let (mut at, mut cuts) = (0, cuts.iter().cycle());
        while at < days.len() {
            let until = (at + cuts.next().unwrap()).min(days.len());
            let calendar = Calendar::new(100 + at as i32, &season);
            many.push_days(&calendar, &days[at..until], &[], care, around, &mut by_many);
            at = until;
        }
        prop_assert_eq!(by_one.changes, by_many.changes);
        prop_assert_eq!((by_one.ended, by_one.went_back), (by_many.ended, by_many.went_back));
        prop_assert_eq!(one, many);
    }

    #[test]
    fn a_scan_says_the_same_in_any_order_and_in_any_parts(days in prop::collection::vec(days(), 1..8), seed: u64, parts in 1usize..6) {
        let scan = |order: &dyn Fn(&mut Vec<(usize, i32, Amount)>), parts: usize| {
            let mut readings: Vec<(usize, i32, Amount)> = Vec::new();
            for (place, days) in days.iter().enumerate() {
                readings.extend(days.iter().enumerate().map(|(day, used)| (place, 500 + day as i32, *used)));
            }
            readings.retain(|(.., used)| *used != Amount::MISSING);
            readings.sort_by_key(|(place, day, _)| (*day, *place));
            let mut scan = Scan::new(Fleet::new(Limits::default()));
            let mut told = Vec::new();
            let days = days.iter().map(Vec::len).max().unwrap_or(0);
            for part in 0..parts {
                let (from, until) = ((days * part / parts) as i32 + 500, (days * (part + 1) / parts) as i32 + 500);
                let mut own: Vec<_> = readings.iter().filter(|(_, day, _)| (from..until).contains(day)).copied().collect();
                order(&mut own);
                for (place, day, used) in own {
                    let place = scan.keys.place(&format!("m{place}"));
                    scan.take(place, day, used);
                }
                let names = |scan: &Scan, of: Whose| match of {
                    Whose::Meter(place) => scan.keys.name(place as usize).to_owned(),
                    Whose::Neighbourhood(number) => scan.neighbours.name(number).to_owned(),
                };
                let (found, _) = scan.finish();
                told.extend(found.into_iter().map(|told| (names(&scan, told.of), told.change)));
                // What lies between two runs is a file.
                let mut bytes = Vec::new();
                crate::write_snapshot(&scan, &mut bytes).unwrap();
                scan = crate::read_snapshot(&bytes).unwrap();
            }
            told.sort_by(|a, b| (a.1.detected, &a.0, a.1.kind).cmp(&(b.1.detected, &b.0, b.1.kind)));
            told
        };
        let plain = scan(&|_| (), 1);
        let shuffled = scan(&|readings| {
            let mut state = seed;
            for i in (1..readings.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                readings.swap(i, (state >> 33) as usize % (i + 1));
            }
        }, 1);
        prop_assert_eq!(&plain, &shuffled);
        prop_assert_eq!(&plain, &scan(&|_| (), parts));
    }

    #[test]
    fn any_days_are_survived(values in prop::collection::vec((any::<i32>(), any::<f32>(), any::<f32>()), 0..80)) {
        let mut home = Home::new(true);
        for (day, used, night) in values {
            home.push(day / 2, Amount::of(used), Amount::of(night));
        }
    }
}

#[test]
fn what_falls_silent_together_is_a_cut_and_no_home_is_listed() {
    let mut scan = Scan::new(Fleet::new(Limits::default()));
    let building = scan.neighbours.numbered("B1", 0);
    let street = scan.neighbours.numbered("S1", 1);
    for place in 0..40 {
        let name = scan.keys.place(&format!("m{place}"));
        scan.care.push(true);
        if place < 10 {
            scan.neighbours.put(name, building);
        }
        scan.neighbours.put(name, street);
    }
    for day in 0..90 {
        for place in 0..40usize {
            let cut = (day == 50 || day == 51) && place < 10 || day == 70;
            let used = if cut { 0.0 } else { usual(day + 3 * place as i32) };
            scan.take(place, day, Amount::of(used as f32));
        }
    }
    let (told, _) = scan.finish();
    let found: Vec<_> = told.iter().map(|told| (told.of, told.change.kind, told.change.since)).collect();
    assert_eq!(
        found,
        [
            (Whose::Neighbourhood(building), Kind::SupplyCut, 50),
            (Whose::Neighbourhood(street), Kind::SupplyCut, 70)
        ]
    );
}

#[test]
fn what_all_homes_do_is_no_home_s_news() {
    let mut scan = Scan::new(Fleet::new(Limits::default()));
    for place in 0..400 {
        scan.keys.place(&format!("m{place}"));
    }
    for day in 0..120 {
        for place in 0..400usize {
            // Two weeks of heat: all use three times as much, and one home five times that.
            let heat = if (70..84).contains(&day) { 3.0 } else { 1.0 };
            let own = if place == 7 && day >= 72 { 5.0 } else { 1.0 };
            scan.take(place, day, Amount::of((heat * own * usual(day + 5 * place as i32)) as f32));
        }
    }
    let (told, _) = scan.finish();
    let found: Vec<_> = told.iter().map(|told| (told.of, told.change.kind, told.change.since)).collect();
    assert_eq!(found, [(Whose::Meter(7), Kind::ShiftUp, 72)]);
}

#[test]
fn a_fleet_that_travels_raises_the_days_of_silence_and_one_that_does_not_lowers_them() {
    let days_of = |trip: i32| {
        let mut scan = Scan::new(Fleet::new(Limits::default()));
        for place in 0..2000 {
            scan.keys.place(&format!("m{place}"));
        }
        for day in 0..140 {
            for place in 0..2000i32 {
                let begin = 40 + place % 60;
                let away = place % 20 == 0 && (begin..begin + trip).contains(&day);
                let used = if away { 0.0 } else { usual(day + 5 * place) };
                scan.take(place as usize, day, Amount::of(used as f32));
            }
        }
        scan.finish();
        scan.fleet.limits.silence_days
    };
    assert_eq!(days_of(8), 11);
    assert_eq!(days_of(14), 14);
}

#[test]
fn what_was_learnt_outlives_a_run_that_allows_the_same() {
    let mut fleet = Fleet::new(Limits::default());
    fleet.enter(0);
    let mut found = Found::default();
    (found.ended[13], found.went_back[28]) = (90, 90);
    fleet.saw(&found, 3_000_000);
    fleet.enter(1);
    let learnt = fleet.clone();
    assert_ne!(learnt.limits, Limits::default());
    fleet.allow(Limits::default());
    assert_eq!(fleet, learnt);
}

#[test]
fn days_that_are_sent_again_are_no_more_meter_days() {
    let learnt = |times: usize| {
        let mut scan = Scan::new(Fleet::new(Limits::default()));
        for part in 0..12 {
            for _ in 0..times {
                for day in 10 * part..10 * part + 10 {
                    for place in 0..60i32 {
                        let at = scan.keys.place(&format!("m{place}"));
                        scan.take(at, day, Amount::of(usual(day + 5 * place) as f32));
                    }
                }
                scan.finish();
                // As between two runs.
                scan = crate::of_sections(crate::sections(&scan).each_ref().map(Vec::as_slice)).unwrap();
            }
        }
        (scan.fleet.limits, scan.fleet.ended_rate(11), scan.fleet.went_back_rate(7.0))
    };
    assert_eq!(learnt(3), learnt(1));
}
