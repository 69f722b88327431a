//! A transaction on either engine, and the rows it gives.

use crate::{DbError, Engine, Value, dialect};
use std::cell::RefCell;
use std::collections::HashMap;

/// A named statement with `$n` parameters and, where the dialects differ, a `{token}` of
/// [`dialect::rewrite`].
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    /// Module path and constant name, for traces and errors.
    pub name: &'static str,
    /// The text.
    pub text: &'static str,
}

/// A row, by column number.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub Vec<Value>);

macro_rules! getters {
    ($($(#[$meta:meta])* $name:ident, $opt:ident -> $ty:ty { $($pattern:pat => $make:expr),* } $expected:literal;)*) => {$(
        $(#[$meta])*
        pub fn $name(&self, column: usize) -> Result<$ty, DbError> {
            match self.at(column) {
                $($pattern => Ok($make),)*
                other => Err(DbError::Shape { column, found: other.kind(), expected: $expected }),
            }
        }

        /// The same, or none for null.
        pub fn $opt(&self, column: usize) -> Result<Option<$ty>, DbError> {
            match self.at(column) {
                Value::Null => Ok(None),
                _ => self.$name(column).map(Some),
            }
        }
    )*};
}

impl Row {
    fn at(&self, column: usize) -> &Value {
        self.0.get(column).unwrap_or(&Value::Null)
    }

    getters! {
        /// An integer.
        int, opt_int -> i64 { Value::Int(v) => *v } "integer";
        /// A double.
        float, opt_float -> f64 { Value::Float(v) => *v, Value::Int(v) => *v as f64 } "float";
        /// A truth value.
        bool, opt_bool -> bool { Value::Bool(v) => *v, Value::Int(v) => *v != 0 } "bool";
        /// Text.
        text, opt_text -> String { Value::Text(v) => v.clone() } "text";
        /// Bytes.
        bytes, opt_bytes -> Vec<u8> { Value::Bytes(v) => v.clone() } "bytes";
    }

    /// JSON kept as text.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, DbError> {
        serde_json::from_str(&self.text(column)?)
            .map_err(|error| DbError::Corrupt { what: "JSON", why: error.to_string() })
    }

    /// A point kept in two columns, or none where they are null.
    pub fn point(&self, lon: usize, lat: usize) -> Result<Option<gridweave_core::LonLat>, DbError> {
        Ok(match (self.opt_float(lon)?, self.opt_float(lat)?) {
            (Some(lon), Some(lat)) => gridweave_core::LonLat::new(lon, lat),
            _ => None,
        })
    }
}

pub(crate) enum Conn<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(postgres::Transaction<'a>, &'a mut HashMap<&'static str, postgres::Statement>),
}

/// A transaction. Ends with the closure that was given it.
pub struct Tx<'a> {
    pub(crate) conn: Conn<'a>,
    pub(crate) lane: i64,
    statements: u32,
}

thread_local! {
    static REWRITTEN: RefCell<HashMap<(usize, bool), String>> = RefCell::new(HashMap::new());
}

/// The engine's own text of a statement, made once for each thread.
fn text_for<T>(sql: &Sql, engine: Engine, use_it: impl FnOnce(&str) -> T) -> T {
    let key = (sql.text.as_ptr() as usize, engine == Engine::Sqlite);
    REWRITTEN.with_borrow_mut(|cache| {
        use_it(cache.entry(key).or_insert_with(|| dialect::rewrite(sql.text, engine)))
    })
}

impl<'a> Tx<'a> {
    pub(crate) fn new(conn: Conn<'a>, lane: i64) -> Self {
        Self { conn, lane, statements: 0 }
    }

    /// Which engine runs it.
    pub fn engine(&self) -> Engine {
        match self.conn {
            Conn::Sqlite(_) => Engine::Sqlite,
            Conn::Postgres(..) => Engine::Postgres,
        }
    }

    /// The ledger's chain that this transaction alone may lengthen now.
    pub fn lane(&self) -> i64 {
        self.lane
    }

    /// Statements run so far, for the access line.
    pub fn statements(&self) -> u32 {
        self.statements
    }

