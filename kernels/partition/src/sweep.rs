//! All parts: each pair that touches is refined, many pairs at a time, and what one part has too much travels to where it is
//! missing.

use crate::pair::{Effort, Pair, Refined, Scratch, refine};
use crate::state::{Bounds, Ground, Load, Parts, Worth};
use gridweave_chance::Chance;
use rayon::prelude::*;
use std::sync::Mutex;

/// Parts that are being drawn on one ground.
pub(crate) struct Drawing<'a> {
    pub ground: &'a Ground,
    pub parts: Parts,
    pub loads: Vec<Load>,
    pub bounds: Vec<Bounds>,
    scratches: Mutex<Vec<Scratch>>,
}

/// Two parts that touch, and the nodes on their border.
struct Touching {
    parts: [u32; 2],
    nodes: Vec<u32>,
    /// What the border between them costs.
    border: i64,
}

/// What parts are brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// The middle of what they may have.
    Middle,
    /// The nearest that they may have.
    Nearest,
}

/// Rounds of [`Drawing::balance`], at the most.
const BALANCE_ROUNDS: usize = 24;
/// Steps of the solver of how much travels where, at the most.
const SOLVER_STEPS: usize = 400;

impl<'a> Drawing<'a> {
    pub fn new(ground: &'a Ground, parts: Parts, bounds: Vec<Bounds>) -> Self {
        let loads = parts.loads(ground, bounds.len());
        Self { ground, parts, loads, bounds, scratches: Mutex::default() }
    }

    /// By how much all parts are outside of their bounds.
    pub fn off(&self) -> i64 {
        self.loads.iter().zip(&self.bounds).map(|(load, bounds)| bounds.off(load)).sum()
    }

    /// How good they are.
    pub fn worth(&self) -> Worth {
        Worth {
            broken: self.ground.broken(&self.parts, 0..self.parts.len() as u32),
            off: self.off(),
            cost: self.ground.cost(&self.parts),
        }
    }

    /// All pairs of parts that touch.
    fn touching(&self, wanted: impl Fn(u32) -> bool) -> Vec<Touching> {
        let graph = &self.ground.graph;
        let mut ends: Vec<(u32, u32, u32, i64)> = Vec::new();
        for node in 0..graph.len() as u32 {
            let own = self.parts.of(node);
            for (beside, cost) in graph.around(node) {
                let other = self.parts.of(beside);
                if own != other && (wanted(own) || wanted(other)) {
                    ends.push((own.min(other), own.max(other), node, cost));
                }
            }
        }
        ends.sort_unstable();
        let mut touching: Vec<Touching> = Vec::new();
        for (a, b, node, cost) in ends {
            match touching.last_mut() {
                Some(last) if last.parts == [a, b] => {
                    if last.nodes.last() != Some(&node) {
                        last.nodes.push(node);
                    }
                    last.border += cost;
                }
                _ => touching.push(Touching { parts: [a, b], nodes: vec![node], border: cost }),
            }
        }
        // Each edge was seen from both ends.
        touching.iter_mut().for_each(|touching| touching.border /= 2);
        touching
    }

    /// Refines every pair of which at least one part changed since it was last looked at, until nothing gets better or so many
    /// times.
    pub fn sweeps(&mut self, most: usize, effort: Effort, chance: &mut Chance) {
        let mut changed = vec![true; self.bounds.len()];
        for _ in 0..most {
            let mut pairs = self.touching(|part| changed[part as usize]);
            chance.shuffle(&mut pairs);
            let mut changes = vec![false; self.bounds.len()];
            let bounds = self.bounds.clone();
            for refined in
                self.refine_all(pairs, &|parts, _| parts.map(|part| bounds[part as usize]), effort, chance)
            {
                if refined.better {
                    refined.pair.parts.iter().for_each(|part| changes[*part as usize] = true);
                }
            }
            changed = changes;
            if !changed.contains(&true) {
                break;
            }
        }
    }

