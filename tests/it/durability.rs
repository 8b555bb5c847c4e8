//! What is on disk, and what is not: that no byte of an answer leaves before its entry is there (L18), that a write-ahead log
//! torn anywhere is recovered or refused (L5), that a database put back from a copy does not open (L9).

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use chengxin::ledger::{Expectation, LedgerError, LedgerSettings, Reason, State, verify_database};

use crate::ledger_log::setting::{append, keys, ledgers};
use crate::support::process::Place;
use crate::support::wire::{self, Wire};

/// How many answers are watched.
const ASKED: usize = 20;

/// Whether one process may watch another here.
fn can_trace() -> bool {
    Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
}

#[test]
fn the_system_calls_show_that_every_answer_leaves_after_its_entry_was_synced() {
    if !can_trace() {
        println!("strace may not watch a process here: left out");
        return;
    }
    let place = Place::new();
    let trace = place.path("trace");
    let mut command = Command::new("strace");
    let calls = "trace=fdatasync,fsync,read,recvfrom,write,writev,sendto,sendmsg";
    command.args(["-D", "-f", "-y", "-s", "32", "-e", calls, "-o"]);
    command.arg(&trace).arg(env!("CARGO_BIN_EXE_chengxin")).args(["serve", "--config", "chengxin.toml"]);
    command.current_dir(place.folder.path()).env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let address: SocketAddr = lines
        .find_map(|line| line.split("listening address=").nth(1).map(|address| address.trim().parse().unwrap()))
        .expect("the gateway listens");
    // Whoever closes the other end of its log stops it.
    let log = std::thread::spawn(move || lines.count());
    let mut wire = Wire::open(address).unwrap();
    for _ in 0..ASKED {
        let answer =
            wire.exchange(&wire::query(&format!("{{ subject(uscc: \"{}\") {{ name }} }}", place.uscc))).unwrap();
        assert!(answer.status == 200 && answer.text().contains("\"audit\""), "{}", answer.text());
    }
    drop(wire);
    // The child is the gateway; who watches it ends after it.
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    child.wait().unwrap();
    log.join().unwrap();

    // One caller, one request at a time: so between reading a request and writing its answer there must be a sync of the
    // ledger's log that was begun and ended there.
    let (mut asked, mut begun, mut synced, mut answered) = (false, Vec::new(), false, 0);
    let text = fs::read_to_string(&trace).unwrap();
    let mut since = Vec::new();
    for line in text.lines() {
        since.push(line);
        let thread = line.split_whitespace().next().unwrap_or_default();
        if line.contains("\"POST /graphql") {
            (asked, begun, synced, since) = (true, Vec::new(), false, vec![line]);
        } else if line.contains("sync(") && line.contains("ledger.db-wal") && asked {
            synced |= line.ends_with("= 0");
            begun.push(thread);
        } else if line.contains("sync resumed") && begun.contains(&thread) {
            synced |= line.ends_with("= 0");
        } else if line.contains("\"HTTP/1.1 200 OK") && asked {
            assert!(synced, "an answer left before its entry was synced:\n{}", since.join("\n"));
            (asked, answered) = (false, answered + 1);
        }
    }
    assert_eq!(answered, ASKED, "every answer was seen leaving");
}

