//! `/desk/applications/objection`, `/desk/applications/repair`: a subject says that a record is wrong, or that it has put
//! things right.

use strum::IntoEnumIterator as _;

use crate::domain::PaperKind;
use crate::exchange::application::repair::{Paper, Wanted};
use crate::exchange::application::{self, ApplicationView};
use crate::exchange::authorization::InputProblem;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::node_id::NodeRef;
use crate::exchange::record;
use crate::portal::card::Card;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Choice, Field, Form, Sheet};
use crate::portal::visit::{DeskPage, Sent};

/// The papers of one application: how the fields of each are named.
const PAPERS: [(&str, &str); 3] = [("kind-1", "file-1"), ("kind-2", "file-2"), ("kind-3", "file-3")];
/// The kinds that stand in the form at first: those that every application needs.
const FIRST_KINDS: [PaperKind; 3] = [PaperKind::PerformanceProof, PaperKind::Commitment, PaperKind::Other];

/// Objects to a record of one's own.
pub(in super::super) fn objection(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("objection-title"), frame.text("objection-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let mut faults = Faults::default();
    if sheet.frame.is_posted {
        match application::objection::file(inquiry, sent.get("record"), sent.get("reason"))? {
            Ok(view) => return filed(sheet, inquiry, &view),
            Err(problems) => faults = sheet.problems(&problems, &["reason"]),
        }
    }
    about(&mut sheet, inquiry, sent)?;
    let frame = &sheet.frame;
    let form = Form::new(DeskPage::Objection.pattern(), frame.text("objection-button"))
        .hidden("record", sent.get("record"))
        .field(
            Field::lines("reason", frame.text("objection-reason"), 2_000)
                .required()
                .help(frame.text("objection-reason-help"))
                .sent(sent, &faults),
        );
    sheet.form(form);
    sheet.made()
}

/// Applies for the repair of a record of one's own. Of the papers name and SHA-256 are kept; the papers go to the department.
pub(in super::super) fn repair(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("repair-title"), frame.text("repair-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let mut faults = Faults::default();
    if sheet.frame.is_posted {
        match apply(inquiry, sent)? {
            Ok(view) => return filed(sheet, inquiry, &view),
            Err(problems) => {
                let at_papers = problems.iter().any(|problem| problem.code == "PAPERS");
                faults = sheet.problems(&problems, &["commitment"]);
                if at_papers {
                    faults.add("file-1", sheet.frame.text("repair-papers-again"));
                }
            }
        }
    }
    about(&mut sheet, inquiry, sent)?;
    let form = papers_form(&sheet.frame, (sent, &faults));
    sheet.form(form);
    sheet.made()
}

fn papers_form(frame: &Frame, (sent, faults): (&Sent, &Faults)) -> Form {
    let mut form =
        Form::new(DeskPage::Repair.pattern(), frame.text("repair-button")).hidden("record", sent.get("record")).field(
            Field::lines("commitment", frame.text("repair-commitment"), 2_000)
                .required()
                .help(frame.text("repair-commitment-help"))
                .sent(sent, faults),
        );
    for (((kind, file), first), number) in PAPERS.into_iter().zip(FIRST_KINDS).zip(1i64..) {
        let kinds = PaperKind::iter().map(|of| Choice {
            is_chosen: sent.find(kind).map_or(of == first, |chosen| chosen == of.name()),
            ..Choice::new(of.name(), frame.word("paper", of.name()))
        });
        let chosen = kinds.collect();
        form = form.field(Field::one(kind, frame.texts.with("repair-paper-kind", "number", number), chosen));
        let paper = Field::file(file, frame.texts.with("repair-paper", "number", number), ".pdf,.jpg,.jpeg,.png");
        form = form.field(paper.help(frame.text("repair-paper-help")).sent(sent, faults));
    }
    form
}

fn apply(inquiry: &Inquiry, sent: &Sent) -> Result<Result<ApplicationView, Vec<InputProblem>>, Fault> {
    let paper = |(kind, file): &(&str, &str)| {
        let file = sent.file(file)?;
        let kind = sent.get(kind).parse().unwrap_or(PaperKind::Other);
        Some(Paper { kind, name: file.name.clone(), sha256: file.digest() })
    };
    let papers = PAPERS.iter().filter_map(paper).collect();
    let (record, commitment) = (sent.get("record").to_owned(), sent.get("commitment").to_owned());
    application::repair::apply(inquiry, &Wanted { record, commitment, papers })
}

/// The record that it is about, as the subject sees it.
fn about(sheet: &mut Sheet, inquiry: &Inquiry, sent: &Sent) -> Result<(), Fault> {
    let Some(NodeRef::Record(id)) = inquiry.gateway().node_ids.decode(sent.get("record")) else {
        let text = sheet.frame.text("application-how");
        sheet.push(Block::Link(sheet.frame.link(DeskPage::Records.pattern()), text));
        return Ok(());
    };
    if let Some(view) = record::by_id(inquiry, id)? {
        let card = Card::of(&sheet.frame, inquiry, &view)?;
        sheet.push(Block::Cards(vec![card]));
    }
    Ok(())
}

fn filed(mut sheet: Sheet, inquiry: &Inquiry, view: &ApplicationView) -> Result<Made, Fault> {
    let id = inquiry.node_id(NodeRef::Application(view.row().id));
    sheet.done("application-done");
    let (href, text) = (sheet.frame.link(&DeskPage::Application.of(&id)), sheet.frame.text("application-progress"));
    sheet.push(Block::Link(href, text));
    sheet.made()
}
