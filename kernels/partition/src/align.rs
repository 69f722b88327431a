//! Two networks of cells over the same blocks: how they lie over each other, and where one could follow the other's borders.

use crate::graph::Graph;

/// What a cell of one network and a cell of another have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// Cell of the first network.
    pub a: u32,
    /// Cell of the second.
    pub b: u32,
    /// Work that lies in both, as a share of the first cell's, and of the second's.
    pub of_a: f64,
    /// The share of the second.
    pub of_b: f64,
    /// Blocks in both.
    pub blocks: usize,
}

/// A border of the second network moved to one of the first: what of a cell of the first lies in another cell of the second than most of
/// it goes there.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// The cell of the first network that would lie within one cell of the second.
    pub a: u32,
    /// The cell of the second that gives blocks, and the one that gets them.
    pub from: u32,
    /// The one that gets them.
    pub to: u32,
    /// The blocks.
    pub blocks: Vec<u32>,
    /// Work of the two in means of their network, before.
    pub before: [f64; 2],
    /// And after.
    pub after: [f64; 2],
    /// By how much the larger of the two is farther from the mean than before; below 0: nearer.
    pub cost: f64,
    /// One of the two would be in pieces.
    pub breaks: bool,
}

/// All pairs of cells that have blocks in common, by the first and then the second. O(blocks · log blocks).
pub fn overlaps(graph: &Graph, a: &[u32], b: &[u32]) -> Vec<Overlap> {
    let mut common: std::collections::BTreeMap<(u32, u32), (i64, usize)> = Default::default();
    let (mut of_a, mut of_b) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    for (block, (a, b)) in a.iter().zip(b).enumerate() {
        let work = graph.work(block as u32);
        let both = common.entry((*a, *b)).or_default();
        *both = (both.0 + work, both.1 + 1);
        *of_a.entry(*a).or_insert(0i64) += work;
        *of_b.entry(*b).or_insert(0i64) += work;
    }
    let share = |work: i64, all: i64| if all > 0 { work as f64 / all as f64 } else { 0.0 };
    common
        .into_iter()
        .map(|((a, b), (work, blocks))| Overlap {
            a,
            b,
            of_a: share(work, of_a[&a]),
            of_b: share(work, of_b[&b]),
            blocks,
        })
        .collect()
}

/// What it would cost to let the second network follow the first's borders, cell by cell, the cheapest first; each by itself, the
/// others left as they are.
pub fn alignments(graph: &Graph, a: &[u32], b: &[u32]) -> Vec<Alignment> {
    let cells = b.iter().max().map_or(0, |most| *most as usize + 1);
    let mut work = vec![0i64; cells];
    for (block, cell) in b.iter().enumerate() {
        work[*cell as usize] += graph.work(block as u32);
    }
    let used = work.iter().filter(|work| **work > 0).count().max(1);
    let mean = graph.total() as f64 / used as f64;
    let mut by_a: std::collections::BTreeMap<u32, Vec<Overlap>> = Default::default();
    for overlap in overlaps(graph, a, b) {
        by_a.entry(overlap.a).or_default().push(overlap);
    }
    let mut blocks_of: std::collections::BTreeMap<(u32, u32), Vec<u32>> = Default::default();
    for (block, (a, b)) in a.iter().zip(b).enumerate() {
        blocks_of.entry((*a, *b)).or_default().push(block as u32);
    }
    let mut found = Vec::new();
    for (a, mut parts) in by_a {
        // Most of it, by blocks where there is no work.
        parts.sort_by(|one, other| other.of_a.total_cmp(&one.of_a).then(other.blocks.cmp(&one.blocks)));
        let to = parts[0].b;
        for part in &parts[1..] {
            let from = part.b;
            let blocks = blocks_of[&(a, from)].clone();
            let moved: i64 = blocks.iter().map(|block| graph.work(*block)).sum();
            let shares = |moved: i64| {
                [(work[from as usize] - moved) as f64 / mean, (work[to as usize] + moved) as f64 / mean]
            };
            let (before, after) = (shares(0), shares(moved));
            let off = |shares: [f64; 2]| (shares[0] - 1.0).abs().max((shares[1] - 1.0).abs());
            let breaks =
                pieces(graph, b, from, &blocks, false) > 1 || pieces(graph, b, to, &blocks, true) > 1;
            found.push(Alignment {
                a,
                from,
                to,
                blocks,
                before,
                after,
                cost: off(after) - off(before),
                breaks,
            });
        }
    }
    found.sort_by(|one, other| one.breaks.cmp(&other.breaks).then(one.cost.total_cmp(&other.cost)));
    found
}

/// In how many pieces a cell would be with some blocks more or fewer.
fn pieces(graph: &Graph, of: &[u32], cell: u32, blocks: &[u32], more: bool) -> usize {
    let mut open: std::collections::BTreeSet<u32> =
        (0..of.len() as u32).filter(|block| of[*block as usize] == cell).collect();
    for block in blocks {
        if more {
            open.insert(*block);
        } else {
            open.remove(block);
        }
    }
    let mut count = 0;
    while let Some(start) = open.pop_first() {
        count += 1;
        let mut reached = vec![start];
        while let Some(at) = reached.pop() {
            reached.extend(graph.neighbours(at).iter().copied().filter(|beside| open.remove(beside)));
        }
    }
    count
}
