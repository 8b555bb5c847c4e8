//! What becomes of an accepted document: its normalised text, its operations, its request, the cache.

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, Variables};
use chengxin::graphql::cost::CostTable;
use chengxin::graphql::document::{Document, OperationKind, UnknownOperation};
use chengxin::graphql::document_cache::{Capacity, DocumentCache};
use chengxin::graphql::guard::{self, DocumentLimits, HEIGHT, Limit, Rejection};
use serde_json::json;

use super::prices::{SDL, operation};
use super::{fragment_chain, introspection_query, wide};

#[test]
fn one_question_has_one_normalised_text() {
    let plain = operation("{subject(uscc:\"91110000\"){id records(first:5,item:\"P\"){nodes{id}}}}");
    assert_eq!(plain.normalised().text(), "query{subject(uscc:$_1){id records(first:$_2,item:$_3){nodes{id}}}}");
    for text in [
        "query Find110101($u:String!,$n:Int=5){who:subject(uscc:$u){records(item:\"Q\",first:$n){nodes{id}},id}}",
        "  { # a comment\n subject ( uscc : \"\"\"other\"\"\" ) { records(first: 9, item: null) { nodes { id } } id } }",
    ] {
        let other = operation(text);
        assert_eq!(other.normalised().text(), plain.normalised().text());
        assert_eq!(other.normalised().hash(), plain.normalised().hash());
    }
    for text in ["{subject(uscc:\"x\"){id}}", "{subject(uscc:\"x\"){name records(first:5,item:\"P\"){nodes{id}}}}"] {
        assert_ne!(operation(text).normalised().hash(), plain.normalised().hash());
    }
}

#[test]
fn no_name_or_value_of_the_clients_choice_stands_in_the_normalised_text() {
    let secret = "N110101199003070003";
    let text = format!(
        "query {secret}(${secret}:String=\"{secret}\"){{{secret}:subject(uscc:{secret}){{...{secret}}} \
         subjects(first:110101)@include(if:${secret}){{id}} found@x(y:{{z:[\"{secret}\"]}}){{__typename}}}} \
         fragment {secret} on Subject{{name}}"
    );
    let normalised = operation(&text).normalised().clone();
    assert!(!normalised.text().contains("110101"), "{}", normalised.text());
    assert!(parse_query(normalised.text()).is_ok(), "{}", normalised.text());
}

#[test]
fn fragments_are_named_by_what_they_select() {
    let first = operation("{subject(uscc:\"x\"){...A ...B}} fragment A on Subject{id} fragment B on Subject{name}");
    let second = operation("{subject(uscc:\"x\"){...Y ...X}} fragment X on Subject{id} fragment Y on Subject{name}");
    assert_eq!(first.normalised().text(), second.normalised().text());
    let twins = operation(
        "{...A ...B} fragment A on Query{subject(uscc:\"1\"){id}} fragment B on Query{subject(uscc:\"2\"){id}}",
    );
    let values: Vec<_> = twins.arguments(&Variables::default()).into_iter().map(|argument| argument.value).collect();
    assert_eq!(values, [json!("1"), json!("2")]);
    assert_eq!(twins.normalised().text().matches("fragment").count(), 2);
}

#[test]
fn the_arguments_of_a_request_stand_under_their_placeholders() {
    let operation = operation(
        "query($u:String!,$n:Int=5,$absent:String){subject(uscc:$u){records(first:$n,item:$absent){nodes{id}} name@include(if:true)} \
         found@x(y:{a:$u,b:[E,1.5,$absent],c:$absent})}",
    );
    let variables = Variables::from_json(json!({"u": "9111"}));
    let arguments = operation.arguments(&variables);
    let listed: Vec<_> = arguments.iter().map(|argument| (argument.path.as_str(), argument.value.clone())).collect();
    assert_eq!(
        listed,
        [
            ("@x.y", json!({"a": "9111", "b": ["E", 1.5, null]})),
            ("subject.uscc", json!("9111")),
            ("@include.if", json!(true)),
            ("records.first", json!(5)),
        ]
    );
    assert_eq!(
        operation.variables_committed(&variables),
        json!({"_1": {"a": "9111", "b": ["E", 1.5, null]}, "_2": "9111", "_3": true, "_4": 5})
    );
}

#[test]
fn an_operation_is_the_named_one_or_the_only_one() {
    let table = Arc::new(CostTable::from_sdl(SDL).unwrap());
    let document = |text: &str| Arc::new(Document::new(&guard::check(text, &wide()).unwrap(), table.clone()));
    let two = document("query A{found{__typename}} mutation B{grant(input:{}){id}}");
    assert_eq!(two.operation(Some("A")).unwrap().kind(), OperationKind::Query);
    assert_eq!(two.operation(Some("B")).unwrap().kind(), OperationKind::Mutation);
    assert_eq!(two.operation(Some("C")).unwrap_err(), UnknownOperation::NoSuchName);
    assert_eq!(two.operation(None).unwrap_err(), UnknownOperation::NameRequired);
    assert_eq!(two.operation(None).unwrap_err().code(), "GRAPHQL_UNKNOWN_OPERATION_NAME");
    let anonymous = document("subscription{a}");
    assert_eq!(anonymous.operation(None).unwrap().kind(), OperationKind::Subscription);
    assert_eq!(anonymous.operation(Some("A")).unwrap_err(), UnknownOperation::NoSuchName);
    assert_eq!(document("query Only{a}").operation(None).unwrap().name(), Some("Only"));
}

