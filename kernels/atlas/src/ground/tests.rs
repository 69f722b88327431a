//! Ground is shared without gap or overlap, whatever the blocks and groups.

use super::*;
use crate::polygon::{Geometry, Polygon};
use proptest::prelude::*;

fn rectangle(x: f64, y: f64, wide: f64, high: f64) -> Shape {
    Polygon::from_ring(vec![[x, y], [x + wide, y], [x + wide, y + high], [x, y + high], [x, y]]).into()
}

/// Signed area of all rings in square degrees.
fn area(shapes: &[Shape]) -> f64 {
    shapes.iter().map(Shape::area).sum()
}

#[test]
fn neighbours_touch_along_their_common_edge_also_where_one_has_more_vertices() {
    // One wide block above two narrow ones, one of them drawn the other way round.
    let mut turned = rectangle(114.001, 30.0, 0.001, 0.001);
    turned.polygons[0].rings[0].reverse();
    let shapes = [rectangle(114.0, 30.001, 0.002, 0.001), rectangle(114.0, 30.0, 0.001, 0.001), turned];
    let ground = Ground::of_tiling(&shapes);
    let mut touching: Vec<([u32; 2], i64)> = ground
        .contacts()
        .map(|contact| {
            let [a, b] = contact.blocks;
            ([a.min(b), a.max(b)], contact.length_m.round() as i64)
        })
        .collect();
    touching.sort_unstable();
    assert_eq!(touching, [([0, 1], 96), ([0, 2], 96), ([1, 2], 111)]);
    let outline = &ground.outlines(&[0, 0, 0], 1)[0];
    assert_eq!(outline.polygons.len(), 1);
    assert!((outline.area() - 4e-6).abs() < 1e-12);
}

#[test]
fn a_block_around_another_has_a_hole() {
    let mut ring = rectangle(0.0, 0.0, 0.003, 0.003);
    ring.polygons[0].rings.push(rectangle(0.001, 0.001, 0.001, 0.001).polygons[0].rings[0].clone());
    let ground = Ground::of_tiling(&[ring, rectangle(0.001, 0.001, 0.001, 0.001)]);
    let outlines = ground.outlines(&[0, 1], 2);
    assert_eq!((outlines[0].polygons.len(), outlines[0].polygons[0].rings.len()), (1, 2));
    assert!((area(&outlines) - 9e-6).abs() < 1e-12);
    // Together they have none.
    assert_eq!(ground.outlines(&[0, 0], 1)[0].polygons[0].rings.len(), 1);
}

#[test]
fn blocks_that_touch_in_a_corner_are_two_polygons() {
    let shapes = [rectangle(0.0, 0.0, 0.001, 0.001), rectangle(0.001, 0.001, 0.001, 0.001)];
    let ground = Ground::of_tiling(&shapes);
    assert_eq!(ground.contacts().count(), 0);
    assert_eq!(ground.outlines(&[0, 0], 1)[0].polygons.len(), 2);
}

#[test]
fn ground_around_blocks_reaches_across_a_street_and_not_across_a_river() {
    // Two compounds with 20 m between them, and one 600 m away.
    let shapes = [
        rectangle(114.0, 30.0, 0.001, 0.001),
        rectangle(114.0012, 30.0, 0.001, 0.001),
        rectangle(114.009, 30.0, 0.001, 0.001),
    ];
    let blocks: Vec<Geometry> = shapes.iter().cloned().map(Geometry::Shape).collect();
    let ground = Ground::around(&blocks, AroundBlocks { reach_m: 60.0 });
    let touching: std::collections::BTreeSet<[u32; 2]> = ground
        .contacts()
        .map(|contact| {
            let [a, b] = contact.blocks;
            [a.min(b), a.max(b)]
        })
        .collect();
    assert_eq!(touching.into_iter().collect::<Vec<_>>(), [[0, 1]]);
    let own = ground.outlines(&[0, 1, 2], 3);
    for (shape, own) in shapes.iter().zip(&own) {
        assert!(own.contains(shape.inner_point()));
        assert_eq!(own.polygons.len(), 1);
        // The block, and some 30 to 60 m around it.
        let grown = own.area_m2() / shape.area_m2();
        assert!((1.8..4.2).contains(&grown), "{grown}");
    }
    let all = ground.outlines(&[0, 0, 1], 2);
    assert!((area(&all) - area(&own)).abs() < 1e-12);
    assert_eq!(all[0].polygons.len(), 1);
}

