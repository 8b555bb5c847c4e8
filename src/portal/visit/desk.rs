//! The pages of the desks: their paths, what may be sent to each, and what each is taken to cost.

use serde_json::Value;

use crate::domain::Role;

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
    /// Acts that wait for their joint action.
    Awaiting,
    /// Initiates one.
    Initiate,
    /// Joint actions.
    Actions,
    /// One of them.
    Action,
    /// Steps that are late.
    Overdue,
    /// Tip-offs.
    Tipoffs,
    /// One of them.
    Tipoff,
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

/// A page.
struct Row {
    page: DeskPage,
    path: &'static str,
    /// Whose it is.
    roles: &'static [Role],
    /// What may stand in its address.
    asked: &'static [&'static str],
    takes: Takes,
    price: u64,
}

/// What may be posted to a page, and whether posting does something, and for whom, or only asks.
enum Takes {
    Nothing,
    Doing(&'static [&'static str], &'static [Role]),
    Asking(&'static [&'static str]),
}

const EVERYBODY: &[Role] = &[
    Role::Subject,
    Role::Grantee,
    Role::Department,
    Role::Coordinator,
    Role::Auditor,
    Role::SecurityAdmin,
    Role::SystemAdmin,
];
const SUBJECT: &[Role] = &[Role::Subject];
const OFFICIALS: &[Role] = &[Role::Department, Role::Coordinator];
const PARTIES: &[Role] = &[Role::Subject, Role::Department, Role::Coordinator];
const DEPARTMENT: &[Role] = &[Role::Department];
const AUDITOR: &[Role] = &[Role::Auditor];
/// Auditors, and officers whose token says that they supervise.
const REVIEWERS: &[Role] = &[Role::Auditor, Role::Department, Role::Coordinator];
const SECURITY: &[Role] = &[Role::SecurityAdmin];

const fn shown(
    page: DeskPage,
    path: &'static str,
    roles: &'static [Role],
    asked: &'static [&'static str],
    price: u64,
) -> Row {
    Row { page, path, roles, asked, takes: Takes::Nothing, price }
}

impl Row {
    const fn taking(self, takes: Takes) -> Self {
        Self { takes, ..self }
    }
}

/// Every page of the desks, in the order of the work. A path with `{id}` stands after those that it would hide.
const PAGES: &[Row] = &[
    shown(DeskPage::Home, "/desk", EVERYBODY, &[], 5),
    shown(DeskPage::Records, "/desk/records", SUBJECT, &["after"], 60),
    shown(DeskPage::AccessLog, "/desk/access-log", SUBJECT, &["after"], 60),
    shown(DeskPage::Inbox, "/desk/inbox", OFFICIALS, &["after", "stage", "overdue"], 60),
    shown(DeskPage::Assignment, "/desk/inbox/{id}", OFFICIALS, &[], 30)
        .taking(Takes::Doing(&["act", "answer", "reason", "report", "amountYuan"], OFFICIALS)),
    shown(DeskPage::Query, "/desk/query", &[Role::Department, Role::Coordinator, Role::Grantee], &[], 100)
        .taking(Takes::Asking(&["purpose", "case", "authorization", "q", "item", "after"])),
    shown(DeskPage::Authorizations, "/desk/authorizations", &[Role::Subject, Role::Grantee], &["after"], 60)
        .taking(Takes::Doing(&["revoke", "grantee", "granted-purpose", "items", "until", "uses"], SUBJECT)),
    shown(DeskPage::Check, "/desk/check", OFFICIALS, &[], 500)
        .taking(Takes::Doing(&["purpose", "case", "list", "file-list"], OFFICIALS)),
    shown(DeskPage::Upload, "/desk/upload", OFFICIALS, &[], 500).taking(Takes::Doing(&["item", "file"], OFFICIALS)),
    shown(DeskPage::Applications, "/desk/applications", PARTIES, &["after", "kind", "overdue"], 60),
    shown(DeskPage::Objection, "/desk/applications/objection", SUBJECT, &["record"], 20)
        .taking(Takes::Doing(&["record", "reason"], SUBJECT)),
    shown(DeskPage::Repair, "/desk/applications/repair", SUBJECT, &["record"], 20).taking(Takes::Doing(
        &["record", "commitment", "kind-1", "kind-2", "kind-3", "file-1", "file-2", "file-3"],
        SUBJECT,
    )),
    shown(DeskPage::Application, "/desk/applications/{id}", PARTIES, &[], 30)
        .taking(Takes::Doing(&["act", "answer", "decision", "reason", "notice", "row"], PARTIES)),
    // What is posted to the list of joint actions is a new one.
    shown(DeskPage::Actions, "/desk/actions", PARTIES, &["after", "stage"], 60)
        .taking(Takes::Doing(INITIATING, DEPARTMENT)),
    shown(DeskPage::Awaiting, "/desk/actions/awaiting", OFFICIALS, &[], 60)
        .taking(Takes::Asking(&["after", "purpose", "case"])),
    shown(DeskPage::Initiate, "/desk/actions/initiate", DEPARTMENT, &[], 30)
        .taking(Takes::Asking(&["record", "purpose", "case"])),
    shown(DeskPage::Action, "/desk/actions/{id}", PARTIES, &[], 30)
        .taking(Takes::Doing(&["act", "to", "ending", "reason"], OFFICIALS)),
    shown(DeskPage::Overdue, "/desk/overdue", OFFICIALS, &["after"], 60),
    shown(DeskPage::Tipoffs, "/desk/tipoffs", OFFICIALS, &["after", "stage"], 60),
    shown(DeskPage::Tipoff, "/desk/tipoffs/{id}", OFFICIALS, &[], 10)
        .taking(Takes::Doing(&["act", "department", "officer", "reason", "outcome", "answer"], OFFICIALS)),
    shown(DeskPage::Ledger, "/desk/ledger", AUDITOR, LEDGER, 60),
    shown(DeskPage::Entry, "/desk/ledger/{id}", AUDITOR, &[], 10),
    shown(DeskPage::Reviews, "/desk/reviews", REVIEWERS, &["after", "department", "state", "overdue"], 60)
        .taking(Takes::Doing(&["index", "verdict", "reason", "after", "department", "state", "overdue"], REVIEWERS)),
    shown(DeskPage::Findings, "/desk/findings", REVIEWERS, &["department", "from", "to"], 500),
    shown(DeskPage::Exports, "/desk/exports", AUDITOR, &[], 20)
        .taking(Takes::Doing(&["reason", "first", "disclose"], AUDITOR)),
    shown(DeskPage::Export, "/desk/exports/{id}", AUDITOR, &[], 5),
    shown(
        DeskPage::Coverage,
        "/desk/coverage",
        &[Role::Department, Role::Coordinator, Role::Auditor],
        &["department", "from", "to"],
        500,
    ),
    shown(DeskPage::Returns, "/desk/returns", OFFICIALS, &["department", "month"], 500),
    shown(DeskPage::Policies, "/desk/policies", SECURITY, EXPLAINED, 20),
    shown(DeskPage::PolicyDiff, "/desk/policies/diff", SECURITY, &[], 500),
    shown(DeskPage::Purposes, "/desk/purposes", SECURITY, &[], 10),
    shown(DeskPage::Keys, "/desk/keys", SECURITY, &[], 10),
];

