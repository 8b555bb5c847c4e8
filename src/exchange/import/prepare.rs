//! One row, cleaned and checked: a record for the store, or the reasons why not.

use std::collections::BTreeMap;

use crate::catalogue::{Departments, Field, Item, Vintage};
use crate::domain::calendar::WorkingCalendar;
use crate::domain::identifier::{CitizenNumber, Uscc};
use crate::domain::penalty::{PenaltyKind, Procedure};
use crate::domain::period::{PublicationFacts, RulePack, Windows, windows};
use crate::domain::text::normalise_name;
use crate::domain::{DataClass, Date, RecordState, Sensitive};

use super::cells::Cells;
use super::checks::{self, HeadDates, PENALTY_KINDS};
use super::layout::{HeadTarget, Layout};
use super::problem::{Problem, Reason, Severity, ValueClass};
use super::reader::Row;
use super::record::{Content, Flag, PreparedProvider, PreparedRecord, push};
use super::value::Value;
use super::{required, subject};

/// Double publicity: within so many working days of the decision (发改办财金〔2018〕424号).
const PUBLICITY_WORKING_DAYS: u32 = 7;
const PUBLICITY_FREQUENCY: &str = "WITHIN_7_WORKING_DAYS";
/// The field that holds the procedure of a penalty case (案件程序类别).
pub const PROCEDURE: &str = "procedure";

/// What an import is made with.
#[derive(Clone, Copy, Debug)]
pub struct ImportContext<'c> {
    /// The catalogue item.
    pub item: &'c Item,
    /// How the file's columns are read.
    pub vintage: &'c Vintage,
    /// The registered departments.
    pub departments: &'c Departments,
    /// The rule pack in force today.
    pub pack: &'c RulePack,
    /// The working days.
    pub calendar: &'c WorkingCalendar,
    /// The day the file was received, for rows that do not say it.
    pub received_on: Date,
    /// The law that the configuration names for collecting this item, where collecting it is otherwise forbidden.
    pub legal_basis: Option<&'c str>,
}

/// The values of a row, by position of the field.
pub(super) struct Values<'r> {
    item: &'r Item,
    values: Vec<Option<Value>>,
}

impl Values<'_> {
    pub(super) fn at(&self, field: usize) -> Option<&Value> {
        self.values.get(field)?.as_ref()
    }

    pub(super) fn named(&self, name: &str) -> Option<&Value> {
        self.at(self.item.field(name)?.0)
    }

    pub(super) fn of_head(&self, name: Option<&str>) -> Option<&Value> {
        self.named(name?)
    }

    fn text_of_head(&self, name: Option<&str>) -> Option<String> {
        self.of_head(name).map(Value::text)
    }
}

/// The form in which indexed values are compared: NFKC, upper case, without blanks, one kind of bracket. A filter
/// brings the value it asks for into this form too.
pub fn index_form(value: &str) -> String {
    normalise_name(value)
}

/// Prepares one row. `Err` holds everything found, with at least one `REJECT`.
pub(super) fn prepare(context: &ImportContext<'_>, layout: &Layout, row: &Row) -> Result<PreparedRecord, Vec<Problem>> {
    let ImportContext { item, vintage, .. } = *context;
    let cells = Cells { item, vintage, layout, row };
    let mut problems = width_problems(layout, row)?;
    let mut values = Values { item, values: read_fields(&cells, &mut problems) };
    let published_until = cells.head_date(HeadTarget::PublishedUntil, &mut problems);
    let received_on = cells.head_date(HeadTarget::ReceivedOn, &mut problems).unwrap_or(context.received_on);
    let decided_on = values.of_head(item.head.decided_on.as_deref()).and_then(Value::date);
    let state = state(&cells, &mut problems);
    let kinds = penalty_kinds(&cells, &mut values, &mut problems);
    let dates = HeadDates { decided_on, published_until, received_on };
    checks::run(&cells, &values, (&dates, &kinds), &mut problems);
    let Some(subject) = subject::resolve(&cells, &values, &mut problems) else { return Err(problems) };
    let Some(key_text) = key_text(&cells, &values, subject::key_of(&subject).as_ref()) else {
        problems.push(Problem::of_row(Reason::NoNaturalKey));
        return Err(problems);
    };
    let completeness = required::check(&cells, &values, subject.category, &mut problems);
    if problems.iter().any(|problem| problem.reason == Reason::Unfounded) {
        return Err(problems);
    }
    let windows = publication(context, &values, (&dates, &kinds));
    let provider = provider(context, &values, &mut problems);
    let (on_time, provisional) = timeliness(context, &dates);
    if windows.reported.is_some() {
        problems.push(Problem::of_row(Reason::Unclassified));
    }
    if provisional {
        problems.push(Problem::of_row(Reason::Provisional));
    }
    let (plain, private, indexed) = sort_by_class(values);
    Ok(PreparedRecord {
        line: row.line,
        item: item.code.clone(),
        subject,
        provider,
        decided_on,
        published_until_sent: published_until,
        state,
        windows,
        plain,
        private,
        indexed,
        key_text,
        received_on,
        on_time,
        flags: flags(&problems, on_time),
        problems,
        completeness,
    })
}

