//! What levels weigh, learnt without labels: `u`, how often a level occurs among records that are not the same, of
//! pairs drawn at random; `m`, how often among those that are, by expectation maximisation over the pairs of each
//! blocking rule (Fellegi and Sunter 1969; Winkler 1988). A comparison over a column that a rule blocks on learns
//! nothing there: it learns from the other rules.

use crate::comparison::NO_VALUE;
use crate::linker::{Linker, Pattern, level_of};
use crate::settings::Training;
use gridweave_chance::Chance;
use hashbrown::HashMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Records of which a part of the random pairs is drawn.
const POOL: usize = 1 << 10;
/// Steps of expectation maximisation.
const STEPS_MAX: usize = 200;
/// It has settled where no parameter moves by more.
const SETTLED: f64 = 1e-6;
/// No level is less likely among records that are the same, however many pairs were seen without it.
const M_LEAST: f64 = 1e-4;
/// How much of a rule's pairs what is known of pairs drawn at random counts beside them: what is not the same within a
/// rule's blocks may be alike all the same (people of one household share its address and its community), and must not
/// be taken for the same for that; but where nearly all pairs are the same, there is nothing to learn it from.
const RANDOM_COUNTS: f64 = 0.1;

/// The parameters of a comparison, a value a level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// The comparison's name.
    pub name: String,
    /// How often each level occurs among records that are the same.
    pub m: Vec<f64>,
    /// How often among those that are not.
    pub u: Vec<f64>,
    /// Was `m` learnt from pairs, or is it only supposed?
    pub learnt: bool,
}

/// What was learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// Of all pairs that could be compared, how many are the same.
    pub same: f64,
    /// The comparisons, in their order.
    pub comparisons: Vec<Levels>,
    /// What each session of expectation maximisation found.
    pub sessions: Vec<Session>,
}

/// A session of expectation maximisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its rule, the first being 1.
    pub rule: usize,
    /// Pairs that it saw.
    pub pairs: u64,
    /// Steps until it settled.
    pub steps: usize,
    /// Of its pairs, how many are the same.
    pub same: f64,
}

impl Parameters {
    /// Learns everything. `told` hears which rule is being learnt from, the first being 1; 0 is the random pairs.
    pub fn learn(linker: &Linker, training: &Training, told: &(dyn Fn(usize) + Sync)) -> Self {
        told(0);
        let u = random(linker, training);
        let mut comparisons: Vec<Levels> = linker
            .comparisons
            .iter()
            .zip(u)
            .map(|(comparison, u)| Levels {
                name: comparison.name.clone(),
                m: supposed(comparison.levels()),
                u,
                learnt: false,
            })
            .collect();
        let labels = training.labels.as_ref().and_then(|name| linker.records.column(name));
        if let Some(same) = labels.and_then(|column| labelled(linker, column, &mut comparisons)) {
            return Self { same, comparisons, sessions: Vec::new() };
        }
        let mut sums: Vec<(f64, Vec<f64>)> =
            comparisons.iter().map(|levels| (0.0, vec![0.0; levels.m.len()])).collect();
        let mut sessions = Vec::new();
        for rule in 0..linker.rules.len() {
            told(rule + 1);
            let counts = patterns(linker, rule, training.pairs_of_rule);
            let blocked = &linker.rules[rule];
            let open: Vec<usize> = (0..comparisons.len())
                .filter(|n| !linker.comparisons[*n].columns.iter().any(|column| blocked.contains(column)))
                .collect();
            let Some(session) = expectation_maximisation(&comparisons, &counts, &open) else { continue };
            let pairs = counts.values().sum::<u64>();
            for ((sum, weight), m) in sums.iter_mut().zip(&session.seen).zip(&session.m) {
                // The more pairs that are the same a session saw of a comparison, the more it counts.
                sum.0 += weight;
                sum.1.iter_mut().zip(m).for_each(|(sum, m)| *sum += weight * m);
            }
            sessions.push(Session { rule: rule + 1, pairs, steps: session.steps, same: session.same });
        }
        for (levels, (weight, sum)) in
            comparisons.iter_mut().zip(sums).filter(|(_, (weight, _))| *weight > 0.0)
        {
            levels.m = sum.into_iter().map(|sum| (sum / weight).max(M_LEAST)).collect();
            levels.learnt = true;
        }
        let same = all_same(linker, &comparisons, &sessions);
        Self { same, comparisons, sessions }
    }
}

