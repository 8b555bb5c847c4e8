//! Who sees what of the small catalogue under the shipped policies: each rule with its refusal beside it.

use std::sync::Arc;

use super::fixture::{ME, ORG, OTHER, PERSON, TODAY, Who, catalogue, shipped, who};
use super::{Decider, Decision, Facts, HeadField, Permit, PurposeNotAllowed, Window, Withheld};
use crate::catalogue::{Catalogue, Item};
use crate::domain::{DepartmentId, MaskRule, Relation, Role, SubjectCategory, SubjectId, Tier};
use strum::IntoEnumIterator;

const CLEAR: Decision = Decision::Clear;
const BEYOND: Decision = Decision::Withheld(Withheld::BeyondReach);
const WANTING: Decision = Decision::Withheld(Withheld::PurposeRequired);
const INVALID: Decision = Decision::Withheld(Withheld::AuthorizationInvalid);
const ID_STD: Decision = Decision::Masked(MaskRule::IdStd);
const NAME: Decision = Decision::Masked(MaskRule::Name);

struct Stage {
    catalogue: Arc<Catalogue>,
    decider: Decider,
}

fn stage() -> Stage {
    let catalogue = catalogue();
    Stage { decider: Decider::load(&shipped(), Arc::clone(&catalogue)).unwrap(), catalogue }
}

impl Stage {
    fn item(&self, code: &str) -> &Item {
        self.catalogue.item_by_text(code).unwrap()
    }

    /// What `who` gets of `item.field` of a record of `subject`, provided by nobody known.
    fn sees(&self, who: &Who, path: &str, subject: (SubjectId, SubjectCategory)) -> Decision {
        self.sees_of(&who.permit(&self.decider), path, &facts(subject))
    }

    fn sees_of(&self, permit: &Permit, path: &str, facts: &Facts<'_>) -> Decision {
        let (item, field) = path.split_once('.').unwrap();
        let item = self.item(item);
        permit.cell(item, item.field(field).unwrap().0, facts).decision()
    }

    fn filters(&self, who: &Who, path: &str) -> bool {
        let (item, field) = path.split_once('.').unwrap();
        let item = self.item(item);
        who.permit(&self.decider).may_filter(item, item.field(field).unwrap().0)
    }
}

fn facts<'r>((subject, category): (SubjectId, SubjectCategory)) -> Facts<'r> {
    Facts { subject, category, provider: None, by_authorization: false }
}

fn officer() -> Who {
    who(Role::Department).asking_for("joint-punishment-check")
}

fn bank() -> Who {
    who(Role::Grantee).asking_for("loan-review")
}

#[test]
fn the_public_sees_what_is_published_and_nothing_else() {
    let stage = stage();
    let public = who(Role::Public);
    assert_eq!(stage.sees(&public, "penalty.decisionNo", (OTHER, ORG)), CLEAR);
    assert_eq!(stage.sees(&public, "penalty.remark", (OTHER, ORG)), BEYOND);
    assert_eq!(stage.sees(&public, "penalty.certificateNo", (OTHER, ORG)), BEYOND);
    assert_eq!(stage.sees(&public, "penalty.decisionNo", (OTHER, PERSON)), BEYOND, "a natural person's record");
    assert_eq!(stage.sees(&public, "debtor.name", (OTHER, PERSON)), NAME, "a list that law orders to publish");
}

#[test]
fn a_record_without_an_open_field_does_not_exist() {
    let stage = stage();
    let public = who(Role::Public).permit(&stage.decider);
    assert!(public.opens(stage.item("penalty"), &facts((OTHER, ORG))));
    assert!(!public.opens(stage.item("penalty"), &facts((OTHER, PERSON))));
    assert!(!public.opens(stage.item("belief"), &facts((OTHER, PERSON))));
    assert_eq!(public.window(stage.item("belief"), Relation::None), Window::Closed);
}

#[test]
fn a_department_with_a_purpose_sees_what_is_shared() {
    let stage = stage();
    for who in [officer(), who(Role::Coordinator).asking_for("joint-punishment-check")] {
        assert_eq!(stage.sees(&who, "penalty.remark", (OTHER, ORG)), CLEAR);
        assert_eq!(stage.sees(&who, "penalty.certificateNo", (OTHER, ORG)), ID_STD);
        assert_eq!(stage.sees(&who, "penalty.name", (OTHER, PERSON)), NAME);
        assert_eq!(stage.sees(&who, "penalty.informer", (OTHER, ORG)), BEYOND);
        assert_eq!(stage.sees(&who, "belief.belief", (OTHER, PERSON)), BEYOND);
    }
}

