//! The command line as a person or a script meets it: help, exit codes, the ledger out of the house, policies, keys.

use std::path::Path;
use std::time::Duration;

use chengxin::authentication::TokenClaims;
use chengxin::config::Config;
use chengxin::domain::Role;
use diesel::Connection;
use diesel::connection::SimpleConnection;

use crate::support::patience;
use crate::support::process::{Place, Process};

const COMMANDS: [&str; 29] = [
    "exchange",
    "exchange send",
    "exchange receipts",
    "exchange receive",
    "exchange report",
    "",
    "demo",
    "serve",
    "migrate",
    "import",
    "schema",
    "token",
    "witness",
    "policy",
    "rules",
    "rules recompute",
    "policy check",
    "policy explain",
    "policy approve",
    "ledger",
    "ledger export",
    "ledger verify",
    "ledger verify-receipt",
    "ledger checkpoint",
    "ledger expire",
    "ledger recover",
    "keys",
    "keys list",
    "keys rotate",
];

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// The exit code and everything that was printed.
fn outcome(place: &Place, line: &str) -> (i32, String) {
    let output = place.run(&words(line));
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// As when `| head` has read enough. The schema is longer than a pipe holds, so writing it must meet the closed end.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::{Command, Stdio};
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut child = Command::new(env!("CARGO_BIN_EXE_chengxin"))
        .args(["schema", "--policies"])
        .arg(policies)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = patience::ended(child, Duration::from_mins(2));
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn every_command_has_help_with_an_example_that_names_it() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    for command in COMMANDS {
        let (code, text) = outcome(&place, &format!("{command} --help"));
        assert_eq!(code, 0, "{command}: {text}");
        let (_, examples) = text.split_once("Example").unwrap_or_else(|| panic!("`{command} --help` has no example"));
        assert!(examples.contains(format!("  chengxin {command}").trim_end()), "{command}: {examples}");
    }
    // Nothing is missing in the list above.
    let (_, top) = outcome(&place, "--help");
    let listed = top.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for command in listed.map(|line| words(line)[0]).filter(|command| *command != "help") {
        assert!(COMMANDS.contains(&command), "`{command}` is not tried");
    }
}

#[test]
fn the_exit_code_tells_done_failed_and_misused_apart() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    for (line, expected) in [
        ("--version", 0),
        ("schema", 0),
        ("ledger verify --config chengxin.toml", 0),
        ("serve --config nothing.toml", 1),
        ("keys list --keys nothing.json", 1),
        ("policy explain --item no-such-item --role PUBLIC", 1),
        ("", 2),
        ("nonsense", 2),
        ("serve", 2),
        ("serve --config chengxin.toml --loud", 2),
        ("policy explain --item administrative-licence --role KING", 2),
        ("ledger export --config chengxin.toml --by me --reason test --format pdf --out x", 2),
        ("ledger export --config chengxin.toml --by me --reason test", 2),
        ("ledger export --config chengxin.toml --out x", 2),
        // There 2 says that a signature is wrong.
        ("ledger verify", 1),
        ("ledger verify nothing.ndjson", 1),
        ("ledger verify --loud", 1),
        ("ledger verify-receipt", 1),
        ("ledger verify-receipt chengxin.toml --key nonsense", 1),
    ] {
        let (code, text) = outcome(&place, line);
        assert_eq!(code, expected, "`chengxin {line}`: {text}");
        assert!(!text.contains("panicked") && !text.contains("ERROR"), "`chengxin {line}`: {text}");
    }
}

#[test]
fn what_is_misused_is_told_with_what_there_is() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    for (line, told) in [
        ("ledger verify", "<PATH|--config <FILE>>"),
        ("policy explain --item administrative-licence --role KING", "none of PUBLIC, SUBJECT, GRANTEE, DEPARTMENT"),
        ("policy explain --item administrative-licence --role PUBLIC --relation UNCLE", "none of NONE, PROVIDER"),
        ("policy explain --item administrative-licence --role PUBLIC --category FISH", "ORGANIZATION"),
        ("demo --data policies --listen 127.0.0.1:0", "is not empty and no folder of an earlier demo"),
        ("policy check --policies nowhere", "there is no folder `nowhere`"),
        ("token --folder issuer --role PUBLIC --actor a", "none of SUBJECT, GRANTEE"),
    ] {
        let (_, text) = outcome(&place, line);
        assert!(text.contains(told), "`chengxin {line}`: {text}");
    }
}

