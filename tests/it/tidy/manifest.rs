//! Cargo.toml and the lock files: every dependency says what it is for, and comes from where everybody can get it.

use super::{hold, read};

#[test]
fn every_dependency_says_what_it_is_for() {
    let manifest = read("Cargo.toml");
    let mut offences = Vec::new();
    let (mut in_dependencies, mut before, mut count) = (false, "", 0);
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.ends_with("dependencies]");
        } else if in_dependencies && line.contains('=') && !line.starts_with('#') {
            count += 1;
            if !before.starts_with("# ") {
                offences.push(line.to_owned());
            }
        }
        before = line;
    }
    assert!(count > 30, "the dependencies are read");
    hold("a comment line right above says what a dependency is for:", &offences);
}

#[test]
fn the_lock_files_name_public_registries_alone() {
    let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let cargo = read("Cargo.lock");
    let sources: Vec<_> = cargo.lines().filter(|line| line.starts_with("source = ")).collect();
    assert!(sources.len() > 100, "the lock file is read");
    let mut offences: Vec<_> = sources.into_iter().filter(|line| *line != public).map(str::to_owned).collect();
    let npm = read("tests/node/package-lock.json");
    let resolved = npm.lines().filter(|line| line.contains("\"resolved\""));
    offences.extend(resolved.filter(|line| !line.contains("\"https://registry.npmjs.org/")).map(str::to_owned));
    hold("from elsewhere:", &offences);
}
