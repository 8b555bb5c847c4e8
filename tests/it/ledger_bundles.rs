//! Export bundles: whole, gone on with, tampered with, and what an auditor keeps from one to the next.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chengxin::ledger::bundle::{self, Begun};
use chengxin::ledger::manifest::{Manifest, Order};
use chengxin::ledger::{
    Decision, Disclosures, EntryKind, Export, Ledger, NewEntry, Policy, Report, Trust, verify_bundle,
};

use serde_json::Value;

use crate::ledger_log::setting::{NOW, TestBodies, append, keys, ledgers};
use crate::support::patience;
use crate::support::process::Place;

fn order(proofs: Vec<u64>) -> Order {
    Order {
        created: "2026-11-23T08:00:00.000000Z".to_owned(),
        disclosed: true,
        from: 0,
        proofs,
        reason: "yearly audit".to_owned(),
        requester: "audit office".to_owned(),
        tool: "test".to_owned(),
    }
}

fn begin(ledger: &Ledger, proofs: Vec<u64>) -> Begun {
    begin_from(ledger, 0, proofs)
}

fn begin_from(ledger: &Ledger, from: u64, proofs: Vec<u64>) -> Begun {
    let entry = NewEntry::new(EntryKind::Export, Decision::Allowed);
    bundle::register_blocking(ledger, "bundle", Order { from, ..order(proofs) }, entry).unwrap()
}

fn write(ledger: &Ledger, begun: &Begun, folder: &Path) -> Manifest {
    let (database, keys, bodies) = (ledger.database(), ledger.keys(), TestBodies::default());
    let disclosures = Disclosures::All(&bodies);
    let export =
        Export { database, log: keys.log(), receipts: keys.receipts(), disclosures, checkpoint: None, first: 0 };
    bundle::write(&export, folder, begun, &mut |_| {}).unwrap()
}

/// A bundle of a ledger with so many entries and the export's own.
fn bundle_of(entries: u32) -> (tempfile::TempDir, Ledger) {
    let place = ledgers().remove(0);
    let ledger = place.open();
    append(&ledger, 0..entries);
    let folder = tempfile::tempdir().unwrap();
    let begun = begin(&ledger, vec![0, 3]);
    write(&ledger, &begun, folder.path());
    // The place goes; the ledger keeps its file open, which is enough for its keys.
    (folder, ledger)
}

fn trust() -> Trust {
    Trust { policy: Some(Policy::of_log(keys(1).log().clone())), state: None }
}

fn verify(folder: &Path) -> Report {
    let report = verify_bundle(folder, &trust()).unwrap().report;
    agree(folder, &report);
    report
}

