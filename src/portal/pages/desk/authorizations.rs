//! `/desk/authorizations`: those that a subject granted, with a form to grant another and a button to revoke each.

use super::{FIRST, own};
use crate::domain::{Date, Instant, Role};
use crate::exchange::access_log;
use crate::exchange::authorization::{self, Authorization, NewAuthorization};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::node_id::NodeRef;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet};
use crate::portal::visit::{DeskPage, Sent};

/// Uses that are shown of each authorization.
const USES: usize = 5;

pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (mut faults, mut done) = (Faults::default(), None);
    let after = sent.find("after").filter(|_| !frame.is_posted);
    let mut sent = sent.clone();
    if frame.is_posted {
        if let Some(id) = sent.find("revoke") {
            match authorization::revoke(inquiry, id)? {
                Some(_) => done = Some("authorization-revoked"),
                None => faults.add("revoke", frame.text("authorization-not-there")),
            }
        } else {
            faults = grant(&frame, inquiry, &sent)?;
            if faults.is_empty() {
                done = Some("authorization-granted");
                sent = Sent::default();
            }
        }
    }
    let found = authorization::page(inquiry, after, FIRST)?;
    let last = found.authorizations.last().filter(|_| found.has_next);
    let next = last.map(|(_, cursor)| DeskPage::Authorizations.address(&[("after", cursor)]));
    let may_grant = inquiry.caller().role() == Role::Subject;
    let (title, lead) = (frame.text("desk-authorizations"), frame.text("desk-authorizations-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    if let Some(done) = done {
        sheet.done(done);
    }
    if let Some(fault) = faults.at("revoke") {
        sheet.refuse(fault.to_owned());
    }
    if found.authorizations.is_empty() {
        sheet.say("authorization-none");
    }
    for (at, (granted, _)) in found.authorizations.iter().enumerate() {
        one(&mut sheet, inquiry, (at, granted), may_grant)?;
    }
    sheet.next(next);
    if may_grant {
        sheet.heading("authorization-new");
        let form = form(&sheet.frame, inquiry, (&sent, &faults));
        sheet.form(form);
    }
    sheet.made()
}

fn form(frame: &Frame, inquiry: &Inquiry, (sent, faults): (&Sent, &Faults)) -> Form {
    let gateway = inquiry.gateway();
    let purposes = gateway.decider.purposes();
    let claimable = purposes.iter().filter(|purpose| purpose.claimable(Role::Grantee, None, inquiry.today()));
    let purposes =
        claimable.map(|purpose| Choice::new(purpose.code.as_str(), frame.of(&purpose.title).to_owned())).collect();
    let items = gateway.catalogue.items().iter();
    let items = items.map(|item| Choice::new(item.code.as_str(), frame.of(&item.title).to_owned())).collect();
    let text = |name: &str| frame.text(name);
    Form::new(DeskPage::Authorizations.pattern(), text("authorization-grant"))
        .field(
            Field::line("grantee", text("authorization-grantee"), 64)
                .required()
                .help(text("authorization-grantee-help"))
                .sent(sent, faults),
        )
        .field(Field::one("granted-purpose", text("access-purpose"), purposes).sent(sent, faults))
        .field(Field::some("items", text("access-items"), items).sent(sent, faults))
        .field(Field::date("until", text("authorization-until")).required().sent(sent, faults))
        .field(Field::line("uses", text("authorization-uses"), 6).sent(sent, faults))
}

/// Grants what the form says; what is wrong with it otherwise.
fn grant(frame: &Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Faults, Fault> {
    let mut faults = Faults::default();
    let until = sent.get("until").parse::<Date>();
    if until.is_err() {
        faults.add("until", frame.text("fault-date"));
    }
    let uses = sent.find("uses").map(str::parse::<i64>).transpose();
    if uses.is_err() {
        faults.add("uses", frame.text("authorization-fault-uses"));
    }
    let (Ok(until), Ok(uses_allowed)) = (until, uses) else { return Ok(faults) };
    let wanted = NewAuthorization {
        grantee: sent.get("grantee").to_owned(),
        items: sent.all("items").map(|item| (item.to_owned(), Vec::new())).collect(),
        purpose: sent.get("granted-purpose").to_owned(),
        valid_from: None,
        valid_to: Instant::end_of(until),
        uses_allowed,
    };
    for problem in authorization::grant(inquiry, &wanted)?.err().unwrap_or_default() {
        let (field, text) = match problem.code {
            "GRANTEE" => ("grantee", "authorization-fault-grantee"),
            "PURPOSE" => ("granted-purpose", "authorization-fault-purpose"),
            "VALIDITY" => ("until", "authorization-fault-until"),
            "USES" => ("uses", "authorization-fault-uses"),
            _ => ("items", "authorization-fault-items"),
        };
        faults.add(field, frame.text(text));
    }
    Ok(faults)
}

/// An authorization: for whom and what, how it stands, who used it last, and the button that revokes it.
fn one(
    sheet: &mut Sheet,
    inquiry: &Inquiry,
    (at, granted): (usize, &Authorization),
    may_revoke: bool,
) -> Result<(), Fault> {
    let frame = &sheet.frame;
    let is_used_up = granted.uses_allowed.is_some_and(|allowed| granted.uses_taken >= allowed);
    let state = if granted.revoked_at.is_some() {
        "revoked"
    } else if granted.valid_to <= inquiry.now() {
        "expired"
    } else if is_used_up {
        "used-up"
    } else {
        "in-force"
    };
    let items: Vec<String> = granted.items.iter().map(|(code, _)| frame.item(inquiry, code)).collect();
    let uses = granted
        .uses_allowed
        .map_or_else(|| granted.uses_taken.to_string(), |allowed| format!("{} / {allowed}", granted.uses_taken));
    let mark = if state == "in-force" { "honest" } else { "notice" };
    let id = inquiry.node_id(NodeRef::Authorization(granted.id));
    let facts = vec![
        (frame.text("query-authorization"), Cell::from(id.as_str())),
        (frame.text("authorization-state"), Cell::marked(frame.word("authorization-state", state), mark)),
        (frame.text("access-purpose"), frame.purpose(inquiry, granted.purpose.as_str()).into()),
        (frame.text("access-items"), items.join(&frame.text("separator")).into()),
        (frame.text("authorization-until"), granted.valid_to.plus_micros(-1).clock_in_shanghai().into()),
        (frame.text("authorization-uses-taken"), uses.into()),
    ];
    let button = frame.text("authorization-revoke");
    sheet.push(Block::Heading(granted.grantee.clone()));
    sheet.push(Block::Facts(facts));
    // Who used it is told to whom it is about.
    let used = if inquiry.caller().role() == Role::Subject {
        access_log::uses(inquiry, granted, None, USES)?.entries
    } else {
        Vec::new()
    };
    if !used.is_empty() {
        let entries: Vec<_> = used.iter().map(|(entry, _)| entry).collect();
        let table = own::table(&sheet.frame, inquiry, &entries);
        sheet.push(Block::Table(table));
    }
    if may_revoke && state == "in-force" {
        let form = Form::new(DeskPage::Authorizations.pattern(), button);
        sheet.form(form.among(format!("revoke-{at}"), granted.grantee.clone()).hidden("revoke", &id));
    }
    Ok(())
}
