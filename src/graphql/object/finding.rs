//! Findings, as auditors and supervisors read them.

use async_graphql::{Context, Enum, Object};

use super::catalogue_item::known_department;
use super::department::Department;
use crate::access::findings::FindingKind;
use crate::domain::{DepartmentId, Language};
use crate::exchange::findings;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::DateTime;

/// What a finding rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum FindingPattern {
    /// One operation with many different arguments in a short time.
    Enumeration,
    /// Many more records than on the person's own days before.
    Bulk,
    /// Outside office hours, or on a day off.
    OffHours,
    /// The same subject again and again.
    SameSubject,
    /// A subject that the person has declared to be related to: its own record, its household's.
    Related,
    /// A case that no decision of the department followed.
    NoDecision,
}

/// Something in the register that deserves a look. It accuses nobody.
#[derive(Clone, Debug)]
pub struct Finding(pub findings::Finding);

/// Something in the register that deserves a look. It accuses nobody.
#[Object]
impl Finding {
    /// The code of the rule.
    async fn rule(&self) -> &str {
        &self.0.rule.code
    }

    /// What the rule looks for.
    async fn pattern(&self) -> FindingPattern {
        match self.0.rule.kind {
            FindingKind::Enumeration { .. } => FindingPattern::Enumeration,
            FindingKind::Bulk { .. } => FindingPattern::Bulk,
            FindingKind::OffHours { .. } => FindingPattern::OffHours,
            FindingKind::SameSubject { .. } => FindingPattern::SameSubject,
            FindingKind::Related => FindingPattern::Related,
            FindingKind::NoDecision { .. } => FindingPattern::NoDecision,
        }
    }

    /// The title of the rule.
    async fn title(
        &self,
        #[graphql(default_with = "Language::Zh", desc = "In which language.")] language: Language,
    ) -> &str {
        self.0.rule.title.text(language)
    }

    /// Who asked: the `sub` of the tokens.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// For which department.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            Ok(DepartmentId::parse(&self.0.department).and_then(|id| known_department(inquiry, &id)))
        })
    }

    /// When the first of the queries was made.
    async fn first_at(&self) -> DateTime {
        DateTime(self.0.time.0)
    }

    /// When the last of them was made.
    async fn last_at(&self) -> DateTime {
        DateTime(self.0.time.1)
    }

    /// How many queries.
    async fn count(&self) -> i64 {
        self.0.count.into()
    }

    /// The indexes of their entries, decimal numbers, oldest first: 100 at most.
    async fn entries(&self) -> Vec<String> {
        self.0.entries.iter().map(ToString::to_string).collect()
    }
}
