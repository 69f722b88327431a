//! Lines that are hard to cross.

use crate::polygon::Point;
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree, RTreeBuilder, RTreeIndex};

/// A line that is hard to cross.
#[derive(Clone, Debug, PartialEq)]
pub struct Barrier {
    /// Where it runs.
    pub line: Vec<Point>,
    /// What a border along it costs, as a share of one in the open: small where it divides. 0: nobody crosses it.
    pub share: f64,
}

/// Lines that are hard to cross, asked by ways.
pub struct Barriers {
    segments: Vec<([Point; 2], f64)>,
    tree: Option<RTree<f64>>,
}

impl Barriers {
    /// Indexes lines in longitude and latitude. O(n log n) in their segments.
    pub fn new(barriers: &[Barrier]) -> Self {
        let segments: Vec<_> = barriers
            .iter()
            .flat_map(|barrier| barrier.line.windows(2).map(|two| ([two[0], two[1]], barrier.share)))
            .filter(|(ends, _)| ends.iter().flatten().all(|value| value.is_finite()))
            .collect();
        let tree = (!segments.is_empty()).then(|| {
            let mut builder = RTreeBuilder::<f64>::new(segments.len() as u32);
            for ([a, b], _) in &segments {
                builder.add(a[0].min(b[0]), a[1].min(b[1]), a[0].max(b[0]), a[1].max(b[1]));
            }
            builder.finish::<HilbertSort>()
        });
        Self { segments, tree }
    }

    /// The least share of all barriers that a straight way crosses; 1 where it crosses none.
    pub fn share(&self, way: [Point; 2]) -> f64 {
        self.crossings(way).fold(1.0, |least, (share, _)| f64::min(least, share))
    }

    /// All barriers that a straight way crosses: their shares, and where.
    pub fn crossings(&self, way: [Point; 2]) -> impl Iterator<Item = (f64, Point)> + '_ {
        let [a, b] = way;
        let found = self
            .tree
            .as_ref()
            .map(|tree| tree.search(a[0].min(b[0]), a[1].min(b[1]), a[0].max(b[0]), a[1].max(b[1])));
        found.into_iter().flatten().filter_map(move |at| {
            let (line, share) = &self.segments[at as usize];
            meeting(way, *line).map(|place| (*share, place))
        })
    }
}

/// Where two straight lines meet, ends included; parallel ones do not.
fn meeting([a, b]: [Point; 2], [c, d]: [Point; 2]) -> Option<Point> {
    let (along, other) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let cross = along[0] * other[1] - along[1] * other[0];
    if cross == 0.0 {
        return None;
    }
    let apart = [c[0] - a[0], c[1] - a[1]];
    let share = (apart[0] * other[1] - apart[1] * other[0]) / cross;
    let on_other = (apart[0] * along[1] - apart[1] * along[0]) / cross;
    ((0.0..=1.0).contains(&share) && (0.0..=1.0).contains(&on_other))
        .then(|| [a[0] + along[0] * share, a[1] + along[1] * share])
}
