//! Cells are drawn: from a coarse ground to the fine one, and better from round to round.

use crate::bisect::share;
use crate::coarsen::{Coarser, coarser};
use crate::contiguity::{Contiguity, Leaving};
use crate::pair::{CUT_OFF, Effort};
use crate::problem::Prepared;
use crate::state::{Bounds, Ground, Parts, Worth};
use crate::sweep::{Aim, Drawing};
use gridweave_chance::Chance;

/// Nodes of the coarsest ground for each cell.
const COARSEST: usize = 12;
/// A coarse node's work, at the most, in shares of what such a node would have on the mean.
const HEAVIEST: f64 = 1.5;
/// Sweeps at each coarseness, at the most.
const SWEEPS: usize = 12;
/// Moves without anything better, before the search between two parts ends.
const PATIENCE: usize = 80;

/// How far a drawing has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Rounds so far.
    pub rounds: usize,
    /// Pairs of blocks that are to be apart and are in one of the best cells so far.
    pub broken: usize,
    /// What the borders of the best cells so far cost, in units of which the mean edge has 1024.
    pub cost: i64,
    /// By how much their work is outside of what is allowed, all cells together, in means of a cell. 0: all are within.
    pub off: f64,
    /// This round found better ones.
    pub better: bool,
}

/// Cells being drawn; the best so far can be had at any moment.
///
/// The first round draws them: the ground is made coarser until few nodes a cell are left, cut in two again and again, and made
/// finer step by step, with borders improved at each (multilevel partitioning, Karypis and Kumar 1998). Each later round makes it
/// coarser along the cells drawn and improves them again (V-cycles, Walshaw 2004). The same seed draws the same cells.
#[derive(Debug)]
pub struct Draw<'a> {
    prepared: &'a Prepared,
    ground: Ground,
    bounds: Vec<Bounds>,
    chance: Chance,
    best: Vec<u32>,
    best_is: Option<Worth>,
    rounds: usize,
}

impl<'a> Draw<'a> {
    /// Nothing is drawn yet: the first [`Draw::round`] does.
    pub fn new(prepared: &'a Prepared, seed: u64) -> Self {
        let ground = prepared.ground(Vec::new());
        Self {
            prepared,
            ground,
            bounds: prepared.bounds_of_cells().collect(),
            chance: Chance::new(seed),
            best: Vec::new(),
            best_is: None,
            rounds: 0,
        }
    }

    /// Draws, or makes what is drawn better.
    pub fn round(&mut self) -> Progress {
        let seed = self.chance.next();
        let (mut found, mut of) = self.cycle(&mut Chance::new(seed));
        if let (false, Some(known)) = (found.kept(), &self.prepared.known) {
            let parts = Parts::new(known.iter().copied());
            let drawing = Drawing::new(&self.ground, parts, self.bounds.clone());
            (found, of) = (drawing.worth(), drawing.parts.to_vec());
        }
        let better = self.best_is.is_none_or(|best| found < best);
        if better {
            (self.best, self.best_is) = (of, Some(found));
        }
        self.rounds += 1;
        let mean = self.ground.graph.total() as f64 / self.bounds.len() as f64;
        let best = self.best_is.unwrap_or(found);
        let (rounds, broken, cost) = (self.rounds, best.broken as usize, best.cost);
        Progress { rounds, broken, cost, off: best.off as f64 / mean, better }
    }

    /// The cell of each block in the best drawing so far; empty before the first round.
    pub fn cells(&self) -> Vec<u32> {
        if self.best.is_empty() {
            return Vec::new();
        }
        self.prepared.node_of.iter().map(|node| self.best[*node as usize]).collect()
    }

    fn cycle(&self, chance: &mut Chance) -> (Worth, Vec<u32>) {
        let cells = self.bounds.len();
        let total = self.ground.graph.total();
        // Where rules are not kept to yet, every other round begins anew.
        let anew = self.best_is.is_none_or(|best| !best.kept() && self.rounds % 2 == 1);
        let drawn = (!anew).then_some(&self.best);
        let work_most = (total as f64 / (cells * COARSEST) as f64 * HEAVIEST) as i64;
        let mut levels: Vec<Coarser> = Vec::new();
        let mut part = drawn.cloned();
        loop {
            let ground = levels.last().map_or(&self.ground, |level| &level.ground);
            if ground.graph.len() <= cells * COARSEST {
                break;
            }
            let Some(level) = coarser(ground, work_most, part.as_deref(), chance) else { break };
            if let Some(part) = &mut part {
                let mut coarse = vec![0; level.ground.graph.len()];
                for (node, own) in level.node_of.iter().enumerate() {
                    coarse[*own as usize] = part[node];
                }
                *part = coarse;
            }
            levels.push(level);
        }
        let coarsest = levels.last().map_or(&self.ground, |level| &level.ground);
        let mut of = match part {
            Some(part) => part,
            None => self.first(coarsest, &levels, chance),
        };
        let mut depth = levels.len();
        loop {
            let ground = if depth == 0 { &self.ground } else { &levels[depth - 1].ground };
            let found;
            (of, found) = self.improve(ground, of, depth == 0, chance);
            if depth == 0 {
                return (found, of);
            }
            depth -= 1;
            let node_of = &levels[depth].node_of;
            of = node_of.iter().map(|node| of[*node as usize]).collect();
        }
    }

