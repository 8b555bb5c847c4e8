//! The permit: for every item, field, category of subject and relation, what this caller gets.
//!
//! INVARIANT: a `Permit` and a `Cell` are made in this room alone; a record's value reaches a response only
//! through a `Cell`, whatever path led to the record.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::case::{self, CaseAction, CasePermit, Concern};
use super::head::HeadField;
use super::profile::Profile;
use super::reach::reached;
use super::rules::Rules;
use super::table::ItemTable;
use crate::catalogue::{Item, Sharing};
use crate::domain::{
    DepartmentId, Disclosure, MaskRule, PurposeCode, Relation, Role, SubjectCategory, SubjectId, Tier,
};

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
    /// Whether there is anything to see.
    pub fn is_open(self) -> bool {
        match self {
            Self::Clear | Self::Masked(_) => true,
            Self::Withheld(_) => false,
        }
    }

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
    #[expect(clippy::indexing_slicing, reason = "a position outside the item is a fault of the program: stop there")]
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
    /// Whether the record lies outside the window that the caller has without its authorization. Then what the
    /// authorization leaves out is withheld, published or not in other records, and showing anything takes a use.
    pub by_authorization: bool,
}

impl Facts<'_> {
    /// Those of a record to which nobody stands in any relation.
    pub fn unrelated(category: SubjectCategory) -> Self {
        // No record has this id, so neither own view nor authorization holds.
        Self { subject: SubjectId::new([0; 16]), category, provider: None, by_authorization: false }
    }
}

/// The caller's own part of a permit: tested per record, never part of a cache key.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The subject whose own view this is.
    pub subject: Option<SubjectId>,
    /// The caller's department. The decider takes it from the caller, whatever is written here.
    pub department: Option<DepartmentId>,
    /// A valid authorization named by the request, or a department's opening in an emergency.
    pub grant: Option<Grant>,
    /// The request named an authorization that is not valid.
    pub authorization_refused: bool,
}

/// A valid authorization, or an opening in an emergency: it opens cells for its subject alone.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id, sixteen bytes.
    pub id: [u8; 16],
    /// The subject whose records it opens.
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
    rules: Arc<Rules>,
    profile: Arc<Profile>,
    standing: Standing,
}

impl Permit {
    /// INVARIANT: called by the decider alone, with a standing that it has trimmed to the caller's role and purpose.
    pub(super) fn new(rules: Arc<Rules>, profile: Arc<Profile>, standing: Standing) -> Self {
        Self { rules, profile, standing }
    }

    /// The caller's role.
    pub fn role(&self) -> Role {
        self.profile.key().role
    }

    /// The usable purpose: registered, the caller's to claim, with its case number where it needs one.
    pub fn purpose(&self) -> Option<&PurposeCode> {
        self.profile.key().purpose()
    }

    /// Whether the usable purpose is one for emergencies (break-glass).
    pub fn is_break_glass(&self) -> bool {
        self.profile.is_break_glass()
    }

    /// The furthest tier that the caller reaches for any record; `None` for the three administrators.
    pub fn tier(&self) -> Option<Tier> {
        let relation = match (&self.standing.grant, self.standing.subject) {
            (Some(_), _) => Relation::Authorized,
            (None, Some(_)) => Relation::Subject,
            (None, None) => Relation::None,
        };
        reached(self.role(), relation, self.profile.right().tier, Sharing::Unconditional)
    }

    /// SHA-256 over the policy files, the schema and the purposes that decided.
    pub fn policy_hash(&self) -> &[u8; 32] {
        self.rules.hash()
    }

    /// The caller's own part, after checking: a grant that the purpose does not fit is no longer in it.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Whether a natural person may be looked up by citizen number. With a grant, the answer is for its subject alone.
    pub fn may_look_up(&self) -> bool {
        self.profile.may_look_up(&self.standing)
    }

    /// The right to do `action` with a case of the joint work that the caller stands to as `concern` says; `None` = it has none.
    pub fn case(&self, action: CaseAction, concern: Concern) -> Option<CasePermit> {
        case::decide(&self.rules, &self.profile.right().asker, action, concern)
    }

    /// How the caller stands to a record.
    pub fn relation(&self, item: &Item, facts: &Facts<'_>) -> Relation {
        let standing = &self.standing;
        if standing.subject == Some(facts.subject) {
            return Relation::Subject;
        }
        if standing.grant.as_ref().is_some_and(|grant| grant.subject == facts.subject && grant.covers(item, None)) {
            return Relation::Authorized;
        }
        if standing.department.is_some() && standing.department.as_ref() == facts.provider {
            return Relation::Provider;
        }
        Relation::None
    }

