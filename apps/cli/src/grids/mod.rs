//! `gridweave grids`: cells of equal work drawn, drawn anew, told and checked.

mod blocks;
mod cells;
mod compare;
mod lines;
mod picture;
mod rows;
mod rules;
mod ways;

use crate::WrongCall;
use crate::args::{
    CheckGridsCall, DrawCall, EffortCall, GridsCommand, GroundCall, OutCall, RedrawCall, ReportGridsCall,
};
use crate::interrupt;
use crate::kernels::peak_mib;
use crate::progress::Progress;
use anyhow::Context;
use blocks::Blocks;
use cells::{Cells, OutKind, former_numbers, read_codes, read_parts};
use gridweave_files::write_whole;
use gridweave_partition::{Checked, Conflict, Draw, Fault, Graph, Prepared, Redraw, Rules, Tolerance, check};
use rows::Rows;
use rules::rules_of;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// Where no tolerance is asked for, cells come as near to this as blocks allow.
const NEAR: f64 = 0.01;
/// Blocks times rounds, and rounds at the least and at the most, where the call does not say.
const BLOCK_ROUNDS: usize = 600_000;
const ROUNDS_LEAST: usize = 3;
const ROUNDS_MOST: usize = 16;
/// Rounds of a redrawing.
const REDRAW_ROUNDS: usize = 8;
/// Faults that are told one by one.
const TOLD: usize = 12;

/// `gridweave grids …`.
pub fn run(json: bool, what: GridsCommand) -> anyhow::Result<ExitCode> {
    match what {
        GridsCommand::Draw(call) => draw(json, &call),
        GridsCommand::Redraw(call) => redraw(json, &call),
        GridsCommand::Report(call) => report(json, &call),
        GridsCommand::Check(call) => checked(json, &call),
        GridsCommand::Compare(call) => compare::compare(json, &call),
    }
}

/// The graph of blocks that are to become so many cells.
fn graph_of(blocks: &mut Blocks, cells: usize, call: &GroundCall) -> anyhow::Result<Graph> {
    blocks.join_strays(cells, call)?;
    let file = call
        .graph
        .as_ref()
        .or(call.blocks.as_ref())
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    Ok(blocks.graph().map_err(|why| WrongCall(format!("{file}: {why}")))?)
}

/// A conflict of rules with the names of its blocks.
fn refused(conflict: &Conflict, blocks: &Blocks) -> anyhow::Error {
    let named = in_brackets(named("block", conflict.blocks(), &blocks.ids));
    WrongCall(format!("the rules cannot be kept: {conflict}{named}")).into()
}

/// What numbers are called, where that is not the number itself.
fn named<'a>(what: &'a str, numbers: Vec<u32>, names: &'a [String]) -> impl Iterator<Item = String> + 'a {
    let known = numbers.into_iter().filter_map(|number| Some((number, names.get(number as usize)?)));
    known
        .filter(|(number, name)| number.to_string() != **name)
        .map(move |(number, name)| format!("{what} {number} is {name}"))
}