/// What is supposed before anything is learnt: most are equal, the nearer a level the likelier.
fn supposed(levels: usize) -> Vec<f64> {
    let rest: f64 = (1..levels).map(|n| 1.0 / (1 << n) as f64).sum();
    (0..levels).map(|n| if n == 0 { 0.9 } else { 0.1 / (1 << n) as f64 / rest }).collect()
}

/// `u`: how often each level occurs among pairs drawn at random. How often two values are equal by chance is counted
/// rather than drawn.
fn random(linker: &Linker, training: &Training) -> Vec<Vec<f64>> {
    let (n, first) = (linker.records.len, linker.records.first);
    let wanted = (training.random_pairs as f64).min(linker.all_pairs() * 2.0) as usize;
    let none = || -> Vec<[u64; 16]> { vec![[0; 16]; linker.comparisons.len()] };
    const PART: usize = 1 << 14;
    let counts = (0..wanted.div_ceil(PART))
        .into_par_iter()
        .map(|part| {
            let mut chance =
                Chance::new(training.seed.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ (part as u64) << 20);
            // A part's pairs are of few records, which stay near at hand; the next part has others.
            let mut some = |from: usize, to: usize| -> Vec<u32> {
                (0..POOL.min(to - from)).map(|_| (from + chance.below(to - from)) as u32).collect()
            };
            let left = if linker.linked() { some(0, first) } else { some(0, n) };
            let right = if linker.linked() { some(first, n) } else { left.clone() };
            let mut counts = none();
            for _ in 0..PART.min(wanted - part * PART) {
                let (a, b) = (left[chance.below(left.len())], right[chance.below(right.len())]);
                if a == b {
                    continue;
                }
                count_levels(&mut counts, linker.pattern(a, b));
            }
            counts
        })
        .reduce(none, |mut all, part| {
            for (all, part) in all.iter_mut().zip(part) {
                all.iter_mut().zip(part).for_each(|(sum, count)| *sum += count);
            }
            all
        });
    linker
        .comparisons
        .iter()
        .zip(counts)
        .map(|(comparison, counts)| {
            let levels = comparison.levels();
            let drawn: u64 = counts[..levels].iter().sum();
            let mut u: Vec<f64> = counts[..levels]
                .iter()
                .map(|count| (*count as f64).max(0.5) / (drawn as f64).max(1.0))
                .collect();
            if let [column] = comparison.columns.as_slice() {
                let equal = coincidence(linker, *column).max(0.1 / linker.all_pairs().max(1.0));
                let rest: f64 = u[1..].iter().sum();
                u[1..].iter_mut().for_each(|u| *u *= (1.0 - equal) / rest);
                u[0] = equal;
            }
            let sum: f64 = u.iter().sum();
            u.iter().map(|u| u / sum).collect()
        })
        .collect()
}

fn count_levels(counts: &mut [[u64; 16]], pattern: Pattern) {
    for (n, counts) in counts.iter_mut().enumerate() {
        counts[level_of(pattern, n) as usize] += 1;
    }
}

