//! The kinds of identifier a subject may have, by one name in database and contract.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, Display, EnumIter, EnumString, IntoStaticStr};

/// What an identifier is. A subject may have several.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    AsRefStr,
    Display,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Serialize,
    Deserialize,
    async_graphql::Enum,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(rename_items = "SCREAMING_SNAKE_CASE")]
pub enum IdentifierKind {
    /// 统一社会信用代码 (GB 32100).
    Uscc,
    /// 组织机构代码 (GB 11714).
    OrganizationCode,
    /// 工商注册号.
    RegistrationNumber,
    /// 税务登记号.
    TaxRegistrationNumber,
    /// 事业单位证书号.
    InstitutionCertificate,
    /// 社会组织登记证号.
    SocialOrganization,
    /// 公民身份号码 (GB 11643).
    CitizenNumber,
    /// 护照号.
    Passport,
    /// Any other certificate of a person.
    OtherCertificate,
}

impl IdentifierKind {
    /// The name as it stands in database and contract.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether its value names a natural person and is never stored in the clear.
    pub fn is_personal(self) -> bool {
        match self {
            Self::CitizenNumber | Self::Passport | Self::OtherCertificate => true,
            Self::Uscc
            | Self::OrganizationCode
            | Self::RegistrationNumber
            | Self::TaxRegistrationNumber
            | Self::InstitutionCertificate
            | Self::SocialOrganization => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn names_are_upper_snake_and_read_back() {
        let names: Vec<&str> = IdentifierKind::iter().map(IdentifierKind::name).collect();
        assert_eq!(
            names,
            [
                "USCC",
                "ORGANIZATION_CODE",
                "REGISTRATION_NUMBER",
                "TAX_REGISTRATION_NUMBER",
                "INSTITUTION_CERTIFICATE",
                "SOCIAL_ORGANIZATION",
                "CITIZEN_NUMBER",
                "PASSPORT",
                "OTHER_CERTIFICATE",
            ]
        );
        for kind in IdentifierKind::iter() {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }
}
