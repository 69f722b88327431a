//! Ground shared between blocks: which of them touch, along what, and the outlines of any groups of them.
//!
//! A [`Ground`] is made from polygons that tile ([`Ground::of_tiling`]) or from blocks that streets, yards and fields lie between
//! ([`Ground::around`]): there each block has the ground that is nearer to it than to any other. Outlines of groups follow the
//! same edges on both sides, vertex for vertex: they tile without gap or overlap.

mod around;
mod barriers;
mod joins;
mod outlines;
mod tiling;

use crate::measure::{DEGREE_M, plane_m};
use crate::polygon::{Point, Shape};
use spade::{HasPosition, Point2};

pub use around::AroundBlocks;
pub use barriers::{Barrier, Barriers};
pub use joins::{Join, joins};

/// No block: what lies beyond.
pub const OUTSIDE: u32 = u32::MAX;

/// A stretch of ground's edges: between two vertices, with the block on its left hand and the one on its right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    pub ends: [u32; 2],
    /// Block on the left and on the right, or [`OUTSIDE`].
    pub sides: [u32; 2],
    /// A way from one side to the other, to be held against barriers.
    pub across: [Point; 2],
}

/// Ground shared between blocks.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    vertices: Vec<Point>,
    edges: Vec<Edge>,
    blocks: usize,
}

/// A stretch along which two blocks touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contact {
    /// The two blocks.
    pub blocks: [u32; 2],
    /// Its length, in metres.
    pub length_m: f64,
    /// A way from one to the other.
    pub across: [Point; 2],
}

impl Ground {
    /// How many blocks share it.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// All stretches along which two blocks touch.
    pub fn contacts(&self) -> impl Iterator<Item = Contact> + '_ {
        self.edges.iter().filter(|edge| !edge.sides.contains(&OUTSIDE) && edge.sides[0] != edge.sides[1]).map(
            |edge| {
                let [a, b] = edge.ends.map(|end| self.vertices[end as usize]);
                Contact { blocks: edge.sides, length_m: plane_m(a, b), across: edge.across }
            },
        )
    }

    /// The share of the blocks' edges that two of them have in common: near 1 less the outline's for a tiling, 0 where none touch.
    pub fn shared(&self) -> f64 {
        let shared = self.edges.iter().filter(|edge| !edge.sides.contains(&OUTSIDE)).count();
        shared as f64 / self.edges.len().max(1) as f64
    }

    /// The outline of each group of blocks, without the edges inside. `group_of`: the group of each block, below `groups`.
    pub fn outlines(&self, group_of: &[u32], groups: usize) -> Vec<Shape> {
        outlines::trace(self, group_of, groups)
    }
}

/// A plane in metres around a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    origin: Point,
    wide: f64,
}

impl Plane {
    pub fn around(origin: Point) -> Self {
        Self { origin, wide: origin[1].to_radians().cos().max(0.01) * DEGREE_M }
    }

    #[inline]
    pub fn to(self, p: Point) -> Point {
        [(p[0] - self.origin[0]) * self.wide, (p[1] - self.origin[1]) * DEGREE_M]
    }

    #[inline]
    pub fn from(self, p: Point) -> Point {
        [p[0] / self.wide + self.origin[0], p[1] / DEGREE_M + self.origin[1]]
    }
}

/// A place of a block in a plane.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    pub at: Point2<f64>,
    pub block: u32,
}

impl HasPosition for Site {
    type Scalar = f64;

    fn position(&self) -> Point2<f64> {
        self.at
    }
}

#[cfg(test)]
mod tests;
