//! Codes that people see, parsed at the border into types that cannot be wrong.

use crate::actor::Scope;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a code was not taken, with what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCode {
    /// The code has the wrong number of characters.
    #[error("{what}: {found} characters, expected {expected}")]
    Length {
        /// Which code.
        what: &'static str,
        /// Characters found.
        found: usize,
        /// Characters expected.
        expected: &'static str,
    },
    /// A character that the code's alphabet does not hold.
    #[error("{what}: character {character:?} at position {position} is not allowed")]
    Character {
        /// Which code.
        what: &'static str,
        /// The character.
        character: char,
        /// 1-based position.
        position: usize,
    },
    /// The check character does not fit: most often a typing error.
    #[error("{what}: check character is {found}, should be {expected}")]
    Check {
        /// Which code.
        what: &'static str,
        /// Character found.
        found: char,
        /// Character computed.
        expected: char,
    },
    /// The number holds a birth date that no calendar has.
    #[error("{what}: {date} is no date")]
    Date {
        /// Which code.
        what: &'static str,
        /// The eight digits.
        date: String,
    },
}

/// 行政区划代码: a division as 12 digits (GB/T 2260 county, then street and community), levels
/// below its own filled with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DivisionCode(i64);

impl DivisionCode {
    /// Reads 2, 4, 6, 9 or 12 digits.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let text = text.trim();
        digits("division code", text)?;
        if !matches!(text.len(), 2 | 4 | 6 | 9 | 12) {
            return Err(InvalidCode::Length {
                what: "division code",
                found: text.len(),
                expected: "2, 4, 6, 9 or 12",
            });
        }
        let padded = format!("{text:0<12}");
        Ok(Self(padded.parse().unwrap_or(0)))
    }

    /// The division of a 12-digit number, or none for 0 and what is too long.
    pub fn from_number(number: i64) -> Option<Self> {
        (10_000_000_000..=999_999_999_999).contains(&number).then_some(Self(number))
    }

    /// The 12 digits as a number.
    pub fn number(self) -> i64 {
        self.0
    }

    /// How many digits carry meaning: 2 province, 4 city, 6 district, 9 street, 12 community.
    pub fn significant_digits(self) -> usize {
        [(10_000_000_000, 2), (100_000_000, 4), (1_000_000, 6), (1_000, 9)]
            .into_iter()
            .find(|(unit, _)| self.0 % unit == 0)
            .map_or(12, |(_, digits)| digits)
    }

    /// All codes below and including this one: the nested interval that scoped lists range over.
    pub fn scope(self) -> Scope {
        let size = 10i64.pow(12 - self.significant_digits() as u32);
        Scope { lo: self.0, hi: self.0 + size - 1 }
    }

    /// The division one level up, none for a province.
    pub fn parent(self) -> Option<Self> {
        let keep = match self.significant_digits() {
            12 => 9,
            9 => 6,
            6 => 4,
            4 => 2,
            _ => return None,
        };
        let unit = 10i64.pow(12 - keep);
        Some(Self(self.0 / unit * unit))
    }

    /// The first six digits, as case numbers carry them.
    pub fn county(self) -> i64 {
        self.0 / 1_000_000
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

/// 网格编码: 15 digits, 6 county + 3 street + 3 community + 3 order (CJ/T 213, GB/T 30428.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellCode(i64);

impl CellCode {
    /// Reads 15 digits.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let text = text.trim();
        digits("cell code", text)?;
        if text.len() != 15 {
            return Err(InvalidCode::Length { what: "cell code", found: text.len(), expected: "15" });
        }
        Ok(Self(text.parse().unwrap_or(0)))
    }

    /// A cell of a community by its order, 1 to 999.
    pub fn in_community(community: DivisionCode, order: u16) -> Option<Self> {
        (1..=999).contains(&order).then(|| Self(community.number() * 1000 + i64::from(order)))
    }

    /// The cell of a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        (10_000_000_000_000..=999_999_999_999_999).contains(&number).then_some(Self(number))
    }

    /// The 15 digits as a number.
    pub fn number(self) -> i64 {
        self.0
    }

    /// The community's 12 digits.
    pub fn community(self) -> DivisionCode {
        DivisionCode(self.0 / 1000)
    }
}

impl fmt::Display for CellCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:015}", self.0)
    }
}

/// 统一社会信用代码: 18 characters of `0-9A-Z` without I O S V Z, check character mod 31 (GB 32100).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreditCode(String);

const CREDIT_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

