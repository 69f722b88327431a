//! What can go wrong with a database, and with an operation on it.

use gridweave_core::{Refusal, Refuse};

/// A failure of the database, naming the statement that failed, never its values.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The address names no engine that we know.
    #[error("unknown database {0:?}: use sqlite:PATH or postgres://user@host/name")]
    Url(String),
    /// SQLite said no.
    #[error("statement {statement} failed on SQLite")]
    Sqlite {
        /// Which statement.
        statement: &'static str,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// PostgreSQL said no.
    #[error("statement {statement} failed on PostgreSQL")]
    Postgres {
        /// Which statement.
        statement: &'static str,
        /// What PostgreSQL said.
        #[source]
        source: postgres::Error,
    },
    /// No connection could be had.
    #[error("no database connection: {0}")]
    Pool(#[from] r2d2::Error),
    /// A row was not of the shape that the code expects.
    #[error("column {column} is {found}, expected {expected}")]
    Shape {
        /// 0-based column.
        column: usize,
        /// What it holds.
        found: &'static str,
        /// What was asked for.
        expected: &'static str,
    },
    /// A row that must exist does not.
    #[error("statement {0} gave no row")]
    NoRow(&'static str),
    /// Something stored could not be read back.
    #[error("stored {what} cannot be read: {why}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// The thread that worked for us ended.
    #[error("the database thread ended: {0}")]
    Worker(String),
    /// A migration does not fit this database.
    #[error("migration {0}")]
    Migration(String),
}

impl DbError {
    /// Was it a unique or primary key that was taken already?
    pub fn is_duplicate(&self) -> bool {
        match self {
            DbError::Sqlite { source, .. } => {
                source.sqlite_error().is_some_and(|e| matches!(e.extended_code, 2067 | 1555))
            }
            DbError::Postgres { source, .. } => {
                source.code() == Some(&postgres::error::SqlState::UNIQUE_VIOLATION)
            }
            _ => false,
        }
    }

    /// Is the same transaction worth another try?
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            DbError::Postgres { source, .. } => {
                matches!(source.code().map(|c| c.code()), Some("40001" | "40P01"))
            }
            _ => false,
        }
    }
}

/// How an operation ends when it does not succeed: refused with a reason, or the machine failed.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// The operation says no; the refusal's code and texts are for people.
    #[error("{}: {}", .0.code, .0.en)]
    Refused(Refusal),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl<R: Refuse> From<R> for OpError {
    fn from(refusal: R) -> Self {
        OpError::Refused(refusal.refusal())
    }
}

impl OpError {
    /// The refusal, where it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            OpError::Refused(refusal) => Some(refusal),
            OpError::Db(_) => None,
        }
    }
}
