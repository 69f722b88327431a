//! `gridweave link`: which records are the same, with the evidence.

use crate::WrongCall;
use crate::args::{LinkCall, LinkCommand, SuggestLinkCall};
use crate::columns::column;
use crate::faults::Faults;
use crate::kernels::peak_mib;
use anyhow::{Context, bail};
use gridweave_files::batches::{Batch, BatchWriter, Column, Kind, open_batches, read_ahead};
use gridweave_files::write_whole;
use gridweave_linkage::chart;
use gridweave_linkage::clusters::{Clusters, clusters, one_to_one};
use gridweave_linkage::linker::{Linker, level_of};
use gridweave_linkage::measure::Truth;
use gridweave_linkage::records::{Records, RecordsBuilder};
use gridweave_linkage::scoring::{AllScored, Scored, Scorer, weight_of};
use gridweave_linkage::settings::{Settings, Task};
use gridweave_linkage::suggest::suggest;
use gridweave_linkage::training::Parameters;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

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

/// Records with their identifiers beside them.
struct Read {
    /// The columns: identifiers, the truth where it is asked for, then those that are compared.
    records: Records,
    truth: bool,
    left_out: u64,
}

impl Read {
    /// The columns that are compared, by themselves; identifiers and truth are given back.
    fn parted(mut self) -> (Records, Vec<gridweave_linkage::records::Column>, u64) {
        let compared = self.records.columns.split_off(1 + usize::from(self.truth));
        let aside = std::mem::replace(&mut self.records.columns, compared);
        (self.records, aside, self.left_out)
    }
}

struct Wanted<'a> {
    files: Vec<&'a Path>,
    id: Option<&'a str>,
    truth: Option<&'a str>,
    /// The columns that are compared; all others where none are named.
    columns: Option<Vec<String>>,
    skip_bad: bool,
}

fn header_of(path: &Path) -> anyhow::Result<Vec<String>> {
    Ok(open_batches(path)?.header().to_vec())
}

/// Reads the tables. Rows that cannot be read and identifiers that are missing or doubled end it, or are left out where
/// that is asked for.
fn read(wanted: &Wanted) -> anyhow::Result<Read> {
    let first = header_of(wanted.files[0])?;
    let compared = wanted.columns.clone().unwrap_or_else(|| {
        first
            .iter()
            .filter(|name| ![wanted.id, wanted.truth].contains(&Some(name.as_str())))
            .cloned()
            .collect()
    });
    let mut names = vec![wanted.id.unwrap_or("row").to_owned()];
    names.extend(wanted.truth.map(str::to_owned));
    names.extend(compared.iter().cloned());
    let mut builder = RecordsBuilder::with_exact(&names, 1 + usize::from(wanted.truth.is_some()));
    let mut faults = Faults::default();
    // Where each batch begins, for naming rows: the record, the file and its row.
    let mut batches: Vec<(usize, &Path, u64)> = Vec::new();
    let mut count = 0;
    for (n, path) in wanted.files.iter().enumerate() {
        if n == 1 {
            builder.second();
        }
        let source = open_batches(path)?;
        let header = source.header().to_vec();
        let at = |name: &String| column(&header, name, path);
        let mut columns: Vec<usize> = compared.iter().map(at).collect::<anyhow::Result<_>>()?;
        let id = wanted.id.map(|name| column(&header, name, path)).transpose()?;
        let truth = wanted.truth.map(|name| column(&header, name, path)).transpose()?;
        columns.splice(0..0, id.into_iter().chain(truth));
        let bar = progress(source.rows(), "read");
        for batch in read_ahead(source, columns, ROWS_AT_ONCE) {
            let batch = batch?;
            for bad in &batch.bad {
                faults.tell(|| format!("{} line {}: {}", path.display(), bad.line, bad.why));
            }
            batches.push((count, path, batch.first_row));
            count += batch.rows;
            bar.inc(batch.rows as u64);
            take(&mut builder, batch, id.is_some());
        }
        bar.finish_and_clear();
    }
    let mut records = builder.finish();
    let shown = |record: usize| {
        let (from, path, row) = batches[batches.partition_point(|(from, ..)| *from <= record) - 1];
        (path.display().to_string(), row + (record - from) as u64)
    };
    let keep = identified(&records, &mut faults, &shown);
    if faults.count() > 0 {
        if !wanted.skip_bad {
            bail!(
                "{} rows cannot be used; nothing was written. Put them right, or leave them out with --skip-bad",
                faults.count()
            );
        }
        records.retain(&keep);
    }
    Ok(Read { records, truth: wanted.truth.is_some(), left_out: faults.count() })
}

