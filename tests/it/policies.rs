//! The shipped policy files as a whole, and the commands that check and explain them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chengxin::access::{Asking, Decider, Departments};
use chengxin::authentication::TokenClaims;
use chengxin::catalogue::{self, Catalogue};
use chengxin::cli::policy::{self, PolicyCommand};
use chengxin::clock::Ambient;
use chengxin::domain::{DepartmentId, Instant, Relation, Role};
use clap::Parser;
use strum::IntoEnumIterator;

use crate::support::process::Place;

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);
const NOON: &str = "2026-11-23T04:00:00Z";

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")
}

fn shipped() -> (Decider, Arc<Catalogue>) {
    let catalogue = Arc::new(Catalogue::load(&policies().join("catalogue")).unwrap());
    (Decider::load(&policies(), Arc::clone(&catalogue)).unwrap(), catalogue)
}

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: PolicyCommand,
}

/// Runs `policy …` and gives what it printed, and whether it went well.
fn run(arguments: &[&str]) -> (String, Result<(), String>) {
    let arguments = Arguments::try_parse_from(["policy"].iter().chain(arguments)).unwrap();
    let mut printed = Vec::new();
    let noon = Instant::parse_rfc3339(NOON).unwrap();
    let outcome =
        policy::run(&arguments.command, &Ambient::fixed(noon, 1), &mut printed).map_err(|error| error.to_string());
    (String::from_utf8(printed).unwrap(), outcome)
}

#[test]
fn every_shipped_policy_that_opens_a_field_opens_one() {
    let (decider, catalogue) = shipped();
    let department = DepartmentId::parse("AMR").unwrap();
    let mut used = BTreeSet::new();
    for (role, relation) in Role::iter().flat_map(|role| Relation::iter().map(move |relation| (role, relation))) {
        let purpose = match role {
            Role::Department | Role::Coordinator => Some("joint-punishment-check"),
            Role::Grantee => Some("loan-review"),
            _ => None,
        };
        let asking = Asking { role, department: Some(&department), organization: None, purpose, case: None };
        for item in catalogue.items() {
            for &category in &item.head.subject.categories {
                let explained = decider.explain(&asking, TODAY, item, (category, relation)).unwrap();
                used.extend(explained.into_iter().flat_map(|field| field.policies).map(|id| id.to_string()));
            }
        }
    }
    // These forbid, or open no field; the last two would speak for a field that no tier sees clear, or that another
    // policy keeps from being clear.
    let others = ["administrators.none", "filter.indexed", "lookup.authorized", "lookup.purpose"];
    let others = others.into_iter().chain(["authorized.masked", "own.masked"]).map(str::to_owned);
    // Steps of the joint work; `joint_actions` takes each of them.
    let steps =
        ["dispatch", "end", "implement", "initiate", "promise", "read-texts", "view-concerned", "view-published"];
    let others = others.chain(["decide", "escalated", "file"].map(|step| format!("application.{step}")));
    let others = others.chain(steps.map(|step| format!("joint-action.{step}")));
    let others = others.chain(
        ["assign", "handle"]
            .map(|step| format!("tipoff.{step}"))
            .into_iter()
            .chain(["decide", "state"].map(|step| format!("listing.{step}"))),
    );
    let all: BTreeSet<String> = used.into_iter().chain(others).collect();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), decider.policy_ids());
}

#[test]
fn every_shipped_policy_file_says_what_it_is_for() {
    for entry in fs::read_dir(policies()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "cedar" || extension == "cedarschema") {
            assert!(fs::read_to_string(&path).unwrap().starts_with("// "), "{}", path.display());
        }
    }
}

#[test]
fn purposes_name_only_departments_that_take_part() {
    let (decider, _) = shipped();
    let departments = catalogue::Departments::load(&policies().join("departments.toml")).unwrap();
    let purposes = decider.purposes();
    for purpose in purposes.iter() {
        if let Departments::Listed(listed) = &purpose.departments {
            for id in listed {
                assert!(departments.by_id(id).is_some(), "{}: {id}", purpose.code);
            }
        }
    }
}

#[test]
fn check_says_that_the_shipped_policies_are_good() {
    let (printed, outcome) = run(&["check", "--policies", policies().to_str().unwrap()]);
    assert_eq!(outcome, Ok(()));
    assert!(printed.starts_with("ok: "), "{printed}");
}