#[test]
fn without_a_purpose_a_department_is_the_public_and_told_what_is_wanting() {
    let stage = stage();
    let without = who(Role::Department);
    assert_eq!(stage.sees(&without, "penalty.decisionNo", (OTHER, ORG)), CLEAR);
    assert_eq!(stage.sees(&without, "penalty.remark", (OTHER, ORG)), WANTING);
    assert_eq!(stage.sees(&without, "penalty.certificateNo", (OTHER, ORG)), WANTING);
    assert_eq!(stage.sees(&without, "penalty.informer", (OTHER, ORG)), BEYOND, "no purpose opens it");
    assert_eq!(stage.sees(&without, "debtor.name", (OTHER, PERSON)), NAME, "masked for the public stays masked");
    assert_eq!(without.permit(&stage.decider).tier(), Some(Tier::PublicDisclosure));
}

#[test]
fn a_purpose_that_needs_a_case_number_opens_only_with_one() {
    let stage = stage();
    let reviewing = who(Role::Department).asking_for("licence-review");
    assert_eq!(stage.sees(&reviewing, "penalty.remark", (OTHER, ORG)), WANTING);
    assert_eq!(stage.sees(&reviewing.clone().on_case(" "), "penalty.remark", (OTHER, ORG)), WANTING);
    assert_eq!(reviewing.permit(&stage.decider).purpose(), None);
    let on_case = reviewing.on_case("370500-2026-17");
    assert_eq!(stage.sees(&on_case, "penalty.remark", (OTHER, ORG)), CLEAR);
    assert_eq!(on_case.permit(&stage.decider).purpose().unwrap().as_str(), "licence-review");
}

#[test]
fn a_purpose_that_is_unknown_or_anothers_is_refused_with_one_text() {
    let stage = stage();
    let refusal = |who: Who| who.try_permit(&stage.decider).unwrap_err();
    let unknown = refusal(who(Role::Department).asking_for("curiosity"));
    assert_eq!(unknown, PurposeNotAllowed::Unknown);
    let others = [
        who(Role::Department).asking_for("loan-review"),
        who(Role::Department).of("AGR").asking_for("identity-verification").on_case("1"),
        who(Role::Grantee).asking_for("licence-review").on_case("1"),
        who(Role::Public).asking_for("licence-review").on_case("1"),
        who(Role::Subject).asking_for("loan-review"),
        who(Role::Auditor).asking_for("licence-review").on_case("1"),
    ];
    for refused in others.map(refusal) {
        assert_eq!(refused, PurposeNotAllowed::NotClaimable);
        assert_eq!(refused.to_string(), unknown.to_string());
    }
    who(Role::Department).of("PS").asking_for("identity-verification").on_case("1").permit(&stage.decider);
}

#[test]
fn an_item_that_is_not_shared_opens_for_its_provider_alone_and_under_a_purpose() {
    let stage = stage();
    let market = DepartmentId::parse("AMR").unwrap();
    let own = Facts { provider: Some(&market), ..facts((OTHER, ORG)) };
    let item = stage.item("fund");
    let permit = officer().permit(&stage.decider);
    assert_eq!(permit.relation(item, &own), Relation::Provider);
    assert_eq!(stage.sees_of(&permit, "fund.account", &own), CLEAR);
    assert_eq!(stage.sees_of(&permit, "fund.account", &facts((OTHER, ORG))), BEYOND);
    assert_eq!(permit.window(item, Relation::Provider), Window::Archive);
    assert_eq!(permit.window(item, Relation::None), Window::Published, "its public part");
    let other = officer().of("PS").permit(&stage.decider);
    assert_eq!(stage.sees_of(&other, "fund.account", &own), BEYOND);
    let without = who(Role::Department).permit(&stage.decider);
    assert_eq!(stage.sees_of(&without, "fund.account", &own), WANTING);
    assert_eq!(without.window(item, Relation::Provider), Window::Published);
}

