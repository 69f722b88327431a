//! Keeps what the rules found today; what was known before keeps its "since".

use crate::quality::{Found, Rule};
use crate::sql;
use gridweave_core::{Ctx, Entry};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

/// Replaces the findings by these.
pub fn run(tx: &mut Tx, ctx: &Ctx, found: &[Found]) -> Result<(), OpError> {
    let mut since: HashMap<(String, String), i64> = HashMap::new();
    tx.each(&sql::FINDINGS_ALL, &[], |row| {
        since.insert((row.text(0)?, row.text(1)?), row.int(2)?);
        Ok(())
    })?;
    tx.exec(&sql::DROP_FINDINGS, &[])?;
    let now = ctx.now();
    let mut counts: BTreeMap<Rule, i64> = Rule::ALL.iter().map(|rule| (*rule, 0)).collect();
    for one in found {
        let key = (one.rule.name().to_owned(), one.place.0.clone());
        let known = since.get(&key).copied().unwrap_or(now.0);
        tx.exec(
            &sql::PUT_FINDING,
            &[
                one.rule.name().into(),
                (&one.place).into(),
                one.division.into(),
                one.detail.as_str().into(),
                known.into(),
            ],
        )?;
        *counts.entry(one.rule).or_default() += 1;
    }
    for (rule, count) in &counts {
        tx.exec(
            &sql::PUT_QUALITY_DAY,
            &[ctx.today().into(), rule.name().into(), (*count).into(), now.into()],
        )?;
    }
    let counts: BTreeMap<&str, i64> = counts.iter().map(|(rule, count)| (rule.name(), *count)).collect();
    record(tx, ctx, &Entry::new("addresses.record_quality", "places", 0, json!({ "found": counts })))?;
    Ok(())
}
