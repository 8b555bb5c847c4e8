//! The caller's own view of itself: role, purpose, and what it would see.

use async_graphql::{Object, SimpleObject};

use super::authorization::Authorization;
use super::catalogue_item::{item_code, known_department};
use super::department::Department;
use crate::access::Decision;
use crate::domain::{Disclosure, Language, PurposeCode, Role};
use crate::exchange::disclosures;
use crate::exchange::inquiry::Inquiry;
use crate::graphql::context::{ContextExt, Nullable, nullable};

/// A registered purpose of use.
#[derive(Clone, Debug)]
pub struct Purpose {
    code: String,
    title: crate::catalogue::Bilingual,
    legal_basis: String,
    requires_case: bool,
    break_glass: Option<crate::access::BreakGlass>,
}

impl Purpose {
    /// The purpose of this code.
    pub(super) fn find(inquiry: &Inquiry, code: &PurposeCode) -> Option<Self> {
        inquiry.gateway().decider.purposes().get(code.as_str()).map(Self::of)
    }

    fn of(purpose: &crate::access::Purpose) -> Self {
        Self {
            code: purpose.code.as_str().to_owned(),
            title: purpose.title.clone(),
            legal_basis: purpose.basis.clone(),
            requires_case: purpose.requires_case,
            break_glass: purpose.break_glass,
        }
    }
}

/// A registered purpose of use.
#[Object]
impl Purpose {
    /// Its code, for `Chengxin-Purpose`.
    async fn code(&self) -> &str {
        &self.code
    }

    /// Its title.
    async fn title(
        &self,
        #[graphql(default_with = "Language::Zh", desc = "In which language.")] language: Language,
    ) -> &str {
        self.title.text(language)
    }

    /// The law or rule it rests on.
    async fn legal_basis(&self) -> &str {
        &self.legal_basis
    }

    /// Whether a case number must come with it, in `Chengxin-Case`.
    async fn requires_case(&self) -> bool {
        self.requires_case
    }

    /// For how many minutes one subject's records can be opened for it in an emergency (`breakGlass`); null where they cannot.
    async fn break_glass_minutes(&self) -> Option<i32> {
        self.break_glass.map(|bounds| i32::from(bounds.minutes))
    }
}

/// Who you are to the gateway, and what you would see.
#[derive(Clone, Copy, Debug)]
pub struct Viewer;

/// Who you are to the gateway, and what you would see.
#[Object]
impl Viewer {
    /// Your role.
    async fn role(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Role> {
        Ok(ctx.inquiry()?.caller().role())
    }

    /// Your department.
    async fn department(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let department = inquiry.caller().claims().department.as_ref();
            Ok(department.and_then(|id| known_department(inquiry, id)))
        })
    }

    /// The purposes that you may claim: name one of them in `Chengxin-Purpose`.
    async fn purposes(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<Purpose>> {
        let inquiry = ctx.inquiry()?;
        let caller = inquiry.caller();
        let known = inquiry.gateway().decider.purposes();
        let yours = known
            .iter()
            .filter(|purpose| purpose.claimable(caller.role(), caller.claims().department.as_ref(), inquiry.today()));
        Ok(yours.map(Purpose::of).collect())
    }

    /// The purpose in force for this request.
    async fn purpose(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Purpose> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            Ok(inquiry.permit().purpose().and_then(|code| Purpose::find(inquiry, code)))
        })
    }

    /// The authorization in force for this request.
    async fn authorization(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Authorization> {
        nullable(|| {
            let authorization = ctx.inquiry()?.standings().authorization.clone();
            Ok(authorization.map(|granted| Authorization(std::sync::Arc::new(granted))))
        })
    }

    /// What you would see of an item without any relation to the record, before asking for any record.
    async fn disclosures(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The code of a catalogue item.")] item: String,
    ) -> async_graphql::Result<Vec<FieldDisclosure>> {
        let inquiry = ctx.inquiry()?;
        let item = item_code(inquiry, &item)?;
        Ok(disclosures::of(inquiry, &item).into_iter().map(FieldDisclosure::from).collect())
    }
}

/// What you would see of one field for one category of subject.
#[derive(Clone, Debug, SimpleObject)]
pub struct FieldDisclosure {
    /// The field.
    field: String,
    /// The category of subject.
    category: crate::domain::SubjectCategory,
    /// How you would see it.
    disclosure: Disclosure,
    /// The rule that would mask it.
    mask: Option<&'static str>,
    /// Whether you may filter on it.
    filterable: bool,
    /// The policies that decided.
    policies: Vec<String>,
}

impl From<disclosures::FieldDisclosure> for FieldDisclosure {
    fn from(found: disclosures::FieldDisclosure) -> Self {
        let mask = match found.decision {
            Decision::Masked(rule) => Some(rule.name()),
            Decision::Clear | Decision::Withheld(_) => None,
        };
        Self {
            field: found.field,
            category: found.category,
            disclosure: found.decision.disclosure(),
            mask,
            filterable: found.filterable,
            policies: found.policies,
        }
    }
}
