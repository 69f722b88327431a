//! The index against the plain rule.

#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;
use std::sync::Arc;

pub(super) fn index_of(layers: &[Vec<Shape>]) -> Index {
    let mut builder = IndexBuilder::default();
    for (number, shapes) in layers.iter().enumerate() {
        let layer = builder.layer(&format!("layer {number}"));
        for (cell, shape) in shapes.iter().enumerate() {
            builder.add(layer, format!("{number}-{cell}"), shape).unwrap();
        }
    }
    builder.build()
}

/// The plain rule: the first cell that contains the point.
pub(super) fn plain(shapes: &[Shape], p: Point) -> u32 {
    shapes.iter().position(|shape| shape.contains(p)).map_or(NONE, |cell| cell as u32)
}

fn next(value: f64, up: bool) -> f64 {
    if up { value.next_up() } else { value.next_down() }
}

/// Points that are hard: vertices, middles of edges, and one step of a double beside each.
pub(super) fn hard_points(shapes: &[Shape]) -> Vec<Point> {
    let mut points = Vec::new();
    for shape in shapes {
        for (a, b) in shape.edges() {
            let on = [(0.0, a), (1.0, b)].map(|(_, p)| p);
            let at = |t: f64| [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
            for p in [on[0], at(0.5), at(0.3), [a[0], b[1]], [b[0], a[1]]] {
                points.push(p);
                for up in [false, true] {
                    points.push([next(p[0], up), p[1]]);
                    points.push([p[0], next(p[1], up)]);
                }
            }
        }
    }
    points
}

fn agrees(layers: &[Vec<Shape>], points: &[Point]) {
    let index = index_of(layers);
    let mut bytes = Vec::new();
    index.write("test", &mut bytes).unwrap();
    let (opened, made_of) = Index::open(Arc::new(aligned(&bytes))).unwrap();
    assert_eq!(made_of, "test");
    let mut all = vec![0; points.len() * layers.len()];
    index.locate(points, &mut all);
    let mut one = vec![0; layers.len()];
    for (p, many) in points.iter().zip(all.chunks(layers.len().max(1))) {
        let expected: Vec<u32> = layers.iter().map(|shapes| plain(shapes, *p)).collect();
        assert_eq!(many, expected, "{p:?} ({:?}) in a batch", p.map(f64::to_bits));
        index.cells_at(*p, &mut one);
        assert_eq!(one, expected, "{p:?} alone");
        opened.cells_at(*p, &mut one);
        assert_eq!(one, expected, "{p:?} from the file");
    }
}

/// Bytes that lie as a mapped file does, on a boundary of eight.
pub(super) fn aligned(bytes: &[u8]) -> impl Source + use<> {
    struct Words(Vec<u64>, usize);
    impl AsRef<[u8]> for Words {
        fn as_ref(&self) -> &[u8] {
            &bytemuck::cast_slice(&self.0)[..self.1]
        }
    }
    let mut words = vec![0u64; bytes.len().div_ceil(8)];
    bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
    Words(words, bytes.len())
}

/// A tessellation of a square: a shaken lattice whose edges are broken lines of `steps` pieces, shared
/// by neighbours to the last bit.
pub(super) fn tessellation(n: usize, steps: usize, shake: impl Fn(usize) -> f64) -> Vec<Shape> {
    let vertex = |i: usize, j: usize| -> Point {
        let rim = i == 0 || j == 0 || i == n || j == n;
        let by = |k: usize| if rim { 0.0 } else { 0.2 * shake(k) };
        [i as f64 + by(i * 71 + j * 13), j as f64 + by(i * 17 + j * 59 + 7)]
    };
    // From the lower or left end to the other; asked for backwards it is turned.
    let line = |a: (usize, usize), b: (usize, usize)| -> Vec<Point> {
        let (from, to, turned) = if a <= b { (a, b, false) } else { (b, a, true) };
        let (p, q) = (vertex(from.0, from.1), vertex(to.0, to.1));
        let mut points: Vec<Point> = (0..=steps)
            .map(|k| {
                if k == 0 || k == steps {
                    // To the last bit: 1·(q − p) + p need not be q.
                    return if k == 0 { p } else { q };
                }
                let t = k as f64 / steps as f64;
                let key = from.0 * 131 + from.1 * 31 + to.0 * 7 + to.1 * 3 + k * 1009;
                let rim = |v: usize| v == 0 || v == n;
                let straight = from.0 == to.0 && rim(to.0) || from.1 == to.1 && rim(to.1);
                // Little near the ends, so that lines from one vertex do not cross.
                let off = if straight { 0.0 } else { 0.12 * t.min(1.0 - t) * shake(key) };
                [
                    p[0] + t * (q[0] - p[0]) - off * (q[1] - p[1]),
                    p[1] + t * (q[1] - p[1]) + off * (q[0] - p[0]),
                ]
            })
            .collect();
        if turned {
            points.reverse();
        }
        points
    };
    let mut cells = Vec::new();
    for i in 0..n {
        for j in 0..n {
            let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1), (i, j)];
            let mut ring: Vec<Point> = Vec::new();
            for pair in corners.windows(2) {
                ring.extend(line(pair[0], pair[1]).into_iter().skip(usize::from(!ring.is_empty())));
            }
            cells.push(Shape::from(Polygon::from_ring(ring)));
        }
    }
    cells
}

