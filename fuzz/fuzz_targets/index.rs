//! Any rings from bytes: the compiled index answers as the plain rule does, on every vertex and beside it;
//! and any bytes as a snapshot are refused without a panic.
#![no_main]

use gridweave_atlas::{Index, IndexBuilder, NONE, Point, Polygon, Shape};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

/// Small coordinates on a lattice of quarters, so that edges meet, coincide and collapse.
fn rings(bytes: &[u8]) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for part in bytes.split(|byte| *byte == 0xff) {
        let mut ring: Vec<Point> =
            part.chunks_exact(2).map(|pair| [f64::from(pair[0] as i8) / 4.0, f64::from(pair[1] as i8) / 4.0]).collect();
        if ring.len() >= 3 {
            ring.push(ring[0]);
            shapes.push(Shape::from(Polygon::from_ring(ring)));
        }
    }
    shapes
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
    let mut out = [NONE];
    for (a, b) in shapes.iter().flat_map(Shape::edges) {
        for p in [a, [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0], [a[0], b[1]]] {
            for p in [p, [p[0].next_up(), p[1]], [p[0], p[1].next_down()]] {
                index.cells_at(p, &mut out);
                let plain = shapes.iter().position(|shape| shape.contains(p)).map_or(NONE, |cell| cell as u32);
                assert_eq!(out[0], plain, "{p:?}");
            }
        }
    }
});
