//! `kill -9` under load: whatever a client has received in full stands in the ledger, round after round.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chengxin::app;
use chengxin::config::Config;
use chengxin::crypto::Keyring;
use chengxin::ledger::{Expectation, LedgerKeys, Outcome, ShownReceipt, VerifierKey, verify_database, verify_receipt};
use chengxin::store::{Database, MigrationSet, ledger};

use crate::support::databases::Scratch;
use crate::support::process::{Place, Process};
use crate::support::wire::{self, Lost, Response, Wire};

/// Receipts by index: the leaf hash that was promised.
type Promised = BTreeMap<u64, ShownReceipt>;

const CLIENTS: usize = 4;

#[test]
fn after_fifty_kills_under_load_no_answered_query_is_missing_from_the_ledger() {
    survives(&Place::new(), 50);
}

#[test]
fn on_a_server_neither() {
    let Some(scratch) = Scratch::postgres() else { return };
    survives(&Place::on(&scratch.url, &scratch.url), 8);
}

/// Kills the gateway `rounds` times under load and compares what clients hold with what the ledger holds.
pub fn survives(place: &Place, rounds: usize) {
    let began = Instant::now();
    let mut promised = Promised::new();
    for round in 0..rounds {
        let process = place.serve();
        let answered = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..CLIENTS).map(|_| client(&process, &place.uscc, &answered)).collect();
        // A different moment of the load each time.
        wait_until(|| answered.load(Ordering::Relaxed) >= 4 + round * 7 % 41);
        process.kill();
        for receipt in clients.into_iter().flat_map(|client| client.join().unwrap()) {
            let index = receipt.index.parse().unwrap();
            assert!(promised.insert(index, receipt).is_none(), "index {index} was promised twice");
        }
    }
    let (database, keys) = ledger_of(place);
    assert!(promised.values().all(|receipt| verify_receipt(receipt, keys.receipts())), "a receipt is not signed");
    let stored = leaf_hashes(&database);
    let missing: Vec<_> =
        promised.values().filter(|receipt| stored.get(&receipt.index) != Some(&receipt.leaf_hash)).collect();
    assert!(missing.is_empty(), "answered, and not in the ledger: {missing:?}");
    accepted(&database, &keys);
    println!(
        "{rounds} kills in {:?}: {} answers received whole, {} entries, 0 missing",
        began.elapsed(),
        promised.len(),
        stored.len()
    );
    assert!(promised.len() >= rounds * 4, "there was no load: {} answers", promised.len());
}

/// Asks until the connection breaks; the receipts of answers that came whole.
fn client(process: &Process, uscc: &str, answered: &Arc<AtomicUsize>) -> JoinHandle<Vec<ShownReceipt>> {
    let request =
        wire::query(&format!("{{ subject(uscc: \"{uscc}\") {{ name records(first: 5) {{ totalCount }} }} }}"));
    let (address, answered) = (process.address, Arc::clone(answered));
    std::thread::spawn(move || {
        let mut receipts = Vec::new();
        let Ok(mut wire) = Wire::open(address) else { return receipts };
        while let Ok(response) = wire.exchange(&request) {
            receipts.push(receipt_of(&response));
            answered.fetch_add(1, Ordering::Relaxed);
        }
        receipts
    })
}

/// The receipt of an answer, which must have data.
fn receipt_of(response: &Response) -> ShownReceipt {
    let json = response.json();
    assert_eq!(response.status, 200, "{json}");
    assert_eq!(json["data"]["subject"]["records"]["totalCount"], 2, "{json}");
    serde_json::from_value(json["extensions"]["audit"].clone()).unwrap()
}

