//! A caller profile and the tables decided under it, one per item, each decided when it is first needed.
//!
//! INVARIANT: neither a subject nor an authorization is in a profile. They are relations, tested per record.

use std::sync::{Arc, OnceLock};

use super::purposes::Purpose;
use super::question::{Action, Asker, Target};
use super::reach::is_administrator;
use super::rules::Rules;
use super::table::ItemTable;
use super::{PurposeNotAllowed, Standing};
use crate::authentication::Caller;
use crate::catalogue::Item;
use crate::domain::{Date, DepartmentId, PurposeCode, Role, Tier};

/// Who asks, as far as decisions depend on it. Only `Decider::permit` opens data, and it takes a `Caller`.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The role.
    pub role: Role,
    /// The department of a `DEPARTMENT` or `COORDINATOR`.
    pub department: Option<&'a DepartmentId>,
    /// The organization code of a `GRANTEE`.
    pub organization: Option<&'a str>,
    /// The declared purpose, unchecked.
    pub purpose: Option<&'a str>,
    /// The declared case number, unchecked.
    pub case: Option<&'a str>,
}

impl<'a> From<&'a Caller> for Asking<'a> {
    fn from(caller: &'a Caller) -> Self {
        let claims = caller.claims();
        Self {
            role: caller.role(),
            department: claims.department.as_ref(),
            organization: claims.organization.as_deref(),
            purpose: caller.declared_purpose(),
            case: caller.case(),
        }
    }
}

/// What came of the declared purpose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Declared {
    /// None was declared.
    Nothing,
    /// One was declared that needs a case number, and there is none.
    WithoutCase(PurposeCode),
    /// It is usable.
    Usable(PurposeCode),
}

/// All that the cached tables depend on, beside the rules that hold the cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ProfileKey {
    pub(super) role: Role,
    pub(super) department: Option<DepartmentId>,
    pub(super) organization: Option<String>,
    pub(super) declared: Declared,
    pub(super) today: Date,
}

impl ProfileKey {
    /// Checks the declared purpose.
    pub(super) fn new(rules: &Rules, asking: &Asking<'_>, today: Date) -> Result<Self, PurposeNotAllowed> {
        let declared = match asking.purpose {
            None => Declared::Nothing,
            Some(code) => {
                let purpose = rules.purposes().get(code).ok_or(PurposeNotAllowed::Unknown)?;
                if !purpose.claimable(asking.role, asking.department, today) {
                    return Err(PurposeNotAllowed::NotClaimable);
                }
                let code = purpose.code.clone();
                if purpose.usable_with(asking.case) { Declared::Usable(code) } else { Declared::WithoutCase(code) }
            }
        };
        Ok(Self {
            role: asking.role,
            department: asking.department.cloned(),
            organization: asking.organization.map(str::to_owned),
            declared,
            today,
        })
    }

    /// The usable purpose.
    pub(super) fn purpose(&self) -> Option<&PurposeCode> {
        match &self.declared {
            Declared::Usable(code) => Some(code),
            Declared::Nothing | Declared::WithoutCase(_) => None,
        }
    }
}

/// A right that the caller has, or would have: how the policies see it, and how far its purpose reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Right {
    pub(super) asker: Arc<Asker>,
    pub(super) tier: Option<Tier>,
}

/// One caller profile under one set of rules.
#[derive(Debug)]
pub(super) struct Profile {
    key: ProfileKey,
    right: Right,
    /// The rights it would have with a purpose and case number that it may declare and did not.
    pending: Vec<Right>,
    is_break_glass: bool,
    lookup_by_purpose: bool,
    lookup_by_grant: bool,
    tables: Vec<OnceLock<ItemTable>>,
}

impl Profile {
    /// Settles what does not depend on an item.
    pub(super) fn new(rules: &Rules, key: ProfileKey) -> Self {
        let right = |purpose: Option<&Purpose>| Right {
            asker: rules.asker(&key, purpose),
            tier: purpose.map(|purpose| purpose.tier),
        };
        let claimable = || {
            rules.purposes().iter().filter(|purpose| purpose.claimable(key.role, key.department.as_ref(), key.today))
        };
        let usable = key.purpose().and_then(|code| rules.purposes().get(code.as_str()));
        let declarable = |purpose: &&Purpose| match &key.declared {
            Declared::Usable(_) => false,
            Declared::Nothing => true,
            Declared::WithoutCase(code) => purpose.code == *code,
        };
        // Purposes that the policies do not tell apart are one right.
        let mut pending: Vec<Right> = Vec::new();
        for other in claimable().filter(declarable).map(|purpose| right(Some(purpose))) {
            if !pending.contains(&other) {
                pending.push(other);
            }
        }
        let right = right(usable);
        let allows_lookup = usable.is_some_and(|purpose| purpose.allows_lookup);
        let lookup = |granted| rules.ask(&right.asker, Action::Lookup, Target::Register { granted }).allowed;
        Self {
            is_break_glass: usable.is_some_and(|purpose| purpose.break_glass.is_some()),
            lookup_by_purpose: allows_lookup
                && matches!(key.role, Role::Department | Role::Coordinator)
                && lookup(false),
            lookup_by_grant: usable.is_some() && key.role == Role::Grantee && lookup(true),
            tables: rules.catalogue().items().iter().map(|_| OnceLock::new()).collect(),
            key,
            right,
            pending,
        }
    }

    pub(super) fn key(&self) -> &ProfileKey {
        &self.key
    }

    pub(super) fn right(&self) -> &Right {
        &self.right
    }

    pub(super) fn pending(&self) -> &[Right] {
        &self.pending
    }

    /// Whether the usable purpose is one for emergencies.
    pub(super) fn is_break_glass(&self) -> bool {
        self.is_break_glass
    }

    /// Whether persons may be looked up by citizen number.
    pub(super) fn may_look_up(&self, standing: &Standing) -> bool {
        self.lookup_by_purpose || (self.lookup_by_grant && standing.grant.is_some())
    }

    /// The table of an item; `None` for an item of another catalogue and for those who read no credit data.
    pub(super) fn table(&self, rules: &Rules, item: &Item) -> Option<&ItemTable> {
        if is_administrator(self.key.role) {
            return None;
        }
        let slot = self.tables.get(rules.position(item)?)?;
        Some(slot.get_or_init(|| ItemTable::decide(rules, self, item)))
    }
}
