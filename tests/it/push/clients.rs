//! Push as others see it: the client of `graphql-ws`, and the library of Standard Webhooks.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chengxin::domain::Role;
use serde_json::{Value, json};

use super::receiver::{Received, Receiver};
use super::survival::{caller, feed, initiate, place_with_listed, register};
use crate::support::patience;
use crate::support::process::Place;

fn node_folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    assert!(
        folder.join("node_modules/graphql-ws").is_dir(),
        "the clients are npm packages that are not installed: run `npm ci --prefix tests/node`, or all tests with `tests/run`"
    );
    folder
}

#[test]
fn published_clients_understand_what_is_pushed() {
    let folder = node_folder();
    let place = place_with_listed(Place::empty("sqlite:registry.db", "sqlite:ledger.db"), 1..=4);
    let process = place.serve();
    let receiver = Receiver::willing();
    let coordinator = caller(&place, &process, Role::Coordinator, "DRC");
    let secret = register(&coordinator, &receiver.url);
    let office = caller(&place, &process, Role::Department, "AMR");
    for serial in 1..=3 {
        initiate(&office, serial);
    }
    let events = feed(&coordinator);
    let url = format!("ws://{}/graphql", process.address);
    let arguments = ["subscribe.mjs", &url, &coordinator.token, &events[0], "3"];
    let client = Command::new("node").args(arguments).current_dir(&folder).stdout(Stdio::piped()).spawn();
    let client = client.expect("`node` is needed for this test: install Node.js 20 or later");
    // Two that were missed, and one that happens while it listens, or just before.
    initiate(&office, 4);
    let output = patience::ended(client, Duration::from_mins(2));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let told: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = told.iter().map(|payload| payload["data"]["events"]["id"].as_str().unwrap()).collect();
    let all = feed(&coordinator);
    assert_eq!(ids, all[1..].iter().map(String::as_str).collect::<Vec<_>>());
    assert!(told.iter().all(|payload| payload["extensions"]["audit"]["signature"].is_string()), "{text}");

    let deadline = Instant::now() + Duration::from_secs(30);
    while receiver.received().len() < 4 {
        assert!(Instant::now() < deadline, "{} of 4 messages arrived", receiver.received().len());
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let mut lines = String::new();
    // One that was slow to be taken is sent again, with its id.
    let received: BTreeMap<String, Received> =
        receiver.received().into_iter().map(|message| (message.id().to_owned(), message)).collect();
    for message in received.values() {
        let headers: serde_json::Map<String, Value> =
            message.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        lines.push_str(&json!({ "secret": secret, "headers": headers, "body": message.body }).to_string());
        lines.push('\n');
    }
    let mut verifier = Command::new("node")
        .arg("verify-webhooks.mjs")
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    verifier.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = verifier.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout == b"4 messages verify\n", "{output:?}");
}
