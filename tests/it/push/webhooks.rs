//! Webhooks: signed, in order per subject, tried again, given up, sent again, rotated; and refused where they may not go.

use chengxin::domain::DeliveryState;
use chengxin::exchange::push::sending::{Round, send_due};
use serde_json::{Value, json};

use super::receiver::Receiver;
use crate::applications::stage::{app, firm};
use crate::joint_actions::stage::{basis, dispatched, initiate, list, problems, wanted};
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

const WEBHOOK: &str = "id url state formerSecretUntil \
    dead: deliveries(state: DEAD) { nodes { event attempts failure nextAt } hasMore } \
    pending: deliveries(state: PENDING) { nodes { event attempts failure nextAt } }";

async fn change(asker: &Asker<'_>, field: &str, success: &str, input: Value) -> Answered {
    let input_type = if field == "registerWebhook" { "RegisterWebhookInput" } else { "WebhookInput" };
    let document = format!(
        "mutation($input: {input_type}!) {{ {field}(input: $input) {{ ... on {success} \
         ... on InvalidInput {{ problems {{ path code message }} }} }} }}"
    );
    asker.ask_with(&document, json!({ "input": input })).await
}

async fn register(asker: &Asker<'_>, url: &str) -> Answered {
    let success = format!("WebhookSecretSuccess {{ secret webhook {{ {WEBHOOK} }} }}");
    change(asker, "registerWebhook", &success, json!({ "url": url })).await
}

/// The id and the secret of a webhook that was registered or given a new secret.
fn made(answered: &Answered) -> (String, String) {
    let payload = answered.json["data"].as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{}", answered.text)).to_owned();
    (text(&payload["webhook"]["id"]), text(&payload["secret"]))
}

async fn webhook(asker: &Asker<'_>) -> Value {
    let answered = asker.ask(&format!("{{ webhooks {{ {WEBHOOK} }} }}")).await;
    answered.data("/webhooks/0").clone()
}

fn wait(app: &TestApp, seconds: i64) {
    app.clock.set(app.ambient.now().plus_seconds(seconds));
}

fn sent(app: &TestApp) -> (u64, u64) {
    let Round { delivered, failed } = send_due(&app.service.gateway).unwrap();
    (delivered, failed)
}

#[actix_web::test]
async fn an_event_arrives_signed_with_its_id_and_says_nothing_private() {
    for database in Scratch::each() {
        let url = database.url.clone();
        let databases = if database.is_sqlite() { None } else { Some((url.clone(), url)) };
        let app = TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", databases, ..Wanted::default() });
        let receiver = Receiver::willing();
        list(&app, 1, "2025-09-01");
        let tax = app.department("TAX");
        let (_, secret) = made(&register(&tax, &receiver.url).await);
        dispatched(&app, 1).await;
        let before = app.service.gateway.ledger.size();
        assert_eq!(sent(&app), (1, 0));
        assert_eq!(app.service.gateway.ledger.size(), before + 1, "an attempt is an entry");
        assert_eq!(sent(&app), (0, 0), "what was taken is not sent again");
        let [message] = &receiver.received()[..] else { panic!("{:?}", receiver.received()) };
        assert!(message.is_signed_by(&secret) && message.header("content-type") == "application/json");
        let body = message.json();
        assert_eq!(body["type"], "assignment.dispatch");
        assert_eq!(body["data"]["event"], message.id());
        let query = format!("{{ event(id: \"{}\") {{ step assignment {{ id }} entry }} }}", message.id());
        let told = tax.ask(&query).await;
        assert_eq!(told.data("/event/assignment/id"), &body["data"]["about"]);
        assert_eq!(told.data("/event/entry"), &body["data"]["entry"]);
        // Ids, words and instants: what it is about is read under the receiver's own permit.
        let data = body["data"].as_object().unwrap();
        assert_eq!(data.keys().collect::<Vec<_>>(), ["event", "kind", "step", "about", "entry"]);
        assert!(!message.body.contains("东营联合"), "{}", message.body);
        app.service.gateway.ledger.close();
    }
}