/// How often the values of a column are equal in a pair drawn at random of those that have one.
fn coincidence(linker: &Linker, column: usize) -> f64 {
    let column = &linker.records.columns[column];
    if !linker.linked() {
        return column.coincidence();
    }
    let mut left = vec![0u32; column.values.len()];
    column.codes[..linker.records.first].iter().for_each(|code| left[*code as usize] += 1);
    let (mut equal, mut lefts, mut rights) = (0.0, 0.0, 0.0);
    for (code, left) in left.iter().enumerate().skip(1) {
        let (l, r) = (f64::from(*left), f64::from(column.values.count(code as u32) - left));
        equal += l * r;
        lefts += l;
        rights += r;
    }
    if lefts * rights > 0.0 { equal / (lefts * rights) } else { 0.0 }
}

/// Records of one label that are compared with each other.
const OF_LABEL_MAX: usize = 50;

/// Counts `m` of records of which it is known that they are the same; tells how many of all pairs are, or nothing where
/// no two records share a label.
fn labelled(linker: &Linker, column: usize, comparisons: &mut [Levels]) -> Option<f64> {
    let column = &linker.records.columns[column];
    let mut of: Vec<Vec<u32>> = vec![Vec::new(); column.values.len()];
    for (record, code) in column.codes.iter().enumerate().filter(|(_, code)| **code != 0) {
        of[*code as usize].push(record as u32);
    }
    let first = linker.records.first as u32;
    let apart = |a: u32, b: u32| !linker.linked() || (a < first) != (b < first);
    let (mut pairs, mut known) = (0.0, 0.0);
    let mut counts = vec![[0u64; 16]; comparisons.len()];
    for same in of.iter().skip(1) {
        let n = same.len() as f64;
        let left = same.iter().filter(|record| **record < first).count() as f64;
        pairs += if linker.linked() { left * (n - left) } else { n * (n - 1.0) / 2.0 };
        let some = &same[..same.len().min(OF_LABEL_MAX)];
        for (i, a) in some.iter().enumerate() {
            for b in some[i + 1..].iter().filter(|b| apart(*a, **b)) {
                known += 1.0;
                count_levels(&mut counts, linker.pattern(*a, *b));
            }
        }
    }
    if known == 0.0 {
        return None;
    }
    for (levels, counts) in comparisons.iter_mut().zip(counts) {
        let sum: u64 = counts[..levels.m.len()].iter().sum();
        if sum > 0 {
            let of = |count: &u64| (*count as f64 / sum as f64).max(M_LEAST);
            levels.m = counts[..levels.m.len()].iter().map(of).collect();
            levels.learnt = true;
        }
    }
    // Of records without a label as many are the same as of those with one.
    let labelled = column.codes.iter().filter(|code| **code != 0).count() as f64;
    let n = linker.records.len as f64;
    Some((pairs * (n / labelled) / linker.all_pairs().max(1.0)).clamp(1e-12, 0.5))
}

/// How often each pattern of levels occurs among the pairs of a rule, by itself; of many pairs only a part is looked at.
fn patterns(linker: &Linker, rule: usize, most: u64) -> HashMap<Pattern, u64> {
    let units = linker.blocks.units(rule..rule + 1);
    let pairs = linker.blocks.told[rule].pairs.max(1);
    // Every so manieth unit, spread over all of them.
    let step = (pairs.div_ceil(most.max(1)) as usize).min(units.len().max(1));
    let some: Vec<_> = units.into_iter().step_by(step.max(1)).collect();
    some.par_iter()
        .fold(HashMap::new, |mut counts: HashMap<Pattern, u64>, unit| {
            linker.pairs_at_hand(|see| linker.blocks.pairs_alone(unit, see), &mut |a, b| {
                *counts.entry(linker.pattern(a, b)).or_default() += 1;
            });
            counts
        })
        .reduce(HashMap::new, |mut all, part| {
            part.into_iter().for_each(|(pattern, count)| *all.entry(pattern).or_default() += count);
            all
        })
}

struct Found {
    /// Of every comparison; those that learnt nothing as they were.
    m: Vec<Vec<f64>>,
    /// Pairs that are the same of which a comparison saw values; 0 where it learnt nothing.
    seen: Vec<f64>,
    same: f64,
    steps: usize,
}