/// `docs/verify.py`, which shares no code with us, finds the same.
fn agree(folder: &Path, report: &Report) {
    let policy = folder.with_extension("policy");
    fs::write(&policy, format!("log {}\nquorum none\n", keys(1).log())).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify.py");
    let run = Command::new("python3").arg(script).arg(folder).arg("--json").arg("--policy").arg(&policy).output();
    let output = run.expect("python3 runs the second verifier");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("docs/verify.py: {}", String::from_utf8_lossy(&output.stderr));
    });
    assert_eq!(output.status.code(), Some(i32::from(report.exit_code())), "{report}\nand docs/verify.py: {found:#}");
    let ours = report.to_json();
    for member in ["outcome", "is_key_pinned"] {
        assert_eq!(found[member], ours[member], "{member}: {report}\nand docs/verify.py: {found:#}");
    }
    for member in ["origin", "size", "root", "entries", "opened", "withheld"] {
        let is_same = report.exit_code() != 0 || found[member] == ours[member];
        assert!(is_same, "{member}: {report}\nand docs/verify.py: {found:#}");
    }
    fs::remove_file(policy).unwrap();
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let names = manifest.files.keys().cloned().chain(["manifest.json".to_owned()]);
    names.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn a_bundle_holds_all_there_is_and_verifies_on_each_backend() {
    for place in ledgers() {
        let ledger = place.open();
        append(&ledger, 0..300);
        ledger.integrate_blocking().unwrap();
        place.clock.set(chengxin::domain::Instant::from_micros(NOW + 120_000_000));
        append(&ledger, 300..599);
        let begun = begin(&ledger, vec![7, 599]);
        let folder = tempfile::tempdir().unwrap();
        // The ledger goes on meanwhile: the bundle is that of its checkpoint.
        append(&ledger, 600..700);
        ledger.integrate_blocking().unwrap();
        let manifest = write(&ledger, &begun, folder.path());
        assert_eq!((manifest.range, begun.export.entry), ([0, 600], 599));
        for name in ["checkpoint", "policy", "tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/002.p/88"]
        {
            assert!(manifest.files.contains_key(name), "{name}");
        }
        for name in [
            "entries.ndjson",
            "entries.csv",
            "entries.parquet",
            "checkpoints/300",
            "proofs/7.tlog-proof",
            "proofs/599.tlog-proof",
        ] {
            assert!(manifest.files.contains_key(name), "{name}");
        }
        let report = verify(folder.path());
        assert_eq!((report.exit_code(), report.entries, report.size), (0, 600, Some(600)), "{report}");
        assert!(report.is_key_pinned && report.opened > 3000 && report.withheld == 0, "{report}");
        let unpinned = verify_bundle(folder.path(), &Trust::default()).unwrap().report;
        assert!(unpinned.exit_code() == 0 && !unpinned.is_key_pinned, "{unpinned}");
        assert!(ledger.entry(599).unwrap().unwrap().leaf.flags.contains(&"DISCLOSED".to_owned()));
    }
}

/// What came since the last time, with what the entries before amount to: for every place that a beginning can have in its
/// tiles, and for what an auditor has kept from before, at and behind the beginning.
#[test]
fn a_bundle_from_an_entry_on_is_held_against_the_root_and_what_the_auditor_has_kept() {
    for place in ledgers() {
        let ledger = place.open();
        let mut kept = Vec::new();
        for last in [100_u32, 512, 700, 1100] {
            append(&ledger, u32::try_from(ledger.size()).unwrap()..last);
            ledger.integrate_blocking().unwrap();
            kept.push(ledger.newest_checkpoint().unwrap());
        }
        for (from, first) in [(1, 0), (256, 256), (511, 256), (512, 512), (700, 512), (1100, 1024)] {
            let begun = begin_from(&ledger, from, vec![ledger.size() - 1]);
            let folder = tempfile::tempdir().unwrap();
            let manifest = write(&ledger, &begun, folder.path());
            let size = begun.export.entry + 1;
            assert_eq!(manifest.range, [first, size]);
            assert!(!manifest.files.contains_key("tile/0/000") || first == 0, "nothing of the tiles before");
            let report = verify(folder.path());
            assert_eq!((report.exit_code(), report.entries, report.first), (0, size - first, first), "{report}");
            for note in &kept {
                let covered: u64 = note.lines().nth(1).unwrap().parse().unwrap();
                let trust = Trust { state: Some(note.clone()), ..trust() };
                let report = verify_bundle(folder.path(), &trust).unwrap().report;
                // What was kept from before the beginning cannot be held against what is there: 5, not 0.
                assert_eq!(report.exit_code(), if covered < first { 5 } else { 0 }, "{covered} from {first}: {report}");
            }
        }
        for (from, proofs, told) in
            [(99_999, vec![], "no entry 99999 to begin with"), (600, vec![511], "entry 511 is not in")]
        {
            let entry = NewEntry::new(EntryKind::Export, Decision::Allowed);
            let refused =
                bundle::register_blocking(&ledger, "bundle", Order { from, ..order(proofs) }, entry).unwrap_err();
            assert!(refused.to_string().contains(told), "{refused}");
        }
    }
}

