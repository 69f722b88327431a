//! The guards that look at the tree: arrows between crates as ARCHITECTURE.md says, files of one
//! thought, every file with its first words.

use crate::run::{printed, program, root};
use anyhow::{Context, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Lines of a file before one must ask which second thought lives there.
const LINES_MAX: usize = 500;

/// Larger files and why: the list may only shrink.
const LARGE: &[(&str, &str)] = &[
    ("apps/server/src/simulate.rs", "one story: a city's days, their score and the demonstration"),
    ("apps/cli/src/args.rs", "every command with its help, nothing else"),
    ("apps/cli/src/data.rs", "one function for each import"),
    ("apps/server/src/import.rs", "one function for each kind of file"),
    ("web/src/api/schema.d.ts", "generated"),
];

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The table of ARCHITECTURE.md between its two marks: `| crate | may use |`.
pub fn allowed(text: &str) -> anyhow::Result<Arrows> {
    let table = text
        .split("<!-- arrows -->")
        .nth(1)
        .context("ARCHITECTURE.md holds no table between <!-- arrows --> marks")?;
    let mut arrows = Arrows::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (name, uses) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let words =
            |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        for name in words(name) {
            arrows.insert(name, words(uses).into_iter().collect());
        }
    }
    Ok(arrows)
}

/// The arrows that `cargo metadata` tells, without those that only tests use.
pub fn actual(metadata: &str) -> anyhow::Result<Arrows> {
    let metadata: serde_json::Value = serde_json::from_str(metadata)?;
    let short = |name: &str| name.trim_start_matches("gridweave-").to_owned();
    let mut arrows = Arrows::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = short(package["name"].as_str().unwrap_or_default());
        let uses = arrows.entry(name).or_default();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            if on.starts_with("gridweave-") && dependency["kind"].is_null() {
                uses.insert(short(on));
            }
        }
    }
    Ok(arrows)
}

/// Arrows that the table does not allow, and crates that it does not know.
pub fn forbidden(actual: &Arrows, allowed: &Arrows) -> Vec<String> {
    let mut found = Vec::new();
    for (name, uses) in actual {
        match allowed.get(name) {
            None => found.push(format!("crate {name} is not in the table of ARCHITECTURE.md")),
            Some(may) => found.extend(uses.difference(may).map(|on| format!("{name} → {on} is not allowed"))),
        }
    }
    found.extend(
        allowed
            .keys()
            .filter(|name| !actual.contains_key(*name))
            .map(|name| format!("{name} is in the table but not in the tree")),
    );
    found
}

fn files(folder: &Path, found: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", "dist", ".git", "data"].contains(&name.as_str()) {
                files(&path, found)?;
            }
            continue;
        }
        let source = [".rs", ".ts", ".vue"].iter().any(|ending| name.ends_with(ending));
        if !source {
            continue;
        }
        let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        let text = std::fs::read_to_string(&path).with_context(|| shown.clone())?;
        let lines = text.lines().count();
        let listed = LARGE.iter().any(|(file, _)| *file == shown);
        if lines > LINES_MAX && !listed {
            found.push(format!("{shown} has {lines} lines: which second thought lives there?"));
        }
        if name.ends_with(".rs") && !text.starts_with("//!") {
            found.push(format!("{shown} does not begin with //! and what it is"));
        }
        if ["utils.rs", "helpers.rs", "common.rs", "manager.rs"].contains(&name.as_str()) {
            found.push(format!("{shown}: name it by what it answers"));
        }
    }
    Ok(())
}

/// `cargo xtask tidy`.
pub fn run() -> anyhow::Result<()> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md"))?;
    let metadata = printed(program("cargo", ".", &["metadata", "--no-deps", "--format-version", "1"]))?;
    let mut found = forbidden(&actual(&metadata)?, &allowed(&text)?);
    files(&root(), &mut found)?;
    if !found.is_empty() {
        bail!("not tidy:\n  {}", found.join("\n  "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TABLE: &str = "x\n<!-- arrows -->\n| crate | may use |\n| --- | --- |\n| `core` | |\n| `cases` | `core` |\n| `visits` | `core` |\n<!-- arrows -->\n";

    fn metadata(on: &str) -> String {
        serde_json::json!({ "packages": [
            { "name": "gridweave-core", "dependencies": [] },
            { "name": "gridweave-cases", "dependencies": [{ "name": on, "kind": null }, { "name": "gridweave-visits", "kind": "dev" }] },
            { "name": "gridweave-visits", "dependencies": [] },
        ]})
        .to_string()
    }

    #[test]
    fn a_planted_arrow_between_two_rooms_is_noticed() {
        let allowed = allowed(TABLE).unwrap();
        let good = actual(&metadata("gridweave-core")).unwrap();
        assert_eq!(forbidden(&good, &allowed), Vec::<String>::new());
        let planted = actual(&metadata("gridweave-visits")).unwrap();
        assert_eq!(forbidden(&planted, &allowed), ["cases → visits is not allowed"]);
    }

    #[test]
    fn the_tree_has_only_the_arrows_of_the_table() {
        let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
        let metadata =
            printed(program("cargo", ".", &["metadata", "--no-deps", "--format-version", "1"])).unwrap();
        assert_eq!(forbidden(&actual(&metadata).unwrap(), &allowed(&text).unwrap()), Vec::<String>::new());
    }
}
