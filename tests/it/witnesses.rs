//! Witnesses as processes of their own: what they cosign, what they refuse, and what they tell about a ledger that is not
//! the one they have seen.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use chengxin::ledger::checkpoint::Checkpoint;
use chengxin::ledger::note::Note;
use chengxin::ledger::{KeyKind, Policy, Reason, State, VerifierKey};
use chengxin::witness::collector::{Collector, WitnessFault, WitnessSettings};
use chengxin::witness::request::AddCheckpoint;
use sha2::{Digest, Sha256};

use crate::ledger_log::setting::{append, keys, ledgers};
use crate::support::patience;
use crate::support::process::{Place, Process};
use crate::support::wire::{self, Response, Wire};

/// How long what is asked of a witness may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running witness. It is killed when this is dropped.
struct Witness {
    child: Child,
    address: SocketAddr,
    key: VerifierKey,
}

impl Witness {
    fn start(place: &Place, folder: &str, listen: &str, log: &str) -> Self {
        let create = if place.path(folder).exists() { "" } else { "--create" };
        let name = format!("witness.example/{folder}");
        let line = format!("witness --state {folder} {create} --name {name} --listen {listen} --log");
        let arguments: Vec<&str> = line.split_whitespace().chain([log]).collect();
        let mut child = place.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().expect("the witness does not start").unwrap();
        let key = VerifierKey::parse(&line()).unwrap();
        let address = line().rsplit('/').next().unwrap().parse().unwrap();
        Self { child, address, key }
    }

    fn send(&self, method: &str, path: &str, body: &str) -> Response {
        let mut wire = Wire::open(self.address).unwrap();
        wire.send(&wire::request(method, path, &[("content-type", "text/plain")], body.as_bytes())).unwrap();
        wire.answer_to(method).unwrap()
    }

    fn add(&self, old: u64, proof: &[[u8; 32]], note: &str) -> Response {
        let body = AddCheckpoint { old, proof: proof.to_vec(), note: note.to_owned() };
        self.send("POST", "/add-checkpoint", &body.to_string())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn status(response: &Response) -> (u16, String) {
    (response.status, response.text())
}

#[test]
fn a_witness_cosigns_growth_alone_and_remembers_what_it_has_seen() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let keys = keys(1);
    let log = keys.log().to_string();
    let witness = Witness::start(&place, "w1", "127.0.0.1:0", &log);
    let (here, fork) = (ledgers().remove(0), ledgers().remove(0));
    let (ledger, other) = (here.open(), fork.open());
    append(&ledger, 0..5);
    ledger.integrate_blocking().unwrap();
    let five = ledger.newest_checkpoint().unwrap();
    append(&ledger, 5..12);
    ledger.integrate_blocking().unwrap();
    let twelve = ledger.newest_checkpoint().unwrap();
    append(&other, 100..112);
    other.integrate_blocking().unwrap();
    let forked = other.newest_checkpoint().unwrap();
    let growth = ledger.consistency_proof(5, 12).unwrap();

    assert_eq!(witness.send("POST", "/add-checkpoint", "old 0\n").status, 400);
    assert_eq!(witness.send("POST", "/add-checkpoint", "old 0\n\nno note").status, 400);
    assert_eq!(witness.add(13, &[], &twelve).status, 400, "old beyond the checkpoint");
    assert_eq!(witness.add(0, &[], &five.replace("ledger.dongying", "ledger.elsewhere")).status, 404);
    let (head, tail) = five.split_at(five.len() - 6);
    assert_eq!(witness.add(0, &[], &format!("{head}AAAA{}", &tail[4..])).status, 403);
    assert_eq!(witness.add(0, &growth, &five).status, 422, "from nothing there is no proof");
    assert_eq!(status(&witness.add(3, &[], &five)), (409, "0\n".to_owned()));

    let first = witness.add(0, &[], &five);
    assert_eq!(first.status, 200, "{}", first.text());
    let cosigned = format!("{five}{}", first.text());
    assert_eq!(Note::parse(&cosigned).unwrap().verify(std::slice::from_ref(&witness.key)).unwrap().len(), 1);
    let again = witness.add(5, &[], &five);
    assert_eq!(again.status, 200, "the same once more: {}", again.text());
    let conflict = witness.add(0, &[], &twelve);
    assert_eq!(status(&conflict), (409, "5\n".to_owned()));
    assert_eq!(conflict.header("content-type"), Some("text/x.tlog.size"));
    assert_eq!(witness.add(5, &[], &twelve).status, 422, "without a proof");
    assert_eq!(witness.add(5, &growth, &forked).status, 422, "another history");
    assert_eq!(witness.add(5, &growth, &twelve).status, 200);
    assert_eq!(witness.add(12, &[], &forked).status, 422, "as large, another root");
    assert_eq!(status(&witness.add(5, &[], &five)), (409, "12\n".to_owned()));

    let origin = Checkpoint::open(&five, keys.log()).unwrap().origin;
    let monitored = witness.send("GET", &format!("/{}/checkpoint", hex::encode(Sha256::digest(&origin))), "");
    assert!(monitored.status == 200 && monitored.text().starts_with(&twelve), "{}", monitored.text());
    assert_eq!(witness.send("GET", "/..%2fwitness.key/checkpoint", "").status, 404);

    // Killed and started again, it has forgotten nothing, and there is one witness of a folder at a time.
    let second = place.run(&["witness", "--state", "w1", "--name", "w", "--log", &log, "--listen", "127.0.0.1:0"]);
    assert!(String::from_utf8_lossy(&second.stderr).contains("another witness runs on"), "{second:?}");
    drop(witness);
    let witness = Witness::start(&place, "w1", "127.0.0.1:0", &log);
    assert_eq!(status(&witness.add(0, &[], &five)), (409, "12\n".to_owned()));
    // What it has stored and cannot read any more it does not sign over.
    let stored = place.path("w1").join(hex::encode(Sha256::digest(&origin)));
    fs::write(&stored, "not a checkpoint").unwrap();
    assert_eq!(witness.add(12, &[], &twelve).status, 500);
    assert_eq!(fs::read_to_string(&stored).unwrap(), "not a checkpoint");
    ledger.close();
    other.close();
}

/// A gateway that is running learns from a witness that there is another ledger under its name, and gives out nothing more.
#[test]
fn a_running_ledger_that_a_witness_contradicts_is_closed() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let witness = Witness::start(&place, "w1", "127.0.0.1:0", &keys(1).log().to_string());
    let settings = [WitnessSettings { key: witness.key.to_string(), url: format!("http://{}/", witness.address) }];
    for entries in [3, 20] {
        let (here, elsewhere) = (ledgers().remove(0), ledgers().remove(0));
        let (ledger, other) = (here.open(), elsewhere.open());
        append(&other, 100..112);
        other.integrate_blocking().unwrap();
        // In the second round the witness knows of a ledger of this name already.
        let mut others = Collector::new(other.clone(), &settings).unwrap();
        patience::until("the witness has looked", PATIENCE, || {
            others.collect().1.iter().all(WitnessFault::is_contradiction).then_some(())
        });
        append(&ledger, 0..entries);
        ledger.integrate_blocking().unwrap();
        let collecting = Collector::new(ledger.clone(), &settings).unwrap().start(Duration::from_millis(5)).unwrap();
        patience::until("it is closed", PATIENCE, || (ledger.state() != State::Open).then_some(()));
        assert_eq!(ledger.state(), State::Closed(Reason::Tampered), "{entries} entries");
        drop(collecting);
    }
}

