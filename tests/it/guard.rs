//! The guard's promise: whatever a client sends, it is refused or bounded before the library works on it.
//! Every hostile input is built here from a size; none stands as text.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::format_collect,
    clippy::format_push_string,
    reason = "helpers of tests may fail loudly, and their inputs are built for reading, not for speed"
)]

use chengxin::graphql::guard::{self, DocumentLimits, HEIGHT, Limit, Rejection, Reveal, VALUE_NESTING, Work};

mod documents;
mod prices;
mod work;

const MEGABYTE: usize = 1_000_000;

/// Limits so wide that a class of input meets only the limit under test.
fn wide() -> DocumentLimits {
    DocumentLimits {
        bytes: MEGABYTE,
        tokens: MEGABYTE,
        selection_nesting: 30,
        value_nesting: 30,
        aliases: MEGABYTE,
        root_fields: MEGABYTE,
        expanded_size: MEGABYTE,
        directives: MEGABYTE,
        fragments: MEGABYTE,
        variables_bytes: MEGABYTE,
        variables_depth: 64,
        string_literal_bytes: MEGABYTE,
    }
}

fn refused_for(text: &str, limits: &DocumentLimits) -> Option<Limit> {
    match guard::check(text, limits) {
        Err(Rejection::Limit { limit, .. }) => Some(limit),
        Err(_) | Ok(_) => None,
    }
}

/// A value of `depth` opening and closing brackets, kinds alternating by `kinds`.
fn nested_value(depth: usize, kinds: &[(&str, &str)]) -> String {
    let open: String = (0..depth).map(|level| kinds[level % kinds.len()].0).collect();
    let close: String = (0..depth).rev().map(|level| kinds[level % kinds.len()].1).collect();
    format!("{open}{close}")
}

/// `width` spreads at each of `length` fragments in a chain: `width` to the power of `length` fields when spread.
fn fragment_chain(length: usize, width: usize) -> String {
    let mut text = "{...F0}".to_owned();
    for index in 0..length {
        let next = format!("...F{}", index + 1).repeat(width);
        text.push_str(&format!("fragment F{index} on Query{{{next}}}"));
    }
    text + &format!("fragment F{length} on Query{{a}}")
}

fn aliases(count: usize) -> String {
    format!("{{{}}}", (0..count).map(|index| format!("a{index}:a ")).collect::<String>())
}

fn selections(depth: usize, open: &str) -> String {
    format!("{{{}a{}}}", open.repeat(depth), "}".repeat(depth))
}

/// A path through list fields of the introspection schema, `depth` lists deep.
fn introspection_lists(depth: usize) -> String {
    let path: String = (0..depth).map(|level| ["fields{type{", "possibleTypes{x:"][level % 2]).collect();
    let path = path.replace("x:", "");
    let braces = path.matches('{').count();
    format!("{{__schema{{types{{{path}name{}}}}}}}", "}".repeat(braces))
}

#[test]
fn deep_values_never_reach_the_parser() {
    for kinds in [&[("[", "]")][..], &[("{a:", "}")], &[("[", "]"), ("{a:", "}")]] {
        for depth in [31, 1_000, 100_000] {
            let value = nested_value(depth, kinds).replace("{a:}", "{}");
            for text in
                [format!("{{a(b:{value})}}"), format!("query($v:T={value}){{a}}"), format!("{{a@b(c:{value})}}")]
            {
                let mut work = Work::default();
                let refusal = guard::check_counting(&text, &wide(), &mut work).unwrap_err();
                assert!(
                    matches!(refusal, Rejection::Limit { limit: Limit::ValueNesting, allowed: 30, .. }),
                    "{refusal:?}"
                );
                assert_eq!(work.parsed, 0, "the library's parser recurses without a bound");
            }
        }
    }
    assert!(guard::check(&format!("{{a(b:{})}}", nested_value(30, &[("[", "]")])), &wide()).is_ok());
}

