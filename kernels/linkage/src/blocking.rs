//! Which pairs are compared: all within the blocks of the rules, each pair once, under the first rule that has it. A
//! block that would make too many pairs is cut by the next rules, and what even they leave too large is left out; both
//! are told.

use crate::keys::{Keys, Transform, ValueKeys, is_whole, keys_of, parting_keys};
use crate::records::Records;
use rayon::prelude::*;
use serde::Serialize;

/// Pairs of a unit of work.
const UNIT: u64 = 1 << 15;
/// Cut blocks that are told one by one.
const TOLD: usize = 20;

/// A block that made too many pairs.
#[derive(Clone, Debug, Serialize)]
pub struct CutBlock {
    /// Its rule, the first being 1.
    pub rule: usize,
    /// A record of it, by its row.
    pub example: u32,
    /// Records in it.
    pub records: u64,
    /// Pairs that it would have made.
    pub pairs: u64,
    /// Pairs that are left of it when it is cut by the rules behind.
    pub kept: u64,
}

/// What a rule makes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RuleTold {
    /// Blocks of two records and more.
    pub blocks: u64,
    /// Pairs in them, those of earlier rules too.
    pub pairs: u64,
    /// Blocks that were cut.
    pub cut: u64,
    /// Pairs that were left out of them.
    pub left_out: u64,
}

/// The blocks of every rule.
pub struct Blocks {
    rules: Vec<RuleBlocks>,
    /// By record and rule: the block in which the record is, 0 for none, others counted from 1. A record's lie beside each
    /// other. Of rules with many keys see [`RuleBlocks::many`].
    located: Vec<u32>,
    /// What each rule makes.
    pub told: Vec<RuleTold>,
    /// The first blocks that were cut.
    pub cut: Vec<CutBlock>,
    /// Records below it are of the first table.
    first: u32,
    linked: bool,
}

struct RuleBlocks {
    /// Records, block after block, in their order within each.
    order: Vec<u32>,
    /// Where each block begins in `order`, and the end.
    starts: Vec<u32>,
    many: Option<ManyBlocks>,
}

/// The blocks of records that may be in several, in order: of record `i` those from `starts[i]` to `starts[i + 1]`.
struct ManyBlocks {
    starts: Vec<u32>,
    blocks: Vec<u32>,
}

impl ManyBlocks {
    fn first_common(&self, a: u32, b: u32) -> Option<u32> {
        let of =
            |i: u32| &self.blocks[self.starts[i as usize] as usize..self.starts[i as usize + 1] as usize];
        let (mut x, mut y) = (of(a), of(b));
        while let (Some(p), Some(q)) = (x.first(), y.first()) {
            match p.cmp(q) {
                std::cmp::Ordering::Equal => return Some(*p),
                std::cmp::Ordering::Less => x = &x[1..],
                std::cmp::Ordering::Greater => y = &y[1..],
            }
        }
        None
    }
}

/// A part of the pairs, for one thread at a time.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    rule: u32,
    /// Blocks from … to.
    blocks: [u32; 2],
    /// Of a single large block, which of its records stand on the left.
    left: [u32; 2],
}

/// Members of a block in two: those that may stand on the left of a pair, and where those on the right begin.
fn sides(members: &[u32], first: u32, linked: bool) -> usize {
    if linked { members.partition_point(|record| *record < first) } else { members.len() }
}

fn pairs_of(members: &[u32], first: u32, linked: bool) -> u64 {
    let n = members.len() as u64;
    if linked {
        let left = sides(members, first, linked) as u64;
        left * (n - left)
    } else {
        n * (n - 1) / 2
    }
}

impl Blocks {
    /// Makes the blocks of rules, each of columns by number. `pairs_max` is the most pairs that one block may make.
    pub fn new(records: &Records, rules: &[Vec<(usize, Transform)>], pairs_max: u64) -> Self {
        let linked = records.first < records.len;
        let first = records.first as u32;
        let made: Vec<_> = rules.iter().filter(|rule| !is_whole(rule)).cloned().collect();
        let of_values = ValueKeys::of(records, &made);
        let keys: Vec<Keys> = rules.par_iter().map(|rule| parting_keys(records, &of_values, rule)).collect();
        let made: Vec<_> = (0..rules.len())
            .into_par_iter()
            .map(|n| RuleBlocks::of(&keys, n, Limits { first, linked, pairs_max }))
            .collect();
        let mut blocks = Self { first, linked, ..Self::none() };
        for (rule, told, cut) in made {
            blocks.rules.push(rule);
            blocks.told.push(told);
            blocks.cut.extend(cut);
        }
        let located: Vec<Vec<u32>> = blocks.rules.par_iter().map(|rule| rule.located(records.len)).collect();
        blocks.located = vec![0; records.len * rules.len()];
        beside(&mut blocks.located, &located.iter().map(Vec::as_slice).collect::<Vec<_>>());
        blocks.cut.sort_by_key(|cut| std::cmp::Reverse(cut.pairs));
        blocks.cut.truncate(TOLD);
        blocks
    }

