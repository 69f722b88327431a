//! What is compared and how: the contents of `link.toml`, and what of it does not fit the records.

use crate::clean::Clean;
use crate::comparison::{Comparison, LEVELS_MAX};
use crate::keys::{KeyPart, Transform};
use crate::levels::{Kind, Test};
use crate::records::{Records, RecordsBuilder};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One table or two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Which records of one table are the same?
    #[default]
    Dedupe,
    /// Which records of two tables are the same?
    Link,
}

/// A blocking rule: records are compared that agree on all of its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Columns, perhaps with what of them counts: `["surname|sound", "date_of_birth|year"]`.
    pub on: Vec<KeyPart>,
}

/// A comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// One column, or two that may be swapped.
    pub columns: Vec<String>,
    /// Its name in what is written; the columns where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The tests behind "equal", best first; those of the column's kind where none are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<Test>>,
    /// Rare values count more than common ones.
    #[serde(default)]
    pub term_frequency: bool,
}

impl Compare {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.columns.join("+"))
    }
}

/// How parameters are learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Pairs drawn at random, of which `u` is learnt.
    pub random_pairs: u64,
    /// Pairs of one rule that expectation maximisation sees at the most.
    pub pairs_of_rule: u64,
    /// What is drawn is drawn with this seed.
    pub seed: u64,
    /// A column that says of some records which are the same: then `m` is counted of them rather than learnt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
}

impl Default for Training {
    fn default() -> Self {
        Self { random_pairs: 1_000_000, pairs_of_rule: 100_000, seed: 1, labels: None }
    }
}

/// What is compared and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// One table or two.
    #[serde(default)]
    pub task: Task,
    /// Pairs from this probability on are the same.
    #[serde(default = "threshold")]
    pub threshold: f64,
    /// Of two tables each record has one partner at the most.
    #[serde(default)]
    pub one_to_one: bool,
    /// A block that makes more pairs is cut by the next rule.
    #[serde(default = "block_pairs_max")]
    pub block_pairs_max: u64,
    /// What the values of columns are; text where it is not said.
    #[serde(default)]
    pub columns: BTreeMap<String, Kind>,
    /// Blocking rules.
    #[serde(rename = "block")]
    pub blocks: Vec<Block>,
    /// Comparisons.
    #[serde(rename = "comparison")]
    pub comparisons: Vec<Compare>,
    /// How parameters are learnt.
    #[serde(default)]
    pub training: Training,
}

fn threshold() -> f64 {
    0.9
}

fn block_pairs_max() -> u64 {
    1_000_000
}

/// Why settings do not fit: each finding with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", findings.join("\n"))]
pub struct InvalidSettings {
    /// All of them.
    pub findings: Vec<String>,
}

impl Settings {
    /// Reads `link.toml`.
    pub fn from_toml(text: &str) -> Result<Self, InvalidSettings> {
        toml::from_str(text).map_err(|error| InvalidSettings { findings: vec![error.to_string()] })
    }

    /// The columns that are read at all.
    pub fn columns_read(&self) -> Vec<String> {
        let blocked = self.blocks.iter().flat_map(|block| block.on.iter().map(|part| &part.column));
        let compared = self.comparisons.iter().flat_map(|compare| &compare.columns);
        let labels = self.training.labels.iter();
        let mut all: Vec<String> = blocked.chain(compared).chain(labels).cloned().collect();
        all.sort();
        all.dedup();
        all
    }

    /// What does not fit the columns of a file, before anything is read of it.
    pub fn check(&self, header: &[String]) -> Result<(), InvalidSettings> {
        let mut findings = Vec::new();
        let known = header.join(", ");
        for name in self.columns_read().iter().chain(self.columns.keys()) {
            if !header.contains(name) {
                let told = format!("there is no column {name:?}; there are {known}");
                if !findings.contains(&told) {
                    findings.push(told);
                }
            }
        }
        if self.blocks.is_empty() || self.blocks.iter().any(|block| block.on.is_empty()) {
            findings.push("each [[block]] needs `on`, and there must be one: without it every record is compared with every other".to_owned());
        }
        if self.comparisons.is_empty() || self.comparisons.len() > 15 {
            findings.push("there must be a [[comparison]], and 15 at the most".to_owned());
        }
        for compare in &self.comparisons {
            let name = compare.name();
            let tests = self.tests(compare);
            if !matches!(compare.columns.len(), 1 | 2) {
                findings.push(format!("comparison {name:?}: columns names one column, or two"));
            } else if !Comparison::fits(&tests, compare.columns.len()) {
                findings.push(format!(
                    "comparison {name:?}: swapped, each_alike, second_same and first_same are tests of two columns, the others of one"
                ));
            }
            if tests.len() + 2 > LEVELS_MAX {
                findings.push(format!("comparison {name:?}: {} levels at the most", LEVELS_MAX - 2));
            }
        }
        if !(0.0..=1.0).contains(&self.threshold) {
            findings.push("threshold is a probability, from 0 to 1".to_owned());
        }
        if findings.is_empty() { Ok(()) } else { Err(InvalidSettings { findings }) }
    }

    fn kind(&self, column: &str) -> Kind {
        self.columns.get(column).copied().unwrap_or(Kind::Text)
    }

    /// What brings the values of a column to one writing, where something does.
    pub(crate) fn cleaner(&self, column: &str) -> Option<Clean> {
        self.kind(column).clean()
    }

    fn tests(&self, compare: &Compare) -> Vec<Test> {
        match (&compare.levels, compare.columns.as_slice()) {
            (Some(tests), _) => tests.clone(),
            (None, [column]) => self.kind(column).tests(),
            (None, _) => Kind::tests_of_two(),
        }
    }

    /// Has the columns in which nearly all values differ brought to one writing as they come; [`Self::cleaned`] does the
    /// others.
    pub fn clean_as_they_come(&self, builder: &mut RecordsBuilder) {
        builder.clean_by(|name| match self.kind(name) {
            kind @ (Kind::IdNumber | Kind::Phone | Kind::Address) => kind.clean(),
            _ => None,
        });
    }

    /// Brings the columns of records to one writing. Tells which columns have one value or none: they tell nothing.
    pub fn cleaned(&self, records: &mut Records) -> Vec<String> {
        use rayon::prelude::*;
        records.columns.par_iter_mut().for_each(|column| {
            if let (Some(clean), false) = (self.cleaner(&column.name), column.clean) {
                *column = column.rewritten(clean);
            }
        });
        let mut warnings = Vec::new();
        for column in &records.columns {
            match column.values.len() {
                1 => warnings.push(format!("column {:?} is empty: it tells nothing", column.name)),
                2 => {
                    let only = column.values.get(1);
                    warnings
                        .push(format!("column {:?} is {only:?} throughout: it tells nothing", column.name));
                }
                _ => {}
            }
        }
        warnings
    }

    /// The comparisons over records that were cleaned.
    pub(crate) fn prepared(&self, records: &Records) -> Vec<Comparison> {
        let made = |compare: &Compare| {
            let columns = compare.columns.iter().filter_map(|name| records.column(name));
            let columns: Vec<_> = columns.map(|number| (number, &records.columns[number])).collect();
            Comparison::new(&compare.name(), &columns, self.tests(compare), compare.term_frequency)
        };
        self.comparisons.iter().map(made).collect()
    }

    /// The rules over the columns of records.
    pub(crate) fn rules(&self, records: &Records) -> Vec<Vec<(usize, Transform)>> {
        let part = |part: &KeyPart| records.column(&part.column).map(|column| (column, part.transform));
        self.blocks.iter().map(|block| block.on.iter().filter_map(part).collect()).collect()
    }
}
