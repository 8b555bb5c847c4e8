//! What a query costs, known before it runs.

use std::sync::Arc;

use async_graphql::Variables;
use chengxin::graphql::cost::{ActualCost, CostTable, CostTableError};
use chengxin::graphql::document::{Document, Operation};
use chengxin::graphql::guard::{self, DocumentLimits};
use serde_json::json;

use super::{selections, wide};

pub(super) const SDL: &str = r#"
    directive @cost(weight: String!) on FIELD_DEFINITION | OBJECT | ARGUMENT_DEFINITION
    directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION
    interface Record { id: ID! subject: Subject tags: [String!]! }
    type Penalty implements Record { id: ID! subject: Subject tags: [String!]! facts: String @cost(weight: "7") }
    type Permit implements Record { id: ID! subject: Subject tags: [String!]! parts: [Part!]! }
    type Part @cost(weight: "3") { name: String }
    union Found = Penalty | Subject
    type Subject { id: ID! name: String records(item: String, first: Int! = 20, after: String): RecordConnection! }
    type RecordConnection { edges: [Edge!]! nodes: [Record!]! totalCount: Int @cost(weight: "5") }
    type Edge { node: Record! cursor: String! }
    type Query {
        subject(uscc: String!): Subject
        subjects(first: Int! = 20, last: Int): [Subject!]!
        found: Found
        history(page: Int = 4): [Part!]! @listSize(slicingArguments: ["page"])
        fixed: [Part!]! @listSize(assumedSize: 50)
        dear(by: String @cost(weight: "9")): Part
    }
    type Mutation { grant(input: Input!): Subject! @cost(weight: "10") }
    input Input { subject: String }
    schema { query: Query mutation: Mutation }
"#;

pub(super) fn operation(text: &str) -> Operation {
    let table = Arc::new(CostTable::from_sdl(SDL).unwrap());
    let checked = guard::check(text, &wide()).unwrap();
    Arc::new(Document::new(&checked, table)).operation(None).unwrap()
}

fn price(text: &str, variables: serde_json::Value) -> (u64, usize) {
    let price = operation(text).price(&Variables::from_json(variables));
    (price.requested, price.refused_pages)
}

fn requested(text: &str) -> u64 {
    price(text, json!({})).0
}

#[test]
fn a_price_is_weights_times_pages() {
    assert_eq!(requested("{__typename}"), 0);
    assert_eq!(requested("{subject(uscc:\"x\"){id name}}"), 1);
    assert_eq!(requested("{subjects{id}}"), 20, "the schema's default page");
    assert_eq!(requested("{subjects(first:5){id}}"), 5);
    assert_eq!(requested("{subjects(first:5){records(first:10){nodes{id}}}}"), 5 * (1 + 1 + 10));
    assert_eq!(requested("{subject(uscc:\"x\"){records(first:10){edges{node{id}}}}}"), 1 + 1 + 10 * 2);
    assert_eq!(requested("{subject(uscc:\"x\"){records{totalCount}}}"), 1 + 1 + 5);
    assert_eq!(requested("{history{name}}"), 4 * 3);
    assert_eq!(requested("{history(page:2){name}}"), 2 * 3);
    assert_eq!(requested("{fixed{name}}"), 50 * 3);
    assert_eq!(requested("{dear{name}}"), 3);
    assert_eq!(requested("{dear(by:\"x\"){name}}"), 12);
    assert_eq!(requested("mutation{grant(input:{}){id}}"), 10);
    assert_eq!(requested("{__schema{types{name}}}"), 100);
}

#[test]
fn an_interface_costs_what_its_dearest_type_costs() {
    let nodes =
        |selection: &str| requested(&format!("{{subject(uscc:\"x\"){{records(first:10){{nodes{{{selection}}}}}}}}}"));
    assert_eq!(nodes("id tags"), 2 + 10);
    assert_eq!(nodes("... on Penalty{facts}"), 2 + 10 * 8);
    assert_eq!(nodes("... on Permit{parts{name}}"), 2 + 10 * (1 + 10 * 3));
    assert_eq!(nodes("... on Penalty{facts} ... on Permit{parts{name}}"), 2 + 10 * 31, "one type at a time");
    assert_eq!(nodes("...on Record{subject{id}} ... on Penalty{facts}"), 2 + 10 * 9);
    assert_eq!(requested("{found{... on Subject{records(first:2){nodes{id}}} ... on Penalty{facts}}}"), 1 + 7);
    assert_eq!(requested("{found{... on Subject{records(first:9){nodes{id}}} ... on Penalty{facts}}}"), 1 + 10);
    assert_eq!(
        requested("{found{... on Part{name} ... on Record{subject{id}}}}"),
        1 + 1,
        "a type that cannot be is free"
    );
}

