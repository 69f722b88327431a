//! Cells of any ground hang together and are as equal as asked; what cannot be is refused by name.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::contiguity::{Contiguity, Leaving};
use crate::state::Parts;
use crate::*;
use gridweave_chance::Chance;
use proptest::prelude::*;

/// A field of `wide` × `high` blocks of which some neighbours do not touch, in one piece all the same.
fn field(wide: usize, high: usize, missing: f64, seed: u64) -> Vec<(u32, u32, f64)> {
    let mut chance = Chance::new(seed);
    let at = |x: usize, y: usize| (y * wide + x) as u32;
    let mut edges = Vec::new();
    for y in 0..high {
        for x in 0..wide {
            if x + 1 < wide {
                edges.push((at(x, y), at(x + 1, y)));
            }
            if y + 1 < high {
                edges.push((at(x, y), at(x, y + 1)));
            }
        }
    }
    chance.shuffle(&mut edges);
    let mut leader: Vec<u32> = (0..(wide * high) as u32).collect();
    fn find(leader: &[u32], mut of: u32) -> u32 {
        while leader[of as usize] != of {
            of = leader[of as usize];
        }
        of
    }
    edges.retain(|(a, b)| {
        let (a, b) = (find(&leader, *a), find(&leader, *b));
        leader[a.max(b) as usize] = a.min(b);
        a != b || chance.below(1000) as f64 >= missing * 1000.0
    });
    edges.into_iter().map(|(a, b)| (a, b, 1.0)).collect()
}

fn works(count: usize, most: usize, seed: u64) -> Vec<f64> {
    let mut chance = Chance::new(seed);
    (0..count).map(|_| 1.0 + chance.below(most) as f64).collect()
}

fn drawn(graph: &Graph, rules: &Rules, rounds: usize, seed: u64) -> Vec<u32> {
    let prepared = Prepared::new(graph, rules).unwrap();
    let mut draw = Draw::new(&prepared, seed);
    for _ in 0..rounds {
        draw.round();
    }
    draw.cells()
}

fn faults(graph: &Graph, rules: &Rules, cells: &[u32]) -> Vec<Fault> {
    check(graph, rules, cells).faults
}

