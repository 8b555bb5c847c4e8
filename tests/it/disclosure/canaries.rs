//! A value out of reach shows nowhere: no body, header, error, leaf or export holds it, in any usual writing.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chengxin::catalogue::Field;
use chengxin::domain::{DataClass, MaskRule};
use chengxin::ledger::{Disclosures, Export};
use chengxin::masking;
use serde_json::json;

use super::actors::{self, Actor};
use super::emergencies;
use super::oracle::Due;
use super::world::{Row, World};
use crate::support::Answered;

#[actix_web::test]
async fn no_answer_holds_a_value_that_is_out_of_reach() {
    let world = World::new().find_ids().await;
    for actor in &actors::everybody(&world).await {
        let hidden = hidden_from(&world, actor);
        assert!(hidden.len() > 5, "{} is kept from {} values", actor.title, hidden.len());
        for (document, variables) in corpus(&world, &hidden) {
            let answered = actor.asker.ask_with(&document, variables).await;
            scan(&answered, &hidden, &format!("{}: {document}", actor.title));
        }
    }
}

#[actix_web::test]
async fn the_ledger_and_its_exports_hold_no_private_value() {
    let world = World::new().find_ids().await;
    let mut all = actors::departments(&world);
    all.extend(actors::subjects(&world));
    all.extend(actors::grantees(&world).await);
    all.extend(emergencies::officers(&world).await);
    let private = private_values(&world);
    for actor in &all {
        for (document, variables) in corpus(&world, &private) {
            actor.asker.ask_with(&document, variables).await;
        }
    }
    let ledger = world.app.service.gateway.ledger.clone();
    tokio::task::spawn_blocking({
        let ledger = ledger.clone();
        move || ledger.integrate_blocking().unwrap()
    })
    .await
    .unwrap();
    let keys = ledger.keys();
    for disclosures in [Disclosures::None, Disclosures::All(keys.bodies())] {
        let export = Export {
            database: ledger.database(),
            log: keys.log(),
            receipts: keys.receipts(),
            disclosures,
            checkpoint: None,
            first: 0,
        };
        let (mut lines, mut table) = (Vec::new(), Vec::new());
        assert!(export.ndjson(&mut lines).unwrap().entries > 100);
        export.csv(&mut table).unwrap();
        for text in [String::from_utf8(lines).unwrap(), String::from_utf8(table).unwrap()] {
            for value in &private {
                assert_absent(&text, value, "an export");
            }
        }
    }
}

/// Questions that go for hidden values: every field by its own name, names of subjects, filters, ids and cursors made of
/// the values themselves.
fn corpus(world: &World, hidden: &BTreeSet<String>) -> Vec<(String, serde_json::Value)> {
    let mut all = Vec::new();
    for item in world.app.service.gateway.catalogue.items() {
        let fields: Vec<&str> = item.fields.iter().map(|field| field.name.as_str()).collect();
        let type_name = &item.type_name;
        all.push((
            format!(
                "{{ records(item: \"{}\", first: 9) {{ totalCount edges {{ cursor node {{ id decidedOn state publishedUntil \
                 provider {{ name }} subject {{ id name uscc }} ... on {type_name} {{ {} }} }} }} }} }}",
                item.code,
                fields.join(" ")
            ),
            json!({}),
        ));
    }
    for known in world.subjects.values() {
        let document = "query($id: ID!) { node(id: $id) { ... on Subject { name uscc counts { count } records(first: 50) \
                        { totalCount nodes { __typename } } } } }";
        all.push((document.to_owned(), json!({ "id": known.id })));
    }
    let filter = "query($value: String!) { records(item: \"judgment-debtor\", filter: { where: [{ field: \"caseNo\", value: $value }] }) \
                  { totalCount } }";
    let beyond = "query($value: String!) { records(item: \"judgment-debtor\", filter: { where: [{ field: \"certificateNo\", value: $value }] }) \
                  { totalCount } }";
    for value in hidden.iter().take(3) {
        for document in [filter, beyond] {
            all.push((document.to_owned(), json!({ "value": value })));
        }
        all.push(("query($value: ID!) { node(id: $value) { id } }".to_owned(), json!({ "value": value })));
        let document = "query($value: CitizenNumber!) { person(citizenNumber: $value) { id } }";
        all.push((document.to_owned(), json!({ "value": value })));
        let document = "query($value: String!) { records(item: \"registration\", after: $value) { totalCount } }";
        all.push((document.to_owned(), json!({ "value": value })));
    }
    all
}

/// The parts of a cell that nobody may read off what the actor gets.
fn secrets(row: &Row, field: &Field, due: Due) -> Vec<String> {
    let sent = &row.sent[&field.name];
    let is_telling = sent.contains("CNRY") || field.class != DataClass::Plain;
    if !is_telling || sent.chars().count() < 4 || sent.parse::<chengxin::domain::Date>().is_ok() {
        return Vec::new();
    }
    let third = sent.split("身份证号").nth(1).map(str::to_owned);
    let token = sent.find("CNRY").map(|at| sent[at..].chars().take(8).collect::<String>());
    match due {
        Due::Withheld(_) => [Some(sent.clone()), third, token].into_iter().flatten().collect(),
        Due::Clear | Due::Masked(MaskRule::TextScan) => third.into_iter().collect(),
        Due::Masked(rule) => {
            let shown = masking::apply(rule, sent);
            [Some(sent.clone()), token].into_iter().flatten().filter(|secret| !shown.contains(secret)).collect()
        }
    }
}

pub(super) fn hidden_from(world: &World, actor: &Actor<'_>) -> BTreeSet<String> {
    let (mut hidden, mut open) = (BTreeSet::new(), BTreeSet::new());
    for row in &world.rows {
        let stands = actor.stands(row);
        for field in row.item.fields.iter().filter(|field| row.sent.contains_key(&field.name)) {
            let due = if stands.meets(row) { stands.due(&row.item, field, row.category) } else { Due::Withheld("") };
            hidden.extend(secrets(row, field, due));
            if due == Due::Clear {
                open.insert(row.sent[&field.name].clone());
            }
        }
    }
    hidden.retain(|value| !open.contains(value));
    hidden
}

fn private_values(world: &World) -> BTreeSet<String> {
    let each = world.rows.iter().flat_map(|row| row.item.fields.iter().map(move |field| (row, field)));
    each.filter(|(row, field)| field.class != DataClass::Plain && row.sent.contains_key(&field.name))
        .flat_map(|(row, field)| secrets(row, field, Due::Withheld("")))
        .collect()
}

pub(super) fn scan(answered: &Answered, hidden: &BTreeSet<String>, what: &str) {
    let headers = format!("{:?}", answered.headers);
    for value in hidden {
        assert_absent(&answered.text, value, what);
        assert_absent(&headers, value, what);
    }
}

fn assert_absent(text: &str, value: &str, what: &str) {
    for written in writings(value) {
        assert!(!text.contains(&written), "{what}: `{value}` stands there as `{written}`");
    }
}

/// The value plain, in hexadecimal, in both kinds of base64 (without the end, which depends on what follows), and as in a URL.
fn writings(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let hex = hex::encode(bytes);
    let url = bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let whole = &bytes[..bytes.len() / 3 * 3];
    let escaped: String = value.chars().map(|character| format!("\\u{:04x}", u32::from(character))).collect();
    vec![value.to_owned(), hex, url, BASE64_STANDARD.encode(whole), BASE64_URL_SAFE_NO_PAD.encode(whole), escaped]
}
