//! The house is in order: what a reviewer would otherwise have to look for by hand.
//!
//! Each test lists every offence with its file, so that one run is enough. Deliberately absent: what rustfmt, clippy
//! and rustdoc hold already.

mod documents;
mod manifest;
mod rooms;
mod source;

use std::path::{Path, PathBuf};

use source::{Source, walk};

/// The folder of the checkout.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the checkout.
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// Every file below these folders whose name ends so, as paths from the root.
fn files(folders: &[&str], ending: &str) -> Vec<String> {
    let all = folders.iter().flat_map(|folder| walk(&root().join(folder)));
    let mut named: Vec<String> = all.map(|path| relative(&path)).filter(|path| path.ends_with(ending)).collect();
    named.sort();
    named
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}

fn hold(promise: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{promise}\n{}\n", offences.join("\n"));
}

/// Files written by hand: sources, tests, benches.
fn rust_files() -> Vec<String> {
    let files = files(&["src", "tests", "benches"], ".rs");
    assert!(files.len() > 100, "the walk finds the sources");
    files
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let lengths = rust_files().into_iter().map(|path| (read(&path).lines().count(), path));
    let offences: Vec<_> =
        lengths.filter(|(lines, _)| *lines > 500).map(|(lines, path)| format!("{path}: {lines}")).collect();
    hold("a file over 500 lines holds more than one noun:", &offences);
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    let offences: Vec<_> = rust_files().into_iter().filter(|path| !read(path).starts_with("//! ")).collect();
    hold("every module begins with `//!`:", &offences);
}

#[test]
fn both_backends_have_the_same_migrations_each_with_a_way_back() {
    let names = |backend: &str| -> Vec<String> {
        let folder = format!("migrations/{backend}");
        files(&[&folder], ".sql").into_iter().map(|path| path[folder.len() + 1..].to_owned()).collect()
    };
    let sqlite = names("sqlite");
    assert_eq!(sqlite, names("postgres"), "a migration exists for both backends under one name");
    for set in ["registry", "ledger"] {
        assert!(sqlite.iter().any(|path| path.starts_with(set)), "there are migrations of the {set}");
    }
    let offences: Vec<_> = sqlite
        .iter()
        .filter_map(|path| path.rsplit_once('/'))
        .filter(|(folder, file)| {
            let other = if *file == "up.sql" { "down.sql" } else { "up.sql" };
            !sqlite.contains(&format!("{folder}/{other}"))
        })
        .map(|(folder, file)| format!("{folder} has `{file}` alone"))
        .collect();
    hold("every migration has `up.sql` and `down.sql`:", &offences);
}

/// A library that one place alone may name: what is looked for, and where it may stand.
const KEPT_IN_ONE_PLACE: [(&str, &[&str]); 8] = [
    ("async_graphql::Result", &["src/graphql/"]),
    ("SqliteConnection", &["src/store/connection.rs"]),
    ("PgConnection", &["src/store/connection.rs"]),
    ("diesel::sqlite", &["src/store/connection.rs"]),
    ("diesel::pg", &["src/store/connection.rs"]),
    ("cedar_policy", &["src/access/cedar.rs"]),
    ("actix_web", &["src/http/", "src/app.rs", "src/cli/"]),
    ("clap::", &["src/cli/", "src/main.rs"]),
];

#[test]
fn a_library_that_may_be_replaced_is_named_in_one_place() {
    let mut offences = Vec::new();
    for path in files(&["src"], ".rs") {
        let text = read(&path);
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (name, places) in KEPT_IN_ONE_PLACE {
                if line.contains(name) && !places.iter().any(|place| path.starts_with(place)) {
                    offences.push(format!("{path}:{}: `{name}` belongs to {}", at + 1, places.join(", ")));
                }
            }
        }
    }
    for (name, places) in KEPT_IN_ONE_PLACE {
        let is_used = files(&["src"], ".rs").iter().any(|path| {
            places.iter().any(|place| path.starts_with(place))
                && Source::of(path).lines().any(|(_, l)| l.contains(name))
        });
        assert!(is_used || name == "async_graphql::Result", "`{name}` is named nowhere: this table is stale");
    }
    hold("named outside its place:", &offences);
}

/// Texts that say where or how this was written instead of what it is. Spelled in two parts, so that this file passes.
const STRANGERS: [&str; 9] = [
    concat!("/wo", "rk/"),
    concat!("../sha", "red"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("index.crates", ".io"),
    concat!("sub", "agent"),
    concat!("LL", "M"),
    concat!("language", " model"),
    concat!("co", "pilot"),
];

#[test]
fn no_file_speaks_of_the_machine_or_the_way_it_was_written() {
    // The check command offers the published records beside the checkout to the tests.
    let exempt = [(concat!("../sha", "red"), ".ci/run")];
    let mut offences = Vec::new();
    for path in walk(root()) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let path = relative(&path);
        for (at, line) in text.lines().enumerate() {
            let found = STRANGERS.into_iter().filter(|stranger| holds_word(line, stranger));
            let found = found.filter(|stranger| !exempt.contains(&(stranger, path.as_str())));
            offences.extend(found.map(|stranger| format!("{path}:{}: `{stranger}`", at + 1)));
        }
    }
    hold("words that do not belong into the repository:", &offences);
}

/// Whether a line has this text, not as a part of a longer word.
fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let is_letter = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric());
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let starts = !word.starts_with(char::is_alphanumeric) || !is_letter(before.chars().next_back());
        let ends = !word.ends_with(char::is_alphanumeric) || !is_letter(after.chars().next());
        starts && ends
    })
}

#[test]
fn a_word_is_found_and_a_part_of_one_is_not() {
    let word = concat!("LL", "M");
    assert!(holds_word(&format!("an {word}."), word));
    assert!(!holds_word(&format!("q{word}9=="), word));
    assert!(holds_word(concat!("cd /wo", "rk/x"), concat!("/wo", "rk/")));
}

#[test]
fn the_walk_leaves_out_what_is_built() {
    let all = walk(root());
    assert!(all.contains(&PathBuf::from(root()).join("Cargo.toml")));
    assert!(all.iter().all(|path| !path.components().any(|part| part.as_os_str() == "node_modules")));
}
