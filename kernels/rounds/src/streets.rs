//! How long it takes to walk, on streets or straight.

use crate::problem::Walks;
use gridweave_atlas::Point;
use gridweave_atlas::measure::plane_m;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// Streets have a node at least each so many metres, so that every door is near to one.
const STEP_M: f64 = 30.0;
/// A place farther than this from every street is reached straight.
const OFF_STREET_M: f64 = 400.0;
/// Nodes of one place are the same within this, in degrees.
const SNAP: f64 = 1e-7;
/// Cells in which nodes are looked up, in degrees of latitude: some 220 m.
const CELL: f64 = 0.002;

/// How people walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Metres a minute.
    pub metres_a_minute: f64,
    /// How much longer the way is than the straight line, where streets are not known.
    pub detour: f64,
}

impl Default for Pace {
    /// 4.8 km an hour, and three tenths longer than straight.
    fn default() -> Self {
        Self { metres_a_minute: 80.0, detour: 1.3 }
    }
}

/// How far it is along the streets ([`Streets::reach`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    /// So many metres.
    Metres(f64),
    /// Farther than asked, or no street leads there.
    Farther,
    /// One of the places is not near to a street.
    OffStreets,
}

/// Streets to walk on.
#[derive(Debug)]
pub struct Streets {
    places: Vec<Point>,
    first: Vec<u32>,
    /// Neighbour and metres.
    beside: Vec<(u32, f32)>,
    cells: HashMap<(i64, i64), Vec<u32>>,
}

/// How far a place is from all others by straight lines.
pub fn straight(places: &[Point], pace: Pace) -> Walks {
    let minutes = places.iter().flat_map(|a| {
        places.iter().map(move |b| (plane_m(*a, *b) * pace.detour / pace.metres_a_minute) as f32)
    });
    Walks::square(places.len(), minutes.collect())
}

impl Streets {
    /// Streets from lines in longitude and latitude; they meet where they have a vertex in common.
    pub fn new(lines: &[Vec<Point>]) -> Self {
        let mut number: HashMap<[i64; 2], u32> = HashMap::new();
        let mut places: Vec<Point> = Vec::new();
        let mut edges: Vec<(u32, u32, f32)> = Vec::new();
        let mut node = |p: Point, places: &mut Vec<Point>| {
            *number.entry(p.map(|value| (value / SNAP).round() as i64)).or_insert_with(|| {
                places.push(p);
                places.len() as u32 - 1
            })
        };
        for line in lines {
            for two in line.windows(2) {
                let length = plane_m(two[0], two[1]);
                if !length.is_finite() {
                    continue;
                }
                let pieces = (length / STEP_M).ceil().max(1.0);
                let mut last = node(two[0], &mut places);
                for piece in 1..=pieces as usize {
                    let share = piece as f64 / pieces;
                    let at = if piece as f64 == pieces {
                        two[1]
                    } else {
                        [0, 1].map(|axis| two[0][axis] + (two[1][axis] - two[0][axis]) * share)
                    };
                    let next = node(at, &mut places);
                    edges.push((last, next, (length / pieces) as f32));
                    last = next;
                }
            }
        }
        let mut first = vec![0u32; places.len() + 1];
        edges.iter().for_each(|(a, b, _)| {
            first[*a as usize + 1] += 1;
            first[*b as usize + 1] += 1;
        });
        (1..first.len()).for_each(|at| first[at] += first[at - 1]);
        let mut next = first.clone();
        let mut beside = vec![(0, 0.0); edges.len() * 2];
        for (a, b, metres) in edges {
            for (from, to) in [(a, b), (b, a)] {
                beside[next[from as usize] as usize] = (to, metres);
                next[from as usize] += 1;
            }
        }
        let mut cells: HashMap<(i64, i64), Vec<u32>> = HashMap::new();
        for (number, place) in places.iter().enumerate() {
            cells.entry(cell(*place)).or_default().push(number as u32);
        }
        Self { places, first, beside, cells }
    }

    /// Is there no street?
    pub fn is_empty(&self) -> bool {
        self.beside.is_empty()
    }

