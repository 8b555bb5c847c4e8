//! `/measures`: what may be done to the trustworthy and the untrustworthy, and what each measure rests on.

use askama::Template;

use crate::catalogue::Measure;
use crate::domain::MeasureGroup;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};

#[derive(Template)]
#[template(path = "measures.html")]
struct Measures {
    frame: Frame,
    groups: Vec<Group>,
}

struct Group {
    title: String,
    measures: Vec<Row>,
}

struct Row {
    code: String,
    title: String,
    content: String,
    subjects: String,
    is_national: bool,
    basis: Vec<String>,
}

/// The groups, rewards first.
const GROUPS: [MeasureGroup; 4] =
    [MeasureGroup::Incentive, MeasureGroup::Rights, MeasureGroup::Management, MeasureGroup::Voluntary];

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let measures = &inquiry.gateway().measures;
    let mut groups = Vec::new();
    for group in GROUPS {
        let rows: Vec<Row> =
            measures.iter().filter(|measure| measure.group == group).map(|measure| row(&frame, measure)).collect();
        if !rows.is_empty() {
            let title = frame.text(&format!("measure-group-{}", group.name()));
            groups.push(Group { title, measures: rows });
        }
    }
    page(&Measures { frame, groups }, State::Shown)
}

fn row(frame: &Frame, measure: &Measure) -> Row {
    let subjects = measure.subjects.iter().map(|category| frame.text(&format!("category-{}", category.name())));
    let subjects: Vec<String> = subjects.collect();
    Row {
        code: measure.code.to_string(),
        title: frame.of(&measure.title).to_owned(),
        content: frame.of(&measure.content).to_owned(),
        subjects: subjects.join(&frame.text("separator")),
        is_national: measure.is_national,
        basis: measure.local_regulation.iter().chain(&measure.basis).cloned().collect(),
    }
}
