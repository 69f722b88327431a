//! What is kept of a feed's meters between two pushes: the kernel's sections, in parts of which only those are written
//! that changed.

use crate::sql;
use gridweave_db::{DbError, Tx};
use gridweave_meters::{BadSnapshot, SECTIONS, Scan, of_sections, sections};
use std::collections::HashMap;

/// Bytes of a part.
const PART: usize = 1 << 18;
/// Numbers of parts that a section has for itself.
const OF_SECTION: i64 = 1 << 40;

/// Parts by their number.
pub type Parts = HashMap<i64, Vec<u8>>;

/// The version of a feed's state; 0 before its first push.
pub fn version(tx: &mut Tx, feed: &str) -> Result<i64, DbError> {
    Ok(tx.opt(&sql::STATE_VERSION, &[feed.into()], |row| row.int(0))?.unwrap_or(0))
}

/// The parts of a feed's state.
pub fn load(tx: &mut Tx, feed: &str) -> Result<Parts, DbError> {
    let mut parts = Parts::new();
    tx.each(&sql::STATE_PARTS, &[feed.into()], |row| {
        parts.insert(row.int(0)?, row.bytes(1)?);
        Ok(())
    })?;
    Ok(parts)
}

/// The scan that parts hold; none of no parts.
pub fn scan(parts: &Parts) -> Result<Option<Scan>, BadSnapshot> {
    if parts.is_empty() {
        return Ok(None);
    }
    let mut found: [Vec<u8>; SECTIONS] = Default::default();
    for (section, bytes) in (0..).zip(&mut found) {
        for part in section * OF_SECTION.. {
            match parts.get(&part) {
                Some(more) => bytes.extend_from_slice(more),
                None => break,
            }
        }
    }
    of_sections(found.each_ref().map(Vec::as_slice)).map(Some)
}

/// The parts of a scan.
pub fn parts(scan: &Scan) -> Parts {
    let mut parts = Parts::new();
    for (section, bytes) in (0..).zip(sections(scan)) {
        parts.extend((section * OF_SECTION..).zip(bytes.chunks(PART).map(<[u8]>::to_vec)));
    }
    parts
}

/// Writes what of `now` differs from `before`, as the version behind `version`. False where the state is not of that version
/// any more: somebody else has written meanwhile, and nothing was.
pub fn store(tx: &mut Tx, feed: &str, version: i64, before: &Parts, now: &Parts) -> Result<bool, DbError> {
    if tx.exec(&sql::NEXT_STATE, &[feed.into(), version.into(), (version + 1).into()])? == 0 {
        return Ok(false);
    }
    for (part, bytes) in now {
        if before.get(part) != Some(bytes) {
            tx.exec(&sql::PUT_STATE_PART, &[feed.into(), (*part).into(), bytes.as_slice().into()])?;
        }
    }
    for part in before.keys().filter(|part| !now.contains_key(part)) {
        tx.exec(&sql::DELETE_STATE_PART, &[feed.into(), (*part).into()])?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use gridweave_meters::{Amount, Fleet, Limits};

    #[test]
    fn a_scan_comes_back_from_its_parts_and_little_changes_few_of_them() {
        let mut before = Scan::new(Fleet::new(Limits::default()));
        for day in 0..30 {
            for meter in 0..20_000 {
                let place = before.keys.place_of_number(meter);
                before.take(place, day, Amount::of(1.0 + meter as f32 % 7.0));
            }
        }
        before.finish();
        let kept = parts(&before);
        let mut after = scan(&kept).unwrap().unwrap();
        let place = after.keys.place_of_number(7000);
        after.take(place, 30, Amount::of(1.5));
        after.finish();
        let now = parts(&after);
        let changed = now.iter().filter(|(part, bytes)| kept.get(part) != Some(bytes)).count();
        assert!(now.len() > 7 && changed <= 2, "{changed} of {}", now.len());
        assert_eq!(parts(&scan(&now).unwrap().unwrap()), now);
        assert!(scan(&Parts::new()).unwrap().is_none());
    }
}
