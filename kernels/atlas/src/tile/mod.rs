//! The geometry of vector tiles: geometries are added to a [`Drawing`] once, projected, in fixed point, each
//! vertex weighed; a [`Cutter`] then clips and simplifies them for any tile in one pass over what it shows.
//!
//! ```
//! use gridweave_atlas::tile::{Cutter, Drawing, TileId};
//! use gridweave_atlas::{Geometry, Polygon};
//! let ring = vec![[114.30, 30.50], [114.31, 30.50], [114.31, 30.51], [114.30, 30.51], [114.30, 30.50]];
//! let mut drawing = Drawing::default();
//! drawing.add(&Geometry::Shape(Polygon::from_ring(ring).into()));
//! let mut cutter = Cutter::default();
//! let here = cutter.cut(&drawing, 0, TileId::new(12, 3348, 1683).unwrap()).unwrap();
//! assert_eq!(here.runs().next().map(|(ring, outer)| (ring.len(), outer)), Some((4, true)));
//! assert!(cutter.cut(&drawing, 0, TileId::new(12, 0, 0).unwrap()).is_none());
//! ```

mod cut;
mod drawing;

pub use cut::{Cut, CutKind, Cutter, Pixel};
pub use drawing::{Drawing, FixedBox};

use crate::polygon::Point;

const EXTENT_BITS: i32 = 12;
/// A tile's own units across.
pub const EXTENT: u32 = 1 << EXTENT_BITS;
/// How far a tile reaches beyond its edge, in its own units.
const BUFFER: i64 = 64;
/// The deepest zoom that tiles are cut for.
pub const ZOOM_MAX: u8 = 24;

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
        (z <= ZOOM_MAX && x < 1 << z && y < 1 << z).then_some(Self { z, x, y })
    }

    /// The four tiles of the next zoom; none below the deepest.
    pub fn below(self) -> impl Iterator<Item = Self> {
        let (x, y) = (self.x * 2, self.y * 2);
        let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
        four.into_iter().filter_map(move |(x, y)| Self::new(self.z + 1, x, y))
    }

    /// Its box with the buffer: whatever is drawn in the tile meets it.
    pub fn reach(self) -> FixedBox {
        let bits = 32 - EXTENT_BITS - i32::from(self.z);
        let at = |units: i64| {
            let fixed = if bits >= 0 { units << bits } else { units >> -bits };
            fixed.clamp(0, i64::from(u32::MAX)) as u32
        };
        let low = |v: u32| at((i64::from(v) << EXTENT_BITS) - BUFFER - 1);
        let high = |v: u32| at((i64::from(v + 1) << EXTENT_BITS) + BUFFER + 1);
        [low(self.x), low(self.y), high(self.x), high(self.y)]
    }
}

/// Degrees → the unit square of the Web Mercator world, y southwards.
pub fn to_world(p: Point) -> Point {
    let m = crate::crs::to_web_mercator(p);
    let half = crate::crs::MERCATOR_HALF_M;
    [m[0] / half / 2.0 + 0.5, 0.5 - m[1] / half / 2.0]
}

/// West, south, east and north in degrees of a fixed-point box.
pub fn degrees_of([west, north, east, south]: FixedBox) -> [f64; 4] {
    let half = crate::crs::MERCATOR_HALF_M;
    let world = (1u64 << 32) as f64;
    let at = |x: u32, y: u32| {
        let m = [(f64::from(x) / world * 2.0 - 1.0) * half, (1.0 - f64::from(y) / world * 2.0) * half];
        crate::crs::from_web_mercator(m)
    };
    let (a, b) = (at(west, south), at(east, north));
    [a[0], a[1], b[0], b[1]]
}
