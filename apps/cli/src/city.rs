//! `gridweave city`.

use crate::WrongCall;
use crate::args::{CityCommand, CityShape, Settings};
use crate::progress::Progress;
use crate::serve::configuration;
use anyhow::Context;
use gridweave_city::{Options, make, write};
use gridweave_core::{Clock, SystemClock, Zone};
use gridweave_server::simulate::{self, CityScore};
use std::process::ExitCode;

fn options(shape: &CityShape) -> anyhow::Result<Options> {
    let start_day = match &shape.start {
        Some(text) => Zone::day_from_text(text)
            .ok_or_else(|| WrongCall(format!("--start {text:?}: write YYYY-MM-DD")))?,
        None => simulate::demo_start(SystemClock.now(), &Zone::china(), shape.days),
    };
    if shape.households == 0 || shape.days < 1 {
        return Err(WrongCall("--households and --days must be at least 1".to_owned()).into());
    }
    Ok(Options {
        households: shape.households,
        seed: shape.seed,
        days: shape.days,
        start_day,
        name: shape.name.clone(),
        on: shape.on.clone(),
        roads: shape.roads.clone(),
    })
}

/// Runs a command.
pub fn run(settings: &Settings, what: CityCommand) -> anyhow::Result<ExitCode> {
    match what {
        CityCommand::Make { shape, out } => {
            let clock = std::time::Instant::now();
            let mut progress = Progress::new();
            progress.show("making the city", 0.0);
            let city = make(&options(&shape)?)?;
            std::fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
            write(&city, &out, &mut |share| progress.show("writing", share))?;
            progress.done();
            let counts = serde_json::json!({
                "households": city.meters.len(), "places": city.places.len(), "people": city.people.len(),
                "cells": city.cells.len(), "planted": city.truth.len(), "days": city.options.days,
                "seconds": clock.elapsed().as_secs_f64(),
            });
            if !settings.json && !shape.json {
                eprintln!("{} homes, {} people in {}", city.meters.len(), city.people.len(), out.display());
            }
            println!("{counts}");
            Ok(ExitCode::SUCCESS)
        }
        CityCommand::Score { shape, seeds } => {
            let seeds = if seeds.is_empty() { vec![shape.seed] } else { seeds };
            let mut results = Vec::new();
            for seed in seeds {
                let mut options = options(&shape)?;
                options.seed = seed;
                if shape.start.is_none() {
                    options.start_day = Options::default().start_day;
                }
                let city = make(&options)?;
                let folder =
                    std::env::temp_dir().join(format!("gridweave-score-{}-{seed}", std::process::id()));
                let mut progress = Progress::new();
                let result =
                    simulate::score_city(&city, &folder, &mut |stage, share| progress.show(stage, share));
                progress.done();
                std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
                let result = result?;
                if !settings.json && !shape.json {
                    print_score(&result);
                }
                results.push(result);
            }
            if settings.json || shape.json {
                println!("{}", serde_json::json!({ "cities": results }));
            }
            Ok(ExitCode::SUCCESS)
        }
        CityCommand::Simulate { shape } => {
            let config = configuration(settings)?;
            let city = make(&options(&shape)?)?;
            let mut progress = Progress::new();
            simulate::demonstrate(&city, &config.data, &mut |stage, share| progress.show(stage, share))?;
            progress.done();
            eprintln!("the demonstration city is in {}", config.data.display());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn print_score(s: &CityScore) {
    println!("seed {} · {} homes · {} days · {:.0} s", s.seed, s.households, s.days, s.seconds);
    for (name, score) in [
        ("all", s.all),
        ("zero onset", s.zero_onset),
        ("level shifts", s.shifts),
        ("use of vacant", s.returns),
    ] {
        println!(
            "  {name:14} recall {:.3} ({}/{})  precision {:.3} ({}/{})",
            score.recall, score.recalled, score.planted, score.precision, score.right, score.found
        );
    }
    println!(
        "  doors          {} of {} signals matched, {} wrong ({:.3} %), {} wait for a person",
        s.matched,
        s.signals,
        s.wrong_doors,
        s.wrong_share * 100.0,
        s.unmatched
    );
}
