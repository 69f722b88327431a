//! Coarser and coarser graphs: nodes that belong together become one.

use crate::state::Ground;
use gridweave_chance::Chance;

/// A ground and which of its nodes each node of the finer one is in.
#[derive(Debug)]
pub(crate) struct Coarser {
    pub ground: Ground,
    pub node_of: Vec<u32>,
}

/// Of the finer nodes at least this share has to go, or it is not worth while.
const SHRINKS: f64 = 0.95;

/// Pairs nodes along the edges that a border should not follow: those that cost most for the work on both sides (the rating
/// "expansion²" of Holtgrewe, Sanders and Schulz 2010). None grows beyond `work_most`, and where parts are given (`part`) none
/// reaches across them. None where hardly anything pairs.
pub(crate) fn coarser(
    ground: &Ground,
    work_most: i64,
    part: Option<&[u32]>,
    chance: &mut Chance,
) -> Option<Coarser> {
    const NONE: u32 = u32::MAX;
    let graph = &ground.graph;
    let count = graph.len();
    let mut order: Vec<u32> = (0..count as u32).collect();
    chance.shuffle(&mut order);
    let mut node_of = vec![NONE; count];
    let mut nodes = 0;
    for &node in &order {
        if node_of[node as usize] != NONE {
            continue;
        }
        let work = graph.work(node);
        let mut best: Option<(f64, u32)> = None;
        for (beside, cost) in graph.around(node) {
            let fits = node_of[beside as usize] == NONE
                && work + graph.work(beside) <= work_most
                && part.is_none_or(|part| part[node as usize] == part[beside as usize])
                && !ground.apart(node).contains(&beside);
            if fits {
                let both = (work.max(1) as f64) * (graph.work(beside).max(1) as f64);
                let rating = (cost as f64).powi(2) / both;
                if best.is_none_or(|(least, _)| rating > least) {
                    best = Some((rating, beside));
                }
            }
        }
        node_of[node as usize] = nodes;
        if let Some((_, beside)) = best {
            node_of[beside as usize] = nodes;
        }
        nodes += 1;
    }
    let nodes = nodes as usize;
    if nodes as f64 > count as f64 * SHRINKS {
        return None;
    }
    let mut doors = vec![0; if ground.doors.is_empty() { 0 } else { nodes }];
    let mut apart = vec![Vec::new(); if ground.apart.is_empty() { 0 } else { nodes }];
    for (node, own) in node_of.iter().enumerate() {
        if let Some(doors) = doors.get_mut(*own as usize) {
            *doors += ground.doors[node];
        }
        if let Some(apart) = apart.get_mut(*own as usize) {
            apart.extend(ground.apart[node].iter().map(|other| node_of[*other as usize]));
        }
    }
    for list in &mut apart {
        list.sort_unstable();
        list.dedup();
    }
    let home = Vec::new();
    Some(Coarser { ground: Ground { graph: graph.contracted(&node_of, nodes), doors, apart, home }, node_of })
}
