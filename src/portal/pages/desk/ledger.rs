//! `/desk/ledger`: the ledger for auditors, filtered. `/desk/ledger/{id}`: an entry, with its proof drawn.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use strum::IntoEnumIterator as _;

use super::FIRST;
use super::coverage::departments;
use crate::domain::text::parse_index;
use crate::domain::{Date, DepartmentId, Instant, Role};
use crate::exchange::audit::{self, Decision, Entry, EntryKind, EntryQuery};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::pages::subject::nobody;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, ProofDrawing, Sheet, Table};
use crate::portal::visit::{Desk, DeskPage, Sent};

/// What an entry commits to, that an auditor reads in its sealed body.
const OPENED: [&str; 6] = ["actor", "case", "query", "vars", "ip", "reason"];

pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-ledger"), frame.text("desk-ledger-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let (query, faults) = query(&sheet.frame, sent);
    let form = filter(&sheet.frame, inquiry, (sent, &faults));
    sheet.form(form);
    let Some(query) = query else { return sheet.made() };
    let found = audit::page(inquiry, &query, sent.find("after"), FIRST)?;
    let entries: Vec<&Entry> = found.entries.iter().map(|(entry, _)| entry).collect();
    let table = table(&sheet.frame, inquiry, &entries);
    let last = found.entries.last().filter(|_| found.has_next);
    let next = last.map(|(_, cursor)| {
        let kept = ["from", "to", "kind", "role", "department", "decision", "item"].map(|name| (name, sent.get(name)));
        DeskPage::Ledger.address(&[&kept[..], &[("after", cursor.as_str())]].concat())
    });
    sheet.push(Block::Table(table));
    sheet.next(next);
    sheet.made()
}

/// Entries, each leading to its page.
pub(super) fn table(frame: &Frame, inquiry: &Inquiry, entries: &[&Entry]) -> Table {
    let columns = [
        "ledger-index",
        "access-time",
        "ledger-kind",
        "access-who",
        "access-purpose",
        "ledger-decision",
        "#ledger-rows",
    ];
    let mut table = Table::new(frame, "desk-ledger", &columns);
    for entry in entries {
        let leaf = &entry.leaf;
        let decision = frame.word("decision", leaf.decision.as_ref());
        let decision =
            if leaf.decision == Decision::Refused { Cell::marked(decision, "notice") } else { decision.into() };
        table.row([
            Cell::link(entry.index.to_string(), frame.link(&DeskPage::Entry.of(&entry.index.to_string()))),
            leaf.time().clock_in_shanghai().into(),
            frame.word("entry", leaf.kind.as_ref()).into(),
            who(frame, inquiry, entry).into(),
            leaf.purpose.as_deref().map(|code| frame.purpose(inquiry, code)).unwrap_or_default().into(),
            decision,
            leaf.rows.into(),
        ]);
    }
    table
}

fn who(frame: &Frame, inquiry: &Inquiry, entry: &Entry) -> String {
    let role = entry.leaf.role.as_deref().and_then(|role| role.parse::<Role>().ok());
    let role = role.map(|role| frame.word("role", role.name())).unwrap_or_default();
    let Some(consumer) = entry.leaf.consumer.as_deref() else { return role };
    let consumer =
        DepartmentId::parse(consumer).map_or_else(|| consumer.to_owned(), |id| frame.department(inquiry, &id));
    format!("{consumer} · {role}")
}

fn query(frame: &Frame, sent: &Sent) -> (Option<EntryQuery>, Faults) {
    let mut faults = Faults::default();
    let mut day = |name: &str| match sent.find(name).map(str::parse::<Date>) {
        None => None,
        Some(Ok(day)) => Some(day),
        Some(Err(_)) => {
            faults.add(name, frame.text("fault-date"));
            None
        }
    };
    let (from, to) = (day("from").map(Instant::start_of), day("to").map(Instant::end_of));
    if !faults.is_empty() {
        return (None, faults);
    }
    let query = EntryQuery {
        from,
        to,
        kind: sent.find("kind").and_then(|kind| kind.parse().ok()),
        role: sent.find("role").and_then(|role| role.parse().ok()),
        consumer: sent.find("department").map(str::to_owned),
        decision: sent.find("decision").and_then(|decision| decision.parse().ok()),
        item: sent.find("item").map(str::to_owned),
        subject: None,
    };
    (Some(query), faults)
}

