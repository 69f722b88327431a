//! How well categories are told: of texts whose category is known.

use serde::Serialize;
use std::collections::BTreeMap;

/// How well one category is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct OfCategory {
    /// Of those that were said to be of it, how many are.
    pub precision: f64,
    /// Of those that are of it, how many were said to be.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// Texts of it.
    pub texts: u64,
}

/// A part of the scale of probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Texts whose likeliest category has a probability within it.
    pub texts: u64,
    /// The mean probability.
    pub said: f64,
    /// How many were right.
    pub right: f64,
}

/// How well all categories are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    /// How many texts.
    pub texts: u64,
    /// Texts whose likeliest category is theirs.
    pub accuracy: f64,
    /// The mean of the categories' F1.
    pub macro_f1: f64,
    /// Each category.
    pub categories: BTreeMap<String, OfCategory>,
    /// Ten parts of the scale of probabilities.
    pub reliability: Vec<Bin>,
    /// How far what was said is from what was right, on the whole: the mean over texts of the difference within their
    /// part (expected calibration error).
    pub calibration_error: f64,
    /// How many each category was taken for another: category, what was said, texts; the most first.
    pub confused: Vec<(String, String, u64)>,
}

/// Measures: of each text its category, the one that was said and its probability.
pub fn measure(said: &[(&str, &str, f64)]) -> Measured {
    let mut found =
        Measured { texts: said.len() as u64, reliability: vec![Bin::default(); 10], ..Measured::default() };
    let mut counts: BTreeMap<&str, [f64; 3]> = BTreeMap::new();
    let mut confused: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (is, category, probability) in said {
        let right = is == category;
        counts.entry(is).or_default()[0] += 1.0;
        counts.entry(category).or_default()[1] += 1.0;
        counts.entry(is).or_default()[2] += f64::from(u8::from(right));
        found.accuracy += f64::from(u8::from(right));
        if !right {
            *confused.entry((is, category)).or_default() += 1;
        }
        let bin = &mut found.reliability[((probability * 10.0) as usize).min(9)];
        bin.texts += 1;
        bin.said += probability;
        bin.right += f64::from(u8::from(right));
    }
    let count = said.len().max(1) as f64;
    found.accuracy /= count;
    for bin in &mut found.reliability {
        let texts = bin.texts.max(1) as f64;
        found.calibration_error += (bin.said - bin.right).abs() / count;
        (bin.said, bin.right) = (bin.said / texts, bin.right / texts);
    }
    // What was said to be nothing is no category.
    for (category, [texts, told, right]) in counts.into_iter().filter(|(category, _)| !category.is_empty()) {
        let part = |of: f64| if of > 0.0 { right / of } else { 0.0 };
        let (precision, recall) = (part(told), part(texts));
        let f1 = if right > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        let of = OfCategory { precision, recall, f1, texts: texts as u64 };
        found.categories.insert(category.to_owned(), of);
    }
    let f1: f64 = found.categories.values().map(|of| of.f1).sum();
    found.macro_f1 = f1 / found.categories.len().max(1) as f64;
    found.confused =
        confused.into_iter().map(|((is, said), texts)| (is.to_owned(), said.to_owned(), texts)).collect();
    found.confused.sort_by_key(|(.., texts)| std::cmp::Reverse(*texts));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_the_books() {
        let said = [("a", "a", 0.9), ("a", "b", 0.6), ("b", "b", 0.9), ("b", "b", 0.7)];
        let found = measure(&said);
        assert!((found.accuracy - 0.75).abs() < 1e-12);
        // a: precision 1, recall 1/2; b: precision 2/3, recall 1.
        assert!((found.macro_f1 - (2.0 / 3.0 + 0.8) / 2.0).abs() < 1e-12);
        // 0.6 said of one that is wrong, 0.7 of one that is right, twice 0.9 of right ones.
        assert!((found.calibration_error - (0.6 + 0.3 + 0.2) / 4.0).abs() < 1e-9);
        assert_eq!(found.confused, [("a".to_owned(), "b".to_owned(), 1)]);
        assert_eq!(measure(&[]).accuracy, 0.0);
    }
}