/// Draws a field with a border through its middle, a row that stays together, two blocks that are to be apart, and few doors.
fn borders_groups_and_doors((wide, high): (usize, usize), cells: usize, seed: u64) {
    let graph = Graph::new(&works(wide * high, 3, seed), &field(wide, high, 0.05, seed)).unwrap();
    let mut chance = Chance::new(seed);
    let block = |x: usize, y: usize| (y * wide + x) as u32;
    let mut rules = Rules::new(cells, Tolerance::Near(0.2));
    // A border from north to south.
    let border = wide / 2;
    rules.divisions = (0..wide * high).map(|block| u32::from(block % wide >= border)).collect();
    let (x, y) = (chance.below(border), chance.below(high));
    // A row of the west stays together where it hangs together.
    let row: Vec<u32> = (0..border).map(|x| block(x, y)).collect();
    let touches = |a: u32, b: u32| graph.neighbours(a).contains(&b);
    if row.windows(2).all(|two| touches(two[0], two[1])) {
        rules.together.push(row);
    }
    let far = block(x, (y + high / 2) % high);
    if far != block(x, y) {
        rules.apart.push((block(x, y), far));
    }
    rules.doors = Some(((0..wide * high).map(|_| 1 + chance.below(3) as u32).collect(), u64::MAX));
    let doors =
        rules.doors.as_ref().map_or(0, |doors| doors.0.iter().map(|doors| u64::from(*doors)).sum::<u64>());
    rules.doors.as_mut().unwrap().1 = (doors as f64 / cells as f64 * 1.6) as u64;
    match Prepared::new(&graph, &rules) {
        // Half of the ground may have too many doors for its cells.
        Err(conflict) => assert!(matches!(conflict, Conflict::Doors { .. }), "{conflict}"),
        Ok(_) => {
            let told = faults(&graph, &rules, &drawn(&graph, &rules, 8, seed));
            let other = |fault: &&Fault| !matches!(fault, Fault::Work { .. });
            assert_eq!(told.iter().find(other), None, "{wide} {high} {cells} {seed}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn cells_of_any_field_hang_together_and_are_equal(
        wide in 8usize..24, high in 8usize..24, missing in 0.0..0.3, cells in 1usize..8, seed in 0u64..1000,
    ) {
        let graph = Graph::new(&works(wide * high, 4, seed), &field(wide, high, missing, seed)).unwrap();
        let rules = Rules::new(cells, Tolerance::Within(0.25));
        prop_assert_eq!(faults(&graph, &rules, &drawn(&graph, &rules, 6, seed)), []);
    }

    #[test]
    fn many_cells_of_few_blocks_are_never_empty_or_in_pieces(
        wide in 2usize..9, high in 2usize..9, missing in 0.0..0.6, cells in 1usize..40, seed in 0u64..1000,
    ) {
        let graph = Graph::new(&works(wide * high, 50, seed), &field(wide, high, missing, seed)).unwrap();
        let cells = cells.min(wide * high);
        let rules = Rules::new(cells, Tolerance::Near(0.01));
        let told = faults(&graph, &rules, &drawn(&graph, &rules, 2, seed));
        prop_assert!(told.iter().all(|fault| matches!(fault, Fault::Work { .. })), "{:?}", told);
    }

    #[test]
    fn borders_groups_and_doors_are_kept_to(
        wide in 12usize..24, high in 12usize..24, cells in 4usize..9, seed in 0u64..1000,
    ) {
        borders_groups_and_doors((wide, high), cells, seed);
    }

    #[test]
    fn neighbours_that_are_all_to_be_apart_are(
        wide in 10usize..22, high in 10usize..22, cells in 4usize..9, all in 2usize..9, seed in 0u64..1000,
    ) {
        let graph = Graph::new(&works(wide * high, 3, seed), &field(wide, high, 0.05, seed)).unwrap();
        let mut chance = Chance::new(seed);
        let mut rules = Rules::new(cells, Tolerance::Near(0.1));
        // As many as there are cells at the most, two columns side by side.
        let (x, y) = (chance.below(wide - 1), chance.below(high - 4));
        let group: Vec<u32> =
            (0..all.min(cells)).map(|at| ((y + at / 2) * wide + x + at % 2) as u32).collect();
        rules.apart = group.iter().flat_map(|a| group.iter().filter(move |b| *b < a).map(move |b| (*a, *b))).collect();
        let told = faults(&graph, &rules, &drawn(&graph, &rules, 8, seed));
        prop_assert!(told.iter().all(|fault| matches!(fault, Fault::Work { .. })), "{:?}", told);
    }

    #[test]
    fn a_node_can_leave_where_a_plain_search_says_so(
        wide in 2usize..12, high in 2usize..12, missing in 0.0..0.7, parts in 1u32..4, seed in 0u64..1000,
    ) {
        let graph = Graph::new(&works(wide * high, 4, seed), &field(wide, high, missing, seed)).unwrap();
        let mut chance = Chance::new(seed);
        let of: Vec<u32> = (0..wide * high).map(|_| chance.below(parts as usize) as u32).collect();
        let parts = Parts::new(of.iter().copied());
        let mut contiguity = Contiguity::default();
        for node in 0..graph.len() as u32 {
            // The node's own piece of its part, without the node.
            let (graph, of) = (&graph, &of);
            let beside = |node: u32| graph.neighbours(node).iter().copied().filter(move |beside| of[*beside as usize] == of[node as usize]);
            let starts: Vec<u32> = beside(node).collect();
            let mut seen = std::collections::BTreeSet::from([node]);
            let mut reached: Vec<u32> = starts.first().copied().into_iter().collect();
            seen.extend(&reached);
            while let Some(at) = reached.pop() {
                reached.extend(beside(at).filter(|beside| seen.insert(*beside)));
            }
            let plain = !starts.is_empty() && starts.iter().all(|start| seen.contains(start));
            let told = contiguity.leaving(graph, &parts, node, usize::MAX);
            prop_assert_eq!(told == Leaving::Whole, plain, "{}", node);
            prop_assert_eq!(told == Leaving::Never, starts.is_empty());
            if told == Leaving::With {
                // Without these too, the rest of the node's piece hangs together, and each touches one before it.
                let gone: std::collections::BTreeSet<u32> = contiguity.cut_off.iter().copied().chain([node]).collect();
                let rest: Vec<u32> = starts.iter().copied().filter(|start| !gone.contains(start)).collect();
                let mut seen = gone.clone();
                let mut reached: Vec<u32> = rest.first().copied().into_iter().collect();
                seen.extend(&reached);
                while let Some(at) = reached.pop() {
                    reached.extend(beside(at).filter(|beside| seen.insert(*beside)));
                }
                prop_assert!(!rest.is_empty() && rest.iter().all(|start| seen.contains(start)));
                let mut before = vec![node];
                for &own in &contiguity.cut_off {
                    prop_assert!(beside(own).any(|beside| before.contains(&beside)));
                    before.push(own);
                }
            }
        }
    }

    #[test]
    fn what_is_drawn_anew_hangs_together_keeps_its_cells_and_changes_little(
        wide in 12usize..24, high in 12usize..24, cells in 3usize..9, seed in 0u64..1000,
    ) {
        let edges = field(wide, high, 0.05, seed);
        let work = works(wide * high, 3, seed);
        let rules = Rules::new(cells, Tolerance::Within(0.15));
        let before = drawn(&Graph::new(&work, &edges).unwrap(), &rules, 4, seed);
        // Work moves from one corner to the other.
        let moved: Vec<f64> = work.iter().enumerate().map(|(block, work)| match (block % wide, block / wide) {
            (x, y) if x < wide / 4 && y < high / 4 => work * 0.4,
            (x, y) if x >= wide - wide / 4 && y >= high - high / 4 => work * 1.6,
            _ => *work,
        }).collect();
        let graph = Graph::new(&moved, &edges).unwrap();
        let prepared = Prepared::new(&graph, &rules).unwrap();
        let mut redraw = Redraw::new(&prepared, &before, &moved, seed);
        for _ in 0..4 {
            redraw.round();
        }
        prop_assert_eq!(faults(&graph, &rules, &redraw.cells()), []);
        let former: Vec<u32> = redraw.former().iter().flatten().copied().collect();
        prop_assert_eq!(former.len(), cells);
        let changed = redraw.cells().iter().zip(&before).filter(|(now, before)| redraw.former()[**now as usize] != Some(**before)).count();
        prop_assert!(changed * 2 < wide * high, "{} of {}", changed, wide * high);
    }
}

#[test]
fn blocks_to_be_apart_are_where_both_begin_deep_in_one_cell() {
    borders_groups_and_doors((17, 17), 5, 908);
}

#[test]
fn the_same_seed_draws_the_same_cells_on_any_number_of_threads() {
    let graph = Graph::new(&works(900, 9, 1), &field(30, 30, 0.1, 1)).unwrap();
    let rules = Rules::new(12, Tolerance::Near(0.03));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| drawn(&graph, &rules, 5, 7))
    };
    assert_eq!(on(1), on(3));
    assert_ne!(on(1), drawn(&graph, &rules, 5, 8));
}

