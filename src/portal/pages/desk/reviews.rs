//! `/desk/reviews`: queries that are to be reviewed (查询审查), with what a reviewer says. `/desk/findings`: what in the register
//! deserves a look (异常查询).

use strum::IntoEnumIterator as _;

use super::{FIRST, cases, coverage};
use crate::domain::DepartmentId;
use crate::exchange::audit::{self, Entry};
use crate::exchange::fault::Fault;
use crate::exchange::findings;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::review::{self, Review, ReviewState};
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Table};
use crate::portal::visit::{DeskPage, Sent};

/// Entries that are shown of a finding.
const NAMED: usize = 5;

pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-reviews"), frame.text("desk-reviews-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let mut faults = Faults::default();
    if sheet.frame.is_posted {
        let verdict = sent.get("verdict").parse::<ReviewState>().ok().filter(|state| *state != ReviewState::Awaiting);
        if let Some(verdict) = verdict {
            let is_justified = verdict == ReviewState::Justified;
            match review::judge(inquiry, sent.get("index"), is_justified, sent.get("reason"))? {
                Ok(_) => sheet.done("review-done"),
                Err(problems) => faults = sheet.problems(&problems, &["reason"]),
            }
        } else {
            faults.add("verdict", sheet.frame.text("choose-one"));
        }
    }
    let department = DepartmentId::parse(sent.get("department"));
    // What awaits review comes first: it is why one is here.
    let state = sent.find("state").map_or(Some(ReviewState::Awaiting), |state| state.parse().ok());
    let is_late = sent.find("overdue").is_some();
    let after = sent.find("after");
    let counts = review::counts(inquiry, department.as_ref())?;
    let found = review::list(inquiry, (department.as_ref(), state, is_late), after, FIRST)?;
    let number = |number: u64| Cell::from(number);
    let facts = [
        ("review-awaiting", number(counts.awaiting)),
        ("review-overdue", number(counts.overdue)),
        ("review-justified", number(counts.justified)),
        ("review-unjustified", number(counts.unjustified)),
    ];
    let facts = facts.map(|(name, cell)| (sheet.frame.text(name), cell)).to_vec();
    sheet.push(Block::Facts(facts));
    let filter = filter(&sheet.frame, inquiry, sent);
    sheet.form(filter);
    if found.reviews.is_empty() {
        sheet.say("list-nothing");
    }
    for (review, entry, _) in &found.reviews {
        one(&mut sheet, inquiry, (review, entry), (sent, &faults))?;
    }
    let last = found.reviews.last().filter(|_| found.has_next);
    let next = last.map(|(_, _, cursor)| {
        let kept = ["department", "state", "overdue"].map(|name| (name, sent.get(name)));
        DeskPage::Reviews.address(&[&kept[..], &[("after", cursor.as_str())]].concat())
    });
    sheet.next(next);
    sheet.made()
}

fn filter(frame: &Frame, inquiry: &Inquiry, sent: &Sent) -> Form {
    let none = Faults::default();
    let states = ReviewState::iter().map(|state| {
        let name: &str = state.into();
        Choice::new(name, frame.word("review", name))
    });
    let late = Choice::any_of(frame, std::iter::once(Choice::new("1", frame.text("filter-late"))));
    let form = Form::asking(DeskPage::Reviews.pattern(), frame.text("filter-button"))
        .field(Field::one("state", frame.text("case-stage"), states.collect()).sent(sent, &none))
        .field(Field::one("overdue", frame.text("case-due"), late).sent(sent, &none));
    coverage::departments(form, frame, inquiry, (sent, &none))
}