    /// The first cells of the coarsest ground.
    fn first(&self, ground: &Ground, levels: &[Coarser], chance: &mut Chance) -> Vec<u32> {
        // Coarse nodes lie on one piece of ground each.
        let mut piece_of = self.prepared.piece_of.clone();
        for level in levels {
            let mut coarse = vec![0; level.ground.graph.len()];
            for (node, own) in level.node_of.iter().enumerate() {
                coarse[*own as usize] = piece_of[node];
            }
            piece_of = coarse;
        }
        let mut nodes_of = vec![Vec::new(); self.prepared.pieces.len()];
        for (node, piece) in piece_of.iter().enumerate() {
            nodes_of[*piece as usize].push(node as u32);
        }
        let firsts: Vec<u32> = self.prepared.cells_of_pieces().map(|cells| cells.start as u32).collect();
        let parts = Parts::new(piece_of.iter().map(|piece| firsts[*piece as usize]));
        for (piece, nodes) in nodes_of.into_iter().enumerate() {
            let cells = self.prepared.pieces[piece];
            share(
                ground,
                &parts,
                (firsts[piece], cells),
                nodes,
                self.prepared.bounds[piece],
                self.prepared.doors_most,
                chance,
            );
        }
        parts.to_vec()
    }

    /// Balances and improves at one coarseness.
    fn improve(&self, ground: &Ground, of: Vec<u32>, finest: bool, chance: &mut Chance) -> (Vec<u32>, Worth) {
        let graph = &ground.graph;
        let mean_node = graph.total() / graph.len() as i64;
        let room = if finest { 0 } else { mean_node / 2 };
        let bounds: Vec<Bounds> = self
            .bounds
            .iter()
            .map(|bounds| Bounds { work: ((bounds.work.0 - room).max(0), bounds.work.1 + room), ..*bounds })
            .collect();
        let mut drawing = Drawing::new(ground, Parts::new(of), bounds);
        if finest {
            fill_empty(self.prepared, &mut drawing);
        }
        drawing.separate(chance);
        let width = self.bounds.iter().map(|bounds| bounds.work.1 - bounds.work.0).min().unwrap_or(0);
        let fine = (width / 8).max(mean_node / 4);
        let effort = Effort { patience: PATIENCE, slack: width / 2 + 3 * mean_node, cut_off: CUT_OFF };
        for _ in 0..3 {
            drawing.balance(Aim::Middle, fine, effort, chance);
            drawing.sweeps(SWEEPS, effort, chance);
            if drawing.off() == 0 {
                break;
            }
        }
        let found = drawing.worth();
        (drawing.parts.to_vec(), found)
    }
}

/// Cells that have no block take one from the cell of their ground that has most to do.
pub(crate) fn fill_empty(prepared: &Prepared, drawing: &mut Drawing<'_>) {
    if drawing.loads.iter().all(|load| load.nodes > 0) {
        return;
    }
    let mut contiguity = Contiguity::default();
    for (piece, range) in prepared.cells_of_pieces().enumerate() {
        while let Some(empty) = range.clone().find(|part| drawing.loads[*part].nodes == 0) {
            let rich = range.clone().filter(|part| drawing.loads[*part].nodes > 1);
            let Some(rich) = rich.max_by_key(|part| drawing.loads[*part].work) else { break };
            let graph = &drawing.ground.graph;
            let nodes = 0..graph.len() as u32;
            let leaves = nodes.filter(|node| {
                prepared.piece_of[*node as usize] as usize == piece
                    && drawing.parts.of(*node) as usize == rich
                    && contiguity.leaving(graph, &drawing.parts, *node, 0) == Leaving::Whole
            });
            let Some(node) = leaves.max_by_key(|node| graph.work(*node)) else { break };
            drawing.parts.set(node, empty as u32);
            drawing.loads[rich] = drawing.loads[rich].with(drawing.ground, node, -1);
            drawing.loads[empty] = drawing.loads[empty].with(drawing.ground, node, 1);
        }
    }
}
