//! Cutting one cell's edges by a grid: which bucket is touched by which edges, which is covered whole,
//! and the base of the local rule in each.

use super::super::edges::{Edge, parity};
use super::super::frame::{Frame, MARGIN, Region};
use super::Draft;
use crate::polygon::{Point, right_of};

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
    /// Both ends of each edge of the group, in units of buckets.
    ends: Vec<(Point, Point)>,
    /// Bucket and number of the edge in the group.
    touched: Vec<(u32, u32)>,
    /// For each row the edges that span the height of its middle, with their ends from below upwards.
    spanning: Vec<Vec<(Point, Point)>>,
    /// For each row the parity far to the right at the height of its middle.
    right: Vec<u32>,
}

/// A grid over a region.
pub(super) struct Grid<'a> {
    frame: &'a Frame,
    draft: &'a Draft,
    region: Region,
    side: usize,
    /// Coordinates of the middles of columns and of rows.
    middles: [Vec<f64>; 2],
}

impl<'a> Grid<'a> {
    pub(super) fn new(frame: &'a Frame, draft: &'a Draft, region: Region, side: usize) -> Self {
        let size = region.size / side as f64;
        let middle = |i: usize| [0, 1].map(|axis| region.low[axis] + (i as f64 + 0.5) * size);
        let points: Vec<Point> = (0..side).map(|i| frame.point(middle(i))).collect();
        let middles = [0, 1].map(|axis| points.iter().map(|p| p[axis]).collect());
        Self { frame, draft, region, side, middles }
    }

    fn vertices(&self) -> &[Point] {
        &self.draft.vertices
    }

    /// A point in units of buckets.
    pub(super) fn in_buckets(&self, p: Point) -> Point {
        self.region.in_buckets(self.frame.unit(p), self.side)
    }

    /// The first and last edge of the ring of an edge.
    fn ring(&self, cell: u32, edge: u32) -> (u32, u32) {
        let [from, to] = self.draft.cells[cell as usize];
        let starts = &self.draft.first_vertices[from as usize..=to as usize];
        let ring = starts.partition_point(|start| *start <= edge) - 1;
        // The last vertex of a ring repeats the first, so the last edge begins two before the next ring.
        (starts[ring], starts[ring + 1] - 2)
    }

    /// Cuts a group; parts come bucket by bucket, row by row.
    pub(super) fn cut(&self, group: Group<'_>, scratch: &mut Scratch, out: &mut Cuttings) {
        let last = self.side as f64 - 1.0;
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        let mut runs = false;
        scratch.touched.clear();
        scratch.ends.clear();
        for (number, word) in group.edges.iter().enumerate() {
            let edge = Edge(*word);
            runs |= edge.runs() != (false, false);
            let a = match scratch.ends.last() {
                // Most edges go on from the one before.
                Some((_, b)) if number > 0 && Edge(group.edges[number - 1]).vertex() + 1 == edge.vertex() => {
                    *b
                }
                _ => self.in_buckets(self.vertices()[edge.vertex()]),
            };
            let b = self.in_buckets(self.vertices()[edge.vertex() + 1]);
            scratch.ends.push((a, b));
            for axis in 0..2 {
                low[axis] = low[axis].min(a[axis]).min(b[axis]);
                high[axis] = high[axis].max(a[axis]).max(b[axis]);
            }
            supercover(a, b, self.side, |column, row| {
                scratch.touched.push(((row * self.side + column) as u32, number as u32));
            });
        }
        // Within a bucket edges stay in the order of their ring.
        scratch.touched.sort_unstable();
        let range = |axis: usize| {
            ((low[axis] - 1.0).clamp(0.0, last) as usize, (high[axis] + 1.0).clamp(0.0, last) as usize)
        };
        // Where nothing begins and the base is outside, all beyond the edges is outside.
        let rows = if group.base == 1 || runs { (0, self.side - 1) } else { range(1) };
        self.rows(group, rows, scratch);
        self.parts(group, rows, range(0), scratch, out);
    }

