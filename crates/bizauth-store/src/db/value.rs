//! What crosses the seam: parameters and rows, in the few types that both engines share.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bizauth_core::id;
use bizauth_core::secret::Digest;
use bizauth_core::time::Time;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{Error, Result};

/// A parameter or a column. Booleans are 0 and 1, times are integers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// No value.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BYTEA, BLOB.
    Bytes(Vec<u8>),
}

/// A row that outlives its statement. Columns are read by name.
#[derive(Debug)]
pub(crate) struct Row {
    sql: &'static str,
    names: Arc<[Box<str>]>,
    values: Vec<Value>,
    /// Where the next column is looked for first: who reads a row mostly does so in the order of its statement.
    next: AtomicUsize,
}

impl Row {
    /// What `sql` gave: a value for each of the `names`.
    pub(crate) fn new(sql: &'static str, names: Arc<[Box<str>]>, values: Vec<Value>) -> Self {
        Row { sql, names, values, next: AtomicUsize::new(0) }
    }

    /// Every column with its name, in the order of the statement.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.names.iter().map(|name| &**name).zip(&self.values)
    }

    /// The column `name`, or an error that names table and column.
    pub(crate) fn get<T: FromValue>(&self, name: &'static str) -> Result<T> {
        let value = self.position(name).and_then(|i| self.values.get(i));
        value.and_then(T::from_value).ok_or_else(|| Error::Column {
            table: table(self.sql),
            column: name,
            wanted: std::any::type_name::<T>(),
            found: match value {
                None => "no such column",
                Some(Value::Null) => "NULL",
                Some(Value::Int(_)) => "an integer",
                Some(Value::Text(_)) => "text",
                Some(Value::Bytes(_)) => "bytes",
            },
        })
    }

    fn position(&self, name: &str) -> Option<usize> {
        let next = self.next.load(Ordering::Relaxed);
        let (before, after) = self.names.split_at(next.min(self.names.len()));
        let at = |names: &[Box<str>]| names.iter().position(|it| **it == *name);
        let found = at(after).map(|i| i + before.len()).or_else(|| at(before))?;
        self.next.store(found + 1, Ordering::Relaxed);
        Some(found)
    }
}

impl Clone for Row {
    fn clone(&self) -> Self {
        Row::new(self.sql, self.names.clone(), self.values.clone())
    }
}