    /// The decision for the field at `field`, a position in `item.fields`.
    pub fn cell<'p>(&self, item: &'p Item, field: usize, facts: &Facts<'_>) -> Cell<'p> {
        Cell { item, field, decision: self.decided(item, field, facts) }
    }

    /// The decision for a column that every record has.
    pub fn head_cell(&self, item: &Item, head: HeadField, facts: &Facts<'_>) -> Decision {
        let beyond = Decision::Withheld(Withheld::BeyondReach);
        let Some(table) = self.table(item) else { return beyond };
        let mut relation = self.relation(item, facts);
        if let Some((field, _)) = head.source(item) {
            if self.leaves_out(item, field, facts) {
                return beyond;
            }
            relation = self.covered(item, field, relation);
        }
        table.row(facts.category, relation).head(head)
    }

    /// What the caller gets of a field of some record of this category to which it has no relation: for showing the
    /// reach before any record is asked for. It opens nothing.
    pub fn preview(&self, item: &Item, field: usize, category: SubjectCategory) -> Decision {
        self.decision(item, field, (category, Relation::None))
    }

    /// Whether any field of a record is clear or masked. When none is, the record does not exist for the caller.
    pub fn opens(&self, item: &Item, facts: &Facts<'_>) -> bool {
        if facts.by_authorization {
            return self.authorization_opens(item, facts.category);
        }
        self.row_opens(item, facts.category, self.relation(item, facts))
    }

    /// Whether it is the authorization that lets a field be seen, or be seen clearer: such a reading uses it up.
    pub fn opened_by_authorization(&self, item: &Item, field: usize, facts: &Facts<'_>) -> bool {
        let with = self.decided(item, field, facts);
        let differs = || with != self.decision(item, field, (facts.category, Relation::None));
        self.relation(item, facts) == Relation::Authorized && with.is_open() && (facts.by_authorization || differs())
    }

    /// Which records of an item are within the caller's window when they have these facts. An authorization that opens
    /// nothing of such a record widens no window.
    pub fn window_of(&self, item: &Item, facts: &Facts<'_>) -> Window {
        match self.relation(item, facts) {
            Relation::Authorized if !self.authorization_opens(item, facts.category) => {
                self.window(item, Relation::None)
            }
            relation => self.window(item, relation),
        }
    }

    /// Which records of an item are within the caller's window when it stands to them in this relation.
    pub fn window(&self, item: &Item, relation: Relation) -> Window {
        let stands = relation == Relation::None || self.relations(item).any(|own| own == relation);
        let relation = if stands { relation } else { Relation::None };
        let opens = |category: &SubjectCategory| match relation {
            Relation::Authorized => self.authorization_opens(item, *category),
            Relation::None | Relation::Provider | Relation::Subject => self.row_opens(item, *category, relation),
        };
        if !self.table(item).is_some_and(|table| table.categories().iter().any(opens)) {
            return if relation == Relation::Authorized { self.window(item, Relation::None) } else { Window::Closed };
        }
        let tier = reached(self.role(), relation, self.profile.right().tier, item.sharing);
        match (relation, tier) {
            (_, None) => Window::Closed,
            (Relation::Subject, Some(Tier::AuthorizedQuery)) | (Relation::Provider, Some(Tier::GovernmentSharing)) => {
                Window::Archive
            }
            (_, Some(Tier::PublicDisclosure)) => Window::Published,
            (_, Some(Tier::GovernmentSharing | Tier::AuthorizedQuery)) => Window::Shared,
        }
    }

    /// Whether records of an item may be found by the value of the field at `field`: it is indexed, and clear in every
    /// record that the caller can meet, by whatever relation. Otherwise it must be refused as if it did not exist.
    pub fn may_filter(&self, item: &Item, field: usize) -> bool {
        let Some(table) = self.table(item) else { return false };
        let widened = || self.window(item, Relation::Authorized) != self.window(item, Relation::None);
        if self.standing.grant.is_some() && !self.grants(item, field) && widened() {
            // It is withheld in the records that the authorization alone opens.
            return false;
        }
        let clear_where_met = |relation: Relation| {
            table.categories().iter().all(|&category| {
                !self.row_opens(item, category, relation)
                    || self.decision(item, field, (category, relation)) == Decision::Clear
            })
        };
        table.filterable(field) && self.relations(item).all(clear_where_met)
    }

    /// The ids of the policies that decided: the permits where something is shown, the forbids where a policy forbade;
    /// none where no policy permits it or the catalogue leaves nothing open.
    pub fn policies(&self, item: &Item, field: usize, facts: &Facts<'_>) -> &[Arc<str>] {
        if self.leaves_out(item, field, facts) {
            return &[];
        }
        let relation = self.covered(item, field, self.relation(item, facts));
        let settled = self.table(item).and_then(|table| table.row(facts.category, relation).field(field));
        settled.map_or(&[], |settled| &settled.policies)
    }

