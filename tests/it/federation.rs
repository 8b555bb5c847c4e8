//! The schema as a Federation 2 subgraph: it composes with another, and entities show no more than `subject(uscc:)` does.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::disclosure::actors;
use crate::disclosure::world::World;
use crate::joint_actions::stage::{list, uscc};
use crate::support::patience;
use crate::support::{Answered, Asker, TestApp};

/// Asks the subgraph.
async fn ask(asker: &Asker<'_>, query: &str, variables: Value) -> Answered {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = TestRequest::post().uri("/subgraph").insert_header(("content-type", "application/json"));
    asker.send(request.set_payload(body)).await
}

fn of(codes: &[String]) -> Value {
    let representation = |code: &String| json!({ "__typename": "Subject", "uscc": code });
    json!({ "representations": codes.iter().map(representation).collect::<Vec<_>>() })
}

#[actix_web::test]
async fn an_entity_shows_what_the_subject_shows_to_every_caller_whatever_the_item() {
    let world = World::new().find_ids().await;
    let mut all = actors::outsiders(&world);
    all.extend(actors::departments(&world));
    all.extend(actors::subjects(&world));
    all.extend(actors::grantees(&world).await);
    let codes = world.subjects.values().filter_map(|known| known.claim.strip_prefix("uscc:").map(str::to_owned));
    let codes: Vec<String> = codes.collect();
    assert!(codes.len() >= 2, "{codes:?}");
    let mut seen = 0;
    for actor in &all {
        for item in world.app.service.gateway.catalogue.items() {
            let fields: Vec<&str> = item.fields.iter().map(|field| field.name.as_str()).collect();
            let selection = format!(
                "name uscc category annotations records(item: \"{}\", first: 20) {{ totalCount nodes {{ id decidedOn state \
                 ... on {} {{ {} }} }} }}",
                item.code,
                item.type_name,
                fields.join(" ")
            );
            for code in &codes {
                let plain = format!("{{ subject(uscc: \"{code}\") {{ {selection} }} }}");
                let plain = actor.asker.ask(&plain).await;
                let query = format!(
                    "query($representations: [_Any!]!) {{ _entities(representations: $representations) {{ ... on Subject {{ {selection} }} }} }}"
                );
                let entity = ask(&actor.asker, &query, of(std::slice::from_ref(code))).await;
                let what = format!("{} asks for {} of {code}", actor.title, item.code);
                assert_eq!(
                    entity.data("/_entities/0"),
                    plain.data("/subject"),
                    "{what}: {} {}",
                    entity.text,
                    plain.text
                );
                let withheld = |answered: &Answered| answered.json["extensions"]["disclosure"].clone();
                assert_eq!((entity.codes(), withheld(&entity)), (plain.codes(), withheld(&plain)), "{what}");
                seen += u64::from(entity.data("/_entities/0/records/nodes/0").is_object());
            }
        }
    }
    assert!(seen > 20, "there was something to see: {seen}");
}

#[actix_web::test]
async fn who_is_not_known_is_null_and_the_others_are_there() {
    let app = TestApp::new();
    list(&app, 1, "2025-09-01");
    let query = "query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Subject { uscc } } }";
    let answered = ask(&app.public(), query, of(&[uscc(77), uscc(1), uscc(78)])).await;
    assert_eq!(answered.data("/_entities"), &json!([null, { "uscc": uscc(1) }, null]), "{}", answered.text);
    assert!(answered.codes().is_empty());
    let before = app.service.gateway.ledger.size();
    for wrong in [
        json!({ "representations": [{ "__typename": "Subject", "uscc": "91370502MA9B00010X" }] }),
        json!({ "representations": [{ "__typename": "Record", "uscc": uscc(1) }] }),
        json!({ "representations": [{ "uscc": uscc(1) }] }),
        json!({ "representations": [1] }),
    ] {
        let refused = ask(&app.public(), query, wrong.clone()).await;
        assert!(
            !refused.codes().is_empty() && refused.data("/_entities/0/uscc").is_null(),
            "{wrong}: {}",
            refused.text
        );
        assert!(!refused.text.contains("panicked"));
    }
    assert_eq!(app.service.gateway.ledger.size(), before + 4, "each is an entry");
    let many: Vec<String> = (0..101).map(|_| uscc(1)).collect();
    assert_eq!(ask(&app.coordinator(), query, of(&many)).await.codes(), ["BAD_USER_INPUT"]);
    let price = |answered: &Answered| answered.json["extensions"]["cost"]["requested"].as_u64().unwrap();
    let (few, more) =
        (ask(&app.coordinator(), query, of(&many[..5])).await, ask(&app.coordinator(), query, of(&many[..95])).await);
    assert_eq!(price(&more), 10 * price(&few), "what is asked for is paid for");
    // The ordinary door knows of none of it.
    for query in ["{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"] {
        assert_eq!(app.public().ask(query).await.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{query}");
    }
    assert!(!app.service.engine.sdl().contains("_entities"));
}

#[actix_web::test]
async fn a_gateway_that_serves_no_subgraph_has_none() {
    let app = TestApp::new();
    let config = chengxin::config::Config { subgraph: false, ..app.config.clone() };
    app.service.gateway.ledger.close();
    let service = chengxin::app::service(&config, &app.ambient).unwrap();
    assert!(service.subgraph.is_none());
    service.gateway.ledger.close();
}

#[actix_web::test]
async fn the_subgraph_composes_with_that_of_a_service_hall() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    assert!(
        folder.join("node_modules/@apollo/composition").is_dir(),
        "the composition is an npm package that is not installed: run `npm ci --prefix tests/node`, or all tests with `tests/run`"
    );
    let app = TestApp::new();
    let answered = ask(&app.public(), "{ _service { sdl } }", json!({})).await;
    let sdl = answered.data("/_service/sdl").as_str().unwrap_or_else(|| panic!("{}", answered.text));
    assert!(sdl.contains("type Subject implements Node @key(fields: \"uscc\")"), "{sdl}");
    let mut composing = Command::new("node")
        .arg("compose.mjs")
        .current_dir(folder)
        .env("APOLLO_TELEMETRY_DISABLED", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`node` is needed for this test: install Node.js 20 or later");
    composing.stdin.take().unwrap().write_all(sdl.as_bytes()).unwrap();
    let output = patience::ended(composing, Duration::from_mins(2));
    let (composed, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    assert!(composed.contains("matters: [Matter!]! @join__field(graph: HALL)"), "{composed}");
    assert!(composed.contains("@join__type(graph: CHENGXIN, key: \"uscc\")"), "{composed}");
}
