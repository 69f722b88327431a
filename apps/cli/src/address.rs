//! `gridweave address`: learn, evaluate, parse; compile a library and match tables against it.

use crate::WrongCall;
use crate::args::{AddressCommand, Settings};
use crate::columns::column;
use crate::faults::Faults;
use crate::kernels::peak_mib;
use anyhow::Context;
use gridweave_address::tagger::{Labelled, Progress, Score, Tagger, TrainOptions, read_bio, shipped, train};
use gridweave_address::{AddressIndex, Entry, Hints, LibraryBuilder, Match, match_text};
use gridweave_files::batches::{BatchWriter, Column, Kind, open_batches, read_ahead};
use gridweave_files::{map_file, write_whole};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Rows that are held at a time.
const ROWS_AT_ONCE: usize = 1 << 16;
/// How a compiled library's file ends.
const COMPILED: &str = "addresses";

/// `gridweave address`.
pub fn run(settings: &Settings, what: AddressCommand) -> anyhow::Result<ExitCode> {
    match what {
        AddressCommand::Train { train: train_file, dev, out, epochs, members, seed } => {
            let options = TrainOptions { epochs, members, seed, ..TrainOptions::default() };
            learn(settings, &train_file, &dev, &out, &options)
        }
        AddressCommand::Evaluate { model, file } => evaluate(settings, &model, &file),
        AddressCommand::Parse { model } => parse_lines(model.as_deref()),
        AddressCommand::Compile { library, out } => {
            let clock = Instant::now();
            let index = compiled(&library)?;
            put(&out, index.bytes())?;
            let told = json!({
                "places": index.len(), "bytes": index.bytes().len(), "seconds": clock.elapsed().as_secs_f64(),
                "peak_mib": peak_mib(),
            });
            if settings.json {
                println!("{told}");
            } else {
                eprintln!("{} places, {} bytes in {}", index.len(), index.bytes().len(), out.display());
            }
            Ok(ExitCode::SUCCESS)
        }
        AddressCommand::Suggest { library, limit, text } => suggest(&library, limit, text),
        AddressCommand::Match { library, input, column: name, out, rejects } => {
            match_table(settings, &library, &input, &name, &out, rejects.as_deref())
        }
    }
}

fn labelled(path: &Path) -> anyhow::Result<Vec<Labelled>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let found = read_bio(&text).map_err(|why| WrongCall(format!("{}: {why}", path.display())))?;
    if found.is_empty() {
        return Err(WrongCall(format!("{}: there is no labelled address", path.display())).into());
    }
    Ok(found)
}

/// Writes a file that gets its name only when it is whole.
fn put(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_whole(path, |out| out.write_all(bytes)).with_context(|| path.display().to_string())
}

