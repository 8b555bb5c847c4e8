//! A department, or a unit known by name alone.

use async_graphql::Object;

use crate::catalogue::Bilingual;
use crate::domain::{DepartmentId, Language};

/// A partner department, or a unit that is known by its name alone.
#[derive(Clone, Debug)]
pub struct Department {
    id: Option<DepartmentId>,
    name: Bilingual,
}

impl Department {
    /// A partner department of the city.
    pub fn known(id: DepartmentId, name: Bilingual) -> Self {
        Self { id: Some(id), name }
    }

    /// A unit named in a file, not verified.
    pub fn unverified(name: String) -> Self {
        Self { id: None, name: Bilingual { en: name.clone(), zh: name } }
    }
}

/// A partner department, or a unit that is known by its name alone.
#[Object]
impl Department {
    /// The id of a partner department, such as `AMR`; null for a unit that is known by its name alone.
    async fn id(&self) -> Option<&str> {
        self.id.as_ref().map(DepartmentId::as_str)
    }

    /// Its name.
    async fn name(
        &self,
        #[graphql(default_with = "Language::Zh", desc = "In which language.")] language: Language,
    ) -> &str {
        self.name.text(language)
    }
}
