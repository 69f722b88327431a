//! From coordinates to buckets: one monotone map for all layers, and what a grid makes of it.

use crate::polygon::{Bounds, Point};

/// Grids below one another may not be finer than this share of the whole: beyond it the rounding of
/// coordinates would reach the margin.
pub(crate) const FINEST: f64 = 1.0 / (1u64 << 30) as f64;
/// How far, in buckets, an edge may pass by and still counts as touching. Rounding stays far below it.
pub(crate) const MARGIN: f64 = 1.0 / 1024.0;

/// Where the layers lie; maps coordinates to the unit square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    /// The box of everything.
    pub(crate) bounds: Bounds,
    scale: [f64; 2],
}

impl Frame {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let scale = |axis: usize| {
            let extent = bounds.max[axis] - bounds.min[axis];
            // A little more than the extent, so that the far edge falls into the last bucket.
            if extent > 0.0 && extent.is_finite() { 1.0 / (extent * (1.0 + 1e-9)) } else { 0.0 }
        };
        Self { bounds, scale: if bounds.is_empty() { [0.0; 2] } else { [scale(0), scale(1)] } }
    }

    /// The point in the unit square. Monotone in each coordinate.
    #[inline(always)]
    pub(crate) fn unit(&self, p: Point) -> Point {
        [(p[0] - self.bounds.min[0]) * self.scale[0], (p[1] - self.bounds.min[1]) * self.scale[1]]
    }

    /// Coordinates of a point of the unit square, near enough for a sample.
    pub(crate) fn point(&self, unit: Point) -> Point {
        let at = |axis: usize| {
            let extent = self.bounds.max[axis] - self.bounds.min[axis];
            self.bounds.min[axis] + unit[axis] * extent * (1.0 + 1e-9)
        };
        [at(0), at(1)]
    }
}

/// A square of a grid's side that is being cut into buckets: its place in the unit square.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    /// Lower left in the unit square.
    pub(crate) low: Point,
    /// Side in the unit square.
    pub(crate) size: f64,
}

impl Region {
    pub(crate) const WHOLE: Region = Region { low: [0.0; 2], size: 1.0 };

    /// The bucket (column, row) of a grid of this region.
    pub(crate) fn bucket(self, column: usize, row: usize, side: usize) -> Region {
        let size = self.size / side as f64;
        Region { low: [self.low[0] + column as f64 * size, self.low[1] + row as f64 * size], size }
    }

    /// A point of the unit square in units of a grid's buckets, from the region's lower left.
    pub(crate) fn in_buckets(self, unit: Point, side: usize) -> Point {
        let per = side as f64 / self.size;
        [(unit[0] - self.low[0]) * per, (unit[1] - self.low[1]) * per]
    }
}

/// The bucket of a point given in units of buckets, and where in it the point lies.
#[inline(always)]
pub(crate) fn step(f: Point, side: u32) -> (usize, Point) {
    let (x, y) = (f[0] * f64::from(side), f[1] * f64::from(side));
    let (i, j) = ((x as u32).min(side - 1), (y as u32).min(side - 1));
    ((j * side + i) as usize, [x - f64::from(i), y - f64::from(j)])
}
