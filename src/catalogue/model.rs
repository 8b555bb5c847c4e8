//! What a loaded catalogue looks like. Made by the loader alone, immutable afterwards.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::domain::{DataClass, DepartmentId, ItemCode, Language, MaskRule, SubjectCategory, Tier};

/// All items, in the order of their codes.
#[derive(Debug)]
pub struct Catalogue {
    items: Vec<Arc<Item>>,
    by_code: HashMap<ItemCode, usize>,
    by_type_name: HashMap<String, usize>,
    hash: [u8; 32],
}

impl Catalogue {
    /// Joins checked items. `hash` is the SHA-256 over the files they came from.
    pub(super) fn new(mut items: Vec<Item>, hash: [u8; 32]) -> Self {
        items.sort_by(|a, b| a.code.cmp(&b.code));
        let items: Vec<Arc<Item>> = items.into_iter().map(Arc::new).collect();
        let by_code = items.iter().enumerate().map(|(at, item)| (item.code.clone(), at)).collect();
        let by_type_name = items.iter().enumerate().map(|(at, item)| (item.type_name.clone(), at)).collect();
        Self { items, by_code, by_type_name, hash }
    }

    /// A catalogue of these items that no files stand behind.
    #[doc(hidden)]
    pub fn for_tests(items: Vec<Item>) -> Self {
        Self::new(items, [0; 32])
    }

    /// All items, in the order of their codes.
    pub fn items(&self) -> &[Arc<Item>] {
        &self.items
    }

    /// The item with this code.
    pub fn item(&self, code: &ItemCode) -> Option<&Arc<Item>> {
        self.by_code.get(code).and_then(|&at| self.items.get(at))
    }

    /// The item whose code is this text.
    pub fn item_by_text(&self, code: &str) -> Option<&Arc<Item>> {
        self.item(&ItemCode::parse(code)?)
    }

    /// The item with this GraphQL type name.
    pub fn item_by_type_name(&self, type_name: &str) -> Option<&Arc<Item>> {
        self.by_type_name.get(type_name).and_then(|&at| self.items.get(at))
    }

    /// SHA-256 over the catalogue's files.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// One catalogue item.
#[derive(Debug)]
pub struct Item {
    /// Its code, such as `administrative-penalty`.
    pub code: ItemCode,
    /// The edition of the national or city catalogue it comes from.
    pub edition: String,
    /// The GraphQL object type, such as `AdministrativePenalty`.
    pub type_name: String,
    /// Its title.
    pub title: Bilingual,
    /// What it is, for the SDL.
    pub description: Bilingual,
    /// The chapter of the credit report it belongs to: `ADMINISTRATIVE`, `HONEST`, …
    pub category: String,
    /// The department that provides it unless a row says otherwise.
    pub provider: DepartmentId,
    /// 共享属性 under Order 809.
    pub sharing: Sharing,
    /// How often it is reported, such as `WITHIN_7_WORKING_DAYS` or `MONTHLY`.
    pub update_frequency: String,
    /// What makes two rows the same record.
    pub natural_key: NaturalKey,
    /// Which rule of the rule pack fixes its publication windows, such as `penalty`, `licence`, `list`, `none`.
    pub publication: String,
    /// How many months an entry of a list is published, counted from `head.decided_on`; of `list` items alone.
    pub term_months: Option<u32>,
    /// Which kind of list its records are entries of; `None` when it is no list.
    pub list: Option<ListKind>,
    /// The condition under which collecting it is not forbidden, with its source. The configuration must name the law
    /// that meets it before rows are imported; `None` when nothing forbids collecting it.
    pub collection_forbidden: Option<String>,
    /// The columns every record has, mapped from the item's own.
    pub head: Head,
    /// The item's fields, in catalogue order.
    pub fields: Vec<Field>,
    /// How files of each vintage are read.
    pub vintages: Vec<Vintage>,
}

impl Item {
    /// The field with this name and its position.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }

    /// The vintage with this id; the first one when `id` is `None`.
    pub fn vintage(&self, id: Option<&str>) -> Option<&Vintage> {
        match id {
            None => self.vintages.first(),
            Some(id) => self.vintages.iter().find(|vintage| vintage.id == id),
        }
    }
}

/// A title or description in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// 中文.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Bilingual {
    /// The text in `language`.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

/// 共享属性: how an item may be shared between departments (Order 809).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Sharing {
    /// 无条件共享.
    Unconditional,
    /// 有条件共享.
    Conditional,
    /// 不予共享.
    NotShared,
}

