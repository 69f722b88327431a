//! The benchmarks: peers and ours in one go, with a release build. Python peers live in a folder of their
//! own below the target folder.

use crate::run::{program, root, step, target, to_end};
use anyhow::Context;
use std::path::PathBuf;
use std::process::Command;

/// The benchmarks.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Which {
    /// Visits against planted truth, seeds 1 to 5.
    Loop,
    /// 1,000,000 points × 5 layers × 20,000 cells, beside SedonaDB, DuckDB spatial and Shapely.
    Locate,
    /// The same for more and more cells and points, with a plot.
    LocateGrowth,
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
    }
}

/// A Python with the packages of a benchmark, installed where they are missing.
fn python(bench: &str) -> anyhow::Result<PathBuf> {
    let folder = target().join("bench-env");
    let python = folder.join("bin/python");
    if !python.exists() {
        step("Python packages of the benchmark");
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&folder);
        to_end(make).context("benchmarks need Python 3 with venv")?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    install.arg(root().join("bench").join(bench).join("requirements.txt"));
    to_end(install)?;
    Ok(python)
}
