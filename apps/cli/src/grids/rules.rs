//! Rules of a call and its rules file.

use super::blocks::Blocks;
use crate::WrongCall;
use crate::args::GroundCall;
use anyhow::Context;
use gridweave_partition::{Rules, Tolerance};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    #[serde(default)]
    together: Vec<Vec<toml::Value>>,
    #[serde(default)]
    apart: Vec<[toml::Value; 2]>,
}

/// The rules that a call asks for.
pub fn rules_of(
    call: &GroundCall,
    blocks: &Blocks,
    cells: usize,
    tolerance: Tolerance,
) -> anyhow::Result<Rules> {
    let mut rules = Rules::new(cells, tolerance);
    rules.divisions = blocks.divisions.clone();
    rules.doors = match (&blocks.doors, call.doors_most) {
        (Some(doors), Some(most)) => Some((doors.clone(), most)),
        (None, Some(_)) => {
            let why = "--doors-most needs to know doors: name --doors, or give the graph \"doors\"";
            return Err(WrongCall(why.to_owned()).into());
        }
        (_, None) => None,
    };
    let Some(path) = &call.rules else { return Ok(rules) };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let file: RulesFile =
        toml::from_str(&text).map_err(|why| WrongCall(format!("{}: {why}", path.display())))?;
    let number: HashMap<&str, u32> =
        blocks.ids.iter().enumerate().map(|(at, id)| (id.as_str(), at as u32)).collect();
    let block = |value: &toml::Value| {
        let id = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        number
            .get(id.as_str())
            .copied()
            .ok_or_else(|| WrongCall(format!("{}: there is no block {id:?}", path.display())))
    };
    for group in &file.together {
        rules.together.push(group.iter().map(block).collect::<Result<_, _>>()?);
    }
    for [a, b] in &file.apart {
        rules.apart.push((block(a)?, block(b)?));
    }
    Ok(rules)
}
