//! Categories of a tree: at each branching a [`Classifier`] of its own.

use crate::classifier::{Classifier, Example, Scratch, TrainError, TrainOptions, Trained};
use crate::text::clean;
use serde::Serialize;
use std::collections::BTreeMap;

/// What parts the levels in a category's path.
pub const LEVELS_PARTED_BY: char = '/';
/// Numbers of all classifiers of one level at the most, about; a level has as many as its examples share.
const NUMBERS_OF_LEVEL: usize = 4_000_000;
/// Numbers of one classifier at the least.
const NUMBERS_LEAST: usize = 50_000;

/// Tells categories of a tree. A category is a path, its levels parted by [`LEVELS_PARTED_BY`]; the tree may be as deep as
/// the examples' paths, and of one level only.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// What is below each path that anything is below; the root's is empty.
    pub(crate) below: BTreeMap<String, Below>,
}

/// What is below a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Below {
    /// One category only.
    One(String),
    /// One of several.
    Several(Box<Classifier>),
}

/// A category that a text may be of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Category {
    /// Its path.
    pub category: String,
    /// The probability that the text is of it.
    pub probability: f64,
}

/// What is said of a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Said {
    /// The likeliest category of each level, the first level first; none where the text has nothing that is known.
    pub levels: Vec<Category>,
    /// Words of the text that decided at the first level and at the last for the likeliest against the next.
    pub reasons: Vec<String>,
}

impl Said {
    /// The deepest category that is as likely as `threshold`.
    pub fn at_least(&self, threshold: f64) -> Option<&Category> {
        self.levels.iter().rev().find(|category| category.probability >= threshold)
    }
}

/// The path of a level below a path.
fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}{LEVELS_PARTED_BY}{name}") }
}

impl Tree {
    /// Learns from examples, whose labels are paths of any depth. `told` hears how many parts are done, and of how many.
    ///
    /// # Errors
    ///
    /// At the first level there must be two categories with enough examples. Deeper down what has too few is left aside.
    pub fn train(
        examples: &[Example],
        options: &TrainOptions,
        told: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<(Self, Trained), TrainError> {
        // The examples below each path, by number and name of the next level.
        let mut of_path: BTreeMap<String, Vec<(usize, &str)>> = BTreeMap::from([(String::new(), Vec::new())]);
        for (number, example) in examples.iter().enumerate() {
            let mut path = String::new();
            for name in
                example.label.split(LEVELS_PARTED_BY).map(str::trim).take_while(|name| !name.is_empty())
            {
                of_path.entry(path.clone()).or_default().push((number, name));
                path = below(&path, name);
            }
        }
        let mut tree = Self { below: BTreeMap::new() };
        let mut trained = Trained { categories: 0, ..Trained::default() };
        let branchings = of_path.len();
        for (done, (path, numbers)) in of_path.into_iter().enumerate() {
            let these: Vec<Example> = numbers
                .iter()
                .map(|(number, name)| Example {
                    text: examples[*number].text.clone(),
                    label: (*name).to_owned(),
                })
                .collect();
            let share = NUMBERS_OF_LEVEL * these.len() / examples.len().max(1);
            let options = TrainOptions { numbers: share.max(NUMBERS_LEAST), ..*options };
            let parts = options.folds.max(2) + 1;
            match Classifier::train(&these, &options, &|part| told(done * parts + part, branchings * parts)) {
                Ok((classifier, of)) => {
                    trained.categories += classifier.categories().len();
                    trained.features += of.features;
                    trained.left_aside.extend(of.left_aside.iter().map(|(name, n)| (below(&path, name), *n)));
                    if path.is_empty() {
                        (trained.examples, trained.without_text) = (of.examples, of.without_text);
                    }
                    tree.below.insert(path, Below::Several(Box::new(classifier)));
                }
                Err(why) if path.is_empty() => return Err(why),
                Err(TrainError::TooFew { counts, least }) => {
                    for (name, count) in counts {
                        match count >= least {
                            true => {
                                trained.categories += 1;
                                tree.below.insert(path.clone(), Below::One(name));
                            }
                            false => {
                                trained.left_aside.insert(below(&path, &name), count);
                            }
                        }
                    }
                }
            }
        }
        // What stands below a category that was left aside is never asked for.
        let reached: Vec<String> = tree.paths();
        tree.below.retain(|path, _| path.is_empty() || reached.binary_search(path).is_ok());
        Ok((tree, trained))
    }

    /// The paths of all categories, in order.
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        let mut open = vec![String::new()];
        while let Some(path) = open.pop() {
            let names: &[String] = match self.below.get(&path) {
                Some(Below::One(name)) => std::slice::from_ref(name),
                Some(Below::Several(classifier)) => classifier.categories(),
                None => &[],
            };
            open.extend(names.iter().map(|name| below(&path, name)));
            paths.extend(Some(path).filter(|path| !path.is_empty()));
        }
        paths.sort_unstable();
        paths
    }

