//! Visits tune the thresholds: where they find less than they should, less is said, and everybody can read why.
//!
//! The kernel counts by itself what did not last. What lasted and was harmless all the same only a visit can tell: of what was
//! visited in half a year, the share that was right is held against the share that a feed asks for (`useful`), and
//! as much less of the allowed false alarms is used. As fewer are said, those that are left are right more often, and
//! the share grows again. Early silences of homes on the care list are never tuned: a call too many costs less than one too few.

use crate::feeds::FalseAlarms;
use crate::outcome::Outcome;
use crate::sql;
use gridweave_core::{TimeMs, time::DAY_MS};
use gridweave_db::{DbError, Tx};
use gridweave_meters::{Fleet, Limits};
use serde::{Deserialize, Serialize};

/// Days for which a visit counts.
const DAYS: i64 = 180;
/// Before there are visits, so many that were as right as asked are taken for granted.
const PRIOR: f64 = 10.0;

/// What visits found of one class of signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Visited {
    /// It was so.
    pub confirmed: i64,
    /// It was not.
    pub false_alarms: i64,
}

impl Visited {
    /// The share of the allowed false alarms that these leave.
    pub fn share(&self, useful: f64) -> f64 {
        if useful <= 0.0 {
            return 1.0;
        }
        let (right, all) = (self.confirmed as f64, (self.confirmed + self.false_alarms) as f64);
        let precision = (right + PRIOR * useful) / (all + PRIOR);
        (precision / useful).clamp(0.1, 1.0)
    }
}

/// What visits of half a year found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Visits {
    /// Of silences.
    pub silences: Visited,
    /// Of shifts.
    pub shifts: Visited,
    /// Of early silences of homes on the care list.
    pub care: Visited,
}

/// What visits of a feed's signals found until `now`.
pub fn visits(tx: &mut Tx, feed: &str, now: TimeMs) -> Result<Visits, DbError> {
    let mut visits = Visits::default();
    tx.each(&sql::OUTCOMES, &[feed.into(), (now.0 - DAYS * DAY_MS).into()], |row| {
        let (kind, stage, outcome, count) = (row.text(0)?, row.text(1)?, row.text(2)?, row.int(3)?);
        let class = match (kind.as_str(), stage.as_str()) {
            ("zero_onset", "early") => &mut visits.care,
            ("zero_onset", _) => &mut visits.silences,
            ("shift_up" | "shift_down", _) => &mut visits.shifts,
            _ => return Ok(()),
        };
        match Outcome::from_name(&outcome) {
            Some(Outcome::Confirmed) => class.confirmed += count,
            Some(Outcome::FalseAlarm) => class.false_alarms += count,
            _ => {}
        }
        Ok(())
    })?;
    Ok(visits)
}

/// The operating point of a feed after its visits.
pub fn limits(allowed: &FalseAlarms, visits: &Visits) -> Limits {
    Limits::allowing(allowed.all, allowed.care)
        .with_shares(visits.silences.share(allowed.useful), visits.shifts.share(allowed.useful))
}

/// The thresholds in force, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InForce {
    /// False alarms a thousand meters a month that the feed allows.
    pub allowed: f64,
    /// The same of early silences of homes on the care list.
    pub allowed_care: f64,
    /// The share of visits that should find what was said.
    pub useful: f64,
    /// What they found.
    pub visits: Visits,
    /// The share of what is allowed that silences may use after that.
    pub silences_share: f64,
    /// The same of shifts.
    pub shifts_share: f64,
    /// Days of silence that are said.
    pub silence_days: u16,
    /// Standard errors from the level before of a shift that is said.
    pub shift: f32,
}

impl InForce {
    /// Those of a fleet.
    pub fn of(fleet: &Fleet, allowed: &FalseAlarms, visits: Visits) -> Self {
        let limits = fleet.limits;
        Self {
            allowed: limits.allowed,
            allowed_care: limits.allowed_care,
            useful: allowed.useful,
            visits,
            silences_share: limits.silences_share,
            shifts_share: limits.shifts_share,
            silence_days: limits.silence_days,
            shift: limits.shift,
        }
    }

    /// Is anything said that was not said with the others, or the other way round?
    fn differs(&self, other: &Self) -> bool {
        let of = |it: &Self| {
            (it.allowed, it.allowed_care, it.silences_share, it.shifts_share, it.silence_days, it.shift)
        };
        of(self) != of(other)
    }
}

/// Thresholds and since when they held.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Since {
    /// Since when.
    pub at_ms: i64,
    /// Which.
    #[serde(flatten)]
    pub limits: InForce,
}

/// The last thresholds of a feed, newest first.
pub fn last(tx: &mut Tx, feed: &str, most: i64) -> Result<Vec<Since>, DbError> {
    tx.all(&sql::LIMITS, &[feed.into(), most.into()], |row| {
        Ok(Since { at_ms: row.int(0)?, limits: row.json(1)? })
    })
}