/// Some words behind a sentence, or nothing.
fn in_brackets(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

/// When a search ends.
struct Until {
    rounds: usize,
    seconds: Option<f64>,
    since: Instant,
}

impl Until {
    fn new(effort: EffortCall, rounds: usize) -> Self {
        interrupt::listen();
        Self {
            rounds: effort.rounds.unwrap_or(rounds).max(1),
            seconds: effort.seconds,
            since: Instant::now(),
        }
    }

    fn is_over(&self, rounds: usize) -> bool {
        rounds >= self.rounds
            || (rounds > 0 && interrupt::asked())
            || self.seconds.is_some_and(|seconds| self.since.elapsed().as_secs_f64() >= seconds)
    }
}

fn draw(json: bool, call: &DrawCall) -> anyhow::Result<ExitCode> {
    let since = Instant::now();
    let mut blocks = Blocks::read(&call.ground)?;
    OutKind::of(&call.out.out, &blocks)?;
    let count = match (call.cells, call.target) {
        (Some(cells), _) => cells,
        (None, Some(target)) if target > 0.0 => {
            (blocks.work.iter().sum::<f64>() / target).round().max(1.0) as usize
        }
        _ => return Err(WrongCall("--target is the work of a cell, above 0".to_owned()).into()),
    };
    let graph = graph_of(&mut blocks, count, &call.ground)?;
    let tolerance = call.tolerance.map_or(Tolerance::Near(NEAR), Tolerance::Within);
    let rules = rules_of(&call.ground, &blocks, count, tolerance)?;
    let prepared = Prepared::new(&graph, &rules).map_err(|conflict| refused(&conflict, &blocks))?;
    let read_s = since.elapsed().as_secs_f64();
    let rounds = (BLOCK_ROUNDS / graph.len()).clamp(ROUNDS_LEAST, ROUNDS_MOST);
    let until = Until::new(call.effort, rounds);
    let mut drawing = Draw::new(&prepared, call.effort.seed);
    let mut progress = Progress::new();
    let mut done = 0;
    while !until.is_over(done) {
        done = drawing.round().rounds;
        progress.show("draw", done as f64 / until.rounds as f64);
    }
    progress.done();
    let cells = Cells::drawn(&blocks, &drawing.cells(), count);
    let told = check(&graph, &rules, &cells.of_block);
    let mut summary = summary(&blocks, &graph, &told);
    summary["rounds"] = json!(done);
    summary["read_s"] = json!(read_s);
    finish(json, &blocks, &cells, &told, &prepared, &call.out, (&rules, since), summary)
}

/// Writes cells and tells what came of it.
#[allow(clippy::too_many_arguments)]
fn finish(
    json: bool,
    blocks: &Blocks,
    cells: &Cells,
    told: &Checked,
    prepared: &Prepared,
    out: &OutCall,
    (rules, since): (&Rules, Instant),
    mut summary: Value,
) -> anyhow::Result<ExitCode> {
    cells.write(blocks, told, &out.out)?;
    if let Some(path) = &out.assign {
        cells.write_assignment(blocks, path)?;
    }
    if let Some(path) = &out.picture {
        let drawn = picture::map(blocks, cells, told)?;
        write_whole(path, |file| file.write_all(drawn.as_bytes()))
            .with_context(|| path.display().to_string())?;
    }
    summary["seconds"] = json!(since.elapsed().as_secs_f64());
    summary["peak_mib"] = json!(peak_mib());
    summary["max_over_mean_least"] = json!(prepared.largest_least());
    summary["bounded_by"] = json!(prepared.bounded_by.as_ref().map(ToString::to_string));
    if !json {
        eprintln!(
            "{}: {} cells of {} blocks; work from {:.3} to {:.3} of the mean; borders along {} of {} edges; {:.1} s",
            out.out.display(),
            told.work.len(),
            blocks.ids.len(),
            told.min_over_mean,
            told.max_over_mean,
            told.cut_edges,
            blocks.edges.len(),
            since.elapsed().as_secs_f64()
        );
        if blocks.detours > 0 {
            eprintln!(
                "{} borders between blocks were left out, as people would walk a long way round there",
                blocks.detours
            );
        }
        if !blocks.joined.is_empty() {
            let farthest = blocks.joined.iter().copied().fold(0.0, f64::max);
            eprintln!(
                "pieces of ground that touch nothing were joined to the nearest {} times, over {farthest:.0} m at the most",
                blocks.joined.len()
            );
        }
        if blocks.strays > 0 {
            eprintln!(
                "{} pieces of ground with less than half a cell's work, to which nothing leads, were joined across what is closed",
                blocks.strays
            );
        }
        if let Some(conflict) = &prepared.bounded_by {
            eprintln!("no drawing could come within {}: {conflict}", rules.tolerance.share());
        }
    }
    let within = told.faults.is_empty();
    let strict = matches!(rules.tolerance, Tolerance::Within(_));
    let hard = told.faults.iter().any(|fault| strict || !matches!(fault, Fault::Work { .. }));
    if !json && hard {
        tell_faults(told, blocks, &cells.codes);
    } else if !json && !within {
        let (count, share) = (told.faults.len(), rules.tolerance.share());
        eprintln!(
            "not within {share} of the mean: {count} of {} cells; blocks are too large, or hang together too loosely",
            told.work.len()
        );
    }
    if json {
        println!("{summary}");
    }
    if hard {
        eprintln!(
            "gridweave: no cells were found that keep to all rules; what was found is the best so far. Try --rounds, another --seed, or more tolerance"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell_faults(told: &Checked, blocks: &Blocks, codes: &[String]) {
    for fault in told.faults.iter().take(TOLD) {
        let of_blocks = named("block", fault.blocks(), &blocks.ids);
        eprintln!("{fault}{}", in_brackets(of_blocks.chain(named("cell", fault.cells(), codes))));
    }
    if told.faults.len() > TOLD {
        eprintln!("… and {} more", told.faults.len() - TOLD);
    }
}

fn summary(blocks: &Blocks, graph: &Graph, told: &Checked) -> Value {
    json!({
        "blocks": blocks.ids.len(),
        "left_out": blocks.left_out,
        "edges": graph.edges().count(),
        "joined": blocks.joined.len(),
        "detours": blocks.detours,
        "strays": blocks.strays,
        "cells": told.work.len(),
        "cut_edges": told.cut_edges,
        "cut": told.cut as f64 / 1024.0,
        "max_over_mean": told.max_over_mean,
        "min_over_mean": told.min_over_mean,
        "within": told.faults.is_empty(),
        "faults": told.faults.len(),
    })
}

fn redraw(json: bool, call: &RedrawCall) -> anyhow::Result<ExitCode> {
    let since = Instant::now();
    let mut blocks = Blocks::read(&call.ground)?;
    OutKind::of(&call.out.out, &blocks)?;
    if let Some(path) = &call.parts {
        blocks.former = read_parts(path, blocks.ids.len())?;
    }
    let (before, names) = former_numbers(&blocks)?;
    let retired = call.retired.as_ref().map(|path| read_codes(path)).transpose()?.unwrap_or_default();
    let count = call.cells.unwrap_or(names.len());
    let graph = graph_of(&mut blocks, count, &call.ground)?;
    let rules = rules_of(&call.ground, &blocks, count, Tolerance::Within(call.tolerance))?;
    let prepared = Prepared::new(&graph, &rules).map_err(|conflict| refused(&conflict, &blocks))?;
    let away: Vec<f64> = match &blocks.doors {
        Some(doors) => doors.iter().map(|doors| f64::from(*doors)).collect(),
        None => blocks.work.clone(),
    };
    let all: f64 = away.iter().sum();
    let mut progress = Progress::new();
    let mut drawn = |prepared: &Prepared, stage: &str| {
        let until = Until::new(call.effort, REDRAW_ROUNDS);
        let mut redrawing = Redraw::new(prepared, &before, &away, call.effort.seed);
        let mut done = 0;
        while !until.is_over(done) {
            done += 1;
            progress.show(stage, done as f64 / until.rounds as f64);
            if !redrawing.round() && redrawing.off() == 0.0 {
                break;
            }
        }
        Cells::redrawn(&blocks, &redrawing.cells(), redrawing.former(), &names, &retired)
    };
    let cells = drawn(&prepared, "redraw");
    let moved = |cells: &Cells| -> (f64, usize) {
        let moved = (0..before.len()).filter(|block| cells.has_moved(&blocks, *block));
        moved.fold((0.0, 0), |(sum, count), block| (sum + away[block], count + 1))
    };
    let told = check(&graph, &rules, &cells.of_block);
    if let Some(path) = &call.curve {
        let mut rows = Rows::new(&["tolerance", "reached", "moved_share", "moved_blocks"]);
        for tolerance in [0.5, 0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01] {
            let rules = Rules { tolerance: Tolerance::Near(tolerance), ..rules.clone() };
            let Ok(prepared) = Prepared::new(&graph, &rules) else { continue };
            let cells = drawn(&prepared, "curve");
            let told = check(&graph, &rules, &cells.of_block);
            let reached = (told.max_over_mean - 1.0).max(1.0 - told.min_over_mean);
            let (sum, count) = moved(&cells);
            let share = sum / all.max(f64::MIN_POSITIVE);
            rows.push(vec![
                tolerance.to_string(),
                format!("{reached:.5}"),
                format!("{share:.5}"),
                count.to_string(),
            ]);
        }
        rows.write(path)?;
    }
    progress.done();
    let (sum, count_moved) = moved(&cells);
    // What has to leave cells with too much, or to come to those with too little.
    let before_told = check(
        &graph,
        &Rules { cells: names.len(), ..Rules::new(1, Tolerance::Near(0.999)) },
        &before_or_first(&before),
    );
    let mean = names.len() as f64 / count as f64;
    let shares = before_told.work.iter().map(|share| share / mean);
    let (over, under) = shares.fold((0.0, 0.0), |(over, under), share| {
        (over + (share - 1.0 - call.tolerance).max(0.0), under + (1.0 - call.tolerance - share).max(0.0))
    });
    let mut summary = summary(&blocks, &graph, &told);
    summary["moved_share"] = json!(sum / all.max(f64::MIN_POSITIVE));
    summary["moved_blocks"] = json!(count_moved);
    summary["moved_share_least"] = json!(f64::max(over, under) / count as f64);
    summary["max_over_mean_before"] = json!(before_told.max_over_mean / mean);
    summary["min_over_mean_before"] = json!(before_told.min_over_mean / mean);
    if !json {
        eprintln!(
            "{:.2} % changes hands ({count_moved} blocks); no drawing could do with less than {:.2} % of the work; before, work went from {:.3} to {:.3} of the mean",
            100.0 * sum / all.max(f64::MIN_POSITIVE),
            100.0 * f64::max(over, under) / count as f64,
            before_told.min_over_mean / mean,
            before_told.max_over_mean / mean
        );
    }
    finish(json, &blocks, &cells, &told, &prepared, &call.out, (&rules, since), summary)
}

/// Blocks without a former cell are told with the first.
fn before_or_first(before: &[u32]) -> Vec<u32> {
    before.iter().map(|cell| if *cell == gridweave_partition::NO_CELL { 0 } else { *cell }).collect()
}

/// Blocks and the cells that a call names for them.
fn with_cells(
    ground: &GroundCall,
    parts: Option<&Path>,
) -> anyhow::Result<(Blocks, Graph, Vec<u32>, Vec<String>)> {
    let mut blocks = Blocks::read(ground)?;
    if let Some(path) = parts {
        blocks.former = read_parts(path, blocks.ids.len())?;
    }
    let (of_block, names) = former_numbers(&blocks)?;
    let graph = graph_of(&mut blocks, names.len(), ground)?;
    if let Some(block) = of_block.iter().position(|cell| *cell == gridweave_partition::NO_CELL) {
        return Err(WrongCall(format!("block {} has no cell", blocks.ids[block])).into());
    }
    Ok((blocks, graph, of_block, names))
}

/// The cell of each of so many blocks at another time or in another network: from a file, or a property; none where neither is named.
fn other_cells(
    ground: &GroundCall,
    blocks: usize,
    file: Option<&Path>,
    property: &Option<String>,
) -> anyhow::Result<Option<Vec<Option<String>>>> {
    if let Some(path) = file {
        return read_parts(path, blocks).map(Some);
    }
    let Some(property) = property else { return Ok(None) };
    // What touches what is known already.
    let former = Some(property.clone());
    let bare = GroundCall { former, streets: None, barriers: Vec::new(), no_joins: true, ..ground.clone() };
    Ok(Some(Blocks::read(&bare)?.former))
}

fn report(json: bool, call: &ReportGridsCall) -> anyhow::Result<ExitCode> {
    let (mut blocks, graph, of_block, names) = with_cells(&call.ground, call.parts.as_deref())?;
    let rules = rules_of(&call.ground, &blocks, names.len(), Tolerance::Near(NEAR))?;
    let told = check(&graph, &rules, &of_block);
    let before = other_cells(&call.ground, blocks.ids.len(), call.before.as_deref(), &call.before_property)?;
    blocks.former = before.unwrap_or_default();
    let cells = Cells::named(of_block, names);
    let rows = cells.table(&blocks, &told);
    if call.out.is_some() || !json {
        rows.write_or_print(call.out.as_deref())?;
    }
    if json {
        let moved: f64 = (0..blocks.ids.len())
            .filter(|block| cells.has_moved(&blocks, *block))
            .map(|block| blocks.work[block])
            .sum();
        let mut summary = summary(&blocks, &graph, &told);
        summary["moved_share"] = json!(moved / blocks.work.iter().sum::<f64>());
        println!("{summary}");
    }
    Ok(ExitCode::SUCCESS)
}

fn checked(json: bool, call: &CheckGridsCall) -> anyhow::Result<ExitCode> {
    let (blocks, graph, of_block, names) = with_cells(&call.ground, call.parts.as_deref())?;
    let count = call.cells.unwrap_or(names.len()).max(names.len());
    let rules = rules_of(&call.ground, &blocks, count, Tolerance::Within(call.tolerance))?;
    let told = check(&graph, &rules, &of_block);
    if json {
        let mut summary = summary(&blocks, &graph, &told);
        summary["faults"] = json!(told.faults);
        println!("{summary}");
    } else {
        tell_faults(&told, &blocks, &names);
        eprintln!(
            "{} cells, {} faults; work from {:.3} to {:.3} of the mean",
            count,
            told.faults.len(),
            told.min_over_mean,
            told.max_over_mean
        );
    }
    Ok(if told.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
