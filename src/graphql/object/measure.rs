//! Measures of reward and punishment, and who deserves them.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::catalogue_item::{CatalogueItem, known_department};
use super::department::Department;
use super::subject::Subject;
use crate::catalogue::measures::Implementers;
use crate::domain::{ItemCode, JointActionKind, Language, MeasureGroup, SubjectCategory};
use crate::exchange::eligibility::{self, Reason};
use crate::graphql::context::ContextExt;
use crate::graphql::scalar::{Date, DateTime};

/// A measure of joint incentive or joint punishment (奖惩措施).
#[derive(Clone, Debug)]
pub struct Measure(pub crate::catalogue::Measure);

impl Measure {
    /// The measure with this code.
    pub(in crate::graphql) fn find(inquiry: &crate::exchange::inquiry::Inquiry, code: &str) -> Option<Self> {
        inquiry.gateway().measures.get(code).cloned().map(Self)
    }
}

/// A measure of joint incentive or joint punishment (奖惩措施).
#[Object]
impl Measure {
    /// Its code.
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Whether it rewards or punishes.
    async fn kind(&self) -> JointActionKind {
        self.0.kind
    }

    /// What it does to its subject.
    async fn group(&self) -> MeasureGroup {
        self.0.group
    }

    /// Its title.
    async fn title(
        &self,
        #[graphql(desc = "In this language.", default_with = "Language::Zh")] language: Language,
    ) -> &str {
        self.0.title.text(language)
    }

    /// What is done.
    async fn content(
        &self,
        #[graphql(desc = "In this language.", default_with = "Language::Zh")] language: Language,
    ) -> &str {
        self.0.content.text(language)
    }

    /// The edition of the list that it stands in.
    async fn edition(&self) -> &str {
        &self.0.edition
    }

    /// Whether it stands in the national basic list of disciplinary measures (全国失信惩戒措施基础清单).
    async fn national(&self) -> bool {
        self.0.is_national
    }

    /// Whom it can meet.
    async fn subjects(&self) -> Vec<SubjectCategory> {
        self.0.subjects.iter().copied().collect()
    }

    /// The departments that may be assigned it; empty when others take it of their own will, or every department may.
    async fn implementers(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Department>> {
        let inquiry = ctx.inquiry()?;
        Ok(match &self.0.implementers {
            Implementers::All => Vec::new(),
            Implementers::Listed(ids) => ids.iter().filter_map(|id| known_department(inquiry, id)).collect(),
        })
    }

    /// The papers that it rests on.
    async fn basis(&self) -> &[String] {
        &self.0.basis
    }
}

/// Why a measure does or does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum EligibilityReasonCode {
    /// It cannot meet a subject of this category.
    Category,
    /// The subject stands on a list of the trustworthy.
    Honoured,
    /// It stands on none.
    NotHonoured,
    /// It has no bad record for as long as the measure asks for.
    Clean,
    /// It has bad records in that time.
    BadRecords,
    /// A joint action restricts its preferences.
    Restricted,
    /// A joint action with the measure is in force.
    InForce,
    /// None is, as far as you may know.
    NotInForce,
    /// It has broken promises to your department (容缺受理).
    BrokenPromises,
}

/// One reason why a measure does or does not apply.
#[derive(Clone, Debug, SimpleObject)]
pub struct EligibilityReason {
    /// Which.
    code: EligibilityReasonCode,
    /// The catalogue item that it is about.
    item: Option<CatalogueItem>,
    /// How many records or joint actions.
    count: Option<i32>,
    /// Counted from this day on.
    since: Option<Date>,
}

/// Whether a subject deserves a measure, and why.
#[derive(Clone, Debug)]
pub struct Eligibility(pub Arc<eligibility::Eligibility>, pub Subject);

/// Whether a subject deserves a measure, and why.
#[Object]
impl Eligibility {
    /// The subject.
    async fn subject(&self) -> Subject {
        self.1.clone()
    }

    /// The measure.
    async fn measure(&self) -> Measure {
        Measure(self.0.measure.clone())
    }

    /// For an incentive, whether one of its conditions holds and nothing restricts it; for a punishment, whether it is in force.
    async fn eligible(&self) -> bool {
        self.0.eligible
    }

    /// Why.
    async fn reasons(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<EligibilityReason>> {
        let catalogue = &ctx.inquiry()?.gateway().catalogue;
        let item = |code: &ItemCode| catalogue.item(code).cloned().map(CatalogueItem);
        let count = |count: u32| Some(i32::try_from(count).unwrap_or(i32::MAX));
        let plain = |code| EligibilityReason { code, item: None, count: None, since: None };
        let told = |reason: &Reason| match reason {
            Reason::Category => plain(EligibilityReasonCode::Category),
            Reason::Honoured(code, many) => {
                EligibilityReason { item: item(code), count: count(*many), ..plain(EligibilityReasonCode::Honoured) }
            }
            Reason::NotHonoured => plain(EligibilityReasonCode::NotHonoured),
            Reason::Clean(since) => {
                EligibilityReason { since: Some(Date(*since)), ..plain(EligibilityReasonCode::Clean) }
            }
            Reason::BadRecords(code, many, since) => EligibilityReason {
                item: item(code),
                count: count(*many),
                since: Some(Date(*since)),
                ..plain(EligibilityReasonCode::BadRecords)
            },
            Reason::Restricted => plain(EligibilityReasonCode::Restricted),
            Reason::InForce(many) => EligibilityReason { count: count(*many), ..plain(EligibilityReasonCode::InForce) },
            Reason::NotInForce => plain(EligibilityReasonCode::NotInForce),
            Reason::BrokenPromises(many) => {
                EligibilityReason { count: count(*many), ..plain(EligibilityReasonCode::BrokenPromises) }
            }
        };
        Ok(self.0.reasons.iter().map(told).collect())
    }

    /// The instant this answer holds for.
    async fn as_of(&self, ctx: &Context<'_>) -> async_graphql::Result<DateTime> {
        Ok(DateTime(ctx.inquiry()?.now()))
    }
}
