//! `gridweave triage topics`: what many people write about.

use super::messages::{Message, Messages};
use crate::WrongCall;
use crate::args::{Settings, TopicsCall};
use crate::kernels::peak_mib;
use gridweave_core::time::DAY_MS;
use gridweave_core::{TimeMs, Zone};
use gridweave_files::batches::{BatchWriter, Column, Kind};
use gridweave_triage::topics::{Followed, Post, Topic, TopicOptions, Tracker, topics as found_topics};
use indicatif::ProgressBar;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// A message, who wrote it, and how many agreed.
struct Kept {
    message: Message,
    user: Option<String>,
    agree: f64,
}

/// Topics of one window.
struct Window {
    /// When it begins and ends, where times are known.
    span: Option<(i64, i64)>,
    topics: Vec<(Topic, Followed)>,
    /// Topics of the window before that are gone.
    ended: Vec<usize>,
}

/// Letters of a message that a topic shows.
const SHOWN: usize = 60;

/// `gridweave triage topics`.
pub fn topics(settings: &Settings, call: &TopicsCall) -> anyhow::Result<ExitCode> {
    if call.window.is_some() && call.columns.time.is_none() {
        return Err(WrongCall("--window needs the column of the time: --time".to_owned()).into());
    }
    if call.window.is_some_and(|days| days <= 0.0) || call.step <= 0.0 {
        return Err(WrongCall("--window and --step must be more than 0 days".to_owned()).into());
    }
    let clock = Instant::now();
    let source = Messages::open(&call.read, Some(&call.columns))?;
    let column = |name: &Option<String>| name.as_ref().map(|name| source.column(name)).transpose();
    let (user, agree) = (column(&call.user)?, column(&call.agree)?);
    let mut all: Vec<Kept> = Vec::new();
    let counted = source.each(None, &[], |batch, messages| {
        for (row, message) in messages.into_iter().enumerate() {
            let cell = |at: usize| batch.columns[at].text(row);
            let user = user.map(cell).filter(|user| !user.is_empty());
            let agree = agree.and_then(|at| cell(at).trim().parse().ok()).unwrap_or(0.0);
            if !message.text.trim().is_empty() {
                all.push(Kept { message, user, agree });
            }
        }
        Ok(Vec::new())
    })?;
    all.sort_by_key(|kept| kept.message.at_ms);
    let options = TopicOptions { likeness: call.likeness, people: call.people };
    let spans = spans(&all, call.window, call.step);
    let bar = ProgressBar::new(spans.len() as u64);
    // One window of many messages takes a while.
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut tracker = Tracker::default();
    let mut windows: Vec<Window> = Vec::new();
    for span in spans {
        let within: Vec<usize> = (0..all.len())
            .filter(|n| {
                span.is_none_or(|(from, to)| all[*n].message.at_ms.is_some_and(|at| from <= at && at < to))
            })
            .collect();
        let posts: Vec<Post> = within
            .iter()
            .map(|n| {
                let Kept { message, user, agree } = &all[*n];
                Post {
                    text: &message.text,
                    at_ms: message.at_ms,
                    user: user.as_deref(),
                    agree: *agree,
                    lon_lat: message.lon_lat,
                }
            })
            .collect();
        let mut topics = found_topics(&posts, span, &options);
        for topic in &mut topics {
            topic.members.iter_mut().for_each(|n| *n = within[*n]);
            topic.typical = within[topic.typical];
        }
        let members = |topic: &Topic| (topic.members.iter().map(|n| *n as u64).collect(), topic.heat.people);
        let followed = tracker.follow(
            &topics.iter().map(members).collect::<Vec<_>>(),
            &within.iter().map(|n| *n as u64).collect(),
        );
        topics.truncate(call.most);
        let ended = tracker.ended().to_vec();
        windows.push(Window { span, topics: topics.into_iter().zip(followed).collect(), ended });
        bar.inc(1);
    }
    bar.finish_and_clear();
    write_topics(&call.out, &windows, &all)?;
    if let Some(path) = &call.messages {
        write_messages(path, &windows, &all)?;
    }
    let count: usize = windows.iter().map(|window| window.topics.len()).sum();
    if settings.json {
        let summary = json!({
            "rows": counted.rows, "rows_left_out": counted.faults, "windows": windows.len(), "topics": count,
            "ended": windows.iter().map(|window| window.ended.len()).sum::<usize>(),
            "seconds": clock.elapsed().as_secs_f64(), "peak_mib": peak_mib(),
        });
        println!("{summary}");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(last) = windows.last() {
        println!("{:>8} {:>7}  topic", "heat", "people");
        for (topic, _) in &last.topics {
            println!("{:>8.1} {:>7}  {}", topic.heat.heat, topic.heat.people, topic.name.join(" · "));
        }
        if !last.ended.is_empty() {
            println!("{} topics of the window before are gone", last.ended.len());
        }
    }
    eprintln!("{count} topics of {} messages in {}", counted.rows, call.out.display());
    Ok(ExitCode::SUCCESS)
}

/// The windows: the last ends with the last message.
fn spans(all: &[Kept], window: Option<f64>, step: f64) -> Vec<Option<(i64, i64)>> {
    let times = || all.iter().filter_map(|kept| kept.message.at_ms);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return vec![None] };
    let Some(window) = window else { return vec![None] };
    let of_days = |days: f64| (days * DAY_MS as f64) as i64;
    let (window, step) = (of_days(window), of_days(step).max(1));
    let mut spans: Vec<Option<(i64, i64)>> = Vec::new();
    let mut end = last + 1;
    loop {
        spans.push(Some((end - window, end)));
        if end - window <= first {
            break;
        }
        end -= step;
    }
    spans.reverse();
    spans
}

