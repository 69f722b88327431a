//! `gridweave meters` as scripts call it.

use gridweave_e2e::{fails, run};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

fn json(call: &[&str]) -> anyhow::Result<Value> {
    let told = run(&[call, &["--json"]].concat())?;
    let last = told.trim().lines().last().unwrap_or_default();
    Ok(serde_json::from_str(last)?)
}

fn rate(of: &Value) -> f64 {
    of["false_alarms_per_1000_meters_a_month"].as_f64().unwrap_or(f64::MAX)
}

/// A fleet that nothing was tuned on, of so many meters.
fn fleet(folder: &Path, meters: &str, more: &[&str]) -> anyhow::Result<[String; 4]> {
    let out = folder.join("fleet").display().to_string();
    run(&[&["city", "meters", "--meters", meters, "--days", "100", "--seed", "4021", "--out", &out], more]
        .concat())?;
    Ok(["readings.parquet", "meters.csv", "truth.csv", "signals.csv"].map(|name| format!("{out}/{name}")))
}

#[test]
fn what_is_planted_in_a_fleet_is_found_with_few_false_alarms() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let [readings, register, truth, signals] = fleet(folder.path(), "12000", &[])?;
    let told = json(&["meters", "scan", &readings, "--register", &register, "--out", &signals])?;
    assert_eq!((&told["meters"], &told["state_bytes_per_meter"]), (&12000.into(), &72.into()), "{told}");
    let counts = ["--meters", "12000", "--days", "100", "--care", &register];
    let score = json(&[&["meters", "score", &signals, &truth], &counts[..]].concat())?;
    let recall = |kind: &str| score["kinds"][kind]["recall"].as_f64().unwrap_or(0.0);
    assert!(recall("zero_onset") >= 0.97 && recall("supply_cut") >= 0.9, "{score}");
    assert!(recall("shift_up") >= 0.95 && recall("shift_down") >= 0.95, "{score}");
    assert!(rate(&score) <= 1.0 && rate(&score["care"]) <= 30.0, "{score}");
    Ok(())
}

#[test]
fn half_hours_say_what_days_say_and_leaks_besides() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let [readings, register, truth, signals] = fleet(folder.path(), "2500", &["--half-hourly"])?;
    let told = json(&["meters", "scan", &readings, "--register", &register, "--out", &signals])?;
    assert_eq!((&told["state_bytes_per_meter"], &told["too_late"]), (&100.into(), &0.into()), "{told}");
    assert!(told["kinds"]["leak"].as_u64().is_some_and(|leaks| leaks > 0), "{told}");
    let score = json(&["meters", "score", &signals, &truth, "--meters", "2500", "--days", "100"])?;
    assert!(score["kinds"]["zero_onset"]["recall"].as_f64().is_some_and(|recall| recall >= 0.9), "{score}");
    assert!(rate(&score) <= 2.0, "{score}");
    Ok(())
}

/// What a home of a number uses on a day: a wobble, and silence from a day on for one of ten.
fn used(home: u32, day: u32) -> f64 {
    let wobble = f64::from((home * 7919 + day * 104_729) % 97) / 97.0 - 0.5;
    if home % 10 == 3 && day >= 60 { 0.0 } else { 0.3 * (1.0 + 0.4 * wobble) }
}

fn date(day: u32) -> String {
    let (month, of_month) =
        [(3, 31), (4, 30), (5, 31)].iter().fold((3, day), |(month, left), (of, length)| {
            if month == *of && left >= *length { (month + 1, left - length) } else { (month, left) }
        });
    format!("2026-{month:02}-{:02}", of_month + 1)
}

fn long(homes: u32, days: std::ops::Range<u32>) -> String {
    let mut table = "户号,日期,用量\n".to_owned();
    for day in days {
        for home in 0..homes {
            let _ = writeln!(table, "M{home},{},{:.3}", date(day), used(home, day));
        }
    }
    table
}

