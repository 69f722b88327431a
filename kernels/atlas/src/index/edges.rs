//! Edges that decide: the local rule of the module's page.

use crate::polygon::{Point, crosses_right};

/// An edge in a list: number of its first vertex, and whether a run of edges to the right of the
/// bucket begins at its first and at its second vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge(pub(crate) u32);

/// Vertices of a layer are numbered below this.
pub(crate) const VERTICES_MAX: usize = 1 << 30;

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

    /// What the edge adds to the parity at a point.
    #[inline(always)]
    pub(crate) fn parity(self, vertices: &[Point], p: Point) -> u32 {
        let at = self.vertex();
        let [a, b] = [vertices[at], vertices[at + 1]];
        let (a_below, b_below) = (u32::from(a[1] <= p[1]), u32::from(b[1] <= p[1]));
        let crossed = if a_below == b_below { 0 } else { u32::from(crosses_right(a, b, p)) };
        crossed ^ (self.0 & a_below) ^ (self.0 >> 1 & b_below)
    }
}

/// The parity of a cell at a point of a bucket: 1 is inside.
#[inline(always)]
pub(crate) fn parity(base: u32, edges: &[u32], vertices: &[Point], p: Point) -> u32 {
    // The lowest bits of an edge's word carry flags, so only the lowest bit of the sum means parity.
    edges.iter().fold(base, |sum, word| sum ^ Edge(*word).parity(vertices, p)) & 1
}