/// Which records have an identifier of their own; the others are told.
fn identified(records: &Records, faults: &mut Faults, shown: &dyn Fn(usize) -> (String, u64)) -> Vec<bool> {
    let ids = &records.columns[0];
    let mut keep = vec![true; records.len];
    for table in [0..records.first, records.first..records.len] {
        let mut before = vec![usize::MAX; ids.values.len()];
        for record in table {
            let code = ids.codes[record] as usize;
            let first = std::mem::replace(&mut before[code], record);
            if code != 0 && first == usize::MAX {
                continue;
            }
            keep[record] = false;
            before[code] = first.min(record);
            faults.tell(|| {
                let (path, row) = shown(record);
                match code {
                    0 => format!("{path} row {row}: the identifier is empty"),
                    _ => {
                        let id = ids.values.get(code as u32);
                        format!(
                            "{path} row {row}: {id:?} is the identifier of row {} already",
                            shown(first).1
                        )
                    }
                }
            });
        }
    }
    keep
}

/// Takes a batch in; where no identifier was named the number of the row is one.
fn take(builder: &mut RecordsBuilder, mut batch: Batch, has_id: bool) {
    for column in &mut batch.columns {
        if !matches!(column, Column::Text(_)) {
            *column = Column::Text((0..batch.rows).map(|row| Some(column.text(row))).collect());
        }
    }
    if !has_id {
        let rows = (0..batch.rows as u64).map(|row| Some((batch.first_row + row).to_string()));
        batch.columns.insert(0, Column::Text(rows.collect()));
    }
    builder.push(batch.rows, |n| {
        let texts = match &batch.columns[n] {
            Column::Text(texts) => texts.as_slice(),
            _ => &[],
        };
        texts.iter().map(Option::as_deref)
    });
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
    let read = read(&Wanted { files, id, truth, columns: None, skip_bad: true })?;
    let (records, _, _) = read.parted();
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
    let read = read(&Wanted { files, id, truth, columns, skip_bad: call.skip_bad })?;
    let (mut records, aside, left_out) = read.parted();
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
    let all = scorer.all(weight_of(KEPT.min(settings.threshold)), &|pairs| bar.inc(pairs));
    bar.finish_and_clear();
    clock.done("score");
    let least = weight_of(settings.threshold);
    let above = all.pairs.partition_point(|pair| f64::from(pair.weight) >= least);
    let said = if settings.one_to_one {
        one_to_one(&all.pairs[..above], linker.records.len)
    } else {
        all.pairs[..above].to_vec()
    };
    let groups = clusters(&scorer, linker.records.len, &said, least);
    clock.done("cluster");
    let id = |record: u32| aside[0].values.get(aside[0].codes[record as usize]);
    let (pairs_written, groups_written) = rayon::join(
        || call.out.as_ref().map_or(Ok(()), |out| write_pairs(out, &linker, &said, &id)),
        || call.clusters.as_ref().map_or(Ok(()), |out| write_clusters(out, &linker, &groups, &id)),
    );
    pairs_written?;
    groups_written?;
    let shown = Shown { linker: &linker, scorer: &scorer, parameters: &parameters, all: &all, least };
    let explained = call
        .explain
        .chunks(2)
        .map(|pair| {
            Ok((number_of(&aside[0], &pair[0], &linker, 0)?, number_of(&aside[0], &pair[1], &linker, 1)?))
        })
        .collect::<anyhow::Result<Vec<(u32, u32)>>>()?;
    for (a, b) in &explained {
        println!("{}", json!({ "id_l": id(*a), "id_r": id(*b), "waterfall": scorer.waterfall(*a, *b) }));
    }
    let truth = aside.get(1).map(|names| Truth { of: &names.codes, first: linker.records.first });
    if let Some(out) = &call.report {
        let page = shown.page(&call.language, &explained, truth.as_ref(), &id);
        write_whole(out, |file| file.write_all(page.as_bytes()))
            .with_context(|| out.display().to_string())?;
    }
    clock.done("write");
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

/// The record of an identifier; of two tables that of the first or the second.
fn number_of(
    ids: &gridweave_linkage::records::Column,
    id: &str,
    linker: &Linker,
    table: usize,
) -> anyhow::Result<u32> {
    let range = match (linker.linked(), table) {
        (true, 0) => 0..linker.records.first,
        (true, _) => linker.records.first..linker.records.len,
        _ => 0..linker.records.len,
    };
    range
        .map(|record| record as u32)
        .find(|record| ids.values.get(ids.codes[*record as usize]) == id)
        .ok_or_else(|| WrongCall(format!("--explain: there is no record {id:?}")).into())
}

/// What a report shows.
struct Shown<'a> {
    linker: &'a Linker,
    scorer: &'a Scorer<'a>,
    parameters: &'a Parameters,
    all: &'a AllScored,
    least: f64,
}

/// Pairs that are drawn on each side of the threshold.
const DRAWN: usize = 3;

