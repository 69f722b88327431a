//! The compiled index: point → cell of every layer, exact and at the speed of memory.
//!
//! Each layer is a tree of grids. A bucket of a grid says one of four things: nobody is here, this
//! cell is here all over (a *true hit*), these few edges decide (a *list*), or look into a finer grid.
//! Grids are as fine as the edges below them ask for, so a crowded centre beside an empty county costs
//! neither memory nor time. The idea of true hits over a hierarchical covering is that of Kipf et al.,
//! "Adaptive Main-Memory Indexing for High-Performance Point-Polygon Joins" (EDBT 2020); what differs
//! is the refinement, which needs only the edges that touch the bucket.
//!
//! **Exact with local edges.** Let `R` be a bucket and `p` a point in it. The plain rule counts the
//! edges that a ray from `p` to the right crosses. An edge that does not touch `R` is, at every height
//! of `R`, wholly to the left (never crossed) or wholly to the right (crossed if and only if it spans
//! `p`'s height). Runs of consecutive edges to the right add up to `[a.y ≤ p.y] ⊕ [b.y ≤ p.y]`, where
//! `a` and `b` are the ends of the run: everything between cancels. Runs end at vertices of edges that
//! touch `R`. So the parity in `R` is
//!
//! ```text
//! base ⊕ Σ (edges that touch R) crosses_right(e, p) ⊕ Σ (their ends at which a run to the right begins) [v.y ≤ p.y]
//! ```
//!
//! with one constant `base` for each bucket and cell, found by asking the rule of the enclosing grid at
//! the bucket's middle. Every comparison is the plain rule's own, on the same doubles: the answers agree
//! to the last bit, on edges and vertices too. Which edges *touch* is decided generously, by a margin
//! that covers every rounding on the way from coordinates to buckets.
//!
//! **One owner.** In a bucket that two neighbours share along the same edges, one of them is asked and
//! the other is the answer if it says no.

mod build;
mod edges;
mod edit;
mod frame;
mod lookup;
mod snapshot;

pub use build::IndexBuilder;
pub use edit::{Edit, InvalidEdit};
pub use snapshot::{FORMAT_VERSION, InvalidSnapshot, Source};

use crate::polygon::{Bounds, Point, Polygon, Shape};
use frame::Frame;
use snapshot::{Codes, Section};

/// No cell.
pub const NONE: u32 = u32::MAX;

/// The polygons of a layer's cells.
#[derive(Clone)]
pub(crate) struct Outlines {
    /// For each cell its first ring and the one behind its last; the same twice where the cell was taken out.
    cells: Section<[u32; 2]>,
    /// For each cell its lower left and upper right.
    boxes: Section<[Point; 2]>,
    /// For each ring its first vertex; one more at the end. Rings are closed.
    first_vertices: Section<u32>,
    vertices: Section<Point>,
}

/// One layer of the index.
#[derive(Clone)]
pub(crate) struct Layer {
    name: String,
    codes: Codes,
    outlines: Outlines,
    /// Grids: side, then `side²` targets row by row. The root comes first.
    grids: Section<u32>,
    /// What is decided by edges; see [`lookup`].
    lists: Section<u32>,
    /// Words of grids and lists and vertices when the layer was last made whole: edits leave behind what
    /// nobody asks for any more.
    clean_words: usize,
}

impl Layer {
    /// Words of memory that the arrays take, coordinates counting two each.
    fn words(&self) -> usize {
        self.grids.get().len() + self.lists.get().len() + self.outlines.vertices.get().len() * 4
    }
}

/// Finds the cells of points in several layers. Immutable: what changes is a new index, made whole or, where
/// few cells are others, [from the one before](Index::with_edits). Swap it whole.
#[derive(Clone)]
pub struct Index {
    frame: Frame,
    layers: Vec<Layer>,
}

impl Index {
    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// The name of a layer.
    pub fn layer_name(&self, layer: usize) -> &str {
        self.layers.get(layer).map_or("", |layer| &layer.name)
    }

