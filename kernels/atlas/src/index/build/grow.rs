//! Growing the tree of grids of a layer and writing it down.

use super::super::NONE;
use super::super::edges::Edge;
use super::super::frame::{FINEST, Frame, Region};
use super::super::lookup::{BASE, CELL, COUNT_SHIFT, EITHER, GRID, LIST, MORE, SINGLE};
use super::Draft;
use super::cut::{COVERED, Cuttings, Grid, Group, Part, Scratch};
use crate::polygon::Point;
use rayon::prelude::*;

/// Edges below a bucket of the root, about: buckets are the units of parallel work.
const ROOT_EDGES: f64 = 256.0;
const ROOT_SIDE_MAX: usize = 2048;
/// Buckets of an inner grid for each edge below it.
const BUCKETS_PER_EDGE: f64 = 0.5;
const SIDE_MAX: usize = 64;
/// A bucket with more edges than this is cut further.
const LIST_EDGES: usize = 20;
const DEPTH_MAX: usize = 12;
/// Cells that are cut by the root in one unit of work, and root buckets that are grown in one.
const CELLS_AT_ONCE: usize = 256;
const BUCKETS_AT_ONCE: usize = 1024;

/// What has been written: grids and lists, targets counted from their own beginning.
#[derive(Default)]
struct Written {
    grids: Vec<u32>,
    lists: Vec<u32>,
}

/// Grids and lists of a layer.
pub(super) fn grow(frame: &Frame, draft: &Draft) -> (Vec<u32>, Vec<u32>) {
    let edges = draft.vertices.len();
    let side = ((edges as f64 / ROOT_EDGES).sqrt().ceil() as usize).clamp(1, ROOT_SIDE_MAX);
    let root = Grid::new(frame, draft, Region::WHOLE, side);
    let cells: Vec<u32> = (0..draft.cells.len() as u32).collect();
    let cuttings = cut_by(&root, draft, &cells);
    let mut written = Written { grids: vec![0; 1 + side * side], lists: Vec::new() };
    written.grids[0] = side as u32;
    let buckets: Vec<usize> = (0..side * side).collect();
    written.regrow(frame, draft, &cuttings, &buckets);
    written.grids.shrink_to_fit();
    written.lists.shrink_to_fit();
    (written.grids, written.lists)
}

/// Grows anew what lies below some buckets of the root; what was there before stays behind, unreachable.
/// `changed` are the cells that are others now, `was` the rings that they had.
pub(crate) fn regrow(
    frame: &Frame,
    draft: &mut Draft,
    (changed, was): (&[u32], &[[u32; 2]]),
    (grids, lists): (&[u32], &[u32]),
) -> (Vec<u32>, Vec<u32>) {
    let mut written = Written { grids: grids.to_vec(), lists: lists.to_vec() };
    let side = written.grids[0] as usize;
    let count = draft.cells.len();
    // Where the changed cells were and where they are: for as long as that is asked, the old ones are there too.
    draft.cells.extend_from_slice(was);
    let before: Vec<u32> = (count as u32..draft.cells.len() as u32).collect();
    let mut touched = vec![false; side * side];
    let root = Grid::new(frame, draft, Region::WHOLE, side);
    let reached = [cut_by(&root, draft, &before), cut_by(&root, draft, changed)];
    for part in reached.iter().flatten().flat_map(|cuttings| &cuttings.parts) {
        touched[part.bucket as usize] = true;
    }
    draft.cells.truncate(count);
    let root = Grid::new(frame, draft, Region::WHOLE, side);
    let buckets: Vec<usize> = (0..side * side).filter(|bucket| touched[*bucket]).collect();
    let rows = buckets.iter().map(|bucket| bucket / side);
    let columns = buckets.iter().map(|bucket| bucket % side);
    let range = |all: &mut dyn Iterator<Item = usize>| {
        all.fold((usize::MAX, 0), |(low, high), v| (low.min(v), high.max(v)))
    };
    let (columns, rows) = (range(&mut { columns }), range(&mut { rows }));
    // Everybody who may have a part in one of the buckets: by boxes, generously.
    let near = |cell: &u32| {
        let [min, max] = draft.boxes[*cell as usize].map(|p| root.in_buckets(p));
        let reaches = |axis: usize, (low, high): (usize, usize)| {
            min[axis] - 1.0 <= (high + 1) as f64 && max[axis] + 1.0 >= low as f64
        };
        min[0] <= max[0] && reaches(0, columns) && reaches(1, rows)
    };
    let cells: Vec<u32> = (0..draft.cells.len() as u32).filter(near).collect();
    let mut cuttings = cut_by(&root, draft, &cells);
    for cuttings in &mut cuttings {
        cuttings.parts.retain(|part| touched[part.bucket as usize]);
    }
    written.regrow(frame, draft, &cuttings, &buckets);
    (written.grids, written.lists)
}

