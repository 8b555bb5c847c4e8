//! The portal's pages: what a caller gets of a field on a page is what the three tiers say, and nothing out of reach
//! shows on any.

use actix_web::test::TestRequest;
use chengxin::catalogue::{Field, Item};
use chengxin::domain::{SubjectCategory, Tier};
use chengxin::portal::visit::with_parameters;
use serde_json::Value;

use super::actors::{self, Actor};
use super::canaries::{hidden_from, scan};
use super::oracle::{Due, value};
use super::two_worlds::worlds;
use super::values;
use super::world::{Row, World};
use crate::support::{Answered, Asker};

/// Subjects that have a code, and so a page.
const CODED: [SubjectCategory; 2] = [SubjectCategory::Organization, SubjectCategory::IndividualBusiness];

async fn get(asker: &Asker<'_>, path: &str) -> Answered {
    asker.send(TestRequest::get().uri(path)).await
}

/// Every page that has data of the registry, in Chinese; those of subjects in English too.
fn pages(world: &World) -> Vec<String> {
    let mut all: Vec<String> =
        ["/", "/lists", "/measures", "/statistics", "/guide", "/receipts", "/transparency"].map(str::to_owned).into();
    for category in CODED {
        let uscc = values::uscc_of(category);
        all.extend([
            format!("/subjects/{uscc}"),
            format!("/en/subjects/{uscc}"),
            format!("/subjects/{uscc}/report"),
            with_parameters("/search", &[("q", &uscc)]),
        ]);
        all.extend(
            world.app.service.gateway.catalogue.items().iter().map(|item| format!("/subjects/{uscc}/{}", item.code)),
        );
    }
    for item in world.app.service.gateway.catalogue.items() {
        all.push(format!("/lists/{}", item.code));
        all.push(with_parameters("/publicity", &[("item", item.code.as_str())]));
    }
    all.extend(["东营", "孙雀", "钱雀", "钱鹤"].map(|name| with_parameters("/search", &[("q", name)])));
    all
}

#[actix_web::test]
async fn no_page_holds_a_value_that_is_out_of_reach() {
    let world = World::new().find_ids().await;
    for actor in &actors::everybody(&world).await {
        let hidden = hidden_from(&world, actor);
        for path in pages(&world) {
            let answered = get(&actor.asker, &path).await;
            assert!(matches!(answered.status, 200 | 404), "{}: {path}: {}", actor.title, answered.status);
            scan(&answered, &hidden, &format!("{}: {path}", actor.title));
        }
    }
}

/// A value as a page writes it in Chinese.
pub(super) fn written(item: &Item, field: &Field, value: &Value) -> String {
    let word = |text: &str| item.word(&field.name, text).unwrap_or(text).to_owned();
    let text = match value {
        Value::String(text) if text.starts_with("9999-") || text.starts_with("2099-") => "长期".to_owned(),
        Value::String(text) => word(text),
        Value::Array(parts) => parts.iter().map(|part| word(part.as_str().unwrap())).collect::<Vec<_>>().join("、"),
        Value::Bool(value) => (if *value { "是" } else { "否" }).to_owned(),
        other => other.to_string(),
    };
    text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;").replace('\'', "&#39;")
}

/// The line of a field on a page: title, value, and whether it says that something was masked.
pub(super) fn has_line(page: &str, title: &str, value: &str, masked: bool) -> bool {
    let marker = format!("<dt>{title}</dt><dd lang=\"zh-CN\">{value}");
    page.split(&marker).skip(1).any(|rest| rest.starts_with(" <span class=\"masked\"") == masked)
}

/// How many fields were looked for and found on the pages of one actor.
async fn compare(world: &World, actor: &Actor<'_>) -> usize {
    let mut found = 0;
    for category in CODED {
        for item in world.app.service.gateway.catalogue.items() {
            let rows: Vec<&Row> = world.rows_of(item).filter(|row| row.category == category).collect();
            let met: Vec<&&Row> = rows.iter().filter(|row| actor.stands(row).meets(row)).collect();
            let path = format!("/subjects/{}/{}", values::uscc_of(category), item.code);
            let page = get(&actor.asker, &path).await;
            assert_eq!(page.status == 200, !met.is_empty(), "{}: {path}: {}", actor.title, page.status);
            for row in met {
                for field in &item.fields {
                    let due = actor.stands(row).due(item, field, category);
                    let (value, title) = (value(row, field, due), &field.title.zh);
                    let masked = matches!(due, Due::Masked(_)) || field.scanned && due == Due::Clear;
                    if value.is_null() {
                        continue;
                    }
                    let value = written(item, field, &value);
                    // Free text of which nothing had to be replaced is not marked.
                    let is_there = has_line(&page.text, title, &value, masked)
                        || field.scanned && has_line(&page.text, title, &value, false);
                    assert!(is_there, "{}: {path}: {title} `{value}`", actor.title);
                    found += 1;
                }
            }
        }
    }
    found
}

#[actix_web::test]
async fn a_page_shows_what_is_due_and_says_what_is_masked() {
    let world = World::new().find_ids().await;
    let mut all = actors::departments(&world);
    all.extend(actors::outsiders(&world));
    all.extend(actors::subjects(&world));
    all.extend(actors::grantees(&world).await);
    for actor in &all {
        let found = compare(&world, actor).await;
        let reads = world.rows.iter().any(|row| actor.stands(row).tier.is_some());
        assert_eq!(found > 100, reads, "{}: {found} fields", actor.title);
    }
}

/// A page without its receipt, which signs its own entry.
pub(super) fn without_receipt(answered: &Answered) -> String {
    let (before, rest) =
        answered.text.split_once("<section class=\"receipt\"").unwrap_or((&answered.text, "</section>"));
    format!("{before}{}", rest.split_once("</section>").unwrap().1)
}

#[actix_web::test]
async fn pages_over_two_registries_that_differ_in_hidden_values_are_equal_byte_for_byte() {
    let [one, other] = worlds(Tier::PublicDisclosure);
    // How the ledger stands is told of the ledger: its entries are committed to with chance.
    let same = |path: &String| path != "/transparency";
    for path in pages(&one).into_iter().filter(same) {
        let first = get(&one.app.public(), &path).await;
        let second = get(&other.app.public(), &path).await;
        assert!(matches!(first.status, 200 | 404) && first.status == second.status, "{path}: {}", first.status);
        assert_eq!(without_receipt(&first), without_receipt(&second), "{path}");
        assert_eq!(format!("{:?}", first.headers), format!("{:?}", second.headers), "{path}");
    }
    let [one, other] = worlds(Tier::GovernmentSharing);
    for path in pages(&one).into_iter().filter(same) {
        let first = get(&one.app.department("CUS"), &path).await;
        let second = get(&other.app.department("CUS"), &path).await;
        assert_eq!(without_receipt(&first), without_receipt(&second), "{path}");
    }
}
