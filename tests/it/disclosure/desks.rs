//! The desks: what somebody who logged in gets of a field is what the three tiers say, and nothing out of reach shows on any page.

use chengxin::domain::{SubjectCategory, Tier};
use chengxin::portal::visit::DeskPage;

use super::actors::{self, Actor};
use super::canaries::{hidden_from, scan};
use super::oracle::{Due, value};
use super::pages::{has_line, without_receipt, written};
use super::two_worlds::worlds;
use super::values;
use super::world::{Row, World};
use crate::support::Answered;
use crate::support::seat::Seat;

const CATEGORIES: [SubjectCategory; 3] =
    [SubjectCategory::Organization, SubjectCategory::IndividualBusiness, SubjectCategory::NaturalPerson];

/// Every page of the desks that has an address of its own, in both languages; those of one thing with an id of nothing.
fn addresses() -> Vec<String> {
    let own = DeskPage::all().map(|page| if page.is_of_one() { page.of("1") } else { page.pattern().to_owned() });
    own.flat_map(|path| [path.clone(), format!("/en{path}")]).collect()
}

/// What a subject is asked for by.
fn asked_by(category: SubjectCategory) -> String {
    match category {
        SubjectCategory::NaturalPerson => values::citizen_number(values::PERSON_BORN, false),
        _ => values::uscc_of(category),
    }
}

async fn query(seat: &Seat<'_>, of: &str) -> Answered {
    seat.post("/desk/query", &[("q", of)]).await
}

#[actix_web::test]
async fn no_page_of_a_desk_holds_a_value_that_is_out_of_reach() {
    let world = World::new().find_ids().await;
    for actor in actors::everybody(&world).await.iter().filter(|actor| actor.title != "public") {
        let hidden = hidden_from(&world, actor);
        let seat = actor.asker.seated();
        for path in addresses() {
            let answered = seat.get(&path).await;
            assert!(matches!(answered.status, 200 | 403 | 404), "{}: {path}: {}", actor.title, answered.status);
            scan(&answered, &hidden, &format!("{}: {path}", actor.title));
        }
        for of in CATEGORIES.map(asked_by).into_iter().chain(["东营".to_owned(), "孙雀".to_owned()]) {
            let list = format!("{of}, T-1");
            for (what, mut answered) in
                [("query", query(&seat, &of).await), ("check", seat.post("/desk/check", &[("list", &list)]).await)]
            {
                if what == "check" && actor.title == "no case" {
                    // A line of the list has its own case, and so the officer what it opens.
                    continue;
                }
                // The form holds what was typed into it.
                answered.text = answered.text.replace(&format!("value=\"{of}\""), "").replace(&list, "");
                scan(&answered, &hidden, &format!("{}: {what} {of}", actor.title));
            }
        }
    }
}

/// How many fields of the records of a category were looked for and found in a page's text.
fn compare(world: &World, actor: &Actor<'_>, (category, text): (SubjectCategory, &str)) -> usize {
    let mut found = 0;
    let rows = world.rows.iter().filter(|row| row.category == category && actor.stands(row).meets(row));
    for row in rows {
        for field in &row.item.fields {
            let due = actor.stands(row).due(&row.item, field, category);
            let shown = value(row, field, due);
            if shown.is_null() {
                continue;
            }
            let masked = matches!(due, Due::Masked(_)) || field.scanned && due == Due::Clear;
            let (shown, title) = (written(&row.item, field, &shown), &field.title.zh);
            let is_there =
                has_line(text, title, &shown, masked) || field.scanned && has_line(text, title, &shown, false);
            assert!(is_there, "{}: {category} {}: {title} `{shown}`", actor.title, row.item.code);
            found += 1;
        }
    }
    found
}

/// The same over what queries for each category show.
async fn compare_queries(world: &World, actor: &Actor<'_>, categories: &[SubjectCategory]) -> usize {
    let (mut found, seat) = (0, actor.asker.seated());
    for &category in categories {
        let page = query(&seat, &asked_by(category)).await;
        found += compare(world, actor, (category, &page.text));
    }
    found
}

