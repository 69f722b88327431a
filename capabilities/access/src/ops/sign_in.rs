//! Signs in with name and password, or, in the demonstration, without one.

use crate::{password, queries, sql};
use gridweave_core::{
    AccountId, Actor, Ctx, Entry,
    time::{HOUR_MS, MINUTE_MS},
};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// Wrong passwords in a row before an account is locked.
pub const ATTEMPTS_MAX: i64 = 5;
/// How long it stays locked.
pub const LOCK_MS: i64 = 10 * MINUTE_MS;
/// How long a session lives without being renewed.
pub const SESSION_MS: i64 = 12 * HOUR_MS;

gridweave_core::refusals! {
    /// Why signing in failed.
    pub enum SignIn {
        /// Name or password, not said which.
        Wrong = "sign_in_wrong", Unauthenticated, "登录名或密码不正确", "Name or password is wrong";
        /// Too many wrong passwords.
        Locked(minutes: i64) = "sign_in_locked", TooMany, "密码连续错误次数过多，请 {0} 分钟后再试", "Too many wrong passwords; try again in {0} minutes";
    }
}

/// A fresh session: the token goes into the cookie and is stored nowhere.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// For the cookie.
    pub token: String,
    /// For the header of changing requests.
    pub csrf: String,
    /// Who.
    pub actor: Actor,
}

/// What the attempt came to. A wrong password is no error of the transaction: it must be counted,
/// and the count must be kept.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// In.
    In(Box<SignedIn>),
    /// Not in.
    Refused(SignIn),
}

/// Tries a name and password. With `trusted` the password is not asked: the demonstration's
/// one-click sign-in, which the server offers in demonstration mode only.
pub fn run(tx: &mut Tx, ctx: &Ctx, login: &str, password: &str, trusted: bool) -> Result<Outcome, OpError> {
    let now = ctx.now();
    let row = tx.opt(&sql::BY_LOGIN, &[login.into()], |row| {
        Ok((AccountId(row.text(0)?), row.opt_text(1)?, row.bool(2)?, row.int(3)?, row.int(4)?))
    })?;
    let Some((account, hash, active, failed, locked_until)) = row else {
        password::fits(password, None);
        return Ok(Outcome::Refused(SignIn::Wrong));
    };
    if locked_until > now.0 {
        let minutes = (locked_until - now.0).div_euclid(MINUTE_MS) + 1;
        return Ok(Outcome::Refused(SignIn::Locked(minutes)));
    }
    if !active || !(trusted || password::fits(password, hash.as_deref())) {
        let lock = failed + 1 >= ATTEMPTS_MAX;
        let (count, until) = if lock { (0, now.plus_ms(LOCK_MS).0) } else { (failed + 1, 0) };
        tx.exec(&sql::SET_FAILED, &[(&account).into(), count.into(), until.into()])?;
        let body = json!({ "locked": lock });
        record(tx, ctx, &Entry::new("access.sign_in_failed", format!("account:{account}"), 0, body))?;
        return Ok(Outcome::Refused(SignIn::Wrong));
    }
    let Some(actor) = queries::actor(tx, &account)? else {
        return Ok(Outcome::Refused(SignIn::Wrong));
    };
    tx.exec(&sql::SET_FAILED, &[(&account).into(), 0i64.into(), 0i64.into()])?;
    tx.exec(&sql::DELETE_EXPIRED, &[now.into()])?;
    let (token, csrf) = ctx.with_rng(|rng| (password::token(rng), password::token(rng)));
    let ends = now.plus_ms(SESSION_MS);
    tx.exec(
        &sql::INSERT_SESSION,
        &[
            password::token_hash(&token).into(),
            (&account).into(),
            csrf.as_str().into(),
            "cookie".into(),
            now.into(),
            ends.into(),
        ],
    )?;
    let as_them = ctx.acting_as(actor.clone());
    record(tx, &as_them, &Entry::new("access.sign_in", format!("account:{account}"), 0, json!({})))?;
    Ok(Outcome::In(Box::new(SignedIn { token, csrf, actor })))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::ops::create_account;
    use gridweave_core::{Grant, ManualClock, OsRng, Role, TimeMs, Zone};
    use gridweave_db::{Db, migrate::Migration, testkit::on_both};
    use std::sync::{Arc, Mutex};

    const STEPS: &[&[Migration]] = &[gridweave_ledger::MIGRATIONS, crate::MIGRATIONS];

    fn setting(db: &Db) -> (Ctx, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(TimeMs(1_000_000)));
        let ctx = Ctx::new(Actor::system(), clock.clone(), Arc::new(Mutex::new(OsRng)), Zone::china());
        let made = ctx.clone();
        db.write_blocking(move |tx| {
            let input = create_account::Input {
                login: "wang".to_owned(),
                name: "王".to_owned(),
                department: None,
                password: Some("right password".to_owned()),
                grants: vec![Grant { role: Role::Operator, division: None }],
            };
            create_account::run(tx, &made, &input)
        })
        .unwrap();
        (ctx, clock)
    }

    fn attempt(db: &Db, ctx: &Ctx, password: &'static str) -> Outcome {
        let ctx = ctx.clone();
        db.write_blocking(move |tx| run(tx, &ctx, "wang", password, false)).unwrap()
    }

    #[test]
    fn the_right_password_opens_a_session_that_ends() {
        on_both(STEPS, |db| {
            let (ctx, clock) = setting(db);
            let Outcome::In(signed) = attempt(db, &ctx, "right password") else { panic!("refused") };
            let alive = |ctx: &Ctx| {
                let (ctx, token) = (ctx.clone(), signed.token.clone());
                db.read_blocking(move |tx| queries::session(tx, &ctx, &token)).unwrap()
            };
            assert_eq!(alive(&ctx).unwrap().actor.name, "王");
            clock.advance_ms(SESSION_MS + 1);
            assert!(alive(&ctx).is_none());
        });
    }

    #[test]
    fn five_wrong_passwords_lock_even_the_right_one_out_for_a_while() {
        on_both(STEPS, |db| {
            let (ctx, clock) = setting(db);
            for _ in 0..ATTEMPTS_MAX {
                assert!(matches!(attempt(db, &ctx, "wrong"), Outcome::Refused(SignIn::Wrong)));
            }
            assert!(matches!(attempt(db, &ctx, "right password"), Outcome::Refused(SignIn::Locked(_))));
            clock.advance_ms(LOCK_MS + 1);
            assert!(matches!(attempt(db, &ctx, "right password"), Outcome::In(_)));
        });
    }
}
