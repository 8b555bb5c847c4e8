//! What would change if the policies were read from their folder now: of every field of every item, for every role, purpose,
//! category and standing, what is decided now and what would be then.
//!
//! Deliberately absent: any change. The folder comes into force by SIGHUP or a start, purposes by two voices.

use std::collections::BTreeSet;
use std::sync::Arc;

use strum::IntoEnumIterator as _;

use super::inquiry::Inquiry;
use crate::access::purposes::Purposes;
use crate::access::{Asking, Decider, Decision, Purpose, may_stand};
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
    /// What is decided now.
    pub now: Decision,
    /// What would be.
    pub then: Decision,
}

/// What would change, `most` differences at most; or what is wrong with the folder.
pub fn of(inquiry: &Inquiry, most: usize) -> Result<PolicyDiff, Vec<String>> {
    let gateway = inquiry.gateway();
    let told = |faults: Vec<_>| faults.iter().map(ToString::to_string).collect::<Vec<String>>();
    let then = Decider::load(&gateway.policies, Arc::clone(&gateway.catalogue)).map_err(told)?;
    let ids = |decider: &Decider| decider.policy_ids().into_iter().collect::<BTreeSet<_>>();
    let (old, new) = (ids(&gateway.decider), ids(&then));
    let is_same = gateway.decider.policy_hash() == then.policy_hash();
    let mut found = PolicyDiff {
        is_same,
        hash: then.policy_hash(),
        added: new.difference(&old).cloned().collect(),
        removed: old.difference(&new).cloned().collect(),
        differences: Vec::new(),
        is_cut: false,
    };
    if !is_same {
        compare(&mut found, (&gateway.decider, &then), inquiry, most);
    }
    Ok(found)
}

fn compare(found: &mut PolicyDiff, deciders: (&Decider, &Decider), inquiry: &Inquiry, most: usize) {
    let purposes = [deciders.0.purposes(), deciders.1.purposes()];
    let mut codes: Vec<&Purpose> = purposes.iter().flat_map(Purposes::iter).collect();
    codes.sort_by(|one, other| one.code.cmp(&other.code));
    codes.dedup_by(|one, other| one.code == other.code);
    let department = inquiry.gateway().departments.iter().next().map(|known| known.id.clone());
    for role in Role::iter() {
        let of_role = codes.iter().copied().filter(|purpose| purpose.roles.contains(&role)).map(Some);
        for purpose in std::iter::once(None).chain(of_role) {
            let department = department_for(purpose, department.as_ref());
            let asking = Asking {
                role,
                department: department.filter(|_| matches!(role, Role::Department | Role::Coordinator)),
                organization: (role == Role::Grantee).then_some("organization"),
                purpose: purpose.map(|purpose| purpose.code.as_str()),
                case: purpose.map(|_| "1"),
            };
            for item in inquiry.gateway().catalogue.items() {
                differences(found, deciders, (&asking, inquiry.today()), (item, purpose));
                if found.differences.len() > most {
                    found.differences.truncate(most);
                    found.is_cut = true;
                    return;
                }
            }
        }
    }
}

/// A department that may claim the purpose.
fn department_for<'d>(purpose: Option<&'d Purpose>, any: Option<&'d DepartmentId>) -> Option<&'d DepartmentId> {
    match purpose.map(|purpose| &purpose.departments) {
        Some(crate::access::Departments::Listed(listed)) => listed.first(),
        _ => any,
    }
}

fn differences(
    found: &mut PolicyDiff,
    (now, then): (&Decider, &Decider),
    (asking, today): (&Asking<'_>, Date),
    (item, purpose): (&Item, Option<&Purpose>),
) {
    for &category in &item.head.subject.categories {
        for relation in Relation::iter().filter(|relation| may_stand(asking.role, *relation)) {
            // A purpose that is not there, or not for this role, decides as none does.
            let nothing = Asking { purpose: None, case: None, ..*asking };
            let explain = |decider: &Decider| {
                let row = (category, relation);
                let explained = decider.explain(asking, today, item, row);
                explained.or_else(|_| decider.explain(&nothing, today, item, row)).unwrap_or_default()
            };
            for (old, new) in explain(now).into_iter().zip(explain(then)) {
                if old.decision != new.decision {
                    found.differences.push(Difference {
                        item: item.code.clone(),
                        field: old.field,
                        role: asking.role,
                        purpose: purpose.map(|purpose| purpose.code.clone()),
                        category,
                        relation,
                        now: old.decision,
                        then: new.decision,
                    });
                }
            }
        }
    }
}
