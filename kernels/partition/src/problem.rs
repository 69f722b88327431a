//! Rules made ready: blocks kept together are one node, borders are no edges; or what is in conflict.

use crate::feasible::loosened;
use crate::graph::Graph;
use crate::hubs::{Hub, hubs};
use crate::rules::{Conflict, Rules, Tolerance};
use crate::state::Bounds;
use std::ops::Range;

/// Rules made ready for drawing: blocks kept together are one node, borders are no edges.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) graph: Graph,
    /// The node of each block.
    pub(crate) node_of: Vec<u32>,
    /// Doors of each node; empty where there is no such rule.
    pub(crate) doors: Vec<i64>,
    pub(crate) doors_most: i64,
    /// Nodes that a node may not share a cell with; empty where there is no such rule.
    pub(crate) apart: Vec<Vec<u32>>,
    /// The piece of ground of each node.
    pub(crate) piece_of: Vec<u32>,
    /// Cells of each piece.
    pub(crate) pieces: Vec<usize>,
    /// Work that cells of each piece may have.
    pub(crate) bounds: Vec<(i64, i64)>,
    /// The part of each node with all rules kept, where the ground is small enough to look at all ways.
    pub(crate) known: Option<Vec<u32>>,
    /// Why some cells cannot keep to a tolerance that is only to be come near to.
    pub bounded_by: Option<Conflict>,
}

impl Prepared {
    /// How many cells.
    pub fn cells(&self) -> usize {
        self.pieces.iter().sum()
    }

    /// The numbers of the cells of each piece, one piece after the other.
    pub(crate) fn cells_of_pieces(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.pieces.iter().scan(0, |next, cells| {
            let first = *next;
            *next += cells;
            Some(first..*next)
        })
    }

    /// The least that the largest cell of any drawing has, in means of a cell: its heaviest block, or the mean of a piece of ground that
    /// no whole number of cells shares evenly. No drawing is more equal.
    pub fn largest_least(&self) -> f64 {
        let mean = self.graph.total() as f64 / self.cells() as f64;
        let heaviest = (0..self.graph.len() as u32).map(|node| self.graph.work(node)).max().unwrap_or(0);
        let mut work = vec![0i64; self.pieces.len()];
        for (node, piece) in self.piece_of.iter().enumerate() {
            work[*piece as usize] += self.graph.work(node as u32);
        }
        let of_pieces = work.iter().zip(&self.pieces).map(|(work, cells)| *work as f64 / *cells as f64);
        of_pieces.fold(heaviest as f64, f64::max) / mean
    }

