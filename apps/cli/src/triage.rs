//! `gridweave triage`: learn categories of messages, tell how well, and sort messages by them.

use crate::WrongCall;
use crate::args::{ClassifyCall, EvaluateTriageCall, Settings, TrainTriageCall, TriageCommand};
use crate::columns::no_column;
use crate::faults::Faults;
use crate::kernels::peak_mib;
use anyhow::Context;
use gridweave_files::batches::{Column, Kind};
use gridweave_files::{read_table, write_whole};
use gridweave_triage::measure::{Measured, measure};
use gridweave_triage::{Category, Example, LEVELS_PARTED_BY, Said, Scratch, TrainOptions, Tree, hash_of};
use indicatif::ProgressBar;
use messages::{Message, Messages, model, together};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

mod drawing;
mod facts;
mod messages;
mod related;
mod topics;

/// Seconds that reading is timed for at the least.
const TIMED_S: f64 = 1.0;

/// `gridweave triage`.
pub fn run(settings: &Settings, what: TriageCommand) -> anyhow::Result<ExitCode> {
    match what {
        TriageCommand::Train(call) => train(settings, &call),
        TriageCommand::Evaluate(call) => evaluate(settings, &call),
        TriageCommand::Classify(call) => classify(settings, &call),
        TriageCommand::Related(call) => related::related(settings, &call),
        TriageCommand::Topics(call) => topics::topics(settings, &call),
    }
}

/// The labelled messages of a table; rows without text or category are told and left out.
fn examples(path: &Path, texts: &[String], labels: &[String]) -> anyhow::Result<(Vec<Example>, u64)> {
    let table = read_table(path)?;
    let at = |name: &String| table.column(name).ok_or_else(|| no_column(&table.header, name, path));
    let texts: Vec<usize> = texts.iter().map(at).collect::<anyhow::Result<_>>()?;
    let labels: Vec<usize> = labels.iter().map(at).collect::<anyhow::Result<_>>()?;
    let mut faults = Faults::default();
    for bad in &table.bad {
        faults.tell(|| format!("{} line {}: {}", path.display(), bad.line, bad.why));
    }
    let mut found = Vec::with_capacity(table.rows.len());
    for (line, cells) in &table.rows {
        let text = together(texts.iter().map(|at| cells[*at].as_str()));
        let levels = labels.iter().map(|at| cells[*at].trim()).take_while(|level| !level.is_empty());
        let label = levels.collect::<Vec<_>>().join(&LEVELS_PARTED_BY.to_string());
        match (text.trim().is_empty(), label.is_empty()) {
            (false, false) => found.push(Example { text, label }),
            (true, _) => faults.tell(|| format!("{} line {line}: there is no text", path.display())),
            (_, true) => faults.tell(|| format!("{} line {line}: there is no category", path.display())),
        }
    }
    if found.is_empty() {
        return Err(WrongCall(format!("{}: there is no message with a category", path.display())).into());
    }
    Ok((found, faults.count()))
}

