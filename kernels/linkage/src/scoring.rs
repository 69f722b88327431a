//! How likely a pair is the same: the weights of its levels added up. A weight is the binary logarithm of `m / u`; a
//! value that is rarer than usual weighs more where it is equal (term frequency, Winkler 2000).

use crate::linker::{Linker, Pattern, level_of};
use crate::training::Parameters;
use rayon::prelude::*;
use serde::Serialize;

/// A pair with its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The smaller record; of two tables that of the first.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// The sum of all weights, the prior's too: 0 is even odds, 10 a thousand to one.
    pub weight: f32,
    /// Its levels.
    pub pattern: Pattern,
}

impl Scored {
    /// The probability that both are the same.
    pub fn probability(&self) -> f64 {
        probability(f64::from(self.weight))
    }
}

/// The probability of a weight.
pub fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// The weight of a probability.
pub fn weight_of(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

/// One line of what a pair's weight is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The comparison.
    pub comparison: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The level's number, the best being 0; 15 where a side is empty.
    pub level: u8,
    /// The level in plain words, Chinese and English.
    pub words: [String; 2],
    /// The values of the one record.
    pub left: Vec<String>,
    /// The values of the other.
    pub right: Vec<String>,
    /// What the level weighs.
    pub weight: f64,
    /// What the value's rarity adds.
    pub rarity: f64,
    /// How often the level occurs among records that are the same.
    pub m: f64,
    /// And among those that are not.
    pub u: f64,
}

/// What a pair's weight is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waterfall {
    /// What is known before anything is compared.
    pub prior: f64,
    /// Each comparison, in their order.
    pub evidence: Vec<Evidence>,
    /// The sum.
    pub weight: f64,
    /// Its probability.
    pub probability: f64,
}

/// Weights of match weights in a histogram: from −40 to 60, one bit each.
pub const HISTOGRAM: (f64, usize) = (-40.0, 100);

/// What scoring all pairs came to.
#[derive(Clone, Debug)]
pub struct AllScored {
    /// Pairs above the least weight that was asked for, the likeliest first.
    pub pairs: Vec<Scored>,
    /// Pairs that were compared.
    pub compared: u64,
    /// How many had each weight, see [`HISTOGRAM`]; those that could not reach the least weight are counted in the first.
    pub histogram: Vec<u64>,
}

/// Weights, ready to be added up.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    prior: f32,
    /// By comparison and level; what is empty weighs nothing.
    levels: Vec<[f32; 16]>,
    /// The most that a comparison can weigh where its values differ.
    unequal: Vec<f32>,
    /// By comparison and value: what rarity adds; empty where it does not count.
    rarity: Vec<Vec<Vec<f32>>>,
    /// Comparisons in the order in which they are asked where values differ: what can end it soonest comes first.
    order: Vec<usize>,
}

impl Weights {
    /// Makes the weights of parameters ready.
    pub(crate) fn new(linker: &Linker, parameters: &Parameters) -> Self {
        let mut weights = vec![[0f32; 16]; linker.comparisons.len()];
        for (weights, levels) in weights.iter_mut().zip(&parameters.comparisons) {
            for (weight, (m, u)) in weights.iter_mut().zip(levels.m.iter().zip(&levels.u)) {
                *weight = (m / u).log2() as f32;
            }
        }
        let rarity = linker.comparisons.iter().zip(&parameters.comparisons).map(|(comparison, levels)| {
            if !comparison.term_frequency {
                return Vec::new();
            }
            let of = |column: &usize| {
                let values = &linker.records.columns[*column].values;
                let with = (linker.records.len as f64 - f64::from(values.count(0))).max(1.0);
                // Of one column how often values are equal by chance was counted; of two the parts are supposed apart.
                let equal = match comparison.columns.len() {
                    1 => levels.u[0],
                    _ => linker.records.columns[*column].coincidence(),
                };
                let rarity = |code: u32| match code {
                    0 => 0.0,
                    code => (equal * with / f64::from(values.count(code).max(1))).log2() as f32,
                };
                (0..values.len() as u32).map(rarity).collect()
            };
            comparison.columns.iter().map(of).collect()
        });
        let unequal: Vec<f32> = linker
            .comparisons
            .iter()
            .zip(&weights)
            .map(|(comparison, weights)| {
                weights[1..comparison.levels()].iter().fold(f32::MIN, |most, w| most.max(*w))
            })
            .collect();
        let mut order: Vec<usize> = (0..linker.comparisons.len()).collect();
        let spread = |n: &usize| {
            let levels = &weights[*n][1..linker.comparisons[*n].levels()];
            levels.iter().fold(f32::MAX, |least, w| least.min(*w)) - unequal[*n]
        };
        order.sort_by(|a, b| spread(a).total_cmp(&spread(b)));
        let prior = weight_of(parameters.same) as f32;
        Self { prior, rarity: rarity.collect(), levels: weights, unequal, order }
    }

