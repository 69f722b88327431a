//! Times of readings as local days and seconds.

use crate::batches::Counts;
use gridweave_core::{TimeMs, Zone};

/// A local day and the second in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Days since 1970-01-01.
    pub day: i32,
    /// From midnight on.
    pub second: u32,
}

const DAY: i64 = 86_400;

/// Reads times; what is near the last one is not looked up again.
pub struct Times {
    zone: Zone,
    /// The hour of UTC that was looked up last, and what is added to it.
    hour: i64,
    offset: i64,
    text: String,
    moment: Option<Moment>,
}

impl Times {
    /// Times of days of this zone.
    pub fn new(zone: Zone) -> Self {
        Self { zone, hour: i64::MIN, offset: 0, text: String::new(), moment: None }
    }

    /// A time of UTC, in seconds since 1970.
    pub fn utc(&mut self, second: i64) -> Option<Moment> {
        let hour = second.div_euclid(3600);
        if hour != self.hour {
            let at = TimeMs(second.checked_mul(1000)?);
            let start = self.zone.start_of_day(self.zone.day_of(at)).0.div_euclid(1000);
            let local = self.zone.day_of(at) * DAY + (second - start);
            (self.hour, self.offset) = (hour, local - second);
        }
        local(second + self.offset)
    }

    /// A whole number, of what the file says that it counts; else of what its size says: a day, a date written
    /// together, seconds or parts of them.
    #[inline]
    pub fn number(&mut self, value: i64, counts: Option<(Counts, bool)>) -> Option<Moment> {
        match counts {
            Some((Counts::Days, _)) => i32::try_from(value).ok().map(|day| Moment { day, second: 0 }),
            Some((Counts::PartsOfSecond(parts), utc)) => {
                let second = value.div_euclid(parts);
                if utc { self.utc(second) } else { local(second) }
            }
            None => match value {
                0..100_000 => Some(Moment { day: value as i32, second: 0 }),
                19_000_101..=21_001_231 => {
                    let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
                    date(year, month, day).map(|day| Moment { day, second: 0 })
                }
                100_000_000..100_000_000_000 => self.utc(value),
                100_000_000_000..100_000_000_000_000 => self.utc(value / 1000),
                100_000_000_000_000..100_000_000_000_000_000 => self.utc(value / 1_000_000),
                100_000_000_000_000_000.. => self.utc(value / 1_000_000_000),
                _ => None,
            },
        }
    }

    /// A text: a date, a date and time, with a zone or without.
    pub fn text(&mut self, text: &str) -> Option<Moment> {
        if text == self.text && self.moment.is_some() {
            return self.moment;
        }
        self.moment = self.read(text.trim());
        text.clone_into(&mut self.text);
        self.moment
    }

    fn read(&mut self, text: &str) -> Option<Moment> {
        let bytes = text.as_bytes();
        if let Some(day) = leading_date(bytes) {
            let rest = &bytes[10..];
            if rest.is_empty() {
                return Some(Moment { day, second: 0 });
            }
            if let Some((second, zone)) = time_of_day(rest) {
                return match zone {
                    None => Some(Moment { day, second }),
                    Some(offset) => self.utc(i64::from(day) * DAY + i64::from(second) - offset),
                };
            }
        }
        if !text.is_empty() && text.len() <= 19 && bytes.iter().all(u8::is_ascii_digit) {
            return self.number(text.parse().ok()?, None);
        }
        let at = self.zone.parse(text)?;
        let day = self.zone.day_of(at);
        let second = (at.0 - self.zone.start_of_day(day).0).div_euclid(1000);
        Some(Moment { day: i32::try_from(day).ok()?, second: u32::try_from(second).ok()?.min(86_399) })
    }
}

fn local(second: i64) -> Option<Moment> {
    let day = i32::try_from(second.div_euclid(DAY)).ok()?;
    Some(Moment { day, second: second.rem_euclid(DAY) as u32 })
}

fn two(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        _ => None,
    }
}

