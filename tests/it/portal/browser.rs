//! The portal in a real browser (Chromium, by playwright-core), where no network is but loopback.
//!
//! `CHENGXIN_PICTURES=docs/portal cargo test portal::browser` makes the pictures of docs/portal.md anew.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crate::support::patience;

fn node(script: &str, arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    assert!(
        folder.join("node_modules/playwright-core").is_dir(),
        "the browser is led by an npm package that is not installed: run `npm ci --prefix tests/node`, or all tests with `tests/run`"
    );
    let mut command = Command::new("./alone.sh");
    command.args(["node", script, env!("CARGO_BIN_EXE_chengxin")]).args(arguments).current_dir(folder);
    let output = patience::output(&mut command, Duration::from_mins(40));
    output.expect("`unshare` and `ip` are needed for this test: install util-linux and iproute2")
}

#[test]
fn every_page_holds_what_it_must_and_people_get_what_they_come_for() {
    let pictures = std::env::var_os("CHENGXIN_PICTURES").map(|folder| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder.display().to_string()
    });
    let output = node("portal.mjs", pictures.as_deref().as_slice());
    let text = String::from_utf8_lossy(&output.stdout);
    let faults: Vec<&str> = text.split("not ok ").skip(1).collect();
    assert!(output.status.success(), "{}\n{}", faults.join("\n"), String::from_utf8_lossy(&output.stderr));
    assert!(text.matches("\nok ").count() > 100, "the suite has shrunk: {text}");
    println!("{}", text.lines().last().unwrap());
}

#[test]
fn lighthouse_finds_nothing_in_best_practices_and_accessibility_and_little_to_load() {
    let output = node("lighthouse.mjs", &["1"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.matches("best practices").count(), 4, "{text}");
    println!("{text}");
}
