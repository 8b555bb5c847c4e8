//! What the cells of a row must say of each other. The table below names fields; a check concerns an item that has
//! them, in a vintage that knows their columns.

use crate::domain::Date;
use crate::domain::penalty::PenaltyKind;

use super::cells::Cells;
use super::prepare::Values;
use super::problem::{Problem, Reason, ValueClass};
use super::value::Value;

/// The field that lists kinds of penalty (处罚类别).
pub const PENALTY_KINDS: &str = "penaltyCategories";

/// One date must not come after another.
struct Order {
    first: &'static str,
    then: &'static str,
    reason: Reason,
}

const ORDERS: [Order; 1] = [Order { first: "validFrom", then: "validTo", reason: Reason::ValidityReversed }];

/// A kind of penalty needs one of these fields filled.
struct Need {
    kinds: &'static [PenaltyKind],
    fields: &'static [&'static str],
    reason: Reason,
    class: ValueClass,
}

const NEEDS: [Need; 3] = [
    Need {
        kinds: &[PenaltyKind::Fine],
        fields: &["fineAmountWan", "fineAmountYuan"],
        reason: Reason::FineWithoutAmount,
        class: ValueClass::Number,
    },
    Need {
        kinds: &[PenaltyKind::ConfiscateIllegalGains, PenaltyKind::ConfiscateIllegalProperty],
        fields: &["confiscatedAmountWan", "confiscatedIncomeYuan", "confiscatedAssetsYuan"],
        reason: Reason::ConfiscationWithoutAmount,
        class: ValueClass::Number,
    },
    Need {
        kinds: &[PenaltyKind::SuspendLicence, PenaltyKind::RevokeLicence],
        fields: &["revokedLicense"],
        reason: Reason::SuspensionWithoutLicence,
        class: ValueClass::Text,
    },
];

/// The dates of a row's head.
pub(super) struct HeadDates {
    pub(super) decided_on: Option<Date>,
    pub(super) published_until: Option<Date>,
    pub(super) received_on: Date,
}

/// Runs every check; what is broken is added.
pub(super) fn run(
    cells: &Cells<'_>,
    values: &Values<'_>,
    (dates, kinds): (&HeadDates, &[PenaltyKind]),
    problems: &mut Vec<Problem>,
) {
    for order in &ORDERS {
        let dates = (values.named(order.first).and_then(Value::date), values.named(order.then).and_then(Value::date));
        if let (Some(first), Some(then)) = dates
            && first > then
        {
            problems.push(problem(cells, order.reason, order.then, ValueClass::Date));
        }
    }
    if let Some(decided_on) = dates.decided_on {
        let name = cells.item.head.decided_on.as_deref().unwrap_or_default();
        if decided_on > dates.received_on {
            problems.push(problem(cells, Reason::DecidedAfterReceived, name, ValueClass::Date));
        }
        if dates.published_until.is_some_and(|until| until <= decided_on) {
            problems.push(problem(cells, Reason::DeadlineNotAfterDecision, name, ValueClass::Date));
        }
    }
    for need in NEEDS.iter().filter(|need| need.kinds.iter().any(|kind| kinds.contains(kind))) {
        problems.extend(unmet(cells, values, need));
    }
}

/// Whether a kind of penalty decides if this field is required.
pub(super) fn asks_for(field: &str) -> bool {
    NEEDS.iter().any(|need| need.fields.contains(&field))
}

fn unmet(cells: &Cells<'_>, values: &Values<'_>, need: &Need) -> Option<Problem> {
    let known = need.fields.iter().filter_map(|name| cells.item.field(name));
    let fields = || known.clone().filter(|(at, _)| cells.layout.expects(*at));
    let (first, _) = fields().next()?;
    let is_filled = |at: usize| match need.class {
        ValueClass::Number => values.at(at).is_some_and(Value::is_positive),
        _ => values.at(at).is_some(),
    };
    if fields().any(|(at, _)| is_filled(at)) {
        return None;
    }
    // A file without the column has not broken the rule; it lacks a column.
    let has_column = fields().any(|(at, _)| cells.layout.has_field(at));
    let reason = if has_column { need.reason } else { Reason::MissingColumn };
    Some(Problem::of(reason, &cells.layout.name_of_field(first), need.class))
}

fn problem(cells: &Cells<'_>, reason: Reason, field: &str, class: ValueClass) -> Problem {
    match cells.item.field(field) {
        Some((at, _)) => Problem::of(reason, &cells.layout.name_of_field(at), class),
        None => Problem { reason, column: None, class },
    }
}
