//! The decisions for one item under one caller profile, and how they are made.

use std::sync::Arc;

use super::head::HeadField;
use super::profile::{Profile, Right};
use super::question::{Action, Target};
use super::reach::{CATEGORIES, Ceiling, RELATIONS, ceiling, may_stand, reached, relation_for};
use super::rules::{Column, Rules, Settled, Shown};
use super::{Decision, Withheld};
use crate::catalogue::Item;
use crate::domain::{Relation, Role, SubjectCategory, Tier};

/// The decisions for one item under one caller profile. Made by the decider, cached, shared.
#[derive(Debug)]
pub struct ItemTable {
    /// `[category][relation]`
    rows: [[Arc<Row>; 4]; 3],
    /// `[field]` whether it may be filtered on by a caller without a relation.
    filterable: Vec<bool>,
    /// The categories of subject that occur in the item.
    categories: Vec<SubjectCategory>,
}

/// The decisions for one category of subject and one relation.
#[derive(Debug)]
pub(super) struct Row {
    /// `[field]`
    fields: Vec<Settled>,
    /// `[head field]`
    head: Vec<Decision>,
    /// `[field]` whether some valid authorization could open it.
    authorizable: Vec<bool>,
    /// Whether any field is clear or masked.
    opens: bool,
}

impl Row {
    /// The decision for a field and the policies that made it.
    pub(super) fn field(&self, at: usize) -> Option<&Settled> {
        self.fields.get(at)
    }

    /// The decision for a head field; withheld when the row shows nothing.
    pub(super) fn head(&self, head: HeadField) -> Decision {
        self.head.get(head.position()).copied().unwrap_or(Decision::Withheld(Withheld::BeyondReach))
    }

    /// Whether some valid authorization could open a field.
    pub(super) fn authorizable(&self, at: usize) -> bool {
        self.authorizable.get(at).copied().unwrap_or(false)
    }

    /// Whether any field is clear or masked.
    pub(super) fn opens(&self) -> bool {
        self.opens
    }
}

impl ItemTable {
    /// Decides every field of `item`.
    pub(super) fn decide(rules: &Rules, profile: &Profile, item: &Item) -> Self {
        let rows = CATEGORIES.map(|category| rows(rules, profile, item, category));
        let mut table = Self { rows, filterable: Vec::new(), categories: categories(item) };
        table.filterable = (0..item.fields.len()).map(|at| table.filterable_now(rules, profile, item, at)).collect();
        table
    }

    /// The row for a category and a relation.
    pub(super) fn row(&self, category: SubjectCategory, relation: Relation) -> &Row {
        let [organization, business, person] = &self.rows;
        let [none, provider, subject, authorized] = match category {
            SubjectCategory::Organization => organization,
            SubjectCategory::IndividualBusiness => business,
            SubjectCategory::NaturalPerson => person,
        };
        match relation {
            Relation::None => none,
            Relation::Provider => provider,
            Relation::Subject => subject,
            Relation::Authorized => authorized,
        }
    }

    /// The categories of subject that occur in the item.
    pub(super) fn categories(&self) -> &[SubjectCategory] {
        &self.categories
    }

    /// Whether a field may be filtered on by a caller without a relation.
    pub(super) fn filterable(&self, at: usize) -> bool {
        self.filterable.get(at).copied().unwrap_or(false)
    }

    fn filterable_now(&self, rules: &Rules, profile: &Profile, item: &Item, at: usize) -> bool {
        let Some(field) = item.fields.get(at).filter(|field| field.indexed) else { return false };
        let mut met = self.categories.iter().filter(|&&category| self.row(category, Relation::None).opens()).peekable();
        let asker = &profile.right().asker;
        met.peek().is_some()
            && met.all(|&category| {
                let row = self.row(category, Relation::None);
                let facts = rules.facts(&Shown { item, column: Column::Field(field), category });
                row.field(at).is_some_and(|settled| settled.decision == Decision::Clear)
                    && rules.ask(asker, Action::Filter, Target::Field(facts, Relation::None)).allowed
            })
    }
}

/// The categories that an item says occur in it; all when it says nothing.
pub(super) fn categories(item: &Item) -> Vec<SubjectCategory> {
    let named = &item.head.subject.categories;
    if named.is_empty() { CATEGORIES.to_vec() } else { named.clone() }
}

fn rows(rules: &Rules, profile: &Profile, item: &Item, category: SubjectCategory) -> [Arc<Row>; 4] {
    let without = Arc::new(row(rules, profile, (item, category), Relation::None));
    RELATIONS.map(|relation| {
        if relation == Relation::None || !may_stand(profile.key().role, relation) {
            Arc::clone(&without)
        } else {
            Arc::new(row(rules, profile, (item, category), relation))
        }
    })
}

fn row(rules: &Rules, profile: &Profile, about: (&Item, SubjectCategory), relation: Relation) -> Row {
    let (item, category) = about;
    let settle = |column| settle(rules, profile, &Shown { item, column, category }, relation);
    let fields: Vec<Settled> = item.fields.iter().map(|field| settle(Column::Field(field))).collect();
    let closed = closed(&fields);
    let head = HeadField::ALL.map(|head| {
        if let Some(reason) = closed {
            return Decision::Withheld(reason);
        }
        let own = settle(Column::Head(head)).decision;
        match head.source(item).and_then(|(at, _)| fields.get(at)).map(|source| source.decision) {
            None | Some(Decision::Clear) => own,
            Some(Decision::Masked(_)) => Decision::Withheld(Withheld::BeyondReach),
            Some(withheld @ Decision::Withheld(_)) => withheld,
        }
    });
    let authorizable = |field| {
        let shown = Shown { item, column: Column::Field(field), category };
        // As the role would see it with an authorization, or as a body with one would where the role has none.
        let role = Some(profile.key().role).filter(|&role| may_stand(role, Relation::Authorized));
        let relation = relation_for(shown.self_only(), Relation::Authorized);
        let tier = reached(role.unwrap_or(Role::Grantee), relation, Some(Tier::AuthorizedQuery), item.sharing);
        ceiling(shown.reach(), tier) != Ceiling::Withheld
    };
    let authorizable = item.fields.iter().map(authorizable).collect();
    Row { fields, head: head.to_vec(), authorizable, opens: closed.is_none() }
}

/// Why a record of which nothing is shown shows no head column either; `None` when something is shown.
fn closed(fields: &[Settled]) -> Option<Withheld> {
    if fields.iter().any(|settled| settled.decision.is_open()) {
        return None;
    }
    let wanting = Decision::Withheld(Withheld::PurposeRequired);
    let wanting = fields.iter().any(|settled| settled.decision == wanting);
    Some(if wanting { Withheld::PurposeRequired } else { Withheld::BeyondReach })
}

/// Decides a column; a column that a purpose would open is withheld for want of it.
fn settle(rules: &Rules, profile: &Profile, shown: &Shown<'_>, relation: Relation) -> Settled {
    let decide = |right: &Right| rules.decide(&right.asker, right.tier, shown, relation);
    let mut settled = decide(profile.right());
    if !settled.decision.is_open() && profile.pending().iter().any(|right| decide(right).decision.is_open()) {
        settled.decision = Decision::Withheld(Withheld::PurposeRequired);
    }
    settled
}
