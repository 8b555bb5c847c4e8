//! What every page has in common: language, title, where it stands, the hour it holds for.

use super::assets;
use super::texts::{self, Texts};
use super::visit::{Visit, localised};
use crate::catalogue::Bilingual;
use crate::domain::{DepartmentId, Instant, Language};
use crate::exchange::import::Reason;
use crate::exchange::inquiry::Inquiry;

/// Where the receipt of a page's entry goes once there is one. The digest in the entry is over the page with this mark.
pub(super) const RECEIPT_MARK: &str = "<!--receipt-->";

/// Longer lists are not counted to their end: that would cost more than the page.
pub(super) const COUNTED_MAX: i64 = 1_000;

/// What every page has in common.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) language: Language,
    pub(super) texts: &'static Texts,
    /// Path and parameters, without the language.
    address: String,
    /// Whether it answers a form: then the way to the other language would lose what was done.
    pub(super) is_posted: bool,
    /// When the page holds, in Shanghai.
    pub(super) time: String,
    pub(super) base: String,
    /// Whether people log in here.
    pub(super) has_desks: bool,
    /// What the forms of a session carry; nothing for whoever has not logged in.
    pub(super) session: Option<String>,
}

impl Frame {
    pub(super) fn new(visit: &Visit, now: Instant) -> Self {
        Self {
            language: visit.language,
            texts: texts::of(visit.language),
            address: visit.place.address(),
            is_posted: visit.is_posted,
            time: now.clock_in_shanghai(),
            base: visit.base.clone(),
            has_desks: visit.has_desks,
            session: visit.session.clone(),
        }
    }

    /// A page that answers to no place.
    pub(super) fn nowhere(language: Language, now: Instant) -> Self {
        let (texts, time) = (texts::of(language), now.clock_in_shanghai());
        Self {
            language,
            texts,
            address: "/".to_owned(),
            is_posted: false,
            time,
            base: String::new(),
            has_desks: false,
            session: None,
        }
    }

    /// The text of this name.
    pub(super) fn text(&self, name: &str) -> String {
        self.texts.text(name)
    }

    /// What is wrong with an input, by its code.
    pub(super) fn problem(&self, code: &str) -> String {
        let of_row = || {
            let reason = serde_json::from_value::<Reason>(code.into()).ok()?;
            Some(if self.language == Language::Zh { reason.zh() } else { reason.en() }.to_owned())
        };
        let known = self.texts.find(&format!("problem-{code}")).or_else(of_row);
        known.unwrap_or_else(|| self.texts.with("problem-other", "code", code))
    }

    /// The word for a member of a family, such as a stage.
    pub(super) fn word(&self, family: &str, name: &str) -> String {
        self.text(&format!("{family}-{name}"))
    }

    /// A department by its name; its id when it is not known.
    pub(super) fn department(&self, inquiry: &Inquiry, id: &DepartmentId) -> String {
        let known = inquiry.gateway().departments.by_id(id);
        known.map_or_else(|| id.to_string(), |known| self.of(&known.name).to_owned())
    }

    /// An item by its title; its code when it is not known.
    pub(super) fn item(&self, inquiry: &Inquiry, code: &str) -> String {
        let known = inquiry.gateway().catalogue.item_by_text(code);
        known.map_or_else(|| code.to_owned(), |item| self.of(&item.title).to_owned())
    }

    /// A rate as a percentage; nothing when there is none.
    #[expect(
        clippy::unused_self,
        reason = "numbers are written alike in both languages, and pages ask their frame for it"
    )]
    pub(super) fn percent(&self, rate: Option<f64>) -> String {
        rate.map(|rate| format!("{:.1} %", rate * 100.0)).unwrap_or_default()
    }

    /// A measure by its title; its code when it is not known.
    pub(super) fn measure(&self, inquiry: &Inquiry, code: &str) -> String {
        let known = inquiry.gateway().measures.get(code);
        known.map_or_else(|| code.to_owned(), |measure| self.of(&measure.title).to_owned())
    }

    /// A purpose by its title; its code when it is not known.
    pub(super) fn purpose(&self, inquiry: &Inquiry, code: &str) -> String {
        let purposes = inquiry.gateway().decider.purposes();
        let known = purposes.get(code);
        known.map_or_else(|| code.to_owned(), |purpose| self.of(&purpose.title).to_owned())
    }

    /// The text of this name with a number in it.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references over")]
    pub(super) fn count(&self, name: &str, count: &i64) -> String {
        self.texts.with(name, "count", *count)
    }

    /// How many records a list has, as far as they are counted.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references over")]
    pub(super) fn total(&self, total: &i64) -> String {
        if *total < COUNTED_MAX { self.count("records-total", total) } else { self.text("records-many") }
    }

    /// A title in the page's language.
    pub(super) fn of<'b>(&self, title: &'b Bilingual) -> &'b str {
        title.text(self.language)
    }

    /// The page's language, for `lang`.
    pub(super) fn tag(&self) -> &'static str {
        texts::tag(self.language)
    }

    /// The other language, for `lang`.
    pub(super) fn other_tag(&self) -> &'static str {
        texts::tag(self.other())
    }

    fn other(&self) -> Language {
        match self.language {
            Language::Zh => Language::En,
            Language::En => Language::Zh,
        }
    }

    /// This page in the other language.
    pub(super) fn other_link(&self) -> String {
        localised(self.other(), &self.address)
    }

    /// This page.
    pub(super) fn here(&self) -> String {
        self.link(&self.address)
    }

    /// A page of ours in this language.
    pub(super) fn link(&self, address: &str) -> String {
        localised(self.language, address)
    }

    /// Whether this page is the one at an address.
    pub(super) fn is_at(&self, address: &str) -> bool {
        self.address == address
    }

    /// Whether this page stands in a part of the site.
    pub(super) fn is_in(&self, part: &str) -> bool {
        let path = self.address.split('?').next().unwrap_or_default();
        if part == "/" {
            path == "/"
        } else {
            path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    }

    /// Where a file of the pages is served.
    #[expect(clippy::unused_self, reason = "templates reach what they need through the frame")]
    pub(super) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}
