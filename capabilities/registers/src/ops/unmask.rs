//! Shows a person's name, identity number and phone in clear, for a stated purpose; the reading is
//! in the ledger before the answer is out.

use crate::{Vault, sql};
use gridweave_access::{Action, Resource, may};
use gridweave_addresses::queries::place;
use gridweave_core::{AccountId, Ctx, Entry, PersonId, PlaceId};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

gridweave_core::refusals! {
    /// Why it was not shown.
    pub enum Unmask {
        /// No such person, or not at this place.
        NotFound = "person_not_found", NotFound, "没有找到此人，或不在您的范围内", "No such person, or outside your area";
    }
}

/// What is shown.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct Clear {
    /// Name.
    pub name: String,
    /// Identity number.
    pub identity: Option<String>,
    /// Phone.
    pub phone: Option<String>,
}

/// Shows the person as met at a place. `owner` is the worker whose task brings them to that door,
/// where there is one: a worker sees the people behind the doors of own tasks only.
pub fn run(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    person: &PersonId,
    at: &PlaceId,
    owner: Option<AccountId>,
) -> Result<Clear, OpError> {
    let door = place(tx, at)?.ok_or(Unmask::NotFound)?;
    let resource = Resource { owner, ..Resource::in_division(door.division) };
    may(&ctx.actor, Action::PersonUnmask, &resource, ctx.purpose.as_ref())?;
    let tied = tx.all(&sql::PLACES_OF, &[person.into(), ctx.today().into()], |row| row.text(0))?;
    if !tied.contains(&at.0) {
        return Err(Unmask::NotFound.into());
    }
    let row = tx.opt(&sql::PERSON, &[person.into()], |row| {
        Ok((row.text(1)?, row.opt_bytes(4)?, row.opt_bytes(5)?))
    })?;
    let (name, identity, phone) = row.ok_or(Unmask::NotFound)?;
    let open = |sealed: Option<Vec<u8>>| sealed.and_then(|bytes| vault.open(&bytes)).map(|v| v.into_inner());
    let body = json!({ "fields": ["name", "identity", "phone"], "place": at });
    record(tx, ctx, &Entry::new("registers.unmask", format!("person:{person}"), door.division, body))?;
    Ok(Clear { name, identity: open(identity), phone: open(phone) })
}
