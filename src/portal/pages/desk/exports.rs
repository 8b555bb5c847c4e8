//! `/desk/exports`: bundles of the ledger that auditors order and take away. `/desk/exports/{id}`: how far one is.

use crate::domain::Role;
use crate::domain::text::parse_index;
use crate::exchange::bundles::{BundleState, NotMade, Wanted};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::pages::subject::nobody;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet};
use crate::portal::visit::{Desk, DeskPage, Sent};

/// The order.
pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    if inquiry.caller().role() != Role::Auditor {
        return Err(Fault::Forbidden);
    }
    let (title, lead) = (frame.text("desk-exports"), frame.text("desk-exports-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let Some(bundles) = inquiry.gateway().bundles.clone() else {
        sheet.say("exports-none");
        return sheet.made();
    };
    let mut faults = Faults::default();
    if sheet.frame.is_posted {
        let from = sent.find("first").map_or(Some(0), parse_index);
        if from.is_none() {
            faults.add("first", sheet.frame.text("exports-first-fault"));
        }
        if sent.find("reason").is_none() {
            faults.add("reason", sheet.frame.problem("REASON"));
        }
        if let (Some(from), true) = (from, faults.is_empty()) {
            let disclose = sent.find("disclose").is_some();
            let wanted = Wanted { reason: sent.get("reason").to_owned(), proofs: Vec::new(), from, disclose };
            match bundles.order(inquiry.gateway(), inquiry.caller(), wanted) {
                Ok(export) => return ordered(sheet, export),
                Err(not_made) => sheet_of_fault(&mut sheet, not_made)?,
            }
        }
    }
    let disclose = vec![Choice::new("1", sheet.frame.text("exports-disclose-yes"))];
    let form = Form::new(DeskPage::Exports.pattern(), sheet.frame.text("exports-button"))
        .field(Field::line("reason", sheet.frame.text("exports-reason"), 500).required().sent(sent, &faults))
        .field(
            Field::line("first", sheet.frame.text("exports-first"), 20)
                .help(sheet.frame.text("exports-first-help"))
                .sent(sent, &faults),
        )
        .field(Field::some("disclose", sheet.frame.text("exports-disclose"), disclose).sent(sent, &faults));
    sheet.form(form);
    sheet.made()
}

fn sheet_of_fault(sheet: &mut Sheet, not_made: NotMade) -> Result<(), Fault> {
    match not_made {
        NotMade::Forbidden => return Err(Fault::Forbidden),
        NotMade::Busy => {
            let text = sheet.frame.text("exports-busy");
            sheet.refuse(text);
        }
        NotMade::BadInput(message) => {
            let more = if sheet.frame.tag() == "en" { message } else { String::new() };
            let text = sheet.frame.texts.with("exports-fault", "message", more);
            sheet.refuse(text.trim_end().to_owned());
        }
        NotMade::Export(error) => return Err(Fault::Corrupt(error.to_string())),
    }
    Ok(())
}

fn ordered(mut sheet: Sheet, export: u64) -> Result<Made, Fault> {
    sheet.done("exports-ordered");
    let (href, text) =
        (sheet.frame.link(&DeskPage::Export.of(&export.to_string())), sheet.frame.text("exports-progress"));
    sheet.push(Block::Link(href, text));
    sheet.made()
}

/// How far one is. One that was broken off is gone on with.
pub(super) fn one(frame: Frame, inquiry: &Inquiry, desk: &Desk) -> Result<Made, Fault> {
    if inquiry.caller().role() != Role::Auditor {
        return Err(Fault::Forbidden);
    }
    let export = desk.id.as_deref().and_then(parse_index);
    let (Some(export), Some(bundles)) = (export, inquiry.gateway().bundles.clone()) else {
        return Ok(nobody(&frame, inquiry));
    };
    let unreadable = |error: std::io::Error| Fault::Corrupt(error.to_string());
    let mut state = bundles.state(export).map_err(unreadable)?;
    if state == Some(BundleState::BrokenOff) && bundles.resume(inquiry.gateway(), export).is_ok() {
        state = bundles.state(export).map_err(unreadable)?;
    }
    let Some(state) = state else { return Ok(nobody(&frame, inquiry)) };
    let title = frame.texts.with("exports-one", "index", export.to_string());
    let mut sheet = Sheet::new(frame, title, String::new());
    match state {
        BundleState::Making(making) => {
            let text = sheet.frame.text("exports-making");
            let place = format!("/ledger/exports/{export}");
            sheet.push(Block::Progress { done: making.done, total: making.total, text, place });
            let (href, text) =
                (sheet.frame.link(&DeskPage::Export.of(&export.to_string())), sheet.frame.text("exports-again"));
            sheet.push(Block::Link(href, text));
        }
        BundleState::BrokenOff => sheet.say("exports-busy"),
        BundleState::Ready { bytes } => {
            let facts = vec![(sheet.frame.text("exports-bytes"), Cell::from(bytes))];
            sheet.done("exports-ready");
            sheet.push(Block::Facts(facts));
            let href = format!("/ledger/exports/{export}/bundle.tar");
            let text = sheet.frame.text("exports-download");
            sheet.push(Block::Download(href, format!("ledger-{export}.tar"), text));
            sheet.say("exports-verify");
            sheet.push(Block::Verbatim(format!(
                "tar xf ledger-{export}.tar && chengxin ledger verify ledger-{export} --policy policy"
            )));
        }
    }
    sheet.made()
}
