//! Running statements on a connection.

use rusqlite::{
    Connection, Error, ErrorCode, Row, ffi, params_from_iter,
    types::{ToSql, ToSqlOutput, Value, ValueRef},
};

use crate::{
    exchange::ports::{CommitError, Read, StoreError},
    store::{
        cell::{Cell, Columns, Held, RowReader},
        decode::FromRow,
        steps::{Expect, Step},
    },
};

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
        })
    }
}

/// Runs one step of a commit.
pub(super) fn step(connection: &Connection, step: &Step) -> Result<(), CommitError> {
    let failed = |error: &Error| refused(step, error);
    let mut statement = connection.prepare_cached(step.sql).map_err(|e| failed(&e))?;
    let answer = match &step.expect {
        Expect::Any => {
            statement.execute(params_from_iter(&step.cells)).map_err(|e| failed(&e))?;
            None
        }
        Expect::OneRow(otherwise) => {
            let changed = statement.execute(params_from_iter(&step.cells)).map_err(|e| failed(&e))?;
            (changed != 1).then_some(otherwise)
        }
        Expect::Found(otherwise) => {
            let found = statement.exists(params_from_iter(&step.cells)).map_err(|e| failed(&e))?;
            (!found).then_some(otherwise)
        }
        Expect::NotFound(otherwise) => {
            let found = statement.exists(params_from_iter(&step.cells)).map_err(|e| failed(&e))?;
            found.then_some(otherwise)
        }
    };
    answer.map_or(Ok(()), |refusal| Err(refusal.clone()))
}

/// What a failed step means. The engine's own words name tables and columns at most, never values.
fn refused(step: &Step, error: &Error) -> CommitError {
    let Error::SqliteFailure(failure, _) = error else {
        return unavailable(error);
    };
    if failure.code != ErrorCode::ConstraintViolation {
        return unavailable(error);
    }
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => step.on_unique.clone(),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
            CommitError::Unavailable(format!("{}: a row that it refers to is not there yet", step.what))
        }
        _ => CommitError::Unavailable(format!("{}: its table refuses the row", step.what)),
    }
}

/// An engine's failure as the answer to a commit.
pub(super) fn unavailable(error: &Error) -> CommitError {
    CommitError::Unavailable(error.to_string())
}

/// A failed read within a commit.
pub(super) fn unreadable(error: &StoreError) -> CommitError {
    CommitError::Unavailable(error.to_string())
}

/// All rows that a question finds.
pub(super) fn rows<T: FromRow>(connection: &Connection, sql: &str, cells: &[Cell]) -> Read<Vec<T>> {
    let failed = |error: Error| StoreError::Unavailable(error.to_string());
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let mut found = statement.query(params_from_iter(cells)).map_err(failed)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(failed)? {
        rows.push(T::read(&mut RowReader::new(T::TABLE, row))?);
    }
    Ok(rows)
}

/// The first row that a question finds.
pub(super) fn row<T: FromRow>(connection: &Connection, sql: &str, cells: &[Cell]) -> Read<Option<T>> {
    rows(connection, sql, cells).map(|rows| rows.into_iter().next())
}

impl Columns for Row<'_> {
    fn at(&self, column: usize) -> Option<Held<'_>> {
        Some(match self.get_ref(column).ok()? {
            ValueRef::Null => Held::Null,
            ValueRef::Integer(value) => Held::Int(value),
            ValueRef::Text(bytes) => Held::Text(std::str::from_utf8(bytes).ok()?),
            ValueRef::Blob(bytes) => Held::Blob(bytes),
            ValueRef::Real(_) => return None,
        })
    }
}