    /// No blocks at all.
    pub(crate) fn none() -> Self {
        Self {
            rules: Vec::new(),
            located: Vec::new(),
            told: Vec::new(),
            cut: Vec::new(),
            first: 0,
            linked: false,
        }
    }

    /// Pairs of all rules, those that several have counted several times.
    pub fn count(&self) -> u64 {
        self.told.iter().map(|rule| rule.pairs).sum()
    }

    /// The work in parts of about the same size; `rules` says which rules.
    pub fn units(&self, rules: std::ops::Range<usize>) -> Vec<Unit> {
        let mut units = Vec::new();
        for n in rules {
            let rule = &self.rules[n];
            let count = rule.starts.len() - 1;
            let (mut from, mut sum) = (0, 0);
            let close = |from: usize, to: usize, units: &mut Vec<Unit>| {
                if from < to {
                    units.push(Unit {
                        rule: n as u32,
                        blocks: [from as u32, to as u32],
                        left: [0, u32::MAX],
                    });
                }
            };
            for block in 0..count {
                let members = rule.members(block);
                let pairs = pairs_of(members, self.first, self.linked);
                if pairs > UNIT {
                    close(from, block, &mut units);
                    let left = sides(members, self.first, self.linked);
                    let rows = (UNIT as usize / members.len()).max(1);
                    for at in (0..left).step_by(rows) {
                        let (blocks, left) =
                            ([block as u32, block as u32 + 1], [at as u32, (at + rows) as u32]);
                        units.push(Unit { rule: n as u32, blocks, left });
                    }
                    (from, sum) = (block + 1, 0);
                    continue;
                }
                sum += pairs;
                if sum > UNIT {
                    close(from, block + 1, &mut units);
                    (from, sum) = (block + 1, 0);
                }
            }
            close(from, count, &mut units);
        }
        units
    }

    /// Calls `see` for each pair of a unit that no earlier rule has; the smaller record is the first.
    pub fn pairs_of(&self, unit: &Unit, see: &mut (impl FnMut(u32, u32) + ?Sized)) {
        self.pairs(unit, unit.rule as usize, see);
    }

    /// The same with the pairs that earlier rules have too.
    pub fn pairs_alone(&self, unit: &Unit, see: &mut (impl FnMut(u32, u32) + ?Sized)) {
        self.pairs(unit, 0, see);
    }

    /// Has one of the first rules this pair?
    #[inline]
    fn is_of_earlier(&self, earlier: usize, a: u32, b: u32) -> bool {
        let stride = self.rules.len();
        let of = |record: u32| &self.located[record as usize * stride..][..earlier];
        let (x, y) = (of(a), of(b));
        x.iter().zip(y).any(|(p, q)| *p != 0 && p == q)
            || self.rules[..earlier]
                .iter()
                .filter_map(|rule| rule.many.as_ref())
                .any(|many| many.first_common(a, b).is_some())
    }

