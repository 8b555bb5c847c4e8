//! `/search`: organisations by code or by a part of their name: candidates with their codes, never one merged subject.

use askama::Template;

use crate::domain::identifier::Uscc;
use crate::domain::text::{clean, normalise_name};
use crate::exchange::candidate::{self, CHARACTERS_MAX, CHARACTERS_MIN};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::subject;
use crate::portal::card::SubjectLink;
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};
use crate::portal::visit::{Place, Search};

/// Candidates on a page.
const FIRST: usize = 20;

#[derive(Template)]
#[template(path = "search.html")]
struct Results {
    frame: Frame,
    sent: String,
    /// What cannot be meant of what was sent.
    fault: Option<String>,
    candidates: Vec<Candidate>,
    /// Whether this is not the first page.
    is_later: bool,
    next: Option<String>,
}

struct Candidate {
    link: SubjectLink,
    category: String,
}

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry, search: &Search) -> Result<Made, Fault> {
    let is_later = search.after.is_some();
    let mut results =
        Results { frame, sent: search.text.clone(), fault: None, candidates: Vec::new(), is_later, next: None };
    results.fault = fault_of(&results.frame, &search.text);
    if results.fault.is_some() {
        return page(&results, State::NotMeant);
    }
    if let Ok(uscc) = Uscc::parse(&clean(&search.text)) {
        let found = subject::by_uscc(inquiry, &uscc)?;
        results.candidates.extend(found.map(|subject| of(&results.frame, inquiry, &subject)).transpose()?);
        return page(&results, State::Shown);
    }
    let found = candidate::candidates(inquiry, &search.text, search.after.as_deref(), FIRST)?;
    for (subject, _) in &found.subjects {
        results.candidates.push(of(&results.frame, inquiry, subject)?);
    }
    let last = found.subjects.last().filter(|_| found.has_next).map(|(_, cursor)| cursor.clone());
    results.next = last.map(|after| {
        let next = Place::Search(Search { text: search.text.clone(), after: Some(after) });
        results.frame.link(&next.address())
    });
    page(&results, State::Shown)
}

/// The text for what cannot be searched for.
fn fault_of(frame: &Frame, text: &str) -> Option<String> {
    let text = clean(text);
    let length = normalise_name(&text).chars().count();
    // Eighteen characters that end a code or a citizen number, and are no code: of persons nobody is found here.
    let looks_like_code = length == 18 && text.chars().all(|character| character.is_ascii_alphanumeric());
    if looks_like_code && Uscc::parse(&text).is_err() {
        Some(frame.text("search-wrong-code"))
    } else if length < CHARACTERS_MIN {
        Some(frame.text("search-too-short"))
    } else if length > CHARACTERS_MAX {
        Some(frame.text("search-too-long"))
    } else {
        None
    }
}

fn of(frame: &Frame, inquiry: &Inquiry, subject: &subject::SubjectView) -> Result<Candidate, Fault> {
    let category = frame.text(&format!("category-{}", subject.category().name()));
    Ok(Candidate { link: SubjectLink::of(frame, inquiry, subject)?, category })
}
