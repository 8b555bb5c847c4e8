//! Going on with a database that was put back: never by itself, acknowledged by two persons, under another name, and told to
//! everybody who reads the ledger. On both backends where both are there.

use std::path::Path;
use std::process::Command;

use chengxin::authentication::TokenClaims;
use chengxin::domain::Role;
use chengxin::ledger::note::VerifierKey;
use chengxin::ledger::recover::{Acknowledgement, RecoverFault, loss, recover};
use chengxin::ledger::redaction::Voice;
use chengxin::ledger::{EntryKind, Expectation, LedgerSettings, Policy, Trust, verify_bundle, verify_database};

use crate::ledger_log::setting::{append, keys, ledgers};
use crate::support::process::Place;
use crate::support::wire;

fn voice(person: &str, role: Role) -> Voice {
    Voice { person: person.to_owned(), role }
}

#[test]
fn a_rolled_back_or_forked_ledger_goes_on_under_another_name_and_fences_off_who_stands_in_the_old_one() {
    let (one, other) = (voice("a", Role::Auditor), voice("s", Role::SecurityAdmin));
    for place in ledgers() {
        let ledger = place.open_with(keys(1), &LedgerSettings::default()).unwrap();
        append(&ledger, 0..300);
        drop(ledger);
        let (rolled_back, forked) = (place.copy(), place.copy());
        append(&place.open_with(keys(1), &LedgerSettings::default()).unwrap(), 300..310);
        let ledger = place.open_with(keys(1), &LedgerSettings::default()).unwrap();
        let kept = ledger.checkpoint();
        ledger.close();
        append(&forked.open_with(keys(1), &LedgerSettings::default()).unwrap(), 400..450);
        let acknowledgement = |voices| Acknowledgement { kept: &kept, reason: "the disk is lost", voices };

        // Where nothing is lost nothing is recovered, and one person alone, or two of one role, recover nothing.
        let ambient = &place.ambient;
        let refused = recover(&place.database(), &keys(1), ambient, acknowledgement([&one, &other])).unwrap_err();
        assert!(matches!(refused, RecoverFault::NothingLost), "{refused}");
        let (same, twice) = (voice("b", Role::Auditor), voice("a", Role::SecurityAdmin));
        for voices in [[&one, &same], [&one, &twice], [&one, &one]] {
            let refused = recover(&forked.database(), &keys(1), ambient, acknowledgement(voices)).unwrap_err();
            assert!(matches!(refused, RecoverFault::SameVoice), "{refused}");
        }
        let crooked = kept.replacen("310", "311", 1);
        let forged = Acknowledgement { kept: &crooked, reason: "r", voices: [&one, &other] };
        let refused = recover(&forked.database(), &keys(1), ambient, forged).unwrap_err();
        assert!(matches!(refused, RecoverFault::Kept(_)), "{refused}");

        for (lost, stored) in [(&rolled_back, 300), (&forked, 350)] {
            let found = loss(&lost.database(), &keys(1), &kept).unwrap();
            assert_eq!((found.kept, found.stored), (310, stored));
            // A gateway that nobody has stopped.
            let stale = lost.open_with(keys(1), &LedgerSettings::default()).unwrap();
            let done = recover(&lost.database(), &keys(1), ambient, acknowledgement([&one, &other])).unwrap();
            assert_eq!(done.index, stored);
            assert!(stale.append_blocking(crate::ledger_log::setting::read(7)).is_err(), "it is fenced off");
            assert!(stale.integrate_blocking().is_err() && !stale.is_ready(), "it signs nothing any more");
            assert!(!stale.checkpoint().contains("/e2"));
            stale.close();

            assert!(lost.open_with(keys(1), &LedgerSettings::default()).is_err(), "the old name is over");
            let ledger = lost.open_with(done.keys.clone(), &LedgerSettings::default()).unwrap();
            append(&ledger, 500..510);
            ledger.integrate_blocking().unwrap();
            let told = ledger.entry(stored).unwrap().unwrap();
            assert_eq!((told.leaf.kind, told.leaf.flags.as_slice()), (EntryKind::ForkAck, &["EPOCH:2".to_owned()][..]));
            let kept_line: Vec<&str> = kept.lines().take(3).collect();
            assert_eq!(told.leaf.acknowledged.as_deref(), Some(kept_line.join(" ").as_str()));
            let body = ledger.body(&told).unwrap().unwrap();
            let said = |name: &str| body.iter().find(|opening| opening.name == name).unwrap().value.clone();
            assert_eq!((said("reason").as_str(), said("actor").as_str()), ("the disk is lost", "a, s"));
            assert!(ledger.body(&ledger.entry(3).unwrap().unwrap()).unwrap().is_some(), "what was sealed before opens");
            assert_eq!(ledger.checkpoint().lines().next(), Some(done.keys.log().name()));
            ledger.close();
            let expectation = Expectation { log: Some(done.keys.log().clone()), ..Expectation::default() };
            let report = verify_database(&lost.database(), &expectation, Some(done.keys.bodies())).unwrap();
            assert_eq!((report.exit_code(), report.size), (0, Some(stored + 11)), "{report}");
        }
    }
}

