//! A point in CGCS2000/WGS 84 longitude and latitude, in degrees.

use serde::{Deserialize, Serialize};

/// Mean radius of the earth in metres, for distances within a city.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point in degrees, always within ±180 and ±90.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LonLat {
    /// Degrees east.
    pub lon: f64,
    /// Degrees north.
    pub lat: f64,
}

impl LonLat {
    /// The point, or none when it is not finite or out of range.
    pub fn new(lon: f64, lat: f64) -> Option<Self> {
        let fits = lon.is_finite() && lat.is_finite() && lon.abs() <= 180.0 && lat.abs() <= 90.0;
        fits.then_some(Self { lon, lat })
    }

    /// Great-circle distance in metres (haversine; error below 0.6 % against the ellipsoid).
    pub fn distance_m(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = (b - a) / 2.0;
        let half_lon = (other.lon - self.lon).to_radians() / 2.0;
        let h = half_lat.sin().powi(2) + a.cos() * b.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let (Some(a), Some(b)) = (LonLat::new(114.0, 30.0), LonLat::new(114.0, 31.0)) else {
            unreachable!("both points are in range")
        };
        assert!((a.distance_m(b) - 111_195.0).abs() < 10.0);
        assert!(LonLat::new(200.0, 0.0).is_none());
        assert!(LonLat::new(f64::NAN, 0.0).is_none());
    }
}
