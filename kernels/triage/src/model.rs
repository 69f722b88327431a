//! A tree of classifiers as bytes: a line of JSON that says what follows, then the numbers of each branching,
//! little-endian: hashes, how much each feature tells, offsets, weights.

use crate::calibration::Calibration;
use crate::classifier::Classifier;
use crate::features::KINDS;
use crate::svm::Weights;
use crate::tree::{Below, Tree};
use crate::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const FORMAT: &str = "gridweave-triage-3";

/// Why bytes are no classifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// They do not begin as one does.
    #[error("this is no model of gridweave triage")]
    NoModel,
    /// They end too early, or do not fit together.
    #[error("the model is damaged: train it again")]
    Damaged,
}

/// The model in the program: it has learnt from messages that `gridweave city messages` invents and from nothing else.
/// `model/CARD.md` says how it was made and what it is good for.
///
/// # Errors
///
/// None but where the program was built with a damaged file.
pub fn shipped() -> Result<Tree, ModelError> {
    Tree::from_bytes(include_bytes!("../model/shipped.triage"))
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    branchings: Vec<Branching>,
}

/// What is below one path.
#[derive(Serialize, Deserialize)]
struct Branching {
    path: String,
    categories: Vec<String>,
    /// Where there are several categories.
    of_several: Option<Several>,
}

#[derive(Serialize, Deserialize)]
struct Several {
    calibration: Calibration,
    ends: [u32; KINDS],
    /// What a weight's 1 is worth, of each category.
    steps: Vec<f32>,
}

impl Tree {
    /// The tree as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut numbers: Vec<u8> = Vec::new();
        let mut branchings = Vec::with_capacity(self.below.len());
        for (path, below) in &self.below {
            let (categories, of_several) = match below {
                Below::One(name) => (vec![name.clone()], None),
                Below::Several(classifier) => {
                    write(classifier, &mut numbers);
                    let several = Several {
                        calibration: classifier.calibration.clone(),
                        ends: classifier.vocabulary.ends,
                        steps: classifier.weights.steps.clone(),
                    };
                    (classifier.categories.clone(), Some(several))
                }
            };
            branchings.push(Branching { path: path.clone(), categories, of_several });
        }
        let head = Head { format: FORMAT.to_owned(), branchings };
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend(numbers);
        bytes
    }

    /// A tree from bytes.
    ///
    /// # Errors
    ///
    /// The bytes must be whole and those of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(ModelError::NoModel)?;
        let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|_| ModelError::NoModel)?;
        if head.format != FORMAT {
            return Err(ModelError::NoModel);
        }
        let mut rest = &bytes[end + 1..];
        let mut below = BTreeMap::new();
        for mut branching in head.branchings {
            let of = match (branching.of_several, branching.categories.len()) {
                (None, 1) => Below::One(branching.categories.remove(0)),
                (Some(several), 2..) => {
                    Below::Several(Box::new(read(branching.categories, several, &mut rest)?))
                }
                _ => return Err(ModelError::Damaged),
            };
            below.insert(branching.path, of);
        }
        if !rest.is_empty() || !matches!(below.get(""), Some(Below::Several(_))) {
            return Err(ModelError::Damaged);
        }
        Ok(Self { below })
    }
}

fn write(classifier: &Classifier, bytes: &mut Vec<u8>) {
    let (vocabulary, weights) = (&classifier.vocabulary, &classifier.weights);
    bytes.extend(vocabulary.hashes.iter().flat_map(|hash| hash.to_le_bytes()));
    bytes.extend(vocabulary.idf.iter().chain(&weights.offsets).flat_map(|number| number.to_le_bytes()));
    for feature in 0..vocabulary.len() as u32 {
        bytes.extend(weights.in_steps(feature).flat_map(i16::to_le_bytes));
    }
}

/// The next numbers of `N` bytes.
fn take<const N: usize>(rest: &mut &[u8], count: usize) -> Result<Vec<[u8; N]>, ModelError> {
    let length = count.checked_mul(N).filter(|length| *length <= rest.len()).ok_or(ModelError::Damaged)?;
    let (these, behind) = rest.split_at(length);
    *rest = behind;
    Ok(these.as_chunks::<N>().0.to_vec())
}

