//! Are cells what they should be? Told from the graph and the rules alone, by plain means that know nothing of how they were drawn.

use crate::graph::Graph;
use crate::rules::Rules;

/// What cells are like.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Checked {
    /// Work of each cell, in means of a cell.
    pub work: Vec<f64>,
    /// Blocks of each cell.
    pub blocks: Vec<usize>,
    /// Edges that a border runs along.
    pub cut_edges: usize,
    /// What those cost, in units of which the mean edge has 1024.
    pub cut: i64,
    /// The largest work over the mean, and the least.
    pub max_over_mean: f64,
    /// The least work over the mean.
    pub min_over_mean: f64,
    /// All that is wrong.
    pub faults: Vec<Fault>,
}

/// Something that is wrong with cells.
#[derive(Clone, Debug, PartialEq, thiserror::Error, serde::Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// Not as many as blocks.
    #[error("cells are told for {told} blocks, and there are {blocks}")]
    Length {
        /// Told.
        told: usize,
        /// There are.
        blocks: usize,
    },
    /// A number beyond the cells asked for.
    #[error("block {block} is in cell {cell}, and {cells} cells were asked for, counted from 0")]
    NoCell {
        /// Which.
        block: usize,
        /// Its cell.
        cell: u32,
        /// Asked for.
        cells: usize,
    },
    /// Without a block.
    #[error("cell {cell} has no block")]
    Empty {
        /// Which.
        cell: u32,
    },
    /// In pieces.
    #[error("cell {cell} is in {pieces} pieces that do not touch; one is around block {block}")]
    InPieces {
        /// Which.
        cell: u32,
        /// How many.
        pieces: usize,
        /// A block of the smaller ones.
        block: u32,
    },
    /// Too much or too little work.
    #[error("cell {cell} has {share:.4} times the mean work, more or less than {tolerance} allows")]
    Work {
        /// Which.
        cell: u32,
        /// Its work, in means.
        share: f64,
        /// What is allowed.
        tolerance: f64,
    },
    /// On both sides of a border.
    #[error("cell {cell} lies on both sides of a border: blocks {a} and {b}")]
    Across {
        /// Which.
        cell: u32,
        /// One.
        a: u32,
        /// The other.
        b: u32,
    },
    /// Blocks that were to stay together.
    #[error("blocks {a} and {b} are to stay together and are in cells {of_a} and {of_b}")]
    NotTogether {
        /// One.
        a: u32,
        /// The other.
        b: u32,
        /// Its cell.
        of_a: u32,
        /// Its cell.
        of_b: u32,
    },
    /// Blocks that were to be apart.
    #[error("blocks {a} and {b} are to be apart and both in cell {cell}")]
    NotApart {
        /// One.
        a: u32,
        /// The other.
        b: u32,
        /// Their cell.
        cell: u32,
    },
    /// Too many doors.
    #[error("cell {cell} has {doors} doors, more than {most}")]
    Doors {
        /// Which.
        cell: u32,
        /// Its doors.
        doors: u64,
        /// Allowed.
        most: u64,
    },
}

impl Fault {
    /// The blocks that it names.
    pub fn blocks(&self) -> Vec<u32> {
        match self {
            Self::InPieces { block, .. } => vec![*block],
            Self::Across { a, b, .. } | Self::NotTogether { a, b, .. } | Self::NotApart { a, b, .. } => {
                vec![*a, *b]
            }
            _ => Vec::new(),
        }
    }

    /// The cells that it names.
    pub fn cells(&self) -> Vec<u32> {
        match self {
            Self::Length { .. } => Vec::new(),
            Self::NotTogether { of_a, of_b, .. } => vec![*of_a, *of_b],
            Self::NoCell { cell, .. }
            | Self::Empty { cell }
            | Self::InPieces { cell, .. }
            | Self::Work { cell, .. }
            | Self::Across { cell, .. }
            | Self::NotApart { cell, .. }
            | Self::Doors { cell, .. } => vec![*cell],
        }
    }
}

