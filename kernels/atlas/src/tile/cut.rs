//! Cutting a drawing by a tile: to the tile's whole units, simplified, clipped, without what nobody sees.
//!
//! Vertices are rounded to the grid of the zoom before anything is clipped, and which of them are left
//! out depends on the zoom alone: what crosses the edge of two tiles is the same line in both.

use super::drawing::{Drawing, FixedBox, Part, Role};
use super::{BUFFER, EXTENT_BITS, TileId};

/// Rings below so many square units are not drawn: a pixel of a screen with four to a tile's pixel.
const SMALLEST: f32 = 16.0;

/// A vertex in a tile's units.
pub type Pixel = [i32; 2];
/// Wide enough for the whole world at the deepest zoom.
type Wide = [i64; 2];

/// What a geometry is in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutKind {
    /// One point.
    Point,
    /// Lines.
    Lines,
    /// Rings: each outer one before its holes.
    Rings,
}

/// What of a geometry is drawn in a tile.
pub struct Cut<'a> {
    /// What it is.
    pub kind: CutKind,
    runs: &'a [Run],
    points: &'a [Pixel],
}

#[derive(Clone, Copy)]
struct Run {
    from: usize,
    to: usize,
    outer: bool,
}

impl<'a> Cut<'a> {
    /// Its points, lines or rings, with whether it is an outer ring. Rings are not closed.
    pub fn runs(&self) -> impl Iterator<Item = (&'a [Pixel], bool)> + use<'a> {
        let points = self.points;
        self.runs.iter().map(move |run| (&points[run.from..run.to], run.outer))
    }
}

/// Cuts geometries; keeps its memory from one to the next.
#[derive(Default)]
pub struct Cutter {
    runs: Vec<Run>,
    points: Vec<Pixel>,
    wide: Vec<Wide>,
    other: Vec<Wide>,
}

/// From fixed-point coordinates to a tile's units.
#[derive(Clone, Copy)]
struct Scale {
    /// Bits to drop (or, below zero, to add).
    shift: i32,
    origin: Wide,
}

const LOW: i64 = -BUFFER;
const HIGH: i64 = (1 << EXTENT_BITS) + BUFFER;

impl Scale {
    fn of(tile: TileId) -> Self {
        let origin = |v: u32| i64::from(v) << EXTENT_BITS;
        Self { shift: 32 - EXTENT_BITS - i32::from(tile.z), origin: [origin(tile.x), origin(tile.y)] }
    }

    fn units(self, v: [u32; 2]) -> Wide {
        let at = |axis: usize| {
            let v = i64::from(v[axis]);
            let scaled =
                if self.shift > 0 { (v + (1 << (self.shift - 1))) >> self.shift } else { v << -self.shift };
            scaled - self.origin[axis]
        };
        [at(0), at(1)]
    }

    /// Square units of the tile in one fixed-point square unit.
    fn area(self) -> f32 {
        (-2.0 * self.shift as f32).exp2()
    }

    /// Vertices that weigh less than one of the tile's units are left out.
    fn tolerance(self) -> f32 {
        (self.shift as f32).exp2()
    }
}

impl Cutter {
    /// What of a geometry is drawn in a tile; none where nothing is left. O(vertices), without allocation
    /// once its memory has grown.
    pub fn cut(&mut self, drawing: &Drawing, number: usize, tile: TileId) -> Option<Cut<'_>> {
        let scale = Scale::of(tile);
        self.runs.clear();
        self.points.clear();
        let whole = within(drawing.boxes()[number], scale);
        let parts = drawing.parts_of(number);
        let kind = match drawing.parts.get(parts.start)?.role {
            Role::Point => CutKind::Point,
            Role::Line => CutKind::Lines,
            Role::Outer | Role::Hole => CutKind::Rings,
        };
        match kind {
            CutKind::Point => self.point(scale.units(drawing.vertices[drawing.run_of(parts.start).start])),
            CutKind::Lines => parts.for_each(|part| self.line(drawing, part, scale, whole)),
            CutKind::Rings => self.rings(drawing, parts, scale, whole),
        }
        (!self.runs.is_empty()).then_some(Cut { kind, runs: &self.runs, points: &self.points })
    }

    fn point(&mut self, p: Wide) {
        if p.iter().all(|v| (LOW..=HIGH).contains(v)) {
            self.points.push(p.map(|v| v as i32));
            self.runs.push(Run { from: 0, to: 1, outer: false });
        }
    }