    fn pairs(&self, unit: &Unit, earlier: usize, see: &mut (impl FnMut(u32, u32) + ?Sized)) {
        let rule = &self.rules[unit.rule as usize];
        for block in unit.blocks[0]..unit.blocks[1] {
            let members = rule.members(block as usize);
            let left = sides(members, self.first, self.linked);
            let range = unit.left[0] as usize..left.min(unit.left[1] as usize);
            for i in range {
                let a = members[i];
                let others = if self.linked { &members[left..] } else { &members[i + 1..] };
                for b in others {
                    // Under many keys a pair may share several blocks: it belongs to the first.
                    let here =
                        rule.many.as_ref().is_none_or(|many| many.first_common(a, *b) == Some(block + 1));
                    if here && !self.is_of_earlier(earlier, a, *b) {
                        see(a, *b);
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Limits {
    first: u32,
    linked: bool,
    pairs_max: u64,
}

/// Puts what columns say of each record beside each other.
fn beside(rows: &mut [u32], columns: &[&[u32]]) {
    const RECORDS: usize = 1 << 12;
    let stride = columns.len().max(1);
    rows.par_chunks_mut(stride * RECORDS).enumerate().for_each(|(n, part)| {
        for (slot, column) in columns.iter().enumerate() {
            let from = n * RECORDS;
            for (row, code) in part.chunks_mut(stride).zip(&column[from..]) {
                row[slot] = *code;
            }
        }
    });
}

/// How many pairs a rule makes by itself, nothing cut.
pub(crate) fn pairs_of_rule(records: &Records, of_values: &ValueKeys, rule: &[(usize, Transform)]) -> u64 {
    let all = keys_of(records, of_values, rule).sorted();
    let (first, linked) = (records.first as u32, records.first < records.len);
    let pairs = all.chunk_by(|a, b| a.0 == b.0).map(|block| {
        let members: Vec<u32> = block.iter().map(|(_, record)| *record).collect();
        pairs_of(&members, first, linked)
    });
    pairs.sum()
}

fn key_of(keys: &Keys, record: u32) -> u64 {
    let record = record as usize;
    match keys {
        Keys::One(keys) => keys[record],
        Keys::Whole(column) => u64::from(column.codes[record]),
        // Of many the first stands for all: what is cut by it loses pairs that share only others.
        Keys::Many { starts, keys } => {
            if starts[record] == starts[record + 1] {
                0
            } else {
                keys[starts[record] as usize]
            }
        }
    }
}

impl RuleBlocks {
    fn members(&self, block: usize) -> &[u32] {
        &self.order[self.starts[block] as usize..self.starts[block + 1] as usize]
    }

    fn of(keys: &[Keys], n: usize, limits: Limits) -> (Self, RuleTold, Vec<CutBlock>) {
        let all = keys[n].sorted();
        let mut rule = Self { order: Vec::new(), starts: vec![0], many: None };
        let (mut told, mut cuts) = (RuleTold::default(), Vec::new());
        let mut members: Vec<u32> = Vec::new();
        for block in all.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            members.clear();
            members.extend(block.iter().map(|(_, record)| *record));
            let pairs = pairs_of(&members, limits.first, limits.linked);
            if pairs == 0 {
                continue;
            }
            if pairs <= limits.pairs_max {
                rule.push(&members, pairs, &mut told);
                continue;
            }
            let before = told.pairs;
            let (example, records) = (members[0], members.len() as u64);
            // The rules behind this one, then those before it: each parts the block further.
            let others: Vec<usize> = (n + 1..keys.len()).chain(0..n).collect();
            rule.cut(std::mem::take(&mut members), keys, &others, limits, &mut told);
            let kept = told.pairs - before;
            told.cut += 1;
            told.left_out += pairs - kept.min(pairs);
            cuts.push(CutBlock { rule: n + 1, example, records, pairs, kept });
        }
        cuts.sort_by_key(|cut| std::cmp::Reverse(cut.pairs));
        cuts.truncate(TOLD);
        rule.many = rule.many_blocks(&keys[n]);
        (rule, told, cuts)
    }

    /// The block of each record, see [`Blocks::located`].
    fn located(&self, records: usize) -> Vec<u32> {
        let mut located = vec![0; records];
        let blocks = if self.many.is_none() { self.starts.len() - 1 } else { 0 };
        for block in 0..blocks {
            self.members(block).iter().for_each(|record| located[*record as usize] = block as u32 + 1);
        }
        located
    }

    fn push(&mut self, members: &[u32], pairs: u64, told: &mut RuleTold) {
        self.order.extend_from_slice(members);
        self.starts.push(self.order.len() as u32);
        told.blocks += 1;
        told.pairs += pairs;
    }

    fn cut(
        &mut self,
        members: Vec<u32>,
        keys: &[Keys],
        others: &[usize],
        limits: Limits,
        told: &mut RuleTold,
    ) {
        let Some((by, rest)) = others.split_first() else { return };
        let mut parts: Vec<(u64, u32)> = members
            .into_iter()
            .map(|record| (key_of(&keys[*by], record), record))
            .filter(|(key, _)| *key != 0)
            .collect();
        parts.sort_unstable();
        for part in parts.chunk_by(|a, b| a.0 == b.0).filter(|part| part.len() > 1) {
            let members: Vec<u32> = part.iter().map(|(_, record)| *record).collect();
            match pairs_of(&members, limits.first, limits.linked) {
                0 => {}
                pairs if pairs <= limits.pairs_max => self.push(&members, pairs, told),
                _ => self.cut(members, keys, rest, limits, told),
            }
        }
    }

    fn many_blocks(&self, keys: &Keys) -> Option<ManyBlocks> {
        let Keys::Many { starts, .. } = keys else { return None };
        let blocks = (0..self.starts.len() - 1)
            .flat_map(|block| self.members(block).iter().map(move |record| (*record, block as u32 + 1)));
        let mut all: Vec<(u32, u32)> = blocks.collect();
        all.sort_unstable();
        let records = starts.len() as u32;
        let starts = (0..records).map(|r| all.partition_point(|(record, _)| *record < r) as u32).collect();
        Some(ManyBlocks { starts, blocks: all.into_iter().map(|(_, block)| block).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::RecordsBuilder;
    use std::collections::BTreeSet;

    fn records(rows: &[[&str; 2]], first: Option<usize>) -> Records {
        let mut builder = RecordsBuilder::new(&["a".to_owned(), "b".to_owned()]);
        let take = |builder: &mut RecordsBuilder, rows: &[[&str; 2]]| {
            builder.push(rows.len(), |n| rows.iter().map(move |row| Some(row[n])));
        };
        take(&mut builder, &rows[..first.unwrap_or(rows.len())]);
        if let Some(first) = first {
            builder.second();
            take(&mut builder, &rows[first..]);
        }
        builder.finish()
    }

    fn pairs(blocks: &Blocks, rules: usize) -> Vec<(u32, u32)> {
        let mut all = Vec::new();
        for unit in blocks.units(0..rules) {
            blocks.pairs_of(&unit, &mut |a, b| all.push((a, b)));
        }
        all
    }

    /// Rows of few values, so that blocks are large and rules overlap.
    fn many(n: usize) -> Vec<[String; 2]> {
        let mixed = |i: usize, by: usize| (i.wrapping_mul(0x9e37_79b9).rotate_left(7) ^ (i * 31)) % by;
        (0..n)
            .map(|i| [format!("{}", mixed(i, 9)), format!("{}x{}", mixed(i + 5, 4), mixed(i + 9, 6))])
            .collect()
    }

    #[test]
    fn each_pair_that_shares_a_key_is_told_once() {
        let owned = many(300);
        let rows: Vec<[&str; 2]> = owned.iter().map(|row| [row[0].as_str(), row[1].as_str()]).collect();
        let rules = vec![
            vec![(0, Transform::Whole), (1, Transform::First(1))],
            vec![(1, Transform::Grams(2))],
            vec![(0, Transform::Whole)],
        ];
        for first in [None, Some(110)] {
            let all = records(&rows, first);
            let blocks = Blocks::new(&all, &rules, u64::MAX);
            let told = pairs(&blocks, 3);
            let distinct: BTreeSet<(u32, u32)> = told.iter().copied().collect();
            assert_eq!(told.len(), distinct.len(), "no pair twice");
            let shares = |a: &[&str; 2], b: &[&str; 2]| {
                let grams =
                    |text: &str| (0..text.len() - 1).map(|i| text[i..i + 2].to_owned()).collect::<Vec<_>>();
                a[0] == b[0] || grams(a[1]).iter().any(|gram| grams(b[1]).contains(gram))
            };
            let mut wanted = BTreeSet::new();
            for a in 0..rows.len() {
                for b in a + 1..rows.len() {
                    let across = first.is_none_or(|first| a < first && b >= first);
                    if across && shares(&rows[a], &rows[b]) {
                        wanted.insert((a as u32, b as u32));
                    }
                }
            }
            assert_eq!(distinct, wanted);
        }
    }

    #[test]
    fn a_block_that_explodes_is_cut_by_the_next_rule_and_told() {
        let rows: Vec<[String; 2]> = (0..1000).map(|i| ["同".to_owned(), format!("{}", i % 100)]).collect();
        let rows: Vec<[&str; 2]> = rows.iter().map(|row| [row[0].as_str(), row[1].as_str()]).collect();
        let all = records(&rows, None);
        let rules = vec![vec![(0, Transform::Whole)], vec![(1, Transform::Whole)]];
        let blocks = Blocks::new(&all, &rules, 1000);
        assert_eq!((blocks.told[0].cut, blocks.told[0].pairs), (1, 100 * 45));
        assert_eq!((blocks.cut[0].records, blocks.cut[0].pairs, blocks.cut[0].kept), (1000, 499_500, 4500));
        assert_eq!(pairs(&blocks, 2).len(), 4500, "the second rule adds none");
        let alone = Blocks::new(&all, &rules[..1], 1000);
        assert_eq!((alone.told[0].left_out, pairs(&alone, 1).len()), (499_500, 0));
    }
}
