//! `gridweave link`: which records are the same, with the evidence.

use crate::WrongCall;
use crate::args::{LinkCall, LinkCommand, SuggestLinkCall};
use crate::kernels::peak_mib;
use anyhow::Context;
use gridweave_files::batches::Texts;
use gridweave_files::write_whole;
use gridweave_linkage::clusters::{Clusters, clusters, one_to_one};
use gridweave_linkage::linker::Linker;
use gridweave_linkage::measure::Truth;
use gridweave_linkage::scoring::{AllScored, Scored, Scorer, weight_of};
use gridweave_linkage::settings::{Settings, Task};
use gridweave_linkage::suggest::suggest;
use gridweave_linkage::training::Parameters;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

mod reading;
mod report;
mod writing;

use reading::{Read, Wanted, header_of, read};
use report::{Shown, THRESHOLDS, number_of};
use writing::{Ids, write_clusters, write_pairs};

const ROWS_AT_ONCE: usize = 1 << 17;
/// Pairs from this probability on are kept, for what is measured and drawn below the threshold.
const KEPT: f64 = 0.01;

/// `gridweave link`.
pub fn run(json: bool, call: LinkCall) -> anyhow::Result<ExitCode> {
    match call.what {
        Some(LinkCommand::Suggest(call)) => suggested(&call),
        None => link(json, &call),
    }
}

fn progress(length: Option<u64>, what: &'static str) -> ProgressBar {
    let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template("{prefix:9} {wide_bar} {human_pos}/{human_len} {eta}") {
        bar.set_style(style);
    }
    bar.set_prefix(what);
    bar
}

fn suggested(call: &SuggestLinkCall) -> anyhow::Result<ExitCode> {
    let files = std::iter::once(&call.file).chain(&call.file2).map(PathBuf::as_path).collect();
    let (id, truth) = (call.id.as_deref(), call.truth.as_deref());
    let read = read(&Wanted { files, id, truth, columns: None, skip_bad: true, settings: None })?;
    let records = read.records;
    if records.len < 2 {
        return Err(WrongCall(format!("{}: there is nothing to compare", call.file.display())).into());
    }
    let found = suggest(&records, &[]);
    match &call.out {
        Some(out) => {
            write_whole(out, |file| file.write_all(found.text.as_bytes()))
                .with_context(|| out.display().to_string())?;
            eprintln!(
                "{}: {} columns, {} rules, {} comparisons; look it through, then run gridweave link",
                out.display(),
                found.profiles.len(),
                found.settings.blocks.len(),
                found.settings.comparisons.len()
            );
        }
        None => print!("{}", found.text),
    }
    Ok(ExitCode::SUCCESS)
}

/// Seconds of each phase.
struct Clock {
    since: Instant,
    phases: serde_json::Map<String, Value>,
}

impl Clock {
    fn new() -> Self {
        Self { since: Instant::now(), phases: serde_json::Map::new() }
    }

