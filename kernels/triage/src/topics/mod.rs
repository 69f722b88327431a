//! What many people write about: messages of one matter as a topic, with its heat, its name, and its way through time.
//!
//! Messages are compared by their terms, rare ones weighing more and those of the beginning twice. Each looks for its nearest
//! among those that share a rare term; pairs are joined from the nearest on, two groups only where their middles are as
//! near as [`TopicOptions::likeness`] (agglomerative clustering by centroids over a graph of neighbours). A matter is what
//! happens and where: terms of places' names and all others must each be alike, so that neither all that is said of one
//! road nor the same complaint of two compounds becomes one topic.

mod groups;
mod names;
mod tracker;

use crate::related::metres;
use crate::terms::{Term, terms};
use crate::text::clean;
use groups::{PART_LEAST, PLACES, Parts, dot, joined, sum};
use hashbrown::{HashMap, HashSet};
use names::Names;
use rayon::prelude::*;
use serde::Serialize;

pub use tracker::{Followed, State, Tracker};

/// Terms of one message.
const TERMS_MAX: usize = 400;
/// Bytes of the beginning, whose terms weigh twice: about a subject.
const HEAD_BYTES: u32 = 90;
/// A term of more messages than this share of all, and than [`COMMON_LEAST`], is left aside.
const COMMON_SHARE: usize = 20;
const COMMON_LEAST: usize = 60;

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
    let names = Names::of(&cleaned, &groups);
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
}