/// Looks at the cell of each block.
pub fn check(graph: &Graph, rules: &Rules, cell_of: &[u32]) -> Checked {
    let blocks = graph.len();
    let cells = rules.cells;
    let mut faults = Vec::new();
    if cell_of.len() != blocks {
        faults.push(Fault::Length { told: cell_of.len(), blocks });
    } else if let Some(block) = cell_of.iter().position(|cell| *cell as usize >= cells) {
        faults.push(Fault::NoCell { block, cell: cell_of[block], cells });
    }
    if !faults.is_empty() {
        let none = Vec::new();
        return Checked {
            work: none.clone(),
            blocks: Vec::new(),
            cut_edges: 0,
            cut: 0,
            max_over_mean: f64::NAN,
            min_over_mean: f64::NAN,
            faults,
        };
    }
    let mut work = vec![0i64; cells];
    let mut count = vec![0usize; cells];
    for (block, cell) in cell_of.iter().enumerate() {
        work[*cell as usize] += graph.work(block as u32);
        count[*cell as usize] += 1;
    }
    let mean = graph.total() as f64 / cells as f64;
    let work: Vec<f64> = work.iter().map(|work| *work as f64 / mean).collect();
    faults.extend(in_pieces(graph, cell_of, cells));
    let tolerance = rules.tolerance.share();
    for (cell, share) in work.iter().enumerate() {
        let cell = cell as u32;
        if count[cell as usize] == 0 {
            faults.push(Fault::Empty { cell });
        } else if (share - 1.0).abs() > tolerance + 1e-9 {
            faults.push(Fault::Work { cell, share: *share, tolerance });
        }
    }
    faults.extend(against_rules(rules, cell_of));
    let borders = || graph.edges().filter(|(a, b, _)| cell_of[*a as usize] != cell_of[*b as usize]);
    Checked {
        max_over_mean: work.iter().copied().fold(f64::MIN, f64::max),
        min_over_mean: work.iter().copied().fold(f64::MAX, f64::min),
        work,
        blocks: count,
        cut_edges: borders().count(),
        cut: borders().map(|(_, _, cost)| cost).sum(),
        faults,
    }
}

fn in_pieces(graph: &Graph, cell_of: &[u32], cells: usize) -> Vec<Fault> {
    let mut seen = vec![false; cell_of.len()];
    // Of each cell how many pieces, and the smallest one with its block.
    let mut pieces = vec![(0usize, usize::MAX, 0u32); cells];
    for start in 0..cell_of.len() as u32 {
        if std::mem::replace(&mut seen[start as usize], true) {
            continue;
        }
        let cell = cell_of[start as usize];
        let mut piece = vec![start];
        let mut at = 0;
        while at < piece.len() {
            for &beside in graph.neighbours(piece[at]) {
                if cell_of[beside as usize] == cell && !std::mem::replace(&mut seen[beside as usize], true) {
                    piece.push(beside);
                }
            }
            at += 1;
        }
        let of = &mut pieces[cell as usize];
        of.0 += 1;
        if piece.len() < of.1 {
            (of.1, of.2) = (piece.len(), start);
        }
    }
    let broken = pieces.into_iter().enumerate().filter(|(_, (pieces, ..))| *pieces > 1);
    broken.map(|(cell, (pieces, _, block))| Fault::InPieces { cell: cell as u32, pieces, block }).collect()
}

fn against_rules(rules: &Rules, cell_of: &[u32]) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !rules.divisions.is_empty() {
        let mut first = vec![None; rules.cells];
        for (block, cell) in cell_of.iter().enumerate() {
            let b = block as u32;
            let a = *first[*cell as usize].get_or_insert(b);
            if rules.divisions[a as usize] != rules.divisions[block] {
                faults.push(Fault::Across { cell: *cell, a, b });
            }
        }
    }
    for group in &rules.together {
        for (&a, &b) in group.iter().zip(group.iter().skip(1)) {
            let (of_a, of_b) = (cell_of[a as usize], cell_of[b as usize]);
            if of_a != of_b {
                faults.push(Fault::NotTogether { a, b, of_a, of_b });
            }
        }
    }
    for &(a, b) in &rules.apart {
        let cell = cell_of[a as usize];
        if cell == cell_of[b as usize] {
            faults.push(Fault::NotApart { a, b, cell });
        }
    }
    if let Some((doors, most)) = &rules.doors {
        let mut of = vec![0u64; rules.cells];
        for (cell, doors) in cell_of.iter().zip(doors) {
            of[*cell as usize] += u64::from(*doors);
        }
        let over = of.into_iter().enumerate().filter(|(_, doors)| doors > most);
        faults.extend(over.map(|(cell, doors)| Fault::Doors { cell: cell as u32, doors, most: *most }));
    }
    faults
}
