//! May a node leave its part without breaking it in two?

use crate::graph::Graph;
use crate::state::Parts;
use std::collections::VecDeque;

/// Room for the search, kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Contiguity {
    /// Which search reached a node last, and from which neighbour.
    reached: Vec<(u32, u32)>,
    search: u32,
    starts: Vec<u32>,
    leader: Vec<u32>,
    fronts: Vec<VecDeque<u32>>,
}

impl Contiguity {
    /// Does what is left of its part hang together without a node? Never where nothing would be left.
    ///
    /// Searches begin at all its neighbours of the part at once and go on in turn, until they have met or one has found all that
    /// it can: what is looked at is a few times the smaller side, not the whole part.
    pub fn can_leave(&mut self, graph: &Graph, parts: &Parts, node: u32) -> bool {
        let part = parts.of(node);
        self.starts.clear();
        self.starts.extend(graph.neighbours(node).iter().copied().filter(|beside| parts.of(*beside) == part));
        match self.starts.len() {
            0 => return false,
            1 => return true,
            _ => {}
        }
        if self.reached.len() < graph.len() {
            self.reached.resize(graph.len(), (0, 0));
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
        if self.fronts.len() < count {
            self.fronts.resize_with(count, VecDeque::new);
        }
        self.reached[node as usize] = (self.search, u32::MAX);
        for (own, start) in self.starts.iter().enumerate() {
            self.fronts[own].clear();
            self.fronts[own].push_back(*start);
            self.reached[*start as usize] = (self.search, own as u32);
        }
        let mut apart = count;
        loop {
            for own in 0..count as u32 {
                if self.find(own) != own {
                    continue;
                }
                let mut front = std::mem::take(&mut self.fronts[own as usize]);
                let Some(at) = front.pop_front() else { return false };
                for &beside in graph.neighbours(at) {
                    if parts.of(beside) != part {
                        continue;
                    }
                    let (search, by) = self.reached[beside as usize];
                    if search != self.search {
                        self.reached[beside as usize] = (self.search, own);
                        front.push_back(beside);
                    } else if by != u32::MAX {
                        let other = self.find(by);
                        if other != own {
                            self.leader[other as usize] = own;
                            let mut theirs = std::mem::take(&mut self.fronts[other as usize]);
                            front.append(&mut theirs);
                            apart -= 1;
                            if apart == 1 {
                                return true;
                            }
                        }
                    }
                }
                self.fronts[own as usize] = front;
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