#[test]
fn a_configuration_with_an_unknown_key_or_without_databases_does_not_start() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let path = place.path("chengxin.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    for (bad, told) in [
        (good.replace("origin =", "orign ="), "orign"),
        (good.replace("registry.db", "nowhere.db"), "nowhere.db"),
        (good.replace("issuer/issuer-keys.json", "issuer/none.json"), "none.json"),
        (good.replace("test.chengxin.example/ledger", "other.example/ledger"), "test.chengxin.example/ledger"),
    ] {
        std::fs::write(&path, bad).unwrap();
        let (code, text) = outcome(&place, "serve --config chengxin.toml");
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(told), "{told} is not in {text}");
    }
    assert!(!place.path("nowhere.db").exists(), "a wrong name must not make a new database");
}

fn add_entries(place: &Place) {
    let process = place.serve();
    for _ in 0..3 {
        assert_eq!(ask(&process, place, &["name"]).status, 200);
    }
    process.terminate();
    assert!(process.ended().0.success());
}

/// A folder whose ledger has a few entries, and the key that its checkpoints are signed with.
fn with_entries() -> (Place, String) {
    let place = Place::new();
    add_entries(&place);
    let output = place.run(&["ledger", "checkpoint", "--config", "chengxin.toml"]);
    let text = String::from_utf8(output.stderr).unwrap();
    let key = text.lines().find_map(|line| line.strip_prefix("checkpoint key: ")).unwrap().to_owned();
    (place, key)
}

#[test]
fn an_export_verifies_away_from_the_gateway_and_a_changed_byte_anywhere_does_not() {
    let (place, key) = with_entries();
    let export = "ledger export --config chengxin.toml --by auditor --reason test";
    place.succeed(&words(&format!("{export} --format ndjson --out ledger.ndjson")));
    place.succeed(&words(&format!("{export} --format csv --out ledger.csv")));
    assert_eq!(outcome(&place, &format!("{export} --format ndjson --out ledger.ndjson")).0, 1, "never overwritten");
    let csv = std::fs::read_to_string(place.path("ledger.csv")).unwrap();
    assert!(csv.starts_with("time,kind,decision,role,") && csv.lines().count() == 8, "{csv}");
    assert_eq!((csv.matches(",export,").count(), csv.matches(",CSV,").count()), (2, 1), "{csv}");
    // More entries come while people look at the table; the checkpoint beside it still covers it.
    add_entries(&place);
    let (code, text) =
        outcome(&place, &format!("ledger verify ledger.csv --key {key} --checkpoint ledger.csv.checkpoint"));
    assert_eq!(code, 0, "{text}");
    #[cfg(unix)]
    for name in ["ledger.ndjson", "ledger.csv", "ledger.csv.checkpoint"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(place.path(name)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let verify = format!("ledger verify ledger.ndjson --key {key}");
    let (code, text) = outcome(&place, &verify);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("6 entries"), "{text}");

    let whole = std::fs::read(place.path("ledger.ndjson")).unwrap();
    let lines: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
    let (head, last_line) = (lines[0], lines[lines.len() - 2]);
    let leaf = last_line + String::from_utf8_lossy(&whole[last_line..]).find("\"leaf\":\"").unwrap() + 30;
    let signature = String::from_utf8_lossy(&whole[..head]).find("— ").unwrap() + 60;
    for (at, expected) in [(leaf, 4), (signature, 2)] {
        let mut changed = whole.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        std::fs::write(place.path("ledger.ndjson"), &changed).unwrap();
        let (code, text) = outcome(&place, &verify);
        assert_eq!(code, expected, "byte {at}: {text}");
    }
    std::fs::write(place.path("ledger.ndjson"), &whole[..=last_line]).unwrap();
    let (code, text) = outcome(&place, &verify);
    assert_eq!(code, 5, "without its last line: {text}");
    std::fs::write(place.path("ledger.ndjson"), &whole).unwrap();
    let (other, other_key) = with_entries();
    drop(other);
    assert_eq!(outcome(&place, &format!("ledger verify ledger.ndjson --key {other_key}")).0, 2, "another key");
}

#[test]
fn a_changed_byte_in_the_database_is_found_where_it_is() {
    let (place, _) = with_entries();
    let verify = "ledger verify --config chengxin.toml";
    assert_eq!(outcome(&place, verify).0, 0);
    let config = Config::load(&place.path("chengxin.toml")).unwrap();
    let path = config.ledger.strip_prefix("sqlite:").unwrap();
    let whole = std::fs::read(path).unwrap();
    for (statement, expected) in [
        (
            "UPDATE ledger_entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'allowed', 'refused') AS BLOB) WHERE idx = 2",
            4,
        ),
        ("UPDATE ledger_entry SET leaf_hash = zeroblob(32) WHERE idx = 1", 4),
        ("UPDATE ledger_entry SET role = 'AUDITOR' WHERE idx = 1", 4),
        ("UPDATE ledger_body SET sealed = zeroblob(length(sealed)) WHERE idx = 1", 4),
        ("DELETE FROM ledger_entry WHERE idx = 3", 5),
        (
            "UPDATE ledger_checkpoint SET note = replace(note, char(10) || '5' || char(10), char(10) || '6' || char(10))",
            2,
        ),
    ] {
        let mut connection = diesel::SqliteConnection::establish(path).unwrap();
        connection.batch_execute("DROP TRIGGER ledger_entry_update; DROP TRIGGER ledger_entry_delete;").unwrap();
        connection.batch_execute(statement).unwrap();
        drop(connection);
        let (code, text) = outcome(&place, verify);
        assert_eq!(code, expected, "{statement}: {text}");
        let _no_log = std::fs::remove_file(format!("{path}-wal"));
        std::fs::write(path, &whole).unwrap();
        assert_eq!(outcome(&place, verify).0, 0, "put back");
    }
}

#[test]
fn policies_are_checked_whole_and_explained_field_by_field() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let (code, text) = outcome(&place, "policy check --policies policies");
    assert!(code == 0 && text.starts_with("ok: "), "{text}");
    let explain = |who: &str| {
        let (code, text) =
            outcome(&place, &format!("policy explain --item administrative-licence --category ORGANIZATION {who}"));
        assert_eq!(code, 0, "{text}");
        let line = text.lines().find(|line| line.starts_with("legalRepresentativeCertificateNo ")).unwrap();
        words(line)[1].to_owned()
    };
    assert_eq!(explain("--role PUBLIC"), "FIELD_WITHHELD");
    assert_eq!(explain("--role DEPARTMENT --department AMR --purpose licence-review --case T-1"), "MASKED");
    assert_eq!(explain("--role SUBJECT --relation SUBJECT"), "CLEAR");
    spoil(&place.path("policies/catalogue/administrative-licence.toml"), "tier = \"AUTHORIZED_QUERY\"", "");
    spoil(&place.path("policies/sharing.cedar"), "principal", "principle");
    let (code, text) = outcome(&place, "policy check --policies policies");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("administrative-licence.toml"), "{text}");
}

