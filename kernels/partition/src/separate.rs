//! Blocks that are to be apart and share a part go their own ways.

use crate::contiguity::{Contiguity, Leaving};
use crate::pair::{CUT_OFF, mended_by};
use crate::sweep::Drawing;
use gridweave_chance::Chance;
use std::collections::{BTreeMap, VecDeque};

/// Tries for each two nodes that share a part and may not, at the most.
const STEPS: usize = 16;

impl Drawing<'_> {
    /// Where two nodes share a part that may not, one of them goes to a part beside it, with the nodes on the way there and what these
    /// alone held. Where none can without meeting another that it may not share that part with, it goes all the same now and then, as
    /// that one may find a way out (min-conflicts, Minton and others 1992). All parts hang together before and after; what this does to
    /// their work is for [`Drawing::balance`].
    pub fn separate(&mut self, chance: &mut Chance) {
        let mut contiguity = Contiguity::default();
        let mut clashing = self.clashing();
        for _ in 0..STEPS * clashing.len() {
            if clashing.is_empty() {
                return;
            }
            let mut two = clashing[chance.below(clashing.len())];
            chance.shuffle(&mut two);
            let mends = |drawing: &mut Self, contiguity: &mut Contiguity, chance: &mut Chance, least| {
                two.iter().any(|node| drawing.leads_out(*node, least, contiguity, chance))
            };
            if mends(self, &mut contiguity, chance, 1) || mends(self, &mut contiguity, chance, 0) {
                clashing = self.clashing();
            }
        }
    }

    /// Nodes that share a part and may not.
    fn clashing(&self) -> Vec<[u32; 2]> {
        let mut clashing = Vec::new();
        for node in 0..self.ground.apart.len() as u32 {
            let others = self.ground.apart(node).iter().filter(|other| node < **other);
            let others = others.filter(|other| self.parts.of(node) == self.parts.of(**other));
            clashing.extend(others.map(|other| [node, *other]));
        }
        clashing
    }

    /// Takes a node out of its part by the shortest way on which at least so many nodes fewer share a part that may not, or by any
    /// such way where none need be fewer; false where there is none.
    fn leads_out(&mut self, node: u32, least: i64, contiguity: &mut Contiguity, chance: &mut Chance) -> bool {
        let graph = &self.ground.graph;
        let own = self.parts.of(node);
        let mut from = BTreeMap::from([(node, node)]);
        let mut reached = VecDeque::from([node]);
        while let Some(at) = reached.pop_front() {
            let mut tried = Vec::new();
            for &beside in graph.neighbours(at) {
                let to = self.parts.of(beside);
                if to == own {
                    from.entry(beside).or_insert_with(|| {
                        reached.push_back(beside);
                        at
                    });
                } else if !tried.contains(&to) {
                    tried.push(to);
                    if least == 0 && chance.below(2) == 0 {
                        continue;
                    }
                    if self.goes((node, at), &from, to, least, contiguity) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Moves the nodes from one on the border back to the one that the way began at to another part, if so many nodes fewer share a part
    /// afterwards that may not.
    fn goes(
        &mut self,
        (node, border): (u32, u32),
        from: &BTreeMap<u32, u32>,
        to: u32,
        least: i64,
        contiguity: &mut Contiguity,
    ) -> bool {
        let own = self.parts.of(node);
        let (mut moved, mut mended) = (Vec::new(), 0);
        let mut at = border;
        let complete = loop {
            if self.parts.of(at) == own {
                let mut group = vec![at];
                match contiguity.leaving(&self.ground.graph, &self.parts, at, CUT_OFF) {
                    Leaving::Whole => {}
                    Leaving::With => group.extend_from_slice(&contiguity.cut_off),
                    Leaving::Never => break false,
                }
                mended += mended_by(self.ground, &self.parts, &group, to);
                for &node in &group {
                    self.parts.set(node, to);
                }
                moved.extend(group);
            }
            if at == node {
                break true;
            }
            at = from[&at];
        };
        if complete && mended >= least {
            for &node in &moved {
                self.loads[own as usize] = self.loads[own as usize].with(self.ground, node, -1);
                self.loads[to as usize] = self.loads[to as usize].with(self.ground, node, 1);
            }
            return true;
        }
        moved.iter().for_each(|node| self.parts.set(*node, own));
        false
    }
}