    /// Nodes that are not too far, and how far each is.
    fn nodes_near(&self, place: Point) -> impl Iterator<Item = (u32, f64)> + '_ {
        let (x, y) = cell(place);
        let around = (-2..=2).flat_map(move |dx| (-2..=2).map(move |dy| (x + dx, y + dy)));
        let nodes = around.filter_map(|cell| self.cells.get(&cell)).flatten();
        nodes
            .map(move |node| (*node, plane_m(self.places[*node as usize], place)))
            .filter(|(_, metres)| *metres <= OFF_STREET_M)
    }

    /// The nearest node, and how far it is; none where all are too far.
    fn node_at(&self, place: Point) -> Option<(u32, f64)> {
        self.nodes_near(place).min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    }

    /// How long it takes from each place to each, on the streets; straight where no street is near or none leads there. O(places ·
    /// nodes · log nodes), on all cores.
    pub fn walks(&self, places: &[Point], pace: Pace) -> Walks {
        let nodes: Vec<Option<(u32, f64)>> = places.iter().map(|place| self.node_at(*place)).collect();
        let mut wanted = vec![false; self.places.len()];
        nodes.iter().flatten().for_each(|(node, _)| wanted[*node as usize] = true);
        let count = wanted.iter().filter(|wanted| **wanted).count();
        let rows: Vec<Vec<f32>> = places
            .par_iter()
            .zip(&nodes)
            .map(|(from, start)| {
                let far = start.map(|(node, _)| self.distances(node, &wanted, count).0);
                let to = places.iter().zip(&nodes).map(|(to, end)| {
                    let straight = plane_m(*from, *to);
                    let on_streets = match (start, end, &far) {
                        (Some((_, off)), Some((end, off_end)), Some(far)) => {
                            far.get(end).map(|metres| f64::from(*metres) + (off + off_end) * pace.detour)
                        }
                        _ => None,
                    };
                    // Across the yard, where streets lead around it.
                    let near = straight * pace.detour;
                    let metres = match on_streets {
                        Some(metres) if near < 60.0 => metres.min(near),
                        Some(metres) => metres.max(straight),
                        None => near,
                    };
                    (metres / pace.metres_a_minute) as f32
                });
                to.collect()
            })
            .collect();
        Walks::square(places.len(), rows.into_iter().flatten().collect())
    }

    /// Metres to all wanted nodes that can be reached (Dijkstra 1959), and from which node each was reached.
    fn distances(&self, start: u32, wanted: &[bool], count: usize) -> (HashMap<u32, f32>, HashMap<u32, u32>) {
        let mut far: HashMap<u32, f32> = HashMap::from([(start, 0.0)]);
        let mut from: HashMap<u32, u32> = HashMap::new();
        let mut found = HashMap::with_capacity(count);
        let mut open = BinaryHeap::from([Reverse((Metres(0.0), start))]);
        while let Some(Reverse((Metres(metres), node))) = open.pop() {
            if far.get(&node).is_some_and(|least| metres > *least) {
                continue;
            }
            if wanted[node as usize] && found.insert(node, metres).is_none() && found.len() == count {
                break;
            }
            let range = self.first[node as usize] as usize..self.first[node as usize + 1] as usize;
            for (beside, length) in &self.beside[range] {
                let metres = metres + length;
                let least = far.entry(*beside).or_insert(f32::INFINITY);
                if metres < *least {
                    *least = metres;
                    from.insert(*beside, node);
                    open.push(Reverse((Metres(metres), *beside)));
                }
            }
        }
        (found, from)
    }

    /// How far it is between two places, both within `near` metres of a street (400 at the most), along the streets, if that is no farther
    /// than `most` metres. People may set out on any street that near. Searched from one towards the other (A*, Hart, Nilsson and Raphael
    /// 1968), no farther than needed.
    pub fn reach(&self, [from, to]: [Point; 2], near: f64, most: f64) -> Reach {
        // Behind all nodes comes the other place.
        let arrived = self.places.len() as u32;
        let starts = self.nodes_near(from).filter(|(_, off)| *off <= near);
        let ends: HashMap<u32, f64> = self.nodes_near(to).filter(|(_, off)| *off <= near).collect();
        let at_least = |node: u32, metres: f64| match self.places.get(node as usize) {
            Some(place) => metres + plane_m(*place, to),
            None => metres,
        };
        let mut far: HashMap<u32, f64> = HashMap::new();
        let mut open = BinaryHeap::new();
        let mut is_near = false;
        for (node, off) in starts {
            is_near = true;
            far.insert(node, off);
            open.push(Reverse((Metres(at_least(node, off) as f32), node)));
        }
        if !is_near || ends.is_empty() {
            return Reach::OffStreets;
        }
        let mut done = HashSet::new();
        while let Some(Reverse((_, node))) = open.pop() {
            let metres = far[&node];
            if node == arrived {
                return Reach::Metres(metres);
            }
            if !done.insert(node) {
                continue;
            }
            let range = self.first[node as usize] as usize..self.first[node as usize + 1] as usize;
            let along = self.beside[range].iter().map(|(beside, length)| (*beside, f64::from(*length)));
            for (beside, length) in along.chain(ends.get(&node).map(|off| (arrived, *off))) {
                let metres = metres + length;
                let whole = at_least(beside, metres);
                let least = far.entry(beside).or_insert(f64::INFINITY);
                if metres < *least && whole <= most {
                    *least = metres;
                    open.push(Reverse((Metres(whole as f32), beside)));
                }
            }
        }
        Reach::Farther
    }

    /// The way between two places along the streets; straight where there is none.
    pub fn way(&self, from: Point, to: Point) -> Vec<Point> {
        let mut way = vec![from];
        if let (Some((start, _)), Some((end, _))) = (self.node_at(from), self.node_at(to)) {
            let mut wanted = vec![false; self.places.len()];
            wanted[end as usize] = true;
            let (found, reached) = self.distances(start, &wanted, 1);
            if found.contains_key(&end) {
                let mut back = vec![end];
                while let Some(before) = reached.get(&back[back.len() - 1]) {
                    back.push(*before);
                }
                way.extend(back.into_iter().rev().map(|node| self.places[node as usize]));
            }
        }
        way.push(to);
        way
    }
}

fn cell(place: Point) -> (i64, i64) {
    ((place[0] / CELL).floor() as i64, (place[1] / CELL).floor() as i64)
}

#[derive(Clone, Copy, PartialEq)]
struct Metres(f32);

impl PartialOrd for Metres {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Metres {}

impl Ord for Metres {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
