//! `gridweave link` as scripts call it.

use gridweave_e2e::{fails, run};
use serde_json::Value;
use std::collections::HashMap;

struct Folder(tempfile::TempDir);

impl Folder {
    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn rows(&self, name: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let text = std::fs::read_to_string(self.path(name))?;
        let text = text.trim_start_matches('\u{feff}');
        Ok(text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect())
    }
}

fn made(records: &str) -> anyhow::Result<Folder> {
    let folder = Folder(tempfile::tempdir()?);
    run(&["city", "people", "--records", records, "--seed", "3", "--out", &folder.path("people.csv")])?;
    Ok(folder)
}

#[test]
fn people_of_several_registers_are_found_with_the_configuration_that_is_suggested() -> anyhow::Result<()> {
    let folder = made("8000")?;
    let [people, config, pairs, groups, report] =
        ["people.csv", "link.toml", "pairs.csv", "groups.csv", "report.html"].map(|name| folder.path(name));
    run(&["link", "suggest", &people, "--id", "id", "--truth", "entity", "--out", &config])?;
    let call = ["link", &people, "--config", &config, "--id", "id", "--truth", "entity", "--json"];
    let told = run(&[&call[..], &["--out", &pairs, "--clusters", &groups, "--report", &report]].concat())?;
    let told: Value = serde_json::from_str(told.trim())?;
    assert!(told["f1"].as_f64().is_some_and(|f1| f1 > 0.97), "{told}");
    assert!(told["truth"]["clusters"]["f1"].as_f64().is_some_and(|f1| f1 > 0.97), "{told}");
    assert!(
        told["seconds"]["learn"].is_f64() && told["pairs_compared"].is_u64() && told["peak_mib"].is_f64()
    );

    let rows = folder.rows("pairs.csv")?;
    assert_eq!(rows[0][..5], ["id_l", "id_r", "probability", "weight", "name"]);
    assert_eq!(told["pairs"], rows.len() - 1);
    let groups: HashMap<String, String> =
        folder.rows("groups.csv")?.into_iter().skip(1).map(|row| (row[1].clone(), row[0].clone())).collect();
    assert_eq!(groups.len(), 8000);
    let together = rows[1..].iter().filter(|row| groups[&row[0]] == groups[&row[1]]).count();
    assert!(
        together * 100 > (rows.len() - 1) * 97,
        "pairs are in one group, but for chains that were parted"
    );
    let drawn = std::fs::read_to_string(report)?;
    assert!(drawn.contains("<html lang=\"zh-CN\">") && drawn.matches("<svg").count() >= 6);

    // The same once more, byte for byte.
    let again = folder.path("again.csv");
    run(&[&call[..], &["--out", &again]].concat())?;
    assert_eq!(std::fs::read(&pairs)?, std::fs::read(again)?);
    // The evidence of a pair adds up.
    let explain = ["link", &people, "--config", &config, "--id", "id", "--explain", &rows[1][0], &rows[1][1]];
    let explained: Value = serde_json::from_str(run(&explain)?.trim())?;
    let of = &explained["waterfall"];
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let parts = of["evidence"].as_array().into_iter().flatten();
    let sum: f64 = parts.map(|part| number(&part["weight"]) + number(&part["rarity"])).sum();
    assert!((number(&of["prior"]) + sum - number(&of["weight"])).abs() < 1e-3, "{explained}");
    Ok(())
}

#[test]
fn two_tables_are_linked_one_to_one() -> anyhow::Result<()> {
    let folder = made("6000")?;
    // Each person at the most once in each table.
    let (mut tables, mut seen) = ([Vec::new(), Vec::new()], HashMap::<String, usize>::new());
    let rows = folder.rows("people.csv")?;
    for row in &rows[1..] {
        let times = seen.entry(row[1].clone()).or_default();
        if let Some(table) = tables.get_mut(*times) {
            table.push(row.join(","));
        }
        *times += 1;
    }
    for (name, table) in ["a.csv", "b.csv"].iter().zip(&tables) {
        std::fs::write(folder.path(name), format!("{}\n{}\n", rows[0].join(","), table.join("\n")))?;
    }
    let [a, b, config, groups] =
        ["a.csv", "b.csv", "link.toml", "groups.parquet"].map(|name| folder.path(name));
    run(&["link", "suggest", &a, &b, "--id", "id", "--truth", "entity", "--out", &config])?;
    let call = [
        "link",
        &a,
        &b,
        "--config",
        &config,
        "--id",
        "id",
        "--truth",
        "entity",
        "--clusters",
        &groups,
        "--json",
    ];
    let told: Value = serde_json::from_str(run(&call)?.trim())?;
    assert!(told["f1"].as_f64().is_some_and(|f1| f1 > 0.97), "{told}");
    assert_eq!(told["clusters"]["largest"], 2, "one to one");
    let (code, why) = fails(&["link", &a, "--config", &config, "--id", "id"])?;
    assert!(code == 2 && why.contains("two files"), "{code} {why}");
    std::fs::write(&b, format!("{}\n", rows[0].join(",")))?;
    let (code, why) = fails(&["link", &a, &b, "--config", &config, "--id", "id"])?;
    assert!(code == 2 && why.contains("b.csv: there is no record"), "{code} {why}");
    Ok(())
}

#[test]
fn bad_input_is_named_and_nothing_is_half_written() -> anyhow::Result<()> {
    let folder = Folder(tempfile::tempdir()?);
    let [people, config, out] = ["people.csv", "link.toml", "pairs.csv"].map(|name| folder.path(name));
    std::fs::write(
        &people,
        "id,name,birth,same\n1,于建,1982-05-28,x\n2,田刚\n,王芳,1990-01-01,x\n1,于健,1982-05-28,x\n5,于建,1982-05-28,x\n",
    )?;
    let blocks = "block = [{ on = ['birth'] }]\ncolumns = { name = 'chinese_name', birth = 'date' }\n";
    std::fs::write(
        &config,
        format!("{blocks}comparison = [{{ columns = ['name'] }}, {{ columns = ['same'] }}]"),
    )?;
    let call = ["link", &people, "--config", &config, "--id", "id", "--out", &out];
    let (code, why) = fails(&call)?;
    let told = [
        "line 3: 2 cells",
        "the identifier is empty",
        "\"1\" is the identifier of row 1 already",
        "--skip-bad",
    ];
    assert!(code == 1 && told.iter().all(|part| why.contains(part)), "{code} {why}");
    assert!(!std::path::Path::new(&out).exists());
    run(&[&call[..], &["--skip-bad", "--threshold", "0"]].concat())?;
    assert_eq!(folder.rows("pairs.csv")?[1..].len(), 1, "the good rows are compared");

    for (text, said) in [
        (
            format!("{blocks}comparison = [{{ columns = ['nom'] }}]"),
            "no column \"nom\"; there are id, name, birth, same",
        ),
        (format!("{blocks}comparison = [{{ columns = ['name'], levels = ['jaro 2'] }}]"), "is no test"),
        (
            format!("{blocks}comparison = [{{ columns = ['name'], levels = ['swapped'] }}]"),
            "tests of two columns",
        ),
        ("block = [{ on = ['birth|yaer'] }]\ncomparison = [{ columns = ['name'] }]".to_owned(), "year"),
        (format!("{blocks}comparison = []\ncolour = 'red'"), "colour"),
    ] {
        std::fs::write(&config, text)?;
        let (code, why) = fails(&call)?;
        assert!(code == 2 && why.contains(said), "{said}: {code} {why}");
    }
    Ok(())
}
