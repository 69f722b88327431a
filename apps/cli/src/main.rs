//! The binary `gridweave`: arguments and printing, no logic.

mod address;
mod args;
mod city;
mod columns;
mod convert;
mod data;
mod faults;
mod fleet;
mod grids;
mod interrupt;
mod kernels;
mod layer_files;
mod link;
mod locate;
mod meters;
mod progress;
mod rounds;
mod serve;
mod tiles;
mod triage;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

/// A call that was wrong ends with 2; work that failed with 1.
#[derive(Debug)]
pub struct WrongCall(pub String);

impl std::fmt::Display for WrongCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongCall {}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gridweave: {error:#}");
            ExitCode::from(if error.is::<WrongCall>() { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let settings = cli.settings;
    if let Some(threads) = settings.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build_global()?;
    }
    match cli.command {
        Command::Serve => serve::serve(&settings),
        Command::Config { what } => serve::config(&settings, what),
        Command::Ledger { what } => data::ledger(&settings, what),
        Command::Account { what } => data::account(&settings, what),
        Command::Import { what } => data::import(&settings, what),
        Command::Export { what } => data::export_files(&settings, what),
        Command::Push(call) => data::push(&call),
        Command::Report(call) => data::report(&call),
        Command::City { what } => city::run(&settings, what),
        Command::Locate(call) => locate::locate(&call, settings.json),
        Command::Tiles { what } => tiles::run(&settings, what),
        Command::ConvertCrs(call) => convert::convert(&call, settings.json),
        Command::Address { what } => address::run(&settings, what),
        Command::Link(call) => link::run(settings.json, call),
        Command::Triage { what } => triage::run(&settings, what),
        Command::Grids { what } => grids::run(settings.json, what),
        Command::Rounds { what } => rounds::run(settings.json, what),
        Command::Meters { what } => meters::run(settings.json, what),
        Command::Gen { what } => data::generate(what),
    }
}
