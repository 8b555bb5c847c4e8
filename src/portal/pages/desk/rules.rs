//! `/desk/policies`: what a caller gets of each field, and why; and what would change. `/desk/purposes`, `/desk/keys`: which there
//! are. For the security administrator.

use strum::IntoEnumIterator as _;

use crate::access::{Asking, Decision, Departments, Explained, Withheld, may_stand};
use crate::catalogue::Item;
use crate::domain::{DepartmentId, Relation, Role, SubjectCategory};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::policy_diff::{self, Difference};
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Table};
use crate::portal::visit::{DeskPage, Sent};

/// Differences that are shown.
const SHOWN: usize = 200;

/// Explain, and the way to the diff.
pub(super) fn policies(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-policies"), frame.text("desk-policies-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let gateway = inquiry.gateway();
    let ids = gateway.decider.policy_ids();
    let facts = vec![
        (sheet.frame.text("policies-hash"), Cell::from(hex::encode(gateway.decider.policy_hash()))),
        (sheet.frame.text("policies-count"), Cell::from(ids.len().to_string())),
    ];
    sheet.push(Block::Facts(facts));
    let (href, text) = (sheet.frame.link(DeskPage::PolicyDiff.pattern()), sheet.frame.text("policies-diff"));
    sheet.push(Block::Link(href, text));
    sheet.heading("policies-explain");
    let item = gateway.catalogue.item_by_text(sent.get("item"));
    let role = sent.find("role").and_then(|role| role.parse::<Role>().ok());
    let form = asking(&sheet.frame, inquiry, sent);
    sheet.form(form);
    if let (Some(item), Some(role)) = (item, role) {
        explain(&mut sheet, inquiry, (item, role), sent);
    }
    sheet.made()
}

fn asking(frame: &Frame, inquiry: &Inquiry, sent: &Sent) -> Form {
    let none = Faults::default();
    let gateway = inquiry.gateway();
    let items = gateway.catalogue.items().iter();
    let items = items.map(|item| Choice::new(item.code.as_str(), frame.of(&item.title).to_owned())).collect();
    let roles = Role::iter().map(|role| Choice::new(role.name(), frame.word("role", role.name()))).collect();
    let departments = gateway.departments.iter();
    let departments = departments.map(|of| Choice::new(of.id.as_str(), frame.of(&of.name).to_owned()));
    let nothing = || std::iter::once(Choice::new("", frame.text("policies-none")));
    let purposes = gateway.decider.purposes();
    let purposes = purposes.iter().map(|of| Choice::new(of.code.as_str(), frame.of(&of.title).to_owned()));
    let relations = Relation::iter().map(|of| Choice::new(of.name(), frame.word("relation", of.name()))).collect();
    let categories = SubjectCategory::iter().map(|of| Choice::new(of.name(), frame.word("category", of.name())));
    Form::asking(DeskPage::Policies.pattern(), frame.text("policies-button"))
        .field(Field::one("item", frame.text("access-items"), items).sent(sent, &none))
        .field(Field::one("role", frame.text("desk-role"), roles).sent(sent, &none))
        .field(
            Field::one("department", frame.text("inbox-of"), nothing().chain(departments).collect()).sent(sent, &none),
        )
        .field(
            Field::one("purpose-of", frame.text("access-purpose"), nothing().chain(purposes).collect())
                .sent(sent, &none),
        )
        .field(Field::line("case-of", frame.text("query-case"), 64).sent(sent, &none))
        .field(Field::one("relation", frame.text("policies-relation"), relations).sent(sent, &none))
        .field(Field::one("category", frame.text("query-category"), categories.collect()).sent(sent, &none))
}

fn explain(sheet: &mut Sheet, inquiry: &Inquiry, (item, role): (&Item, Role), sent: &Sent) {
    let department = DepartmentId::parse(sent.get("department"));
    let asking = Asking {
        role,
        department: department.as_ref(),
        organization: (role == Role::Grantee).then_some("organization"),
        purpose: sent.find("purpose-of"),
        case: sent.find("case-of"),
    };
    let relation = sent.get("relation").parse().unwrap_or(Relation::None);
    let category = sent.get("category").parse().unwrap_or(SubjectCategory::Organization);
    if !may_stand(role, relation) {
        return sheet.say("policies-cannot-stand");
    }
    let found = inquiry.gateway().decider.explain(&asking, inquiry.today(), item, (category, relation));
    let Ok(found) = found else { return sheet.say("policies-purpose-refused") };
    let frame = &sheet.frame;
    let columns = ["policies-field", "policies-decision", "policies-filter", "policies-why"];
    let mut table = Table::new(frame, "policies-explain", &columns);
    for field in &found {
        let title = item.field(&field.field).map(|(_, known)| frame.of(&known.title).to_owned());
        let filter = frame.text(if field.filterable { "value-yes" } else { "value-no" });
        table.row([
            Cell::from(title.unwrap_or_else(|| field.field.clone())),
            decided(frame, field.decision),
            filter.into(),
            why(field).into(),
        ]);
    }
    sheet.push(Block::Table(table));
}

