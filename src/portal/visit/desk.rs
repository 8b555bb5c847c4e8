//! The pages of the desks: their paths, what may be sent to each, and what each is taken to cost.

use serde_json::Value;

use super::{encoded, with_parameters};

/// A page of a desk, with what was sent along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Which page.
    pub page: DeskPage,
    /// Of which thing, for a page of one.
    pub id: Option<String>,
    /// What was sent along.
    pub sent: Sent,
}

/// Which page of a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskPage {
    /// Who one is, and what there is.
    Home,
    /// One's own records.
    Records,
    /// Who asked about one.
    AccessLog,
    /// The authorizations that one granted or holds.
    Authorizations,
}

/// A page: path, what may stand in its address, what may be posted to it, and its price.
struct Row(DeskPage, &'static str, &'static [&'static str], Posted, u64);

/// What may be posted to a page, and whether posting does something or only asks.
enum Posted {
    Nothing,
    Does(&'static [&'static str]),
    Asks(&'static [&'static str]),
}

/// Every page of the desks. A path with `{id}` stands after those that it would hide.
const PAGES: &[Row] = &[
    Row(DeskPage::Home, "/desk", &[], Posted::Nothing, 5),
    Row(DeskPage::Records, "/desk/records", &["after"], Posted::Nothing, 60),
    Row(DeskPage::AccessLog, "/desk/access-log", &["after"], Posted::Nothing, 60),
    Row(
        DeskPage::Authorizations,
        "/desk/authorizations",
        &["after"],
        Posted::Does(&["revoke", "grantee", "granted-purpose", "items", "until", "uses"]),
        60,
    ),
];

const ID: &str = "{id}";

impl DeskPage {
    /// Every page.
    pub fn all() -> impl Iterator<Item = Self> {
        PAGES.iter().map(|row| row.0)
    }

    /// Whether it is of one thing, which its address names.
    pub fn is_of_one(self) -> bool {
        self.pattern().contains(ID)
    }

    fn row(self) -> &'static Row {
        PAGES.iter().find(|row| row.0 == self).unwrap_or_else(|| unreachable!("every page stands in the table"))
    }

    /// The path with names in place of values.
    pub fn pattern(self) -> &'static str {
        self.row().1
    }

    /// The name of the page, as its texts have it.
    pub fn name(self) -> &'static str {
        self.pattern().strip_prefix("/desk/").unwrap_or("title")
    }

    /// What making the page is taken to cost.
    pub fn price(self) -> u64 {
        self.row().4
    }

    /// Whether what is posted to it does something.
    pub fn does_something(self) -> bool {
        matches!(self.row().3, Posted::Does(_))
    }

    /// This page, with parameters.
    pub fn address(self, parameters: &[(&str, &str)]) -> String {
        with_parameters(self.pattern(), parameters)
    }

    /// This page of one thing.
    pub fn of(self, id: &str) -> String {
        self.pattern().replace(ID, &encoded(id))
    }
}

impl Desk {
    /// The page at a path; `None` when there is none.
    pub(super) fn parse(path: &str, parameters: &[(String, String)]) -> Option<Self> {
        let (row, id) = PAGES.iter().find_map(|row| matched(row.1, path).map(|id| (row, id)))?;
        let id = Some(id.to_owned()).filter(|id| !id.is_empty());
        Some(Self { page: row.0, id, sent: Sent::of(row.2, parameters) })
    }

    /// The same page with what was posted; `None` for a page that takes nothing.
    pub(super) fn posted(self, fields: &[(String, String)]) -> Option<Self> {
        let names = match self.page.row().3 {
            Posted::Nothing => return None,
            Posted::Does(names) | Posted::Asks(names) => names,
        };
        Some(Self { sent: Sent::of(names, fields), ..self })
    }

    /// Path and parameters.
    pub(super) fn address(&self) -> String {
        let row = self.page.row();
        let path = row.1.replace(ID, &encoded(self.id.as_deref().unwrap_or_default()));
        let parameters: Vec<(&str, &str)> = row.2.iter().map(|name| (*name, self.sent.get(name))).collect();
        with_parameters(&path, &parameters)
    }

    /// What was sent, for the ledger.
    pub(super) fn arguments(&self) -> Value {
        let mut members = serde_json::Map::new();
        if let Some(id) = &self.id {
            members.insert("id".to_owned(), id.as_str().into());
        }
        for (name, value) in &self.sent.0 {
            let member = members.entry(name.as_str()).or_insert(Value::Null);
            *member = match member.take() {
                Value::Null => value.as_str().into(),
                Value::Array(mut values) => {
                    values.push(value.as_str().into());
                    values.into()
                }
                first => vec![first, value.as_str().into()].into(),
            };
        }
        members.into()
    }
}

/// The id in a path of this pattern, empty when there is none in it; `None` for another path.
fn matched<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    match pattern.split_once(ID) {
        None => (pattern == path).then_some(""),
        Some((before, after)) => {
            let id = path.strip_prefix(before)?.strip_suffix(after)?;
            (!id.is_empty() && !id.contains('/')).then_some(id)
        }
    }
}

/// What was sent along, by name. Its `Debug` shows no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sent(Vec<(String, String)>);

impl Sent {
    /// What is known by these names; the rest is dropped, as is what is empty.
    fn of(names: &[&str], fields: &[(String, String)]) -> Self {
        let known = fields.iter().filter(|(name, _)| names.contains(&name.as_str()));
        // Browsers end lines of a form as the network does.
        let trimmed = known.map(|(name, value)| (name.clone(), value.trim().replace("\r\n", "\n")));
        Self(trimmed.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The value of this name; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The value of this name, when it was sent.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// All values of this name.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.0.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_a_desk_is_found_at_its_own_address_and_at_no_other() {
        for row in PAGES {
            let path = row.1.replace(ID, "x1");
            let hostile: Vec<(String, String)> =
                row.2.iter().map(|name| ((*name).to_owned(), "a&b=c?d#e/f%20\"<é东".to_owned())).collect();
            let desk = Desk::parse(&path, &hostile).unwrap();
            assert_eq!((desk.page, desk.page.pattern()), (row.0, row.1));
            let address = desk.address();
            let (bare, query) = address.split_once('?').unwrap_or((&address, ""));
            let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(query).unwrap();
            assert_eq!(Desk::parse(bare, &pairs), Some(desk), "{address}");
            for wrong in [format!("{path}/"), format!("{path}x/y"), path.replace("/desk", "/desks")] {
                assert!(Desk::parse(&wrong, &[]).is_none_or(|desk| desk.page != row.0), "{wrong}");
            }
        }
    }

    #[test]
    fn what_no_page_asks_for_is_dropped_and_what_was_sent_is_told_of_by_name_alone() {
        let fields = [("revoke", " x\r\ny "), ("items", "a"), ("items", "b"), ("stranger", "z"), ("until", " ")];
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let desk = Desk::parse("/desk/authorizations", &fields).unwrap();
        assert!(desk.sent.is_empty(), "none of them belongs in the address");
        let desk = desk.posted(&fields).unwrap();
        assert_eq!(desk.arguments(), serde_json::json!({ "revoke": "x\ny", "items": ["a", "b"] }));
        assert_eq!((desk.sent.get("revoke"), desk.sent.find("until")), ("x\ny", None));
        assert!(!format!("{desk:?}").contains('y'), "{desk:?}");
        assert_eq!(Desk::parse("/desk/records", &[]).unwrap().posted(&fields), None, "a page that takes nothing");
    }
}