impl CreditCode {
    /// Reads a code; lower case is taken as upper.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let code = text.trim().to_ascii_uppercase();
        let expected = Self::check_character(&code)?;
        let found = code.chars().last().unwrap_or(' ');
        if found != expected {
            return Err(InvalidCode::Check { what: "credit code", found, expected });
        }
        Ok(Self(code))
    }

    /// The check character that 18 (or 17) characters should end in.
    pub fn check_character(code: &str) -> Result<char, InvalidCode> {
        let what = "credit code";
        let count = code.chars().count();
        if !(17..=18).contains(&count) {
            return Err(InvalidCode::Length { what, found: count, expected: "18" });
        }
        let mut sum = 0;
        let mut weight = 1;
        for (i, character) in code.chars().enumerate() {
            let value = CREDIT_ALPHABET.find(character).ok_or(InvalidCode::Character {
                what,
                character,
                position: i + 1,
            })?;
            if i < 17 {
                sum += value * weight;
                weight = weight * 3 % 31;
            }
        }
        let check = (31 - sum % 31) % 31;
        Ok(char::from(CREDIT_ALPHABET.as_bytes()[check]))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 公民身份号码: 18 characters, birth date inside, check character ISO 7064 MOD 11-2 (GB 11643).
/// Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentityNumber(String);

impl IdentityNumber {
    /// Reads a number; `x` is taken as `X`.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let what = "identity number";
        let number = text.trim().to_ascii_uppercase();
        let expected = Self::check_character(&number)?;
        let count = number.chars().count();
        if count != 18 {
            return Err(InvalidCode::Length { what, found: count, expected: "18" });
        }
        let found = number.chars().last().unwrap_or(' ');
        if found != expected {
            return Err(InvalidCode::Check { what, found, expected });
        }
        let date = &number[6..14];
        let text = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
        if crate::time::Zone::day_from_text(&text).is_none() {
            return Err(InvalidCode::Date { what, date: date.to_owned() });
        }
        Ok(Self(number))
    }

    /// The check character of the first 17 digits.
    pub fn check_character(number: &str) -> Result<char, InvalidCode> {
        let what = "identity number";
        let count = number.chars().count();
        if !(17..=18).contains(&count) {
            return Err(InvalidCode::Length { what, found: count, expected: "18" });
        }
        let mut sum = 0u32;
        for (i, character) in number.chars().enumerate() {
            let digit = character.to_digit(10);
            match digit {
                Some(value) if i < 17 => sum += value * (1u32 << (17 - i) as u32) % 11,
                None if i < 17 || character != 'X' => {
                    return Err(InvalidCode::Character { what, character, position: i + 1 });
                }
                _ => {}
            }
        }
        let check = (12 - sum % 11) % 11;
        Ok(char::from(b"0123456789X"[check as usize]))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The birth date as `YYYY-MM-DD`.
    pub fn birth_date(&self) -> String {
        format!("{}-{}-{}", &self.0[6..10], &self.0[10..12], &self.0[12..14])
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityNumber(…)")
    }
}

/// 案件编号: `420106-20261123-00042`, county, local day, order of the day.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct CaseNo(pub String);

impl CaseNo {
    /// The number of the `order`-th case of a county on a day.
    pub fn new(county: i64, compact_date: &str, order: i64) -> Self {
        Self(format!("{county:06}-{compact_date}-{order:05}"))
    }
}

impl fmt::Display for CaseNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn digits(what: &'static str, text: &str) -> Result<(), InvalidCode> {
    match text.chars().enumerate().find(|(_, c)| !c.is_ascii_digit()) {
        Some((i, character)) => Err(InvalidCode::Character { what, character, position: i + 1 }),
        None => Ok(()),
    }
}

macro_rules! as_text {
    ($name:ident, $parse:path) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $parse(&text).map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": "^[0-9]+$" })
            }
        }
    };
}
as_text!(DivisionCode, DivisionCode::parse);
as_text!(CellCode, CellCode::parse);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_street_reaches_its_communities_and_no_further() -> Result<(), InvalidCode> {
        let street = DivisionCode::parse("420106001")?;
        let scope = street.scope();
        assert_eq!(street.to_string(), "420106001000");
        assert!(scope.contains(DivisionCode::parse("420106001999")?.number()));
        assert!(!scope.contains(DivisionCode::parse("420106002000")?.number()));
        assert_eq!(street.parent(), Some(DivisionCode::parse("420106")?));
        assert_eq!(DivisionCode::parse("4201")?.scope().hi, 420_199_999_999);
        assert!(DivisionCode::parse("42010").is_err());
        Ok(())
    }

    #[test]
    fn identity_numbers_are_checked_digit_by_digit() {
        // The example of GB 11643-1999, annex.
        assert!(IdentityNumber::parse("11010519491231002X").is_ok());
        assert!(matches!(
            IdentityNumber::parse("110105194912310021"),
            Err(InvalidCode::Check { expected: 'X', .. })
        ));
        assert!(matches!(
            IdentityNumber::parse("1101051949123100A1"),
            Err(InvalidCode::Character { position: 17, .. })
        ));
        assert!(matches!(IdentityNumber::parse("4.2E+17"), Err(InvalidCode::Length { .. })));
    }

    #[test]
    fn credit_codes_are_checked() {
        let body = "91350100M000100Y4";
        assert_eq!(CreditCode::check_character(body), Ok('3'));
        assert!(CreditCode::parse("91350100M000100Y43").is_ok());
        assert!(CreditCode::parse("91350100M000100Y44").is_err());
        assert!(CreditCode::parse("91350100M000100I43").is_err());
    }

    #[test]
    fn a_cell_belongs_to_its_community() -> Result<(), InvalidCode> {
        let community = DivisionCode::parse("420106001003")?;
        let cell = CellCode::in_community(community, 7);
        assert_eq!(cell.map(|c| c.to_string()).as_deref(), Some("420106001003007"));
        assert_eq!(cell.map(CellCode::community), Some(community));
        assert_eq!(CellCode::in_community(community, 1000), None);
        Ok(())
    }
}