/// Expectation maximisation over counted patterns; of the comparisons in `open`. What is not the same has a `u` of its
/// own here, which begins as that of random pairs and stays near it where there is little to learn it from.
fn expectation_maximisation(
    comparisons: &[Levels],
    counts: &HashMap<Pattern, u64>,
    open: &[usize],
) -> Option<Found> {
    let mut all: Vec<(Pattern, f64)> =
        counts.iter().map(|(pattern, count)| (*pattern, *count as f64)).collect();
    // In one order, so that sums are the same each time.
    all.sort_unstable_by_key(|(pattern, _)| *pattern);
    let total: f64 = all.iter().map(|(_, count)| count).sum();
    if total < 1.0 || open.is_empty() {
        return None;
    }
    let mut found = Found {
        m: comparisons.iter().map(|levels| levels.m.clone()).collect(),
        seen: vec![0.0; comparisons.len()],
        same: 0.5,
        steps: 0,
    };
    let random = RANDOM_COUNTS * total;
    let mut u: Vec<Vec<f64>> = comparisons.iter().map(|levels| levels.u.clone()).collect();
    let with: Vec<f64> = (0..comparisons.len())
        .map(|n| {
            all.iter().filter(|(p, _)| level_of(*p, n) != NO_VALUE).map(|(_, count)| count).sum::<f64>()
                / total
        })
        .collect();
    while found.steps < STEPS_MAX {
        found.steps += 1;
        // Expectation: how likely is each pattern that of records that are the same?
        let mut sums: Vec<Vec<f64>> = comparisons.iter().map(|levels| vec![0.0; levels.m.len()]).collect();
        let mut others = sums.clone();
        let mut matched = 0.0;
        for (pattern, count) in &all {
            let levels = || {
                let of = |n: &usize| (*n, level_of(*pattern, *n));
                open.iter()
                    .map(of)
                    .filter(|(_, level)| *level != NO_VALUE)
                    .map(|(n, level)| (n, level as usize))
            };
            let factors = levels().map(|(n, level)| found.m[n][level] / u[n][level]);
            let odds = factors.product::<f64>() * found.same / (1.0 - found.same);
            let expected = count / (1.0 + 1.0 / odds);
            matched += expected;
            levels().for_each(|(n, level)| {
                sums[n][level] += expected;
                others[n][level] += count - expected;
            });
        }
        // Maximisation.
        let same = (matched / total).clamp(1e-9, 1.0 - 1e-9);
        let mut moved = (same - found.same).abs();
        found.same = same;
        for n in open {
            let sum: f64 = sums[*n].iter().sum();
            found.seen[*n] = sum;
            if sum <= 0.0 {
                continue;
            }
            for (m, of_level) in found.m[*n].iter_mut().zip(&sums[*n]) {
                let next = (of_level / sum).max(M_LEAST);
                moved = moved.max((next - *m).abs());
                *m = next;
            }
        }
        for n in open {
            let known = random * with[*n];
            let sum: f64 = others[*n].iter().sum::<f64>() + known;
            if sum > 0.0 {
                for ((u, of_level), before) in u[*n].iter_mut().zip(&others[*n]).zip(&comparisons[*n].u) {
                    *u = (of_level + known * before) / sum;
                }
            }
        }
        if moved < SETTLED {
            break;
        }
    }
    Some(found)
}

