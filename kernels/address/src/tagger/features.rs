//! What speaks for a token's label: hashes of what is in it and around it.

use super::lexicon::{Covered, Lexicon, TOP_KIND};
use super::tokens::{Class, Token, mix};

/// Letters that close elements.
const ENDINGS: &str = "省市区县旗镇乡街道路巷弄村社组里苑园城场厦院厂店室层楼幢栋座单元号门";
/// So far is looked for the next one.
const REACH: usize = 8;
/// Repetitions are looked for among so many tokens.
const COMPARED: usize = 64;
/// The end of an address is looked at whole from so many tokens on.
const TAIL: usize = 8;

/// Of one address: what the features of all its tokens share.
#[derive(Default)]
pub(super) struct View {
    /// With three edges before and behind.
    words: Vec<u64>,
    shapes: Vec<u64>,
    covered: Vec<Covered>,
    /// The next ending at or behind a token: its letter and how far.
    ahead: Vec<(u64, u8)>,
    /// The last ending before a token.
    behind: Vec<(u64, u8)>,
    /// How many tokens from here on stood before as they are.
    repeats: Vec<u8>,
    /// Numbers before the token.
    numbers: Vec<u8>,
    /// Numbers behind the token.
    numbers_left: Vec<u8>,
    is_number: Vec<bool>,
    /// How many tokens from here on stand once more behind.
    later: Vec<u8>,
    /// Kinds of names that ended before the token, a bit each.
    earlier: Vec<u32>,
    /// What all from here to the end look like together, where that is not much.
    tails: Vec<u64>,
}

/// A token has at most so many features.
pub(super) const MOST: usize = 64;
const EDGE: usize = 3;
/// Kinds whose having been named changes what comes: province to road.
const EARLIER: u32 = 0b1110_1110;

impl View {
    /// Looks at another address; memory is kept.
    pub fn look(&mut self, tokens: &[Token], lexicon: &Lexicon, endings: &Endings) {
        let count = tokens.len();
        let framed = |out: &mut Vec<u64>, of: &dyn Fn(&Token) -> u64| {
            out.clear();
            out.extend([11, 12, 13]);
            out.extend(tokens.iter().map(of));
            out.extend([14, 15, 16]);
        };
        framed(&mut self.words, &|token| token.word);
        framed(&mut self.shapes, &|token| token.shape);
        lexicon.cover(tokens, &mut self.covered);
        self.ahead.clear();
        self.ahead.resize(count, (0, 0));
        self.behind.clear();
        self.behind.resize(count, (0, 0));
        let mut next: Option<(u64, usize)> = None;
        for at in (0..count).rev() {
            if endings.contains(tokens[at].word) {
                next = Some((tokens[at].word, at));
            }
            if let Some((word, far)) = next.filter(|(_, far)| far - at <= REACH) {
                self.ahead[at] = (word, (far - at) as u8);
            }
        }
        let mut last: Option<(u64, usize)> = None;
        self.numbers.clear();
        self.is_number.clear();
        let mut numbers = 0u8;
        for (at, token) in tokens.iter().enumerate() {
            if let Some((word, far)) = last {
                self.behind[at] = (word, (at - far).min(REACH) as u8);
            }
            if endings.contains(token.word) {
                last = Some((token.word, at));
            }
            self.numbers.push(numbers);
            self.is_number.push(token.class == Class::Digits);
            numbers = numbers.saturating_add(u8::from(token.class == Class::Digits));
        }
        self.repeats.clear();
        self.repeats.resize(count, 0);
        self.later.clear();
        self.later.resize(count, 0);
        // Addresses are short; of long texts only the beginning is compared.
        for at in 1..count.min(COMPARED) {
            for from in 0..at {
                let same = |i: &usize| at + i < count && tokens[from + i].word == tokens[at + i].word;
                let length = (0..(at - from).min(9)).take_while(same).count();
                if length >= 2 {
                    for i in 0..length {
                        let of = (length - i).max(2) as u8;
                        self.repeats[at + i] = self.repeats[at + i].max(of);
                        self.later[from + i] = self.later[from + i].max(of);
                    }
                }
            }
        }
        self.numbers_left.clear();
        self.numbers_left.extend(self.numbers.iter().map(|before| numbers - before));
        self.tails.clear();
        self.tails.resize(count, 0);
        let mut tail = 17;
        for at in (count.saturating_sub(TAIL)..count).rev() {
            tail = mix(tail, tokens[at].shape);
            self.tails[at] = tail;
        }
        self.earlier.clear();
        let mut earlier = 0;
        for covered in &self.covered {
            self.earlier.push(earlier);
            if covered.length > 0 && covered.at + 1 == covered.length {
                earlier |= 1 << (covered.kinds >> TOP_KIND & 31);
            }
        }
    }