#[test]
fn a_gateway_that_is_told_to_stop_finishes_what_it_has_begun_and_exits_with_success() {
    let place = Place::new();
    let process = place.serve();
    let answered = Arc::new(AtomicUsize::new(0));
    let request =
        wire::query(&format!("{{ subject(uscc: \"{}\") {{ name records(first: 5) {{ totalCount }} }} }}", place.uscc));
    let load: Vec<_> = (0..CLIENTS).map(|_| drained_client(&process, &request, &answered)).collect();
    // A request of which the gateway has the beginning, and a connection that watches.
    let (mut slow, mut watch) = (process.wire(), process.wire());
    let (first, second) = request.split_at(request.len() - 10);
    slow.send(first).unwrap();
    let ready = wire::request("GET", "/health/ready", &[], b"");
    assert_eq!(watch.exchange(&ready).unwrap().status, 200);
    wait_until(|| answered.load(Ordering::Relaxed) >= 40);

    process.terminate();
    let told = Instant::now();
    let mut seen = Vec::new();
    wait_until(|| match watch.exchange(&ready) {
        Ok(response) => {
            seen.push(response.status);
            response.status != 200
        }
        Err(Lost::Before(_)) => true,
        Err(lost) => panic!("the answer about readiness broke off: {lost:?}"),
    });
    slow.send(second).unwrap();
    let late = slow.receive().expect("the request that had begun is answered");
    let mut promised: Vec<_> = load.into_iter().flat_map(|client| client.join().unwrap()).collect();
    promised.push(receipt_of(&late));
    let (status, log) = process.ended();
    assert!(status.success(), "{status}: {log}");
    assert!(told.elapsed() < Duration::from_secs(20), "it took {:?} to stop", told.elapsed());

    let (database, keys) = ledger_of(&place);
    let stored = leaf_hashes(&database);
    assert!(promised.iter().all(|receipt| stored.get(&receipt.index) == Some(&receipt.leaf_hash)));
    accepted(&database, &keys);
    println!(
        "stopped {:?} after SIGTERM; readiness said {:?}; {} answers whole, none cut off",
        told.elapsed(),
        seen.last(),
        promised.len()
    );
}

/// Asks until the gateway is gone; an answer that begins and breaks off fails the test.
fn drained_client(process: &Process, request: &[u8], answered: &Arc<AtomicUsize>) -> JoinHandle<Vec<ShownReceipt>> {
    let (address, request, answered) = (process.address, request.to_vec(), Arc::clone(answered));
    std::thread::spawn(move || {
        let mut receipts = Vec::new();
        // A connection that is closed between two answers is opened anew, until nobody listens.
        while let Ok(mut wire) = Wire::open(address) {
            loop {
                match wire.exchange(&request) {
                    Ok(response) => receipts.push(receipt_of(&response)),
                    Err(Lost::Before(_)) => break,
                    Err(lost) => panic!("an answer was cut off: {lost:?}"),
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }
        receipts
    })
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// The ledger of a folder whose gateway is stopped.
pub fn ledger_of(place: &Place) -> (Database, LedgerKeys) {
    let config = Config::load(&place.path("chengxin.toml")).unwrap();
    let keyring = Keyring::load(&config.keys).unwrap();
    let database = Database::open(&config.ledger, MigrationSet::Ledger, 1).unwrap();
    let ambient = chengxin::clock::Ambient::system();
    let keys = app::ledger_keys(&config.origin, &keyring, &database, &ambient).unwrap();
    (database, keys)
}

/// Leaf hashes (standard base64) by index (decimal), which must be dense.
fn leaf_hashes(database: &Database) -> BTreeMap<String, String> {
    use base64::Engine as _;
    let rows = database.read(|connection| ledger::entry::page(connection, 0, i64::MAX)).unwrap();
    assert!(rows.iter().zip(0..).all(|(row, index)| row.idx == index), "the ledger has a gap");
    let encode = |hash: &[u8]| base64::prelude::BASE64_STANDARD.encode(hash);
    rows.iter().map(|row| (row.idx.to_string(), encode(&row.leaf_hash))).collect()
}

fn accepted(database: &Database, keys: &LedgerKeys) {
    let log: VerifierKey = keys.log().clone();
    let expectation = Expectation { log: Some(log), ..Expectation::default() };
    let report = verify_database(database, &expectation, Some(keys.bodies())).unwrap();
    assert_eq!(report.outcome(), Outcome::Ok, "{report}");
}
