//! `gridweave triage related`: to which earlier messages each is related.

use super::messages::{Message, Messages, model};
use crate::WrongCall;
use crate::args::{RelatedCall, Settings};
use crate::kernels::peak_mib;
use anyhow::Context;
use gridweave_files::batches::{Column, Kind};
use gridweave_files::write_whole;
use gridweave_triage::related::{Evidence, Read, RelatedIndex, RelatedWeights, Report, read};
use gridweave_triage::{Scratch, Tree};
use rayon::prelude::*;
use serde_json::json;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// A category is evidence from this probability on.
const SURE: f64 = 0.6;

/// Categories by number, of all levels.
pub struct Categories {
    tree: Option<Tree>,
    numbers: HashMap<String, u32>,
}

impl Categories {
    /// Those of a model, or of the one in the program; with `none` categories are no evidence.
    pub fn of(path: Option<&Path>) -> anyhow::Result<Self> {
        let none = path.is_some_and(|path| path.as_os_str() == "none");
        let tree = if none { None } else { Some(model(path)?) };
        let numbers = tree.iter().flat_map(Tree::paths).zip(0..).collect();
        Ok(Self { tree, numbers })
    }

    /// Reads a message: the deepest category counts.
    pub fn read(&self, message: &Message, scratch: &mut Scratch) -> Read {
        let category = self.tree.as_ref().and_then(|tree| {
            let deepest = tree.levels(&message.text, scratch).pop()?;
            if deepest.probability < SURE {
                return None;
            }
            Some((*self.numbers.get(&deepest.category)?, deepest.probability as f32))
        });
        read(&Report { text: &message.text, at_ms: message.at_ms, lon_lat: message.lon_lat, category })
    }
}

/// How well related messages are told, where their matters are known.
#[derive(Default)]
struct Score {
    /// Messages with an earlier one of their matter within the days.
    there: usize,
    /// Messages that were said to be related, and those of them whose likeliest is of their matter.
    told: usize,
    right: usize,
    /// Pairs that were told: of one matter, and not.
    pairs: [usize; 2],
}

/// Weights of a file, or those in the program.
fn weights(call: &RelatedCall) -> anyhow::Result<RelatedWeights> {
    let Some(path) = &call.weights else { return Ok(RelatedWeights::default()) };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text)
        .map_err(|why| WrongCall(format!("{}: {why}; it is written by --learn", path.display())).into())
}

