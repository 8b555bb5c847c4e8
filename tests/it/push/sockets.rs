//! Subscriptions over `graphql-transport-ws`: the protocol's rules, events as they come, nothing missed, and an end when the right ends.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use chengxin::authentication::TokenClaims;
use chengxin::domain::Role;
use chengxin::http::server::serve_while;
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use super::feed::{EVENT, events};
use crate::applications::stage::app;
use crate::joint_actions::stage::{assignment, basis, dispatched, end, initiate, list, respond, uscc, wanted};
use crate::support::{TestApp, Wanted};

const PATIENCE: Duration = Duration::from_secs(20);

/// The application on a real port, until this is dropped.
struct Served {
    address: SocketAddr,
    stop: Option<std::sync::mpsc::Sender<()>>,
    serving: Option<std::thread::JoinHandle<std::io::Result<()>>>,
}

impl Served {
    fn of(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = std::sync::mpsc::channel();
        let service = std::sync::Arc::clone(&app.service);
        // Dropping the sender ends it too.
        let work = move || assert!(stopped.recv().is_err(), "nothing is ever said, only hung up");
        // On a thread of its own: the clients of these tests block.
        let serving =
            std::thread::spawn(move || actix_web::rt::System::new().block_on(serve_while(service, listener, work)));
        Self { address, stop: Some(stop), serving: Some(serving) }
    }

    fn end(mut self) {
        drop(self.stop.take());
        self.serving.take().unwrap().join().unwrap().unwrap();
    }

    fn connect(&self) -> Socket {
        Socket::offering(self.address, Some("graphql-transport-ws")).unwrap()
    }
}

#[actix_web::test]
async fn a_client_that_does_not_read_is_let_go_and_leaves_its_place() {
    let app = app();
    let served = Served::of(&app);
    let free = app.service.sockets.available_permits();
    let socket = served.connect();
    assert_eq!(app.service.sockets.available_permits(), free - 1);
    let mut stream = socket.0.get_ref().try_clone().unwrap();
    // Shorter than the gateway waits for it.
    stream.set_write_timeout(Some(Duration::from_secs(3))).unwrap();
    // Masked pings of 125 bytes, until neither side's buffers take any more: each would be answered.
    let ping = [&[0x89, 0xFD, 0, 0, 0, 0][..], &[b'x'; 125]].concat();
    let many = ping.repeat(8_000);
    let begun = std::time::Instant::now();
    while std::io::Write::write_all(&mut stream, &many).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it takes pings without end");
    }
    while app.service.sockets.available_permits() < free {
        assert!(begun.elapsed() < 2 * PATIENCE, "a client that does not read keeps its place");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop((socket, stream));
    served.end();
}

struct Socket(WebSocket<TcpStream>);

