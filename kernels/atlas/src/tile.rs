//! The geometry of vector tiles: world coordinates, clipping, simplification to a tile's pixels.

use crate::polygon::{Bounds, Geometry, Point, Polygon, Shape, ring_area};

/// A tile's own units across.
pub const EXTENT: f64 = 4096.0;
/// How far a tile reaches beyond its edge, in its own units.
pub const BUFFER: f64 = 128.0;

/// A tile's address in the usual scheme (y grows southwards).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TileId {
    /// Zoom.
    pub z: u8,
    /// Column from the west.
    pub x: u32,
    /// Row from the north.
    pub y: u32,
}

impl TileId {
    /// The tile, or none where it does not exist.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        (z <= 24 && x < 1 << z && y < 1 << z).then_some(Self { z, x, y })
    }

    /// Its box in world units with the buffer: the world is the unit square, y southwards.
    pub fn bounds(self) -> Bounds {
        let scale = f64::from(1u32 << self.z);
        let edge = BUFFER / EXTENT;
        Bounds {
            min: [(f64::from(self.x) - edge) / scale, (f64::from(self.y) - edge) / scale],
            max: [(f64::from(self.x) + 1.0 + edge) / scale, (f64::from(self.y) + 1.0 + edge) / scale],
        }
    }

    fn to_pixels(self, p: Point) -> Point {
        let scale = f64::from(1u32 << self.z);
        [(p[0] * scale - f64::from(self.x)) * EXTENT, (p[1] * scale - f64::from(self.y)) * EXTENT]
    }
}

/// Degrees → world units.
pub fn to_world(p: Point) -> Point {
    let m = crate::crs::to_web_mercator(p);
    let half = crate::crs::MERCATOR_HALF_M;
    [m[0] / half / 2.0 + 0.5, 0.5 - m[1] / half / 2.0]
}

/// What of a geometry (in world units) is drawn in a tile, in the tile's whole units; none where
/// nothing is left. Outer rings come clockwise on the screen, as the tile format asks.
pub fn cut(geometry: &Geometry, tile: TileId) -> Option<Geometry> {
    let reach = Bounds { min: [-BUFFER; 2], max: [EXTENT + BUFFER; 2] };
    match geometry {
        Geometry::Point(p) => {
            let p = round(tile.to_pixels(*p));
            reach.holds(p).then_some(Geometry::Point(p))
        }
        Geometry::Lines(lines) => {
            let cut: Vec<Vec<Point>> = lines
                .iter()
                .map(|line| line.iter().map(|p| tile.to_pixels(*p)).collect::<Vec<_>>())
                .flat_map(|line| clip_line(&line, &reach))
                .map(|line| thin(&line, 1.0))
                .filter(|line| line.len() >= 2)
                .collect();
            (!cut.is_empty()).then_some(Geometry::Lines(cut))
        }
        Geometry::Shape(shape) => {
            let polygons: Vec<Polygon> =
                shape.polygons.iter().filter_map(|polygon| cut_polygon(polygon, tile, &reach)).collect();
            (!polygons.is_empty()).then_some(Geometry::Shape(Shape { polygons }))
        }
    }
}

fn cut_polygon(polygon: &Polygon, tile: TileId, reach: &Bounds) -> Option<Polygon> {
    let mut rings = Vec::new();
    for (i, ring) in polygon.rings.iter().enumerate() {
        let pixels: Vec<Point> = ring.iter().map(|p| tile.to_pixels(*p)).collect();
        let mut clipped = thin(&clip_ring(&pixels, reach), 1.0);
        if clipped.first() != clipped.last()
            && let Some(first) = clipped.first().copied()
        {
            clipped.push(first);
        }
        let area = ring_area(&clipped);
        // Holes and specks below two square units are not drawn.
        if clipped.len() < 4 || area.abs() < 2.0 {
            if i == 0 {
                return None;
            }
            continue;
        }
        if (area > 0.0) != (i == 0) {
            clipped.reverse();
        }
        rings.push(clipped);
    }
    (!rings.is_empty()).then_some(Polygon { rings })
}

fn round(p: Point) -> Point {
    [p[0].round(), p[1].round()]
}

