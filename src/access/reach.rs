//! The catalogue's reach: the widest that a caller can get of a field, whatever a policy says. Pure.
//!
//! INVARIANT: a decision is never wider than `ceiling`. Policies are asked only for what lies below it.

use crate::catalogue::{Reach, Sharing};
use crate::domain::{MaskRule, Relation, Role, SubjectCategory, Tier};

/// The widest a field can get, from the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ceiling {
    /// Nothing.
    Withheld,
    /// The masked form.
    Masked,
    /// The value.
    Clear,
}

/// All relations, in the order of the tables.
pub(super) const RELATIONS: [Relation; 4] =
    [Relation::None, Relation::Provider, Relation::Subject, Relation::Authorized];

/// All categories of subject, in the order of the tables.
pub(super) const CATEGORIES: [SubjectCategory; 3] =
    [SubjectCategory::Organization, SubjectCategory::IndividualBusiness, SubjectCategory::NaturalPerson];

/// Whether a caller of this role can stand in this relation to a record.
pub fn may_stand(role: Role, relation: Relation) -> bool {
    match relation {
        Relation::None => true,
        Relation::Provider => matches!(role, Role::Department | Role::Coordinator),
        Relation::Subject => role == Role::Subject,
        // A department by an opening in an emergency (break-glass).
        Relation::Authorized => matches!(role, Role::Grantee | Role::Department | Role::Coordinator),
    }
}

/// Whether this role is one of the three that read no credit data at all.
pub(super) fn is_administrator(role: Role) -> bool {
    match role {
        Role::Auditor | Role::SecurityAdmin | Role::SystemAdmin => true,
        Role::Public | Role::Subject | Role::Grantee | Role::Department | Role::Coordinator => false,
    }
}

/// The tier a caller reaches. `purpose` is the tier of its usable purpose; `None` as the answer is no record at all.
///
/// The provider of a record needs a purpose like everybody else: every use of shared data is registered
/// (查询使用登记), the provider's too. What its relation adds is the archive, and items that are not shared.
pub(super) fn reached(role: Role, relation: Relation, purpose: Option<Tier>, sharing: Sharing) -> Option<Tier> {
    let without = Tier::PublicDisclosure;
    match role {
        Role::Auditor | Role::SecurityAdmin | Role::SystemAdmin => None,
        Role::Subject if relation == Relation::Subject => Some(Tier::AuthorizedQuery),
        Role::Grantee if relation == Relation::Authorized => Some(purpose.unwrap_or(without)),
        Role::Public | Role::Subject | Role::Grantee => Some(without),
        Role::Department | Role::Coordinator if relation == Relation::Authorized && sharing != Sharing::NotShared => {
            Some(purpose.unwrap_or(without))
        }
        Role::Department | Role::Coordinator => {
            let shared = sharing != Sharing::NotShared || relation == Relation::Provider;
            let purpose = purpose.filter(|_| shared).unwrap_or(without);
            Some(purpose.min(Tier::GovernmentSharing))
        }
    }
}

/// The relation that counts for a field. What is the subject's alone no authorization and no emergency opens: the caller
/// sees of it what it sees without.
pub(super) fn relation_for(self_only: bool, relation: Relation) -> Relation {
    if self_only && relation == Relation::Authorized { Relation::None } else { relation }
}

/// What the catalogue leaves open of a field to a caller that reaches `tier`.
pub(super) fn ceiling(reach: Reach, tier: Option<Tier>) -> Ceiling {
    let Some(tier) = tier else { return Ceiling::Withheld };
    if reach.tier.is_some_and(|lowest| lowest <= tier) {
        Ceiling::Clear
    } else if reach.mask.is_some() && reach.masked_from.is_some_and(|lowest| lowest <= tier) {
        Ceiling::Masked
    } else {
        Ceiling::Withheld
    }
}

