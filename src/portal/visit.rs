//! Which page is asked for: from a path and its parameters, and back. Nothing of a visit is believed yet.

mod desk;
mod sent;
mod tipoff;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

pub use self::desk::{Desk, DeskPage};
pub use self::sent::{Attached, Posted, Sent};
pub use self::tipoff::{QueryCode, TipoffFiles, TipoffForm};

use crate::domain::{Language, Role};

/// A page in a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// In which language.
    pub language: Language,
    /// Which page.
    pub place: Place,
    /// Where this gateway is to be found, such as `https://credit.dongying.example`: for what is printed.
    pub base: String,
    /// Whether a form was posted.
    pub is_posted: bool,
    /// Whether people log in here.
    pub has_desks: bool,
    /// What the forms of a session carry, at a desk.
    pub session: Option<String>,
}

/// A page, with what was sent along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `/`
    Home,
    /// `/search`: organisations by code or by a part of their name.
    Search(Search),
    /// `/subjects/{uscc}`: the chapters of a subject.
    Subject(String),
    /// `/subjects/{uscc}/{item}`: all records of one item about a subject.
    Records(String, String, Option<String>),
    /// `/subjects/{uscc}/report`: the same, to be printed.
    Report(String),
    /// `/publicity`: licences and penalties (双公示) by department and date.
    Publicity(Filter),
    /// `/lists`: which lists there are.
    Lists,
    /// `/lists/{item}`: who stands on one.
    List(Filter),
    /// `/measures`: what may be done, and by which law.
    Measures,
    /// `/statistics`: numbers, drawn.
    Statistics,
    /// `/guide`: how to object, to repair, to report.
    Guide,
    /// `/tipoffs`: reports a seriously untrustworthy act; what was posted, or the form alone.
    Tipoff(Option<TipoffForm>),
    /// `/tipoffs/progress`: how far one has come, by the query code that was posted.
    TipoffProgress(Option<QueryCode>),
    /// `/tipoffs/files`: adds files to one; what was posted, or the form alone.
    TipoffFiles(Option<TipoffFiles>),
    /// `/desk/…`: what somebody who logged in works with.
    Desk(Desk),
    /// `/receipts`: checks a receipt.
    Receipt(Option<String>),
    /// `/transparency`: how the ledger stands, and how to check it.
    Transparency,
}

/// What is searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// A code or a part of a name.
    pub text: String,
    /// After this cursor.
    pub after: Option<String>,
}

/// Which records of an item, as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The item.
    pub item: String,
    /// Of this department alone.
    pub department: String,
    /// Decided on this day or later.
    pub from: String,
    /// Decided on this day or earlier.
    pub to: String,
    /// After this cursor.
    pub after: Option<String>,
}

/// The beginning of every path in English.
const ENGLISH: &str = "/en";

