//! The scalars of the contract, parsed at the door: a value that reaches a resolver is what it says.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use super::error::Code;
use crate::domain::identifier;
use crate::domain::{self, Instant};

fn refuse<T: async_graphql::InputType>(message: impl std::fmt::Display) -> InputValueError<T> {
    InputValueError::custom(message).with_extension("code", Code::BadUserInput.name())
}

/// A calendar date in Asia/Shanghai, ISO 8601: `2026-11-23`.
#[derive(Clone, Copy, Debug)]
pub struct Date(pub domain::Date);

/// A calendar date in Asia/Shanghai, ISO 8601: `2026-11-23`.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text.parse().map(Self).map_err(|_| refuse("write a date as 2026-11-23")),
            _ => Err(refuse("a date is a string such as \"2026-11-23\"")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An instant in UTC, RFC 3339: `2026-11-23T08:15:30.000000Z`.
#[derive(Clone, Copy, Debug)]
pub struct DateTime(pub Instant);

/// An instant in UTC, RFC 3339: `2026-11-23T08:15:30.000000Z`.
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                Instant::parse_rfc3339(text).map(Self).ok_or_else(|| refuse("write an instant as 2026-11-23T08:15:30Z"))
            }
            _ => Err(refuse("an instant is a string such as \"2026-11-23T08:15:30Z\"")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.rfc3339())
    }
}

/// A unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters, the check character is verified.
#[derive(Clone, Debug)]
pub struct Uscc(pub identifier::Uscc);

/// A unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters, the check character is verified.
#[Scalar]
impl ScalarType for Uscc {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => identifier::Uscc::parse(text).map(Self).map_err(|fault| {
                refuse(format!("not a unified social credit code ({fault}): compare it with the certificate"))
            }),
            _ => Err(refuse("a unified social credit code is a string")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.as_str().to_owned())
    }
}

/// A citizen number (公民身份号码, GB 11643): 18 characters, or the 15 of old. For input only, never an output.
#[derive(Clone)]
pub struct CitizenNumber(pub identifier::CitizenNumber);

/// A citizen number (公民身份号码, GB 11643): 18 characters, or the 15 of old. For input only, never an output.
#[Scalar]
impl ScalarType for CitizenNumber {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => identifier::CitizenNumber::parse(text).map(Self).map_err(refuse),
            _ => Err(refuse("a citizen number is a string")),
        }
    }

    fn to_value(&self) -> Value {
        // It is printed for nobody; the trait asks for a value that default arguments would have.
        Value::Null
    }
}

/// A decimal number with its digits kept, as a string: `"12.500000"`.
#[derive(Clone, Debug)]
pub struct Decimal(pub String);

/// A decimal number with its digits kept, as a string: `"12.500000"`.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if !text.is_empty() && text.bytes().all(|byte| b"0123456789.-".contains(&byte)) => {
                Ok(Self(text))
            }
            _ => Err(refuse("write a decimal number as a string such as \"12.5\"")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
