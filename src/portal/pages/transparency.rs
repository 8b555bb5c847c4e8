//! `/transparency`: how the ledger stands, who has cosigned it, and how anybody checks it without us.

use askama::Template;

use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::ledger_pages::{self, Standing};
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};

#[derive(Template)]
#[template(path = "transparency.html")]
struct Transparency {
    frame: Frame,
    standing: Standing,
}

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let standing = ledger_pages::standing(inquiry.gateway())?;
    page(&Transparency { frame, standing }, State::Shown)
}
