//! `/`: one field to search in, and the ways to everything else.

use askama::Template;

use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    city: String,
}

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let city = frame.of(&inquiry.gateway().departments.division().name).to_owned();
    page(&Home { frame, city }, State::Shown)
}