    /// What rarity adds where values are equal.
    fn rarity_of(&self, linker: &Linker, comparison: usize, row: &[u32]) -> f32 {
        let of = &self.rarity[comparison];
        let values = linker.values(row, comparison);
        // A value that came later was seen never before: it adds nothing.
        of.iter().zip(values).map(|(rarity, code)| rarity.get(*code as usize).copied().unwrap_or(0.0)).sum()
    }

    /// The pair with its weight, whatever that is.
    pub(crate) fn score(&self, linker: &Linker, a: u32, b: u32) -> Scored {
        let pattern = linker.pattern(a, b);
        let row = linker.row(a);
        let weight = (0..self.levels.len()).fold(self.prior, |sum, n| {
            let level = level_of(pattern, n);
            let rarity = if level == 0 { self.rarity_of(linker, n, row) } else { 0.0 };
            sum + self.levels[n][level as usize] + rarity
        });
        Scored { a, b, weight, pattern }
    }

    /// The pair where its weight reaches `least`. What differs is asked only as long as it can.
    pub(crate) fn score_from(&self, linker: &Linker, a: u32, b: u32, least: f32) -> Option<Scored> {
        let (x, y) = (linker.row(a), linker.row(b));
        let mut pattern: Pattern = 0;
        let mut most = self.prior;
        let mut open = 0u32;
        for n in 0..self.levels.len() {
            let (p, q) = (linker.values(x, n), linker.values(y, n));
            if p.contains(&0) || q.contains(&0) {
                let level = linker.level(n, x, y);
                pattern |= u64::from(level) << (n * 4);
                most += self.levels[n][level as usize];
            } else if p == q {
                most += self.levels[n][0] + self.rarity_of(linker, n, x);
            } else {
                open |= 1 << n;
                most += self.unequal[n];
            }
        }
        for n in &self.order {
            if most < least {
                return None;
            }
            if open & 1 << n != 0 {
                let level = linker.level(*n, x, y);
                pattern |= u64::from(level) << (n * 4);
                most += self.levels[*n][level as usize] - self.unequal[*n];
            }
        }
        (most >= least).then_some(Scored { a, b, weight: most, pattern })
    }

    /// What a pair's weight is made of.
    pub(crate) fn waterfall(&self, linker: &Linker, parameters: &Parameters, a: u32, b: u32) -> Waterfall {
        let scored = self.score(linker, a, b);
        let row = linker.row(a);
        let evidence = linker.comparisons.iter().enumerate().map(|(n, comparison)| {
            let level = level_of(scored.pattern, n);
            let values = |record: u32| {
                let of = |column: &usize| {
                    let column = &linker.records.columns[*column];
                    column.values.get(column.codes[record as usize]).to_owned()
                };
                comparison.columns.iter().map(of).collect()
            };
            let column = |column: &usize| linker.records.columns[*column].name.clone();
            let levels = &parameters.comparisons[n];
            let of = |values: &[f64]| values.get(level as usize).copied().unwrap_or(1.0);
            Evidence {
                comparison: comparison.name.clone(),
                columns: comparison.columns.iter().map(column).collect(),
                level,
                words: comparison.words(level),
                left: values(a),
                right: values(b),
                weight: f64::from(self.levels[n][level as usize]),
                rarity: if level == 0 { f64::from(self.rarity_of(linker, n, row)) } else { 0.0 },
                m: of(&levels.m),
                u: of(&levels.u),
            }
        });
        let weight = f64::from(scored.weight);
        Waterfall {
            prior: f64::from(self.prior),
            evidence: evidence.collect(),
            weight,
            probability: probability(weight),
        }
    }
}

/// Scores the pairs of records.
pub struct Scorer<'a> {
    linker: &'a Linker,
    parameters: &'a Parameters,
    weights: Weights,
}

impl<'a> Scorer<'a> {
    /// Makes the weights of parameters ready.
    pub fn new(linker: &'a Linker, parameters: &'a Parameters) -> Self {
        Self { linker, parameters, weights: Weights::new(linker, parameters) }
    }

    /// The pair with its weight, whatever that is.
    pub fn score(&self, a: u32, b: u32) -> Scored {
        self.weights.score(self.linker, a, b)
    }