#[test]
fn deep_list_types_never_reach_the_parser() {
    let ty = |depth: usize| format!("query($v:{}T{}){{a}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(refused_for(&ty(31), &wide()), Some(Limit::ValueNesting));
    assert_eq!(refused_for(&ty(100_000), &wide()), Some(Limit::ValueNesting));
    assert!(guard::check(&ty(30), &wide()).is_ok());
}

#[test]
fn no_setting_lets_values_past_what_a_stack_can_hold() {
    let boundless = DocumentLimits { value_nesting: usize::MAX, selection_nesting: usize::MAX, ..wide() };
    let text = |depth: usize| format!("{{a(b:{})}}", nested_value(depth, &[("[", "]")]));
    assert_eq!(refused_for(&text(VALUE_NESTING + 1), &boundless), Some(Limit::ValueNesting));
    assert_eq!(refused_for(&selections(HEIGHT, "a{"), &boundless), Some(Limit::SelectionNesting));
    // The deepest mixture that passes, on a worker's stack.
    let deepest = selections(HEIGHT - 1, "a{").replace("{a}", &text(VALUE_NESTING));
    let worker = std::thread::Builder::new().stack_size(2 << 20);
    let outcome = worker.spawn(move || guard::check(&deepest, &boundless).map(|_| ())).unwrap().join().unwrap();
    assert_eq!(outcome, Ok(()));
}

#[test]
fn settings_beyond_a_ceiling_are_named() {
    assert_eq!(DocumentLimits::default().beyond_ceiling(), None);
    assert_eq!(wide().beyond_ceiling(), Some((Limit::Bytes, guard::BYTES)));
    let deep = DocumentLimits { value_nesting: VALUE_NESTING + 1, ..DocumentLimits::default() };
    assert_eq!(deep.beyond_ceiling(), Some((Limit::ValueNesting, VALUE_NESTING)));
}

#[test]
fn brackets_left_open_are_refused_without_recursion() {
    for bracket in ["[", "{", "(", "{a(b:[", "{a{", "...on T{"] {
        let text = format!("{{a{}", bracket.repeat(200_000));
        let mut work = Work::default();
        assert!(guard::check_counting(&text, &wide(), &mut work).is_err(), "{bracket}");
        assert_eq!(work.parsed, 0, "{bracket}");
        assert!(work.tokens < 1_000, "{bracket}: refused at the first excess, not at the end");
    }
}

#[test]
fn a_chain_of_fragments_is_measured_without_being_spread() {
    for (length, width) in [(20, 2), (40, 10), (5, 1_000)] {
        let text = fragment_chain(length, width);
        let mut work = Work::default();
        let refusal = guard::check_counting(&text, &wide(), &mut work).unwrap_err();
        assert!(
            matches!(refusal, Rejection::Limit { limit: Limit::ExpandedSize, .. }),
            "{length}x{width}: {refusal:?}"
        );
        assert!(work.nodes <= work.tokens, "each node is visited once: {work:?}");
    }
    assert!(guard::check(&fragment_chain(10, 2), &wide()).is_ok());
}

#[test]
fn empty_fragments_spread_often_count_too() {
    let leafless = fragment_chain(12, 3).replace("{a}", "{...F99}");
    let limits = DocumentLimits { expanded_size: 10_000, ..wide() };
    assert_eq!(refused_for(&leafless, &limits), Some(Limit::ExpandedSize));
}

#[test]
fn arguments_within_spread_fragments_count_too() {
    let list = format!("[{}]", "1 ".repeat(500));
    let text = format!("{{{}}}fragment F on Query{{a(b:{list})}}", "...F ".repeat(500));
    let limits = DocumentLimits { expanded_size: 100_000, ..wide() };
    assert_eq!(refused_for(&text, &limits), Some(Limit::ExpandedSize));
}

#[test]
fn an_unused_fragment_is_measured_as_well() {
    let text = fragment_chain(20, 2).replacen("{...F0}", "{a}", 1);
    assert_eq!(refused_for(&text, &wide()), Some(Limit::ExpandedSize));
}

#[test]
fn operations_that_share_a_fragment_count_it_each() {
    // Validation reports an undefined variable once per operation that reaches it.
    let uses: String = (0..300).map(|index| format!("a(b:$v{index})")).collect();
    let operations: String = (0..100).map(|index| format!("query Q{index}{{...F}}")).collect();
    let limits = DocumentLimits { root_fields: 1_000, ..DocumentLimits::default() };
    assert_eq!(refused_for(&format!("{operations}fragment F on Query{{{uses}}}"), &limits), Some(Limit::ExpandedSize));
    assert!(guard::check(&format!("query Q{{...F}}fragment F on Query{{{uses}}}"), &limits).is_ok());
}

#[test]
fn a_long_chain_of_single_spreads_is_refused_for_its_height() {
    assert_eq!(refused_for(&fragment_chain(HEIGHT + 1, 1), &wide()), Some(Limit::SelectionNesting));
    assert_eq!(refused_for(&fragment_chain(20_000, 1), &wide()), Some(Limit::SelectionNesting));
    assert!(guard::check(&fragment_chain(HEIGHT - 2, 1), &wide()).is_ok());
}

#[test]
fn fragments_in_a_cycle_are_refused() {
    for length in [1, 2, 50, 5_000] {
        let ring: String = (0..length)
            .map(|index| format!("fragment F{index} on Query{{a{{...F{}}}}}", (index + 1) % length))
            .collect();
        for text in [format!("{{...F0}}{ring}"), format!("{{a}}{ring}")] {
            let refusal = guard::check(&text, &wide()).unwrap_err();
            assert!(matches!(refusal, Rejection::Cycle { .. }), "{length}: {refusal:?}");
            assert_eq!(refusal.code(), "GRAPHQL_VALIDATION_FAILED");
        }
    }
}

#[test]
fn two_fragments_that_share_a_third_are_no_cycle() {
    let text = "{...A ...B} fragment A on Query{...C} fragment B on Query{...C ...A} fragment C on Query{a}";
    assert!(guard::check(text, &wide()).is_ok());
}

/// Builds an input of a given size.
type Builder<'b> = &'b dyn Fn(usize) -> String;

#[test]
fn floods_are_refused_at_their_limit_and_pass_below_it() {
    let limits = DocumentLimits::default();
    let directives = |count: usize| format!("{{a{}}}", "@b".repeat(count));
    let roots = |count: usize| format!("{{{}}}", "a ".repeat(count));
    let spread_roots = |count: usize| format!("{{...F}}fragment F on Query{{{}}}", "a ".repeat(count));
    let definitions = |count: usize| {
        "{a}".to_owned() + &(0..count).map(|index| format!("fragment F{index} on Query{{a}}")).collect::<String>()
    };
    let below = |count: usize| format!("{{a{{{}}}}}", "a ".repeat(count));
    let literal = |count: usize| format!("{{a(b:\"{}\")}}", "字".repeat(count / 3 + 1));
    let name = |count: usize| format!("{{{}}}", "a".repeat(count));
    let cases: [(Builder<'_>, Limit, usize); 8] = [
        (&aliases, Limit::Aliases, limits.aliases),
        (&directives, Limit::Directives, limits.directives),
        (&roots, Limit::RootFields, limits.root_fields),
        (&spread_roots, Limit::RootFields, limits.root_fields),
        (&definitions, Limit::Fragments, limits.fragments),
        (&below, Limit::Tokens, limits.tokens),
        (&literal, Limit::StringLiteralBytes, limits.string_literal_bytes),
        (&name, Limit::NameBytes, guard::NAME_BYTES),
    ];
    for (build, limit, allowed) in cases {
        assert_eq!(refused_for(&build(allowed + 1), &limits), Some(limit), "{limit:?}");
        let passing = if matches!(limit, Limit::Aliases) { limits.root_fields } else { allowed / 2 };
        let accepted = guard::check(&build(passing), &limits);
        assert!(accepted.is_ok(), "{limit:?}: {accepted:?}");
    }
    let long = format!("{{a}}#{}", "x".repeat(limits.bytes));
    assert_eq!(refused_for(&long, &limits), Some(Limit::Bytes));
}

#[test]
fn every_alias_counts_wherever_it_stands_and_arguments_do_not() {
    let limits = DocumentLimits { aliases: 2, ..wide() };
    assert!(guard::check("query Q($x:Int){a:b(c:1,d:{e:2})@f(g:3){h:i}}", &limits).is_ok());
    assert_eq!(refused_for("{a:b}fragment F on Query{c:d ...on T{e:f}}", &limits), Some(Limit::Aliases));
}

#[test]
fn depth_is_counted_through_fragments() {
    let limits = DocumentLimits { selection_nesting: 5, ..wide() };
    assert_eq!(refused_for(&selections(5, "a{"), &limits), Some(Limit::SelectionNesting));
    assert!(guard::check(&selections(4, "a{"), &limits).is_ok());
    let through = "{a{a{...F}}}fragment F on T{a{a{...G}}}fragment G on T{a{a}}";
    assert_eq!(refused_for(through, &limits), Some(Limit::SelectionNesting));
    // Inline fragments take braces and no depth, up to the cap on braces.
    assert!(guard::check(&selections(20, "...on T{"), &limits).is_ok());
    assert_eq!(refused_for(&selections(60, "...on T{"), &limits), Some(Limit::SelectionNesting));
}

#[test]
fn introspection_is_exempt_from_the_roles_depth_and_has_caps_of_its_own() {
    let limits = DocumentLimits { selection_nesting: 2, expanded_size: 100, ..DocumentLimits::default() };
    let published = introspection_query();
    assert!(guard::check(&published, &limits).is_ok(), "{:?}", guard::check(&published, &limits));
    assert!(guard::check(&introspection_lists(1), &limits).is_ok());
    for depth in [3, 6, 9] {
        assert_eq!(refused_for(&introspection_lists(depth), &limits), Some(Limit::Introspection), "{depth}");
    }
    let long = |depth: usize| format!("{{__type(name:\"T\"){{{}name{}}}}}", "ofType{".repeat(depth), "}".repeat(depth));
    assert!(guard::check(&long(15), &limits).is_ok());
    assert_eq!(refused_for(&long(21), &limits), Some(Limit::Introspection));
    let broad = format!("{{__schema{{types{{{}}}}}}}", "name ".repeat(1_600));
    assert_eq!(refused_for(&broad, &limits), Some(Limit::Introspection));
    let again = |count: usize| {
        let fields: String = (0..count).map(|index| format!("s{index}:__schema{{...F}}")).collect();
        format!("{{{fields}}}fragment F on __Schema{{types{{{}}}}}", "name ".repeat(280))
    };
    assert!(guard::check(&again(5), &limits).is_ok());
    assert_eq!(refused_for(&again(6), &limits), Some(Limit::Introspection), "the cap is on all of them together");
    let beside = format!("{{__schema{{types{{name}}}} {}}}", "a{a a a a a a a a}".repeat(12));
    assert_eq!(refused_for(&beside, &limits), Some(Limit::ExpandedSize), "and exempts nothing beside them");
}

/// The shape of the query that tools send: four fragments, three lists deep, nine times `ofType`.
fn introspection_query() -> String {
    let reference = format!("kind name {}kind name{}", "ofType{kind name ".repeat(9), "}".repeat(9));
    format!(
        "query IntrospectionQuery{{__schema{{queryType{{name}} mutationType{{name}} types{{...FullType}} \
         directives{{name description locations args{{...InputValue}}}}}}}} \
         fragment FullType on __Type{{kind name fields(includeDeprecated:true){{name args{{...InputValue}} \
         type{{...TypeRef}} isDeprecated}} inputFields{{...InputValue}} interfaces{{...TypeRef}} \
         enumValues(includeDeprecated:true){{name}} possibleTypes{{...TypeRef}}}} \
         fragment InputValue on __InputValue{{name type{{...TypeRef}} defaultValue}} \
         fragment TypeRef on __Type{{{reference}}}"
    )
}

#[test]
fn words_run_together_are_not_read_as_many() {
    // The library reads these as several values or as a keyword and a name; the count must not depend on whose reading holds.
    for text in [
        format!("{{a(b:[{}])}}", "null".repeat(20)),
        format!("{{a(b:[{}])}}", "true".repeat(20)),
        format!("{{a(b:[{}])}}", "0".repeat(1_000)),
        "queryx{a}".to_owned(),
        "{a}fragmentF on Query{a}".to_owned(),
    ] {
        let mut work = Work::default();
        let refusal = guard::check_counting(&text, &wide(), &mut work).unwrap_err();
        assert!(matches!(refusal, Rejection::Syntax { position: Some(_) }), "{text}: {refusal:?}");
        assert_eq!(work.parsed, 0);
    }
    assert!(guard::check("{a(b:[nullable]) nullableTrue}", &wide()).is_err());
    assert!(guard::check("{a(nullable:[true null]) trueName}", &wide()).is_ok());
}

#[test]
fn a_refusal_tells_the_place_and_never_the_text() {
    let secret = "SECRET110101199003070003";
    for text in [
        format!("{{\n  a(b: \"{secret}\" {secret} !) }}"),
        format!("{{ {secret} "),
        format!("{{ a }} {secret}"),
        format!("query {secret} {{ a }} query {secret} {{ a }}"),
        format!("{{a}} fragment {secret} on T{{b}} fragment {secret} on T{{b}}"),
        format!("fragment {secret} on Query{{a}}"),
        format!("{{...{secret}}} fragment {secret} on Query{{...{secret}}}"),
        format!("{{a(b:\"{}\")}}", secret.repeat(1_000)),
    ] {
        let refusal = guard::check(&text, &DocumentLimits::default()).unwrap_err();
        for reveal in [Reveal::Limits, Reveal::Nothing] {
            let told = format!("{} {refusal} {refusal:?}", refusal.message(reveal));
            assert!(!told.contains("110101"), "{told}");
            assert!(!told.contains("SECRET"), "{told}");
        }
    }
    let refusal = guard::check("{\n a(b: 1x)\n}", &DocumentLimits::default()).unwrap_err();
    assert_eq!(refusal.code(), "GRAPHQL_PARSE_FAILED");
    assert_eq!(refusal.position().map(|at| (at.line, at.column)), Some((2, 8)));
    let refusal = guard::check("{a} 名", &DocumentLimits::default()).unwrap_err();
    assert_eq!(refusal.position().map(|at| (at.line, at.column)), Some((1, 5)));
}

#[test]
fn limits_are_told_to_known_callers_alone() {
    let refusal = guard::check(&aliases(31), &DocumentLimits::default()).unwrap_err();
    assert_eq!(refusal.code(), "DOCUMENT_LIMIT");
    assert_eq!(refusal.message(Reveal::Limits), "The document exceeds the limit `aliases` of 30.");
    assert!(!refusal.message(Reveal::Nothing).contains("30"));
    assert!(!refusal.message(Reveal::Nothing).contains("alias"));
}

#[test]
fn variables_are_bounded_before_they_are_parsed() {
    let limits = DocumentLimits { variables_depth: 5, variables_bytes: 2_000_000, ..wide() };
    let check = |json: &str| guard::check_variables(json.as_bytes(), &limits, &mut Work::default());
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check(&nested(5)), Ok(()));
    for depth in [6, 500_000] {
        assert!(matches!(check(&nested(depth)), Err(Rejection::Limit { limit: Limit::VariablesDepth, .. })));
    }
    assert_eq!(check(r#"{"a":"[[[[[[[[\"[[[","b":"\\"}"#), Ok(()));
    assert_eq!(check("null"), Ok(()));
    for open in ["[", "]", "{\"a", "\"\\\"", "[}]"] {
        assert!(check(open) == Err(Rejection::Variables) || open == "[}]", "{open}");
    }
    let long = format!("\"{}\"", "x".repeat(2_000_000));
    assert!(matches!(check(&long), Err(Rejection::Limit { limit: Limit::VariablesBytes, .. })));
}
