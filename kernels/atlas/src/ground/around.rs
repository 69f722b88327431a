//! Blocks with other things between them: each has the ground that is nearest to it.

use super::{Edge, Ground, OUTSIDE, Plane, Site};
use crate::polygon::{Bounds, Geometry, Point};
use spade::{DelaunayTriangulation, InsertionError, Point2, Triangulation};
use std::collections::{HashMap, HashSet};

/// How far apart points on the edge of a block are, at the most, as a share of the reach.
const STEP: f64 = 0.2;
/// Places nearer than this to each other are one, in metres.
const SAME_M: f64 = 0.05;

/// How ground is shared around blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AroundBlocks {
    /// How far a block's ground reaches, in metres: two blocks that are twice as far apart do not touch.
    pub reach_m: f64,
}

impl Ground {
    /// Shares the ground between blocks in longitude and latitude: by the nearest place of each block's edge, a Voronoi diagram
    /// (morphological tessellation, Fleischmann and others 2020). O(n log n) in the places of all edges. Where places of two blocks are one the first has it; a block
    /// all of whose places others have, or that is empty, has no ground.
    pub fn around(blocks: &[Geometry], how: AroundBlocks) -> Self {
        let bounds = blocks.iter().fold(Bounds::EMPTY, |all, block| all.union(block.bounds()));
        if bounds.is_empty() {
            return Self { blocks: blocks.len(), ..Self::default() };
        }
        let plane = Plane::around(bounds.center());
        let reach = how.reach_m.max(1.0);
        let mut sites = Vec::new();
        let mut taken = HashSet::new();
        let mut push = |sites: &mut Vec<Site>, at: Point, block: u32| {
            let key = at.map(|value| (value / SAME_M).round() as i64);
            if at.iter().all(|value| value.is_finite()) && taken.insert(key) {
                sites.push(Site { at: Point2::new(at[0], at[1]), block });
            }
        };
        for (block, geometry) in blocks.iter().enumerate() {
            places_of(geometry, plane, reach * STEP, &mut |at| push(&mut sites, at, block as u32));
        }
        for at in beyond(&sites, reach) {
            push(&mut sites, at, OUTSIDE);
        }
        Self::of_sites(sites, plane, blocks.len()).unwrap_or(Self { blocks: blocks.len(), ..Self::default() })
    }

    fn of_sites(sites: Vec<Site>, plane: Plane, blocks: usize) -> Result<Self, InsertionError> {
        let triangles = DelaunayTriangulation::<Site>::bulk_load(sites)?;
        let mut number: HashMap<usize, u32> = HashMap::new();
        let mut vertices = Vec::new();
        let mut edges = Vec::new();
        for edge in triangles.directed_edges() {
            let (left, right) = (*edge.from().data(), *edge.to().data());
            let both = edge.fix().index() < edge.rev().fix().index();
            if !both || left.block == right.block {
                continue;
            }
            // The edge of the diagram runs from the triangle on the right to that on the left, with the first place on its left.
            let (Some(first), Some(second)) = (edge.rev().face().as_inner(), edge.face().as_inner()) else {
                continue;
            };
            let ends = [first, second].map(|face| {
                *number.entry(face.fix().index()).or_insert_with(|| {
                    let center = face.circumcenter();
                    vertices.push(plane.from([center.x, center.y]));
                    vertices.len() as u32 - 1
                })
            });
            let across = [left, right].map(|site| plane.from([site.at.x, site.at.y]));
            edges.push(Edge { ends, sides: [left.block, right.block], across });
        }
        Ok(Self { vertices, edges, blocks })
    }
}

/// Places along the edges of a block, so near to each other that nothing comes between.
fn places_of(geometry: &Geometry, plane: Plane, step: f64, see: &mut dyn FnMut(Point)) {
    let mut line = |points: &[Point]| {
        for two in points.windows(2) {
            let [a, b] = [plane.to(two[0]), plane.to(two[1])];
            let pieces = ((b[0] - a[0]).hypot(b[1] - a[1]) / step).ceil().clamp(1.0, 1000.0);
            for piece in 0..pieces as usize {
                let share = piece as f64 / pieces;
                see([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]);
            }
        }
        points.last().into_iter().for_each(|p| see(plane.to(*p)));
    };
    match geometry {
        Geometry::Point(p) => see(plane.to(*p)),
        Geometry::Lines(lines) => lines.iter().for_each(|points| line(points)),
        Geometry::Shape(shape) => shape.rings().for_each(|ring| line(ring)),
    }
}

/// Places beyond the reach of all: a lattice, without what lies nearer to a block.
fn beyond(sites: &[Site], reach: f64) -> Vec<Point> {
    let cell = |value: f64| (value / reach).floor() as i64;
    let mut near: HashMap<(i64, i64), Vec<Point>> = HashMap::new();
    for site in sites {
        near.entry((cell(site.at.x), cell(site.at.y))).or_default().push([site.at.x, site.at.y]);
    }
    // Only around ground that somebody has: what lies farther bounds nothing.
    let mut cells: HashSet<(i64, i64)> = HashSet::new();
    for (x, y) in near.keys() {
        cells.extend((-3..=3).flat_map(|dx| (-3..=3).map(move |dy| (x + dx, y + dy))));
    }
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_unstable();
    let mut found = Vec::new();
    for (x, y) in cells {
        // Twice as close as the reach, each second row moved by half: no two diagonals are alike.
        for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.0, 0.75), (0.5, 0.75)] {
            let at = [(x as f64 + dx) * reach, (y as f64 + dy) * reach];
            let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
            let free = around
                .filter_map(|cell| near.get(&cell))
                .flatten()
                .all(|site| (site[0] - at[0]).hypot(site[1] - at[1]) >= reach);
            if free {
                found.push(at);
            }
        }
    }
    found
}
