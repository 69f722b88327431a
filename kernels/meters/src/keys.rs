//! Meters by number or name, in the order in which they were first seen.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// Names of meters → their places in a row. Readings of many meters come in the order of the day before, or meter by
/// meter: the place behind the last one, and the last one itself, are looked at before anything is searched for.
#[derive(Debug, Default)]
pub struct Keys {
    texts: String,
    ends: Vec<usize>,
    /// The names that are whole numbers, as such; `i64::MIN` for the others.
    numbers: Vec<i64>,
    by_text: HashTable<u32>,
    by_number: HashTable<u32>,
    last: usize,
}

const NO_NUMBER: i64 = i64::MIN;

impl Keys {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The name at a place.
    pub fn name(&self, at: usize) -> &str {
        let from = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.texts[from..self.ends[at]]
    }

    /// The place of a name; a new one at the end where it was not seen before.
    #[inline]
    pub fn place(&mut self, name: &str) -> usize {
        let guess = self.last;
        if guess < self.len() && self.name(guess) == name {
            return guess;
        }
        let next = if guess + 1 < self.len() { guess + 1 } else { 0 };
        if next < self.len() && self.name(next) == name {
            self.last = next;
            return next;
        }
        self.last = match self.find(name) {
            Some(at) => at,
            None => self.add(name),
        };
        self.last
    }

    /// The place of a number, which is its name in digits.
    #[inline]
    pub fn place_of_number(&mut self, number: i64) -> usize {
        let guess = self.last;
        if self.numbers.get(guess) == Some(&number) && number != NO_NUMBER {
            return guess;
        }
        let next = if guess + 1 < self.len() { guess + 1 } else { 0 };
        if self.numbers.get(next) == Some(&number) && number != NO_NUMBER {
            self.last = next;
            return next;
        }
        let found = self.by_number.find(spread(number), |at| self.numbers[*at as usize] == number);
        self.last = match found {
            Some(at) => *at as usize,
            None => self.place(&number.to_string()),
        };
        self.last
    }

    /// The place of a name that was seen.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_text.find(xxh3_64(name.as_bytes()), |at| self.name(*at as usize) == name).map(|at| *at as usize)
    }

    fn add(&mut self, name: &str) -> usize {
        let at = self.len();
        self.texts.push_str(name);
        self.ends.push(self.texts.len());
        let number = name.parse().ok().filter(|number: &i64| *number != NO_NUMBER && number.to_string() == name);
        self.numbers.push(number.unwrap_or(NO_NUMBER));
        let (texts, ends, numbers) = (&self.texts, &self.ends, &self.numbers);
        let text_of = |at: usize| &texts[if at == 0 { 0 } else { ends[at - 1] }..ends[at]];
        self.by_text.insert_unique(xxh3_64(name.as_bytes()), at as u32, |at| {
            xxh3_64(text_of(*at as usize).as_bytes())
        });
        if let Some(number) = number {
            self.by_number.insert_unique(spread(number), at as u32, |at| spread(numbers[*at as usize]));
        }
        at
    }
}

/// Numbers in a row are spread over all bits.
fn spread(number: i64) -> u64 {
    (number as u64 ^ (number as u64 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
        ^ (number as u64).wrapping_mul(0xff51_afd7_ed55_8ccd)
}
