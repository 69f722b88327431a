//! Point → cell of each layer, through a uniform grid of buckets over the layers' bounds.

use crate::polygon::{Bounds, Point, Shape, crosses_right};
use rayon::prelude::*;

/// Buckets for each cell of a layer, on the average.
const BUCKETS_PER_CELL: usize = 8;
const SIDE_MAX: usize = 2048;

/// One cell of a layer: its edges and its code.
struct Area {
    bounds: Bounds,
    edges: Vec<(Point, Point)>,
    code: i64,
}

/// One layer: areas and, for each bucket, what may be there.
struct Layer {
    bounds: Bounds,
    side: usize,
    areas: Vec<Area>,
    /// For each bucket, the range of `entries`.
    starts: Vec<u32>,
    /// Area number; the lowest bit says whether the bucket lies wholly inside it.
    entries: Vec<u32>,
}

/// Finds the cells of points in several layers. Immutable: swap it whole to change it.
pub struct Locator {
    layers: Vec<Layer>,
}

impl Locator {
    /// Builds from layers of shapes with their codes. Where shapes of one layer overlap, the first
    /// that contains a point wins.
    pub fn new(layers: &[Vec<(Shape, i64)>]) -> Self {
        Self { layers: layers.iter().map(|cells| Layer::new(cells)).collect() }
    }

    /// The cell of each layer at a point; none outside all cells and for what is not finite.
    pub fn cells_at(&self, point: Point) -> Vec<Option<i64>> {
        self.layers.iter().map(|layer| layer.cell_at(point)).collect()
    }

    /// The cell of one layer.
    pub fn cell_at(&self, layer: usize, point: Point) -> Option<i64> {
        self.layers.get(layer).and_then(|layer| layer.cell_at(point))
    }

    /// Many points at once, on all cores: for each layer, the cells in the order of the points.
    pub fn locate_all(&self, points: &[Point]) -> Vec<Vec<Option<i64>>> {
        self.layers
            .iter()
            .map(|layer| points.par_iter().map(|point| layer.cell_at(*point)).collect())
            .collect()
    }
}

impl Layer {
    fn new(cells: &[(Shape, i64)]) -> Self {
        let areas: Vec<Area> = cells
            .iter()
            .map(|(shape, code)| Area { bounds: shape.bounds(), edges: shape.edges().collect(), code: *code })
            .collect();
        let bounds = areas.iter().fold(Bounds::EMPTY, |sum, area| sum.union(area.bounds));
        let side = ((areas.len() * BUCKETS_PER_CELL) as f64).sqrt().ceil() as usize;
        let side = side.clamp(1, SIDE_MAX);
        let mut layer = Self { bounds, side, areas, starts: Vec::new(), entries: Vec::new() };
        layer.fill();
        layer
    }

    /// Puts each area into the buckets that it may reach. A bucket that no edge of the area touches
    /// is wholly inside or wholly outside: its middle decides once and for all.
    fn fill(&mut self) {
        let mut buckets: Vec<Vec<u32>> = vec![Vec::new(); self.side * self.side];
        for (number, area) in self.areas.iter().enumerate() {
            if area.bounds.is_empty() {
                continue;
            }
            let [x0, y0] = self.bucket(area.bounds.min);
            let [x1, y1] = self.bucket(area.bounds.max);
            let width = x1 - x0 + 1;
            let mut touched = vec![false; width * (y1 - y0 + 1)];
            for (a, b) in &area.edges {
                let low = self.bucket([a[0].min(b[0]), a[1].min(b[1])]);
                let high = self.bucket([a[0].max(b[0]), a[1].max(b[1])]);
                for y in low[1]..=high[1] {
                    for x in low[0]..=high[0] {
                        touched[(y - y0) * width + (x - x0)] = true;
                    }
                }
            }
            for y in y0..=y1 {
                for x in x0..=x1 {
                    let on_edge = touched[(y - y0) * width + (x - x0)];
                    let inside = !on_edge && contains(&area.edges, self.bucket_middle(x, y));
                    if on_edge || inside {
                        let entry = (number as u32) << 1 | u32::from(inside);
                        buckets[y * self.side + x].push(entry);
                    }
                }
            }
        }
        self.starts = vec![0];
        for bucket in buckets {
            self.entries.extend(bucket);
            self.starts.push(self.entries.len() as u32);
        }
    }