fn spoil(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{}", path.display());
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Asks for fields of the first licence as its subject.
fn ask(process: &Process, place: &Place, fields: &[&str]) -> crate::support::wire::Response {
    let claims = TokenClaims {
        client: Some("test".to_owned()),
        subject: Some(format!("uscc:{}", place.uscc)),
        ..TokenClaims::new(Role::Subject, "actor-1")
    };
    let bearer = format!("Bearer {}", place.token(&claims));
    let fields = fields.join(" ");
    let query = if fields == "name" {
        format!("{{ subject(uscc: \"{}\") {{ name }} }}", place.uscc)
    } else {
        format!(
            "{{ subject(uscc: \"{}\") {{ records(first: 5) {{ nodes {{ ... on AdministrativeLicense {{ decisionNo {fields} }} }} }} }} }}",
            place.uscc
        )
    };
    let body = serde_json::json!({ "query": query }).to_string();
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    process.send("POST", "/graphql", &headers, body.as_bytes())
}

#[test]
fn what_an_old_key_has_sealed_opens_after_rotation_beside_what_the_new_key_seals() {
    let place = Place::new();
    let read = |place: &Place| {
        let process = place.serve();
        let answer = ask(&process, place, &["legalRepresentative", "legalRepresentativeCertificateNo"]).json();
        process.kill();
        answer["data"]["subject"]["records"]["nodes"].clone()
    };
    let before = read(&place);
    assert_eq!(before[0]["legalRepresentativeCertificateNo"], "11010519491231002X", "{before}");
    let list = place.succeed(&words("keys list --keys keys.json"));
    assert!(!list.contains("DECRYPT_ONLY") && !list.to_lowercase().contains("secret"), "{list}");
    assert!(place.succeed(&words("keys rotate --keys keys.json")).contains("restart every gateway"));
    let list = place.succeed(&words("keys list --keys keys.json"));
    assert_eq!(list.matches("DECRYPT_ONLY").count(), 1, "{list}");
    assert_eq!(read(&place), before, "sealed by the old key");
    // A new file is sealed by the new key; both are read side by side.
    let changed = std::fs::read_to_string(place.path("licences.csv")).unwrap().replace("〔2026〕1号", "〔2026〕3号");
    std::fs::write(place.path("licences.csv"), changed).unwrap();
    place.succeed(&words("import --config chengxin.toml --item administrative-licence licences.csv"));
    let after = read(&place);
    assert_eq!(after.as_array().unwrap().len(), 3, "{after}");
    assert!(after.as_array().unwrap().iter().all(|node| node["legalRepresentative"] == "张测试"), "{after}");
    for fixed in ["index", "receipt", "checkpoint", "everything"] {
        assert_ne!(outcome(&place, &format!("keys rotate --keys keys.json --purpose {fixed}")).0, 0, "{fixed}");
    }
}
