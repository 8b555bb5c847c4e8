//! A page of a desk, put together of blocks: forms, tables, facts, records, the steps of a case.
//!
//! Every block is rendered by one template, so what holds of one page (labels, faults beside their fields, headings in
//! order) holds of all.

pub(super) mod form;
pub(super) mod proof;
pub(super) mod table;

use askama::Template;

use form::Kind;
pub(super) use form::{Choice, Field, Form};
pub(super) use proof::ProofDrawing;
pub(super) use table::{Cell, Table};

use super::card::Card;
use super::faults::Faults;
use super::frame::Frame;
use super::made::{Made, State, page};
use crate::exchange::authorization::InputProblem;
use crate::exchange::fault::Fault;

/// A page of a desk.
#[derive(Template)]
#[template(path = "desk.html")]
pub(super) struct Sheet {
    pub(super) frame: Frame,
    title: String,
    lead: String,
    blocks: Vec<Block>,
    has_faults: bool,
}

/// A part of a page.
pub(super) enum Block {
    /// A heading of the second rank.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// That something was done, or why not.
    Told(String, bool),
    /// Something to fill in.
    Form(Form),
    /// Rows.
    Table(Table),
    /// Names and values.
    Facts(Vec<(String, Cell)>),
    /// Records.
    Cards(Vec<Card>),
    /// What happened, or will: in order.
    Steps(Vec<Step>),
    /// A proof, drawn.
    Proof(ProofDrawing),
    /// How far something is: so many of so many, 0 while that is not known.
    Progress {
        /// Done.
        done: u64,
        /// Of all.
        total: u64,
        /// What it is.
        text: String,
        /// Where it is asked for while the page stands open.
        place: String,
    },
    /// That something new has come, said when it does.
    News,
    /// Text as it stands.
    Verbatim(String),
    /// Ways on: address, title, what is there.
    Doors(Vec<(String, String, String)>),
    /// One way on.
    Link(String, String),
    /// A file: its address, its name, what it is.
    Download(String, String, String),
}

/// A step of a case.
pub(super) struct Step {
    /// When, or by when.
    pub(super) time: String,
    /// What.
    pub(super) title: String,
    /// By whom, why: names and values.
    pub(super) facts: Vec<(String, Cell)>,
    /// `done`, `open` or `late`.
    pub(super) state: &'static str,
    /// The state in words.
    pub(super) word: String,
}

impl Sheet {
    /// A page with a title and what it is for.
    pub(super) fn new(frame: Frame, title: String, lead: String) -> Self {
        Self { frame, title, lead, blocks: Vec::new(), has_faults: false }
    }

    /// One block more.
    pub(super) fn push(&mut self, mut block: Block) {
        if let Block::Facts(facts) = &mut block {
            // What is not known of a thing is not told of as nothing.
            facts.retain(|(_, cell)| !cell.text.is_empty());
        }
        self.blocks.push(block);
    }

    /// A heading of this name.
    pub(super) fn heading(&mut self, name: &str) {
        let text = self.frame.text(name);
        self.push(Block::Heading(text));
    }

    /// A paragraph of this name.
    pub(super) fn say(&mut self, name: &str) {
        let text = self.frame.text(name);
        self.push(Block::Text(text));
    }

    /// That something was done.
    pub(super) fn done(&mut self, name: &str) {
        let text = self.frame.text(name);
        self.push(Block::Told(text, true));
    }

    /// That what was posted cannot be meant, and why, where no field of the page is at fault.
    pub(super) fn refuse(&mut self, text: String) {
        self.has_faults = true;
        self.push(Block::Told(text, false));
    }

    fn says(&self, text: &str) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Told(said, false) if said == text))
    }

    /// What is wrong with what was posted: at the fields named, or for what has none in a line of its own.
    pub(super) fn problems(&mut self, problems: &[InputProblem], fields: &[&str]) -> Faults {
        let mut faults = Faults::default();
        for problem in problems {
            let text = self.frame.problem(problem.code);
            match problem.path.iter().rev().find(|part| fields.contains(&part.as_str())) {
                Some(field) => faults.add(field, text),
                // The same of several things is said once.
                None if self.says(&text) => {}
                None => self.refuse(text),
            }
        }
        self.has_faults |= !problems.is_empty();
        faults
    }

    /// A form, with a fault in it perhaps.
    pub(super) fn form(&mut self, form: Form) {
        self.has_faults |= form.has_faults();
        self.push(Block::Form(form));
    }

    /// The way to the next page of a list.
    pub(super) fn next(&mut self, address: Option<String>) {
        if let Some(address) = address {
            let (href, text) = (self.frame.link(&address), self.frame.text("list-next"));
            self.push(Block::Link(href, text));
        }
    }

    /// Whether something is said while the page stands open.
    fn is_live(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Progress { .. } | Block::News))
    }

    /// The page.
    pub(super) fn made(self) -> Result<Made, Fault> {
        let state = if self.has_faults { State::NotMeant } else { State::Shown };
        page(&self, state)
    }
}
