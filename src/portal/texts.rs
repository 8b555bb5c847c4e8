//! The texts of the pages, one file for each language, in the Fluent format of Project Fluent.
//!
//! A text that is missing shows as its own name in brackets; the tests hold that none is, and that both files say the same.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use crate::domain::Language;

const CHINESE: &str = include_str!("messages/zh.ftl");
const ENGLISH: &str = include_str!("messages/en.ftl");

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/portal/templates");

/// The texts of one language.
pub struct Texts {
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Texts").field("locales", &self.bundle.locales).finish_non_exhaustive()
    }
}

static OF_CHINESE: LazyLock<Texts> = LazyLock::new(|| Texts::read(Language::Zh, CHINESE));
static OF_ENGLISH: LazyLock<Texts> = LazyLock::new(|| Texts::read(Language::En, ENGLISH));

/// The texts of a language.
pub fn of(language: Language) -> &'static Texts {
    match language {
        Language::Zh => &OF_CHINESE,
        Language::En => &OF_ENGLISH,
    }
}

/// SHA-256 over the files of texts and the templates.
pub(super) fn digest() -> [u8; 32] {
    let mut digest = Sha256::new().chain_update(CHINESE).chain_update(ENGLISH);
    let mut files: Vec<_> = TEMPLATES.files().chain(TEMPLATES.dirs().flat_map(Dir::files)).collect();
    files.sort_by_key(|file| file.path());
    for file in files {
        digest.update(file.contents());
    }
    digest.finalize().into()
}

/// The language as HTML names it (BCP 47).
pub fn tag(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh-CN",
        Language::En => "en",
    }
}

impl Texts {
    fn read(language: Language, source: &str) -> Self {
        let locales = tag(language).parse().into_iter().collect();
        let mut bundle = FluentBundle::new_concurrent(locales);
        // Marks around each value would stand in titles and in what is copied.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, errors)| {
            tracing::error!(?errors, "texts of the pages cannot be read");
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(?errors, "texts of the pages stand twice");
        }
        Self { bundle }
    }

    /// The text of this name.
    pub fn text(&self, name: &str) -> String {
        self.filled(name, None)
    }

    /// The text of this name, when there is one.
    pub fn find(&self, name: &str) -> Option<String> {
        self.bundle.has_message(name).then(|| self.text(name))
    }

    /// The text of this name with a value in it.
    pub fn with<'v>(&self, name: &str, place: &'v str, value: impl Into<FluentValue<'v>>) -> String {
        let mut values = FluentArgs::new();
        values.set(place, value);
        self.filled(name, Some(&values))
    }

    fn filled(&self, name: &str, values: Option<&FluentArgs<'_>>) -> String {
        let pattern = self.bundle.get_message(name).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            tracing::error!(name, "a text of the pages is missing");
            return format!("[{name}]");
        };
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, values, &mut errors);
        if !errors.is_empty() {
            tracing::error!(name, ?errors, "a text of the pages lacks a value");
        }
        Cow::into_owned(text)
    }
}

#[cfg(test)]
mod tests;
