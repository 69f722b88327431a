//! Reading the registers, masked; and the facts that rules may know.

use crate::model::*;
use crate::{Vault, sql};
use gridweave_core::personal::{mask_name, mask_phone};
use gridweave_core::{PlaceId, Zone};
use gridweave_db::{DbError, Tx};
use std::collections::HashSet;

/// From this age somebody who lives alone is cared for.
const ELDERLY_YEARS: i64 = 75;
/// The label of somebody who lives alone and is cared for.
const LIVES_ALONE: &str = "lives_alone";

/// Whole years between a birth date (`YYYY-MM-DD`) and a day.
pub fn age_on(birth_date: &str, day: i64) -> Option<i64> {
    let born = Zone::day_from_text(birth_date)?;
    let (born_text, day_text) = (Zone::date_text(born), Zone::date_text(day));
    let years: i64 = day_text[..4].parse::<i64>().ok()? - born_text[..4].parse::<i64>().ok()?;
    Some(years - i64::from(day_text[5..] < born_text[5..]))
}

/// The place a device is at.
pub fn place_of_device(tx: &mut Tx, code: &str) -> Result<Option<PlaceId>, DbError> {
    tx.opt(&sql::DEVICE_PLACE, &[code.into()], |row| Ok(PlaceId(row.text(0)?)))
}

/// Where a meter is, for the kernel that judges its readings.
#[derive(Clone, Debug, PartialEq)]
pub struct MeteredHome {
    /// The meter's code.
    pub meter: String,
    /// Does an old person live there alone?
    pub care: bool,
    /// The place above the home, and the place above that.
    pub near: [Option<PlaceId>; 2],
}

/// A meter, its home, and what lies above it.
fn metered(row: &gridweave_db::Row) -> Result<(MeteredHome, PlaceId), DbError> {
    let near = [row.opt_text(2)?.map(PlaceId), row.opt_text(3)?.map(PlaceId)];
    Ok((MeteredHome { meter: row.text(0)?, care: false, near }, PlaceId(row.text(1)?)))
}

/// Places where somebody on the care list lives: labelled so, or old and by themselves.
pub fn cared_homes(tx: &mut Tx, day: i64) -> Result<HashSet<String>, DbError> {
    let today = Zone::date_text(day);
    // Born on this day so many years ago; the 29th of February has its birthday on the day before.
    let born = format!("{:04}{}", today[..4].parse::<i64>().unwrap_or(0) - ELDERLY_YEARS, &today[4..]);
    let params = [day.into(), LIVES_ALONE.into(), born.into()];
    Ok(tx.all(&sql::CARED_HOMES, &params, |row| row.text(0))?.into_iter().collect())
}

/// The homes of all meters and their places; whether somebody on the care list lives there is not looked up
/// ([`cared_homes`]).
pub fn metered_homes(tx: &mut Tx) -> Result<Vec<(MeteredHome, PlaceId)>, DbError> {
    tx.all(&sql::METERED_HOMES, &[], metered)
}

/// The home of a meter that is in the register.
pub fn metered_home(tx: &mut Tx, meter: &str, day: i64) -> Result<Option<MeteredHome>, DbError> {
    let Some((home, place)) = tx.opt(&sql::METERED_HOME, &[meter.into()], metered)? else { return Ok(None) };
    Ok(Some(MeteredHome { care: home_facts(tx, &place, day)?.elderly_alone, ..home }))
}

