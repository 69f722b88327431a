//! `cargo xtask`: the two commands of the README and the ones that developers need.

mod bench;
mod demo;
mod generate;
mod run;
mod services;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Gridweave's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything, make the demonstration city on first start, serve it on 127.0.0.1:8080.
    Demo {
        /// Begin anew.
        #[arg(long)]
        reset: bool,
        /// Data folder.
        #[arg(long, default_value = "data/demo")]
        data: std::path::PathBuf,
        /// Address.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// Homes of the city.
        #[arg(long, default_value_t = 3000)]
        households: usize,
    },
    /// Install what the tests need if it is missing, then run all of them.
    Test {
        /// Leave out the browser.
        #[arg(long)]
        no_browser: bool,
    },
    /// Format Rust and the web app.
    Fmt,
    /// Clippy, rustfmt, Biome and the type checker.
    Lint,
    /// The arrows between crates, the size of files, the guards.
    Tidy,
    /// Regenerate OpenAPI, the web's client, schema.sql, the configuration's schema and example.
    Gen,
    /// Run a benchmark: `loop` (planted truth), `locate` (point in cell, beside its peers), `locate-growth`.
    Bench {
        /// Which; `loop` where it is not given.
        #[arg(default_value = "loop")]
        which: bench::Which,
    },
    /// Build the web app.
    Web,
    /// The run of docs/guide/first-day.md on a folder of real data.
    FirstDay {
        /// Folder of the data.
        #[arg(long)]
        data: std::path::PathBuf,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo { reset, data, listen, households } => demo::run(reset, &data, &listen, households),
        Command::Test { no_browser } => test::run(!no_browser),
        Command::Fmt => test::format(false),
        Command::Lint => test::lint(),
        Command::Tidy => tidy::run(),
        Command::Gen => generate::run(),
        Command::Bench { which } => bench::run(which),
        Command::Web => demo::web(),
        Command::FirstDay { data } => demo::first_day(&data),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
