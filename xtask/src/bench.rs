//! The benchmarks: peers and ours in one go, with a release build. Python peers live in a folder of their
//! own below the target folder.

use crate::run::{printed, program, root, step, target, to_end};
use crate::services::{self, Postgres, ensure_postgis};
use std::path::PathBuf;
use std::process::Command;

/// The version that is measured against.
const MARTIN: &str = "=1.14.0";

/// The benchmarks.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Which {
    /// Visits against planted truth, seeds 1 to 5.
    Loop,
    /// 1,000,000 points × 5 layers × 20,000 cells, beside SedonaDB, DuckDB spatial and Shapely.
    Locate,
    /// The same for more and more cells and points, with a plot.
    LocateGrowth,
    /// An edit of two cells beside making their layer whole; the nearest of a million places.
    LocateEdits,
    /// Tiles of 500,000 buildings, beside Martin over PostGIS.
    Tiles,
    /// Doors of a library of 1,000,000 written badly, beside rapidfuzz, FTS5, pg_trgm, tantivy and TF-IDF.
    Address,
    /// Completing as one types over five million doors.
    AddressSuggest,
    /// People as several registers hold them, and the public febrl sets, beside Splink.
    Linkage,
    /// Categories of messages beside LinearSVC, related reports, dangers, topics; real messages lie in the folder that
    /// `GRIDWEAVE_MESSAGES` names.
    Triage,
    /// A million meters over 90 days beside DuckDB and ruptures, and how well what is found meets the truth; real meters
    /// lie in the folder that `GRIDWEAVE_METERS` names.
    Meters,
    /// Cells of 2,000 to 1,000,000 blocks beside METIS, KaHIP and GerryChain, drawn anew, and on real ground where
    /// `GRIDWEAVE_GROUND` names the folder that holds it.
    Partition,
    /// Rounds of 200 and 800 visits beside PyVRP and OR-Tools.
    Rounds,
    /// The worst of texts of every kind: milliseconds for each hundred characters.
    AddressWorst,
}

