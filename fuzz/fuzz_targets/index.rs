//! Any rings from bytes: the compiled index answers as the plain rule does, on every vertex and beside it, before and
//! after an edit; cut into tiles they come out valid; and any bytes as a snapshot are refused without a panic.
#![no_main]

use gridweave_atlas::tile::{Cutter, Drawing, TileId};
use gridweave_atlas::{Edit, Geometry, Index, IndexBuilder, NONE, Point, Polygon, Shape};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

/// Small coordinates on a lattice of quarters, so that edges meet, coincide and collapse.
fn rings(bytes: &[u8]) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for part in bytes.split(|byte| *byte == 0xff) {
        let mut ring: Vec<Point> = part
            .chunks_exact(2)
            .map(|pair| [f64::from(pair[0] as i8) / 4.0, f64::from(pair[1] as i8) / 4.0])
            .collect();
        if ring.len() >= 3 {
            ring.push(ring[0]);
            shapes.push(Shape::from(Polygon::from_ring(ring)));
        }
    }
    shapes
}

/// Every vertex, middle and corner of the edges, and one step of a double beside: as the plain rule says.
fn agrees(index: &Index, shapes: &[Shape], edges: &[Shape]) {
    let mut out = [NONE];
    for (a, b) in edges.iter().flat_map(Shape::edges) {
        for p in [a, [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0], [a[0], b[1]]] {
            for p in [p, [p[0].next_up(), p[1]], [p[0], p[1].next_down()]] {
                index.cells_at(p, &mut out);
                let plain =
                    shapes.iter().position(|shape| shape.contains(p)).map_or(NONE, |cell| cell as u32);
                assert_eq!(out[0], plain, "{p:?}");
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let _ = Index::open(Arc::new(bytes.to_vec()));
    let shapes = rings(bytes);
    let mut builder = IndexBuilder::default();
    let layer = builder.layer("fuzz");
    for (cell, shape) in shapes.iter().enumerate() {
        builder.add(layer, cell.to_string(), shape).expect("closed and finite");
    }
    let index = builder.build();
    agrees(&index, &shapes, &shapes);

    // Every other cell gets the polygon of the one before it, every fourth goes.
    let mut after = shapes.clone();
    let mut edits = Vec::new();
    for cell in (1..shapes.len()).step_by(2) {
        let shape = (cell % 4 == 1).then(|| shapes[cell - 1].clone());
        after[cell] = shape.clone().unwrap_or_default();
        edits.push(Edit { code: cell.to_string(), shape });
    }
    if !edits.is_empty() {
        agrees(&index.with_edits(layer, &edits).expect("closed and finite"), &after, &shapes);
    }

    let mut drawing = Drawing::default();
    for shape in shapes {
        drawing.add(&Geometry::Shape(shape));
    }
    let mut cutter = Cutter::default();
    for number in 0..drawing.len() {
        for (x, y) in [(16, 15), (15, 16), (16, 16), (17, 14)] {
            let Some(cut) = cutter.cut(&drawing, number, TileId::new(5, x, y).expect("there is such a tile"))
            else {
                continue;
            };
            for (ring, _) in cut.runs() {
                assert!(ring.len() >= 3 && ring.iter().flatten().all(|v| (-64..=4160).contains(v)));
            }
        }
    }
});