    /// The vertices of a part that matter at this scale, in units, without repeats.
    fn simplify(&mut self, drawing: &Drawing, part: usize, scale: Scale) {
        self.wide.clear();
        let run = drawing.run_of(part);
        let tolerance = scale.tolerance();
        for (v, weight) in drawing.vertices[run.clone()].iter().zip(&drawing.weights[run]) {
            if *weight >= tolerance {
                let p = scale.units(*v);
                if self.wide.last() != Some(&p) {
                    self.wide.push(p);
                }
            }
        }
    }

    fn line(&mut self, drawing: &Drawing, part: usize, scale: Scale, whole: bool) {
        self.simplify(drawing, part, scale);
        let mut from = self.points.len();
        let mut end_run = |points: &mut Vec<Pixel>, from: &mut usize| {
            if points.len() - *from >= 2 {
                self.runs.push(Run { from: *from, to: points.len(), outer: false });
            } else {
                points.truncate(*from);
            }
            *from = points.len();
        };
        if whole {
            self.points.extend(self.wide.iter().map(|p| p.map(|v| v as i32)));
            return end_run(&mut self.points, &mut from);
        }
        for pair in self.wide.windows(2) {
            let Some((a, b)) = clip_segment(pair[0], pair[1]) else { continue };
            if self.points.len() == from || self.points.last() != Some(&a) {
                end_run(&mut self.points, &mut from);
                self.points.push(a);
            }
            if a != b {
                self.points.push(b);
            }
        }
        end_run(&mut self.points, &mut from);
    }

    fn rings(&mut self, drawing: &Drawing, parts: std::ops::Range<usize>, scale: Scale, whole: bool) {
        let smallest = SMALLEST / scale.area();
        // Twice the area that is left of the present polygon, and where it began.
        let (mut left, mut began) = (0i64, (0, 0));
        let mut drawn = false;
        for number in parts {
            let Part { role, area, .. } = drawing.parts[number];
            let outer = role == Role::Outer;
            if outer {
                self.drop_empty(drawn, left, began);
                (left, began, drawn) = (0, (self.runs.len(), self.points.len()), false);
            } else if !drawn {
                continue;
            }
            if area < smallest {
                continue;
            }
            self.simplify(drawing, number, scale);
            if !whole {
                clip_ring(&mut self.wide, &mut self.other);
            }
            while self.wide.len() > 1 && self.wide.first() == self.wide.last() {
                self.wide.pop();
            }
            let twice = twice_area(&self.wide).abs();
            if self.wide.len() < 3 || twice == 0 {
                continue;
            }
            let from = self.points.len();
            self.points.extend(self.wide.iter().map(|p| p.map(|v| v as i32)));
            self.runs.push(Run { from, to: self.points.len(), outer });
            left += if outer { twice } else { -twice };
            drawn = true;
        }
        self.drop_empty(drawn, left, began);
    }

    /// A polygon whose hole takes all that the tile shows of it is nothing.
    fn drop_empty(&mut self, drawn: bool, left: i64, (runs, points): (usize, usize)) {
        if drawn && left <= 0 {
            self.runs.truncate(runs);
            self.points.truncate(points);
        }
    }
}

/// Does a box lie within the tile and its buffer?
fn within(reach: FixedBox, scale: Scale) -> bool {
    let (low, high) = (scale.units([reach[0], reach[1]]), scale.units([reach[2], reach[3]]));
    (0..2).all(|axis| low[axis] >= LOW && high[axis] <= HIGH)
}

fn twice_area(ring: &[Wide]) -> i64 {
    let Some(mut a) = ring.last().copied() else { return 0 };
    let mut sum = 0;
    for b in ring {
        sum += a[0] * b[1] - b[0] * a[1];
        a = *b;
    }
    sum
}

/// Sutherland and Hodgman: a ring against each side of the tile's reach.
fn clip_ring(ring: &mut Vec<Wide>, other: &mut Vec<Wide>) {
    for (axis, limit, below) in [(0, LOW, false), (0, HIGH, true), (1, LOW, false), (1, HIGH, true)] {
        let inside = |p: Wide| if below { p[axis] <= limit } else { p[axis] >= limit };
        let Some(mut previous) = ring.last().copied() else { return };
        other.clear();
        for p in ring.iter().copied() {
            if inside(p) != inside(previous) {
                push(other, meet(previous, p, axis, limit));
            }
            if inside(p) {
                push(other, p);
            }
            previous = p;
        }
        std::mem::swap(ring, other);
    }
}