#[test]
fn a_subject_sees_its_own_records_whole_and_others_as_the_public_does() {
    let stage = stage();
    let subject = who(Role::Subject);
    assert_eq!(stage.sees(&subject, "penalty.certificateNo", (ME, PERSON)), CLEAR);
    assert_eq!(stage.sees(&subject, "belief.belief", (ME, PERSON)), CLEAR);
    assert_eq!(stage.sees(&subject, "fund.account", (ME, PERSON)), CLEAR);
    assert_eq!(stage.sees(&subject, "penalty.informer", (ME, PERSON)), BEYOND, "the reporter is secret to him too");
    assert_eq!(stage.sees(&subject, "penalty.certificateNo", (OTHER, PERSON)), BEYOND);
    let permit = subject.permit(&stage.decider);
    assert_eq!(permit.window(stage.item("penalty"), Relation::Subject), Window::Archive);
    assert_eq!(permit.window(stage.item("penalty"), Relation::None), Window::Published);
}

#[test]
fn an_authorization_opens_its_subject_items_and_fields_and_nothing_beside() {
    let stage = stage();
    let bank = bank().authorized_for("penalty", &["certificateNo", "remark"]);
    assert_eq!(stage.sees(&bank, "penalty.certificateNo", (ME, PERSON)), CLEAR);
    assert_eq!(stage.sees(&bank, "penalty.remark", (ME, PERSON)), CLEAR);
    assert_eq!(stage.sees(&bank, "penalty.name", (ME, PERSON)), BEYOND, "a field it leaves out");
    assert_eq!(stage.sees(&bank, "penalty.name", (ME, ORG)), CLEAR, "published anyhow");
    assert_eq!(stage.sees(&bank, "penalty.certificateNo", (OTHER, PERSON)), BEYOND, "another subject");
    assert_eq!(stage.sees(&bank, "debtor.certificateNo", (ME, PERSON)), INVALID, "another item");
    let permit = bank.permit(&stage.decider);
    assert_eq!(permit.window(stage.item("penalty"), Relation::Authorized), Window::Shared);
    assert_eq!(permit.window(stage.item("debtor"), Relation::Authorized), Window::Published);
    assert_eq!(permit.tier(), Some(Tier::AuthorizedQuery));
}

#[test]
fn the_whole_item_may_be_authorized_but_never_what_is_the_subjects_alone() {
    let stage = stage();
    assert_eq!(stage.sees(&bank().authorized_for("penalty", &[]), "penalty.name", (ME, PERSON)), CLEAR);
    assert_eq!(stage.sees(&bank().authorized_for("fund", &[]), "fund.account", (ME, PERSON)), CLEAR);
    assert_eq!(stage.sees(&bank().authorized_for("belief", &[]), "belief.belief", (ME, PERSON)), BEYOND);
}

#[test]
fn a_record_that_only_the_authorization_opens_shows_what_it_covers_and_nothing_that_is_published_elsewhere() {
    let stage = stage();
    let item = stage.item("penalty");
    let permit = bank().authorized_for("penalty", &["certificateNo"]).permit(&stage.decider);
    let at = |field: &str| item.field(field).unwrap().0;
    let openly = facts((ME, ORG));
    let by_authorization = Facts { by_authorization: true, ..openly };
    assert_eq!(permit.cell(item, at("decisionNo"), &openly).decision(), CLEAR);
    assert_eq!(permit.cell(item, at("decisionNo"), &by_authorization).decision(), BEYOND);
    assert_eq!(permit.cell(item, at("certificateNo"), &by_authorization).decision(), CLEAR);
    assert!(permit.policies(item, at("decisionNo"), &by_authorization).is_empty());
    assert!(!permit.may_filter(item, at("decisionNo")), "it is withheld in some of what is met");
    let useless = bank().authorized_for("penalty", &["informer"]).permit(&stage.decider);
    assert_eq!(useless.window(item, Relation::Authorized), Window::Published);
    assert_eq!(useless.window_of(item, &openly), Window::Published);
    assert!(useless.may_filter(item, at("decisionNo")), "it opens no record");
}

#[test]
fn a_use_is_counted_only_where_the_authorization_opened_something() {
    let stage = stage();
    let permit = bank().authorized_for("penalty", &[]).permit(&stage.decider);
    let item = stage.item("penalty");
    let by = |field: &str, subject| permit.opened_by_authorization(item, item.field(field).unwrap().0, &facts(subject));
    assert!(by("certificateNo", (ME, ORG)));
    assert!(!by("decisionNo", (ME, ORG)), "published anyhow");
    assert!(!by("informer", (ME, ORG)), "not opened");
    assert!(!by("certificateNo", (OTHER, ORG)));
    let hidden = Facts { by_authorization: true, ..facts((ME, ORG)) };
    assert!(permit.opened_by_authorization(item, item.field("decisionNo").unwrap().0, &hidden), "published of others");
}