struct Query;

#[Object]
impl Query {
    async fn echo(&self, text: String, #[graphql(default = 1)] times: usize) -> String {
        text.repeat(times)
    }
}

#[test]
fn the_library_executes_the_parsed_document_with_its_variables() {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).limit_recursive_depth(HEIGHT).finish();
    let table = Arc::new(CostTable::from_sdl(&schema.sdl()).unwrap());
    let cache = DocumentCache::new(Capacity { entries: 4, bytes: 100_000 }, table);
    let text = "query A($t:String!){echo(text:$t)} query B{echo(text:\"b\",times:2)}";
    let run = |name: &str, variables: serde_json::Value| {
        let document = cache.get(text, &DocumentLimits::default()).unwrap();
        let request = document.operation(Some(name)).unwrap().into_request(Variables::from_json(variables));
        assert!(request.query.is_empty(), "the text is not parsed a second time");
        let response = futures_util::FutureExt::now_or_never(schema.execute(request)).unwrap();
        serde_json::to_value(response).unwrap()
    };
    assert_eq!(run("A", json!({"t": "x"}))["data"], json!({"echo": "x"}));
    assert_eq!(run("A", json!({"t": "y"}))["data"], json!({"echo": "y"}));
    assert_eq!(run("B", json!({"t": "x"}))["data"], json!({"echo": "bb"}));
    assert_eq!(cache.len(), 1);
    // The deepest document that the guard lets through is within the library's own recursion.
    let deep = fragment_chain(HEIGHT - 2, 1).replace("{a}", "{echo(text:\"x\")}");
    let document = cache.get(&deep, &DocumentLimits { fragments: HEIGHT, ..wide() }).unwrap();
    let request = document.operation(None).unwrap().into_request(Variables::default());
    let response = futures_util::FutureExt::now_or_never(schema.execute(request)).unwrap();
    assert!(response.is_ok(), "{:?}", response.errors);
}

#[test]
fn the_published_introspection_query_runs_behind_the_guard() {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).limit_recursive_depth(HEIGHT).finish();
    let table = Arc::new(CostTable::from_sdl(&schema.sdl()).unwrap());
    let checked = guard::check(&introspection_query(), &DocumentLimits::default()).unwrap();
    let operation = Arc::new(Document::new(&checked, table)).operation(None).unwrap();
    let response =
        futures_util::FutureExt::now_or_never(schema.execute(operation.into_request(Variables::default()))).unwrap();
    assert!(response.is_ok(), "{:?}", response.errors);
}

fn cache(entries: usize, bytes: usize) -> DocumentCache {
    DocumentCache::new(Capacity { entries, bytes }, Arc::new(CostTable::from_sdl(SDL).unwrap()))
}

#[test]
fn the_cache_keeps_what_was_used_last_within_its_capacity() {
    let cache = cache(3, usize::MAX);
    let limits = DocumentLimits::default();
    let text = |index: usize| format!("{{a{index}}}");
    let first = cache.get(&text(0), &limits).unwrap();
    cache.get(&text(1), &limits).unwrap();
    cache.get(&text(2), &limits).unwrap();
    assert!(Arc::ptr_eq(&first, &cache.get(&text(0), &limits).unwrap()), "found again");
    cache.get(&text(3), &limits).unwrap();
    assert_eq!(cache.len(), 3);
    assert!(Arc::ptr_eq(&first, &cache.get(&text(0), &limits).unwrap()), "the one used last stays");
}

#[test]
fn the_cache_is_bounded_in_bytes_and_gives_them_back() {
    let cache = cache(1_000, 10_000);
    for index in 0..200 {
        cache.get(&format!("{{a{index}}}"), &DocumentLimits::default()).unwrap();
        assert!(cache.bytes() <= 10_000);
    }
    assert!(cache.len() >= 5, "{}", cache.len());
    let before = cache.len();
    cache.get(&format!("{{a{}}}", " ".repeat(20_000)), &DocumentLimits::default()).unwrap();
    assert_eq!(cache.len(), before, "what alone exceeds the cache is not kept and pushes nothing out");
}

#[test]
fn the_cache_never_answers_under_other_limits_and_never_keeps_a_refusal() {
    let cache = cache(10, usize::MAX);
    let strict = DocumentLimits { root_fields: 1, ..DocumentLimits::default() };
    assert!(cache.get("{a b}", &DocumentLimits::default()).is_ok());
    for _ in 0..2 {
        let refusal = cache.get("{a b}", &strict).unwrap_err();
        assert!(matches!(refusal, Rejection::Limit { limit: Limit::RootFields, allowed: 1, .. }));
    }
    assert_eq!(cache.len(), 1);
}

#[test]
fn the_cache_is_shared_between_threads() {
    let cache = cache(8, usize::MAX);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let cache = &cache;
            scope.spawn(move || {
                for index in 0..200 {
                    let text = format!("{{a{}}}", (index * (thread + 1)) % 20);
                    let document = cache.get(&text, &DocumentLimits::default()).unwrap();
                    assert_eq!(document.operation(None).unwrap().normalised().text(), format!("query{text}"));
                }
            });
        }
    });
    assert!(cache.len() <= 8);
}