    fn bucket(&self, p: Point) -> [usize; 2] {
        let at = |axis: usize| {
            let extent = self.bounds.max[axis] - self.bounds.min[axis];
            if extent <= 0.0 {
                return 0;
            }
            let share = (p[axis] - self.bounds.min[axis]) / extent;
            ((share * self.side as f64) as usize).min(self.side - 1)
        };
        [at(0), at(1)]
    }

    fn bucket_middle(&self, x: usize, y: usize) -> Point {
        let at = |axis: usize, i: usize| {
            let extent = self.bounds.max[axis] - self.bounds.min[axis];
            self.bounds.min[axis] + (i as f64 + 0.5) / self.side as f64 * extent
        };
        [at(0, x), at(1, y)]
    }

    fn cell_at(&self, point: Point) -> Option<i64> {
        if !self.bounds.holds(point) {
            return None;
        }
        let [x, y] = self.bucket(point);
        let bucket = y * self.side + x;
        let range = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
        self.entries[range].iter().find_map(|entry| {
            let area = &self.areas[(entry >> 1) as usize];
            let inside = entry & 1 == 1 || (area.bounds.holds(point) && contains(&area.edges, point));
            inside.then_some(area.code)
        })
    }
}

fn contains(edges: &[(Point, Point)], p: Point) -> bool {
    edges.iter().filter(|(a, b)| crosses_right(*a, *b, p)).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::Polygon;
    use proptest::prelude::*;

    /// A tessellation of a square by a jittered lattice: neighbours share vertices exactly.
    fn lattice(n: usize, jitter: &[f64]) -> Vec<(Shape, i64)> {
        let vertex = |i: usize, j: usize| -> Point {
            let edge = i == 0 || j == 0 || i == n || j == n;
            let shake = |k: usize| if edge { 0.0 } else { jitter[k % jitter.len()] };
            [i as f64 + shake(i * 7 + j * 13), j as f64 + shake(i * 11 + j * 5)]
        };
        let mut cells = Vec::new();
        for i in 0..n {
            for j in 0..n {
                let ring = vec![
                    vertex(i, j),
                    vertex(i + 1, j),
                    vertex(i + 1, j + 1),
                    vertex(i, j + 1),
                    vertex(i, j),
                ];
                cells.push((Shape::from(Polygon::from_ring(ring)), (i * n + j) as i64));
            }
        }
        cells
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_rule_and_gives_each_point_one_cell(
            jitter in prop::collection::vec(-0.3f64..0.3, 8),
            points in prop::collection::vec((0.0f64..5.0, 0.0f64..5.0), 50),
        ) {
            let cells = lattice(5, &jitter);
            let locator = Locator::new(std::slice::from_ref(&cells));
            let vertices = cells.iter().flat_map(|(shape, _)| shape.rings().flatten().copied().collect::<Vec<_>>());
            let middles = cells.iter().flat_map(|(shape, _)| {
                shape.edges().map(|(a, b)| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0]).collect::<Vec<_>>()
            });
            let given = points.into_iter().map(|(x, y)| [x, y]);
            for p in given.chain(vertices).chain(middles) {
                let owners: Vec<i64> = cells.iter().filter(|(s, _)| s.contains(p)).map(|(_, c)| *c).collect();
                prop_assert!(owners.len() <= 1, "{p:?} belongs to {owners:?}");
                let inner = p[0] > 0.0 && p[1] > 0.0 && p[0] < 5.0 && p[1] < 5.0;
                prop_assert!(!inner || owners.len() == 1, "{p:?} belongs to nobody");
                prop_assert_eq!(locator.cell_at(0, p), owners.first().copied());
            }
        }
    }

    #[test]
    fn holes_belong_to_nobody_and_odd_points_to_none() {
        let hole = vec![[1., 1.], [2., 1.], [2., 2.], [1., 2.], [1., 1.]];
        let outer = vec![[0., 0.], [3., 0.], [3., 3.], [0., 3.], [0., 0.]];
        let shape = Shape::from(Polygon { rings: vec![outer, hole] });
        assert!((shape.area() - 8.0).abs() < 1e-12);
        assert!(shape.contains(shape.inner_point()));
        let locator = Locator::new(&[vec![(shape, 1)], vec![]]);
        assert_eq!(locator.cells_at([1.5, 1.5]), vec![None, None]);
        assert_eq!(locator.cells_at([0.5, 1.5]), vec![Some(1), None]);
        assert_eq!(locator.cells_at([f64::NAN, 1.5]), vec![None, None]);
    }
}
