//! One field's value, read by the field's type.

use serde_json::Value as Json;

use crate::catalogue::FieldType;
use crate::domain::Date;
use crate::domain::text::{Decimal, clean, is_absent, parse_date, parse_decimal};

use super::problem::{Reason, ValueClass};
use super::reader::CellKind;
use super::sheet::date_of_serial;

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Date(Date),
    Decimal(Decimal),
    Integer(i32),
    Boolean(bool),
    List(Vec<String>),
}

impl Value {
    /// Reads cleaned, present text.
    pub(super) fn read(data_type: FieldType, text: &str, kind: CellKind) -> Result<Self, (Reason, ValueClass)> {
        match data_type {
            FieldType::Text => Ok(Self::Text(text.to_owned())),
            FieldType::Date => {
                let serial = (kind == CellKind::Number).then(|| date_of_serial(text)).flatten();
                let date = serial.map_or_else(|| parse_date(text), Ok);
                date.map(Self::Date).map_err(|_| (Reason::InvalidDate, ValueClass::Date))
            }
            FieldType::Decimal => parse_decimal(text)
                .ok()
                .filter(|number| !number.is_negative())
                .map(Self::Decimal)
                .ok_or((Reason::InvalidNumber, ValueClass::Number)),
            FieldType::Integer => {
                text.parse().map(Self::Integer).map_err(|_| (Reason::InvalidNumber, ValueClass::Number))
            }
            FieldType::Boolean => match text.to_ascii_lowercase().as_str() {
                "1" | "是" | "true" | "y" | "yes" => Ok(Self::Boolean(true)),
                "0" | "否" | "false" | "n" | "no" => Ok(Self::Boolean(false)),
                _ => Err((Reason::InvalidWord, ValueClass::Word)),
            },
            FieldType::TextList => Ok(Self::List(parts(text).collect())),
        }
    }

    /// As it stands in the plain column: dates and decimals as text.
    pub(super) fn json(&self) -> Json {
        match self {
            Self::Integer(number) => Json::from(*number),
            Self::Boolean(value) => Json::from(*value),
            Self::List(parts) => Json::from(parts.as_slice()),
            Self::Text(_) | Self::Date(_) | Self::Decimal(_) => Json::from(self.text()),
        }
    }

    /// As it is sealed.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Date(date) => date.to_string(),
            Self::Decimal(number) => number.as_str().to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::List(parts) => parts.join(";"),
        }
    }

    /// The elements to be indexed.
    pub(super) fn elements(&self) -> Vec<String> {
        match self {
            Self::List(parts) => parts.clone(),
            other => vec![other.text()],
        }
    }

    pub(super) fn date(&self) -> Option<Date> {
        if let Self::Date(date) = self { Some(*date) } else { None }
    }

    /// Whether it is a number above zero.
    pub(super) fn is_positive(&self) -> bool {
        match self {
            Self::Decimal(number) => !number.is_zero(),
            Self::Integer(number) => *number > 0,
            Self::Text(_) | Self::Date(_) | Self::Boolean(_) | Self::List(_) => false,
        }
    }
}

/// The parts of a joined cell, each cleaned, empty ones left out.
fn parts(text: &str) -> impl Iterator<Item = String> {
    text.split([';', '；']).map(clean).filter(|part| !is_absent(part))
}
