//! The permit: for every item, field, category of subject and relation, what this caller gets.
//!
//! INVARIANT: a `Permit` and a `Cell` are made in this room alone; a record's value reaches a response only
//! through a `Cell`, whatever path led to the record.

use std::sync::Arc;

use crate::catalogue::Item;
use crate::domain::{AuthorizationId, DepartmentId, Disclosure, MaskRule, PurposeCode, SubjectCategory, SubjectId};

/// Why a value is withheld. The outside learns a code, the ledger the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Withheld {
    /// No policy permits it: `FIELD_WITHHELD`.
    BeyondReach,
    /// It would be in reach with a purpose (and case number): `PURPOSE_REQUIRED`.
    PurposeRequired,
    /// It would be in reach with a valid authorization, and the one named is not: `AUTHORIZATION_INVALID`.
    AuthorizationInvalid,
}

/// What a caller gets of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The value as it is.
    Clear,
    /// The value masked by a rule.
    Masked(MaskRule),
    /// Nothing.
    Withheld(Withheld),
}

impl Decision {
    /// The word for it in the contract.
    pub fn disclosure(self) -> Disclosure {
        match self {
            Self::Clear => Disclosure::Clear,
            Self::Masked(_) => Disclosure::Masked,
            Self::Withheld(_) => Disclosure::Withheld,
        }
    }
}

/// One decision for one field of one item: what opening and showing a value need.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'p> {
    item: &'p Item,
    field: usize,
    decision: Decision,
}

impl<'p> Cell<'p> {
    /// A cell as a test wants it.
    #[cfg(test)]
    pub(crate) fn for_test(item: &'p Item, field: usize, decision: Decision) -> Self {
        Self { item, field, decision }
    }

    /// The item the decision is for.
    pub fn item(&self) -> &'p Item {
        self.item
    }

    /// The field the decision is for.
    pub fn field(&self) -> &'p crate::catalogue::Field {
        // INVARIANT: `field` is a position in `item.fields`; only `Permit::cell` sets it.
        &self.item.fields[self.field]
    }

    /// The decision.
    pub fn decision(&self) -> Decision {
        self.decision
    }
}

/// What must be known of a record before any of its fields is decided.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'r> {
    /// The subject.
    pub subject: SubjectId,
    /// The subject's category.
    pub category: SubjectCategory,
    /// The department that provided the record, when it is a known one.
    pub provider: Option<&'r DepartmentId>,
}

/// The caller's own part of a permit: tested per record, never part of a cache key.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The subject whose own view this is.
    pub subject: Option<SubjectId>,
    /// The caller's department.
    pub department: Option<DepartmentId>,
    /// A valid authorization named by the request.
    pub grant: Option<Grant>,
    /// The request named an authorization that is not valid.
    pub authorization_refused: bool,
}

/// A valid authorization: it opens cells for its subject alone.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id.
    pub id: AuthorizationId,
    /// The subject that granted it.
    pub subject: SubjectId,
    /// The purpose it is for.
    pub purpose: PurposeCode,
    /// Item codes it covers, each with the fields it covers; an empty list of fields covers the whole item.
    pub items: Vec<(crate::domain::ItemCode, Vec<String>)>,
}

impl Grant {
    /// Whether it covers a field of an item; `field` is `None` for the item as such.
    pub fn covers(&self, item: &Item, field: Option<&str>) -> bool {
        self.items.iter().any(|(code, fields)| {
            *code == item.code && (fields.is_empty() || field.is_none_or(|field| fields.iter().any(|f| f == field)))
        })
    }
}

/// The decisions for one item under one caller profile. Made by the decider, cached, shared.
#[derive(Debug)]
pub struct ItemTable {
    /// `[category][relation][field]`.
    pub(super) cells: [[Vec<Decision>; 4]; 3],
    /// `[category][field]` whether the field may be filtered on without a relation.
    pub(super) filterable: [Vec<bool>; 3],
    /// `[category][relation][field]` the ids of the policies that decided.
    pub(super) policies: [[Vec<Vec<Arc<str>>>; 4]; 3],
}

/// Which records of an item are within a caller's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Current, and public today.
    Published,
    /// Current, and shared today.
    Shared,
    /// All, with their state.
    Archive,
    /// None.
    Closed,
}

/// What one caller may see: tables decided under its profile, and its own standing.
#[derive(Clone, Debug)]
pub struct Permit {
    standing: Standing,
}
