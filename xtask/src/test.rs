//! `cargo xtask test`: everything that must pass, in the order of how quickly it fails.

use crate::run::{program, root, step, to_end};
use crate::services::{Postgres, chromium, ensure, python};
use crate::{demo, generate, tidy};
use std::process::Command;

/// Formats, or with `check` says whether it is formatted.
pub fn format(check: bool) -> anyhow::Result<()> {
    let rust: &[&str] = if check { &["fmt", "--all", "--", "--check"] } else { &["fmt", "--all"] };
    to_end(program("cargo", ".", rust))?;
    demo::packages()?;
    to_end(program("npm", "web", &["run", "--silent", if check { "check" } else { "fmt" }]))
}

/// Clippy, formats, Biome, types.
pub fn lint() -> anyhow::Result<()> {
    step("format and lints");
    demo::packages()?;
    format(true)?;
    to_end(program("npx", "web", &["vue-tsc", "--noEmit"]))?;
    to_end(program("cargo", ".", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// All of it.
pub fn run(browser: bool) -> anyhow::Result<()> {
    ensure(browser)?;
    step("web: build");
    demo::web()?;
    lint()?;
    step("tidy");
    tidy::run()?;
    generate::check()?;
    step("web: unit tests");
    to_end(program("npx", "web", &["vitest", "run"]))?;
    let postgres = Postgres::start()?;
    step("unit, property, store (both databases), API and crash tests");
    let mut tests = program("cargo", ".", &["test", "--workspace", "--quiet"]);
    tests.env("GRIDWEAVE_TEST_POSTGRES", &postgres.url).env("GRIDWEAVE_TEST_BOTH", "1");
    to_end(tests)?;
    step("what others read of us and learn beside us: GDAL, OWSLib, pygeoapi, tile decoders, Splink");
    let python = python("test-env", &root().join("tests/peers/requirements.txt"))?;
    let mut tests = Command::new(python);
    tests.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/peers"]).current_dir(root());
    tests.env("GRIDWEAVE_TEST_BIN", crate::run::gridweave()).env("PYTHONDONTWRITEBYTECODE", "1");
    to_end(tests)?;
    if browser {
        step("browser tests");
        let mut tests = program("npx", "web", &["playwright", "test"]);
        tests
            .env("GRIDWEAVE_TEST_BIN", crate::run::gridweave())
            .env("GRIDWEAVE_TEST_SHOTS", root().join("target/screenshots"))
            .env("GRIDWEAVE_TEST_CHROMIUM", chromium().unwrap_or_default());
        to_end(tests)?;
    }
    eprintln!("\nall tests passed");
    Ok(())
}
