//! Records that are the same as one another, from pairs: whole groups rather than chains. What pairs above the threshold
//! hold together is taken apart again and joined anew, the likeliest first, as long as the records of both sides are the
//! same *on the whole*: the mean weight between them decides (average linkage), so that one bad pair joins no two
//! families.

use crate::scoring::{Scored, Scorer};
use hashbrown::HashMap;
use rayon::prelude::*;
use serde::Serialize;

/// Groups of more records are first parted at higher and higher thresholds.
const WHOLE_MAX: usize = 150;
/// What a pair weighs that no rule compared and that is too unlikely to be told: it counts against joining, but not
/// without end.
const LEAST: f32 = -12.0;
const MOST: f32 = 12.0;

/// The groups of all records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    /// The group of each record, named by its smallest record.
    pub of: Vec<u32>,
    /// What was found.
    pub told: ClustersTold,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClustersTold {
    /// Groups, those of one record too.
    pub clusters: u64,
    /// Records in the largest.
    pub largest: u64,
    /// Chains that pairs above the threshold held together and that were taken apart.
    pub parted: u64,
}

struct Sets(Vec<u32>);

impl Sets {
    fn find(&mut self, mut x: u32) -> u32 {
        while self.0[x as usize] != x {
            self.0[x as usize] = self.0[self.0[x as usize] as usize];
            x = self.0[x as usize];
        }
        x
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// Groups `records` records by their pairs; those below the threshold's weight are left aside.
pub fn clusters(scorer: &Scorer, records: usize, pairs: &[Scored], least: f64) -> Clusters {
    let above = pairs.partition_point(|pair| f64::from(pair.weight) >= least);
    let mut sets = Sets((0..records as u32).collect());
    pairs[..above].iter().for_each(|pair| sets.join(pair.a, pair.b));
    let mut of: Vec<u32> = (0..records as u32).map(|record| sets.find(record)).collect();
    // Pairs by the chain that they are of, in their order within each.
    let mut ends = vec![0u32; records];
    pairs[..above].iter().for_each(|pair| ends[of[pair.a as usize] as usize] += 1);
    let mut from = 0;
    for end in &mut ends {
        from += std::mem::replace(end, from);
    }
    let mut edges = vec![0u32; above];
    for (n, pair) in pairs[..above].iter().enumerate() {
        let at = &mut ends[of[pair.a as usize] as usize];
        edges[*at as usize] = n as u32;
        *at += 1;
    }
    let chains: Vec<&[u32]> = ends
        .iter()
        .scan(0, |from, end| Some(&edges[std::mem::replace(from, *end) as usize..*end as usize]))
        .filter(|edges| edges.len() > 1)
        .collect();
    let parted: Vec<Vec<Vec<u32>>> = chains
        .into_par_iter()
        .map(|edges| part(scorer, edges.iter().map(|n| pairs[*n as usize]).collect(), least))
        .collect();
    let mut told = ClustersTold::default();
    for groups in parted {
        told.parted += u64::from(groups.len() > 1);
        for group in groups {
            let name = group.iter().copied().min().unwrap_or_default();
            group.iter().for_each(|record| of[*record as usize] = name);
        }
    }
    let mut sizes = vec![0u64; records];
    of.iter().for_each(|name| sizes[*name as usize] += 1);
    told.clusters = sizes.iter().filter(|size| **size > 0).count() as u64;
    told.largest = sizes.into_iter().max().unwrap_or(0);
    Clusters { of, told }
}

/// The groups of one chain.
fn part(scorer: &Scorer, edges: Vec<Scored>, least: f64) -> Vec<Vec<u32>> {
    let mut members: Vec<u32> = edges.iter().flat_map(|edge| [edge.a, edge.b]).collect();
    members.sort_unstable();
    members.dedup();
    if members.len() <= WHOLE_MAX {
        return average_linkage(scorer, &members, &edges, least);
    }
    // Too large to compare all with all: the weaker half of its pairs is left aside, until it falls apart.
    let kept = &edges[..edges.len() / 2];
    let number: HashMap<u32, u32> = members.iter().copied().zip(0..).collect();
    let mut sets = Sets((0..members.len() as u32).collect());
    kept.iter().for_each(|edge| sets.join(number[&edge.a], number[&edge.b]));
    let mut inner: HashMap<u32, Vec<Scored>> = HashMap::new();
    for edge in kept {
        inner.entry(sets.find(number[&edge.a])).or_default().push(*edge);
    }
    let mut alone: Vec<Vec<u32>> = Vec::new();
    for member in &members {
        if !inner.contains_key(&sets.find(number[member])) {
            alone.push(vec![*member]);
        }
    }
    let mut groups: Vec<Vec<u32>> =
        inner.into_values().flat_map(|edges| part(scorer, edges, least)).chain(alone).collect();
    groups.sort();
    groups
}

fn average_linkage(scorer: &Scorer, members: &[u32], edges: &[Scored], least: f64) -> Vec<Vec<u32>> {
    let n = members.len();
    let number: HashMap<u32, usize> = members.iter().copied().zip(0..).collect();
    let mut sums = vec![f32::NAN; n * n];
    for edge in edges {
        let (i, j) = (number[&edge.a], number[&edge.b]);
        sums[i * n + j] = edge.weight;
        sums[j * n + i] = edge.weight;
    }
    for i in 0..n {
        for j in i + 1..n {
            let at = i * n + j;
            if sums[at].is_nan() {
                sums[at] = scorer.score(members[i], members[j]).weight;
            }
            sums[at] = sums[at].clamp(LEAST, MOST);
            sums[j * n + i] = sums[at];
        }
    }
    let mut sizes = vec![1f32; n];
    let mut groups: Vec<Vec<u32>> = members.iter().map(|member| vec![*member]).collect();
    let mut alive: Vec<usize> = (0..n).collect();
    loop {
        let mut best = (least as f32, None);
        for (x, i) in alive.iter().enumerate() {
            for j in &alive[x + 1..] {
                let mean = sums[i * n + j] / (sizes[*i] * sizes[*j]);
                if mean >= best.0 && best.1.is_none_or(|_| mean > best.0) {
                    best = (mean, Some((*i, *j)));
                }
            }
        }
        let Some((i, j)) = best.1 else { break };
        for k in &alive {
            sums[i * n + k] += sums[j * n + k];
            sums[k * n + i] = sums[i * n + k];
        }
        sizes[i] += sizes[j];
        let moved = std::mem::take(&mut groups[j]);
        groups[i].extend(moved);
        alive.retain(|k| *k != j);
    }
    alive.into_iter().map(|i| std::mem::take(&mut groups[i])).collect()
}

/// Of two tables: at most one partner for each record, the likeliest pairs first. Pairs must be in their order.
pub fn one_to_one(pairs: &[Scored], records: usize) -> Vec<Scored> {
    let mut taken = vec![false; records];
    let mut free = |pair: &&Scored| {
        let both = !taken[pair.a as usize] && !taken[pair.b as usize];
        if both {
            taken[pair.a as usize] = true;
            taken[pair.b as usize] = true;
        }
        both
    };
    pairs.iter().filter(|pair| free(pair)).copied().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::linker::Linker;
    use crate::records::RecordsBuilder;
    use crate::scoring::weight_of;
    use crate::settings::Settings;
    use crate::training::{Levels, Parameters};

    /// Records whose letters say what they are: two agree in as many columns as they share letters.
    fn linker(rows: &[[&str; 3]]) -> (Linker, Parameters) {
        let settings = Settings::from_toml(
            "columns = { a = 'code', b = 'code', c = 'code' }
             block = [{ on = ['a'] }, { on = ['b'] }, { on = ['c'] }]
             comparison = [{ columns = ['a'], levels = [] }, { columns = ['b'], levels = [] }, { columns = ['c'], levels = [] }]",
        )
        .unwrap();
        let mut builder = RecordsBuilder::new(&["a", "b", "c"].map(str::to_owned));
        builder.push(rows.len(), |n| rows.iter().map(move |row| Some(row[n])));
        let levels =
            |name: &str| Levels { name: name.into(), m: vec![0.9, 0.1], u: vec![0.01, 0.99], learnt: true };
        let comparisons = ["a", "b", "c"].map(levels).to_vec();
        (
            Linker::new(&settings, builder.finish()),
            Parameters { same: 0.01, comparisons, sessions: Vec::new() },
        )
    }

    fn groups(rows: &[[&str; 3]]) -> Clusters {
        let (linker, parameters) = linker(rows);
        let scorer = Scorer::new(&linker, &parameters);
        let pairs = scorer.all(weight_of(0.01), &|_| ()).pairs;
        clusters(&scorer, rows.len(), &pairs, weight_of(0.5))
    }

    #[test]
    fn one_bad_pair_joins_no_two_families() {
        // Three of one thing, three of another, and a record of the first that has strayed towards the second.
        let one = ["x1", "y1", "z1"];
        let other = ["x2", "y2", "z2"];
        let strayed = ["x1", "y2", "z2"];
        let found = groups(&[one, one, one, other, other, other]);
        assert_eq!((&found.of[..], found.told.parted), (&[0, 0, 0, 3, 3, 3][..], 0));
        let found = groups(&[one, one, strayed, other, other, ["x1", "y1", "z9"]]);
        assert_eq!(found.of, [0, 0, 2, 2, 2, 0], "{found:?}");
        assert_eq!((found.told.clusters, found.told.largest), (2, 3));
    }

    #[test]
    fn a_chain_is_parted_where_its_ends_have_nothing_in_common() {
        let letters: Vec<String> = (0..12).map(|n| format!("v{n}")).collect();
        // Each agrees with the next in two columns of three, the ends with each other in none.
        let rows: Vec<[&str; 3]> =
            (0..10).map(|n| [0, 1, 2].map(|i| letters[n / 2 * 2 / (i + 1) % 12].as_str())).collect();
        let found = groups(&rows);
        assert_eq!(found.of.len(), 10);
        for group in 0..10u32 {
            let members: Vec<usize> = (0..10).filter(|record| found.of[*record] == group).collect();
            let agree = |a: usize, b: usize| (0..3).filter(|i| rows[a][*i] == rows[b][*i]).count();
            let sum: usize = members
                .iter()
                .flat_map(|a| members.iter().map(move |b| (*a, *b)))
                .map(|(a, b)| agree(a, b))
                .sum();
            assert!(sum >= members.len() * members.len(), "on the whole they agree: {members:?}");
        }
    }

    #[test]
    fn a_very_long_chain_ends_and_keeps_every_record() {
        let texts: Vec<[String; 3]> = (0..600)
            .map(|n| [format!("a{}", n / 3), format!("b{}", (n + 1) / 3), format!("c{}", (n + 2) / 3)])
            .collect();
        let rows: Vec<[&str; 3]> =
            texts.iter().map(|row| [row[0].as_str(), row[1].as_str(), row[2].as_str()]).collect();
        let found = groups(&rows);
        assert_eq!(found.of.len(), 600);
        assert!(
            found
                .of
                .iter()
                .zip(0..)
                .all(|(name, record)| *name <= record && found.of[*name as usize] == *name)
        );
        assert!(found.told.largest < 10 && found.told.parted >= 1, "{:?}", found.told);
    }

    #[test]
    fn one_to_one_takes_the_likeliest_first() {
        let pair = |a, b, weight| Scored { a, b, weight, pattern: 0 };
        let pairs = [pair(0, 3, 9.0), pair(0, 4, 8.0), pair(1, 3, 7.0), pair(1, 5, 2.0)];
        assert_eq!(one_to_one(&pairs, 6), [pairs[0], pairs[3]]);
    }
}
