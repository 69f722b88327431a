//! Text as letters with their sounds, without what carries nothing.

use crate::normalise::fold;
use crate::rules::RULES;
use pinyin::ToPinyin;
use std::sync::LazyLock;

/// A letter with what it sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    /// Folded: half width, upper case, simplified.
    pub letter: char,
    /// The same for letters that sound the same to most: zh and z, ng and n, l and n make no difference.
    pub sound: u32,
}

impl Letter {
    pub fn of(letter: char) -> Self {
        let at = u32::from(letter).wrapping_sub(HAN.start);
        match HAN_LETTERS.get(at as usize) {
            Some(known) => *known,
            None => Self::found(letter),
        }
    }

    fn found(letter: char) -> Self {
        let letter = RULES.variant(fold(letter));
        Self { letter, sound: sound(letter) }
    }

    pub fn is_digit(self) -> bool {
        self.letter.is_ascii_digit()
    }

    /// Is it a letter of a name rather than of a number?
    pub fn is_wordy(self) -> bool {
        !self.letter.is_ascii() || self.letter.is_ascii_alphabetic()
    }

    /// Is it of an alphabet, where a word takes many letters?
    pub fn is_alphabetic(self) -> bool {
        self.letter.is_alphabetic() && self.letter < '\u{2e80}'
    }
}

/// The letters of most texts.
const HAN: std::ops::Range<u32> = 0x4e00..0xa000;
static HAN_LETTERS: LazyLock<Vec<Letter>> =
    LazyLock::new(|| HAN.filter_map(char::from_u32).map(Letter::found).collect());

/// Digits sound like their numerals; what has no sound is itself.
fn sound(letter: char) -> u32 {
    let spoken = match letter {
        '0' => '零',
        '1' => '一',
        '2' => '二',
        '3' => '三',
        '4' => '四',
        '5' => '五',
        '6' => '六',
        '7' => '七',
        '8' => '八',
        '9' => '九',
        other => other,
    };
    let Some(pinyin) = spoken.to_pinyin() else { return u32::from(spoken) };
    let plain = pinyin.plain().as_bytes();
    let merged = |at: usize, next: Option<u8>| -> Option<u8> {
        match (at, plain[at], next) {
            // zh, ch, sh
            (1, b'h', _) if matches!(plain[0], b'z' | b'c' | b's') => None,
            (0, b'n', _) => Some(b'l'),
            (_, b'g', None) if at > 0 && plain[at - 1] == b'n' => None,
            (_, byte, _) => Some(byte),
        }
    };
    // Above every letter's own number.
    let mut hash = 0x811c_9dc5u32;
    for at in 0..plain.len() {
        if let Some(byte) = merged(at, plain.get(at + 1).copied()) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    hash | 1 << 31
}

/// The letters of a text. Blanks and marks go; marks that part numbers become dashes.
pub(crate) fn letters(text: &str) -> Vec<Letter> {
    let mut found: Vec<Letter> = Vec::with_capacity(text.len() / 3 + 8);
    let mut parted = false;
    for raw in text.chars() {
        let letter = Letter::of(raw);
        let c = letter.letter;
        if c.is_alphanumeric() || c == '#' {
            // 3 2 502: blanks between numbers part them.
            if parted && letter.is_digit() && found.last().is_some_and(|last| last.is_digit()) {
                found.push(Letter { letter: '-', sound: u32::from('-') });
            }
            parted = false;
            // Saint-Martin is a name, 3-A a building with its unit.
            if let [.., before, dash] = found.as_slice()
                && dash.letter == '-'
                && before.is_alphabetic()
                && letter.is_alphabetic()
            {
                found.pop();
            }
            found.push(letter);
        } else if matches!(c, '-' | '_' | '/' | '\\' | '.' | '+') {
            parted = false;
            if found.last().is_some_and(|last| last.letter != '-') {
                found.push(Letter { letter: '-', sound: u32::from('-') });
            }
        } else {
            parted = true;
        }
    }
    found
}

/// Do letters begin with a word?
pub(crate) fn begin_with(letters: &[Letter], word: impl IntoIterator<Item = char>) -> bool {
    let mut letters = letters.iter();
    word.into_iter().all(|wanted| letters.next().is_some_and(|letter| letter.letter == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_the_same_is_the_same() {
        let same = |a, b| Letter::of(a).sound == Letter::of(b).sound;
        assert!(
            same('湖', '胡') && same('山', '三') && same('兰', '南') && same('宁', '林') && same('2', '二')
        );
        assert!(!same('湖', '河') && !same('A', 'B'));
    }

    #[test]
    fn marks_go_and_numbers_stay_apart() {
        let text = |t: &str| letters(t).iter().map(|l| l.letter).collect::<String>();
        assert_eq!(text("東湖花園（Ａ区），３幢 2 502"), "东湖花园A区3栋2-502");
        assert_eq!(text("3 栋 / 502"), "3栋-502");
        assert_eq!(text("Rue Saint-Martin 1-2"), "RUESAINTMARTIN1-2");
    }
}