    /// SHA-256 over who asks for what: role, department, organization, purpose, own subject, authorization. The same on
    /// every day and under every version of the policies, so that a cursor can be bound to it.
    pub fn profile_hash(&self) -> [u8; 32] {
        let key = self.profile.key();
        let subject = self.standing.subject.map(|subject| *subject.bytes());
        let grant = self.standing.grant.as_ref().map(|grant| grant.id);
        let parts: [Option<&[u8]>; 6] = [
            Some(key.role.name().as_bytes()),
            key.department.as_ref().map(|department| department.as_str().as_bytes()),
            key.organization.as_deref().map(str::as_bytes),
            key.purpose().map(|purpose| purpose.as_str().as_bytes()),
            subject.as_ref().map(<[u8; 16]>::as_slice),
            grant.as_ref().map(<[u8; 16]>::as_slice),
        ];
        let mut hasher = Sha256::new();
        for part in parts {
            let length = part.map_or(u64::MAX, |part| u64::try_from(part.len()).unwrap_or(u64::MAX));
            hasher.update(length.to_be_bytes());
            hasher.update(part.unwrap_or_default());
        }
        hasher.finalize().into()
    }

    fn table(&self, item: &Item) -> Option<&ItemTable> {
        self.profile.table(&self.rules, item)
    }

    /// Whether the caller's authorization covers the field at `field`.
    fn grants(&self, item: &Item, field: usize) -> bool {
        let name = item.fields.get(field).map(|field| field.name.as_str());
        name.is_some() && self.standing.grant.as_ref().is_some_and(|grant| grant.covers(item, name))
    }

    /// Whether a record is there by the authorization alone, and the authorization leaves the field out.
    fn leaves_out(&self, item: &Item, field: usize, facts: &Facts<'_>) -> bool {
        facts.by_authorization && !self.grants(item, field)
    }

    /// Whether the authorization opens a field that it covers in records about this category of subject.
    fn authorization_opens(&self, item: &Item, category: SubjectCategory) -> bool {
        (0..item.fields.len()).any(|field| {
            self.grants(item, field) && self.decision(item, field, (category, Relation::Authorized)).is_open()
        })
    }

    /// The relation as far as this field goes: an authorization that leaves the field out is none.
    fn covered(&self, item: &Item, field: usize, relation: Relation) -> Relation {
        match relation {
            Relation::Authorized if !self.grants(item, field) => Relation::None,
            Relation::None | Relation::Provider | Relation::Subject | Relation::Authorized => relation,
        }
    }

    fn decided(&self, item: &Item, field: usize, facts: &Facts<'_>) -> Decision {
        if self.leaves_out(item, field, facts) {
            return Decision::Withheld(Withheld::BeyondReach);
        }
        self.decision(item, field, (facts.category, self.relation(item, facts)))
    }

    fn decision(&self, item: &Item, field: usize, row: (SubjectCategory, Relation)) -> Decision {
        let (category, relation) = row;
        let beyond = Decision::Withheld(Withheld::BeyondReach);
        let Some(table) = self.table(item) else { return beyond };
        let row = table.row(category, self.covered(item, field, relation));
        let decision = row.field(field).map_or(beyond, |settled| settled.decision);
        if decision == beyond && self.authorization_failed(item) && row.authorizable(field) {
            return Decision::Withheld(Withheld::AuthorizationInvalid);
        }
        decision
    }

    /// Whether the request named an authorization that is invalid, or that is for other items.
    fn authorization_failed(&self, item: &Item) -> bool {
        let standing = &self.standing;
        standing.authorization_refused || standing.grant.as_ref().is_some_and(|grant| !grant.covers(item, None))
    }

    fn row_opens(&self, item: &Item, category: SubjectCategory, relation: Relation) -> bool {
        if relation != Relation::Authorized {
            return self.table(item).is_some_and(|table| table.row(category, relation).opens());
        }
        // An authorization opens the fields it covers, the others stand as without it.
        (0..item.fields.len()).any(|field| self.decision(item, field, (category, relation)).is_open())
    }

    /// The relations beside none in which the caller can meet records of an item.
    fn relations(&self, item: &Item) -> impl Iterator<Item = Relation> {
        let standing = &self.standing;
        let granted = standing.grant.as_ref().is_some_and(|grant| grant.covers(item, None));
        [
            standing.subject.map(|_| Relation::Subject),
            granted.then_some(Relation::Authorized),
            standing.department.as_ref().map(|_| Relation::Provider),
        ]
        .into_iter()
        .flatten()
    }
}