impl Socket {
    fn offering(address: SocketAddr, protocol: Option<&str>) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{address}/graphql").into_client_request()?;
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::HandshakeError::Failure(error)) => Err(error),
            Err(tungstenite::HandshakeError::Interrupted(_)) => panic!("the handshake takes too long"),
        }
    }

    fn say(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    /// The next message; the close code when there is none.
    fn hear(&mut self) -> Result<Value, u16> {
        loop {
            match self.0.read().expect("something is said") {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn init(&mut self, token: &str) {
        let payload = json!({ "Authorization": format!("Bearer {token}"), "Chengxin-Purpose": "licence-review", "Chengxin-Case": "T-1" });
        self.say(&json!({ "type": "connection_init", "payload": payload }));
        assert_eq!(self.hear(), Ok(json!({ "type": "connection_ack" })));
    }

    fn subscribe(&mut self, id: &str, after: Option<&str>) {
        let query = format!("subscription($after: ID) {{ events(after: $after) {{ {EVENT} }} }}");
        let payload = json!({ "query": query, "variables": { "after": after } });
        self.say(&json!({ "id": id, "type": "subscribe", "payload": payload }));
    }

    /// The next event of a subscription, with its answer.
    fn next(&mut self, id: &str) -> (Value, Value) {
        let message = self.hear().unwrap();
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        (message["payload"]["data"]["events"].clone(), message["payload"].clone())
    }
}

fn token(app: &TestApp, role: Role, department: Option<&str>) -> String {
    let department = department.map(str::to_owned);
    let claims = TokenClaims { client: Some("test".to_owned()), department, ..TokenClaims::new(role, "actor-1") };
    app.issuer.issue(&claims, 3600).unwrap()
}

#[actix_web::test]
async fn events_come_as_they_happen_each_with_its_receipt_and_what_was_missed_comes_first() {
    let app = app();
    list(&app, 1, "2025-09-01");
    list(&app, 2, "2025-09-01");
    list(&app, 3, "2025-09-01");
    dispatched(&app, 3).await;
    let served = Served::of(&app);
    let mut socket = served.connect();
    socket.init(&token(&app, Role::Department, Some("TAX")));
    socket.subscribe("a", Some(&newest(&app, "TAX").await));
    socket.say(&json!({ "type": "ping" }));
    assert_eq!(socket.hear(), Ok(json!({ "type": "pong" })));
    let first = dispatched(&app, 1).await;
    let (event, answer) = socket.next("a");
    assert_eq!(event["assignment"]["id"], assignment(&first, "TAX")["id"]);
    assert_eq!(event["step"], "DISPATCH");
    let index = answer["extensions"]["audit"]["index"].as_str().unwrap().to_owned();
    let entry =
        app.administrator(Role::Auditor).ask("{ auditEntries(first: 3) { nodes { index role kind flags } } }").await;
    let entries = entry.data("/auditEntries/nodes").as_array().unwrap();
    let told = entries
        .iter()
        .find(|entry| entry["index"].as_str() == Some(index.as_str()))
        .unwrap_or_else(|| panic!("{}", entry.text));
    assert_eq!((&told["kind"], &told["flags"]), (&json!("QUERY"), &json!(["EVENT"])), "{told}");
    socket.say(&json!({ "id": "a", "type": "complete" }));
    drop(socket);
    // Nobody listens, and things happen.
    dispatched(&app, 2).await;
    end(&app.coordinator(), json!({ "id": first["id"], "ending": "REVOKED", "reason": "认定有误" })).await;
    let mut again = served.connect();
    again.init(&token(&app, Role::Department, Some("TAX")));
    again.subscribe("b", event["id"].as_str());
    let steps = [again.next("b").0, again.next("b").0];
    let all = events(&app.department("TAX")).await;
    assert_eq!(steps, [all[2].clone(), all[3].clone()], "in order, none missing, none of another");
    served.end();
}

/// The id of an event of a department's, to begin after: what a subscription without one begins with is a matter of moments.
async fn newest(app: &TestApp, department: &str) -> String {
    let asker = if department == "DRC" { app.coordinator() } else { app.department(department) };
    events(&asker).await.last().expect("an event")["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn what_breaks_the_protocol_ends_the_connection_with_its_code() {
    let app = app();
    let served = Served::of(&app);
    let tax = token(&app, Role::Department, Some("TAX"));
    let init = |socket: &mut Socket| socket.init(&tax);
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": "subscription { events { id } }" } });
    let ends = |socket: &mut Socket| loop {
        if let Err(code) = socket.hear() {
            return code;
        }
    };
    let mut socket = served.connect();
    socket.say(&subscribe);
    assert_eq!(ends(&mut socket), 4401, "a subscription before the acknowledgement");
    for (message, code) in [
        (json!({ "type": "start" }), 4400),
        (json!([]), 4400),
        (json!({ "type": "connection_init" }), 4429),
        (subscribe.clone(), 4409),
    ] {
        let mut socket = served.connect();
        init(&mut socket);
        socket.say(&subscribe);
        socket.say(&message);
        assert_eq!(ends(&mut socket), code, "{message}");
    }
    let mut socket = served.connect();
    init(&mut socket);
    socket.0.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert_eq!(ends(&mut socket), 4400);
    let mut socket = served.connect();
    init(&mut socket);
    for id in 0..17 {
        let mut one = subscribe.clone();
        one["id"] = json!(format!("s{id}"));
        socket.say(&one);
    }
    assert_eq!(ends(&mut socket), 1008, "more than sixteen subscriptions");
    let other = token(&app, Role::Department, Some("HUD"));
    let hold = |_| {
        let mut socket = served.connect();
        socket.init(&other);
        socket
    };
    let held: Vec<Socket> = (0..16).map(hold).collect();
    let mut one_more = served.connect();
    one_more.say(&json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {other}") } }));
    assert_eq!(ends(&mut one_more), 1008, "more than sixteen connections of one receiver");
    drop(held);
    let mut silent = served.connect();
    assert_eq!(silent.hear(), Err(4408), "nothing is said for five seconds");
    let refused = |protocol: Option<&str>| match Socket::offering(served.address, protocol) {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        _ => panic!("{protocol:?} was taken"),
    };
    assert_eq!(refused(Some("graphql-ws")), 400);
    assert_eq!(refused(None), 400);
    served.end();
}

#[actix_web::test]
async fn whoever_has_no_events_or_no_good_token_gets_no_connection() {
    let app = app();
    let served = Served::of(&app);
    let subject = TokenClaims { subject: Some(format!("uscc:{}", uscc(1))), ..TokenClaims::new(Role::Subject, "s") };
    let tokens = [
        token(&app, Role::Auditor, None),
        app.issuer.issue(&subject, 3600).unwrap(),
        token(&app, Role::Department, Some("NOSUCH")),
        "not.a.token".to_owned(),
    ];
    for token in tokens {
        let mut socket = served.connect();
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.say(&json!({ "type": "connection_init", "payload": payload }));
        assert_eq!(socket.hear(), Err(4403), "{token}");
    }
    let mut anonymous = served.connect();
    anonymous.say(&json!({ "type": "connection_init" }));
    assert_eq!(anonymous.hear(), Err(4403));
    let mut socket = served.connect();
    socket.init(&token(&app, Role::Department, Some("TAX")));
    for (query, code) in [
        ("{ viewer { role } }", "BAD_REQUEST"),
        ("mutation { acknowledgeTombstones(input: { ids: [] }) { __typename } }", "BAD_REQUEST"),
        ("subscription { events { id } again: events { id } }", "BAD_REQUEST"),
        ("subscription { events { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
    ] {
        socket.say(&json!({ "id": "1", "type": "subscribe", "payload": { "query": query } }));
        let refused = socket.hear().unwrap();
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("1")), "{refused}");
        assert_eq!(refused["payload"][0]["extensions"]["code"], code, "{query}: {refused}");
        // The id is free again once its end is noticed; another one is so at once.
        socket.say(&json!({ "type": "ping" }));
        assert_eq!(socket.hear(), Ok(json!({ "type": "pong" })));
    }
    // By HTTP a subscription is told where it belongs.
    let by_http = app.department("TAX").ask("subscription { events { id } }").await;
    assert_eq!(by_http.codes(), ["BAD_REQUEST"], "{}", by_http.text);
    served.end();
}

#[actix_web::test]
async fn a_token_that_is_over_ends_the_connection_and_nothing_is_told_after_it() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let served = Served::of(&app);
    let mut socket = served.connect();
    socket.init(&token(&app, Role::Coordinator, Some("DRC")));
    let office = app.department("AMR");
    let input = wanted(&basis(&office, 1).await);
    list(&app, 2, "2025-09-01");
    initiate(&office, wanted(&basis(&office, 2).await)).await;
    let before = newest(&app, "DRC").await;
    socket.subscribe("a", Some(&before));
    app.clock.set(app.ambient.now().plus_seconds(3_601));
    // The officer's token is another one, and fresh.
    let office = app.department("AMR");
    initiate(&office, input).await;
    assert_eq!(socket.hear(), Err(4403));
    served.end();
}

#[actix_web::test]
async fn a_policy_that_was_taken_back_holds_from_the_next_event_on() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    crate::support::process::copy_folder(&shipped, &policies);
    let app = TestApp::with(Wanted { policies: policies.clone(), now: "2026-09-18T04:00:00Z", ..Wanted::default() });
    list(&app, 1, "2025-09-01");
    let served = Served::of(&app);
    let mut socket = served.connect();
    socket.init(&token(&app, Role::Department, Some("AMR")));
    let action = dispatched(&app, 1).await;
    let before = newest(&app, "AMR").await;
    socket.subscribe("a", Some(&before));
    let tax = assignment(&action, "TAX")["id"].clone();
    respond(&app.department("TAX"), json!({ "assignment": tax, "answer": "TAKEN" })).await;
    let (event, _) = socket.next("a");
    assert_eq!((&event["step"], &event["action"]["id"]), (&json!("RESPOND"), &action["id"]));
    // Whoever initiated sees it no more; nobody has asked again, and nothing was connected anew.
    let forbid = "@id(\"test.nobody-looks\")\nforbid (principal, action == Action::\"viewCase\", resource)\n\
                  when { context.isInitiator && !context.isImplementer };\n";
    std::fs::write(policies.join("zz-test.cedar"), forbid).unwrap();
    app.service.gateway.decider.reload(&policies, |_| Ok(())).unwrap();
    let approval = assignment(&action, "AAS")["id"].clone();
    respond(&app.department("AAS"), json!({ "assignment": approval, "answer": "TAKEN" })).await;
    let (event, _) = socket.next("a");
    assert_eq!(event["step"], "RESPOND");
    assert!(event["action"].is_null() && event["assignment"].is_null(), "{event}");
    served.end();
}
