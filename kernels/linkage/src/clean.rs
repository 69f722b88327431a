//! One writing for what is the same: letters and digits folded, and what a date, an identity number, a telephone
//! number or an address is beneath its writing.

/// Adds the one writing of a folded text to what is there.
pub type Clean = fn(&str, &mut String);

/// The one writing of a folded text by itself.
pub fn cleaned(clean: Clean, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    clean(text, &mut out);
    out
}

/// Full width to half, capitals to small letters, blanks at the ends away and within to one. Gives back `text` itself
/// where nothing changes.
pub fn fold<'a>(text: &'a str, into: &'a mut String) -> &'a str {
    let text = text.trim();
    // Plain letters without capitals and Chinese ones (4000 to 9FFF, which begin with these bytes) stay as they are.
    let plain = |byte: &u8| matches!(*byte, b' '..=b'@' | b'['..=b'~' | 0x80..=0xbf | 0xe4..=0xe9);
    // All are looked at, whatever the first are, so that the processor looks at many at once.
    let bytes = text.as_bytes();
    let all_plain = bytes.iter().fold(true, |all, byte| all & plain(byte));
    let blanks = bytes.iter().fold(false, |any, byte| any | (*byte == b' '));
    if all_plain && !(blanks && text.contains("  ")) {
        return text;
    }
    into.clear();
    let mut blank = false;
    for letter in text.chars() {
        let letter = match letter {
            '\u{3000}' => ' ',
            '！'..='～' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
            _ => letter,
        };
        if letter.is_whitespace() || letter.is_control() {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) && !into.is_empty() {
            into.push(' ');
        }
        match letter {
            '\u{3001}'..='\u{9fff}' => into.push(letter),
            _ => into.extend(letter.to_lowercase()),
        }
    }
    into
}

/// A date as its eight digits, year first, though it may be no day of any calendar: 1990-1-2, 1990/01/02, 1990年1月2日
/// and 19900102 are the same. Else the text.
pub fn date(text: &str, out: &mut String) {
    let mut parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let (year, month, day) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(whole), None, ..) if whole.len() == 8 => return out.push_str(whole),
        (Some(year), Some(month), Some(day), _) if year.len() == 4 => (year, month, day),
        (Some(day), Some(month), Some(year), None) if year.len() == 4 => (year, month, day),
        _ => return out.push_str(text),
    };
    if month.len() > 2 || day.len() > 2 {
        return out.push_str(text);
    }
    out.push_str(year);
    for part in [month, day] {
        out.push_str(&"00"[part.len()..]);
        out.push_str(part);
    }
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// The check letter of the first seventeen digits of an identity number (GB 11643-1999, ISO 7064 MOD 11-2).
pub fn check_letter(digits: &[u8]) -> Option<char> {
    let sum = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum::<u32>();
    "10x98765432".chars().nth(sum as usize % 11)
}

/// An identity number (居民身份证号) as eighteen letters: the older fifteen digits gain the century and the check
/// letter. Other numbers keep their letters and digits alone.
pub fn id_number(text: &str, out: &mut String) {
    let from = out.len();
    out.extend(text.chars().filter(char::is_ascii_alphanumeric));
    if out.len() - from == 15 && out.as_bytes()[from..].iter().all(u8::is_ascii_digit) {
        out.insert_str(from + 6, "19");
        out.extend(check_letter(&out.as_bytes()[from..]));
    }
}

/// The digits of a telephone number without the country's code and a leading nought.
pub fn phone(text: &str, out: &mut String) {
    let from = out.len();
    out.extend(text.chars().filter(char::is_ascii_digit));
    let digits = &out[from..];
    let rest = digits.strip_prefix("0086").unwrap_or(digits);
    let rest = match rest.strip_prefix("86") {
        Some(rest) if rest.len() >= 10 => rest,
        _ => rest,
    };
    let gone = digits.len() - rest.trim_start_matches('0').len();
    out.replace_range(from..from + gone, "");
}