pub(super) fn noise(seed: u64) -> impl Fn(usize) -> f64 {
    move |k| {
        let mut x = (k as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0xd134_2543_de82_ef95);
        x ^= x >> 31;
        x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^= x >> 29;
        (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn ring(max: usize) -> impl Strategy<Value = Vec<Point>> {
    // Coordinates from a small set, so that edges coincide, collapse and turn back on themselves.
    let coordinate = || prop_oneof![(-4i32..5).prop_map(f64::from), -4.0f64..4.0];
    prop::collection::vec((coordinate(), coordinate()), 3..max).prop_map(|points| {
        let mut ring: Vec<Point> = points.into_iter().map(|(x, y)| [x, y]).collect();
        ring.push(ring[0]);
        ring
    })
}

pub(super) fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    let polygon = prop::collection::vec(ring(9), 1..3).prop_map(|rings| Polygon { rings });
    let shape = prop::collection::vec(polygon, 1..3).prop_map(|polygons| Shape { polygons });
    prop::collection::vec(shape, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any rings at all: crossing themselves, spikes, slivers, doubled vertices, overlapping cells.
    #[test]
    fn any_shapes_have_the_plain_rules_answer(
        first in shapes(), second in shapes(), random in prop::collection::vec((-5.0f64..5.0, -5.0f64..5.0), 40)
    ) {
        let layers = [first, second];
        let mut points: Vec<Point> = random.into_iter().map(|(x, y)| [x, y]).collect();
        points.extend(hard_points(&layers[0]));
        points.extend(hard_points(&layers[1]));
        agrees(&layers, &points);
    }

    #[test]
    fn a_tessellation_gives_each_point_one_cell(seed in any::<u64>(), n in 1usize..7, steps in 1usize..20) {
        let cells = tessellation(n, steps, noise(seed));
        let points = hard_points(&cells);
        for p in points.iter().filter(|p| p.iter().all(|v| *v > 0.0 && *v < n as f64)) {
            prop_assert_eq!(cells.iter().filter(|cell| cell.contains(*p)).count(), 1, "{:?}", p);
        }
        agrees(&[cells], &points);
    }
}

#[test]
fn many_points_over_crowded_and_empty_ground_are_answered_as_one_by_one() {
    // A dense centre in one corner of a wide county, far from the origin as real coordinates are.
    let place = |shape: &Shape, scale: f64, x: f64, y: f64| {
        let moved = |p: &Point| [114.0 + x + p[0] * scale, 30.5 + y + p[1] * scale];
        let rings = shape.rings().map(|ring| ring.iter().map(moved).collect()).collect();
        Shape::from(Polygon { rings })
    };
    let mut cells: Vec<Shape> =
        tessellation(30, 14, noise(3)).iter().map(|s| place(s, 1e-4, 0.0, 0.0)).collect();
    cells.extend(tessellation(3, 14, noise(4)).iter().map(|s| place(s, 0.3, 0.2, 0.1)));
    let index = index_of(std::slice::from_ref(&cells));
    let random = noise(9);
    let points: Vec<Point> = (0..20_000)
        .map(|i| {
            let (x, y) = (random(i * 2), random(i * 2 + 1));
            if i % 2 == 0 {
                [114.0015 + x * 0.002, 30.5015 + y * 0.002]
            } else {
                [114.5 + x * 0.8, 30.9 + y * 0.8]
            }
        })
        .collect();
    let mut found = vec![0; points.len()];
    index.locate(&points, &mut found);
    assert!(found.iter().filter(|cell| **cell != NONE).count() > 6_000);
    for (p, cell) in points.iter().zip(&found) {
        assert_eq!(*cell, plain(&cells, *p), "{p:?}");
    }
}

#[test]
fn what_is_no_number_or_outside_has_no_cell_and_nothing_at_all_can_be_asked() {
    let empty = IndexBuilder::default().build();
    empty.locate(&[[1.0, 2.0]], &mut []);
    let index = index_of(&[tessellation(2, 3, noise(1)), vec![]]);
    for p in [[f64::NAN, 1.0], [1.0, f64::INFINITY], [-1.0, 1.0], [1.0, 9.0]] {
        let mut found = [0; 2];
        index.cells_at(p, &mut found);
        assert_eq!(found, [NONE; 2], "{p:?}");
    }
    assert_eq!((index.cell_at(0, [0.5, 0.5]), index.cell_at(7, [0.5, 0.5])), (Some(0), None));
    assert_eq!((index.code(0, 3), index.code(0, NONE), index.cells(1)), (Some("0-3"), None, 0));
    assert_eq!(index.shape(0, 1).unwrap(), tessellation(2, 3, noise(1))[1]);
}

#[test]
fn broken_rings_are_refused_with_their_place() {
    let mut builder = IndexBuilder::default();
    let layer = builder.layer("base");
    let mut what = |ring: Vec<Point>| {
        let fault = builder.add(layer, "x", &Shape::from(Polygon::from_ring(ring))).unwrap_err();
        (fault.what, fault.at)
    };
    assert_eq!(what(vec![[0., 0.], [1., 0.], [1., 1.], [0., 1.]]), ("unclosed", [0., 1.]));
    assert_eq!(what(vec![[0., 0.], [1., 0.], [0., 0.]]), ("too_short", [0., 0.]));
    assert_eq!(what(vec![[0., 0.], [1., f64::INFINITY], [1., 1.], [0., 0.]]).0, "not_finite");
    assert_eq!(what(vec![]).0, "empty");
    assert_eq!(builder.add(layer, "x", &Shape::default()).unwrap_err().what, "empty");
    assert_eq!(builder.build().cells(0), 0);
}

#[test]
fn a_file_that_was_cut_or_altered_is_refused() {
    let mut bytes = Vec::new();
    index_of(&[tessellation(3, 4, noise(2))]).write("x", &mut bytes).unwrap();
    let open = |bytes: &[u8]| Index::open(Arc::new(aligned(bytes))).map(drop);
    assert_eq!(open(&bytes), Ok(()));
    assert_eq!(open(b"hello"), Err(InvalidSnapshot::NotOne));
    for at in [16, 24, 100, bytes.len() / 2, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert!(matches!(open(&altered), Err(InvalidSnapshot::Damaged { .. })), "byte {at}");
    }
    for length in [40, bytes.len() / 2, bytes.len() - 1] {
        assert!(matches!(open(&bytes[..length]), Err(InvalidSnapshot::Damaged { .. })), "cut at {length}");
    }
    let mut other = bytes.clone();
    other[8] = 9;
    assert_eq!(open(&other), Err(InvalidSnapshot::Version { found: 9 }));
}
