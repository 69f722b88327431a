//! The only place where the two engines differ: parameter marks, type words, row locks, wake-up,
//! catalogue.

use crate::{Row, Value};
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use std::error::Error;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Inside the program.
    Sqlite,
    /// A server of its own.
    Postgres,
}

/// The channel on which servers over one PostgreSQL wake each other.
pub const WAKE_CHANNEL: &str = "gridweave_wake";

/// Rewrites a statement for an engine: `$n` becomes `?n` on SQLite, `{lock}` and `{skip_locked}`
/// become row locks on PostgreSQL and nothing on SQLite, which has one writer.
pub fn rewrite(text: &str, engine: Engine) -> String {
    match engine {
        Engine::Postgres => {
            text.replace("{lock}", "for update").replace("{skip_locked}", "for update skip locked")
        }
        Engine::Sqlite => text.replace('$', "?").replace("{lock}", "").replace("{skip_locked}", ""),
    }
}

/// Turns the shared text of a migration, written in PostgreSQL's words, into an engine's own.
/// The words it knows: `bigint`, `double precision`, `boolean`, `text`, `code_text` (compared byte
/// by byte), `bytea`; a table's closing line is `);`.
pub fn schema(text: &str, engine: Engine) -> String {
    match engine {
        Engine::Postgres => text.replace("code_text", "text collate \"C\""),
        Engine::Sqlite => text
            .replace("bigint", "integer")
            .replace("double precision", "real")
            .replace("boolean", "integer")
            .replace("bytea", "blob")
            .replace("code_text", "text")
            .replace("\n);", "\n) strict;"),
    }
}

/// The catalogue's list of columns: table, column, in a fixed order.
pub fn columns_query(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "select m.name, c.name from sqlite_schema m join pragma_table_info(m.name) c \
             where m.type = 'table' and m.name not like 'sqlite_%' order by m.name, c.name"
        }
        Engine::Postgres => {
            "select cast(table_name as text), cast(column_name as text) \
             from information_schema.columns where table_schema = current_schema() \
             order by 1, 2"
        }
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(v) => ValueRef::Integer(*v),
            Value::Float(v) => ValueRef::Real(*v),
            Value::Bool(v) => ValueRef::Integer(i64::from(*v)),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
            Value::Bytes(v) => ValueRef::Blob(v),
        }))
    }
}

pub(crate) fn from_sqlite(value: rusqlite::types::ValueRef<'_>) -> Value {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Real(v) => Value::Float(v),
        ValueRef::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
        ValueRef::Blob(v) => Value::Bytes(v.to_vec()),
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Int(v), &Type::INT4) => i32::try_from(*v)?.to_sql(ty, out),
            (Value::Int(v), &Type::FLOAT8) => (*v as f64).to_sql(ty, out),
            (Value::Int(v), _) => v.to_sql(&Type::INT8, out),
            (Value::Float(v), _) => v.to_sql(&Type::FLOAT8, out),
            (Value::Bool(v), _) => v.to_sql(&Type::BOOL, out),
            (Value::Text(v), _) => v.to_sql(&Type::TEXT, out),
            (Value::Bytes(v), _) => v.to_sql(&Type::BYTEA, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

pub(crate) fn from_postgres(row: &postgres::Row) -> Row {
    fn take<'r, T: postgres::types::FromSql<'r>>(
        row: &'r postgres::Row,
        i: usize,
        make: impl FnOnce(T) -> Value,
    ) -> Value {
        row.try_get::<_, Option<T>>(i).ok().flatten().map_or(Value::Null, make)
    }
    let values = row
        .columns()
        .iter()
        .enumerate()
        .map(|(i, column)| match *column.type_() {
            Type::INT8 => take(row, i, Value::Int),
            Type::INT4 => take::<i32>(row, i, |v| Value::Int(i64::from(v))),
            Type::FLOAT8 => take(row, i, Value::Float),
            Type::BOOL => take(row, i, Value::Bool),
            Type::BYTEA => take(row, i, Value::Bytes),
            _ => take(row, i, Value::Text),
        })
        .collect();
    Row(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_differ_only_where_the_engines_do() {
        let text = "select a from t where b = $1 and c = $12 {skip_locked}";
        assert_eq!(rewrite(text, Engine::Sqlite).trim(), "select a from t where b = ?1 and c = ?12");
        assert!(rewrite(text, Engine::Postgres).ends_with("for update skip locked"));
    }

    #[test]
    fn tables_are_strict_on_sqlite() {
        let text = "create table t (\n    a bigint primary key,\n    k code_text\n);";
        assert_eq!(
            schema(text, Engine::Sqlite),
            "create table t (\n    a integer primary key,\n    k text\n) strict;"
        );
        assert!(schema(text, Engine::Postgres).contains("k text collate \"C\""));
    }
}