fn chinese_digit(letter: char) -> Option<u32> {
    Some(match letter {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// Letters from 4E00 on that [`address`] does not leave as they are, a bit each.
static REWRITTEN: [u64; 0x5200 / 64] = {
    let letters = ['零', '一', '二', '两', '三', '四', '五', '六', '七', '八', '九', '十', '幢', '座'];
    let (mut bits, mut n) = ([0; 0x5200 / 64], 0);
    while n < letters.len() {
        let at = letters[n] as usize - 0x4e00;
        bits[at / 64] |= 1 << (at % 64);
        n += 1;
    }
    bits
};

/// Is a letter of 4E00 to 9FFF one that [`address`] writes otherwise?
fn is_rewritten(letter: char) -> bool {
    let at = letter as usize - 0x4e00;
    REWRITTEN[at / 64] >> (at % 64) & 1 != 0
}

/// An address with numerals as digits and without marks: 三栋二单元五〇一 and 3栋-2单元 501 are alike.
pub fn address(text: &str, out: &mut String) {
    let from = out.len();
    let mut run: Vec<char> = Vec::new();
    // What stays as it is is copied in one piece, up to here.
    let mut copied = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let stays = match letter {
            '0'..='9' | 'a'..='z' => true,
            '\u{4e00}'..='\u{9fff}' => !is_rewritten(letter),
            _ => letter != '〇' && letter.is_alphanumeric(),
        };
        if stays {
            continue;
        }
        out.push_str(&text[copied..at]);
        copied = at + letter.len_utf8();
        if chinese_digit(letter).is_some() || letter == '十' {
            run.push(letter);
            let counted = |next: &char| {
                matches!(
                    next,
                    '号' | '栋'
                        | '幢'
                        | '座'
                        | '单'
                        | '楼'
                        | '门'
                        | '室'
                        | '层'
                        | '弄'
                        | '巷'
                        | '期'
                        | '区'
                        | '#'
                        | '-'
                )
            };
            let next = letters.peek().map(|(_, next)| next);
            if next.is_some_and(|next| chinese_digit(*next).is_some() || *next == '十') {
                continue;
            }
            // 十 alone in a name and 三 in 三里屯 stay letters where no word of numbers follows.
            if run.len() > 1 || next.is_some_and(counted) {
                out.push_str(&number(&run));
            } else {
                out.push(letter);
            }
            run.clear();
            continue;
        }
        match letter {
            '幢' | '座' => out.push('栋'),
            // 12-3 keeps its numbers apart.
            _ if out.len() > from && out.ends_with(|c: char| c.is_ascii_digit()) => out.push(' '),
            _ => {}
        }
    }
    out.push_str(&text[copied..]);
    let kept = out[from..].trim_end().len();
    out.truncate(from + kept);
}

fn number(run: &[char]) -> String {
    match run.iter().position(|letter| *letter == '十') {
        Some(ten) => {
            let of =
                |letters: &[char], none: u32| letters.last().and_then(|c| chinese_digit(*c)).unwrap_or(none);
            (of(&run[..ten], 1) * 10 + of(&run[ten + 1..], 0)).to_string()
        }
        None => {
            run.iter().filter_map(|letter| chinese_digit(*letter)).map(|digit| digit.to_string()).collect()
        }
    }
}

/// A number as its shortest writing; else the text.
pub fn plain_number(text: &str, out: &mut String) {
    match text.parse::<f64>().ok().filter(|value| value.is_finite()) {
        Some(value) => out.push_str(&value.to_string()),
        None => out.push_str(text),
    }
}

/// Words in the order of the alphabet, each once.
pub fn set(text: &str, out: &mut String) {
    let mut words: Vec<&str> = text
        .split([',', ';', '、', '，', '；', '|', ' '])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_unstable();
    words.dedup();
    out.push_str(&words.join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writings_of_the_same_are_the_same() {
        for text in ["1990-1-2", "1990/01/02", "1990年1月2日", "19900102", "2.1.1990"] {
            assert_eq!(cleaned(date, text), "19900102", "{text}");
        }
        assert_eq!(cleaned(date, "spring"), "spring");
        // GB 11643-1999 gives this number as its example.
        assert_eq!(cleaned(id_number, "11010519491231002x"), "11010519491231002x");
        assert_eq!(cleaned(id_number, "110105491231002"), "11010519491231002x");
        for text in ["+86 138 0000 1234", "13800001234", "0086-13800001234"] {
            assert_eq!(cleaned(phone, text), "13800001234", "{text}");
        }
        for text in ["东湖花园三栋二单元501室", "东湖花园3栋2单元501室", "东湖花园3幢2单元五〇一室"]
        {
            assert_eq!(cleaned(address, text), "东湖花园3栋2单元501室", "{text}");
        }
        assert_eq!(
            (cleaned(address, "三里屯十二号"), cleaned(address, "1-2-3")),
            ("三里屯12号".to_owned(), "1 2 3".to_owned())
        );
        assert_eq!(cleaned(set, "b、a; b"), "a b");
        let mut buffer = String::new();
        assert_eq!(fold(" ＡＢ　c  D ", &mut buffer), "ab c d");
    }
}