#[test]
fn an_operator_recovers_a_ledger_with_two_tokens_and_an_auditor_verifies_what_goes_on() {
    let place = Place::new();
    let ask = format!("{{ subject(uscc: \"{}\") {{ name }} }}", place.uscc);
    let serve_and_ask = |times: usize| {
        let process = place.serve();
        let mut wire = process.wire();
        for _ in 0..times {
            assert!(wire.exchange(&wire::query(&ask)).unwrap().text().contains("\"audit\""));
        }
        drop(wire);
        process.terminate();
        process.ended();
    };
    serve_and_ask(3);
    let yesterday = place.ledger_files();
    serve_and_ask(3);
    let kept = std::fs::read_to_string(place.path("ledger.highwater")).unwrap();
    let base: Vec<&str> = "ledger recover --config chengxin.toml --reason lost".split(' ').collect();
    let recover = |more: &[&str]| {
        let output = place.run(&[&base, more].concat());
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    let (code, told) = recover(&["--rehearse"]);
    assert!(code == Some(1) && told.contains("nothing to recover"), "{told}");
    Place::put_back(&yesterday);
    assert_eq!(place.run(&["serve", "--config", "chengxin.toml"]).status.code(), Some(3));

    let token = |name: &str, role: Role, actor: &str| {
        let claims = TokenClaims { client: Some("test".to_owned()), ..TokenClaims::new(role, actor) };
        std::fs::write(place.path(name), place.token(&claims)).unwrap();
    };
    token("auditor", Role::Auditor, "li");
    token("second-auditor", Role::Auditor, "wang");
    token("security", Role::SecurityAdmin, "zhang");
    token("same-person", Role::SecurityAdmin, "li");
    token("system", Role::SystemAdmin, "zhao");
    std::fs::write(place.path("forged"), "ey.ey.ey").unwrap();
    for (approvals, told) in [
        (&["auditor"][..], "wanted twice"),
        (&["auditor", "security", "second-auditor"], "wanted twice"),
        (&["auditor", "second-auditor"], "two persons of two roles"),
        (&["auditor", "same-person"], "two persons of two roles"),
        (&["auditor", "system"], "SYSTEM_ADMIN"),
        (&["auditor", "forged"], "is refused"),
        (&["auditor", "absent"], "cannot be read"),
    ] {
        let given: Vec<&str> = approvals.iter().flat_map(|file| ["--approval", file]).collect();
        let (code, text) = recover(&given);
        assert!(code == Some(1) && text.contains(told), "{approvals:?}: {text}");
    }
    let (code, told) = recover(&["--rehearse"]);
    assert!(code == Some(0) && told.contains("nothing was done"), "{told}");
    let (code, told) = recover(&["--approval", "auditor", "--approval", "security"]);
    assert!(code == Some(0) && told.contains("test.chengxin.example/ledger/e2"), "{told}");
    assert_eq!(std::fs::read_to_string(place.path("ledger.highwater.before")).unwrap(), kept);
    // As if it had been broken off before the new checkpoint was kept: the same once more finishes it.
    std::fs::write(place.path("ledger.highwater"), &kept).unwrap();
    assert_eq!(place.run(&["serve", "--config", "chengxin.toml"]).status.code(), Some(3));
    let (code, told) = recover(&["--approval", "auditor", "--approval", "security"]);
    assert!(code == Some(0) && told.contains("recovered already"), "{told}");

    serve_and_ask(2);
    place.succeed(&["ledger", "verify", "--config", "chengxin.toml"]);
    place.succeed(&["ledger", "export", "--config", "chengxin.toml", "--by", "me", "--reason", "audit", "--out", "b"]);
    audited(&place);
    // A second loss is a third epoch.
    let after = place.ledger_files();
    serve_and_ask(2);
    Place::put_back(&after);
    let (code, told) = recover(&["--approval", "auditor", "--approval", "security"]);
    assert!(code == Some(0) && told.contains("test.chengxin.example/ledger/e3"), "{told}");
    serve_and_ask(1);
    place.succeed(&["ledger", "verify", "--config", "chengxin.toml"]);
}

/// The bundle `b` under the key that `ledger checkpoint` names: by our verifier and by the other.
fn audited(place: &Place) {
    let printed = place.run(&["ledger", "checkpoint", "--config", "chengxin.toml"]);
    let text = String::from_utf8(printed.stderr).unwrap();
    let key = text.lines().find_map(|line| line.strip_prefix("checkpoint key: ")).unwrap();
    let policy = format!("log {key}\nquorum none\n");
    std::fs::write(place.path("policy"), &policy).unwrap();
    assert_eq!(VerifierKey::parse(key).unwrap().name(), "test.chengxin.example/ledger/e2");
    let trust = Trust { policy: Some(Policy::parse(&policy).unwrap()), state: None };
    let verified = verify_bundle(&place.path("b"), &trust).unwrap();
    assert_eq!(verified.report.exit_code(), 0, "{}", verified.report);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify.py");
    let mut python = Command::new("python3");
    let output = python.arg(script).arg(place.path("b")).arg("--policy").arg(place.path("policy")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
}
