//! The index for those whose cells carry numbers: point → number of each layer.

use crate::check::Fault;
use crate::index::{Index, IndexBuilder, NONE};
use crate::polygon::{Point, Shape};

/// Finds the cells of points in several layers. Immutable: swap it whole to change it.
pub struct Locator {
    index: Index,
    /// For each layer the numbers of its cells.
    codes: Vec<Vec<i64>>,
}

/// A cell that no point can be looked for in: its layer, number and fault.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Layer, by its place.
    pub layer: usize,
    /// The cell's number.
    pub code: i64,
    /// What is wrong, and where.
    pub fault: Fault,
}

impl Locator {
    /// Compiles layers of shapes with their numbers, and says which were left out because their rings are
    /// broken. Where shapes of one layer overlap, the first that contains a point wins.
    pub fn new(layers: &[Vec<(Shape, i64)>]) -> (Self, Vec<LeftOut>) {
        let mut builder = IndexBuilder::default();
        let (mut codes, mut left_out) = (Vec::new(), Vec::new());
        for (number, cells) in layers.iter().enumerate() {
            let layer = builder.layer(&number.to_string());
            let mut taken = Vec::new();
            for (shape, code) in cells {
                match builder.add(layer, "", shape) {
                    Ok(()) => taken.push(*code),
                    Err(fault) => left_out.push(LeftOut { layer: number, code: *code, fault }),
                }
            }
            codes.push(taken);
        }
        (Self { index: builder.build(), codes }, left_out)
    }

    /// The cell of each layer at a point; none outside all cells and for what is not finite.
    pub fn cells_at(&self, point: Point) -> Vec<Option<i64>> {
        let mut found = vec![NONE; self.codes.len()];
        self.index.cells_at(point, &mut found);
        found.iter().zip(&self.codes).map(|(cell, codes)| codes.get(*cell as usize).copied()).collect()
    }

    /// The cell of one layer.
    pub fn cell_at(&self, layer: usize, point: Point) -> Option<i64> {
        self.codes.get(layer)?.get(self.index.cell_at(layer, point)? as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::polygon::Polygon;

    #[test]
    fn holes_belong_to_nobody_and_broken_cells_are_named() {
        let hole = vec![[1., 1.], [2., 1.], [2., 2.], [1., 2.], [1., 1.]];
        let outer = vec![[0., 0.], [3., 0.], [3., 3.], [0., 3.], [0., 0.]];
        let shape = Shape::from(Polygon { rings: vec![outer.clone(), hole] });
        assert!((shape.area() - 8.0).abs() < 1e-12);
        assert!(shape.contains(shape.inner_point()));
        let open = Shape::from(Polygon::from_ring(outer[..4].to_vec()));
        let (locator, left_out) = Locator::new(&[vec![(open, 7), (shape, 1)], vec![]]);
        assert_eq!(left_out.iter().map(|l| (l.code, l.fault.what)).collect::<Vec<_>>(), [(7, "unclosed")]);
        assert_eq!(locator.cells_at([1.5, 1.5]), vec![None, None]);
        assert_eq!(locator.cells_at([0.5, 1.5]), vec![Some(1), None]);
        assert_eq!(locator.cells_at([f64::NAN, 1.5]), vec![None, None]);
        assert_eq!((locator.cell_at(0, [0.5, 1.5]), locator.cell_at(1, [0.5, 1.5])), (Some(1), None));
    }
}