fn filter(frame: &Frame, inquiry: &Inquiry, (sent, faults): (&Sent, &Faults)) -> Form {
    let kinds = EntryKind::iter().map(|kind| Choice::new(kind.as_ref(), frame.word("entry", kind.as_ref())));
    let decisions = Decision::iter().map(|of| Choice::new(of.as_ref(), frame.word("decision", of.as_ref())));
    let roles = Role::iter().map(|role| Choice::new(role.name(), frame.word("role", role.name())));
    let items = inquiry.gateway().catalogue.items().iter();
    let items = items.map(|item| Choice::new(item.code.as_str(), frame.of(&item.title).to_owned()));
    let form = Form::asking(DeskPage::Ledger.pattern(), frame.text("filter-button"))
        .field(Field::date("from", frame.text("ledger-from")).sent(sent, faults))
        .field(Field::date("to", frame.text("ledger-to")).sent(sent, faults))
        .field(Field::one("kind", frame.text("ledger-kind"), Choice::any_of(frame, kinds)).sent(sent, faults))
        .field(Field::one("role", frame.text("desk-role"), Choice::any_of(frame, roles)).sent(sent, faults))
        .field(
            Field::one("decision", frame.text("ledger-decision"), Choice::any_of(frame, decisions)).sent(sent, faults),
        )
        .field(Field::one("item", frame.text("access-items"), Choice::any_of(frame, items)).sent(sent, faults));
    departments(form, frame, inquiry, (sent, faults))
}

/// One entry.
pub(super) fn one(frame: Frame, inquiry: &Inquiry, desk: &Desk) -> Result<Made, Fault> {
    let index = desk.id.as_deref().and_then(parse_index);
    let found = index.map(|index| audit::by_index(inquiry, index)).transpose()?.flatten();
    let Some(entry) = found else { return Ok(nobody(&frame, inquiry)) };
    let title = frame.texts.with("ledger-entry", "index", entry.index.to_string());
    let mut sheet = Sheet::new(frame, title, String::new());
    let facts = facts(&sheet.frame, inquiry, &entry)?;
    sheet.push(Block::Facts(facts));
    sheet.heading("ledger-proof");
    match audit::path(inquiry, &entry)? {
        None => sheet.say("ledger-not-covered"),
        Some(path) => {
            let text = sheet.frame.texts.with("ledger-proof-what", "size", path.size.to_string());
            sheet.push(Block::Text(text));
            let drawing = ProofDrawing::of(&sheet.frame, &entry.leaf_hash, &path.rungs);
            sheet.push(Block::Proof(drawing));
            let href = format!("/ledger/proof/{}", entry.index);
            let text = sheet.frame.text("ledger-proof-file");
            sheet.push(Block::Download(href, format!("entry-{}.tlog-proof", entry.index), text));
            sheet.say("ledger-proof-how");
            let key = inquiry.gateway().ledger.keys().receipts().to_string();
            sheet.push(Block::Verbatim(format!(
                "chengxin ledger verify-receipt receipt.json --key '{key}' --proof entry-{}.tlog-proof",
                entry.index
            )));
            let (href, text) = (sheet.frame.link("/transparency"), sheet.frame.text("ledger-proof-here"));
            sheet.push(Block::Link(href, text));
        }
    }
    sheet.made()
}

fn facts(frame: &Frame, inquiry: &Inquiry, entry: &Entry) -> Result<Vec<(String, Cell)>, Fault> {
    let leaf = &entry.leaf;
    let items: Vec<String> = leaf.items.iter().map(|code| frame.item(inquiry, code)).collect();
    let fields = format!("{} / {} / {}", leaf.fields.clear, leaf.fields.masked, leaf.fields.withheld);
    let mut facts = vec![
        (frame.text("access-time"), leaf.time().clock_in_shanghai().into()),
        (frame.text("ledger-kind"), frame.word("entry", leaf.kind.as_ref()).into()),
        (frame.text("access-who"), who(frame, inquiry, entry).into()),
        (frame.text("ledger-decision"), frame.word("decision", leaf.decision.as_ref()).into()),
        (frame.text("access-items"), items.join(&frame.text("separator")).into()),
        (frame.text("ledger-rows"), leaf.rows.into()),
        (frame.text("ledger-fields"), fields.into()),
        (frame.text("ledger-flags"), leaf.flags.join(" ").into()),
        (frame.text("ledger-policy"), leaf.policy.clone().unwrap_or_default().into()),
        (frame.text("ledger-leaf"), BASE64_STANDARD.encode(entry.leaf_hash).into()),
    ];
    if let Some(code) = &leaf.purpose {
        facts.push((frame.text("access-purpose"), frame.purpose(inquiry, code).into()));
    }
    if let Some(code) = &leaf.error_code {
        facts.push((frame.text("ledger-error"), code.as_str().into()));
    }
    if let Some(index) = leaf.reference {
        let href = frame.link(&DeskPage::Entry.of(&index.to_string()));
        facts.push((frame.text("ledger-reference"), Cell::link(index.to_string(), href)));
    }
    for name in OPENED {
        if let Some(text) = audit::opened(inquiry, entry, name)?.filter(|text| !text.is_empty()) {
            facts.push((frame.word("opened", name), Cell::recorded(text)));
        }
    }
    Ok(facts.into_iter().filter(|(_, cell)| !cell.text.is_empty()).collect())
}