#[test]
fn a_price_does_not_depend_on_how_the_selection_is_written() {
    let plain = requested("{subjects(first:5){records(first:10){nodes{id subject{name}}}}}");
    for text in [
        "{...A} fragment A on Query{subjects(first:5){...B}} fragment B on Subject{records(first:10){...C}} \
         fragment C on RecordConnection{nodes{...D}} fragment D on Record{id subject{name}}",
        "{x:subjects(first:5){...on Subject{y:records(first:10){...on RecordConnection{z:nodes{...{id subject{name}}}}}}}}",
    ] {
        assert_eq!(requested(text), plain);
    }
}

#[test]
fn a_page_size_may_come_from_a_variable() {
    let text = "query($n:Int=7){subjects(first:$n){id}}";
    assert_eq!(price(text, json!({"n": 3})), (3, 0));
    assert_eq!(price(text, json!({})), (7, 0));
    assert_eq!(price(text, json!({"n": null})), (20, 0));
    let open = "query($n:Int!){subjects(first:$n){id}}";
    assert_eq!(price(open, json!({})), (20, 0));
    assert_eq!(price(open, json!({"n": 100})), (100, 0));
    assert_eq!(price(open, json!({"n": 101})), (101, 1));
    assert_eq!(price(open, json!({"n": -1})), (100, 1), "a negative page makes nothing cheaper");
    assert_eq!(price(open, json!({"n": "5"})), (100, 1));
}

#[test]
fn huge_pages_saturate_and_never_wrap() {
    for size in ["9223372036854775807", "18446744073709551615", "99999999999999999999", "1e30"] {
        let text = format!(
            "{{subjects(first:{size}){{records(first:{size}){{nodes{{subject{{records(first:{size}){{nodes{{id}}}}}}}}}}}}}}"
        );
        let (requested, refused) = price(&text, json!({}));
        assert_eq!((requested, refused >= 3), (u64::MAX, true), "{size}");
    }
}

#[test]
fn interfaces_within_interfaces_do_not_multiply_the_work() {
    let kinds: Vec<String> = (0..40).map(|index| format!("type T{index} implements I {{ a: I b: [I!]! }}")).collect();
    let sdl =
        format!("interface I {{ a: I b: [I!]! }} {} type Query {{ a: I }} schema {{ query: Query }}", kinds.concat());
    let table = Arc::new(CostTable::from_sdl(&sdl).unwrap());
    let text = selections(20, "a{b{").replace("{a}", "{b{__typename}}");
    let text = text + &"}".repeat(20);
    let checked = guard::check(&text, &DocumentLimits { selection_nesting: 60, ..wide() }).unwrap();
    let operation = Arc::new(Document::new(&checked, table)).operation(None).unwrap();
    assert!(operation.price(&Variables::default()).requested > 1_000_000);
}

#[test]
fn a_wrong_cost_directive_stops_the_start() {
    let sdl =
        |directive: &str| format!("type Query {{ a(first: Int): [Query!]! {directive} }} schema {{ query: Query }}");
    assert!(CostTable::from_sdl(&sdl("@cost(weight: \"2\")")).is_ok());
    for wrong in ["@cost(weight: \"-1\")", "@cost(weight: \"many\")", "@cost"] {
        assert_eq!(CostTable::from_sdl(&sdl(wrong)).unwrap_err(), CostTableError::Weight { at: "Query.a".to_owned() });
    }
    let wrong = CostTable::from_sdl(&sdl("@listSize(assumedSize: -1)")).unwrap_err();
    assert_eq!(wrong, CostTableError::ListSize { at: "Query.a".to_owned() });
    assert!(matches!(CostTable::from_sdl("type {"), Err(CostTableError::Unreadable { line: 1, .. })));
}

#[test]
fn actual_cost_adds_up_and_saturates() {
    let cost = ActualCost::default();
    cost.add(3);
    cost.add(4);
    assert_eq!(cost.total(), 7);
    cost.add(u64::MAX);
    assert_eq!(cost.total(), u64::MAX);
}