fn read(categories: Vec<String>, several: Several, rest: &mut &[u8]) -> Result<Classifier, ModelError> {
    let (features, classes) = (several.ends[KINDS - 1] as usize, categories.len());
    let floats = |rest: &mut &[u8], count| -> Result<Vec<f32>, ModelError> {
        let all: Vec<f32> = take::<4>(rest, count)?.into_iter().map(f32::from_le_bytes).collect();
        all.iter().all(|number| number.is_finite()).then_some(all).ok_or(ModelError::Damaged)
    };
    let fits = several.calibration.moves.len() == classes
        && several.calibration.counts.len() == classes * classes
        && several.steps.len() == classes
        && several.steps.iter().all(|step| step.is_finite())
        && several.ends.is_sorted();
    if !fits {
        return Err(ModelError::Damaged);
    }
    let hashes = take::<8>(rest, features)?.into_iter().map(u64::from_le_bytes).collect();
    let (idf, offsets) = (floats(rest, features)?, floats(rest, classes)?);
    let steps = take::<2>(rest, features.checked_mul(classes).ok_or(ModelError::Damaged)?)?;
    let steps: Vec<i16> = steps.into_iter().map(i16::from_le_bytes).collect();
    Ok(Classifier {
        categories,
        weights: Weights::from_steps(&idf, offsets, several.steps, &steps),
        vocabulary: Vocabulary::from_parts(hashes, idf, several.ends),
        calibration: several.calibration,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Classifier, Example, Scratch, TrainError, TrainOptions};

    fn examples() -> Vec<Example> {
        let of = |label: &str, words: &[&str]| -> Vec<Example> {
            let texts = (0..30).map(|n| {
                let (a, b) = (words[n % words.len()], words[(n / 2 + 1) % words.len()]);
                format!("您好，{a}{b}已经第{n}天了，请处理。")
            });
            texts.map(|text| Example { text, label: label.to_owned() }).collect()
        };
        let mut all = of("电梯", &["电梯坏了", "电梯困人", "轿厢抖动", "电梯停运"]);
        all.extend(of("路灯", &["路灯不亮", "整条街黑灯", "灯杆歪了", "路灯忽明忽暗"]));
        all.extend(of("垃圾", &["垃圾没人清", "垃圾桶满了", "楼道堆物", "臭味很大"]));
        all
    }

    #[test]
    fn what_was_learnt_is_told_the_same_from_its_bytes() {
        let (classifier, trained) =
            Classifier::train(&examples(), &TrainOptions::default(), &|_| ()).unwrap();
        assert_eq!((trained.examples, trained.without_text, classifier.categories().len()), (90, 0, 3));
        let tree =
            Tree { below: BTreeMap::from([(String::new(), Below::Several(Box::new(classifier.clone())))]) };
        let read = Tree::from_bytes(&tree.to_bytes()).unwrap();
        let scratch = &mut Scratch::default();
        for text in ["电梯又坏了", "路灯不亮，晚上看不见", "垃圾桶满了也没人管", "The lift", ""]
        {
            assert_eq!(read.classify(text, scratch), tree.classify(text, scratch));
        }
        let said = classifier.classify("我们单元的电梯困人，修了又坏");
        assert!(said.categories[0].0 == "电梯" && said.categories[0].1 > 0.8, "{said:?}");
        assert!(said.reasons.iter().any(|word| word.contains("电梯") || word.contains("梯")), "{said:?}");
        assert!((said.categories.iter().map(|c| c.1).sum::<f64>() - 1.0).abs() < 1e-5);
        let best = classifier.best("我们单元的电梯困人，修了又坏", scratch).unwrap();
        assert_eq!(best.1, said.categories[0].1);
        // Nothing known is nothing said.
        assert_eq!(classifier.classify("😀 ~").categories, []);
        // Twice the same.
        let again = Classifier::train(&examples(), &TrainOptions::default(), &|_| ()).unwrap().0;
        assert_eq!(again, classifier);
    }

    #[test]
    fn too_few_categories_are_refused_and_small_ones_left_aside() {
        let mut some: Vec<Example> = examples().into_iter().filter(|one| one.label == "电梯").collect();
        let refused = Classifier::train(&some, &TrainOptions::default(), &|_| ()).err();
        let counts = BTreeMap::from([("电梯".to_owned(), 30)]);
        assert_eq!(refused, Some(TrainError::TooFew { counts, least: 2 }));
        some.extend(examples().into_iter().filter(|one| one.label == "路灯").take(5));
        some.push(Example { text: "只有一次".into(), label: "噪声".into() });
        some.push(Example { text: " <br> ".into(), label: "噪声".into() });
        let (_, trained) = Classifier::train(&some, &TrainOptions::default(), &|_| ()).unwrap();
        assert_eq!(trained.left_aside.into_iter().collect::<Vec<_>>(), [("噪声".to_owned(), 1)]);
        assert_eq!(trained.without_text, 1);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = Tree::train(&examples(), &TrainOptions::default(), &|_, _| ()).unwrap().0.to_bytes();
        assert_eq!(Tree::from_bytes(b"no").err(), Some(ModelError::NoModel));
        assert_eq!(Tree::from_bytes(b"{}\n").err(), Some(ModelError::NoModel));
        assert_eq!(Tree::from_bytes(&bytes[..bytes.len() - 1]).err(), Some(ModelError::Damaged));
        assert_eq!(Tree::from_bytes(&[&bytes[..], &[0]].concat()).err(), Some(ModelError::Damaged));
    }
}
