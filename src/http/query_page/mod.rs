//! The query page: markup, style and script out of the binary, so that it works where no other host can be reached.
//!
//! Deliberately absent: anything inline and anything from outside. The policy below would refuse both.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The value of `Content-Security-Policy` for the page: its own style, its own script, its own endpoint.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// One file of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Where it is served. The page itself shares its path with the endpoint, for browsers alone.
    pub path: &'static str,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The file.
    pub body: &'static str,
    /// The value of `ETag`, quotes included: it changes with the file.
    pub etag: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("/graphql", "text/html; charset=utf-8", include_str!("index.html")),
        asset("/graphql/page.css", "text/css; charset=utf-8", include_str!("page.css")),
        asset("/graphql/page.js", "text/javascript; charset=utf-8", include_str!("page.js")),
    ]
});

/// The files of the page, the markup first.
pub fn page() -> &'static [Asset] {
    ASSETS.as_slice()
}

fn asset(path: &'static str, content_type: &'static str, body: &'static str) -> Asset {
    let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    let tag = hex::encode(&digest[..8]);
    Asset { path, content_type, body, etag: format!("\"{tag}\"") }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::graphql::guard::{self, DocumentLimits};

    fn body(path: &str) -> &'static str {
        page().iter().find(|asset| asset.path == path).unwrap().body
    }

    #[test]
    fn nothing_is_inline_and_nothing_comes_from_outside() {
        let markup = body("/graphql");
        for inline in ["<style", " style=", " onclick=", " onload=", "javascript:", "<script>"] {
            assert!(!markup.contains(inline), "{inline}");
        }
        for asset in page() {
            for outside in ["http://", "https://", "//cdn", "@import", "url("] {
                assert!(!asset.body.contains(outside), "{}: {outside}", asset.path);
            }
        }
        for unsafe_write in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage"]
        {
            assert!(!body("/graphql/page.js").contains(unsafe_write), "{unsafe_write}");
        }
    }

    #[test]
    fn the_markup_names_the_other_two_files_as_they_are_served() {
        for asset in &page()[1..] {
            assert!(
                body("/graphql").contains(&format!("\"{}\"", asset.path.trim_start_matches('/'))),
                "{}",
                asset.path
            );
        }
    }

    #[test]
    fn every_id_is_unique_every_control_is_labelled_and_the_script_finds_what_it_asks_for() {
        let markup = body("/graphql");
        let attribute = |name: &str| -> Vec<&str> {
            let marker = format!(" {name}=\"");
            markup.split(&marker).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
        };
        let ids = attribute("id");
        let known: HashSet<_> = ids.iter().copied().collect();
        assert_eq!(known.len(), ids.len());
        for target in
            attribute("for").into_iter().chain(attribute("aria-labelledby")).chain(attribute("aria-describedby"))
        {
            assert!(known.contains(target), "{target}");
        }
        let labelled: HashSet<_> = attribute("for").into_iter().collect();
        for control in ["<input", "<select", "<textarea"] {
            for rest in markup.split(control).skip(1) {
                let id = rest.split("id=\"").nth(1).and_then(|id| id.split('"').next()).unwrap();
                assert!(labelled.contains(id), "{id}");
            }
        }
        for rest in body("/graphql/page.js").split("byId('").skip(1) {
            let id = rest.split('\'').next().unwrap();
            assert!(known.contains(id), "{id}");
        }
    }

    #[test]
    fn the_pages_own_queries_pass_the_guard() {
        let script = body("/graphql/page.js");
        let mut queries = 0;
        for text in script.split('`').skip(1).step_by(2).filter(|text| text.contains("query ")) {
            let checked = guard::check(text, &DocumentLimits::default());
            assert!(checked.is_ok(), "{checked:?}: {text}");
            queries += 1;
        }
        assert!(queries >= 7, "six examples and the reference: {queries}");
    }

    #[test]
    fn tags_differ_between_files() {
        let tags: HashSet<_> = page().iter().map(|asset| asset.etag.as_str()).collect();
        assert_eq!(tags.len(), page().len());
        assert!(tags.iter().all(|tag| tag.starts_with('"') && tag.ends_with('"') && tag.len() == 18));
    }
}
