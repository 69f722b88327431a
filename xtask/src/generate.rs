//! What is generated from the code and committed.

use crate::demo::{build, packages};
use crate::run::{gridweave, printed, program, root, step, to_end};
use std::process::Command;

/// Generated files and the word that `gridweave gen` knows them by.
const FILES: &[(&str, &str)] = &[
    ("openapi", "web/src/api/openapi.json"),
    ("schema", "platform/db/schema.sql"),
    ("config", "docs/gridweave.example.toml"),
    ("config-schema", "docs/gridweave.schema.json"),
    ("refusals", "docs/refusals.json"),
];

/// `cargo xtask gen`.
pub fn run() -> anyhow::Result<()> {
    build()?;
    step("generate");
    for (what, path) in FILES {
        let mut generate = Command::new(gridweave());
        generate.args(["gen", what]);
        std::fs::write(root().join(path), printed(generate)?)?;
    }
    packages()?;
    to_end(program("npm", "web", &["run", "--silent", "api"]))
}

/// Fails when generating changes the tree.
pub fn check() -> anyhow::Result<()> {
    let paths: Vec<&str> = FILES.iter().map(|(_, path)| *path).chain(["web/src/api/schema.d.ts"]).collect();
    let before: Vec<_> = paths.iter().map(|path| std::fs::read(root().join(path)).ok()).collect();
    run()?;
    let after: Vec<_> = paths.iter().map(|path| std::fs::read(root().join(path)).ok()).collect();
    let changed: Vec<&str> =
        paths.iter().zip(before.iter().zip(&after)).filter(|(_, (b, a))| b != a).map(|(p, _)| *p).collect();
    anyhow::ensure!(
        changed.is_empty(),
        "generated files were out of date: {}; commit them",
        changed.join(", ")
    );
    Ok(())
}
