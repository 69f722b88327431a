//! Polygons, their bounds and the exact point-in-polygon rule.

/// Longitude and latitude, or projected x and y.
pub type Point = [f64; 2];

/// An axis-parallel box; empty when `min > max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lower left.
    pub min: Point,
    /// Upper right.
    pub max: Point,
}

impl Bounds {
    /// The box of nothing.
    pub const EMPTY: Bounds = Bounds { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };

    /// Widens the box to hold a point.
    pub fn add(&mut self, p: Point) {
        for (axis, value) in p.into_iter().enumerate() {
            self.min[axis] = self.min[axis].min(value);
            self.max[axis] = self.max[axis].max(value);
        }
    }

    /// The box of points.
    pub fn of(points: impl IntoIterator<Item = Point>) -> Self {
        let mut bounds = Self::EMPTY;
        points.into_iter().for_each(|p| bounds.add(p));
        bounds
    }

    /// The box that holds both.
    pub fn union(mut self, other: Bounds) -> Self {
        if !other.is_empty() {
            self.add(other.min);
            self.add(other.max);
        }
        self
    }

    /// Do the boxes share a point?
    pub fn meets(&self, other: &Bounds) -> bool {
        (0..2).all(|axis| self.min[axis] <= other.max[axis] && other.min[axis] <= self.max[axis])
    }

    /// Does the closed box hold the point?
    pub fn holds(&self, p: Point) -> bool {
        (0..2).all(|axis| self.min[axis] <= p[axis] && p[axis] <= self.max[axis])
    }

    /// Is there anything in it?
    pub fn is_empty(&self) -> bool {
        self.min[0] > self.max[0]
    }

    /// Its middle.
    pub fn center(&self) -> Point {
        [(self.min[0] + self.max[0]) / 2.0, (self.min[1] + self.max[1]) / 2.0]
    }
}

/// An outer ring and its holes; each ring closed (first point repeated at the end).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Polygon {
    /// The outer ring first, then the holes.
    pub rings: Vec<Vec<Point>>,
}

impl Polygon {
    /// A polygon without holes.
    pub fn from_ring(ring: Vec<Point>) -> Self {
        Self { rings: vec![ring] }
    }
}

/// One or more polygons with one identity.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Shape {
    /// The parts.
    pub polygons: Vec<Polygon>,
}

impl From<Polygon> for Shape {
    fn from(polygon: Polygon) -> Self {
        Self { polygons: vec![polygon] }
    }
}

impl Shape {
    /// Every ring of every part.
    pub fn rings(&self) -> impl Iterator<Item = &Vec<Point>> {
        self.polygons.iter().flat_map(|polygon| &polygon.rings)
    }

    /// Every edge, as pairs of points.
    pub fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        self.rings().flat_map(|ring| ring.windows(2).map(|pair| (pair[0], pair[1])))
    }

    /// The bounds.
    pub fn bounds(&self) -> Bounds {
        Bounds::of(self.rings().flatten().copied())
    }

    /// Is the point inside, by the even-odd rule with half-open edges (see the crate's page)?
    /// O(vertices).
    pub fn contains(&self, p: Point) -> bool {
        self.edges().filter(|(a, b)| crosses_right(*a, *b, p)).count() % 2 == 1
    }

    /// Do the polygons share a point? A common edge or corner counts. O(edges near each other).
    pub fn meets(&self, other: &Shape) -> bool {
        let (here, there) = (self.bounds(), other.bounds());
        if !here.meets(&there) {
            return false;
        }
        let near: Vec<(Point, Point)> =
            other.edges().filter(|(a, b)| Bounds::of([*a, *b]).meets(&here)).collect();
        let crossed = self.edges().any(|(a, b)| {
            let reach = Bounds::of([a, b]);
            reach.meets(&there)
                && near.iter().any(|(c, d)| reach.meets(&Bounds::of([*c, *d])) && segments_meet(a, b, *c, *d))
        });
        // No edge meets another: one lies within the other, or in a hole of it.
        let within =
            |inner: &Shape, outer: &Shape| inner.rings().flatten().next().is_some_and(|p| outer.contains(*p));
        crossed || within(self, other) || within(other, self)
    }

    /// Signed area of the outer rings less the holes, in square units of the coordinates.
    pub fn area(&self) -> f64 {
        self.polygons
            .iter()
            .map(|polygon| {
                let mut areas = polygon.rings.iter().map(|ring| ring_area(ring).abs());
                areas.next().unwrap_or(0.0) - areas.sum::<f64>()
            })
            .sum()
    }

    /// Area in square metres, for longitude and latitude within a city.
    pub fn area_m2(&self) -> f64 {
        let lat = self.bounds().center()[1];
        const DEGREE_M: f64 = 111_195.08;
        self.area() * DEGREE_M * DEGREE_M * lat.to_radians().cos()
    }

    /// A point that is surely inside a part with area: the middle of the widest stretch of a
    /// horizontal line through the middle. Falls back to the middle of the bounds.
    pub fn inner_point(&self) -> Point {
        let bounds = self.bounds();
        let center = bounds.center();
        for step in 0..8 {
            // Lines beside the middle too, where the middle meets vertices or a hole.
            let offset = [0.0, 0.11, -0.11, 0.23, -0.23, 0.37, -0.37, 0.45][step];
            let y = center[1] + offset * (bounds.max[1] - bounds.min[1]);
            let mut cuts: Vec<f64> = self
                .edges()
                .filter(|(a, b)| (a[1] <= y) != (b[1] <= y))
                .map(|(a, b)| a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
                .collect();
            cuts.sort_by(f64::total_cmp);
            let widest = cuts.chunks_exact(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])));
            if let Some([from, to]) = widest
                && to > from
            {
                return [(from + to) / 2.0, y];
            }
        }
        center
    }
}