#[test]
fn a_refused_authorization_has_one_code_for_what_a_valid_one_would_open() {
    let stage = stage();
    assert_eq!(
        stage.sees(&officer().refused(), "fund.account", (ME, PERSON)),
        BEYOND,
        "not shared: no opening opens it"
    );
    for who in [bank().refused(), who(Role::Public).refused()] {
        assert_eq!(stage.sees(&who, "fund.account", (ME, PERSON)), INVALID, "{who:?}");
        assert_eq!(stage.sees(&who, "penalty.informer", (ME, PERSON)), BEYOND, "no authorization opens it");
        assert_eq!(stage.sees(&who, "belief.belief", (ME, PERSON)), BEYOND, "no authorization opens it");
        assert_eq!(stage.sees(&who, "penalty.decisionNo", (ME, ORG)), CLEAR);
    }
}

#[test]
fn a_grant_for_another_purpose_or_in_another_role_counts_as_refused() {
    let stage = stage();
    let other_purpose = who(Role::Grantee).asking_for("bid-review").authorized_for("penalty", &[]);
    let other_role = officer().authorized_for("penalty", &[]);
    assert_eq!(stage.sees(&other_purpose, "penalty.certificateNo", (ME, PERSON)), INVALID);
    assert_eq!(
        stage.sees(&other_role, "penalty.certificateNo", (ME, PERSON)),
        stage.sees(&officer(), "penalty.certificateNo", (ME, PERSON))
    );
    for who in [other_purpose, other_role] {
        let permit = who.permit(&stage.decider);
        assert!(permit.standing().grant.is_none() && permit.standing().authorization_refused);
    }
    let without = who(Role::Grantee).authorized_for("penalty", &[]);
    assert_eq!(stage.sees(&without, "penalty.certificateNo", (ME, PERSON)), WANTING);
    assert_eq!(stage.sees(&without, "penalty.certificateNo", (OTHER, PERSON)), BEYOND);
}

#[test]
fn the_administrators_see_no_record_whatever_they_bring() {
    let stage = stage();
    for role in [Role::Auditor, Role::SecurityAdmin, Role::SystemAdmin] {
        let mut admin = who(role).of("AMR").authorized_for("penalty", &[]);
        for who in [admin.clone(), {
            admin = admin.refused();
            admin
        }] {
            let permit = who.permit(&stage.decider);
            assert_eq!(permit.tier(), None);
            for item in stage.catalogue.items() {
                assert_eq!(permit.window(item, Relation::None), Window::Closed);
                assert!(!permit.opens(item, &facts((ME, ORG))));
                for (at, _) in item.fields.iter().enumerate() {
                    assert_eq!(permit.cell(item, at, &facts((ME, PERSON))).decision(), BEYOND);
                    assert!(!permit.may_filter(item, at));
                }
            }
            assert!(!permit.may_look_up());
        }
    }
}

#[test]
fn a_field_is_filtered_on_only_where_everything_the_caller_meets_is_clear() {
    let stage = stage();
    let public = who(Role::Public);
    assert!(stage.filters(&public, "penalty.decisionNo"), "natural persons are not met");
    assert!(stage.filters(&public, "penalty.name"));
    assert!(!stage.filters(&public, "debtor.name"), "masked for natural persons, who are met");
    assert!(stage.filters(&public, "debtor.caseNo"));
    assert!(!stage.filters(&officer(), "penalty.name"), "natural persons are met, masked");
    assert!(!stage.filters(&officer(), "penalty.remark"), "clear and not indexed");
    assert!(stage.filters(&officer(), "penalty.decisionNo"));
    assert!(!stage.filters(&officer(), "penalty.certificateNo"));
}

#[test]
fn a_relation_that_meets_more_never_widens_the_filter() {
    let stage = stage();
    assert!(!stage.filters(&officer(), "fund.name"), "the provider meets masked names of natural persons");
    assert!(stage.filters(&who(Role::Public), "fund.name"));
    let partly = bank().authorized_for("penalty", &["certificateNo"]);
    assert!(!stage.filters(&partly, "penalty.name"), "met through the number, the name left out");
    assert!(stage.filters(&bank().authorized_for("penalty", &[]), "penalty.name"));
    assert!(!stage.filters(&bank().authorized_for("penalty", &[]), "penalty.certificateNo"), "others are met");
}

