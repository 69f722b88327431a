//! Groups of messages that are near in what happens and in where.

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;
use std::collections::{BTreeMap, BinaryHeap};

/// Neighbours of a message that are looked at for joining.
const NEIGHBOURS: usize = 16;
/// Terms by which a message looks for its neighbours, and messages of each that it looks at, before and behind it.
const LOOKED_BY: usize = 48;
const AROUND: usize = 64;
/// Messages that make a group by themselves.
const CORE: usize = 3;
/// How alike what is left over must be to a group's middle, as a share of what two groups must.
const ATTACHED: f32 = 0.75;

/// Weights of terms.
pub(super) type Vector = Vec<(u32, f32)>;

/// Terms that are of no place's name, and terms that are.
pub(super) const PARTS: usize = 2;
pub(super) const PLACES: usize = 1;
/// A part that is less than this of a group's whole is not asked.
pub(super) const PART_LEAST: f32 = 0.15;

/// A text as weights of terms, of length 1 together; or several texts added up.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub of: [Vector; PARTS],
    /// The terms of places, those of each text of length 1.
    pub places: Vector,
    /// Texts that name a place.
    pub named: f32,
    pub texts: f32,
}

impl Parts {
    pub fn lengths(&self) -> [f32; PARTS] {
        self.of.each_ref().map(|part| dot(part, part).sqrt())
    }

    pub fn length(&self) -> f32 {
        self.lengths().iter().map(|length| length * length).sum::<f32>().sqrt().max(1e-9)
    }

    fn dots(&self, other: &Self) -> [f32; PARTS] {
        [0, 1].map(|part| dot(&self.of[part], &other.of[part]))
    }

    pub fn dot(&self, other: &Self) -> f32 {
        self.dots(other).iter().sum()
    }

    fn terms(&self) -> impl Iterator<Item = &(u32, f32)> {
        self.of.iter().flatten()
    }
}

/// How near two groups are, if they are as near as `least` and each part as `least_part`. The words that name no place are
/// compared by the groups' middles. Of places the middle of many would be near to all: there each text of the one is compared
/// with each of the other, on average.
fn near(a: &Group, b: &Group, least: f32, least_part: f32) -> Option<f32> {
    let (left, right) = (&a.parts, &b.parts);
    let dots = left.dots(right);
    let apart = (0..PARTS).any(|part| {
        let (own, other) = (a.lengths[part], b.lengths[part]);
        let counts = own >= PART_LEAST * a.length && other >= PART_LEAST * b.length;
        part != PLACES && counts && dots[part] < least_part * own * other
    });
    let named = |parts: &Parts| parts.named * 2.0 >= parts.texts;
    let elsewhere = named(left)
        && named(right)
        && dot(&left.places, &right.places) < least_part * left.named * right.named;
    let near = dots.iter().sum::<f32>() / (a.length * b.length);
    (!apart && !elsewhere && near >= least).then_some(near)
}

pub(super) fn dot(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
    let (mut at, mut sum) = (0, 0.0);
    for (term, weight) in a {
        while b.get(at).is_some_and(|(other, _)| other < term) {
            at += 1;
        }
        if let Some((_, other)) = b.get(at).filter(|(other, _)| other == term) {
            sum += weight * other;
        }
    }
    sum
}

pub(super) fn sum<'a>(texts: impl Iterator<Item = &'a Parts>) -> Parts {
    let mut sums: [BTreeMap<u32, f32>; PARTS + 1] = Default::default();
    let mut all = Parts::default();
    for text in texts {
        for (sum, part) in sums.iter_mut().zip(text.of.iter().chain([&text.places])) {
            part.iter().for_each(|(term, weight)| *sum.entry(*term).or_default() += weight);
        }
        (all.named, all.texts) = (all.named + text.named, all.texts + text.texts);
    }
    let [rest, named, places] = sums.map(|sum| sum.into_iter().collect());
    Parts { of: [rest, named], places, ..all }
}

/// Two groups that may be one, the nearest on top.
#[derive(PartialEq)]
struct Pair {
    near: f32,
    groups: (usize, usize),
    /// How often each had been joined then.
    ages: (u32, u32),
}

impl Eq for Pair {}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.near.total_cmp(&other.near).then(other.groups.cmp(&self.groups))
    }
}

struct Group {
    members: Vec<usize>,
    parts: Parts,
    lengths: [f32; PARTS],
    length: f32,
    beside: HashSet<usize>,
    age: u32,
}

impl Group {
    fn of(members: Vec<usize>, parts: Parts, beside: HashSet<usize>, age: u32) -> Self {
        Self { members, lengths: parts.lengths(), length: parts.length(), parts, beside, age }
    }
}