    fn done(&mut self, phase: &str) {
        self.phases.insert(phase.to_owned(), json!(self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }
}

fn link(json: bool, call: &LinkCall) -> anyhow::Result<ExitCode> {
    let (Some(file), Some(config)) = (&call.file, &call.config) else {
        return Err(WrongCall(
            "name a file and --config; gridweave link suggest writes a first one".to_owned(),
        )
        .into());
    };
    let text = std::fs::read_to_string(config).with_context(|| config.display().to_string())?;
    let shown = |error: gridweave_linkage::settings::InvalidSettings| {
        WrongCall(format!("{}: {error}", config.display()))
    };
    let mut settings = Settings::from_toml(&text).map_err(shown)?;
    let files: Vec<&Path> = std::iter::once(file).chain(&call.file2).map(PathBuf::as_path).collect();
    for path in &files {
        settings
            .check(&header_of(path)?)
            .map_err(|error| WrongCall(format!("{}: {error}", path.display())))?;
    }
    if let Some(threshold) = call.threshold {
        settings.threshold = threshold;
    }
    if (settings.task == Task::Link) != (files.len() == 2) {
        let why = "task = \"link\" takes two files, task = \"dedupe\" one";
        return Err(WrongCall(format!("{}: {why}", config.display())).into());
    }
    let mut clock = Clock::new();
    let columns = Some(settings.columns_read());
    let (id, truth) = (call.id.as_deref(), call.truth.as_deref());
    let read =
        read(&Wanted { files, id, truth, columns, skip_bad: call.skip_bad, settings: Some(&settings) })?;
    let Read { mut records, mut aside, left_out } = read;
    let second = records.len - records.first;
    for (path, held) in call.file.iter().chain(&call.file2).zip([records.first, second]) {
        if held == 0 {
            return Err(WrongCall(format!("{}: there is no record to compare", path.display())).into());
        }
    }
    clock.done("read");
    let warnings = settings.cleaned(&mut records);
    clock.done("clean");
    let linker = Linker::new(&settings, records);
    for warning in warnings.iter().chain(&block_warnings(&linker)) {
        eprintln!("{warning}");
    }
    clock.done("block");
    let bar = progress(Some(linker.rules.len() as u64 + 1), "learn");
    let parameters = Parameters::learn(&linker, &settings.training, &|_| bar.inc(1));
    bar.finish_and_clear();
    clock.done("learn");
    let scorer = Scorer::new(&linker, &parameters);
    let bar = progress(Some(linker.blocks.count()), "score");
    // What lies below the threshold is only measured and drawn.
    let below = call.truth.is_some() || call.report.is_some();
    let kept = if below { KEPT.min(settings.threshold) } else { settings.threshold };
    let all = scorer.all(weight_of(kept), &|pairs| bar.inc(pairs));
    bar.finish_and_clear();
    clock.done("score");
    let least = weight_of(settings.threshold);
    let above = all.pairs.partition_point(|pair| f64::from(pair.weight) >= least);
    let said: Cow<[Scored]> = if settings.one_to_one {
        one_to_one(&all.pairs[..above], linker.records.len).into()
    } else {
        all.pairs[..above].into()
    };
    let ids = Arc::new(Ids(aside.remove(0)));
    let id = |record: u32| ids.text(record);
    // Pairs are written while groups are formed.
    let (pairs_written, groups) = rayon::join(
        || call.out.as_ref().map_or(Ok(()), |out| write_pairs(out, &linker, &said, &ids)),
        || {
            let groups = clusters(&scorer, linker.records.len, &said, least);
            let written =
                call.clusters.as_ref().map_or(Ok(()), |out| write_clusters(out, &linker, &groups, &ids));
            written.map(|()| groups)
        },
    );
    pairs_written?;
    let groups = groups?;
    clock.done("cluster_and_write");
    let shown = Shown { linker: &linker, scorer: &scorer, parameters: &parameters, all: &all, least };
    let explained = call
        .explain
        .chunks(2)
        .map(|pair| Ok((number_of(&ids.0, &pair[0], &linker, 0)?, number_of(&ids.0, &pair[1], &linker, 1)?)))
        .collect::<anyhow::Result<Vec<(u32, u32)>>>()?;
    for (a, b) in &explained {
        println!("{}", json!({ "id_l": id(*a), "id_r": id(*b), "waterfall": scorer.waterfall(*a, *b) }));
    }
    let truth = aside.first().map(|names| Truth { of: &names.codes, first: linker.records.first });
    if let Some(out) = &call.report {
        let page = shown.page(&call.language, &explained, truth.as_ref(), &id);
        write_whole(out, |file| file.write_all(page.as_bytes()))
            .with_context(|| out.display().to_string())?;
    }
    clock.done("report");
    let mut summary = json!({
        "records": linker.records.len, "rows_left_out": left_out, "pairs_compared": all.compared, "pairs": said.len(),
        "clusters": groups.told, "threshold": settings.threshold, "rules": linker.blocks.told, "cut_blocks": linker.blocks.cut,
        "same": parameters.same, "parameters": parameters.comparisons, "sessions": parameters.sessions,
        "seconds": clock.phases, "peak_mib": peak_mib(),
    });
    if let Some(truth) = &truth {
        add_measured(&mut summary, truth, &all, &said, &groups);
    }
    if json {
        println!("{summary}");
    } else {
        tell(&summary);
    }
    Ok(ExitCode::SUCCESS)
}

/// What the person should hear of the blocks.
fn block_warnings(linker: &Linker) -> Vec<String> {
    let rules = linker.blocks.told.iter().enumerate().filter(|(_, told)| told.cut > 0);
    rules
        .map(|(n, told)| {
            format!(
                "rule {}: {} blocks made too many pairs and were cut by the other rules; {} pairs are left out",
                n + 1,
                told.cut,
                told.left_out
            )
        })
        .collect()
}

fn add_measured(summary: &mut Value, truth: &Truth, all: &AllScored, said: &[Scored], groups: &Clusters) {
    let at = truth.at_thresholds(&all.pairs, &THRESHOLDS);
    let at: Vec<Value> = at
        .into_iter()
        .map(|(threshold, m)| json!({ "threshold": threshold, "precision": m.precision, "recall": m.recall, "f1": m.f1 }))
        .collect();
    let pairs = truth.of_pairs(said);
    summary["f1"] = json!(pairs.f1);
    summary["truth"] = json!({
        "pairs": pairs, "clusters": truth.of_clusters(&groups.of), "at": at,
        "calibration": truth.calibration(&all.pairs).into_iter().map(|(pairs, probability, right)| {
            json!({ "pairs": pairs, "probability": probability, "right": right })
        }).collect::<Vec<_>>(),
    });
}

fn tell(summary: &Value) {
    let seconds: f64 =
        summary["seconds"].as_object().into_iter().flatten().filter_map(|(_, s)| s.as_f64()).sum();
    eprintln!(
        "{} records, {} pairs compared, {} the same, {} groups, in {seconds:.1} s",
        summary["records"], summary["pairs_compared"], summary["pairs"], summary["clusters"]["clusters"]
    );
    if let Some(truth) = summary.get("truth") {
        for what in ["pairs", "clusters"] {
            let of = |name: &str| truth[what][name].as_f64().unwrap_or(0.0);
            eprintln!(
                "{what:9} precision {:.5} recall {:.5} F1 {:.5}",
                of("precision"),
                of("recall"),
                of("f1")
            );
        }
    }
}
