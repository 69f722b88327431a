//! What many people write about: messages of one matter as a topic, with its heat, its name, and its way through time.
//!
//! Messages are compared by their terms, rare ones weighing more and those of the beginning twice. Each looks for its nearest
//! among those that share a rare term; pairs are joined from the nearest on, two groups only where their middles are as
//! near as [`TopicOptions::likeness`] (agglomerative clustering by centroids over a graph of neighbours). A matter is what
//! happens and where: terms of places' names and all others must each be alike, so that neither all that is said of one
//! road nor the same complaint of two compounds becomes one topic.

use crate::related::metres;
use crate::terms::{Term, terms};
use crate::text::{Gap, Unit, clean, units};
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

/// Terms of one message.
const TERMS_MAX: usize = 400;
/// Bytes of the beginning, whose terms weigh twice: about a subject.
const HEAD_BYTES: u32 = 90;
/// Neighbours of a message that are looked at for joining.
const NEIGHBOURS: usize = 16;
/// A term of more messages than this share of all, and than [`COMMON_LEAST`], is left aside.
const COMMON_SHARE: usize = 20;
const COMMON_LEAST: usize = 60;
/// Messages that make a group by themselves.
const CORE: usize = 3;
/// How alike what is left over must be to a group's middle, as a share of what two groups must.
const ATTACHED: f32 = 0.75;
/// Units of a phrase of a name.
const PHRASE_MAX: usize = 12;
/// Phrases of a name.
const PHRASES: usize = 3;

/// A message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Post<'a> {
    /// The text, as it was written.
    pub text: &'a str,
    /// When it came, in milliseconds.
    pub at_ms: Option<i64>,
    /// Who wrote it; nobody else where it is not known.
    pub user: Option<&'a str>,
    /// How many agreed.
    pub agree: f64,
    /// Where it is about.
    pub lon_lat: Option<[f64; 2]>,
}

/// How topics are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicOptions {
    /// The cosine of two groups' middles from which on they are one.
    pub likeness: f32,
    /// People that a topic needs.
    pub people: usize,
}

impl Default for TopicOptions {
    fn default() -> Self {
        Self { likeness: 0.23, people: 3 }
    }
}

/// How hot a topic is, and why: `heat = people × (1 + ln(1 + agree / people)) × growth × (1 + ln(1 + km) / 4)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Heat {
    /// The product.
    pub heat: f64,
    /// How many people wrote.
    pub people: usize,
    /// How many agreed.
    pub agree: f64,
    /// From 0.5 (all in the first half of the window) over 1 to 1.5 (all in its second half).
    pub growth: f64,
    /// Half of the messages lie within so many kilometres of their middle; 0 where no place is known.
    pub km: f64,
}

/// A matter that several people write about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topic {
    /// Its messages, by number, in their order.
    pub members: Vec<usize>,
    /// How hot it is.
    pub heat: Heat,
    /// Its own words, those that most of its messages have and few others first.
    pub name: Vec<String>,
    /// The message that is nearest to its middle.
    pub typical: usize,
    /// How near its messages are to its middle, on average.
    pub likeness: f32,
}

/// Weights of terms.
type Vector = Vec<(u32, f32)>;

/// Terms that are of no place's name, and terms that are.
const PARTS: usize = 2;
const PLACES: usize = 1;
/// A part that is less than this of a group's whole is not asked.
const PART_LEAST: f32 = 0.15;

/// A text as weights of terms, of length 1 together; or several texts added up.
#[derive(Clone, Debug, Default)]
struct Parts {
    of: [Vector; PARTS],
    /// The terms of places, those of each text of length 1.
    places: Vector,
    /// Texts that name a place.
    named: f32,
    texts: f32,
}

impl Parts {
    fn lengths(&self) -> [f32; PARTS] {
        self.of.each_ref().map(|part| dot(part, part).sqrt())
    }

    fn length(&self) -> f32 {
        self.lengths().iter().map(|length| length * length).sum::<f32>().sqrt().max(1e-9)
    }

    fn dots(&self, other: &Self) -> [f32; PARTS] {
        [0, 1].map(|part| dot(&self.of[part], &other.of[part]))
    }

