//! What is this message about? Categories of free text in Chinese and English, learnt from a city's own history.
//!
//! A text becomes counts of hashed features: its words where it is cut into words, its letters and pairs of neighbouring
//! letters, and the same of its beginning, which is where people say what they want ([`text`], `features`). A linear
//! support vector machine for each category (`svm`) weighs them; what the machines say of texts that they have not seen
//! is turned into probabilities (`calibration`). A [`Classifier`] tells one of some categories, a [`Tree`] has one at each
//! branching; both tell the words that decided.
//!
//! ```
//! use gridweave_triage::{Example, Scratch, TrainOptions, Tree};
//! let texts = ["电梯坏了三天", "电梯困人没人修", "电梯又停了", "路灯不亮", "路灯坏了看不清路", "路灯整条街都不亮"];
//! let examples: Vec<Example> = texts.iter().zip(["电梯", "电梯", "电梯", "路灯", "路灯", "路灯"])
//!     .map(|(text, label)| Example { text: (*text).into(), label: label.into() }).collect();
//! let (tree, _) = Tree::train(&examples, &TrainOptions::default(), &|_, _| ()).unwrap();
//! let said = tree.classify("我们楼的电梯坏了", &mut Scratch::default());
//! assert_eq!(said.levels[0].category, "电梯");
//! ```
//!
//! Everything follows from the examples, their order and the seed: the same in, the same out.

mod calibration;
mod classifier;
pub mod facts;
mod features;
pub mod measure;
mod model;
pub mod places;
pub mod related;
mod svm;
mod terms;
pub mod text;
pub mod topics;
mod tree;
pub mod urgent;
mod vocabulary;

/// A number that follows from a text and a seed, for drawing texts.
pub fn hash_of(text: &str, seed: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(text.as_bytes(), seed)
}

pub use classifier::{Classifier, Example, Ranked, Scratch, TrainError, TrainOptions, Trained};
pub use model::{ModelError, shipped};
pub use tree::{Category, LEVELS_PARTED_BY, Said, Tree};