    /// For each row: which edges span its middle, and the parity far to the right.
    fn rows(&self, group: Group<'_>, rows: (usize, usize), scratch: &mut Scratch) {
        scratch.spanning.resize_with(self.side.max(scratch.spanning.len()), Vec::new);
        scratch.right.resize(self.side.max(scratch.right.len()), 0);
        for row in rows.0..=rows.1 {
            scratch.spanning[row].clear();
            scratch.right[row] = group.base;
        }
        for (word, (low, high)) in group.edges.iter().zip(&scratch.ends) {
            let edge = Edge(*word);
            let (a, b) = (self.vertices()[edge.vertex()], self.vertices()[edge.vertex() + 1]);
            let from = (low[1].min(high[1]) - 1.5).max(rows.0 as f64) as usize;
            let to = (low[1].max(high[1]) + 0.5).min(rows.1 as f64);
            if to >= from as f64 {
                for row in from..=to as usize {
                    let y = self.middles[1][row];
                    if (a[1] <= y) != (b[1] <= y) {
                        scratch.spanning[row].push(if a[1] < b[1] { (a, b) } else { (b, a) });
                    }
                }
            }
            let (at_first, at_second) = edge.runs();
            for (begins, y) in [(at_first, a[1]), (at_second, b[1])] {
                if begins {
                    for row in rows.0..=rows.1 {
                        scratch.right[row] ^= u32::from(y <= self.middles[1][row]);
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
        for row in rows.0..=rows.1 {
            let (spanning, right) = (&scratch.spanning[row], scratch.right[row]);
            // To the left and right of all edges the parity is the same all along.
            let left = right ^ (spanning.len() as u32 & 1);
            let first = if left == 1 { 0 } else { columns.0 };
            let last = if right == 1 { self.side - 1 } else { columns.1 };
            for column in first..=last {
                let bucket = (row * self.side + column) as u32;
                let from = at;
                while scratch.touched.get(at).is_some_and(|(touched, _)| *touched == bucket) {
                    at += 1;
                }
                let touched = &scratch.touched[from..at];
                if touched.is_empty() && right == 0 && spanning.is_empty() {
                    continue;
                }
                let middle = [self.middles[0][column], self.middles[1][row]];
                let crossed = spanning.iter().filter(|(low, high)| right_of(*low, *high, middle));
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
                self.mark_runs(group, column, touched, &scratch.ends, &mut out.edges);
                let edges = &out.edges[start as usize..];
                let base = inside ^ parity(0, edges, self.vertices(), middle);
                let count = edges.len() as u32;
                out.parts.push(Part { bucket, cell: group.cell, base, from: start, count });
            }
        }
    }

    /// Writes the edges of a bucket, marking the ends at which a run to the right begins.
    fn mark_runs(
        &self,
        group: Group<'_>,
        column: usize,
        touched: &[(u32, u32)],
        ends: &[(Point, Point)],
        out: &mut Vec<u32>,
    ) {
        let edge = |k: usize| Edge(group.edges[touched[k].1 as usize]).vertex() as u32;
        let count = touched.len();
        // The edges of a ring are consecutive but for its ends, which meet each other.
        let (first, last) = (edge(0), edge(count - 1));
        let is_local = |vertex: u32| {
            (first..=last).contains(&vertex) && {
                let at = touched.partition_point(|(_, number)| {
                    (Edge(group.edges[*number as usize]).vertex() as u32) < vertex
                });
                at < count && edge(at) == vertex
            }
        };
        let to_the_right = |p: Point| p[0] > column as f64 + 0.5;
        for k in 0..count {
            let vertex = edge(k);
            let (a, b) = ends[touched[k].1 as usize];
            let joined_before = k > 0 && edge(k - 1) + 1 == vertex;
            let joined_behind = k + 1 < count && vertex + 1 == edge(k + 1);
            // Which is right of the bucket is asked first: most are not.
            let at_first = !joined_before && to_the_right(a) && {
                let ring = self.ring(group.cell, vertex);
                vertex != ring.0 || !is_local(ring.1)
            };
            let at_second = !joined_behind && to_the_right(b) && {
                let ring = self.ring(group.cell, vertex);
                vertex != ring.1 || !is_local(ring.0)
            };
            out.push(Edge::new(vertex).with_runs(at_first, at_second).0);
        }
    }
}

/// Every bucket of a grid that a segment touches or passes by within the margin, each once.
#[inline(always)]
fn supercover(a: Point, b: Point, side: usize, mut touch: impl FnMut(usize, usize)) {
    let Some((from, to)) = span(a[1].min(b[1]), a[1].max(b[1]), side) else { return };
    let mut row_of = |row: usize, x: f64, y: f64| {
        if let Some((left, right)) = span(x.min(y), x.max(y), side) {
            (left..=right).for_each(|column| touch(column, row));
        }
    };
    if from == to {
        // Most edges are short: all of it lies in one row, clipped or not.
        return row_of(from, a[0], b[0]);
    }
    let (low, high) = if a[1] <= b[1] { (a, b) } else { (b, a) };
    let slope = (high[0] - low[0]) / (high[1] - low[1]);
    let x_at = |y: f64| {
        // Between the ends; a slope that is no number belongs to a segment as flat as the margin.
        let y = y.clamp(low[1], high[1]);
        low[0] + (y - low[1]) * slope
    };
    let flat = !slope.is_finite() || high[1] - low[1] < MARGIN;
    for row in from..=to {
        // The stretch of the segment within the row and its margin.
        let (x, y) = (x_at(row as f64 - MARGIN), x_at(row as f64 + 1.0 + MARGIN));
        let (x, y) = if flat { (low[0], high[0]) } else { (x, y) };
        row_of(row, x, y);
    }
}

/// The first and last bucket that a stretch reaches within the margin, if any.
#[inline(always)]
fn span(low: f64, high: f64, side: usize) -> Option<(usize, usize)> {
    let (low, high) = (low - MARGIN, high + MARGIN);
    // What is below zero falls onto the first bucket when it is cut to a whole number.
    (high >= 0.0 && low < side as f64).then(|| (low.max(0.0) as usize, (high as usize).min(side - 1)))
}
