//! The index of subjects is held against every entry: what is missing from it is found, and what is too much.

use chengxin::ledger::{Expectation, LedgerKeys, Outcome, Report, verify_database, verify_index};

use super::setting::{Place, keys};
use super::{append, ledgers};

fn verified(place: &Place, keys: &LedgerKeys) -> Report {
    let expectation = Expectation { log: Some(keys.log().clone()), ..Expectation::default() };
    let mut report = verify_database(&place.database(), &expectation, None).unwrap();
    assert_eq!(report.fault_count, 0, "{report:?}");
    verify_index(&place.database(), keys, &mut report).unwrap();
    report
}

#[test]
fn an_entry_that_its_subject_does_not_find_is_told_and_so_is_one_too_many() {
    for place in ledgers() {
        let ledger = place.open();
        for from in (0..3072).step_by(1024) {
            append(&ledger, from..from + 1024);
        }
        ledger.integrate_blocking().unwrap();
        ledger.close();
        let keys = keys(1);
        assert_eq!(verified(&place, &keys).fault_count, 0, "the tail and a segment are whole");

        // One after the other: what was found first stays wrong.
        for (statement, outcome, first_bad) in [
            ("DELETE FROM ledger_subject WHERE idx = 7", Outcome::Incomplete, 7),
            ("DELETE FROM ledger_subject_recent WHERE idx = 3000", Outcome::Incomplete, 7),
            (
                "INSERT INTO ledger_subject (segment, subject, idx) SELECT segment, subject, 5 FROM ledger_subject WHERE idx = 20",
                Outcome::Content,
                5,
            ),
        ] {
            place.run(statement).unwrap();
            let report = verified(&place, &keys);
            assert!(report.faults.iter().any(|fault| fault.kind == outcome), "{statement}: {report:?}");
            assert_eq!(report.first_bad_index, Some(first_bad), "{statement}: {report:?}");
        }
        place.run("INSERT INTO ledger_subject_recent (subject, idx) SELECT subject, 9999 FROM ledger_subject_recent WHERE idx = 2500").unwrap();
        let report = verified(&place, &keys);
        assert!(report.faults.iter().any(|fault| fault.what.contains("not there")), "{report:?}");
    }
}

#[test]
fn of_an_entry_whose_body_is_gone_the_number_of_its_subjects_is_held() {
    for place in ledgers() {
        let ledger = place.open();
        append(&ledger, 0..20);
        ledger.integrate_blocking().unwrap();
        ledger.close();
        place.run("DELETE FROM ledger_body WHERE idx = 4").unwrap();
        assert_eq!(verified(&place, &keys(1)).fault_count, 0);
        place.run("DELETE FROM ledger_subject_recent WHERE idx = 4").unwrap();
        let report = verified(&place, &keys(1));
        assert_eq!((report.first_bad_index, report.fault_count), (Some(4), 1), "{report:?}");
    }
}
