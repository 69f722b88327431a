//! Pieces of ground that touch nothing, joined to what is nearest.

use super::{Plane, Site};
use crate::measure::plane_m;
use crate::polygon::{Bounds, Point};
use spade::{DelaunayTriangulation, Point2, Triangulation};

/// Two blocks of different pieces that are joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Join {
    /// The blocks.
    pub blocks: [u32; 2],
    /// How far their places are from each other, in metres.
    pub length_m: f64,
}

/// A piece is joined to others that are so many times as far as its nearest, too.
const ALSO: f64 = 2.0;

/// Joins pieces over the shortest ways between places of their blocks: those that are needed (Kruskal 1956 on the edges of a
/// Delaunay triangulation, which holds a shortest tree), and those that are not twice as long as the shortest of one of the two.
/// `piece_of`: the piece of each block; `open`: may this way be gone? Pieces that only closed ways lead to stay by themselves.
/// O(n log n).
pub fn joins(places: &[Point], piece_of: &[u32], open: impl Fn([Point; 2]) -> bool) -> Vec<Join> {
    let pieces = piece_of.iter().max().map_or(0, |most| *most as usize + 1);
    let mut leader: Vec<u32> = (0..pieces as u32).collect();
    fn find(leader: &mut [u32], mut of: u32) -> u32 {
        while leader[of as usize] != of {
            leader[of as usize] = leader[leader[of as usize] as usize];
            of = leader[of as usize];
        }
        of
    }
    let plane = Plane::around(Bounds::of(places.iter().copied()).center());
    let mut sites: Vec<Site> = Vec::with_capacity(places.len());
    let mut ways: Vec<(f64, [u32; 2])> = Vec::new();
    let mut first_at = std::collections::HashMap::new();
    for (block, place) in
        places.iter().enumerate().filter(|(_, place)| place.iter().all(|value| value.is_finite()))
    {
        let block = block as u32;
        // Of blocks in one place the first stands for all.
        match first_at.entry(place.map(f64::to_bits)) {
            std::collections::hash_map::Entry::Occupied(first) => ways.push((0.0, [*first.get(), block])),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(block);
                let [x, y] = plane.to(*place);
                sites.push(Site { at: Point2::new(x, y), block });
            }
        }
    }
    if let Ok(triangles) = DelaunayTriangulation::<Site>::bulk_load(sites) {
        ways.extend(
            triangles
                .undirected_edges()
                .map(|edge| (edge.length_2(), edge.vertices().map(|vertex| vertex.data().block))),
        );
    }
    let pieces_of = |blocks: [u32; 2]| {
        let [a, b] = blocks.map(|block| piece_of[block as usize]);
        [a.min(b), a.max(b)]
    };
    ways.retain(|(_, blocks)| {
        let [a, b] = pieces_of(*blocks);
        a != b
    });
    ways.sort_by(|(a, one), (b, other)| a.total_cmp(b).then(one.cmp(other)));
    let mut nearest: Vec<Option<f64>> = vec![None; pieces];
    let mut joined = std::collections::HashSet::new();
    let mut found = Vec::new();
    for (_, blocks) in ways {
        let pair = pieces_of(blocks);
        let ends = blocks.map(|block| places[block as usize]);
        let length_m = plane_m(ends[0], ends[1]);
        let [a, b] = pair.map(|piece| find(&mut leader, piece));
        let also = pair
            .iter()
            .any(|piece| nearest[*piece as usize].is_none_or(|nearest| length_m <= ALSO * nearest));
        // Whether a way may be gone can take long to say: it is asked only where that matters.
        if (a == b && !also) || !open(ends) {
            continue;
        }
        for piece in pair {
            nearest[piece as usize].get_or_insert(length_m);
        }
        if joined.insert(pair) {
            leader[a.max(b) as usize] = a.min(b);
            found.push(Join { blocks, length_m });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_over_the_shortest_open_ways() {
        let places =
            [[0.0, 0.0], [0.001, 0.0], [0.003, 0.0], [0.004, 0.0], [0.004, 0.0], [0.02, 0.0], [0.02, 0.001]];
        let piece_of = [0, 0, 1, 1, 2, 3, 4];
        let told = |open: fn([Point; 2]) -> bool| -> Vec<([u32; 2], i64)> {
            let mut told: Vec<_> = joins(&places, &piece_of, open)
                .into_iter()
                .map(|join| {
                    (
                        [join.blocks[0].min(join.blocks[1]), join.blocks[0].max(join.blocks[1])],
                        join.length_m.round() as i64,
                    )
                })
                .collect();
            told.sort_unstable();
            told
        };
        assert_eq!(told(|_| true), [([1, 2], 222), ([3, 4], 0), ([3, 5], 1779), ([5, 6], 111)]);
        // Nobody goes beyond the hundredth degree.
        assert_eq!(
            told(|[a, b]| (a[0] < 0.01) == (b[0] < 0.01)),
            [([1, 2], 222), ([3, 4], 0), ([5, 6], 111)]
        );
    }
}