/// Twice-summed area of a closed ring, positive when it runs anticlockwise.
pub(crate) fn ring_area(ring: &[Point]) -> f64 {
    let Some(origin) = ring.first() else { return 0.0 };
    let shifted = |p: &Point| [p[0] - origin[0], p[1] - origin[1]];
    ring.windows(2)
        .map(|pair| {
            let (a, b) = (shifted(&pair[0]), shifted(&pair[1]));
            a[0] * b[1] - b[0] * a[1]
        })
        .sum::<f64>()
        / 2.0
}

/// Does the edge cross the ray from `p` towards positive x? Computed from the lower to the upper
/// end whatever the edge's direction, so that neighbours agree to the last bit.
#[inline(always)]
pub(crate) fn crosses_right(a: Point, b: Point, p: Point) -> bool {
    if (a[1] <= p[1]) == (b[1] <= p[1]) {
        return false;
    }
    let (low, high) = if a[1] < b[1] { (a, b) } else { (b, a) };
    right_of(low, high, p)
}

/// Does an edge that spans the height of `p`, given from its lower to its upper end, cross that height to
/// the right of `p`?
#[inline(always)]
pub(crate) fn right_of(low: Point, high: Point, p: Point) -> bool {
    let left = (high[0] - low[0]) * (p[1] - low[1]);
    let right = (high[1] - low[1]) * (p[0] - low[0]);
    // Beyond both ends nothing is left to rounding.
    (p[0] < low[0].min(high[0])) | ((p[0] < low[0].max(high[0])) & (left > right))
}

/// Any geometry that a file may hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Geometry {
    /// One point.
    Point(Point),
    /// One or more lines.
    Lines(Vec<Vec<Point>>),
    /// One or more polygons.
    Shape(Shape),
}

impl Geometry {
    /// Does it share a point with a closed box?
    pub fn meets(&self, bounds: &Bounds) -> bool {
        if !self.bounds().meets(bounds) {
            return false;
        }
        match self {
            Geometry::Point(p) => bounds.holds(*p),
            Geometry::Lines(lines) => lines
                .iter()
                .any(|line| line.windows(2).any(|pair| clip_segment(pair[0], pair[1], bounds).is_some())),
            // An edge reaches in, or the whole box lies inside.
            Geometry::Shape(shape) => {
                shape.edges().any(|(a, b)| clip_segment(a, b, bounds).is_some()) || shape.contains(bounds.min)
            }
        }
    }

    /// The bounds.
    pub fn bounds(&self) -> Bounds {
        match self {
            Geometry::Point(p) => Bounds::of([*p]),
            Geometry::Lines(lines) => Bounds::of(lines.iter().flatten().copied()),
            Geometry::Shape(shape) => shape.bounds(),
        }
    }

