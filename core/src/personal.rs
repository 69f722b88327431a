//! Personal data that cannot slip into a log line.

/// A value about a person: no `Display`, no `Debug` of the content. Reading it is an explicit act.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Wraps a personal value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for code that answers for what it does with it.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// The value, given away.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Personal(…)")
    }
}

/// Masks a name: the family name stays, the rest becomes stars (王小明 → 王**).
pub fn mask_name(name: &str) -> String {
    let mut letters = name.chars();
    let first: String = letters.next().into_iter().collect();
    let rest = letters.count();
    first + &"*".repeat(rest.clamp(usize::from(!name.is_empty()), 6))
}

/// Masks an identity number: county and last two characters stay.
pub fn mask_identity(number: &str) -> String {
    mask_middle(number, 6, 2)
}

/// Masks a telephone number: three digits in front, four behind stay.
pub fn mask_phone(number: &str) -> String {
    mask_middle(number, 3, 4)
}

fn mask_middle(text: &str, front: usize, back: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= front + back {
        return "*".repeat(letters.len());
    }
    letters
        .iter()
        .enumerate()
        .map(|(i, c)| if i < front || i >= letters.len() - back { *c } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_only_what_helps_to_recognise() {
        assert_eq!(mask_name("王小明"), "王**");
        assert_eq!(mask_name("王"), "王*");
        assert_eq!(mask_name(""), "");
        assert_eq!(mask_phone("13800001234"), "138****1234");
        assert_eq!(mask_phone("1234"), "****");
        assert_eq!(format!("{:?}", Personal::new("secret")), "Personal(…)");
    }
}