#[test]
fn days_that_come_one_by_one_say_what_all_at_once_say() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("all.csv"), long(40, 0..90))?;
    run(&["meters", "scan", &path("all.csv"), "--out", &path("all-signals.csv")])?;
    let all = std::fs::read_to_string(path("all-signals.csv"))?;
    assert_eq!(all.lines().filter(|line| line.contains(",zero_onset,2026-04-30,")).count(), 4, "{all}");
    let mut parts = String::new();
    for from in (0..90).step_by(18) {
        std::fs::write(path("part.csv"), long(40, from..from + 18))?;
        let call = [
            "meters",
            "scan",
            &path("part.csv"),
            "--state",
            &path("state"),
            "--out",
            &path("part-signals.csv"),
        ];
        run(&call)?;
        parts.extend(
            std::fs::read_to_string(path("part-signals.csv"))?
                .lines()
                .skip(1)
                .map(|line| format!("{line}\n")),
        );
        // The same readings twice are once.
        run(&call)?;
        assert_eq!(std::fs::read_to_string(path("part-signals.csv"))?.lines().count(), 1);
    }
    assert_eq!(parts, all.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>());
    // What is no state is refused and stays as it is.
    std::fs::write(path("state"), "something else")?;
    let (code, said) =
        fails(&["meters", "scan", &path("part.csv"), "--state", &path("state"), "--out", &path("x.csv")])?;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("no state of meters"), "{said}");
    assert_eq!(std::fs::read_to_string(path("state"))?, "something else");
    Ok(())
}

#[test]
fn tables_of_any_shape_are_read_and_bad_rows_told() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let scan = |file: &str| -> anyhow::Result<(Value, String)> {
        let told = json(&[
            "meters",
            "scan",
            &path(file),
            "--out",
            &path("signals.csv"),
            "--rejected",
            &path("rejected.csv"),
        ])?;
        Ok((told, std::fs::read_to_string(path("signals.csv"))?))
    };
    std::fs::write(path("long.csv"), long(20, 0..90))?;
    let (told, wanted) = scan("long.csv")?;
    assert_eq!((&told["readings"], &told["rejected"]), (&1800.into(), &0.into()));
    assert_eq!(wanted.lines().count(), 3, "{wanted}");

    let mut by_time = "meter".to_owned();
    (0..90).for_each(|day| by_time.push_str(&format!(",{}", date(day))));
    for home in 0..20 {
        let _ = write!(by_time, "\nM{home}");
        (0..90).for_each(|day| by_time.push_str(&format!(",{:.3}", used(home, day))));
    }
    std::fs::write(path("by-time.csv"), by_time)?;
    assert_eq!(scan("by-time.csv")?.1, wanted);

    let mut by_meter = "time".to_owned();
    (0..20).for_each(|home| by_meter.push_str(&format!(",M{home}")));
    for day in 0..90 {
        let _ = write!(by_meter, "\n{}", date(day));
        (0..20).for_each(|home| by_meter.push_str(&format!(",{:.3}", used(home, day))));
    }
    std::fs::write(path("by-meter.csv"), by_meter)?;
    assert_eq!(scan("by-meter.csv")?.1, wanted);

    // What the register shows, in place of what was used.
    let mut registers = "meter,time,reading\n".to_owned();
    for home in 0..20 {
        let mut shown = f64::from(1000 + home * 37);
        for day in 0..90 {
            shown += used(home, day);
            let _ = writeln!(registers, "M{home},{},{shown:.3}", date(day));
        }
    }
    std::fs::write(path("registers.csv"), registers)?;
    let found = scan("registers.csv")?.1;
    assert_eq!(found.lines().count(), 3, "{found}");

    let bad = long(20, 0..90)
        + "M1,yesterday,0.3\n,2026-05-01,0.3\nM1,2026-05-30,much\nM1,2026-05-30\nM1,2026-05-30,NaN\n";
    std::fs::write(path("bad.csv"), bad)?;
    let (told, found) = scan("bad.csv")?;
    assert_eq!((&told["readings"], &told["rejected"]), (&1800.into(), &5.into()), "{told}");
    assert_eq!(found, wanted);
    let rejected = std::fs::read_to_string(path("rejected.csv"))?;
    for reason in ["no time that can be read,yesterday", "no meter", "no number,much", "not as many cells"] {
        assert!(rejected.contains(reason), "{reason}: {rejected}");
    }

    std::fs::write(path("other.csv"), "a,b\n1,2\n")?;
    let (code, said) = fails(&["meters", "scan", &path("other.csv"), "--out", &path("x.csv")])?;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--meter, --time, --value") && said.contains("a, b"), "{said}");
    Ok(())
}

#[test]
fn a_meter_is_drawn_with_what_was_seen() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("long.csv"), long(20, 0..90))?;
    run(&["meters", "explain", &path("long.csv"), "--of", "M3", "--out", &path("m3.svg")])?;
    let svg = std::fs::read_to_string(path("m3.svg"))?;
    assert!(svg.contains("zero_onset") && svg.contains("2026-04-30") && svg.contains("天无用量"));
    assert!(svg.matches("<rect").count() > 90);
    let (code, said) =
        fails(&["meters", "explain", &path("long.csv"), "--of", "M99", "--out", &path("x.svg")])?;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("M99"), "{said}");
    Ok(())
}
