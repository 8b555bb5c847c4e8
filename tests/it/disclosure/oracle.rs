//! What the three tiers say, written down apart from the code under test: from the catalogue's own facts, the tier a
//! caller counts to, and nothing else.

use chengxin::catalogue::{Field, Item, Sharing};
use chengxin::domain::{MaskRule, SubjectCategory, Tier};
use chengxin::masking;
use serde_json::{Value, json};

use super::world::Row;

/// What a caller gets of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Clear,
    Masked(MaskRule),
    /// Null, with one error of this code for the field.
    Withheld(&'static str),
}

/// What opens a record to a caller. What is the subject's alone stays as it is without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A subject's authorization.
    Authorization,
    /// An opening in an emergency: what is not shared stays shut too.
    Emergency,
}

/// How a caller stands to one record.
#[derive(Clone, Copy, Debug)]
pub struct Stands {
    /// The tier it counts to; `None` for who reads no record at all.
    pub tier: Option<Tier>,
    /// The tier it would count to with something that it did not bring, and the code that says so.
    pub pending: Option<(Tier, &'static str)>,
    /// Whether it comes by something that opens what is shut otherwise.
    pub by: Option<By>,
    /// The one field of each item that the authorization covers, in quarters of the item's length; all when absent.
    pub covers: Option<usize>,
    /// Whether it is a department that provided the record.
    pub provides: bool,
    /// Whether it sees records whose periods are over.
    pub archive: bool,
}

impl Stands {
    /// At a tier, without anything else.
    pub const fn at(tier: Option<Tier>) -> Self {
        Self { tier, pending: None, by: None, covers: None, provides: false, archive: false }
    }

    fn at_tier(&self, item: &Item, field: &Field, category: SubjectCategory, tier: Tier) -> Option<Due> {
        let reach = field.reach(category);
        let is_department = tier == Tier::GovernmentSharing || self.by == Some(By::Emergency);
        let is_shared = item.sharing != Sharing::NotShared || self.provides;
        let tier = if is_department && !is_shared { Tier::PublicDisclosure } else { tier };
        if reach.tier.is_some_and(|lowest| lowest <= tier) {
            return Some(Due::Clear);
        }
        let rule = reach.mask.filter(|_| reach.masked_from.is_some_and(|lowest| lowest <= tier));
        rule.map(Due::Masked)
    }

    /// What this caller gets of a field of a record.
    pub fn due(&self, item: &Item, field: &Field, category: SubjectCategory) -> Due {
        if self.covers.is_some_and(|quarter| field_at(item, quarter).name != field.name) {
            let is_published = item.publication != "none";
            let openly = self.at_tier(item, field, category, Tier::PublicDisclosure).filter(|_| is_published);
            return openly.unwrap_or(Due::Withheld("FIELD_WITHHELD"));
        }
        let alone = |tier: Tier| match self.by.filter(|_| field.self_only) {
            Some(By::Authorization) => Tier::PublicDisclosure,
            Some(By::Emergency) => tier.min(Tier::GovernmentSharing),
            None => tier,
        };
        let tier = self.tier.map(alone);
        if let Some(due) = tier.and_then(|tier| self.at_tier(item, field, category, tier)) {
            return due;
        }
        let pending = self.pending.filter(|(tier, _)| *tier != Tier::AuthorizedQuery || !field.self_only);
        match pending {
            Some((tier, code)) if self.at_tier(item, field, category, tier).is_some() => Due::Withheld(code),
            _ => Due::Withheld("FIELD_WITHHELD"),
        }
    }

    /// Whether the record exists for this caller. All records of the test data are within both periods; those of
    /// items that are never published have only the one of sharing.
    pub fn meets(&self, row: &Row) -> bool {
        let Some(tier) = self.tier else { return false };
        let is_open = |field: &Field| !matches!(self.due(&row.item, field, row.category), Due::Withheld(_));
        // An authorization that opens nothing of a record widens no window.
        let opens = self.covers.is_none_or(|quarter| is_open(field_at(&row.item, quarter)));
        let is_published = row.item.publication != "none";
        let is_within = (tier != Tier::PublicDisclosure && opens) || is_published || self.archive;
        is_within && row.item.fields.iter().any(is_open)
    }
}

impl Stands {
    /// Whether the record says whom it is about: of natural persons from government sharing on.
    pub fn knows_subject(&self, row: &Row) -> bool {
        let is_person = row.category == SubjectCategory::NaturalPerson;
        !is_person || self.tier.is_some_and(|tier| tier > Tier::PublicDisclosure)
    }
}

/// The field of an item at 0 to 4 quarters of its length.
pub fn field_at(item: &Item, quarter: usize) -> &Field {
    &item.fields[(item.fields.len() - 1) * quarter / 4]
}

/// The value that stands in the answer.
pub fn value(row: &Row, field: &Field, due: Due) -> Value {
    let Some(shown) = row.shown.get(&field.name) else { return Value::Null };
    match due {
        Due::Withheld(_) => Value::Null,
        Due::Masked(rule) => json!(masking::apply(rule, &row.sent[&field.name])),
        Due::Clear if field.scanned => json!(masking::apply(MaskRule::TextScan, &row.sent[&field.name])),
        Due::Clear => shown.clone(),
    }
}
