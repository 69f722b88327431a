//! What ways lead across: bridges over what is closed, and ground that no way leads across nearby, also where nobody said that it is
//! closed.

use super::lines::Lines;
use gridweave_atlas::ground::{Barriers, joins};
use gridweave_atlas::measure::distance_m;
use gridweave_atlas::{Geometry, NearIndex, Point};
use gridweave_partition::Graph;
use gridweave_rounds::{Reach, Streets};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What a border costs that runs where only a bridge or a join leads across: as much as one of so many metres.
const BRIDGE_M: f64 = 8.0;
/// How far beyond what it crosses a street is held to have arrived, in metres.
const BEYOND_M: f64 = 25.0;
/// Crossings of a way nearer than this to each other are those of one river, in metres.
const WIDE_M: f64 = 600.0;
/// Blocks near the end of a bridge that are looked at.
const NEAR_END: usize = 12;
/// A block has a street within so many metres, or nothing is said of its ways: few streets may be known there.
const STREET_M: f64 = 120.0;
/// The same where pieces are joined.
const JOIN_STREET_M: f64 = 400.0;
/// Two blocks are not beside each other where the way along streets is longer than so many times the straight line and so many metres.
const DETOUR: f64 = 4.0;
const DETOUR_M: f64 = 600.0;

/// What a border costs between two blocks, by their numbers, the lower first.
pub type Costs = BTreeMap<(u32, u32), f64>;

/// Ways of a city, and what closes them.
pub struct Ways<'a> {
    lines: &'a Lines,
    barriers: &'a Barriers,
    streets: Option<Streets>,
}

impl<'a> Ways<'a> {
    /// Ways to walk on; those of them that are streets say what is a detour.
    pub fn new(lines: &'a Lines, barriers: &'a Barriers) -> Self {
        let streets = lines.has_streets.then(|| Streets::new(&lines.ways));
        Self { lines, barriers, streets: streets.filter(|streets| !streets.is_empty()) }
    }

    /// Takes borders away over which people would have to walk a long way round: what lies between is a river or a lake, though nobody said
    /// so, or nobody can pass. Tells how many.
    pub fn close_detours(&self, places: &[Point], costs: &mut Costs) -> usize {
        if self.streets.is_none() {
            return 0;
        }
        let pairs: Vec<(u32, u32)> = costs.keys().copied().collect();
        let far: Vec<(u32, u32)> = pairs
            .into_par_iter()
            .filter(|(a, b)| self.is_detour([places[*a as usize], places[*b as usize]]))
            .collect();
        costs.retain(|pair, _| far.binary_search(pair).is_err());
        far.len()
    }

    /// Is it far from one place to the other, as far as streets near them tell?
    fn is_detour(&self, ends: [Point; 2]) -> bool {
        self.reach(ends, STREET_M) == Some(Reach::Farther)
    }

    /// Is there a way from one place to the other that is no detour?
    fn is_way(&self, ends: [Point; 2]) -> bool {
        matches!(self.reach(ends, JOIN_STREET_M), Some(Reach::Metres(_)))
    }

    fn reach(&self, ends: [Point; 2], near: f64) -> Option<Reach> {
        let most = DETOUR * distance_m(ends[0], ends[1]) + DETOUR_M;
        self.streets.as_ref().map(|streets| streets.reach(ends, near, most))
    }

    /// Where a street crosses what is closed, the blocks at its two ends touch.
    pub fn add_bridges(
        &self,
        geometries: &[Geometry],
        place_of: impl Fn(&Geometry) -> Point,
        costs: &mut Costs,
    ) {
        let Self { lines, barriers, .. } = self;
        if lines.barriers.iter().all(|barrier| barrier.share > 0.0) || lines.ways.is_empty() {
            return;
        }
        let index = NearIndex::new(geometries.to_vec());
        // The nearest block that nothing closed lies before.
        let block_at = |end: Point| {
            let near = index.nearest(end, NEAR_END, Some(400.0));
            near.into_iter()
                .find(|near| barriers.share([end, place_of(&geometries[near.number])]) > 0.0)
                .map(|near| near.number as u32)
        };
        for way in &lines.ways {
            for ends in crossed(way, barriers) {
                if let [Some(a), Some(b)] = ends.map(block_at)
                    && a != b
                {
                    let cost = costs.entry((a.min(b), a.max(b))).or_default();
                    *cost = cost.max(BRIDGE_M);
                }
            }
        }
    }

    /// Joins pieces that touch nothing to the nearest of their division; tells how far that was. First where a way leads there without a
    /// detour, so that what lies across a river is reached by its bridges; then, for what is still by itself, wherever it is not closed.
    pub fn join_pieces(
        &self,
        places: &[Point],
        divisions: &[u32],
        costs: &mut Costs,
    ) -> anyhow::Result<Vec<f64>> {
        let open = |way: [Point; 2]| self.barriers.share(way) > 0.0;
        let mut lengths = Vec::new();
        if self.streets.is_some() {
            lengths.extend(join_where(places, divisions, costs, |way| open(way) && self.is_way(way))?);
        }
        lengths.extend(join_where(places, divisions, costs, open)?);
        Ok(lengths)
    }
}

