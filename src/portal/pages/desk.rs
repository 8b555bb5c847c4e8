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
mod ledger;
mod own;
mod query;
mod returns;
mod reviews;
mod rules;
mod upload;

use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::visit::{Desk, DeskPage};

/// Rows on a page.
const FIRST: usize = 20;

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry, desk: &Desk) -> Result<Made, Fault> {
    let sent = &desk.sent;
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
        DeskPage::Actions => actions::make(frame, inquiry, sent),
        DeskPage::Action => actions::one(frame, inquiry, desk),
        DeskPage::Overdue => actions::late(frame, inquiry, sent),
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