    /// What each cell may have.
    pub(crate) fn bounds_of_cells(&self) -> impl Iterator<Item = Bounds> + '_ {
        self.pieces.iter().zip(&self.bounds).flat_map(|(cells, work)| {
            let bounds = Bounds { work: *work, doors_most: self.doors_most, nodes_least: 1 };
            std::iter::repeat_n(bounds, *cells)
        })
    }

    /// Makes rules ready, or says which of them are in conflict.
    pub fn new(graph: &Graph, rules: &Rules) -> Result<Self, Conflict> {
        let blocks = graph.len();
        if rules.cells == 0 {
            return Err(Conflict::NoCell);
        }
        let asked = rules.tolerance.share();
        if !(0.0..1.0).contains(&asked) {
            return Err(Conflict::Tolerance(asked));
        }
        for (what, given) in [
            ("divisions", rules.divisions.len()),
            ("doors", rules.doors.as_ref().map_or(0, |doors| doors.0.len())),
        ] {
            if given != 0 && given != blocks {
                return Err(Conflict::Length { what, given, blocks });
            }
        }
        let (node_of, nodes) = kept_together(graph, rules)?;
        let first_of = first_blocks(&node_of, nodes);
        let mut sizes = vec![0usize; nodes];
        node_of.iter().for_each(|node| sizes[*node as usize] += 1);
        let graph = divided(graph, &rules.divisions).contracted(&node_of, nodes);
        if rules.cells > nodes {
            return Err(Conflict::FewBlocks { cells: rules.cells, blocks: nodes });
        }
        let apart = kept_apart(&node_of, nodes, rules)?;
        let (doors, doors_most) = doors_of(&node_of, nodes, &first_of, &sizes, rules)?;
        let (piece_of, count) = graph.components();
        let of_blocks = Blocks { graph: &graph, piece_of: &piece_of, first_of: &first_of, sizes: &sizes };
        let (pieces, bounded_by) = match (of_blocks.pieces(count, rules, asked), rules.tolerance) {
            (Ok(pieces), _) => (pieces, None),
            (Err(conflict), Tolerance::Near(_)) if count <= rules.cells => {
                (of_blocks.pieces_near(count, rules.cells), Some(conflict))
            }
            (Err(conflict), _) => return Err(conflict),
        };
        let mean = graph.total() as f64 / rules.cells as f64;
        let mut work = vec![0i64; count];
        for (node, piece) in piece_of.iter().enumerate() {
            work[*piece as usize] += graph.work(node as u32);
        }
        // A piece whose cells cannot have the mean of all has one of its own.
        let bounds = work.iter().zip(&pieces).map(|(work, cells)| {
            let own = *work as f64 / *cells as f64;
            let middle = if (own / mean - 1.0).abs() <= asked + 1e-9 { mean } else { own };
            ((middle * (1.0 - asked)).ceil() as i64, (middle * (1.0 + asked)).floor() as i64)
        });
        let bounds = bounds.collect();
        let known = None;
        let mut prepared =
            Self { graph, node_of, doors, doors_most, apart, piece_of, pieces, bounds, known, bounded_by };
        prepared.look_whether_it_can_be(&first_of, &sizes, rules.tolerance)?;
        Ok(prepared)
    }

    /// Can each block that alone joins parts of the ground have what these leave to its cell?
    pub(crate) fn hubs_fit(&self, first_of: &[u32], sizes: &[usize]) -> Result<(), Conflict> {
        let bounds = |hub: &Hub| loosened(self.bounds[self.piece_of[hub.node as usize] as usize]);
        let over = |hub: &Hub| hub.cell_least(&self.graph, bounds(hub)) - bounds(hub).1;
        let worst = hubs(&self.graph).into_iter().max_by_key(over).filter(|hub| over(hub) > 0);
        let Some(hub) = worst else { return Ok(()) };
        let (least, most) = bounds(&hub);
        let mean = f64::midpoint(least as f64, most as f64);
        Err(Conflict::Hub {
            block: first_of[hub.node as usize],
            group: sizes[hub.node as usize],
            parts: hub.parts.len(),
            small: hub.too_small((least, most)),
            share: hub.cell_least(&self.graph, (least, most)) as f64 / mean,
            most: most as f64 / mean,
            tolerance: hub.tolerance_least(&self.graph, mean),
        })
    }

    /// What can be told of doors and of blocks apart when the cells of each piece are known.
    pub(crate) fn doors_and_apart_fit(&self, first_of: &[u32]) -> Result<(), Conflict> {
        if !self.doors.is_empty() {
            let mut doors = vec![0u64; self.pieces.len()];
            for (node, piece) in self.piece_of.iter().enumerate() {
                doors[*piece as usize] += self.doors[node] as u64;
            }
            let most = self.doors_most as u64;
            for (doors, cells) in doors.into_iter().zip(&self.pieces) {
                if doors > most * *cells as u64 {
                    let least = doors.div_ceil(*cells as u64);
                    return Err(Conflict::Doors {
                        doors,
                        cells: *cells,
                        least,
                        most,
                        enough: doors.div_ceil(most.max(1)),
                    });
                }
            }
        }
        // A clique found greedily: enough to name the usual conflict.
        for (node, beside) in self.apart.iter().enumerate() {
            let piece = self.piece_of[node];
            let mut clique = vec![node as u32];
            for &other in beside {
                let fits = |member: &u32| self.apart[*member as usize].contains(&other);
                if self.piece_of[other as usize] == piece && clique.iter().all(fits) {
                    clique.push(other);
                }
            }
            let cells = self.pieces[piece as usize];
            if clique.len() > cells {
                let blocks = clique.iter().map(|node| first_of[*node as usize]).collect();
                return Err(Conflict::ApartTooMany { blocks, cells });
            }
        }
        Ok(())
    }
}

/// What is asked of pieces of ground.
struct Blocks<'a> {
    graph: &'a Graph,
    piece_of: &'a [u32],
    first_of: &'a [u32],
    sizes: &'a [usize],
}

