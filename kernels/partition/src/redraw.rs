//! Cells that there are, drawn anew with few changes.

use crate::bisect::share_between;
use crate::draw::fill_empty;
use crate::pair::{CUT_OFF, Effort};
use crate::problem::Prepared;
use crate::state::{Bounds, Ground, Parts, Worth};
use crate::sweep::{Aim, Drawing};
use gridweave_chance::Chance;

/// A block that is in no cell yet.
pub const NO_CELL: u32 = u32::MAX;
/// What it costs on the mean to take a node out of its cell: as much as a mean edge of border. With four times as much a twentieth
/// less changes cells, and borders become a third longer; with a quarter a third more does.
const AWAY: f64 = 1024.0;
/// Sweeps of a round, at the most.
const SWEEPS: usize = 16;
/// Moves without anything better, before the search between two parts ends.
const PATIENCE: usize = 120;

/// Cells brought within their bounds by as few changes as can be found; the best so far can be had at any moment.
///
/// What a cell has too much travels to where it is missing, over as many borders as lie between, and at each the nodes go that
/// cost least: those of few doors, and those that straighten the border. Then nodes go back home wherever bounds let them.
#[derive(Debug)]
pub struct Redraw<'a> {
    prepared: &'a Prepared,
    ground: Ground,
    bounds: Vec<Bounds>,
    chance: Chance,
    best: Vec<u32>,
    best_is: Worth,
    /// The former cell that each cell goes on from.
    former: Vec<Option<u32>>,
    rounds: usize,
}

impl<'a> Redraw<'a> {
    /// `before`: the cell of each block, any numbers, [`NO_CELL`] where it had none. `away`: what it costs to take each block out
    /// of its cell, doors as a rule.
    pub fn new(prepared: &'a Prepared, before: &[u32], away: &[f64], seed: u64) -> Self {
        let nodes = prepared.graph.len();
        let mut chance = Chance::new(seed);
        let (mut weight, mut of_node) = (vec![0.0; nodes], vec![NO_CELL; nodes]);
        // Blocks kept together go where most of them were.
        let mut most = vec![-1.0; nodes];
        for (block, node) in prepared.node_of.iter().enumerate() {
            let node = *node as usize;
            let own = away.get(block).copied().unwrap_or(1.0).max(0.0);
            weight[node] += own;
            let cell = before.get(block).copied().unwrap_or(NO_CELL);
            if cell != NO_CELL && own > most[node] {
                (most[node], of_node[node]) = (own, cell);
            }
        }
        let (home, former) = homes(prepared, &of_node);
        let mean = (weight.iter().sum::<f64>() / nodes as f64).max(f64::MIN_POSITIVE);
        let cost = |weight: f64| (weight / mean * AWAY).min(1e12) as i64;
        let away = home.iter().zip(&weight);
        let away = away.map(|(home, weight)| (*home, if *home == NO_CELL { 0 } else { cost(*weight) }));
        let ground = prepared.ground(away.collect());
        let bounds: Vec<Bounds> = prepared.bounds_of_cells().collect();
        let parts = grown(prepared, &ground, &home);
        let mut drawing = Drawing::new(&ground, parts, bounds.clone());
        split_for_new(prepared, &mut drawing, &mut chance);
        fill_empty(prepared, &mut drawing);
        drawing.separate(&mut chance);
        let best_is = drawing.worth();
        let best = drawing.parts.to_vec();
        Self { prepared, ground, bounds, chance, best, best_is, former, rounds: 0 }
    }

    /// Looks for fewer changes, or for cells within their bounds; true where it found better ones.
    pub fn round(&mut self) -> bool {
        self.rounds += 1;
        if self.rounds == 1 && self.best_is.kept() {
            // They are as they should be.
            return false;
        }
        let mut chance = Chance::new(self.chance.next());
        let graph = &self.ground.graph;
        let mean_node = graph.total() / graph.len() as i64;
        let width = self.bounds.iter().map(|bounds| bounds.work.1 - bounds.work.0).min().unwrap_or(0);
        let effort = Effort { patience: PATIENCE, slack: width / 2 + 3 * mean_node, cut_off: CUT_OFF };
        let mut drawing =
            Drawing::new(&self.ground, Parts::new(self.best.iter().copied()), self.bounds.clone());
        // Where the nearest bound is too near to be met with whole blocks, the middle is not.
        let aim = if self.rounds > 1 && self.best_is.off > 0 { Aim::Middle } else { Aim::Nearest };
        for fine in [mean_node / 2, mean_node / 4, mean_node / 8] {
            let within = drawing.balance(aim, fine.max(1), effort, &mut chance);
            drawing.sweeps(SWEEPS, effort, &mut chance);
            if within {
                break;
            }
        }
        let (found, of) = (drawing.worth(), drawing.parts.to_vec());
        let mut better = self.keep(found, of);
        if let (false, Some(known)) = (self.best_is.kept(), named_by_homes(self.prepared, &self.ground)) {
            let drawing = Drawing::new(&self.ground, Parts::new(known), self.bounds.clone());
            let (found, of) = (drawing.worth(), drawing.parts.to_vec());
            better |= self.keep(found, of);
        }
        better
    }

