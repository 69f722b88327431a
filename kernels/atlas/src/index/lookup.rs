//! Asking the index.
//!
//! A target is a word: `0` nobody; otherwise its two lowest bits tell what the others are: `1` a cell,
//! `2` a place in the lists, `3` a place in the grids.
//!
//! A list is a run of groups: cell, `count << 4 | single << 3 | either << 2 | more << 1 | base`, with
//! `either` the cell that owns what the first does not, then the chains of edges: with `single` the one
//! word of a chain of `count` edges, else `count` pairs of a word and a number of edges. Behind the last
//! group (without `more` or `either`) stands the cell that covers the whole bucket, or [`NONE`].

use super::edges::chain_parity;
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
pub(crate) const SINGLE: u32 = 8;
pub(crate) const COUNT_SHIFT: u32 = 4;

/// Points that walk down the grids side by side: while one waits for memory, the others go on.
const BLOCK: usize = 64;

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
        Self { vertices: layer.outlines.vertices.get(), grids: layer.grids.get(), lists: layer.lists.get() }
    }

    /// Where the root sends a point, and its place in the bucket.
    #[inline(always)]
    fn enter(self, grid: usize, f: Point) -> (u32, Point) {
        match self.grids.get(grid) {
            Some(&side) if side > 0 => {
                let (bucket, inner) = step(f, side);
                (self.grids[grid + 1 + bucket], inner)
            }
            _ => (0, f),
        }
    }

    fn cell_at(self, unit: Point, p: Point) -> u32 {
        let (mut target, mut f) = self.enter(0, unit);
        while target & 3 == GRID {
            (target, f) = self.enter((target >> 2) as usize, f);
        }
        self.end(target, p)
    }

    #[inline(always)]
    fn end(self, target: u32, p: Point) -> u32 {
        match target & 3 {
            CELL => target >> 2,
            LIST => self.decide((target >> 2) as usize, p),
            _ => NONE,
        }
    }

    #[inline(always)]
    fn decide(self, mut at: usize, p: Point) -> u32 {
        loop {
            let (cell, head) = (self.lists[at], self.lists[at + 1]);
            let either = head & EITHER != 0;
            let from = at + 2 + usize::from(either);
            let count = head >> COUNT_SHIFT;
            let (parity, behind) = if head & SINGLE != 0 {
                (chain_parity(self.lists[from], count, self.vertices, p), from + 1)
            } else {
                let behind = from + 2 * count as usize;
                let chains = self.lists[from..behind].chunks_exact(2);
                (chains.fold(0, |sum, c| sum ^ chain_parity(c[0], c[1], self.vertices, p)), behind)
            };
            let inside = parity ^ (head & BASE) == 1;
            if either {
                let other = self.lists[at + 2];
                return if inside { cell } else { other };
            }
            if inside {
                return cell;
            }
            if head & MORE == 0 {
                return self.lists[behind];
            }
            at = behind;
        }
    }

    /// The cells of a block of points, stage by stage.
    fn block(self, units: &[Point], points: &[Point], out: &mut [u32; BLOCK]) {
        let mut f = [[0.0; 2]; BLOCK];
        let mut targets = [0u32; BLOCK];
        // Which points are still on their way down.
        let mut going = [0u8; BLOCK];
        let mut count = 0;
        for (i, unit) in units.iter().enumerate() {
            (targets[i], f[i]) = self.enter(0, *unit);
            going[count] = i as u8;
            count += usize::from(targets[i] & 3 == GRID);
        }
        while count > 0 {
            let mut left = 0;
            for k in 0..count {
                let i = going[k] as usize;
                (targets[i], f[i]) = self.enter((targets[i] >> 2) as usize, f[i]);
                going[left] = i as u8;
                left += usize::from(targets[i] & 3 == GRID);
            }
            count = left;
        }
        for (i, target) in targets[..units.len()].iter().enumerate() {
            out[i] = if target & 3 == CELL { target >> 2 } else { NONE };
            going[count] = i as u8;
            count += usize::from(target & 3 == LIST);
        }
        // A look at the first words of each list, so that they are near when they are read.
        let mut chains = [0u32; BLOCK];
        for k in 0..count {
            let at = (targets[going[k] as usize] >> 2) as usize;
            let head = self.lists[at + 1];
            chains[k] = self.lists[at + 2 + usize::from(head & EITHER != 0)];
        }
        let mut touched = 0.0;
        for chain in &chains[..count] {
            touched += self.vertices[(chain >> 2) as usize][1];
        }
        std::hint::black_box(touched);
        for k in &going[..count] {
            let i = *k as usize;
            out[i] = self.decide((targets[i] >> 2) as usize, points[i]);
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
                for block in self.by_place(points).chunks(BLOCK) {
                    self.answer_block(&views, points, block, out);
                }
            }
        });
    }

    fn answer_block(&self, views: &[View<'_>], points: &[Point], block: &[u32], out: &mut [u32]) {
        let (mut here, mut units) = ([[0.0; 2]; BLOCK], [[0.0; 2]; BLOCK]);
        let mut inside = [false; BLOCK];
        for (i, number) in block.iter().enumerate() {
            let p = points[*number as usize];
            inside[i] = self.frame.bounds.holds(p);
            here[i] = p;
            units[i] = self.frame.unit(p);
        }
        let layers = views.len();
        let mut found = [NONE; BLOCK];
        for (layer, view) in views.iter().enumerate() {
            view.block(&units[..block.len()], &here[..block.len()], &mut found);
            for (i, number) in block.iter().enumerate() {
                out[*number as usize * layers + layer] = if inside[i] { found[i] } else { NONE };
            }
        }
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