/// `gridweave triage related`.
pub fn related(settings: &Settings, call: &RelatedCall) -> anyhow::Result<ExitCode> {
    if call.out.is_none() && call.truth.is_none() {
        return Err(WrongCall("say where the messages go: --out related.csv".to_owned()).into());
    }
    let categories = Categories::of(call.read.model.as_deref())?;
    let weights = weights(call)?;
    let messages = Messages::open(&call.read.texts, Some(&call.columns))?;
    let truth = call.truth.as_ref().map(|name| messages.column(name)).transpose()?;
    let mut index = RelatedIndex::new(call.days, weights);
    let (mut ids, mut matters): (Vec<String>, Vec<u32>) = (Vec::new(), Vec::new());
    let mut truths: Vec<(String, Option<i64>)> = Vec::new();
    let mut latest: HashMap<String, Option<i64>> = HashMap::new();
    let mut score = Score::default();
    let mut known: Vec<(Evidence, bool)> = Vec::new();
    let (mut related, mut asked_s, mut slowest) = (0usize, Vec::new(), 0f64);
    let added = [
        ("related_to", Kind::Text),
        ("related_probability", Kind::Float),
        ("related_reason", Kind::Text),
        ("matter", Kind::Text),
    ];
    let added = if call.out.is_some() { &added[..] } else { &[] };
    let counted = messages.each(call.out.as_deref(), added, |batch, messages| {
        let reads: Vec<Read> = messages
            .par_iter()
            .map_init(Scratch::default, |scratch, message| categories.read(message, scratch))
            .collect();
        let mut columns: (Vec<Option<String>>, Vec<Option<f64>>, Vec<Option<String>>, Vec<Option<String>>) =
            Default::default();
        for (row, (message, read)) in messages.into_iter().zip(&reads).enumerate() {
            let clock = Instant::now();
            let found = index.related(read, call.threshold);
            let took = clock.elapsed().as_secs_f64();
            slowest = slowest.max(took);
            asked_s.push(took as f32);
            if let Some(truth) = truth {
                let matter = batch.columns[truth].text(row);
                let before = latest.insert(matter.clone(), message.at_ms);
                let there = before.is_some_and(|at| {
                    at.zip(message.at_ms)
                        .is_none_or(|(a, b)| (a - b).abs() as f64 <= call.days * 86_400_000.0)
                });
                let right = found.first().is_some_and(|best| truths[best.number as usize].0 == matter);
                score.there += usize::from(there);
                score.told += usize::from(!found.is_empty());
                score.right += usize::from(right);
                for one in &found {
                    score.pairs[usize::from(truths[one.number as usize].0 != matter)] += 1;
                }
                if call.learn.is_some() {
                    for (number, evidence) in index.candidates(read) {
                        let same = truths[number as usize].0 == matter;
                        // A city without a model of categories is to be told of as well.
                        known.push((Evidence { category: None, ..evidence.clone() }, same));
                        known.push((evidence, same));
                    }
                }
                truths.push((matter, message.at_ms));
            }
            let best = found.first();
            related += usize::from(best.is_some());
            let own = index.keep(read);
            let matter = best.map_or(own, |best| matters[best.number as usize]);
            matters.push(matter);
            ids.push(message.id);
            columns.0.push(best.map(|best| ids[best.number as usize].clone()));
            columns.1.push(best.map(|best| (best.probability * 1e4).round() / 1e4));
            columns.2.push(best.map(|best| reason(&best.evidence)));
            columns.3.push(Some(ids[matter as usize].clone()));
        }
        let (to, probability, reason, matter) = columns;
        let columns =
            vec![Column::Text(to), Column::Float(probability), Column::Text(reason), Column::Text(matter)];
        Ok(if call.out.is_some() { columns } else { Vec::new() })
    })?;
    asked_s.sort_unstable_by(f32::total_cmp);
    let quantile =
        |q: f64| asked_s.get((asked_s.len() as f64 * q) as usize).map_or(0.0, |s| f64::from(*s) * 1e3);
    let mut summary = json!({
        "rows": counted.rows, "rows_left_out": counted.faults, "related": related, "threshold": call.threshold,
        "one_ms": {"p50": quantile(0.5), "p99": quantile(0.99), "most": slowest * 1e3}, "peak_mib": peak_mib(),
    });
    if truth.is_some() {
        let part = |of: usize, all: usize| of as f64 / all.max(1) as f64;
        summary["truth"] = json!({
            "with_an_earlier_one": score.there, "told": score.told,
            "precision": part(score.right, score.told), "recall": part(score.right, score.there),
            "pairs_precision": part(score.pairs[0], score.pairs[0] + score.pairs[1]),
        });
    }
    if let Some(path) = &call.learn {
        let learnt = serde_json::to_string(&RelatedWeights::learn(&known))?;
        write_whole(path, |file| file.write_all(learnt.as_bytes()))
            .with_context(|| path.display().to_string())?;
        summary["learnt_from"] = json!(known.len());
    }
    if settings.json {
        println!("{summary}");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{related} of {} messages are related to an earlier one", counted.rows);
    if let Some(truth) = summary["truth"].as_object() {
        let percent = |name: &str| truth[name].as_f64().unwrap_or_default() * 100.0;
        println!(
            "{} have an earlier one of their matter: precision {:.2} %, recall {:.2} %; of all pairs told {:.2} % are right",
            score.there,
            percent("precision"),
            percent("recall"),
            percent("pairs_precision")
        );
    }
    println!(
        "one message: half in {:.2} ms, 99 of 100 in {:.2} ms, the slowest in {:.1} ms",
        quantile(0.5),
        quantile(0.99),
        slowest * 1e3
    );
    Ok(ExitCode::SUCCESS)
}

/// Why two messages are of one matter, in words.
fn reason(evidence: &Evidence) -> String {
    let mut parts: Vec<String> = Vec::new();
    if evidence.same_text {
        parts.push("same text".to_owned());
    } else if !evidence.shared.is_empty() {
        parts.push(format!("shares {}", evidence.shared.join("; ")));
    }
    parts.extend(evidence.metres.map(|metres| format!("{metres:.0} m apart")));
    parts.extend(evidence.days.map(|days| format!("{days:.1} days apart")));
    let category = evidence.category.filter(|category| *category > 0.5);
    parts.extend(category.map(|category| format!("same category {:.0} %", category * 100.0)));
    parts.join(", ")
}