#[test]
fn barriers_tell_what_a_way_crosses() {
    let barriers = Barriers::new(&[
        Barrier { line: vec![[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]], share: 0.0 },
        Barrier { line: vec![[-0.5, 0.2], [0.5, 0.2]], share: 0.3 },
    ]);
    assert_eq!(barriers.share([[-0.1, 0.5], [0.1, 0.5]]), 0.0);
    assert_eq!(barriers.share([[0.1, 0.1], [0.1, 0.3]]), 0.3);
    assert_eq!(barriers.share([[0.2, 0.5], [0.4, 0.6]]), 1.0);
    assert_eq!(barriers.crossings([[-0.1, 0.1], [0.1, 0.3]]).count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn outlines_of_any_groups_tile_what_all_blocks_do(
        xs in prop::collection::vec(1u32..50, 2..9), ys in prop::collection::vec(1u32..50, 2..9), groups in 1usize..6, seed in 0usize..1000,
    ) {
        // A field of rectangles of uneven width and height.
        let steps = |widths: &[u32]| -> Vec<f64> {
            let mut at = 0;
            widths.iter().map(|wide| { at += wide; f64::from(at) * 1e-4 }).collect()
        };
        let (xs, ys) = (steps(&xs), steps(&ys));
        let shapes: Vec<Shape> = xs.windows(2).flat_map(|x| ys.windows(2).map(move |y| rectangle(x[0], y[0], x[1] - x[0], y[1] - y[0]))).collect();
        let group_of: Vec<u32> = (0..shapes.len()).map(|block| ((block * 7 + block * block * seed) % groups) as u32).collect();
        let outlines = Ground::of_tiling(&shapes).outlines(&group_of, groups);
        prop_assert!((area(&outlines) - area(&shapes)).abs() < 1e-13);
        for (shape, group) in shapes.iter().zip(&group_of) {
            let inside = shape.inner_point();
            let holds: Vec<u32> = (0..groups as u32).filter(|group| outlines[*group as usize].contains(inside)).collect();
            prop_assert_eq!(holds, vec![*group]);
        }
    }

    #[test]
    fn ground_around_any_points_is_shared_without_gap_or_overlap(
        points in prop::collection::vec((0u32..400, 0u32..400), 1..60), groups in 1usize..5,
    ) {
        let places: std::collections::BTreeSet<(u32, u32)> = points.into_iter().collect();
        let blocks: Vec<Geometry> = places.iter().map(|(x, y)| Geometry::Point([f64::from(*x) * 1e-5, 30.0 + f64::from(*y) * 1e-5])).collect();
        let ground = Ground::around(&blocks, AroundBlocks { reach_m: 50.0 });
        let own: Vec<u32> = (0..blocks.len() as u32).collect();
        let each = ground.outlines(&own, blocks.len());
        for (block, shape) in blocks.iter().zip(&each) {
            let Geometry::Point(p) = block else { unreachable!() };
            prop_assert!(shape.contains(*p));
        }
        let group_of: Vec<u32> = own.iter().map(|block| block % groups as u32).collect();
        let together = ground.outlines(&group_of, groups);
        let all = ground.outlines(&vec![0; blocks.len()], 1);
        let whole = area(&all);
        prop_assert!((area(&each) - whole).abs() < whole * 1e-6 && (area(&together) - whole).abs() < whole * 1e-6);
    }
}