impl Shown<'_> {
    fn page<'i>(
        &self,
        language: &str,
        explained: &[(u32, u32)],
        truth: Option<&Truth>,
        id: &impl Fn(u32) -> &'i str,
    ) -> String {
        let chinese = language == "zh-CN";
        let language = if chinese { chart::Language::Chinese } else { chart::Language::English };
        let say = |zh: &str, en: &str| (if chinese { zh } else { en }).to_owned();
        let mut parts = Vec::new();
        let draw = |a: u32, b: u32| chart::waterfall(&self.scorer.waterfall(a, b), [id(a), id(b)], language);
        for (a, b) in explained {
            parts.push((say("证据", "Evidence"), draw(*a, *b)));
        }
        let above = self.all.pairs.partition_point(|pair| f64::from(pair.weight) >= self.least);
        let about = [
            (
                say("刚好达到阈值的记录对", "Pairs just above the threshold"),
                above.saturating_sub(DRAWN)..above,
            ),
            (
                say("刚好未达到阈值的记录对", "Pairs just below the threshold"),
                above..(above + DRAWN).min(self.all.pairs.len()),
            ),
        ];
        for (head, range) in about.into_iter().filter(|(_, range)| !range.is_empty()) {
            let drawn: String = self.all.pairs[range].iter().map(|pair| draw(pair.a, pair.b)).collect();
            parts.push((head, drawn));
        }
        parts.push((say("比较结果的分量", "What levels weigh"), {
            let words: Vec<Vec<[String; 2]>> = self
                .linker
                .comparisons
                .iter()
                .map(|of| (0..of.levels() as u8).map(|level| of.words(level)).collect())
                .collect();
            chart::parameters(self.parameters, &words, language)
        }));
        parts.push((
            say("权重分布", "Spread of weights"),
            chart::spread(&self.all.histogram, self.least, language),
        ));
        if let Some(truth) = truth {
            let at = truth.at_thresholds(&self.all.pairs, &THRESHOLDS);
            parts.push((
                say("准确率与召回率", "Precision and recall"),
                chart::precision_recall(&at, language),
            ));
        }
        chart::page(&say("记录关联报告", "Record linkage report"), &parts, language)
    }
}

/// Thresholds at which precision and recall are told.
const THRESHOLDS: [f64; 11] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999];

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

fn write_pairs<'a>(
    out: &Path,
    linker: &Linker,
    said: &[Scored],
    id: &(impl Fn(u32) -> &'a str + Sync),
) -> anyhow::Result<()> {
    let mut header = ["id_l", "id_r", "probability", "weight"].map(str::to_owned).to_vec();
    header.extend(linker.comparisons.iter().map(|comparison| comparison.name.clone()));
    let mut kinds = vec![Kind::Text, Kind::Text, Kind::Float, Kind::Float];
    kinds.extend(linker.comparisons.iter().map(|_| Kind::Text));
    let mut writer = BatchWriter::create(Some(out), &header, &kinds)?;
    let words: Vec<Vec<String>> = linker
        .comparisons
        .iter()
        .map(|comparison| (0..16).map(|level| comparison.words(level)[1].clone()).collect())
        .collect();
    for part in said.chunks(ROWS_AT_ONCE) {
        let text =
            |get: &dyn Fn(&Scored) -> String| Column::Text(part.iter().map(|pair| Some(get(pair))).collect());
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        let mut columns = vec![
            text(&|pair| id(pair.a).to_owned()),
            text(&|pair| id(pair.b).to_owned()),
            Column::Float(part.iter().map(|pair| Some(rounded(pair.probability()))).collect()),
            Column::Float(part.iter().map(|pair| Some(rounded(f64::from(pair.weight)))).collect()),
        ];
        for (n, words) in words.iter().enumerate() {
            columns.push(text(&|pair| words[level_of(pair.pattern, n) as usize].clone()));
        }
        writer.write(&columns.iter().collect::<Vec<_>>())?;
    }
    Ok(writer.finish()?)
}

fn write_clusters<'a>(
    out: &Path,
    linker: &Linker,
    groups: &Clusters,
    id: &(impl Fn(u32) -> &'a str + Sync),
) -> anyhow::Result<()> {
    let mut header = vec!["cluster_id".to_owned(), "id".to_owned()];
    let mut kinds = vec![Kind::Text, Kind::Text];
    if linker.linked() {
        header.push("table".to_owned());
        kinds.push(Kind::Int);
    }
    let mut writer = BatchWriter::create(Some(out), &header, &kinds)?;
    for from in (0..linker.records.len).step_by(ROWS_AT_ONCE) {
        let part = from as u32..(from + ROWS_AT_ONCE).min(linker.records.len) as u32;
        let texts = |of: &dyn Fn(u32) -> u32| {
            Column::Text(part.clone().map(|record| Some(id(of(record)).to_owned())).collect())
        };
        let mut columns = vec![texts(&|record| groups.of[record as usize]), texts(&|record| record)];
        if linker.linked() {
            let table = |record: u32| Some(1 + i64::from(record as usize >= linker.records.first));
            columns.push(Column::Int(part.clone().map(table).collect()));
        }
        writer.write(&columns.iter().collect::<Vec<_>>())?;
    }
    Ok(writer.finish()?)
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
