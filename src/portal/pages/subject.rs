//! `/subjects/{uscc}`: a subject in the chapters of the national credit report (公共信用信息报告标准, 2022 edition).

use std::sync::Arc;

use askama::Template;

use crate::catalogue::{CATEGORIES, Item};
use crate::domain::identifier::Uscc;
use crate::domain::text::clean;
use crate::exchange::application;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record::Selection;
use crate::exchange::subject::{self, SubjectView};
use crate::portal::card::{Card, annotation};
use crate::portal::frame::Frame;
use crate::portal::made::{Made, Refused, State, page, refusal};
use crate::portal::visit::Place;

/// Records of each item on the page of a subject.
const FIRST: usize = 5;

/// The chapters that stand there even when nothing is in them.
const ALWAYS: [&str; 6] =
    ["BASIC", "ADMINISTRATIVE", "HONEST", "SERIOUS_DISHONEST", "ABNORMAL_OPERATION", "COMMITMENT"];

#[derive(Template)]
#[template(path = "subject.html")]
struct SubjectPage {
    frame: Frame,
    report: SubjectReport,
    report_link: String,
}

/// A subject, as far as the caller may know of it.
#[derive(Debug)]
pub(super) struct SubjectReport {
    pub(super) name: String,
    pub(super) code: String,
    pub(super) category: String,
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) annotations: Vec<String>,
    pub(super) chapters: Vec<Chapter>,
}

/// A chapter of the report.
#[derive(Debug)]
pub(super) struct Chapter {
    pub(super) code: &'static str,
    pub(super) title: String,
    pub(super) total: i64,
    pub(super) sections: Vec<Section>,
}

/// The records of one item.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) total: i64,
    pub(super) cards: Vec<Card>,
    /// How many those are.
    pub(super) shown: i64,
    /// Where all of them stand, when they are more than these.
    pub(super) all: Option<String>,
}

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry, code: &str) -> Result<Made, Fault> {
    let Some((subject, uscc)) = find(inquiry, code)? else { return Ok(nobody(&frame, inquiry)) };
    let report = report(&frame, inquiry, (&subject, &uscc), FIRST)?;
    let report_link = frame.link(&Place::Report(uscc).address());
    page(&SubjectPage { frame, report, report_link }, State::Shown)
}

/// The subject of a code, if it exists for the caller, and the code as it is written.
pub(super) fn find(inquiry: &Inquiry, code: &str) -> Result<Option<(SubjectView, String)>, Fault> {
    let Ok(uscc) = Uscc::parse(&clean(code)) else { return Ok(None) };
    Ok(subject::by_uscc(inquiry, &uscc)?.map(|view| (view, uscc.as_str().to_owned())))
}

/// The same for a code that is none, one that is unknown and one that is not to be known.
pub(in crate::portal) fn nobody(frame: &Frame, inquiry: &Inquiry) -> Made {
    Made { html: refusal(frame.language, Refused::NotFound, inquiry.now()), state: State::NotFound }
}

/// A subject's report, with so many records of each item.
pub(super) fn report(
    frame: &Frame,
    inquiry: &Inquiry,
    (subject, code): (&SubjectView, &str),
    first: usize,
) -> Result<SubjectReport, Fault> {
    let counts = subject.counts(inquiry)?;
    let mut chapters = Vec::new();
    for chapter in CATEGORIES {
        let of_chapter: Vec<_> = counts.iter().filter(|(item, _)| item.category == chapter).collect();
        if of_chapter.is_empty() && !ALWAYS.contains(&chapter) {
            continue;
        }
        let mut sections = Vec::new();
        for (item, total) in of_chapter {
            sections.push(section(frame, inquiry, (subject, code), (item, *total), first)?);
        }
        let total = sections.iter().map(|section| section.total).sum();
        let title = frame.text(&format!("chapter-{chapter}"));
        chapters.push(Chapter { code: chapter, title, total, sections });
    }
    let has = |chapter: &str| chapters.iter().any(|found| found.code == chapter && found.total > 0);
    let mut labels = Vec::new();
    if has("HONEST") {
        labels.push(("honest", frame.text("label-honest")));
    }
    if has("SERIOUS_DISHONEST") {
        labels.push(("dishonest", frame.text("label-dishonest")));
    }
    let mut annotations: Vec<String> = Vec::new();
    for record in subject.annotated(inquiry) {
        for kind in application::annotations(inquiry, record)? {
            let text = annotation(frame, kind);
            if !annotations.contains(&text) {
                annotations.push(text);
            }
        }
    }
    Ok(SubjectReport {
        name: subject.name(inquiry)?.unwrap_or_else(|| frame.text("subject-unnamed")),
        code: code.to_owned(),
        category: frame.text(&format!("category-{}", subject.category().name())),
        labels,
        annotations,
        chapters,
    })
}

fn section(
    frame: &Frame,
    inquiry: &Inquiry,
    (subject, code): (&SubjectView, &str),
    (item, total): (&Arc<Item>, i64),
    first: usize,
) -> Result<Section, Fault> {
    let selection = Selection { subject: Some(subject.id()), item: Some(item.code.clone()), ..Selection::default() };
    let found = subject.records(inquiry, &selection, None, first)?;
    let cards = found.records.iter().map(|view| Card::of(frame, inquiry, view)).collect::<Result<Vec<_>, _>>()?;
    let shown = i64::try_from(cards.len()).unwrap_or(i64::MAX);
    let all = || frame.link(&Place::Records(code.to_owned(), item.code.to_string(), None).address());
    Ok(Section { title: frame.of(&item.title).to_owned(), total, cards, shown, all: found.has_next.then(all) })
}
