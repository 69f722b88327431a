//! The values that travel to and from a statement.

/// A value of one of the six types that both engines share.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// Text; JSON is text.
    Text(String),
    /// Bytes; geometry is WKB.
    Bytes(Vec<u8>),
}

impl Value {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Int(_) => "integer",
            Value::Float(_) => "float",
            Value::Bool(_) => "bool",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
        }
    }
}

macro_rules! from {
    ($($ty:ty, $v:ident => $make:expr;)*) => {$(
        impl From<$ty> for Value {
            fn from($v: $ty) -> Self {
                $make
            }
        }
    )*};
}
from! {
    i64, v => Value::Int(v);
    i32, v => Value::Int(i64::from(v));
    u32, v => Value::Int(i64::from(v));
    usize, v => Value::Int(i64::try_from(v).unwrap_or(i64::MAX));
    f64, v => Value::Float(v);
    bool, v => Value::Bool(v);
    &str, v => Value::Text(v.to_owned());
    String, v => Value::Text(v);
    &String, v => Value::Text(v.clone());
    Vec<u8>, v => Value::Bytes(v);
    &[u8], v => Value::Bytes(v.to_vec());
    gridweave_core::TimeMs, v => Value::Int(v.0);
    gridweave_core::DivisionCode, v => Value::Int(v.number());
    gridweave_core::CellCode, v => Value::Int(v.number());
    &gridweave_core::CaseNo, v => Value::Text(v.0.clone());
    &gridweave_core::AccountId, v => Value::Text(v.0.clone());
    &gridweave_core::PlaceId, v => Value::Text(v.0.clone());
    &gridweave_core::PlanId, v => Value::Text(v.0.clone());
    &gridweave_core::CorrectionId, v => Value::Text(v.0.clone());
    &gridweave_core::EditId, v => Value::Text(v.0.clone());
    &gridweave_core::PersonId, v => Value::Text(v.0.clone());
    &gridweave_core::OrganisationId, v => Value::Text(v.0.clone());
    &gridweave_core::TieId, v => Value::Text(v.0.clone());
    &gridweave_core::SignalId, v => Value::Text(v.0.clone());
    &gridweave_core::CaseId, v => Value::Text(v.0.clone());
    &gridweave_core::TaskId, v => Value::Text(v.0.clone());
    &gridweave_core::VisitId, v => Value::Text(v.0.clone());
    &gridweave_core::FileId, v => Value::Text(v.0.clone());
    &gridweave_core::ImportId, v => Value::Text(v.0.clone());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Self {
        option.map_or(Value::Null, Into::into)
    }
}
