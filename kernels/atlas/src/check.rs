//! What is wrong with a tessellation: broken rings, overlaps, gaps, each with the cell and the place.

use crate::polygon::{Bounds, Point, Shape, ring_area};
use std::collections::HashMap;

/// Smaller gaps and overlaps than this (square metres) are the noise of drawing.
const SLIVER_M2: f64 = 1.0;
const DEGREE_M: f64 = 111_195.08;

/// One finding.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// `unclosed`, `too_short`, `not_finite`, `axis_order`, `self_crossing`, `no_area`, `overlap`, `gap`.
    pub what: &'static str,
    /// The cell's code, as given.
    pub cell: i64,
    /// The other cell of an overlap.
    pub other: Option<i64>,
    /// Where to mend it.
    pub at: Point,
    /// How large, in square metres, where that is known.
    pub area_m2: Option<f64>,
}

/// Everything that is wrong with these cells in longitude and latitude. O(n log n) for cells that
/// fit each other; each overlap costs the edges of both.
pub fn check(cells: &[(Shape, i64)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (shape, code) in cells {
        rings(shape, *code, &mut found);
    }
    if found.is_empty() {
        overlaps(cells, &mut found);
        gaps(cells, &mut found);
    }
    found
}

/// Why a shape cannot be located in, and where.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Fault {
    /// `empty`, `too_short`, `unclosed`, `not_finite`, `too_many_vertices`.
    pub what: &'static str,
    /// Where to mend it.
    pub at: Point,
}

/// The first fault that leaves no answer to "is this point inside?". O(vertices).
pub fn broken(shape: &Shape) -> Option<Fault> {
    if shape.rings().next().is_none() {
        return Some(Fault { what: "empty", at: [0.0, 0.0] });
    }
    shape.rings().find_map(|ring| {
        let fault = |what, at: Option<&Point>| Some(Fault { what, at: at.copied().unwrap_or([0.0, 0.0]) });
        if let Some(bad) = ring.iter().find(|p| !p[0].is_finite() || !p[1].is_finite()) {
            return fault("not_finite", Some(bad));
        }
        match ring.as_slice() {
            [] => fault("empty", None),
            [first, .., last] if ring.len() >= 4 && first == last => None,
            [first, .., last] if first != last => fault("unclosed", Some(last)),
            [first, ..] => fault("too_short", Some(first)),
        }
    })
}

fn rings(shape: &Shape, cell: i64, found: &mut Vec<Finding>) {
    let mut say = |what, at| found.push(Finding { what, cell, other: None, at, area_m2: None });
    if shape.rings().next().is_none() {
        say("too_short", [0.0, 0.0]);
    }
    for ring in shape.rings() {
        let first = ring.first().copied().unwrap_or([0.0, 0.0]);
        if let Some(bad) = ring.iter().find(|p| !p[0].is_finite() || !p[1].is_finite()) {
            say("not_finite", *bad);
        } else if let Some(bad) = ring.iter().find(|p| p[1].abs() > 90.0) {
            // A latitude beyond 90 that would do as a longitude: x and y are exchanged.
            say(
                if bad[0].abs() <= 90.0 && bad[1].abs() <= 180.0 { "axis_order" } else { "not_finite" },
                *bad,
            );
        } else if ring.len() < 4 {
            say("too_short", first);
        } else if ring.first() != ring.last() {
            say("unclosed", first);
        } else if let Some(at) = self_crossing(ring) {
            say("self_crossing", at);
        } else if ring_area(ring) == 0.0 {
            say("no_area", first);
        }
    }
}

