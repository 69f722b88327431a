//! What is asked: how many cells, how equal, by which rules; and the words for why that may be impossible.

/// Why a graph is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidProblem {
    /// No node.
    #[error("there are no blocks")]
    Empty,
    /// Billions.
    #[error("there are more blocks or edges than can be counted in 32 bits")]
    TooLarge,
    /// Not a number, or less than nothing.
    #[error("block {node} has work of {work}; it must be a number and not negative")]
    Work {
        /// Which.
        node: usize,
        /// What it says.
        work: f64,
    },
    /// All nodes have none.
    #[error("no block has any work: there is nothing to share")]
    NoWork,
    /// An end that is not there.
    #[error("edge {edge} ends at block {node}, and there are {count} blocks, counted from 0")]
    Edge {
        /// Which.
        edge: usize,
        /// Where it ends.
        node: usize,
        /// Nodes that there are.
        count: usize,
    },
    /// Not above nought.
    #[error("edge {edge} has a cost of {cost}; it must be a number above 0")]
    Cost {
        /// Which.
        edge: usize,
        /// What it says.
        cost: f64,
    },
}

/// How equal the work of cells is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Within this share of the mean; impossible otherwise.
    Within(f64),
    /// The same, or as near to it as blocks and rules allow.
    Near(f64),
}

impl Tolerance {
    /// The share of the mean.
    pub fn share(self) -> f64 {
        match self {
            Self::Within(share) | Self::Near(share) => share,
        }
    }
}

/// What cells have to keep to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// How many cells.
    pub cells: usize,
    /// How equal.
    pub tolerance: Tolerance,
    /// The division of each block, where cells may not cross its border; empty where there is none.
    pub divisions: Vec<u32>,
    /// Blocks that stay in one cell. They have to hang together by themselves.
    pub together: Vec<Vec<u32>>,
    /// Blocks that may not be in one cell.
    pub apart: Vec<(u32, u32)>,
    /// Doors of each block, and the most that a cell may have.
    pub doors: Option<(Vec<u32>, u64)>,
}

impl Rules {
    /// So many cells, as equal as this, and no other rule.
    pub fn new(cells: usize, tolerance: Tolerance) -> Self {
        Self { cells, tolerance, divisions: Vec::new(), together: Vec::new(), apart: Vec::new(), doors: None }
    }
}