#[test]
fn persons_are_looked_up_for_a_purpose_that_allows_it_or_by_authorization() {
    let stage = stage();
    let may = |who: Who| who.permit(&stage.decider).may_look_up();
    assert!(may(officer()));
    assert!(!may(who(Role::Department)));
    assert!(!may(who(Role::Department).asking_for("licence-review")), "without its case number");
    assert!(!may(who(Role::Department).asking_for("inspection-planning")), "the purpose does not allow it");
    assert!(may(bank().authorized_for("penalty", &[])));
    assert!(!may(bank()));
    assert!(!may(bank().refused()));
    assert!(!may(who(Role::Grantee).authorized_for("penalty", &[])), "without its purpose");
    assert!(!may(who(Role::Public)) && !may(who(Role::Subject)));
}

#[test]
fn head_columns_follow_the_fields_they_are_taken_from() {
    let stage = stage();
    let item = stage.item("penalty");
    let public = who(Role::Public).permit(&stage.decider);
    for head in HeadField::iter() {
        assert_eq!(public.head_cell(item, head, &facts((OTHER, ORG))), CLEAR);
    }
    for head in HeadField::iter() {
        assert_eq!(public.head_cell(item, head, &facts((OTHER, PERSON))), BEYOND, "the record does not exist");
    }
    let without = who(Role::Department).permit(&stage.decider);
    assert_eq!(without.head_cell(item, HeadField::State, &facts((OTHER, PERSON))), WANTING);
    let partly = stage.item("fund");
    assert_eq!(public.head_cell(partly, HeadField::State, &facts((OTHER, ORG))), CLEAR);
    assert_eq!(public.head_cell(partly, HeadField::DecidedOn, &facts((OTHER, ORG))), BEYOND, "from a withheld field");
    let debtor = stage.item("debtor");
    assert_eq!(
        public.head_cell(debtor, HeadField::Subject, &facts((OTHER, PERSON))),
        BEYOND,
        "records could be joined"
    );
    let officer = officer().permit(&stage.decider);
    assert_eq!(officer.head_cell(debtor, HeadField::Subject, &facts((OTHER, PERSON))), CLEAR);
    assert_eq!(officer.head_cell(item, HeadField::DecidedOn, &facts((OTHER, PERSON))), CLEAR);
}

#[test]
fn the_deciding_policies_are_named() {
    let stage = stage();
    let item = stage.item("penalty");
    let permit = officer().permit(&stage.decider);
    let ids = |field: &str| permit.policies(item, item.field(field).unwrap().0, &facts((OTHER, ORG))).to_vec();
    assert_eq!(ids("decisionNo"), ["disclosure.clear".into()]);
    assert_eq!(ids("remark"), ["sharing.clear".into()]);
    assert_eq!(ids("certificateNo"), ["sharing.masked".into()]);
    assert!(ids("informer").is_empty());
    assert_eq!(permit.policy_hash(), &stage.decider.policy_hash());
}

#[test]
fn an_item_of_another_catalogue_opens_nothing() {
    let stage = stage();
    let stranger = catalogue();
    let item = stranger.item_by_text("penalty").unwrap();
    let permit = officer().permit(&stage.decider);
    assert_eq!(permit.cell(item, 0, &facts((OTHER, ORG))).decision(), BEYOND);
    assert_eq!(permit.window(item, Relation::None), Window::Closed);
}

#[test]
fn a_profile_is_the_same_on_every_day_and_differs_with_everything_it_stands_for() {
    let stage = stage();
    let callers = [
        who(Role::Public),
        who(Role::Subject),
        who(Role::Department),
        who(Role::Department).of("PS"),
        officer(),
        bank(),
        bank().authorized_for("penalty", &[]),
    ];
    let hashes: std::collections::BTreeSet<[u8; 32]> =
        callers.iter().map(|who| who.permit(&stage.decider).profile_hash()).collect();
    assert_eq!(hashes.len(), callers.len());
    let tomorrow = stage.decider.permit_for(&officer().asking(), TODAY.tomorrow().unwrap(), super::Standing::default());
    assert_eq!(tomorrow.unwrap().profile_hash(), officer().permit(&stage.decider).profile_hash());
}