/// How many of all pairs are the same: each session knows it of its rule, and how often records that are the same
/// agree on the rule's columns says how many it did not see. The middle of what the sessions say.
fn all_same(linker: &Linker, comparisons: &[Levels], sessions: &[Session]) -> f64 {
    let mut said: Vec<f64> = sessions
        .iter()
        .map(|session| {
            let rule = session.rule - 1;
            let found = session.same * linker.blocks.told[rule].pairs as f64;
            let agree: f64 = linker.rules[rule]
                .iter()
                .map(|column| {
                    let of = linker.comparisons.iter().position(|one| one.columns.contains(column));
                    let of = of.map(|n| comparisons[n].m[0]);
                    let filled = 1.0
                        - f64::from(linker.records.columns[*column].values.count(0))
                            / linker.records.len.max(1) as f64;
                    of.unwrap_or(0.9) * filled * filled
                })
                .product();
            found / agree.max(0.01)
        })
        .collect();
    said.sort_by(f64::total_cmp);
    let middle = said.get(said.len() / 2).copied().unwrap_or(linker.records.len as f64 * 0.1);
    (middle / linker.all_pairs().max(1.0)).clamp(1e-12, 0.5)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::records::RecordsBuilder;
    use crate::settings::Settings;

    /// Records of invented things with a chance of an error in each column; the last column says which thing.
    fn drawn(things: usize, error: f64) -> Vec<[String; 5]> {
        let mut chance = Chance::new(3);
        let mut rows = Vec::new();
        for thing in 0..things {
            let own: Vec<usize> = [40, 900, 25, 3000].map(|n| chance.below(n)).to_vec();
            for _ in 0..2 {
                let mut cell = |n: usize, of: usize| {
                    let wrong = chance.below(1_000_000) as f64 / 1e6 < error;
                    format!("v{}", if wrong { chance.below(of) } else { own[n] })
                };
                let cells = [cell(0, 40), cell(1, 900), cell(2, 25), cell(3, 3000)];
                let [a, b, c, d] = cells;
                rows.push([a, b, c, d, format!("t{thing}")]);
            }
        }
        rows
    }

    fn learnt(rows: &[[String; 5]], labels: &str) -> Parameters {
        let settings = Settings::from_toml(&format!(
            "columns = {{ a = 'code', b = 'code', c = 'code', d = 'code' }}
             block = [{{ on = ['b'] }}, {{ on = ['d'] }}]
             comparison = [{{ columns = ['a'], levels = [] }}, {{ columns = ['b'], levels = [] }}, {{ columns = ['c'], levels = [] }}, {{ columns = ['d'], levels = [] }}]
             {labels}"
        ))
        .unwrap();
        let mut builder = RecordsBuilder::new(&["a", "b", "c", "d", "t"].map(str::to_owned));
        builder.push(rows.len(), |n| rows.iter().map(move |row| Some(row[n].as_str())));
        let mut records = builder.finish();
        settings.cleaned(&mut records);
        Parameters::learn(&Linker::new(&settings, records), &settings.training, &|_| ())
    }

    #[test]
    fn what_was_planted_is_learnt_without_labels_and_counted_with_them() {
        let rows = drawn(4000, 0.1);
        // Two records agree where neither is wrong, or by chance.
        let m = |n: f64| 0.81 + 0.19 / n;
        let wanted = [m(40.0), m(900.0), m(25.0), m(3000.0)];
        for (labels, within) in [("", 0.03), ("[training]\nlabels = 't'", 0.01)] {
            let found = learnt(&rows, labels);
            for (levels, wanted) in found.comparisons.iter().zip(wanted) {
                assert!(
                    levels.learnt && (levels.m[0] - wanted).abs() < within,
                    "{labels} {levels:?} {wanted}"
                );
                assert!(
                    (levels.m.iter().sum::<f64>() - 1.0).abs() < 1e-3
                        && (levels.u.iter().sum::<f64>() - 1.0).abs() < 1e-9
                );
            }
            assert!(
                (found.comparisons[0].u[0] * 40.0 - 1.0).abs() < 0.1,
                "{labels} {:?}",
                found.comparisons[0]
            );
            let same = found.same * 8000.0 * 7999.0 / 2.0 / 4000.0;
            assert!((0.85..1.2).contains(&same), "{labels} {same}");
            assert_eq!(found, learnt(&rows, labels), "the same each time");
        }
    }
}
