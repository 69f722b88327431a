//! One writing for what is written in many: full width, blanks, brackets, Chinese numerals.

/// One letter in half width and upper case.
fn narrow(letter: char) -> char {
    let half = match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        other => other,
    };
    half.to_ascii_uppercase()
}

/// One letter in half width and upper case, each kind of dash as one.
pub(crate) fn fold(letter: char) -> char {
    match narrow(letter) {
        '\u{3000}' => ' ',
        '—' | '–' | '‐' | '−' | '─' | '~' => '-',
        other => other,
    }
}

/// Half width, upper case, without blanks and separators that carry nothing. Text in brackets is
/// kept, the brackets go.
pub fn normalise(text: &str) -> String {
    text.chars()
        .filter_map(|c| {
            let half = match narrow(c) {
                '—' | '–' | '‐' | '~' => '-',
                '幢' | '棟' => '栋',
                '號' => '号',
                '樓' => '楼',
                other => other,
            };
            let drop = half.is_whitespace()
                || matches!(half, ',' | '，' | '。' | ';' | '(' | ')' | '、' | '·' | '\u{3000}');
            (!drop).then_some(half)
        })
        .collect()
}

fn digit(c: char) -> Option<u32> {
    match c {
        '〇' | '零' => Some(0),
        '一' => Some(1),
        '二' | '两' => Some(2),
        '三' => Some(3),
        '四' => Some(4),
        '五' => Some(5),
        '六' => Some(6),
        '七' => Some(7),
        '八' => Some(8),
        '九' => Some(9),
        _ => c.to_digit(10),
    }
}

/// Is it part of a number as addresses write them?
pub(crate) fn is_numeral(c: char) -> bool {
    c.is_ascii_digit() || digit(c).is_some() || matches!(c, '十' | '百')
}

/// The Arabic writing of a numeral: 十二 → 12, 三〇二 → 302, 二十 → 20, 一百零五 → 105, 007 → 7.
/// None where the text is no number.
pub fn numeral(text: &str) -> Option<u32> {
    if text.is_empty() || text.chars().count() > 8 || !text.chars().all(is_numeral) {
        return None;
    }
    if !text.contains(['十', '百']) {
        return text.chars().try_fold(0u32, |sum, c| sum.checked_mul(10)?.checked_add(digit(c)?));
    }
    let (mut total, mut pending) = (0u32, None);
    for c in text.chars() {
        match c {
            '百' => total += pending.take().unwrap_or(1) * 100,
            '十' => total += pending.take().unwrap_or(1) * 10,
            other => pending = digit(other),
        }
    }
    Some(total + pending.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_of_every_kind_mean_the_same() {
        for (text, value) in
            [("12", 12), ("十二", 12), ("三〇二", 302), ("二十", 20), ("一百零五", 105), ("007", 7)]
        {
            assert_eq!(numeral(text), Some(value), "{text}");
        }
        assert_eq!(numeral("A"), None);
        assert_eq!(numeral(""), None);
    }

    #[test]
    fn widths_and_blanks_go() {
        assert_eq!(normalise("东湖花园（Ａ区） ３幢 １－５０２"), "东湖花园A区3栋1-502");
    }
}