fn push(points: &mut Vec<Wide>, p: Wide) {
    if points.last() != Some(&p) {
        points.push(p);
    }
}

/// Where a segment meets a side, rounded; the same whichever way the segment runs.
fn meet(a: Wide, b: Wide, axis: usize, limit: i64) -> Wide {
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let t = (limit - a[axis]) as f64 / (b[axis] - a[axis]) as f64;
    let across = 1 - axis;
    let mut p = [limit; 2];
    p[across] = a[across] + (t * (b[across] - a[across]) as f64).round() as i64;
    p
}

/// The stretch of a segment within the tile's reach, if any.
fn clip_segment(a: Wide, b: Wide) -> Option<(Pixel, Pixel)> {
    let (mut from, mut to) = (a, b);
    for (axis, limit, sign) in [(0, LOW, 1), (0, HIGH, -1), (1, LOW, 1), (1, HIGH, -1)] {
        let outside = |p: Wide| (p[axis] - limit) * sign < 0;
        match (outside(from), outside(to)) {
            (true, true) => return None,
            (true, false) => from = meet(from, to, axis, limit),
            (false, true) => to = meet(from, to, axis, limit),
            (false, false) => {}
        }
    }
    Some((from.map(|v| v as i32), to.map(|v| v as i32)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::polygon::{Geometry, Point, Polygon, Shape};
    use proptest::prelude::*;

    fn drawing(geometries: &[Geometry]) -> Drawing {
        let mut drawing = Drawing::default();
        geometries.iter().for_each(|geometry| drawing.add(geometry));
        drawing
    }

    fn tile_at(p: Point, z: u8) -> TileId {
        let world = super::super::to_world(p);
        let scale = f64::from(1u32 << z);
        TileId::new(z, (world[0] * scale) as u32, (world[1] * scale) as u32).unwrap()
    }

    fn square(x: f64, y: f64, size: f64) -> Vec<Point> {
        vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    }

    fn areas(cut: &Cut<'_>) -> Vec<(i64, bool)> {
        cut.runs()
            .map(|(ring, outer)| {
                let wide: Vec<Wide> = ring.iter().map(|p| p.map(i64::from)).collect();
                (twice_area(&wide).abs() / 2, outer)
            })
            .collect()
    }

    #[test]
    fn a_shape_over_many_tiles_fills_the_middle_one() {
        let drawing = drawing(&[Geometry::Shape(Polygon::from_ring(square(113.0, 29.0, 3.0)).into())]);
        let mut cutter = Cutter::default();
        let cut = cutter.cut(&drawing, 0, tile_at([114.3, 30.6], 14)).unwrap();
        assert_eq!((cut.kind, areas(&cut)), (CutKind::Rings, vec![((HIGH - LOW).pow(2), true)]));
        // At the deepest zoom too.
        let cut = cutter.cut(&drawing, 0, tile_at([114.3, 30.6], 24)).unwrap();
        assert_eq!(areas(&cut), [((HIGH - LOW).pow(2), true)]);
    }

    #[test]
    fn what_is_elsewhere_or_too_small_or_all_hole_is_not_drawn() {
        let line = Geometry::Lines(vec![vec![[114.0, 30.0], [114.1, 30.0]]]);
        let courtyard = Polygon { rings: vec![square(113.0, 29.0, 3.0), square(113.5, 29.5, 2.0)] };
        let drawing = drawing(&[
            Geometry::Point([114.0, 30.0]),
            line,
            Geometry::Shape(Polygon::from_ring(square(114.0, 30.0, 1e-4)).into()),
            Geometry::Shape(courtyard.into()),
            Geometry::Shape(Shape::default()),
        ]);
        let mut cutter = Cutter::default();
        let far = TileId::new(14, 0, 0).unwrap();
        for number in 0..5 {
            assert!(cutter.cut(&drawing, number, far).is_none(), "{number}");
        }
        let here = tile_at([114.0, 30.0], 14);
        assert!(cutter.cut(&drawing, 0, here).is_some() && cutter.cut(&drawing, 1, here).is_some());
        // Some eleven metres: seen from zoom 14, not from zoom 10.
        assert!(cutter.cut(&drawing, 2, here).is_some());
        assert!(cutter.cut(&drawing, 2, tile_at([114.0, 30.0], 10)).is_none());
        // In the middle of the hole.
        assert!(cutter.cut(&drawing, 3, tile_at([114.5, 30.5], 14)).is_none());
        assert!(cutter.cut(&drawing, 3, tile_at([114.5, 30.5], 6)).is_some());
    }

    #[test]
    fn a_line_that_leaves_and_returns_is_cut_into_stretches() {
        let id = tile_at([114.3, 30.6], 12);
        let width = 360.0 / 4096.0;
        let west = f64::from(id.x) * width - 180.0;
        // Along the tile, out to the east, back again further north.
        let line = vec![
            [west + 0.2 * width, 30.57],
            [west + 1.5 * width, 30.57],
            [west + 1.5 * width, 30.575],
            [west + 0.3 * width, 30.575],
        ];
        let drawing = drawing(&[Geometry::Lines(vec![line])]);
        let mut cutter = Cutter::default();
        let cut = cutter.cut(&drawing, 0, id).unwrap();
        let runs: Vec<Vec<Pixel>> = cut.runs().map(|(run, _)| run.to_vec()).collect();
        assert_eq!(runs.len(), 2, "{runs:?}");
        assert_eq!((runs[0][1][0], runs[1][0][0]), (HIGH as i32, HIGH as i32));
    }

    fn ring(max: usize) -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec((-1.5f64..2.5, -1.5f64..2.5), 3..max).prop_map(|points| {
            // In widths of a tile of zoom 12, around it.
            let (west, south, width) = (114.345703125, 30.56, 360.0 / 4096.0);
            let mut ring: Vec<Point> =
                points.into_iter().map(|(x, y)| [west + x * width, south + y * width]).collect();
            ring.push(ring[0]);
            ring
        })
    }

    proptest! {
        /// By the tile format's specification: within the extent and its buffer, at least three different
        /// corners, area, an outer ring first.
        #[test]
        fn any_rings_become_valid_ones(rings in prop::collection::vec(ring(12), 1..4), zoom in 8u8..20) {
            let drawing = drawing(&[Geometry::Shape(Polygon { rings }.into())]);
            let mut cutter = Cutter::default();
            for (dx, dy) in (0..9).map(|i| (i % 3, i / 3)) {
                let middle = tile_at([114.39, 30.6], zoom);
                let Some(id) = TileId::new(zoom, middle.x + dx - 1, middle.y + dy - 1) else { continue };
                let Some(cut) = cutter.cut(&drawing, 0, id) else { continue };
                let runs: Vec<_> = cut.runs().collect();
                prop_assert!(runs[0].1);
                for (ring, _) in &runs {
                    prop_assert!(ring.iter().flatten().all(|v| (LOW..=HIGH).contains(&i64::from(*v))));
                    let wide: Vec<Wide> = ring.iter().map(|p| p.map(i64::from)).collect();
                    prop_assert!(ring.len() >= 3 && twice_area(&wide) != 0);
                    prop_assert!(ring.first() != ring.last() && ring.windows(2).all(|p| p[0] != p[1]));
                }
            }
        }

        /// What two neighbours draw of a line at their common edge is the same.
        #[test]
        fn neighbours_draw_the_same_line(points in ring(10)) {
            let drawing = drawing(&[Geometry::Lines(vec![points])]);
            let id = tile_at([114.39, 30.6], 12);
            let east = TileId::new(12, id.x + 1, id.y).unwrap();
            let crossing = |id: TileId, x: i32| {
                let mut cutter = Cutter::default();
                let mut found: Vec<(f64, f64)> = Vec::new();
                if let Some(cut) = cutter.cut(&drawing, 0, id) {
                    for (run, _) in cut.runs() {
                        for pair in run.windows(2) {
                            let (a, b) = (pair[0].map(f64::from), pair[1].map(f64::from));
                            if (a[0] < f64::from(x)) != (b[0] < f64::from(x)) {
                                let t = (f64::from(x) - a[0]) / (b[0] - a[0]);
                                let y = a[1] + t * (b[1] - a[1]);
                                // A clipped end is rounded: steep lines cross by so much elsewhere.
                                let slack = ((b[1] - a[1]) / (b[0] - a[0])).abs() + 1.0;
                                if (0.0..4096.0).contains(&y) {
                                    found.push((y, slack));
                                }
                            }
                        }
                    }
                }
                found.sort_by(|a, b| a.0.total_cmp(&b.0));
                found
            };
            let (here, there) = (crossing(id, 4096), crossing(east, 0));
            // Crossings near the corners may fall on either side.
            for (y, slack) in here.iter().filter(|(y, slack)| *y > *slack && *y < 4096.0 - slack) {
                prop_assert!(there.iter().any(|(other, s)| (y - other).abs() <= slack + s), "{} in {:?}", y, there);
            }
        }
    }
}
