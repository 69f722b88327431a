//! Records that are known, to be asked about one more at a time: which of them is the new one the same as? What was
//! learnt of them stays; the new record is compared with those that a rule brings together with it.

use crate::clean::cleaned;
use crate::keys::{Transform, ValueKeys, keys_of, keys_of_one};
use crate::linker::Linker;
use crate::records::{Numbering, Records, fold_owned};
use crate::scoring::{Scored, Waterfall, Weights, weight_of};
use crate::settings::Settings;
use crate::training::Parameters;
use hashbrown::HashMap;
use rayon::prelude::*;

/// Records of one block that a new record is compared with at the most.
const BLOCK_MAX: usize = 20_000;

/// A rule with its keys: those of the records that were there at first in order, later ones beside.
struct RuleKeys {
    columns: Vec<usize>,
    transforms: Vec<Transform>,
    first: Vec<(u64, u32)>,
    later: HashMap<u64, Vec<u32>>,
}

impl RuleKeys {
    fn of(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let from = self.first.partition_point(|(known, _)| *known < key);
        let first =
            self.first[from..].iter().take_while(move |(known, _)| *known == key).map(|(_, record)| *record);
        first.chain(self.later.get(&key).into_iter().flatten().copied()).take(BLOCK_MAX)
    }
}

/// Known records with what was learnt of them.
pub struct LinkIndex {
    settings: Settings,
    linker: Linker,
    parameters: Parameters,
    weights: Weights,
    numbering: Vec<Numbering>,
    rules: Vec<RuleKeys>,
}

/// A known record that a new one may be the same as.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The record's number.
    pub record: u32,
    /// The probability that it is the same.
    pub probability: f64,
    /// What that is made of: the known record on the left, the new one on the right.
    pub evidence: Waterfall,
}

impl LinkIndex {
    /// Makes an index over records of one table, not yet cleaned, with parameters that were learnt of them or of others
    /// with the same settings.
    pub fn new(settings: &Settings, mut records: Records, parameters: Parameters) -> Self {
        let _ = settings.cleaned(&mut records);
        let rules = settings.rules(&records);
        let of_values = ValueKeys::of(&records, &rules);
        let rules = rules
            .par_iter()
            .map(|rule| {
                let first = keys_of(&records, &of_values, rule).sorted();
                let (columns, transforms) = rule.iter().copied().unzip();
                RuleKeys { columns, transforms, first, later: HashMap::new() }
            })
            .collect();
        let numbering = records.columns.par_iter().map(|column| Numbering::of(&column.values)).collect();
        let linker = Linker::without_blocks(settings, records);
        let weights = Weights::new(&linker, &parameters);
        Self { settings: settings.clone(), linker, parameters, weights, numbering, rules }
    }

    /// How many records are known.
    pub fn len(&self) -> usize {
        self.linker.records.len
    }