    /// Every coordinate by its bits, ring by ring: the same for the same geometry only.
    pub fn bits(&self) -> impl Iterator<Item = u64> + '_ {
        let (kind, runs): (u64, Vec<&[Point]>) = match self {
            Geometry::Point(p) => (0, vec![std::slice::from_ref(p)]),
            Geometry::Lines(lines) => (1, lines.iter().map(Vec::as_slice).collect()),
            Geometry::Shape(shape) => (2, shape.rings().map(Vec::as_slice).collect()),
        };
        let run = |points: &'_ [Point]| points.len() as u64;
        let each = runs.into_iter().flat_map(move |points| {
            std::iter::once(run(points)).chain(points.iter().flatten().map(|v| v.to_bits()))
        });
        std::iter::once(kind).chain(each)
    }

    /// Applies a coordinate change to every point.
    pub fn map(self, change: impl Fn(Point) -> Point) -> Self {
        let each = |points: Vec<Point>| points.into_iter().map(&change).collect::<Vec<_>>();
        match self {
            Geometry::Point(p) => Geometry::Point(change(p)),
            Geometry::Lines(lines) => Geometry::Lines(lines.into_iter().map(each).collect()),
            Geometry::Shape(shape) => Geometry::Shape(Shape {
                polygons: shape
                    .polygons
                    .into_iter()
                    .map(|polygon| Polygon { rings: polygon.rings.into_iter().map(each).collect() })
                    .collect(),
            }),
        }
    }

    /// A point that stands for it on a map.
    pub fn anchor(&self) -> Point {
        match self {
            Geometry::Point(p) => *p,
            Geometry::Shape(shape) => shape.inner_point(),
            Geometry::Lines(lines) => lines
                .iter()
                .max_by_key(|line| line.len())
                .and_then(|line| line.get(line.len() / 2))
                .copied()
                .unwrap_or([0.0, 0.0]),
        }
    }
}

/// Do two closed segments share a point, by the signs of four turns?
fn segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool {
    let turn = |p: Point, q: Point, r: Point| {
        let cross = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
        if cross == 0.0 { 0 } else { cross.signum() as i8 }
    };
    let (abc, abd, cda, cdb) = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b));
    if abc * abd < 0 && cda * cdb < 0 {
        return true;
    }
    let on = |p: Point, q: Point, r: Point, side: i8| side == 0 && Bounds::of([p, q]).holds(r);
    on(a, b, c, abc) || on(a, b, d, abd) || on(c, d, a, cda) || on(c, d, b, cdb)
}

/// The stretch of a segment within a closed box, if any (Liang and Barsky).
fn clip_segment(a: Point, b: Point, reach: &Bounds) -> Option<(Point, Point)> {
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for axis in 0..2 {
        let d = b[axis] - a[axis];
        for (limit, sign) in [(reach.min[axis], -1.0), (reach.max[axis], 1.0)] {
            let p = sign * d;
            let q = sign * (limit - a[axis]);
            if p == 0.0 && q < 0.0 {
                return None;
            }
            if p < 0.0 {
                enter = enter.max(q / p);
            } else if p > 0.0 {
                leave = leave.min(q / p);
            }
        }
    }
    let at = |t: f64| [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
    (enter <= leave)
        .then(|| (if enter == 0.0 { a } else { at(enter) }, if leave == 1.0 { b } else { at(leave) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygons_meet_where_they_share_a_point() {
        let square = |x: f64, y: f64, s: f64| vec![[x, y], [x + s, y], [x + s, y + s], [x, y + s], [x, y]];
        let whole = |ring: Vec<Point>| Shape::from(Polygon::from_ring(ring));
        let ringed = Shape::from(Polygon { rings: vec![square(0., 0., 10.), square(2., 2., 6.)] });
        let meets = |x: f64, y: f64, s: f64| {
            let other = whole(square(x, y, s));
            assert_eq!(ringed.meets(&other), other.meets(&ringed));
            ringed.meets(&other)
        };
        // Across, at a corner, along an edge, inside, in the hole, around everything, beyond.
        assert!(meets(-1., -1., 2.) && meets(10., 10., 1.) && meets(10., 3., 2.) && meets(0.5, 0.5, 1.));
        assert!(!meets(3., 3., 1.) && meets(-5., -5., 30.) && !meets(11., 0., 1.));
    }

    #[test]
    fn a_box_is_met_by_what_reaches_into_it_and_by_what_holds_it() {
        let at = |x: f64, y: f64| Bounds { min: [x, y], max: [x + 1.0, y + 1.0] };
        let triangle = vec![[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [0.0, 0.0]];
        let shape = Geometry::Shape(Polygon::from_ring(triangle.clone()).into());
        let lines = Geometry::Lines(vec![triangle]);
        // Inside, across an edge, in the empty corner of its bounds, beyond.
        let boxes = [at(1.0, 1.0), at(4.5, 4.5), at(8.0, 8.0), at(20.0, 0.0)];
        assert_eq!(boxes.map(|b| shape.meets(&b)), [true, true, false, false]);
        assert_eq!(boxes.map(|b| lines.meets(&b)), [false, true, false, false]);
        assert_eq!(boxes.map(|b| Geometry::Point([5.0, 5.0]).meets(&b)), [false, true, false, false]);
    }
}
