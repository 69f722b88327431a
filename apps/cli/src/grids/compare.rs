//! Two networks over the same blocks, held against each other.

use super::cells::former_numbers;
use super::rows::Rows;
use super::{other_cells, with_cells};
use crate::WrongCall;
use crate::args::CompareCall;
use gridweave_partition::{alignments, overlaps};
use serde_json::json;
use std::process::ExitCode;

/// Two networks over the same blocks: how they lie over each other, and what it would cost to let the second follow the first.
pub fn compare(json: bool, call: &CompareCall) -> anyhow::Result<ExitCode> {
    let (mut blocks, graph, first, names) = with_cells(&call.ground, call.parts.as_deref())?;
    let other = other_cells(&call.ground, blocks.ids.len(), call.other.as_deref(), &call.other_property)?;
    blocks.former =
        other.ok_or_else(|| WrongCall("name the second network: --other, or --other-property".to_owned()))?;
    let (second, other_names) = former_numbers(&blocks)?;
    if let Some(block) = second.iter().position(|cell| *cell == gridweave_partition::NO_CELL) {
        return Err(
            WrongCall(format!("block {} has no cell of the second network", blocks.ids[block])).into()
        );
    }
    let common = overlaps(&graph, &first, &second);
    let torn: std::collections::BTreeSet<u32> =
        common.windows(2).filter(|two| two[0].a == two[1].a).map(|two| two[0].a).collect();
    let moves = alignments(&graph, &first, &second);
    if let Some(path) = &call.out {
        let mut rows = Rows::new(&["cell", "other", "share_of_cell", "share_of_other", "blocks"]);
        for both in &common {
            rows.push(vec![
                names[both.a as usize].clone(),
                other_names[both.b as usize].clone(),
                format!("{:.4}", both.of_a),
                format!("{:.4}", both.of_b),
                both.blocks.to_string(),
            ]);
        }
        rows.write(path)?;
    }
    let mut rows = Rows::new(&[
        "cell",
        "from",
        "to",
        "blocks",
        "from_before",
        "from_after",
        "to_before",
        "to_after",
        "farther_from_mean",
        "in_pieces",
    ]);
    for aligned in &moves {
        let numbers =
            [aligned.before[0], aligned.after[0], aligned.before[1], aligned.after[1], aligned.cost];
        let mut row = vec![
            names[aligned.a as usize].clone(),
            other_names[aligned.from as usize].clone(),
            other_names[aligned.to as usize].clone(),
            aligned.blocks.len().to_string(),
        ];
        row.extend(numbers.iter().map(|number| format!("{number:.4}")));
        row.push(aligned.breaks.to_string());
        rows.push(row);
    }
    if call.suggestions.is_some() || !json {
        rows.write_or_print(call.suggestions.as_deref())?;
    }
    if json {
        println!(
            "{}",
            json!({
                "cells": names.len(), "others": other_names.len(), "overlaps": common.len(), "cells_torn": torn.len(),
                "suggestions": moves.len(), "without_cost": moves.iter().filter(|of| of.cost <= 0.0 && !of.breaks).count(),
            })
        );
    } else {
        eprintln!(
            "{} of {} cells lie in several of the {} others; {} borders could be aligned, {} of them without cost",
            torn.len(),
            names.len(),
            other_names.len(),
            moves.len(),
            moves.iter().filter(|of| of.cost <= 0.0 && !of.breaks).count()
        );
    }
    Ok(ExitCode::SUCCESS)
}
