//! Blocks and which of them touch.

use crate::rules::InvalidProblem;

/// Work of all blocks together in whole units: fine enough that a rounded block is as good as the true one.
const UNITS: f64 = (1u64 << 50) as f64;
/// Boundaries between blocks in whole units: the mean one has so many.
const BOUNDARY_UNITS: f64 = 1024.0;
/// The longest boundary, so that sums of millions hold.
const BOUNDARY_MOST: f64 = (1u64 << 30) as f64;

/// Blocks, as nodes with their work, and which of them touch, as edges with what it costs when a cell's border runs
/// between the two. Neighbours of a node lie beside each other (compressed rows); every edge is held at both ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// Where the neighbours of each node begin; one more than there are nodes.
    first: Vec<u32>,
    neighbours: Vec<u32>,
    costs: Vec<i64>,
    /// Work of each node, in units of which all have 2⁵⁰.
    work: Vec<i64>,
}

impl Graph {
    /// A graph of so many nodes. `work` in any unit, not negative; `edges` of two nodes and a cost above nought, in any
    /// order, told from one end or both: of the same two told again the dearest holds, and a node beside itself is passed over.
    pub fn new(work: &[f64], edges: &[(u32, u32, f64)]) -> Result<Self, InvalidProblem> {
        let count = work.len();
        if count == 0 {
            return Err(InvalidProblem::Empty);
        }
        if count > u32::MAX as usize / 2 || edges.len() > u32::MAX as usize / 4 {
            return Err(InvalidProblem::TooLarge);
        }
        if let Some(node) = work.iter().position(|work| !work.is_finite() || *work < 0.0) {
            return Err(InvalidProblem::Work { node, work: work[node] });
        }
        let total: f64 = work.iter().sum();
        if total <= 0.0 || !total.is_finite() {
            return Err(InvalidProblem::NoWork);
        }
        for (edge, &(a, b, cost)) in edges.iter().enumerate() {
            if a as usize >= count || b as usize >= count {
                return Err(InvalidProblem::Edge { edge, node: a.max(b) as usize, count });
            }
            if !cost.is_finite() || cost <= 0.0 {
                return Err(InvalidProblem::Cost { edge, cost });
            }
        }
        let scale = UNITS / total;
        let work = work.iter().map(|work| (work * scale).round() as i64).collect();
        let mean = edges.iter().map(|(_, _, cost)| cost).sum::<f64>() / edges.len().max(1) as f64;
        let units = |cost: f64| (cost / mean * BOUNDARY_UNITS).round().clamp(1.0, BOUNDARY_MOST) as i64;
        let mut pairs: Vec<(u32, u32, i64)> = edges
            .iter()
            .filter(|(a, b, _)| a != b)
            .map(|&(a, b, cost)| (a.min(b), a.max(b), units(cost)))
            .collect();
        pairs.sort_unstable();
        pairs.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            // An edge told from both ends is one edge.
            kept.2 = if same { kept.2.max(next.2) } else { kept.2 };
            same
        });
        Ok(Self::of_pairs(work, &pairs))
    }

    /// From pairs that are there once each.
    pub(crate) fn of_pairs(work: Vec<i64>, pairs: &[(u32, u32, i64)]) -> Self {
        let mut first = vec![0u32; work.len() + 1];
        for &(a, b, _) in pairs {
            first[a as usize + 1] += 1;
            first[b as usize + 1] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut next = first.clone();
        let mut neighbours = vec![0; pairs.len() * 2];
        let mut costs = vec![0; pairs.len() * 2];
        for &(a, b, cost) in pairs {
            for (from, to) in [(a, b), (b, a)] {
                let at = &mut next[from as usize];
                neighbours[*at as usize] = to;
                costs[*at as usize] = cost;
                *at += 1;
            }
        }
        Self { first, neighbours, costs, work }
    }

    /// Nodes.
    pub fn len(&self) -> usize {
        self.work.len()
    }

    /// Never: a graph has a node.
    pub fn is_empty(&self) -> bool {
        self.work.is_empty()
    }

    /// Neighbours of a node, with what a border between costs.
    #[inline]
    pub fn around(&self, node: u32) -> impl Iterator<Item = (u32, i64)> + '_ {
        let range = self.range(node);
        self.neighbours[range.clone()].iter().copied().zip(self.costs[range].iter().copied())
    }

    /// Neighbours of a node.
    #[inline]
    pub fn neighbours(&self, node: u32) -> &[u32] {
        &self.neighbours[self.range(node)]
    }

    #[inline]
    fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.first[node as usize] as usize..self.first[node as usize + 1] as usize
    }

    /// Work of a node, in units of which all nodes have 2⁵⁰.
    #[inline]
    pub fn work(&self, node: u32) -> i64 {
        self.work[node as usize]
    }

    /// Work of all nodes.
    pub fn total(&self) -> i64 {
        self.work.iter().sum()
    }

    /// All edges, each once, the smaller node first.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32, i64)> + '_ {
        (0..self.len() as u32)
            .flat_map(|a| self.around(a).filter(move |(b, _)| a < *b).map(move |(b, cost)| (a, b, cost)))
    }

    /// The number of the connected part that each node lies in, in the order of their first nodes, and how many there are.
    pub fn components(&self) -> (Vec<u32>, usize) {
        const NONE: u32 = u32::MAX;
        let mut of = vec![NONE; self.len()];
        let mut count = 0;
        let mut reached = Vec::new();
        for start in 0..self.len() as u32 {
            if of[start as usize] != NONE {
                continue;
            }
            of[start as usize] = count;
            reached.push(start);
            while let Some(node) = reached.pop() {
                for &beside in self.neighbours(node) {
                    if of[beside as usize] == NONE {
                        of[beside as usize] = count;
                        reached.push(beside);
                    }
                }
            }
            count += 1;
        }
        (of, count as usize)
    }

    /// The graph of groups of nodes: `group` numbers them from 0 on without a gap.
    pub(crate) fn contracted(&self, group: &[u32], groups: usize) -> Self {
        let mut work = vec![0; groups];
        let mut members_first = vec![0u32; groups + 1];
        for (node, group) in group.iter().enumerate() {
            work[*group as usize] += self.work[node];
            members_first[*group as usize + 1] += 1;
        }
        for at in 1..members_first.len() {
            members_first[at] += members_first[at - 1];
        }
        let mut next = members_first.clone();
        let mut members = vec![0u32; self.len()];
        for (node, group) in group.iter().enumerate() {
            let at = &mut next[*group as usize];
            members[*at as usize] = node as u32;
            *at += 1;
        }
        let mut first = Vec::with_capacity(groups + 1);
        let (mut neighbours, mut costs) = (Vec::new(), Vec::new());
        first.push(0);
        // Where in `neighbours` a group stands for the group at hand.
        let mut at_of = vec![u32::MAX; groups];
        for own in 0..groups {
            let begin = neighbours.len();
            let range = members_first[own] as usize..members_first[own + 1] as usize;
            for &node in &members[range] {
                for (beside, cost) in self.around(node) {
                    let other = group[beside as usize];
                    if other as usize == own {
                        continue;
                    }
                    let at = at_of[other as usize] as usize;
                    if at >= begin && at < neighbours.len() && neighbours[at] == other {
                        costs[at] += cost;
                    } else {
                        at_of[other as usize] = neighbours.len() as u32;
                        neighbours.push(other);
                        costs.push(cost);
                    }
                }
            }
            first.push(neighbours.len() as u32);
        }
        Self { first, neighbours, costs, work }
    }
}