#[test]
fn check_prints_every_fault_and_fails() {
    let dir = tempfile::TempDir::new().unwrap();
    for name in ["purposes.toml", "chengxin.cedarschema", "departments.toml"] {
        fs::copy(policies().join(name), dir.path().join(name)).unwrap();
    }
    fs::create_dir(dir.path().join("catalogue")).unwrap();
    fs::copy(policies().join("catalogue/registration.toml"), dir.path().join("catalogue/registration.toml")).unwrap();
    fs::write(dir.path().join("a.cedar"), "permit (principal, action, resource);").unwrap();
    fs::write(dir.path().join("b.cedar"), "permit").unwrap();
    let (printed, outcome) = run(&["check", "--policies", dir.path().to_str().unwrap()]);
    assert!(printed.contains("a.cedar:1: a policy without `@id`\n"), "{printed}");
    assert!(printed.contains("b.cedar:1: "), "{printed}");
    assert_eq!(outcome, Err("2 faults".to_owned()));
}

#[test]
fn explain_prints_each_field_with_its_mask_and_policies() {
    let dir = policies();
    let shipped = ["--policies", dir.to_str().unwrap()];
    let explain = |arguments: &[&str]| run(&[&["explain"], &shipped[..], arguments].concat());
    let item = ["--item", "judgment-debtor", "--category", "NATURAL_PERSON"];
    let (printed, outcome) = explain(&[&item[..], &["--role", "PUBLIC"]].concat());
    assert_eq!(outcome, Ok(()));
    let line = |name: &str| printed.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{printed}"));
    assert!(line("subjectName ").contains("MASKED NAME") && line("subjectName ").contains("disclosure.masked"));
    assert!(line("certificateType ").contains("FIELD_WITHHELD"));
    assert!(line("_head.subject ").contains("FIELD_WITHHELD"));
    let officer = ["--role", "DEPARTMENT", "--department", "AMR"];
    let (printed, _) = explain(&[&item[..], &officer].concat());
    assert!(printed.contains("PURPOSE_REQUIRED"), "{printed}");
    let (printed, _) = explain(&[&item[..], &officer, &["--purpose", "licence-review", "--case", "1"]].concat());
    assert!(printed.contains("sharing.clear") && !printed.contains("PURPOSE_REQUIRED"), "{printed}");
}

#[test]
fn explain_refuses_what_does_not_exist() {
    let dir = policies();
    let explain = |arguments: &[&str]| {
        let (_, outcome) = run(&[&["explain", "--policies", dir.to_str().unwrap()], arguments].concat());
        outcome.unwrap_err()
    };
    let unknown = explain(&["--role", "PUBLIC", "--item", "penalties"]);
    assert!(unknown.starts_with("no item has the code `penalties`; there are: abnormal-operation, "), "{unknown}");
    assert!(explain(&["--role", "PUBLIC", "--item", "registration", "--purpose", "x"]).contains("purpose"));
    let nobody = ["--role", "DEPARTMENT", "--item", "registration", "--department", "NOSUCH"];
    assert_eq!(explain(&nobody), "no department has the id `NOSUCH`: `departments.toml` lists them");
    let relation = ["--role", "PUBLIC", "--item", "registration", "--relation", "PROVIDER"];
    assert_eq!(explain(&relation), "a caller with the role `PUBLIC` never has the relation `PROVIDER` to a record");
    assert!(Arguments::try_parse_from(["policy", "explain", "--role", "BOSS", "--item", "registration"]).is_err());
}

/// How many entries of a ledger say which policies are in force, and the text that the last of them commits to.
fn told(place: &Place) -> Vec<chengxin::ledger::leaf::Leaf> {
    let config = chengxin::config::Config::load(&place.path("chengxin.toml")).unwrap();
    let ledger = chengxin::store::Database::open(&config.ledger, chengxin::store::MigrationSet::Ledger, 1).unwrap();
    let rows = ledger.read(|connection| chengxin::store::ledger::entry::page(connection, 0, 10_000)).unwrap();
    let leaves = rows.iter().map(|row| chengxin::ledger::leaf::Leaf::parse(&row.leaf).unwrap());
    leaves.filter(|leaf| leaf.kind == chengxin::ledger::EntryKind::Policy).collect()
}