#[test]
fn whatever_is_changed_in_a_bundle_from_an_entry_on_is_found() {
    let place = ledgers().remove(0);
    let ledger = place.open();
    append(&ledger, 0..600);
    ledger.integrate_blocking().unwrap();
    // A minute later, so that the bundle holds an older checkpoint: what is wrong with the tiles is no fork.
    place.clock.set(chengxin::domain::Instant::from_micros(NOW + 120_000_000));
    append(&ledger, 600..700);
    let folder = tempfile::tempdir().unwrap();
    let manifest = write(&ledger, &begin_from(&ledger, 600, vec![650]), folder.path());
    assert!(manifest.files.contains_key("checkpoints/600"));
    let path = folder.path();
    let again = |name: &str, bytes: &[u8]| fs::write(path.join(name), bytes).unwrap();
    let listed = fs::read(path.join("manifest.json")).unwrap();
    for (name, whole) in files(path) {
        for at in [0, whole.len() / 3, whole.len() / 2, whole.len() - 2] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            again(&name, &changed);
            if name != "manifest.json" {
                let mut manifest: Manifest = serde_json::from_slice(&listed).unwrap();
                let digest = chengxin::ledger::manifest::FileDigest::of(&changed[..]).unwrap();
                manifest.files.insert(name.clone(), digest);
                again("manifest.json", &serde_json::to_vec(&manifest).unwrap());
            }
            let report = verify(path);
            assert_eq!(report.exit_code() == 0, name == "policy", "{name}, byte {at}: {report}");
            again(&name, &whole);
            again("manifest.json", &listed);
        }
    }
    // A beginning that is another one, in the list alone or in the list and what the lines say.
    let text = String::from_utf8(listed.clone()).unwrap();
    let lines = fs::read_to_string(path.join("entries.ndjson")).unwrap();
    assert!(lines.starts_with("{\"format\"") && lines.lines().next().unwrap().contains("\"first\":512"), "{text}");
    for first in ["0", "256", "513", "768", "1024", "18446744073709551615"] {
        again("manifest.json", text.replacen("    512,", &format!("    {first},"), 1).as_bytes());
        assert!([4, 5].contains(&verify(path).exit_code()), "{first}");
        again("manifest.json", &listed);
    }
    for (from, to) in [("\"first\":512", "\"first\":256"), ("\"first\":512,", ""), ("\"left\":\"", "\"left\":\"AAAA")] {
        let changed = lines.replacen(from, to, 1);
        assert_ne!(changed, lines);
        let mut manifest: Manifest = serde_json::from_slice(&listed).unwrap();
        let digest = chengxin::ledger::manifest::FileDigest::of(changed.as_bytes()).unwrap();
        manifest.files.insert("entries.ndjson".to_owned(), digest);
        again("entries.ndjson", changed.as_bytes());
        again("manifest.json", &serde_json::to_vec(&manifest).unwrap());
        assert!([4, 5].contains(&verify(path).exit_code()), "{to}");
    }
}

#[test]
fn a_bundle_that_was_broken_off_becomes_the_same_bundle_and_a_finished_one_is_left_alone() {
    let place = ledgers().remove(0);
    let ledger = place.open();
    append(&ledger, 0..300);
    let begun = begin(&ledger, vec![5]);
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let manifest = write(&ledger, &begun, whole.path());
    assert!(bundle::begun(whole.path()).unwrap_err().to_string().contains("finished"));
    assert!(bundle::begun(broken.path()).unwrap().is_none());
    fs::write(broken.path().join("begun.json"), serde_json::to_vec(&begun).unwrap()).unwrap();
    fs::create_dir_all(broken.path().join("tile/0")).unwrap();
    fs::copy(whole.path().join("tile/0/000"), broken.path().join("tile/0/000")).unwrap();
    fs::write(broken.path().join("entries.ndjson.part"), "half a li").unwrap();
    append(&ledger, 300..400);
    ledger.integrate_blocking().unwrap();
    let found = bundle::begun(broken.path()).unwrap().unwrap();
    assert_eq!(write(&ledger, &found, broken.path()), manifest);
    assert_eq!(files(broken.path()), files(whole.path()));
    assert_eq!(verify(broken.path()).exit_code(), 0);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("letter.txt"), "dear auditor").unwrap();
    assert!(bundle::begun(other.path()).unwrap_err().to_string().contains("something else"));
}

