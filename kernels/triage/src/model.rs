//! A classifier as bytes: a line of JSON that says what follows, then the numbers, little-endian.

use crate::calibration::Calibration;
use crate::classifier::Classifier;
use crate::features::KINDS;
use crate::svm::Weights;
use crate::vocabulary::Vocabulary;
use serde::{Deserialize, Serialize};

const FORMAT: &str = "gridweave-triage-1";

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

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    categories: Vec<String>,
    calibration: Calibration,
    ends: [u32; KINDS],
}

impl Classifier {
    /// The classifier as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            format: FORMAT.to_owned(),
            categories: self.categories.clone(),
            calibration: self.calibration.clone(),
            ends: self.vocabulary.ends,
        };
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend(self.vocabulary.hashes.iter().flat_map(|hash| hash.to_le_bytes()));
        let rows = (0..self.vocabulary.len() as u32).flat_map(|feature| self.weights.row(feature));
        let numbers = self.vocabulary.idf.iter().chain(rows).chain(&self.weights.offsets);
        bytes.extend(numbers.flat_map(|number| number.to_le_bytes()));
        bytes
    }

    /// A classifier from bytes.
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
        let (features, classes) = (head.ends[KINDS - 1] as usize, head.categories.len());
        let rest = &bytes[end + 1..];
        let numbers = features.checked_mul(1 + classes).and_then(|n| n.checked_add(classes));
        let length = numbers.and_then(|n| n.checked_mul(4)?.checked_add(features.checked_mul(8)?));
        let fits = length == Some(rest.len())
            && classes >= 2
            && head.calibration.moves.len() == classes
            && head.ends.is_sorted();
        if !fits {
            return Err(ModelError::Damaged);
        }
        let (hashes, numbers) = rest.split_at(features * 8);
        let hashes = hashes.as_chunks::<8>().0.iter().map(|of| u64::from_le_bytes(*of)).collect();
        let numbers: Vec<f32> = numbers.as_chunks::<4>().0.iter().map(|of| f32::from_le_bytes(*of)).collect();
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(ModelError::Damaged);
        }
        let (idf, weights) = numbers.split_at(features);
        let (of, offsets) = weights.split_at(features * classes);
        let mut weights = Weights::noughts(idf, offsets.to_vec());
        weights.rows_mut().zip(of.chunks_exact(classes)).for_each(|(row, of)| row.copy_from_slice(of));
        Ok(Self {
            categories: head.categories,
            vocabulary: Vocabulary::from_parts(hashes, idf.to_vec(), head.ends),
            weights,
            calibration: head.calibration,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Example, TrainError, TrainOptions};

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
        let read = Classifier::from_bytes(&classifier.to_bytes()).unwrap();
        for text in ["电梯又坏了", "路灯不亮，晚上看不见", "垃圾桶满了也没人管", "The lift", ""]
        {
            assert_eq!(read.classify(text), classifier.classify(text));
        }
        let said = read.classify("我们单元的电梯困人，修了又坏");
        assert_eq!(said.best().unwrap().category, "电梯");
        assert!(said.best().unwrap().probability > 0.8, "{said:?}");
        assert!(said.reasons.iter().any(|word| word.contains("电梯") || word.contains("梯")), "{said:?}");
        assert!((said.categories.iter().map(|c| c.probability).sum::<f64>() - 1.0).abs() < 1e-5);
        let best = read.best("我们单元的电梯困人，修了又坏", &mut crate::Scratch::default()).unwrap();
        assert_eq!(best.1, said.best().unwrap().probability);
        // Nothing known is nothing said.
        assert_eq!(read.classify("😀 ~").categories, []);
        // Twice the same.
        let again = Classifier::train(&examples(), &TrainOptions::default(), &|_| ()).unwrap().0;
        assert_eq!(again.to_bytes(), classifier.to_bytes());
    }

    #[test]
    fn too_few_categories_are_refused_and_small_ones_left_aside() {
        let mut some: Vec<Example> = examples().into_iter().filter(|one| one.label == "电梯").collect();
        let refused = Classifier::train(&some, &TrainOptions::default(), &|_| ()).err();
        assert_eq!(refused, Some(TrainError::TooFew { categories: 1, least: 2 }));
        some.extend(examples().into_iter().filter(|one| one.label == "路灯").take(5));
        some.push(Example { text: "只有一次".into(), label: "噪声".into() });
        some.push(Example { text: " <br> ".into(), label: "噪声".into() });
        let (_, trained) = Classifier::train(&some, &TrainOptions::default(), &|_| ()).unwrap();
        assert_eq!(trained.left_aside.into_iter().collect::<Vec<_>>(), [("噪声".to_owned(), 1)]);
        assert_eq!(trained.without_text, 1);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = Classifier::train(&examples(), &TrainOptions::default(), &|_| ()).unwrap().0.to_bytes();
        assert_eq!(Classifier::from_bytes(b"no").err(), Some(ModelError::NoModel));
        assert_eq!(Classifier::from_bytes(b"{}\n").err(), Some(ModelError::NoModel));
        assert_eq!(Classifier::from_bytes(&bytes[..bytes.len() - 1]).err(), Some(ModelError::Damaged));
    }
}
