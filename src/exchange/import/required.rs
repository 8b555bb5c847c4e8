//! Which cells a row must carry, and which of them it does not.

use crate::catalogue::{Field, Requirement};
use crate::domain::SubjectCategory;

use super::cells::Cells;
use super::layout::HeadTarget;
use super::prepare::Values;
use super::problem::{Problem, Reason, ValueClass};

/// Conditional fields that some rows alone must carry, and which. Those that a kind of penalty asks for are a
/// matter of the checks; every other conditional field is required of the files whose vintage has its column.
const CONDITIONS: [(&str, Condition); 2] = [
    ("legalRepresentative", Condition::NotPerson),
    ("legalRepresentativeCertificateNo", Condition::With("legalRepresentativeCertificateType")),
];

enum Condition {
    /// For organizations and individual businesses.
    NotPerson,
    /// When this other field is filled.
    With(&'static str),
}

/// Adds what is missing; answers how many required cells are filled, and how many were required.
pub(super) fn check(
    cells: &Cells<'_>,
    values: &Values<'_>,
    category: SubjectCategory,
    problems: &mut Vec<Problem>,
) -> (u32, u32) {
    let (mut filled, mut required) = (0, 0);
    for (at, field) in cells.item.fields.iter().enumerate() {
        if !is_required(cells, values, (at, field), category) {
            continue;
        }
        required += 1;
        if values.at(at).is_some() {
            filled += 1;
        } else {
            // Nobody is listed without a list, a basis and a deciding unit.
            let is_entry = cells.item.list.is_some() && field.required == Requirement::Mandatory;
            let missing = if cells.layout.has_field(at) { Reason::MissingCell } else { Reason::MissingColumn };
            let reason = if is_entry { Reason::Unfounded } else { missing };
            problems.push(Problem::of(reason, &cells.layout.name_of_field(at), ValueClass::Text));
        }
    }
    for target in required_heads(cells, category) {
        required += 1;
        if cells.head(target).is_some() {
            filled += 1;
        } else {
            let reason = if cells.layout.head(target).is_empty() { Reason::MissingColumn } else { Reason::MissingCell };
            problems.push(Problem::of(reason, &cells.layout.name_of_head(target), ValueClass::Code));
        }
    }
    (filled, required)
}

fn is_required(
    cells: &Cells<'_>,
    values: &Values<'_>,
    (at, field): (usize, &Field),
    category: SubjectCategory,
) -> bool {
    match field.required {
        Requirement::Mandatory => true,
        Requirement::Optional => false,
        Requirement::Conditional if !cells.layout.expects(at) => false,
        Requirement::Conditional => {
            let is_person = category == SubjectCategory::NaturalPerson;
            let subject = &cells.item.head.subject;
            let certificate = [&subject.certificate_no, &subject.certificate_type];
            if certificate.into_iter().flatten().any(|name| *name == field.name) {
                return is_person;
            }
            match CONDITIONS.iter().find(|(name, _)| *name == field.name) {
                Some((_, Condition::NotPerson)) => !is_person,
                Some((_, Condition::With(other))) => values.named(other).is_some(),
                None => !super::checks::asks_for(&field.name),
            }
        }
    }
}

/// The category is required where several occur, the unified code of everybody who is not a natural person.
fn required_heads(cells: &Cells<'_>, category: SubjectCategory) -> impl Iterator<Item = HeadTarget> {
    let several = cells.item.head.subject.categories.len() > 1 && cells.layout.expects_head(HeadTarget::Category);
    let coded = category != SubjectCategory::NaturalPerson && cells.layout.expects_head(HeadTarget::Uscc);
    [(HeadTarget::Category, several), (HeadTarget::Uscc, coded)]
        .into_iter()
        .filter(|(_, required)| *required)
        .map(|(target, _)| target)
}
