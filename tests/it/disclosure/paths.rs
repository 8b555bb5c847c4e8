//! Every way to a record's fields.

use chengxin::catalogue::Item;
use serde_json::{Value, json};

use super::actors::Actor;
use super::values;
use super::world::{Row, World};

/// A question for the records of one item along one path.
pub struct Question {
    pub path: &'static str,
    pub document: String,
    pub variables: Value,
    /// Whether the record is one that this path leads to.
    pub leads_to: Box<dyn Fn(&Row) -> bool>,
}

/// The most aliases that the document of an anonymous caller may have.
const ALIASES: usize = 10;

pub(super) fn question(path: &'static str, document: String, leads_to: impl Fn(&Row) -> bool + 'static) -> Question {
    Question { path, document, variables: json!({}), leads_to: Box::new(leads_to) }
}

/// All paths for one item.
pub fn questions(world: &World, item: &Item, actor: &Actor<'_>) -> Vec<Question> {
    let mut all = by_lists(item);
    all.extend(by_subjects(world, item));
    all.extend(world.rows_of(item).map(|row| by_id(item, row)));
    if actor.has_authorizations {
        all.push(by_authorizations(item));
    }
    all
}

fn fields(item: &Item) -> String {
    item.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(" ")
}

/// The record's identity and all its fields, by an inline fragment.
pub(super) fn whole(item: &Item) -> String {
    format!("__typename id ... on {} {{ {} }}", item.type_name, fields(item))
}

fn by_lists(item: &Item) -> Vec<Question> {
    let (code, type_name) = (&item.code, &item.type_name);
    let list = format!("records(item: \"{code}\", first: 50)");
    let (whole, names) = (whole(item), fields(item));
    let named = format!("{{ {list} {{ nodes {{ ...R }} }} }} fragment R on {type_name} {{ __typename id {names} }}");
    let interface = format!("{{ {list} {{ nodes {{ ...R }} }} }} fragment R on CreditRecord {{ {whole} }}");
    let inline = format!("{{ {list} {{ nodes {{ ... on CreditRecord {{ ... on Node {{ {whole} }} }} }} }} }}");
    let edges = format!("{{ {list} {{ edges {{ node {{ {whole} }} }} }} }}");
    let short = format!("records(item: \"{code}\", first: 9)");
    let nested = format!("{{ {short} {{ nodes {{ subject {{ {short} {{ nodes {{ {whole} }} }} }} }} }} }}");
    let mut all = vec![
        question("records.nodes", format!("{{ {list} {{ nodes {{ {whole} }} }} }}"), |_| true),
        question("records.edges.node", edges, |_| true),
        question("named fragment", named, |_| true),
        question("fragment on the interface", interface, |_| true),
        question("nested inline fragments", inline, |_| true),
        question("record.subject.records", nested, |_| true),
    ];
    for chunk in item.fields.chunks(ALIASES) {
        let aliased: String = chunk.iter().map(|field| format!("alias_{0}: {0} ", field.name)).collect();
        let document = format!("{{ {list} {{ nodes {{ __typename id ... on {type_name} {{ {aliased} }} }} }} }}");
        all.push(question("alias", document, |_| true));
    }
    all
}

fn by_subjects(world: &World, item: &Item) -> Vec<Question> {
    let list = format!("records(item: \"{}\", first: 50) {{ nodes {{ {} }} }}", item.code, whole(item));
    let mut all = Vec::new();
    for &category in &item.head.subject.categories {
        let id = &world.subjects[&category].id;
        let of_subject = move |row: &Row| row.category == category;
        let document = format!("{{ node(id: \"{id}\") {{ ... on Subject {{ {list} }} }} }}");
        all.push(question("node(subject).records", document, of_subject));
        if category == chengxin::domain::SubjectCategory::NaturalPerson {
            continue;
        }
        let uscc = values::uscc_of(category);
        let document = format!("{{ subject(uscc: \"{uscc}\") {{ {list} }} }}");
        all.push(question("subject.records.nodes", document, of_subject));
        let every = format!("records(first: 50) {{ edges {{ node {{ {} }} }} }}", whole(item));
        all.push(question(
            "subject.records of all items",
            format!("{{ subject(uscc: \"{uscc}\") {{ {every} }} }}"),
            of_subject,
        ));
    }
    all
}

fn by_id(item: &Item, row: &Row) -> Question {
    let id = row.id.clone();
    let document = format!("{{ node(id: \"{id}\") {{ {} }} }}", whole(item));
    question("node(record)", document, move |row| row.id == id)
}

fn by_authorizations(item: &Item) -> Question {
    let list = format!("records(item: \"{}\", first: 50) {{ nodes {{ {} }} }}", item.code, whole(item));
    let mut asked = question(
        "authorizations.nodes.subject.records",
        format!("{{ authorizations(first: 50) {{ nodes {{ subject {{ id {list} }} }} }} }}"),
        |_| true,
    );
    asked.variables = json!({});
    asked
}
