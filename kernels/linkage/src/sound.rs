//! How a name sounds: pinyin without tones for Chinese letters, Soundex for Latin words.

use pinyin::ToPinyin;

/// The sound of a text, words parted by blanks.
pub fn of(text: &str) -> String {
    let mut out = String::new();
    let mut latin = String::new();
    let end = |latin: &mut String, out: &mut String| {
        if !latin.is_empty() {
            out.push_str(&soundex(latin));
            out.push(' ');
            latin.clear();
        }
    };
    for letter in text.chars() {
        if letter.is_ascii_alphabetic() {
            latin.push(letter.to_ascii_lowercase());
            continue;
        }
        end(&mut latin, &mut out);
        if !letter.is_alphanumeric() {
            continue;
        }
        match letter.to_pinyin() {
            Some(pinyin) => out.push_str(pinyin.plain()),
            None => out.push(letter),
        }
        out.push(' ');
    }
    end(&mut latin, &mut out);
    out.trim_end().to_owned()
}

/// American Soundex, as the National Archives write it: the first letter and three digits.
fn soundex(word: &str) -> String {
    let digit = |letter: u8| match letter {
        b'b' | b'f' | b'p' | b'v' => b'1',
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => b'2',
        b'd' | b't' => b'3',
        b'l' => b'4',
        b'm' | b'n' => b'5',
        b'r' => b'6',
        _ => b'0',
    };
    let letters = word.as_bytes();
    let mut code = String::from(char::from(letters[0]));
    let mut last = digit(letters[0]);
    for letter in &letters[1..] {
        // Two of a sound with h or w between them count once.
        if matches!(letter, b'h' | b'w') {
            continue;
        }
        let now = digit(*letter);
        if now != b'0' && now != last {
            code.push(char::from(now));
        }
        last = now;
    }
    code.truncate(4);
    while code.len() < 4 {
        code.push('0');
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_sound_as_the_archives_say() {
        for (word, code) in [
            ("robert", "r163"),
            ("rupert", "r163"),
            ("tymczak", "t522"),
            ("pfister", "p236"),
            ("ashcraft", "a261"),
            ("lee", "l000"),
        ] {
            assert_eq!(soundex(word), code, "{word}");
        }
        assert_eq!(of("张 伟"), of("章伟"));
        assert_eq!(of("o'neil"), of("o'neal"));
    }
}