fn why(field: &Explained) -> String {
    field.policies.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn decided(frame: &Frame, decision: Decision) -> Cell {
    match decision {
        Decision::Clear => Cell::marked(frame.text("cell-clear"), "honest"),
        Decision::Masked(rule) => Cell::marked(frame.word("mask", rule.name()), "notice"),
        Decision::Withheld(Withheld::BeyondReach) => Cell::marked(frame.text("cell-withheld"), "dishonest"),
        Decision::Withheld(Withheld::PurposeRequired) => Cell::marked(frame.text("cell-purpose"), "dishonest"),
        Decision::Withheld(Withheld::AuthorizationInvalid) => {
            Cell::marked(frame.text("cell-authorization"), "dishonest")
        }
    }
}

/// What would change if the folder were read now.
pub(super) fn diff(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-policies-diff"), frame.text("desk-policies-diff-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let found = policy_diff::of(inquiry, SHOWN);
    match found {
        Err(faults) => {
            let text = sheet.frame.text("diff-faults");
            sheet.refuse(text);
            sheet.push(Block::Verbatim(faults.join("\n")));
        }
        Ok(found) if found.is_same => sheet.say("diff-same"),
        Ok(found) => {
            let frame = &sheet.frame;
            let purposes: Vec<String> =
                found.purposes.iter().map(|code| frame.purpose(inquiry, code.as_str())).collect();
            let facts = vec![
                (frame.text("diff-now"), Cell::from(hex::encode(inquiry.gateway().decider.policy_hash()))),
                (frame.text("diff-then"), hex::encode(found.hash).into()),
                (frame.text("diff-added"), found.added.join(", ").into()),
                (frame.text("diff-removed"), found.removed.join(", ").into()),
                (frame.text("diff-changed"), found.changed.join(", ").into()),
                (frame.text("diff-purposes"), purposes.join(", ").into()),
            ];
            let columns = ["policies-field", "diff-who", "diff-row", "diff-now", "diff-then"];
            let mut table = Table::new(frame, "desk-policies-diff", &columns);
            for difference in &found.differences {
                table.row(row(frame, inquiry, difference));
            }
            sheet.push(Block::Facts(facts));
            sheet.say("diff-scope");
            if found.is_cut {
                sheet.say("diff-cut");
            }
            sheet.push(Block::Table(table));
        }
    }
    sheet.made()
}

fn row(frame: &Frame, inquiry: &Inquiry, difference: &Difference) -> [Cell; 5] {
    let field = inquiry.gateway().catalogue.item_by_text(difference.item.as_str());
    let field =
        field.and_then(|item| item.field(&difference.field).map(|(_, field)| frame.of(&field.title).to_owned()));
    let field = field.unwrap_or_else(|| difference.field.clone());
    let purpose = difference.purpose.as_ref().map(|code| frame.purpose(inquiry, code.as_str()));
    let case = difference.with_case.then(|| frame.text("diff-with-case"));
    let who = [Some(frame.word("role", difference.role.name())), purpose, case].into_iter().flatten();
    let told = |(decision, filterable): (Decision, bool)| {
        let cell = decided(frame, decision);
        if !filterable {
            return cell;
        }
        Cell { text: format!("{} · {}", cell.text, frame.text("policies-filter")), ..cell }
    };
    let about =
        [frame.word("category", difference.category.name()), frame.word("relation", difference.relation.name())];
    [
        format!("{} · {field}", frame.item(inquiry, difference.item.as_str())).into(),
        who.collect::<Vec<_>>().join(" · ").into(),
        about.join(" · ").into(),
        told(difference.now),
        told(difference.then),
    ]
}

/// The purposes in force.
pub(super) fn purposes(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let columns = [
        "access-purpose",
        "purposes-code",
        "purposes-basis",
        "purposes-who",
        "purposes-case",
        "purposes-tier",
        "purposes-valid",
    ];
    let mut table = Table::new(&frame, "desk-purposes", &columns);
    let purposes = inquiry.gateway().decider.purposes();
    let yes = |is: bool| frame.text(if is { "value-yes" } else { "value-no" });
    for purpose in purposes.iter() {
        let departments = match &purpose.departments {
            Departments::All => frame.text("purposes-all"),
            Departments::Listed(listed) => {
                let names: Vec<String> = listed.iter().map(|id| frame.department(inquiry, id)).collect();
                names.join(&frame.text("separator"))
            }
        };
        let roles: Vec<String> = purpose.roles.iter().map(|role| frame.word("role", role.name())).collect();
        let day = |day: Option<crate::domain::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        table.row([
            Cell::from(frame.of(&purpose.title)),
            purpose.code.as_str().into(),
            Cell::recorded(purpose.basis.clone()),
            format!("{} · {departments}", roles.join(&frame.text("separator"))).into(),
            yes(purpose.requires_case).into(),
            frame.word("tier", purpose.tier.name()).into(),
            format!("{} – {}", day(purpose.valid_from), day(purpose.valid_to)).into(),
        ]);
    }
    let (title, lead) = (frame.text("desk-purposes"), frame.text("desk-purposes-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    sheet.push(Block::Table(table));
    sheet.say("purposes-how");
    sheet.push(Block::Verbatim(
        "chengxin policy approve --config chengxin.toml --approval auditor.token --approval security.token".to_owned(),
    ));
    sheet.made()
}

/// The keys, never a secret.
pub(super) fn keys(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let columns = ["keys-id", "keys-purpose", "keys-algorithm", "keys-state", "keys-created"];
    let mut table = Table::new(&frame, "desk-keys", &columns);
    for key in inquiry.gateway().keyring.list() {
        table.row([
            Cell::from(key.id.to_string()),
            key.purpose.to_string().into(),
            key.algorithm.to_string().into(),
            key.state.to_string().into(),
            key.created.clock_in_shanghai().into(),
        ]);
    }
    let (title, lead) = (frame.text("desk-keys"), frame.text("desk-keys-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let keys = inquiry.gateway().ledger.keys();
    let facts = vec![
        (sheet.frame.text("keys-log"), Cell::from(keys.log().to_string())),
        (sheet.frame.text("keys-receipts"), Cell::from(keys.receipts().to_string())),
    ];
    sheet.push(Block::Facts(facts));
    sheet.push(Block::Table(table));
    sheet.say("keys-how");
    sheet.push(Block::Verbatim("chengxin keys rotate --keys keys.json --purpose field".to_owned()));
    sheet.made()
}
