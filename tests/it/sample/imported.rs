//! The files through the importer: it counts what the facts foretell, and finds what the demonstration needs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chengxin::cli::sample::Sample;
use chengxin::domain::identifier::{CitizenNumber, IdentifierKind, Uscc};
use chengxin::domain::period::LevelSource;
use chengxin::domain::{Level, RecordState, SubjectCategory};
use chengxin::exchange::import::{PreparedRecord, Reason};

use super::support::{POLICIES, SAMPLE, SIZE, TODAY, import_file, sample};

static RECORDS: LazyLock<Vec<PreparedRecord>> =
    LazyLock::new(|| SAMPLE.files.iter().flat_map(|file| import_file(file).1).collect());

#[track_caller]
fn assert_foretold(sample: &Sample) {
    for file in &sample.files {
        let (report, _) = import_file(file);
        let e = file.expected;
        let foretold = (e.rows, e.accepted(), e.rejected, e.duplicates, e.incomplete, e.late);
        let counted =
            (report.rows, report.accepted, report.rejected, report.duplicates, report.incomplete, report.late);
        assert_eq!(
            counted, foretold,
            "{}: rows, accepted, rejected, duplicates, incomplete, late\n{report}",
            file.name
        );
        assert_eq!(report.unknown_columns, Vec::<String>::new(), "{}", file.name);
        assert_eq!(report.missing_columns, Vec::<String>::new(), "{}", file.name);
        assert_eq!(report.warnings.get(&Reason::SameKey), None, "{}", file.name);
    }
}

#[test]
fn the_importer_counts_what_the_facts_foretell() {
    for seed in [7, 2018, u64::MAX] {
        assert_foretold(&sample(seed));
    }
}

#[test]
fn the_smallest_and_a_winter_sample_are_foretold_too() {
    let none = chengxin::cli::sample::SampleSize { firms: 0, individual_businesses: 0, persons: 0 };
    assert_foretold(&Sample::generate(3, none, &POLICIES.catalogue, TODAY));
    // The longest holidays lie between a decision and the day it came in.
    assert_foretold(&Sample::generate(3, SIZE, &POLICIES.catalogue, jiff::civil::date(2026, 2, 26)));
}

#[test]
fn what_must_be_refused_is_refused_for_each_reason() {
    let mut reasons = BTreeMap::<Reason, u64>::new();
    for file in &SAMPLE.files {
        for (reason, count) in import_file(file).0.rejected_by_reason {
            *reasons.entry(reason).or_default() += count;
        }
    }
    for reason in [
        Reason::InvalidCode,
        Reason::NoNaturalKey,
        Reason::DecidedAfterReceived,
        Reason::FineWithoutAmount,
        Reason::InvalidDate,
        Reason::InvalidCertificate,
    ] {
        assert!(reasons.contains_key(&reason), "nothing is refused as {reason}: {reasons:?}");
    }
}