impl Blocks<'_> {
    /// Cells of each piece, or what is in conflict.
    fn pieces(&self, count: usize, rules: &Rules, tolerance: f64) -> Result<Vec<usize>, Conflict> {
        let mean = self.graph.total() as f64 / rules.cells as f64;
        let heaviest = (0..self.graph.len() as u32).max_by_key(|node| self.graph.work(*node)).unwrap_or(0);
        let share = self.graph.work(heaviest) as f64 / mean;
        if share > 1.0 + tolerance + 1e-9 {
            let block = self.first_of[heaviest as usize];
            let fewer = ((1.0 + tolerance) * rules.cells as f64 / share).floor().max(1.0) as usize;
            let group = self.sizes[heaviest as usize];
            let most = 1.0 + tolerance;
            return Err(Conflict::Heavy { block, group, share, most, fewer });
        }
        let (work, nodes) = self.work_and_nodes(count);
        let divided = !rules.divisions.is_empty();
        let (mut least, mut most) = (vec![0usize; count], vec![0usize; count]);
        for piece in 0..count {
            let share = work[piece] as f64 / mean;
            least[piece] = ((share / (1.0 + tolerance) - 1e-9).ceil() as usize).max(1);
            most[piece] = match tolerance {
                _ if share <= 0.0 => 0,
                _ => ((share / (1.0 - tolerance) + 1e-9).floor() as usize).min(nodes[piece]),
            };
            if least[piece] > most[piece] {
                let off = |cells: usize| (share / cells as f64 - 1.0).abs();
                let nearest = (share.floor().max(1.0) as usize).min(nodes[piece]);
                let needed = off(nearest).min(off((nearest + 1).min(nodes[piece])));
                let lies_in =
                    self.piece_of.iter().zip(self.first_of).filter(|(of, _)| **of as usize == piece);
                let block = lies_in.map(|(_, first)| *first).min().unwrap_or(0);
                let blocks = nodes[piece];
                return Err(Conflict::Piece { block, blocks, share, tolerance: needed, divided });
            }
        }
        let (fewest, greatest) = (least.iter().sum::<usize>(), most.iter().sum::<usize>());
        if !(fewest..=greatest).contains(&rules.cells) {
            let (pieces, cells) = (count, rules.cells);
            return Err(Conflict::Pieces { pieces, least: fewest, most: greatest, cells, divided });
        }
        // As many as the work says, then a cell more or less where that brings work nearest to the mean.
        let mut cells: Vec<usize> = (0..count)
            .map(|piece| ((work[piece] as f64 / mean).round() as usize).clamp(least[piece], most[piece]))
            .collect();
        loop {
            let sum: usize = cells.iter().sum();
            if sum == rules.cells {
                return Ok(cells);
            }
            let more = sum < rules.cells;
            let after = |piece: usize| if more { cells[piece] + 1 } else { cells[piece] - 1 };
            let open = |piece: &usize| {
                if more { cells[*piece] < most[*piece] } else { cells[*piece] > least[*piece] }
            };
            let off = |piece: usize| (work[piece] as f64 / mean / after(piece) as f64 - 1.0).abs();
            let Some(piece) = (0..count).filter(open).min_by(|a, b| off(*a).total_cmp(&off(*b))) else {
                return Ok(cells);
            };
            cells[piece] = after(piece);
        }
    }

    /// Cells of each piece where the tolerance cannot be kept to: each next cell goes where cells have most to do (the divisors
    /// of D'Hondt, which keep the largest share least).
    fn pieces_near(&self, count: usize, cells: usize) -> Vec<usize> {
        let (work, nodes) = self.work_and_nodes(count);
        let mut of = vec![1usize; count];
        let mut next: std::collections::BinaryHeap<(i64, usize)> =
            (0..count).filter(|piece| nodes[*piece] > 1).map(|piece| (work[piece], piece)).collect();
        for _ in count..cells {
            let Some((_, piece)) = next.pop() else { break };
            of[piece] += 1;
            if of[piece] < nodes[piece] {
                next.push((work[piece] / of[piece] as i64, piece));
            }
        }
        of
    }

    fn work_and_nodes(&self, count: usize) -> (Vec<i64>, Vec<usize>) {
        let (mut work, mut nodes) = (vec![0; count], vec![0; count]);
        for (node, piece) in self.piece_of.iter().enumerate() {
            work[*piece as usize] += self.graph.work(node as u32);
            nodes[*piece as usize] += 1;
        }
        (work, nodes)
    }
}

/// The node of each block, where groups that stay together are one, and how many nodes there are.
fn kept_together(graph: &Graph, rules: &Rules) -> Result<(Vec<u32>, usize), Conflict> {
    let blocks = graph.len();
    let mut leader: Vec<u32> = (0..blocks as u32).collect();
    fn find(leader: &mut [u32], mut of: u32) -> u32 {
        while leader[of as usize] != of {
            leader[of as usize] = leader[leader[of as usize] as usize];
            of = leader[of as usize];
        }
        of
    }
    for group in &rules.together {
        for &block in group {
            if block as usize >= blocks {
                return Err(Conflict::NoBlock { rule: "together", block, blocks });
            }
            let (a, b) = (find(&mut leader, group[0]), find(&mut leader, block));
            leader[a.max(b) as usize] = a.min(b);
        }
    }
    if let Some((a, b)) = (0..blocks as u32)
        .map(|block| (find(&mut leader, block), block))
        .find(|(a, b)| rules.divisions.get(*a as usize) != rules.divisions.get(*b as usize))
    {
        return Err(Conflict::TogetherAcross { a, b });
    }
    let leaders: Vec<u32> = (0..blocks as u32).map(|block| find(&mut leader, block)).collect();
    if !rules.together.is_empty() {
        hang_together(graph, &leaders)?;
    }
    let mut number = vec![u32::MAX; blocks];
    let mut nodes = 0;
    let node_of = leaders
        .iter()
        .map(|leader| {
            let number = &mut number[*leader as usize];
            if *number == u32::MAX {
                *number = nodes;
                nodes += 1;
            }
            *number
        })
        .collect();
    Ok((node_of, nodes as usize))
}