/// Groups of [`CORE`] messages or more.
pub(super) fn joined(vectors: &[Parts], least: f32) -> Vec<Vec<usize>> {
    let neighbours = neighbours(vectors);
    let single = |(n, parts): (usize, &Parts)| Some(Group::of(vec![n], parts.clone(), HashSet::new(), 0));
    let mut groups: Vec<Option<Group>> = vectors.iter().enumerate().map(single).collect();
    let mut heap: BinaryHeap<Pair> = BinaryHeap::new();
    for (n, neighbours) in neighbours.iter().enumerate() {
        for (_, other) in neighbours {
            for (a, b) in [(n, *other), (*other, n)] {
                if let Some(group) = &mut groups[a] {
                    group.beside.insert(b);
                }
            }
            let pair = (n.min(*other), n.max(*other));
            if let (Some(a), Some(b)) = (&groups[pair.0], &groups[pair.1])
                && let Some(near) = near(a, b, least, least)
            {
                heap.push(Pair { near, groups: pair, ages: (0, 0) });
            }
        }
    }
    while let Some(pair) = heap.pop() {
        let (a, b) = pair.groups;
        let current = |n: usize, age: u32| groups[n].as_ref().is_some_and(|group| group.age == age);
        if a == b || !current(a, pair.ages.0) || !current(b, pair.ages.1) {
            continue;
        }
        let (Some(left), Some(right)) = (groups[a].take(), groups[b].take()) else { continue };
        let parts = sum([&left.parts, &right.parts].into_iter());
        let mut beside: HashSet<usize> = left.beside.union(&right.beside).copied().collect();
        beside.retain(|n| *n != a && *n != b);
        for n in &beside {
            if let Some(other) = &mut groups[*n] {
                other.beside.remove(&b);
                other.beside.insert(a);
            }
        }
        beside.retain(|n| groups[*n].is_some());
        let age = left.age.max(right.age) + 1;
        let mut order: Vec<usize> = beside.iter().copied().collect();
        order.sort_unstable();
        let members = left.members.into_iter().chain(right.members).collect();
        let group = Group::of(members, parts, beside, age);
        for n in order {
            let Some(other) = &groups[n] else { continue };
            if let Some(near) = near(&group, other, least, least) {
                let (groups, ages) =
                    if a < n { ((a, n), (age, other.age)) } else { ((n, a), (other.age, age)) };
                heap.push(Pair { near, groups, ages });
            }
        }
        groups[a] = Some(group);
    }
    let mut found: Vec<Vec<usize>> = attached(vectors, &neighbours, groups, least);
    found.iter_mut().for_each(|members| members.sort_unstable());
    found
}

/// The nearest of each message, of those that share one of its weightiest terms.
fn neighbours(vectors: &[Parts]) -> Vec<Vec<(f32, usize)>> {
    let mut having: HashMap<u32, Vec<usize>> = HashMap::new();
    for (n, vector) in vectors.iter().enumerate() {
        vector.terms().for_each(|(term, _)| having.entry(*term).or_default().push(n));
    }
    let of = |(n, vector): (usize, &Parts)| {
        let mut terms: Vec<(u32, f32)> = vector.terms().copied().collect();
        terms.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut guessed: HashMap<usize, f32> = HashMap::new();
        for (term, weight) in terms.into_iter().take(LOOKED_BY) {
            let list = having.get(&term).map_or(&[][..], Vec::as_slice);
            // Those that came about the same time: what goes on for long is joined link by link.
            let at = list.partition_point(|other| *other < n);
            let around = &list[at.saturating_sub(AROUND)..list.len().min(at + AROUND)];
            for other in around.iter().filter(|other| **other != n) {
                *guessed.entry(*other).or_default() += weight * weight;
            }
        }
        let mut near: Vec<(f32, usize)> = guessed.into_iter().map(|(other, guess)| (guess, other)).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        near.truncate(NEIGHBOURS * 4);
        near.iter_mut().for_each(|(near, other)| *near = vector.dot(&vectors[*other]));
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        near.truncate(NEIGHBOURS);
        near
    };
    vectors.par_iter().enumerate().map(of).collect()
}

/// The groups of [`CORE`] messages or more, each with what is left over and nearer to it than to the others.
fn attached(
    vectors: &[Parts],
    neighbours: &[Vec<(f32, usize)>],
    groups: Vec<Option<Group>>,
    least: f32,
) -> Vec<Vec<usize>> {
    let (core, left): (Vec<Group>, Vec<Group>) =
        groups.into_iter().flatten().partition(|group| group.members.len() >= CORE);
    let mut group_of: HashMap<usize, usize> = HashMap::new();
    for (at, group) in core.iter().enumerate() {
        group.members.iter().for_each(|n| _ = group_of.insert(*n, at));
    }
    let mut found: Vec<Vec<usize>> = core.iter().map(|group| group.members.clone()).collect();
    for n in left.into_iter().flat_map(|group| group.members) {
        let single = Group::of(vec![n], vectors[n].clone(), HashSet::new(), 0);
        let mut beside: Vec<usize> =
            neighbours[n].iter().filter_map(|(_, other)| group_of.get(other).copied()).collect();
        beside.sort_unstable();
        beside.dedup();
        let nearest = beside
            .into_iter()
            .filter_map(|at| Some((near(&single, &core[at], least * ATTACHED, least)?, at)))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, at)) = nearest {
            found[at].push(n);
        }
    }
    found
}
