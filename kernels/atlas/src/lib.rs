//! Where is this point? Layers of polygons that may overlap, point → cell of each layer, with an
//! exact answer on every edge and vertex; coordinates; checks of geometry; the geometry of tiles.
//!
//! ```
//! use gridweave_atlas::{Locator, Shape, Polygon};
//! let square = |x: f64| Polygon::from_ring(vec![[x, 0.], [x + 1., 0.], [x + 1., 1.], [x, 1.], [x, 0.]]);
//! let layer = vec![(Shape::from(square(0.0)), 10), (Shape::from(square(1.0)), 20)];
//! let (locator, left_out) = Locator::new(&[layer]);
//! assert!(left_out.is_empty());
//! // A shared edge belongs to one side, the same for both neighbours.
//! assert_eq!(locator.cells_at([1.0, 0.5]), vec![Some(20)]);
//! assert_eq!(locator.cells_at([0.5, 0.5]), vec![Some(10)]);
//! assert_eq!(locator.cells_at([2.5, 0.5]), vec![None]);
//! ```
//!
//! **The half-open rule.** A point is inside where a ray towards positive x crosses the rings an odd
//! number of times; an edge counts its lower end and not its upper, and only crossings strictly to
//! the right of the point. The crossing is decided by an orientation that both neighbours compute
//! from the same two vertices in the same order, so that a point on a shared edge has one owner.

pub mod check;
pub mod crs;
pub mod geojson;
pub mod ground;
mod index;
mod locate;
pub mod measure;
mod near;
mod polygon;
pub mod tile;
pub mod wkb;

pub use index::{Edit, FORMAT_VERSION, Index, IndexBuilder, InvalidEdit, InvalidSnapshot, NONE, Source};
pub use locate::{LeftOut, Locator};
pub use near::{Near, NearIndex};
pub use polygon::{Bounds, Geometry, Point, Polygon, Shape};
