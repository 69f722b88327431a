//! Who has which node while cells are being drawn.

use crate::graph::Graph;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A graph and what its nodes bring along; the same at every coarseness.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub graph: Graph,
    /// Empty where doors are not limited.
    pub doors: Vec<i64>,
    /// Nodes that a node may not share a cell with; empty where there is no such rule.
    pub apart: Vec<Vec<u32>>,
    /// The part that a node was in before, and what it costs to take it out of there; empty where none was drawn before.
    pub home: Vec<(u32, i64)>,
}

impl Ground {
    /// What it costs that a node is in this part, besides its borders.
    #[inline]
    pub fn away(&self, node: u32, part: u32) -> i64 {
        match self.home.get(node as usize) {
            Some((home, away)) if *home != part => *away,
            _ => 0,
        }
    }

    /// Nodes of a part that a node may not share it with.
    #[inline]
    pub fn clashes(&self, parts: &Parts, node: u32, part: u32) -> i64 {
        self.apart(node).iter().filter(|other| parts.of(**other) == part).count() as i64
    }

    /// How many pairs of these nodes are in one part and may not be; all nodes of a part are among them, or none.
    pub fn broken(&self, parts: &Parts, nodes: impl Iterator<Item = u32>) -> i64 {
        if self.apart.is_empty() {
            return 0;
        }
        nodes.map(|node| self.clashes(parts, node, parts.of(node))).sum::<i64>() / 2
    }

    /// What parts cost: their borders, and nodes away from home.
    pub fn cost(&self, parts: &Parts) -> i64 {
        let borders = self.graph.edges().filter(|(a, b, _)| parts.of(*a) != parts.of(*b));
        let borders: i64 = borders.map(|(_, _, cost)| cost).sum();
        let nodes = 0..self.home.len() as u32;
        borders + nodes.map(|node| self.away(node, parts.of(node))).sum::<i64>()
    }

    #[inline]
    pub fn doors(&self, node: u32) -> i64 {
        self.doors.get(node as usize).copied().unwrap_or(0)
    }

    #[inline]
    pub fn apart(&self, node: u32) -> &[u32] {
        self.apart.get(node as usize).map_or(&[], Vec::as_slice)
    }
}

/// How good a drawing is; the least is best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Worth {
    /// Nodes in one part that may not be ([`Ground::broken`]).
    pub broken: i64,
    /// By how much parts are outside of their bounds ([`Bounds::off`]).
    pub off: i64,
    /// What parts cost ([`Ground::cost`]).
    pub cost: i64,
}

impl Worth {
    /// Nothing is broken, and all parts are within their bounds.
    pub fn kept(&self) -> bool {
        self.broken == 0 && self.off == 0
    }
}

/// What a part has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub work: i64,
    pub doors: i64,
    pub nodes: i64,
}

/// What a part may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Work, at least and at most.
    pub work: (i64, i64),
    pub doors_most: i64,
    pub nodes_least: i64,
}

impl Bounds {
    /// By how much a load is outside, in units of work.
    #[inline]
    pub fn off(&self, load: &Load) -> i64 {
        let work = (self.work.0 - load.work).max(0) + (load.work - self.work.1).max(0);
        if load.doors <= self.doors_most {
            return work;
        }
        // As much as the same share of the work would be.
        let share = (load.doors - self.doors_most) as f64 / self.doors_most.max(1) as f64;
        work + (share * self.work.1 as f64) as i64 + 1
    }
}

impl Load {
    #[inline]
    pub fn with(mut self, ground: &Ground, node: u32, sign: i64) -> Self {
        self.work += sign * ground.graph.work(node);
        self.doors += sign * ground.doors(node);
        self.nodes += sign;
        self
    }
}

/// The part of each node, shared between threads that each change nodes of their own two parts.
#[derive(Debug)]
pub(crate) struct Parts(Vec<AtomicU32>);

impl Parts {
    pub fn new(of: impl IntoIterator<Item = u32>) -> Self {
        Self(of.into_iter().map(AtomicU32::new).collect())
    }

    #[inline]
    pub fn of(&self, node: u32) -> u32 {
        self.0[node as usize].load(Relaxed)
    }

    #[inline]
    pub fn set(&self, node: u32, part: u32) {
        self.0[node as usize].store(part, Relaxed);
    }

    pub fn to_vec(&self) -> Vec<u32> {
        self.0.iter().map(|part| part.load(Relaxed)).collect()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What each of so many parts has.
    pub fn loads(&self, ground: &Ground, parts: usize) -> Vec<Load> {
        let mut loads = vec![Load::default(); parts];
        for node in 0..self.len() as u32 {
            let load = &mut loads[self.of(node) as usize];
            *load = load.with(ground, node, 1);
        }
        loads
    }
}
