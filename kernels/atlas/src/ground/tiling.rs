//! Polygons that tile: their common edges, also where one has vertices that its neighbour does not.

use super::{Edge, Ground, OUTSIDE, Plane};
use crate::polygon::{Bounds, Point, Shape};
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTreeBuilder, RTreeIndex};
use std::collections::HashMap;

/// Vertices of one place are the same within this, in degrees: a centimetre.
const SNAP: f64 = 1e-7;
/// How far a way across an edge reaches to both sides, in metres.
const ACROSS_M: f64 = 12.0;

/// A vertex on the grid of [`SNAP`].
type Place = [i64; 2];

fn place(p: Point) -> Place {
    p.map(|value| (value / SNAP).round() as i64)
}

impl Ground {
    /// The ground of polygons in longitude and latitude whose edges meet within a centimetre; a block may have several. Where two
    /// overlap, the edges inside do not meet, and where a gap is left they are edges to the outside. O(n log n).
    pub fn of_tiling(shapes: &[Shape]) -> Self {
        let bounds = shapes.iter().fold(Bounds::EMPTY, |all, shape| all.union(shape.bounds()));
        let plane = Plane::around(if bounds.is_empty() { [0.0, 0.0] } else { bounds.center() });
        let mut number: HashMap<Place, u32> = HashMap::new();
        let mut vertices: Vec<Point> = Vec::new();
        let mut places: Vec<Place> = Vec::new();
        // Edges with their block on the left.
        let mut directed: Vec<(u32, u32, u32)> = Vec::new();
        for (block, shape) in shapes.iter().enumerate() {
            for polygon in &shape.polygons {
                for (at, ring) in polygon.rings.iter().enumerate() {
                    let mut numbers: Vec<u32> = ring
                        .iter()
                        .map(|p| {
                            *number.entry(place(*p)).or_insert_with(|| {
                                vertices.push(*p);
                                places.push(place(*p));
                                vertices.len() as u32 - 1
                            })
                        })
                        .collect();
                    numbers.dedup();
                    if numbers.first() != numbers.last() {
                        numbers.extend(numbers.first().copied());
                    }
                    let twice: i128 = numbers
                        .windows(2)
                        .map(|two| {
                            let [a, b] = [places[two[0] as usize], places[two[1] as usize]];
                            i128::from(a[0]) * i128::from(b[1]) - i128::from(b[0]) * i128::from(a[1])
                        })
                        .sum();
                    // Outer rings run with the block on their left, and so do holes.
                    if (twice > 0) != (at == 0) {
                        numbers.reverse();
                    }
                    directed.extend(numbers.windows(2).map(|two| (two[0], two[1], block as u32)));
                }
            }
        }
        let directed = split_where_vertices_lie(&places, directed);
        let mut edges: HashMap<(u32, u32), [u32; 2]> = HashMap::with_capacity(directed.len());
        for (a, b, block) in directed {
            let sides = edges.entry((a.min(b), a.max(b))).or_insert([OUTSIDE; 2]);
            sides[usize::from(a > b)] = block;
        }
        let mut edges: Vec<Edge> = edges
            .into_iter()
            .filter(|((a, b), sides)| a != b && sides[0] != sides[1])
            .map(|((a, b), sides)| {
                let ends = [vertices[a as usize], vertices[b as usize]];
                Edge { ends: [a, b], sides, across: across(plane, ends) }
            })
            .collect();
        edges.sort_unstable_by_key(|edge| edge.ends);
        Self { vertices, edges, blocks: shapes.len() }
    }
}

/// A way across an edge, at its middle, from its left to its right.
fn across(plane: Plane, ends: [Point; 2]) -> [Point; 2] {
    let [a, b] = ends.map(|end| plane.to(end));
    let along = [b[0] - a[0], b[1] - a[1]];
    let length = along[0].hypot(along[1]).max(f64::MIN_POSITIVE);
    let aside = [-along[1] / length * ACROSS_M, along[0] / length * ACROSS_M];
    let middle = [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
    [1.0, -1.0].map(|side| plane.from([middle[0] + side * aside[0], middle[1] + side * aside[1]]))
}

/// Edges are split at vertices of others that lie on them.
fn split_where_vertices_lie(places: &[Place], directed: Vec<(u32, u32, u32)>) -> Vec<(u32, u32, u32)> {
    if places.is_empty() {
        return directed;
    }
    let mut builder = RTreeBuilder::<f64>::new(places.len() as u32);
    for place in places {
        let [x, y] = place.map(|value| value as f64);
        builder.add(x, y, x, y);
    }
    let tree = builder.finish::<HilbertSort>();
    let mut split = Vec::with_capacity(directed.len());
    for (a, b, block) in directed {
        let [from, to] = [places[a as usize], places[b as usize]];
        let low = [from[0].min(to[0]) as f64 - 1.0, from[1].min(to[1]) as f64 - 1.0];
        let high = [from[0].max(to[0]) as f64 + 1.0, from[1].max(to[1]) as f64 + 1.0];
        let along = [(to[0] - from[0]) as f64, (to[1] - from[1]) as f64];
        let length = along[0].hypot(along[1]);
        let mut between: Vec<(f64, u32)> = tree
            .search(low[0], low[1], high[0], high[1])
            .into_iter()
            .filter(|vertex| *vertex != a && *vertex != b)
            .filter_map(|vertex| {
                let at = places[vertex as usize];
                let at = [(at[0] - from[0]) as f64, (at[1] - from[1]) as f64];
                let off = (along[0] * at[1] - along[1] * at[0]) / length;
                let share = (along[0] * at[0] + along[1] * at[1]) / (length * length);
                (off.abs() <= 1.0 && share > 0.0 && share < 1.0).then_some((share, vertex))
            })
            .collect();
        between.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut last = a;
        for (_, vertex) in between {
            split.push((last, vertex, block));
            last = vertex;
        }
        split.push((last, b, block));
    }
    split
}