/// Answers each request with the next of these, whatever was asked.
fn liar(answers: Vec<String>) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            let mut line = String::new();
            while request.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            request.read_exact(&mut vec![0; length]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn a_witness_that_talks_nonsense_cosigns_nothing_and_closes_nothing() {
    let place = ledgers().remove(0);
    let ledger = place.open();
    append(&ledger, 0..3);
    ledger.integrate_blocking().unwrap();
    let key = VerifierKey::new("witness.example/w", KeyKind::Cosignature, *keys(9).log().key()).unwrap().to_string();
    let answer = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    };
    for (answers, told) in [
        (vec![answer("200 OK", "\u{2014} witness.example/w AAAAAAAAAAAA\n")], "does not verify"),
        (vec![answer("200 OK", "")], "does not verify"),
        (vec![answer("409 Conflict", "many\n")], "no size"),
        (["1\n", "2\n", "1\n", "2\n"].map(|size| answer("409 Conflict", size)).into(), "changes its mind"),
        (vec![answer("404 Not Found", "who are you")], "404 who are you"),
        (vec![answer("302 Found", "")], "302"),
    ] {
        let settings = [WitnessSettings { key: key.clone(), url: format!("http://{}", liar(answers)) }];
        let (note, faults) = Collector::new(ledger.clone(), &settings).unwrap().collect();
        assert_eq!((note, faults.len()), (ledger.newest_checkpoint().unwrap(), 1));
        assert!(faults[0].to_string().contains(told) && !faults[0].is_contradiction(), "{told}: {}", faults[0]);
    }
    let nobody = [WitnessSettings { key, url: "http://127.0.0.1:1".to_owned() }];
    assert_eq!(Collector::new(ledger.clone(), &nobody).unwrap().collect().1.len(), 1);
    let crooked = [WitnessSettings { key: keys(1).log().to_string(), url: "http://127.0.0.1:1".to_owned() }];
    assert!(Collector::new(ledger.clone(), &crooked).unwrap_err().to_string().contains("not the key of a witness"));
}

