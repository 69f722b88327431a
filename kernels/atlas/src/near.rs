//! What is near: the nearest of many geometries, those within a radius, those in a box. A packed Hilbert R-tree
//! over their boxes (the crate `geo-index`); distances are metres on the ellipsoid.

use crate::measure::{distance_m, distance_to_m};
use crate::polygon::{Bounds, Geometry, Point};
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{NeighborsOptions, RTree, RTreeBuilder, RTreeIndex};

/// Something near, by its number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Its number.
    pub number: usize,
    /// How far it is; 0 where the point lies within it.
    pub distance_m: f64,
}

/// Geometries by number, asked by place. Immutable: swap it whole to change it.
///
/// ```
/// use gridweave_atlas::{Geometry, NearIndex};
/// let doors = vec![Geometry::Point([114.30, 30.50]), Geometry::Point([114.31, 30.50])];
/// let index = NearIndex::new(doors);
/// let found = index.nearest([114.302, 30.50], 1, None);
/// assert_eq!((found[0].number, found[0].distance_m.round()), (0, 192.0));
/// assert!(index.nearest([114.302, 30.50], 9, Some(100.0)).is_empty());
/// ```
pub struct NearIndex {
    geometries: Vec<Geometry>,
    tree: Option<RTree<f64>>,
}

impl NearIndex {
    /// Indexes geometries in longitude and latitude; their places in the list are their numbers.
    /// O(n · log n). Empty ones are never found.
    pub fn new(geometries: Vec<Geometry>) -> Self {
        let count = u32::try_from(geometries.len()).unwrap_or(u32::MAX);
        let tree = (count > 0).then(|| {
            let mut builder = RTreeBuilder::<f64>::new(count);
            for geometry in &geometries {
                let Bounds { min, max } = geometry.bounds();
                builder.add(min[0], min[1], max[0], max[1]);
            }
            builder.finish::<HilbertSort>()
        });
        Self { geometries, tree }
    }

    /// At most `count` nearest ones, the nearest first, none farther than `within_m`; what is equally far
    /// comes in the order of numbers.
    pub fn nearest(&self, p: Point, count: usize, within_m: Option<f64>) -> Vec<Near> {
        let Some(tree) = self.tree.as_ref().filter(|_| p.iter().all(|v| v.is_finite())) else {
            return Vec::new();
        };
        let mut options = NeighborsOptions::k(count);
        options.include_tie_breakers = true;
        if let Some(within_m) = within_m {
            options = options.max_distance(within_m);
        }
        let found = tree.neighbors_with_callbacks(
            options,
            |reach| at_least_m(p, reach),
            |number, _| {
                let far = distance_to_m(p, &self.geometries[number as usize]);
                far.is_finite().then_some(far)
            },
        );
        let mut found: Vec<Near> = found
            .into_iter()
            .map(|(number, distance_m)| Near { number: number as usize, distance_m })
            .collect();
        found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.number.cmp(&b.number)));
        found.truncate(count);
        found
    }

    /// All within a radius, the nearest first.
    pub fn within(&self, p: Point, radius_m: f64) -> Vec<Near> {
        self.nearest(p, self.geometries.len(), Some(radius_m))
    }

    /// Those that meet a closed box, in the order of their numbers.
    pub fn in_box(&self, reach: &Bounds) -> Vec<usize> {
        let Some(tree) = &self.tree else { return Vec::new() };
        let mut found: Vec<usize> = tree
            .search(reach.min[0], reach.min[1], reach.max[0], reach.max[1])
            .into_iter()
            .map(|number| number as usize)
            .filter(|number| self.geometries[*number].meets(reach))
            .collect();
        found.sort_unstable();
        found
    }
}

/// No point of a box is nearer than this. The nearest point of the same latitude or longitude is not quite the
/// nearest of all on the ellipsoid: by less than a hundredth while the box is within ten degrees; beyond, nothing
/// is promised and the box is looked into.
fn at_least_m(p: Point, [west, south, east, north]: [f64; 4]) -> f64 {
    if !(west <= east && south <= north) {
        return f64::INFINITY;
    }
    let beside = [p[0].clamp(west, east), p[1].clamp(south, north)];
    let degrees = (beside[0] - p[0]).abs().max((beside[1] - p[1]).abs());
    if degrees > 10.0 || p[1].abs() > 80.0 { 0.0 } else { distance_m(p, beside) * 0.99 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::Polygon;
    use proptest::prelude::*;

    fn geometry() -> impl Strategy<Value = Geometry> {
        let at = (113.5f64..115.0, 29.5f64..31.0).prop_map(|(x, y)| [x, y]);
        let square = (113.5f64..115.0, 29.5f64..31.0, 0.0f64..0.2).prop_map(|(x, y, s)| {
            let ring = vec![[x, y], [x + s, y], [x + s, y + s / 2.0], [x, y + s], [x, y]];
            Geometry::Shape(Polygon::from_ring(ring).into())
        });
        let line = prop::collection::vec(at.clone(), 2..5).prop_map(|line| Geometry::Lines(vec![line]));
        prop_oneof![at.prop_map(Geometry::Point), square, line, Just(Geometry::Lines(vec![]))]
    }

    proptest! {
        #[test]
        fn answers_are_those_of_looking_at_everything(
            geometries in prop::collection::vec(geometry(), 0..60),
            (x, y) in (113.4f64..115.2, 29.4f64..31.2),
            count in 0usize..12,
            radius in 0.0f64..60_000.0,
        ) {
            let p = [x, y];
            let mut all: Vec<Near> = geometries
                .iter()
                .enumerate()
                .map(|(number, geometry)| Near { number, distance_m: distance_to_m(p, geometry) })
                .filter(|near| near.distance_m.is_finite())
                .collect();
            all.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.number.cmp(&b.number)));
            let index = NearIndex::new(geometries.clone());
            prop_assert_eq!(index.nearest(p, count, None), all.iter().copied().take(count).collect::<Vec<_>>());
            let near: Vec<Near> = all.iter().copied().filter(|near| near.distance_m <= radius).collect();
            prop_assert_eq!(index.within(p, radius), near);
            let reach = Bounds { min: [x, y], max: [x + 0.3, y + 0.2] };
            let met: Vec<usize> = (0..geometries.len()).filter(|i| geometries[*i].meets(&reach)).collect();
            prop_assert_eq!(index.in_box(&reach), met);
        }
    }

    #[test]
    fn where_there_is_nothing_nothing_is_near() {
        let none = NearIndex::new(vec![]);
        assert!(
            none.nearest([114.0, 30.0], 3, None).is_empty() && none.within([114.0, 30.0], 1e6).is_empty()
        );
        let one = NearIndex::new(vec![Geometry::Point([114.0, 30.0])]);
        assert!(one.nearest([f64::NAN, 30.0], 3, None).is_empty());
        assert_eq!(one.nearest([-70.0, -30.0], 3, None).len(), 1, "on the other side of the world too");
    }
}