fn width_problems(layout: &Layout, row: &Row) -> Result<Vec<Problem>, Vec<Problem>> {
    let beyond = layout.width()..row.width();
    if beyond.into_iter().any(|column| !row.cell(column).trim().is_empty()) {
        return Err(vec![Problem::of_row(Reason::TooManyCells)]);
    }
    let short = row.width() < layout.width();
    Ok(if short { vec![Problem::of_row(Reason::FewerCells)] } else { Vec::new() })
}

fn read_fields(cells: &Cells<'_>, problems: &mut Vec<Problem>) -> Vec<Option<Value>> {
    let read = |(at, field): (usize, &Field)| {
        let value = cells.field(at, field, problems)?;
        Some(match value {
            Value::Text(text) => Value::Text(put_right(cells, at, field, text, problems)),
            other => other,
        })
    };
    cells.item.fields.iter().enumerate().map(read).collect()
}

/// Codes inside a record: an authority's unified code must be right, a certificate number is raised to 18.
fn put_right(cells: &Cells<'_>, at: usize, field: &Field, text: String, problems: &mut Vec<Problem>) -> String {
    let column = || cells.layout.name_of_field(at);
    let is_provider = cells.item.head.provider_code.as_deref() == Some(field.name.as_str());
    if field.name.ends_with("Uscc") || is_provider {
        let parsed = Uscc::parse(&text);
        if parsed.is_err() {
            problems.push(Problem::of(Reason::InvalidCode, &column(), ValueClass::Uscc));
        }
        return parsed.map_or(text, String::from);
    }
    if field.class != DataClass::Sensitive || !matches!(text.chars().count(), 15 | 18) {
        return text;
    }
    match CitizenNumber::parse(&text) {
        Ok(number) => number.expose().to_owned(),
        Err(_) if field.name == "legalRepresentativeCertificateNo" => {
            problems.push(Problem::of(Reason::RepresentativeCertificate, &column(), ValueClass::Certificate));
            text
        }
        Err(_) => text,
    }
}

/// The state a row says. An unknown word rejects it: a withdrawn record must not come in as a current one.
fn state(cells: &Cells<'_>, problems: &mut Vec<Problem>) -> RecordState {
    let Some(present) = cells.head(HeadTarget::State) else { return RecordState::Current };
    present.text.parse().unwrap_or_else(|_| {
        problems.push(Problem::of(Reason::InvalidWord, &cells.layout.name(present.column), ValueClass::Word));
        RecordState::Withdrawn
    })
}

/// The kinds of penalty; the field then holds them in the words of the law, unknown ones as sent.
fn penalty_kinds(cells: &Cells<'_>, values: &mut Values<'_>, problems: &mut Vec<Problem>) -> Vec<PenaltyKind> {
    let Some((at, _)) = cells.item.field(PENALTY_KINDS) else { return Vec::new() };
    let Some(Some(value)) = values.values.get_mut(at) else { return Vec::new() };
    let kinds = PenaltyKind::parse_list(&value.text());
    if !kinds.unknown.is_empty() {
        problems.push(Problem::of(Reason::UnknownKind, &cells.layout.name_of_field(at), ValueClass::Word));
    }
    let titles = kinds.known.iter().map(|kind| kind.title().to_owned());
    *value = Value::List(titles.chain(kinds.unknown).collect());
    kinds.known
}

