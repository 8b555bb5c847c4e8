//! The columns that every record has, as fields of their own: they stand in the tables under `_head`.
//!
//! A column that an item takes from one of its fields is never wider than that field.

use crate::catalogue::{Field, Item, Reach};
use crate::domain::{DataClass, SubjectCategory, Tier};

/// A column that every record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
pub enum HeadField {
    /// The link to the subject. Of a natural person it is personal: with it the public could join masked records.
    Subject,
    /// Who provided the record.
    Provider,
    /// The date of the decision, the listing or the event.
    DecidedOn,
    /// The last day of publication, computed from that date.
    PublishedUntil,
    /// Where the record stands in its life.
    State,
    /// Notes such as an objection under way.
    Annotations,
}

impl HeadField {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 6] =
        [Self::Subject, Self::Provider, Self::DecidedOn, Self::PublishedUntil, Self::State, Self::Annotations];

    /// Its GraphQL name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Its position in the tables.
    pub(super) fn position(self) -> usize {
        self as usize
    }

    pub(super) fn class(self, category: SubjectCategory) -> DataClass {
        if self.tier(category) == Tier::PublicDisclosure { DataClass::Plain } else { DataClass::Personal }
    }

    pub(super) fn reach(self, category: SubjectCategory) -> Reach {
        Reach { tier: Some(self.tier(category)), masked_from: None, mask: None }
    }

    /// The item's field that it is taken from.
    pub(super) fn source(self, item: &Item) -> Option<(usize, &Field)> {
        let name = match self {
            Self::Provider => item.head.provider_name.as_deref(),
            Self::DecidedOn | Self::PublishedUntil => item.head.decided_on.as_deref(),
            Self::Subject | Self::State | Self::Annotations => None,
        };
        name.and_then(|name| item.field(name))
    }

    fn tier(self, category: SubjectCategory) -> Tier {
        match (self, category) {
            (Self::Subject, SubjectCategory::NaturalPerson) => Tier::GovernmentSharing,
            _ => Tier::PublicDisclosure,
        }
    }
}
