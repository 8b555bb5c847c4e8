//! `/desk/coverage`: of the decisions that a department recorded, for how many was the subject checked before (应查必查).

use crate::domain::{Date, DepartmentId};
use crate::exchange::coverage;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::card::Card;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Table};
use crate::portal::visit::{DeskPage, Sent};

pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-coverage"), frame.text("desk-coverage-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let (period, faults) = period(&sheet.frame, inquiry, sent);
    let own = inquiry.caller().claims().department.clone();
    let department = DepartmentId::parse(sent.get("department")).or(own);
    let mut form = asking(&sheet.frame, inquiry, DeskPage::Coverage, (sent, &faults));
    // These numbers are of one department: which, the form says.
    form.choose("department", department.as_ref().map(DepartmentId::as_str).unwrap_or_default());
    sheet.form(form);
    let (Some(period), Some(department)) = (period, department) else { return sheet.made() };
    let found = match coverage::of(inquiry, &department, period) {
        Err(Fault::BadInput(_)) => {
            let text = sheet.frame.text("filter-too-much");
            sheet.refuse(text);
            return sheet.made();
        }
        found => found?,
    };
    let frame = &sheet.frame;
    let columns = [
        "coverage-month",
        "#coverage-decisions",
        "#coverage-checked",
        "#coverage-missing",
        "#coverage-withheld",
        "#coverage-rate",
    ];
    let mut table = Table::new(frame, "desk-coverage", &columns);
    let total = (frame.text("coverage-total"), found.total());
    for (month, counts) in found.months.iter().map(|(month, counts)| (month.clone(), *counts)).chain([total]) {
        let rate = frame.percent(counts.rate());
        let number = |number: u32| Cell::from(u64::from(number));
        table.row([
            month.into(),
            number(counts.decisions),
            number(counts.checked),
            number(counts.missing),
            number(counts.withheld),
            rate.into(),
        ]);
    }
    let name = frame.department(inquiry, &department);
    let cards = found.missing.iter().filter_map(|missing| missing.record.as_ref());
    let cards = cards.map(|view| Card::of(frame, inquiry, view)).collect::<Result<Vec<_>, _>>()?;
    sheet.push(Block::Heading(format!("{name} · {} – {}", period.0, period.1)));
    sheet.push(Block::Table(table));
    if !cards.is_empty() {
        sheet.heading("coverage-missing-which");
        sheet.push(Block::Cards(cards));
    }
    sheet.made()
}

/// From when to when: as sent, or the month so far.
pub(super) fn period(frame: &Frame, inquiry: &Inquiry, sent: &Sent) -> (Option<(Date, Date)>, Faults) {
    let mut faults = Faults::default();
    let today = inquiry.today();
    let mut day = |name: &str, default: Date| match sent.find(name).map(str::parse::<Date>) {
        None => Some(default),
        Some(Ok(day)) => Some(day),
        Some(Err(_)) => {
            faults.add(name, frame.text("fault-date"));
            None
        }
    };
    let (from, to) = (day("from", today.first_of_month()), day("to", today));
    (from.zip(to), faults)
}

/// Department and period.
pub(super) fn asking(frame: &Frame, inquiry: &Inquiry, page: DeskPage, (sent, faults): (&Sent, &Faults)) -> Form {
    let form = departments(Form::asking(page.pattern(), frame.text("filter-button")), frame, inquiry, (sent, faults));
    form.field(Field::date("from", frame.text("filter-from")).sent(sent, faults))
        .field(Field::date("to", frame.text("filter-to")).sent(sent, faults))
}

/// Which department, for whoever may ask of others.
pub(super) fn departments(form: Form, frame: &Frame, inquiry: &Inquiry, (sent, faults): (&Sent, &Faults)) -> Form {
    use crate::domain::Role;
    if inquiry.caller().role() == Role::Department {
        return form;
    }
    let all = inquiry.gateway().departments.iter();
    let all = all.map(|department| Choice::new(department.id.as_str(), frame.of(&department.name).to_owned()));
    form.field(Field::one("department", frame.text("inbox-of"), Choice::any_of(frame, all)).sent(sent, faults))
}