/// What it means to stand on a list (名单).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
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

/// One field of an item.
#[derive(Debug)]
pub struct Field {
    /// The GraphQL name.
    pub name: String,
    /// Its title.
    pub title: Bilingual,
    /// What it is, for the SDL.
    pub description: Bilingual,
    /// The national column code of the newest vintage, if there is one.
    pub national_code: Option<String>,
    /// The type of its values.
    pub data_type: FieldType,
    /// The format in the notation of the credit data standards, such as `C..200`.
    pub data_format: Option<String>,
    /// Whether a row must carry it.
    pub required: Requirement,
    /// How sensitive it is. Personal and sensitive values are sealed.
    pub class: DataClass,
    /// Whether it can be looked up by exact match (a blind index when sealed).
    pub indexed: bool,
    /// Whether third persons' data are replaced in its clear form too (`TEXT_SCAN`).
    pub scanned: bool,
    /// Whether no authorization opens it: of those who come by the authorized tier, the subject alone sees it.
    pub self_only: bool,
    /// Who sees it, by category of subject; every category is present.
    pub reach: BTreeMap<SubjectCategory, Reach>,
}

impl Field {
    /// Where the field stands for a category of subject.
    pub fn reach(&self, category: SubjectCategory) -> Reach {
        // INVARIANT: the loader fills every category; an absent one would be the strictest reach.
        self.reach.get(&category).copied().unwrap_or(Reach { tier: None, masked_from: None, mask: None })
    }
}

/// The lowest tiers that see a field clear and masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// The lowest tier that sees it clear; `None` = no tier does.
    pub tier: Option<Tier>,
    /// The lowest tier that sees its masked form; `None` = withheld below `tier`.
    pub masked_from: Option<Tier>,
    /// The rule that masks it.
    pub mask: Option<MaskRule>,
}

/// The types of field values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum FieldType {
    /// GraphQL `String`.
    Text,
    /// GraphQL `Date`.
    Date,
    /// GraphQL `Decimal`, as text with its digits kept.
    Decimal,
    /// GraphQL `Int`.
    Integer,
    /// GraphQL `Boolean`.
    Boolean,
    /// GraphQL `[String!]`, from a cell whose parts are joined by `;`.
    TextList,
}

/// Whether a row must carry a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Requirement {
    /// 必填 (M).
    Mandatory,
    /// Depends on other fields (C).
    Conditional,
    /// 选填 (O).
    Optional,
}

/// What makes two rows the same record. Each part is a list of alternatives, the first that the row has counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NaturalKey {
    /// For example `[["decisionNo"], ["authorityUscc", "authority"], ["subject"]]`. `subject` stands for the
    /// subject's identifier, or its normalised name when it has none.
    pub parts: Vec<Vec<String>>,
}

/// The columns that every record has, and where the item takes them from.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// How the subject is known.
    pub subject: SubjectMapping,
    /// The field that holds the date of the decision, the listing or the event.
    pub decided_on: Option<String>,
    /// The field that holds the end of validity, for items published while valid.
    pub valid_to: Option<String>,
    /// The field that holds the name of the providing unit.
    pub provider_name: Option<String>,
    /// The field that holds the unified social credit code of the providing unit.
    pub provider_code: Option<String>,
}

/// How an item says whom it is about.
#[derive(Debug, Clone, Default)]
pub struct SubjectMapping {
    /// The categories that occur; one alone needs no column.
    pub categories: Vec<SubjectCategory>,
    /// The field that holds the subject's name.
    pub name: Option<String>,
    /// The field that holds a natural person's certificate number.
    pub certificate_no: Option<String>,
    /// The field that holds a natural person's certificate type.
    pub certificate_type: Option<String>,
}

/// How files of one vintage are read: by column name, never by position.
#[derive(Debug, Clone)]
pub struct Vintage {
    /// Such as `2018`, `2015`, `provincial`.
    pub id: String,
    /// Column name in the form of `column_key` (upper-case code or Chinese title) to target: a field name, or one of the head targets
    /// `subject.category`, `subject.uscc`, `subject.registrationNo`, `subject.organizationCode`,
    /// `subject.taxRegistrationNo`, `subject.institutionCertificateNo`, `subject.socialOrganizationNo`,
    /// `head.publishedUntil`, `head.receivedOn`, `head.state`, `ignore`. Where several columns of one file fill one
    /// target, the parts of a text list are joined in file order and anything else takes the first that is not empty.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Values translated on the way in: target, then text as sent, then canonical text.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}
