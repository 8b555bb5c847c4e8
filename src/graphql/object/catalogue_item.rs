//! Catalogue items and their fields, as a caller reads them.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};

use super::department::Department;
use crate::catalogue::{Field, FieldType, Item, Reach, Requirement};
use crate::domain::{DataClass, Language, SubjectCategory, Tier};
use crate::exchange::inquiry::Inquiry;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::error::{ApiError, Code};

/// An item of the resource catalogue (信用信息资源目录): a kind of record.
#[derive(Clone, Debug)]
pub struct CatalogueItem(pub Arc<Item>);

/// An item of the resource catalogue (信用信息资源目录): a kind of record.
#[Object]
impl CatalogueItem {
    /// Its code, such as `administrative-penalty`.
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Its title.
    async fn title(
        &self,
        #[graphql(default_with = "Language::Zh", desc = "In which language.")] language: Language,
    ) -> &str {
        self.0.title.text(language)
    }

    /// What it is.
    async fn description(
        &self,
        #[graphql(default_with = "Language::Zh", desc = "In which language.")] language: Language,
    ) -> &str {
        self.0.description.text(language)
    }

    /// The GraphQL type of its records.
    async fn type_name(&self) -> &str {
        &self.0.type_name
    }

    /// The chapter of the national credit report it belongs to.
    async fn category(&self) -> &str {
        &self.0.category
    }

    /// The department that provides it, unless a record says otherwise.
    async fn provider(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Department> {
        nullable(|| Ok(known_department(ctx.inquiry()?, &self.0.provider)))
    }

    /// How often it is reported.
    async fn update_frequency(&self) -> &str {
        &self.0.update_frequency
    }

    /// The edition of the catalogue.
    async fn edition(&self) -> &str {
        &self.0.edition
    }

    /// Its fields.
    async fn fields(&self) -> Vec<CatalogueField> {
        (0..self.0.fields.len()).map(|at| CatalogueField(Arc::clone(&self.0), at)).collect()
    }
}

/// The department with this id, as an object.
pub(in crate::graphql) fn known_department(inquiry: &Inquiry, id: &crate::domain::DepartmentId) -> Option<Department> {
    let found = inquiry.gateway().departments.by_id(id)?;
    Some(Department::known(id.clone(), found.name.clone()))
}

/// A field of a catalogue item.
#[derive(Clone, Debug)]
pub struct CatalogueField(Arc<Item>, usize);

impl CatalogueField {
    #[expect(clippy::indexing_slicing, reason = "made above with positions of this item's own fields")]
    fn field(&self) -> &Field {
        &self.0.fields[self.1]
    }
}

/// A field of a catalogue item.
#[Object]
impl CatalogueField {
    /// Its name in GraphQL.
    async fn name(&self) -> &str {
        &self.field().name
    }

    /// Its title.
    async fn title(
        &self,
        #[graphql(default_with = "Language::Zh", desc = "In which language.")] language: Language,
    ) -> &str {
        self.field().title.text(language)
    }

    /// How sensitive it is.
    async fn class(&self) -> DataClass {
        self.field().class
    }

    /// Where it stands in the three tiers, for each category of subject.
    async fn disclosures(&self) -> Vec<FieldReach> {
        self.field().reach.iter().map(|(&category, &reach)| FieldReach::new(category, reach)).collect()
    }

    /// The column code of the national standard, such as `CF_WSH`.
    async fn national_code(&self) -> Option<&str> {
        self.field().national_code.as_deref()
    }

    /// The format in the notation of the credit data standards, such as `C..200`.
    async fn data_format(&self) -> Option<&str> {
        self.field().data_format.as_deref()
    }

    /// Whether every record must carry it.
    async fn required(&self) -> bool {
        self.field().required == Requirement::Mandatory
    }

    /// Whether records can be found by its exact value, for callers that see it clear.
    async fn indexed(&self) -> bool {
        self.field().indexed
    }
}

/// Where a field stands in the three tiers for one category of subject.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct FieldReach {
    /// The category of subject.
    category: SubjectCategory,
    /// The lowest tier that sees it clear; null when no tier does.
    tier: Option<Tier>,
    /// The lowest tier that sees it masked.
    masked_from: Option<Tier>,
    /// The rule that masks it.
    mask: Option<&'static str>,
}

impl FieldReach {
    fn new(category: SubjectCategory, reach: Reach) -> Self {
        Self {
            category,
            tier: reach.tier,
            masked_from: reach.masked_from,
            mask: reach.mask.map(crate::domain::MaskRule::name),
        }
    }
}

/// The GraphQL type of a field's values.
pub(in crate::graphql) fn graphql_type(data_type: FieldType) -> &'static str {
    match data_type {
        FieldType::Text => "String",
        FieldType::Date => "Date",
        FieldType::Decimal => "Decimal",
        FieldType::Integer => "Int",
        FieldType::Boolean => "Boolean",
        FieldType::TextList => "[String!]",
    }
}

/// The item of this code, as sent by a caller.
pub(in crate::graphql) fn item_code(inquiry: &Inquiry, code: &str) -> Result<crate::domain::ItemCode, ApiError> {
    let found = inquiry.gateway().catalogue.item_by_text(code).map(|item| item.code.clone());
    found.ok_or_else(|| {
        ApiError::new(Code::BadUserInput, "the catalogue has no item of this code: `catalogue { code }` lists them")
    })
}
