//! The commands over files, as scripts call them: `locate`, `convert-crs`, `tiles`.

use gridweave_e2e::{Client, Server, fails, run};
use serde_json::{Value, json};

/// Two squares beside each other, one with an open ring.
fn cells() -> String {
    let square = |x: f64| json!([[[x, 0.0], [x + 1.0, 0.0], [x + 1.0, 1.0], [x, 1.0], [x, 0.0]]]);
    let feature = |cell: &str, coordinates: Value| {
        json!({
            "type": "Feature", "properties": { "layer": "base", "cell": cell },
            "geometry": { "type": "Polygon", "coordinates": coordinates },
        })
    };
    let open = json!([[[5.0, 5.0], [6.0, 5.0], [6.0, 6.0], [5.0, 6.0]]]);
    json!({
        "type": "FeatureCollection",
        "features": [feature("西", square(0.0)), feature("东", square(1.0)), feature("坏", open)],
    })
    .to_string()
}

#[test]
fn every_point_keeps_its_row_and_gains_its_cell() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("cells.geojson"), cells())?;
    let rows = "id,lon,lat,note\n1,0.5,0.5,中文\n2,1.0,0.5,\"a, b\"\n3,9,9,\n4,x,0.5,bad\n";
    std::fs::write(path("points.csv"), rows)?;
    let (cells, points, out, snapshot) =
        (path("cells.geojson"), path("points.csv"), path("out.csv"), path("cells.atlas"));
    let call = ["locate", "--cells", &cells, "--points", &points, "--snapshot", &snapshot];
    for from in ["the cells", "the snapshot"] {
        let told: Value =
            serde_json::from_str(run(&[&call[..], &["--out", &out, "--json"]].concat())?.trim())?;
        assert_eq!(
            (&told["points"], &told["pairs"], &told["points_left_out"]),
            (&json!(4), &json!(2), &json!(1))
        );
        let found = std::fs::read_to_string(&out)?;
        let expected =
            "\u{feff}id,lon,lat,note,base\n1,0.5,0.5,中文,西\n2,1.0,0.5,\"a, b\",东\n3,9,9,,\n4,x,0.5,bad,\n";
        assert_eq!(found, expected, "from {from}");
    }
    // Through Parquet and back the answers stay.
    let parquet = path("out.parquet");
    run(&[&call[..], &["--out", &parquet]].concat())?;
    let again = ["locate", "--cells", &cells, "--points", &parquet, "--count"];
    let told: Value = serde_json::from_str(run(&again)?.trim())?;
    assert_eq!((&told["points"], &told["pairs"]), (&json!(4), &json!(2)));
    // A wrong call ends with 2 and says what is there.
    std::fs::write(path("other.csv"), "a,b\n1,2\n")?;
    let other = path("other.csv");
    let (code, why) = fails(&["locate", "--cells", &cells, "--points", &other, "--count"])?;
    assert!(code == 2 && why.contains("a, b"), "{code} {why}");
    // A damaged snapshot is made anew, not answered from.
    std::fs::write(&snapshot, "GWATLAS\0 and nonsense that is long enough for a head")?;
    run(&[&call[..], &["--count"]].concat())?;
    assert!(std::fs::metadata(&snapshot)?.len() > 1000);
    Ok(())
}

