//! Who may name whom. The compiler does not ask which module of a crate names which; this does.

use super::hold;
use super::source::{Source, depth, program};

/// The words that every room may use.
const WORDS: [&str; 3] = ["domain", "clock", "catalogue"];

/// Each room and the rooms it may name beside `WORDS`. `None` is everything: the start-up group joins the parts.
const TABLE: [(&str, Option<&[&str]>); 22] = [
    ("domain", Some(&[])),
    ("clock", Some(&[])),
    ("catalogue", Some(&[])),
    ("client", Some(&[])),
    ("authentication", Some(&["client"])),
    ("admission", Some(&["authentication"])),
    ("access", Some(&["authentication"])),
    ("crypto", Some(&["access"])),
    ("masking", Some(&["access"])),
    ("store", Some(&[])),
    ("ledger", Some(&["crypto", "store"])),
    ("witness", Some(&["client", "ledger"])),
    ("webhook", Some(&["client"])),
    ("exchange", Some(&["authentication", "admission", "access", "crypto", "masking", "store", "ledger", "webhook"])),
    ("graphql", Some(&["exchange", "access", "masking", "authentication"])),
    ("portal", Some(&["exchange", "access", "authentication"])),
    ("http", Some(&["portal", "graphql", "authentication", "admission", "exchange", "witness"])),
    ("config", None),
    ("app", None),
    ("cli", None),
    ("main", None),
    ("lib", Some(&[])),
];

/// What a room may name of `WORDS`: the words themselves stand on one another, not on each other.
fn words(room: &str) -> &'static [&'static str] {
    match room {
        "domain" => &[],
        "clock" | "catalogue" => &["domain"],
        _ => &WORDS,
    }
}

fn may_name(room: &str, named: &str) -> bool {
    let (_, others) = TABLE.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("`{room}` is no room"));
    let Some(others) = others else { return true };
    room == named || words(room).contains(&named) || others.contains(&named)
}

fn room_of(path: &str) -> &str {
    let path = path.strip_prefix("src/").unwrap_or(path);
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// The rooms that a file names, each with its line: after `crate::`, and after as many `super::` as lead out of the room.
fn mentions(path: &str, source: &Source) -> Vec<(usize, String)> {
    let lines: Vec<(usize, &str)> = source.lines().collect();
    let text: String = lines.iter().flat_map(|(_, line)| [*line, "\n"]).collect();
    let line_at = |at: usize| lines[text[..at].matches('\n').count()].0;
    let up = "super::".repeat(depth(path).max(1));
    let roots = ["crate::", if depth(path) == 0 { "self::" } else { &up }];
    let mut found = Vec::new();
    for root in roots {
        for (at, _) in text.match_indices(root) {
            // `my_crate::` is another word.
            if text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
                continue;
            }
            found.extend(names(&text[at + root.len()..]).into_iter().map(|name| (line_at(at), name)));
        }
    }
    found
}

/// The first segment of a path, or of each path of a group in braces.
fn names(text: &str) -> Vec<String> {
    let word =
        |text: &str| text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned);
    let Some(group) = text.strip_prefix('{') else { return word(text).into_iter().collect() };
    let mut level = 0;
    let mut parts = vec![String::new()];
    for character in group.chars() {
        match character {
            '}' if level == 0 => break,
            '{' => level += 1,
            '}' => level -= 1,
            ',' if level == 0 => parts.push(String::new()),
            _ => {}
        }
        parts.last_mut().unwrap().push(character);
    }
    let names = parts.iter().filter_map(|part| word(part.trim_start_matches(',')));
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn no_room_names_one_it_may_not() {
    let sources = program();
    let mut offences = Vec::new();
    for (path, source) in &sources {
        let room = room_of(path);
        for (line, named) in mentions(path, source) {
            // What follows is no room where a macro or an item of `lib.rs` is named; there are none.
            if !may_name(room, &named) {
                offences.push(format!("{path}:{line}: `{room}` names `{named}`"));
            }
        }
    }
    assert!(sources.len() > 100, "the sources are read");
    hold("the work may stand in the wrong room:", &offences);
}

#[test]
fn every_room_stands_in_the_table_and_every_row_has_a_room() {
    let program = program();
    let mut rooms: Vec<&str> = program.iter().map(|(path, _)| room_of(path)).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let mut table = TABLE.map(|(room, _)| room);
    table.sort_unstable();
    assert_eq!(rooms, table);
}

#[test]
fn a_stranger_is_found_however_it_is_named() {
    let named = |path: &str, text: &str| -> Vec<String> {
        mentions(path, &Source::parse(path, text)).into_iter().map(|(_, name)| name).collect()
    };
    assert_eq!(named("src/access/reach.rs", "use crate::store::Row;\n"), ["store"]);
    assert_eq!(named("src/access/reach.rs", "let x = crate::store::of(y);\n"), ["store"]);
    assert_eq!(named("src/access/reach.rs", "use crate::{domain::Date, store::{a, b}};\n"), ["domain", "store"]);
    assert_eq!(
        named("src/access/reach.rs", "use crate::{\n    domain::Date,\n    ledger,\n};\n"),
        ["domain", "ledger"]
    );
    assert_eq!(named("src/access/reach.rs", "use super::super::store;\n"), ["store"]);
    assert_eq!(named("src/access/mod.rs", "use super::store;\n"), ["store"]);
    assert!(named("src/access/reach.rs", "use super::permit;\n// crate::store\nuse other_crate::x;\n").is_empty());
    assert!(!may_name("access", "store") && may_name("exchange", "store") && may_name("app", "store"));
}