fn learn(
    settings: &Settings,
    train_file: &Path,
    dev: &Path,
    out: &Path,
    options: &TrainOptions,
) -> anyhow::Result<ExitCode> {
    let (addresses, dev) = (labelled(train_file)?, labelled(dev)?);
    let clock = Instant::now();
    let bar = ProgressBar::new((options.epochs * options.members) as u64);
    let told = |progress: Progress| {
        bar.set_length(progress.of as u64);
        bar.set_position(progress.epoch as u64);
        bar.set_message(format!("loss {:.3}", progress.loss));
    };
    let tagger = train(&addresses, options, &told);
    bar.finish_and_clear();
    let seconds = clock.elapsed().as_secs_f64();
    let bytes = tagger.to_bytes();
    put(out, &bytes)?;
    let scores = tagger.scores(&dev);
    let mut summary = shown(scores.all(), &scores.per_kind());
    summary["seconds"] = json!(seconds);
    summary["features"] = json!(tagger.features());
    summary["bytes"] = json!(bytes.len());
    if settings.json {
        println!("{summary}");
    } else {
        table(scores.all(), &scores.per_kind());
        eprintln!(
            "learnt from {} addresses in {seconds:.0} s: {} bytes in {}",
            addresses.len(),
            bytes.len(),
            out.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(all: Score, per_kind: &BTreeMap<gridweave_address::ElementKind, Score>) -> Value {
    let per_label: BTreeMap<&str, Score> =
        per_kind.iter().map(|(kind, score)| (kind.name(), *score)).collect();
    json!({ "precision": all.precision, "recall": all.recall, "f1": all.f1, "per_label": per_label })
}

fn table(all: Score, per_kind: &BTreeMap<gridweave_address::ElementKind, Score>) {
    println!("{:<12} {:>9} {:>9} {:>9} {:>9}", "label", "precision", "recall", "f1", "there");
    let rows = per_kind.iter().map(|(kind, score)| (kind.name(), score)).chain([("all", &all)]);
    for (name, score) in rows {
        let Score { precision, recall, f1, expected } = score;
        println!("{name:<12} {precision:>9.4} {recall:>9.4} {f1:>9.4} {expected:>9}");
    }
}

fn tagger(path: &Path) -> anyhow::Result<Tagger> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Tagger::from_bytes(&bytes).map_err(|why| WrongCall(format!("{}: {why}", path.display())).into())
}

fn evaluate(settings: &Settings, model: &Path, file: &Path) -> anyhow::Result<ExitCode> {
    let (tagger, addresses) = (tagger(model)?, labelled(file)?);
    let scores = tagger.scores(&addresses);
    // Long enough to be measured: some times over, on one core.
    let (clock, mut times) = (Instant::now(), 0);
    while times < 3 || clock.elapsed().as_secs_f64() < 1.0 {
        std::hint::black_box(tagger.scores(&addresses));
        times += 1;
    }
    let per_second = (addresses.len() * times) as f64 / clock.elapsed().as_secs_f64();
    if settings.json {
        let mut summary = shown(scores.all(), &scores.per_kind());
        summary["per_second"] = json!(per_second);
        println!("{summary}");
    } else {
        table(scores.all(), &scores.per_kind());
        println!("{per_second:.0} addresses a second on one core");
    }
    Ok(ExitCode::SUCCESS)
}

fn parse_lines(model: Option<&Path>) -> anyhow::Result<ExitCode> {
    let tagger = match model {
        Some(path) => tagger(path)?,
        None => shipped().context("the model that ships")?,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let elements = tagger.elements(&line);
        writeln!(out, "{}", json!({ "text": line, "elements": elements }))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn suggest(library_file: &Path, limit: usize, texts: Vec<String>) -> anyhow::Result<ExitCode> {
    let clock = Instant::now();
    let index = library(library_file)?;
    eprintln!("{} places in {:.2} s", index.len(), clock.elapsed().as_secs_f64());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut answer = |text: &str| {
        let clock = Instant::now();
        let found = index.suggest(text, None, limit);
        let micros = clock.elapsed().as_micros() as u64;
        let places: Vec<Value> = found
            .into_iter()
            .map(|place| json!({ "place_id": place.id, "kind": place.kind, "address": place.address }))
            .collect();
        writeln!(out, "{}", json!({ "text": text, "places": places, "micros": micros }))
    };
    if texts.is_empty() {
        for line in std::io::stdin().lock().lines() {
            answer(&line?)?;
        }
    } else {
        texts.iter().try_for_each(|text| answer(text))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The library of a table; rows without identifier or address are told and left out.
fn compiled(path: &Path) -> anyhow::Result<AddressIndex> {
    let source = open_batches(path)?;
    let header = source.header().to_vec();
    let at = |name: &str| header.iter().position(|column| column == name);
    let id = at("place_id").map_or_else(|| column(&header, "code", path), Ok)?;
    let address = column(&header, "address", path)?;
    let extra: Vec<Option<usize>> = ["kind", "lon", "lat", "division", "aliases"].map(at).to_vec();
    let wanted: Vec<usize> = [id, address].into_iter().chain(extra.iter().flatten().copied()).collect();
    let bar = source.rows().map_or_else(ProgressBar::no_length, ProgressBar::new);
    let (mut builder, mut faults) = (LibraryBuilder::default(), Faults::default());
    for batch in read_ahead(source, wanted, ROWS_AT_ONCE) {
        let batch = batch?;
        for bad in &batch.bad {
            faults.tell(|| format!("{} line {}: {}", path.display(), bad.line, bad.why));
        }
        let mut columns = batch.columns[2..].iter();
        let extra: Vec<Option<&Column>> = extra.iter().map(|at| at.and_then(|_| columns.next())).collect();
        let number = |which: usize, row: usize| extra[which].and_then(|column| column.number(row));
        let entries: Vec<Option<Entry>> = (0..batch.rows)
            .into_par_iter()
            .map(|row| {
                let entry = Entry {
                    id: batch.columns[0].text(row),
                    address: batch.columns[1].text(row),
                    kind: extra[0].map(|column| column.text(row)).unwrap_or_default(),
                    aliases: extra[4].map(|column| aliases(&column.text(row))).unwrap_or_default(),
                    point: number(1, row).zip(number(2, row)).map(|(lon, lat)| [lon, lat]),
                    division: number(3, row).map_or(0, |code| code as i64),
                };
                (!entry.id.is_empty() && !entry.address.is_empty()).then_some(entry)
            })
            .collect();
        for row in entries.iter().enumerate().filter(|(_, entry)| entry.is_none()).map(|(row, _)| row) {
            faults.tell(|| {
                let row = batch.first_row + row as u64;
                format!("{} row {row}: no identifier or no address; the row is left out", path.display())
            });
        }
        builder.add(&entries.into_iter().flatten().collect::<Vec<_>>());
        bar.inc(batch.rows as u64);
    }
    bar.finish_and_clear();
    Ok(builder.finish())
}

fn aliases(text: &str) -> Vec<String> {
    text.split(';').map(str::trim).filter(|alias| !alias.is_empty()).map(str::to_owned).collect()
}

/// The library of a table, or one that was compiled before.
pub fn library(path: &Path) -> anyhow::Result<AddressIndex> {
    if path.extension().is_some_and(|ending| ending == COMPILED) {
        let mapped = map_file(path).with_context(|| path.display().to_string())?;
        return AddressIndex::open(Arc::new(mapped))
            .map_err(|why| WrongCall(format!("{}: {why}", path.display())).into());
    }
    compiled(path)
}

fn match_table(
    settings: &Settings,
    library_file: &Path,
    input: &Path,
    name: &str,
    out: &Path,
    rejects: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let source = open_batches(input)?;
    let header = source.header().to_vec();
    let text = column(&header, name, input)?;
    let clock = Instant::now();
    let index = library(library_file)?;
    let library_s = clock.elapsed().as_secs_f64();
    let mut kinds = source.kinds();
    kinds.extend([Kind::Text, Kind::Text, Kind::Float, Kind::Text]);
    let mut all = header.clone();
    all.extend(["place_id", "level", "confidence", "reason"].map(str::to_owned));
    let mut writer = BatchWriter::create(Some(out), &all, &kinds)?;
    let mut rejected = rejects.map(|path| BatchWriter::create(Some(path), &all, &kinds)).transpose()?;
    let bar = source.rows().map_or_else(ProgressBar::no_length, ProgressBar::new);
    let mut faults = Faults::default();
    let (mut rows, mut accepted, mut match_s) = (0usize, 0usize, 0.0);
    for batch in read_ahead(source, (0..header.len()).collect(), ROWS_AT_ONCE) {
        let batch = batch?;
        for bad in &batch.bad {
            faults.tell(|| format!("{} line {}: {}", input.display(), bad.line, bad.why));
        }
        let clock = Instant::now();
        let found: Vec<Match> = (0..batch.rows)
            .into_par_iter()
            .map(|row| match_text(&batch.columns[text].text(row), &index, &Hints::default()))
            .collect();
        match_s += clock.elapsed().as_secs_f64();
        let added = added(&found);
        writer.write(&batch.columns.iter().chain(&added).collect::<Vec<_>>())?;
        if let Some(rejected) = &mut rejected {
            let without: Vec<usize> = (0..batch.rows).filter(|row| found[*row].accepted.is_none()).collect();
            let columns: Vec<Column> = batch.columns.iter().chain(&added).map(|c| c.rows(&without)).collect();
            rejected.write(&columns.iter().collect::<Vec<_>>())?;
        }
        rows += batch.rows;
        accepted += found.iter().filter(|found| found.accepted.is_some()).count();
        bar.inc(batch.rows as u64);
    }
    bar.finish_and_clear();
    writer.finish()?;
    if let Some(rejected) = rejected {
        rejected.finish()?;
    }
    let summary = json!({
        "rows": rows, "accepted": accepted, "rows_left_out": faults.count(), "places": index.len(),
        "library_s": library_s, "library_bytes": index.bytes().len(), "match_s": match_s,
        "per_second": rows as f64 / match_s.max(1e-9), "peak_mib": peak_mib(),
    });
    if settings.json {
        println!("{summary}");
    } else {
        eprintln!("{accepted} of {rows} found in {}", out.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The columns that a match adds.
fn added(found: &[Match]) -> [Column; 4] {
    let best = |found: &Match| found.accepted.as_ref().or(found.candidates.first()).cloned();
    let of = |get: &dyn Fn(&Match) -> Option<String>| Column::Text(found.iter().map(get).collect());
    [
        of(&|found| found.accepted.as_ref().map(|place| place.id.clone())),
        of(&|found| best(found).map(|place| place.level)),
        Column::Float(found.iter().map(|found| best(found).map(|place| place.confidence)).collect()),
        of(&|found| best(found).map(|place| place.reasons.join("; "))),
    ]
}
