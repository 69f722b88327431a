//! Coordinate systems: WGS 84/CGCS2000 ↔ GCJ-02 ↔ BD-09, Web Mercator, the Gauss–Krüger zones of CGCS2000
//! and UTM.
//!
//! GCJ-02 is published only by its use; the polynomial is the one that every open implementation
//! shares. Outside China there is no shift. The inverses iterate until they return within 1e-9
//! degrees.

use crate::polygon::Point;
use proj4rs::Proj;
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
    /// A transverse Mercator zone, metres: Gauss–Krüger of CGCS2000 or UTM of WGS 84 (north).
    Transverse(Zone),
}

/// A zone of a transverse Mercator projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Central meridian, degrees east.
    pub meridian: i16,
    /// False easting, metres; with the number of the zone in front where the system puts it there.
    pub easting_m: i32,
    /// Is it UTM (scale 0.9996 on WGS 84) rather than Gauss–Krüger (scale 1 on CGCS2000)?
    pub utm: bool,
}

impl Zone {
    /// The UTM zone of the northern hemisphere, 1 to 60.
    pub fn utm_north(number: u8) -> Option<Self> {
        let meridian = i16::from(number) * 6 - 183;
        (1..=60).contains(&number).then_some(Self { meridian, easting_m: 500_000, utm: true })
    }

    /// The zone of an EPSG code: 4491–4501 and 4502–4512 (six degrees, with and without the zone's number
    /// in front of the easting), 4513–4533 and 4534–4554 (three degrees, likewise), 32601–32660 (UTM north).
    pub fn of_epsg(code: u32) -> Option<Self> {
        let gauss = |meridian: u32, zone: u32| Self {
            meridian: meridian as i16,
            easting_m: (zone * 1_000_000 + 500_000) as i32,
            utm: false,
        };
        match code {
            4491..=4501 => Some(gauss((code - 4491) * 6 + 75, code - 4491 + 13)),
            4502..=4512 => Some(gauss((code - 4502) * 6 + 75, 0)),
            4513..=4533 => Some(gauss((code - 4513) * 3 + 75, code - 4513 + 25)),
            4534..=4554 => Some(gauss((code - 4534) * 3 + 75, 0)),
            32_601..=32_660 => Self::utm_north((code - 32_600) as u8),
            _ => None,
        }
    }

    fn definition(self) -> String {
        let (scale, ellipsoid) = if self.utm { ("0.9996", "WGS84") } else { ("1", "GRS80") };
        let Self { meridian, easting_m, .. } = self;
        format!(
            "+proj=etmerc +lat_0=0 +lon_0={meridian} +k={scale} +x_0={easting_m} +y_0=0 +ellps={ellipsoid} +units=m +no_defs"
        )
    }
}

impl Crs {
    /// Reads `wgs84`, `cgcs2000`, `epsg:4326`, `gcj02`, `bd09`, `epsg:3857`, and the zones of
    /// [`Zone::of_epsg`] as `epsg:4547`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "wgs84" | "cgcs2000" | "epsg:4326" | "epsg:4490" | "crs84" => Some(Crs::Wgs84),
            "gcj02" => Some(Crs::Gcj02),
            "bd09" | "bd09ll" => Some(Crs::Bd09),
            "epsg:3857" | "webmercator" => Some(Crs::WebMercator),
            other => other.strip_prefix("epsg:")?.parse().ok().and_then(Zone::of_epsg).map(Crs::Transverse),
        }
    }

    /// Brings a point of this system to WGS 84. For many points see [`Converter`].
    pub fn to_wgs84(self, p: Point) -> Point {
        Converter::new(self, Crs::Wgs84).convert(p)
    }

    /// Brings a WGS 84 point to this system.
    pub fn from_wgs84(self, p: Point) -> Point {
        Converter::new(Crs::Wgs84, self).convert(p)
    }
}

/// From one system to another, made ready once. Points that a system has no place for become NaN.
pub struct Converter {
    from: Crs,
    to: Crs,
    from_zone: Option<Proj>,
    to_zone: Option<Proj>,
    degrees: Option<Proj>,
}