#[test]
fn later_rounds_are_never_worse() {
    let graph = Graph::new(&works(2500, 9, 3), &field(50, 50, 0.1, 3)).unwrap();
    let prepared = Prepared::new(&graph, &Rules::new(25, Tolerance::Near(0.02))).unwrap();
    let mut draw = Draw::new(&prepared, 1);
    let told: Vec<Progress> = (0..8).map(|_| draw.round()).collect();
    assert!(told.windows(2).all(|two| (two[1].off, two[1].cost) <= (two[0].off, two[0].cost)), "{told:?}");
    assert!(told[7].cost < told[0].cost);
}

#[test]
fn islands_get_cells_by_their_work() {
    // Two rows of ten that do not touch, one with twice the work.
    let edges: Vec<_> = (0..20u32).filter(|at| at % 10 != 9).map(|at| (at, at + 1, 1.0)).collect();
    let work: Vec<f64> = (0..20).map(|at| if at < 10 { 2.0 } else { 1.0 }).collect();
    let graph = Graph::new(&work, &edges).unwrap();
    let rules = Rules::new(3, Tolerance::Within(0.01));
    let cells = drawn(&graph, &rules, 2, 1);
    assert_eq!(faults(&graph, &rules, &cells), []);
    assert!(cells[10..].iter().all(|cell| *cell == cells[10]));
}

#[test]
fn cells_of_an_island_with_little_work_keep_to_the_mean_of_all() {
    // Forty blocks and, apart from them, twenty that have a fifth less for each of their cells.
    let edges: Vec<_> = (0..60u32).filter(|at| *at != 39 && *at != 59).map(|at| (at, at + 1, 1.0)).collect();
    let work: Vec<f64> = (0..60).map(|at| if at < 40 { 1.0 } else { 0.8 }).collect();
    let graph = Graph::new(&work, &edges).unwrap();
    for seed in 0..8 {
        let rules = Rules::new(6, Tolerance::Within(0.2));
        assert_eq!(faults(&graph, &rules, &drawn(&graph, &rules, 4, seed)), [], "{seed}");
    }
}

