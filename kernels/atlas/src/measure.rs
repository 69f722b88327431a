//! Metres on the ellipsoid: distance and area by geodesics (Karney, "Algorithms for geodesics", 2013).

use crate::polygon::{Geometry, Point, Shape};
use geographiclib_rs::{Geodesic, InverseGeodesic, PolygonArea, Winding};

/// Metres between two points in longitude and latitude, along the shortest line on the ellipsoid.
pub fn distance_m(a: Point, b: Point) -> f64 {
    Geodesic::wgs84().inverse(a[1], a[0], b[1], b[0])
}

/// Metres to a degree of latitude.
pub(crate) const DEGREE_M: f64 = 111_195.08;

/// How far two places in longitude and latitude are from each other, in metres: for short distances, where a plane is as good as
/// the ellipsoid (within half a percent) and many times as fast.
#[inline]
pub fn plane_m(a: Point, b: Point) -> f64 {
    let wide = (b[0] - a[0]) * f64::midpoint(a[1], b[1]).to_radians().cos();
    wide.hypot(b[1] - a[1]) * DEGREE_M
}

/// Metres from a point to a geometry in longitude and latitude: 0 inside a polygon, else to the nearest
/// of its edges. The foot on an edge is found in the plane about the point, which within a city is as good as
/// exact; the distance to it is the geodesic's. Infinite for what has no vertex.
pub fn distance_to_m(p: Point, geometry: &Geometry) -> f64 {
    match geometry {
        Geometry::Point(q) => distance_m(p, *q),
        Geometry::Lines(lines) => {
            let feet =
                lines.iter().filter_map(|line| foot(p, line.windows(2).map(|pair| (pair[0], pair[1]))));
            nearest_m(p, feet)
        }
        Geometry::Shape(shape) if shape.contains(p) => 0.0,
        Geometry::Shape(shape) => nearest_m(p, foot(p, shape.edges()).into_iter()),
    }
}

fn nearest_m(p: Point, feet: impl Iterator<Item = Point>) -> f64 {
    feet.map(|foot| distance_m(p, foot)).fold(f64::INFINITY, f64::min)
}

/// The point of some edges that is nearest to `p` in the plane about it.
fn foot(p: Point, edges: impl Iterator<Item = (Point, Point)>) -> Option<Point> {
    let narrow = p[1].to_radians().cos();
    let plane = |q: Point| [(q[0] - p[0]) * narrow, q[1] - p[1]];
    edges
        .map(|(a, b)| {
            let (u, v) = (plane(a), plane(b));
            let d = [v[0] - u[0], v[1] - u[1]];
            let length_2 = d[0] * d[0] + d[1] * d[1];
            let t =
                if length_2 == 0.0 { 0.0 } else { (-(u[0] * d[0] + u[1] * d[1]) / length_2).clamp(0.0, 1.0) };
            let off = [u[0] + t * d[0], u[1] + t * d[1]];
            (off[0] * off[0] + off[1] * off[1], [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])])
        })
        .min_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, foot)| foot)
}

/// Square metres of a shape in longitude and latitude: outer rings less their holes.
pub fn area_m2(shape: &Shape) -> f64 {
    let geodesic = Geodesic::wgs84();
    let ring_m2 = |ring: &Vec<Point>| {
        let mut polygon = PolygonArea::new(&geodesic, Winding::CounterClockwise);
        ring.iter().for_each(|p| polygon.add_point(p[1], p[0]));
        // Signed, whichever way the ring runs.
        polygon.compute(true).1.abs()
    };
    shape
        .polygons
        .iter()
        .map(|polygon| {
            let mut rings = polygon.rings.iter().map(ring_m2);
            rings.next().unwrap_or(0.0) - rings.sum::<f64>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::Polygon;

    #[test]
    fn a_degree_is_as_long_as_the_ellipsoid_says() {
        // A degree of the equator, and one of the meridian at it (WGS 84).
        assert!((distance_m([0.0, 0.0], [1.0, 0.0]) - 111_319.491).abs() < 1e-3);
        assert!((distance_m([114.0, 0.0], [114.0, 1.0]) - 110_574.389).abs() < 1e-3);
    }

    #[test]
    fn the_way_to_a_polygon_ends_at_its_nearest_edge() {
        let ring = vec![[114.0, 30.0], [114.01, 30.0], [114.01, 30.01], [114.0, 30.01], [114.0, 30.0]];
        let square = Geometry::Shape(Polygon::from_ring(ring.clone()).into());
        assert_eq!(distance_to_m([114.005, 30.005], &square), 0.0);
        // Straight to the south, and to the corner in the south-west.
        let south = distance_to_m([114.005, 29.99], &square);
        assert!((south - distance_m([114.005, 29.99], [114.005, 30.0])).abs() < 1e-3, "{south}");
        let corner = distance_to_m([113.99, 29.99], &square);
        assert_eq!(corner, distance_m([113.99, 29.99], [114.0, 30.0]));
        assert_eq!(distance_to_m([113.99, 29.99], &Geometry::Lines(vec![ring])), corner);
        assert_eq!(distance_to_m([0.0, 0.0], &Geometry::Lines(vec![])), f64::INFINITY);
    }

    #[test]
    fn holes_are_taken_off_and_direction_does_not_matter() {
        let square = |x: f64, y: f64, s: f64| vec![[x, y], [x + s, y], [x + s, y + s], [x, y + s], [x, y]];
        let whole = Shape::from(Polygon::from_ring(square(114.0, 30.0, 0.01)));
        let mut turned = whole.clone();
        turned.polygons[0].rings[0].reverse();
        let area = area_m2(&whole);
        // 0.01° of longitude and latitude at 30° are 964.9 and 1,108.5 metres.
        assert!((area / (964.9 * 1_108.5) - 1.0).abs() < 1e-3, "{area}");
        assert!((area_m2(&turned) - area).abs() < 1e-6);
        let holed =
            Shape::from(Polygon { rings: vec![square(114.0, 30.0, 0.01), square(114.002, 30.002, 0.005)] });
        assert!((area_m2(&holed) / area - 0.75).abs() < 1e-4);
    }
}
