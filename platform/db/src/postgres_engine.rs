//! PostgreSQL: a pool, repeatable read, retries, and a lane of the ledger held for each write.

use crate::{DbError, Tx, dialect::WAKE_CHANNEL, tx::Conn};
use postgres::{Client, IsolationLevel, NoTls, Statement, fallible_iterator::FallibleIterator};
use r2d2_postgres::PostgresConnectionManager;
use std::collections::HashMap;
use std::time::Duration;

/// Chains of the ledger: as many writers go on at once.
pub(crate) const LANES: i64 = 4;
const LANE_LOCK: i64 = 0x6772_6964; // "grid", so that other programs' advisory locks do not meet ours
const ATTEMPTS_MAX: u32 = 12;

/// A connection with its prepared statements.
struct Session {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
}

struct Sessions(PostgresConnectionManager<NoTls>);

impl r2d2::ManageConnection for Sessions {
    type Connection = Session;
    type Error = postgres::Error;

    fn connect(&self) -> Result<Session, postgres::Error> {
        Ok(Session { client: self.0.connect()?, prepared: HashMap::new() })
    }

    fn is_valid(&self, session: &mut Session) -> Result<(), postgres::Error> {
        session.client.simple_query("").map(drop)
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        session.client.is_closed()
    }
}

pub(crate) struct Postgres {
    pool: r2d2::Pool<Sessions>,
}

impl Postgres {
    pub(crate) fn open(url: &str) -> Result<Self, DbError> {
        let config = url.parse().map_err(|source| DbError::Postgres { statement: "connect", source })?;
        let pool = r2d2::Pool::builder()
            .max_size(8)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(10))
            .build(Sessions(PostgresConnectionManager::new(config, NoTls)))?;
        Ok(Self { pool })
    }

    pub(crate) fn read<T, E: From<DbError>>(
        &self,
        mut work: impl FnMut(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut session = self.pool.get().map_err(DbError::Pool)?;
        let Session { client, prepared } = &mut *session;
        let inner = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .map_err(|source| DbError::Postgres { statement: "begin", source })?;
        work(&mut Tx::new(Conn::Postgres(inner, prepared), 0))
    }

    pub(crate) fn write<T, E: From<DbError>>(
        &self,
        mut work: impl FnMut(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut session = self.pool.get().map_err(DbError::Pool)?;
            let Session { client, prepared } = &mut *session;
            // The lane is locked before the transaction takes its snapshot, so that the end of
            // the chain it reads is the true end.
            let lane = hold_lane(client)?;
            let outcome = attempt_write(client, prepared, lane, &mut work);
            let released = client.execute("select pg_advisory_unlock($1, $2)", &lock_key(lane));
            if let Err(source) = released {
                tracing::warn!(error = %source, "lane not released; the connection ends with it");
            }
            match outcome {
                Attempt::Done(result) => return result,
                Attempt::Again(error) if attempt >= ATTEMPTS_MAX => return Err(E::from(error)),
                Attempt::Again(_) => std::thread::yield_now(),
            }
        }
    }
}

enum Attempt<T, E> {
    Done(Result<T, E>),
    Again(DbError),
}

fn attempt_write<T, E: From<DbError>>(
    client: &mut Client,
    prepared: &mut HashMap<&'static str, Statement>,
    lane: i64,
    work: &mut impl FnMut(&mut Tx) -> Result<T, E>,
) -> Attempt<T, E> {
    let wrap = |source| DbError::Postgres { statement: "transaction", source };
    let started = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start();
    let inner = match started {
        Ok(inner) => inner,
        Err(source) => return Attempt::Done(Err(E::from(wrap(source)))),
    };
    LAST_RETRYABLE.set(None);
    let mut tx = Tx::new(Conn::Postgres(inner, prepared), lane);
    let result = work(&mut tx);
    let Conn::Postgres(mut inner, _) = tx.conn else {
        return Attempt::Done(result);
    };
    // A serialisation failure inside the closure arrives wrapped in the caller's own error; the
    // transaction is lost all the same, and `note_failure` remembers why.
    let value = match result {
        Ok(value) => value,
        Err(error) => {
            let lost = LAST_RETRYABLE.take();
            let _ = inner.rollback();
            return match lost {
                Some(code) => Attempt::Again(DbError::Worker(code)),
                None => Attempt::Done(Err(error)),
            };
        }
    };
    if let Err(source) = inner.execute(&format!("notify {WAKE_CHANNEL}"), &[]) {
        return Attempt::Done(Err(E::from(wrap(source))));
    }
    match inner.commit().map_err(wrap) {
        Ok(()) => Attempt::Done(Ok(value)),
        Err(error) if error.is_retryable() => Attempt::Again(error),
        Err(error) => Attempt::Done(Err(E::from(error))),
    }
}

thread_local! {
    /// Set when a statement of the running closure failed for a reason that another try may cure.
    static LAST_RETRYABLE: std::cell::Cell<Option<String>> = const { std::cell::Cell::new(None) };
}

/// Notes a failure that another try may cure; called where statements fail.
pub(crate) fn note_failure(error: &DbError) {
    if error.is_retryable() {
        LAST_RETRYABLE.set(Some(error.to_string()));
    }
}

fn lock_key(lane: i64) -> [&'static (dyn postgres::types::ToSql + Sync); 2] {
    static LANE_NUMBERS: [i32; LANES as usize] = [0, 1, 2, 3];
    static NAMESPACE: i32 = LANE_LOCK as i32;
    [&NAMESPACE, &LANE_NUMBERS[lane as usize]]
}

/// Takes the first free lane, or waits for the one that the connection's number falls on.
fn hold_lane(client: &mut Client) -> Result<i64, DbError> {
    let wrap = |source| DbError::Postgres { statement: "lane", source };
    for lane in 0..LANES {
        let row = client.query_one("select pg_try_advisory_lock($1, $2)", &lock_key(lane)).map_err(wrap)?;
        if row.get(0) {
            return Ok(lane);
        }
    }
    let pid: i32 = client.query_one("select pg_backend_pid()", &[]).map_err(wrap)?.get(0);
    let lane = i64::from(pid).rem_euclid(LANES);
    client.execute("select pg_advisory_lock($1, $2)", &lock_key(lane)).map_err(wrap)?;
    Ok(lane)
}

/// Waits for other servers' writes and calls `woken` for each; ends when it returns false.
pub(crate) fn listen(url: &str, mut woken: impl FnMut() -> bool) {
    loop {
        if let Ok(mut client) = Client::connect(url, NoTls)
            && client.batch_execute(&format!("listen {WAKE_CHANNEL}")).is_ok()
        {
            loop {
                let next = client.notifications().timeout_iter(Duration::from_secs(5)).next();
                match next {
                    Ok(Some(_)) if !woken() => return,
                    Ok(None) if client.is_closed() => break,
                    Err(_) => break,
                    Ok(_) => {}
                }
            }
        }
        if !woken() {
            return;
        }
        // Between two attempts to connect there is nothing to be woken by.
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(Duration::from_secs(1));
    }
}