/// Rounds to whole units, drops repeats and what lies within `tolerance` of the line through its
/// neighbours (Ramer, Douglas and Peucker).
fn thin(points: &[Point], tolerance: f64) -> Vec<Point> {
    if points.len() < 3 {
        let mut rounded: Vec<Point> = points.iter().map(|p| round(*p)).collect();
        rounded.dedup();
        return rounded;
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut stack = vec![(0, points.len() - 1)];
    while let Some((from, to)) = stack.pop() {
        let far = (from + 1..to)
            .map(|i| (i, distance_2(points[i], points[from], points[to])))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((i, distance)) = far
            && distance > tolerance * tolerance
        {
            keep[i] = true;
            stack.push((from, i));
            stack.push((i, to));
        }
    }
    let mut kept: Vec<Point> =
        points.iter().zip(keep).filter(|(_, keep)| *keep).map(|(p, _)| round(*p)).collect();
    kept.dedup();
    kept
}

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

/// Sutherland and Hodgman: a ring against each side of the box.
fn clip_ring(ring: &[Point], reach: &Bounds) -> Vec<Point> {
    let mut points = ring.to_vec();
    for (axis, limit, keep_below) in
        [(0, reach.min[0], false), (0, reach.max[0], true), (1, reach.min[1], false), (1, reach.max[1], true)]
    {
        let inside = |p: &Point| if keep_below { p[axis] <= limit } else { p[axis] >= limit };
        let mut out = Vec::with_capacity(points.len());
        for (i, p) in points.iter().enumerate() {
            let previous = points[(i + points.len() - 1) % points.len()];
            if inside(p) != inside(&previous) {
                out.push(meet(previous, *p, axis, limit));
            }
            if inside(p) {
                out.push(*p);
            }
        }
        points = out;
    }
    points
}

fn meet(a: Point, b: Point, axis: usize, limit: f64) -> Point {
    let t = (limit - a[axis]) / (b[axis] - a[axis]);
    let mut p = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
    p[axis] = limit;
    p
}

/// The stretches of a line within the box.
fn clip_line(line: &[Point], reach: &Bounds) -> Vec<Vec<Point>> {
    let mut stretches: Vec<Vec<Point>> = Vec::new();
    for pair in line.windows(2) {
        let Some((a, b)) = clip_segment(pair[0], pair[1], reach) else { continue };
        match stretches.last_mut() {
            Some(last) if last.last() == Some(&a) => last.push(b),
            _ => stretches.push(vec![a, b]),
        }
    }
    stretches
}

/// The stretch of a segment within a closed box, if any (Liang and Barsky).
pub(crate) fn clip_segment(a: Point, b: Point, reach: &Bounds) -> Option<(Point, Point)> {
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_shape_over_many_tiles_fills_the_middle_one() {
        let ring: Vec<Point> = [[113., 29.], [116., 29.], [116., 32.], [113., 32.], [113., 29.]]
            .into_iter()
            .map(to_world)
            .collect();
        let shape = Geometry::Shape(Polygon::from_ring(ring).into());
        let p = to_world([114.3, 30.6]);
        let scale = f64::from(1u32 << 14);
        let tile = TileId::new(14, (p[0] * scale) as u32, (p[1] * scale) as u32).unwrap();
        let Some(Geometry::Shape(cut)) = cut(&shape, tile) else { unreachable!("nothing drawn") };
        assert_eq!(cut.area(), (EXTENT + 2.0 * BUFFER).powi(2));
        assert!(ring_area(&cut.polygons[0].rings[0]) > 0.0, "clockwise on a screen whose y grows downwards");
    }

    #[test]
    fn what_is_elsewhere_is_not_drawn() {
        let tile = TileId::new(14, 0, 0).unwrap();
        assert_eq!(cut(&Geometry::Point(to_world([114.0, 30.0])), tile), None);
        let line = Geometry::Lines(vec![vec![to_world([114.0, 30.0]), to_world([114.1, 30.0])]]);
        assert_eq!(cut(&line, tile), None);
        assert_eq!(TileId::new(3, 8, 0), None);
    }
}
