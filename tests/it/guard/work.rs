//! How much work a refusal takes, in steps; times are printed, never asserted. And properties over generated text.

use std::time::Instant;

use async_graphql::parser::parse_query;
use chengxin::graphql::guard::{self, DocumentLimits, Work};
use proptest::prelude::*;

use super::{MEGABYTE, aliases, fragment_chain, nested_value, selections, wide};

/// One megabyte of each class, against the shipped limits and against limits that let everything through the scan.
fn megabytes() -> Vec<(&'static str, String)> {
    vec![
        ("nested lists", format!("{{a(b:{})}}", nested_value(MEGABYTE / 2 - 10, &[("[", "]")]))),
        ("open braces", selections(MEGABYTE / 4, "a{")),
        ("aliases", aliases(MEGABYTE / 10)),
        ("one field again and again", format!("{{{}}}", "a ".repeat(MEGABYTE / 2 - 2))),
        ("directives", format!("{{a{}}}", "@b".repeat(MEGABYTE / 2 - 2))),
        ("fragments that double", fragment_chain(MEGABYTE / 48, 2)),
        ("fragments in a chain", fragment_chain(MEGABYTE / 40, 1)),
        ("numbers in a list", format!("{{a(b:[{}])}}", "1 ".repeat(MEGABYTE / 2 - 10))),
        ("one string", format!("{{a(b:\"{}\")}}", "x".repeat(MEGABYTE - 20))),
        ("one open block string", format!("{{a(b:\"\"\"{}", "\"\" ".repeat(MEGABYTE / 3 - 10))),
        ("one comment", format!("#{}\n{{a}}", "x".repeat(MEGABYTE - 10))),
        ("commas", format!("{{{}a}}", ",".repeat(MEGABYTE - 10))),
        ("one name", format!("{{{}}}", "a".repeat(MEGABYTE - 10))),
        ("operations", (0..MEGABYTE / 20).map(|index| format!("query Q{index:06}{{a}} ")).collect()),
    ]
}

#[test]
fn work_before_a_refusal_is_linear_in_the_text() {
    for (class, text) in megabytes() {
        assert!(text.len() <= MEGABYTE, "{class}: {}", text.len());
        let mut shipped = Work::default();
        let refused = guard::check_counting(&text, &DocumentLimits::default(), &mut shipped);
        assert!(refused.is_err(), "{class}");
        assert_eq!(shipped, Work::default(), "{class}: too long, so nothing is read at all");

        let limits = DocumentLimits { bytes: MEGABYTE, ..DocumentLimits::default() };
        let mut work = Work::default();
        let started = Instant::now();
        let outcome = guard::check_counting(&text, &limits, &mut work);
        println!(
            "{class}: {work:?}, {:?}, {:?}",
            started.elapsed(),
            outcome.map(|_| "accepted").map_err(|r| r.to_string())
        );
        let length = u64::try_from(text.len()).unwrap();
        assert!(work.bytes <= length, "{class}: {work:?}");
        assert!(work.tokens <= 4_001, "{class}: {work:?}");
        assert!(work.nodes <= work.tokens, "{class}: {work:?}");
        assert!(work.parsed <= length, "{class}: {work:?}");
    }
}

#[test]
fn the_longest_accepted_documents_cost_little_more_than_their_length() {
    let limits = DocumentLimits::default();
    for (class, unit) in [("fields", "a "), ("commas", ","), ("line ends", "\n"), ("comments", "#\n")] {
        let room = if class == "fields" { 3_900 } else { (limits.bytes - 20) / unit.len() };
        let text = format!("{{a{{b{}}}}}", unit.repeat(room));
        let mut work = Work::default();
        let started = Instant::now();
        let outcome = guard::check_counting(&text, &limits, &mut work);
        println!("{class}: {} bytes, {work:?}, {:?}", text.len(), started.elapsed());
        assert!(outcome.is_ok(), "{class}: {outcome:?}");
        assert!(work.bytes + work.tokens + work.nodes + work.parsed <= 4 * u64::try_from(text.len()).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text of GraphQL's own characters is accepted or refused, never a panic; and what is accepted, the library
    /// parses, with no more nodes than we counted tokens.
    #[test]
    fn any_text_is_accepted_or_refused(words in prop::collection::vec(
        prop::sample::select(vec![
            "{", "}", "(", ")", "[", "]", ":", "$", "!", "=", "@", "...", "a", "on", "query", "fragment", "true", "null",
            "1", "-1.5", "\"s\"", "\"\"\"b\"\"\"", "\"", "\\", ",", "#c\n", " ", "名", "{a}", "(b:1)", "\u{feff}", "&", "|",
        ]), 0..60)) {
        let text = words.concat();
        let mut work = Work::default();
        if guard::check_counting(&text, &wide(), &mut work).is_ok() {
            prop_assert!(parse_query(&text).is_ok());
            prop_assert!(work.nodes <= work.tokens);
        }
    }

    /// What the library takes and our scan does not is limited to what the scan is stricter on by design.
    #[test]
    fn well_formed_documents_pass(depth in 0_usize..8, width in 1_usize..6, seed in any::<u64>()) {
        let text = well_formed(depth, width, seed);
        prop_assert!(parse_query(&text).is_ok(), "{}", text);
        prop_assert!(guard::check(&text, &wide()).is_ok(), "{}", text);
    }

    /// Variables: whatever `serde_json` takes within the depth, the scan takes.
    #[test]
    fn json_within_the_depth_passes(text in "[\\[\\]{}\":,a0\\\\ ]{0,40}") {
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
            let limits = DocumentLimits { variables_depth: 64, ..wide() };
            prop_assert!(guard::check_variables(text.as_bytes(), &limits, &mut Work::default()).is_ok(), "{}", value);
        }
    }
}

/// A document grown from a seed, with every construct of the executable grammar.
fn well_formed(depth: usize, width: usize, seed: u64) -> String {
    fn set(depth: usize, width: usize, state: &mut u64) -> String {
        let fields: Vec<String> = (0..width)
            .map(|_| {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let inner = if depth == 0 { String::new() } else { set(depth - 1, 1, state) };
                match (*state >> 33) % 6 {
                    0 => format!("a{inner}"),
                    1 => format!("b:a(c:[1,-2.5e3,\"x\\n\\u4e2d\"],d:{{e:$v,f:E}}){inner}"),
                    2 => format!("a@include(if:true)@skip(if:$v){inner}"),
                    3 => format!("...on T@d{{a{inner}}}"),
                    4 => format!("a(b:\"\"\"x \"\" \\\"\"\" \"\"\") #c\n{inner}"),
                    _ => "...F".to_owned(),
                }
            })
            .collect();
        format!("{{{}}}", fields.join(" , "))
    }
    let mut state = seed;
    let body = set(depth, width, &mut state);
    format!("query Q($v:[Boolean!]!@d(e:1)=[true]){body}fragment F on T{{a}}")
}
