//! What stops a set of policies at the door, and that the good set stays when it does.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use strum::IntoEnumIterator;
use tempfile::TempDir;

use super::fixture::{ME, ORG, OTHER, PERSON, TODAY, catalogue, shipped, who};
use super::reach::{CATEGORIES, RELATIONS};
use super::{Decider, Decision, Facts, PolicyFault, Withheld};
use crate::domain::{MaskRule, Role, SubjectCategory, SubjectId};

/// The shipped folder, with one file written over or added.
fn folder(name: &str, text: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    for entry in fs::read_dir(shipped()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::write(dir.path().join(name), text).unwrap();
    dir
}

fn shipped_text(name: &str) -> String {
    fs::read_to_string(shipped().join(name)).unwrap()
}

fn faults_of(dir: &Path) -> Vec<PolicyFault> {
    Decider::load(dir, catalogue()).unwrap_err()
}

/// The one fault of the shipped folder with `text` in `extra.cedar`.
fn fault_of(text: &str) -> String {
    let faults = faults_of(folder("extra.cedar", text).path());
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults[0].to_string()
}

fn decision(
    decider: &Decider,
    path: &str,
    who: &super::fixture::Who,
    subject: (SubjectId, SubjectCategory),
) -> Decision {
    let (code, name) = path.split_once('.').unwrap();
    let catalogue = decider.catalogue();
    let item = catalogue.item_by_text(code).unwrap();
    let facts = Facts { subject: subject.0, category: subject.1, provider: None, by_authorization: false };
    who.permit(decider).cell(item, item.field(name).unwrap().0, &facts).decision()
}

#[test]
fn the_shipped_policies_load() {
    let decider = Decider::load(&shipped(), catalogue()).unwrap();
    assert!(decider.policy_ids().contains(&"administrators.none".to_owned()));
    assert!(decider.purposes().iter().count() >= 8);
}

#[test]
fn a_policy_without_a_name_of_its_own_is_refused() {
    let rest = "forbid (principal, action, resource) when { principal.role == Role::\"PUBLIC\" };";
    assert_eq!(fault_of(&format!("// a comment\n\n{rest}")), "extra.cedar:3: a policy without `@id`");
    assert_eq!(fault_of(&format!("@id(\"\") {rest}")), "extra.cedar:1: a policy without `@id`");
    assert_eq!(
        fault_of(&format!("@id(\"sharing.clear\")\n{rest}")),
        "sharing.cedar:4: `sharing.clear`: the `@id` is used in `extra.cedar` already"
    );
}

#[test]
fn a_policy_that_does_not_fit_the_schema_is_refused_by_name() {
    let refused = |condition: &str| {
        fault_of(&format!(
            "@id(\"x\") forbid (principal, action == Action::\"read\", resource) when {{ {condition} }};"
        ))
    };
    assert!(refused("principal.role == Role::\"BOSS\"").starts_with("extra.cedar:1: `x`: "));
    assert!(refused("principal.rank == 1").contains("rank"));
    assert!(
        refused("context.purpose == Purpose::\"loan-review\"").contains("purpose"),
        "an optional attribute unasked for"
    );
    let written = folder("extra.cedar", "@id(\"x\") forbid (principal, action == Action::\"write\", resource);");
    assert!(faults_of(written.path()).iter().any(|fault| fault.reason.contains("write")));
    assert!(
        refused("principal.role == Role::\"PUBLIC\" && principal.role != Role::\"PUBLIC\" && false")
            .contains("impossible")
    );
}

#[test]
fn a_file_that_does_not_parse_is_refused_at_its_line() {
    let fault = fault_of("// fine\n@id(\"x\")\npermit (principal, action resource);");
    assert!(fault.starts_with("extra.cedar:3: "), "{fault}");
    assert!(fault_of("@id(\"x\") permit (principal == ?principal, action, resource);").contains("template"));
}

#[test]
fn a_policy_may_not_open_what_the_catalogue_leaves_closed() {
    let fault = fault_of("@id(\"all.open\")\npermit (principal, action, resource);");
    assert!(fault.starts_with("extra.cedar:1: `all.open`: permits `"), "{fault}");
    assert!(fault.ends_with("wider than the catalogue's reach"), "{fault}");
    let one_role = "@id(\"x\") permit (principal, action == Action::\"read\", resource)
        when { principal.role == Role::\"COORDINATOR\" && context has purpose };";
    assert!(fault_of(one_role).contains("`read` of "), "the coordinator is no exception");
    let one_field =
        "@id(\"x\") permit (principal, action == Action::\"readMasked\", resource == Field::\"fund.account\");";
    assert!(fault_of(one_field).contains("`readMasked` of fund.account"));
    let one_department = "@id(\"x\") permit (principal, action == Action::\"read\", resource)
        when { principal has department && principal.department == Department::\"PS\" };";
    assert!(fault_of(one_department).contains("to DEPARTMENT"));
    let one_day =
        "@id(\"x\") permit (principal, action == Action::\"read\", resource) when { context.today > 20270101 };";
    assert!(fault_of(one_day).contains("wider"));
    let filter = "@id(\"x\") permit (principal, action == Action::\"filter\", resource) when { resource.indexed };";
    assert!(fault_of(filter).contains("`filter` of "));
    assert!(
        fault_of("@id(\"x\") permit (principal, action == Action::\"lookup\", resource);")
            .contains("the register of persons")
    );
}

#[test]
fn a_forbid_that_is_taken_away_shows_in_the_policies_it_held_back() {
    let dir = folder("administrators.cedar", "");
    let faults = faults_of(dir.path());
    assert!(faults.iter().any(|fault| fault.name.as_deref() == Some("disclosure.clear")), "{faults:#?}");
}

#[test]
fn a_policy_may_not_name_what_does_not_exist() {
    let refused = |condition: &str| {
        fault_of(&format!(
            "@id(\"x\") forbid (principal, action == Action::\"read\", resource) when {{ {condition} }};"
        ))
    };
    let purpose = refused("context has purpose && context.purpose == Purpose::\"loan-revue\"");
    assert_eq!(purpose, "extra.cedar:1: `x`: names purpose `loan-revue`, which does not exist");
    assert!(refused("resource in Item::\"penalties\"").contains("names item `penalties`"));
    assert!(refused("resource == Field::\"penalty.decisionNumber\"").contains("names field `penalty.decisionNumber`"));
}

#[test]
fn the_schema_must_hold_the_programs_own_nouns() {
    let schema = shipped_text("chengxin.cedarschema");
    let refused = |from: &str, to: &str| {
        assert!(schema.contains(from));
        faults_of(folder("chengxin.cedarschema", &schema.replace(from, to)).path())[0].to_string()
    };
    assert_eq!(refused("\"AUDITOR\", ", ""), "chengxin.cedarschema: entity `Role`: `AUDITOR` is missing");
    assert_eq!(
        refused("[\"NONE\", \"PROVIDER\"", "[\"NONE\", \"FRIEND\", \"PROVIDER\""),
        "chengxin.cedarschema: entity `Relation`: `FRIEND` is unknown to the program"
    );
    assert_eq!(
        refused(
            "\"read\", \"readMasked\", \"filter\" appliesTo",
            "\"read\", \"readMasked\", \"filter\", \"write\" appliesTo"
        ),
        "chengxin.cedarschema: the actions: `write` is unknown to the program"
    );
    assert!(
        refused("  selfOnly: Bool,\n", "  selfOnly: Bool,\n  colour: String,\n").contains("does not fit the program")
    );
    assert!(refused("entity Role enum", "entity Role emum").starts_with("chengxin.cedarschema:4: "));
}

#[test]
fn a_folder_that_lacks_a_file_is_refused() {
    let dir = folder("extra.cedar", "");
    fs::remove_file(dir.path().join("purposes.toml")).unwrap();
    assert_eq!(faults_of(dir.path())[0].file, "purposes.toml");
    let empty = TempDir::new().unwrap();
    assert_eq!(faults_of(empty.path()).len(), 3, "policies, schema and purposes");
    assert_eq!(faults_of(&empty.path().join("none")).len(), 3);
}

#[test]
fn faults_of_policies_and_purposes_are_told_together() {
    let dir = folder("extra.cedar", "permit");
    fs::write(
        dir.path().join("purposes.toml"),
        shipped_text("purposes.toml").replace("tier = \"AUTHORIZED_QUERY\"", ""),
    )
    .unwrap();
    let files: std::collections::BTreeSet<String> = faults_of(dir.path()).into_iter().map(|fault| fault.file).collect();
    assert!(files.contains("extra.cedar") && files.contains("purposes.toml"), "{files:?}");
}

#[test]
fn forbid_wins_and_masks_or_withholds_what_was_permitted() {
    let narrower =
        "@id(\"no.numbers\") forbid (principal, action in [Action::\"read\", Action::\"readMasked\"], resource)
        when { resource.class == DataClass::\"SENSITIVE\" && principal.role != Role::\"SUBJECT\" };
        @id(\"names.masked\") forbid (principal, action == Action::\"read\", resource)
        when { resource has mask && resource.mask == MaskRule::\"NAME\" && principal.role == Role::\"GRANTEE\" };";
    let decider = Decider::load(folder("extra.cedar", narrower).path(), catalogue()).unwrap();
    let officer = who(Role::Department).asking_for("joint-punishment-check");
    let beyond = Decision::Withheld(Withheld::BeyondReach);
    assert_eq!(decision(&decider, "penalty.certificateNo", &officer, (OTHER, ORG)), beyond);
    let item = Arc::clone(decider.catalogue().item_by_text("penalty").unwrap());
    let facts = Facts { subject: OTHER, category: ORG, provider: None, by_authorization: false };
    assert_eq!(officer.permit(&decider).policies(&item, 2, &facts).to_vec(), ["no.numbers".into()]);
    assert_eq!(decision(&decider, "penalty.certificateNo", &who(Role::Subject), (ME, ORG)), Decision::Clear);
    let bank = who(Role::Grantee).asking_for("loan-review").authorized_for("penalty", &[]);
    assert_eq!(decision(&decider, "penalty.certificateNo", &bank, (ME, PERSON)), beyond);
    assert_eq!(decision(&decider, "penalty.name", &bank, (ME, PERSON)), Decision::Masked(MaskRule::Name));
}

#[test]
fn a_policy_may_single_out_an_item_a_department_or_an_organization() {
    let narrower = "@id(\"one.item\") forbid (principal, action, resource in Item::\"debtor\");
        @id(\"one.department\") forbid (principal, action == Action::\"read\", resource)
        when { principal has department && principal.department == Department::\"PS\" && resource.indexed == false };
        @id(\"one.bank\") forbid (principal, action == Action::\"read\", resource)
        when { principal has organization && principal.organization == \"bank-1\" && resource.provider == Department::\"AMR\" };";
    let decider = Decider::load(folder("extra.cedar", narrower).path(), catalogue()).unwrap();
    let beyond = Decision::Withheld(Withheld::BeyondReach);
    let officer = who(Role::Department).asking_for("joint-punishment-check");
    assert_eq!(decision(&decider, "debtor.caseNo", &officer, (OTHER, ORG)), beyond);
    assert_eq!(decision(&decider, "penalty.decisionNo", &officer, (OTHER, ORG)), Decision::Clear);
    assert_eq!(decision(&decider, "penalty.remark", &officer, (OTHER, ORG)), Decision::Clear);
    assert_eq!(decision(&decider, "penalty.remark", &officer.clone().of("PS"), (OTHER, ORG)), beyond);
    assert_eq!(decision(&decider, "penalty.decisionNo", &who(Role::Grantee), (OTHER, ORG)), beyond);
    assert_eq!(decision(&decider, "penalty.decisionNo", &who(Role::Public), (OTHER, ORG)), Decision::Clear);
}

#[test]
fn a_policy_that_cannot_be_evaluated_closes() {
    // The sum overflows: the forbid cannot be evaluated, and must not be passed over.
    let broken = "@id(\"broken\") forbid (principal, action == Action::\"read\", resource)
        when { context.today + 9223372036854775807 > 0 && resource.indexed };";
    let decider = Decider::load(folder("extra.cedar", broken).path(), catalogue()).unwrap();
    let beyond = Decision::Withheld(Withheld::BeyondReach);
    assert_eq!(decision(&decider, "penalty.decisionNo", &who(Role::Public), (OTHER, ORG)), beyond);
}

#[test]
fn a_bad_folder_leaves_the_good_set_in_force() {
    let decider = Decider::load(&shipped(), catalogue()).unwrap();
    let hash = decider.policy_hash();
    let officer = who(Role::Department).asking_for("joint-punishment-check");
    assert!(decider.reload(folder("extra.cedar", "permit").path(), |_| Ok(())).is_err());
    assert!(
        decider
            .reload(folder("extra.cedar", "@id(\"x\") permit (principal, action, resource);").path(), |_| Ok(()))
            .is_err()
    );
    assert_eq!(decider.policy_hash(), hash);
    assert_eq!(decision(&decider, "penalty.remark", &officer, (OTHER, ORG)), Decision::Clear);
}

#[test]
fn a_good_folder_takes_effect_at_once_and_permits_given_before_keep_their_set() {
    let decider = Decider::load(&shipped(), catalogue()).unwrap();
    let officer = who(Role::Department).asking_for("joint-punishment-check");
    let before = officer.permit(&decider);
    assert_eq!(decision(&decider, "penalty.remark", &officer, (OTHER, ORG)), Decision::Clear);
    let closing =
        "@id(\"closed\") forbid (principal, action, resource) when { principal.role == Role::\"DEPARTMENT\" };";
    decider.reload(folder("extra.cedar", closing).path(), |_| Ok(())).unwrap();
    let beyond = Decision::Withheld(Withheld::BeyondReach);
    assert_eq!(decision(&decider, "penalty.remark", &officer, (OTHER, ORG)), beyond);
    let after = officer.permit(&decider);
    assert_ne!(before.policy_hash(), after.policy_hash());
    assert_eq!(before.profile_hash(), after.profile_hash(), "a cursor outlives a change of policy");
}

#[test]
fn the_hash_changes_with_every_file_and_with_nothing_else() {
    let hash = |dir: &Path| Decider::load(dir, catalogue()).unwrap().policy_hash();
    let shipped_hash = hash(&shipped());
    assert_eq!(hash(folder("notes.txt", "not a policy").path()), shipped_hash);
    for name in ["sharing.cedar", "chengxin.cedarschema"] {
        assert_ne!(hash(folder(name, &format!("{}\n", shipped_text(name))).path()), shipped_hash, "{name}");
    }
    let purposes = format!("{}\n# more\n", shipped_text("purposes.toml"));
    assert_ne!(hash(folder("purposes.toml", &purposes).path()), shipped_hash);
}

#[test]
fn what_the_policies_do_not_read_makes_no_difference() {
    // Reads every attribute and never applies: with it, no two questions are taken for one.
    let watchful = "@id(\"watchful\") forbid (principal, action == Action::\"read\", resource in Item::\"belief\")
        when { context.today == 1 && context has purpose && context.purpose == Purpose::\"bid-review\" }
        when { principal has organization && principal.organization == \"nobody\" }
        when { principal has department && principal.department == Department::\"AMR\" }
        when { resource.class == DataClass::\"PLAIN\" && resource.itemCategory == \"\" }
        when { resource.provider == Department::\"AMR\" && resource has mask && resource.mask == MaskRule::\"DROP\" }
        when { resource.subjectCategory == SubjectCategory::\"ORGANIZATION\" };";
    let plain = Decider::load(&shipped(), catalogue()).unwrap();
    let watched = Decider::load(folder("extra.cedar", watchful).path(), catalogue()).unwrap();
    let seen = |decider: &Decider, role: Role, purpose: Option<&'static str>| {
        let who = purpose.map_or(who(role), |purpose| who(role).asking_for(purpose));
        let mut lines = Vec::new();
        for item in decider.catalogue().items() {
            for (category, relation) in CATEGORIES.iter().flat_map(|c| RELATIONS.iter().map(move |r| (*c, *r))) {
                let explained = decider.explain(&who.asking(), TODAY, item, (category, relation)).unwrap();
                lines.push(format!("{} {category} {relation} {explained:?}", item.code));
            }
        }
        lines
    };
    for role in Role::iter() {
        let purpose = match role {
            Role::Department | Role::Coordinator => Some("joint-punishment-check"),
            Role::Grantee => Some("loan-review"),
            Role::Public | Role::Subject | Role::Auditor | Role::SecurityAdmin | Role::SystemAdmin => None,
        };
        for purpose in [None, purpose] {
            assert_eq!(seen(&plain, role, purpose), seen(&watched, role, purpose), "{role} {purpose:?}");
        }
    }
}