    /// Refines pairs, those that share no part beside each other.
    fn refine_all(
        &mut self,
        mut pairs: Vec<Touching>,
        bounds: &(dyn Fn([u32; 2], [Load; 2]) -> [Bounds; 2] + Sync),
        effort: Effort,
        chance: &mut Chance,
    ) -> Vec<Refined> {
        let mut all = Vec::with_capacity(pairs.len());
        while !pairs.is_empty() {
            let mut taken = vec![false; self.loads.len()];
            let (now, later): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|pair| {
                let free = pair.parts.iter().all(|part| !taken[*part as usize]);
                if free {
                    pair.parts.iter().for_each(|part| taken[*part as usize] = true);
                }
                free
            });
            pairs = later;
            let seed = chance.next();
            let refined: Vec<Refined> = now
                .par_iter()
                .map(|touching| {
                    let [a, b] = touching.parts;
                    let mut chance = Chance::new(seed ^ (u64::from(a) << 32 | u64::from(b)));
                    let mut scratch =
                        self.scratches.lock().map_or(None, |mut kept| kept.pop()).unwrap_or_default();
                    let loads = [self.loads[a as usize], self.loads[b as usize]];
                    let pair = Pair { parts: touching.parts, loads, bounds: bounds(touching.parts, loads) };
                    let nodes = &touching.nodes;
                    let refined =
                        refine(self.ground, &self.parts, pair, nodes, effort, &mut chance, &mut scratch);
                    if let Ok(mut kept) = self.scratches.lock() {
                        kept.push(scratch);
                    }
                    refined
                })
                .collect();
            for refined in &refined {
                for (part, load) in refined.pair.parts.iter().zip(refined.pair.loads) {
                    self.loads[*part as usize] = load;
                }
            }
            all.extend(refined);
        }
        all
    }

    /// Brings parts within their bounds: how much has to travel between which is told by diffusion, which moves least in squares
    /// (Hu, Blake and Emerson 1998), and each pair is refined towards that. True when all are within.
    pub fn balance(&mut self, aim: Aim, fine: i64, effort: Effort, chance: &mut Chance) -> bool {
        let mut least = i64::MAX;
        let mut tired = 0;
        for _ in 0..BALANCE_ROUNDS {
            let off = self.off();
            if off == 0 {
                return true;
            }
            // What does not help any more will not later.
            tired = if off < least - least / 50 { 0 } else { tired + 1 };
            least = least.min(off);
            if tired > 4 {
                return false;
            }
            let mut pairs = self.touching(|_| true);
            let flows = self.flows(&pairs, aim, fine);
            let mut travels: std::collections::BTreeMap<[u32; 2], i64> = Default::default();
            for (pair, flow) in pairs.iter().zip(flows) {
                travels.insert(pair.parts, flow as i64);
            }
            pairs.retain(|pair| travels[&pair.parts].abs() > fine / 2);
            // The largest first, with the others of their colour.
            chance.shuffle(&mut pairs);
            pairs.sort_by_key(|pair| std::cmp::Reverse(travels[&pair.parts].abs()));
            let own = self.bounds.clone();
            let towards = |parts: [u32; 2], loads: [Load; 2]| {
                let flow = travels[&parts];
                [0, 1].map(|side| {
                    let aim = loads[side].work + if side == 0 { -flow } else { flow };
                    Bounds { work: ((aim - fine).max(0), aim + fine), ..own[parts[side] as usize] }
                })
            };
            self.refine_all(pairs, &towards, effort, chance);
        }
        self.off() == 0
    }

    /// How much work should travel over each border, from the first part to the second: the differences of a potential whose
    /// diffusion takes away what each part has too much.
    fn flows(&self, pairs: &[Touching], aim: Aim, fine: i64) -> Vec<f64> {
        let count = self.loads.len();
        let excess = self.excess(pairs, aim, fine);
        // Short borders let less through.
        let mean = pairs.iter().map(|pair| pair.border as f64).sum::<f64>() / pairs.len().max(1) as f64;
        let width = |pair: &Touching| (pair.border as f64 / mean).clamp(0.1, 4.0);
        let spread = |x: &[f64]| {
            let mut y = vec![0.0; count];
            for pair in pairs {
                let [a, b] = pair.parts.map(|part| part as usize);
                let flow = (x[a] - x[b]) * width(pair);
                y[a] += flow;
                y[b] -= flow;
            }
            y
        };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        // Conjugate gradients (Hestenes and Stiefel 1952).
        let mut potential = vec![0.0; count];
        let mut left = excess;
        let mut direction = left.clone();
        let mut square = dot(&left, &left);
        let enough = square * 1e-10;
        for _ in 0..SOLVER_STEPS {
            if square <= enough.max(1.0) {
                break;
            }
            let spreads = spread(&direction);
            let step = square / dot(&direction, &spreads).max(f64::MIN_POSITIVE);
            for at in 0..count {
                potential[at] += step * direction[at];
                left[at] -= step * spreads[at];
            }
            let next = dot(&left, &left);
            let keep = next / square;
            square = next;
            for at in 0..count {
                direction[at] = left[at] + keep * direction[at];
            }
        }
        pairs
            .iter()
            .map(|pair| {
                let [a, b] = pair.parts.map(|part| part as usize);
                (potential[a] - potential[b]) * width(pair)
            })
            .collect()
    }

    /// What each part has more than it is to have; nothing over all parts that touch each other.
    fn excess(&self, pairs: &[Touching], aim: Aim, fine: i64) -> Vec<f64> {
        let count = self.loads.len();
        let mut ground_of: Vec<u32> = (0..count as u32).collect();
        fn find(of: &mut [u32], mut part: u32) -> u32 {
            while of[part as usize] != part {
                of[part as usize] = of[of[part as usize] as usize];
                part = of[part as usize];
            }
            part
        }
        for pair in pairs {
            let [a, b] = pair.parts.map(|part| find(&mut ground_of, part));
            ground_of[a.max(b) as usize] = a.min(b);
        }
        let mut grounds: std::collections::BTreeMap<u32, Vec<usize>> = Default::default();
        for part in 0..count as u32 {
            grounds.entry(find(&mut ground_of, part)).or_default().push(part as usize);
        }
        let mut excess = vec![0.0; count];
        for parts in grounds.into_values() {
            let sum: f64 = parts.iter().map(|part| self.loads[*part].work as f64).sum();
            let wanted = |part: usize, more: f64| {
                let (least, most) = self.bounds[part].work;
                let (load, least, most) = (self.loads[part].work as f64, least as f64, most as f64);
                let inset = (fine as f64).min((most - least) / 4.0);
                match aim {
                    Aim::Middle => f64::midpoint(least, most) + more,
                    Aim::Nearest => (load + more).clamp(least + inset, most - inset),
                }
            };
            let all = |more: f64| parts.iter().map(|part| wanted(*part, more)).sum::<f64>();
            // What all get more or less so that nothing is left over.
            let (mut low, mut high) = (-sum.max(1.0), sum.max(1.0));
            for _ in 0..60 {
                let middle = f64::midpoint(low, high);
                if all(middle) < sum { low = middle } else { high = middle }
            }
            let left = (sum - all(high)) / parts.len() as f64;
            parts
                .iter()
                .for_each(|part| excess[*part] = self.loads[*part].work as f64 - wanted(*part, high) - left);
        }
        excess
    }
}