/// The rule that would mask a field under this ceiling, if it may be shown masked at all.
pub(super) fn mask_under(reach: Reach, ceiling: Ceiling) -> Option<MaskRule> {
    reach.mask.filter(|_| ceiling >= Ceiling::Masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Tier = Tier::PublicDisclosure;
    const G: Tier = Tier::GovernmentSharing;
    const A: Tier = Tier::AuthorizedQuery;

    #[test]
    fn the_administrators_reach_no_record_with_or_without_a_purpose() {
        for role in [Role::Auditor, Role::SecurityAdmin, Role::SystemAdmin] {
            assert!(is_administrator(role));
            for relation in RELATIONS {
                assert_eq!(reached(role, relation, Some(A), Sharing::Unconditional), None);
            }
        }
    }

    #[test]
    fn a_department_reaches_sharing_with_a_purpose_and_disclosure_without() {
        for role in [Role::Department, Role::Coordinator] {
            assert_eq!(reached(role, Relation::None, Some(G), Sharing::Conditional), Some(G));
            assert_eq!(reached(role, Relation::None, Some(A), Sharing::Conditional), Some(G), "never further");
            assert_eq!(reached(role, Relation::None, None, Sharing::Unconditional), Some(P));
        }
    }

    #[test]
    fn a_department_reaches_furthest_by_an_opening_alone_and_never_what_is_not_shared() {
        for role in [Role::Department, Role::Coordinator] {
            assert_eq!(reached(role, Relation::Authorized, Some(A), Sharing::Conditional), Some(A));
            assert_eq!(reached(role, Relation::Authorized, Some(A), Sharing::NotShared), Some(P));
            assert_eq!(reached(role, Relation::Authorized, None, Sharing::Unconditional), Some(P));
            assert_eq!(reached(role, Relation::Provider, Some(A), Sharing::Conditional), Some(G));
        }
    }

    #[test]
    fn an_item_that_is_not_shared_goes_to_its_provider_alone() {
        assert_eq!(reached(Role::Department, Relation::None, Some(G), Sharing::NotShared), Some(P));
        assert_eq!(reached(Role::Department, Relation::Provider, Some(G), Sharing::NotShared), Some(G));
        assert_eq!(reached(Role::Department, Relation::Provider, None, Sharing::NotShared), Some(P));
    }

    #[test]
    fn an_authorization_and_ones_own_records_reach_furthest_and_no_other_record_does() {
        assert_eq!(reached(Role::Grantee, Relation::Authorized, Some(A), Sharing::NotShared), Some(A));
        assert_eq!(reached(Role::Grantee, Relation::Authorized, None, Sharing::Conditional), Some(P));
        assert_eq!(reached(Role::Grantee, Relation::None, Some(A), Sharing::Conditional), Some(P));
        assert_eq!(reached(Role::Subject, Relation::Subject, None, Sharing::Conditional), Some(A));
        assert_eq!(reached(Role::Subject, Relation::None, None, Sharing::Conditional), Some(P));
        assert_eq!(reached(Role::Public, Relation::None, None, Sharing::Unconditional), Some(P));
    }

    #[test]
    fn what_is_the_subjects_alone_no_authorization_opens() {
        for tier in [A, G] {
            let reach = Reach { tier: Some(tier), masked_from: None, mask: None };
            let seen = |role, self_only, relation| {
                let relation = relation_for(self_only, relation);
                ceiling(reach, reached(role, relation, Some(A), Sharing::Conditional))
            };
            assert_eq!(seen(Role::Grantee, false, Relation::Authorized), Ceiling::Clear);
            assert_eq!(seen(Role::Grantee, true, Relation::Authorized), Ceiling::Withheld);
            assert_eq!(seen(Role::Subject, true, Relation::Subject), Ceiling::Clear);
            assert_eq!(seen(Role::Department, false, Relation::Authorized), Ceiling::Clear);
            let shared = if tier == G { Ceiling::Clear } else { Ceiling::Withheld };
            assert_eq!(seen(Role::Department, true, Relation::Authorized), shared, "what it sees without");
        }
    }

    #[test]
    fn below_its_tier_a_field_is_masked_from_its_mask_tier_and_withheld_without_a_rule() {
        let reach = Reach { tier: Some(A), masked_from: Some(G), mask: Some(MaskRule::IdStd) };
        assert_eq!(ceiling(reach, Some(P)), Ceiling::Withheld);
        assert_eq!(ceiling(reach, Some(G)), Ceiling::Masked);
        assert_eq!(ceiling(reach, Some(A)), Ceiling::Clear);
        let without_rule = Reach { mask: None, ..reach };
        assert_eq!(ceiling(without_rule, Some(G)), Ceiling::Withheld);
    }

    #[test]
    fn a_field_no_tier_sees_is_clear_to_nobody() {
        let reach = Reach { tier: None, masked_from: None, mask: Some(MaskRule::Secret) };
        assert_eq!(ceiling(reach, Some(A)), Ceiling::Withheld);
    }
}