    /// Runs a statement; gives the number of rows it touched.
    pub fn exec(&mut self, sql: &Sql, params: &[Value]) -> Result<u64, DbError> {
        self.statements += 1;
        tracing::trace!(statement = sql.name, "exec");
        match &mut self.conn {
            Conn::Sqlite(conn) => text_for(sql, Engine::Sqlite, |text| {
                let mut prepared = conn.prepare_cached(text)?;
                prepared.execute(rusqlite::params_from_iter(params))
            })
            .map(|n| n as u64)
            .map_err(|source| DbError::Sqlite { statement: sql.name, source }),
            Conn::Postgres(tx, cache) => {
                let prepared = prepare(tx, cache, sql)?;
                let borrowed: Vec<&(dyn postgres::types::ToSql + Sync)> =
                    params.iter().map(|p| p as _).collect();
                tx.execute(&prepared, &borrowed).map_err(|source| pg_failure(sql, source))
            }
        }
    }

    /// Runs a query and reads every row.
    pub fn all<T>(
        &mut self,
        sql: &Sql,
        params: &[Value],
        mut read: impl FnMut(&Row) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut found = Vec::new();
        self.each(sql, params, |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Runs a query and hands over each row as it comes.
    pub fn each(
        &mut self,
        sql: &Sql,
        params: &[Value],
        mut take: impl FnMut(&Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        self.statements += 1;
        tracing::trace!(statement = sql.name, "query");
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                let wrap = |source| DbError::Sqlite { statement: sql.name, source };
                let text = text_for(sql, Engine::Sqlite, str::to_owned);
                let mut prepared = conn.prepare_cached(&text).map_err(wrap)?;
                let columns = prepared.column_count();
                let mut rows = prepared.query(rusqlite::params_from_iter(params)).map_err(wrap)?;
                while let Some(row) = rows.next().map_err(wrap)? {
                    let values = (0..columns)
                        .map(|i| row.get_ref(i).map(dialect::from_sqlite))
                        .collect::<Result<_, _>>()
                        .map_err(wrap)?;
                    take(&Row(values))?;
                }
                Ok(())
            }
            Conn::Postgres(tx, cache) => {
                let prepared = prepare(tx, cache, sql)?;
                let borrowed: Vec<&(dyn postgres::types::ToSql + Sync)> =
                    params.iter().map(|p| p as _).collect();
                let rows = tx.query(&prepared, &borrowed).map_err(|source| pg_failure(sql, source))?;
                for row in rows {
                    take(&dialect::from_postgres(&row))?;
                }
                Ok(())
            }
        }
    }

    /// The first row, or none.
    pub fn opt<T>(
        &mut self,
        sql: &Sql,
        params: &[Value],
        read: impl FnMut(&Row) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        Ok(self.all(sql, params, read)?.into_iter().next())
    }

    /// The first row, which must exist.
    pub fn one<T>(
        &mut self,
        sql: &Sql,
        params: &[Value],
        read: impl FnMut(&Row) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.opt(sql, params, read)?.ok_or(DbError::NoRow(sql.name))
    }

    /// Is there a row?
    pub fn exists(&mut self, sql: &Sql, params: &[Value]) -> Result<bool, DbError> {
        Ok(self.opt(sql, params, |_| Ok(()))?.is_some())
    }

    /// Prepares a statement without running it: the guard that every one fits both engines.
    pub fn check(&mut self, sql: &Sql) -> Result<(), DbError> {
        match &mut self.conn {
            Conn::Sqlite(conn) => text_for(sql, Engine::Sqlite, |text| conn.prepare(text).map(drop))
                .map_err(|source| DbError::Sqlite { statement: sql.name, source }),
            Conn::Postgres(tx, cache) => prepare(tx, cache, sql).map(drop),
        }
    }

    /// Runs a text of several statements, for migrations and catalogue questions only.
    pub fn batch(&mut self, text: &str) -> Result<(), DbError> {
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                conn.execute_batch(text).map_err(|source| DbError::Sqlite { statement: "batch", source })
            }
            Conn::Postgres(tx, _) => {
                tx.batch_execute(text).map_err(|source| DbError::Postgres { statement: "batch", source })
            }
        }
    }
}

fn pg_failure(sql: &Sql, source: postgres::Error) -> DbError {
    let error = DbError::Postgres { statement: sql.name, source };
    crate::postgres_engine::note_failure(&error);
    error
}

fn prepare(
    tx: &mut postgres::Transaction<'_>,
    cache: &mut HashMap<&'static str, postgres::Statement>,
    sql: &Sql,
) -> Result<postgres::Statement, DbError> {
    if let Some(found) = cache.get(sql.text) {
        return Ok(found.clone());
    }
    let text = text_for(sql, Engine::Postgres, str::to_owned);
    let made = tx.prepare(&text).map_err(|source| DbError::Postgres { statement: sql.name, source })?;
    cache.insert(sql.text, made.clone());
    Ok(made)
}
