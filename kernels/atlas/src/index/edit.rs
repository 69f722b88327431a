//! Changing some cells of a compiled index: only the buckets of the root that they touch, before and after,
//! are grown anew; the rest is copied as it is.

use super::build::{Draft, grow};
use super::{Index, Layer};
use crate::check::Fault;
use crate::polygon::{Bounds, Shape};
use std::collections::HashMap;

/// A layer is made whole again when it has grown by this share, since edits leave behind what nobody asks for.
const LEFT_BEHIND_MAX: f64 = 0.5;

/// A change to the cell of a code.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Its code; the first cell of that code where there are several. An unknown one is a new cell, behind
    /// all others.
    pub code: String,
    /// Its polygon from now on; none takes the cell out.
    pub shape: Option<Shape>,
}

/// An edit that cannot be made.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidEdit {
    /// The cell's code.
    pub code: String,
    /// What is wrong with its polygon, and where.
    pub fault: Fault,
}

impl Index {
    /// The index with some cells of a layer changed, added or taken out; all edits or none. Cells keep
    /// their numbers, those taken out too. Takes time for copying the layer's arrays, and for what lies
    /// in the touched buckets. A polygon beyond the bounds of the whole index makes all of it anew.
    ///
    /// # Panics
    /// When there is no such layer.
    pub fn with_edits(&self, layer: usize, edits: &[Edit]) -> Result<Index, InvalidEdit> {
        let old = &self.layers[layer];
        let mut was = Vec::new();
        let mut draft = Draft::of(&old.outlines);
        let mut known: HashMap<&str, u32> = edits.iter().map(|edit| (edit.code.as_str(), u32::MAX)).collect();
        for cell in 0..old.codes.len() {
            if let Some(number) = old.codes.get(cell).and_then(|code| known.get_mut(code)) {
                *number = (*number).min(cell as u32);
            }
        }
        let (mut changed, mut added) = (Vec::new(), Vec::new());
        for edit in edits {
            let number = known[edit.code.as_str()];
            match &edit.shape {
                Some(shape) => {
                    let cell = if number == u32::MAX { draft.cells.len() } else { number as usize };
                    was.extend(draft.cells.get(cell).copied());
                    draft.put(cell, shape).map_err(|fault| InvalidEdit { code: edit.code.clone(), fault })?;
                    if number == u32::MAX {
                        known.insert(&edit.code, cell as u32);
                        added.push(edit.code.as_str());
                    }
                    changed.push(cell as u32);
                }
                None if number == u32::MAX => {}
                None => {
                    was.push(draft.cells[number as usize]);
                    draft.take_out(number as usize);
                    changed.push(number);
                }
            }
        }
        changed.sort_unstable();
        changed.dedup();
        let codes = old.codes.with(added.into_iter());
        let frame = self.frame.bounds;
        let fits = |bounds: Bounds| bounds.is_empty() || frame.holds(bounds.min) && frame.holds(bounds.max);
        if !fits(draft.bounds()) {
            let layers = self.layers.iter().enumerate().map(|(number, other)| {
                if number == layer {
                    let outlines = std::mem::take(&mut draft).finished();
                    (other.name.clone(), codes.clone(), Draft::compact(&outlines))
                } else {
                    (other.name.clone(), other.codes.clone(), Draft::compact(&other.outlines))
                }
            });
            return Ok(Index::compiled(layers.collect()));
        }
        let arrays = (old.grids.get(), old.lists.get());
        let grown = grow::regrow(&self.frame, &mut draft, (&changed, &was), arrays);
        let mut fresh = Layer::finished(old.name.clone(), codes, draft, grown, Some(old.clean_words));
        if fresh.words() as f64 > old.clean_words as f64 * (1.0 + LEFT_BEHIND_MAX) {
            let Layer { name, codes, outlines, .. } = fresh;
            fresh = Layer::compiled(&self.frame, name, codes, Draft::compact(&outlines));
        }
        let mut index = self.clone();
        index.layers[layer] = fresh;
        Ok(index)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::{aligned, hard_points, index_of, noise, plain, shapes, tessellation};
    use super::*;
    use crate::index::NONE;
    use crate::polygon::{Point, Polygon};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn edit(code: impl Into<String>, shape: Option<Shape>) -> Edit {
        Edit { code: code.into(), shape }
    }

    /// The cells of layer 0 as they are, by number; what was taken out contains nothing.
    fn agrees(index: &Index, cells: &[Shape], points: &[Point]) {
        let mut found = vec![NONE; points.len() * index.layers()];
        index.locate(points, &mut found);
        for (p, cell) in points.iter().zip(found.chunks(index.layers())) {
            assert_eq!(cell[0], plain(cells, *p), "{p:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// One edit after the other, any shapes: the same answers as the plain rule over the cells as they are.
        #[test]
        fn edits_have_the_plain_rules_answer(
            first in shapes(), other in shapes(), later in shapes(),
            steps in prop::collection::vec((0usize..14, any::<prop::sample::Index>(), 0u8..4), 1..10),
        ) {
            let mut index = index_of(&[first.clone(), other.clone()]);
            let mut cells = first;
            for steps in steps.chunks(2) {
                let mut edits = Vec::new();
                for (cell, pick, kind) in steps {
                    let shape = (*kind > 0).then(|| later[pick.index(later.len())].clone());
                    let cell = (*cell).min(cells.len());
                    if cell == cells.len() {
                        if let Some(shape) = &shape {
                            cells.push(shape.clone());
                            edits.push(edit(format!("0-{cell}"), Some(shape.clone())));
                        }
                    } else {
                        cells[cell] = shape.clone().unwrap_or_default();
                        edits.push(edit(format!("0-{cell}"), shape));
                    }
                }
                index = index.with_edits(0, &edits).unwrap();
                let mut points = hard_points(&cells);
                points.extend(hard_points(&later));
                agrees(&index, &cells, &points);
                for (number, cell) in cells.iter().enumerate() {
                    prop_assert_eq!(index.is_shape(0, number as u32, cell), true);
                }
                for (number, cell) in other.iter().enumerate() {
                    prop_assert!(index.is_shape(1, number as u32, cell));
                }
            }
            let mut bytes = Vec::new();
            index.write("edited", &mut bytes).unwrap();
            let (opened, _) = Index::open(Arc::new(aligned(&bytes))).unwrap();
            agrees(&opened, &cells, &hard_points(&cells));
        }
    }

    #[test]
    fn a_boundary_is_moved_in_a_large_layer_and_little_is_left_behind() {
        let mut cells = tessellation(40, 10, noise(1));
        let mut index = index_of(std::slice::from_ref(&cells));
        let whole = index.layers[0].words();
        let random = noise(5);
        for step in 0..60 {
            // A cell takes the ground of its neighbour; later the neighbour has it back.
            let cell = ((random(step) + 1.0) * 700.0) as usize;
            let grown = Shape {
                polygons: [&cells[cell], &cells[cell + 1]]
                    .into_iter()
                    .flat_map(|c| c.polygons.clone())
                    .collect(),
            };
            let edits =
                [edit(format!("0-{cell}"), Some(grown.clone())), edit(format!("0-{}", cell + 1), None)];
            let taken = index.with_edits(0, &edits).unwrap();
            let mut now = cells.clone();
            (now[cell], now[cell + 1]) = (grown, Shape::default());
            agrees(&taken, &now, &hard_points(&cells[cell..cell + 2]));
            let back = [cell, cell + 1].map(|cell| edit(format!("0-{cell}"), Some(cells[cell].clone())));
            index = taken.with_edits(0, &back).unwrap();
            assert!(index.layers[0].words() < whole * 2);
        }
        agrees(&index, &cells, &hard_points(&cells[..200]));
        cells.truncate(10);
        assert_eq!(index.code(0, 7), Some("0-7"));
    }

    #[test]
    fn an_edit_beyond_the_bounds_or_of_a_broken_ring_leaves_nothing_half_done() {
        let square = |x: f64| {
            Shape::from(Polygon::from_ring(vec![[x, 0.], [x + 1., 0.], [x + 1., 1.], [x, 1.], [x, 0.]]))
        };
        let index = index_of(&[vec![square(0.0)], vec![square(0.0)]]);
        let far = index.with_edits(0, &[edit("far", Some(square(100.0)))]).unwrap();
        let mut found = [NONE; 2];
        far.cells_at([100.5, 0.5], &mut found);
        assert_eq!((found, far.code(0, 1)), ([1, NONE], Some("far")));
        far.cells_at([0.5, 0.5], &mut found);
        assert_eq!(found, [0, 0]);
        let open = Shape::from(Polygon::from_ring(vec![[0., 0.], [1., 0.], [1., 1.]]));
        let refused = index.with_edits(0, &[edit("0-0", None), edit("new", Some(open))]);
        assert_eq!(refused.err().map(|e| (e.code, e.fault.what)), Some(("new".to_owned(), "unclosed")));
        // Nothing is known of the cell that is taken out.
        assert!(index.with_edits(1, &[edit("nobody", None)]).unwrap().is_shape(1, 0, &square(0.0)));
        let nothing = index_of(&[vec![]]).with_edits(0, &[edit("first", Some(square(0.0)))]).unwrap();
        assert_eq!(nothing.cell_at(0, [0.5, 0.5]), Some(0));
    }

    #[test]
    fn cells_that_meet_a_polygon_are_found() {
        let cells = tessellation(4, 3, noise(2));
        let index = index_of(std::slice::from_ref(&cells));
        let expected: Vec<u32> = (0..16).filter(|i| cells[*i as usize].meets(&cells[5])).collect();
        assert_eq!(index.cells_meeting(0, &cells[5]), expected);
        assert_eq!(expected.len(), 9, "itself and all around, corners too");
        let reach = Bounds { min: [0.4, 0.4], max: [0.5, 0.5] };
        assert_eq!(index.cells_in_box(0, &reach), [0]);
        assert!(index.cells_in_box(9, &reach).is_empty());
    }
}
