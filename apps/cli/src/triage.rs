//! `gridweave triage`: learn categories of messages, tell how well, and sort messages by them.

use crate::WrongCall;
use crate::args::{ClassifyCall, EvaluateTriageCall, Settings, TrainTriageCall, TriageCommand};
use crate::columns::{column, no_column};
use crate::faults::Faults;
use crate::kernels::peak_mib;
use anyhow::Context;
use gridweave_files::batches::{BatchWriter, Column, Kind, open_batches, read_ahead};
use gridweave_files::{read_table, write_whole};
use gridweave_triage::measure::{Measured, measure};
use gridweave_triage::{Classifier, Example, Said, Scratch, TrainOptions, hash_of};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

mod drawing;

/// Rows that are held at a time.
const ROWS_AT_ONCE: usize = 1 << 14;
/// Seconds that reading is timed for at the least.
const TIMED_S: f64 = 1.0;

/// `gridweave triage`.
pub fn run(settings: &Settings, what: TriageCommand) -> anyhow::Result<ExitCode> {
    match what {
        TriageCommand::Train(call) => train(settings, &call),
        TriageCommand::Evaluate(call) => evaluate(settings, &call),
        TriageCommand::Classify(call) => classify(settings, &call),
    }
}

/// The labelled messages of a table; rows without text or category are told and left out.
fn examples(path: &Path, texts: &[String], label: &str) -> anyhow::Result<(Vec<Example>, u64)> {
    let table = read_table(path)?;
    let at = |name: &String| table.column(name).ok_or_else(|| no_column(&table.header, name, path));
    let texts: Vec<usize> = texts.iter().map(at).collect::<anyhow::Result<_>>()?;
    let label = at(&label.to_owned())?;
    let mut faults = Faults::default();
    for bad in &table.bad {
        faults.tell(|| format!("{} line {}: {}", path.display(), bad.line, bad.why));
    }
    let mut found = Vec::with_capacity(table.rows.len());
    for (line, cells) in &table.rows {
        let text = together(texts.iter().map(|at| cells[*at].as_str()));
        let label = cells[label].trim().to_owned();
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

/// The texts of several columns behind each other, parted so that no words run together.
fn together<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("。")
}

fn train(settings: &Settings, call: &TrainTriageCall) -> anyhow::Result<ExitCode> {
    let (all, left_out) = examples(&call.file, &call.text, &call.label)?;
    let is_held = |example: &Example| {
        call.held_out.is_some_and(|of| hash_of(&example.text, call.seed).is_multiple_of(of))
    };
    let (held, learnt): (Vec<Example>, Vec<Example>) = all.into_iter().partition(is_held);
    let options = TrainOptions { seed: call.seed, ..TrainOptions::default() };
    let clock = Instant::now();
    let bar = ProgressBar::new(options.folds as u64 + 1);
    let trained = Classifier::train(&learnt, &options, &|part| bar.set_position(part as u64));
    bar.finish_and_clear();
    let (classifier, trained) =
        trained.map_err(|why| WrongCall(format!("{}: {why}", call.file.display())))?;
    let seconds = clock.elapsed().as_secs_f64();
    let bytes = classifier.to_bytes();
    write_whole(&call.out, |file| file.write_all(&bytes)).with_context(|| call.out.display().to_string())?;
    for (label, count) in &trained.left_aside {
        eprintln!("{label:?} has {count} example: too few to learn it from; it is left aside");
    }
    let mut summary = json!({
        "trained": trained, "rows_left_out": left_out, "seconds": seconds, "bytes": bytes.len(),
        "categories": classifier.categories().len(), "peak_mib": peak_mib(),
    });
    let measured = call.held_out.map(|_| measured(&classifier, &held));
    if let Some(measured) = &measured {
        summary["held_out"] = shown(measured, held.len());
    }
    if settings.json {
        println!("{summary}");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "{} categories learnt from {} messages in {seconds:.1} s: {} bytes in {}",
        classifier.categories().len(),
        trained.examples,
        bytes.len(),
        call.out.display()
    );
    if let Some(measured) = &measured {
        table(measured, held.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn model(path: &Path) -> anyhow::Result<Classifier> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Classifier::from_bytes(&bytes).map_err(|why| WrongCall(format!("{}: {why}", path.display())).into())
}

/// What is said of texts that have nothing that is known.
const NOTHING: &str = "";

fn measured(classifier: &Classifier, examples: &[Example]) -> Measured {
    let best = |scratch: &mut Scratch, example: &Example| classifier.best(&example.text, scratch);
    let said: Vec<Option<(usize, f64)>> = examples.par_iter().map_init(Scratch::default, best).collect();
    let said = said.iter().zip(examples).map(|(said, example)| match said {
        Some((n, probability)) => {
            (example.label.as_str(), classifier.categories()[*n].as_str(), *probability)
        }
        None => (example.label.as_str(), NOTHING, 0.0),
    });
    measure(&said.collect::<Vec<_>>())
}

fn shown(measured: &Measured, messages: usize) -> Value {
    let mut shown = json!(measured);
    shown["messages"] = json!(messages);
    shown
}

fn table(measured: &Measured, messages: usize) {
    println!("{:>9} {:>9} {:>9} {:>9}  category", "precision", "recall", "f1", "messages");
    for (category, of) in &measured.categories {
        println!("{:>9.4} {:>9.4} {:>9.4} {:>9}  {category}", of.precision, of.recall, of.f1, of.texts);
    }
    println!(
        "{messages} messages: accuracy {:.4}, macro-F1 {:.4}, calibration error {:.4}",
        measured.accuracy, measured.macro_f1, measured.calibration_error
    );
    for (is, said, count) in measured.confused.iter().take(5) {
        println!("{count:>6} times {is} was taken for {}", if said.is_empty() { "nothing" } else { said });
    }
}

fn evaluate(settings: &Settings, call: &EvaluateTriageCall) -> anyhow::Result<ExitCode> {
    let classifier = model(&call.read.model)?;
    let (examples, left_out) = examples(&call.read.file, &call.read.text, &call.label)?;
    let found = measured(&classifier, &examples);
    // Long enough to be measured: some times over, on all cores.
    let (clock, mut times) = (Instant::now(), 0);
    while times < 3 || clock.elapsed().as_secs_f64() < TIMED_S {
        std::hint::black_box(measured(&classifier, &examples));
        times += 1;
    }
    let per_second = (examples.len() * times) as f64 / clock.elapsed().as_secs_f64();
    if let Some(report) = &call.report {
        let drawing = drawing::reliability(&found);
        write_whole(report, |file| file.write_all(drawing.as_bytes()))
            .with_context(|| report.display().to_string())?;
    }
    if settings.json {
        let mut summary = shown(&found, examples.len());
        summary["rows_left_out"] = json!(left_out);
        summary["per_second"] = json!(per_second);
        println!("{summary}");
    } else {
        table(&found, examples.len());
        println!("{per_second:.0} messages a second on {} cores", rayon::current_num_threads());
    }
    Ok(ExitCode::SUCCESS)
}

fn classify(settings: &Settings, call: &ClassifyCall) -> anyhow::Result<ExitCode> {
    let classifier = model(&call.read.model)?;
    let source = open_batches(&call.read.file)?;
    let header = source.header().to_vec();
    let texts: Vec<usize> = call
        .read
        .text
        .iter()
        .map(|name| column(&header, name, &call.read.file))
        .collect::<anyhow::Result<_>>()?;
    let added = ["category", "probability", "reason"].map(str::to_owned);
    if let Some(there) = added.iter().find(|name| header.contains(name)) {
        let why =
            format!("{}: there is a column {there:?} already; rename it first", call.read.file.display());
        return Err(WrongCall(why).into());
    }
    let mut kinds = source.kinds();
    kinds.extend([Kind::Text, Kind::Float, Kind::Text]);
    let all: Vec<String> = header.iter().cloned().chain(added).collect();
    let mut writer = BatchWriter::create(Some(&call.out), &all, &kinds)?;
    let bar = source.rows().map_or_else(ProgressBar::no_length, ProgressBar::new);
    let mut faults = Faults::default();
    let (mut rows, mut told, mut seconds) = (0, 0, 0.0);
    for batch in read_ahead(source, (0..header.len()).collect(), ROWS_AT_ONCE) {
        let batch = batch?;
        for bad in &batch.bad {
            faults.tell(|| format!("{} line {}: {}", call.read.file.display(), bad.line, bad.why));
        }
        let clock = Instant::now();
        let said: Vec<Said> = (0..batch.rows)
            .into_par_iter()
            .map_init(Scratch::default, |scratch, row| {
                let cells: Vec<String> = texts.iter().map(|at| batch.columns[*at].text(row)).collect();
                classifier.classify_with(&together(cells.iter().map(String::as_str)), scratch)
            })
            .collect();
        seconds += clock.elapsed().as_secs_f64();
        let best = |said: &Said| {
            let likely = said.best().filter(|best| best.probability >= call.threshold);
            likely.map(|best| best.category.to_owned())
        };
        let category = said.iter().map(best).collect::<Vec<_>>();
        told += category.iter().flatten().count();
        let rounded = |value: f64| (value * 1e4).round() / 1e4;
        let probability = said.iter().map(|said| said.best().map(|best| rounded(best.probability))).collect();
        let reason = said.iter().map(|said| Some(said.reasons.join("; ")).filter(|why| !why.is_empty()));
        let added = [Column::Text(category), Column::Float(probability), Column::Text(reason.collect())];
        writer.write(&batch.columns.iter().chain(&added).collect::<Vec<_>>())?;
        rows += batch.rows;
        bar.inc(batch.rows as u64);
    }
    bar.finish_and_clear();
    writer.finish()?;
    let summary = json!({
        "rows": rows, "rows_left_out": faults.count(), "with_category": told, "threshold": call.threshold,
        "per_second": rows as f64 / f64::max(seconds, 1e-9), "peak_mib": peak_mib(),
    });
    if settings.json {
        println!("{summary}");
    } else {
        eprintln!("{told} of {rows} messages have a category in {}", call.out.display());
    }
    Ok(ExitCode::SUCCESS)
}