/// `cargo xtask bench`.
pub fn run(which: Which) -> anyhow::Result<()> {
    step("release build");
    to_end(program("cargo", ".", &["build", "--release", "--package", "gridweave-cli"]))?;
    let gridweave = target().join("release/gridweave");
    let results = root().join("bench/results");
    let work = target().join("bench");
    std::fs::create_dir_all(&work)?;
    match which {
        Which::Loop => {
            step("loop: score of planted truth");
            let mut score = Command::new(gridweave);
            score.args(["city", "score", "--households", "10000", "--days", "90", "--seeds", "1,2,3,4,5"]);
            to_end(score)
        }
        Which::Locate => {
            let python = python("locate")?;
            let data = work.join("locate");
            step("locate: data");
            let mut make = Command::new(&python);
            make.arg(root().join("bench/locate/make.py")).arg("--out").arg(&data);
            to_end(make)?;
            step("locate: ours and its peers");
            let mut run = Command::new(python);
            run.arg(root().join("bench/locate/run.py")).arg("--program").arg(gridweave);
            run.arg("--data").arg(&data).arg("--out").arg(results.join("locate.json"));
            to_end(run)
        }
        Which::LocateGrowth => {
            step("locate: growth");
            let mut run = Command::new(python("locate")?);
            run.arg(root().join("bench/locate/grow.py")).arg("--program").arg(gridweave);
            run.arg("--work").arg(work).arg("--out").arg(results);
            to_end(run)
        }
        Which::LocateEdits => {
            step("locate: edits, and what is near");
            let call = ["run", "--release", "--quiet", "--package", "gridweave-atlas", "--example", "edits"];
            let told = printed(program("cargo", ".", &call))?;
            print!("{told}");
            Ok(std::fs::write(results.join("locate-edits.json"), told)?)
        }
        Which::Address => {
            let python = python("address")?;
            let postgres = Postgres::start_with("-c shared_buffers=1GB -c work_mem=64MB")?;
            step("address: ours and its peers");
            let mut run = Command::new(python);
            run.arg(root().join("bench/address/run.py")).arg("--program").arg(gridweave);
            run.arg("--postgres").arg(&postgres.url).arg("--out").arg(results.join("address.json"));
            to_end(run)
        }
        Which::AddressSuggest => {
            let python = python("address")?;
            step("address: completing over five million doors");
            let mut run = Command::new(python);
            run.arg(root().join("bench/address/suggest.py")).arg("--program").arg(gridweave);
            run.arg("--out").arg(results.join("address-suggest.json"));
            to_end(run)
        }
        Which::Triage => {
            let python = python("triage")?;
            step("triage: ours and LinearSVC");
            let mut run = Command::new(python);
            run.arg(root().join("bench/triage/run.py")).arg("--program").arg(gridweave);
            run.arg("--work").arg(work.join("triage")).arg("--out").arg(results.join("triage.json"));
            if let Some(folder) = std::env::var_os("GRIDWEAVE_MESSAGES") {
                run.arg("--messages").arg(folder);
            }
            to_end(run)
        }
        Which::Meters => {
            let python = python("meters")?;
            // As a database of some size is run.
            let postgres = Postgres::start_with(
                "-c shared_buffers=1GB -c work_mem=64MB -c max_wal_size=4GB -c max_connections=100",
            )?;
            step("meters: ours, DuckDB and ruptures");
            let mut run = Command::new(python);
            run.arg(root().join("bench/meters/run.py")).arg("--program").arg(gridweave);
            run.arg("--work").arg(work.join("meters")).arg("--out").arg(results.join("meters.json"));
            run.arg("--postgres").arg(&postgres.url);
            if let Some(folder) = std::env::var_os("GRIDWEAVE_METERS") {
                run.arg("--real").arg(folder);
            }
            to_end(run)
        }
        Which::Partition => {
            let python = python("partition")?;
            step("partition: ours, METIS, KaHIP and GerryChain");
            let mut run = Command::new(python);
            run.arg(root().join("bench/partition/run.py")).arg("--program").arg(gridweave);
            run.arg("--work").arg(work.join("partition")).arg("--out").arg(results.join("partition.json"));
            if let Some(folder) = std::env::var_os("GRIDWEAVE_GROUND") {
                run.arg("--real").arg(folder);
            }
            to_end(run)
        }
        Which::Rounds => {
            let python = python("rounds")?;
            step("rounds: ours, PyVRP and OR-Tools");
            let mut run = Command::new(python);
            run.arg(root().join("bench/rounds/run.py")).arg("--program").arg(gridweave);
            run.arg("--work").arg(work.join("rounds")).arg("--out").arg(results.join("rounds.json"));
            to_end(run)
        }
        Which::Linkage => {
            let python = python("linkage")?;
            step("linkage: ours and Splink");
            let mut run = Command::new(python);
            run.arg(root().join("bench/linkage/run.py")).arg("--program").arg(gridweave);
            run.arg("--out").arg(results.join("linkage.json"));
            to_end(run)?;
            step("linkage: one more record");
            let (people, config) = (work.join("people.csv"), work.join("link.toml"));
            let mut make = Command::new(target().join("release/gridweave"));
            make.args(["city", "people", "--records", "1002000", "--seed", "5", "--out"]).arg(&people);
            to_end(make)?;
            let mut suggest = Command::new(target().join("release/gridweave"));
            suggest.args(["link", "suggest"]).arg(&people).args(["--id", "id", "--truth", "entity", "--out"]);
            suggest.arg(&config);
            to_end(suggest)?;
            let call = [
                "run",
                "--release",
                "--quiet",
                "--package",
                "gridweave-linkage",
                "--example",
                "one_more",
                "--",
            ];
            let mut one_more = program("cargo", ".", &call);
            one_more.arg(people).arg(config);
            let told = printed(one_more)?;
            print!("{told}");
            Ok(std::fs::write(results.join("linkage-one-more.json"), told)?)
        }
        Which::AddressWorst => {
            let city = work.join("address-city");
            let library = work.join("worst.addresses");
            step("address: a library of a million doors");
            let mut make = Command::new(&gridweave);
            make.args(["city", "make", "--households", "1000000", "--days", "1", "--seed", "5", "--out"]);
            make.arg(&city);
            to_end(make)?;
            let mut compile = Command::new(&gridweave);
            compile.args(["address", "compile", "--library"]).arg(city.join("places.csv"));
            compile.arg("--out").arg(&library);
            to_end(compile)?;
            step("address: the worst of texts");
            let call =
                ["run", "--release", "--quiet", "--package", "gridweave-address", "--example", "worst", "--"];
            let mut worst = program("cargo", ".", &call);
            worst.arg(library);
            let told = printed(worst)?;
            print!("{told}");
            Ok(std::fs::write(results.join("address-worst.json"), told)?)
        }
        Which::Tiles => {
            ensure_postgis()?;
            let (python, martin) = (python("tiles")?, martin()?);
            let data = work.join("tiles");
            step("tiles: data");
            let mut make = Command::new(&python);
            make.arg(root().join("bench/tiles/make.py")).arg("--out").arg(&data);
            to_end(make)?;
            // All of the buildings fit into its memory.
            let postgres =
                Postgres::start_with("-c shared_buffers=1GB -c work_mem=64MB -c random_page_cost=1.1")?;
            step("tiles: ours and its peers");
            let mut run = Command::new(python);
            run.arg(root().join("bench/tiles/run.py"))
                .arg("--program")
                .arg(gridweave)
                .arg("--martin")
                .arg(martin);
            run.arg("--postgres").arg(&postgres.url).arg("--data").arg(&data);
            run.arg("--out").arg(results.join("tiles.json"));
            to_end(run)
        }
    }
}

/// The peer of the tiles benchmark, built where it is missing.
fn martin() -> anyhow::Result<PathBuf> {
    let folder = target().join("bench-martin");
    let program = folder.join("bin/martin");
    if !program.exists() {
        step("Martin, the peer (some ten minutes)");
        let wanted = ["install", "martin", "--version", MARTIN, "--locked", "--no-default-features"];
        let mut install = crate::run::program("cargo", ".", &wanted);
        install.args(["--features", "postgres,mbtiles,pmtiles", "--root"]).arg(&folder);
        to_end(install)?;
    }
    Ok(program)
}

/// A Python with the packages of a benchmark.
fn python(bench: &str) -> anyhow::Result<PathBuf> {
    services::python("bench-env", &root().join("bench").join(bench).join("requirements.txt"))
}