const INITIATING: &[&str] =
    &["record", "purpose", "case", "measures", "legalBasis", "actOn", "notifiedOn", "endsOn", "reason"];
const LEDGER: &[&str] = &["after", "from", "to", "kind", "role", "department", "decision", "item"];
const EXPLAINED: &[&str] = &["item", "role", "department", "purpose-of", "case-of", "relation", "category"];

const ID: &str = "{id}";
/// How the names of files begin.
const FILE: &str = "file";

impl DeskPage {
    /// Every page.
    pub fn all() -> impl Iterator<Item = Self> {
        PAGES.iter().map(|row| row.page)
    }

    /// Whether it is of one thing, which its address names.
    pub fn is_of_one(self) -> bool {
        self.pattern().contains(ID)
    }

    fn row(self) -> &'static Row {
        PAGES.iter().find(|row| row.page == self).unwrap_or_else(|| unreachable!("every page stands in the table"))
    }

    /// The path with names in place of values.
    pub fn pattern(self) -> &'static str {
        self.row().path
    }

    /// The name of the page, as its texts have it.
    pub fn name(self) -> String {
        self.pattern().strip_prefix("/desk/").unwrap_or("title").replace('/', "-")
    }

    /// What making the page is taken to cost.
    pub fn price(self) -> u64 {
        self.row().price
    }

    /// Whose page it is; of what is posted to it, who may.
    pub fn roles(self, is_posted: bool) -> &'static [Role] {
        match self.row().takes {
            Takes::Doing(_, roles) if is_posted => roles,
            _ => self.row().roles,
        }
    }

    /// Whether what is posted to it does something.
    pub fn does_something(self) -> bool {
        matches!(self.row().takes, Takes::Doing(..))
    }

    /// Whether files may be posted to it.
    pub fn takes_files(self) -> bool {
        self.names().1.iter().any(|name| name.starts_with(FILE))
    }

    /// What may stand in its address, and what may be posted to it.
    pub fn names(self) -> (&'static [&'static str], &'static [&'static str]) {
        let row = self.row();
        match row.takes {
            Takes::Nothing => (row.asked, &[]),
            Takes::Doing(names, _) | Takes::Asking(names) => (row.asked, names),
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
        let (row, id) = PAGES.iter().find_map(|row| matched(row.path, path).map(|id| (row, id)))?;
        let id = Some(id.to_owned()).filter(|id| !id.is_empty());
        Some(Self { page: row.page, id, sent: Sent::of(row.asked, parameters) })
    }

    /// The same page with what was posted; `None` for a page that takes nothing.
    pub(super) fn posted(self, posted: Posted) -> Option<Self> {
        let names = self.page.names().1;
        (!names.is_empty()).then(|| Self { sent: Sent::of_form(names, posted), ..self })
    }

    /// Path and parameters.
    pub(super) fn address(&self) -> String {
        let row = self.page.row();
        let path = row.path.replace(ID, &encoded(self.id.as_deref().unwrap_or_default()));
        let parameters: Vec<(&str, &str)> = row.asked.iter().map(|name| (*name, self.sent.get(name))).collect();
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
            let path = row.path.replace(ID, "x1");
            let hostile: Vec<(String, String)> =
                row.asked.iter().map(|name| ((*name).to_owned(), "a&b=c?d#e/f%20\"<é东".to_owned())).collect();
            let desk = Desk::parse(&path, &hostile).unwrap();
            assert_eq!((desk.page, desk.page.pattern()), (row.page, row.path));
            let address = desk.address();
            let (bare, query) = address.split_once('?').unwrap_or((&address, ""));
            let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
            let pairs: Vec<(String, String)> = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect();
            assert_eq!(Desk::parse(bare, &pairs), Some(desk), "{address}");
            for wrong in [format!("{path}/"), format!("{path}x/y"), path.replace("/desk", "/desks")] {
                assert!(Desk::parse(&wrong, &[]).is_none_or(|desk| desk.page != row.page), "{wrong}");
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
