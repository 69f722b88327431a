//! Short texts as numbers, so that they are compared where they stand in a table, without going for their letters.

/// Letters of seven bits (ASCII) that fit, and letters of 21.
const NARROW: (u32, usize) = (7, 18);
const WIDE: (u32, usize) = (21, 6);
/// The highest bits say which letters they are.
const NARROW_MARK: u128 = 1 << 126;
const WIDE_MARK: u128 = 1 << 127;
const LETTERS: u128 = NARROW_MARK - 1;

/// A text of at most 18 ASCII letters, or of at most 6 of any kind; the last letter lies lowest. What is longer does not
/// fit and is not [`Packed::fits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packed(u128);

impl Packed {
    pub(crate) fn of(text: &str) -> Self {
        let ((width, most), mark) = if text.is_ascii() { (NARROW, NARROW_MARK) } else { (WIDE, WIDE_MARK) };
        let mut packed = 0u128;
        for (n, letter) in text.chars().enumerate() {
            if n == most || letter == '\0' {
                return Self(0);
            }
            packed = packed << width | u128::from(letter as u32);
        }
        Self(packed | mark)
    }

    /// As bits, and back.
    pub(crate) fn raw(self) -> u128 {
        self.0
    }

    pub(crate) fn from_raw(bits: u128) -> Self {
        Self(bits)
    }

    pub(crate) fn fits(self) -> bool {
        self.0 != 0
    }

    pub(crate) fn is_ascii(self) -> bool {
        self.0 & NARROW_MARK != 0
    }

    /// Do both fit, with letters of the same width?
    pub(crate) fn are_like(self, other: Self) -> bool {
        self.fits() && self.is_ascii() == other.is_ascii() && other.fits()
    }

    fn width(self) -> u32 {
        if self.is_ascii() { NARROW.0 } else { WIDE.0 }
    }

    fn bits(self) -> u128 {
        self.0 & LETTERS
    }

    /// The letter that a bit is of, the last being 0.
    fn letter_of(self, bit: u32) -> u32 {
        // Each by a number that the compiler knows: dividing by one that it does not takes far longer.
        if self.is_ascii() { bit / NARROW.0 } else { bit / WIDE.0 }
    }

    /// How many letters there are.
    pub(crate) fn len(self) -> u32 {
        match self.bits() {
            0 => 0,
            bits => self.letter_of(bits.ilog2()) + 1,
        }
    }

    /// A letter, the last being 0.
    fn letter(self, n: u32) -> u32 {
        let width = self.width();
        (self.bits() >> (n * width)) as u32 & ((1 << width) - 1)
    }

    /// The letters, the first first.
    pub(crate) fn letters(self) -> impl DoubleEndedIterator<Item = u32> + Clone {
        (0..self.len()).rev().map(move |n| self.letter(n))
    }

    /// The letters from `from` to `to`, counted from the end.
    fn part(self, from: u32, to: u32) -> u128 {
        let width = self.width();
        (self.bits() & ((1 << (to * width)) - 1)) >> (from * width)
    }

    /// Of [like](Self::are_like) texts: are the last letters the same, and are there so many?
    pub(crate) fn ends_like(self, other: Self, count: usize) -> bool {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.len().min(other.len()) >= count && self.part(0, count) == other.part(0, count)
    }

    /// Of two numbers with eighteen letters: are the birth dates in them, the seventh to the fourteenth, the same?
    pub(crate) fn same_birth(self, other: Self) -> bool {
        self.len() == 18 && other.len() == 18 && self.part(4, 12) == other.part(4, 12)
    }

    /// Of like texts that differ: is it one letter that does, or are two neighbours swapped?
    pub(crate) fn one_letter(self, other: Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        let apart = (self.bits() ^ other.bits()).max(1);
        let (first, last) = (self.letter_of(apart.ilog2()), self.letter_of(apart.trailing_zeros()));
        first == last
            || (first == last + 1
                && self.letter(first) == other.letter(last)
                && self.letter(last) == other.letter(first))
    }

    /// Of like texts that differ: is one made of the other by one letter more, less, changed or swapped with its
    /// neighbour (an optimal string alignment distance of 1)?
    pub(crate) fn one_edit(self, other: Self) -> bool {
        let (long, short) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        match long.len() - short.len() {
            0 => self.one_letter(other),
            1 => {
                // Behind the last letter that differs all is the same; the letter there is the one that is too much.
                let same = self.letter_of((long.bits() ^ short.bits()).trailing_zeros());
                let len = long.len();
                same >= len || long.part(same + 1, len) == short.part(same, len - 1)
            }
            _ => false,
        }
    }

    /// Have like texts no letter in common? "No" may be said of some that have none.
    pub(crate) fn are_strange(self, other: Self) -> bool {
        let some = |of: Self| of.letters().fold(0u64, |some, letter| some | 1 << (letter % 64));
        some(self) & some(other) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rapidfuzz::distance::osa;

    proptest! {
        #[test]
        fn packed_texts_say_what_their_letters_do(
            x in "[ab1]{1,7}|[李王a]{1,6}|[a-c]{18}", other in "[ab1]{1,7}|[李王a]{1,6}|[a-c]{18}", at in 0usize..18, how in 0..4
        ) {
            // The second is another text, or the first with something done to a letter.
            let mut y: Vec<char> = x.chars().collect();
            let at = at % y.len();
            match how {
                0 => y = other.chars().collect(),
                1 => y[at] = '1',
                2 => { y.remove(at); }
                _ => { let next = (at + 1).min(y.len() - 1); y.swap(at, next); }
            }
            let y: String = y.into_iter().collect();
            let (p, q) = (Packed::of(&x), Packed::of(&y));
            prop_assert!(p.fits() && q.fits());
            prop_assert_eq!(p.len() as usize, x.chars().count());
            let letters: String = p.letters().filter_map(char::from_u32).collect();
            prop_assert_eq!(&letters, &x);
            prop_assert_eq!(p == q, x == y);
            if p.are_like(q) && x != y {
                let distance = osa::distance(x.chars(), y.chars());
                prop_assert_eq!(p.one_edit(q), distance == 1, "{} {}", x, y);
                prop_assert_eq!(p.one_letter(q), distance == 1 && p.len() == q.len());
                for n in 1..4 {
                    let end = |text: &str| text.chars().rev().take(n).collect::<Vec<_>>();
                    let same = end(&x).len() == n && end(&x) == end(&y);
                    prop_assert_eq!(p.ends_like(q, n), same);
                }
                let common = x.chars().any(|letter| y.contains(letter));
                prop_assert!(!(common && p.are_strange(q)));
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        assert!(!Packed::of("1234567890123456789").fits() && Packed::of("123456789012345678").fits());
        assert!(!Packed::of("买买提·吐尔逊").fits() && Packed::of("欧阳文·李王").fits());
        assert!(!Packed::of("a\0").fits() && !Packed::of("ab").are_like(Packed::of("甲")));
        assert!(Packed::of("11010519491231002x").same_birth(Packed::of("420106194912310038")));
        assert!(!Packed::of("11010519491231002x").same_birth(Packed::of("420106194912320038")));
        assert!(!Packed::of("甲").is_ascii());
    }
}