/// What a rule may know of a home on a day.
pub fn home_facts(tx: &mut Tx, place: &PlaceId, day: i64) -> Result<HomeFacts, DbError> {
    let mut living = Vec::new();
    tx.each(&sql::TIED_PEOPLE, &[place.into(), day.into()], |row| {
        if matches!(row.text(4)?.as_str(), "lives" | "rents") {
            living.push((row.text(0)?, row.opt_text(3)?));
        }
        Ok(())
    })?;
    living.dedup_by(|a, b| a.0 == b.0);
    let old = |birth: &Option<String>| {
        birth.as_deref().and_then(|b| age_on(b, day)).is_some_and(|age| age >= ELDERLY_YEARS)
    };
    let mut elderly_alone = living.len() == 1 && old(&living[0].1);
    for (person, _) in &living {
        let labels = tx.all(&sql::CARE, &[person.into(), day.into()], |row| row.text(0))?;
        elderly_alone |= labels.iter().any(|label| label == LIVES_ALONE);
    }
    let occupancy = tx.opt(&sql::DWELLING, &[place.into()], |row| row.text(0))?;
    Ok(HomeFacts {
        elderly_alone,
        registered_vacant: occupancy.as_deref() == Some("vacant"),
        residents: living.len() as i64,
        planned_absence: tx.exists(&sql::ABSENT_ON, &[place.into(), day.into()])?,
    })
}

/// The registers' part of a card, masked.
pub fn place_facts(tx: &mut Tx, vault: &Vault, place: &PlaceId, today: i64) -> Result<PlaceFacts, DbError> {
    let dwelling = tx.opt(&sql::DWELLING, &[place.into()], |row| Ok((row.text(0)?, row.opt_int(1)?)))?;
    let (occupancy, verified_at_ms) = dwelling.unwrap_or(("unknown".to_owned(), None));
    let mut people = tx.all(&sql::TIED_PEOPLE, &[place.into(), today.into()], |row| {
        let phone = row.opt_bytes(5)?.and_then(|sealed| vault.open(&sealed));
        Ok(TiedPerson {
            id: row.text(0)?,
            name: mask_name(&row.text(1)?),
            sex: row.text(2)?,
            age: row.opt_text(3)?.as_deref().and_then(|birth| age_on(birth, today)),
            tie: row.text(4)?,
            phone: phone.map(|number| mask_phone(number.reveal())),
            care: Vec::new(),
        })
    })?;
    for person in &mut people {
        person.care = tx.all(&sql::CARE, &[person.id.as_str().into(), today.into()], |row| row.text(0))?;
    }
    let organisations = tx.all(&sql::TIED_ORGANISATIONS, &[place.into(), today.into()], |row| {
        Ok(TiedOrganisation { id: row.text(0)?, name: row.text(1)?, tie: row.text(2)? })
    })?;
    let devices =
        tx.all(&sql::DEVICES, &[place.into()], |row| Ok(Device { code: row.text(0)?, kind: row.text(1)? }))?;
    let below = tx.one(&sql::BELOW, &[place.into(), today.into()], |row| {
        Ok(BelowCounts {
            doors: row.int(0)?,
            residents: row.int(1)?,
            organisations: row.int(2)?,
            devices: row.int(3)?,
        })
    })?;
    let absence = tx.opt(&sql::ABSENCE, &[place.into(), today.into()], |row| {
        Ok(Absence { from: Zone::date_text(row.int(0)?), until: Zone::date_text(row.int(1)?) })
    })?;
    Ok(PlaceFacts { occupancy, verified_at_ms, people, organisations, devices, below, absence })
}

/// How many people live at a place itself, organisations trade there and devices stand there.
pub fn counts_at(tx: &mut Tx, place: &PlaceId, today: i64) -> Result<[i64; 3], DbError> {
    tx.one(&sql::AT, &[place.into(), today.into()], |row| Ok([row.int(0)?, row.int(1)?, row.int(2)?]))
}

/// How many people, organisations, dwellings and devices the registers hold.
pub fn counts(tx: &mut Tx) -> Result<[i64; 4], DbError> {
    tx.one(&sql::COUNTS, &[], |row| Ok([row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthday_counts_from_its_day() {
        let day = |text| Zone::day_from_text(text).unwrap_or_default();
        assert_eq!(age_on("1950-11-23", day("2026-11-22")), Some(75));
        assert_eq!(age_on("1950-11-23", day("2026-11-23")), Some(76));
        assert_eq!(age_on("soon", 0), None);
    }
}
