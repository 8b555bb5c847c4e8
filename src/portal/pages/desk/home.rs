//! `/desk`: who one is, and what there is for one.

use crate::domain::Role;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::subject;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Sheet};
use crate::portal::visit::DeskPage;

pub(super) fn make(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let role = inquiry.caller().role();
    let mut facts = vec![(frame.text("desk-role"), Cell::from(frame.word("role", role.name())))];
    if let Some(of) = of(&frame, inquiry)? {
        facts.push((frame.text("desk-of"), of));
    }
    let title = frame.text("desk-title");
    let mut sheet = Sheet::new(frame, title, String::new());
    sheet.push(Block::Facts(facts));
    let mut doors: Vec<(String, String, String)> = Vec::new();
    for page in pages(inquiry) {
        let name = page.name();
        let title = sheet.frame.text(&format!("desk-{name}"));
        doors.push((sheet.frame.link(page.pattern()), title, sheet.frame.text(&format!("desk-{name}-what"))));
    }
    doors.push(("/graphql".to_owned(), sheet.frame.text("footer-graphql"), sheet.frame.text("desk-graphql-what")));
    sheet.push(Block::Doors(doors));
    sheet.made()
}

/// The department, the organization, or the subject's own name.
fn of(frame: &Frame, inquiry: &Inquiry) -> Result<Option<Cell>, Fault> {
    let claims = inquiry.caller().claims();
    if let Some(id) = &claims.department {
        return Ok(Some(frame.department(inquiry, id).into()));
    }
    if let Some(organization) = &claims.organization {
        return Ok(Some(Cell::recorded(organization.clone())));
    }
    // Of a subject of which nothing has been reported yet there is no name.
    let Ok(own) = inquiry.own_subject() else { return Ok(None) };
    let view = subject::by_id(inquiry, own)?;
    Ok(view.map(|view| view.name(inquiry)).transpose()?.flatten().map(Cell::recorded))
}

/// What there is for the caller, in the order of the work.
fn pages(inquiry: &Inquiry) -> impl Iterator<Item = DeskPage> {
    let claims = inquiry.caller().claims();
    let (role, may_review) = (claims.role, claims.supervisor || claims.role == Role::Auditor);
    DeskPage::all().filter(move |page| {
        let is_led_to = !matches!(page, DeskPage::Home | DeskPage::Objection | DeskPage::Repair | DeskPage::Initiate)
            && !page.is_of_one();
        let is_of_reviewers = matches!(page, DeskPage::Reviews | DeskPage::Findings);
        is_led_to && page.roles(false).contains(&role) && (may_review || !is_of_reviewers)
    })
}
