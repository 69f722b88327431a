//! Two parts that touch: nodes change sides until the border between them is cheaper and each has what it may.

use crate::contiguity::{Contiguity, Leaving};
use crate::state::{Bounds, Ground, Load, Parts, Worth};
use gridweave_chance::Chance;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Nodes that are looked at, at the most, for what a node alone holds to its part.
pub(crate) const CUT_OFF: usize = 400;

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Moves without anything better, before it ends.
    pub patience: usize,
    /// How far parts may be outside of their bounds on the way, in units of work.
    pub slack: i64,
    /// Nodes that are looked at, at the most, for what a node alone holds to its part.
    pub cut_off: usize,
}

/// A node that could change sides.
#[derive(PartialEq, Eq)]
struct Candidate {
    gain: i64,
    tie: u32,
    node: u32,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.gain, self.tie, self.node).cmp(&(other.gain, other.tie, other.node))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Room for the search, kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    contiguity: Contiguity,
    /// Which search moved a node last.
    moved: Vec<u32>,
    search: u32,
    path: Vec<u32>,
    group: Vec<u32>,
}

/// Two parts, their loads and what they may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub parts: [u32; 2],
    pub loads: [Load; 2],
    pub bounds: [Bounds; 2],
}

impl Pair {
    fn off(&self) -> i64 {
        self.bounds[0].off(&self.loads[0]) + self.bounds[1].off(&self.loads[1])
    }

    fn moved(&self, ground: &Ground, node: u32, from: usize) -> Self {
        let mut after = *self;
        after.loads[from] = after.loads[from].with(ground, node, -1);
        after.loads[1 - from] = after.loads[1 - from].with(ground, node, 1);
        after
    }
}

/// What a search changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refined {
    pub pair: Pair,
    /// Nodes changed sides, and the place is better than the one before.
    pub better: bool,
}

/// Moves nodes between two parts: of those whose move gains most the best, also where nothing gains, as a worse step can lead
/// to a better place; what follows on the best place is taken back (Fiduccia and Mattheyses 1982). Both parts hang together
/// before and after, and no more nodes share a part than may. Places are better where fewer do, then those that are less outside
/// of bounds, then those that cost less ([`Worth`]).
pub(crate) fn refine(
    ground: &Ground,
    parts: &Parts,
    pair: Pair,
    seeds: &[u32],
    effort: Effort,
    chance: &mut Chance,
    scratch: &mut Scratch,
) -> Refined {
    let graph = &ground.graph;
    scratch.moved.resize(graph.len().max(scratch.moved.len()), 0);
    scratch.search = match scratch.search.checked_add(1) {
        Some(next) => next,
        None => {
            scratch.moved.fill(0);
            1
        }
    };
    let search = scratch.search;
    let Scratch { contiguity, moved, path, group, .. } = scratch;
    path.clear();
    let mut heaps = [BinaryHeap::new(), BinaryHeap::new()];
    // Those that did not fit where they would have gone: until something goes the other way.
    let mut waiting: [Vec<u32>; 2] = [Vec::new(), Vec::new()];
    let push = |heaps: &mut [BinaryHeap<Candidate>; 2], node: u32, chance: &mut Chance| {
        if let Some((side, gain)) = gain_of(ground, parts, &pair.parts, node) {
            heaps[side].push(Candidate { gain, tie: chance.next() as u32, node });
        }
    };
    for &node in seeds {
        push(&mut heaps, node, chance);
    }
    let start_off = pair.off();
    // What is broken and what it costs is counted from the first place on.
    let (mut now, mut now_is) = (pair, Worth { broken: 0, off: start_off, cost: 0 });
    let (mut best, mut best_is, mut best_len) = (now, now_is, 0usize);
    while path.len() - best_len < effort.patience {
        let Some(side) = next_side(&now, &heaps) else { break };
        let Some(Candidate { gain, node, .. }) = heaps[side].pop() else { break };
        if moved[node as usize] == search {
            continue;
        }
        match gain_of(ground, parts, &pair.parts, node) {
            Some(current) if current == (side, gain) => {}
            _ => continue,
        }
        // What a node alone holds to its part goes with it.
        group.clear();
        group.push(node);
        match contiguity.leaving(graph, parts, node, effort.cut_off) {
            Leaving::Whole => {}
            Leaving::With if contiguity.cut_off.iter().any(|node| moved[*node as usize] == search) => {
                continue;
            }
            Leaving::With => group.extend_from_slice(&contiguity.cut_off),
            Leaving::Never => continue,
        }
        let after = group.iter().fold(now, |pair, node| pair.moved(ground, *node, side));
        let after_off = after.off();
        let to = pair.parts[1 - side];
        let mends = mended_by(ground, parts, group, to);
        if after.loads[side].nodes < after.bounds[side].nodes_least
            || mends < 0
            || (mends == 0 && after_off > now_is.off && after_off > effort.slack.max(start_off))
        {
            waiting[side].push(node);
            continue;
        }
        for &node in group.iter() {
            now_is.cost -= gain_of(ground, parts, &pair.parts, node).map_or(0, |(_, gain)| gain);
            parts.set(node, to);
            moved[node as usize] = search;
            path.push(node);
        }
        now = after;
        (now_is.broken, now_is.off) = (now_is.broken - mends, after_off);
        if now_is < best_is {
            (best, best_is, best_len) = (now, now_is, path.len());
        }
        for &beside in group.iter().flat_map(|node| graph.neighbours(*node).iter().chain(ground.apart(*node)))
        {
            let part = parts.of(beside);
            if moved[beside as usize] != search && pair.parts.contains(&part) {
                push(&mut heaps, beside, chance);
            }
        }
        for node in std::mem::take(&mut waiting[1 - side]) {
            push(&mut heaps, node, chance);
        }
    }
    for &node in &path[best_len..] {
        let part = parts.of(node);
        parts.set(node, pair.parts[usize::from(part == pair.parts[0])]);
    }
    Refined { pair: best, better: best_len > 0 }
}

