//! Nothing out of reach can be searched by, counted, or read off a cursor.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chengxin::catalogue::{Field, Item};
use serde_json::{Value, json};

use super::actors::{self, Actor};
use super::oracle::Due;
use super::world::World;
use crate::support::Answered;

const BY_FIELD: &str = "query($item: String!, $field: String!, $value: String!) { records(item: $item, first: 50, \
                        filter: { where: [{ field: $field, value: $value }] }) { totalCount nodes { id } } }";

/// Whether a caller without a relation to any record may find records by a field.
fn is_filterable(world: &World, actor: &Actor<'_>, item: &Item, field: &Field) -> bool {
    let met: Vec<_> = world.rows_of(item).filter(|row| actor.stands(row).meets(row)).collect();
    let is_clear = |row: &&super::world::Row| actor.stands(row).due(item, field, row.category) == Due::Clear;
    field.indexed && !met.is_empty() && met.iter().all(is_clear)
}

#[actix_web::test]
async fn a_field_out_of_reach_is_refused_like_one_that_does_not_exist() {
    let world = World::new().find_ids().await;
    let mut all = actors::outsiders(&world);
    all.extend(actors::departments(&world));
    for actor in &all {
        for item in world.app.service.gateway.catalogue.items() {
            let unknown = by_field(actor, item, "noSuchField", "x").await;
            assert_eq!((unknown.status, unknown.codes()), (400, vec!["BAD_USER_INPUT"]), "{}", unknown.text);
            for field in &item.fields {
                let row = world.rows_of(item).find(|row| row.sent.contains_key(&field.name));
                let value = row.map_or("x", |row| row.sent[&field.name].as_str());
                let answered = by_field(actor, item, &field.name, value).await;
                let what = format!("{} by {}.{}", actor.title, item.code, field.name);
                if is_filterable(&world, actor, item, field) {
                    assert!(answered.codes().is_empty(), "{what}: {}", answered.text);
                    let met = |row: &&super::world::Row| {
                        actor.stands(row).meets(row) && row.sent.get(&field.name).is_some_and(|sent| sent == value)
                    };
                    let count = world.rows_of(item).filter(met).count();
                    assert_eq!(answered.data("/records/nodes").as_array().unwrap().len(), count, "{what}");
                    assert_eq!(answered.data("/records/totalCount"), count, "{what}");
                } else {
                    assert_eq!(told(&answered, &field.name), told(&unknown, "noSuchField"), "{what}");
                }
            }
        }
    }
}

async fn by_field(actor: &Actor<'_>, item: &Item, field: &str, value: &str) -> Answered {
    actor.asker.ask_with(BY_FIELD, json!({ "item": item.code.as_str(), "field": field, "value": value })).await
}

/// Everything that is told of a refused filter but the receipt, what is left of the allowance, and the field's own name.
fn told(answered: &Answered, field: &str) -> (u16, String) {
    let mut told = answered.json.clone();
    told["extensions"]["audit"] = Value::Null;
    told["extensions"]["cost"]["remaining"] = Value::Null;
    told["extensions"]["cost"]["resetAt"] = Value::Null;
    (answered.status, told.to_string().replace(&format!("`{field}`"), "`?`"))
}

#[actix_web::test]
async fn totals_count_what_the_caller_meets_and_nothing_else() {
    let world = World::new().find_ids().await;
    for actor in &actors::everybody(&world).await {
        for item in world.app.service.gateway.catalogue.items() {
            let document = format!("{{ records(item: \"{}\") {{ totalCount }} }}", item.code);
            let answered = actor.asker.ask(&document).await;
            let met = world.rows_of(item).filter(|row| actor.stands(row).meets(row)).count();
            let total = answered.data("/records/totalCount");
            // Null where the provider sees what others do not: such a list is read, not counted.
            let may_be_null = world.rows_of(item).any(|row| actor.stands(row).provides);
            assert!(
                *total == met || (total.is_null() && may_be_null),
                "{} of {}: {}",
                actor.title,
                item.code,
                answered.text
            );
        }
        for (category, known) in &world.subjects {
            let document = "query($id: ID!) { node(id: $id) { ... on Subject { counts { item { code } count } records { totalCount } } } }";
            let answered = actor.asker.ask_with(document, json!({ "id": known.id })).await;
            let mut met: BTreeMap<&str, i64> = BTreeMap::new();
            for row in world.rows.iter().filter(|row| row.category == *category && actor.stands(row).meets(row)) {
                *met.entry(row.item.code.as_str()).or_default() += 1;
            }
            let what = format!("{} of the {category}: {}", actor.title, answered.text);
            let counts = answered.data("/node/counts").as_array().cloned().unwrap_or_default();
            let counts: BTreeMap<&str, i64> = counts
                .iter()
                .map(|row| (row["item"]["code"].as_str().unwrap(), row["count"].as_i64().unwrap()))
                .collect();
            assert_eq!(counts, met, "{what}");
            let total = answered.data("/node/records/totalCount").as_i64().unwrap_or(0);
            assert_eq!(total, met.values().sum::<i64>(), "{what}");
        }
    }
}

#[actix_web::test]
async fn a_cursor_is_opaque_and_serves_its_caller_and_list_alone() {
    let world = World::new();
    let page = |item: &str, after: &str| {
        format!("{{ records(item: \"{item}\", first: 1 {after}) {{ edges {{ cursor node {{ id }} }} }} }}")
    };
    let department = world.app.department("AMR");
    let first = department.ask(&page("administrative-licence", "")).await;
    let cursor = first.data("/records/edges/0/cursor").as_str().unwrap().to_owned();
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(&cursor).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("2026"), "the place is legible");

    let after = format!(", after: \"{cursor}\"");
    let next = department.ask(&page("administrative-licence", &after)).await;
    assert!(next.codes().is_empty(), "{}", next.text);
    assert_ne!(next.data("/records/edges/0/node/id"), first.data("/records/edges/0/node/id"));

    let mut refusals = Vec::new();
    for other in [
        world.app.public(),
        world.app.department("AAS"),
        world.app.department("AMR").without("chengxin-purpose"),
        world.app.department("AMR").header("chengxin-purpose", "joint-punishment-check"),
    ] {
        refusals.push(other.ask(&page("administrative-licence", &after)).await);
    }
    refusals.push(department.ask(&page("registration", &after)).await);
    let altered = format!(", after: \"{}A\"", &cursor[..cursor.len() - 2]);
    refusals.push(department.ask(&page("administrative-licence", &altered)).await);
    world.app.clock.advance_micros(25 * 3_600 * 1_000_000);
    refusals.push(world.app.department("AMR").ask(&page("administrative-licence", &after)).await);
    for refused in &refusals {
        assert_eq!((refused.status, refused.codes()), (400, vec!["BAD_USER_INPUT"]), "{}", refused.text);
        assert_eq!(refused.json["errors"], refusals[0].json["errors"]);
    }
}