    /// Scores all pairs of the blocks, on all cores; keeps those that reach `least`. `told` hears of pairs as they are
    /// done.
    pub fn all(&self, least: f64, told: &(dyn Fn(u64) + Sync)) -> AllScored {
        struct Part {
            pairs: Vec<Scored>,
            compared: u64,
            histogram: Vec<u64>,
        }
        let none = || Part { pairs: Vec::new(), compared: 0, histogram: vec![0; HISTOGRAM.1] };
        let units = self.linker.blocks.units(0..self.linker.rules.len());
        let done = units
            .par_iter()
            .fold(none, |mut part, unit| {
                let before = part.compared;
                self.linker.pairs_at_hand(|see| self.linker.blocks.pairs_of(unit, see), &mut |a, b| {
                    part.compared += 1;
                    match self.weights.score_from(self.linker, a, b, least as f32) {
                        Some(scored) => {
                            let bin =
                                (f64::from(scored.weight) - HISTOGRAM.0).clamp(0.0, HISTOGRAM.1 as f64 - 1.0);
                            part.histogram[bin as usize] += 1;
                            part.pairs.push(scored);
                        }
                        None => part.histogram[0] += 1,
                    }
                });
                told(part.compared - before);
                part
            })
            .reduce(none, |mut all, mut part| {
                all.pairs.append(&mut part.pairs);
                all.compared += part.compared;
                all.histogram.iter_mut().zip(&part.histogram).for_each(|(sum, count)| *sum += count);
                all
            });
        let mut pairs = done.pairs;
        pairs.par_sort_unstable_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
        AllScored { pairs, compared: done.compared, histogram: done.histogram }
    }

    /// What a pair's weight is made of.
    pub fn waterfall(&self, a: u32, b: u32) -> Waterfall {
        self.weights.waterfall(self.linker, self.parameters, a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_and_probabilities_are_two_writings_of_odds() {
        for p in [1e-6, 0.1, 0.5, 0.9, 0.999] {
            assert!((probability(weight_of(p)) - p).abs() < 1e-12);
        }
        assert!((probability(10.0) - 1024.0 / 1025.0).abs() < 1e-12);
    }

    #[test]
    fn ending_early_finds_what_comparing_everything_finds() {
        use crate::records::RecordsBuilder;
        use crate::settings::Settings;
        let settings = Settings::from_toml(
            "columns = { a = 'name', b = 'date', c = 'code', d = 'address' }
             block = [{ on = ['a'] }, { on = ['b|year', 'c'] }]
             comparison = [{ columns = ['a', 'e'], term_frequency = true }, { columns = ['b'], term_frequency = true },
                           { columns = ['c'] }, { columns = ['d'] }]",
        );
        let settings = settings.unwrap_or_else(|error| unreachable!("{error}"));
        let mixed = |i: usize, n: usize| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) % n;
        let rows: Vec<[String; 5]> = (0..240)
            .map(|i| {
                let own = mixed(i / 2, 1 << 20);
                let other = usize::from(i % 7 == 0);
                [
                    ["ann", "anna", "bob", "", "robert"][(own + other) % 5].to_owned(),
                    format!("19{:02}-0{}-1{}", own % 30 + 50, own % 9 + 1, (own / 7 + other) % 9),
                    format!("{}", own % 6),
                    format!("新华路{}号{}栋", own % 40 + other, own % 5),
                    ["smith", "smyth", "ann"][own % 3].to_owned(),
                ]
            })
            .collect();
        let mut builder = RecordsBuilder::new(&["a", "b", "c", "d", "e"].map(str::to_owned));
        builder.push(rows.len(), |n| rows.iter().map(move |row| Some(row[n].as_str())));
        let mut records = builder.finish();
        settings.cleaned(&mut records);
        let linker = Linker::new(&settings, records);
        let parameters = Parameters::learn(&linker, &settings.training, &|_| ());
        let scorer = Scorer::new(&linker, &parameters);
        for least in [-8.0, 0.0, 6.0] {
            let found = scorer.all(least, &|_| ());
            let together = |x: &[String; 5], y: &[String; 5]| {
                (!x[0].is_empty() && x[0] == y[0]) || (x[1][..4] == y[1][..4] && x[2] == y[2])
            };
            let (mut wanted, mut compared) = (Vec::new(), 0);
            for (a, x) in rows.iter().enumerate() {
                for (b, y) in rows.iter().enumerate().skip(a + 1).filter(|(_, y)| together(x, y)) {
                    compared += 1;
                    let scored = scorer.score(a as u32, b as u32);
                    if f64::from(scored.weight) >= least {
                        assert_eq!(linker.pattern(a as u32, b as u32), scored.pattern, "{y:?}");
                        wanted.push((scored.a, scored.b, scored.pattern));
                    }
                }
            }
            let mut got: Vec<_> = found.pairs.iter().map(|pair| (pair.a, pair.b, pair.pattern)).collect();
            got.sort_unstable();
            assert_eq!((got.len(), found.compared), (wanted.len(), compared), "{least}");
            assert_eq!(got, wanted);
            assert!(!wanted.is_empty() && found.pairs.is_sorted_by(|x, y| x.weight >= y.weight));
            for pair in &found.pairs {
                let whole = scorer.score(pair.a, pair.b);
                assert!((whole.weight - pair.weight).abs() < 1e-3);
            }
        }
    }
}
