//! A record as a page shows it: its head, its fields one a line, what is masked marked as masked.

use serde_json::Value;

use super::frame::Frame;
use crate::access::HeadField;
use crate::catalogue::FieldType;
use crate::domain::text::is_no_end;
use crate::domain::{ApplicationKind, Date, Language, RecordState};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record::{self, HeadValue, RecordView, ShownValue};
use crate::exchange::{application, subject};

/// The language of what is recorded, for `lang`.
const CHINESE: &str = "zh-CN";

/// A record.
#[derive(Clone, Debug)]
pub(super) struct Card {
    /// The item's title.
    pub(super) title: String,
    /// Whom it is about, where the page is not of one subject.
    pub(super) subject: Option<SubjectLink>,
    pub(super) decided_on: Option<String>,
    pub(super) published_until: Option<String>,
    /// The providing unit, and in which language it is named.
    pub(super) provider: Option<(String, &'static str)>,
    /// The state, when it is not in force.
    pub(super) state: Option<String>,
    /// That an objection is examined, or a repair.
    pub(super) annotations: Vec<String>,
    pub(super) lines: Vec<Line>,
    /// Ways on: address and what is there.
    pub(super) ways: Vec<(String, String)>,
}

/// A subject by name and code.
#[derive(Clone, Debug)]
pub(super) struct SubjectLink {
    pub(super) name: String,
    pub(super) code: Option<String>,
    /// Where its page is.
    pub(super) href: Option<String>,
}

/// A field with its value.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) title: String,
    pub(super) value: String,
    /// In which language the value is.
    pub(super) lang: &'static str,
    /// Which rule masked it, in words.
    pub(super) masked: Option<String>,
}

impl Card {
    /// A record on a page of its own subject.
    pub(super) fn of(frame: &Frame, inquiry: &Inquiry, view: &RecordView) -> Result<Self, Fault> {
        let item = view.item();
        let mut lines = Vec::new();
        for shown in record::show_all(inquiry, view)? {
            let Some(field) = item.fields.get(shown.at) else { continue };
            let masked = shown.masked.map(|rule| frame.text(&format!("mask-{}", rule.name())));
            let word = |value: &str| item.word(&field.name, value).filter(|_| frame.language == Language::Zh);
            let value = printed(frame, field.data_type, shown.value, word);
            // Without a Chinese character it is a number, a date, a code or a word of the page.
            let lang = if value.chars().any(|character| character > '\u{2e7f}') { CHINESE } else { frame.tag() };
            lines.push(Line { title: frame.of(&field.title).to_owned(), value, lang, masked });
        }
        let head = |field| record::show_head(inquiry, view, field);
        let date = |field| match head(field) {
            Some(HeadValue::Date(date)) => Some(date.to_string()),
            _ => None,
        };
        let state = match head(HeadField::State) {
            Some(HeadValue::State(state)) if state != RecordState::Current => {
                Some(frame.text(&format!("state-{}", state.name())))
            }
            _ => None,
        };
        let annotations = match head(HeadField::Annotations) {
            Some(HeadValue::Annotations(id)) => application::annotations(inquiry, id)?,
            _ => Vec::new(),
        };
        Ok(Self {
            title: frame.of(&item.title).to_owned(),
            subject: None,
            decided_on: date(HeadField::DecidedOn),
            published_until: date(HeadField::PublishedUntil).map(|until| day(frame, &until)),
            provider: provider(frame, inquiry, view),
            state,
            annotations: annotations.into_iter().map(|kind| annotation(frame, kind)).collect(),
            lines,
            ways: Vec::new(),
        })
    }

    /// A record on a page of many subjects.
    pub(super) fn with_subject(frame: &Frame, inquiry: &Inquiry, view: &RecordView) -> Result<Self, Fault> {
        let subject = match record::show_head(inquiry, view, HeadField::Subject) {
            Some(HeadValue::Subject(id)) => match subject::by_id(inquiry, id)? {
                Some(subject) => Some(SubjectLink::of(frame, inquiry, &subject)?),
                None => None,
            },
            _ => None,
        };
        Ok(Self { subject, ..Self::of(frame, inquiry, view)? })
    }
}

