//! What would change if the policies were read from their folder now: of every field of every item, for every role, purpose,
//! category and standing, what is decided now and what would be then.
//!
//! Deliberately absent: any change. The folder comes into force by SIGHUP or a start, purposes by two voices.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use strum::IntoEnumIterator as _;

use super::inquiry::Inquiry;
use crate::access::purposes::Purposes;
use crate::access::{Asking, Decider, Decision, Departments, Explained, may_stand};
use crate::catalogue::Item;
use crate::domain::{Date, DepartmentId, ItemCode, PurposeCode, Relation, Role, SubjectCategory};

/// What would change.
#[derive(Clone, Debug)]
pub struct PolicyDiff {
    /// Whether the folder holds what is in force.
    pub is_same: bool,
    /// SHA-256 over the folder's policies.
    pub hash: [u8; 32],
    /// Policies that are not in force.
    pub added: Vec<String>,
    /// Policies that would not be in force any more.
    pub removed: Vec<String>,
    /// Policies that would read otherwise. What they decide of the steps of cases and of look-ups is not worked out here.
    pub changed: Vec<String>,
    /// Purposes that would be there, be gone, or be otherwise: roles, departments, case, look-up, tier, time, emergencies.
    pub purposes: Vec<PurposeCode>,
    /// What would be decided otherwise.
    pub differences: Vec<Difference>,
    /// Whether there are more of these.
    pub is_cut: bool,
}

/// A field that would be decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The item.
    pub item: ItemCode,
    /// The field.
    pub field: String,
    /// For whom.
    pub role: Role,
    /// For which purpose.
    pub purpose: Option<PurposeCode>,
    /// Of subjects of this category.
    pub category: SubjectCategory,
    /// Standing so to the record.
    pub relation: Relation,
    /// Whether a case number is given.
    pub with_case: bool,
    /// What is decided now, and whether records are found by it.
    pub now: (Decision, bool),
    /// What would be.
    pub then: (Decision, bool),
}

/// What would change, `most` differences at most; or what is wrong with the folder.
pub fn of(inquiry: &Inquiry, most: usize) -> Result<PolicyDiff, Vec<String>> {
    let gateway = inquiry.gateway();
    let told = |faults: Vec<_>| faults.iter().map(ToString::to_string).collect::<Vec<String>>();
    let then = Decider::load(&gateway.policies, Arc::clone(&gateway.catalogue)).map_err(told)?;
    let (old, new) = (gateway.decider.policy_texts(), then.policy_texts());
    let not_in = |some: &Texts, others: &Texts| some.keys().filter(|id| !others.contains_key(*id)).cloned().collect();
    let is_same = gateway.decider.policy_hash() == then.policy_hash();
    let mut found = PolicyDiff {
        is_same,
        hash: then.policy_hash(),
        added: not_in(&new, &old),
        removed: not_in(&old, &new),
        changed: old
            .iter()
            .filter(|(id, text)| new.get(*id).is_some_and(|new| new != *text))
            .map(|(id, _)| id.clone())
            .collect(),
        purposes: changed_purposes(&gateway.decider.purposes(), &then.purposes()),
        differences: Vec::new(),
        is_cut: false,
    };
    if !is_same {
        compare(&mut found, (&gateway.decider, &then), inquiry, most);
    }
    Ok(found)
}

type Texts = BTreeMap<String, String>;

fn changed_purposes(now: &Purposes, then: &Purposes) -> Vec<PurposeCode> {
    let codes: BTreeSet<&PurposeCode> = now.iter().chain(then.iter()).map(|purpose| &purpose.code).collect();
    codes.into_iter().filter(|code| now.get(code.as_str()) != then.get(code.as_str())).cloned().collect()
}

/// A way to ask: with a purpose or none, with a case or none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    role: Role,
    department: Option<DepartmentId>,
    purpose: Option<PurposeCode>,
    with_case: bool,
}

/// Every way to ask that either list of purposes opens: for each purpose one department that may claim it now, one that may
/// then, and any other.
fn ways(purposes: [&Purposes; 2], any: Option<&DepartmentId>) -> BTreeSet<Way> {
    let mut ways: BTreeSet<Way> =
        Role::iter().map(|role| Way { role, department: any.cloned(), purpose: None, with_case: false }).collect();
    for purpose in purposes.into_iter().flat_map(Purposes::iter) {
        let listed = match &purpose.departments {
            Departments::All => Vec::new(),
            // One of each list: departments that stand in the same lists are decided alike.
            Departments::Listed(listed) => listed.iter().collect(),
        };
        for role in &purpose.roles {
            for department in listed.iter().copied().chain(any) {
                for with_case in [false, true] {
                    let (department, code) = (Some(department.clone()), Some(purpose.code.clone()));
                    ways.insert(Way { role: *role, department, purpose: code, with_case });
                }
            }
        }
    }
    ways
}

fn compare(found: &mut PolicyDiff, deciders: (&Decider, &Decider), inquiry: &Inquiry, most: usize) {
    let purposes = [deciders.0.purposes(), deciders.1.purposes()];
    let any = inquiry.gateway().departments.iter().next().map(|known| known.id.clone());
    let mut seen = BTreeSet::new();
    for way in ways(purposes.each_ref(), any.as_ref()) {
        let is_official = matches!(way.role, Role::Department | Role::Coordinator);
        let asking = Asking {
            role: way.role,
            department: way.department.as_ref().filter(|_| is_official),
            organization: (way.role == Role::Grantee).then_some("organization"),
            purpose: way.purpose.as_ref().map(PurposeCode::as_str),
            case: way.with_case.then_some("1"),
        };
        for item in inquiry.gateway().catalogue.items() {
            for difference in differences(deciders, (&asking, inquiry.today()), (item, &way)) {
                // Departments that are decided alike are told of once.
                if seen.insert(format!("{difference:?}")) {
                    found.differences.push(difference);
                }
            }
            if found.differences.len() > most {
                found.differences.truncate(most);
                found.is_cut = true;
                return;
            }
        }
    }
}

fn differences(
    (now, then): (&Decider, &Decider),
    (asking, today): (&Asking<'_>, Date),
    (item, way): (&Item, &Way),
) -> Vec<Difference> {
    let mut found = Vec::new();
    for &category in &item.head.subject.categories {
        for relation in Relation::iter().filter(|relation| may_stand(asking.role, *relation)) {
            // A purpose that is not there, or not for this caller, decides as none does.
            let nothing = Asking { purpose: None, case: None, ..*asking };
            let explain = |decider: &Decider| {
                let row = (category, relation);
                let explained = decider.explain(asking, today, item, row);
                explained.or_else(|_| decider.explain(&nothing, today, item, row)).unwrap_or_default()
            };
            let difference = |(old, new): (Explained, Explained)| {
                let (now, then) = ((old.decision, old.filterable), (new.decision, new.filterable));
                (now != then).then(|| Difference {
                    item: item.code.clone(),
                    field: old.field,
                    role: way.role,
                    purpose: way.purpose.clone(),
                    with_case: way.with_case,
                    category,
                    relation,
                    now,
                    then,
                })
            };
            found.extend(explain(now).into_iter().zip(explain(then)).filter_map(difference));
        }
    }
    found
}
