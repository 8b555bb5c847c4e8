//! The documents agree with the code: every error code is explained, every link leads somewhere.

use chengxin::graphql::error::Code;
use chengxin::graphql::media::{MediaType, Statuses, status};
use chengxin::http::respond::outcome_of;
use strum::IntoEnumIterator;

use super::{files, hold, read, root};

#[test]
fn the_error_table_explains_every_code_and_no_other() {
    let text = read("docs/errors.md");
    let explained: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let codes: Vec<&str> = Code::iter().map(Code::name).collect();
    assert_eq!(
        explained, codes,
        "docs/errors.md has a section `### \\`CODE\\`` for each code, in the order of the enum"
    );
    for (code, section) in Code::iter().zip(text.split("\n### `").skip(1)) {
        let section = section.split("\n## ").next().unwrap_or(section);
        assert!(section.contains("- What to do: "), "{code:?} says what to do");
        assert!(section.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character)), "{code:?} in Chinese");
        let of = |media| status(outcome_of(code), media, Statuses::Published);
        let (modern, plain) = (of(MediaType::GraphqlResponse), of(MediaType::Json));
        let told = format!("- HTTP status: **{modern}** with `application/graphql-response+json`, **{plain}** with `");
        assert!(section.contains(&told), "{code:?} answers {modern} and {plain}");
    }
}

/// Every Markdown file of the project.
fn documents() -> Vec<String> {
    let found = files(&[""], ".md");
    assert!(found.iter().any(|path| path == "docs/errors.md"));
    found
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_exist() {
    let mut offences = Vec::new();
    for path in documents() {
        for link in links(&read(&path)) {
            let (target, heading) = link.split_once('#').unwrap_or((&link, ""));
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let file = if target.is_empty() { path.clone() } else { joined(folder, target) };
            if !root().join(&file).exists() {
                offences.push(format!("{path}: `{link}` leads nowhere"));
            } else if !heading.is_empty() && !headings(&read(&file)).iter().any(|known| known == heading) {
                offences.push(format!("{path}: `{file}` has no heading `{heading}`"));
            }
        }
    }
    hold("broken links:", &offences);
}

/// The targets of `[text](target)` that stand in the repository, code blocks left out.
fn links(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        for after in line.split("](").skip(1) {
            let target = after.split([')', ' ']).next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target.to_owned());
            }
        }
    }
    found
}

/// A path from the root, `..` resolved.
fn joined(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors of a document's headings, made as the usual renderers make them.
fn headings(text: &str) -> Vec<String> {
    let titles = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |title: &str| -> String {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
    };
    titles.map(anchor).collect()
}

#[test]
fn links_and_headings_are_read_as_a_renderer_reads_them() {
    assert_eq!(links("see [a](b.md#c) and [d](https://e)\n```\n[f](g)\n```\n"), ["b.md#c"]);
    assert_eq!(joined("docs/decisions", "../errors.md"), "docs/errors.md");
    assert_eq!(headings("# The `CODE` table, 错误\n"), ["the-code-table-错误"]);
}
