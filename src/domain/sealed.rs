//! What the store holds of a private value: an envelope, and the place it belongs to.
//!
//! The envelope's layout and the associated data that binds it to its place are the business of `crypto`.

use super::{ItemCode, RecordId};

/// The bytes of one sealed value.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope(Vec<u8>);

impl Envelope {
    /// Wraps the bytes of an envelope.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Envelope({} bytes)", self.0.len())
    }
}

/// Where a sealed value belongs. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The division whose database it is, such as `370500`.
    pub division: &'a str,
    /// The catalogue item.
    pub item: &'a ItemCode,
    /// The field's GraphQL name.
    pub field: &'a str,
    /// The record.
    pub record: RecordId,
    /// The record's version: an old ciphertext of the same record must not open.
    pub version: i64,
}

/// The sealed fields of one record, by field name, as one column holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedFields(Vec<(String, Envelope)>);

impl SealedFields {
    /// Adds a field.
    pub fn insert(&mut self, field: &str, envelope: Envelope) {
        self.0.push((field.to_owned(), envelope));
    }

    /// The envelope of a field.
    pub fn get(&self, field: &str) -> Option<&Envelope> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, envelope)| envelope)
    }

    /// All fields, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Envelope)> {
        self.0.iter().map(|(name, envelope)| (name.as_str(), envelope))
    }

    /// The column: for each field u8 length, name, u32be length, envelope.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, Envelope(envelope)) in &self.0 {
            bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&u32::try_from(envelope.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(envelope);
        }
        bytes
    }

    /// Reads the column. `None` when the bytes are not such a column.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while let Some((&length, rest)) = bytes.split_first() {
            let (name, rest) = rest.split_at_checked(usize::from(length))?;
            let (length, rest) = rest.split_first_chunk::<4>()?;
            let (envelope, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
            fields.push((std::str::from_utf8(name).ok()?.to_owned(), Envelope(envelope.to_vec())));
            bytes = rest;
        }
        Some(Self(fields))
    }
}
