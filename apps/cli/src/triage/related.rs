//! `gridweave triage related`: to which earlier messages each is related.

use super::messages::{Message, Messages, model};
use crate::WrongCall;
use crate::args::{ReadTexts, RelatedCall, Settings};
use crate::kernels::peak_mib;
use anyhow::Context;
use gridweave_core::time::DAY_MS;
use gridweave_files::batches::{Column, Kind};
use gridweave_files::write_whole;
use gridweave_triage::related::{Evidence, Read, Related, RelatedIndex, RelatedWeights, Report, read};
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
struct Categories {
    tree: Option<Tree>,
    numbers: HashMap<String, u32>,
}

impl Categories {
    /// Those of a model, or of the one in the program; with `none` categories are no evidence.
    fn of(path: Option<&Path>) -> anyhow::Result<Self> {
        let none = path.is_some_and(|path| path.as_os_str() == "none");
        let tree = if none { None } else { Some(model(path)?) };
        let numbers = tree.iter().flat_map(Tree::paths).zip(0..).collect();
        Ok(Self { tree, numbers })
    }

    /// Reads messages, on all cores.
    fn read_all(&self, messages: &[Message]) -> Vec<Read> {
        messages
            .par_iter()
            .map_init(Scratch::default, |scratch, message| self.read(message, scratch))
            .collect()
    }

    /// Reads a message: the deepest category counts.
    fn read(&self, message: &Message, scratch: &mut Scratch) -> Read {
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

/// Messages in their order, each related to those before it.
struct Relating<'a> {
    call: &'a RelatedCall,
    index: RelatedIndex,
    ids: Vec<String>,
    /// The first message of each one's matter.
    matters: Vec<u32>,
    truths: Vec<String>,
    /// When a matter was last reported.
    latest: HashMap<String, Option<i64>>,
    score: Score,
    /// Evidence to learn from.
    known: Vec<(Evidence, bool)>,
    seconds: Vec<f64>,
}

impl Relating<'_> {
    /// Relates a message to those before and keeps it for those to come.
    fn next(&mut self, message: Message, read: &Read, truth: Option<String>) -> Option<Related> {
        let clock = Instant::now();
        let found = self.index.related(read, self.call.threshold);
        self.seconds.push(clock.elapsed().as_secs_f64());
        if let Some(truth) = truth {
            self.compare(&message, read, &found, truth);
        }
        let best = found.into_iter().next();
        let own = self.index.keep(read);
        self.matters.push(best.as_ref().map_or(own, |best| self.matters[best.number as usize]));
        self.ids.push(message.id);
        best
    }

    fn compare(&mut self, message: &Message, read: &Read, found: &[Related], truth: String) {
        let before = self.latest.insert(truth.clone(), message.at_ms);
        let within = |a: i64, b: i64| (a - b).abs() as f64 <= self.call.days * DAY_MS as f64;
        let there = before.is_some_and(|at| at.zip(message.at_ms).is_none_or(|(a, b)| within(a, b)));
        let same = |number: u32| self.truths[number as usize] == truth;
        self.score.there += usize::from(there);
        self.score.told += usize::from(!found.is_empty());
        self.score.right += usize::from(found.first().is_some_and(|best| same(best.number)));
        for one in found {
            self.score.pairs[usize::from(!same(one.number))] += 1;
        }
        if self.call.learn.is_some() {
            for (number, evidence) in self.index.candidates(read) {
                // A city without a model of categories is to be told of as well.
                self.known.push((Evidence { category: None, ..evidence.clone() }, same(number)));
                self.known.push((evidence, same(number)));
            }
        }
        self.truths.push(truth);
    }

