//! One enforcement point: every field of every record type, for every kind of caller, is the same on every path, and is
//! what the three tiers say.

use std::collections::{BTreeMap, BTreeSet};

use chengxin::catalogue::Item;
use serde_json::{Map, Value};

use super::actors::{self, Actor};
use super::emergencies;
use super::oracle::{self, Due};
use super::paths::{self, Question};
use super::world::{Row, World};
use crate::support::Answered;

#[actix_web::test]
async fn the_public_and_the_administrators_get_what_the_tiers_say_on_every_path() {
    let world = World::new().find_ids().await;
    hold(&world, &actors::outsiders(&world)).await;
}

#[actix_web::test]
async fn departments_get_what_the_tiers_say_on_every_path() {
    let world = World::new().find_ids().await;
    hold(&world, &actors::departments(&world)).await;
}

#[actix_web::test]
async fn subjects_get_what_the_tiers_say_on_every_path() {
    let world = World::new().find_ids().await;
    for &category in world.subjects.keys() {
        actors::grant(&world, category, &[], serde_json::json!({})).await;
    }
    hold(&world, &actors::subjects(&world)).await;
}

#[actix_web::test]
async fn grantees_get_what_the_tiers_say_on_every_path() {
    let world = World::new().find_ids().await;
    hold(&world, &actors::grantees(&world).await).await;
}

#[actix_web::test]
async fn an_authorization_over_one_field_shows_no_other_of_what_is_not_published() {
    let world = World::new().find_ids().await;
    hold(&world, &actors::grantees_of_one_field(&world).await).await;
}

#[actix_web::test]
async fn officers_in_an_emergency_get_what_the_tiers_say_on_every_path() {
    let world = World::new().find_ids().await;
    hold(&world, &emergencies::officers(&world).await).await;
}

async fn hold(world: &World, actors: &[Actor<'_>]) {
    let items = world.app.service.gateway.catalogue.items();
    for (turn, actor) in actors.iter().enumerate() {
        for item in items {
            for question in
                paths::questions(world, item, actor).into_iter().skip(turn % actor.shares).step_by(actor.shares)
            {
                let answered = actor.asker.ask_with(&question.document, question.variables.clone()).await;
                let what = format!("{} asks for {} by {}", actor.title, item.code, question.path);
                check(world, (actor, item, &question), &answered, &what);
            }
        }
    }
}

pub(super) fn check(
    world: &World,
    (actor, item, question): (&Actor<'_>, &Item, &Question),
    answered: &Answered,
    what: &str,
) {
    assert_eq!(answered.status, 200, "{what}: {}", answered.text);
    let mut found = BTreeMap::new();
    collect(answered.data(""), &item.type_name, &mut found);
    let links = |row: &Row| question.path != "record.subject.records" || actor.stands(row).knows_subject(row);
    let is_due = |row: &&Row| (question.leads_to)(row) && actor.stands(row).meets(row) && links(row);
    let mut due: BTreeMap<&str, &Row> = world.rows_of(item).filter(is_due).map(|row| (row.id.as_str(), row)).collect();
    if question.path.starts_with("joint work") {
        // Which cases are the caller's to know of is said elsewhere; what it sees through them is no more than by any other path.
        due.retain(|id, _| found.contains_key(*id));
    }
    if question.path.starts_with("authorizations") {
        // Whom the caller has an authorization with is said by the answer itself.
        due.retain(|id, _| found.contains_key(*id));
        assert!(!answered.data("/authorizations/nodes").as_array().unwrap().is_empty(), "{what}");
    }
    let ids = |keys: BTreeSet<&str>| keys.into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        ids(found.keys().map(String::as_str).collect()),
        ids(due.keys().copied().collect()),
        "{what}: {}",
        answered.text
    );
    let mut codes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, row) in &due {
        let stands = actor.stands(row);
        for (name, shown) in &found[*id] {
            let name = name.strip_prefix("alias_").unwrap_or(name);
            let Some((_, field)) = item.field(name) else { continue };
            let due = stands.due(item, field, row.category);
            let wanted = oracle::value(row, field, due);
            assert_eq!(*shown, wanted, "{what}: {name} of {} is due {due:?}", row.category);
            if let Due::Withheld(code) = due {
                codes.entry(&field.name).or_default().insert(code);
            }
        }
    }
    check_errors(item, answered, &codes, what);
}

/// One error for each field that was withheld of any record, each at a place of the answer that is null.
fn check_errors(item: &Item, answered: &Answered, codes: &BTreeMap<&str, BTreeSet<&str>>, what: &str) {
    let none = Vec::new();
    let errors = answered.json["errors"].as_array().unwrap_or(&none);
    let mut told = BTreeSet::new();
    for error in errors {
        let message = error["message"].as_str().unwrap();
        let code = error["extensions"]["code"].as_str().unwrap();
        let path = error["path"].as_array().unwrap_or_else(|| panic!("{what}: {error}"));
        let last = path.last().and_then(Value::as_str).unwrap();
        let name = last.strip_prefix("alias_").unwrap_or(last);
        if matches!(name, "nodes" | "edges") {
            // The list of an item that is closed without a purpose: nothing of it is due, and the caller is told why.
            assert!(code == "PURPOSE_REQUIRED" && codes.is_empty(), "{what}: {error}");
            continue;
        }
        assert!(
            codes.get(name).is_some_and(|codes| codes.contains(code)),
            "{what}: {error}, due {:?}",
            codes.get(name)
        );
        assert!(told.insert(name), "{what}: {name} is told twice");
        let pointer: String = path.iter().map(|part| format!("/{}", part.to_string().trim_matches('"'))).collect();
        assert_eq!(answered.json.pointer(&format!("/data{pointer}")), Some(&Value::Null), "{what}: {pointer}");
        let names_the_field = message.contains(&format!("`{}.{name}`", item.type_name));
        assert!(names_the_field || code == "AUTHORIZATION_INVALID", "{what}: {message}");
    }
    assert_eq!(told, codes.keys().copied().collect(), "{what}: {}", answered.text);
}

/// Every record of a type in an answer, by its id. Where it stands twice, both are the same.
fn collect(value: &Value, type_name: &str, found: &mut BTreeMap<String, Map<String, Value>>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, type_name, found)),
        Value::Object(members) => {
            if members.get("__typename").is_some_and(|name| name == type_name) {
                let id = members["id"].as_str().unwrap().to_owned();
                let earlier = found.insert(id, members.clone());
                assert!(
                    earlier.is_none_or(|earlier| earlier == *members),
                    "one record shows differently in one answer"
                );
            }
            members.values().for_each(|value| collect(value, type_name, found));
        }
        _ => {}
    }
}