/// Rules that cannot be kept, with the ones in conflict.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Conflict {
    /// No cell.
    #[error("0 cells were asked for; ask for at least one")]
    NoCell,
    /// More cells than blocks.
    #[error(
        "{cells} cells were asked for, and only {blocks} blocks (those kept together count as one) can be shared among them; ask for fewer cells"
    )]
    FewBlocks {
        /// Asked.
        cells: usize,
        /// Those that there are.
        blocks: usize,
    },
    /// A tolerance that is no share.
    #[error("a tolerance of {0} is none: it is a share of the mean, from 0 to below 1")]
    Tolerance(f64),
    /// Lists of another length than there are blocks.
    #[error("{what} are given for {given} blocks, and there are {blocks}")]
    Length {
        /// Divisions or doors.
        what: &'static str,
        /// How many are given.
        given: usize,
        /// How many there are.
        blocks: usize,
    },
    /// A rule names a block that is not there.
    #[error("a rule of kind \"{rule}\" names block {block}, and there are {blocks} blocks, counted from 0")]
    NoBlock {
        /// Together or apart.
        rule: &'static str,
        /// Which.
        block: u32,
        /// Those that there are.
        blocks: usize,
    },
    /// Blocks kept together that do not hang together.
    #[error("blocks {} are to stay together and do not touch each other: a cell with both would be in pieces; add the blocks between them to the group", of(.group))]
    TogetherInPieces {
        /// Some of the blocks, one of each piece.
        group: Vec<u32>,
    },
    /// Blocks kept together on both sides of a border.
    #[error(
        "blocks {a} and {b} are to stay together, and a border between divisions runs between them that cells may not cross; give up one of the two rules"
    )]
    TogetherAcross {
        /// One.
        a: u32,
        /// The other.
        b: u32,
    },
    /// Together and apart at once.
    #[error("blocks {a} and {b} are to stay together and to be apart; give up one of the two rules")]
    TogetherApart {
        /// One.
        a: u32,
        /// The other.
        b: u32,
    },
    /// Too many that are all to be apart from each other.
    #[error("blocks {} are all to be apart from each other, and the ground that they lie on has only {cells} cells; ask for more cells or let some of them share one", of(.blocks))]
    ApartTooMany {
        /// Which.
        blocks: Vec<u32>,
        /// Cells of their ground.
        cells: usize,
    },
    /// A block alone is more than a cell may have.
    #[error("block {block}{} alone has {share:.3} times the mean work of a cell, and {most:.3} are allowed; split it, ask for {fewer} cells, or allow a tolerance of {}", with(.group), shown(*.share - 1.0))]
    Heavy {
        /// Which.
        block: u32,
        /// How many blocks are kept together with it, itself included.
        group: usize,
        /// Its work, in means of a cell.
        share: f64,
        /// What is allowed.
        most: f64,
        /// Cells with which it would do.
        fewer: usize,
    },
    /// A piece of ground of which no whole number of cells keeps within the tolerance.
    #[error("the {blocks} blocks around block {block} touch no others{} and have the work of {share:.3} cells: no whole number of cells keeps within the tolerance; allow {}, or join them to their neighbours", across(*.divided), shown(*.tolerance))]
    Piece {
        /// The first block of it.
        block: u32,
        /// How many it has.
        blocks: usize,
        /// Its work, in means of a cell.
        share: f64,
        /// The least tolerance with which it would do.
        tolerance: f64,
        /// Cells may not cross borders of divisions.
        divided: bool,
    },
    /// A block that alone joins parts of the ground which leave more to its cell than that may have.
    #[error("block {block}{} alone joins {parts} parts of its ground, {small} of which leave work to the cell with it, as no whole cells can be made of that: {share:.3} times the mean work at the least, and {most:.3} are allowed; join these parts to other neighbours, or allow a tolerance of {}", with(.group), shown(*.tolerance))]
    Hub {
        /// Which.
        block: u32,
        /// How many blocks are kept together with it, itself included.
        group: usize,
        /// Parts that touch each other only over it.
        parts: usize,
        /// Parts of which work is left over.
        small: usize,
        /// The least work of the cell with it, in means of a cell.
        share: f64,
        /// What is allowed.
        most: f64,
        /// The least tolerance with which it could do.
        tolerance: f64,
    },
    /// No way to share blocks keeps all rules, though each alone could be kept.
    #[error("no way to share the {blocks} blocks (those kept together count as one) among {cells} cells keeps all rules, and every one was looked at; {}", would_do(*.tolerance, .without))]
    NoWay {
        /// How many.
        blocks: usize,
        /// Asked.
        cells: usize,
        /// The least tolerance with which there is a way; none where no tolerance helps.
        tolerance: Option<f64>,
        /// Rules of which one given up would do.
        without: Vec<&'static str>,
    },
    /// Pieces of ground that can have more or fewer cells together than asked for.
    #[error("the {pieces} pieces of ground that do not touch{} can have from {least} to {most} cells within the tolerance, and {cells} were asked for; ask for one of these, or allow more tolerance", across(*.divided))]
    Pieces {
        /// How many.
        pieces: usize,
        /// Fewest cells.
        least: usize,
        /// Most cells.
        most: usize,
        /// Asked.
        cells: usize,
        /// Cells may not cross borders of divisions.
        divided: bool,
    },
    /// A block alone has more doors than a cell may have.
    #[error("block {block}{} alone has {doors} doors, and a cell may have {most}; split it or allow more", with(.group))]
    DoorsOfBlock {
        /// Which.
        block: u32,
        /// How many blocks are kept together with it, itself included.
        group: usize,
        /// Its doors.
        doors: u64,
        /// Allowed.
        most: u64,
    },
    /// All doors are more than cells may have.
    #[error(
        "{doors} doors in {cells} cells are at least {least} a cell, and {most} are allowed; ask for {enough} cells or allow more doors"
    )]
    Doors {
        /// Of the whole or of a piece.
        doors: u64,
        /// Cells that it has.
        cells: usize,
        /// The mean, rounded up.
        least: u64,
        /// Allowed.
        most: u64,
        /// Cells with which it would do.
        enough: u64,
    },
}

impl Conflict {
    /// The blocks that it names.
    pub fn blocks(&self) -> Vec<u32> {
        match self {
            Self::TogetherInPieces { group: blocks } | Self::ApartTooMany { blocks, .. } => blocks.clone(),
            Self::TogetherAcross { a, b } | Self::TogetherApart { a, b } => vec![*a, *b],
            Self::Heavy { block, .. }
            | Self::Piece { block, .. }
            | Self::Hub { block, .. }
            | Self::DoorsOfBlock { block, .. } => vec![*block],
            _ => Vec::new(),
        }
    }
}

fn of(blocks: &[u32]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<_> = blocks.iter().take(SHOWN).map(u32::to_string).collect();
    let more = blocks.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

fn with(group: &usize) -> String {
    if *group > 1 { format!(" with the {} kept together with it", group - 1) } else { String::new() }
}

fn across(divided: bool) -> &'static str {
    if divided { " (borders of divisions between)" } else { "" }
}

fn would_do(tolerance: Option<f64>, without: &[&str]) -> String {
    let tolerance = tolerance.map(|tolerance| format!("allow a tolerance of {}", shown(tolerance)));
    let without = without.iter().map(|rule| format!("give up the rule \"{rule}\""));
    let others = std::iter::once("ask for another number of cells".to_owned());
    tolerance.into_iter().chain(without).chain(others).collect::<Vec<_>>().join(", or ")
}

/// A share, rounded up so that it is enough.
fn shown(share: f64) -> String {
    format!("{:.3}", (share * 1000.0).ceil() / 1000.0)
}
