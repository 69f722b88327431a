//! `gridweave rounds` as scripts call it.

use gridweave_e2e::{fails, run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn told(call: &[&str]) -> anyhow::Result<Value> {
    let out = run(&[call, &["--json"]].concat())?;
    Ok(serde_json::from_str(out.trim().lines().last().unwrap_or_default())?)
}

/// Rows of the written table by their columns.
fn rows(path: &str) -> anyhow::Result<Vec<BTreeMap<String, String>>> {
    let text = std::fs::read_to_string(path)?;
    let mut lines =
        text.trim_start_matches('\u{feff}').lines().map(|line| line.split(',').map(str::to_owned));
    let header: Vec<String> = lines.next().into_iter().flatten().collect();
    Ok(lines.map(|row| header.iter().cloned().zip(row).collect()).collect())
}

/// Sixty visits in two quarters, some of which need a skill, two workers or a time, and six workers.
fn day(folder: &Path) -> anyhow::Result<[String; 3]> {
    let mut visits = "id,lon,lat,minutes,from,until,urgency,skills,workers,floor,lift\n".to_owned();
    for number in 0..60 {
        let (x, y) = ((number % 10) as f64, (number / 10) as f64);
        let quarter = if number % 2 == 0 { 0.0 } else { 0.03 };
        let skill = if number % 9 == 0 { "gas" } else { "" };
        let two = if number == 20 { 2 } else { 1 };
        let (from, until) = if number % 5 == 0 { ("09:30", "10:30") } else { ("", "") };
        visits += &format!(
            "v{number},{:.5},{:.5},{},{from},{until},{},{skill},{two},6,no\n",
            114.3 + quarter + x * 0.0007,
            30.5 + y * 0.0009,
            5 + number % 4 * 5,
            1 + number % 5
        );
    }
    // Nobody can do this one, one row is no visit, and one is there twice.
    visits += "far,114.3,30.5,10,,,3,diving,1,,\nbad,114.3,north,10,,,3,,1,,\nv1,114.3,30.5,10,,,3,,1,,\n";
    let mut workers = "id,lon,lat,from,until,pause_minutes,pause_from,pause_until,skills\n".to_owned();
    for number in 0..6 {
        let skill = if number % 2 == 0 { "gas;care" } else { "care" };
        workers += &format!(
            "w{number},{},30.5,08:30,17:00,60,11:30,12:30,{skill}\n",
            if number < 3 { 114.3 } else { 114.335 }
        );
    }
    let at = |name: &str| folder.join(name).display().to_string();
    let [visits_at, workers_at, out] = [at("visits.csv"), at("workers.csv"), at("rounds.geojson")];
    std::fs::write(&visits_at, visits)?;
    std::fs::write(&workers_at, workers)?;
    Ok([visits_at, workers_at, out])
}

#[test]
fn a_day_is_planned_and_mended_when_one_visit_comes_and_another_goes() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let [visits, workers, out] = day(folder.path())?;
    let map = folder.path().join("rounds.svg").display().to_string();
    let call = ["rounds", "plan", "--visits", &visits, "--workers", &workers];
    let planned = told(&[&call[..], &["--out", &out, "--picture", &map]].concat())?;
    assert_eq!(
        (&planned["visits"], &planned["left_out"], &planned["rejected"]),
        (&61.into(), &1.into(), &2.into())
    );
    let csv = out.replace(".geojson", ".csv");
    let first = rows(&csv)?;
    let of = |rows: &[BTreeMap<String, String>], visit: &str| -> Vec<(String, String)> {
        let own = rows.iter().filter(|row| row["visit"] == visit && row["kind"] == "visit");
        own.map(|row| (row["worker"].clone(), row["begins"].clone())).collect()
    };
    let two = of(&first, "v20");
    assert!(two.len() == 2 && two[0].0 != two[1].0 && two[0].1 == two[1].1, "{two:?}");
    assert!(of(&first, "v5").iter().all(|(_, begins)| ("09:30".."10:31").contains(&begins.as_str())));
    assert!(of(&first, "v9").iter().all(|(worker, _)| ["w0", "w2", "w4"].contains(&worker.as_str())));
    let left: Vec<_> = first.iter().filter(|row| row["kind"] == "left_out").collect();
    assert!(left.len() == 1 && left[0]["reason"].contains("nobody of this day has the skills"), "{left:?}");
    let drawn: Value = serde_json::from_str(&std::fs::read_to_string(&out)?)?;
    assert!(drawn["features"].as_array().is_some_and(|features| features.len() > 61));
    assert!(std::fs::read_to_string(&map)?.contains("</svg>"));
    // The same again is the same.
    told(&[&call[..], &["--out", &out, "--threads", "1"]].concat())?;
    assert_eq!(rows(&csv)?, first);
    // One more, one less: most stays.
    let changed = std::fs::read_to_string(&visits)?.replace("v31,", "new,");
    std::fs::write(&visits, changed)?;
    let again = folder.path().join("again.geojson").display().to_string();
    told(&[&call[..], &["--previous", &csv, "--out", &again]].concat())?;
    let second = rows(&again.replace(".geojson", ".csv"))?;
    assert_eq!((of(&second, "v31").len(), of(&second, "new").len()), (0, 1));
    assert_eq!(
        of(&second, "v20").iter().map(|(_, begins)| begins).collect::<Vec<_>>(),
        [&two[0].1, &two[0].1]
    );
    let visits_of = |rows: &[BTreeMap<String, String>]| -> BTreeMap<String, String> {
        let own = rows.iter().filter(|row| row["kind"] == "visit" && row["visit"] != "v20");
        own.map(|row| (row["visit"].clone(), row["worker"].clone())).collect()
    };
    let (before, after) = (visits_of(&first), visits_of(&second));
    let stayed = before.iter().filter(|(visit, worker)| after.get(*visit) == Some(worker)).count();
    assert!(stayed * 10 >= before.len() * 8, "{stayed} of {}", before.len());
    Ok(())
}

#[test]
fn what_is_wrong_is_told_with_its_place() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let [visits, workers, out] = day(folder.path())?;
    let call = ["rounds", "plan", "--visits", &visits, "--workers", &workers, "--out", &out];
    let told = fails(&[&call[..], &["--crs", "mars"]].concat())?;
    assert!(told.0 == 2 && told.1.contains("no coordinate system"), "{told:?}");
    std::fs::write(&workers, "id,lon\nw,1\n")?;
    let told = fails(&call)?;
    assert!(told.0 == 2 && told.1.contains("no column \"lat\""), "{told:?}");
    std::fs::write(&workers, "id,lon,lat,from,until\nw,114.3,30.5,17:00,08:00\n")?;
    let told = fails(&call)?;
    assert!(told.0 == 2 && told.1.contains("line 2: the shift ends before it begins"), "{told:?}");
    assert!(!Path::new(&out).exists());
    Ok(())
}
