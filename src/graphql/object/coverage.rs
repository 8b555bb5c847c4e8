//! Must-check coverage, as a department shows it.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use super::catalogue_item::{CatalogueItem, known_department};
use super::department::Department;
use super::record::RecordObject;
use crate::domain::{self, DepartmentId};
use crate::exchange::coverage::{Counts, Coverage, Missing};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::Date;

/// How many of a department's decisions of a time were preceded by the check that had to be made (应查必查).
#[derive(Debug)]
pub struct MustCheckCoverage {
    pub(in crate::graphql) department: DepartmentId,
    pub(in crate::graphql) period: (domain::Date, domain::Date),
    pub(in crate::graphql) found: Coverage,
}

/// How many of a department's decisions of a time were preceded by the check that had to be made (应查必查).
#[Object]
impl MustCheckCoverage {
    /// The department.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| Ok(known_department(ctx.inquiry()?, &self.department)))
    }

    /// The first day of decision.
    async fn from(&self) -> Date {
        Date(self.period.0)
    }

    /// The last day of decision.
    async fn to(&self) -> Date {
        Date(self.period.1)
    }

    /// All decisions of the time.
    async fn total(&self) -> CheckCounts {
        self.found.total().into()
    }

    /// By month of decision, the oldest first.
    async fn months(&self) -> Vec<CheckedMonth> {
        let month =
            |(month, counts): (&String, &Counts)| CheckedMonth { month: month.clone(), counts: (*counts).into() };
        self.found.months.iter().map(month).collect()
    }

    /// The decisions without a check, newest first, at most 100: a shorter time shows the rest.
    async fn missing(&self) -> Vec<MissingCheck> {
        self.found.missing.iter().map(MissingCheck::of).collect()
    }
}

/// Decisions, and what was found of them.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct CheckCounts {
    /// All that needed a check.
    decisions: i64,
    /// With a check before them.
    checked: i64,
    /// Without one.
    missing: i64,
    /// Undecidable: the bodies of the queries about the subject are gone by redaction or age, and the cases with them.
    withheld: i64,
    /// Checked of those that can be decided, 0 to 1; null when there are none.
    rate: Option<f64>,
}

impl From<Counts> for CheckCounts {
    fn from(counts: Counts) -> Self {
        Self {
            decisions: counts.decisions.into(),
            checked: counts.checked.into(),
            missing: counts.missing.into(),
            withheld: counts.withheld.into(),
            rate: counts.rate(),
        }
    }
}

/// The decisions of a month.
#[derive(Clone, Debug, SimpleObject)]
pub struct CheckedMonth {
    /// The month, such as `2026-11`.
    month: String,
    /// What was found.
    counts: CheckCounts,
}

/// A decision without a check before it.
#[derive(Clone, Debug, SimpleObject)]
pub struct MissingCheck {
    /// What kind of decision.
    item: CatalogueItem,
    /// The day of the decision.
    decided_on: Date,
    /// The decision, as you may see it; null for auditors, who read no records.
    record: Option<RecordObject>,
}

impl MissingCheck {
    fn of(missing: &Missing) -> Self {
        Self {
            item: CatalogueItem(Arc::clone(&missing.item)),
            decided_on: Date(missing.decided_on),
            record: missing.record.clone().map(RecordObject),
        }
    }
}