/// A row of blocks with this work.
fn row(work: &[f64]) -> Graph {
    let edges: Vec<_> = (1..work.len() as u32).map(|at| (at - 1, at, 1.0)).collect();
    Graph::new(work, &edges).unwrap()
}

fn refused(graph: &Graph, rules: &Rules) -> String {
    Prepared::new(graph, rules).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_is_refused_with_the_rules_in_conflict() {
    let even = row(&[1.0; 12]);
    let within = |cells| Rules::new(cells, Tolerance::Within(0.05));
    assert_eq!(refused(&even, &within(0)), "0 cells were asked for; ask for at least one");
    assert!(refused(&even, &within(13)).contains("13 cells were asked for, and only 12 blocks"));
    assert!(refused(&row(&[9.0, 1.0, 1.0, 1.0]), &within(2)).contains("block 0 alone has 1.500 times"));
    // Both lie on islands that no whole number of cells fits.
    let mut divided = within(3);
    divided.divisions = (0..12).map(|block| u32::from(block >= 6)).collect();
    let told = refused(&even, &divided);
    assert!(
        told.contains("borders of divisions") && told.contains("1.500 cells") && told.contains("0.250"),
        "{told}"
    );
    divided.tolerance = Tolerance::Within(0.5);
    assert!(Prepared::new(&even, &divided).is_ok());
    let mut together = within(3);
    together.together = vec![vec![0, 1], vec![4, 6]];
    assert!(refused(&even, &together).contains("blocks 4, 6 are to stay together and do not touch"));
    together.together = vec![vec![5, 6]];
    together.divisions = divided.divisions.clone();
    assert!(refused(&even, &together).contains("blocks 5 and 6 are to stay together, and a border"));
    let mut apart = within(2);
    apart.apart = vec![(0, 5), (5, 9), (9, 0)];
    assert!(refused(&even, &apart).contains("blocks 0, 5, 9 are all to be apart"));
    apart.together = vec![vec![0, 1, 2, 3, 4, 5]];
    assert!(refused(&even, &apart).contains("blocks 0 and 5 are to stay together and to be apart"));
    let mut doors = within(3);
    doors.doors = Some((vec![10; 12], 39));
    assert!(
        refused(&even, &doors)
            .contains("120 doors in 3 cells are at least 40 a cell, and 39 are allowed; ask for 4 cells")
    );
    doors.doors = Some((vec![10; 12], 9));
    assert!(refused(&even, &doors).contains("block 0 alone has 10 doors"));
    doors.doors = Some((vec![10; 11], 90));
    assert!(refused(&even, &doors).contains("given for 11 blocks, and there are 12"));
    assert!(Graph::new(&[1.0, f64::NAN], &[]).unwrap_err().to_string().contains("block 1 has work of NaN"));
    assert!(Graph::new(&[1.0], &[(0, 1, 1.0)]).unwrap_err().to_string().contains("edge 0 ends at block 1"));
    assert_eq!(Graph::new(&[0.0], &[]), Err(InvalidProblem::NoWork));
}

#[test]
fn the_check_sees_what_is_wrong() {
    let graph = row(&[1.0; 6]);
    let mut rules = Rules::new(2, Tolerance::Within(0.01));
    assert_eq!(faults(&graph, &rules, &[0, 0, 0, 1, 1, 1]), []);
    assert!(matches!(
        faults(&graph, &rules, &[0, 1, 0, 1, 0, 1])[0],
        Fault::InPieces { cell: 0, pieces: 3, .. }
    ));
    assert!(matches!(
        faults(&graph, &rules, &[0, 0, 1, 1, 1, 1])[..],
        [Fault::Work { .. }, Fault::Work { .. }]
    ));
    assert!(matches!(faults(&graph, &rules, &[0; 6])[..], [Fault::Work { .. }, Fault::Empty { cell: 1 }]));
    assert!(matches!(faults(&graph, &rules, &[0, 0, 0, 1, 1, 2])[..], [Fault::NoCell { block: 5, .. }]));
    assert!(matches!(faults(&graph, &rules, &[0])[..], [Fault::Length { .. }]));
    rules.divisions = vec![0, 0, 1, 1, 1, 1];
    rules.together = vec![vec![2, 3]];
    rules.apart = vec![(0, 1)];
    rules.doors = Some((vec![5; 6], 10));
    let told = faults(&graph, &rules, &[0, 0, 0, 1, 1, 1]);
    let names: Vec<String> = told.iter().map(Fault::to_string).collect();
    assert_eq!(names.len(), 5, "{names:?}");
}

#[test]
fn borders_of_one_network_can_follow_those_of_another() {
    // A field of two rows of four: base cells are its four columns, the other network is torn through the second.
    let graph = Graph::new(&[1.0; 8], &field(4, 2, 0.0, 1)).unwrap();
    let base = [0, 1, 2, 3, 0, 1, 2, 3];
    let other = [0, 0, 1, 1, 0, 1, 1, 1];
    let shared = overlaps(&graph, &base, &other);
    assert_eq!(shared.len(), 5);
    assert_eq!((shared[1].a, shared[1].b, shared[1].of_a, shared[2].b), (1, 0, 0.5, 1));
    assert!((shared[2].of_b - 0.2).abs() < 1e-12);
    let told = alignments(&graph, &base, &other);
    assert_eq!(told.len(), 1);
    let only = &told[0];
    assert_eq!((only.a, only.from, only.to, &only.blocks[..], only.breaks), (1, 1, 0, &[5][..], false));
    assert_eq!((only.before, only.after, only.cost), ([1.25, 0.75], [1.0, 1.0], -0.25));
    // Networks that lie over each other have nothing to align.
    assert_eq!(alignments(&graph, &base, &[0, 0, 1, 1, 0, 0, 1, 1]), []);
    // Block 2 in the middle of its cell cannot go without tearing that.
    let torn = alignments(&row(&[1.0, 1.0, 1.0, 1.0, 1.0, 2.0]), &[0, 0, 1, 0, 0, 1], &[0, 0, 0, 0, 0, 1]);
    assert_eq!((torn.len(), torn[0].breaks, &torn[0].blocks[..]), (1, true, &[2][..]));
}

#[test]
fn a_block_that_alone_joins_too_many_is_refused_by_name() {
    // A hundred blocks that touch only the one in their middle, which is kept together with one of them.
    let edges: Vec<_> = (1..=100u32).map(|leaf| (0, leaf, 1.0)).collect();
    let star = Graph::new(&[1.0; 101], &edges).unwrap();
    let mut rules = Rules::new(4, Tolerance::Within(0.3));
    rules.together = vec![vec![0, 1]];
    let told = refused(&star, &rules);
    assert!(
        told.contains(
            "block 0 with the 1 kept together with it alone joins 99 parts of its ground, 99 of which"
        ) && told.contains("4.000 times the mean work"),
        "{told}"
    );
    rules.tolerance = Tolerance::Near(0.3);
    let near = Prepared::new(&star, &rules).unwrap();
    assert!(matches!(near.bounded_by, Some(Conflict::Hub { block: 0, .. })), "{:?}", near.bounded_by);
    assert_eq!(near.bounded_by.unwrap().blocks(), [0]);
    // With so much tolerance a block of its own is a cell.
    rules.tolerance = Tolerance::Within(0.97);
    let Err(Conflict::Hub { tolerance, .. }) = Prepared::new(&star, &Rules { cells: 2, ..rules.clone() })
    else {
        panic!("not refused")
    };
    assert!((0.98..0.981).contains(&tolerance), "{tolerance}");
    rules.tolerance = Tolerance::Within(tolerance);
    rules.cells = 2;
    assert_eq!(faults(&star, &rules, &drawn(&star, &rules, 4, 1)), []);
}

#[test]
fn rules_that_can_be_kept_each_but_not_together_are_named() {
    let even = row(&[1.0; 12]);
    let mut rules = Rules::new(3, Tolerance::Within(0.05));
    // The middle cell would be blocks 4 to 7.
    rules.apart = vec![(4, 5)];
    let told = refused(&even, &rules);
    let expected = "no way to share the 12 blocks (those kept together count as one) among 3 cells keeps all rules, and every one was \
                    looked at; allow a tolerance of 0.251, or give up the rule \"apart\"";
    assert!(told.contains(expected), "{told}");
    // Where cells are only to come near, nothing is refused that can be come near to.
    rules.tolerance = Tolerance::Near(0.05);
    assert!(matches!(Prepared::new(&even, &rules).unwrap().bounded_by, Some(Conflict::NoWay { .. })));
    let told = faults(&even, &rules, &drawn(&even, &rules, 8, 1));
    assert!(!told.is_empty() && told.iter().all(|fault| matches!(fault, Fault::Work { .. })), "{told:?}");
    rules.apart = vec![(4, 5), (5, 6), (6, 7)];
    rules.doors = Some((vec![1; 12], 4));
    let told = refused(&even, &rules);
    assert!(told.contains("give up the rule \"apart\"") && !told.contains("allow a tolerance"), "{told}");
}

/// Can the blocks be shared among cells so that nothing is wrong? Looks at all ways to share them.
fn can_be(graph: &Graph, rules: &Rules) -> bool {
    fn go(graph: &Graph, rules: &Rules, cells: &mut Vec<u32>, used: u32) -> bool {
        let left = graph.len() - cells.len();
        if rules.cells > used as usize + left {
            return false;
        }
        if left == 0 {
            return faults(graph, rules, cells).is_empty();
        }
        (0..=used.min(rules.cells as u32 - 1)).any(|cell| {
            cells.push(cell);
            let found = go(graph, rules, cells, used.max(cell + 1));
            cells.pop();
            found
        })
    }
    go(graph, rules, &mut Vec::new(), 0)
}

#[test]
fn small_grounds_are_refused_where_nothing_can_be_and_drawn_where_something_can() {
    let (mut refused, mut drawn_within) = (0, 0);
    for seed in 0..500u64 {
        let mut chance = Chance::new(seed);
        let blocks = 4 + chance.below(5);
        let mut edges: Vec<(u32, u32, f64)> =
            (1..blocks as u32).map(|block| (chance.below(block as usize) as u32, block, 1.0)).collect();
        for _ in 0..chance.below(4) {
            edges.push((chance.below(blocks) as u32, chance.below(blocks) as u32, 1.0));
        }
        let graph = Graph::new(&works(blocks, 4, seed), &edges).unwrap();
        let tolerance = [0.1, 0.2, 0.3, 0.5][chance.below(4)];
        let mut rules = Rules::new(2 + chance.below(3), Tolerance::Within(tolerance));
        if chance.below(3) == 0 {
            rules.apart.push((0, 1 + chance.below(blocks - 1) as u32));
        }
        if chance.below(3) == 0 {
            rules.together.push(vec![edges[0].0, edges[0].1]);
        }
        if chance.below(4) == 0 {
            rules.divisions = (0..blocks).map(|_| chance.below(2) as u32).collect();
        }
        if chance.below(3) == 0 {
            let doors = (0..blocks).map(|_| 1 + chance.below(3) as u32).collect();
            rules.doors = Some((doors, 3 + chance.below(4) as u64));
        }
        let can = can_be(&graph, &rules);
        match Prepared::new(&graph, &rules) {
            Err(why) => assert!(!can, "{seed}: refused all the same: {why}"),
            Ok(_) => {
                assert!(can, "{seed}: not refused");
                assert_eq!(faults(&graph, &rules, &drawn(&graph, &rules, 2, seed)), [], "{seed}");
            }
        }
        if can { drawn_within += 1 } else { refused += 1 }
    }
    assert!(refused > 100 && drawn_within > 100, "{refused} {drawn_within}");
}

#[test]
fn small_grounds_drawn_anew_are_within_the_tolerance_where_they_can_be() {
    let mut drawn_anew = 0;
    for seed in 0..150u64 {
        let mut chance = Chance::new(seed);
        let (wide, high, cells) = (3 + chance.below(5), 3 + chance.below(5), 2 + chance.below(5));
        let edges = field(wide, high, 0.2, seed);
        let graph = Graph::new(&works(wide * high, 9, seed), &edges).unwrap();
        let before = drawn(&graph, &Rules::new(cells, Tolerance::Near(0.05)), 4, seed);
        let graph = Graph::new(&works(wide * high, 9, seed + 7), &edges).unwrap();
        let rules = Rules::new(cells, Tolerance::Within([0.3, 0.1, 0.05][chance.below(3)]));
        let Ok(prepared) = Prepared::new(&graph, &rules) else { continue };
        if prepared.known.is_none() {
            continue;
        }
        drawn_anew += 1;
        let mut redraw = Redraw::new(&prepared, &before, &vec![1.0; wide * high], seed);
        for _ in 0..4 {
            redraw.round();
        }
        assert_eq!(faults(&graph, &rules, &redraw.cells()), [], "{seed}");
        let names: std::collections::BTreeSet<u32> = redraw.cells().into_iter().collect();
        assert_eq!(names.len(), cells);
    }
    assert!(drawn_anew > 75, "{drawn_anew}");
}
