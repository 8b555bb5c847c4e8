//! The closed lists that an item's words are checked against.

/// The chapters an item can belong to: those of the national credit report.
pub const CATEGORIES: [&str; 9] = [
    "BASIC",
    "ADMINISTRATIVE",
    "HONEST",
    "SERIOUS_DISHONEST",
    "ABNORMAL_OPERATION",
    "COMMITMENT",
    "EVALUATION",
    "JUDICIAL",
    "OTHER",
];

/// How often an item can be reported.
pub const UPDATE_FREQUENCIES: [&str; 6] =
    ["REAL_TIME", "DAILY", "WITHIN_7_WORKING_DAYS", "MONTHLY", "QUARTERLY", "YEARLY"];

/// The targets of a column beside the item's fields.
pub const HEAD_TARGETS: [&str; 11] = [
    "subject.category",
    "subject.uscc",
    "subject.registrationNo",
    "subject.organizationCode",
    "subject.taxRegistrationNo",
    "subject.institutionCertificateNo",
    "subject.socialOrganizationNo",
    "head.publishedUntil",
    "head.receivedOn",
    "head.state",
    "ignore",
];

/// The fields of the interface `CreditRecord`, which no item may use as a field name.
pub const INTERFACE_FIELDS: [&str; 8] =
    ["id", "item", "subject", "provider", "decidedOn", "publishedUntil", "state", "annotations"];

/// Names of the platform's own GraphQL types.
const PLATFORM_TYPES: [&str; 59] = [
    "Query",
    "Mutation",
    "Subscription",
    "Node",
    "Entity",
    "CreditRecord",
    "Subject",
    "Viewer",
    "Department",
    "Division",
    "Purpose",
    "Authorization",
    "Annotation",
    "CatalogueItem",
    "CatalogueField",
    "FieldReach",
    "FieldDisclosure",
    "ItemCount",
    "RateLimit",
    "PageInfo",
    "AuditEntry",
    "AuditFilter",
    "AuditKind",
    "AuditDecision",
    "AuditFieldCounts",
    "AccessLog",
    "RecordFilter",
    "FieldEquals",
    "InvalidInput",
    "InputProblem",
    "SubmittedRow",
    "JointAction",
    "Measure",
    "Memorandum",
    "Objection",
    "CreditRepair",
    "CreditCheck",
    "Tipoff",
    "Receipt",
    "Boolean",
    "Int",
    "Float",
    "String",
    "ID",
    "Date",
    "DateTime",
    "Decimal",
    "Uscc",
    "CitizenNumber",
    "Tier",
    "DataClass",
    "Role",
    "Relation",
    "SubjectCategory",
    "Disclosure",
    "RecordState",
    "Level",
    "MaskRule",
    "Language",
];

/// Endings that the platform gives to types it derives from others.
const PLATFORM_ENDINGS: [&str; 6] = ["Connection", "Edge", "Payload", "Success", "Input", "State"];

/// Why `name` cannot be the GraphQL type of an item; `None` when it can.
pub fn type_name_fault(name: &str) -> Option<String> {
    if !is_graphql_name(name, char::is_uppercase) {
        return Some(format!(
            "`{name}` is not a GraphQL type name; write letters and digits, the first an upper-case letter, such as `TaxCreditA`"
        ));
    }
    if PLATFORM_TYPES.contains(&name) {
        return Some(format!("`{name}` is a type of the platform; choose another `type_name`"));
    }
    let ending = PLATFORM_ENDINGS.iter().find(|ending| name.ends_with(**ending))?;
    Some(format!("`{name}` ends like a type of the platform (`{ending}`); choose another `type_name`"))
}

/// Why `name` cannot be the GraphQL name of a field; `None` when it can.
pub fn field_name_fault(name: &str) -> Option<String> {
    if name.starts_with("__") {
        return Some(format!("`{name}` starts with `__`, which GraphQL keeps for itself"));
    }
    if !is_graphql_name(name, char::is_lowercase) {
        return Some(format!(
            "`{name}` is not a GraphQL field name; write letters and digits, the first a lower-case letter, such as `decisionNo`"
        ));
    }
    INTERFACE_FIELDS
        .contains(&name)
        .then(|| format!("`{name}` is a field of every record (interface `CreditRecord`); choose another name"))
}

fn is_graphql_name(name: &str, first: fn(char) -> bool) -> bool {
    name.is_ascii() && name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(first)
}