    /// The likeliest category of each level, without reasons.
    pub fn levels(&self, text: &str, scratch: &mut Scratch) -> Vec<Category> {
        let cleaned = clean(text);
        let (mut levels, mut path, mut probability) = (Vec::new(), String::new(), 1.0);
        while let Some(next) = self.below.get(&path) {
            let name = match next {
                Below::One(name) => name,
                Below::Several(classifier) => {
                    let Some((best, of)) = classifier.best_of(&cleaned, scratch) else { break };
                    probability *= of;
                    &classifier.categories()[best]
                }
            };
            path = below(&path, name);
            levels.push(Category { category: path.clone(), probability });
        }
        levels
    }

    /// The likeliest category of each level with the words that decided.
    pub fn classify(&self, text: &str, scratch: &mut Scratch) -> Said {
        let cleaned = clean(text);
        let (mut levels, mut path, mut probability) = (Vec::new(), String::new(), 1.0);
        // Of each level whether and how it was decided: by whom, for what, against what.
        let mut decided: Vec<Option<(&Classifier, usize, usize)>> = Vec::new();
        while let Some(next) = self.below.get(&path) {
            let name = match next {
                Below::One(name) => {
                    decided.push(None);
                    name
                }
                Below::Several(classifier) => {
                    let order = classifier.order_of(&cleaned, scratch);
                    let [(is, of), (not, _), ..] = order[..] else { break };
                    probability *= of;
                    decided.push(Some((classifier, is, not)));
                    &classifier.categories()[is]
                }
            };
            path = below(&path, name);
            levels.push(Category { category: path.clone(), probability });
        }
        let mut reasons: Vec<String> = Vec::new();
        let last = decided.len().saturating_sub(1);
        let asked = decided.iter().enumerate().filter(|(level, _)| [0, last].contains(level));
        for (classifier, is, not) in asked.filter_map(|(_, by)| *by) {
            for word in classifier.reasons(&cleaned, is, not, scratch) {
                if !reasons.contains(&word) {
                    reasons.push(word);
                }
            }
        }
        Said { levels, reasons }
    }

