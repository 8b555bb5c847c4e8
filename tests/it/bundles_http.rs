//! Bundles over HTTP: an auditor orders one, asks how far it is, fetches it in two parts, and verifies it without us.

use std::time::{Duration, Instant};

use chengxin::authentication::TokenClaims;
use chengxin::domain::Role;
use serde_json::{Value, json};

use crate::support::process::{Place, Process};
use crate::support::wire::{Response, query};

const PATIENCE: Duration = Duration::from_mins(1);

struct Office {
    place: Place,
    auditor: String,
}

impl Office {
    fn new() -> Self {
        let place = Place::new();
        let file = place.path("chengxin.toml");
        let settings = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("exports = \"exports\"\n{settings}")).unwrap();
        let auditor = bearer(&place, Role::Auditor);
        Self { place, auditor }
    }

    fn order(&self, gateway: &Process, body: &str) -> Response {
        gateway.send("POST", "/ledger/exports", &[("authorization", &self.auditor)], body.as_bytes())
    }

    fn get(&self, gateway: &Process, path: &str, more: &[(&str, &str)]) -> Response {
        let headers: Vec<(&str, &str)> =
            [("authorization", self.auditor.as_str())].into_iter().chain(more.iter().copied()).collect();
        gateway.send("GET", path, &headers, b"")
    }

    /// Asks until the bundle is ready.
    fn ready(&self, gateway: &Process, place: &str) -> Value {
        let begun = Instant::now();
        loop {
            let state = self.get(gateway, place, &[]);
            assert_eq!(state.status, 200, "{}", state.text());
            if state.json()["state"] == "READY" {
                return state.json();
            }
            assert!(begun.elapsed() < PATIENCE, "{}", state.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Unpacks a bundle and verifies it under the policy that stands in it.
    fn verify(&self, bytes: &[u8], export: &str) -> Value {
        let folder = self.place.path("fetched");
        tar::Archive::new(bytes).unpack(&folder).unwrap();
        let bundle = folder.join(format!("ledger-{export}"));
        let policy = bundle.join("policy");
        let report = self.place.succeed(&[
            "ledger",
            "verify",
            bundle.to_str().unwrap(),
            "--policy",
            policy.to_str().unwrap(),
            "--json",
        ]);
        serde_json::from_str(&report).unwrap_or_else(|_| panic!("{report}"))
    }
}

fn bearer(place: &Place, role: Role) -> String {
    let department = (role == Role::Department).then(|| "AMR".to_owned());
    let claims = TokenClaims { client: Some("test".to_owned()), department, ..TokenClaims::new(role, "auditor-1") };
    format!("Bearer {}", place.token(&claims))
}

fn place_of(ordered: &Response) -> String {
    assert_eq!(ordered.status, 202, "{}", ordered.text());
    assert_eq!(ordered.header("location"), ordered.json()["place"].as_str());
    ordered.json()["place"].as_str().unwrap().to_owned()
}

#[test]
fn a_bundle_is_ordered_fetched_in_parts_and_verified_and_its_order_is_an_entry() {
    let office = Office::new();
    let gateway = office.place.serve();
    let asked =
        gateway.wire().exchange(&query(&format!("{{ subject(uscc: \"{}\") {{ name }} }}", office.place.uscc))).unwrap();
    assert_eq!(asked.status, 200);
    let place = place_of(&office.order(&gateway, r#"{"reason": "yearly audit 2026", "proofs": [1]}"#));
    let ready = office.ready(&gateway, &place);
    let path = ready["bundle"].as_str().unwrap();
    let whole = office.get(&gateway, path, &[]);
    assert_eq!((whole.status, whole.body.len() as u64), (200, ready["bytes"].as_u64().unwrap()));
    assert!(whole.header("cache-control").unwrap().contains("no-store"));

    let half = whole.body.len() / 2;
    let rest = office.get(&gateway, path, &[("range", &format!("bytes={half}-"))]);
    assert_eq!(rest.status, 206, "what was broken off is fetched on");
    assert_eq!(rest.body, whole.body[half..]);

    let export = place.rsplit('/').next().unwrap();
    let report = office.verify(&whole.body, export);
    assert_eq!(report["outcome"], "ok", "{report}");
    assert!(report["entries"].as_u64().unwrap() > export.parse().unwrap(), "{report}");
    let manifest = std::fs::read(office.place.path(&format!("fetched/ledger-{export}/manifest.json"))).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["export"]["entry"], json!(export.parse::<u64>().unwrap()));
    assert!(manifest["files"]["proofs/1.tlog-proof"].is_object(), "{manifest}");
    assert!(!office.place.path(&format!("exports/{export}")).exists(), "the parts are gone");
}

#[test]
fn a_bundle_that_a_crash_broke_off_is_gone_on_with_under_the_same_entry() {
    let office = Office::new();
    let gateway = office.place.serve();
    let place = place_of(&office.order(&gateway, r#"{"reason": "audit"}"#));
    gateway.kill();
    let gateway = office.place.serve();
    let ready = office.ready(&gateway, &place);
    let export = place.rsplit('/').next().unwrap();
    let whole = office.get(&gateway, ready["bundle"].as_str().unwrap(), &[]);
    let report = office.verify(&whole.body, export);
    assert_eq!(report["outcome"], "ok", "{report}");
    let again = office.place.path(&format!("exports/{export}.tar"));
    assert!(again.exists());
}

#[test]
fn nobody_but_an_auditor_gets_a_bundle_and_bad_orders_are_told() {
    let office = Office::new();
    let gateway = office.place.serve();
    let order = br#"{"reason": "curious"}"#;
    let department = bearer(&office.place, Role::Department);
    for (token, status) in [(None, 401), (Some("Bearer x.y.z"), 401), (Some(department.as_str()), 403)] {
        let headers: Vec<(&str, &str)> = token.map(|token| ("authorization", token)).into_iter().collect();
        for (method, path, body) in [
            ("POST", "/ledger/exports", order.as_slice()),
            ("GET", "/ledger/exports/1", b""),
            ("GET", "/ledger/exports/1/bundle.tar", b""),
        ] {
            let refused = gateway.send(method, path, &headers, body);
            assert_eq!(refused.status, status, "{method} {path}: {}", refused.text());
        }
    }
    for (body, told) in [
        ("", "send JSON such as"),
        ("{\"reason\": \"a\", \"more\": 1}", "more"),
        ("{\"reason\": \"  \"}", "say in `reason`"),
        ("{\"reason\": \"a\", \"proofs\": [999999]}", "no entry 999999"),
        ("{\"reason\": \"a\", \"from\": 999999}", "no entry 999999 to begin with"),
    ] {
        let refused = office.order(&gateway, body);
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.text().contains(told), "{body}: {}", refused.text());
    }
    for path in ["/ledger/exports/999", "/ledger/exports/01", "/ledger/exports/..%2f1", "/ledger/exports/1/bundle.tar"]
    {
        assert_eq!(office.get(&gateway, path, &[]).status, 404, "{path}");
    }
    assert_eq!(gateway.send("GET", "/ledger/exports", &[("authorization", &office.auditor)], b"").status, 405);
    assert!(std::fs::read_dir(office.place.path("exports")).is_err(), "nothing was made");
}
