//! The demonstration, the web app, the first day.

use crate::run::{gridweave, program, root, step, to_end};
use anyhow::{Context, bail};
use std::path::Path;
use std::process::Command;

/// Installs the web app's packages where they are missing or out of date, and builds it.
pub fn web() -> anyhow::Result<()> {
    packages()?;
    to_end(program("npx", "web", &["vite", "build", "--logLevel", "warn"]))
}

/// Installs the web app's packages when the lock file is newer than what is installed.
pub fn packages() -> anyhow::Result<()> {
    let (lock, installed) =
        (root().join("web/package-lock.json"), root().join("web/node_modules/.package-lock.json"));
    let age = |path: &Path| path.metadata().and_then(|meta| meta.modified()).ok();
    if age(&installed).is_some_and(|installed| age(&lock).is_some_and(|lock| lock <= installed)) {
        return Ok(());
    }
    step("web: packages");
    // Not `npm ci`: it refuses a lock file without optional packages for other platforms, which npm
    // itself leaves out when a registry does not offer them.
    to_end(program("npm", "web", &["install", "--no-audit", "--no-fund", "--loglevel", "error"]))
        .context("npm could not install the web app's packages; is Node.js 20 or newer installed?")
}

/// Builds the program.
pub fn build() -> anyhow::Result<()> {
    step("server: build");
    to_end(program("cargo", ".", &["build", "--workspace"]))
}

/// Is the built app older than its sources?
fn web_is_stale() -> bool {
    fn newest(folder: &Path) -> Option<std::time::SystemTime> {
        std::fs::read_dir(folder)
            .ok()?
            .flatten()
            .filter_map(|entry| match entry.file_type() {
                Ok(kind) if kind.is_dir() => newest(&entry.path()),
                _ => entry.metadata().and_then(|meta| meta.modified()).ok(),
            })
            .max()
    }
    let built = root().join("web/dist/index.html").metadata().and_then(|meta| meta.modified()).ok();
    match (built, newest(&root().join("web/src"))) {
        (Some(built), Some(source)) => built < source,
        _ => true,
    }
}

/// `cargo xtask demo`.
pub fn run(reset: bool, data: &Path, listen: &str, households: usize) -> anyhow::Result<()> {
    let data = root().join(data);
    if web_is_stale() {
        step("web: build");
        web()?;
    }
    build()?;
    if reset && data.exists() {
        std::fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
    }
    // The mark is written last: a first start that was broken off begins anew.
    let mark = data.join("made");
    if !mark.exists() {
        step("the demonstration city is made (first start only)");
        if data.exists() {
            std::fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
        }
        let mut make = Command::new(gridweave());
        make.args(["city", "simulate", "--households", &households.to_string(), "--data"]).arg(&data);
        to_end(make)?;
        std::fs::write(&mark, "").with_context(|| mark.display().to_string())?;
    }
    eprintln!(
        "\n  织网 Gridweave: http://{listen}\n\n  \
         Sign in with one click for each role, or with a name and the password gridweave-demo:\n  \
         operator, operator2 · street · worker001 … · handler · steward · planner · admin · auditor\n\n  \
         Ctrl+C ends it; the data stay in {}; --reset begins anew.\n",
        data.display()
    );
    let mut serve = Command::new(gridweave());
    serve
        .args(["serve", "--listen", listen, "--data"])
        .arg(&data)
        .env("GRIDWEAVE_DEMO", "true")
        .env("GRIDWEAVE_SECURE_COOKIES", "false")
        .env("GRIDWEAVE_CITY", "澜江市");
    to_end(serve)
}

/// `cargo xtask first-day`.
pub fn first_day(data: &Path) -> anyhow::Result<()> {
    if !data.is_dir() {
        bail!("{} is no folder; see docs/guide/first-day.md for what it should hold", data.display());
    }
    build()?;
    let data = data.canonicalize()?;
    let mut script = program("bash", ".", &["docs/guide/first-day.sh"]);
    script.arg(&data).arg(gridweave());
    to_end(script)
}