    /// Is none known?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the columns, in the order in which values are given.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.linker.records.columns.iter().map(|column| column.name.as_str())
    }

    /// The known records that a new one is the same as with at least this probability, the likeliest first. `values` are
    /// those of [`Self::columns`].
    pub fn find(&mut self, values: &[&str], probability: f64) -> Vec<Found> {
        let record = self.push(values);
        let found = self.found(record, probability);
        self.linker.pop();
        found
    }

    /// Takes a record in; its number.
    pub fn add(&mut self, values: &[&str]) -> u32 {
        let record = self.push(values);
        for rule in 0..self.rules.len() {
            for key in self.keys(rule, record) {
                self.rules[rule].later.entry(key).or_default().push(record);
            }
        }
        record
    }

    fn push(&mut self, values: &[&str]) -> u32 {
        let mut codes = Vec::with_capacity(values.len());
        for (n, column) in self.linker.records.columns.iter_mut().enumerate() {
            let mut text = fold_owned(values.get(n).copied().unwrap_or_default());
            if let Some(clean) = self.settings.cleaner(&column.name) {
                text = cleaned(clean, &text);
            }
            let before = column.values.len();
            codes.push(self.numbering[n].number(&mut column.values, &text));
            if column.values.len() > before {
                for comparison in &mut self.linker.comparisons {
                    if let Some(at) = comparison.columns.iter().position(|column| *column == n) {
                        comparison.push(at, &text);
                    }
                }
            }
        }
        self.linker.push(&codes)
    }

    fn keys(&self, rule: usize, record: u32) -> Vec<u64> {
        let rule = &self.rules[rule];
        let text = |column: &usize| {
            let column = &self.linker.records.columns[*column];
            column.values.get(column.codes[record as usize])
        };
        keys_of_one(&rule.columns.iter().map(text).collect::<Vec<_>>(), &rule.transforms)
    }

    fn found(&self, record: u32, probability: f64) -> Vec<Found> {
        let mut near: Vec<u32> = Vec::new();
        for (n, rule) in self.rules.iter().enumerate() {
            for key in self.keys(n, record) {
                near.extend(rule.of(key));
            }
        }
        near.sort_unstable();
        near.dedup();
        let least = weight_of(probability) as f32;
        let scored = near.into_iter().filter(|known| *known != record);
        let mut scored: Vec<Scored> =
            scored.filter_map(|known| self.weights.score_from(&self.linker, known, record, least)).collect();
        scored.sort_by(|x, y| y.weight.total_cmp(&x.weight).then(x.a.cmp(&y.a)));
        scored
            .into_iter()
            .map(|pair| Found {
                record: pair.a,
                probability: pair.probability(),
                evidence: self.weights.waterfall(&self.linker, &self.parameters, pair.a, record),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::records::RecordsBuilder;

    const SETTINGS: &str = "
        columns = { name = 'chinese_name', birth = 'date', phone = 'phone', address = 'address' }
        block = [{ on = ['name|sound'] }, { on = ['birth|year', 'phone|last(4)'] }, { on = ['address|grams(4)'] }]
        comparison = [{ columns = ['name'] }, { columns = ['birth'] }, { columns = ['phone'] }, { columns = ['address'] }]";

    /// Some people, a few of them twice with another letter or digit.
    fn rows(n: usize) -> Vec<[String; 4]> {
        let names = ["于建", "于健", "田刚", "王芳", "张伟", "章伟", "李娜", "刘洋国"];
        (0..n)
            .map(|i| {
                let person = i * 7 % (n / 2);
                let other = i % 5 == 0;
                [
                    names[(person + usize::from(other)) % names.len()].to_owned(),
                    format!(
                        "19{:02}-0{}-1{}",
                        person % 90 + 10,
                        person % 9 + 1,
                        if other { 1 } else { person % 9 }
                    ),
                    format!("1380000{:04}", person * 13 % 9973),
                    format!("新华路{}号东湖花园{}栋{person}室", person % 40, person % 9),
                ]
            })
            .collect()
    }

    fn records(rows: &[[String; 4]]) -> Records {
        let names = ["name", "birth", "phone", "address"].map(str::to_owned);
        let mut builder = RecordsBuilder::new(&names);
        builder.push(rows.len(), |n| rows.iter().map(move |row| Some(row[n].as_str())));
        builder.finish()
    }

    fn learnt(settings: &Settings, rows: &[[String; 4]]) -> Parameters {
        let mut records = records(rows);
        settings.cleaned(&mut records);
        Parameters::learn(&Linker::new(settings, records), &settings.training, &|_| ())
    }

    fn values(row: &[String; 4]) -> Vec<&str> {
        row.iter().map(String::as_str).collect()
    }

    #[test]
    fn records_that_came_one_by_one_are_found_as_those_that_came_together() {
        let settings = Settings::from_toml(SETTINGS).unwrap();
        let rows = rows(400);
        let parameters = learnt(&settings, &rows);
        let mut whole = LinkIndex::new(&settings, records(&rows), parameters.clone());
        let mut grown = LinkIndex::new(&settings, records(&rows[..10]), parameters);
        for row in &rows[10..] {
            grown.add(&values(row));
        }
        assert_eq!((whole.len(), grown.len()), (400, 400));
        let mut found = 0;
        for row in &rows {
            let (a, b) = (whole.find(&values(row), 0.5), grown.find(&values(row), 0.5));
            assert_eq!(a, b);
            found += a.len();
        }
        assert!(found > 600, "{found}");
        assert_eq!(whole.len(), 400, "asking adds nothing");
    }

    #[test]
    fn an_index_says_what_comparing_all_with_all_says() {
        let settings = Settings::from_toml(SETTINGS).unwrap();
        let rows = rows(300);
        let parameters = learnt(&settings, &rows);
        let mut index = LinkIndex::new(&settings, records(&rows[..299]), parameters.clone());
        let found: Vec<u32> = index.find(&values(&rows[299]), 0.9).iter().map(|one| one.record).collect();
        let mut all = records(&rows);
        settings.cleaned(&mut all);
        let linker = Linker::new(&settings, all);
        let scorer = crate::scoring::Scorer::new(&linker, &parameters);
        let pairs = scorer.all(weight_of(0.9), &|_| ()).pairs;
        let wanted: Vec<u32> = pairs.iter().filter(|pair| pair.b == 299).map(|pair| pair.a).collect();
        assert!(!wanted.is_empty());
        assert_eq!(found, wanted);
    }
}
