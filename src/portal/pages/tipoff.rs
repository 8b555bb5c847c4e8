//! `/tipoffs`: reports a seriously untrustworthy act. `/tipoffs/progress`: how far one has come, by its query code.
//!
//! Who asks is not looked at, and nothing of what is typed stands in an address, an entry or a log.

use askama::Template;
use strum::IntoEnumIterator;

use crate::domain::TipoffField;
use crate::domain::identifier::Uscc;
use crate::domain::text::clean;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::tipoff::Reporter;
use crate::exchange::tipoff::submit::{self, Wanted};
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};
use crate::portal::visit::TipoffForm;

#[derive(Template)]
#[template(path = "tipoff.html")]
struct FormPage {
    frame: Frame,
    sent: TipoffForm,
    /// Name, title, and whether it is chosen.
    fields: Vec<(&'static str, String, bool)>,
    faults: Vec<(&'static str, String)>,
}

impl FormPage {
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|(of, _)| *of == field).map(|(_, text)| text.as_str())
    }
}

#[derive(Template)]
#[template(path = "tipoff-done.html")]
struct DonePage {
    frame: Frame,
    code: String,
}

#[derive(Template)]
#[template(path = "tipoff-progress.html")]
struct ProgressPage {
    frame: Frame,
    fault: Option<String>,
    progress: Option<Progress>,
}

struct Progress {
    stage: String,
    outcome: Option<String>,
    answer: Option<String>,
}

/// The form, what is wrong with it, or the query code of what was submitted.
pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry, posted: Option<&TipoffForm>) -> Result<Made, Fault> {
    let sent = posted.cloned().unwrap_or_default();
    let choice = |field: TipoffField| {
        (field.name(), frame.text(&format!("tipoff-field-{}", field.name())), field.name() == sent.field)
    };
    let fields = TipoffField::iter().map(choice).collect();
    let mut form = FormPage { frame, sent, fields, faults: Vec::new() };
    let Some(posted) = posted else { return page(&form, State::Shown) };
    let wanted = match read(&form.frame, posted) {
        Ok(wanted) => wanted,
        Err(faults) => {
            form.faults = faults;
            return page(&form, State::NotMeant);
        }
    };
    match submit::submit(inquiry, &wanted)? {
        Ok(code) => page(&DonePage { frame: form.frame, code }, State::Shown),
        Err(problems) => {
            let told = |path: &[String]| match path.last().map(String::as_str) {
                Some("uscc") => ("uscc", form.frame.text("tipoff-fault-unknown")),
                Some("name") => ("name", form.frame.text("tipoff-fault-name")),
                Some("contact") => ("contact", form.frame.text("tipoff-fault-contact")),
                _ => ("conduct", form.frame.text("tipoff-fault-conduct")),
            };
            form.faults = problems.iter().map(|problem| told(&problem.path)).collect();
            page(&form, State::NotMeant)
        }
    }
}

fn read(frame: &Frame, posted: &TipoffForm) -> Result<Wanted, Vec<(&'static str, String)>> {
    let (uscc, field) = (Uscc::parse(&clean(&posted.uscc)), posted.field.parse::<TipoffField>());
    let mut faults = Vec::new();
    if uscc.is_err() {
        faults.push(("uscc", frame.text("tipoff-fault-code")));
    }
    if field.is_err() {
        faults.push(("field", frame.text("tipoff-fault-field")));
    }
    let (Ok(uscc), Ok(field)) = (uscc, field) else { return Err(faults) };
    let (name, contact) = (posted.name.clone(), posted.contact.clone());
    let is_named = !name.is_empty() || !contact.is_empty();
    let reporter = is_named.then_some(Reporter { name, contact });
    Ok(Wanted { uscc, field, conduct: posted.conduct.clone(), reporter })
}

/// How far a tip-off has come.
pub(in crate::portal) fn progress(frame: Frame, inquiry: &Inquiry, code: Option<&str>) -> Result<Made, Fault> {
    let Some(code) = code else { return page(&ProgressPage { frame, fault: None, progress: None }, State::Shown) };
    let Some(found) = submit::progress(inquiry, code)? else {
        let fault = Some(frame.text("tipoff-no-such-code"));
        return page(&ProgressPage { frame, fault, progress: None }, State::NotMeant);
    };
    let progress = Progress {
        stage: frame.text(&format!("tipoff-stage-{}", found.row.stage.name())),
        outcome: found.row.outcome.map(|outcome| frame.text(&format!("tipoff-outcome-{}", outcome.name()))),
        answer: found.answer,
    };
    page(&ProgressPage { frame, fault: None, progress: Some(progress) }, State::Shown)
}
