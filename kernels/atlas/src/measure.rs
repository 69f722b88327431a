//! Metres on the ellipsoid: distance and area by geodesics (Karney, "Algorithms for geodesics", 2013).

use crate::polygon::{Point, Shape};
use geographiclib_rs::{Geodesic, InverseGeodesic, PolygonArea, Winding};

/// Metres between two points in longitude and latitude, along the shortest line on the ellipsoid.
pub fn distance_m(a: Point, b: Point) -> f64 {
    Geodesic::wgs84().inverse(a[1], a[0], b[1], b[0])
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
