//! Edges around groups of blocks, joined into rings.

use super::{Ground, OUTSIDE};
use crate::polygon::{Point, Polygon, Shape};
use std::collections::HashMap;

/// An edge of a group's outline, the group on its left.
#[derive(Clone, Copy)]
struct Directed {
    from: u32,
    to: u32,
}

pub(super) fn trace(ground: &Ground, group_of: &[u32], groups: usize) -> Vec<Shape> {
    let mut edges_of: Vec<Vec<Directed>> = vec![Vec::new(); groups];
    let group = |block: u32| if block == OUTSIDE { None } else { group_of.get(block as usize).copied() };
    for edge in &ground.edges {
        let [left, right] = edge.sides.map(group);
        if left == right {
            continue;
        }
        let [a, b] = edge.ends;
        for (group, from, to) in [(left, a, b), (right, b, a)] {
            if let Some(edges) = group.and_then(|group| edges_of.get_mut(group as usize)) {
                edges.push(Directed { from, to });
            }
        }
    }
    edges_of.into_iter().map(|edges| shape(&ground.vertices, &edges)).collect()
}

fn shape(vertices: &[Point], edges: &[Directed]) -> Shape {
    let mut leaving: HashMap<u32, Vec<usize>> = HashMap::with_capacity(edges.len());
    for (at, edge) in edges.iter().enumerate() {
        leaving.entry(edge.from).or_default().push(at);
    }
    let mut used = vec![false; edges.len()];
    let (mut outer, mut holes) = (Vec::new(), Vec::new());
    for start in 0..edges.len() {
        if used[start] {
            continue;
        }
        let mut ring = vec![edges[start].from];
        let mut at = start;
        loop {
            used[at] = true;
            let Directed { from, to } = edges[at];
            ring.push(to);
            if to == edges[start].from {
                break;
            }
            // Where outlines touch in a vertex the leftmost turn stays on the same ring.
            let turn = |next: &usize| turn(vertices, [from, to, edges[*next].to]);
            let next = leaving.get(&to).into_iter().flatten().copied().filter(|next| !used[*next]);
            let Some(next) = next.max_by(|a, b| turn(a).total_cmp(&turn(b))) else { break };
            at = next;
        }
        if ring.len() < 4 || ring.first() != ring.last() {
            continue;
        }
        let points: Vec<Point> = ring.into_iter().map(|vertex| vertices[vertex as usize]).collect();
        if signed_area(&points) > 0.0 { outer.push(points) } else { holes.push(points) }
    }
    let mut polygons: Vec<Polygon> = outer.into_iter().map(Polygon::from_ring).collect();
    for hole in holes {
        let middle = [f64::midpoint(hole[0][0], hole[1][0]), f64::midpoint(hole[0][1], hole[1][1])];
        let around = polygons
            .iter()
            .enumerate()
            .filter(|(_, polygon)| Shape::from(Polygon::from_ring(polygon.rings[0].clone())).contains(middle))
            .min_by(|(_, a), (_, b)| signed_area(&a.rings[0]).total_cmp(&signed_area(&b.rings[0])));
        if let Some((at, _)) = around {
            polygons[at].rings.push(hole);
        }
    }
    Shape { polygons }
}

/// The angle of a turn: straight on is 0, to the left is positive.
fn turn(vertices: &[Point], [a, b, c]: [u32; 3]) -> f64 {
    let [a, b, c] = [a, b, c].map(|vertex| vertices[vertex as usize]);
    let (come, go) = ([b[0] - a[0], b[1] - a[1]], [c[0] - b[0], c[1] - b[1]]);
    (come[0] * go[1] - come[1] * go[0]).atan2(come[0] * go[0] + come[1] * go[1])
}

fn signed_area(ring: &[Point]) -> f64 {
    let [x, y] = ring[0];
    let twice: f64 = ring
        .windows(2)
        .map(|two| (two[0][0] - x) * (two[1][1] - y) - (two[1][0] - x) * (two[0][1] - y))
        .sum();
    twice / 2.0
}