/// Where two edges of a ring cross in their insides, if anywhere.
fn self_crossing(ring: &[Point]) -> Option<Point> {
    let mut edges: Vec<(Point, Point)> = ring.windows(2).map(|pair| (pair[0], pair[1])).collect();
    edges.sort_by(|a, b| a.0[0].min(a.1[0]).total_cmp(&b.0[0].min(b.1[0])));
    for (i, (a, b)) in edges.iter().enumerate() {
        let right = a[0].max(b[0]);
        for (c, d) in edges[i + 1..].iter().take_while(|(c, d)| c[0].min(d[0]) <= right) {
            if let Some(at) = crossing(*a, *b, *c, *d) {
                return Some(at);
            }
        }
    }
    None
}

/// The point where two segments cross properly: neither touches the other with an end.
fn crossing(a: Point, b: Point, c: Point, d: Point) -> Option<Point> {
    let turn = |o: Point, p: Point, q: Point| (p[0] - o[0]) * (q[1] - o[1]) - (p[1] - o[1]) * (q[0] - o[0]);
    let (c_side, d_side) = (turn(a, b, c), turn(a, b, d));
    let (a_side, b_side) = (turn(c, d, a), turn(c, d, b));
    if c_side * d_side < 0.0 && a_side * b_side < 0.0 {
        let t = a_side / (a_side - b_side);
        return Some([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]);
    }
    None
}

fn overlaps(cells: &[(Shape, i64)], found: &mut Vec<Finding>) {
    let mut order: Vec<(Bounds, usize)> =
        cells.iter().enumerate().map(|(i, (shape, _))| (shape.bounds(), i)).collect();
    order.sort_by(|a, b| a.0.min[0].total_cmp(&b.0.min[0]));
    for (n, (bounds, i)) in order.iter().enumerate() {
        for (other_bounds, j) in order[n + 1..].iter().take_while(|(b, _)| b.min[0] < bounds.max[0]) {
            if bounds.meets(other_bounds)
                && let Some(at) = overlap_point(&cells[*i].0, &cells[*j].0)
            {
                found.push(Finding {
                    what: "overlap",
                    cell: cells[*i].1,
                    other: Some(cells[*j].1),
                    at,
                    area_m2: None,
                });
            }
        }
    }
}

/// A point where two shapes overlap, if they do: edges that cross by more than noise, or a point of
/// one that is inside the other.
fn overlap_point(a: &Shape, b: &Shape) -> Option<Point> {
    let reach = (SLIVER_M2.sqrt() / DEGREE_M).powi(2);
    let meeting = Bounds {
        min: [a.bounds().min[0].max(b.bounds().min[0]), a.bounds().min[1].max(b.bounds().min[1])],
        max: [a.bounds().max[0].min(b.bounds().max[0]), a.bounds().max[1].min(b.bounds().max[1])],
    };
    let near = |shape: &Shape| -> Vec<(Point, Point)> {
        shape.edges().filter(|(p, q)| Bounds::of([*p, *q]).meets(&meeting)).collect()
    };
    let (edges_a, edges_b) = (near(a), near(b));
    for (p, q) in &edges_a {
        for (r, s) in &edges_b {
            let apart = |x: Point, y: Point| (x[0] - y[0]).powi(2) + (x[1] - y[1]).powi(2) > reach;
            if let Some(at) = crossing(*p, *q, *r, *s)
                && [*p, *q, *r, *s].iter().all(|end| apart(*end, at))
            {
                return Some(at);
            }
        }
    }
    let (inner_a, inner_b) = (a.inner_point(), b.inner_point());
    if b.contains(inner_a) {
        return Some(inner_a);
    }
    a.contains(inner_b).then_some(inner_b)
}

