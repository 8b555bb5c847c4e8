//! The pages of the desks: their paths, what may be sent to each, and what each is taken to cost.

use serde_json::Value;

use super::{Posted, Sent, encoded, with_parameters};

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
    /// Objections and applications for repair.
    Applications,
    /// Objects to a record of one's own.
    Objection,
    /// Applies for the repair of one.
    Repair,
    /// How far one has come.
    Application,
    /// What a department was assigned.
    Inbox,
    /// One of them.
    Assignment,
    /// Joint actions.
    Actions,
    /// One of them.
    Action,
    /// Steps that are late.
    Overdue,
    /// Asks about a subject, for a purpose and a case.
    Query,
    /// Checks many subjects at once.
    Check,
    /// A file of a catalogue item.
    Upload,
    /// Must-check coverage.
    Coverage,
    /// Monthly returns.
    Returns,
    /// The ledger.
    Ledger,
    /// An entry of it.
    Entry,
    /// Queries to be reviewed.
    Reviews,
    /// What deserves a look.
    Findings,
    /// Bundles of the ledger.
    Exports,
    /// One of them.
    Export,
    /// What the policies decide.
    Policies,
    /// What would change.
    PolicyDiff,
    /// The purposes in force.
    Purposes,
    /// The keys.
    Keys,
}

/// A page: path, what may stand in its address, what may be posted to it, and its price.
struct Row(DeskPage, &'static str, &'static [&'static str], Takes, u64);

/// What may be posted to a page, and whether posting does something or only asks.
enum Takes {
    Nothing,
    Doing(&'static [&'static str]),
    Asking(&'static [&'static str]),
}

/// Every page of the desks. A path with `{id}` stands after those that it would hide.
const PAGES: &[Row] = &[
    Row(DeskPage::Home, "/desk", &[], Takes::Nothing, 5),
    Row(DeskPage::Records, "/desk/records", &["after"], Takes::Nothing, 60),
    Row(DeskPage::AccessLog, "/desk/access-log", &["after"], Takes::Nothing, 60),
    Row(
        DeskPage::Authorizations,
        "/desk/authorizations",
        &["after"],
        Takes::Doing(&["revoke", "grantee", "granted-purpose", "items", "until", "uses"]),
        60,
    ),
    Row(DeskPage::Applications, "/desk/applications", &["after", "kind", "overdue"], Takes::Nothing, 60),
    Row(DeskPage::Objection, "/desk/applications/objection", &["record"], Takes::Doing(&["record", "reason"]), 20),
    Row(
        DeskPage::Repair,
        "/desk/applications/repair",
        &["record"],
        Takes::Doing(&["record", "commitment", "kind-1", "kind-2", "kind-3", "file-1", "file-2", "file-3"]),
        20,
    ),
    Row(
        DeskPage::Application,
        "/desk/applications/{id}",
        &[],
        Takes::Doing(&["act", "answer", "decision", "reason", "notice", "row"]),
        30,
    ),
    Row(DeskPage::Inbox, "/desk/inbox", &["after", "stage", "overdue"], Takes::Nothing, 60),
    Row(DeskPage::Assignment, "/desk/inbox/{id}", &[], Takes::Doing(&["answer", "reason", "report", "amountYuan"]), 30),
    Row(DeskPage::Actions, "/desk/actions", &["after", "stage"], Takes::Nothing, 60),
    Row(DeskPage::Action, "/desk/actions/{id}", &[], Takes::Doing(&["act", "to", "ending", "reason"]), 30),
    Row(DeskPage::Overdue, "/desk/overdue", &["after"], Takes::Nothing, 60),
    Row(DeskPage::Query, "/desk/query", &[], Takes::Asking(&["purpose", "case", "authorization", "q"]), 100),
    Row(DeskPage::Check, "/desk/check", &[], Takes::Doing(&["purpose", "case", "list", "file-list"]), 500),
    Row(DeskPage::Upload, "/desk/upload", &[], Takes::Doing(&["item", "file"]), 500),
    Row(DeskPage::Coverage, "/desk/coverage", &["department", "from", "to"], Takes::Nothing, 500),
    Row(DeskPage::Returns, "/desk/returns", &["department", "month"], Takes::Nothing, 500),
    Row(
        DeskPage::Ledger,
        "/desk/ledger",
        &["after", "from", "to", "kind", "role", "department", "decision", "item"],
        Takes::Nothing,
        60,
    ),
    Row(DeskPage::Entry, "/desk/ledger/{id}", &[], Takes::Nothing, 10),
    Row(
        DeskPage::Reviews,
        "/desk/reviews",
        &["after", "department", "state", "overdue"],
        Takes::Doing(&["index", "verdict", "reason"]),
        60,
    ),
    Row(DeskPage::Findings, "/desk/findings", &["department", "from", "to"], Takes::Nothing, 500),
    Row(DeskPage::Exports, "/desk/exports", &[], Takes::Doing(&["reason", "first", "disclose"]), 20),
    Row(DeskPage::Export, "/desk/exports/{id}", &[], Takes::Nothing, 5),
    Row(
        DeskPage::Policies,
        "/desk/policies",
        &["item", "role", "department", "purpose-of", "case-of", "relation", "category"],
        Takes::Nothing,
        20,
    ),
    Row(DeskPage::PolicyDiff, "/desk/policies/diff", &[], Takes::Nothing, 500),
    Row(DeskPage::Purposes, "/desk/purposes", &[], Takes::Nothing, 10),
    Row(DeskPage::Keys, "/desk/keys", &[], Takes::Nothing, 10),
];

const ID: &str = "{id}";
/// How the names of files begin.
const FILE: &str = "file";

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
    pub fn name(self) -> String {
        self.pattern().strip_prefix("/desk/").unwrap_or("title").replace('/', "-")
    }

    /// What making the page is taken to cost.
    pub fn price(self) -> u64 {
        self.row().4
    }

    /// Whether what is posted to it does something.
    pub fn does_something(self) -> bool {
        matches!(self.row().3, Takes::Doing(_))
    }

    /// Whether files may be posted to it.
    pub fn takes_files(self) -> bool {
        match self.row().3 {
            Takes::Nothing => false,
            Takes::Doing(names) | Takes::Asking(names) => names.iter().any(|name| name.starts_with(FILE)),
        }
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
    pub(super) fn posted(self, posted: Posted) -> Option<Self> {
        let names = match self.page.row().3 {
            Takes::Nothing => return None,
            Takes::Doing(names) | Takes::Asking(names) => names,
        };
        Some(Self { sent: Sent::of_form(names, posted), ..self })
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
        self.sent.tell(&mut members);
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
        let files = ["revoke", "stranger"].map(|name| {
            let file = super::super::Attached { name: "secret-name".to_owned(), bytes: b"abc".to_vec() };
            (name.to_owned(), file)
        });
        let desk = desk.posted(Posted { fields: fields.clone(), files: files.to_vec() }).unwrap();
        let told = desk.arguments();
        assert_eq!((&told["revoke"], &told["items"]), (&"x\ny".into(), &serde_json::json!(["a", "b"])));
        assert_eq!(told["revoke file"]["bytes"], 3, "{told}");
        assert!(desk.sent.file("stranger").is_none() && desk.sent.file("revoke").is_some());
        assert_eq!((desk.sent.get("revoke"), desk.sent.find("until")), ("x\ny", None));
        assert!(!format!("{desk:?}").contains("secret") && !format!("{desk:?}").contains("x\\ny"), "{desk:?}");
        assert_eq!(
            Desk::parse("/desk/records", &[]).unwrap().posted(Posted::default()),
            None,
            "a page that takes nothing"
        );
    }
}
