//! The end of bodies: a month's key is drawn by itself, destroyed by itself, and every proof goes on.

use std::sync::Arc;

use chengxin::domain::{Date, Instant, Role};
use chengxin::ledger::period_keys::PeriodKeys;
use chengxin::ledger::redaction::{RedactionFault, Voice};
use chengxin::ledger::retention::{Retention, expire_blocking};
use chengxin::ledger::{
    BodyKeys, Disclosures, Expectation, Export, Ledger, LedgerKeys, LedgerSettings, SigningKeys, verify_database,
    verify_export,
};
use chengxin::store::ledger::{entry, period};
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::ledger_log::setting::{ORIGIN, Place, append, ledgers};
use crate::support::process::Place as Folder;

const RETENTION: Retention = Retention { body_months: 36 };

/// The bodies' keys as a gateway has them, sealed under `secret`.
fn bodies(place: &Place, secret: u8) -> PeriodKeys {
    PeriodKeys::new(place.database(), ORIGIN, Zeroizing::new([secret; 32]), chengxin::clock::Ambient::system())
}

fn open(place: &Place) -> Ledger {
    let signing =
        SigningKeys { checkpoint: SigningKey::from_bytes(&[1; 32]), receipt: SigningKey::from_bytes(&[2; 32]) };
    let keys = LedgerKeys::new(ORIGIN, signing, Arc::new(bodies(place, 9)), Zeroizing::new([1; 32])).unwrap();
    place.open_with(keys, &LedgerSettings::default()).unwrap()
}

fn at(place: &Place, date: &str) -> Date {
    place.clock.set(Instant::parse_rfc3339(&format!("{date}T04:00:00Z")).unwrap());
    date.parse().unwrap()
}

#[test]
fn the_key_of_a_month_is_the_same_for_every_gateway_and_for_no_other_month_or_secret() {
    for place in ledgers() {
        let (one, two) = (bodies(&place, 9), bodies(&place, 9));
        assert!(one.key_for("2026-11").is_none(), "reading draws none");
        let november = one.key_to_seal("2026-11").unwrap();
        assert_eq!(two.key_to_seal("2026-11").unwrap(), november);
        assert_eq!(two.key_for("2026-11").unwrap(), november);
        assert_ne!(two.key_to_seal("2026-12").unwrap(), november);
        assert!(bodies(&place, 8).key_to_seal("2026-11").is_none(), "another secret opens nothing and draws nothing");
        let moved = "INSERT INTO ledger_period_key SELECT '2027-01', wrapped, created_at, destroyed_at \
                     FROM ledger_period_key WHERE period = '2026-11'";
        place.run(moved).unwrap();
        assert!(bodies(&place, 9).key_for("2027-01").is_none(), "a sealed key opens in its own month alone");
    }
}

#[test]
fn what_is_over_is_redacted_with_an_entry_and_every_proof_goes_on() {
    for place in ledgers() {
        at(&place, "2026-11-23");
        let ledger = open(&place);
        append(&ledger, 0..10);
        at(&place, "2026-12-02");
        append(&ledger, 10..15);
        let early = expire_blocking(&ledger, RETENTION, at(&place, "2029-11-30"), Some("operator")).unwrap();
        assert_eq!(early, []);
        let today = at(&place, "2029-12-01");
        let rehearsed = expire_blocking(&ledger, RETENTION, today, None).unwrap();
        assert_eq!((rehearsed.len(), rehearsed[0].bodies, ledger.size()), (1, 0, 15));
        let expired = expire_blocking(&ledger, RETENTION, today, Some("operator")).unwrap();
        assert_eq!((expired[0].period.as_str(), expired[0].bodies, expired.len()), ("2026-11", 10, 1));
        assert_eq!(expire_blocking(&ledger, RETENTION, today, Some("operator")).unwrap(), [], "once");
        let told = ledger.entry(15).unwrap().unwrap();
        assert_eq!(told.leaf.flags, ["PERIOD:2026-11", "PERIOD_EXPIRED"]);
        assert!(ledger.body(&ledger.entry(3).unwrap().unwrap()).unwrap().is_none());
        assert!(ledger.body(&ledger.entry(12).unwrap().unwrap()).unwrap().is_some());
        ledger.close();

        let (database, keys) = (place.database(), ledger.keys());
        assert!(bodies(&place, 9).key_to_seal("2026-11").is_none(), "no other key is drawn for the month");
        let row = database.read(|connection| period::find(connection, "2026-11")).unwrap().unwrap();
        assert!(row.wrapped.is_empty() && row.destroyed_at.is_some());
        let expectation = Expectation { log: Some(keys.log().clone()), ..Expectation::default() };
        let disclosures = Disclosures::All(keys.bodies());
        let export = Export {
            database: &database,
            log: keys.log(),
            receipts: keys.receipts(),
            disclosures,
            checkpoint: None,
            first: 0,
        };
        let mut file = Vec::new();
        export.ndjson(&mut file).unwrap();
        let report = verify_export(&file[..], &expectation).unwrap();
        assert_eq!((report.exit_code(), report.withheld), (0, 60), "{report}");
        assert!(report.opened >= 30, "{report}");
        let report = verify_database(&database, &expectation, Some(keys.bodies())).unwrap();
        assert_eq!(report.exit_code(), 0, "{report}");
    }
}