    /// The likeliest categories of the last level, so many at the most, the likeliest first.
    pub fn ranked(&self, text: &str, most: usize, scratch: &mut Scratch) -> Vec<Category> {
        let cleaned = clean(text);
        let mut open = vec![Category { category: String::new(), probability: 1.0 }];
        let mut ranked = Vec::new();
        // Nothing below a category is likelier than it: the likeliest that is open and has nothing below is the next.
        while let Some(at) = (0..open.len())
            .max_by(|a, b| open[*a].probability.total_cmp(&open[*b].probability))
            .filter(|_| ranked.len() < most)
        {
            let Category { category: path, probability } = open.swap_remove(at);
            match self.below.get(&path) {
                None if path.is_empty() => {}
                None => ranked.push(Category { category: path, probability }),
                Some(Below::One(name)) => open.push(Category { category: below(&path, name), probability }),
                Some(Below::Several(classifier)) => {
                    let all = classifier.order_of(&cleaned, scratch).into_iter();
                    open.extend(all.map(|(n, of)| Category {
                        category: below(&path, &classifier.categories()[n]),
                        probability: probability * of,
                    }));
                }
            }
        }
        ranked
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn examples() -> Vec<Example> {
        let matters = [
            ("房屋/电梯", ["电梯坏了", "电梯困人", "轿厢抖动", "电梯停运"]),
            ("房屋/漏水", ["屋顶漏水", "墙面渗水", "天花板滴水", "楼上漏水"]),
            ("街道/照明/路灯", ["路灯不亮", "整条街黑灯", "灯杆歪了", "路灯忽明忽暗"]),
            ("街道/路面", ["路面塌陷", "路上大坑", "井盖松动", "人行道破损"]),
        ];
        let mut all = Vec::new();
        for (label, words) in matters {
            for n in 0..24 {
                let (a, b) = (words[n % 4], words[(n / 4 + 1) % 4]);
                // A quarter is labelled at the first level only.
                let label = if n % 4 == 3 { label.split('/').next().unwrap() } else { label };
                all.push(Example {
                    text: format!("您好，{a}，{b}，已经第{n}天了。"),
                    label: label.to_owned(),
                });
            }
        }
        all.push(Example { text: "只有这一条".into(), label: "其他/杂项".into() });
        all
    }

    #[test]
    fn each_level_is_told_and_examples_may_be_labelled_to_any_depth() {
        let (tree, trained) = Tree::train(&examples(), &TrainOptions::default(), &|_, _| ()).unwrap();
        let paths = ["房屋", "房屋/漏水", "房屋/电梯", "街道", "街道/照明", "街道/照明/路灯", "街道/路面"];
        assert_eq!(tree.paths(), paths);
        assert_eq!(trained.categories, paths.len());
        assert_eq!(
            trained.left_aside.into_iter().collect::<Vec<_>>(),
            [("其他".into(), 1), ("其他/杂项".into(), 1)]
        );
        let scratch = &mut Scratch::default();
        let said = tree.classify("门口的路灯不亮了", scratch);
        let names: Vec<&str> = said.levels.iter().map(|level| level.category.as_str()).collect();
        assert_eq!(names, ["街道", "街道/照明", "街道/照明/路灯"]);
        assert!(said.levels.is_sorted_by(|a, b| a.probability >= b.probability), "{said:?}");
        // Below what has one category only it is as likely as that.
        assert_eq!(said.levels[1].probability, said.levels[2].probability);
        assert_eq!(said.at_least(0.5).unwrap().category, "街道/照明/路灯");
        assert_eq!(said.at_least(1.1), None);
        assert!(said.reasons.iter().any(|word| word.contains("灯")), "{said:?}");
        let ranked = tree.ranked("门口的路灯不亮了", 9, scratch);
        assert_eq!(ranked.len(), 4);
        assert_eq!(ranked[0].category, "街道/照明/路灯");
        assert!((ranked.iter().map(|one| one.probability).sum::<f64>() - 1.0).abs() < 1e-5);
        assert_eq!(tree.classify("xyz", scratch), Said::default());
        assert_eq!(tree.ranked("xyz", 3, scratch), []);
    }

    #[test]
    fn a_tree_is_told_the_same_from_its_bytes() {
        let (tree, _) = Tree::train(&examples(), &TrainOptions::default(), &|_, _| ()).unwrap();
        let bytes = tree.to_bytes();
        assert_eq!(Tree::from_bytes(&bytes).unwrap(), tree);
        for cut in [0, 3, bytes.len() / 2, bytes.len() - 1] {
            assert!(Tree::from_bytes(&bytes[..cut]).is_err());
        }
    }
}