    /// The time that so many of all messages took at the most, in milliseconds.
    fn quantile_ms(&self, part: f64) -> f64 {
        let mut all = self.seconds.clone();
        all.sort_unstable_by(f64::total_cmp);
        let at = ((all.len() as f64 * part) as usize).min(all.len().saturating_sub(1));
        all.get(at).map_or(0.0, |seconds| seconds * 1e3)
    }
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
    let mut relating = Relating {
        call,
        index: RelatedIndex::new(call.days, weights(call)?),
        ids: Vec::new(),
        matters: Vec::new(),
        truths: Vec::new(),
        latest: HashMap::new(),
        score: Score::default(),
        known: Vec::new(),
        seconds: Vec::new(),
    };
    let mut earlier = 0;
    if let Some(path) = &call.known {
        let texts = ReadTexts { file: path.clone(), ..call.read.texts.clone() };
        let messages = Messages::open(&texts, Some(&call.columns))?;
        let truth = call.truth.as_ref().map(|name| messages.column(name)).transpose()?;
        let counted = messages.each(None, &[], |batch, messages| {
            let reads = categories.read_all(&messages);
            for (row, (message, read)) in messages.into_iter().zip(&reads).enumerate() {
                relating.next(message, read, truth.map(|at| batch.columns[at].text(row)));
            }
            Ok(Vec::new())
        })?;
        earlier = counted.rows;
        (relating.score, relating.seconds) = (Score::default(), Vec::new());
    }
    let messages = Messages::open(&call.read.texts, Some(&call.columns))?;
    let truth = call.truth.as_ref().map(|name| messages.column(name)).transpose()?;
    let mut related = 0usize;
    let added = [
        ("related_to", Kind::Text),
        ("related_probability", Kind::Float),
        ("related_reason", Kind::Text),
        ("matter", Kind::Text),
    ];
    let added = if call.out.is_some() { &added[..] } else { &[] };
    let counted = messages.each(call.out.as_deref(), added, |batch, messages| {
        let reads = categories.read_all(&messages);
        let (mut to, mut probability, mut why, mut matter) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (row, (message, read)) in messages.into_iter().zip(&reads).enumerate() {
            let best = relating.next(message, read, truth.map(|at| batch.columns[at].text(row)));
            related += usize::from(best.is_some());
            let id = |number: u32| relating.ids[number as usize].clone();
            to.push(best.as_ref().map(|best| id(best.number)));
            probability.push(best.as_ref().map(|best| (best.probability * 1e4).round() / 1e4));
            why.push(best.as_ref().map(|best| reason(&best.evidence)));
            matter.push(relating.matters.last().map(|first| id(*first)));
        }
        let columns =
            vec![Column::Text(to), Column::Float(probability), Column::Text(why), Column::Text(matter)];
        Ok(if call.out.is_some() { columns } else { Vec::new() })
    })?;
    let [half, most_of_all, slowest] = [0.5, 0.99, 1.0].map(|part| relating.quantile_ms(part));
    let mut summary = json!({
        "rows": counted.rows, "rows_left_out": counted.faults, "known": earlier, "related": related,
        "threshold": call.threshold, "one_ms": {"p50": half, "p99": most_of_all, "most": slowest},
        "peak_mib": peak_mib(),
    });
    if truth.is_some() {
        let part = |of: usize, all: usize| of as f64 / all.max(1) as f64;
        let score = &relating.score;
        summary["truth"] = json!({
            "with_an_earlier_one": score.there, "told": score.told,
            "precision": part(score.right, score.told), "recall": part(score.right, score.there),
            "pairs_precision": part(score.pairs[0], score.pairs[0] + score.pairs[1]),
        });
    }
    if let Some(path) = &call.learn {
        let learnt = serde_json::to_string(&RelatedWeights::learn(&relating.known))?;
        write_whole(path, |file| file.write_all(learnt.as_bytes()))
            .with_context(|| path.display().to_string())?;
        summary["learnt_from"] = json!(relating.known.len());
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
            relating.score.there,
            percent("precision"),
            percent("recall"),
            percent("pairs_precision")
        );
    }
    println!(
        "one message: half in {half:.2} ms, 99 of 100 in {most_of_all:.2} ms, the slowest in {slowest:.1} ms"
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
