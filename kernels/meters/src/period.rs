//! The days of a period at once: what is kept of a meter stays at hand, and of the days on which there is nothing to
//! say nothing is moved.

use crate::amount::Amount;
use crate::fleet::PERIOD_DAYS;
use crate::meter::{Around, Day, Found, Meter, OPEN_DAYS, WEEK_STEP, night_code, weekday};
use crate::season::Season;

/// Days of a period that are taken at once, at the most.
pub(crate) const PERIOD: usize = PERIOD_DAYS as usize;

/// What days that follow each other are like for all meters.
pub(crate) struct Calendar {
    /// The first of them.
    pub first: i32,
    /// From a window before it on.
    days: [CalendarDay; OPEN_DAYS + PERIOD],
}

#[derive(Clone, Copy, Default)]
struct CalendarDay {
    weekday: usize,
    common: f32,
}

impl Calendar {
    pub(crate) fn new(first: i32, season: &Season) -> Self {
        let mut days = [CalendarDay::default(); OPEN_DAYS + PERIOD];
        for (day, of) in (first - OPEN_DAYS as i32..).zip(&mut days) {
            *of = CalendarDay { weekday: weekday(day), common: season.at(day) };
        }
        Self { first, days }
    }

    /// So many days before the day at a place.
    #[inline]
    fn before(&self, at: usize, days: usize) -> CalendarDay {
        self.days[at + OPEN_DAYS - days]
    }
}

impl Meter {
    /// Takes days that follow each other, from the first of `calendar` on: as [`Meter::push`] for each that is not
    /// missing, and several times as fast. `nights` is empty where hours are not known.
    pub(crate) fn push_days(
        &mut self,
        calendar: &Calendar,
        used: &[Amount],
        nights: &[Amount],
        care: bool,
        around: Around<'_>,
        found: &mut Found,
    ) {
        let Some(begin) = used.iter().position(|used| *used != Amount::MISSING) else { return };
        let end = used.iter().rposition(|used| *used != Amount::MISSING).map_or(0, |last| last + 1);
        let night = |at: usize| nights.get(at).copied().unwrap_or(Amount::MISSING);
        let day = |at: usize| Day { day: calendar.first + at as i32, used: used[at], night: night(at) };
        // The first one closes what gap there was before.
        self.push(day(begin), care, around, found);
        if self.last != calendar.first + begin as i32 {
            // It was no new day: each goes its own way.
            let known = (begin + 1..end).filter(|at| used[*at] != Amount::MISSING);
            known.for_each(|at| self.push(day(at), care, around, found));
            return;
        }
        let count = end - begin - 1;
        let mut days = [Amount::MISSING; OPEN_DAYS + PERIOD];
        days[..OPEN_DAYS].copy_from_slice(&self.open);
        days[OPEN_DAYS..OPEN_DAYS + count].copy_from_slice(&used[begin + 1..end]);
        let from = self.last;
        // Days by which the window of `self` lies behind.
        let mut behind = 0;
        for n in 0..count {
            let at = begin + 1 + n;
            let Some(window) = days[n..].first_chunk::<OPEN_DAYS>() else { return };
            let leaving = calendar.before(at, OPEN_DAYS);
            self.absorb(window, leaving.weekday, leaving.common, self.level_age.saturating_add(behind));
            behind += 1;
            let night = night_code(night(at));
            self.night_moves_on(night);
            let Some(window) = days[n + 1..].first_chunk::<OPEN_DAYS>() else { return };
            let today = window[OPEN_DAYS - 1];
            if today == Amount::MISSING || (night < 2 && self.is_ordinary(window, calendar, at)) {
                continue;
            }
            self.catch_up(window, from + n as i32 + 1, behind);
            behind = 0;
            self.judge(care, around, found);
        }
        if let Some(window) = days[count..].first_chunk::<OPEN_DAYS>() {
            self.catch_up(window, from + count as i32, behind);
        }
    }

    fn catch_up(&mut self, window: &[Amount; OPEN_DAYS], last: i32, behind: u16) {
        self.open = *window;
        self.last = last;
        self.level_age = self.level_age.saturating_add(behind);
        self.shift_age = self.shift_age.saturating_add(behind.min(255) as u8);
    }

    /// Is the last day of this window one of which there is nothing to say, as of nearly all? Then judging it would
    /// change nothing.
    #[inline]
    fn is_ordinary(&self, window: &[Amount; OPEN_DAYS], calendar: &Calendar, at: usize) -> bool {
        let (today, before) = (window[OPEN_DAYS - 1], window[OPEN_DAYS - 2]);
        let in_use = |amount: Amount| amount.is_some() && !self.is_silent(amount);
        if self.told != 0 || self.peak != 0 || !in_use(today) || !in_use(before) || today == before {
            return false;
        }
        let above = |back: usize| {
            let day = calendar.before(at, back);
            let offset = f32::from(self.week[day.weekday]) * WEEK_STEP;
            window[OPEN_DAYS - 1 - back].code() as f32 - self.level - offset - day.common
        };
        self.is_on_level(above(0), |back| window[OPEN_DAYS - 1 - back].is_known().then(|| above(back)))
    }
}