#[test]
fn a_change_of_policies_is_an_entry_at_start_and_when_they_are_read_anew() {
    let place = Place::new();
    place.serve().kill();
    assert_eq!(told(&place).len(), 1, "the first start");
    place.serve().kill();
    assert_eq!(told(&place).len(), 1, "nothing has changed");

    // Cedar's rules change without anybody's word beside the administrator's.
    let path = place.path("policies/lookup.cedar");
    let text = fs::read_to_string(&path).unwrap();
    let process = place.serve();
    fs::write(&path, format!("{text}\n// Read again.\n")).unwrap();
    process.hang_up();
    wait_until(|| told(&place).len() == 2);
    let leaves = told(&place);
    assert_ne!(leaves[0].policy, leaves[1].policy);
    assert_eq!(leaves[0].catalogue, leaves[1].catalogue);
    process.kill();
    fs::write(&path, &text).unwrap();
    place.serve().kill();
    assert_eq!(told(&place).len(), 3, "back again is a change too");
    // What is reviewed, found and limited is told as well, from the start on which it was read.
    let path = place.path("policies/review.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n# Looked at.\n")).unwrap();
    place.serve().kill();
    let leaves = told(&place);
    assert_eq!((leaves.len(), &leaves[2].policy), (4, &leaves[3].policy));
    let rules = |at: usize| leaves[at].flags.iter().find(|flag| flag.starts_with("RULES:")).unwrap();
    assert_ne!(rules(2), rules(3));
}

fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "it never came");
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}

#[test]
fn changed_purposes_come_into_force_only_after_two_persons_of_two_roles_have_agreed() {
    let place = Place::new();
    let path = place.path("policies/purposes.toml");
    let text = fs::read_to_string(&path).unwrap();
    let purpose = "\n[[purpose]]\ncode = \"trial\"\ntitle = { zh = \"试\", en = \"Trial\" }\nbasis = \"无\"\nroles = [\"DEPARTMENT\"]\n\
                   departments = [\"*\"]\nrequires_case = true\nallows_lookup = false\ntier = \"GOVERNMENT_SHARING\"\nvalid_to = \"2026-12-31\"\n";
    for (name, role, actor) in [
        ("auditor", Role::Auditor, "li"),
        ("security", Role::SecurityAdmin, "zhang"),
        ("same-person", Role::SecurityAdmin, "li"),
        ("system", Role::SystemAdmin, "zhao"),
    ] {
        let claims = TokenClaims { client: Some("test".to_owned()), ..TokenClaims::new(role, actor) };
        fs::write(place.path(name), place.token(&claims)).unwrap();
    }
    let approve = |one: &str, other: &str| {
        let line = ["policy", "approve", "--config", "chengxin.toml", "--approval", one, "--approval", other];
        let output = place.run(&line);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    let in_force = || told(&place).iter().filter(|leaf| leaf.flags.contains(&"IN_FORCE".to_owned())).count();

    let process = place.serve();
    let (code, answer) = approve("auditor", "security");
    assert!(code == Some(1) && answer.contains("in force, or approved, already"), "{answer}");
    fs::write(&path, format!("{text}{purpose}")).unwrap();
    process.hang_up();
    let mut wire = process.wire();
    let ask = "{ purposes { code } }";
    // Whoever asks after the signal gets the old list: the new one was refused, and the gateway serves on.
    for _ in 0..20 {
        let answer = wire.exchange(&crate::support::wire::query(ask)).unwrap().text();
        assert!(!answer.contains("trial"), "{answer}");
    }
    for (one, other, why) in [
        ("auditor", "same-person", "two persons of two roles"),
        ("auditor", "auditor", "two persons of two roles"),
        ("auditor", "system", "SYSTEM_ADMIN"),
    ] {
        let (code, answer) = approve(one, other);
        assert!(code == Some(1) && answer.contains(why), "{answer}");
    }
    assert_eq!((in_force(), told(&place).len()), (1, 1));
    drop(wire);
    process.terminate();
    let (_, log) = process.ended();
    assert!(log.contains("chengxin policy approve"), "{log}");
    let refused = place.run(&["serve", "--config", "chengxin.toml"]);
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && why.contains("chengxin policy approve"), "{why}");

    fs::write(&path, &text).unwrap();
    let process = place.serve();
    fs::write(&path, format!("{text}{purpose}")).unwrap();
    let (code, answer) = approve("auditor", "security");
    assert!(code == Some(0) && answer.contains("trial"), "{answer}");
    process.hang_up();
    wait_until(|| in_force() == 2);
    process.kill();
    place.serve().kill();
    assert_eq!(in_force(), 2, "it stays in force");
    // The old list is a change like any other: what was once in force needs somebody's word again.
    fs::write(&path, &text).unwrap();
    assert_eq!(place.run(&["serve", "--config", "chengxin.toml"]).status.code(), Some(1));
    assert_eq!(approve("auditor", "security").0, Some(0));
    place.serve().kill();
    assert_eq!(in_force(), 3);
}
