//! Two registries that differ only in what a caller cannot see answer that caller byte for byte the same.

use chengxin::domain::{SubjectCategory, Tier};
use serde_json::{Value, json};

use super::values::{self, Variant};
use super::world::World;
use crate::support::{Answered, Asker, Wanted};

pub(super) fn worlds(hidden_from: Tier) -> [World; 2] {
    [false, true].map(|is_second| World::with(Wanted::default(), Variant { hidden_from, is_second }))
}

#[actix_web::test]
async fn the_public_cannot_tell_two_registries_apart_that_differ_in_hidden_values() {
    let [one, other] = worlds(Tier::PublicDisclosure);
    assert!(differences(&one, &other) > 100);
    compare((&one, &other), |world| world.app.public()).await;
}

#[actix_web::test]
async fn a_department_without_a_purpose_cannot_either() {
    let [one, other] = worlds(Tier::PublicDisclosure);
    compare((&one, &other), |world| world.app.department("AMR").without("chengxin-purpose")).await;
}

#[actix_web::test]
async fn a_department_cannot_tell_two_registries_apart_that_differ_in_what_it_may_not_see() {
    let [one, other] = worlds(Tier::GovernmentSharing);
    assert!(differences(&one, &other) > 50);
    compare((&one, &other), |world| world.app.department("CUS")).await;
    compare((&one, &other), |world| world.app.department("AMR")).await;
    compare((&one, &other), |world| world.app.coordinator()).await;
}

/// In how many cells two registries differ.
fn differences(one: &World, other: &World) -> usize {
    let differing = |(one, other): (&super::world::Row, &super::world::Row)| {
        one.sent.iter().filter(|(name, sent)| other.sent[*name] != **sent).count()
    };
    assert_eq!(one.rows.len(), other.rows.len());
    one.rows.iter().zip(&other.rows).map(differing).sum()
}

async fn compare<'w>((one, other): (&'w World, &'w World), asker: impl Fn(&'w World) -> Asker<'w>) {
    for (document, variables) in corpus(one) {
        let first = asker(one).ask_with(&document, variables.clone()).await;
        let second = asker(other).ask_with(&document, variables).await;
        assert_eq!(without_receipt(&first), without_receipt(&second), "{document}");
        assert_eq!((first.status, first.text.len()), (second.status, second.text.len()), "{document}");
        assert_eq!(format!("{:?}", first.headers), format!("{:?}", second.headers), "{document}");
    }
}

/// The body without the receipt, which signs its own entry.
fn without_receipt(answered: &Answered) -> String {
    match answered.text.find(",\"audit\":") {
        Some(at) => answered.text[..at].to_owned(),
        None => answered.text.clone(),
    }
}

fn corpus(world: &World) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut ask = |document: String| all.push((document, json!({})));
    for item in world.app.service.gateway.catalogue.items() {
        let fields: Vec<&str> = item.fields.iter().map(|field| field.name.as_str()).collect();
        let (code, type_name, fields) = (&item.code, &item.type_name, fields.join(" "));
        ask(format!(
            "{{ records(item: \"{code}\", first: 2) {{ totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ id \
             decidedOn publishedUntil state provider {{ name }} ... on {type_name} {{ {fields} }} }} }} }} }}"
        ));
        for indexed in item.fields.iter().take(6) {
            let name = &indexed.name;
            ask(format!(
                "{{ records(item: \"{code}\", filter: {{ where: [{{ field: \"{name}\", value: \"CNRY0001\" }}] }}) {{ totalCount }} }}"
            ));
        }
        ask(format!("{{ viewer {{ disclosures(item: \"{code}\") {{ field disclosure filterable }} }} }}"));
    }
    for category in [SubjectCategory::Organization, SubjectCategory::IndividualBusiness] {
        let uscc = values::uscc_of(category);
        ask(format!(
            "{{ subject(uscc: \"{uscc}\") {{ id name category counts {{ item {{ code }} count }} records(first: 50) {{ totalCount \
             nodes {{ id __typename decidedOn }} }} }} }}"
        ));
    }
    for name in ["东营", "孙雀", "钱雀", "钱鹤"] {
        ask(format!("{{ subjects(name: \"{name}\") {{ nodes {{ id name }} pageInfo {{ hasNextPage }} }} }}"));
    }
    all
}