/// Does each group hang together by its own blocks?
fn hang_together(graph: &Graph, leaders: &[u32]) -> Result<(), Conflict> {
    let mut seen = vec![false; leaders.len()];
    let mut reached = Vec::new();
    // The first block of each piece of a group, by the group.
    let mut pieces: std::collections::BTreeMap<u32, Vec<u32>> = Default::default();
    for start in 0..leaders.len() as u32 {
        if std::mem::replace(&mut seen[start as usize], true) {
            continue;
        }
        let leader = leaders[start as usize];
        pieces.entry(leader).or_default().push(start);
        reached.push(start);
        while let Some(node) = reached.pop() {
            for &beside in graph.neighbours(node) {
                if leaders[beside as usize] == leader && !std::mem::replace(&mut seen[beside as usize], true)
                {
                    reached.push(beside);
                }
            }
        }
    }
    match pieces.into_values().find(|pieces| pieces.len() > 1) {
        Some(group) => Err(Conflict::TogetherInPieces { group }),
        None => Ok(()),
    }
}

fn first_blocks(node_of: &[u32], nodes: usize) -> Vec<u32> {
    let mut first = vec![u32::MAX; nodes];
    for (block, node) in node_of.iter().enumerate() {
        first[*node as usize] = first[*node as usize].min(block as u32);
    }
    first
}

/// The graph without the edges that cross a border.
fn divided(graph: &Graph, divisions: &[u32]) -> Graph {
    if divisions.is_empty() {
        return graph.clone();
    }
    let pairs: Vec<_> =
        graph.edges().filter(|(a, b, _)| divisions[*a as usize] == divisions[*b as usize]).collect();
    Graph::of_pairs((0..graph.len() as u32).map(|node| graph.work(node)).collect(), &pairs)
}

fn kept_apart(node_of: &[u32], nodes: usize, rules: &Rules) -> Result<Vec<Vec<u32>>, Conflict> {
    if rules.apart.is_empty() {
        return Ok(Vec::new());
    }
    let blocks = node_of.len();
    let mut apart = vec![Vec::new(); nodes];
    for &(a, b) in &rules.apart {
        if let Some(block) = [a, b].into_iter().find(|block| *block as usize >= blocks) {
            return Err(Conflict::NoBlock { rule: "apart", block, blocks });
        }
        let (one, other) = (node_of[a as usize], node_of[b as usize]);
        if one == other {
            return Err(Conflict::TogetherApart { a, b });
        }
        apart[one as usize].push(other);
        apart[other as usize].push(one);
    }
    for list in &mut apart {
        list.sort_unstable();
        list.dedup();
    }
    Ok(apart)
}

fn doors_of(
    node_of: &[u32],
    nodes: usize,
    first_of: &[u32],
    sizes: &[usize],
    rules: &Rules,
) -> Result<(Vec<i64>, i64), Conflict> {
    let Some((doors, most)) = &rules.doors else { return Ok((Vec::new(), i64::MAX)) };
    let mut of = vec![0i64; nodes];
    for (node, doors) in node_of.iter().zip(doors) {
        of[*node as usize] += i64::from(*doors);
    }
    if let Some(node) = of.iter().position(|doors| *doors as u64 > *most) {
        let (block, group) = (first_of[node], sizes[node]);
        return Err(Conflict::DoorsOfBlock { block, group, doors: of[node] as u64, most: *most });
    }
    let sum: u64 = of.iter().map(|doors| *doors as u64).sum();
    if sum > most.saturating_mul(rules.cells as u64) {
        let cells = rules.cells;
        let least = sum.div_ceil(cells as u64);
        return Err(Conflict::Doors {
            doors: sum,
            cells,
            least,
            most: *most,
            enough: sum.div_ceil((*most).max(1)),
        });
    }
    Ok((of, (*most).min(i64::MAX as u64) as i64))
}