impl SubjectLink {
    /// A subject as the caller may know it.
    pub(super) fn of(frame: &Frame, inquiry: &Inquiry, subject: &subject::SubjectView) -> Result<Self, Fault> {
        let code = subject.uscc(inquiry)?.map(str::to_owned);
        let href = code.as_ref().map(|code| frame.link(&super::Place::Subject(code.clone()).address()));
        let name = subject.name(inquiry)?.unwrap_or_else(|| frame.text("subject-unnamed"));
        Ok(Self { name, code, href })
    }
}

/// The mark of an application that is being examined.
pub(super) fn annotation(frame: &Frame, kind: ApplicationKind) -> String {
    match kind {
        ApplicationKind::Objection => frame.text("annotation-objection"),
        ApplicationKind::Repair => frame.text("annotation-repair"),
    }
}

/// The providing unit: a department by its name in the page's language, another as it was sent.
fn provider(frame: &Frame, inquiry: &Inquiry, view: &RecordView) -> Option<(String, &'static str)> {
    match record::show_head(inquiry, view, HeadField::Provider)? {
        HeadValue::Provider(Some(id), _) => {
            let department = inquiry.gateway().departments.by_id(&id)?;
            Some((frame.of(&department.name).to_owned(), frame.tag()))
        }
        HeadValue::Provider(None, name) => Some((name, CHINESE)).filter(|(name, _)| !name.is_empty()),
        _ => None,
    }
}

/// A value in words.
fn printed<'w>(
    frame: &Frame,
    data_type: FieldType,
    value: ShownValue,
    word: impl Fn(&str) -> Option<&'w str>,
) -> String {
    let yes_or_no = |value: bool| if value { frame.text("value-yes") } else { frame.text("value-no") };
    let parts = |parts: Vec<&str>| -> String {
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.map(|part| word(part).unwrap_or(part)).collect::<Vec<_>>().join(&frame.text("separator"))
    };
    match (value, data_type) {
        (ShownValue::Null, _) => String::new(),
        (ShownValue::Text(text), FieldType::TextList) => parts(text.split(';').collect()),
        (ShownValue::Text(text), FieldType::Boolean) => text.parse().map_or(text, yes_or_no),
        (ShownValue::Text(text), FieldType::Date) => day(frame, &text),
        (ShownValue::Text(text), FieldType::Decimal) => without_zeros(&text),
        (ShownValue::Text(text), _) => word(&text).map_or(text.clone(), str::to_owned),
        (ShownValue::Json(Value::Array(values)), _) => parts(values.iter().filter_map(Value::as_str).collect()),
        (ShownValue::Json(Value::Bool(value)), _) => yes_or_no(value),
        (ShownValue::Json(value), _) => value.to_string(),
    }
}

/// A decimal number without the zeros at its end that files write.
fn without_zeros(text: &str) -> String {
    let is_plain =
        text.contains('.') && text.chars().all(|character| character.is_ascii_digit() || ".-".contains(character));
    if is_plain { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// A day; what real files write for "no end" in words.
fn day(frame: &Frame, text: &str) -> String {
    let is_no_end = text.parse::<Date>().is_ok_and(is_no_end);
    if is_no_end { frame.text("value-no-end") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_loses_the_zeros_at_its_end_and_nothing_else() {
        for (sent, shown) in [
            ("2710.000000", "2710"),
            ("3.500000", "3.5"),
            ("0.05", "0.05"),
            ("-1.20", "-1.2"),
            ("2710", "2710"),
            ("100", "100"),
            ("", ""),
            ("约3.50", "约3.50"),
            ("1e3.0", "1e3.0"),
        ] {
            assert_eq!(without_zeros(sent), shown, "{sent}");
        }
    }
}
