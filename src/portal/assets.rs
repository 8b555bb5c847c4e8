//! Style, script and icon out of the binary, each under a path that changes with it, so that browsers may keep it for good.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The value of `Content-Security-Policy` for every page: our own files alone, nothing inline, forms to us alone.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its name.
    pub name: &'static str,
    /// Where it is served.
    pub path: String,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The file.
    pub body: &'static str,
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        asset("portal.css", "text/css; charset=utf-8", include_str!("assets/portal.css")),
        asset("live.js", "text/javascript; charset=utf-8", include_str!("assets/live.js")),
        asset("verify.js", "text/javascript; charset=utf-8", include_str!("assets/verify.js")),
        asset("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ]
});

fn asset(name: &'static str, content_type: &'static str, body: &'static str) -> Asset {
    let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    let mark: String = hex::encode(digest).chars().take(16).collect();
    Asset { name, path: format!("/assets/{mark}/{name}"), content_type, body }
}

/// The file that is served at a path.
pub fn at(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// Where the file of this name is served.
pub(super) fn address(name: &str) -> String {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.path.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every template, with its name.
    fn templates() -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portal/templates")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        assert!(found.len() > 8, "the templates are found");
        found
    }

    #[test]
    fn nothing_is_inline_and_nothing_comes_from_outside() {
        for (name, text) in templates() {
            for inline in ["<style", " style=", " onclick=", " onload=", " onsubmit=", "javascript:", "<script>"] {
                assert!(!text.contains(inline), "{name}: {inline}");
            }
            for unescaped in ["|safe", "| safe", "escape = \"none\"", "{% filter"] {
                assert!(!text.contains(unescaped), "{name}: {unescaped}");
            }
            for outside in ["http://", "https://", "src=\"//", "href=\"//"] {
                let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
                assert!(!elsewhere.contains(outside), "{name}: {outside}");
            }
        }
        for asset in ASSETS.iter() {
            let text = asset.body.replace("http://www.w3.org/2000/svg", "");
            for outside in ["http://", "https://", "//cdn", "@import", "url("] {
                assert!(!text.contains(outside), "{}: {outside}", asset.name);
            }
        }
    }

    #[test]
    fn every_file_that_a_template_names_is_served_where_it_says() {
        for (name, text) in templates() {
            for asset in text.split("frame.asset(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let path = address(asset);
                assert!(at(&path).is_some_and(|found| found.name == asset), "{name}: {asset}");
            }
        }
        assert_eq!(at("/assets/0000000000000000/portal.css"), None, "an old file is gone");
    }
}
