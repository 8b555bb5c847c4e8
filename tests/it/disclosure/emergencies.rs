//! Officers who have opened one subject's records in an emergency, and those whose opening does not hold.

use chengxin::domain::{Role, SubjectCategory, Tier};
use serde_json::json;

use super::actors::Actor;
use super::oracle::{By, Stands};
use super::world::{Row, World};
use crate::support::Asker;

const FIRM: SubjectCategory = SubjectCategory::Organization;
const PERSON: SubjectCategory = SubjectCategory::NaturalPerson;
const SHARING: Stands = Stands::at(Some(Tier::GovernmentSharing));

/// An officer at work on a case of an emergency.
fn officer<'w>(world: &'w World, department: &str, name: &str) -> Asker<'w> {
    let (department, name) = (department.to_owned(), name.to_owned());
    let asker = world.app.administrator_as(Role::Department, |claims| {
        claims.actor = name;
        claims.department = Some(department);
    });
    asker.header("chengxin-purpose", "emergency-rescue").header("chengxin-case", "E-1")
}

/// Opens every item that is shared, or those named; gives the opening.
async fn open(world: &World, asker: &Asker<'_>, category: SubjectCategory, items: &[&str]) -> String {
    let all = world.app.service.gateway.catalogue.items().iter();
    let shared = all.filter(|item| item.sharing != chengxin::catalogue::Sharing::NotShared);
    let named: Vec<&str> =
        shared.map(|item| item.code.as_str()).filter(|code| items.is_empty() || items.contains(code)).collect();
    let document = "mutation($input: BreakGlassInput!) { breakGlass(input: $input) { \
                    ... on BreakGlassSuccess { opening { authorization } } ... on InvalidInput { problems { path code message } } } }";
    let input = json!({ "subject": world.subjects[&category].id, "items": named, "reason": "flood at the harbour" });
    let answered = asker.ask_with(document, json!({ "input": input })).await;
    let opening = answered.data("/breakGlass/opening/authorization").as_str();
    opening.unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

/// Officers with openings that hold, and with every kind that does not.
pub async fn officers(world: &World) -> Vec<Actor<'_>> {
    let over = open(world, &officer(world, "PS", "early"), FIRM, &[]).await;
    world.app.clock.advance_micros(30 * 60 * 1_000_000);
    let (police, health) = (officer(world, "PS", "police"), officer(world, "HEA", "health"));
    let of_firm = open(world, &police, FIRM, &[]).await;
    let of_person = open(world, &health, PERSON, &[]).await;
    let of_item = open(world, &officer(world, "PS", "one item"), FIRM, &["registration"]).await;

    let provides = |row: &Row, department: &str| row.item.provider.as_str() == department;
    let holding = move |department: &'static str, category| {
        move |row: &Row| {
            let provides = provides(row, department);
            if row.category == category {
                Stands { by: Some(By::Emergency), provides: false, ..Stands::at(Some(Tier::AuthorizedQuery)) }
            } else {
                Stands { provides, archive: provides, ..SHARING }
            }
        }
    };
    let refused = |_: &Row| Stands {
        by: Some(By::Emergency),
        pending: Some((Tier::AuthorizedQuery, "AUTHORIZATION_INVALID")),
        ..SHARING
    };
    let of_one_item = move |row: &Row| match (row.item.code.as_str(), row.category) {
        ("registration", FIRM) => Stands { by: Some(By::Emergency), ..Stands::at(Some(Tier::AuthorizedQuery)) },
        ("registration", _) => SHARING,
        _ => refused(row),
    };
    let again = |name: &str| officer(world, "PS", name);
    vec![
        Actor::new("opened the firm's", with(police, &of_firm), holding("PS", FIRM)),
        Actor::new("opened the person's", with(health, &of_person), holding("HEA", PERSON)),
        Actor::new("opened one item", with(again("one item"), &of_item), of_one_item),
        Actor::new(
            "opened, for a usual purpose",
            with(again("police"), &of_firm).header("chengxin-purpose", "licence-review"),
            refused,
        )
        .sharing(REFUSALS),
        Actor::new("opened, on another case", with(again("police"), &of_firm).header("chengxin-case", "E-2"), refused)
            .sharing(REFUSALS),
        Actor::new("another officer's", with(again("other"), &of_firm), refused).sharing(REFUSALS),
        Actor::new("another department's", with(officer(world, "FIRE", "police"), &of_firm), refused).sharing(REFUSALS),
        Actor::new("time is over", with(again("early"), &over), refused).sharing(REFUSALS),
        Actor::new("opened nothing", again("idle"), |_| SHARING),
    ]
}

fn with<'w>(asker: Asker<'w>, opening: &str) -> Asker<'w> {
    asker.header("chengxin-authorization", opening)
}

/// How many kinds of opening are refused.
const REFUSALS: usize = 5;
