//! Small grounds: all ways to share them are looked at, so that it is known whether rules can be kept.

use crate::state::{Bounds, Ground, Load};

/// Nodes of a ground that is small.
pub(crate) const SMALL: usize = 64;
/// Nodes that are taken into a cell or left out of it, at the most, before it stays open whether rules can be kept.
const STEPS: u64 = 400_000;

/// What came of looking at all ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shared {
    /// The part of each node, with all rules kept.
    So(Vec<u32>),
    /// There is no way.
    Never,
    /// There are too many ways to look at.
    Open,
}

/// Nodes by their bits.
type Nodes = u64;

fn each(nodes: Nodes) -> impl Iterator<Item = u32> {
    (0..SMALL as u32).filter(move |node| nodes >> node & 1 == 1)
}

/// A small ground.
struct Small<'a> {
    ground: &'a Ground,
    beside: Vec<Nodes>,
    apart: Vec<Nodes>,
    bounds: Bounds,
    steps: u64,
    parts: Vec<Nodes>,
}

/// Why a search goes on, or ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Yes,
    No,
    TooLong,
}

/// Shares a ground among so many cells that all have the same bounds, if that can be.
pub(crate) fn share(ground: &Ground, cells: usize, bounds: Bounds) -> Shared {
    let nodes = ground.graph.len();
    if nodes > SMALL {
        return Shared::Open;
    }
    let bits = |nodes: &[u32]| nodes.iter().fold(0, |bits, node| bits | 1 << node);
    let mut small = Small {
        ground,
        beside: (0..nodes as u32).map(|node| bits(ground.graph.neighbours(node))).collect(),
        apart: (0..nodes as u32).map(|node| bits(ground.apart(node))).collect(),
        bounds,
        steps: 0,
        parts: Vec::new(),
    };
    let all = if nodes == SMALL { Nodes::MAX } else { (1 << nodes) - 1 };
    match small.share(all, cells) {
        Found::No => Shared::Never,
        Found::TooLong => Shared::Open,
        Found::Yes => {
            let mut part_of = vec![0; nodes];
            for (part, own) in small.parts.iter().enumerate() {
                each(*own).for_each(|node| part_of[node as usize] = part as u32);
            }
            Shared::So(part_of)
        }
    }
}

impl Small<'_> {
    fn load(&self, nodes: Nodes) -> Load {
        each(nodes).fold(Load::default(), |load, node| load.with(self.ground, node, 1))
    }

    /// What hangs together with a node among others.
    fn piece(&self, start: Nodes, among: Nodes) -> Nodes {
        let (mut piece, mut front) = (start, start);
        while front != 0 {
            let next = each(front).fold(0, |next, node| next | self.beside[node as usize]) & among & !piece;
            piece |= next;
            front = next;
        }
        piece
    }

    /// Fewest and most cells that the pieces of what is left can have; none where one of them can have no number of cells.
    fn cells_of(&self, left: Nodes) -> Option<(usize, usize)> {
        let (mut left, mut fewest, mut most) = (left, 0, 0);
        let (least, greatest) = self.bounds.work;
        while left != 0 {
            let piece = self.piece(1 << left.trailing_zeros(), left);
            let load = self.load(piece);
            let fill = |has: i64, most: i64| (has - 1).max(0) / most.max(1) + 1;
            let need = fill(load.work, greatest).max(fill(load.doors, self.bounds.doors_most));
            let can = if least > 0 { (load.work / least).min(load.nodes) } else { load.nodes };
            if need > can {
                return None;
            }
            fewest += need as usize;
            most += can as usize;
            left &= !piece;
        }
        Some((fewest, most))
    }

    /// Shares what is left among so many cells.
    fn share(&mut self, left: Nodes, cells: usize) -> Found {
        if left == 0 {
            return if cells == 0 { Found::Yes } else { Found::No };
        }
        match self.cells_of(left) {
            Some((fewest, most)) if (fewest..=most).contains(&cells) => {}
            _ => return Found::No,
        }
        // The cell of the node that has fewest ways out.
        let ways = |node: &u32| (self.beside[*node as usize] & left).count_ones();
        let Some(start) = each(left).min_by_key(ways) else { return Found::No };
        let own = 1 << start;
        self.grow(own, self.load(own), 0, left, cells)
    }

    /// Grows a cell in all ways, without the nodes left out of it, and shares what is left then.
    fn grow(&mut self, own: Nodes, load: Load, mut out: Nodes, left: Nodes, cells: usize) -> Found {
        let (least, most) = self.bounds.work;
        if load.work > most || load.doors > self.bounds.doors_most {
            return Found::No;
        }
        if load.work >= least {
            self.parts.push(own);
            match self.share(left & !own, cells - 1) {
                Found::No => self.parts.pop(),
                told => return told,
            };
        }
        let clash = each(own).fold(0, |clash, node| clash | self.apart[node as usize]);
        let around = each(own).fold(0, |around, node| around | self.beside[node as usize]);
        loop {
            self.steps += 1;
            if self.steps > STEPS {
                return Found::TooLong;
            }
            let open = around & left & !own & !out & !clash;
            if open == 0 || self.load(self.piece(own, left & !out)).work < least {
                return Found::No;
            }
            let next = open.trailing_zeros();
            match self.grow(own | 1 << next, load.with(self.ground, next, 1), out, left, cells) {
                Found::No => out |= 1 << next,
                told => return told,
            }
        }
    }
}