#[test]
fn coordinates_go_there_and_come_back() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("a.csv"), "name,lon,lat\n武汉,114.30525,30.59276\n无,,\n")?;
    for system in ["gcj02", "bd09", "epsg:4547", "epsg:32650", "epsg:3857"] {
        let (there, back) = (path("b.csv"), path("c.csv"));
        run(&["convert-crs", "--from", "wgs84", "--to", system, "--in", &path("a.csv"), "--out", &there])?;
        let told = run(&[
            "convert-crs",
            "--from",
            system,
            "--to",
            "wgs84",
            "--in",
            &there,
            "--out",
            &back,
            "--json",
        ])?;
        let told: Value = serde_json::from_str(told.trim())?;
        assert_eq!((&told["converted"], &told["left_out"]), (&json!(1), &json!(1)));
        let found = std::fs::read_to_string(&back)?;
        let row: Vec<&str> = found.lines().nth(1).unwrap_or_default().split(',').collect();
        let near = |text: &str, value: f64| text.parse::<f64>().is_ok_and(|v| (v - value).abs() < 1e-9);
        assert!(row[0] == "武汉" && near(row[1], 114.305_25) && near(row[2], 30.592_76), "{system}: {found}");
    }
    let (code, why) = fails(&[
        "convert-crs",
        "--from",
        "mars",
        "--to",
        "wgs84",
        "--in",
        &path("a.csv"),
        "--out",
        &path("d.csv"),
    ])?;
    assert!(code == 2 && why.contains("gcj02"), "{code} {why}");
    Ok(())
}

#[test]
fn the_map_goes_into_one_file() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let data = path("data");
    run(&["city", "simulate", "--households", "200", "--days", "20", "--data", &data])?;
    for (set, ending) in [("base", "mbtiles"), ("cells", "pmtiles")] {
        let out = path(&format!("map.{ending}"));
        let told = run(&["tiles", "export", "--set", set, "--out", &out, "--data", &data, "--json"])?;
        let told: Value = serde_json::from_str(told.trim())?;
        assert!(told["tiles"].as_u64().is_some_and(|tiles| tiles > 5), "{told}");
        let bytes = std::fs::read(&out)?;
        let begins: &[u8] = if ending == "mbtiles" { b"SQLite format 3" } else { b"PMTiles" };
        assert!(bytes.starts_with(begins));
    }
    let (code, why) =
        fails(&["tiles", "export", "--set", "x", "--out", &path("x.pmtiles"), "--data", &data])?;
    assert!(code == 2 && why.contains("base, cells"), "{code} {why}");
    Ok(())
}

#[test]
fn any_files_become_tiles_and_what_cannot_be_drawn_is_named() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let square = json!([[[114.3, 30.5], [114.31, 30.5], [114.31, 30.51], [114.3, 30.51], [114.3, 30.5]]]);
    let feature = json!({ "type": "Feature", "properties": { "name": "东湖花园", "floors": 7 },
        "geometry": { "type": "Polygon", "coordinates": square } });
    let features = json!({ "type": "FeatureCollection", "features": [feature, { "type": "Feature", "geometry": null }] });
    std::fs::write(path("compounds.geojson"), features.to_string())?;
    std::fs::write(path("doors.csv"), "name,lon,lat\n1号,114.305,30.505\n无,,\n")?;
    let (compounds, doors) = (path("compounds.geojson"), path("doors.csv"));
    let out = path("city.mbtiles");
    let told = run(&["tiles", "export", "--layer", &compounds, "--layer", &doors, "--out", &out, "--json"])?;
    let told: Value = serde_json::from_str(told.trim())?;
    assert!(told["tiles"].as_u64().is_some_and(|tiles| tiles >= 9), "{told}");
    for wrong in [
        vec!["tiles", "export", "--out", &out],
        vec!["tiles", "export", "--set", "base", "--layer", &doors, "--out", &out],
        vec!["tiles", "export", "--layer", &doors, "--layer", &doors, "--out", &out],
    ] {
        assert_eq!(fails(&wrong)?.0, 2, "{wrong:?}");
    }
    let server = Server::of_files(&[&compounds, &doors])?;
    let client = Client::with_key(&server.url, "");
    let (status, described) = client.get("/tiles/files.json")?;
    assert_eq!((status, &described["vector_layers"][0]["fields"]["floors"]), (200, &json!("Number")));
    assert_eq!(described["vector_layers"][1]["id"], "doors");
    // Zoom 12 about 114.305, 30.505; and far from it.
    assert_eq!(client.get("/tiles/files/12/3348/1683.pbf")?.0, 200);
    assert_eq!(client.get("/tiles/files/12/0/0.pbf")?.0, 204);
    assert_eq!(client.get("/tiles/others/12/3348/1683.pbf")?.0, 404);
    Ok(())
}
