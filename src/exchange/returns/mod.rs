//! The monthly returns (月报) of the joint work, computed and never typed in: what each department carried out, by the 10th, and what
//! became of what each department initiated, by the 15th. Small counts about natural persons are not told.

pub mod execution;
pub mod file;
pub mod initiator;
pub mod quality;

use serde_json::Value;

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::joint_action::{AssignmentRow, JointActionRow, history};
use crate::access::CaseAction;
use crate::access::Concern;
use crate::domain::joint_action::JointAction;
use crate::domain::{AssignmentAnswer, Date, Instant, SubjectCategory};
use crate::store;
use crate::store::case_step::CaseStep;
use crate::store::joint_action::{Narrowing, Which};

/// How many joint actions are read at a time.
const CHUNK: i64 = 500;

/// A calendar month in Shanghai.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    first: Date,
}

impl Month {
    /// Reads `2026-10`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_month = text.len() == 7;
        // What is no date is no month.
        is_month.then(|| format!("{text}-01").parse().ok()).flatten().map(|first| Self { first })
    }

    /// Its first day.
    pub fn first(self) -> Date {
        self.first
    }

    /// Its last day.
    pub fn last(self) -> Date {
        self.first.last_of_month()
    }

    /// Its first instant.
    fn start(self) -> Instant {
        Instant::start_of(self.first)
    }

    /// The first instant after it.
    fn end(self) -> Instant {
        Instant::end_of(self.last())
    }

    /// Whether an instant lies in it.
    fn holds(self, at: Instant) -> bool {
        (self.start()..self.end()).contains(&at)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

/// A month, or what to tell the caller.
pub fn month(text: &str) -> Result<Month, Fault> {
    Month::parse(text).ok_or_else(|| Fault::BadInput("`month` is a month such as 2026-10".to_owned()))
}

/// A joint action with all that a return counts of it.
struct Material {
    row: JointActionRow,
    assignments: Vec<AssignmentRow>,
    steps: Vec<CaseStep>,
    is_about_a_person: bool,
}

impl Material {
    /// How the action stood just before an instant; `None` before it was initiated.
    fn at(&self, end: Instant) -> Result<Option<JointAction>, Fault> {
        history::at(&self.steps, &self.assignments, self.row.ends_on, end)
    }
}

/// The joint actions that the return of a month is made of: those that were going on in it.
fn materials(inquiry: &Inquiry, which: &Which, month: Month) -> Result<Vec<Material>, Fault> {
    let registry = &inquiry.gateway().registry;
    let concern = Concern { initiator: true, implementer: true, ..Concern::default() };
    if inquiry.permit().case(CaseAction::View, concern).is_none() {
        return Err(Fault::Forbidden);
    }
    // What had its last day on the eve of the month has ended in it.
    let eve = month.first().saturating_sub(jiff::Span::new().days(1));
    let narrowing = Narrowing { during: Some((eve, month.last())), ..Narrowing::default() };
    let (mut materials, mut below) = (Vec::new(), None);
    loop {
        let rows =
            registry.read(|connection| store::joint_action::list(connection, which, &narrowing, below, CHUNK))?;
        let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < CHUNK;
        below = rows.last().map(|row| row.entry);
        for row in rows {
            let read = registry.read(|connection| {
                let assignments = store::assignment::of_action(connection, row.id)?;
                let steps = store::case_step::of_case(connection, row.id)?;
                Ok((assignments, steps, store::subject::find(connection, row.subject)?))
            })?;
            let (assignments, steps, subject) = read;
            let category = subject.map(|subject| subject.category);
            let is_about_a_person = category == Some(SubjectCategory::NaturalPerson);
            materials.push(Material { row, assignments, steps, is_about_a_person });
        }
        if is_last {
            inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(materials.len() as u64));
            return Ok(materials);
        }
    }
}

/// Below how many a count about natural persons is not told.
fn small_count(inquiry: &Inquiry) -> u32 {
    inquiry.gateway().rules.packs.in_force(inquiry.today()).small_count_below
}

/// Whether any count is smaller than may be told of natural persons, and not nothing.
fn is_small(counts: &[u32], below: u32) -> bool {
    counts.iter().any(|count| (1..below).contains(count))
}

/// What an answer decided.
fn answer(step: &CaseStep) -> Result<AssignmentAnswer, Fault> {
    let answer = facts(step)?.get("answer").cloned().unwrap_or_default();
    serde_json::from_value(answer).map_err(|_| unreadable(step))
}

/// What a report said was concerned, in hundredths of a yuan; nothing when it said none.
fn amount(step: &CaseStep) -> Result<u64, Fault> {
    match facts(step)?.get("amountYuan") {
        None | Some(Value::Null) => Ok(0),
        Some(text) => text.as_str().and_then(cents).ok_or_else(|| unreadable(step)),
    }
}

fn facts(step: &CaseStep) -> Result<Value, Fault> {
    serde_json::from_str(&step.facts).map_err(|_| unreadable(step))
}

fn unreadable(step: &CaseStep) -> Fault {
    Fault::Corrupt(format!("facts of step {} of the case {}", step.number, step.case))
}

/// Yuan as hundredths, out of `1250000.5`.
fn cents(text: &str) -> Option<u64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    // What is no number is no amount.
    let number = |text: &str| text.parse::<u64>().ok();
    let rest = format!("{rest:0<2}");
    Some(number(whole)?.saturating_mul(100).saturating_add(number(rest.get(..2)?)?))
}

/// Hundredths of a yuan as a decimal number of yuan.
pub fn yuan(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_four_digits_a_hyphen_and_two() {
        let month = Month::parse("2026-02").unwrap();
        assert_eq!((month.to_string().as_str(), month.last().to_string().as_str()), ("2026-02", "2026-02-28"));
        for other in ["2026-13", "2026-2", "2026-02-01", "", "２０２６-02", "26-0002"] {
            assert_eq!(Month::parse(other), None, "{other}");
        }
        assert!(month.holds(Instant::start_of("2026-02-01".parse().unwrap())));
        assert!(!month.holds(Instant::start_of("2026-03-01".parse().unwrap())));
    }

    #[test]
    fn amounts_add_up_to_the_fen() {
        for (text, sum) in [("0", "0.00"), ("7", "7.00"), ("7.5", "7.50"), ("1250000.05", "1250000.05")] {
            assert_eq!(cents(text).map(yuan).as_deref(), Some(sum));
        }
        for text in ["", "x", "1.x", "-1"] {
            assert_eq!(cents(text), None, "{text}");
        }
    }
}
