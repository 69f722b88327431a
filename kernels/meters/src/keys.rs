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
    /// Places of names that are no numbers, and of those that are.
    by_text: HashTable<u32>,
    by_number: HashTable<u32>,
    last: usize,
}

/// Places from the last one on that are looked at: some meters of the day before may be missing.
const NEAR: usize = 5;
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
        self.last = match self.find_near(name, self.last) {
            Some(at) => at,
            None => self.add(name),
        };
        self.last
    }

    /// The place of a number, which is its name in digits.
    #[inline]
    pub fn place_of_number(&mut self, number: i64) -> usize {
        self.last = match self.find_number_near(number, self.last) {
            Some(at) => at,
            None => self.place(&number.to_string()),
        };
        self.last
    }

    /// The place of a name that was seen.
    pub fn find(&self, name: &str) -> Option<usize> {
        let found = match number_of(name) {
            Some(number) => self.by_number.find(spread(number), |at| self.numbers[*at as usize] == number),
            None => self.by_text.find(xxh3_64(name.as_bytes()), |at| self.name(*at as usize) == name),
        };
        found.map(|at| *at as usize)
    }

    /// The place of a name that was seen; looked for at and behind `near` first.
    #[inline]
    fn find_near(&self, name: &str, near: usize) -> Option<usize> {
        let mut places = near..self.len().min(near + NEAR);
        places.find(|at| self.name(*at) == name).or_else(|| self.find(name))
    }

    /// The place of a number that was seen, likewise.
    #[inline]
    fn find_number_near(&self, number: i64, near: usize) -> Option<usize> {
        let from = near.min(self.numbers.len());
        let places = &self.numbers[from..self.numbers.len().min(from + NEAR)];
        match places.iter().position(|near| *near == number && number != NO_NUMBER) {
            Some(ahead) => Some(from + ahead),
            None => {
                let found = self.by_number.find(spread(number), |at| self.numbers[*at as usize] == number);
                found.map(|at| *at as usize)
            }
        }
    }

    fn add(&mut self, name: &str) -> usize {
        let at = self.len();
        self.texts.push_str(name);
        self.ends.push(self.texts.len());
        let number = number_of(name);
        self.numbers.push(number.unwrap_or(NO_NUMBER));
        let (texts, ends, numbers) = (&self.texts, &self.ends, &self.numbers);
        // Room for many at once: what is in has to be spread anew each time.
        let room =
            |table: &HashTable<u32>| if table.len() == table.capacity() { 3 * table.len() + 64 } else { 0 };
        match number {
            Some(number) => {
                let of = |at: &u32| spread(numbers[*at as usize]);
                self.by_number.reserve(room(&self.by_number), of);
                self.by_number.insert_unique(spread(number), at as u32, of);
            }
            None => {
                let text_of = |at: usize| &texts[if at == 0 { 0 } else { ends[at - 1] }..ends[at]];
                let of = |at: &u32| xxh3_64(text_of(*at as usize).as_bytes());
                self.by_text.reserve(room(&self.by_text), of);
                self.by_text.insert_unique(xxh3_64(name.as_bytes()), at as u32, of);
            }
        }
        at
    }
}

/// The number that a name is written as, digit by digit.
fn number_of(name: &str) -> Option<i64> {
    if !name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let number: i64 = name.parse().ok()?;
    // Not `007`, which is another name than `7`.
    let plain = name.len() == 1 || !matches!(name.as_bytes(), [b'0', ..] | [b'-', b'0', ..] | [b'+', ..]);
    (plain && number != NO_NUMBER).then_some(number)
}

/// Numbers in a row are spread over all bits.
fn spread(number: i64) -> u64 {
    (number as u64 ^ (number as u64 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
        ^ (number as u64).wrapping_mul(0xff51_afd7_ed55_8ccd)
}
