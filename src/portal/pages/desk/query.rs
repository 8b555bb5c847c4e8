//! `/desk/query`: asks about a subject for a purpose and a case: by code, by a part of a name, by citizen number.

use super::{FIRST, initiate};
use crate::catalogue::{CATEGORIES, Item};
use crate::domain::Role;
use crate::domain::identifier::{CitizenNumber, Uscc};
use crate::domain::text::clean;
use crate::exchange::candidate::{self, CHARACTERS_MAX, CHARACTERS_MIN};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record::{self, Selection};
use crate::exchange::subject::{self, SubjectView};
use crate::portal::card::Card;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet};
use crate::portal::visit::{DeskPage, Sent};

/// Records of each item.
const RECORDS: usize = 10;

pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let mut faults = Faults::default();
    let (title, lead) = (frame.text("desk-query"), frame.text("desk-query-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let mut found = Found::Nobody;
    if sheet.frame.is_posted {
        faults = declared(&sheet.frame, inquiry, sent);
        if inquiry.standings().refusal.is_some() {
            // One text for whatever is wrong with it: which of them is nobody's business.
            faults.add("authorization", sheet.frame.text("query-authorization-fault"));
        }
        if faults.is_empty() {
            found = look_up(inquiry, sent)?;
            if let Found::Unreadable(text) = found {
                faults.add("q", sheet.frame.text(text));
            }
        }
    }
    let form = asking(&sheet.frame, inquiry, (sent, &faults));
    sheet.form(form);
    if sheet.frame.is_posted && faults.is_empty() {
        show(&mut sheet, inquiry, sent, found)?;
        if inquiry.caller().role() == Role::Grantee {
            let used = inquiry.tally_so_far().authorization_used;
            sheet.say(if used { "query-authorization-used" } else { "query-only-public" });
        }
    }
    sheet.made()
}

/// Purpose and case, as every page that needs them asks for them.
pub(super) fn fields(form: Form, frame: &Frame, inquiry: &Inquiry, (sent, faults): (&Sent, &Faults)) -> Form {
    let purposes = inquiry.gateway().decider.purposes();
    let claims = inquiry.caller().claims();
    let mine =
        purposes.iter().filter(|purpose| purpose.claimable(claims.role, claims.department.as_ref(), inquiry.today()));
    // An emergency is opened for one subject, with a reason, before anything is asked for it: not by choosing it here.
    let mine = mine.filter(|purpose| purpose.break_glass.is_none());
    let mine = mine.map(|purpose| Choice::new(purpose.code.as_str(), frame.of(&purpose.title).to_owned())).collect();
    form.field(Field::one("purpose", frame.text("query-purpose"), mine).sent(sent, faults))
        .field(Field::line("case", frame.text("query-case"), 64).help(frame.text("query-case-help")).sent(sent, faults))
}

/// What is wrong with the purpose and the case.
pub(super) fn declared(frame: &Frame, inquiry: &Inquiry, sent: &Sent) -> Faults {
    let mut faults = Faults::default();
    let purposes = inquiry.gateway().decider.purposes();
    match purposes.get(sent.get("purpose")) {
        None => faults.add("purpose", frame.text("query-purpose-missing")),
        Some(purpose) if !purpose.usable_with(sent.find("case")) => {
            faults.add("case", frame.text("query-case-missing"));
        }
        Some(_) => {}
    }
    faults
}

fn asking(frame: &Frame, inquiry: &Inquiry, (sent, faults): (&Sent, &Faults)) -> Form {
    let form = Form::new(DeskPage::Query.pattern(), frame.text("query-button"));
    let mut form = fields(form, frame, inquiry, (sent, faults));
    if inquiry.caller().role() == Role::Grantee {
        form = form.field(
            Field::line("authorization", frame.text("query-authorization"), 200)
                .help(frame.text("query-authorization-help"))
                .sent(sent, faults),
        );
    }
    form.field(
        Field::line("q", frame.text("query-whom"), 200)
            .required()
            .help(frame.text("query-whom-help"))
            .sent(sent, faults),
    )
}

enum Found {
    Nobody,
    One(Box<SubjectView>),
    /// Candidates, and the cursor that leads to more of them.
    Several(Vec<SubjectView>, Option<String>),
    /// What cannot be searched for, by the name of its text.
    Unreadable(&'static str),
}

fn look_up(inquiry: &Inquiry, sent: &Sent) -> Result<Found, Fault> {
    let text = clean(sent.get("q"));
    let one = |view: Option<SubjectView>| view.map_or(Found::Nobody, |view| Found::One(Box::new(view)));
    if let Ok(uscc) = Uscc::parse(&text) {
        return subject::by_uscc(inquiry, &uscc).map(one);
    }
    if let Ok(number) = CitizenNumber::parse(&text) {
        if !inquiry.permit().may_look_up() {
            return Ok(Found::Unreadable("query-no-look-up"));
        }
        return subject::by_citizen_number(inquiry, &number).map(one);
    }
    let looks_like_code = text.chars().count() == 18 && text.chars().all(|character| character.is_ascii_alphanumeric());
    if looks_like_code {
        return Ok(Found::Unreadable("query-wrong-code"));
    }
    if !(CHARACTERS_MIN..=CHARACTERS_MAX).contains(&text.chars().count()) {
        return Ok(Found::Unreadable("search-too-short"));
    }
    let found = candidate::candidates(inquiry, &text, sent.find("after"), FIRST)?;
    let next = found.subjects.last().filter(|_| found.has_next).map(|(_, cursor)| cursor.clone());
    let several: Vec<SubjectView> = found.subjects.into_iter().map(|(view, _)| view).collect();
    Ok(if several.is_empty() { Found::Nobody } else { Found::Several(several, next) })
}

fn show(sheet: &mut Sheet, inquiry: &Inquiry, sent: &Sent, found: Found) -> Result<(), Fault> {
    match found {
        Found::Nobody | Found::Unreadable(_) => {
            sheet.heading("query-found");
            sheet.say("query-nobody");
            Ok(())
        }
        Found::One(view) => one(sheet, inquiry, (&view, sent)),
        Found::Several(views, next) => {
            sheet.heading("search-results");
            sheet.say("search-candidates");
            for (at, view) in views.iter().enumerate() {
                candidate(sheet, inquiry, sent, (at, view))?;
            }
            if let Some(after) = next {
                let form = Form::new(DeskPage::Query.pattern(), sheet.frame.text("list-next"));
                let form = same(form.among("next".to_owned(), sheet.frame.text("search-results")), sent);
                sheet.form(form.hidden("after", &after));
            }
            Ok(())
        }
    }
}

/// A candidate, with a button that asks about it for the same purpose and case.
fn candidate(
    sheet: &mut Sheet,
    inquiry: &Inquiry,
    sent: &Sent,
    (at, view): (usize, &SubjectView),
) -> Result<(), Fault> {
    let name = view.name(inquiry)?.unwrap_or_else(|| sheet.frame.text("subject-unnamed"));
    let code = view.uscc(inquiry)?.map(str::to_owned);
    let told = code.clone().unwrap_or_else(|| sheet.frame.text("subject-no-code"));
    sheet.push(Block::Facts(vec![(told, Cell::recorded(name.clone()))]));
    if let Some(code) = code {
        let form = Form::new(DeskPage::Query.pattern(), sheet.frame.text("query-button"))
            .among(format!("candidate-{at}"), name)
            .hidden("purpose", sent.get("purpose"))
            .hidden("case", sent.get("case"))
            .hidden("authorization", sent.get("authorization"))
            .hidden("q", &code);
        sheet.form(form);
    }
    Ok(())
}

/// All that the purpose shows of a subject, chapter by chapter.
fn one(sheet: &mut Sheet, inquiry: &Inquiry, (view, sent): (&SubjectView, &Sent)) -> Result<(), Fault> {
    let frame = &sheet.frame;
    let name = view.name(inquiry)?.unwrap_or_else(|| frame.text("subject-unnamed"));
    let mut facts = vec![
        (frame.text("case-subject"), Cell::recorded(name)),
        (frame.text("query-category"), frame.word("category", view.category().name()).into()),
    ];
    if let Some(code) = view.uscc(inquiry)? {
        facts.push((frame.text("query-code"), code.into()));
    }
    sheet.heading("query-found");
    sheet.push(Block::Facts(facts));
    let counts = view.counts(inquiry)?;
    let wanted = sent.find("item");
    for chapter in CATEGORIES {
        let is_wanted = |item: &Item| item.category == chapter && wanted.is_none_or(|code| item.code.as_str() == code);
        for (item, total) in counts.iter().filter(|(item, _)| is_wanted(item)) {
            records(sheet, inquiry, (view, sent), (item, *total))?;
        }
    }
    Ok(())
}

/// The records of one item, the newest first, and the way to those that follow.
fn records(
    sheet: &mut Sheet,
    inquiry: &Inquiry,
    (view, sent): (&SubjectView, &Sent),
    (item, total): (&Item, i64),
) -> Result<(), Fault> {
    let selection = Selection { subject: Some(view.id()), item: Some(item.code.clone()), ..Selection::default() };
    let scope = inquiry.cursor_scope(&format!("records {selection:?}"));
    let after = sent.find("after").filter(|_| sent.find("item").is_some());
    let after = after.map(|cursor| record::position(inquiry, scope, cursor)).transpose()?;
    let found = view.records(inquiry, &selection, after, RECORDS)?;
    let frame = &sheet.frame;
    let title = format!("{} · {}", frame.of(&item.title), frame.total(&total));
    sheet.push(Block::Heading(title.clone()));
    // Records follow each other, until one leads to something.
    let mut cards = Vec::new();
    for (at, view) in found.records.iter().enumerate() {
        cards.push(Card::of(&sheet.frame, inquiry, view)?);
        if let Some(form) = initiate::way(&sheet.frame, inquiry, (view, sent), &format!("{}-{at}", item.code)) {
            sheet.push(Block::Cards(std::mem::take(&mut cards)));
            sheet.form(form);
        }
    }
    if !cards.is_empty() {
        sheet.push(Block::Cards(cards));
    }
    if let Some(last) = found.records.last().filter(|_| found.has_next) {
        let after = record::cursor(inquiry, scope, &last.position());
        if inquiry.caller().role() == Role::Grantee {
            sheet.say("query-next-use");
        }
        let form = Form::new(DeskPage::Query.pattern(), sheet.frame.text("list-next"));
        let form = same(form.among(format!("next-{}", item.code), title), sent);
        sheet.form(form.hidden("item", item.code.as_str()).hidden("after", &after));
    }
    Ok(())
}

/// The same question, to be asked again with a button.
fn same(form: Form, sent: &Sent) -> Form {
    ["purpose", "case", "authorization", "q"].into_iter().fold(form, |form, name| form.hidden(name, sent.get(name)))
}