    fn keep(&mut self, found: Worth, of: Vec<u32>) -> bool {
        let better = found < self.best_is;
        if better {
            (self.best, self.best_is) = (of, found);
        }
        better
    }

    /// By how much the best so far is outside of what is allowed, all cells together, in means of a cell.
    pub fn off(&self) -> f64 {
        self.best_is.off as f64 * self.bounds.len() as f64 / self.ground.graph.total() as f64
    }

    /// The cell of each block in the best so far.
    pub fn cells(&self) -> Vec<u32> {
        self.prepared.node_of.iter().map(|node| self.best[*node as usize]).collect()
    }

    /// The former cell that each cell goes on from; none of those that are new.
    pub fn former(&self) -> &[Option<u32>] {
        &self.former
    }
}

/// The part that each node was in, and the former cell of each part. A former cell belongs to the piece of ground that most of
/// its work lies on; where a piece has more of them than cells now, those with most work go on.
fn homes(prepared: &Prepared, of_node: &[u32]) -> (Vec<u32>, Vec<Option<u32>>) {
    let mut work: std::collections::BTreeMap<(u32, u32), i64> = Default::default();
    for (node, cell) in of_node.iter().enumerate() {
        if *cell != NO_CELL {
            *work.entry((*cell, prepared.piece_of[node])).or_default() +=
                prepared.graph.work(node as u32).max(1);
        }
    }
    let mut piece_of_cell: std::collections::BTreeMap<u32, (i64, u32)> = Default::default();
    for ((cell, piece), work) in work {
        let best = piece_of_cell.entry(cell).or_insert((work, piece));
        if work > best.0 {
            *best = (work, piece);
        }
    }
    let mut cells_of = vec![Vec::new(); prepared.pieces.len()];
    for (cell, (work, piece)) in piece_of_cell {
        cells_of[piece as usize].push((std::cmp::Reverse(work), cell));
    }
    let mut former = Vec::new();
    let mut part_of = std::collections::BTreeMap::new();
    for (piece, mut cells) in cells_of.into_iter().enumerate() {
        cells.sort_unstable();
        cells.truncate(prepared.pieces[piece]);
        cells.sort_by_key(|(_, cell)| *cell);
        let first = former.len() as u32;
        for (at, (_, cell)) in cells.iter().enumerate() {
            part_of.insert((*cell, piece as u32), first + at as u32);
        }
        former.extend((0..prepared.pieces[piece]).map(|at| cells.get(at).map(|(_, cell)| *cell)));
    }
    let home = of_node.iter().zip(&prepared.piece_of);
    let home = home.map(|(cell, piece)| part_of.get(&(*cell, *piece)).copied().unwrap_or(NO_CELL)).collect();
    (home, former)
}

/// The way to share the ground that is known ([`Prepared`]'s), each part called as the one that most of its nodes were in before.
fn named_by_homes(prepared: &Prepared, ground: &Ground) -> Option<Vec<u32>> {
    let known = prepared.known.as_ref()?;
    let mut common: std::collections::BTreeMap<(u32, u32), i64> = Default::default();
    for (part, (home, away)) in known.iter().zip(&ground.home).filter(|(_, (home, _))| *home != NO_CELL) {
        *common.entry((*part, *home)).or_default() += away;
    }
    let mut common: Vec<_> = common.into_iter().collect();
    common.sort_by_key(|(_, away)| std::cmp::Reverse(*away));
    let mut name = vec![NO_CELL; prepared.cells()];
    let mut given = vec![false; prepared.cells()];
    for ((part, home), _) in common {
        if name[part as usize] == NO_CELL && !std::mem::replace(&mut given[home as usize], true) {
            name[part as usize] = home;
        }
    }
    // Numbers left over go to those without one, on the same piece of ground.
    for range in prepared.cells_of_pieces() {
        let mut left = range.clone().filter(|number| !given[*number]).collect::<Vec<_>>().into_iter();
        for part in range {
            if name[part] == NO_CELL {
                name[part] = left.next().map_or(NO_CELL, |number| number as u32);
            }
        }
    }
    Some(known.iter().map(|part| name[*part as usize]).collect())
}

