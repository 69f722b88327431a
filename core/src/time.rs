//! Time: UTC milliseconds inside, local days at the border, and a clock that can be set in tests.

use std::sync::atomic::{AtomicI64, Ordering};

/// UTC milliseconds since 1970, as stored in columns named `…_at_ms`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct TimeMs(pub i64);

/// Milliseconds in a minute.
pub const MINUTE_MS: i64 = 60_000;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

impl TimeMs {
    /// This time moved by `ms` (negative: back).
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// What tells the time.
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> TimeMs;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> TimeMs {
        TimeMs(jiff::Timestamp::now().as_millisecond())
    }
}

/// A clock that stands where it is put.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock standing at `now`.
    pub fn at(now: TimeMs) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Puts the clock at `now`.
    pub fn set(&self, now: TimeMs) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// Moves the clock on.
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> TimeMs {
        TimeMs(self.0.load(Ordering::SeqCst))
    }
}

/// The city's time zone, for days and case numbers.
#[derive(Clone, Debug)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// A zone by its IANA name, `Asia/Shanghai` for China.
    pub fn named(name: &str) -> Option<Self> {
        jiff::tz::TimeZone::get(name).ok().map(Self)
    }

    /// UTC+8 without daylight saving: China's time since 1992.
    pub fn china() -> Self {
        Self(jiff::tz::Offset::constant(8).to_time_zone())
    }

    /// A time as RFC 3339 writes it, in UTC.
    pub fn utc_text(at: TimeMs) -> String {
        jiff::Timestamp::from_millisecond(at.0).map(|time| time.to_string()).unwrap_or_default()
    }

    /// The local calendar day, counted from 1970-01-01.
    pub fn day_of(&self, at: TimeMs) -> i64 {
        let offset = jiff::Timestamp::from_millisecond(at.0)
            .map_or(0, |stamp| i64::from(self.0.to_offset(stamp).seconds()));
        (at.0 + offset * 1000).div_euclid(DAY_MS)
    }

    /// Midnight at the start of a local day.
    pub fn start_of_day(&self, day: i64) -> TimeMs {
        let utc = day * DAY_MS;
        let offset = jiff::Timestamp::from_millisecond(utc)
            .map_or(0, |stamp| i64::from(self.0.to_offset(stamp).seconds()));
        TimeMs(utc - offset * 1000)
    }

    /// The hour of the local day, 0 to 23.
    pub fn hour_of(&self, at: TimeMs) -> i64 {
        (at.0 - self.start_of_day(self.day_of(at)).0).div_euclid(HOUR_MS)
    }

    /// Reads `2026-11-23`, `2026-11-23 08:00[:00]`, RFC 3339 or milliseconds; a time without a
    /// zone is local.
    pub fn parse(&self, text: &str) -> Option<TimeMs> {
        let text = text.trim();
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return Some(TimeMs(stamp.as_millisecond()));
        }
        // PostgreSQL and pandas write `2017-11-05 00:00:00+00:00` and the short `+00`.
        let local = text.replace('/', "-");
        if let Ok(civil) = local.parse::<jiff::civil::DateTime>() {
            return self.at_civil(civil);
        }
        if let Ok(date) = local.parse::<jiff::civil::Date>() {
            return self.at_civil(date.at(0, 0, 0, 0));
        }
        if text.len() >= 11 && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().ok().map(TimeMs);
        }
        None
    }

    fn at_civil(&self, civil: jiff::civil::DateTime) -> Option<TimeMs> {
        let zoned = self.0.to_ambiguous_zoned_datetime(civil).compatible().ok()?;
        Some(TimeMs(zoned.timestamp().as_millisecond()))
    }

    /// `YYYY-MM-DD` of a local day.
    pub fn date_text(day: i64) -> String {
        let (year, month, date) = civil_from_days(day);
        format!("{year:04}-{month:02}-{date:02}")
    }

    /// `YYYYMMDD` of a local day, as case numbers carry it.
    pub fn compact_date(day: i64) -> String {
        Self::date_text(day).replace('-', "")
    }

    /// The day number of `YYYY-MM-DD`.
    pub fn day_from_text(text: &str) -> Option<i64> {
        let date: jiff::civil::Date = text.trim().parse().ok()?;
        let since = jiff::civil::date(1970, 1, 1).until(date).ok()?;
        Some(i64::from(since.get_days()))
    }
}

/// Year, month and day of a day number in the proleptic Gregorian calendar
/// (Hinnant, "chrono-compatible low-level date algorithms").
fn civil_from_days(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_local_midnight() {
        let zone = Zone::china();
        let day = Zone::day_from_text("2026-11-23").unwrap_or_default();
        assert_eq!(Zone::date_text(day), "2026-11-23");
        let start = zone.start_of_day(day);
        assert_eq!(zone.day_of(start), day);
        assert_eq!(zone.day_of(start.plus_ms(-1)), day - 1);
        assert_eq!(zone.hour_of(start.plus_ms(9 * HOUR_MS)), 9);
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        let zone = Zone::china();
        let noon = zone.parse("2017-11-05 12:00");
        assert_eq!(noon, zone.parse("2017-11-05T04:00:00Z"));
        assert_eq!(noon, zone.parse("2017-11-05 04:00:00+00:00"));
        assert_eq!(noon, zone.parse("2017/11/05 12:00:00"));
        assert_eq!(zone.parse("0.0"), None);
        assert_eq!(zone.parse(""), None);
    }

    #[test]
    fn leap_days_and_the_epoch_are_right() {
        assert_eq!(Zone::date_text(0), "1970-01-01");
        for text in ["2024-02-29", "2000-03-01", "1969-12-31"] {
            let day = Zone::day_from_text(text).unwrap_or_default();
            assert_eq!(Zone::date_text(day), text);
        }
    }
}