#[test]
fn whatever_is_changed_taken_or_added_is_found_with_its_exit_code() {
    let (folder, ledger) = bundle_of(300);
    let path = folder.path();
    assert_eq!(verify(path).exit_code(), 0);
    let again = |name: &str, bytes: &[u8]| fs::write(path.join(name), bytes).unwrap();
    for (name, whole) in files(path) {
        // A bit of it; and for all but the manifest, with a manifest that agrees.
        let at = whole.len() / 2;
        let mut changed = whole.clone();
        changed[at] ^= 1;
        again(&name, &changed);
        let report = verify(path);
        assert!([2, 4, 5].contains(&report.exit_code()), "{name}: {report}");
        again(&name, &whole);
        if name != "manifest.json" {
            let listed = fs::read(path.join("manifest.json")).unwrap();
            let mut manifest: Manifest = serde_json::from_slice(&listed).unwrap();
            again(&name, &changed);
            let digest = chengxin::ledger::manifest::FileDigest::of(&changed[..]).unwrap();
            manifest.files.insert(name.clone(), digest);
            again("manifest.json", &serde_json::to_vec(&manifest).unwrap());
            let report = verify(path);
            // The bundle's own trust file is not believed when the auditor has brought one.
            assert_eq!(report.exit_code() == 0, name == "policy", "{name} and the manifest: {report}");
            again(&name, &whole);
            manifest.files.remove(&name);
            again("manifest.json", &serde_json::to_vec(&manifest).unwrap());
            assert_eq!(verify(path).exit_code(), 4, "{name} unlisted");
            again("manifest.json", &listed);
        }
        fs::remove_file(path.join(&name)).unwrap();
        assert!([4, 5].contains(&verify(path).exit_code()), "{name} removed");
        again(&name, &whole);
    }
    fs::write(path.join("tile/0/extra"), "").unwrap();
    assert_eq!(verify(path).exit_code(), 4);
    fs::remove_file(path.join("tile/0/extra")).unwrap();
    assert_eq!(verify(path).exit_code(), 0, "put back");
    let other = Trust { policy: Some(Policy::of_log(keys(7).log().clone())), state: None };
    assert_eq!(verify_bundle(path, &other).unwrap().report.exit_code(), 2);
    ledger.close();
}

#[test]
fn who_asked_and_what_for_cannot_be_rewritten_in_the_manifest() {
    let (folder, _ledger) = bundle_of(20);
    let path = folder.path().join("manifest.json");
    let whole = fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("yearly audit", "daily gossip"),
        ("audit office", "audit officer"),
        ("\"disclosed\": true", "\"disclosed\": false"),
        ("2026-11-23T08", "2026-11-22T08"),
        ("\"entry\": 20", "\"entry\": 19"),
        ("\"tool\": \"test\"", "\"tool\": \"best\""),
        ("\"disclosed\": true,", "\"disclosed\": true, \"from\": 7,"),
    ] {
        assert!(whole.contains(from), "{whole}");
        fs::write(&path, whole.replacen(from, to, 1)).unwrap();
        assert_eq!(verify(folder.path()).exit_code(), 4, "{to}");
    }
}