#[actix_web::test]
async fn what_fails_is_tried_again_later_and_holds_back_its_own_subject_alone() {
    let app = app();
    let (one, other) = (1, 2);
    list(&app, one, "2025-09-01");
    list(&app, other, "2025-09-02");
    let coordinator = app.coordinator();
    let first = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let refused = std::sync::Arc::clone(&first);
    // The first message is refused for as long as it is named here.
    let receiver = Receiver::answering(move |received| {
        let is_refused = *refused.lock().unwrap() == received.id();
        if is_refused { "500 Internal Server Error".to_owned() } else { "200 OK".to_owned() }
    });
    register(&coordinator, &receiver.url).await;
    let office = app.department("AMR");
    dispatched(&app, one).await;
    initiate(&office, wanted(&basis(&office, other).await)).await;
    let told = super::feed::events(&coordinator).await;
    let ids: Vec<&str> = told.iter().map(|event| event["id"].as_str().unwrap()).collect();
    ids[0].clone_into(&mut first.lock().unwrap());
    assert_eq!(sent(&app), (1, 1), "the first of each subject");
    let seen: Vec<String> = receiver.take().iter().map(|message| message.id().to_owned()).collect();
    assert_eq!(seen, [ids[0], ids[2]], "the second event of the first subject waits for the first");
    assert_eq!(sent(&app), (0, 0), "not before its time");
    let waiting = webhook(&coordinator).await["pending"]["nodes"].clone();
    assert_eq!((waiting[0]["attempts"].as_i64(), waiting[0]["failure"].as_str()), (Some(1), Some("it answered 500")));
    wait(&app, 6);
    assert_eq!(sent(&app), (0, 1));
    first.lock().unwrap().clear();
    wait(&app, 331);
    assert_eq!((sent(&app), sent(&app)), ((1, 0), (1, 0)), "then the one that waited");
    let seen: Vec<String> = receiver.take().iter().map(|message| message.id().to_owned()).collect();
    assert_eq!(seen, [ids[0], ids[0], ids[1]], "the same id at every attempt, and in order");
}

#[actix_web::test]
async fn what_always_fails_becomes_a_dead_letter_that_can_be_sent_again() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let tax = app.department("TAX");
    let refuses = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let answer = std::sync::Arc::clone(&refuses);
    let receiver = Receiver::answering(move |_| {
        if answer.load(std::sync::atomic::Ordering::Relaxed) {
            "302 Found\r\nlocation: http://127.0.0.1:1/".to_owned()
        } else {
            "200 OK".to_owned()
        }
    });
    let (id, _) = made(&register(&tax, &receiver.url).await);
    dispatched(&app, 1).await;
    let mut attempts = 0;
    // Ten attempts over about three days.
    for _ in 0..200 {
        attempts += sent(&app).1;
        wait(&app, 3_600);
    }
    assert_eq!((attempts, receiver.take().len()), (10, 10), "and a redirect is not followed");
    let tax = app.department("TAX");
    let dead = webhook(&tax).await["dead"]["nodes"].clone();
    assert_eq!((dead[0]["attempts"].as_i64(), dead[0]["failure"].as_str()), (Some(10), Some("it answered 302")));
    assert!(dead[0]["nextAt"].is_null());
    assert_eq!(
        problems(&change(&app.department("AAS"), "redeliver", "RedeliverSuccess { count }", json!({ "id": id })).await),
        ["ID"]
    );
    refuses.store(false, std::sync::atomic::Ordering::Relaxed);
    let again = change(&tax, "redeliver", "RedeliverSuccess { count }", json!({ "id": id })).await;
    assert_eq!(again.data("/redeliver/count"), 1);
    assert_eq!(sent(&app), (1, 0));
    assert_eq!(receiver.take().len(), 1);
}

#[actix_web::test]
async fn two_secrets_sign_for_a_day_after_a_rotation_and_then_the_new_one_alone() {
    let app = app();
    for serial in 1..=3 {
        list(&app, serial, "2025-09-01");
    }
    let receiver = Receiver::willing();
    let (id, old) = made(&register(&app.coordinator(), &receiver.url).await);
    let mut signed = Vec::new();
    let mut new = String::new();
    for serial in 1..=3 {
        let (coordinator, office) = (app.coordinator(), app.department("AMR"));
        initiate(&office, wanted(&basis(&office, serial).await)).await;
        assert_eq!(sent(&app), (1, 0));
        let message = receiver.take().remove(0);
        signed.push((message.is_signed_by(&old), !new.is_empty() && message.is_signed_by(&new)));
        if serial == 1 {
            let success = "WebhookSecretSuccess { secret webhook { id formerSecretUntil } }";
            let rotated = change(&coordinator, "rotateWebhookSecret", success, json!({ "id": id })).await;
            assert_eq!(rotated.data("/rotateWebhookSecret/webhook/formerSecretUntil"), "2026-09-19T04:00:00.000000Z");
            new = made(&rotated).1;
        } else {
            wait(&app, 86_400);
        }
    }
    assert_eq!(signed, [(true, false), (true, true), (false, true)]);
}

#[actix_web::test]
async fn a_receiver_that_is_gone_is_sent_nothing_more_and_a_removed_webhook_neither() {
    let app = app();
    list(&app, 1, "2025-09-01");
    list(&app, 2, "2025-09-01");
    let receiver = Receiver::answering(|_| "410 Gone".to_owned());
    let (coordinator, office) = (app.coordinator(), app.department("AMR"));
    register(&coordinator, &receiver.url).await;
    let (own, _) = made(&register(&office, &receiver.url).await);
    let removed =
        change(&office, "removeWebhook", "RemoveWebhookSuccess { webhook { state } }", json!({ "id": own })).await;
    assert_eq!(removed.data("/removeWebhook/webhook/state"), "DISABLED");
    dispatched(&app, 1).await;
    assert_eq!(sent(&app), (0, 1), "to the coordinator alone");
    let gone = webhook(&coordinator).await;
    assert_eq!(gone["state"], "DISABLED");
    let told: Vec<&str> =
        gone["dead"]["nodes"].as_array().unwrap().iter().map(|one| one["failure"].as_str().unwrap()).collect();
    assert_eq!(told, ["it answered 410", "the webhook was disabled"]);
    initiate(&office, wanted(&basis(&office, 2).await)).await;
    assert_eq!(sent(&app), (0, 0));
    assert_eq!(super::feed::events(&coordinator).await.len(), 3, "the feed has them all");
}

