//! `/desk/…`: what somebody who logged in works with, by role.

mod authorizations;
mod home;
mod own;

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
    }
}
