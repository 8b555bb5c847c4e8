//! `/desk/returns`: the monthly returns (月报) with the files of them, data quality, and how fast applications were answered.

use crate::domain::{Date, DepartmentId, Role};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::returns::execution::{self, ExecutionReturn};
use crate::exchange::returns::initiator::{self, InitiatorReturn};
use crate::exchange::returns::{Month, quality, yuan};
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Field, Form, Sheet, Table};
use crate::portal::visit::{DeskPage, Sent, with_parameters};

pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-returns"), frame.text("desk-returns-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let mut faults = Faults::default();
    let month = match sent.find("month").map(Month::parse) {
        None => Month::parse(&last_month(inquiry.today())),
        // Of a month that has not begun there is nothing to say.
        Some(found) => found.filter(|month| month.to_string() <= this_month(inquiry.today())),
    };
    if month.is_none() {
        faults.add("month", sheet.frame.text("returns-month-fault"));
    }
    let form = Form::asking(DeskPage::Returns.pattern(), sheet.frame.text("filter-button"));
    let form = super::coverage::departments(form, &sheet.frame, inquiry, (sent, &faults));
    let mut field = Field::month("month", sheet.frame.text("returns-month")).sent(sent, &faults);
    if let (Some(month), true) = (month, field.value.is_empty()) {
        field.value = month.to_string();
    }
    sheet.form(form.field(field));
    let Some(month) = month else { return sheet.made() };
    if month.to_string() == this_month(inquiry.today()) {
        sheet.say("returns-running");
    }
    let of = DepartmentId::parse(sent.get("department"));
    let own = inquiry.caller().claims().department.clone();
    // An execution return is of one department; the coordinator's own is nothing to be looked at first.
    let is_of_one = of.is_some() || inquiry.caller().role() == Role::Department;
    if is_of_one {
        let found = execution::of(inquiry, month, of.as_ref())?;
        executed(&mut sheet, inquiry, &found);
    }
    let found = initiator::of(inquiry, month, of.as_ref())?;
    initiated(&mut sheet, inquiry, &found, of.as_ref());
    if let Some(department) = of.or(own).filter(|_| is_of_one) {
        reported(&mut sheet, inquiry, (&department, month))?;
    }
    answered(&mut sheet, inquiry, (sent.find("department"), month))?;
    sheet.made()
}

fn this_month(today: Date) -> String {
    format!("{:04}-{:02}", today.year(), today.month())
}

fn last_month(today: Date) -> String {
    let last = today.first_of_month().saturating_add(jiff::Span::new().days(-1));
    format!("{:04}-{:02}", last.year(), last.month())
}

fn number(number: u32) -> Cell {
    u64::from(number).into()
}

/// Numbers, or that they are too small to be told.
fn told<const N: usize>(frame: &Frame, numbers: Option<[Cell; N]>) -> [Cell; N] {
    numbers.unwrap_or_else(|| std::array::from_fn(|_| frame.text("returns-small").into()))
}

fn of_whom(frame: &Frame, is_about_persons: bool) -> Cell {
    let name = if is_about_persons { "returns-persons" } else { "returns-organizations" };
    frame.text(name).into()
}

fn files(sheet: &mut Sheet, kind: &str, month: Month, department: Option<&DepartmentId>) {
    for format in ["csv", "xlsx"] {
        let parameters = [("department", department.map(DepartmentId::as_str).unwrap_or_default())];
        let href = with_parameters(&format!("/returns/{kind}/{month}.{format}"), &parameters);
        let text = sheet.frame.texts.with("returns-file", "format", format.to_ascii_uppercase());
        sheet.push(Block::Download(href, format!("{kind}-{month}.{format}"), text));
    }
}

/// 执行情况反馈.
fn executed(sheet: &mut Sheet, inquiry: &Inquiry, found: &ExecutionReturn) {
    let frame = &sheet.frame;
    let columns = [
        "inbox-measure",
        "returns-of",
        "#returns-assigned",
        "#returns-taken",
        "#returns-not-applicable",
        "#returns-unanswered",
        "#returns-reports",
        "#returns-amount",
        "#returns-in-force",
        "#returns-lifted",
    ];
    let mut table = Table::new(frame, "returns-execution", &columns);
    for row in &found.rows {
        let title = frame.measure(inquiry, row.measure.as_str());
        let numbers = row.counts.map(|counts| {
            [
                number(counts.assigned),
                number(counts.taken),
                number(counts.not_applicable),
                number(counts.unanswered),
                number(counts.reports),
                yuan(counts.amount_cents).into(),
                number(counts.in_force),
                number(counts.lifted),
            ]
        });
        let first = [Cell::from(title), of_whom(frame, row.is_about_persons)];
        table.row(first.into_iter().chain(told(frame, numbers)));
    }
    let text = frame.texts.with("returns-due", "day", found.due_on.to_string());
    let name = frame.department(inquiry, &found.department);
    let heading = format!("{} · {name} · {}", frame.text("returns-execution"), found.month);
    sheet.push(Block::Heading(heading));
    sheet.push(Block::Text(text));
    sheet.push(Block::Table(table));
    files(sheet, "execution", found.month, Some(&found.department));
}