/// The bytes of the key are gone from the file, not only out of reach.
#[test]
fn a_destroyed_key_is_not_in_the_database_file_any_more() {
    let place = ledgers().remove(0);
    let ledger = open(&place);
    append(&ledger, 0..3);
    let row = ledger.database().read(|connection| period::find(connection, "2026-11")).unwrap().unwrap();
    expire_blocking(&ledger, RETENTION, at(&place, "2030-01-05"), Some("operator")).unwrap();
    ledger.close();
    drop(ledger);
    place.run("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let files = place.named_files();
    assert!(!files.is_empty());
    for (_, bytes) in files {
        assert!(!bytes.windows(row.wrapped.len()).any(|window| window == row.wrapped));
    }
}

#[test]
fn the_command_says_what_it_would_do_and_a_short_retention_is_refused() {
    let place = Folder::empty("sqlite:registry.db", "sqlite:ledger.db");
    let command = ["ledger", "expire", "--config", "chengxin.toml", "--by", "operator"];
    assert!(place.succeed(&command).contains("nothing is older than 36 months"));
    std::fs::write(place.path("policies/retention.toml"), "body_months = 3\n").unwrap();
    let output = place.run(&command);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && told.contains("at least 6"), "{told}");
    let served = place.run(&["serve", "--config", "chengxin.toml"]);
    assert!(
        served.status.code() == Some(1) && String::from_utf8_lossy(&served.stderr).contains("at least 6"),
        "{served:?}"
    );
}

fn voice(person: &str, role: Role) -> Voice {
    Voice { person: person.to_owned(), role }
}

/// Two have agreed, and then the process was gone: whoever of them agrees again completes it, and nobody else.
#[test]
fn a_redaction_that_was_broken_off_is_completed_and_its_bytes_are_gone() {
    for place in ledgers() {
        let ledger = open(&place);
        append(&ledger, 0..5);
        let sealed = ledger.database().read(|connection| entry::bodies(connection, 3, 3)).unwrap().remove(0).sealed;
        ledger.propose_redaction(3, "why", &voice("li", Role::SystemAdmin)).unwrap();
        ledger.agree_to_redaction(3, &voice("wang", Role::SecurityAdmin)).unwrap();
        place.run("UPDATE ledger_redaction SET second_by = 'sun', second_role = 'AUDITOR', second_at = 1").unwrap();
        let stranger = ledger.agree_to_redaction(3, &voice("zhao", Role::Coordinator));
        assert!(matches!(stranger, Err(RedactionFault::Done)), "{stranger:?}");
        assert!(ledger.body(&ledger.entry(3).unwrap().unwrap()).unwrap().is_some());
        let done = ledger.agree_to_redaction(3, &voice("sun", Role::Auditor)).unwrap();
        assert!(done.done_at.is_some() && ledger.body(&ledger.entry(3).unwrap().unwrap()).unwrap().is_none());
        let told = ledger.entry(5).unwrap().unwrap();
        assert_eq!((told.leaf.flags, told.leaf.reference), (vec!["REDACTED".to_owned()], Some(3)));
        let about_it = ledger.propose_redaction(5, "and this too", &voice("li", Role::SystemAdmin));
        assert!(matches!(about_it, Err(RedactionFault::Protected)), "{about_it:?}");
        ledger.close();
        drop(ledger);
        if place.is_sqlite() {
            place.run("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        }
        for (_, bytes) in place.named_files() {
            assert!(!bytes.windows(sealed.len()).any(|window| window == sealed));
        }
    }
}
