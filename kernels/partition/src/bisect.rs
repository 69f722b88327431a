//! The first parts: ground cut in two, again and again.

use crate::pair::{CUT_OFF, Effort, Pair, Scratch, refine};
use crate::state::{Bounds, Ground, Load, Parts, Worth};
use gridweave_chance::Chance;
use std::collections::BinaryHeap;

/// Cuts that are tried, of which the best is taken.
const TRIES: usize = 6;
/// Times that a cut is refined, at the most.
const REFINED: usize = 6;

/// The ground at hand.
struct Cutting<'a> {
    ground: &'a Ground,
    parts: &'a Parts,
    /// What one cell may have.
    bounds: (i64, i64),
    doors_most: i64,
}

/// Shares the nodes of `part` among cells numbered from `part` on: each half by its number of cells. `nodes` are those of the
/// part, which hang together, as every cell will; there are as many as cells at least.
pub(crate) fn share(
    ground: &Ground,
    parts: &Parts,
    (part, cells): (u32, usize),
    nodes: Vec<u32>,
    bounds: (i64, i64),
    doors_most: i64,
    chance: &mut Chance,
) {
    let cutting = Cutting { ground, parts, bounds, doors_most };
    let mut scratch = Scratch::default();
    let mut open = vec![(part, cells, nodes)];
    while let Some((part, cells, nodes)) = open.pop() {
        if cells < 2 || nodes.len() < 2 {
            continue;
        }
        let other_cells = cells / 2;
        let other = part + (cells - other_cells) as u32;
        cutting.cut([(part, cells - other_cells), (other, other_cells)], &nodes, chance, &mut scratch);
        let (own, others) = nodes.into_iter().partition(|node| parts.of(*node) == part);
        open.push((part, cells - other_cells, own));
        open.push((other, other_cells, others));
    }
}

/// Shares the nodes of the first part, which hang together, between the two.
pub(crate) fn share_between(
    ground: &Ground,
    parts: &Parts,
    two: [u32; 2],
    nodes: &[u32],
    bounds: (i64, i64),
    doors_most: i64,
    chance: &mut Chance,
) {
    let cutting = Cutting { ground, parts, bounds, doors_most };
    cutting.cut(two.map(|part| (part, 1)), nodes, chance, &mut Scratch::default());
}