/// The table that a statement speaks of: the word after its first UPDATE, INTO or FROM.
fn table(sql: &'static str) -> &'static str {
    let mut words = sql.split(|c: char| c.is_whitespace() || c == '(').filter(|w| !w.is_empty());
    words.find(|w| ["UPDATE", "INTO", "FROM"].contains(w));
    words.next().unwrap_or("?")
}

/// A Rust type that a column can become. The newtypes of the domain implement it too.
pub(crate) trait FromValue: Sized {
    /// The value as this type, or `None` if it is of another.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! both_ways {
    ($($rust:ty, $value:ident => $read:expr;)*) => {$(
        impl FromValue for $rust {
            fn from_value(value: &Value) -> Option<Self> {
                let Value::$value(v) = value else { return None };
                $read(v)
            }
        }
        impl From<$rust> for Value {
            fn from(v: $rust) -> Value {
                Value::$value(v.into())
            }
        }
    )*};
}

both_ways! {
    i64, Int => |v: &i64| Some(*v);
    bool, Int => |v: &i64| Some(*v != 0);
    String, Text => |v: &String| Some(v.clone());
    [u8; 32], Bytes => |v: &Vec<u8>| v.as_slice().try_into().ok();
    Vec<u8>, Bytes => |v: &Vec<u8>| Some(v.clone());
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl FromValue for Digest {
    fn from_value(value: &Value) -> Option<Self> {
        FromValue::from_value(value).map(Digest)
    }
}

impl From<Digest> for Value {
    fn from(digest: Digest) -> Value {
        digest.0.into()
    }
}

macro_rules! integers {
    ($($name:path => $read:expr, $write:expr;)*) => {$(
        impl FromValue for $name {
            fn from_value(value: &Value) -> Option<Self> {
                i64::from_value(value).map($read)
            }
        }

        impl From<$name> for Value {
            fn from(it: $name) -> Value {
                Value::Int($write(it))
            }
        }
    )*};
}

integers! {
    Time => Time::from_millis, |it: Time| it.millis();
    id::AppId => id::AppId, |it: id::AppId| it.0;
    id::KeyId => id::KeyId, |it: id::KeyId| it.0;
    id::UserId => id::UserId, |it: id::UserId| it.0;
    id::AppUserId => id::AppUserId, |it: id::AppUserId| it.0;
    id::HoldingId => id::HoldingId, |it: id::HoldingId| it.0;
    id::PendingId => id::PendingId, |it: id::PendingId| it.0;
    id::ConsentId => id::ConsentId, |it: id::ConsentId| it.0;
    id::CodeId => id::CodeId, |it: id::CodeId| it.0;
    id::TokenId => id::TokenId, |it: id::TokenId| it.0;
    id::SessionId => id::SessionId, |it: id::SessionId| it.0;
    id::DeviceId => id::DeviceId, |it: id::DeviceId| it.0;
    id::WebhookId => id::WebhookId, |it: id::WebhookId| it.0;
    id::DeliveryId => id::DeliveryId, |it: id::DeliveryId| it.0;
    id::OperatorKeyId => id::OperatorKeyId, |it: id::OperatorKeyId| it.0;
    id::InvitationId => id::InvitationId, |it: id::InvitationId| it.0;
    id::RequestId => id::RequestId, |it: id::RequestId| it.0;
    id::ImportId => id::ImportId, |it: id::ImportId| it.0;
    id::LoginStepId => id::LoginStepId, |it: id::LoginStepId| it.0;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl Value {
    /// Its type on PostgreSQL, where no statement says it.
    pub(super) fn kind(&self) -> Type {
        match self {
            Value::Int(_) => Type::INT8,
            Value::Null | Value::Text(_) => Type::TEXT,
            Value::Bytes(_) => Type::BYTEA,
        }
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(v) => ValueRef::Integer(*v),
            Value::Text(v) => ValueRef::Text(v.as_bytes()),
            Value::Bytes(v) => ValueRef::Blob(v),
        }))
    }
}

impl rusqlite::types::FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(v) => Value::Int(v),
            ValueRef::Text(_) => Value::Text(value.as_str()?.to_owned()),
            ValueRef::Blob(v) => Value::Bytes(v.to_owned()),
            ValueRef::Real(_) => return Err(rusqlite::types::FromSqlError::InvalidType),
        })
    }
}

type Unfit = Box<dyn StdError + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Unfit> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            // `_checked`: a value that does not fit the column's type must be an error, not bytes it may misread.
            Value::Int(v) => v.to_sql_checked(ty, out),
            Value::Text(v) => v.to_sql_checked(ty, out),
            Value::Bytes(v) => v.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Unfit> {
        match *ty {
            Type::INT8 => i64::from_sql(ty, raw).map(Value::Int),
            // What a literal or a comparison in a select list comes out as.
            Type::INT4 => i32::from_sql(ty, raw).map(|v| Value::Int(v.into())),
            Type::BOOL => bool::from_sql(ty, raw).map(|v| Value::Int(v.into())),
            Type::TEXT => String::from_sql(ty, raw).map(Value::Text),
            _ => Vec::from_sql(ty, raw).map(Value::Bytes),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Unfit> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::BOOL, Type::TEXT, Type::BYTEA].contains(ty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let names = ["a", "b", "c"].map(Box::from).into();
        let row = Row::new("SELECT a, b, c FROM t", names, vec![Value::Int(1), Value::Int(2), Value::Int(3)]);
        for (name, value) in [("a", 1), ("b", 2), ("c", 3), ("c", 3), ("a", 1), ("c", 3), ("b", 2), ("a", 1)] {
            assert_eq!(row.get::<i64>(name).unwrap(), value);
            assert_eq!(row.clone().get::<i64>(name).unwrap(), value);
        }
        assert!(matches!(
            row.get::<i64>("d"),
            Err(Error::Column { table: "t", column: "d", found: "no such column", .. })
        ));
        assert_eq!(row.get::<i64>("b").unwrap(), 2);
    }
}