impl Converter {
    /// A converter between two systems.
    pub fn new(from: Crs, to: Crs) -> Self {
        let zone = |crs| match crs {
            Crs::Transverse(zone) => Proj::from_proj_string(&zone.definition()).ok(),
            _ => None,
        };
        let (from_zone, to_zone) = (zone(from), zone(to));
        let needed = from_zone.is_some() || to_zone.is_some();
        let degrees = needed.then(|| Proj::from_proj_string("+proj=longlat +ellps=GRS80 +no_defs").ok());
        Self { from, to, from_zone, to_zone, degrees: degrees.flatten() }
    }

    /// The point in the other system.
    pub fn convert(&self, p: Point) -> Point {
        if self.from == self.to {
            return p;
        }
        let nowhere = [f64::NAN; 2];
        let wgs84 = match self.from {
            Crs::Wgs84 => p,
            Crs::Gcj02 => gcj02_to_wgs84(p),
            Crs::Bd09 => gcj02_to_wgs84(bd09_to_gcj02(p)),
            Crs::WebMercator => from_web_mercator(p),
            Crs::Transverse(_) => match (&self.from_zone, &self.degrees) {
                (Some(zone), Some(degrees)) => {
                    project(zone, degrees, p).unwrap_or(nowhere).map(f64::to_degrees)
                }
                _ => nowhere,
            },
        };
        match self.to {
            Crs::Wgs84 => wgs84,
            Crs::Gcj02 => wgs84_to_gcj02(wgs84),
            Crs::Bd09 => gcj02_to_bd09(wgs84_to_gcj02(wgs84)),
            Crs::WebMercator => to_web_mercator(wgs84),
            Crs::Transverse(_) => match (&self.to_zone, &self.degrees) {
                (Some(zone), Some(degrees)) => {
                    project(degrees, zone, wgs84.map(f64::to_radians)).unwrap_or(nowhere)
                }
                _ => nowhere,
            },
        }
    }
}

/// One point through the projection library; angles in radians. WGS 84 and CGCS2000 are one here.
fn project(from: &Proj, to: &Proj, [x, y]: Point) -> Option<Point> {
    let mut point = (x, y, 0.0);
    proj4rs::transform::transform(from, to, &mut point).ok()?;
    (point.0.is_finite() && point.1.is_finite()).then_some([point.0, point.1])
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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

    /// Wuhan in EPSG:32650, EPSG:4547 and EPSG:4526, as PROJ 9 gives it.
    const KNOWN: [Point; 3] = [
        [241_609.830_8, 3_387_564.810_9],
        [529_275.895_3, 3_385_864.953_8],
        [38_529_275.895_3, 3_385_864.953_8],
    ];

    #[test]
    fn known_points_come_out_right() {
        // Tian'anmen, as every open converter gives it.
        let gcj = wgs84_to_gcj02([116.391_349, 39.907_375]);
        assert!((gcj[0] - 116.397_592).abs() < 2e-5 && (gcj[1] - 39.908_777).abs() < 2e-5, "{gcj:?}");
        assert_eq!(wgs84_to_gcj02([11.0, 49.0]), [11.0, 49.0]);
        // The central meridian of zone 50 is 117° E; the equator is northing 0.
        let utm = Crs::Transverse(Zone::utm_north(50).unwrap());
        let p = utm.to_wgs84([500_000.0, 0.0]);
        assert!((p[0] - 117.0).abs() < 1e-9 && p[1].abs() < 1e-9);
        let near = |a: Point, b: Point| (a[0] - b[0]).abs() < 1e-3 && (a[1] - b[1]).abs() < 1e-3;
        for (name, expected) in [("epsg:32650", KNOWN[0]), ("epsg:4547", KNOWN[1]), ("epsg:4526", KNOWN[2])] {
            let found = Crs::from_name(name).unwrap().from_wgs84([114.305_25, 30.592_76]);
            assert!(near(found, expected), "{name}: {found:?} for {expected:?}");
        }
    }

    proptest! {
        #[test]
        fn zones_return_within_a_billionth_of_a_degree(lon in -3.0f64..3.0, lat in 18.2f64..53.5, code in 4491u32..4555) {
            let zone = Zone::of_epsg(code).unwrap();
            let crs = Crs::Transverse(zone);
            let p = [f64::from(zone.meridian) + lon, lat];
            let back = crs.to_wgs84(crs.from_wgs84(p));
            prop_assert!((back[0] - p[0]).abs() < 1e-9 && (back[1] - p[1]).abs() < 1e-9, "{code} {back:?}");
        }
    }
}