#[test]
fn every_bit_of_a_small_bundle_counts() {
    let (folder, _ledger) = bundle_of(15);
    let whole = files(folder.path());
    // One bit of every so manieth byte here, another one in each run of the sweep of all in `tests/faults`.
    for (name, bytes) in &whole {
        let step = if name == "manifest.json" { 7 } else { 97 };
        for at in (0..bytes.len()).step_by(step) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(folder.path().join(name), &changed).unwrap();
            let report = verify_bundle(folder.path(), &trust()).unwrap().report;
            assert_ne!(report.exit_code(), 0, "{name}, bit {} of byte {at}", at % 8);
        }
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    assert_eq!(verify(folder.path()).exit_code(), 0);
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn an_auditor_keeps_a_state_that_finds_a_rollback_between_two_exports() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let run = |line: &str| {
        let output = place.run(&words(line));
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    };
    let export = "ledger export --config chengxin.toml --by auditor --reason audit --out";
    let yesterday = place.ledger_files();
    for name in ["first", "second"] {
        let (code, text) = run(&format!("{export} {name}"));
        assert_eq!(code, 0, "{text}");
    }
    fs::copy(place.path("first/policy"), place.path("policy")).unwrap();
    for name in ["first", "second"] {
        let (code, text) = run(&format!("ledger verify {name} --policy policy --state seen"));
        assert_eq!(code, 0, "{text}");
        assert_eq!(fs::read(place.path("seen")).unwrap(), fs::read(place.path(&format!("{name}/checkpoint"))).unwrap());
    }
    let (code, text) = run("ledger verify first --policy policy --state seen");
    assert!(code == 3 && text.contains("rolled back"), "{text}");
    let evidence: Value = serde_json::from_slice(&fs::read(place.path("fork-evidence.json")).unwrap()).unwrap();
    assert!(evidence["known"].as_str().unwrap().lines().nth(1) > evidence["found"].as_str().unwrap().lines().nth(1));
    // Another history of the same length: yesterday's database, gone on with differently.
    Place::put_back(&yesterday);
    let (code, text) = run(&format!("{export} third"));
    assert!(code == 3 && text.contains("LEDGER_ROLLBACK"), "the gateway has kept its newest checkpoint: {text}");
    fs::remove_file(place.path("ledger.highwater")).unwrap();
    for name in ["third", "fourth", "fifth"] {
        assert_eq!(run(&format!("{export} {name}")).0, 0);
        let (code, text) = run(&format!("ledger verify {name} --policy policy --state seen"));
        assert_eq!(code, 3, "{name}: {text}");
        assert_eq!(run(&format!("ledger verify {name} --policy policy")).0, 0, "sound in itself");
    }
    let (code, text) = run("ledger verify first --policy policy --json");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["outcome"], &report["exit_code"]), (0, &"ok".into(), &0.into()));
    assert_eq!(run(&format!("{export} first")).0, 1, "a finished bundle is left alone");
    // What cannot be made is told before anything is written, in the ledger or beside it.
    for (rest, told) in [
        ("sixth --proof 999", "no entry 999"),
        ("sixth --format csv --proof 0", "`--proof` is for a bundle"),
        ("sixth --from 999", "no entry 999 to begin with"),
        ("sixth --format ndjson --from 1", "`--from` is for a bundle"),
    ] {
        let (code, text) = run(&format!("{export} {rest}"));
        assert!(code == 1 && text.contains(told) && !place.path("sixth").exists(), "{rest}: {text}");
    }
    fs::remove_file(place.path("fifth/manifest.json")).unwrap();
    let (code, text) = run(&format!("{export} fifth"));
    assert!(code == 1 && text.contains("something else"), "without what it was begun with: {text}");
}