#[actix_web::test]
async fn what_was_to_follow_in_the_round_of_a_410_is_given_up_and_stays_so() {
    let app = app();
    for serial in 1..=3 {
        list(&app, serial, "2025-09-01");
    }
    let receiver = Receiver::answering(|_| "410 Gone".to_owned());
    let (coordinator, office) = (app.coordinator(), app.department("AMR"));
    register(&coordinator, &receiver.url).await;
    for serial in 1..=3 {
        initiate(&office, wanted(&basis(&office, serial).await)).await;
    }
    assert_eq!(sent(&app), (0, 1), "three subjects are due, and the first is enough");
    let gone = webhook(&coordinator).await;
    assert_eq!((gone["dead"]["nodes"].as_array().unwrap().len(), &gone["pending"]["nodes"]), (3, &json!([])));
    // A claim that was on its way when the webhook was given up.
    let given_up = app.service.gateway.registry.read(|connection| {
        let id = chengxin::store::webhook::of_receiver(connection, "DRC")?.remove(0).id;
        chengxin::store::delivery::of_webhook(connection, id, (DeliveryState::Dead, 0), 10)
    });
    for one in given_up.unwrap() {
        let claimed = app.service.gateway.registry.write(|connection| {
            chengxin::store::delivery::advance(connection, &one, (DeliveryState::Pending, one.attempts))
        });
        assert!(!claimed.unwrap(), "what was given up is not claimed");
    }
}

#[actix_web::test]
async fn urls_that_the_operator_has_not_named_and_more_than_enough_are_refused() {
    let app = app();
    let tax = app.department("TAX");
    for url in ["https://push.example/", "http://localhost/", "ftp://127.0.0.1/", "", "http://127.0.0.1@evil.example/"]
    {
        assert_eq!(problems(&register(&tax, url).await), ["URL"], "{url}");
    }
    for path in 0..5 {
        made(&register(&tax, &format!("http://127.0.0.1:1/{path}")).await);
    }
    assert_eq!(problems(&register(&tax, "http://127.0.0.1:1/0").await), ["DUPLICATE"]);
    assert_eq!(problems(&register(&tax, "http://127.0.0.1:1/5").await), ["WEBHOOKS"]);
    for nobody in [app.public(), firm(&app, 1), app.administrator(chengxin::domain::Role::SystemAdmin)] {
        assert_eq!(register(&nobody, "http://127.0.0.1:1/").await.codes(), ["FORBIDDEN"]);
    }
    let foreign = webhook(&tax).await["id"].clone();
    let office = app.department("AMR");
    for (field, success) in [
        ("rotateWebhookSecret", "WebhookSecretSuccess { secret }"),
        ("removeWebhook", "RemoveWebhookSuccess { webhook { id } }"),
        ("redeliver", "RedeliverSuccess { count }"),
    ] {
        assert_eq!(problems(&change(&office, field, success, json!({ "id": foreign })).await), ["ID"], "{field}");
    }
    assert!(office.ask("{ webhooks { id } }").await.data("/webhooks").as_array().unwrap().is_empty());
}

#[actix_web::test]
async fn a_gateway_that_ends_between_its_claim_and_the_answer_has_lost_nothing() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let tax = app.department("TAX");
    let receiver = Receiver::willing();
    register(&tax, &receiver.url).await;
    dispatched(&app, 1).await;
    // Claimed by a gateway that is no more.
    let now = app.ambient.now();
    app.service
        .gateway
        .registry
        .write(|connection| {
            let mut due = chengxin::store::delivery::due(connection, now, 10)?;
            let mut one = due.remove(0);
            one.attempts = 1;
            one.next_at = now.plus_seconds(60);
            assert!(chengxin::store::delivery::advance(connection, &one, (DeliveryState::Pending, 0))?);
            assert!(
                !chengxin::store::delivery::advance(connection, &one, (DeliveryState::Pending, 0))?,
                "one claim alone"
            );
            Ok(())
        })
        .unwrap();
    assert_eq!(sent(&app), (0, 0), "the claim holds");
    wait(&app, 61);
    assert_eq!(sent(&app), (1, 0));
    assert_eq!(receiver.received().len(), 1);
}

#[actix_web::test]
async fn without_a_ledger_nothing_is_sent() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let receiver = Receiver::willing();
    register(&app.department("TAX"), &receiver.url).await;
    dispatched(&app, 1).await;
    app.service.gateway.ledger.close();
    assert!(send_due(&app.service.gateway).is_err());
    assert!(receiver.received().is_empty());
}
