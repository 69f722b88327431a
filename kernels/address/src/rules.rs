//! The rules of writing, read from `rules.toml`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The rules, ready to be asked.
pub(crate) struct Rules {
    variants: HashMap<char, char>,
    alike: HashSet<(char, char)>,
    telling: Vec<Vec<char>>,
    /// Endings of names, long before short.
    pub endings: Vec<Vec<char>>,
    /// Words that carry nothing, long before short.
    pub fillers: Vec<Vec<char>>,
}

#[derive(serde::Deserialize)]
struct Written {
    variants: String,
    alike: Vec<String>,
    telling: Vec<String>,
    endings: Vec<String>,
    fillers: Vec<String>,
}

/// The rules that the program was built with.
pub(crate) static RULES: LazyLock<Rules> = LazyLock::new(|| {
    // A test reads them: what does not parse does not leave the workshop.
    let written = toml::from_str(include_str!("../rules.toml")).unwrap_or(Written {
        variants: String::new(),
        alike: Vec::new(),
        telling: Vec::new(),
        endings: Vec::new(),
        fillers: Vec::new(),
    });
    Rules::of(written)
});

impl Rules {
    fn of(written: Written) -> Self {
        let pair = |word: &str| Some((word.chars().next()?, word.chars().nth(1)?));
        let by_length = |words: Vec<String>| {
            let mut words: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
            words.sort_by_key(|word: &Vec<char>| std::cmp::Reverse(word.len()));
            words
        };
        let mut alike = HashSet::new();
        for group in &written.alike {
            for a in group.chars() {
                alike.extend(group.chars().filter(|b| *b != a).map(|b| (a, b)));
            }
        }
        Self {
            variants: written.variants.split(' ').filter_map(pair).collect(),
            alike,
            telling: written.telling.iter().map(|group| group.chars().collect()).collect(),
            endings: by_length(written.endings),
            fillers: by_length(written.fillers),
        }
    }

    /// The letter that stands for this one.
    pub fn variant(&self, letter: char) -> char {
        self.variants.get(&letter).copied().unwrap_or(letter)
    }

    /// Do two letters look alike?
    pub fn alike(&self, a: char, b: char) -> bool {
        self.alike.contains(&(a, b))
    }

    /// Does it make another name wherever it is added?
    pub fn telling_alone(&self, letter: char) -> bool {
        self.telling.iter().any(|group| group.contains(&letter))
    }

    /// Do two letters make two names of one?
    pub fn telling(&self, a: char, b: char) -> bool {
        a != b
            && self.telling_alone(a)
            && self.telling.iter().any(|group| group.contains(&a) && group.contains(&b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_can_be_read() {
        let written: Result<Written, _> = toml::from_str(include_str!("../rules.toml"));
        assert!(written.is_ok(), "{:?}", written.err());
        assert_eq!(RULES.variant('號'), '号');
        assert!(RULES.alike('未', '末') && !RULES.alike('未', '大'));
        assert!(RULES.telling('东', '西') && !RULES.telling('东', '东'));
    }
}
