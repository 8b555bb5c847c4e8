//! Names of things: 16-byte ids (UUIDv7) of what the platform makes, short codes of what policies define.

use std::fmt;

macro_rules! uuid_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Wraps the bytes of a UUIDv7.
            pub const fn new(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The sixteen bytes.
            pub const fn bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Reads the sixteen bytes of a database column.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), uuid::Uuid::from_bytes(self.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                uuid::Uuid::from_bytes(self.0).fmt(formatter)
            }
        }
    };
}

uuid_id!(
    /// A credit subject.
    SubjectId
);
uuid_id!(
    /// A record of any catalogue item.
    RecordId
);
uuid_id!(
    /// An authorization granted by a subject.
    AuthorizationId
);
uuid_id!(
    /// An opening of one subject's records in an emergency.
    BreakGlassId
);
uuid_id!(
    /// A case of the joint work: a joint action, an objection, a repair.
    CaseId
);
uuid_id!(
    /// One measure of a joint action in one implementing department.
    AssignmentId
);
uuid_id!(
    /// An event: a step that is told to one receiver.
    EventId
);
uuid_id!(
    /// A webhook: where a receiver wants its events sent.
    WebhookId
);
uuid_id!(
    /// A batch of imported rows.
    BatchId
);

macro_rules! code {
    ($(#[$meta:meta])* $name:ident, $what:literal, $allowed:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Reads a code; `None` when a character is not allowed or the text is empty or over 64 characters.
            pub fn parse(text: &str) -> Option<Self> {
                let allowed: fn(char) -> bool = $allowed;
                (!text.is_empty() && text.len() <= 64 && text.chars().all(allowed)).then(|| Self(text.to_owned()))
            }

            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text)
                    .ok_or_else(|| serde::de::Error::custom(format!(concat!("`{}` is not ", $what), text)))
            }
        }
    };
}

code!(
    /// The code of a catalogue item, such as `administrative-penalty`.
    ItemCode,
    "an item code (lower-case letters, digits and hyphens)",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
);
code!(
    /// The id of a partner department, such as `AMR`.
    DepartmentId,
    "a department id (upper-case letters, digits and hyphens)",
    |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'
);
code!(
    /// The code of a registered purpose, such as `licence-review`.
    PurposeCode,
    "a purpose code (lower-case letters, digits and hyphens)",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
);
code!(
    /// The code of a measure of reward or punishment, such as `RESTRICT_MARKET_ACCESS`.
    MeasureCode,
    "a measure code (upper-case letters, digits and underscores)",
    |c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
);
