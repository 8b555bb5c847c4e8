//! `/desk/…`: what somebody who logged in works with, by role.

mod actions;
mod applications;
mod authorizations;
mod cases;
mod check;
mod coverage;
mod exports;
mod home;
mod inbox;
mod initiate;
mod ledger;
mod own;
mod query;
mod returns;
mod reviews;
mod rules;
mod tipoffs;
mod upload;

use crate::domain::Role;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::Sheet;
use crate::portal::visit::{Desk, DeskPage};

/// Rows on a page.
const FIRST: usize = 20;

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry, desk: &Desk) -> Result<Made, Fault> {
    let sent = &desk.sent;
    let is_of_own = matches!(
        desk.page,
        DeskPage::Records
            | DeskPage::AccessLog
            | DeskPage::Authorizations
            | DeskPage::Applications
            | DeskPage::Objection
            | DeskPage::Repair
    );
    if is_of_own && inquiry.caller().role() == Role::Subject && inquiry.own_subject().is_err() {
        return unknown(frame, desk.page);
    }
    match desk.page {
        DeskPage::Home => home::make(frame, inquiry),
        DeskPage::Records => own::records(frame, inquiry, sent.find("after")),
        DeskPage::AccessLog => own::access_log(frame, inquiry, sent.find("after")),
        DeskPage::Authorizations => authorizations::make(frame, inquiry, sent),
        DeskPage::Applications => applications::make(frame, inquiry, sent),
        DeskPage::Objection => applications::objection(frame, inquiry, sent),
        DeskPage::Repair => applications::repair(frame, inquiry, sent),
        DeskPage::Application => applications::one(frame, inquiry, desk),
        DeskPage::Inbox => inbox::make(frame, inquiry, sent),
        DeskPage::Assignment => inbox::one(frame, inquiry, desk),
        DeskPage::Awaiting => initiate::awaiting(frame, inquiry, sent),
        DeskPage::Initiate => initiate::make(frame, inquiry, sent),
        DeskPage::Actions if frame.is_posted => initiate::act(frame, inquiry, sent),
        DeskPage::Actions => actions::make(frame, inquiry, sent),
        DeskPage::Action => actions::one(frame, inquiry, desk),
        DeskPage::Overdue => actions::late(frame, inquiry, sent),
        DeskPage::Tipoffs => tipoffs::make(frame, inquiry, sent),
        DeskPage::Tipoff => tipoffs::one(frame, inquiry, desk),
        DeskPage::Query => query::make(frame, inquiry, sent),
        DeskPage::Check => check::make(frame, inquiry, sent),
        DeskPage::Upload => upload::make(frame, inquiry, sent),
        DeskPage::Coverage => coverage::make(frame, inquiry, sent),
        DeskPage::Returns => returns::make(frame, inquiry, sent),
        DeskPage::Ledger => ledger::make(frame, inquiry, sent),
        DeskPage::Entry => ledger::one(frame, inquiry, desk),
        DeskPage::Reviews => reviews::make(frame, inquiry, sent),
        DeskPage::Findings => reviews::found(frame, inquiry, sent),
        DeskPage::Exports => exports::make(frame, inquiry, sent),
        DeskPage::Export => exports::one(frame, inquiry, desk),
        DeskPage::Policies => rules::policies(frame, inquiry, sent),
        DeskPage::PolicyDiff => rules::diff(frame, inquiry),
        DeskPage::Purposes => rules::purposes(frame, inquiry),
        DeskPage::Keys => rules::keys(frame, inquiry),
    }
}

/// The page of a subject of whom nothing has been reported yet.
fn unknown(frame: Frame, page: DeskPage) -> Result<Made, Fault> {
    let title = frame.text(&format!("desk-{}", page.name()));
    let mut sheet = Sheet::new(frame, title, String::new());
    sheet.say("desk-nobody");
    sheet.made()
}
