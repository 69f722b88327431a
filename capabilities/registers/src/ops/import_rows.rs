//! Imports rows of a file into one of the registers: validated one by one, good rows kept beside
//! bad ones, each bad one with line, column and reason.

use crate::model::RowKind;
use crate::{Vault, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_addresses::queries::by_code;
use gridweave_core::{CreditCode, Ctx, Entry, IdentityNumber, Personal, PlaceId, Zone};
use gridweave_db::{OpError, Tx, Value};
use gridweave_ledger::record;
use serde_json::json;
use std::collections::HashMap;

/// One row: line in the file and values by column.
#[derive(Debug, Clone)]
pub struct Row {
    /// Line in the file.
    pub line: u64,
    /// Values by column name.
    pub values: HashMap<String, String>,
}

/// A row that was not taken. Personal values are not repeated here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct RejectedRow {
    /// Line in the file.
    pub line: u64,
    /// Column at fault.
    pub column: &'static str,
    /// Stable reason.
    pub code: &'static str,
    /// What to do, in English; the edge translates by code.
    pub detail: String,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Imported {
    /// Rows read.
    pub rows: u64,
    /// Rows that added or changed something.
    pub changed: u64,
    /// Rows that were not taken.
    pub rejected: Vec<RejectedRow>,
}

/// Why one row was not taken: column, code, detail.
type Fault = (&'static str, &'static str, String);

enum RowError {
    Fault(Fault),
    Op(OpError),
}

impl From<gridweave_db::DbError> for RowError {
    fn from(error: gridweave_db::DbError) -> Self {
        RowError::Op(error.into())
    }
}

impl From<Fault> for RowError {
    fn from(fault: Fault) -> Self {
        RowError::Fault(fault)
    }
}

/// Imports the rows of one kind.
pub fn run(tx: &mut Tx, ctx: &Ctx, vault: &Vault, kind: RowKind, rows: &[Row]) -> Result<Imported, OpError> {
    may(&ctx.actor, Action::RegistersImport, &Resource::city(), None)?;
    let mut done = Imported { rows: rows.len() as u64, ..Imported::default() };
    let mut places: HashMap<String, Option<PlaceId>> = HashMap::new();
    for row in rows {
        let mut importer = Importer { tx, ctx, vault, row, places: &mut places };
        match importer.put(kind) {
            Ok(changed) => done.changed += u64::from(changed > 0),
            Err(RowError::Fault((column, code, detail))) => {
                done.rejected.push(RejectedRow { line: row.line, column, code, detail });
            }
            Err(RowError::Op(error)) => return Err(error),
        }
    }
    if done.changed > 0 {
        let body = json!({ "kind": kind, "rows": done.rows, "changed": done.changed, "rejected": done.rejected.len() });
        record(tx, ctx, &Entry::new("registers.import_rows", format!("register:{}", kind.name()), 0, body))?;
    }
    Ok(done)
}

struct Importer<'a, 'b> {
    tx: &'a mut Tx<'b>,
    ctx: &'a Ctx,
    vault: &'a Vault,
    row: &'a Row,
    places: &'a mut HashMap<String, Option<PlaceId>>,
}

impl Importer<'_, '_> {
    fn opt(&self, column: &str) -> Option<&str> {
        self.row.values.get(column).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn need(&self, column: &'static str) -> Result<&str, Fault> {
        self.opt(column).ok_or((column, "value_missing", format!("{column} is empty")))
    }

    fn day(&self, column: &'static str) -> Result<Option<i64>, Fault> {
        match self.opt(column) {
            None => Ok(None),
            Some(text) => match Zone::day_from_text(text) {
                Some(day) => Ok(Some(day)),
                None => Err((column, "date_invalid", "write dates as YYYY-MM-DD".to_owned())),
            },
        }
    }

    fn place(&mut self, column: &'static str) -> Result<PlaceId, RowError> {
        let code = self.need(column)?.to_owned();
        if !self.places.contains_key(&code) {
            let found = by_code(self.tx, &code)?.map(|place| place.id);
            self.places.insert(code.clone(), found);
        }
        match self.places.get(&code).cloned().flatten() {
            Some(id) => Ok(id),
            None => {
                Err((column, "place_not_found", format!("the address library has no place with code {code}"))
                    .into())
            }
        }
    }

    fn put(&mut self, kind: RowKind) -> Result<u64, RowError> {
        match kind {
            RowKind::People => self.person(),
            RowKind::Organisations => self.organisation(),
            RowKind::Dwellings => self.dwelling(),
            RowKind::Devices => self.device(),
            RowKind::Ties => self.tie(),
            RowKind::Absences => self.absence(),
            RowKind::Care => self.care(),
        }
    }

    fn person(&mut self) -> Result<u64, RowError> {
        let (code, name) = (self.need("code")?.to_owned(), self.need("name")?.to_owned());
        let sex = self.opt("sex").unwrap_or("unknown").to_owned();
        if !["male", "female", "unknown"].contains(&sex.as_str()) {
            return Err(("sex", "sex_invalid", "use male, female or unknown".to_owned()).into());
        }
        let identity = match self.opt("identity") {
            None => None,
            Some(text) => match IdentityNumber::parse(text) {
                Ok(number) => Some(number),
                Err(error) => return Err(("identity", "identity_invalid", error.to_string()).into()),
            },
        };
        self.day("birth_date")?;
        let birth =
            self.opt("birth_date").map(str::to_owned).or(identity.as_ref().map(IdentityNumber::birth_date));
        let phone = self.opt("phone").map(str::to_owned);
        if phone.as_ref().is_some_and(|p| {
            !(5..=20).contains(&p.len()) || !p.chars().all(|c| c.is_ascii_digit() || c == '-' || c == '+')
        }) {
            return Err(("phone", "phone_invalid", "a phone has 5 to 20 digits".to_owned()).into());
        }
        let index = |value: Option<&str>| value.map(|v| self.vault.index(v));
        let identity_index = index(identity.as_ref().map(IdentityNumber::as_str));
        let phone_index = index(phone.as_deref());
        let now = self.tx.opt(&sql::PERSON_NOW, &[code.as_str().into()], |row| {
            Ok((
                row.text(0)?,
                row.text(1)?,
                row.text(2)?,
                row.opt_text(3)?,
                row.opt_bytes(4)?,
                row.opt_bytes(5)?,
            ))
        })?;
        let id = match now {
            Some((_, n, s, b, i, p))
                if n == name && s == sex && b == birth && i == identity_index && p == phone_index =>
            {
                return Ok(0);
            }
            Some((id, ..)) => id,
            None => self.ctx.new_id(),
        };
        let seal = |value: Option<String>| -> Value {
            value.map(|v| self.ctx.with_rng(|rng| self.vault.seal(&Personal::new(v), rng))).into()
        };
        let params = [
            id.into(),
            code.into(),
            name.into(),
            sex.into(),
            birth.into(),
            seal(identity.map(|number| number.as_str().to_owned())),
            identity_index.into(),
            seal(phone),
            phone_index.into(),
            self.ctx.now().into(),
        ];
        Ok(self.tx.exec(&sql::PUT_PERSON, &params)?)
    }

    fn organisation(&mut self) -> Result<u64, RowError> {
        let code = CreditCode::parse(self.need("code")?)
            .map_err(|error| ("code", "credit_code_invalid", error.to_string()))?;
        let (name, kind) = (self.need("name")?.to_owned(), self.opt("kind").unwrap_or("other").to_owned());
        let id: String = self.ctx.new_id();
        let params = [id.into(), code.as_str().into(), name.into(), kind.into(), self.ctx.now().into()];
        Ok(self.tx.exec(&sql::PUT_ORGANISATION, &params)?)
    }

    fn dwelling(&mut self) -> Result<u64, RowError> {
        let place = self.place("place")?;
        let occupancy = self.need("occupancy")?.to_owned();
        if !crate::ops::set_occupancy::OCCUPANCIES.contains(&occupancy.as_str()) {
            let help = "use occupied, vacant, rented or unknown".to_owned();
            return Err(("occupancy", "occupancy_invalid", help).into());
        }
        let params = [(&place).into(), occupancy.into(), Value::Null, self.ctx.now().into()];
        Ok(self.tx.exec(&sql::PUT_DWELLING, &params)?)
    }

    fn device(&mut self) -> Result<u64, RowError> {
        let place = self.place("place")?;
        let (code, kind) = (self.need("code")?.to_owned(), self.need("kind")?.to_owned());
        let params = [code.into(), kind.into(), (&place).into(), self.ctx.now().into()];
        Ok(self.tx.exec(&sql::PUT_DEVICE, &params)?)
    }

    fn tie(&mut self) -> Result<u64, RowError> {
        let place = self.place("place")?;
        let kind = self.need("kind")?.to_owned();
        if !["lives", "owns", "rents", "trades", "manages"].contains(&kind.as_str()) {
            let help = "use lives, owns, rents, trades or manages".to_owned();
            return Err(("kind", "tie_invalid", help).into());
        }
        let code = self.need("subject")?.to_owned();
        let person = self.tx.opt(&sql::PERSON_BY_CODE, &[code.as_str().into()], |row| row.text(0))?;
        let (subject_kind, subject) = match person {
            Some(id) => ("person", id),
            None => {
                let found =
                    self.tx.opt(&sql::ORGANISATION_BY_CODE, &[code.as_str().into()], |row| row.text(0))?;
                let missing =
                    ("subject", "subject_not_found", format!("no person or organisation has code {code}"));
                ("organisation", found.ok_or(missing)?)
            }
        };
        let (from, until) = (self.day("from")?, self.day("until")?);
        let id: String = self.ctx.new_id();
        let params = [
            id.into(),
            subject_kind.into(),
            subject.into(),
            (&place).into(),
            kind.into(),
            from.into(),
            until.into(),
        ];
        Ok(self.tx.exec(&sql::PUT_TIE, &params)?)
    }

    fn absence(&mut self) -> Result<u64, RowError> {
        let place = self.place("place")?;
        let missing = |column| (column, "value_missing", format!("{column} is empty"));
        let from = self.day("from")?.ok_or(missing("from"))?;
        let until = self.day("until")?.ok_or(missing("until"))?;
        if until < from {
            return Err(("until", "absence_days_invalid", "the end comes after the start".to_owned()).into());
        }
        let told_by = self.opt("told_by").unwrap_or("import").to_owned();
        let id: String = self.ctx.new_id();
        let params = [id.into(), (&place).into(), from.into(), until.into(), told_by.into()];
        Ok(self.tx.exec(&sql::PUT_ABSENCE, &params)?)
    }

    fn care(&mut self) -> Result<u64, RowError> {
        let code = self.need("person")?.to_owned();
        let person = self.tx.opt(&sql::PERSON_BY_CODE, &[code.as_str().into()], |row| row.text(0))?;
        let person = person.ok_or(("person", "subject_not_found", format!("no person has code {code}")))?;
        let (label, owner) = (self.need("label")?.to_owned(), self.need("owner")?.to_owned());
        let purpose = self.need("purpose")?.to_owned();
        let until =
            self.day("until")?.ok_or(("until", "value_missing", "a care label has an end".to_owned()))?;
        let level: i64 = self.opt("level").unwrap_or("1").parse().unwrap_or(1);
        let params = [person.into(), label.into(), level.into(), owner.into(), purpose.into(), until.into()];
        Ok(self.tx.exec(&sql::PUT_CARE, &params)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ops::unmask;
    use crate::queries;
    use gridweave_addresses::{PlaceKind, ops::import_places};
    use gridweave_core::{Actor, DivisionCode, Grant, Purpose, Role};
    use gridweave_db::{Db, migrate::Migration, testkit::on_both};
    use gridweave_territory::CellIndex;

    const STEPS: &[&[Migration]] = &[
        gridweave_ledger::MIGRATIONS,
        gridweave_jobs::MIGRATIONS,
        gridweave_access::MIGRATIONS,
        gridweave_territory::MIGRATIONS,
        gridweave_addresses::MIGRATIONS,
        crate::MIGRATIONS,
    ];

    fn door(db: &Db) -> PlaceId {
        let ctx = Ctx::system(Zone::china());
        db.write_blocking(move |tx| {
            let row = import_places::PlaceRow {
                line: 1,
                code: "r1".into(),
                kind: PlaceKind::Room,
                parent: None,
                name: "502室".into(),
                address: "东湖花园3栋1单元502室".into(),
                aliases: vec![],
                point: None,
                outline: None,
                division: Some(420_106_001_001),
            };
            import_places::run(tx, &ctx, &CellIndex::default(), &[row])?;
            Ok::<_, OpError>(by_code(tx, "r1")?.unwrap().id)
        })
        .unwrap()
    }

    fn rows(header: &[&str], lines: &[&[&str]]) -> Vec<Row> {
        let cell = |(k, v): (&&str, &&str)| ((*k).to_owned(), (*v).to_owned());
        let row = |(n, values): (usize, &&[&str])| Row {
            line: n as u64 + 2,
            values: header.iter().zip(values.iter()).map(cell).collect(),
        };
        lines.iter().enumerate().map(row).collect()
    }

    fn import(db: &Db, kind: RowKind, rows: Vec<Row>) -> Imported {
        let ctx = Ctx::system(Zone::china());
        db.write_blocking(move |tx| run(tx, &ctx, &Vault::new(&[7; 32]), kind, &rows)).unwrap()
    }

    const PEOPLE: [&str; 5] = ["code", "name", "sex", "identity", "phone"];

    #[test]
    fn good_rows_survive_bad_ones_and_twice_changes_nothing() {
        on_both(STEPS, |db| {
            let lines: [&[&str]; 3] = [
                &["p1", "王小明", "male", "11010519491231002X", "13800001234"],
                &["p2", "李四", "male", "110105194912310021", ""],
                &["p3", "", "female", "", ""],
            ];
            let first = import(db, RowKind::People, rows(&PEOPLE, &lines));
            assert_eq!((first.changed, first.rejected.len()), (1, 2));
            assert_eq!((first.rejected[0].line, first.rejected[0].code), (3, "identity_invalid"));
            assert_eq!((first.rejected[1].column, first.rejected[1].code), ("name", "value_missing"));
            assert_eq!(import(db, RowKind::People, rows(&PEOPLE, &lines)).changed, 0);
        });
    }

    #[test]
    fn an_old_person_alone_is_known_as_a_fact_and_seen_only_masked_or_for_a_purpose() {
        on_both(STEPS, |db| {
            let place = door(db);
            import(
                db,
                RowKind::People,
                rows(&PEOPLE, &[&["p1", "王小明", "male", "11010519491231002X", "13800001234"]]),
            );
            import(db, RowKind::Ties, rows(&["subject", "place", "kind"], &[&["p1", "r1", "lives"]]));
            let today = Zone::day_from_text("2026-11-23").unwrap();
            let facts = db.read_blocking(|tx| queries::home_facts(tx, &place, today)).unwrap();
            assert!(facts.elderly_alone && facts.residents == 1);
            let vault = Vault::new(&[7; 32]);
            let card = db.read_blocking(|tx| queries::place_facts(tx, &vault, &place, today)).unwrap();
            assert_eq!(card.people[0].name, "王**");
            assert_eq!(card.people[0].phone.as_deref(), Some("138****1234"));

            let unmask = |purpose: Option<&str>, role: Role| {
                let grants = vec![Grant { role, division: DivisionCode::parse("420106").ok() }];
                let actor = Actor { account: "a".into(), name: "a".into(), department: None, grants };
                let ctx = Ctx::system(Zone::china()).acting_as(actor);
                let ctx = ctx.with_purpose(purpose.map(|p| Purpose(p.to_owned())));
                let (vault, place, person) =
                    (vault.clone(), place.clone(), card.people[0].id.as_str().into());
                db.write_blocking(move |tx| unmask::run(tx, &ctx, &vault, &person, &place, None))
            };
            let code = |result: Result<unmask::Clear, OpError>| result.err().unwrap().refusal().unwrap().code;
            assert_eq!(code(unmask(None, Role::StreetStaff)), "purpose_required");
            assert_eq!(code(unmask(Some("x"), Role::Planner)), "forbidden_role");
            assert_eq!(code(unmask(Some("x"), Role::GridWorker)), "not_found");
            assert_eq!(unmask(Some("案件"), Role::StreetStaff).unwrap().name, "王小明");
            let entries = db
                .read_blocking(|tx| {
                    let newest = gridweave_ledger::Cursor::NEWEST;
                    gridweave_ledger::recent(tx, gridweave_core::Scope::EVERYWHERE, newest, "", 10)
                })
                .unwrap();
            assert!(
                entries
                    .iter()
                    .any(|e| e.action == "registers.unmask" && e.purpose.as_deref() == Some("案件"))
            );
        });
    }
}