    /// Number of cells of a layer.
    pub fn cells(&self, layer: usize) -> usize {
        self.layers.get(layer).map_or(0, |layer| layer.codes.len())
    }

    /// The code of a cell; none for [`NONE`] and beyond.
    pub fn code(&self, layer: usize, cell: u32) -> Option<&str> {
        self.layers.get(layer)?.codes.get(cell as usize)
    }

    /// The polygon of a cell, as it was given.
    pub fn shape(&self, layer: usize, cell: u32) -> Option<Shape> {
        let rings = self.layers.get(layer)?.outlines.rings(cell as usize)?;
        let rings: Vec<Vec<Point>> = rings.map(<[Point]>::to_vec).collect();
        // Which ring is a hole of which is nothing to the even-odd rule, and is not kept.
        (!rings.is_empty()).then(|| Shape::from(Polygon { rings }))
    }

    /// Is this the polygon of a cell, to the last bit?
    pub fn is_shape(&self, layer: usize, cell: u32, shape: &Shape) -> bool {
        let known = self.layers.get(layer).and_then(|layer| layer.outlines.rings(cell as usize));
        fn bits(ring: &[Point]) -> &[u64] {
            bytemuck::cast_slice(ring)
        }
        known.is_some_and(|rings| rings.map(bits).eq(shape.rings().map(|ring| bits(ring))))
    }

    /// The cells of a layer whose polygons meet a polygon, in the order of their numbers. A common edge
    /// or corner counts as meeting.
    pub fn cells_meeting(&self, layer: usize, shape: &Shape) -> Vec<u32> {
        let Some(outlines) = self.layers.get(layer).map(|layer| &layer.outlines) else { return Vec::new() };
        let reach = shape.bounds();
        let near = outlines.boxes.get().iter().enumerate().filter(|(_, [min, max])| {
            let bounds = Bounds { min: *min, max: *max };
            !bounds.is_empty() && bounds.meets(&reach)
        });
        near.filter(|(cell, _)| self.shape(layer, *cell as u32).is_some_and(|one| one.meets(shape)))
            .map(|(cell, _)| cell as u32)
            .collect()
    }

    /// The cells of a layer that meet a closed box, in the order of their numbers.
    pub fn cells_in_box(&self, layer: usize, reach: &Bounds) -> Vec<u32> {
        let Bounds { min, max } = *reach;
        let ring = vec![min, [max[0], min[1]], max, [min[0], max[1]], min];
        self.cells_meeting(layer, &Polygon::from_ring(ring).into())
    }

    /// Bytes that the index holds, coordinates included.
    pub fn bytes(&self) -> usize {
        let of = |layer: &Layer| {
            std::mem::size_of_val(layer.outlines.cells.get())
                + std::mem::size_of_val(layer.outlines.boxes.get())
                + std::mem::size_of_val(layer.outlines.first_vertices.get())
                + std::mem::size_of_val(layer.outlines.vertices.get())
                + std::mem::size_of_val(layer.grids.get())
                + std::mem::size_of_val(layer.lists.get())
        };
        self.layers.iter().map(of).sum()
    }

    /// Bytes of the coordinates alone.
    pub fn coordinate_bytes(&self) -> usize {
        self.layers.iter().map(|layer| std::mem::size_of_val(layer.outlines.vertices.get())).sum()
    }
}

impl Outlines {
    /// The rings of a cell.
    fn rings(&self, cell: usize) -> Option<impl Iterator<Item = &[Point]>> {
        let [from, to] = *self.cells.get().get(cell)?;
        let (starts, vertices) = (self.first_vertices.get(), self.vertices.get());
        let ring = move |ring: u32| {
            let range = *starts.get(ring as usize)? as usize..*starts.get(ring as usize + 1)? as usize;
            vertices.get(range)
        };
        Some((from..to).filter_map(ring))
    }
}

#[cfg(test)]
mod tests;