/// One query, and the form in which a reviewer says what it was.
fn one(
    sheet: &mut Sheet,
    inquiry: &Inquiry,
    (review, entry): (&Review, &Entry),
    (sent, faults): (&Sent, &Faults),
) -> Result<(), Fault> {
    let frame = &sheet.frame;
    let reasons: Vec<String> = review
        .reasons
        .iter()
        .map(|reason| {
            let name: &str = reason.into();
            frame.word("review-reason", name)
        })
        .collect();
    let leaf = &entry.leaf;
    let consumer = leaf.consumer.as_deref().unwrap_or_default();
    let who = DepartmentId::parse(consumer).map_or_else(|| consumer.to_owned(), |id| frame.department(inquiry, &id));
    let state: &str = review.state.into();
    let items: Vec<String> = leaf.items.iter().map(|code| frame.item(inquiry, code)).collect();
    let mut facts = vec![
        (frame.text("access-time"), leaf.time().clock_in_shanghai().into()),
        (frame.text("access-who"), who.into()),
        (frame.text("review-actor"), audit::opened(inquiry, entry, "actor")?.unwrap_or_default().into()),
        (
            frame.text("access-purpose"),
            leaf.purpose.as_deref().map(|code| frame.purpose(inquiry, code)).unwrap_or_default().into(),
        ),
        (frame.text("query-case"), audit::case(inquiry, entry)?.unwrap_or_default().into()),
        (frame.text("access-items"), items.join(&frame.text("separator")).into()),
        (frame.text("ledger-rows"), leaf.rows.into()),
        (frame.text("review-why"), reasons.join(&frame.text("separator")).into()),
        (frame.text("case-due"), cases::due(frame, inquiry, Some(review.due_on))),
        (frame.text("case-stage"), frame.word("review", state).into()),
    ];
    if let Some((_, at, comment)) = &review.reviewed {
        facts.push((frame.text("review-at"), at.clock_in_shanghai().into()));
        facts.push((frame.text("step-text-reason"), Cell::recorded(comment.clone())));
    }
    let heading = frame.texts.with("ledger-entry", "index", entry.index.to_string());
    sheet.push(Block::Heading(heading.clone()));
    sheet.push(Block::Facts(facts));
    if review.state == ReviewState::Awaiting {
        let index = entry.index.to_string();
        let (kept, none) = (sent, (Sent::default(), Faults::default()));
        let (sent, faults) = if sent.get("index") == index { (sent, faults) } else { (&none.0, &none.1) };
        let verdicts = [ReviewState::Justified, ReviewState::Unjustified].map(|state| {
            let name: &str = state.into();
            Choice::new(name, sheet.frame.word("review", name))
        });
        let form = Form::new(DeskPage::Reviews.pattern(), sheet.frame.text("review-button"))
            .among(format!("review-{index}"), heading)
            .hidden("index", &index)
            .hidden("after", kept.get("after"))
            .hidden("department", kept.get("department"))
            .hidden("state", kept.get("state"))
            .hidden("overdue", kept.get("overdue"))
            .field(
                Field::one("verdict", sheet.frame.text("review-verdict"), verdicts.to_vec())
                    .chosen(&sheet.frame)
                    .sent(sent, faults),
            )
            .field(Field::line("reason", sheet.frame.text("step-text-reason"), 500).required().sent(sent, faults));
        sheet.form(form);
    }
    Ok(())
}

/// What deserves a look.
pub(super) fn found(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-findings"), frame.text("desk-findings-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let (period, mut faults) = coverage::period(&sheet.frame, inquiry, sent);
    let is_long = period
        .is_some_and(|(from, to)| from > to || from.saturating_add(jiff::Span::new().days(findings::DAYS_MAX)) <= to);
    if is_long {
        faults.add("to", sheet.frame.text("findings-period"));
    }
    let form = coverage::asking(&sheet.frame, inquiry, DeskPage::Findings, (sent, &faults));
    sheet.form(form);
    let Some(period) = period.filter(|_| !is_long) else { return sheet.made() };
    let department = DepartmentId::parse(sent.get("department"));
    let found = match findings::of(inquiry, department.as_ref(), period) {
        Err(Fault::BadInput(_)) => {
            let text = sheet.frame.text("filter-too-much");
            sheet.refuse(text);
            return sheet.made();
        }
        found => found?,
    };
    if found.is_empty() {
        sheet.say("findings-nothing");
    }
    for finding in &found {
        let frame = &sheet.frame;
        let department = DepartmentId::parse(&finding.department)
            .map_or_else(|| finding.department.clone(), |id| frame.department(inquiry, &id));
        let mut facts = vec![
            (frame.text("access-who"), Cell::from(department)),
            (frame.text("review-actor"), finding.actor.as_str().into()),
            (
                frame.text("access-time"),
                format!("{} – {}", finding.time.0.clock_in_shanghai(), finding.time.1.clock_in_shanghai()).into(),
            ),
            (frame.text("findings-count"), u64::from(finding.count).into()),
        ];
        let heading = frame.of(&finding.rule.title).to_owned();
        let indexes: Vec<String> = finding.entries.iter().take(NAMED).map(u64::to_string).collect();
        facts.push((frame.text("findings-entries"), indexes.join(&frame.text("separator")).into()));
        let mut entries = Vec::new();
        for index in finding.entries.iter().take(NAMED) {
            entries.extend(audit::by_index(inquiry, *index)?);
        }
        let entries: Vec<&Entry> = entries.iter().collect();
        let table: Table = super::ledger::table(frame, inquiry, &entries);
        sheet.push(Block::Heading(heading));
        sheet.push(Block::Facts(facts));
        if !table.rows.is_empty() {
            sheet.push(Block::Table(table));
        }
    }
    sheet.made()
}