/// Some cells cut by the root, in their order.
fn cut_by(root: &Grid<'_>, draft: &Draft, cells: &[u32]) -> Vec<Cuttings> {
    cells
        .par_chunks(CELLS_AT_ONCE)
        .map(|cells| {
            let (mut scratch, mut out, mut all) = (Scratch::default(), Cuttings::default(), Vec::new());
            for cell in cells {
                edges_of(draft, *cell, &mut all);
                root.cut(Group { cell: *cell, base: 0, edges: &all }, &mut scratch, &mut out);
            }
            out
        })
        .collect()
}

/// All edges of a cell.
fn edges_of(draft: &Draft, cell: u32, out: &mut Vec<u32>) {
    out.clear();
    let [from, to] = draft.cells[cell as usize];
    for ring in from as usize..to as usize {
        let (from, to) = (draft.first_vertices[ring], draft.first_vertices[ring + 1]);
        out.extend((from..to - 1).map(|vertex| Edge::new(vertex).0));
    }
}

/// Parts in the order of buckets, and of cells within a bucket.
struct ByBucket {
    starts: Vec<u32>,
    /// Number of the cuttings and of the part in them.
    parts: Vec<(u32, u32)>,
}

fn sorted(cuttings: &[Cuttings], buckets: usize) -> ByBucket {
    let mut starts = vec![0u32; buckets + 1];
    let all = || cuttings.iter().flat_map(|cuttings| &cuttings.parts);
    all().for_each(|part| starts[part.bucket as usize + 1] += 1);
    for i in 0..buckets {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    let mut parts = vec![(0, 0); all().count()];
    for (c, cuttings) in cuttings.iter().enumerate() {
        for (p, part) in cuttings.parts.iter().enumerate() {
            let place = &mut next[part.bucket as usize];
            parts[*place as usize] = (c as u32, p as u32);
            *place += 1;
        }
    }
    ByBucket { starts, parts }
}

/// What lies in a bucket: groups in the order of cells, and the first cell that covers all of it;
/// what comes behind that one can own nothing.
struct Content<'a> {
    groups: Vec<Group<'a>>,
    covered_by: u32,
}

impl ByBucket {
    fn groups<'a>(&self, cuttings: &'a [Cuttings], bucket: usize) -> Content<'a> {
        let mut content = Content { groups: Vec::new(), covered_by: NONE };
        for (c, p) in &self.parts[self.starts[bucket] as usize..self.starts[bucket + 1] as usize] {
            let cuttings = &cuttings[*c as usize];
            let Part { cell, base, from, count, .. } = cuttings.parts[*p as usize];
            if base == COVERED {
                content.covered_by = cell;
                break;
            }
            let edges = &cuttings.edges[from as usize..(from + count) as usize];
            content.groups.push(Group { cell, base, edges });
        }
        content
    }
}

struct Grower<'a> {
    frame: &'a Frame,
    draft: &'a Draft,
    scratch: Scratch,
}

