//! The access matrix of the shipped catalogue under the shipped policies, one readable snapshot per item. A change of a
//! policy or of an item shows here as a difference to be read and accepted by a person.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chengxin::access::{Asking, Decider, Decision, Explained, Withheld};
use chengxin::catalogue::{Catalogue, Item, Reach};
use chengxin::domain::{Date, DepartmentId, Relation, Role, SubjectCategory, Tier};

const TODAY: Date = jiff::civil::date(2026, 11, 23);

/// A caller and how it stands to the record: one column of the matrix.
struct Column {
    title: &'static str,
    role: Role,
    purpose: Option<&'static str>,
    relation: Relation,
}

const SHARING: Option<&str> = Some("joint-punishment-check");
const RESCUE: Option<&str> = Some("emergency-rescue");
const LENDING: Option<&str> = Some("loan-review");

const fn column(title: &'static str, role: Role, purpose: Option<&'static str>, relation: Relation) -> Column {
    Column { title, role, purpose, relation }
}

/// Every role without a purpose and, where it may claim one, with; and in every relation it can have to a record.
const COLUMNS: [Column; 18] = [
    column("public", Role::Public, None, Relation::None),
    column("subject", Role::Subject, None, Relation::None),
    column("subject own", Role::Subject, None, Relation::Subject),
    column("grantee", Role::Grantee, None, Relation::None),
    column("grantee+", Role::Grantee, LENDING, Relation::None),
    column("granted", Role::Grantee, None, Relation::Authorized),
    column("granted+", Role::Grantee, LENDING, Relation::Authorized),
    column("department", Role::Department, None, Relation::None),
    column("department+", Role::Department, SHARING, Relation::None),
    column("provider", Role::Department, None, Relation::Provider),
    column("provider+", Role::Department, SHARING, Relation::Provider),
    column("rescue+", Role::Department, RESCUE, Relation::None),
    column("opened+", Role::Department, RESCUE, Relation::Authorized),
    column("coordinator", Role::Coordinator, None, Relation::None),
    column("coordinator+", Role::Coordinator, SHARING, Relation::None),
    column("auditor", Role::Auditor, None, Relation::None),
    column("security", Role::SecurityAdmin, None, Relation::None),
    column("system", Role::SystemAdmin, None, Relation::None),
];

const LEGEND: &str = "\
clear    the value         clear=   and records may be found by it (without a relation)
~RULE    masked            purpose  PURPOSE_REQUIRED          .  FIELD_WITHHELD
+ with a purpose; granted, provider, own, opened (in an emergency): of a record that the caller stands so to\n";

struct Shipped {
    catalogue: Arc<Catalogue>,
    decider: Decider,
}

fn shipped() -> Shipped {
    let policies: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let catalogue = Arc::new(Catalogue::load(&policies.join("catalogue")).unwrap());
    Shipped { decider: Decider::load(&policies, Arc::clone(&catalogue)).unwrap(), catalogue }
}

impl Shipped {
    fn explained(&self, item: &Item, category: SubjectCategory, column: &Column) -> Vec<Explained> {
        let in_department = matches!(column.role, Role::Department | Role::Coordinator);
        let department = DepartmentId::parse("AMR").filter(|_| in_department);
        let asking = Asking {
            role: column.role,
            department: department.as_ref(),
            organization: (column.role == Role::Grantee).then_some("bank-1"),
            purpose: column.purpose,
            case: column.purpose.map(|_| "T-1"),
        };
        self.decider.explain(&asking, TODAY, item, (category, column.relation)).unwrap()
    }

    /// Every item with each category of subject that occurs in it.
    fn each(&self) -> impl Iterator<Item = (&Item, SubjectCategory)> {
        let items = self.catalogue.items().iter();
        items.flat_map(|item| item.head.subject.categories.iter().map(move |&category| (&**item, category)))
    }
}

fn cell(explained: &Explained) -> String {
    match explained.decision {
        Decision::Clear if explained.filterable => "clear=".to_owned(),
        Decision::Clear => "clear".to_owned(),
        Decision::Masked(rule) => format!("~{rule}"),
        Decision::Withheld(Withheld::BeyondReach) => ".".to_owned(),
        Decision::Withheld(Withheld::PurposeRequired) => "purpose".to_owned(),
        Decision::Withheld(Withheld::AuthorizationInvalid) => "authorization".to_owned(),
    }
}

/// Lines of cells under titles, each column as wide as its widest cell.
fn aligned(lines: &[Vec<String>]) -> String {
    let width = |at: usize| lines.iter().map(|line| line[at].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..=COLUMNS.len()).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}  "));
        text.push_str(cells.collect::<String>().trim_end());
        text.push('\n');
    }
    text
}

