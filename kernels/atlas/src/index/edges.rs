//! Edges that decide: the local rule of the module's page.

use crate::polygon::{Point, right_of};

/// Vertices of a layer are numbered below this.
pub(crate) const VERTICES_MAX: usize = 1 << 30;

/// An edge while the index is made: number of its first vertex, and whether a run of edges to the right
/// of the bucket begins at its first and at its second vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge(pub(crate) u32);

impl Edge {
    pub(crate) fn new(vertex: u32) -> Self {
        Edge(vertex << 2)
    }

    pub(crate) fn with_runs(self, at_first: bool, at_second: bool) -> Self {
        Edge(self.0 & !3 | u32::from(at_first) | u32::from(at_second) << 1)
    }

    pub(crate) fn vertex(self) -> usize {
        (self.0 >> 2) as usize
    }

    pub(crate) fn runs(self) -> (bool, bool) {
        (self.0 & 1 == 1, self.0 & 2 == 2)
    }
}

/// The parity of a cell at a point of a bucket, from the edges that touch it: 1 is inside.
pub(crate) fn parity(base: u32, edges: &[u32], vertices: &[Point], p: Point) -> u32 {
    edges.iter().fold(base, |sum, word| sum ^ chain_parity(*word, 1, vertices, p))
}

/// What a chain of consecutive edges adds to the parity: `word` is its first vertex with the flag of its
/// first end (bit 0) and of its last (bit 1).
#[inline(always)]
pub(crate) fn chain_parity(word: u32, edges: u32, vertices: &[Point], p: Point) -> u32 {
    let first = (word >> 2) as usize;
    let chain = &vertices[first..=first + edges as usize];
    let mut a = chain[0];
    let mut a_below = u32::from(a[1] <= p[1]);
    let mut sum = word & a_below;
    for &b in &chain[1..] {
        let b_below = u32::from(b[1] <= p[1]);
        // Without a branch: whether an edge spans the point's height is a coin toss.
        let (low, high) = if a_below == 1 { (a, b) } else { (b, a) };
        sum ^= (a_below ^ b_below) & u32::from(right_of(low, high, p));
        (a, a_below) = (b, b_below);
    }
    (sum ^ (word >> 1 & a_below)) & 1
}
