//! Reading accounts and sessions.

use crate::{model::Session, password, sql};
use gridweave_core::{AccountId, Actor, Ctx, DivisionCode, Grant, Role, Scope};
use gridweave_db::{DbError, Tx};
use serde::Serialize;

/// The actor behind an account, none where it is inactive or unknown.
pub fn actor(tx: &mut Tx, account: &AccountId) -> Result<Option<Actor>, DbError> {
    let row = tx.opt(&sql::ACCOUNT, &[account.into()], |row| {
        Ok((row.text(0)?, row.text(1)?, row.opt_text(2)?, row.bool(3)?))
    })?;
    let Some((id, name, department, true)) = row else { return Ok(None) };
    let grants = tx.all(&sql::GRANTS, &[account.into()], |row| {
        Ok(Role::from_name(&row.text(0)?).map(|role| (role, row.int(1))))
    })?;
    let mut held = Vec::new();
    for (role, division) in grants.into_iter().flatten() {
        held.push(Grant { role, division: DivisionCode::from_number(division?) });
    }
    Ok(Some(Actor { account: AccountId(id), name, department, grants: held }))
}

/// The live session behind a token.
pub fn session(tx: &mut Tx, ctx: &Ctx, token: &str) -> Result<Option<Session>, DbError> {
    let hash = password::token_hash(token);
    let row = tx.opt(&sql::SESSION, &[hash.into(), ctx.now().into()], |row| {
        Ok((AccountId(row.text(0)?), row.text(1)?, row.text(2)?))
    })?;
    let Some((account, csrf, kind)) = row else { return Ok(None) };
    Ok(actor(tx, &account)?.map(|actor| Session { actor, csrf, is_key: kind == "key" }))
}

/// Someone who holds a role.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Holder {
    /// Account.
    pub account: AccountId,
    /// Sign-in name.
    pub login: String,
    /// Shown name.
    pub name: String,
    /// Department code.
    pub department: Option<String>,
    /// Division of the grant, 0 for the whole city.
    pub division: i64,
}

/// Who holds a role in a scope.
pub fn holders(tx: &mut Tx, role: Role, scope: Scope, limit: i64) -> Result<Vec<Holder>, DbError> {
    tx.all(&sql::HOLDERS, &[role.name().into(), scope.lo.into(), scope.hi.into(), limit.into()], |row| {
        Ok(Holder {
            account: AccountId(row.text(0)?),
            login: row.text(1)?,
            name: row.text(2)?,
            department: row.opt_text(3)?,
            division: row.int(5)?,
        })
    })
}

/// How many accounts there are: none means that nobody has been set up yet.
pub fn count_accounts(tx: &mut Tx) -> Result<i64, DbError> {
    tx.one(&sql::COUNT_ACCOUNTS, &[], |row| row.int(0))
}
