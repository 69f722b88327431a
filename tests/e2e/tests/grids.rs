//! `gridweave grids` as scripts call it.

use gridweave_e2e::{binary, fails, run};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn told(call: &[&str]) -> anyhow::Result<Value> {
    let out = run(&[call, &["--json"]].concat())?;
    Ok(serde_json::from_str(out.trim().lines().last().unwrap_or_default())?)
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or(f64::NAN)
}

/// A field of blocks with a lake in the middle, as a graph, with more work in the west by `uneven`.
fn field(path: &Path, side: usize, uneven: f64) -> anyhow::Result<()> {
    let lake = side / 3..side - side / 3;
    let dry = |x: usize, y: usize| !(lake.contains(&x) && lake.contains(&y));
    let places: Vec<(usize, usize)> =
        (0..side * side).map(|at| (at % side, at / side)).filter(|(x, y)| dry(*x, *y)).collect();
    let number: HashMap<(usize, usize), usize> =
        places.iter().enumerate().map(|(at, place)| (*place, at)).collect();
    let mut edges = Vec::new();
    for (at, (x, y)) in places.iter().enumerate() {
        edges.extend(
            [(x + 1, *y), (*x, y + 1)].iter().filter_map(|place| number.get(place)).map(|to| [at, *to]),
        );
    }
    let weights: Vec<f64> = places
        .iter()
        .map(|(x, y)| (1.0 + ((x * 7 + y * 13) % 5) as f64) * if *x < side / 4 { uneven } else { 1.0 })
        .collect();
    let graph = json!({ "weights": weights, "xy": places, "edges": edges });
    Ok(std::fs::write(path, graph.to_string())?)
}

#[test]
fn a_graph_is_drawn_checked_and_drawn_anew_with_few_changes() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let [before, after, parts, anew, curve] =
        ["before.json", "after.json", "parts.txt", "anew.txt", "curve.csv"].map(at);
    field(before.as_ref(), 60, 1.0)?;
    field(after.as_ref(), 60, 1.4)?;
    let drawn = told(&[
        "grids",
        "draw",
        "--graph",
        &before,
        "--cells",
        "24",
        "--seed",
        "3",
        "--tolerance",
        "0.01",
        "--out",
        &parts,
    ])?;
    assert!(drawn["within"] == true && number(&drawn, "max_over_mean") <= 1.01, "{drawn}");
    let first = std::fs::read_to_string(&parts)?;
    told(&[
        "grids",
        "draw",
        "--graph",
        &before,
        "--cells",
        "24",
        "--seed",
        "3",
        "--threads",
        "1",
        "--out",
        &parts,
    ])?;
    assert_eq!(first, std::fs::read_to_string(&parts)?, "the same seed draws the same cells");
    run(&["grids", "check", "--graph", &before, "--parts", &parts, "--tolerance", "0.01"])?;
    let (code, why) =
        fails(&["grids", "check", "--graph", &after, "--parts", &parts, "--tolerance", "0.05"])?;
    assert!(code == 1 && why.contains("times the mean work"), "{why}");
    let redrawn = told(&[
        "grids",
        "redraw",
        "--graph",
        &after,
        "--parts",
        &parts,
        "--tolerance",
        "0.05",
        "--out",
        &anew,
        "--curve",
        &curve,
    ])?;
    let (moved, least) = (number(&redrawn, "moved_share"), number(&redrawn, "moved_share_least"));
    assert!(redrawn["within"] == true && least > 0.0 && moved >= least && moved < 0.3, "{redrawn}");
    run(&["grids", "check", "--graph", &after, "--parts", &anew, "--tolerance", "0.05"])?;
    let report = run(&["grids", "report", "--graph", &after, "--parts", &anew, "--before", &parts])?;
    assert_eq!(report.lines().count(), 25, "{report}");
    let rows = std::fs::read_to_string(&curve)?;
    assert!(rows.lines().count() > 5, "{rows}");
    // A second network, drawn freely, lies across the first.
    let [other, overlaps] = ["other.txt", "overlaps.csv"].map(at);
    run(&["grids", "draw", "--graph", &before, "--cells", "7", "--out", &other])?;
    let call =
        ["grids", "compare", "--graph", &before, "--parts", &parts, "--other", &other, "--out", &overlaps];
    let compared = told(&call)?;
    let (torn, suggestions) = (number(&compared, "cells_torn"), number(&compared, "suggestions"));
    assert!(
        torn > 4.0 && suggestions >= torn && number(&compared, "overlaps") == 24.0 + suggestions,
        "{compared}"
    );
    let listed = run(&call)?;
    assert_eq!(listed.lines().count() as f64, 1.0 + suggestions, "{listed}");
    let mut of_cell: HashMap<String, f64> = HashMap::new();
    for row in std::fs::read_to_string(&overlaps)?.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        *of_cell.entry(fields[0].to_owned()).or_default() += fields[2].parse::<f64>()?;
    }
    assert!(of_cell.len() == 24 && of_cell.values().all(|sum| (sum - 1.0).abs() < 1e-3), "{of_cell:?}");
    // Nothing has to change where all is well.
    let same = told(&[
        "grids",
        "redraw",
        "--graph",
        &before,
        "--parts",
        &parts,
        "--tolerance",
        "0.05",
        "--out",
        &anew,
    ])?;
    assert_eq!(number(&same, "moved_share"), 0.0, "{same}");
    Ok(())
}

