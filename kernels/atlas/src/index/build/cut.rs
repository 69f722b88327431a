//! Cutting one cell's edges by a grid: which bucket is touched by which edges, which is covered whole,
//! and the base of the local rule in each.

use super::super::edges::{Edge, parity};
use super::super::frame::{Frame, MARGIN, Region};
use super::Draft;
use crate::polygon::{Point, crosses_right};

/// What of a cell lies in a region: the edges that touch it, and the base of the local rule there.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) cell: u32,
    pub(super) base: u32,
    pub(super) edges: &'a [u32],
}

/// What of a cell lies in a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) bucket: u32,
    pub(super) cell: u32,
    /// The base of the local rule; [`COVERED`] where the cell covers the whole bucket.
    pub(super) base: u32,
    /// Its edges, in the cuttings' list.
    pub(super) from: u32,
    pub(super) count: u32,
}

/// In place of a base: no edge touches the bucket and all of it is inside.
pub(super) const COVERED: u32 = 2;

/// The parts of cells in the buckets of a grid, with their edges.
#[derive(Default)]
pub(super) struct Cuttings {
    pub(super) parts: Vec<Part>,
    pub(super) edges: Vec<u32>,
}

/// Memory that is used again from cell to cell.
#[derive(Default)]
pub(super) struct Scratch {
    touched: Vec<(u32, Edge)>,
    /// For each row the edges that span the height of its middle.
    spanning: Vec<Vec<Edge>>,
    /// For each row the parity far to the right at the height of its middle.
    right: Vec<u32>,
}

/// A grid over a region.
pub(super) struct Grid<'a> {
    pub(super) frame: &'a Frame,
    pub(super) draft: &'a Draft,
    pub(super) region: Region,
    pub(super) side: usize,
}

