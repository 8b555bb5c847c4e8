//! A Rust file as the tidy tests read it: without comments and without what is compiled for tests alone.
//!
//! It leans on rustfmt: a block ends at the line that closes it at the indentation where it began.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{files, read};

/// Every file below a folder but what is built, fetched, or kept by version control.
pub(super) fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with("target") && !matches!(name, ".git" | "node_modules") {
                found.extend(walk(&path));
            }
        } else if name != ".git" && !name.ends_with(".snap.new") {
            found.push(path);
        }
    }
    found
}

/// A file's lines that are compiled into the program, each with its number.
pub(super) struct Source {
    lines: Vec<(usize, String)>,
    /// Files that are compiled for tests alone, as paths from the root, without ending.
    test_modules: Vec<String>,
}

impl Source {
    pub(super) fn of(path: &str) -> Self {
        Self::parse(path, &read(path))
    }

    pub(super) fn parse(path: &str, text: &str) -> Self {
        let mut source = Self { lines: Vec::new(), test_modules: Vec::new() };
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        while let Some((number, line)) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                source.skip_item(path, &mut lines);
            } else if !line.trim_start().starts_with("//") {
                source.lines.push((number, line.to_owned()));
            }
        }
        source
    }

    fn skip_item<'t>(&mut self, path: &str, lines: &mut impl Iterator<Item = (usize, &'t str)>) {
        let mut named = None;
        for (_, line) in lines.by_ref() {
            let text = line.trim();
            if let Some(file) = text.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
                named = Some(file.trim_end_matches(".rs").to_owned());
            }
            if text.starts_with("#[") || text.starts_with("//") {
                continue;
            }
            if let Some(module) = text.strip_suffix(';').and_then(|text| text.split_whitespace().last()) {
                if text.contains("mod ") {
                    self.test_modules.push(match named {
                        Some(file) => format!("{}/{file}", path.rsplit_once('/').unwrap().0),
                        None => format!("{}/{module}", folder_of_children(path)),
                    });
                }
                return;
            }
            let indentation = &line[..line.len() - line.trim_start().len()];
            if text.ends_with('{') || text.ends_with('(') || !text.ends_with([',', '}']) {
                // The item spans lines: up to the one that closes it.
                let closed = |line: &str| {
                    let rest = line.strip_prefix(indentation).unwrap_or_default();
                    rest.starts_with('}') || rest == ");" || rest.ends_with(';') && !rest.starts_with(' ')
                };
                let _ = lines.find(|(_, line)| closed(line));
            }
            return;
        }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines.iter().map(|(number, line)| (*number, line.as_str()))
    }
}

/// Where the files of a module's children stand: `src/a.rs` and `src/a/mod.rs` both have theirs in `src/a`.
fn folder_of_children(path: &str) -> &str {
    match path {
        "src/lib.rs" | "src/main.rs" => "src",
        _ => path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix(".rs")).unwrap_or(path),
    }
}

/// How many modules stand above the items of a file: 0 in `lib.rs`, 1 in a room's own file.
pub(super) fn depth(path: &str) -> usize {
    let module = folder_of_children(path);
    module.split('/').count() - 1
}

/// Every source file of the program, without those that are compiled for tests alone.
pub(super) fn program() -> Vec<(String, Source)> {
    let sources: Vec<_> = files(&["src"], ".rs").into_iter().map(|path| (path.clone(), Source::of(&path))).collect();
    let tests: BTreeSet<String> = sources.iter().flat_map(|(_, source)| source.test_modules.clone()).collect();
    let is_test = |path: &str| {
        let module = folder_of_children(path);
        tests.iter().any(|test| module == test || module.starts_with(&format!("{test}/")))
    };
    sources.into_iter().filter(|(path, _)| !is_test(path)).collect()
}

#[test]
fn what_is_compiled_for_tests_alone_is_left_out() {
    let text = "//! Room.\nuse crate::a;\n#[cfg(test)]\nmod fixture;\n#[cfg(test)]\n#[path = \"x_tests.rs\"]\nmod tests;\n\
                impl A {\n    #[cfg(test)]\n    fn b(&self) {\n        crate::b();\n    }\n\n    fn c() {}\n}\n\
                #[cfg(test)]\nmod more {\n    use crate::c;\n    fn d() {}\n}\nuse crate::d;\n";
    let source = Source::parse("src/room/mod.rs", text);
    let kept: Vec<_> = source.lines().filter(|(_, line)| line.contains("crate::")).collect();
    assert_eq!(kept, [(2, "use crate::a;"), (21, "use crate::d;")]);
    assert!(source.lines().any(|(_, line)| line.contains("fn c()")));
    assert_eq!(source.test_modules, ["src/room/fixture", "src/room/x_tests"]);
}

#[test]
fn a_file_knows_how_deep_it_stands() {
    assert_eq!(["src/lib.rs", "src/app.rs", "src/store/mod.rs", "src/store/ledger/tree.rs"].map(depth), [0, 1, 1, 3]);
}
