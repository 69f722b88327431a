//! `gridweave city`.

use crate::WrongCall;
use crate::args::{CityCommand, CityShape, MessagesCall, Settings};
use crate::columns::column;
use crate::progress::Progress;
use crate::serve::configuration;
use anyhow::Context;
use gridweave_address::tagger::tokens;
use gridweave_city::{
    DivisionLine, LabelledWriter, MESSAGE_COLUMNS, MessageOptions, Noise, Options, RECORD_COLUMNS, make,
    messages, people_records, write, written_badly,
};
use gridweave_core::{Clock, Rng, SeededRng, SystemClock, Zone};
use gridweave_files::batches::{BatchWriter, Column, Kind};
use gridweave_files::{read_table, unfinished, write_csv};
use gridweave_server::simulate::{self, CityScore};
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;
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
        CityCommand::Labelled { divisions, number, seed, out } => {
            labelled(&divisions, number, seed, &out)?;
            Ok(ExitCode::SUCCESS)
        }
        CityCommand::Queries { places, each, unknown, seed, out } => {
            queries(&places, each, unknown, seed, &out)?;
            Ok(ExitCode::SUCCESS)
        }
        CityCommand::People { records, seed, name, out } => {
            text_rows(&out, &RECORD_COLUMNS, |see| people_records(records, seed, &name, |row| see(&row)))
        }
        CityCommand::Meters(call) => crate::fleet::write(settings.json, &call),
        CityCommand::Messages(call) => {
            let options = message_options(&call)?;
            text_rows(&call.out, &MESSAGE_COLUMNS, |see| messages(&options, |row| see(&row)))
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

/// Writes doors badly: a library without the withheld ones, and queries with their truth. Half of what is withheld
/// are whole compounds, half single doors whose neighbours stay.
fn message_options(call: &MessagesCall) -> anyhow::Result<MessageOptions> {
    let start_day = Zone::day_from_text(&call.start)
        .ok_or_else(|| WrongCall(format!("--start {:?}: write YYYY-MM-DD", call.start)))?;
    Ok(MessageOptions {
        count: call.count,
        days: call.days,
        start_day,
        name: call.name.clone(),
        seed: call.seed,
    })
}

/// Writes the rows that `make` hands on, all of them texts; an empty one is none.
fn text_rows(
    out: &Path,
    columns: &[&str],
    make: impl FnOnce(&mut dyn FnMut(&[String])),
) -> anyhow::Result<ExitCode> {
    let header: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let mut writer = BatchWriter::create(Some(out), &header, &vec![Kind::Text; columns.len()])?;
    let mut waiting: Vec<Vec<Option<String>>> = vec![Vec::new(); columns.len()];
    let mut failed = None;
    let mut flush = |waiting: &mut Vec<Vec<Option<String>>>| {
        let columns: Vec<Column> =
            waiting.iter_mut().map(|column| Column::Text(std::mem::take(column))).collect();
        writer.write(&columns.iter().collect::<Vec<_>>())
    };
    make(&mut |row| {
        for (column, cell) in waiting.iter_mut().zip(row) {
            column.push(Some(cell.clone()).filter(|cell| !cell.is_empty()));
        }
        if waiting[0].len() == 1 << 16 && failed.is_none() {
            failed = flush(&mut waiting).err();
        }
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    flush(&mut waiting)?;
    writer.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn queries(places: &Path, each: usize, unknown: f64, seed: u64, out: &Path) -> anyhow::Result<()> {
    let table = read_table(places)?;
    let [code, kind, address] = ["code", "kind", "address"].map(|name| column(&table.header, name, places));
    let (code, kind, address) = (code?, kind?, address?);
    let mut rng = SeededRng::new(seed);
    // The part of a code that names the compound.
    const COMPOUND: usize = 16;
    let compound = |code: &str| code.get(..COMPOUND).unwrap_or(code).to_owned();
    let rows = &table.rows;
    let is_withheld_compound = |code: &str| {
        let of = compound(code);
        SeededRng::new(seed ^ of.bytes().fold(7u64, |h, b| h.wrapping_mul(31) ^ u64::from(b))).chance(0.05)
    };
    let doors: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].1[kind] == "room").collect();
    if doors.is_empty() {
        return Err(WrongCall(format!("{}: there is no room among the places", places.display())).into());
    }
    let (gone, there): (Vec<usize>, Vec<usize>) =
        doors.into_iter().partition(|at| is_withheld_compound(&rows[*at].1[code]));
    let mut withheld: HashSet<usize> = HashSet::new();
    let mut asked: Vec<Vec<String>> = Vec::new();
    let mut ask = |noises: &[Noise], rng: &mut SeededRng| {
        let is_unknown = rng.chance(unknown);
        let at = match is_unknown && !gone.is_empty() && rng.chance(0.5) {
            true => gone[rng.below(gone.len())],
            false => there[rng.below(there.len())],
        };
        let row = &rows[at].1;
        let Some(text) = written_badly(&row[address], noises, rng) else { return false };
        if is_unknown {
            withheld.insert(at);
        }
        let names: Vec<&str> = noises.iter().map(|noise| noise.name()).collect();
        asked.push(vec![text, row[code].clone(), names.join("+")]);
        true
    };
    for noise in Noise::ALL {
        let mut left = each * 20;
        let mut done = 0;
        while done < each && left > 0 {
            done += usize::from(ask(&[noise], &mut rng));
            left -= 1;
        }
    }
    let mut done = 0;
    while done < each * 10 {
        let mut kinds = Noise::ALL.to_vec();
        let three: Vec<Noise> = (0..3).map(|_| kinds.swap_remove(rng.below(kinds.len()))).collect();
        done += usize::from(ask(&three, &mut rng));
    }
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let is_gone = |at: usize| withheld.contains(&at) || is_withheld_compound(&rows[at].1[code]);
    let gone: HashSet<&str> =
        (0..rows.len()).filter(|at| is_gone(*at)).map(|at| rows[at].1[code].as_str()).collect();
    let kept = rows.iter().map(|(_, row)| row).filter(|row| !gone.contains(row[code].as_str())).cloned();
    let file = |name: &str| -> anyhow::Result<std::io::BufWriter<std::fs::File>> {
        let path = out.join(name);
        Ok(std::io::BufWriter::new(std::fs::File::create(&path).with_context(|| path.display().to_string())?))
    };
    write_csv(&mut file("library.csv")?, &table.header, kept)?;
    let count = asked.len();
    let header = ["text", "truth", "noise"].map(str::to_owned);
    let queries = asked.into_iter().map(|mut row| {
        if gone.contains(row[1].as_str()) {
            row[1].clear();
        }
        row
    });
    write_csv(&mut file("queries.csv")?, &header, queries)?;
    eprintln!("{count} queries in {}", out.display());
    Ok(())
}

/// The towns of a folder's tables, with what lies above them.
fn division_lines(folder: &Path) -> anyhow::Result<Vec<DivisionLine>> {
    let names = |file: &str, above: &[&str]| -> anyhow::Result<Vec<(String, String, Vec<String>)>> {
        let path = folder.join(file);
        let table = read_table(&path)?;
        let (code, name) = (column(&table.header, "code", &path)?, column(&table.header, "name", &path)?);
        let above: Vec<usize> =
            above.iter().map(|name| column(&table.header, name, &path)).collect::<Result<_, _>>()?;
        let row = |row: &[String]| {
            let above = above.iter().map(|at| row[*at].clone()).collect();
            (row[code].clone(), row[name].clone(), above)
        };
        Ok(table.rows.iter().map(|(_, cells)| row(cells)).collect())
    };
    let by_code = |file: &str| -> anyhow::Result<HashMap<String, String>> {
        Ok(names(file, &[])?.into_iter().map(|(code, name, _)| (code, name)).collect())
    };
    let (provinces, cities) = (by_code("provinces.csv")?, by_code("cities.csv")?);
    let areas = by_code("areas.csv")?;
    let mut lines = Vec::new();
    for (_, town, above) in names("streets.csv", &["provinceCode", "cityCode", "areaCode"])? {
        let of = |names: &HashMap<String, String>, code: &str| names.get(code).cloned().unwrap_or_default();
        let (mut province, mut city) = (of(&provinces, &above[0]), of(&cities, &above[1]));
        if !city.ends_with(['市', '州', '盟']) && !city.ends_with("地区") {
            // A municipality: its table has a line between that is no name.
            city = if province.ends_with('市') { std::mem::take(&mut province) } else { String::new() };
        }
        lines.push(DivisionLine { province, city, district: of(&areas, &above[2]), town });
    }
    if lines.is_empty() {
        return Err(WrongCall(format!("{}: streets.csv has no row", folder.display())).into());
    }
    Ok(lines)
}

/// Writes labelled addresses.
fn labelled(divisions: &Path, number: usize, seed: u64, out: &Path) -> anyhow::Result<()> {
    let lines = division_lines(divisions)?;
    let (mut writer, mut rng) = (LabelledWriter::new(&lines), SeededRng::new(seed));
    let unfinished = unfinished(out);
    let file = std::fs::File::create(&unfinished).with_context(|| unfinished.display().to_string())?;
    let mut file = std::io::BufWriter::new(file);
    for _ in 0..number {
        for (kind, text) in writer.next(&mut rng) {
            for (at, token) in tokens(&text).iter().enumerate() {
                writeln!(file, "{} {}-{kind}", &text[token.span.clone()], if at == 0 { 'B' } else { 'I' })?;
            }
        }
        writeln!(file)?;
    }
    file.flush()?;
    std::fs::rename(&unfinished, out).with_context(|| out.display().to_string())?;
    eprintln!("{number} addresses in {}", out.display());
    Ok(())
}
