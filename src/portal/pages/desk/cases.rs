//! What the pages of cases have in common: whom a case is about, by when, and what was done so far.

use crate::access::Concern;
use crate::domain::{Date, Role, SubjectId};
use crate::exchange::case::{self, CaseStep};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::subject as subjects;
use crate::portal::card::SubjectLink;
use crate::portal::frame::Frame;
use crate::portal::sheet::{Cell, Step};

/// A subject by its name, which leads to its page; as far as the caller may know of it.
pub(super) fn subject(frame: &Frame, inquiry: &Inquiry, id: SubjectId) -> Result<Cell, Fault> {
    let Some(view) = subjects::by_id(inquiry, id)? else { return Ok(frame.text("subject-unnamed").into()) };
    let link = SubjectLink::of(frame, inquiry, &view)?;
    Ok(Cell { href: link.href, ..Cell::recorded(link.name) })
}

/// A day by which something has to be done, with the working days that are left.
pub(super) fn due(frame: &Frame, inquiry: &Inquiry, due_on: Option<Date>) -> Cell {
    let Some(due_on) = due_on else { return Cell::default() };
    let left = i64::from(case::working_days_left(inquiry, due_on));
    if left < 0 {
        return Cell::marked(format!("{due_on} · {}", frame.count("due-late", &-left)), "dishonest");
    }
    let text = format!("{due_on} · {}", frame.count("due-left", &left));
    if left <= 1 { Cell::marked(text, "notice") } else { text.into() }
}

/// The steps that were taken.
pub(super) fn steps(
    frame: &Frame,
    inquiry: &Inquiry,
    (steps, concern): (&[CaseStep], Concern),
) -> Result<Vec<Step>, Fault> {
    steps.iter().map(|step| taken(frame, inquiry, (step, concern))).collect()
}

fn taken(frame: &Frame, inquiry: &Inquiry, (step, concern): (&CaseStep, Concern)) -> Result<Step, Fault> {
    let who = match (&step.department, step.role) {
        (Some(id), _) => frame.department(inquiry, id),
        (None, Some(role)) => frame.word("role", role.name()),
        // The last day of an action was over.
        (None, None) => frame.text("step-of-itself"),
    };
    let mut facts = vec![(frame.text("step-by"), Cell::from(who))];
    if let Some(due_on) = step.due_on {
        facts.push((frame.text("step-due"), due_on.to_string().into()));
    }
    for name in ["reason", "report", "statement", "notice", "papers"] {
        if let Some(text) = case::text(inquiry, step, name, concern)? {
            facts.push((frame.word("step-text", name), Cell::recorded(text)));
        }
    }
    facts.push((frame.text("receipt-index"), step.entry.into()));
    let state = if step.is_late() { "late" } else { "done" };
    Ok(Step {
        time: step.at.clock_in_shanghai(),
        title: frame.word("step", step.step.name()),
        facts,
        state,
        word: frame.word("step-state", state),
    })
}

/// Whether the caller works with cases as an official.
pub(super) fn is_official(inquiry: &Inquiry) -> bool {
    matches!(inquiry.caller().role(), Role::Department | Role::Coordinator)
}
