//! Makes an account with its roles; a program's account gets a key instead of a password.

use crate::{Action, Resource, may, password, sql};
use gridweave_core::{AccountId, Ctx, Entry, Grant, time::DAY_MS};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// A key lives five years.
const KEY_LIFE_MS: i64 = 5 * 365 * DAY_MS;
/// Shorter passwords are refused (GB/T 22239 asks for complexity; length does more).
const PASSWORD_MIN: usize = 8;

/// What is needed.
#[derive(Debug, Clone)]
pub struct Input {
    /// Sign-in name.
    pub login: String,
    /// Shown name.
    pub name: String,
    /// Department code of a handler.
    pub department: Option<String>,
    /// None makes a program's account.
    pub password: Option<String>,
    /// Roles by division.
    pub grants: Vec<Grant>,
}

gridweave_core::refusals! {
    /// Why an account was not made.
    pub enum CreateAccount {
        /// Empty or with blanks.
        BadLogin = "login_invalid", Invalid, "登录名须为 2 到 64 个不含空格的字符", "A sign-in name has 2 to 64 characters without blanks";
        /// Too short.
        WeakPassword = "password_too_short", Invalid, "密码至少 8 个字符", "A password has at least 8 characters";
        /// Somebody has it.
        Taken(login: String) = "login_taken", Conflict, "登录名“{0}”已被使用", "The sign-in name “{0}” is taken";
        /// The machine refused.
        NoHash = "password_unusable", Invalid, "此密码无法保存，请换一个", "This password cannot be stored; choose another";
    }
}

/// The account, and its key where it is a program's.
#[derive(Debug, Clone)]
pub struct Created {
    /// The account.
    pub account: AccountId,
    /// Shown once, never stored.
    pub key: Option<String>,
}

/// Makes the account.
pub fn run(tx: &mut Tx, ctx: &Ctx, input: &Input) -> Result<Created, OpError> {
    may(&ctx.actor, Action::Administer, &Resource::city(), None)?;
    let length = input.login.chars().count();
    if !(2..=64).contains(&length) || input.login.chars().any(char::is_whitespace) {
        return Err(CreateAccount::BadLogin.into());
    }
    if tx.exists(&sql::LOGIN_TAKEN, &[input.login.as_str().into()])? {
        return Err(CreateAccount::Taken(input.login.clone()).into());
    }
    let hash = match &input.password {
        Some(text) if text.chars().count() < PASSWORD_MIN => return Err(CreateAccount::WeakPassword.into()),
        Some(text) => Some(ctx.with_rng(|rng| password::hash(text, rng)).ok_or(CreateAccount::NoHash)?),
        None => None,
    };
    let account: AccountId = ctx.new_id();
    tx.exec(
        &sql::INSERT_ACCOUNT,
        &[
            (&account).into(),
            input.login.as_str().into(),
            input.name.as_str().into(),
            input.department.clone().into(),
            hash.into(),
            ctx.now().into(),
        ],
    )?;
    for grant in &input.grants {
        let division = grant.division.map_or(0, |code| code.number());
        tx.exec(&sql::INSERT_GRANT, &[(&account).into(), grant.role.name().into(), division.into()])?;
    }
    let key = match input.password {
        Some(_) => None,
        None => Some(make_key(tx, ctx, &account)?),
    };
    let body = json!({ "login": input.login, "grants": input.grants });
    record(tx, ctx, &Entry::new("access.create_account", format!("account:{account}"), 0, body))?;
    Ok(Created { account, key })
}

fn make_key(tx: &mut Tx, ctx: &Ctx, account: &AccountId) -> Result<String, OpError> {
    let key = ctx.with_rng(password::token);
    let ends = ctx.now().plus_ms(KEY_LIFE_MS);
    tx.exec(
        &sql::INSERT_SESSION,
        &[
            password::token_hash(&key).into(),
            account.into(),
            "".into(),
            "key".into(),
            ctx.now().into(),
            ends.into(),
        ],
    )?;
    Ok(key)
}