#[test]
fn a_write_ahead_log_torn_anywhere_is_recovered_or_refused_and_never_accepted_wrong() {
    let expectation = || Expectation { log: Some(keys(1).log().clone()), ..Expectation::default() };
    for place in ledgers().into_iter().filter(crate::ledger_log::setting::Place::is_sqlite) {
        let ledger = place.open();
        append(&ledger, 0..3);
        ledger.integrate_blocking().unwrap();
        append(&ledger, 3..5);
        ledger.integrate_blocking().unwrap();
        let copy = place.copy();
        drop(ledger);
        let whole = copy.named_files();
        let is_log = |path: &std::path::Path| path.to_string_lossy().ends_with("-wal");
        let length = whole.iter().find(|(path, _)| is_log(path)).map_or(0, |(_, bytes)| bytes.len());
        // A frame is 24 bytes of header and a page; the places around each boundary, and some within.
        let frame = 24 + 8192;
        let cuts = (0..=length).filter(|at| (at + frame - 32) % frame < 3 || at % 997 == 0);
        let (mut opened, mut refused) = (0, 0);
        for cut in cuts {
            for (path, bytes) in &whole {
                let _absent = fs::remove_file(path);
                if !path.to_string_lossy().ends_with("-shm") {
                    fs::write(path, if is_log(path) { &bytes[..cut.min(bytes.len())] } else { bytes }).unwrap();
                }
            }
            match copy.open_with(keys(1), &LedgerSettings::default()) {
                Err(_) => refused += 1,
                Ok(ledger) => {
                    ledger.close();
                    let size = ledger.size();
                    assert!(size <= 5, "{size} entries after a cut at {cut}");
                    let report = verify_database(&copy.database(), &expectation(), None).unwrap();
                    assert_eq!((report.exit_code(), report.entries), (0, size), "cut at {cut}: {report}");
                    opened += 1;
                }
            }
        }
        assert!(opened > 10, "{opened} opened, {refused} refused");
    }
}

#[test]
fn a_database_put_back_or_gone_on_with_differently_is_refused_by_the_checkpoint_kept_beside_it() {
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("ledger.highwater");
    for place in ledgers() {
        let _first = std::fs::remove_file(&path);
        let settings = || LedgerSettings { high_water: Some(path.clone()), ..LedgerSettings::default() };
        let ledger = place.open_with(keys(1), &settings()).unwrap();
        append(&ledger, 0..300);
        drop(ledger);
        let today = std::fs::read_to_string(&path).unwrap();
        assert_eq!(today.lines().nth(1), Some("300"));
        let (yesterday, other) = (place.copy(), place.copy());
        let ledger = place.open_with(keys(1), &settings()).unwrap();
        append(&ledger, 300..310);
        ledger.close();
        let opened = yesterday.open_with(keys(1), &settings()).map(drop);
        assert!(matches!(opened, Err(LedgerError::RolledBack { kept: 310, stored: 300, .. })), "{opened:?}");
        // The same under a running gateway that is looked at again.
        let running = yesterday.open_with(keys(1), &LedgerSettings::default()).unwrap();
        assert!(running.recheck_high_water(&kept.path().join("none")).is_ok(), "nothing is kept there");
        std::fs::write(kept.path().join("today"), &today).unwrap();
        assert!(running.recheck_high_water(&kept.path().join("today")).is_ok() && running.is_ready());
        let found = running.recheck_high_water(&path).unwrap_err();
        assert!(matches!(found, LedgerError::RolledBack { .. }) && !running.is_ready(), "{found:?}");
        assert_eq!(running.try_reopen_blocking(), State::Closed(Reason::Tampered), "until a person has looked");
        append(&other.open_with(keys(1), &LedgerSettings::default()).unwrap(), 400..450);
        let opened = other.open_with(keys(1), &settings()).map(drop).unwrap_err();
        assert!(matches!(opened, LedgerError::Forked { kept: 310, .. }) && opened.is_contradiction(), "{opened:?}");
        // What came after the last note that was kept is no contradiction: the database is ahead of it.
        std::fs::write(&path, &today).unwrap();
        place.open_with(keys(1), &settings()).unwrap().close();
        std::fs::write(&path, today.replacen("300", "299", 1)).unwrap();
        let crooked = place.open_with(keys(1), &settings()).map(drop).unwrap_err();
        assert!(matches!(crooked, LedgerError::Kept { .. }) && crooked.is_contradiction(), "{crooked:?}");
        // Where nothing can be kept, that is known at the start.
        let nowhere = LedgerSettings { high_water: Some(kept.path().join("none/highwater")), ..settings() };
        let refused = place.open_with(keys(1), &nowhere).map(drop).unwrap_err();
        assert!(matches!(refused, LedgerError::HighWater { .. }) && !refused.is_contradiction(), "{refused:?}");
    }
}