/// Gaps are loops of edges that no neighbour shares, other than the outermost boundary.
fn gaps(cells: &[(Shape, i64)], found: &mut Vec<Finding>) {
    let key = |p: Point| (p[0].to_bits(), p[1].to_bits());
    let mut lonely: HashMap<_, (Point, Point, i64)> = HashMap::new();
    for (shape, code) in cells {
        for ring in shape.rings() {
            let anticlockwise = ring_area(ring) > 0.0;
            for pair in ring.windows(2) {
                let (a, b) = if anticlockwise { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
                if lonely.remove(&(key(b), key(a))).is_none() {
                    lonely.insert((key(a), key(b)), (a, b, *code));
                }
            }
        }
    }
    // Around a gap the lonely edges run clockwise, around the whole anticlockwise.
    let mut next: HashMap<_, Vec<(Point, i64)>> = HashMap::new();
    for (a, b, code) in lonely.into_values() {
        next.entry(key(a)).or_default().push((b, code));
    }
    while let Some(start) = next.keys().next().copied() {
        let mut ring = Vec::new();
        let mut at = start;
        let mut cell = 0;
        while let Some(ways) = next.get_mut(&at) {
            let Some((point, code)) = ways.pop() else { break };
            if ways.is_empty() {
                next.remove(&at);
            }
            ring.push(point);
            cell = code;
            at = key(point);
            if at == start {
                break;
            }
        }
        if let Some(first) = ring.first().copied() {
            ring.push(first);
        }
        let lat = ring.first().map_or(0.0, |p| p[1]);
        let area = ring_area(&ring) * DEGREE_M * DEGREE_M * lat.to_radians().cos();
        if area < -SLIVER_M2 {
            let at = Bounds::of(ring.iter().copied()).center();
            found.push(Finding { what: "gap", cell, other: None, at, area_m2: Some(-area) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::Polygon;

    fn square(x: f64, y: f64, code: i64) -> (Shape, i64) {
        let s = 0.001;
        let (x, y) = (x * s, y * s);
        (Polygon::from_ring(vec![[x, y], [x + s, y], [x + s, y + s], [x, y + s], [x, y]]).into(), code)
    }

    fn kinds(cells: &[(Shape, i64)]) -> Vec<&'static str> {
        check(cells).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn cells_that_fit_have_no_findings() {
        let cells: Vec<_> = (0..9).map(|i| square(f64::from(i % 3), f64::from(i / 3), i.into())).collect();
        assert_eq!(check(&cells), []);
    }

    #[test]
    fn a_missing_middle_is_a_gap_and_says_where() {
        let cells: Vec<_> = (0..9)
            .filter(|i| *i != 4)
            .map(|i| square(f64::from(i % 3), f64::from(i / 3), i.into()))
            .collect();
        let found = check(&cells);
        assert_eq!(found.iter().map(|f| f.what).collect::<Vec<_>>(), ["gap"]);
        assert!((found[0].at[0] - 0.0015).abs() < 1e-4 && (found[0].at[1] - 0.0015).abs() < 1e-4);
        assert!(found[0].area_m2.is_some_and(|area| (area - 12_364.0).abs() < 10.0));
    }

    #[test]
    fn overlaps_and_broken_rings_are_named() {
        assert_eq!(kinds(&[square(0.0, 0.0, 1), square(0.5, 0.5, 2)]), ["overlap"]);
        assert_eq!(kinds(&[square(0.0, 0.0, 1), square(0.0, 0.0, 2)]), ["overlap"]);
        let ring = |points: Vec<Point>| vec![(Shape::from(Polygon::from_ring(points)), 1)];
        assert_eq!(kinds(&ring(vec![[0., 0.], [1., 1.], [1., 0.], [0., 1.], [0., 0.]])), ["self_crossing"]);
        assert_eq!(kinds(&ring(vec![[0., 0.], [1., 1.], [1., 0.], [0., 1.]])), ["unclosed"]);
        assert_eq!(kinds(&ring(vec![[0., 0.], [1., 1.]])), ["too_short"]);
        assert_eq!(kinds(&ring(vec![[30., 114.], [31., 114.], [31., 115.], [30., 114.]])), ["axis_order"]);
        assert_eq!(kinds(&ring(vec![[f64::NAN, 1.], [1., 1.], [1., 0.], [0., 1.]])), ["not_finite"]);
    }
}