/// 汇总反馈.
fn initiated(sheet: &mut Sheet, inquiry: &Inquiry, found: &InitiatorReturn, of: Option<&DepartmentId>) {
    let frame = &sheet.frame;
    let columns = [
        "action-initiator",
        "returns-of",
        "#returns-initiated",
        "#returns-initiated-late",
        "#returns-dispatched",
        "#returns-dispatched-late",
        "#returns-taken",
        "#returns-reports",
        "#returns-amount",
        "#returns-in-force",
        "#returns-ended",
    ];
    let mut table = Table::new(frame, "returns-initiator", &columns);
    for row in &found.rows {
        let numbers = row.counts.map(|counts| {
            [
                number(counts.initiated),
                number(counts.initiated_late),
                number(counts.dispatched),
                number(counts.dispatched_late),
                number(counts.taken),
                number(counts.reports),
                yuan(counts.amount_cents).into(),
                number(counts.in_force),
                number(counts.ended),
            ]
        });
        let first = [Cell::from(frame.department(inquiry, &row.initiator)), of_whom(frame, row.is_about_persons)];
        table.row(first.into_iter().chain(told(frame, numbers)));
    }
    let text = frame.texts.with("returns-due", "day", found.due_on.to_string());
    let heading = format!("{} · {}", frame.text("returns-initiator"), found.month);
    sheet.push(Block::Heading(heading));
    sheet.push(Block::Text(text));
    sheet.push(Block::Table(table));
    files(sheet, "initiator", found.month, of);
}

/// 数据质量.
fn reported(sheet: &mut Sheet, inquiry: &Inquiry, (department, month): (&DepartmentId, Month)) -> Result<(), Fault> {
    let (_, found) = quality::of(inquiry, Some(department), (month.first(), month.last()))?;
    let frame = &sheet.frame;
    let percent = |rate: Option<f64>| Cell::from(frame.percent(rate));
    let facts = [
        ("quality-batches", found.batches.into()),
        ("upload-rows", found.rows.into()),
        ("upload-accepted", found.accepted.into()),
        ("upload-rejected", found.rejected.into()),
        ("upload-duplicates", found.duplicates.into()),
        ("quality-corrected", found.corrected.into()),
        ("upload-late", found.late.into()),
        ("quality-acceptance", percent(found.acceptance_rate())),
        ("quality-conformity", percent(found.conformity_rate())),
        ("quality-timeliness", percent(found.timeliness_rate())),
        ("quality-completeness", percent(found.completeness_rate())),
    ];
    let facts = facts.map(|(name, cell)| (frame.text(name), cell)).to_vec();
    sheet.heading("quality-title");
    sheet.push(Block::Facts(facts));
    Ok(())
}

/// How fast objections and repairs were answered.
fn answered(sheet: &mut Sheet, inquiry: &Inquiry, (of, month): (Option<&str>, Month)) -> Result<(), Fault> {
    let of = of.and_then(DepartmentId::parse);
    let found = quality::answer_times(inquiry, of.as_ref(), (month.first(), month.last()))?;
    let frame = &sheet.frame;
    let columns =
        ["application-kind", "returns-of", "#answers-decided", "#answers-late", "#answers-median", "#answers-waiting"];
    let mut table = Table::new(frame, "answers-title", &columns);
    for times in &found {
        let numbers = times.counts.as_ref().map(|counts| {
            let median = counts.median_working_days.map(number).unwrap_or_default();
            [number(counts.decided), number(counts.late), median, number(counts.waiting)]
        });
        let kind = frame.word("application-kind", times.kind.name());
        let first = [Cell::from(kind), of_whom(frame, times.is_about_persons)];
        table.row(first.into_iter().chain(told(frame, numbers)));
    }
    sheet.heading("answers-title");
    sheet.push(Block::Table(table));
    Ok(())
}