/// How many nodes fewer are in one part that may not be, when a group of one part goes to another. Those of the group that may not
/// share a part still do.
pub(crate) fn mended_by(ground: &Ground, parts: &Parts, group: &[u32], to: u32) -> i64 {
    if ground.apart.is_empty() {
        return 0;
    }
    let mends = |node: &u32| {
        let within = ground.apart(*node).iter().filter(|other| group.contains(other)).count() as i64;
        ground.clashes(parts, *node, parts.of(*node)) - within - ground.clashes(parts, *node, to)
    };
    group.iter().map(mends).sum()
}

/// The side to take from: the one that has too much, or else the one whose best node gains more.
fn next_side(now: &Pair, heaps: &[BinaryHeap<Candidate>; 2]) -> Option<usize> {
    let gain = |side: usize| heaps[side].peek().map(|candidate| candidate.gain);
    let presses = |side: usize| {
        let (own, other) = (&now.loads[side], &now.loads[1 - side]);
        let (own_may, other_may) = (&now.bounds[side], &now.bounds[1 - side]);
        (own.work - own_may.work.1).max(other_may.work.0 - other.work).max(0)
            + i64::from(own.doors > own_may.doors_most)
    };
    let (first, second) = (presses(0), presses(1));
    let wanted = match first.cmp(&second) {
        Ordering::Greater => 0,
        Ordering::Less => 1,
        Ordering::Equal => match (gain(0), gain(1)) {
            (Some(a), Some(b)) if a != b => usize::from(b > a),
            // Alike: from the fuller one.
            _ => {
                let room = |side: usize| now.bounds[side].work.1 - now.loads[side].work;
                usize::from(room(1) < room(0))
            }
        },
    };
    [wanted, 1 - wanted].into_iter().find(|side| gain(*side).is_some())
}

/// The side of a node and what its move to the other would gain; none where it touches only its own.
#[inline]
fn gain_of(ground: &Ground, parts: &Parts, pair: &[u32; 2], node: u32) -> Option<(usize, i64)> {
    let own = parts.of(node);
    let side = usize::from(own == pair[1]);
    if own != pair[side] {
        return None;
    }
    let other = pair[1 - side];
    let (mut gain, mut touches) = (0, false);
    for (beside, cost) in ground.graph.around(node) {
        let part = parts.of(beside);
        if part == own {
            gain -= cost;
        } else if part == other {
            gain += cost;
            touches = true;
        }
    }
    if !touches {
        return None;
    }
    gain += ground.away(node, own) - ground.away(node, other);
    Some((side, gain))
}
