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
    while let Some(letter) = rest.chars().next() {
        if count == LETTERS_MAX {
            break;
        }
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
            '\u{4e00}'..='\u{9fff}' | 'a'..='z' | '0'..='9' => out.push(letter),
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
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What stands before it.
    pub gap: Gap,
    /// Is it a number?
    pub number: bool,
}

/// Hands the units of a cleaned text to `see`, in their order.
pub fn units(text: &str, see: &mut impl FnMut(Unit)) {
    let mut gap = Gap::Mark;
    let mut letters = text.char_indices().peekable();
    while let Some((from, letter)) = letters.next() {
        let mut to = from + letter.len_utf8();
        if letter == ' ' {
            gap = if gap == Gap::None { Gap::Blank } else { gap };
            continue;
        }
        if !letter.is_alphanumeric() {
            gap = Gap::Mark;
            continue;
        }
        let mut number = letter.is_ascii_digit();
        if !is_whole(letter) {
            while let Some((at, next)) =
                letters.peek().copied().filter(|(_, c)| c.is_alphanumeric() && !is_whole(*c))
            {
                number &= next.is_ascii_digit();
                to = at + next.len_utf8();
                letters.next();
            }
        }
        see(Unit { from, to, gap, number });
        gap = Gap::None;
    }
}

/// Is a letter a unit by itself: one of those that are written without blanks?
fn is_whole(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..)
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
        units(text, &mut |unit| seen.push((&text[unit.from..unit.to], unit.gap, unit.number)));
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
                assert!(unit.from >= end && unit.to > unit.from);
                assert!(cleaned[unit.from..unit.to].chars().all(char::is_alphanumeric));
                end = unit.to;
            });
        }
    }
}