impl Grid<'_> {
    fn vertices(&self) -> &[Point] {
        &self.draft.vertices
    }

    /// A vertex in units of buckets.
    fn in_buckets(&self, vertex: usize) -> Point {
        self.region.in_buckets(self.frame.unit(self.vertices()[vertex]), self.side)
    }

    /// Coordinates of the middle of a bucket.
    fn middle(&self, column: usize, row: usize) -> Point {
        let size = self.region.size / self.side as f64;
        let at = |axis: usize, i: usize| self.region.low[axis] + (i as f64 + 0.5) * size;
        self.frame.point([at(0, column), at(1, row)])
    }

    /// The edges before and behind an edge in its ring.
    fn neighbours(&self, cell: u32, edge: u32) -> (u32, u32) {
        let rings = self.draft.first_rings[cell as usize] as usize
            ..self.draft.first_rings[cell as usize + 1] as usize;
        let starts = &self.draft.first_vertices[rings.start..=rings.end];
        let ring = starts.partition_point(|start| *start <= edge) - 1;
        // The last vertex of a ring repeats the first, so the last edge begins two before the next ring.
        let (first, last) = (starts[ring], starts[ring + 1] - 2);
        (if edge == first { last } else { edge - 1 }, if edge == last { first } else { edge + 1 })
    }

    /// Cuts a group; parts come bucket by bucket, row by row.
    pub(super) fn cut(&self, group: Group<'_>, scratch: &mut Scratch, out: &mut Cuttings) {
        let (mut rows, mut columns) = ((usize::MAX, 0), (usize::MAX, 0));
        scratch.touched.clear();
        for word in group.edges {
            let edge = Edge(*word);
            let (a, b) = (self.in_buckets(edge.vertex()), self.in_buckets(edge.vertex() + 1));
            supercover(a, b, self.side, |column, row| {
                scratch.touched.push(((row * self.side + column) as u32, edge));
            });
            for (axis, range) in [(0, &mut columns), (1, &mut rows)] {
                let low = (a[axis].min(b[axis]) - 1.0).clamp(0.0, self.side as f64 - 1.0) as usize;
                let high = (a[axis].max(b[axis]) + 1.0).clamp(0.0, self.side as f64 - 1.0) as usize;
                *range = (range.0.min(low), range.1.max(high));
            }
        }
        // Stable: edges stay in the order of their ring.
        scratch.touched.sort_by_key(|(bucket, _)| *bucket);
        // Elsewhere nothing spans and nothing begins: all of it is as the base says.
        if group.base == 1 || group.edges.iter().any(|word| Edge(*word).runs() != (false, false)) {
            rows = (0, self.side - 1);
        }
        self.rows(group, rows, scratch);
        self.parts(group, rows, columns, scratch, out);
    }

    /// For each row: which edges span its middle, and the parity far to the right.
    fn rows(&self, group: Group<'_>, rows: (usize, usize), scratch: &mut Scratch) {
        if rows.0 > rows.1 {
            return;
        }
        scratch.spanning.resize_with(self.side.max(scratch.spanning.len()), Vec::new);
        scratch.right.resize(self.side.max(scratch.right.len()), 0);
        for row in rows.0..=rows.1 {
            scratch.spanning[row].clear();
            scratch.right[row] = group.base;
        }
        for word in group.edges {
            let edge = Edge(*word);
            let (first, second) = (edge.vertex(), edge.vertex() + 1);
            let (a, b) = (self.vertices()[first], self.vertices()[second]);
            let (low, high) = (self.in_buckets(first)[1], self.in_buckets(second)[1]);
            let from = (low.min(high) - 1.5).max(rows.0 as f64) as usize;
            let to = (low.max(high) + 0.5).min(rows.1 as f64);
            if to >= from as f64 {
                for row in from..=to as usize {
                    let y = self.middle(0, row)[1];
                    if (a[1] <= y) != (b[1] <= y) {
                        scratch.spanning[row].push(edge);
                    }
                }
            }
            let (at_first, at_second) = edge.runs();
            for (begins, y) in [(at_first, a[1]), (at_second, b[1])] {
                if begins {
                    for row in rows.0..=rows.1 {
                        scratch.right[row] ^= u32::from(y <= self.middle(0, row)[1]);
                    }
                }
            }
        }
    }

    fn parts(
        &self,
        group: Group<'_>,
        rows: (usize, usize),
        columns: (usize, usize),
        scratch: &mut Scratch,
        out: &mut Cuttings,
    ) {
        let mut at = 0;
        for row in rows.0..=rows.1.min(self.side - 1) {
            let (spanning, right) = (&scratch.spanning[row], scratch.right[row]);
            // To the left and right of all edges the parity is the same all along.
            let left = right ^ (spanning.len() as u32 & 1);
            let first = if left == 1 { 0 } else { columns.0 };
            let last = if right == 1 { self.side - 1 } else { columns.1 };
            for column in first..=last.min(self.side - 1) {
                let bucket = (row * self.side + column) as u32;
                let from = at;
                while scratch.touched.get(at).is_some_and(|(touched, _)| *touched == bucket) {
                    at += 1;
                }
                let touched = &scratch.touched[from..at];
                if touched.is_empty() && right == 0 && spanning.is_empty() {
                    continue;
                }
                let middle = self.middle(column, row);
                let crossed = spanning.iter().filter(|edge| {
                    let (a, b) = (self.vertices()[edge.vertex()], self.vertices()[edge.vertex() + 1]);
                    crosses_right(a, b, middle)
                });
                let inside = right ^ (crossed.count() as u32 & 1);
                let start = out.edges.len() as u32;
                if touched.is_empty() {
                    if inside == 1 {
                        out.parts.push(Part {
                            bucket,
                            cell: group.cell,
                            base: COVERED,
                            from: start,
                            count: 0,
                        });
                    }
                    continue;
                }
                self.mark_runs(group.cell, column, touched, &mut out.edges);
                let edges = &out.edges[start as usize..];
                let base = inside ^ parity(0, edges, self.vertices(), middle);
                let count = edges.len() as u32;
                out.parts.push(Part { bucket, cell: group.cell, base, from: start, count });
            }
        }
    }

    /// Writes the edges of a bucket, marking the ends at which a run to the right begins.
    fn mark_runs(&self, cell: u32, column: usize, touched: &[(u32, Edge)], out: &mut Vec<u32>) {
        let is_local =
            |vertex: u32| touched.binary_search_by_key(&(vertex as usize), |(_, edge)| edge.vertex()).is_ok();
        let to_the_right = |vertex: usize| self.in_buckets(vertex)[0] > column as f64 + 0.5;
        for (_, edge) in touched {
            let vertex = edge.vertex() as u32;
            let (before, behind) = self.neighbours(cell, vertex);
            let at_first = !is_local(before) && to_the_right(edge.vertex());
            let at_second = !is_local(behind) && to_the_right(edge.vertex() + 1);
            out.push(Edge::new(vertex).with_runs(at_first, at_second).0);
        }
    }
}

/// Every bucket of a grid that a segment touches or passes by within the margin, each once.
fn supercover(a: Point, b: Point, side: usize, mut touch: impl FnMut(usize, usize)) {
    let last = side as f64 - 1.0;
    let (low, high) = if a[1] <= b[1] { (a, b) } else { (b, a) };
    let (from, to) = ((low[1] - MARGIN).floor(), (high[1] + MARGIN).floor());
    if to < 0.0 || from > last {
        return;
    }
    let rise = high[1] - low[1];
    for row in from.max(0.0) as usize..=to.min(last) as usize {
        // The stretch of the segment within the row and its margin.
        let x_at = |y: f64| {
            let t = if rise > 0.0 { ((y - low[1]) / rise).clamp(0.0, 1.0) } else { 0.0 };
            low[0] + t * (high[0] - low[0])
        };
        let (x0, x1) = if rise > 0.0 {
            (x_at(row as f64 - MARGIN), x_at(row as f64 + 1.0 + MARGIN))
        } else {
            (low[0], high[0])
        };
        let (left, right) = ((x0.min(x1) - MARGIN).floor(), (x0.max(x1) + MARGIN).floor());
        if right < 0.0 || left > last {
            continue;
        }
        for column in left.max(0.0) as usize..=right.min(last) as usize {
            touch(column, row);
        }
    }
}