#[test]
fn drawing_that_is_interrupted_keeps_the_best_so_far() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let [graph, out] = ["graph.json", "parts.txt"].map(at);
    field(graph.as_ref(), 40, 1.0)?;
    let call = ["grids", "draw", "--graph", &graph, "--cells", "12", "--rounds", "100000000", "--out", &out];
    let mut child = Command::new(binary()?).args(call).stderr(Stdio::piped()).spawn()?;
    let mut told = BufReader::new(child.stderr.take().expect("standard error"));
    let mut line = String::new();
    told.read_line(&mut line)?;
    assert_eq!(line, "draw …\n");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status()?.success());
    assert!(child.wait()?.success());
    run(&["grids", "check", "--graph", &graph, "--parts", &out, "--tolerance", "0.01"])?;
    Ok(())
}

#[test]
fn what_cannot_be_is_refused_with_what_would_do() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let [graph, rules, out] = ["graph.json", "rules.toml", "out.txt"].map(at);
    std::fs::write(&graph, r#"{"weights":[9,1,1,1],"edges":[[0,1],[1,2],[2,3]]}"#)?;
    let draw = ["grids", "draw", "--graph", &graph, "--out", &out, "--cells"];
    let refused = |more: &[&str]| fails(&[&draw, more].concat());
    let (code, why) = refused(&["2", "--tolerance", "0.1"])?;
    assert!(code == 2 && why.contains("block 0 alone has 1.500 times the mean"), "{why}");
    let (code, why) = refused(&["9"])?;
    assert!(code == 2 && why.contains("9 cells were asked for, and only 4 blocks"), "{why}");
    std::fs::write(&rules, "together = [[\"0\", \"2\"]]")?;
    let (code, why) = refused(&["2", "--rules", &rules])?;
    assert!(code == 2 && why.contains("stay together and do not touch"), "{why}");
    std::fs::write(&rules, "together = [[\"0\", \"9\"]]")?;
    assert!(refused(&["2", "--rules", &rules])?.1.contains("there is no block \"9\""));
    std::fs::write(&graph, r#"{"weights":[9,1],"edges":[[0,7]]}"#)?;
    assert!(refused(&["1"])?.1.contains("edge 0 ends at block 7, and there are 2 blocks"));
    std::fs::write(&graph, r#"{"weights":[9,"x"]}"#)?;
    assert_eq!(refused(&["1"])?.0, 2);
    assert!(!Path::new(&out).exists());
    Ok(())
}

#[test]
fn buildings_of_a_city_become_cells_that_can_be_put_in_force() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let [city, blocks, cells, assigned, map, data] =
        ["city", "blocks.geojson", "cells.geojson", "blocks.csv", "cells.svg", "data"].map(at);
    run(&["city", "make", "--households", "3000", "--seed", "7", "--out", &city])?;
    // The homes of each building, and its community.
    let mut homes: HashMap<String, u64> = HashMap::new();
    for line in std::fs::read_to_string(format!("{city}/dwellings.csv"))?.lines().skip(1) {
        let code = line.split(',').next().unwrap_or_default();
        if let Some(building) = code.get(..19) {
            *homes.entry(building.to_owned()).or_default() += 1;
        }
    }
    let mut outlines: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{city}/outlines.geojson"))?)?;
    let features = outlines["features"].as_array_mut().expect("features");
    features.retain(|feature| {
        feature["properties"]["code"].as_str().is_some_and(|code| homes.contains_key(code))
    });
    assert!(features.len() > 50, "{}", features.len());
    for feature in features.iter_mut() {
        let code = feature["properties"]["code"].as_str().unwrap_or_default().to_owned();
        feature["properties"]["homes"] = json!(homes[&code]);
        feature["properties"]["community"] = json!(code[..12]);
    }
    std::fs::write(&blocks, outlines.to_string())?;
    let call = [
        "grids",
        "draw",
        "--blocks",
        &blocks,
        "--work",
        "homes",
        "--division",
        "community",
        "--target",
        "300",
    ];
    let drawn = told(&[&call[..], &["--out", &cells, "--assign", &assigned, "--picture", &map]].concat())?;
    let count = number(&drawn, "cells");
    assert!((8.0..=12.0).contains(&count), "{drawn}");
    let read: Value = serde_json::from_str(&std::fs::read_to_string(&cells)?)?;
    let drawn_cells = read["features"].as_array().expect("features");
    assert_eq!(drawn_cells.len() as f64, count);
    let sum: f64 = drawn_cells.iter().map(|cell| number(&cell["properties"], "work")).sum();
    assert_eq!(sum as u64, homes.values().sum::<u64>());
    let rows = std::fs::read_to_string(&assigned)?;
    for line in rows.lines().skip(1) {
        let (block, cell) = line.split_once(',').expect("two fields");
        assert_eq!(block[..12], cell[..12], "no cell crosses a community's border");
    }
    assert!(std::fs::read_to_string(&map)?.contains("</svg>"));
    // The same as GeoParquet; its cells are blocks of another network.
    let [columns, joined] = ["cells.parquet", "joined.txt"].map(at);
    run(&[&call[..], &["--out", &columns]].concat())?;
    let of_cells = [
        "grids",
        "draw",
        "--blocks",
        &columns,
        "--work",
        "work",
        "--division",
        "division",
        "--target",
        "900",
    ];
    let joined_told = told(&[&of_cells[..], &["--out", &joined]].concat())?;
    assert_eq!(
        (number(&joined_told, "blocks"), number(&joined_told, "left_out")),
        (count, 0.0),
        "{joined_told}"
    );
    assert_eq!(std::fs::read_to_string(&joined)?.lines().count() as f64, count);
    let (code, why) = fails(&[&call[..], &["--out", &at("cells.shp")]].concat())?;
    assert!(code == 2 && why.contains("cells are written as .geojson, .parquet"), "{why}");
    run(&["import", "divisions", &format!("{city}/divisions.csv"), "--data", &data])?;
    let imported = run(&["import", "cells", &cells, "--network", "base", "--publish", "--data", &data])?;
    assert!(imported.contains("\"rejected\": []"), "{imported}");
    Ok(())
}

#[test]
fn no_cell_crosses_a_river_of_which_only_the_missing_streets_tell() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let [blocks, streets, rivers, out] =
        ["blocks.csv", "streets.geojson", "rivers.geojson", "cells.csv"].map(at);
    // A street on each bank, 200 m between them, 4 km long; a bridge in the west and another at a quarter of the way.
    let place = |x: f64, y: f64| [114.3 + x / 95_900.0, 30.5 + y / 110_900.0];
    let mut rows = "id,lon,lat\n".to_owned();
    for block in 0..80 {
        let (bank, along) = (block % 2, f64::from(block / 2) * 100.0);
        let [lon, lat] = place(along, if bank == 0 { -20.0 } else { 220.0 });
        rows +=
            &format!("{},{lon},{lat}\n", if bank == 0 { format!("s{along}") } else { format!("n{along}") });
    }
    std::fs::write(&blocks, rows)?;
    let line = |kind: &str, places: &[[f64; 2]]| json!({ "type": "Feature", "properties": { "kind": kind }, "geometry": { "type": "LineString", "coordinates": places } });
    let along = |y: f64| (0..=40).map(|step| place(f64::from(step) * 100.0, y)).collect::<Vec<_>>();
    let bridge = |x: f64| [place(x, 0.0), place(x, 200.0)];
    let network = [
        line("street", &along(0.0)),
        line("street", &along(200.0)),
        line("street", &bridge(0.0)),
        line("street", &bridge(1000.0)),
    ];
    std::fs::write(&streets, json!({ "type": "FeatureCollection", "features": network }).to_string())?;
    let river = line("river", &[place(-500.0, 100.0), place(4500.0, 100.0)]);
    std::fs::write(&rivers, json!({ "type": "FeatureCollection", "features": [river] }).to_string())?;
    let parts = at("parts.geojson");
    let draw = [
        "grids", "draw", "--blocks", &blocks, "--reach", "150", "--cells", "4", "--out", &parts, "--assign",
        &out,
    ];
    // Far from the bridges both banks are of one cell only where nothing is known of streets and river.
    let crossing = |lines: &[&str]| -> anyhow::Result<usize> {
        let drawn = told(&[&draw[..], lines].concat())?;
        // Only the streets tell what is a detour; where the river is told, it closes the borders itself.
        assert_eq!(number(&drawn, "detours") > 0.0, lines == ["--barriers", streets.as_str()], "{drawn}");
        let mut cell_of: HashMap<String, String> = HashMap::new();
        for line in std::fs::read_to_string(&out)?.lines().skip(1) {
            let (block, cell) = line.split_once(',').expect("two fields");
            cell_of.insert(block.to_owned(), cell.to_owned());
        }
        assert_eq!(cell_of.len(), 80);
        Ok((20..40)
            .filter(|step| cell_of[&format!("s{}", step * 100)] == cell_of[&format!("n{}", step * 100)])
            .count())
    };
    assert!(crossing(&[])? > 10);
    assert_eq!(crossing(&["--barriers", &streets])?, 0);
    assert_eq!(crossing(&["--barriers", &streets, "--barriers", &rivers])?, 0);
    assert_eq!(crossing(&["--barriers", &rivers])?, 0);
    // A house behind walls all round: too little for a cell, it goes to one of its neighbours', and that is told.
    let walls = at("walls.geojson");
    let round = [[1560.0, 170.0], [1640.0, 170.0], [1640.0, 260.0], [1560.0, 260.0], [1560.0, 170.0]];
    let wall = line("wall", &round.map(|[x, y]| place(x, y)));
    std::fs::write(&walls, json!({ "type": "FeatureCollection", "features": [wall] }).to_string())?;
    let behind = ["--barriers", &rivers, "--barriers", &walls];
    let drawn = told(&[&draw[..], &behind].concat())?;
    assert!(drawn["within"] == true && number(&drawn, "strays") == 1.0, "{drawn}");
    let (code, why) = fails(&[&draw[..], &behind, &["--no-joins", "--tolerance", "0.1"]].concat())?;
    assert!(code == 2 && why.contains("touch no others"), "{why}");
    Ok(())
}
