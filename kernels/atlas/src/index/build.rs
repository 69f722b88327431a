//! Making the index: layer by layer, grids as fine as their edges ask for.

mod cut;
mod grow;

use super::edges::VERTICES_MAX;
use super::frame::Frame;
use super::snapshot::{Codes, Section};
use super::{Index, Layer};
use crate::check::{Fault, broken};
use crate::polygon::{Bounds, Point, Shape};
use rayon::prelude::*;

/// A layer that is being gathered.
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) codes: Vec<String>,
    pub(crate) first_rings: Vec<u32>,
    pub(crate) first_vertices: Vec<u32>,
    pub(crate) vertices: Vec<Point>,
}

impl Draft {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            codes: Vec::new(),
            first_rings: vec![0],
            first_vertices: vec![0],
            vertices: Vec::new(),
        }
    }
}

/// Gathers cells and compiles them.
///
/// ```
/// use gridweave_atlas::{IndexBuilder, NONE, Polygon, Shape};
/// let square = |x: f64| Shape::from(Polygon::from_ring(vec![[x, 0.], [x + 1., 0.], [x + 1., 1.], [x, 1.], [x, 0.]]));
/// let mut builder = IndexBuilder::default();
/// let base = builder.layer("base");
/// builder.add(base, "west", &square(0.0)).unwrap();
/// builder.add(base, "east", &square(1.0)).unwrap();
/// let index = builder.build();
/// let mut cells = [NONE; 3];
/// index.locate(&[[0.5, 0.5], [1.0, 0.5], [2.5, 0.5]], &mut cells);
/// assert_eq!(cells.map(|cell| index.code(base, cell)), [Some("west"), Some("east"), None]);
/// ```
#[derive(Default)]
pub struct IndexBuilder {
    layers: Vec<Draft>,
}

impl IndexBuilder {
    /// The layer of a name; made where it is not there yet.
    pub fn layer(&mut self, name: &str) -> usize {
        self.layers.iter().position(|layer| layer.name == name).unwrap_or_else(|| {
            self.layers.push(Draft::new(name));
            self.layers.len() - 1
        })
    }

    /// Adds a cell to a layer. What cannot be located in — rings that are empty, open or hold what is no
    /// number — is refused with the fault and its place, and nothing of it is kept. Self-crossing rings
    /// are taken: the even-odd rule has an answer for them.
    pub fn add(&mut self, layer: usize, code: impl Into<String>, shape: &Shape) -> Result<(), Fault> {
        if let Some(fault) = broken(shape) {
            return Err(fault);
        }
        let draft = &mut self.layers[layer];
        let count: usize = shape.rings().map(Vec::len).sum();
        if draft.vertices.len() + count >= VERTICES_MAX {
            return Err(Fault { what: "too_many_vertices", at: shape.bounds().center() });
        }
        for ring in shape.rings() {
            draft.vertices.extend_from_slice(ring);
            draft.first_vertices.push(draft.vertices.len() as u32);
        }
        draft.first_rings.push(draft.first_vertices.len() as u32 - 1);
        draft.codes.push(code.into());
        Ok(())
    }

    /// Compiles the index on all cores of the current pool. O(edges · log edges).
    pub fn build(self) -> Index {
        let bounds = self
            .layers
            .iter()
            .fold(Bounds::EMPTY, |sum, layer| sum.union(Bounds::of(layer.vertices.iter().copied())));
        let frame = Frame::new(bounds);
        let layers = self.layers.into_par_iter().map(|draft| compile(&frame, draft)).collect();
        Index { frame, layers }
    }
}

fn compile(frame: &Frame, mut draft: Draft) -> Layer {
    draft.vertices.shrink_to_fit();
    let (grids, lists) = grow::grow(frame, &draft);
    Layer {
        name: draft.name,
        codes: Codes::new(&draft.codes),
        first_rings: Section::owned(draft.first_rings),
        first_vertices: Section::owned(draft.first_vertices),
        vertices: Section::owned(draft.vertices),
        grids: Section::owned(grids),
        lists: Section::owned(lists),
    }
}
