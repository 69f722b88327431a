//! Making the index: layer by layer, grids as fine as their edges ask for.

mod cut;
pub(crate) mod grow;

use super::edges::VERTICES_MAX;
use super::frame::Frame;
use super::snapshot::{Codes, Section};
use super::{Index, Layer, Outlines};
use crate::check::{Fault, broken};
use crate::polygon::{Bounds, Point, Shape};
use rayon::prelude::*;

/// The polygons of a layer, open for more.
pub(crate) struct Draft {
    pub(crate) cells: Vec<[u32; 2]>,
    pub(crate) boxes: Vec<[Point; 2]>,
    pub(crate) first_vertices: Vec<u32>,
    pub(crate) vertices: Vec<Point>,
}

impl Default for Draft {
    fn default() -> Self {
        Self { cells: Vec::new(), boxes: Vec::new(), first_vertices: vec![0], vertices: Vec::new() }
    }
}

impl Draft {
    /// A copy of finished outlines.
    pub(crate) fn of(outlines: &Outlines) -> Self {
        Self {
            cells: outlines.cells.get().to_vec(),
            boxes: outlines.boxes.get().to_vec(),
            first_vertices: outlines.first_vertices.get().to_vec(),
            vertices: outlines.vertices.get().to_vec(),
        }
    }

    /// A copy without what no cell holds any more; numbers of cells stay.
    pub(crate) fn compact(outlines: &Outlines) -> Self {
        let mut draft = Self::default();
        for cell in 0..outlines.cells.get().len() {
            let rings: Vec<&[Point]> = outlines.rings(cell).into_iter().flatten().collect();
            let placed = draft.append(rings.into_iter());
            draft.cells.push(placed);
            draft.boxes.push(outlines.boxes.get()[cell]);
        }
        draft
    }

    /// Writes rings behind the others; gives the first and the one behind the last.
    fn append<'a>(&mut self, rings: impl Iterator<Item = &'a [Point]>) -> [u32; 2] {
        let from = self.first_vertices.len() as u32 - 1;
        for ring in rings {
            self.vertices.extend_from_slice(ring);
            self.first_vertices.push(self.vertices.len() as u32);
        }
        [from, self.first_vertices.len() as u32 - 1]
    }

    /// Gives a cell its polygon; the number behind the last is a new cell's.
    pub(crate) fn put(&mut self, cell: usize, shape: &Shape) -> Result<(), Fault> {
        if let Some(fault) = broken(shape) {
            return Err(fault);
        }
        let bounds = shape.bounds();
        let count: usize = shape.rings().map(Vec::len).sum();
        if self.vertices.len() + count >= VERTICES_MAX {
            return Err(Fault { what: "too_many_vertices", at: bounds.center() });
        }
        let placed = self.append(shape.rings().map(Vec::as_slice));
        if cell == self.cells.len() {
            self.cells.push(placed);
            self.boxes.push([bounds.min, bounds.max]);
        } else {
            self.cells[cell] = placed;
            self.boxes[cell] = [bounds.min, bounds.max];
        }
        Ok(())
    }

    /// Takes a cell out; its number stays.
    pub(crate) fn take_out(&mut self, cell: usize) {
        self.cells[cell] = [0, 0];
        self.boxes[cell] = [Bounds::EMPTY.min, Bounds::EMPTY.max];
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.boxes.iter().fold(Bounds::EMPTY, |sum, [min, max]| sum.union(Bounds { min: *min, max: *max }))
    }

    pub(crate) fn finished(mut self) -> Outlines {
        self.vertices.shrink_to_fit();
        Outlines {
            cells: Section::owned(self.cells),
            boxes: Section::owned(self.boxes),
            first_vertices: Section::owned(self.first_vertices),
            vertices: Section::owned(self.vertices),
        }
    }
}

/// A layer that is being gathered.
struct Gathered {
    name: String,
    codes: Vec<String>,
    draft: Draft,
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
    layers: Vec<Gathered>,
}

impl IndexBuilder {
    /// The layer of a name; made where it is not there yet.
    pub fn layer(&mut self, name: &str) -> usize {
        self.layers.iter().position(|layer| layer.name == name).unwrap_or_else(|| {
            self.layers.push(Gathered { name: name.to_owned(), codes: Vec::new(), draft: Draft::default() });
            self.layers.len() - 1
        })
    }

    /// Adds a cell to a layer. What cannot be located in — rings that are empty, open or hold what is no
    /// number — is refused with the fault and its place, and nothing of it is kept. Self-crossing rings
    /// are taken: the even-odd rule has an answer for them.
    pub fn add(&mut self, layer: usize, code: impl Into<String>, shape: &Shape) -> Result<(), Fault> {
        let Gathered { codes, draft, .. } = &mut self.layers[layer];
        draft.put(codes.len(), shape)?;
        codes.push(code.into());
        Ok(())
    }

    /// Compiles the index on all cores of the current pool. O(edges · log edges).
    pub fn build(self) -> Index {
        let gathered = self.layers.into_iter();
        Index::compiled(gathered.map(|layer| (layer.name, Codes::new(&layer.codes), layer.draft)).collect())
    }
}

impl Index {
    /// Compiles layers of a name, codes and polygons each.
    pub(crate) fn compiled(layers: Vec<(String, Codes, Draft)>) -> Self {
        let bounds = layers.iter().fold(Bounds::EMPTY, |sum, (_, _, draft)| sum.union(draft.bounds()));
        let frame = Frame::new(bounds);
        let compile = |(name, codes, draft)| Layer::compiled(&frame, name, codes, draft);
        let layers = layers.into_par_iter().map(compile).collect();
        Index { frame, layers }
    }
}

impl Layer {
    pub(crate) fn compiled(frame: &Frame, name: String, codes: Codes, draft: Draft) -> Self {
        let (grids, lists) = grow::grow(frame, &draft);
        Self::finished(name, codes, draft, (grids, lists), None)
    }

    /// `clean_words` is that of the layer which was edited; none for one that is whole.
    pub(crate) fn finished(
        name: String,
        codes: Codes,
        draft: Draft,
        (grids, lists): (Vec<u32>, Vec<u32>),
        clean_words: Option<usize>,
    ) -> Self {
        let (grids, lists) = (Section::owned(grids), Section::owned(lists));
        let mut layer = Self { name, codes, outlines: draft.finished(), grids, lists, clean_words: 0 };
        layer.clean_words = clean_words.unwrap_or_else(|| layer.words());
        layer
    }
}
