//! `/statistics`: what is published, how timely departments report, how objections and repairs are answered: drawn, and in numbers.

use askama::Template;

use crate::domain::ApplicationKind;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::returns::quality::AnswerCounts;
use crate::exchange::statistics::{self, Statistics};
use crate::portal::frame::Frame;
use crate::portal::made::{Made, Refused, State, page, refusal};

#[derive(Template)]
#[template(path = "statistics.html")]
struct StatisticsPage {
    frame: Frame,
    counted_at: String,
    from: String,
    to: String,
    records: Vec<Bar>,
    timeliness: Vec<Bar>,
    answers: Vec<Answers>,
}

/// A bar with its number.
struct Bar {
    title: String,
    /// Its length, 0 to 100.
    length: u64,
    number: String,
}

/// How applications of one kind were answered.
struct Answers {
    title: String,
    /// The numbers; nothing when they are too small to be told.
    counts: Option<Counts>,
}

struct Counts {
    decided: u32,
    in_time: u32,
    late: u32,
    waiting: u32,
    median: Option<u32>,
    /// The part that was in time, 0 to 100.
    length: u64,
}

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let Some(counted) = statistics::of(inquiry)? else {
        return Ok(Made { html: refusal(frame.language, Refused::Unavailable, inquiry.now()), state: State::NotYet });
    };
    let Statistics { counted_at, period: (from, to), records, timeliness, answers } = &*counted;
    let most = records.iter().map(|(_, total)| *total).max().unwrap_or(0);
    let of_records = records.iter().map(|(item, total)| Bar {
        title: frame.of(&item.title).to_owned(),
        length: share(total.unsigned_abs(), most.unsigned_abs()),
        number: total.to_string(),
    });
    let departments = &inquiry.gateway().departments;
    let of_department = timeliness.iter().filter_map(|timely| {
        let title = frame.of(&departments.by_id(&timely.department)?.name).to_owned();
        Some(Bar { title, length: timely.thousandths / 10, number: percent(timely.thousandths) })
    });
    let made = StatisticsPage {
        counted_at: counted_at.clock_in_shanghai(),
        from: from.to_string(),
        to: to.to_string(),
        records: of_records.collect(),
        timeliness: of_department.collect(),
        answers: answers.iter().map(|(kind, counts)| told(&frame, *kind, counts.as_ref())).collect(),
        frame,
    };
    page(&made, State::Shown)
}

fn told(frame: &Frame, kind: ApplicationKind, counts: Option<&AnswerCounts>) -> Answers {
    let title = match kind {
        ApplicationKind::Objection => frame.text("statistics-objections"),
        ApplicationKind::Repair => frame.text("statistics-repairs"),
    };
    let counts = counts.map(|counts| {
        let AnswerCounts { decided, late, median_working_days: median, waiting } = *counts;
        let in_time = decided.saturating_sub(late);
        Counts { decided, in_time, late, waiting, median, length: share(u64::from(in_time), u64::from(decided)) }
    });
    Answers { title, counts }
}

/// A part of a whole in whole hundredths, rounded down, so that only all is a hundred.
fn share(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

/// Thousandths in per cent.
fn percent(thousandths: u64) -> String {
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_of_it_is_a_hundred() {
        assert_eq!((share(0, 0), share(0, 7), share(999, 1_000), share(1_000, 1_000)), (0, 0, 99, 100));
        assert_eq!((percent(999), percent(1_000), percent(0)), ("99.9 %".into(), "100.0 %".into(), "0.0 %".into()));
    }
}
