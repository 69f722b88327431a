//! Asking the index.
//!
//! A target is a word: `0` nobody; otherwise its two lowest bits tell what the others are: `1` a cell,
//! `2` a place in the lists, `3` a place in the grids.
//!
//! A list is a run of groups: cell, `edges << 3 | either << 2 | more << 1 | base`, with `either` the
//! cell that owns what the first does not, then the edges; behind the last group (without `more`) the
//! cell that covers the whole bucket, or [`NONE`].

use super::edges::parity;
use super::frame::step;
use super::{Index, Layer, NONE};
use crate::polygon::Point;
use rayon::prelude::*;

pub(crate) const CELL: u32 = 1;
pub(crate) const LIST: u32 = 2;
pub(crate) const GRID: u32 = 3;

pub(crate) const BASE: u32 = 1;
pub(crate) const MORE: u32 = 2;
pub(crate) const EITHER: u32 = 4;

/// Fewer points than this are looked up as they come.
const SORTED_FROM: usize = 4096;
/// Points that one core sorts and looks up at a time.
const CHUNK: usize = 1 << 20;
/// Tiles for sorting: as many to a side.
const SORT_SIDE: u32 = 256;

/// The arrays of a layer, as slices.
#[derive(Clone, Copy)]
struct View<'a> {
    vertices: &'a [Point],
    grids: &'a [u32],
    lists: &'a [u32],
}

impl<'a> View<'a> {
    fn of(layer: &'a Layer) -> Self {
        Self { vertices: layer.vertices.get(), grids: layer.grids.get(), lists: layer.lists.get() }
    }

    #[inline(always)]
    fn cell_at(self, unit: Point, p: Point) -> u32 {
        let (mut grid, mut f) = (0usize, unit);
        loop {
            let Some(&side) = self.grids.get(grid) else { return NONE };
            let (bucket, inner) = step(f, side);
            let target = self.grids[grid + 1 + bucket];
            match target & 3 {
                CELL => return target >> 2,
                LIST => return self.decide((target >> 2) as usize, p),
                GRID => {
                    grid = (target >> 2) as usize;
                    f = inner;
                }
                _ => return NONE,
            }
        }
    }

    #[inline(always)]
    fn decide(self, mut at: usize, p: Point) -> u32 {
        loop {
            let (cell, head) = (self.lists[at], self.lists[at + 1]);
            let count = (head >> 3) as usize;
            let either = head & EITHER != 0;
            let from = at + 2 + usize::from(either);
            let inside = parity(head & BASE, &self.lists[from..from + count], self.vertices, p);
            if inside == 1 {
                return cell;
            }
            if either {
                return self.lists[at + 2];
            }
            at = from + count;
            if head & MORE == 0 {
                return self.lists[at];
            }
        }
    }
}

/// Spreads eight bits: `abcdefgh` → `0a0b0c0d0e0f0g0h`.
fn spread(x: u32) -> u32 {
    let x = (x | x << 4) & 0x0f0f;
    let x = (x | x << 2) & 0x3333;
    (x | x << 1) & 0x5555
}

impl Index {
    /// The cell of each layer at a point, into `out` (one for each layer): [`NONE`] outside all cells
    /// and for what is not finite. Where cells of a layer overlap, the first that was given wins.
    pub fn cells_at(&self, p: Point, out: &mut [u32]) {
        let inside = self.frame.bounds.holds(p);
        let unit = self.frame.unit(p);
        for (layer, cell) in self.layers.iter().zip(out) {
            *cell = if inside { View::of(layer).cell_at(unit, p) } else { NONE };
        }
    }

    /// The cell of one layer at a point.
    pub fn cell_at(&self, layer: usize, p: Point) -> Option<u32> {
        if !self.frame.bounds.holds(p) {
            return None;
        }
        let cell = View::of(self.layers.get(layer)?).cell_at(self.frame.unit(p), p);
        (cell != NONE).then_some(cell)
    }

    /// Many points at once, on all cores of the current pool: `out` holds, for each point in its order,
    /// the cell of each layer. No allocation a point; points are sorted by place first, so that what one
    /// loads from memory serves its neighbours.
    ///
    /// # Panics
    /// When `out` is not `points × layers` long.
    pub fn locate(&self, points: &[Point], out: &mut [u32]) {
        let layers = self.layers.len();
        assert_eq!(out.len(), points.len() * layers, "one answer for each point and layer");
        if layers == 0 || points.is_empty() {
            return;
        }
        let views: Vec<View<'_>> = self.layers.iter().map(View::of).collect();
        let chunk = points.len().div_ceil(rayon::current_num_threads()).clamp(SORTED_FROM, CHUNK);
        points.par_chunks(chunk).zip(out.par_chunks_mut(chunk * layers)).for_each(|(points, out)| {
            if points.len() < SORTED_FROM {
                for (p, out) in points.iter().zip(out.chunks_exact_mut(layers)) {
                    self.answer(&views, *p, out);
                }
            } else {
                for at in self.by_place(points) {
                    let at = at as usize;
                    self.answer(&views, points[at], &mut out[at * layers..(at + 1) * layers]);
                }
            }
        });
    }

    #[inline(always)]
    fn answer(&self, views: &[View<'_>], p: Point, out: &mut [u32]) {
        if !self.frame.bounds.holds(p) {
            out.fill(NONE);
            return;
        }
        let unit = self.frame.unit(p);
        for (view, cell) in views.iter().zip(out) {
            *cell = view.cell_at(unit, p);
        }
    }

    /// The numbers of the points in the order of a Z-curve over a grid of tiles.
    fn by_place(&self, points: &[Point]) -> Vec<u32> {
        let key = |p: &Point| -> u16 {
            let unit = self.frame.unit(*p);
            // What is not in the frame (or no number) goes to some tile: its answer is none anyway.
            let at = |v: f64| ((v * f64::from(SORT_SIDE)) as u32).min(SORT_SIDE - 1);
            (spread(at(unit[0])) | spread(at(unit[1])) << 1) as u16
        };
        let keys: Vec<u16> = points.iter().map(key).collect();
        let mut starts = vec![0u32; (SORT_SIDE * SORT_SIDE + 1) as usize];
        for key in &keys {
            starts[*key as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut order = vec![0u32; points.len()];
        for (i, key) in keys.iter().enumerate() {
            let place = &mut starts[*key as usize];
            order[*place as usize] = i as u32;
            *place += 1;
        }
        order
    }
}