impl Grower<'_> {
    /// Writes what lies in a region and gives the target that leads to it.
    fn target(
        &mut self,
        region: Region,
        content: &Content<'_>,
        depth: usize,
        edges_above: usize,
        out: &mut Written,
    ) -> u32 {
        if content.groups.is_empty() {
            return if content.covered_by == NONE { 0 } else { content.covered_by << 2 | CELL };
        }
        let edges: usize = content.groups.iter().map(|group| group.edges.len()).sum();
        // Many edges at one vertex stay together however small the bucket.
        let helps = depth < 2 || edges * 8 < edges_above * 7;
        if edges > LIST_EDGES && helps && depth < DEPTH_MAX && region.size > FINEST * SIDE_MAX as f64 {
            return self.grid(region, content, depth, edges, out);
        }
        self.list(content, out)
    }

    fn grid(
        &mut self,
        region: Region,
        content: &Content<'_>,
        depth: usize,
        edges: usize,
        out: &mut Written,
    ) -> u32 {
        let side = ((edges as f64 * BUCKETS_PER_EDGE).sqrt().ceil() as usize).clamp(2, SIDE_MAX);
        let grid = Grid::new(self.frame, self.draft, region, side);
        let mut cuttings = Cuttings::default();
        for group in &content.groups {
            grid.cut(*group, &mut self.scratch, &mut cuttings);
        }
        let at = out.grids.len();
        out.grids.push(side as u32);
        out.grids.resize(at + 1 + side * side, 0);
        let cuttings = [cuttings];
        let by_bucket = sorted(&cuttings, side * side);
        for bucket in 0..side * side {
            let mut inner = by_bucket.groups(&cuttings, bucket);
            if inner.covered_by == NONE {
                inner.covered_by = content.covered_by;
            }
            let region = region.bucket(bucket % side, bucket / side, side);
            out.grids[at + 1 + bucket] = self.target(region, &inner, depth + 1, edges, out);
        }
        (at as u32) << 2 | GRID
    }

    fn list(&self, content: &Content<'_>, out: &mut Written) -> u32 {
        let at = out.lists.len() as u32;
        let groups = &content.groups;
        let last = groups.len() - 1;
        for (i, group) in groups.iter().enumerate() {
            let chains = chains(group.edges);
            let head = match chains.as_slice() {
                [(_, edges)] => edges << COUNT_SHIFT | SINGLE | (group.base * BASE),
                several => ((several.len() as u32) << COUNT_SHIFT) | (group.base * BASE),
            };
            let other = match &groups[i + 1..] {
                [other] if self.share_all(group, other) => Some(other.cell),
                _ => None,
            };
            match other {
                Some(other) => out.lists.extend([group.cell, head | EITHER, other]),
                None => out.lists.extend([group.cell, if i < last { head | MORE } else { head }]),
            }
            match chains.as_slice() {
                [(word, _)] => out.lists.push(*word),
                several => out.lists.extend(several.iter().flat_map(|(word, edges)| [*word, *edges])),
            }
            if other.is_some() {
                return at << 2 | LIST;
            }
        }
        out.lists.push(content.covered_by);
        at << 2 | LIST
    }

    /// Do two cells have the very same edges here, one on this side and one on the other? Then each
    /// point is in just one of them: crossing an edge leaves the one and enters the other.
    fn share_all(&self, one: &Group<'_>, other: &Group<'_>) -> bool {
        if one.edges.len() != other.edges.len() {
            return false;
        }
        let key = |p: Point| (p[0].to_bits(), p[1].to_bits());
        let sides = |group: &Group<'_>| {
            let mut all: Vec<_> = group
                .edges
                .iter()
                .map(|word| {
                    let at = Edge(*word).vertex();
                    let (a, b) = (key(self.draft.vertices[at]), key(self.draft.vertices[at + 1]));
                    if a <= b { (a, b) } else { (b, a) }
                })
                .collect();
            all.sort_unstable();
            all
        };
        // The same edges add the same to both; what is left of the rule must differ, at every height.
        sides(one) == sides(other) && self.differ(one, other)
    }

    fn differ(&self, one: &Group<'_>, other: &Group<'_>) -> bool {
        let mut runs: Vec<u64> = Vec::new();
        for word in one.edges.iter().chain(other.edges) {
            let edge = Edge(*word);
            let (at_first, at_second) = edge.runs();
            for (begins, vertex) in [(at_first, edge.vertex()), (at_second, edge.vertex() + 1)] {
                if begins {
                    runs.push(self.draft.vertices[vertex][1].to_bits());
                }
            }
        }
        runs.sort_unstable();
        let pairs = runs.len().is_multiple_of(2) && runs.chunks_exact(2).all(|pair| pair[0] == pair[1]);
        pairs && one.base != other.base
    }
}

/// Edges that follow one another become chains: the word of the first vertex, with the flags of both
/// ends, and how many edges.
fn chains(edges: &[u32]) -> Vec<(u32, u32)> {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for word in edges {
        let edge = Edge(*word);
        match found.last_mut() {
            // Between two edges of a bucket nothing begins, so the flags in the middle are never set.
            Some((first, count)) if (*first >> 2) + *count == edge.vertex() as u32 => {
                *count += 1;
                *first = *first & !2 | edge.0 & 2;
            }
            _ => found.push((edge.0, 1)),
        }
    }
    found
}

impl Written {
    /// Writes what lies below some buckets of the root, and leads there.
    fn regrow(&mut self, frame: &Frame, draft: &Draft, cuttings: &[Cuttings], buckets: &[usize]) {
        let side = self.grids[0] as usize;
        let by_bucket = sorted(cuttings, side * side);
        for buckets in buckets.chunks(BUCKETS_AT_ONCE) {
            let grown: Vec<(u32, Written)> = buckets
                .par_iter()
                .map_init(
                    || Grower { frame, draft, scratch: Scratch::default() },
                    |grower, bucket| {
                        let region = Region::WHOLE.bucket(bucket % side, bucket / side, side);
                        let mut out = Written::default();
                        let content = by_bucket.groups(cuttings, *bucket);
                        let target = grower.target(region, &content, 0, usize::MAX, &mut out);
                        (target, out)
                    },
                )
                .collect();
            for (bucket, (target, out)) in buckets.iter().zip(grown) {
                self.grids[1 + bucket] = self.append(target, out);
            }
        }
    }

    /// Takes over what was written elsewhere; gives the target as it is here.
    fn append(&mut self, target: u32, other: Written) -> u32 {
        let (grids, lists) = (self.grids.len() as u32, self.lists.len() as u32);
        let moved = |target: u32| match target & 3 {
            LIST => target + (lists << 2),
            GRID => target + (grids << 2),
            _ => target,
        };
        let mut at = 0;
        self.grids.reserve(other.grids.len());
        while let Some(&side) = other.grids.get(at) {
            let end = at + 1 + (side * side) as usize;
            self.grids.push(side);
            self.grids.extend(other.grids[at + 1..end].iter().map(|target| moved(*target)));
            at = end;
        }
        self.lists.extend_from_slice(&other.lists);
        moved(target)
    }
}
