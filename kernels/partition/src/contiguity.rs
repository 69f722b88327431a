//! May a node leave its part without breaking it in two, and what has to leave with it?

use crate::graph::Graph;
use crate::state::Parts;
use std::collections::VecDeque;

/// What becomes of a part when a node leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// The rest hangs together.
    Whole,
    /// The rest hangs together when the nodes of [`Contiguity::cut_off`] leave as well, which only the node held to it.
    With,
    /// Nothing would be left, or too much is cut off.
    Never,
}

/// Room for the search, kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Contiguity {
    /// Which search reached a node last, and from which neighbour.
    reached: Vec<(u32, u32)>,
    search: u32,
    starts: Vec<u32>,
    leader: Vec<u32>,
    fronts: Vec<VecDeque<u32>>,
    /// Nodes in the order in which they were reached, with the neighbour that they were reached from.
    order: Vec<(u32, u32)>,
    done: Vec<bool>,
    /// Nodes that a node held to its part, those next to it first, and then on along edges.
    pub cut_off: Vec<u32>,
}

impl Contiguity {
    /// Does what is left of its part hang together without a node?
    ///
    /// Searches begin at all its neighbours of the part at once and go on in turn, until they have met or all but one have found
    /// all that they can: what is looked at is a few times the smaller side, not the whole part, and no more than `most` nodes.
    pub fn leaving(&mut self, graph: &Graph, parts: &Parts, node: u32, most: usize) -> Leaving {
        let part = parts.of(node);
        self.starts.clear();
        self.starts.extend(graph.neighbours(node).iter().copied().filter(|beside| parts.of(*beside) == part));
        match self.starts.len() {
            0 => return Leaving::Never,
            1 => return Leaving::Whole,
            _ => {}
        }
        self.begin(graph.len(), node);
        let count = self.starts.len();
        let mut apart = count;
        let mut cut = false;
        loop {
            for own in 0..count as u32 {
                if self.find(own) != own || self.done[own as usize] {
                    continue;
                }
                let mut front = std::mem::take(&mut self.fronts[own as usize]);
                let Some(at) = front.pop_front() else {
                    if self.order.len() > most {
                        return Leaving::Never;
                    }
                    cut = true;
                    self.done[own as usize] = true;
                    apart -= 1;
                    if apart == 1 {
                        self.collect();
                        return Leaving::With;
                    }
                    continue;
                };
                for &beside in graph.neighbours(at) {
                    if parts.of(beside) != part {
                        continue;
                    }
                    let (search, by) = self.reached[beside as usize];
                    if search != self.search {
                        self.reached[beside as usize] = (self.search, own);
                        self.order.push((beside, own));
                        front.push_back(beside);
                    } else if by != u32::MAX {
                        let other = self.find(by);
                        if other != own {
                            self.leader[other as usize] = own;
                            let mut theirs = std::mem::take(&mut self.fronts[other as usize]);
                            front.append(&mut theirs);
                            apart -= 1;
                        }
                    }
                }
                self.fronts[own as usize] = front;
                if apart == 1 {
                    if !cut {
                        return Leaving::Whole;
                    }
                    self.collect();
                    return Leaving::With;
                }
            }
        }
    }

    fn begin(&mut self, nodes: usize, node: u32) {
        if self.reached.len() < nodes {
            self.reached.resize(nodes, (0, 0));
        }
        self.search = match self.search.checked_add(1) {
            Some(next) => next,
            None => {
                self.reached.fill((0, 0));
                1
            }
        };
        let count = self.starts.len();
        self.leader.clear();
        self.leader.extend(0..count as u32);
        self.done.clear();
        self.done.resize(count, false);
        self.order.clear();
        if self.fronts.len() < count {
            self.fronts.resize_with(count, VecDeque::new);
        }
        self.reached[node as usize] = (self.search, u32::MAX);
        for own in 0..count {
            let start = self.starts[own];
            self.fronts[own].clear();
            self.fronts[own].push_back(start);
            self.reached[start as usize] = (self.search, own as u32);
            self.order.push((start, own as u32));
        }
    }

    /// What was found by searches that came to an end.
    fn collect(&mut self) {
        self.cut_off.clear();
        for at in 0..self.order.len() {
            let (node, by) = self.order[at];
            let own = self.find(by);
            if self.done[own as usize] {
                self.cut_off.push(node);
            }
        }
    }

    fn find(&mut self, mut of: u32) -> u32 {
        while self.leader[of as usize] != of {
            self.leader[of as usize] = self.leader[self.leader[of as usize] as usize];
            of = self.leader[of as usize];
        }
        of
    }
}
