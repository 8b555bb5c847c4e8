//! `kill -9` between the step and the sending of its event, again and again: every event of the feed has arrived in the end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chengxin::authentication::TokenClaims;
use chengxin::clock::Ambient;
use chengxin::domain::Role;
use chengxin::domain::identifier::Uscc;
use serde_json::{Value, json};

use super::receiver::Receiver;
use crate::support::databases::Scratch;
use crate::support::process::{Place, Process};

/// Longer than a claim holds.
const PATIENCE: Duration = Duration::from_mins(3);

/// A caller over the real program.
pub struct Caller<'p> {
    process: &'p Process,
    pub token: String,
}

impl Caller<'_> {
    pub fn ask(&self, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("content-type", "application/json"),
            ("authorization", authorization.as_str()),
            ("chengxin-purpose", "licence-review"),
            ("chengxin-case", "T-1"),
        ];
        let json = self.process.send("POST", "/graphql", &headers, body.as_bytes()).json();
        assert!(json["errors"].is_null(), "{json}");
        json["data"].clone()
    }
}

pub fn caller<'p>(place: &Place, process: &'p Process, role: Role, department: &str) -> Caller<'p> {
    let claims = TokenClaims { department: Some(department.to_owned()), ..TokenClaims::new(role, "actor-1") };
    Caller { process, token: place.token(&claims) }
}

fn uscc(serial: u32) -> String {
    Uscc::with_check(&format!("91370502MA9K{serial:04}0")).unwrap().as_str().to_owned()
}

#[test]
fn an_event_that_was_committed_is_sent_however_the_gateway_ends() {
    survives(Place::empty("sqlite:registry.db", "sqlite:ledger.db"), 8);
}

#[test]
fn on_a_server_too() {
    let Some(scratch) = Scratch::postgres() else { return };
    survives(Place::empty(&scratch.url, &scratch.url), 4);
}

/// A place where events may be sent to this machine, with listed firms of these numbers.
pub fn place_with_listed(place: Place, serials: std::ops::RangeInclusive<u32>) -> Place {
    let configuration = std::fs::read_to_string(place.path("chengxin.toml")).unwrap();
    let configuration = format!("{configuration}\n[webhooks]\nhosts = [\"127.0.0.1\"]\n");
    std::fs::write(place.path("chengxin.toml"), configuration).unwrap();
    let today = Ambient::system().today();
    let mut csv =
        "信用主体类别,统一社会信用代码,单位名称,名单名称,列入事由,列入依据,认定文号,列入决定机关,列入日期,数据来源单位\n".to_owned();
    for serial in serials {
        csv.push_str(&format!(
            "法人及非法人组织,{},东营存续{serial}有限公司,样例名单,样例,样例办法,样例列字{serial}号,东营市市场监督管理局,{today},东营市市场监督管理局\n",
            uscc(serial)
        ));
    }
    std::fs::write(place.path("listed.csv"), csv).unwrap();
    place.succeed(&["import", "--config", "chengxin.toml", "--item", "serious-dishonesty", "listed.csv"]);
    place
}

/// Has the coordinator's events sent to a URL; the secret.
pub fn register(coordinator: &Caller<'_>, url: &str) -> String {
    let register = "mutation($input: RegisterWebhookInput!) { registerWebhook(input: $input) { \
                    ... on WebhookSecretSuccess { secret } } }";
    let registered = coordinator.ask(register, &json!({ "input": { "url": url } }));
    registered["registerWebhook"]["secret"].as_str().unwrap_or_else(|| panic!("{registered}")).to_owned()
}

/// Initiates a joint action against a listed firm, by market regulation.
pub fn initiate(office: &Caller<'_>, serial: u32) {
    let today = Ambient::system().today();
    let query = format!("{{ subject(uscc: \"{}\") {{ records(first: 1) {{ nodes {{ id }} }} }} }}", uscc(serial));
    let basis = office.ask(&query, &json!({}))["subject"]["records"]["nodes"][0]["id"].clone();
    let ends_on = today.saturating_add(jiff::Span::new().days(30)).to_string();
    let input = json!({
        "basis": basis, "kind": "PUNISHMENT", "measures": ["RESTRICT_PREFERENCES"], "legalBasis": "样例条例第十条",
        "notifiedOn": today.to_string(), "endsOn": ends_on, "reason": "样例"
    });
    let initiate = "mutation($input: InitiateJointActionInput!) { initiateJointAction(input: $input) { __typename } }";
    let done = office.ask(initiate, &json!({ "input": input }));
    assert_eq!(done["initiateJointAction"]["__typename"], "JointActionSuccess", "{done}");
}

/// The ids of the caller's events.
pub fn feed(caller: &Caller<'_>) -> Vec<String> {
    let feed = caller.ask("{ events(first: 100) { nodes { id } } }", &json!({}));
    let id = |event: &Value| event["id"].as_str().unwrap().to_owned();
    feed["events"]["nodes"].as_array().unwrap().iter().map(id).collect()
}

fn survives(place: Place, rounds: u32) {
    let place = place_with_listed(place, 1..=rounds);
    let receiver = Receiver::willing();
    for serial in 1..=rounds {
        let process = place.serve();
        if serial == 1 {
            register(&caller(&place, &process, Role::Coordinator, "DRC"), &receiver.url);
        }
        initiate(&caller(&place, &process, Role::Department, "AMR"), serial);
        // The step is committed; whether its event has been sent yet is a matter of microseconds.
        process.kill();
    }
    let process = place.serve();
    let told: BTreeSet<String> = feed(&caller(&place, &process, Role::Coordinator, "DRC")).into_iter().collect();
    assert_eq!(told.len(), rounds as usize, "an event for each step");
    // What was claimed when its gateway ended comes up again when the claim has run out.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let received: BTreeSet<String> = receiver.received().iter().map(|message| message.id().to_owned()).collect();
        if told.is_subset(&received) {
            println!("{rounds} kills, {} events, {} messages", told.len(), receiver.received().len());
            return;
        }
        assert!(Instant::now() < deadline, "never arrived: {:?}", told.difference(&received).collect::<Vec<_>>());
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