impl Cutting<'_> {
    fn bounds_of(&self, cells: usize) -> Bounds {
        let cells = cells as i64;
        Bounds {
            work: (self.bounds.0.saturating_mul(cells), self.bounds.1.saturating_mul(cells)),
            doors_most: self.doors_most.saturating_mul(cells),
            nodes_least: cells,
        }
    }

    /// Cuts the nodes of the first side in two.
    fn cut(&self, sides: [(u32, usize); 2], nodes: &[u32], chance: &mut Chance, scratch: &mut Scratch) {
        let [(part, _), (other, _)] = sides;
        let graph = &self.ground.graph;
        let bounds = sides.map(|(_, cells)| self.bounds_of(cells));
        let load_of = |part: u32| {
            let own = nodes.iter().filter(|node| self.parts.of(**node) == part);
            own.fold(Load::default(), |load, node| load.with(self.ground, *node, 1))
        };
        let mut best: Option<(Worth, Vec<u32>)> = None;
        let mut start = nodes[chance.below(nodes.len())];
        for attempt in 0..TRIES {
            // From an edge of the ground, and once from what lies far from the edge tried last.
            start =
                self.farthest(if attempt % 2 == 0 { nodes[chance.below(nodes.len())] } else { start }, part);
            self.grow(start, sides, nodes, &bounds, chance);
            let mut pair = Pair { parts: [part, other], loads: [load_of(part), load_of(other)], bounds };
            let least = graph.total() / graph.len() as i64;
            let effort = Effort { patience: 60 + nodes.len() / 20, slack: 4 * least, cut_off: CUT_OFF };
            for _ in 0..REFINED {
                let border: Vec<u32> = nodes
                    .iter()
                    .copied()
                    .filter(|node| {
                        graph.neighbours(*node).iter().any(|beside| {
                            let (own, beside) = (self.parts.of(*node), self.parts.of(*beside));
                            own != beside && (beside == part || beside == other)
                        })
                    })
                    .collect();
                let refined = refine(self.ground, self.parts, pair, &border, effort, chance, scratch);
                pair = refined.pair;
                if !refined.better {
                    break;
                }
            }
            let off = bounds[0].off(&pair.loads[0]) + bounds[1].off(&pair.loads[1]);
            // Cells without a node are worst.
            let empty: i64 =
                (0..2).map(|side| (bounds[side].nodes_least - pair.loads[side].nodes).max(0)).sum();
            let border = nodes
                .iter()
                .filter(|node| self.parts.of(**node) == part)
                .flat_map(|node| graph.around(*node))
                .filter(|(beside, _)| self.parts.of(*beside) == other)
                .map(|(_, cost)| cost)
                .sum();
            let broken = self.ground.broken(self.parts, nodes.iter().copied());
            let off = off.saturating_add(empty.saturating_mul(graph.total()));
            let found = Worth { broken, off, cost: border };
            let others: Vec<u32> =
                nodes.iter().copied().filter(|node| self.parts.of(*node) == other).collect();
            others.iter().for_each(|node| self.parts.set(*node, part));
            if best.as_ref().is_none_or(|(least, _)| found < *least) {
                best = Some((found, others));
            }
        }
        if let Some((_, others)) = best {
            others.iter().for_each(|node| self.parts.set(*node, other));
        }
    }

    /// The node of a part that is reached last from one.
    fn farthest(&self, from: u32, part: u32) -> u32 {
        let mut seen = std::collections::HashSet::from([from]);
        let mut reached = vec![from];
        let mut at = 0;
        while at < reached.len() {
            for &beside in self.ground.graph.neighbours(reached[at]) {
                if self.parts.of(beside) == part && seen.insert(beside) {
                    reached.push(beside);
                }
            }
            at += 1;
        }
        reached[reached.len() - 1]
    }

    /// The other side grows from a node until it has its share: next the node that leaves the cheapest border (greedy graph
    /// growing, Karypis and Kumar 1998). Both sides hang together.
    fn grow(
        &self,
        start: u32,
        sides: [(u32, usize); 2],
        nodes: &[u32],
        bounds: &[Bounds; 2],
        chance: &mut Chance,
    ) {
        let [(part, _), (other, _)] = sides;
        let graph = &self.ground.graph;
        // What the border gains when a node comes over.
        let gain_of = |node: u32| -> i64 {
            let costs = graph.around(node).map(|(beside, cost)| match self.parts.of(beside) {
                beside if beside == other => cost,
                beside if beside == part => -cost,
                _ => 0,
            });
            costs.sum()
        };
        let aim = (bounds[1].work.0 + bounds[1].work.1) / 2;
        let room = nodes.len() as i64 - bounds[0].nodes_least;
        let mut load = Load::default();
        let mut heap = BinaryHeap::from([(0i64, 0u64, start)]);
        while let Some((gain, _, node)) = heap.pop() {
            if self.parts.of(node) != part {
                continue;
            }
            if load.nodes > 0 && gain_of(node) != gain {
                continue;
            }
            if load.nodes >= room {
                break;
            }
            let after = load.with(self.ground, node, 1);
            if load.nodes > 0
                && after.nodes > bounds[1].nodes_least
                && (after.work > aim && after.work - aim > aim - load.work
                    || after.doors > bounds[1].doors_most)
            {
                break;
            }
            self.parts.set(node, other);
            load = after;
            for &beside in graph.neighbours(node) {
                if self.parts.of(beside) == part {
                    heap.push((gain_of(beside), chance.next(), beside));
                }
            }
        }
        self.join_fragments(sides, nodes);
    }

    /// What was cut off from the first side goes to the other, which it touches.
    fn join_fragments(&self, sides: [(u32, usize); 2], nodes: &[u32]) {
        let [(part, _), (other, _)] = sides;
        let mut seen = std::collections::HashSet::new();
        let mut pieces: Vec<(i64, Vec<u32>)> = Vec::new();
        for &node in nodes {
            if self.parts.of(node) != part || !seen.insert(node) {
                continue;
            }
            let mut piece = vec![node];
            let (mut at, mut work) = (0, 0);
            while at < piece.len() {
                work += self.ground.graph.work(piece[at]) + 1;
                for &beside in self.ground.graph.neighbours(piece[at]) {
                    if self.parts.of(beside) == part && seen.insert(beside) {
                        piece.push(beside);
                    }
                }
                at += 1;
            }
            pieces.push((work, piece));
        }
        pieces.sort_by_key(|(work, _)| std::cmp::Reverse(*work));
        for (_, piece) in pieces.iter().skip(1) {
            piece.iter().for_each(|node| self.parts.set(*node, other));
        }
    }
}