#[test]
fn everybody_in_it_is_fictitious() {
    for record in RECORDS.iter() {
        let name = record.subject.name.as_ref().unwrap().expose();
        let is_marked = match record.subject.category {
            SubjectCategory::NaturalPerson => name.contains('样') || name.contains('例'),
            _ => name.starts_with("东营测试") || name.starts_with("东营样例"),
        };
        assert!(is_marked, "`{name}` does not say that it is fictitious");
        for (kind, value) in &record.subject.identifiers {
            match kind {
                IdentifierKind::Uscc => {
                    let code = Uscc::parse(value.expose()).unwrap();
                    assert!(code.embedded_check_holds() && code.as_str()[8..].starts_with("MA9"), "{code}");
                    assert!(matches!(code.class(), "91" | "92"), "{code}");
                    assert!(code.division().starts_with("3705"), "{code}");
                }
                IdentifierKind::CitizenNumber => {
                    let number = CitizenNumber::parse(value.expose()).unwrap();
                    assert!(number.birth_date().year() <= 1905, "somebody could be alive");
                    assert!(value.expose().starts_with("370500"), "a county has issued a number");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn no_identifier_leads_to_two_subjects() {
    let mut owners = BTreeMap::<(&str, &str), &str>::new();
    for record in RECORDS.iter() {
        let own = record.subject.identifiers.iter().map(|(kind, value)| (kind.name(), value.expose()));
        let name = record.subject.name.as_ref().unwrap().expose();
        for identifier in own {
            assert_eq!(*owners.entry(identifier).or_insert(name), name, "{identifier:?}");
        }
    }
}

#[test]
fn the_counts_of_records_hold() {
    let mut counts = BTreeMap::new();
    for record in RECORDS.iter() {
        *counts.entry(record.item.clone()).or_default() += 1;
    }
    assert_eq!(counts, SAMPLE.facts.records);
}

fn about(identifier: &str) -> Vec<&'static PreparedRecord> {
    let is_about = |record: &&PreparedRecord| record.subject.identifiers.iter().any(|(_, v)| v.expose() == identifier);
    RECORDS.iter().filter(is_about).collect()
}

fn items(records: &[&PreparedRecord]) -> Vec<String> {
    let mut items: Vec<String> = records.iter().map(|record| record.item.to_string()).collect();
    items.sort();
    items.dedup();
    items
}

fn is_public(record: &PreparedRecord) -> bool {
    record.state == RecordState::Current && record.windows.is_public_on(TODAY)
}

#[test]
fn the_showcase_firm_shows_everything() {
    let facts = &SAMPLE.facts;
    let records = about(&facts.uscc);
    let expected = [
        "abnormal-operation",
        "administrative-licence",
        "administrative-penalty",
        "credit-commitment",
        "credit-evaluation",
        "customs-aeo",
        "registration",
        "social-insurance-payment",
        "tax-class-a",
    ];
    assert_eq!(items(&records), expected);
    assert_eq!(records.iter().filter(|record| is_public(record)).count() as u64, facts.public_records);
    let licences = records.iter().filter(|record| record.item.as_str() == "administrative-licence");
    let (current, over): (Vec<&PreparedRecord>, Vec<_>) = licences.partition(|record| is_public(record));
    assert_eq!((current.len(), over.len()), (2, 1));
    let registration = records.iter().find(|record| record.item.as_str() == "registration").unwrap();
    assert_eq!(registration.plain["registrationStatus"], "ACTIVE");
    let certificate = &registration.private["legalRepresentativeCertificateNo"];
    assert_eq!(certificate.expose(), facts.representative_citizen_number);
    assert_eq!(registration.private["name"].expose(), facts.firm_name);
    assert_eq!(registration.private["legalRepresentative"].expose(), facts.representative_name);
}

#[test]
fn the_showcase_penalties_are_what_they_are_called() {
    let facts = &SAMPLE.facts;
    let records = about(&facts.uscc);
    let windows = |number: &str| {
        let found = records.iter().find(|record| record.plain.get("decisionNo").is_some_and(|no| no == number));
        found.unwrap_or_else(|| panic!("{number} is not there")).windows
    };
    let seen = |number: &str| {
        let windows = windows(number);
        (windows.level, windows.is_public_on(TODAY), windows.is_shared_on(TODAY))
    };
    let penalties = &facts.penalties;
    assert_eq!(seen(&penalties.minor), (Some(Level::Minor), false, true));
    assert_eq!(seen(&penalties.summary), (Some(Level::Minor), false, true));
    assert_eq!(windows(&penalties.summary).level_source, Some(LevelSource::Procedure));
    assert_eq!(seen(&penalties.general), (Some(Level::General), true, true));
    assert_eq!(seen(&penalties.serious), (Some(Level::Serious), true, true));
    assert_eq!(seen(&penalties.over), (Some(Level::General), false, false));
}

#[test]
fn the_person_and_the_other_firm_are_there() {
    let facts = &SAMPLE.facts;
    let person = about(&facts.citizen_number);
    assert_eq!(items(&person), ["judgment-debtor", "practitioner-health-certificate", "religious-personnel-filing"]);
    assert!(person.iter().all(|record| record.subject.name.as_ref().unwrap().expose() == facts.citizen_name));
    let other = about(&facts.other_uscc);
    assert_eq!(items(&other), ["administrative-licence", "registration"]);
    assert!(other.iter().all(|record| is_public(record)));
    for name in &facts.names {
        assert!(RECORDS.iter().any(|record| record.subject.name.as_ref().unwrap().expose() == name), "{name}");
    }
}
