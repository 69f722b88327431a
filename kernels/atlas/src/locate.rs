//! The index for those whose cells carry numbers: point → number of each layer.

use crate::check::Fault;
use crate::index::{Edit, Index, IndexBuilder, NONE};
use crate::polygon::{Point, Shape};
use std::collections::HashMap;

/// Where more than this share of a layer's cells is other than before, all of it is compiled anew.
const EDITED_MAX: f64 = 0.1;

/// Finds the cells of points in several layers. Immutable: what changes is a new one, [made from the one
/// before](Locator::followed_by) where little is different.
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
                match builder.add(layer, code.to_string(), shape) {
                    Ok(()) => taken.push(*code),
                    Err(fault) => left_out.push(LeftOut { layer: number, code: *code, fault }),
                }
            }
            codes.push(taken);
        }
        (Self { index: builder.build(), codes }, left_out)
    }

    /// The same for a later state of the layers: only what is different is compiled. Where shapes of one
    /// layer overlap, one that is new comes after those that were there.
    pub fn followed_by(&self, layers: &[Vec<(Shape, i64)>]) -> (Self, Vec<LeftOut>) {
        self.edited(layers).unwrap_or_else(|| Self::new(layers))
    }

    /// None where there is too much to change, or something is wrong: then all is looked at anew.
    fn edited(&self, layers: &[Vec<(Shape, i64)>]) -> Option<(Self, Vec<LeftOut>)> {
        if layers.len() != self.codes.len() {
            return None;
        }
        let (mut index, mut codes) = (self.index.clone(), self.codes.clone());
        for (layer, cells) in layers.iter().enumerate() {
            let numbers: HashMap<i64, u32> = codes[layer].iter().copied().zip(0..).collect();
            let wanted: HashMap<i64, &Shape> = cells.iter().map(|(shape, code)| (*code, shape)).collect();
            // Two cells of one number: which of them is meant is for the whole to say.
            if numbers.len() != codes[layer].len() || wanted.len() != cells.len() {
                return None;
            }
            let same = |shape: &Shape, code: &i64| {
                numbers.get(code).is_some_and(|cell| self.index.is_shape(layer, *cell, shape))
            };
            let changed = cells.iter().filter(|(shape, code)| !same(shape, code));
            let gone = codes[layer].iter().filter(|code| !wanted.contains_key(code));
            let there =
                |code: &&i64| numbers.get(code).is_some_and(|cell| self.index.shape(layer, *cell).is_some());
            let mut edits: Vec<Edit> = changed
                .map(|(shape, code)| Edit { code: code.to_string(), shape: Some(shape.clone()) })
                .collect();
            edits.extend(gone.filter(there).map(|code| Edit { code: code.to_string(), shape: None }));
            if edits.len() as f64 > cells.len() as f64 * EDITED_MAX {
                return None;
            }
            if !edits.is_empty() {
                index = index.with_edits(layer, &edits).ok()?;
                let added = cells.iter().map(|(_, code)| *code).filter(|code| !numbers.contains_key(code));
                codes[layer].extend(added);
            }
        }
        Some((Self { index, codes }, Vec::new()))
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

    #[test]
    fn what_follows_answers_as_if_it_had_been_made_whole() {
        let square = |x: f64, y: f64| {
            Shape::from(Polygon::from_ring(vec![[x, y], [x + 1., y], [x + 1., y + 1.], [x, y + 1.], [x, y]]))
        };
        let mut cells: Vec<(Shape, i64)> =
            (0..400).map(|i| (square(f64::from(i % 20), f64::from(i / 20)), i64::from(i))).collect();
        let other = vec![(square(3.0, 3.0), 7)];
        let (first, _) = Locator::new(&[cells.clone(), other.clone()]);
        // One goes, its neighbour takes its ground, one gets another number, one is new.
        cells.remove(45);
        cells[44].0.polygons.extend(square(5.0, 2.0).polygons);
        cells[100].1 = 5000;
        cells.push((square(25.0, 25.0), 6000));
        let (then, left_out) = first.followed_by(&[cells.clone(), other.clone()]);
        assert!(left_out.is_empty());
        let (whole, _) = Locator::new(&[cells.clone(), other.clone()]);
        for (x, y) in (0..60).flat_map(|x| (0..60).map(move |y| (f64::from(x) / 2.0, f64::from(y) / 2.0))) {
            assert_eq!(then.cells_at([x, y]), whole.cells_at([x, y]), "{x} {y}");
        }
        // Much is different, or a layer is: made whole. A broken one is named as ever.
        let open = Shape::from(Polygon::from_ring(vec![[0., 0.], [1., 0.], [1., 1.]]));
        cells.push((open, 9));
        let (_, left_out) = then.followed_by(&[cells, other.clone()]);
        assert_eq!(left_out.len(), 1);
        let (fewer, _) = then.followed_by(std::slice::from_ref(&other));
        assert_eq!(fewer.cells_at([3.5, 3.5]), vec![Some(7)]);
        // What was taken out may come back.
        let (gone, _) = fewer.followed_by(&[vec![]]);
        assert_eq!(gone.followed_by(&[other]).0.cells_at([3.5, 3.5]), vec![Some(7)]);
    }
}
