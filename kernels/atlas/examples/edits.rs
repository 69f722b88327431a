//! Measures what an edit costs beside making the layer whole, and what is near: prints one JSON line.
//!
//! `cargo run --release --package gridweave-atlas --example edits [SIDE]` makes SIDE × SIDE cells of 60 vertices (141,
//! so about 20,000), changes the border of two neighbours again and again, and looks for the nearest of 1,000,000 points.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use gridweave_atlas::{Edit, Geometry, IndexBuilder, NearIndex, Point, Polygon, Shape};
use std::time::Instant;

const STEPS: usize = 15;
const EDITS: usize = 100;
const POINTS: usize = 1_000_000;
const ASKED: usize = 100_000;

/// A number in 0..1 of a number: the same on every machine.
fn chance(seed: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as f64 / u64::MAX as f64
}

/// A broken line between two corners of the lattice, the same from both sides; `shift` moves its middle.
fn line(from: (usize, usize), to: (usize, usize), shift: f64) -> Vec<Point> {
    let corner = |c: (usize, usize)| [114.0 + c.0 as f64 * 4e-3, 30.3 + c.1 as f64 * 4e-3];
    let (a, b) = (corner(from.min(to)), corner(from.max(to)));
    let key =
        (from.min(to).0 * 7919 + from.min(to).1 * 104_729 + to.max(from).0 * 31 + to.max(from).1) as u64;
    let mut points: Vec<Point> = (0..=STEPS)
        .map(|k| {
            let t = k as f64 / STEPS as f64;
            let off = t.min(1.0 - t) * (0.2 * (chance(key * 64 + k as u64) - 0.5) + shift);
            [a[0] + t * (b[0] - a[0]) - off * (b[1] - a[1]), a[1] + t * (b[1] - a[1]) + off * (b[0] - a[0])]
        })
        .collect();
    (points[0], points[STEPS]) = (a, b);
    if from > to {
        points.reverse();
    }
    points
}

/// The cell at a place of the lattice; `shift` moves its eastern border.
fn cell(i: usize, j: usize, west: f64, east: f64) -> Shape {
    let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1), (i, j)];
    let mut ring: Vec<Point> = Vec::new();
    for (side, pair) in corners.windows(2).enumerate() {
        let shift = [0.0, east, 0.0, west][side];
        ring.extend(line(pair[0], pair[1], shift).into_iter().take(STEPS));
    }
    ring.push(ring[0]);
    Polygon::from_ring(ring).into()
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    let side: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(141);
    let build = || {
        let mut builder = IndexBuilder::default();
        let layer = builder.layer("base");
        for i in 0..side * side {
            builder.add(layer, i.to_string(), &cell(i % side, i / side, 0.0, 0.0)).unwrap();
        }
        builder
    };
    let builder = build();
    let clock = Instant::now();
    let mut index = builder.build();
    let whole_s = clock.elapsed().as_secs_f64();
    let mut edit_s = Vec::new();
    for edit in 0..EDITS {
        let at = (chance(edit as u64) * (side * side - 1) as f64) as usize;
        let (i, j) = (at % side.saturating_sub(1), at / side);
        let shift = 0.3 * chance(edit as u64 + 1000);
        let edits = [
            Edit { code: (j * side + i).to_string(), shape: Some(cell(i, j, 0.0, shift)) },
            Edit { code: (j * side + i + 1).to_string(), shape: Some(cell(i + 1, j, shift, 0.0)) },
        ];
        let clock = Instant::now();
        index = index.with_edits(0, &edits).unwrap();
        edit_s.push(clock.elapsed().as_secs_f64());
    }
    let point = |k: usize| [114.0 + chance(k as u64) * 0.6, 30.3 + chance(k as u64 + (1 << 40)) * 0.6];
    let doors: Vec<Geometry> = (0..POINTS).map(|k| Geometry::Point(point(k))).collect();
    let clock = Instant::now();
    let near = NearIndex::new(doors);
    let near_build_s = clock.elapsed().as_secs_f64();
    let clock = Instant::now();
    let found: usize = (0..ASKED).map(|k| near.nearest(point(k + POINTS), 5, None).len()).sum();
    let near_us = clock.elapsed().as_secs_f64() / ASKED as f64 * 1e6;
    println!(
        "{{\"cells\": {}, \"whole_s\": {whole_s:.4}, \"edit_median_s\": {:.5}, \"places\": {POINTS}, \"near_build_s\": {near_build_s:.3}, \"nearest_5_us\": {near_us:.2}, \"found\": {found}}}",
        side * side,
        median(edit_s)
    );
}