fn train(settings: &Settings, call: &TrainTriageCall) -> anyhow::Result<ExitCode> {
    let (all, left_out) = examples(&call.file, &call.text, &call.label)?;
    let is_held = |example: &Example| {
        call.held_out.is_some_and(|of| hash_of(&example.text, call.seed).is_multiple_of(of))
    };
    let (held, learnt): (Vec<Example>, Vec<Example>) = all.into_iter().partition(is_held);
    let options = TrainOptions { seed: call.seed, ..TrainOptions::default() };
    let clock = Instant::now();
    let bar = ProgressBar::new(1);
    let trained = Tree::train(&learnt, &options, &|done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let (tree, trained) = trained.map_err(|why| WrongCall(format!("{}: {why}", call.file.display())))?;
    let seconds = clock.elapsed().as_secs_f64();
    let bytes = tree.to_bytes();
    write_whole(&call.out, |file| file.write_all(&bytes)).with_context(|| call.out.display().to_string())?;
    for (label, count) in &trained.left_aside {
        eprintln!("{label:?} has too few examples to learn it from ({count}): it is left aside");
    }
    let mut summary = json!({
        "trained": trained, "rows_left_out": left_out, "seconds": seconds, "bytes": bytes.len(),
        "categories": trained.categories, "peak_mib": peak_mib(),
    });
    let measured = call.held_out.map(|_| measured(&tree, &held));
    if let Some(measured) = &measured {
        summary["held_out"] = shown(measured);
    }
    if settings.json {
        println!("{summary}");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "{} categories learnt from {} messages in {seconds:.1} s: {} bytes in {}",
        trained.categories,
        trained.examples,
        bytes.len(),
        call.out.display()
    );
    if let Some(measured) = &measured {
        table(measured);
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said of texts that have nothing that is known.
const NOTHING: &str = "";

/// What is measured of each level, of the examples that are labelled so deep.
fn measured(tree: &Tree, examples: &[Example]) -> Vec<Measured> {
    let levels = |scratch: &mut Scratch, example: &Example| tree.levels(&example.text, scratch);
    let said: Vec<Vec<Category>> = examples.par_iter().map_init(Scratch::default, levels).collect();
    let depth =
        examples.iter().map(|example| example.label.split(LEVELS_PARTED_BY).count()).max().unwrap_or(1);
    let of_level = |level: usize| {
        let mut all: Vec<(&str, &str, f64)> = Vec::new();
        for (example, said) in examples.iter().zip(&said) {
            // Where the label's name of the next level begins.
            let ends =
                example.label.match_indices(LEVELS_PARTED_BY).map(|(at, _)| at).chain([example.label.len()]);
            let Some(end) = ends.clone().nth(level) else { continue };
            all.push(match said.get(level) {
                Some(said) => (&example.label[..end], &said.category, said.probability),
                None => (&example.label[..end], NOTHING, 0.0),
            });
        }
        measure(&all)
    };
    (0..depth).map(of_level).collect()
}

/// The first level, and those below it beside each other.
fn shown(levels: &[Measured]) -> Value {
    let mut shown = json!(levels.first());
    shown["messages"] = json!(levels.first().map(|first| first.texts));
    shown["levels"] = json!(levels);
    shown
}

fn table(levels: &[Measured]) {
    for (level, measured) in levels.iter().enumerate() {
        if levels.len() > 1 {
            println!("level {}", level + 1);
        }
        println!("{:>9} {:>9} {:>9} {:>9}  category", "precision", "recall", "f1", "messages");
        for (category, of) in &measured.categories {
            println!("{:>9.4} {:>9.4} {:>9.4} {:>9}  {category}", of.precision, of.recall, of.f1, of.texts);
        }
        println!(
            "{} messages: accuracy {:.4}, macro-F1 {:.4}, calibration error {:.4}",
            measured.texts, measured.accuracy, measured.macro_f1, measured.calibration_error
        );
        for (is, said, count) in measured.confused.iter().take(5) {
            println!(
                "{count:>6} times {is} was taken for {}",
                if said.is_empty() { "nothing" } else { said }
            );
        }
    }
}

fn evaluate(settings: &Settings, call: &EvaluateTriageCall) -> anyhow::Result<ExitCode> {
    let tree = model(call.read.model.as_deref())?;
    let (examples, left_out) = examples(&call.read.texts.file, &call.read.texts.text, &call.label)?;
    let found = measured(&tree, &examples);
    // Long enough to be measured: some times over, on all cores.
    let (clock, mut times) = (Instant::now(), 0);
    while times < 3 || clock.elapsed().as_secs_f64() < TIMED_S {
        std::hint::black_box(measured(&tree, &examples));
        times += 1;
    }
    let per_second = (examples.len() * times) as f64 / clock.elapsed().as_secs_f64();
    if let Some(report) = &call.report {
        let drawing = drawing::reliability(&found[0]);
        write_whole(report, |file| file.write_all(drawing.as_bytes()))
            .with_context(|| report.display().to_string())?;
    }
    if settings.json {
        let mut summary = shown(&found);
        summary["rows_left_out"] = json!(left_out);
        summary["per_second"] = json!(per_second);
        println!("{summary}");
    } else {
        table(&found);
        println!("{per_second:.0} messages a second on {} cores", rayon::current_num_threads());
    }
    Ok(ExitCode::SUCCESS)
}

fn classify(settings: &Settings, call: &ClassifyCall) -> anyhow::Result<ExitCode> {
    let tree = model(call.read.model.as_deref())?;
    let messages = Messages::open(&call.read.texts, None)?;
    let mut added = vec![("category", Kind::Text), ("probability", Kind::Float), ("reason", Kind::Text)];
    if call.facts {
        added.extend(facts::COLUMNS.map(|name| (name, Kind::Text)));
    }
    let library = call.library.as_deref().map(crate::address::library).transpose()?;
    if library.is_some() {
        added.push(("place_id", Kind::Text));
    }
    if call.alternatives > 0 {
        added.push(("alternatives", Kind::Text));
    }
    let texts = messages.texts().to_vec();
    let (mut told, mut urgent, mut seconds) = (0, 0, 0.0);
    let counted = messages.each(Some(&call.out), &added, |batch, messages| {
        let clock = Instant::now();
        let said: Vec<Said> = messages
            .par_iter()
            .map_init(Scratch::default, |scratch, message| tree.classify(&message.text, scratch))
            .collect();
        seconds += clock.elapsed().as_secs_f64();
        let category: Vec<Option<String>> = said
            .iter()
            .map(|said| said.at_least(call.threshold).map(|level| level.category.clone()))
            .collect();
        told += category.iter().flatten().count();
        let rounded = |value: f64| (value * 1e4).round() / 1e4;
        // That of the category which is told, or of the likeliest of the first level where none is.
        let probability = said
            .iter()
            .map(|said| said.at_least(call.threshold).or(said.levels.first()))
            .map(|level| level.map(|level| rounded(level.probability)))
            .collect();
        let reason = said.iter().map(|said| Some(said.reasons.join("; ")).filter(|why| !why.is_empty()));
        let mut columns =
            vec![Column::Text(category), Column::Float(probability), Column::Text(reason.collect())];
        if call.facts {
            let of: Vec<facts::Row> = messages.par_iter().map(|message| facts::of(&message.text)).collect();
            urgent += of.iter().filter(|row| row[0].is_some()).count();
            columns.extend(
                (0..facts::COLUMNS.len())
                    .map(|n| Column::Text(of.iter().map(|row| row[n].clone()).collect())),
            );
        }
        if let Some(library) = &library {
            let ids = messages.par_iter().map(|message| facts::place(&message.text, library)).collect();
            columns.push(Column::Text(ids));
        }
        if call.alternatives > 0 {
            let ranked = |scratch: &mut Scratch, message: &Message| {
                let ranked = tree.ranked(&message.text, call.alternatives, scratch);
                let told = ranked.iter().map(|one| format!("{} {:.2}", one.category, one.probability));
                Some(told.collect::<Vec<_>>().join("; ")).filter(|told| !told.is_empty())
            };
            columns.push(Column::Text(messages.par_iter().map_init(Scratch::default, ranked).collect()));
        }
        if call.mask {
            for at in &texts {
                let column = &batch.columns[*at];
                let masked = (0..batch.rows)
                    .map(|row| Some(facts::mask(&column.text(row))).filter(|text| !text.is_empty()));
                batch.columns[*at] = Column::Text(masked.collect());
            }
        }
        Ok(columns)
    })?;
    let mut summary = json!({
        "rows": counted.rows, "rows_left_out": counted.faults, "with_category": told, "threshold": call.threshold,
        "per_second": counted.rows as f64 / f64::max(seconds, 1e-9), "peak_mib": peak_mib(),
    });
    if call.facts {
        summary["urgent"] = json!(urgent);
    }
    if settings.json {
        println!("{summary}");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{told} of {} messages have a category in {}", counted.rows, call.out.display());
    if call.facts {
        eprintln!("{urgent} of them tell of danger");
    }
    Ok(ExitCode::SUCCESS)
}