impl Visit {
    /// The page at a decoded path; `None` when there is none.
    pub fn parse(path: &str, parameters: &[(String, String)], base: &str) -> Option<Self> {
        let (language, path) = match path.strip_prefix(ENGLISH) {
            Some("") => (Language::En, "/"),
            Some(path) if path.starts_with('/') => (Language::En, path),
            _ => (Language::Zh, path),
        };
        let sent = |name: &str| {
            let found = parameters.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let filter = |item: Option<String>| Filter {
            item: item.unwrap_or_default(),
            department: sent("department").unwrap_or_default(),
            from: sent("from").unwrap_or_default(),
            to: sent("to").unwrap_or_default(),
            after: sent("after"),
        };
        let place = match segments.as_slice() {
            [""] => Place::Home,
            ["search"] => Place::Search(Search { text: sent("q").unwrap_or_default(), after: sent("after") }),
            ["subjects", code] => Place::Subject((*code).to_owned()),
            ["subjects", code, "report"] => Place::Report((*code).to_owned()),
            ["subjects", code, item] => Place::Records((*code).to_owned(), (*item).to_owned(), sent("after")),
            ["publicity"] => Place::Publicity(filter(sent("item"))),
            ["lists"] => Place::Lists,
            ["lists", item] => Place::List(filter(Some((*item).to_owned()))),
            ["measures"] => Place::Measures,
            ["statistics"] => Place::Statistics,
            ["guide"] => Place::Guide,
            ["tipoffs"] => Place::Tipoff(None),
            ["tipoffs", "progress"] => Place::TipoffProgress(None),
            ["tipoffs", "files"] => Place::TipoffFiles(None),
            ["desk", ..] => Place::Desk(Desk::parse(path, parameters)?),
            ["receipts"] => Place::Receipt(sent("receipt")),
            ["transparency"] => Place::Transparency,
            _ => return None,
        };
        Some(Self { language, place, base: base.to_owned(), is_posted: false, has_desks: false, session: None })
    }

    /// Whether files may be posted to the page.
    pub fn takes_files(&self) -> bool {
        match &self.place {
            Place::TipoffFiles(_) => true,
            Place::Desk(desk) => desk.page.takes_files(),
            _ => false,
        }
    }

    /// Whether what is posted becomes a tip-off or a part of one, which is limited by itself.
    pub fn is_of_tipoff(&self) -> bool {
        matches!(self.place, Place::Tipoff(_) | Place::TipoffFiles(_))
    }

    /// The same page with what was posted to it; `None` for a page that takes nothing.
    pub fn posted(self, posted: Posted) -> Option<Self> {
        // Browsers end lines of a form as the network does.
        let sent = |name: &str| posted.field(name).unwrap_or_default().trim().replace("\r\n", "\n");
        let place = match self.place {
            Place::Tipoff(_) => Place::Tipoff(Some(TipoffForm::of(sent))),
            Place::TipoffProgress(_) => Place::TipoffProgress(Some(QueryCode(sent("code")))),
            Place::TipoffFiles(_) => {
                let code = QueryCode(sent("code"));
                Place::TipoffFiles(Some(TipoffFiles::of(code, posted.files)))
            }
            Place::Receipt(_) => Place::Receipt(Some(sent("receipt"))),
            Place::Desk(desk) => Place::Desk(desk.posted(posted)?),
            _ => return None,
        };
        Some(Self { place, is_posted: true, ..self })
    }

    /// Whether something is done, and not only shown.
    pub fn is_mutation(&self) -> bool {
        match &self.place {
            Place::Tipoff(posted) => posted.is_some(),
            Place::TipoffFiles(posted) => posted.is_some(),
            Place::Desk(desk) => self.is_posted && desk.page.does_something(),
            _ => false,
        }
    }

    /// Whether it is for a caller of this role; pages beside the desks are for everybody.
    pub fn is_for(&self, role: Role) -> bool {
        match &self.place {
            Place::Desk(desk) => desk.page.roles(self.is_posted).contains(&role),
            _ => true,
        }
    }

    /// Whether it is for whoever logged in.
    pub fn is_desk(&self) -> bool {
        matches!(self.place, Place::Desk(_))
    }

    /// The same page in a session, whose forms carry this.
    #[must_use]
    pub fn with_session(self, form_token: String) -> Self {
        Self { session: Some(form_token), ..self }
    }

    /// The same page where people log in.
    #[must_use]
    pub fn with_desks(self, has_desks: bool) -> Self {
        Self { has_desks, ..self }
    }

    /// What a desk's page declares that it is asked for, by name: `purpose`, `case`, `authorization`.
    pub fn declared(&self, name: &str) -> Option<&str> {
        match &self.place {
            Place::Desk(desk) => desk.sent.find(name),
            _ => None,
        }
    }

    /// Path and parameters of this page.
    pub fn own_address(&self) -> String {
        localised(self.language, &self.place.address())
    }

    /// Whether nothing may be kept that leads to whoever asks.
    pub fn is_confidential(&self) -> bool {
        matches!(self.place, Place::Tipoff(_) | Place::TipoffProgress(_) | Place::TipoffFiles(_))
    }

    /// Whether the page shows somebody's records: such pages are not for search engines, which would keep what is repaired or over.
    pub fn is_of_records(&self) -> bool {
        !matches!(
            self.place,
            Place::Home | Place::Lists | Place::Measures | Place::Statistics | Place::Guide | Place::Transparency
        )
    }

    /// The language that a path is in, whether or not there is a page at it.
    pub fn language_of(path: &str) -> Language {
        let is_english = path.strip_prefix(ENGLISH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if is_english { Language::En } else { Language::Zh }
    }

    /// What is asked, without values: as the ledger keeps it.
    pub fn query(&self) -> String {
        let method = if self.is_posted { "POST" } else { "GET" };
        // Of whoever reports not even the language is kept.
        let language = if self.is_confidential() { Language::Zh } else { self.language };
        format!("{method} {}", localised(language, self.place.pattern()))
    }

    /// The values that were sent.
    pub fn arguments(&self) -> Value {
        let mut arguments = self.place.arguments();
        if let Some(members) = arguments.as_object_mut() {
            members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
        }
        arguments
    }

    /// What making the page is taken to cost until it is made: about as many records and subjects as it may show.
    pub fn price(&self) -> u64 {
        match &self.place {
            Place::Home | Place::Measures | Place::Guide | Place::Tipoff(_) | Place::TipoffProgress(_) => 1,
            Place::Transparency | Place::Receipt(_) | Place::TipoffFiles(_) => 5,
            Place::Lists | Place::Statistics => 20,
            Place::Search(_) | Place::Records(..) | Place::Publicity(_) | Place::List(_) => 60,
            Place::Subject(_) => 100,
            Place::Report(_) => 500,
            Place::Desk(desk) => desk.page.price(),
        }
    }

    /// What it costs at least: what is counted and not shown costs too.
    pub fn least_cost(&self) -> u64 {
        match self.place {
            Place::Publicity(_) | Place::List(_) => 20,
            _ => self.price().min(20),
        }
    }
}

impl Place {
    /// The path with names in place of values.
    pub fn pattern(&self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Search(_) => "/search",
            Self::Subject(_) => "/subjects/{uscc}",
            Self::Records(..) => "/subjects/{uscc}/{item}",
            Self::Report(_) => "/subjects/{uscc}/report",
            Self::Publicity(_) => "/publicity",
            Self::Lists => "/lists",
            Self::List(_) => "/lists/{item}",
            Self::Measures => "/measures",
            Self::Statistics => "/statistics",
            Self::Guide => "/guide",
            Self::Tipoff(_) => "/tipoffs",
            Self::TipoffProgress(_) => "/tipoffs/progress",
            Self::TipoffFiles(_) => "/tipoffs/files",
            Self::Desk(desk) => desk.page.pattern(),
            Self::Receipt(_) => "/receipts",
            Self::Transparency => "/transparency",
        }
    }

    fn arguments(&self) -> Value {
        match self {
            Self::Search(search) => json!({ "q": search.text, "after": search.after }),
            Self::Subject(uscc) | Self::Report(uscc) => json!({ "uscc": uscc }),
            Self::Records(uscc, item, after) => json!({ "uscc": uscc, "item": item, "after": after }),
            Self::Publicity(filter) | Self::List(filter) => json!({
                "item": filter.item, "department": filter.department, "from": filter.from, "to": filter.to,
                "after": filter.after,
            }),
            Self::Desk(desk) => desk.arguments(),
            Self::Home
            | Self::Lists
            | Self::Measures
            | Self::Statistics
            | Self::Guide
            | Self::Tipoff(_)
            | Self::TipoffProgress(_)
            | Self::TipoffFiles(_)
            // A receipt leads to what was asked before, and by whom it is checked is nobody's business.
            | Self::Receipt(_)
            | Self::Transparency => json!({}),
        }
    }

    /// The path and parameters of this page, without the language.
    pub fn address(&self) -> String {
        match self {
            Self::Subject(uscc) => format!("/subjects/{}", encoded(uscc)),
            Self::Report(uscc) => format!("/subjects/{}/report", encoded(uscc)),
            Self::Records(uscc, item, after) => with_parameters(
                &format!("/subjects/{}/{}", encoded(uscc), encoded(item)),
                &[("after", after.as_deref().unwrap_or_default())],
            ),
            Self::Search(Search { text, after }) => {
                with_parameters("/search", &[("q", text), ("after", after.as_deref().unwrap_or_default())])
            }
            Self::Publicity(filter) => filter.address("/publicity", true),
            Self::List(filter) => filter.address(&format!("/lists/{}", encoded(&filter.item)), false),
            Self::Receipt(receipt) => {
                with_parameters("/receipts", &[("receipt", receipt.as_deref().unwrap_or_default())])
            }
            Self::Desk(desk) => desk.address(),
            Self::Home
            | Self::Lists
            | Self::Measures
            | Self::Statistics
            | Self::Guide
            | Self::Tipoff(_)
            | Self::TipoffProgress(_)
            | Self::TipoffFiles(_)
            | Self::Transparency => self.pattern().to_owned(),
        }
    }
}

impl Filter {
    fn address(&self, path: &str, with_item: bool) -> String {
        let item = if with_item { self.item.as_str() } else { "" };
        let after = self.after.as_deref().unwrap_or_default();
        let parameters = [
            ("item", item),
            ("department", &self.department),
            ("from", &self.from),
            ("to", &self.to),
            ("after", after),
        ];
        with_parameters(path, &parameters)
    }
}

/// A path in a language.
pub fn localised(language: Language, address: &str) -> String {
    match language {
        Language::Zh => address.to_owned(),
        Language::En if address == "/" => ENGLISH.to_owned(),
        Language::En => format!("{ENGLISH}{address}"),
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%2D", "-")
}

/// A path with those parameters that have a value.
pub fn with_parameters(path: &str, parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str, parameters: &[(&str, &str)]) -> Option<Visit> {
        let parameters: Vec<(String, String)> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Visit::parse(path, &parameters, "")
    }

    #[test]
    fn a_path_is_in_chinese_unless_it_begins_with_en_as_a_whole_word() {
        for (path, language) in
            [("/", Language::Zh), ("/en", Language::En), ("/en/", Language::En), ("/en/search", Language::En)]
        {
            assert_eq!(parse(path, &[]).unwrap().language, language, "{path}");
            assert_eq!(Visit::language_of(path), language, "{path}");
        }
        for path in ["/english", "/enx/search", "/search/", "/subjects", "/subjects/a/b/c", "//", "", "/en/en"] {
            assert_eq!(parse(path, &[]), None, "{path}");
        }
        assert_eq!(Visit::language_of("/enx/search"), Language::Zh);
    }

    #[test]
    fn an_address_leads_back_to_its_page_whatever_stands_in_it() {
        let hostile = "a&b=c?d#e/f%20\"<é东";
        let places = [
            Place::Home,
            Place::Search(Search { text: hostile.into(), after: Some(hostile.into()) }),
            Place::Subject("91370502MA9AAAA00X".into()),
            Place::Publicity(Filter {
                item: "administrative-licence".into(),
                from: "2026-01-01".into(),
                ..Filter::default()
            }),
            Place::List(Filter { item: "tax-class-a".into(), department: "SAT".into(), ..Filter::default() }),
            Place::Receipt(Some(hostile.into())),
        ];
        for place in places {
            let address = place.address();
            let (path, query) = address.split_once('?').unwrap_or((&address, ""));
            let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
            let pairs: Vec<(String, String)> = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect();
            assert_eq!(Visit::parse(&decoded(path), &pairs, "").unwrap().place, place, "{address}");
            assert!(address.is_ascii() && !address.contains(['"', '<', '#', ' ']), "{address}");
        }
    }

    #[test]
    fn what_is_asked_is_told_without_values_and_values_apart() {
        let visit = parse("/en/subjects/91370502MA9AAAA00X", &[]).unwrap();
        assert_eq!(visit.query(), "GET /en/subjects/{uscc}");
        assert_eq!(visit.arguments(), json!({ "uscc": "91370502MA9AAAA00X" }));
        assert_eq!(parse("/search", &[("q", "  "), ("q", "x")]).unwrap().arguments(), json!({}));
    }
}