/// The canonical key: item, then each part under the name of the alternative that the row has.
fn key_text(cells: &Cells<'_>, values: &Values<'_>, subject: Option<&(&'static str, Sensitive)>) -> Option<Sensitive> {
    let mut text = String::with_capacity(160);
    push(&mut text, "item", cells.item.code.as_str());
    for alternatives in &cells.item.natural_key.parts {
        let found = alternatives.iter().find_map(|name| match (name.as_str(), subject) {
            ("subject", subject) => subject.map(|(kind, value)| (*kind, value.expose().to_owned())),
            (name, _) => Some((name, index_form(&values.named(name)?.text()))),
        });
        let (name, value) = found.filter(|(_, value)| !value.is_empty())?;
        push(&mut text, name, &value);
    }
    Some(Sensitive::new(text))
}

fn publication(
    context: &ImportContext<'_>,
    values: &Values<'_>,
    (dates, kinds): (&HeadDates, &[PenaltyKind]),
) -> Windows {
    let facts = PublicationFacts {
        rule: &context.item.publication,
        decided_on: dates.decided_on,
        valid_to: values.of_head(context.item.head.valid_to.as_deref()).and_then(Value::date),
        published_until_sent: dates.published_until,
        procedure: values.named(PROCEDURE).and_then(|value| Procedure::parse(&value.text())),
        kinds,
        term_months: context.item.term_months,
    };
    windows(context.pack, &facts)
}

fn provider(context: &ImportContext<'_>, values: &Values<'_>, problems: &mut Vec<Problem>) -> PreparedProvider {
    let head = &context.item.head;
    let name = values.text_of_head(head.provider_name.as_deref());
    let code = values.text_of_head(head.provider_code.as_deref());
    let by_code = |code: &String| context.departments.iter().find(|department| department.uscc.as_ref() == Some(code));
    let department = match (&name, &code) {
        (None, None) => Some(context.item.provider.clone()),
        _ => code
            .as_ref()
            .and_then(by_code)
            .or_else(|| context.departments.by_name(name.as_deref()?))
            .map(|department| department.id.clone()),
    };
    if department.is_none() {
        problems.push(Problem { reason: Reason::UnknownUnit, column: None, class: ValueClass::Text });
    }
    PreparedProvider { name, code, department }
}

/// Whether the row came in time, and whether that rests on a calendar that is not published yet.
fn timeliness(context: &ImportContext<'_>, dates: &HeadDates) -> (Option<bool>, bool) {
    let Some(decided_on) = dates.decided_on.filter(|_| context.item.update_frequency == PUBLICITY_FREQUENCY) else {
        return (None, false);
    };
    let deadline = context.calendar.add_working_days(decided_on, PUBLICITY_WORKING_DAYS);
    (Some(dates.received_on <= deadline.date), deadline.provisional)
}

type Sorted = (BTreeMap<String, serde_json::Value>, BTreeMap<String, Sensitive>, Vec<(String, Content)>);

fn sort_by_class(values: Values<'_>) -> Sorted {
    let (mut plain, mut private, mut indexed) = Sorted::default();
    for (field, value) in values.item.fields.iter().zip(values.values) {
        let Some(value) = value else { continue };
        let is_plain = field.class == DataClass::Plain;
        if field.indexed {
            let content = |text: &str| {
                let form = index_form(text);
                if is_plain { Content::Clear(form) } else { Content::Private(Sensitive::new(form)) }
            };
            indexed.extend(value.elements().into_iter().map(|text| (field.name.clone(), content(&text))));
        }
        if is_plain {
            plain.insert(field.name.clone(), value.json());
        } else {
            private.insert(field.name.clone(), Sensitive::new(value.text()));
        }
    }
    (plain, private, indexed)
}

fn flags(problems: &[Problem], on_time: Option<bool>) -> Vec<Flag> {
    let has = |wanted: fn(&Problem) -> bool| problems.iter().any(wanted);
    [
        (Flag::Incomplete, has(|problem| problem.severity() == Severity::Incomplete)),
        (Flag::Late, on_time == Some(false)),
        (Flag::Unclassified, has(|problem| problem.reason == Reason::Unclassified)),
        (Flag::Provisional, has(|problem| problem.reason == Reason::Provisional)),
    ]
    .into_iter()
    .filter_map(|(flag, stands)| stands.then_some(flag))
    .collect()
}