/// `YYYY-MM-DD` or with strokes, at the beginning.
fn leading_date(bytes: &[u8]) -> Option<i32> {
    let head = bytes.get(..10)?;
    if !matches!((head[4], head[7]), (b'-', b'-') | (b'/', b'/')) {
        return None;
    }
    date(two(&head[..2])? * 100 + two(&head[2..4])?, two(&head[5..7])?, two(&head[8..10])?)
}

fn date(year: i64, month: i64, day: i64) -> Option<i32> {
    let lengths = [31, if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 29 } else { 28 }, 31, 30];
    let length = match month {
        1..=4 => lengths[month as usize - 1],
        6 | 9 | 11 => 30,
        5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Days of the civil calendar, years beginning in March.
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days =
        365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day - 1;
    i32::try_from(days - 719_468).ok()
}

/// `[ T]HH:MM[:SS[.f]]` with `Z`, `+08`, `+0800` or `+08:00` behind it, or nothing: the second, and seconds ahead of UTC.
fn time_of_day(bytes: &[u8]) -> Option<(u32, Option<i64>)> {
    if !matches!(bytes.first(), Some(b' ' | b'T')) || bytes.get(3) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (two(bytes.get(1..3)?)?, two(bytes.get(4..6)?)?);
    let mut rest = &bytes[6..];
    let mut second = 0;
    if rest.first() == Some(&b':') {
        second = two(rest.get(1..3)?)?;
        rest = &rest[3..];
        if rest.first() == Some(&b'.') {
            let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            rest = &rest[1 + digits..];
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let zone = match rest {
        [] => None,
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), offset @ ..] => {
            let minutes = match offset {
                [_, _] => two(offset)? * 60,
                [_, _, _, _] => two(&offset[..2])? * 60 + two(&offset[2..])?,
                [_, _, b':', _, _] => two(&offset[..2])? * 60 + two(&offset[3..])?,
                _ => return None,
            };
            Some(if *sign == b'-' { -minutes * 60 } else { minutes * 60 })
        }
        _ => return None,
    };
    Some(((hour * 3600 + minute * 60 + second).min(86_399) as u32, zone))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Option<(String, u32)> {
        let moment = Times::new(Zone::china()).text(text)?;
        Some((Zone::date_text(i64::from(moment.day)), moment.second))
    }

    #[test]
    fn the_ways_in_which_times_are_written_are_read() {
        let at = |date: &str, second| Some((date.to_owned(), second));
        assert_eq!(read("2026-08-24"), at("2026-08-24", 0));
        assert_eq!(read("2026/08/24"), at("2026-08-24", 0));
        assert_eq!(read("20260824"), at("2026-08-24", 0));
        assert_eq!(read("2026-08-24 07:30"), at("2026-08-24", 27_000));
        assert_eq!(read("2026-08-24T07:30:05.123"), at("2026-08-24", 27_005));
        assert_eq!(read("2017-11-05 20:30:00+00:00"), at("2017-11-06", 16_200));
        assert_eq!(read("2017-11-05 20:30:00Z"), at("2017-11-06", 16_200));
        assert_eq!(read("2017-11-05T20:30:00-0300"), at("2017-11-06", 27_000));
        assert_eq!(read("1509913800"), at("2017-11-06", 16_200));
        for wrong in ["", "0.0", "2026-02-30", "2026-08-24 25:00", "yesterday"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_a_file_counts_is_believed() {
        let mut times = Times::new(Zone::china());
        let day = 20_689;
        assert_eq!(times.number(day, Some((Counts::Days, false))), Some(Moment { day: 20_689, second: 0 }));
        let micros = (day * DAY + 3600) * 1_000_000;
        let parts = Counts::PartsOfSecond(1_000_000);
        assert_eq!(times.number(micros, Some((parts, false))), Some(Moment { day: 20_689, second: 3600 }));
        assert_eq!(times.number(micros, Some((parts, true))), Some(Moment { day: 20_689, second: 9 * 3600 }));
    }
}
