//! `/tipoffs`: reports a seriously untrustworthy act. `/tipoffs/progress`: how far one has come, by its query code.
//! `/tipoffs/files`: adds photographs and documents to it.
//!
//! Who asks is not looked at, and nothing of what is typed stands in an address, an entry or a log.

use askama::Template;
use strum::IntoEnumIterator;

use crate::domain::identifier::Uscc;
use crate::domain::text::clean;
use crate::domain::{TipoffField, TipoffStage};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::tipoff::Reporter;
use crate::exchange::tipoff::attachment::{self, NotTaken};
use crate::exchange::tipoff::submit::{self, Wanted};
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};
use crate::portal::visit::{TipoffFiles, TipoffForm};

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
    /// No file was sent yet.
    file_fault: Option<String>,
}

#[derive(Template)]
#[template(path = "tipoff-progress.html")]
struct ProgressPage {
    frame: Frame,
    fault: Option<String>,
    progress: Option<Progress>,
    /// The code that was asked by, when there is such a tip-off.
    code: String,
    /// What was typed in place of one.
    typed: String,
    /// No file was sent yet.
    file_fault: Option<String>,
}

#[derive(Template)]
#[template(path = "tipoff-files.html")]
struct FilesPage {
    frame: Frame,
    /// The code of the tip-off, once it is known to be one.
    code: String,
    /// What was typed in place of one.
    typed: String,
    /// What is wrong with the code.
    fault: Option<String>,
    /// What is wrong with the files.
    file_fault: Option<String>,
    /// How many files the tip-off has, when some were taken just now.
    taken: Option<String>,
}

struct Progress {
    stage: String,
    outcome: Option<String>,
    answer: Option<String>,
    /// Whether files may still be added.
    is_open: bool,
}

/// The form, what is wrong with it, or the query code of what was submitted.
pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry, posted: Option<&TipoffForm>) -> Result<Made, Fault> {
    let mut sent = posted.cloned().unwrap_or_default();
    if !submit::is_form(inquiry.gateway(), &sent.form) {
        sent.form = submit::new_form(inquiry.gateway());
    }
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
        Ok(code) => page(&DonePage { frame: form.frame, code, file_fault: None }, State::Shown),
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
    Ok(Wanted { uscc, field, conduct: posted.conduct.clone(), reporter, form: Some(posted.form.clone()) })
}

/// How far a tip-off has come.
pub(in crate::portal) fn progress(frame: Frame, inquiry: &Inquiry, code: Option<&str>) -> Result<Made, Fault> {
    let mut shown = ProgressPage {
        frame,
        fault: None,
        progress: None,
        code: String::new(),
        typed: String::new(),
        file_fault: None,
    };
    let Some(code) = code else { return page(&shown, State::Shown) };
    let Some(found) = submit::progress(inquiry, code)? else {
        shown.fault = Some(shown.frame.text("tipoff-no-such-code"));
        code.clone_into(&mut shown.typed);
        return page(&shown, State::NotMeant);
    };
    let frame = &shown.frame;
    let progress = Progress {
        stage: frame.text(&format!("tipoff-stage-{}", found.row.stage.name())),
        outcome: found.row.outcome.map(|outcome| frame.text(&format!("tipoff-outcome-{}", outcome.name()))),
        answer: found.answer,
        is_open: found.row.stage != TipoffStage::Answered,
    };
    (shown.progress, shown.code) = (Some(progress), code.to_owned());
    page(&shown, State::Shown)
}

/// Adds files to a tip-off: all that were sent, or none of them.
pub(in crate::portal) fn files(frame: Frame, inquiry: &Inquiry, sent: Option<&TipoffFiles>) -> Result<Made, Fault> {
    let mut shown =
        FilesPage { frame, code: String::new(), typed: String::new(), fault: None, file_fault: None, taken: None };
    let Some(sent) = sent else { return page(&shown, State::Shown) };
    inquiry.tally(|tally| tally.flags.insert("TIPOFF"));
    let files: Vec<&[u8]> = sent.files.iter().map(|file| file.bytes.as_slice()).collect();
    if files.is_empty() {
        shown.code.clone_from(&sent.code.0);
        shown.file_fault = Some(shown.frame.text("tipoff-files-none"));
        return page(&shown, State::NotMeant);
    }
    let name = match attachment::attach_all(inquiry.gateway(), &sent.code.0, &files)? {
        Ok(number) => {
            shown.code.clone_from(&sent.code.0);
            shown.taken = Some(shown.frame.count("tipoff-files-taken", &number));
            return page(&shown, State::Shown);
        }
        Err(NotTaken::NoTipoff) => {
            shown.fault = Some(shown.frame.text("tipoff-files-no-tipoff"));
            shown.typed.clone_from(&sent.code.0);
            return page(&shown, State::NotMeant);
        }
        Err(NotTaken::Kind) => "tipoff-files-kind",
        Err(NotTaken::TooLarge) => "tipoff-files-large",
        Err(NotTaken::TooMany) => "tipoff-files-many",
    };
    shown.code.clone_from(&sent.code.0);
    shown.file_fault = Some(shown.frame.text(name));
    page(&shown, State::NotMeant)
}