fn day(at: i64) -> String {
    let zone = Zone::china();
    Zone::date_text(zone.day_of(TimeMs(at)))
}

fn shown(text: &str) -> String {
    let mut letters = text.chars();
    let begin: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() { begin + "…" } else { begin }
}

fn write_topics(path: &Path, windows: &[Window], all: &[Kept]) -> anyhow::Result<()> {
    let header = [
        "from", "until", "topic", "rank", "state", "merged", "name", "heat", "people", "messages", "agree",
        "growth", "km", "first", "last", "typical",
    ];
    use Kind::{Float, Int, Text};
    let kinds =
        [Text, Text, Int, Int, Text, Text, Text, Float, Int, Int, Float, Float, Float, Text, Text, Text];
    let mut writer = BatchWriter::create(Some(path), &header.map(str::to_owned), &kinds)?;
    let rows: Vec<(&Window, usize, &Topic, &Followed)> = windows
        .iter()
        .flat_map(|window| {
            window
                .topics
                .iter()
                .zip(1..)
                .map(move |((topic, followed), rank)| (window, rank, topic, followed))
        })
        .collect();
    type Row<'a> = (&'a Window, usize, &'a Topic, &'a Followed);
    let text = |of: &dyn Fn(&Row) -> Option<String>| Column::Text(rows.iter().map(of).collect());
    let int = |of: &dyn Fn(&Row) -> usize| Column::Int(rows.iter().map(|row| Some(of(row) as i64)).collect());
    let rounded = |value: f64| (value * 1e3).round() / 1e3;
    let float =
        |of: &dyn Fn(&Row) -> f64| Column::Float(rows.iter().map(|row| Some(rounded(of(row)))).collect());
    let times = |row: &Row| row.2.members.iter().filter_map(|n| all[*n].message.at_ms).collect::<Vec<_>>();
    let columns = [
        text(&|row| row.0.span.map(|span| day(span.0))),
        text(&|row| row.0.span.map(|span| day(span.1 - 1))),
        int(&|row| row.3.id),
        int(&|row| row.1),
        text(&|row| Some(serde_json::to_value(row.3.state).ok()?.as_str()?.to_owned())),
        text(&|row| {
            let merged: Vec<String> = row.3.merged.iter().map(usize::to_string).collect();
            Some(merged.join(" ")).filter(|all| !all.is_empty())
        }),
        text(&|row| Some(row.2.name.join("; "))),
        float(&|row| row.2.heat.heat),
        int(&|row| row.2.heat.people),
        int(&|row| row.2.members.len()),
        float(&|row| row.2.heat.agree),
        float(&|row| row.2.heat.growth),
        float(&|row| row.2.heat.km),
        text(&|row| times(row).into_iter().min().map(day)),
        text(&|row| times(row).into_iter().max().map(day)),
        text(&|row| Some(shown(&all[row.2.typical].message.text))),
    ];
    writer.write(&columns.iter().collect::<Vec<_>>())?;
    Ok(writer.finish()?)
}

fn write_messages(path: &Path, windows: &[Window], all: &[Kept]) -> anyhow::Result<()> {
    let header = ["until", "topic", "rank", "id", "day", "text"].map(str::to_owned);
    let kinds = [Kind::Text, Kind::Int, Kind::Int, Kind::Text, Kind::Text, Kind::Text];
    let mut writer = BatchWriter::create(Some(path), &header, &kinds)?;
    let mut columns: BTreeMap<usize, Vec<Option<String>>> = (0..4).map(|n| (n, Vec::new())).collect();
    let (mut topics, mut ranks) = (Vec::new(), Vec::new());
    for window in windows {
        for ((topic, followed), rank) in window.topics.iter().zip(1..) {
            for n in &topic.members {
                let message = &all[*n].message;
                let cells = [
                    window.span.map(|span| day(span.1 - 1)),
                    Some(message.id.clone()),
                    message.at_ms.map(day),
                    Some(shown(&message.text)),
                ];
                cells.into_iter().enumerate().for_each(|(n, cell)| columns.entry(n).or_default().push(cell));
                topics.push(Some(followed.id as i64));
                ranks.push(Some(rank));
            }
        }
    }
    let mut texts = columns.into_values().map(Column::Text);
    let mut next = || texts.next().unwrap_or(Column::Text(Vec::new()));
    let columns = [next(), Column::Int(topics), Column::Int(ranks), next(), next(), next()];
    writer.write(&columns.iter().collect::<Vec<_>>())?;
    Ok(writer.finish()?)
}
