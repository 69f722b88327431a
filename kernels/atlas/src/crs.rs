//! Coordinate systems: WGS 84/CGCS2000 ↔ GCJ-02 ↔ BD-09, and Web Mercator.
//!
//! GCJ-02 is published only by its use; the polynomial is the one that every open implementation
//! shares. Outside China there is no shift. The inverses iterate until they return within 1e-9
//! degrees.

use crate::polygon::Point;
use std::f64::consts::PI;

/// Semi-major axis and squared eccentricity of the Krasovsky 1940 ellipsoid, which GCJ-02 uses.
const AXIS_M: f64 = 6_378_245.0;
const ECCENTRICITY_2: f64 = 0.006_693_421_622_965_943;

/// A coordinate system that the platform reads and writes at its border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crs {
    /// WGS 84, for our purpose the same as CGCS2000.
    Wgs84,
    /// 国测局坐标.
    Gcj02,
    /// 百度坐标.
    Bd09,
    /// EPSG:3857, metres.
    WebMercator,
}

impl Crs {
    /// Reads `wgs84`, `cgcs2000`, `epsg:4326`, `gcj02`, `bd09`, `epsg:3857`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "wgs84" | "cgcs2000" | "epsg:4326" | "epsg:4490" | "crs84" => Some(Crs::Wgs84),
            "gcj02" => Some(Crs::Gcj02),
            "bd09" | "bd09ll" => Some(Crs::Bd09),
            "epsg:3857" | "webmercator" => Some(Crs::WebMercator),
            _ => None,
        }
    }

    /// Brings a point of this system to WGS 84.
    pub fn to_wgs84(self, p: Point) -> Point {
        match self {
            Crs::Wgs84 => p,
            Crs::Gcj02 => gcj02_to_wgs84(p),
            Crs::Bd09 => gcj02_to_wgs84(bd09_to_gcj02(p)),
            Crs::WebMercator => from_web_mercator(p),
        }
    }

    /// Brings a WGS 84 point to this system.
    pub fn from_wgs84(self, p: Point) -> Point {
        match self {
            Crs::Wgs84 => p,
            Crs::Gcj02 => wgs84_to_gcj02(p),
            Crs::Bd09 => gcj02_to_bd09(wgs84_to_gcj02(p)),
            Crs::WebMercator => to_web_mercator(p),
        }
    }
}

/// The rectangle in which the shift is applied.
fn in_china([lon, lat]: Point) -> bool {
    (72.004..=137.8347).contains(&lon) && (0.8293..=55.8271).contains(&lat)
}

fn shift([lon, lat]: Point) -> Point {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let waves = |v: f64, a: f64, b: f64| (a * (v * PI).sin() + b * (v / 3.0 * PI).sin()) * 2.0 / 3.0;
    let common = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + common
        + waves(y, 20.0, 40.0)
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + common
        + waves(x, 20.0, 40.0)
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let radians = lat.to_radians();
    let magic = 1.0 - ECCENTRICITY_2 * radians.sin().powi(2);
    let root = magic.sqrt();
    let d_lat = north * 180.0 / (AXIS_M * (1.0 - ECCENTRICITY_2) / (magic * root) * PI);
    let d_lon = east * 180.0 / (AXIS_M / root * radians.cos() * PI);
    [d_lon, d_lat]
}

/// WGS 84 → GCJ-02.
pub fn wgs84_to_gcj02(p: Point) -> Point {
    if !in_china(p) {
        return p;
    }
    let d = shift(p);
    [p[0] + d[0], p[1] + d[1]]
}

/// GCJ-02 → WGS 84, iterated to 1e-10 degrees.
pub fn gcj02_to_wgs84(p: Point) -> Point {
    invert(p, wgs84_to_gcj02)
}

const BD_PI: f64 = PI * 3000.0 / 180.0;

/// GCJ-02 → BD-09.
pub fn gcj02_to_bd09([x, y]: Point) -> Point {
    let radius = x.hypot(y) + 0.00002 * (y * BD_PI).sin();
    let angle = y.atan2(x) + 0.000003 * (x * BD_PI).cos();
    [radius * angle.cos() + 0.0065, radius * angle.sin() + 0.006]
}

/// BD-09 → GCJ-02, iterated to 1e-10 degrees.
pub fn bd09_to_gcj02(p: Point) -> Point {
    invert(p, gcj02_to_bd09)
}