fn block(shipped: &Shipped, item: &Item, category: SubjectCategory) -> String {
    let columns: Vec<Vec<Explained>> = COLUMNS.iter().map(|column| shipped.explained(item, category, column)).collect();
    let titles = std::iter::once(String::new()).chain(COLUMNS.iter().map(|column| column.title.to_owned()));
    let mut lines = vec![titles.collect()];
    for (at, field) in columns[0].iter().enumerate() {
        assert!(columns.iter().all(|column| column[at].field == field.field));
        let cells = columns.iter().map(|column| cell(&column[at]));
        lines.push(std::iter::once(field.field.clone()).chain(cells).collect());
    }
    aligned(&lines)
}

fn matrix(shipped: &Shipped, item: &Item) -> String {
    let mut blocks: Vec<(Vec<&str>, String)> = Vec::new();
    for &category in &item.head.subject.categories {
        let text = block(shipped, item, category);
        match blocks.iter_mut().find(|(_, same)| *same == text) {
            Some((categories, _)) => categories.push(category.name()),
            None => blocks.push((vec![category.name()], text)),
        }
    }
    let blocks = blocks.iter().map(|(categories, text)| format!("\n{}\n{text}", categories.join(", ")));
    format!("{LEGEND}{}", blocks.collect::<String>())
}

#[test]
fn the_matrix_of_every_item_is_the_one_that_was_read_and_accepted() {
    let shipped = shipped();
    for item in shipped.catalogue.items() {
        insta::assert_snapshot!(item.code.as_str(), matrix(&shipped, item));
    }
}

/// How much a decision shows, from nothing to everything.
fn shows(decision: Decision) -> u8 {
    match decision {
        Decision::Withheld(_) => 0,
        Decision::Masked(_) => 1,
        Decision::Clear => 2,
    }
}

/// What the catalogue gives to whoever counts to `tier`.
fn gives(reach: Reach, tier: Tier) -> u8 {
    if reach.tier.is_some_and(|lowest| lowest <= tier) {
        2
    } else {
        u8::from(reach.masked_from.is_some_and(|lowest| lowest <= tier))
    }
}

/// The tier that a column counts to, written down apart from the code under test.
fn tier(column: &Column, sharing: &str) -> Option<Tier> {
    match (column.title, sharing) {
        ("auditor" | "security" | "system", _) => None,
        ("department+" | "rescue+" | "opened+" | "coordinator+", "NOT_SHARED") => Some(Tier::PublicDisclosure),
        ("subject own" | "granted+" | "opened+", _) => Some(Tier::AuthorizedQuery),
        ("department+" | "rescue+" | "coordinator+" | "provider+", _) => Some(Tier::GovernmentSharing),
        _ => Some(Tier::PublicDisclosure),
    }
}

#[test]
fn the_shipped_policies_give_what_the_catalogue_says_and_nothing_wider() {
    let shipped = shipped();
    for (item, category) in shipped.each() {
        for column in &COLUMNS {
            let tier = tier(column, item.sharing.into());
            for explained in shipped.explained(item, category, column) {
                let Some((_, field)) = item.field(&explained.field) else { continue };
                let alone = |tier: Tier| match column.title {
                    "granted+" if field.self_only => Tier::PublicDisclosure,
                    "opened+" if field.self_only => tier.min(Tier::GovernmentSharing),
                    _ => tier,
                };
                let tier = tier.map(alone);
                let widest = tier.map_or(0, |tier| gives(field.reach(category), tier));
                let what = format!("{}.{} ({category}) for {}", item.code, field.name, column.title);
                assert_eq!(shows(explained.decision), widest, "{what}");
                assert!(!explained.filterable || field.indexed, "{what}");
            }
        }
    }
}

#[test]
fn whoever_stands_nearer_sees_no_less_and_the_administrators_see_nothing() {
    let shipped = shipped();
    let at = |title: &str| COLUMNS.iter().find(|column| column.title == title).unwrap();
    let nearer = [
        ("public", "subject"),
        ("subject", "subject own"),
        ("public", "grantee"),
        ("grantee+", "granted+"),
        ("public", "department"),
        ("department", "department+"),
        ("department+", "provider+"),
        ("department+", "coordinator+"),
        ("department+", "rescue+"),
        ("rescue+", "department+"),
        ("rescue+", "opened+"),
        ("department+", "subject own"),
    ];
    for (item, category) in shipped.each() {
        for (far, near) in nearer {
            let (far, near) = (shipped.explained(item, category, at(far)), shipped.explained(item, category, at(near)));
            for (far, near) in far.iter().zip(&near) {
                assert!(shows(far.decision) <= shows(near.decision), "{}.{} ({category})", item.code, far.field);
            }
        }
        for title in ["auditor", "security", "system"] {
            assert!(shipped.explained(item, category, at(title)).iter().all(|field| shows(field.decision) == 0));
        }
    }
}
