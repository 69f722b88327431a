//! What falls how?
//!
//! Chance that follows from a seed alone, the same on every machine and for good: what is learnt, drawn or planned with it can be had
//! again. It is no source of secrets; tokens and keys come from the operating system.
//!
//! ```
//! use gridweave_chance::Chance;
//! let (mut one, mut other) = (Chance::new(7), Chance::new(7));
//! assert_eq!(one.below(100), other.below(100));
//! assert!((0.0..1.0).contains(&one.unit()));
//! ```

/// A row of numbers (splitmix64, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The row of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, any.
    #[inline]
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 to below `most`; 0 where that is 0.
    #[inline]
    pub fn below(&mut self, most: usize) -> usize {
        ((u128::from(self.next()) * most as u128) >> 64) as usize
    }

    /// Puts a list in any order, each as likely as the others (Fisher and Yates; Durstenfeld 1964).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn the_row_of_a_seed_is_the_published_one() {
        // The first of seed 1234567, as the authors' program prints them.
        let mut chance = Chance::new(1_234_567);
        let row: Vec<u64> = (0..3).map(|_| chance.next()).collect();
        assert_eq!(row, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn numbers_keep_to_their_bounds_and_orders_are_even() {
        let mut chance = Chance::new(1);
        assert_eq!(chance.below(0), 0);
        let mut first = [0; 4];
        for _ in 0..4000 {
            assert!(chance.below(3) < 3 && (0.0..1.0).contains(&chance.unit()));
            let mut list = [0, 1, 2, 3];
            chance.shuffle(&mut list);
            first[list[0]] += 1;
            list.sort_unstable();
            assert_eq!(list, [0, 1, 2, 3]);
        }
        assert!(first.iter().all(|times| (900..1100).contains(times)), "{first:?}");
    }
}