/// Fixed-point iteration: the shifts are small and smooth, so a dozen steps are plenty.
fn invert(target: Point, forward: impl Fn(Point) -> Point) -> Point {
    let mut guess = target;
    for _ in 0..30 {
        let there = forward(guess);
        let error = [target[0] - there[0], target[1] - there[1]];
        guess = [guess[0] + error[0], guess[1] + error[1]];
        if error[0].abs().max(error[1].abs()) < 1e-12 {
            break;
        }
    }
    guess
}

/// Half the circumference of the Web Mercator world in metres.
pub const MERCATOR_HALF_M: f64 = 20_037_508.342_789_244;

/// Degrees → Web Mercator metres; latitude held within ±85.0511°.
pub fn to_web_mercator([lon, lat]: Point) -> Point {
    let lat = lat.clamp(-85.051_128_78, 85.051_128_78).to_radians();
    [lon / 180.0 * MERCATOR_HALF_M, (PI / 4.0 + lat / 2.0).tan().ln() / PI * MERCATOR_HALF_M]
}

/// Web Mercator metres → degrees.
pub fn from_web_mercator([x, y]: Point) -> Point {
    let lat = 2.0 * (y / MERCATOR_HALF_M * PI).exp().atan() - PI / 2.0;
    [x / MERCATOR_HALF_M * 180.0, lat.to_degrees()]
}

/// UTM easting and northing of the northern hemisphere → degrees, for street networks that come in
/// such metres. Karney-Krüger series to order n⁴ on WGS 84: error below a millimetre in the zone.
pub fn utm_north_to_wgs84(zone: u8, [easting, northing]: Point) -> Point {
    const A: f64 = 6_378_137.0;
    const F: f64 = 1.0 / 298.257_223_563;
    let n = F / (2.0 - F);
    let (n2, n3, n4) = (n * n, n.powi(3), n.powi(4));
    let radius = A / (1.0 + n) * (1.0 + n2 / 4.0 + n4 / 64.0);
    let beta = [
        n / 2.0 - 2.0 / 3.0 * n2 + 37.0 / 96.0 * n3 - n4 / 360.0,
        n2 / 48.0 + n3 / 15.0 - 437.0 / 1440.0 * n4,
        17.0 / 480.0 * n3 - 37.0 / 840.0 * n4,
        4397.0 / 161_280.0 * n4,
    ];
    let delta = [
        2.0 * n - 2.0 / 3.0 * n2 - 2.0 * n3 + 116.0 / 45.0 * n4,
        7.0 / 3.0 * n2 - 8.0 / 5.0 * n3 - 227.0 / 45.0 * n4,
        56.0 / 15.0 * n3 - 136.0 / 35.0 * n4,
        4279.0 / 630.0 * n4,
    ];
    let xi = northing / (0.9996 * radius);
    let eta = (easting - 500_000.0) / (0.9996 * radius);
    let (mut xi_p, mut eta_p) = (xi, eta);
    for (j, b) in beta.iter().enumerate() {
        let k = 2.0 * (j + 1) as f64;
        xi_p -= b * (k * xi).sin() * (k * eta).cosh();
        eta_p -= b * (k * xi).cos() * (k * eta).sinh();
    }
    let chi = (xi_p.sin() / eta_p.cosh()).asin();
    let mut lat = chi;
    for (j, d) in delta.iter().enumerate() {
        lat += d * (2.0 * (j + 1) as f64 * chi).sin();
    }
    let meridian = f64::from(zone) * 6.0 - 183.0;
    [meridian + eta_p.sinh().atan2(xi_p.cos()).to_degrees(), lat.to_degrees()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inverses_return_within_a_billionth_of_a_degree(lon in 73.6f64..135.0, lat in 18.2f64..53.5) {
            for crs in [Crs::Gcj02, Crs::Bd09, Crs::WebMercator] {
                let back = crs.to_wgs84(crs.from_wgs84([lon, lat]));
                prop_assert!((back[0] - lon).abs() < 1e-9 && (back[1] - lat).abs() < 1e-9, "{crs:?} {back:?}");
            }
        }
    }

    #[test]
    fn known_points_come_out_right() {
        // Tian'anmen, as every open converter gives it.
        let gcj = wgs84_to_gcj02([116.391_349, 39.907_375]);
        assert!((gcj[0] - 116.397_592).abs() < 2e-5 && (gcj[1] - 39.908_777).abs() < 2e-5, "{gcj:?}");
        assert_eq!(wgs84_to_gcj02([11.0, 49.0]), [11.0, 49.0]);
        // The central meridian of zone 50 is 117° E; the equator is northing 0.
        let p = utm_north_to_wgs84(50, [500_000.0, 0.0]);
        assert!((p[0] - 117.0).abs() < 1e-9 && p[1].abs() < 1e-9);
    }
}
