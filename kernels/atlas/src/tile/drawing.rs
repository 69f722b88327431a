//! Geometries made ready to be drawn at any zoom: fixed-point coordinates, each vertex with the distance
//! that tells from which zoom on it matters.

use super::to_world;
use crate::polygon::{Geometry, Point, ring_area};

/// Units of fixed-point coordinates across the world: 9 mm at the equator.
const WORLD: f64 = (1u64 << 32) as f64;

/// What a run of vertices is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A single point.
    Point,
    /// A line.
    Line,
    /// An outer ring, without its closing vertex.
    Outer,
    /// A hole of the outer ring before it.
    Hole,
}

/// A run of vertices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) role: Role,
    /// Its first vertex; the next part's first is its end.
    pub(super) first: u32,
    /// Area of a ring in square units.
    pub(super) area: f32,
}

/// A box in fixed-point coordinates, y southwards: west, north, east, south, all inclusive.
pub type FixedBox = [u32; 4];

/// Geometries by number, ready to be [cut](super::Cutter).
#[derive(Default)]
pub struct Drawing {
    /// For each geometry its first part; one more at the end.
    first_parts: Vec<u32>,
    pub(super) parts: Vec<Part>,
    pub(super) vertices: Vec<[u32; 2]>,
    /// How far the drawing would be off without the vertex, in units; the ends and corners that hold
    /// the rest are infinite. Never more than that of the stretch it divides, so that whoever leaves
    /// out a vertex leaves out what depends on it.
    pub(super) weights: Vec<f32>,
    boxes: Vec<FixedBox>,
}

impl Drawing {
    /// Adds a geometry in longitude and latitude; it gets the next number. What is no number is drawn at
    /// the edge of the world rather than refused: geometry is checked where it enters.
    pub fn add(&mut self, geometry: &Geometry) {
        if self.first_parts.is_empty() {
            self.first_parts.push(0);
        }
        let from = self.vertices.len();
        match geometry {
            Geometry::Point(p) => self.run(Role::Point, &[*p]),
            Geometry::Lines(lines) => lines.iter().for_each(|line| self.run(Role::Line, line)),
            Geometry::Shape(shape) => {
                for polygon in &shape.polygons {
                    for (i, ring) in polygon.rings.iter().enumerate() {
                        let role = if i == 0 { Role::Outer } else { Role::Hole };
                        self.run(role, &ring[..ring.len().saturating_sub(1)]);
                    }
                }
            }
        }
        let mut reach = [u32::MAX, u32::MAX, 0, 0];
        for v in &self.vertices[from..] {
            reach = [reach[0].min(v[0]), reach[1].min(v[1]), reach[2].max(v[0]), reach[3].max(v[1])];
        }
        self.boxes.push(reach);
        self.first_parts.push(self.parts.len() as u32);
    }

    fn run(&mut self, role: Role, points: &[Point]) {
        let first = self.vertices.len();
        let world: Vec<Point> = points.iter().map(|p| to_world(*p).map(|v| v * WORLD)).collect();
        let area = if matches!(role, Role::Outer | Role::Hole) {
            let mut closed = world.clone();
            closed.extend(world.first());
            ring_area(&closed).abs() as f32
        } else {
            0.0
        };
        self.vertices.extend(world.iter().map(|p| p.map(|v| v.round() as u32)));
        self.weights.resize(self.vertices.len(), 0.0);
        let weights = &mut self.weights[first..];
        if matches!(role, Role::Outer | Role::Hole) {
            weigh_ring(&world, weights);
        } else {
            weigh_line(&world, weights);
        }
        self.parts.push(Part { role, first: first as u32, area });
    }

    /// Number of geometries.
    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// The box of each geometry, by number; an empty geometry's is inside out.
    pub fn boxes(&self) -> &[FixedBox] {
        &self.boxes
    }

    pub(super) fn parts_of(&self, number: usize) -> std::ops::Range<usize> {
        self.first_parts[number] as usize..self.first_parts[number + 1] as usize
    }

    /// The vertices of a part.
    pub(super) fn run_of(&self, part: usize) -> std::ops::Range<usize> {
        let end = self.parts.get(part + 1).map_or(self.vertices.len(), |next| next.first as usize);
        self.parts[part].first as usize..end
    }
}

/// Weighs the vertices of a line by the distances of Ramer, Douglas and Peucker.
fn weigh_line(points: &[Point], weights: &mut [f32]) {
    let Some(last) = points.len().checked_sub(1) else { return };
    weights[0] = f32::INFINITY;
    weights[last] = f32::INFINITY;
    weigh_between(points, weights, 0, last);
}

/// Weighs the vertices of a ring: the first and the one farthest from it hold the rest.
fn weigh_ring(points: &[Point], weights: &mut [f32]) {
    let Some(origin) = points.first().copied() else { return };
    let far = |p: &Point| (p[0] - origin[0]).powi(2) + (p[1] - origin[1]).powi(2);
    let farthest =
        (0..points.len()).max_by(|a, b| far(&points[*a]).total_cmp(&far(&points[*b]))).unwrap_or(0);
    weights[0] = f32::INFINITY;
    weights[farthest] = f32::INFINITY;
    weigh_between(points, weights, 0, farthest);
    // The way back ends at the first vertex again.
    let mut back: Vec<Point> = points[farthest..].to_vec();
    back.push(origin);
    let mut weighed = vec![0.0; back.len()];
    let end = back.len() - 1;
    weigh_between(&back, &mut weighed, 0, end);
    for (weight, found) in weights[farthest..].iter_mut().zip(&weighed).skip(1) {
        *weight = *found;
    }
}

fn weigh_between(points: &[Point], weights: &mut [f32], from: usize, to: usize) {
    let mut stack = vec![(from, to, f32::INFINITY)];
    while let Some((from, to, above)) = stack.pop() {
        let far = (from + 1..to)
            .map(|i| (i, distance_2(points[i], points[from], points[to])))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((i, distance_2)) = far {
            let weight = (distance_2.sqrt() as f32).min(above);
            weights[i] = weight;
            stack.push((from, i, weight));
            stack.push((i, to, weight));
        }
    }
}

/// Squared distance of a point from a segment.
fn distance_2(p: Point, a: Point, b: Point) -> f64 {
    let d = [b[0] - a[0], b[1] - a[1]];
    let length_2 = d[0] * d[0] + d[1] * d[1];
    let t = if length_2 == 0.0 {
        0.0
    } else {
        (((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / length_2).clamp(0.0, 1.0)
    };
    (p[0] - a[0] - t * d[0]).powi(2) + (p[1] - a[1] - t * d[1]).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vertex_weighs_what_the_line_would_be_off_without_it() {
        let mut weights = [0.0; 5];
        weigh_line(&[[0., 0.], [5., 1.], [10., 8.], [15., 5.], [20., 0.]], &mut weights);
        assert_eq!((weights[0], weights[2], weights[4]), (f32::INFINITY, 8.0, f32::INFINITY));
        // Beside the stretches that the middle makes.
        assert!((weights[1] - 2.34).abs() < 0.01 && (weights[3] - 0.78).abs() < 0.01, "{weights:?}");
        let mut ring = [0.0; 4];
        weigh_ring(&[[0., 0.], [4., 0.], [4., 3.], [0., 3.]], &mut ring);
        assert_eq!(ring.map(|w| w == f32::INFINITY), [true, false, true, false]);
        assert!((ring[1] - 2.4).abs() < 1e-6 && (ring[3] - 2.4).abs() < 1e-6, "{ring:?}");
    }
}