#[test]
fn a_receipt_verifies_offline_and_with_the_proof_of_its_entry() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let process = place.serve();
    let ask = || {
        let body = br#"{"query":"{ viewer { role } }"}"#;
        process.send("POST", "/graphql", &[("content-type", "application/json")], body)
    };
    let (answer, other) = (ask(), ask());
    let index = |answer: &Value| answer["extensions"]["audit"]["index"].as_str().unwrap().to_owned();
    let (first, second) = (index(&answer.json()), index(&other.json()));
    let proof = |index: &str| {
        patience::until("there is a proof", Duration::from_mins(1), || {
            let proof = process.get(&format!("/ledger/proof/{index}"));
            (proof.status == 200).then(|| proof.text())
        })
    };
    fs::write(place.path("answer.json"), answer.text()).unwrap();
    fs::write(place.path("right.tlog-proof"), proof(&first)).unwrap();
    let wrong = proof(&second).replacen(&format!("index {second}"), &format!("index {first}"), 1);
    fs::write(place.path("wrong.tlog-proof"), wrong).unwrap();
    fs::write(place.path("policy"), process.get("/ledger/policy").text()).unwrap();
    let keys = process.get("/ledger/keys").text();
    let (log, receipts) = keys.trim_end().split_once('\n').unwrap();
    let verify = |rest: &str, key: &str| {
        let output = place.run(&words(&format!("ledger verify-receipt answer.json --key {key} {rest}")));
        output.status.code().unwrap()
    };
    assert_eq!(verify("", receipts), 0);
    assert_eq!(verify("--proof right.tlog-proof --policy policy", receipts), 0);
    assert_eq!(verify("--proof wrong.tlog-proof --policy policy", receipts), 3);
    assert_eq!(verify("", log), 2);
    fs::write(place.path("answer.json"), answer.text().replacen("\"leafHash\":\"", "\"leafHash\":\"A", 1)).unwrap();
    assert_eq!(verify("", receipts), 2);
}

/// Broken off by a name that cannot be written, and gone on with: by the same arguments, and by no others.
#[test]
fn the_command_goes_on_with_its_own_bundle_alone() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let export = "ledger export --config chengxin.toml --by auditor --out bundle --reason";
    fs::create_dir_all(place.path("bundle/entries.csv.part")).unwrap();
    let begun = place.run(&words(&format!("{export} audit")));
    assert!(String::from_utf8_lossy(&begun.stderr).contains("something else"), "a folder that is not empty: {begun:?}");
    fs::remove_dir_all(place.path("bundle")).unwrap();
    assert!(place.run(&words(&format!("{export} audit"))).status.success());
    let manifest: Manifest = serde_json::from_slice(&fs::read(place.path("bundle/manifest.json")).unwrap()).unwrap();
    let checkpoint = fs::read_to_string(place.path("bundle/checkpoint")).unwrap();
    let begun = Begun { export: manifest.export.clone(), checkpoint };
    fs::remove_file(place.path("bundle/manifest.json")).unwrap();
    fs::remove_file(place.path("bundle/entries.csv")).unwrap();
    fs::write(place.path("bundle/begun.json"), serde_json::to_vec(&begun).unwrap()).unwrap();
    for rest in ["gossip", "audit --disclose", "audit --proof 0", "audit --from 1"] {
        let line = format!("{export} {rest}");
        let other = place.run(&words(&line));
        let told = String::from_utf8_lossy(&other.stderr);
        assert!(other.status.code() == Some(1) && told.contains("begun with other arguments"), "{line}: {told}");
    }
    assert!(place.run(&words(&format!("{export} audit"))).status.success());
    let again: Manifest = serde_json::from_slice(&fs::read(place.path("bundle/manifest.json")).unwrap()).unwrap();
    assert_eq!(again, manifest);
}

/// `docs/audit.sh` in commands that run as printed: export, both verifiers, a tampered copy, a redaction, two rollbacks.
#[test]
fn the_walk_of_an_auditor_comes_out_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.sh");
    let mut walk = Command::new("bash");
    walk.arg(script).arg(folder.path().join("audit")).env("CHENGXIN", env!("CARGO_BIN_EXE_chengxin"));
    let output = patience::output(&mut walk, Duration::from_mins(10)).unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("withholds") && told.contains("Everything came out as it must"), "{told}");
}