    fn dot(&self, other: &Self) -> f32 {
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

fn dot(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
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

/// The topics of a window, the hottest first. `window` is when it begins and ends.
pub fn topics(posts: &[Post], window: Option<(i64, i64)>, options: &TopicOptions) -> Vec<Topic> {
    let cleaned: Vec<String> = posts.par_iter().map(|post| clean(post.text)).collect();
    let of_posts: Vec<Vec<Term>> = cleaned.par_iter().map(|text| terms(text, TERMS_MAX).of).collect();
    // Messages that have a term, and those in which it is of a place's name.
    let mut counts: HashMap<u32, (u32, u32)> = HashMap::new();
    for term in of_posts.iter().flatten() {
        let count = counts.entry(term.hash).or_default();
        *count = (count.0 + 1, count.1 + u32::from(term.of_place));
    }
    let all = posts.len() as f32;
    let common = (posts.len() / COMMON_SHARE).max(COMMON_LEAST) as u32;
    let vector = |terms: &Vec<Term>| -> Parts {
        let weight = |term: &Term| {
            let rare = (all / counts[&term.hash].0 as f32).ln();
            if term.from < HEAD_BYTES { 2.0 * rare } else { rare }
        };
        let mut parts = Parts::default();
        // What only this message has cannot be shared.
        // What very many have is a way of speaking.
        let tells = |term: &&Term| (2..=common).contains(&counts[&term.hash].0);
        for term in terms.iter().filter(tells) {
            let (messages, of_place) = counts[&term.hash];
            parts.of[usize::from(of_place * 2 > messages)].push((term.hash, weight(term)));
        }
        let (length, of_places) = (parts.length(), parts.lengths()[PLACES]);
        // Squared: that both end in 花园 is little beside 东湖.
        parts.places = parts.of[PLACES].iter().map(|(term, weight)| (*term, weight * weight)).collect();
        let squared = dot(&parts.places, &parts.places).sqrt().max(1e-9);
        parts.places.iter_mut().for_each(|(_, weight)| *weight /= squared);
        parts.named = if of_places >= PART_LEAST * length { 1.0 } else { 0.0 };
        parts.texts = 1.0;
        parts.of.iter_mut().flatten().for_each(|(_, weight)| *weight /= length);
        parts
    };
    let vectors: Vec<Parts> = of_posts.par_iter().map(vector).collect();
    let groups = joined(&vectors, options.likeness);
    let names = Names::of(&cleaned);
    let mut found: Vec<Topic> = groups
        .into_par_iter()
        .filter_map(|members| {
            let heat = heat(posts, &members, window);
            if heat.people < options.people {
                return None;
            }
            let middle = sum(members.iter().map(|n| &vectors[*n]));
            let length = middle.length();
            let near: Vec<f32> = members.iter().map(|n| middle.dot(&vectors[*n]) / length).collect();
            let best = (0..members.len()).max_by(|a, b| near[*a].total_cmp(&near[*b]).then(b.cmp(a)))?;
            let name = names.name(&cleaned, &members);
            let likeness = near.iter().sum::<f32>() / near.len() as f32;
            Some(Topic { typical: members[best], members, heat, name, likeness })
        })
        .collect();
    found.sort_by(|a, b| b.heat.heat.total_cmp(&a.heat.heat).then(a.members.cmp(&b.members)));
    found
}

fn sum<'a>(texts: impl Iterator<Item = &'a Parts>) -> Parts {
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
fn joined(vectors: &[Parts], least: f32) -> Vec<Vec<usize>> {
    let mut having: HashMap<u32, Vec<usize>> = HashMap::new();
    for (n, vector) in vectors.iter().enumerate() {
        vector.terms().for_each(|(term, _)| having.entry(*term).or_default().push(n));
    }
    let neighbours: Vec<Vec<(f32, usize)>> = vectors
        .par_iter()
        .enumerate()
        .map(|(n, vector)| {
            let mut near: HashMap<usize, f32> = HashMap::new();
            for (term, weight) in vector.terms() {
                for other in having.get(term).into_iter().flatten().filter(|other| **other != n) {
                    // A first guess, by the rare terms alone.
                    *near.entry(*other).or_default() += weight * weight;
                }
            }
            let mut near: Vec<(f32, usize)> = near.into_iter().map(|(other, guess)| (guess, other)).collect();
            near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            near.truncate(NEIGHBOURS * 4);
            let mut near: Vec<(f32, usize)> =
                near.into_iter().map(|(_, other)| (vector.dot(&vectors[other]), other)).collect();
            near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            near.truncate(NEIGHBOURS);
            near
        })
        .collect();
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

fn heat(posts: &[Post], members: &[usize], window: Option<(i64, i64)>) -> Heat {
    let mut named: HashSet<&str> = HashSet::new();
    let mut nobody = 0;
    for n in members {
        match posts[*n].user {
            Some(user) => _ = named.insert(user),
            None => nobody += 1,
        }
    }
    let people = named.len() + nobody;
    let agree: f64 = members.iter().map(|n| posts[*n].agree.max(0.0)).sum();
    let times: Vec<i64> = members.iter().filter_map(|n| posts[*n].at_ms).collect();
    let late = window.map_or(0.5, |(from, to)| {
        let late = times.iter().filter(|at| **at >= from + (to - from) / 2).count();
        if times.is_empty() { 0.5 } else { late as f64 / times.len() as f64 }
    });
    let growth = 0.5 + late;
    let at: Vec<[f32; 2]> =
        members.iter().filter_map(|n| posts[*n].lon_lat).map(|at| at.map(|degree| degree as f32)).collect();
    let km = middle_distance(&at) / 1000.0;
    let heat =
        people as f64 * (1.0 + (agree / people.max(1) as f64).ln_1p()) * growth * (1.0 + km.ln_1p() / 4.0);
    Heat { heat, people, agree, growth, km }
}

/// The median distance from the middle, in metres.
fn middle_distance(all: &[[f32; 2]]) -> f64 {
    if all.is_empty() {
        return 0.0;
    }
    let mean = [0, 1].map(|axis| all.iter().map(|at| at[axis]).sum::<f32>() / all.len() as f32);
    let mut far: Vec<f32> = all.iter().map(|at| metres(*at, mean)).collect();
    far.sort_by(f32::total_cmp);
    f64::from(far[far.len() / 2])
}

/// How many messages have each phrase.
struct Names {
    counts: HashMap<u64, u32>,
    all: f64,
}

/// Hands each phrase of a text to `see`, with where it stands.
fn phrases(cleaned: &str, see: &mut impl FnMut(u64, Phrase)) {
    let mut all: Vec<Unit> = Vec::new();
    units(cleaned, &mut |unit| {
        all.push(unit);
        all.len() < 300
    });
    for from in 0..all.len() {
        for to in from + 1..=(from + PHRASE_MAX).min(all.len()) {
            if to > from + 1 && all[to - 1].gap == Gap::Mark {
                break;
            }
            // A letter by itself is no phrase, nor is a number.
            if to == from + 1 && (all[from].whole.is_some() || all[from].number) {
                continue;
            }
            let span = all[from].from as usize..all[to - 1].to as usize;
            let before =
                from.checked_sub(1).filter(|_| all[from].gap != Gap::Mark).map(|at| all[at].from as usize);
            let behind = all
                .get(to)
                .filter(|unit| unit.gap != Gap::Mark && to - from < PHRASE_MAX)
                .map(|unit| unit.to as usize);
            let wider = [before.map(|start| start..span.end), behind.map(|end| span.start..end)];
            see(phrase_hash(cleaned, &span), Phrase { span, wider });
        }
    }
}

fn phrase_hash(cleaned: &str, span: &Range<usize>) -> u64 {
    xxhash_rust::xxh3::xxh3_64(cleaned[span.clone()].as_bytes())
}

/// A phrase where it stands, and with one unit more before or behind it.
#[derive(Clone, Debug)]
struct Phrase {
    span: Range<usize>,
    wider: [Option<Range<usize>>; 2],
}

impl Names {
    fn of(cleaned: &[String]) -> Self {
        let mut counts: HashMap<u64, u32> = HashMap::new();
        for text in cleaned {
            let mut own: HashSet<u64> = HashSet::new();
            phrases(text, &mut |hash, _| _ = own.insert(hash));
            own.into_iter().for_each(|hash| *counts.entry(hash).or_default() += 1);
        }
        Self { counts, all: cleaned.len() as f64 }
    }

    /// The phrases that tell a topic from all else: how many of its messages have one, by how rare it is, by its length.
    fn name(&self, cleaned: &[String], members: &[usize]) -> Vec<String> {
        let mut own: HashMap<u64, (u32, usize, Phrase)> = HashMap::new();
        for n in members {
            let mut seen: HashSet<u64> = HashSet::new();
            phrases(&cleaned[*n], &mut |hash, phrase| {
                if seen.insert(hash) {
                    own.entry(hash).or_insert((0, *n, phrase)).0 += 1;
                }
            });
        }
        // A phrase that nearly always goes on the same way is part of a longer one.
        let goes_on = |(count, n, phrase): &(u32, usize, Phrase)| {
            phrase.wider.iter().flatten().any(|wider| {
                own.get(&phrase_hash(&cleaned[*n], wider)).is_some_and(|(longer, ..)| longer * 4 > count * 3)
            })
        };
        let mut scored: Vec<(f64, String)> = own
            .iter()
            .filter(|(_, one)| one.0 > 1 && one.0 as usize * 4 >= members.len() && !goes_on(one))
            .map(|(hash, (count, n, phrase))| {
                let text = cleaned[*n][phrase.span.clone()].to_owned();
                let share = f64::from(*count) / members.len() as f64;
                let rare = (self.all / f64::from(self.counts.get(hash).copied().unwrap_or(1))).ln();
                let letters = text.chars().count() as f64;
                // What is said at the beginning is what it is about.
                let early = if phrase.span.start < HEAD_BYTES as usize { 1.5 } else { 1.0 };
                (early * share * rare * letters.min(8.0).sqrt(), text)
            })
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let mut name: Vec<String> = Vec::new();
        for (_, text) in scored {
            // Phrases that share two letters in a row say the same twice.
            let letters: Vec<char> = text.chars().collect();
            let twice = |other: &String| {
                letters.windows(2).any(|pair| other.contains(&pair.iter().collect::<String>()))
            };
            if !name.iter().any(twice) {
                name.push(text);
                if name.len() == PHRASES {
                    break;
                }
            }
        }
        name
    }
}

/// What became of a topic from one window to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was not there before.
    Appears,
    /// A fifth more people than before, or more.
    Grows,
    /// About as many.
    Stays,
    /// A fifth fewer, or fewer.
    Fades,
    /// It is made of several of before.
    Merges,
}

/// A topic that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// Its number, the same in each window.
    pub id: usize,
    /// What became of it.
    pub state: State,
    /// The others that it took in.
    pub merged: Vec<usize>,
}

/// Follows topics from window to window, by the messages that they share.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    before: Vec<(usize, HashSet<u64>, usize)>,
    next: usize,
}

impl Tracker {
    /// Follows the topics of the next window: of each its messages, by numbers that stay, and its people. `from` says which
    /// messages the window still holds: those with a number that `still` holds. A topic goes on where half of the messages
    /// that are left of the one before are in it.
    pub fn follow(&mut self, topics: &[(HashSet<u64>, usize)], still: &HashSet<u64>) -> Vec<Followed> {
        let mut found: Vec<Followed> = Vec::new();
        let mut taken: HashSet<usize> = HashSet::new();
        for (members, people) in topics {
            let mut before: Vec<(usize, usize, usize)> = self
                .before
                .iter()
                .filter(|(id, ..)| !taken.contains(id))
                .filter_map(|(id, old, people)| {
                    let left = old.iter().filter(|n| still.contains(*n)).count();
                    let shared = old.intersection(members).count();
                    (shared > 0 && shared * 2 >= left).then_some((shared, *id, *people))
                })
                .collect();
            before.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            taken.extend(before.iter().map(|(_, id, _)| *id));
            let followed = match before.first() {
                None => {
                    self.next += 1;
                    Followed { id: self.next, state: State::Appears, merged: Vec::new() }
                }
                Some((_, id, then)) => {
                    let state = if before.len() > 1 {
                        State::Merges
                    } else if people * 5 >= then * 6 {
                        State::Grows
                    } else if people * 5 <= then * 4 {
                        State::Fades
                    } else {
                        State::Stays
                    };
                    Followed { id: *id, state, merged: before[1..].iter().map(|(_, id, _)| *id).collect() }
                }
            };
            found.push(followed);
        }
        self.before = found
            .iter()
            .zip(topics)
            .map(|(followed, (members, people))| (followed.id, members.clone(), *people))
            .collect();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posts() -> Vec<String> {
        let lift = [
            "东湖花园电梯又坏了没人修",
            "东湖花园3栋电梯坏了，老人下不了楼",
            "电梯坏了，东湖花园的物业不管",
            "东湖花园电梯坏了一周",
        ];
        let dust = [
            "丽发新城搅拌站噪音扰民",
            "丽发新城小区旁边的搅拌站灰尘大",
            "搅拌站噪音太大，丽发新城居民睡不着",
        ];
        let other = [
            "咨询医保转移手续",
            "公交车等太久了",
            "学位不够怎么办",
            "路灯不亮请维修",
            "河水发黑发臭",
            "停车费太贵",
        ];
        lift.iter().chain(&dust).chain(&other).map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn each_matter_is_one_topic_with_its_own_words() {
        let texts = posts();
        let posts: Vec<Post> = texts.iter().map(|text| Post { text, ..Post::default() }).collect();
        let found = topics(&posts, None, &TopicOptions { likeness: 0.2, people: 3 });
        let members: Vec<&Vec<usize>> = found.iter().map(|topic| &topic.members).collect();
        assert_eq!(members, [&vec![0, 1, 2, 3], &vec![4, 5, 6]]);
        assert!(found[0].name.join(" ").contains("东湖花园"), "{:?}", found[0].name);
        assert!(found[1].name.join(" ").contains("搅拌站"), "{:?}", found[1].name);
        assert_eq!((found[0].heat.people, found[0].heat.growth), (4, 1.0));
    }

    #[test]
    fn heat_counts_people_once_and_rises_with_agreement_growth_and_area() {
        let post = |user, at, agree, lon| Post {
            text: "",
            at_ms: Some(at),
            user: Some(user),
            agree,
            lon_lat: Some([lon, 30.0]),
        };
        let calm = [post("a", 1, 0.0, 114.0), post("a", 2, 0.0, 114.0), post("b", 3, 0.0, 114.0)];
        let of = |posts: &[Post]| heat(posts, &[0, 1, 2], Some((0, 10)));
        assert_eq!(of(&calm).people, 2);
        assert!((of(&calm).heat - 2.0 * 0.5).abs() < 1e-9);
        let late = [post("a", 8, 0.0, 114.0), post("a", 9, 0.0, 114.0), post("b", 9, 0.0, 114.0)];
        assert!((of(&late).heat - 2.0 * 1.5).abs() < 1e-9);
        let agreed = [post("a", 1, 6.0, 114.0), post("a", 2, 0.0, 114.0), post("b", 3, 0.0, 114.0)];
        assert!((of(&agreed).heat - (1.0 + 4f64.ln())).abs() < 1e-9);
        let wide = [post("a", 1, 0.0, 114.0), post("a", 2, 0.0, 114.1), post("b", 3, 0.0, 114.2)];
        assert!(of(&wide).km > 5.0 && of(&wide).heat > of(&calm).heat);
    }

    #[test]
    fn topics_are_followed() {
        let mut tracker = Tracker::default();
        let set = |numbers: &[u64]| numbers.iter().copied().collect::<HashSet<u64>>();
        let all = set(&(0..100).collect::<Vec<_>>());
        let first = tracker.follow(&[(set(&[1, 2, 3]), 3), (set(&[10, 11]), 2)], &all);
        assert!(first.iter().all(|one| one.state == State::Appears));
        let second =
            tracker.follow(&[(set(&[1, 2, 3, 4, 5]), 5), (set(&[10, 11]), 2), (set(&[20, 21]), 2)], &all);
        let states: Vec<(usize, State)> = second.iter().map(|one| (one.id, one.state)).collect();
        assert_eq!(states, [(1, State::Grows), (2, State::Stays), (3, State::Appears)]);
        // Of the first only 4 and 5 are left in the window; the second and third are one now.
        let third =
            tracker.follow(&[(set(&[4, 5]), 2), (set(&[10, 11, 20, 21]), 4)], &set(&[4, 5, 10, 11, 20, 21]));
        assert_eq!((third[0].id, third[0].state), (1, State::Fades));
        assert_eq!((third[1].id, third[1].state, third[1].merged.clone()), (2, State::Merges, vec![3]));
    }
}