/// Joins strays to the nearest piece of their division across what is closed: pieces of ground with less than `least` of the work, which
/// could be no cell of their own. Tells how many there were.
pub fn join_strays(
    places: &[Point],
    divisions: &[u32],
    (work, least): (&[f64], f64),
    costs: &mut Costs,
) -> anyhow::Result<usize> {
    let piece_of = pieces(places.len(), divisions, costs)?;
    let mut work_of = vec![0.0; piece_of.iter().max().map_or(0, |most| *most as usize + 1)];
    piece_of.iter().zip(work).for_each(|(piece, work)| work_of[*piece as usize] += work);
    if work_of.iter().all(|work| *work >= least) {
        return Ok(0);
    }
    let is_stray = |block: u32| work_of[piece_of[block as usize] as usize] < least;
    let mut joined = std::collections::BTreeSet::new();
    for ([a, b], _) in joins_of(places, divisions, &piece_of, |_| true) {
        let strays: Vec<u32> = [a, b].into_iter().filter(|block| is_stray(*block)).collect();
        if !strays.is_empty() {
            costs.insert((a.min(b), a.max(b)), BRIDGE_M);
            joined.extend(strays.into_iter().map(|block| piece_of[block as usize]));
        }
    }
    Ok(joined.len())
}

/// Where a way crosses what is closed: places before and behind, a river with its two shores once.
fn crossed(way: &[Point], barriers: &Barriers) -> Vec<[Point; 2]> {
    // Metres from the beginning of the way, of its vertices and of where it crosses.
    let mut vertices = vec![0.0];
    let mut at = Vec::new();
    for two in way.windows(2) {
        let begin = vertices[vertices.len() - 1];
        let closed = barriers.crossings([two[0], two[1]]).filter(|(share, _)| *share <= 0.0);
        at.extend(closed.map(|(_, place)| begin + distance_m(two[0], place)));
        vertices.push(begin + distance_m(two[0], two[1]));
    }
    at.sort_by(f64::total_cmp);
    let place = |metres: f64| {
        let next = vertices.partition_point(|vertex| *vertex < metres).clamp(1, way.len() - 1);
        let length = (vertices[next] - vertices[next - 1]).max(0.01);
        let share = ((metres - vertices[next - 1]) / length).clamp(0.0, 1.0);
        [0, 1].map(|axis| way[next - 1][axis] + (way[next][axis] - way[next - 1][axis]) * share)
    };
    let mut found = Vec::new();
    let mut from = 0;
    for next in 1..=at.len() {
        if next == at.len() || at[next] - at[next - 1] > WIDE_M {
            found.push([place(at[from] - BEYOND_M), place(at[next - 1] + BEYOND_M)]);
            from = next;
        }
    }
    found
}

/// Joins pieces of each division over the ways that may be gone.
fn join_where(
    places: &[Point],
    divisions: &[u32],
    costs: &mut Costs,
    open: impl Fn([Point; 2]) -> bool,
) -> anyhow::Result<Vec<f64>> {
    let piece_of = pieces(places.len(), divisions, costs)?;
    let found = joins_of(places, divisions, &piece_of, open);
    costs.extend(found.iter().map(|([a, b], _)| ((*a.min(b), *a.max(b)), BRIDGE_M)));
    Ok(found.into_iter().map(|(_, length_m)| length_m).collect())
}

fn division(divisions: &[u32], block: u32) -> u32 {
    divisions.get(block as usize).copied().unwrap_or(0)
}

/// The piece of ground of each block, borders of divisions between.
fn pieces(blocks: usize, divisions: &[u32], costs: &Costs) -> anyhow::Result<Vec<u32>> {
    let inside = costs.iter().filter(|((a, b), _)| division(divisions, *a) == division(divisions, *b));
    let edges: Vec<_> = inside.map(|((a, b), cost)| (*a, *b, *cost)).collect();
    // Work says nothing of what touches.
    Ok(Graph::new(&vec![1.0; blocks], &edges)?.components().0)
}

/// Blocks by which pieces of each division are joined, and how far that is.
fn joins_of(
    places: &[Point],
    divisions: &[u32],
    piece_of: &[u32],
    open: impl Fn([Point; 2]) -> bool,
) -> Vec<([u32; 2], f64)> {
    let mut blocks_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for block in 0..places.len() as u32 {
        blocks_of.entry(division(divisions, block)).or_default().push(block);
    }
    let mut found = Vec::new();
    for blocks in blocks_of.into_values() {
        let own_places: Vec<Point> = blocks.iter().map(|block| places[*block as usize]).collect();
        let own_pieces: Vec<u32> = blocks.iter().map(|block| piece_of[*block as usize]).collect();
        if own_pieces.iter().all(|piece| *piece == own_pieces[0]) {
            continue;
        }
        let own = joins(&own_places, &own_pieces, &open).into_iter();
        found.extend(own.map(|join| (join.blocks.map(|block| blocks[block as usize]), join.length_m)));
    }
    found
}
