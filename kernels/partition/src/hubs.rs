//! Blocks that alone join parts of the ground which are too small for cells of their own.

use crate::feasible::least_that;
use crate::graph::Graph;

/// A node without which its piece of ground falls apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hub {
    pub node: u32,
    /// Work of each part that is left without it.
    pub parts: Vec<i64>,
}

impl Hub {
    /// The least work of the cell with the hub, where each cell has from `least` to `most`: its own, and of each part what whole cells
    /// leave over.
    pub fn cell_least(&self, graph: &Graph, (least, most): (i64, i64)) -> i64 {
        graph.work(self.node) + self.parts.iter().map(|work| left_over(*work, least, most)).sum::<i64>()
    }

    /// Parts of which something is left over.
    pub fn too_small(&self, (least, most): (i64, i64)) -> usize {
        self.parts.iter().filter(|work| left_over(**work, least, most) > 0).count()
    }

    /// The least tolerance, as a share of `mean`, that leaves the cell with the hub within it.
    pub fn tolerance_least(&self, graph: &Graph, mean: f64) -> f64 {
        let holds = |tolerance: f64| {
            let bounds =
                ((mean * (1.0 - tolerance)).ceil() as i64, (mean * (1.0 + tolerance)).floor() as i64);
            self.cell_least(graph, bounds) <= bounds.1
        };
        let mut high = 1.0;
        while !holds(high) {
            high *= 2.0;
        }
        least_that((0.0, high), 40, holds)
    }
}

/// What at least is left of a part when as many cells as can be are made of it.
fn left_over(work: i64, least: i64, most: i64) -> i64 {
    if least <= 0 {
        return 0;
    }
    (work - (work / least).saturating_mul(most)).max(0)
}

/// All hubs (articulation points, Hopcroft and Tarjan 1973), with the work of the parts that each joins.
pub(crate) fn hubs(graph: &Graph) -> Vec<Hub> {
    const NEVER: u32 = u32::MAX;
    let nodes = graph.len();
    let mut found = Vec::new();
    let (mut at, mut low) = (vec![NEVER; nodes], vec![NEVER; nodes]);
    // Work of all that was reached over a node, itself included.
    let mut below = vec![0i64; nodes];
    let mut parts: Vec<Vec<i64>> = vec![Vec::new(); nodes];
    let mut clock = 0;
    for root in 0..nodes as u32 {
        if at[root as usize] != NEVER {
            continue;
        }
        let mut reached = vec![root];
        // A node, the one that it was reached from, and which of its neighbours is next.
        let mut open = vec![(root, NEVER, 0usize)];
        (at[root as usize], low[root as usize]) = (clock, clock);
        below[root as usize] = graph.work(root);
        clock += 1;
        while let Some((node, from, next)) = open.last_mut() {
            let (node, from) = (*node as usize, *from);
            if let Some(&beside) = graph.neighbours(node as u32).get(*next) {
                *next += 1;
                if at[beside as usize] == NEVER {
                    (at[beside as usize], low[beside as usize]) = (clock, clock);
                    below[beside as usize] = graph.work(beside);
                    clock += 1;
                    reached.push(beside);
                    open.push((beside, node as u32, 0));
                } else if beside != from {
                    low[node] = low[node].min(at[beside as usize]);
                }
                continue;
            }
            open.pop();
            if from == NEVER {
                continue;
            }
            let above = from as usize;
            low[above] = low[above].min(low[node]);
            below[above] += below[node];
            if low[node] >= at[above] {
                parts[above].push(below[node]);
            }
        }
        let total = below[root as usize];
        for node in reached {
            let mut parts = std::mem::take(&mut parts[node as usize]);
            let rest = total - graph.work(node) - parts.iter().sum::<i64>();
            if node != root {
                // What was reached before it is a part as well.
                parts.push(rest);
            }
            if parts.len() > 1 {
                found.push(Hub { node, parts });
            }
        }
    }
    found
}
