//! A text as it is read: without markup and what nobody sees, in one writing, and as units: each Chinese letter, each
//! word of other letters and each number.

/// Letters that are read of one text; what lies behind them is left aside.
pub const LETTERS_MAX: usize = 4_000;
/// How far a tag may reach.
const TAG_MAX: usize = 400;

const ENTITIES: [(&str, char); 6] =
    [("&nbsp;", ' '), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\''), ("&amp;", '&')];

/// A text in one writing: tags and entities of HTML gone, full width to half, capitals to small letters; letters that
/// nobody sees (control characters, marks of direction and of width nought) gone. What lies behind the first
/// [`LETTERS_MAX`] letters is cut off.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LETTERS_MAX * 4));
    let mut rest = text;
    let mut count = 0;
    while count < LETTERS_MAX {
        let (plain, letters) = plain(rest, LETTERS_MAX - count);
        out.push_str(&rest[..plain]);
        rest = &rest[plain..];
        count += letters;
        let Some(letter) = rest.chars().next().filter(|_| count < LETTERS_MAX) else { break };
        if letter == '<'
            && let Some(behind) = behind_tag(rest)
        {
            out.push(' ');
            rest = behind;
            continue;
        }
        if letter == '&'
            && let Some((name, meant)) = ENTITIES.iter().find(|(name, _)| rest.starts_with(name))
        {
            out.push(*meant);
            rest = &rest[name.len()..];
            count += 1;
            continue;
        }
        rest = &rest[letter.len_utf8()..];
        match letter {
            '\t' | '\n' | '\r' | '\u{3000}' | '\u{a0}' => out.push(' '),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                continue;
            }
            _ if letter.is_control() => continue,
            '！'..='～' => {
                out.extend(char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter).to_lowercase());
            }
            _ => out.extend(letter.to_lowercase()),
        }
        count += 1;
    }
    out
}

/// How many bytes and letters a text begins with that stay as they are, of so many letters at the most: those of Chinese,
/// small ones of Latin, digits, blanks and the commonest marks.
fn plain(text: &str, most: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let (mut at, mut letters) = (0, 0);
    while letters < most {
        at += match bytes.get(at) {
            Some(0xe4..=0xe9) if chinese(bytes, at).is_some() => 3,
            Some(b' ' | b'a'..=b'z' | b'0'..=b'9' | b',' | b'.') => 1,
            Some(0xe3) if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0x81 | 0x82])) => 3,
            _ => break,
        };
        letters += 1;
    }
    (at, letters)
}

/// The Chinese letter (U+4E00 to U+9FFF) of three bytes at a place.
#[inline]
fn chinese(bytes: &[u8], at: usize) -> Option<char> {
    let &[a, b, c] = bytes.get(at..at + 3)? else { return None };
    let letter = u32::from(a & 0xf) << 12 | u32::from(b & 0x3f) << 6 | u32::from(c & 0x3f);
    if a & 0xf0 == 0xe0 && (0x4e00..0xa000).contains(&letter) { char::from_u32(letter) } else { None }
}

/// What is behind the tag that a text begins with.
fn behind_tag(text: &str) -> Option<&str> {
    let begins = text[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
    let end = text.bytes().take(TAG_MAX).position(|byte| byte == b'>')?;
    begins.then(|| &text[end + 1..])
}

/// What stands before a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nothing: it follows at once.
    None,
    /// Blanks.
    Blank,
    /// A mark, or the text begins.
    Mark,
}

/// A unit of a cleaned text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Where it begins, in bytes.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// What stands before it.
    pub gap: Gap,
    /// The letter that is a unit by itself, if it is one.
    pub whole: Option<char>,
    /// Is it a number?
    pub number: bool,
}

/// Hands the units of a cleaned text to `see`, in their order, as long as it wants more.
#[inline]
pub fn units(text: &str, see: &mut impl FnMut(Unit) -> bool) {
    let bytes = text.as_bytes();
    let (mut gap, mut from) = (Gap::Mark, 0);
    while from < bytes.len() {
        let letter = match chinese(bytes, from) {
            Some(letter) => letter,
            None => match text[from..].chars().next() {
                Some(letter) => letter,
                None => return,
            },
        };
        let mut to = from + letter.len_utf8();
        let (whole, mut number) = (is_whole(letter), letter.is_ascii_digit());
        if !whole {
            if !letter.is_alphanumeric() {
                gap = if letter == ' ' && gap != Gap::Mark { Gap::Blank } else { Gap::Mark };
                from = to;
                continue;
            }
            while let Some(next) = text[to..].chars().next().filter(|c| !is_whole(*c) && c.is_alphanumeric())
            {
                number &= next.is_ascii_digit();
                to += next.len_utf8();
            }
        }
        if !see(Unit { from: from as u32, to: to as u32, gap, whole: whole.then_some(letter), number }) {
            return;
        }
        gap = Gap::None;
        from = to;
    }
}

/// Is a letter a unit by itself: one of those that are written without blanks?
#[inline]
fn is_whole(letter: char) -> bool {
    match letter {
        '\u{4e00}'..='\u{9fff}' => true,
        '\0'..'\u{2e80}' => false,
        '\u{2e80}'..='\u{4dff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'.. => {
            letter.is_alphanumeric()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_sees_is_gone_and_the_rest_in_one_writing() {
        assert_eq!(clean("<p>ＡＢ１&nbsp;路灯<br/>坏了</p>").trim(), "ab1 路灯 坏了");
        assert_eq!(clean("a < b, 1 <2"), "a < b, 1 <2");
        assert_eq!(clean("路\u{200b}灯\u{7}"), "路灯");
        assert_eq!(clean(&"长".repeat(10_000)).chars().count(), LETTERS_MAX);
        assert_eq!(clean("<".repeat(2000).as_str()).len(), 2000);
    }

    #[test]
    fn units_are_letters_words_and_numbers() {
        let text = "a1区 苑12号，lift坏了😀！";
        let mut seen = Vec::new();
        units(text, &mut |unit| {
            seen.push((&text[unit.from as usize..unit.to as usize], unit.gap, unit.number));
            true
        });
        use Gap::*;
        let expected = [
            ("a1", Mark, false),
            ("区", None, false),
            ("苑", Blank, false),
            ("12", None, true),
            ("号", None, false),
            ("lift", Mark, false),
            ("坏", None, false),
            ("了", None, false),
        ];
        assert_eq!(seen, expected);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}|[<>&;a-z/ ]{0,60}") {
            let cleaned = clean(&text);
            let mut end = 0;
            units(&cleaned, &mut |unit| {
                let (from, to) = (unit.from as usize, unit.to as usize);
                assert!(from >= end && to > from);
                assert!(cleaned[from..to].chars().all(char::is_alphanumeric));
                end = to;
                true
            });
        }
    }
}