    /// The features of a token.
    pub fn features(&self, at: usize, out: &mut Vec<u64>) {
        out.clear();
        let w = |offset: isize| self.words[(at + EDGE).wrapping_add_signed(offset)];
        let s = |offset: isize| self.shapes[(at + EDGE).wrapping_add_signed(offset)];
        let mut add = |template: u64, parts: &[u64]| out.push(feature(template, parts));
        add(0, &[]);
        for (template, offset) in [(1, -3), (2, -2), (3, -1), (4, 0), (5, 1), (6, 2), (7, 3)] {
            add(template, &[s(offset)]);
        }
        add(8, &[w(0)]);
        add(9, &[s(-2), s(-1)]);
        add(10, &[s(-1), s(0)]);
        add(11, &[s(0), s(1)]);
        add(12, &[s(1), s(2)]);
        add(13, &[s(-1), s(1)]);
        add(14, &[s(-2), s(-1), s(0)]);
        add(15, &[s(-1), s(0), s(1)]);
        add(16, &[s(0), s(1), s(2)]);
        add(17, &[s(-2), s(-1), s(0), s(1)]);
        add(18, &[s(-1), s(0), s(1), s(2)]);
        add(19, &[s(0), s(1), s(2), s(3)]);
        add(20, &[s(-3), s(-2), s(-1), s(0)]);
        add(21, &[s(1), s(2), s(3)]);
        add(22, &[s(-3), s(-2), s(-1)]);
        let (ahead, far) = self.ahead[at];
        add(23, &[ahead, u64::from(far)]);
        add(24, &[ahead, u64::from(far), s(0)]);
        let (behind, back) = self.behind[at];
        add(25, &[behind, u64::from(back)]);
        add(26, &[behind, ahead, u64::from(far.min(5))]);
        let covered = self.covered[at];
        let place = [
            u64::from(covered.kinds),
            u64::from(covered.at.min(3)),
            u64::from(covered.length - covered.at.min(covered.length)).min(3),
        ];
        add(27, &place);
        add(28, &[place[0], u64::from(covered.length), place[1]]);
        add(29, &[place[0], place[2], s(0)]);
        let next = self.covered.get(at + 1).copied().unwrap_or_default();
        let before = at.checked_sub(1).map(|i| self.covered[i]).unwrap_or_default();
        add(30, &[place[0], u64::from(next.kinds), u64::from(next.at == 0)]);
        add(31, &[place[0], u64::from(before.kinds), u64::from(covered.at == 0)]);
        add(32, &[u64::from(self.repeats[at])]);
        add(33, &[u64::from(self.repeats[at].min(3)), place[0], place[1]]);
        let number = u64::from(self.is_number[at]);
        add(34, &[number, u64::from(self.numbers[at].min(5)), behind]);
        add(35, &[s(0), u64::from(self.numbers[at].min(4))]);
        add(36, &[(at as u64).min(4), s(0)]);
        let repeated = u64::from(self.repeats[at].min(3));
        add(38, &[repeated, ahead, u64::from(far)]);
        add(39, &[repeated, s(-1), s(0)]);
        let later = u64::from(self.later[at].min(3));
        add(40, &[later, place[0], place[1]]);
        add(41, &[later, repeated, ahead, u64::from(far)]);
        add(42, &[u64::from(self.numbers_left[at].min(4)), s(0), s(1)]);
        if self.tails[at] != 0 {
            add(43, &[self.tails[at], s(-1)]);
            add(44, &[self.tails[at], s(-2), s(-1)]);
        }
        let top = covered.kinds >> TOP_KIND & 31;
        add(45, &[u64::from(top), place[1], place[2], u64::from(self.earlier[at] >> top & 1)]);
        add(46, &[u64::from(self.earlier[at] & EARLIER), s(0)]);
        add(47, &[u64::from(self.earlier[at] & EARLIER), place[0]]);
        add(48, &[s(-1), s(0), ahead]);
        add(
            49,
            &[u64::from(self.numbers_left[at].min(3)), u64::from(self.numbers[at].min(3)), s(-1), s(0), s(1)],
        );
        add(37, &[(self.covered.len() - at).min(4) as u64, s(0)]);
    }
}

/// The hash of a feature: products beside each other rather than one after the other.
#[inline(always)]
pub(super) fn feature(template: u64, parts: &[u64]) -> u64 {
    const ODD: [u64; 5] = [
        0x9e37_79b9_7f4a_7c15,
        0xc2b2_ae3d_27d4_eb4f,
        0x1656_67b1_9e37_79f9,
        0xff51_afd7_ed55_8ccd,
        0xd6e8_feb8_6659_fd93,
    ];
    let sum = parts.iter().zip(ODD).fold(template.wrapping_mul(0x2545_f491_4f6c_dd1d), |sum, (part, odd)| {
        sum.wrapping_add(part.wrapping_mul(odd))
    });
    let x = (sum ^ sum >> 32).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ x >> 29 | 1
}

/// The hashes of [`ENDINGS`].
pub(super) struct Endings(Vec<u64>);

impl Endings {
    pub fn new() -> Self {
        let mut words: Vec<u64> = super::tokens::tokens(ENDINGS).iter().map(|token| token.word).collect();
        words.sort_unstable();
        Self(words)
    }

    fn contains(&self, word: u64) -> bool {
        self.0.binary_search(&word).is_ok()
    }
}
