//! What a topic is called: its own words.

use super::HEAD_BYTES;
use crate::text::{Gap, Unit, units};
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;
use std::ops::Range;

/// Units of a phrase of a name.
const PHRASE_MAX: usize = 12;
/// Phrases of a name.
const PHRASES: usize = 3;

/// The phrases of a group's messages: how many of them have one, and where it first stands.
fn own(cleaned: &[String], members: &[usize]) -> HashMap<u64, (u32, usize, Phrase)> {
    let mut own: HashMap<u64, (u32, usize, Phrase)> = HashMap::new();
    for n in members {
        let mut seen: HashSet<u64> = HashSet::new();
        phrases(&cleaned[*n], &mut |hash, phrase| {
            if seen.insert(hash) {
                own.entry(hash).or_insert((0, *n, phrase)).0 += 1;
            }
        });
    }
    own
}

/// How many of all messages have each phrase that several messages of a group have.
pub(super) struct Names {
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
    pub fn of(cleaned: &[String], groups: &[Vec<usize>]) -> Self {
        let of_group = |members: &Vec<usize>| -> Vec<u64> {
            let own = own(cleaned, members);
            own.into_iter().filter(|(_, (count, ..))| *count > 1).map(|(hash, _)| hash).collect()
        };
        let asked: Vec<Vec<u64>> = groups.par_iter().map(of_group).collect();
        let asked: HashSet<u64> = asked.into_iter().flatten().collect();
        let mut counts: HashMap<u64, u32> = asked.iter().map(|hash| (*hash, 0)).collect();
        let of_text = |text: &String| {
            let mut all: Vec<u64> = Vec::new();
            phrases(text, &mut |hash, _| all.extend(asked.get(&hash)));
            all.sort_unstable();
            all.dedup();
            all
        };
        for some in cleaned.chunks(1 << 14) {
            let found: Vec<Vec<u64>> = some.par_iter().map(of_text).collect();
            found.iter().flatten().for_each(|hash| *counts.entry(*hash).or_default() += 1);
        }
        Self { counts, all: cleaned.len() as f64 }
    }

    /// The phrases that tell a topic from all else: how many of its messages have one, by how rare it is, by its length.
    pub fn name(&self, cleaned: &[String], members: &[usize]) -> Vec<String> {
        let own = own(cleaned, members);
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