/// All pages of somebody's own records, one after the other.
async fn own_records(seat: &Seat<'_>) -> String {
    let (mut all, mut next) = (String::new(), Some("/desk/records".to_owned()));
    while let Some(path) = next {
        let page = seat.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let marked = page.text.split("href=\"/desk/records?after=").nth(1);
        next = marked.map(|rest| format!("/desk/records?after={}", rest.split('"').next().unwrap()));
        all += &page.text;
    }
    all
}

#[actix_web::test]
async fn a_query_at_a_desk_shows_what_is_due_and_says_what_is_masked() {
    let world = World::new().find_ids().await;
    let asks =
        |actor: &&Actor<'_>| matches!(actor.title, "department" | "market regulation" | "health" | "coordinator");
    for actor in actors::departments(&world).iter().filter(asks) {
        let found = compare_queries(&world, actor, &CATEGORIES).await;
        assert!(found > 100, "{}: {found} fields", actor.title);
    }
}

#[actix_web::test]
async fn an_authorized_body_gets_at_its_desk_what_was_authorized_and_of_others_what_is_public() {
    let world = World::new().find_ids().await;
    let mut all = actors::grantees(&world).await;
    all.extend(actors::grantees_of_one_field(&world).await);
    // Of whoever declares what does not hold, or nothing, the page asks again: `no_page_of_a_desk…` looks there.
    let asks = |actor: &&Actor<'_>| actor.title.starts_with("authorized") && actor.title != "authorized, no purpose";
    for actor in all.iter().filter(asks) {
        // Whoever looks a person up by number finds the one who authorized it and nobody else.
        let is_granted = |row: &Row| {
            row.category == SubjectCategory::NaturalPerson && actor.stands(row).tier == Some(Tier::AuthorizedQuery)
        };
        let categories = if world.rows.iter().any(is_granted) {
            CATEGORIES.to_vec()
        } else {
            let page = query(&actor.asker.seated(), &asked_by(SubjectCategory::NaturalPerson)).await;
            assert!(page.text.contains("没有查到，或者这个用途不能查。"), "{}: {}", actor.title, page.text);
            CATEGORIES[..2].to_vec()
        };
        let found = compare_queries(&world, actor, &categories).await;
        assert!(found > 100, "{}: {found} fields", actor.title);
    }
}

#[actix_web::test]
async fn subjects_read_all_of_their_own_records_at_their_desk() {
    let world = World::new().find_ids().await;
    for (actor, category) in actors::subjects(&world).iter().zip(CATEGORIES) {
        let text = own_records(&actor.asker.seated()).await;
        let found = compare(&world, actor, (category, &text));
        assert!(found > 100, "{}: {found} fields", actor.title);
    }
}

#[actix_web::test]
async fn desks_over_two_registries_that_differ_in_hidden_values_are_equal_byte_for_byte() {
    let [one, other] = worlds(Tier::GovernmentSharing);
    for (title, actor) in [("department", 0), ("coordinator", 1)] {
        let [first, second] = [&one, &other].map(|world| {
            let app = &world.app;
            if actor == 0 { app.department("CUS").seated() } else { app.coordinator().seated() }
        });
        // Forms carry what is of their session alone.
        let bare = |answered: &Answered, seat: &Seat<'_>| without_receipt(answered).replace(&seat.token, "TOKEN");
        for path in addresses() {
            let (a, b) = (first.get(&path).await, second.get(&path).await);
            assert_eq!((a.status, bare(&a, &first)), (b.status, bare(&b, &second)), "{title}: {path}");
        }
        // Of a person the number itself is what differs.
        let coded = CATEGORIES.into_iter().filter(|category| *category != SubjectCategory::NaturalPerson);
        for of in coded.map(asked_by) {
            let (a, b) = (query(&first, &of).await, query(&second, &of).await);
            assert_eq!((a.status, bare(&a, &first)), (b.status, bare(&b, &second)), "{title}: {of}");
        }
    }
}