/// A gateway that asks two witnesses, and the trust file that wants both.
fn witnessed() -> (Place, Vec<Witness>, String) {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let printed = place.run(&["ledger", "checkpoint", "--config", "chengxin.toml"]);
    let printed = String::from_utf8(printed.stderr).unwrap();
    let log = printed.lines().find_map(|line| line.strip_prefix("checkpoint key: ")).unwrap().to_owned();
    let witnesses: Vec<Witness> =
        ["w1", "w2"].iter().map(|name| Witness::start(&place, name, "127.0.0.1:0", &log)).collect();
    let mut config = fs::read_to_string(place.path("chengxin.toml")).unwrap();
    let mut policy = format!("log {log}\n");
    for (name, witness) in ["w1", "w2"].iter().zip(&witnesses) {
        config.push_str(&format!("\n[[witness]]\nkey = \"{}\"\nurl = \"http://{}\"\n", witness.key, witness.address));
        policy.push_str(&format!("witness {name} {} http://{}\n", witness.key, witness.address));
    }
    policy.push_str("group both all w1 w2\nquorum both\n");
    fs::write(place.path("chengxin.toml"), config).unwrap();
    fs::write(place.path("policy"), &policy).unwrap();
    (place, witnesses, policy)
}

fn ask(process: &Process) -> u64 {
    let body = br#"{"query":"{ viewer { role } }"}"#;
    let answer = process.send("POST", "/graphql", &[("content-type", "application/json")], body);
    answer.json()["extensions"]["audit"]["index"].as_str().unwrap().parse().unwrap()
}

/// Waits until both witnesses have cosigned a checkpoint that covers the entry.
fn cosigned(process: &Process, policy: &str, index: u64) {
    let policy = Policy::parse(policy).unwrap();
    patience::until("both have cosigned", PATIENCE, || {
        let checkpoint = policy.open(&process.get("/ledger/checkpoint").text()).ok()?;
        (checkpoint.size > index).then_some(())
    });
}

#[test]
fn the_gateway_collects_cosignatures_and_an_export_carries_them() {
    let (place, witnesses, policy) = witnessed();
    let process = place.serve();
    let index = ask(&process);
    cosigned(&process, &policy, index);
    let proof = process.get(&format!("/ledger/proof/{index}")).text();
    let proof = chengxin::ledger::ProofFile::parse(&proof).unwrap();
    let trusted = Policy::parse(&policy).unwrap();
    assert!(trusted.open(&proof.checkpoint).is_ok());
    let page = patience::until("both stand on the page", PATIENCE, || {
        let page = process.get("/transparency").text();
        (page.matches("联署有效</span>").count() == 2).then_some(page)
    });
    for (_, witness) in trusted.witnesses() {
        assert!(
            page.contains(&witness.key.to_string().replace('+', "&#43;")) || page.contains(&witness.key.to_string()),
            "{page}"
        );
    }
    place.succeed(&["ledger", "export", "--config", "chengxin.toml", "--by", "a", "--reason", "b", "--out", "bundle"]);
    let verified = place.run(&["ledger", "verify", "bundle", "--policy", "policy"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let python = |bundle: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.py");
        let arguments = [place.path(bundle), PathBuf::from("--policy"), place.path("policy")];
        std::process::Command::new("python3").arg(script).args(arguments).output().unwrap()
    };
    let verified = python("bundle");
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    // One witness away: answers go on, and what only one has cosigned is too little for who wants both.
    drop(witnesses.into_iter().next());
    ask(&process);
    patience::until("the page says that one is away", PATIENCE, || {
        let page = process.get("/transparency").text();
        page.contains("最新的检查点还没有它的联署").then_some(())
    });
    place.succeed(&["ledger", "export", "--config", "chengxin.toml", "--by", "a", "--reason", "b", "--out", "single"]);
    let verified = place.run(&["ledger", "verify", "single", "--policy", "policy"]);
    assert_eq!(verified.status.code(), Some(2), "{verified:?}");
    assert_eq!(python("single").status.code(), Some(2), "docs/verify.py counts witnesses too");
    process.terminate();
    assert!(process.ended().0.success());
}

#[test]
fn a_gateway_on_a_rolled_back_or_forked_ledger_does_not_serve() {
    let (place, _witnesses, policy) = witnessed();
    let yesterday = place.ledger_files();
    let process = place.serve();
    let index = (0..3).map(|_| ask(&process)).max().unwrap();
    cosigned(&process, &policy, index);
    process.terminate();
    assert!(process.ended().0.success());
    let today = place.ledger_files();
    let refused = |told: &str| {
        let output = place.run(&["serve", "--config", "chengxin.toml"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(3) && text.contains(told), "{text}");
    };
    let put = |files| {
        Place::put_back(files);
        // The gateway's own memory goes with it; the witnesses' does not.
        let _absent = fs::remove_file(place.path("ledger.highwater"));
    };
    put(&yesterday);
    refused("LEDGER_ROLLBACK");
    // Gone on with where no witness was asked, until it is longer than what they have seen.
    let witnessed = fs::read_to_string(place.path("chengxin.toml")).unwrap();
    let (alone, _) = witnessed.split_once("\n[[witness]]").unwrap();
    fs::write(place.path("chengxin.toml"), alone).unwrap();
    let process = place.serve();
    patience::until("it is longer", PATIENCE, || (ask(&process) >= index + 3).then_some(()));
    process.terminate();
    assert!(process.ended().0.success());
    fs::write(place.path("chengxin.toml"), witnessed).unwrap();
    refused("LEDGER_FORK");
    put(&today);
    let process = place.serve();
    assert_eq!(process.get("/health/ready").status, 200);
}