/// Parts that hang together: of each former cell its largest piece, and all other nodes with the neighbour that they share the
/// longest border with.
fn grown(prepared: &Prepared, ground: &Ground, home: &[u32]) -> Parts {
    let graph = &ground.graph;
    let cells = prepared.cells();
    let mut seen = vec![false; graph.len()];
    let mut largest: Vec<(i64, Vec<u32>)> = vec![(-1, Vec::new()); cells];
    for start in 0..graph.len() as u32 {
        let own = home[start as usize];
        if own == NO_CELL || std::mem::replace(&mut seen[start as usize], true) {
            continue;
        }
        let mut piece = vec![start];
        let (mut at, mut work) = (0, 0);
        while at < piece.len() {
            work += graph.work(piece[at]) + 1;
            for &beside in graph.neighbours(piece[at]) {
                if home[beside as usize] == own && !std::mem::replace(&mut seen[beside as usize], true) {
                    piece.push(beside);
                }
            }
            at += 1;
        }
        if work > largest[own as usize].0 {
            largest[own as usize] = (work, piece);
        }
    }
    let mut of = vec![NO_CELL; graph.len()];
    for (cell, (_, piece)) in largest.into_iter().enumerate() {
        piece.iter().for_each(|node| of[*node as usize] = cell as u32);
    }
    // Ground without any former cell begins as one.
    let firsts: Vec<u32> = prepared.cells_of_pieces().map(|cells| cells.start as u32).collect();
    let mut begun = vec![false; prepared.pieces.len()];
    of.iter()
        .zip(&prepared.piece_of)
        .filter(|(cell, _)| **cell != NO_CELL)
        .for_each(|(_, piece)| begun[*piece as usize] = true);
    for (node, piece) in prepared.piece_of.iter().enumerate() {
        if !std::mem::replace(&mut begun[*piece as usize], true) {
            of[node] = firsts[*piece as usize];
        }
    }
    let mut reached: std::collections::VecDeque<u32> =
        (0..graph.len() as u32).filter(|node| of[*node as usize] != NO_CELL).collect();
    while let Some(node) = reached.pop_front() {
        for &beside in graph.neighbours(node) {
            if of[beside as usize] != NO_CELL {
                continue;
            }
            let mut borders: Vec<(u32, i64)> = Vec::new();
            for (around, cost) in graph.around(beside) {
                let part = of[around as usize];
                match borders.iter_mut().find(|(of, _)| *of == part) {
                    _ if part == NO_CELL => {}
                    Some((_, sum)) => *sum += cost,
                    None => borders.push((part, cost)),
                }
            }
            if let Some((part, _)) =
                borders.into_iter().max_by_key(|(part, cost)| (*cost, std::cmp::Reverse(*part)))
            {
                of[beside as usize] = part;
                reached.push_back(beside);
            }
        }
    }
    Parts::new(of)
}

/// New cells are split off from those with most to do.
fn split_for_new(prepared: &Prepared, drawing: &mut Drawing<'_>, chance: &mut Chance) {
    for range in prepared.cells_of_pieces() {
        while let Some(empty) = range.clone().find(|part| drawing.loads[*part].nodes == 0) {
            let rich = range.clone().filter(|part| drawing.loads[*part].nodes > 1);
            let Some(rich) = rich.max_by_key(|part| drawing.loads[*part].work) else { break };
            let nodes: Vec<u32> = (0..drawing.parts.len() as u32)
                .filter(|node| drawing.parts.of(*node) as usize == rich)
                .collect();
            let half = drawing.loads[rich].work / 2;
            let bounds = (half - half / 20, half + half / 20);
            share_between(
                drawing.ground,
                &drawing.parts,
                [rich as u32, empty as u32],
                &nodes,
                bounds,
                prepared.doors_most,
                chance,
            );
            drawing.loads = drawing.parts.loads(drawing.ground, drawing.bounds.len());
            if drawing.loads[empty].nodes == 0 {
                break;
            }
        }
    }
}
