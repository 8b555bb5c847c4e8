//! Credit checks: what is sent, and what each check found.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::catalogue_item::{CatalogueItem, known_department};
use super::department::Department;
use super::measure::Measure;
use crate::catalogue;
use crate::exchange::credit_check::{Binding, Check, Checked, Hit, Wanted};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::{CitizenNumber, Date, Uscc};

/// What it means to stand on a list (名单).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "catalogue::ListKind")]
pub enum ListKind {
    /// 红名单: honoured for trustworthiness.
    Red,
    /// 严重失信主体名单 (黑名单): seriously untrustworthy.
    Serious,
    /// 重点关注名单: to be watched.
    Watch,
    /// 经营异常名录: abnormal operation.
    Abnormal,
}

/// Subjects to check.
#[derive(Clone, Debug, InputObject)]
pub struct CreditCheckInput {
    /// 1 to 500 checks.
    pub(in crate::graphql) checks: Vec<CreditCheckRequest>,
}

/// A subject to check, by its code or, for a person, by citizen number.
#[derive(Clone, InputObject)]
pub struct CreditCheckRequest {
    /// The unified social credit code of a body.
    uscc: Option<Uscc>,
    /// The citizen number of a person; the purpose must allow look-up. Send it as a variable.
    citizen_number: Option<CitizenNumber>,
    /// The number of the case that the check is made for. A decision is covered by a check under its own number.
    case: String,
}

impl std::fmt::Debug for CreditCheckRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CreditCheckRequest(…)")
    }
}

impl From<CreditCheckRequest> for Wanted {
    fn from(request: CreditCheckRequest) -> Self {
        let whom = match (request.uscc, request.citizen_number) {
            (Some(uscc), None) => Some(Checked::Uscc(uscc.0)),
            (None, Some(number)) => Some(Checked::Person(number.0)),
            (None, None) | (Some(_), Some(_)) => None,
        };
        Self { whom, case: request.case }
    }
}

/// The checks were made.
#[derive(Debug, SimpleObject)]
pub struct CreditCheckSuccess {
    /// What each found, in the order sent.
    checks: Vec<CreditCheck>,
    /// How many of the subjects stand on a list.
    subjects_on_lists: i32,
}

impl From<Vec<Check>> for CreditCheckSuccess {
    fn from(checks: Vec<Check>) -> Self {
        let on_lists = checks.iter().filter(|check| !check.hits.is_empty()).count();
        Self {
            subjects_on_lists: i32::try_from(on_lists).unwrap_or(i32::MAX),
            checks: checks.into_iter().map(|check| CreditCheck(Arc::new(check))).collect(),
        }
    }
}

/// One check of one subject for one case.
#[derive(Clone, Debug)]
pub struct CreditCheck(Arc<Check>);

/// One check of one subject for one case.
#[Object]
impl CreditCheck {
    /// The case, as it was sent.
    async fn case(&self) -> &str {
        &self.0.case
    }

    /// The subject's id, with which `node` finds its records; null when there is none that you may know of.
    async fn subject(&self) -> Option<ID> {
        self.0.subject.as_ref().map(|(id, _)| ID(id.clone()))
    }

    /// The subject's name, as far as you may see it.
    async fn name(&self) -> Option<&str> {
        self.0.subject.as_ref().and_then(|(_, name)| name.as_deref())
    }

    /// The lists that the subject stands on today: 20 entries of each at most. None is no judgement.
    async fn hits(&self) -> Vec<CreditCheckHit> {
        (0..self.0.hits.len()).map(|at| CreditCheckHit(Arc::clone(&self.0), at)).collect()
    }

    /// The measures of joint actions on the subject that your department has taken, and that do not rest: they bind your decision.
    async fn measures(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<BindingMeasure>> {
        let inquiry = ctx.inquiry()?;
        let told = |bound: &Binding| BindingMeasure {
            measure: Measure::find(inquiry, bound.measure.as_str()),
            action: ID(bound.action.clone()),
            legal_basis: bound.legal_basis.clone(),
            ends_on: Date(bound.ends_on),
        };
        Ok(self.0.measures.iter().map(told).collect())
    }

    /// The receipt of this check's own entry: keep it with the case.
    async fn receipt(&self) -> CheckReceipt {
        let shown = self.0.receipt.shown();
        CheckReceipt {
            origin: shown.origin,
            index: shown.index,
            leaf_hash: shown.leaf_hash,
            time: shown.time,
            signature: shown.signature,
        }
    }
}

/// A measure on a checked subject that your department has taken.
#[derive(Clone, Debug, SimpleObject)]
pub struct BindingMeasure {
    /// The measure.
    measure: Option<Measure>,
    /// The id of the joint action, for `jointAction`.
    action: ID,
    /// The law and article.
    legal_basis: String,
    /// Its last day.
    ends_on: Date,
}

/// The proof that a check was made: `chengxin ledger verify-receipt` verifies it offline.
#[derive(Clone, Debug, SimpleObject)]
pub struct CheckReceipt {
    /// The ledger's name.
    origin: String,
    /// The index of the entry, a decimal number.
    index: String,
    /// The hash of its leaf, base64.
    leaf_hash: String,
    /// When, RFC 3339 with six decimals.
    time: String,
    /// Ed25519 over these four, base64.
    signature: String,
}

/// An entry of a list that a checked subject stands on.
#[derive(Clone, Debug)]
pub struct CreditCheckHit(Arc<Check>, usize);

impl CreditCheckHit {
    fn hit(&self) -> async_graphql::Result<&Hit> {
        self.0.hits.get(self.1).ok_or_else(|| async_graphql::Error::new("no such entry"))
    }
}

/// An entry of a list that a checked subject stands on.
#[Object]
impl CreditCheckHit {
    /// What kind of list.
    async fn list(&self) -> async_graphql::Result<ListKind> {
        Ok(self.hit()?.list.into())
    }

    /// The list.
    async fn item(&self) -> async_graphql::Result<CatalogueItem> {
        Ok(CatalogueItem(Arc::clone(&self.hit()?.item)))
    }

    /// Who put the subject on it.
    async fn provider(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let named = |(id, name): &(Option<crate::domain::DepartmentId>, String)| {
                let known = id.as_ref().and_then(|id| known_department(inquiry, id));
                known.unwrap_or_else(|| Department::unverified(name.clone()))
            };
            Ok(self.hit()?.provider.as_ref().map(named))
        })
    }

    /// When it was put there.
    async fn decided_on(&self) -> async_graphql::Result<Option<Date>> {
        Ok(self.hit()?.decided_on.map(Date))
    }

    /// The last day on which the entry is published.
    async fn published_until(&self) -> async_graphql::Result<Option<Date>> {
        Ok(self.hit()?.published_until.map(Date))
    }

    /// The id of the record: `node` shows it.
    async fn record(&self) -> async_graphql::Result<ID> {
        Ok(ID(self.hit()?.record.clone()))
    }
}
