//! One SQL text for SQLite and PostgreSQL: a thin synchronous layer over `rusqlite` and
//! `postgres`, reached by one `spawn_blocking` for each transaction.
//!
//! ```no_run
//! # async fn f() -> Result<(), gridweave_db::DbError> {
//! gridweave_db::statements! {
//!     /// How many there are.
//!     COUNT = "select count(*) from places where kind = $1";
//! }
//! let db = gridweave_db::Db::open("sqlite:city.db")?;
//! let n = db.read(|tx| tx.one(&COUNT, &["room".into()], |row| row.int(0))).await?;
//! # Ok(()) }
//! ```
//!
//! Invariants
//! - A write closure may run more than once (PostgreSQL retries 40001 and 40P01), so it sends
//!   nothing itself: what must leave goes into the outbox.
//! - SQLite has one writer thread; what waits together is committed together (group commit), each
//!   closure in its own savepoint.
//! - Statements are constants with `$n`; what differs between the engines lives in [`dialect`] only.

pub mod dialect;
mod error;
pub mod migrate;
mod postgres_engine;
mod sqlite_engine;
pub mod testkit;
mod tx;
mod value;

pub use dialect::Engine;
pub use error::{DbError, OpError};
pub use tx::{Row, Sql, Tx};
pub use value::Value;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A database, whichever of the two it is. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    engine: EngineImpl,
    wake: tokio::sync::watch::Sender<u64>,
    transactions: AtomicU64,
    url: String,
}

enum EngineImpl {
    Sqlite(sqlite_engine::Sqlite),
    Postgres(postgres_engine::Postgres),
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`. Creates the SQLite file; makes no tables.
    pub fn open(url: &str) -> Result<Self, DbError> {
        let engine = if let Some(path) = url.strip_prefix("sqlite:") {
            EngineImpl::Sqlite(sqlite_engine::Sqlite::open(path.as_ref())?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            EngineImpl::Postgres(postgres_engine::Postgres::open(url)?)
        } else {
            return Err(DbError::Url(url.split(':').next().unwrap_or_default().to_owned()));
        };
        let (wake, _) = tokio::sync::watch::channel(0);
        let inner = Inner { engine, wake, transactions: AtomicU64::new(0), url: url.to_owned() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match self.inner.engine {
            EngineImpl::Sqlite(_) => Engine::Sqlite,
            EngineImpl::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a reading transaction on a blocking thread.
    pub async fn read<T, E>(&self, work: impl FnMut(&mut Tx) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.clone();
        flatten(tokio::task::spawn_blocking(move || db.read_blocking(work)).await)
    }

    /// Runs a writing transaction on a blocking thread. All or nothing.
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.clone();
        flatten(tokio::task::spawn_blocking(move || db.write_blocking(work)).await)
    }

    /// [`Db::read`] for callers that are not asynchronous.
    pub fn read_blocking<T, E: From<DbError>>(
        &self,
        work: impl FnMut(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        self.inner.transactions.fetch_add(1, Ordering::Relaxed);
        match &self.inner.engine {
            EngineImpl::Sqlite(engine) => engine.read(work),
            EngineImpl::Postgres(engine) => engine.read(work),
        }
    }

    /// [`Db::write`] for callers that are not asynchronous.
    pub fn write_blocking<T, E>(
        &self,
        work: impl FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.inner.transactions.fetch_add(1, Ordering::Relaxed);
        let result = match &self.inner.engine {
            EngineImpl::Sqlite(engine) => engine.write(work),
            EngineImpl::Postgres(engine) => engine.write(work),
        };
        if result.is_ok() {
            self.wake();
        }
        result
    }

    /// Tells waiters in this process that something was written.
    pub fn wake(&self) {
        self.inner.wake.send_modify(|count| *count += 1);
    }

    /// Changes whenever this process, or on PostgreSQL another one, has written.
    pub fn subscribe(&self) -> tokio::sync::watch::Receiver<u64> {
        self.inner.wake.subscribe()
    }

    /// How many writes this process has made or heard of: unchanged as long as [`Db::subscribe`] tells nothing.
    pub fn writes(&self) -> u64 {
        *self.inner.wake.borrow()
    }

    /// On PostgreSQL, listens for other servers' writes until the receiver of [`Db::subscribe`] is
    /// no longer wanted. Does nothing on SQLite. Reconnects by itself.
    pub fn listen(&self) {
        if let EngineImpl::Postgres(_) = &self.inner.engine {
            let weak = Arc::downgrade(&self.inner);
            let url = self.inner.url.clone();
            std::thread::spawn(move || {
                postgres_engine::listen(&url, || match weak.upgrade() {
                    Some(inner) => {
                        inner.wake.send_modify(|count| *count += 1);
                        true
                    }
                    None => false,
                });
            });
        }
    }

    /// Transactions begun since the start, for the metrics.
    pub fn transactions(&self) -> u64 {
        self.inner.transactions.load(Ordering::Relaxed)
    }
}

fn flatten<T, E: From<DbError>>(joined: Result<Result<T, E>, tokio::task::JoinError>) -> Result<T, E> {
    match joined {
        Ok(result) => result,
        Err(error) => Err(E::from(DbError::Worker(error.to_string()))),
    }
}

/// Declares a room's statements: constants with names, and `ALL` for the test that prepares every
/// one of them on both engines.
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:expr;)*) => {
        $(
            $(#[$meta])*
            pub const $name: $crate::Sql = $crate::Sql {
                name: concat!(module_path!(), "::", stringify!($name)),
                text: $text,
            };
        )*
        /// Every statement of this room.
        pub const ALL: &[&$crate::Sql] = &[$(&$name),*];
    };
}