/// Remembers thresholds where they are other ones than before; says whether they are.
pub(crate) fn remember(tx: &mut Tx, feed: &str, now: TimeMs, limits: &InForce) -> Result<bool, DbError> {
    let before = last(tx, feed, 1)?;
    if before.first().is_some_and(|before| !before.limits.differs(limits)) {
        return Ok(false);
    }
    let body = serde_json::to_string(limits)
        .map_err(|error| DbError::Corrupt { what: "limits", why: error.to_string() })?;
    tx.exec(&sql::PUT_LIMITS, &[feed.into(), now.into(), body.into()])?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::jobs::learn_outcome;
    use gridweave_core::event::Finding;
    use gridweave_core::{Ctx, SignalId, Zone};
    use gridweave_db::testkit::on_both;
    use gridweave_db::{DbError, OpError, migrate::Migration};

    const STEPS: &[&[Migration]] =
        &[gridweave_ledger::MIGRATIONS, gridweave_jobs::MIGRATIONS, crate::MIGRATIONS];

    #[test]
    fn visits_that_find_little_leave_little_and_those_that_find_enough_leave_all() {
        let share = |confirmed, false_alarms| Visited { confirmed, false_alarms }.share(0.5);
        assert_eq!((share(0, 0), share(9, 1), share(5, 5)), (1.0, 1.0, 1.0));
        assert!((share(0, 10) - 0.5).abs() < 1e-9);
        assert!(share(5, 20) < share(8, 20) && share(0, 100_000) == 0.1);
        assert_eq!(Visited { confirmed: 0, false_alarms: 99 }.share(0.0), 1.0);
        let visits = Visits { silences: Visited { confirmed: 0, false_alarms: 30 }, ..Visits::default() };
        let allowed = FalseAlarms::default();
        let (before, after) = (limits(&allowed, &Visits::default()), limits(&allowed, &visits));
        assert!(after.silences_share < before.silences_share && after.shifts_share == 1.0);
    }

    /// A signal of a kind that has its door.
    fn signal(tx: &mut Tx, id: &str, kind: &str, stage: &str) -> Result<(), DbError> {
        let none: Option<&str> = None;
        let params = [
            id.into(),
            "water".into(),
            kind.into(),
            stage.into(),
            "M1".into(),
            id.into(),
            1.into(),
            1.into(),
            (1.0).into(),
            (1.0).into(),
            "{}".into(),
            "work".into(),
            "p".into(),
            0.into(),
            none.into(),
            "[]".into(),
            1.into(),
        ];
        tx.exec(&sql::INSERT, &params).map(drop)
    }

    #[test]
    fn what_visits_found_is_counted_by_class_and_other_thresholds_are_remembered_once() {
        on_both(STEPS, |db| {
            let ctx = Ctx::system(Zone::china());
            db.write_blocking(move |tx| -> Result<(), OpError> {
                let wrong = [Finding::FalseAlarm { cause: "harmless".into() }];
                let right = [Finding::Confirmed { cause: "leak".into() }];
                for n in 0..12 {
                    let (silence, shift) = (format!("s{n:02}"), format!("u{n:02}"));
                    signal(tx, &silence, "zero_onset", "confirmed")?;
                    signal(tx, &shift, "shift_up", "confirmed")?;
                    learn_outcome(tx, &ctx, &SignalId(silence), &wrong)?;
                    learn_outcome(tx, &ctx, &SignalId(shift), if n < 9 { &right } else { &wrong })?;
                }
                signal(tx, "c", "zero_onset", "early")?;
                learn_outcome(
                    tx,
                    &ctx,
                    &SignalId("c".into()),
                    &[Finding::Care { outcome: "needs_help".into() }],
                )?;
                // A visit to a signal that is gone changes nothing.
                learn_outcome(tx, &ctx, &SignalId("gone".into()), &wrong)?;
                let found = visits(tx, "water", ctx.now())?;
                assert_eq!(found.silences, Visited { confirmed: 0, false_alarms: 12 });
                assert_eq!(found.shifts, Visited { confirmed: 9, false_alarms: 3 });
                assert_eq!(found.care, Visited { confirmed: 1, false_alarms: 0 });
                assert_eq!(visits(tx, "power", ctx.now())?, Visits::default());
                let half_a_year_on = ctx.now().plus_ms(181 * DAY_MS);
                assert_eq!(visits(tx, "water", half_a_year_on)?, Visits::default());

                let allowed = FalseAlarms::default();
                let of = |visits| InForce::of(&Fleet::new(limits(&allowed, &visits)), &allowed, visits);
                let (now, later) = (of(Visits::default()), of(found));
                assert!(remember(tx, "water", TimeMs(1), &now)?);
                assert!(!remember(tx, "water", TimeMs(2), &now)?);
                assert!(remember(tx, "water", TimeMs(3), &later)?);
                let told = last(tx, "water", 9)?;
                assert_eq!(told.iter().map(|since| since.at_ms).collect::<Vec<_>>(), [3, 1]);
                assert!(told[0].limits.silences_share < 0.5 && told[0].limits.shifts_share == 1.0);
                Ok(())
            })
            .unwrap();
        });
    }
}
