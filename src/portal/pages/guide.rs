//! `/guide`: how to object to a record, to have one repaired, to report somebody, and by when an answer comes.

use askama::Template;

use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};

#[derive(Template)]
#[template(path = "guide.html")]
struct Guide {
    frame: Frame,
}

pub(in crate::portal) fn make(frame: Frame, _inquiry: &Inquiry) -> Result<Made, Fault> {
    page(&Guide { frame }, State::Shown)
}
