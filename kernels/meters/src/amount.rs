//! A day's use in two bytes.

use bytemuck::{Pod, Zeroable};

/// Steps of a code to a doubling: 0.07 percent each.
pub const OCTAVE: i32 = 1024;
/// The code of 2⁰; the smallest amount that has a code of its own is 2⁻²⁴.
const ONE: i32 = 2 + 24 * OCTAVE;
/// The logarithm's fraction for the first ten bits of a number's own.
const FRACTIONS: [u16; 1024] = fractions();

/// A day's use, or a night's least: nothing known, nothing used, an amount by its logarithm, or backwards.
///
/// In codes, twice as much is [`OCTAVE`] steps more, whatever the unit: what the detector compares is a
/// difference, and no logarithm is taken behind the door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Amount(u16);

impl Amount {
    /// No reading.
    pub const MISSING: Amount = Amount(0);
    /// Nothing was used.
    pub const ZERO: Amount = Amount(1);
    /// The register ran backwards.
    pub const BACKWARDS: Amount = Amount(u16::MAX);
    const LARGEST: u16 = u16::MAX - 1;

    /// The code of an amount in any unit. A negative one is [`Amount::BACKWARDS`], what is no number is missing,
    /// and less than 2⁻²⁴ is nothing.
    #[inline]
    pub fn of(value: f32) -> Self {
        if value > 0.0 {
            if value == f32::INFINITY {
                return Self::MISSING;
            }
            let bits = value.to_bits();
            let exponent = (bits >> 23) as i32 - 127;
            let code = ONE + exponent * OCTAVE + i32::from(FRACTIONS[(bits >> 13) as usize & 1023]);
            return if code < 2 { Self::ZERO } else { Self(code.min(i32::from(Self::LARGEST)) as u16) };
        }
        if value == 0.0 {
            Self::ZERO
        } else if value < 0.0 && value.is_finite() {
            Self::BACKWARDS
        } else {
            Self::MISSING
        }
    }

    /// Was something used?
    #[inline]
    pub fn is_some(self) -> bool {
        self.0.wrapping_sub(2) < u16::MAX - 2
    }

    /// Is something known, be it nothing used?
    #[inline]
    pub fn is_known(self) -> bool {
        self.0.wrapping_sub(1) < u16::MAX - 1
    }

    /// The step to the amount of the day after, kept within `most`; none where one of the two is none.
    #[inline]
    pub(crate) fn step_to(self, after: Self, most: i32) -> (i32, u32) {
        let both = u32::from(self.is_some() & after.is_some());
        ((after.code() - self.code()).clamp(-most, most) * both as i32, both)
    }

    /// The amount in the unit that it was given in, within 0.07 percent; 0 where there is none.
    pub fn value(self) -> f64 {
        if self.is_some() { value_of(f32::from(self.0)) } else { 0.0 }
    }

    /// The code as a number, for differences.
    #[inline]
    pub(crate) fn code(self) -> i32 {
        i32::from(self.0)
    }
}

/// The amount that a code, or a mean of codes, stands for.
pub(crate) fn value_of(code: f32) -> f64 {
    (f64::from(code - ONE as f32) / f64::from(OCTAVE)).exp2()
}

/// 1024 × log₂(1 + i/1024), rounded: squared again and again, as nothing else is constant.
const fn fractions() -> [u16; 1024] {
    let mut table = [0; 1024];
    let mut i = 0;
    while i < 1024 {
        // The middle of the step.
        let mut x = 1.0 + (i as f64 + 0.5) / 1024.0;
        let (mut bits, mut bit) = (0u32, 0);
        while bit < 16 {
            x *= x;
            bits <<= 1;
            if x >= 2.0 {
                x /= 2.0;
                bits |= 1;
            }
            bit += 1;
        }
        table[i] = ((bits + 32) >> 6) as u16;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_amount_has_a_code_of_its_own() {
        assert_eq!(Amount::of(0.0), Amount::ZERO);
        assert_eq!(Amount::of(-0.0), Amount::ZERO);
        assert_eq!(Amount::of(-0.1), Amount::BACKWARDS);
        assert_eq!(Amount::of(f32::NAN), Amount::MISSING);
        assert_eq!(Amount::of(f32::INFINITY), Amount::MISSING);
        assert_eq!(Amount::of(f32::NEG_INFINITY), Amount::MISSING);
        assert!(!Amount::BACKWARDS.is_some() && !Amount::BACKWARDS.is_known() && Amount::ZERO.is_known());
    }

    proptest! {
        #[test]
        fn an_amount_comes_back_within_a_thousandth(log in -23.0f64..30.0) {
            let value = log.exp2();
            let back = Amount::of(value as f32).value();
            prop_assert!((back / value - 1.0).abs() < 1.1e-3, "{value} {back}");
        }

        #[test]
        fn more_is_never_less(a in 0.0f32..1e9, b in 0.0f32..1e9) {
            prop_assert_eq!(a <= b || Amount::of(a) >= Amount::of(b), true);
        }
    }
}
