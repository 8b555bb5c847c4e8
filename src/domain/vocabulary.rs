//! The closed vocabularies, each written once: text for tokens, database, policies and GraphQL is the
//! same UPPER_SNAKE name everywhere.

macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::AsRefStr, strum::Display, strum::EnumIter,
            strum::EnumString, strum::IntoStaticStr, serde::Serialize, serde::Deserialize, async_graphql::Enum,
        )]
        #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        #[graphql(rename_items = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$value_meta])* $value),+ }

        impl $name {
            /// The name as it stands in tokens, database, policies and GraphQL.
            pub fn name(self) -> &'static str {
                self.into()
            }
        }
    };
}
pub(super) use vocabulary;

vocabulary! {
    /// Who asks. The three administrators are separate persons and read no credit data.
    Role {
        /// Anybody, without a token.
        Public,
        /// An enterprise's or a person's own view.
        Subject,
        /// A body that holds a subject's authorization, a bank for instance.
        Grantee,
        /// An officer or a system of a partner department.
        Department,
        /// The development and reform department, which leads the joint work.
        Coordinator,
        /// The audit administrator: reads the ledger, no credit data.
        Auditor,
        /// The security administrator: policies and keys, no credit data.
        SecurityAdmin,
        /// The system administrator: operation, no credit data.
        SystemAdmin,
    }
}

vocabulary! {
    /// The three tiers of the plan, from the widest circle to the narrowest.
    Tier {
        /// 社会公开: anybody.
        PublicDisclosure,
        /// 政务共享: partner departments with a registered purpose.
        GovernmentSharing,
        /// 授权查询: the subject, or whom the subject has authorized.
        AuthorizedQuery,
    }
}

vocabulary! {
    /// How sensitive a value is. Personal and sensitive values are sealed in the database.
    DataClass {
        /// Not personal.
        Plain,
        /// Personal information.
        Personal,
        /// Sensitive personal information (PIPL article 28) and identity numbers.
        Sensitive,
    }
}

vocabulary! {
    /// What kind of subject a record is about (信用主体类别).
    SubjectCategory {
        /// 法人及非法人组织: a legal person or unincorporated organisation.
        Organization,
        /// 个体工商户: an individual business.
        IndividualBusiness,
        /// 自然人: a natural person.
        NaturalPerson,
    }
}

vocabulary! {
    /// How the caller stands to a record.
    Relation {
        /// No relation: the caller's reach alone decides.
        None,
        /// The caller's department provided the record.
        Provider,
        /// The record is about the caller.
        Subject,
        /// The subject has authorized the caller for this item.
        Authorized,
    }
}

vocabulary! {
    /// What a caller gets of a field.
    Disclosure {
        /// The value as it is.
        Clear,
        /// The value with its private part replaced.
        Masked,
        /// No value.
        Withheld,
    }
}

vocabulary! {
    /// Where a record stands in its life.
    RecordState {
        /// In force and within its period.
        Current,
        /// Its publication period is over.
        Expired,
        /// Credit repair has ended its publication and sharing.
        Repaired,
        /// 暂时屏蔽: a court's plan is being carried out; not published, shared or used meanwhile.
        Shielded,
        /// Withdrawn by its provider.
        Withdrawn,
    }
}

vocabulary! {
    /// How serious an untrustworthy act is (Order 36 of 2025, 信用修复管理办法).
    Level {
        /// 轻微: in principle not published.
        Minor,
        /// 一般: published three months to one year.
        General,
        /// 严重: published one to three years.
        Serious,
    }
}

vocabulary! {
    /// The rules that replace the private part of a value.
    MaskRule {
        /// 姓名: a person's name.
        Name,
        /// 身份证号, sharing tier: first six and last four stay.
        IdStd,
        /// 身份证号, where a law orders publication: first and last stay.
        IdPublic,
        /// 身份证号, court style: month and day of birth are hidden.
        IdBirth,
        /// 手机: first three and last four stay.
        Phone,
        /// 固话: area code and last two stay.
        Tel,
        /// 家庭住址: down to the district.
        Address,
        /// 银行卡: last four stay.
        Bank,
        /// 邮箱: first character and domain stay.
        Email,
        /// 车牌: province and city letter and the last two stay.
        Plate,
        /// 护照、通行证: first two and last two stay.
        Pass,
        /// 出生日期: the year stays.
        Birth,
        /// Nothing stays.
        Drop,
        /// Nothing stays; kept for reporters of misconduct.
        Secret,
        /// 自由文本: other persons' numbers and names are replaced.
        TextScan,
    }
}

vocabulary! {
    /// The language of a title.
    Language {
        /// 中文.
        Zh,
        /// English.
        En,
    }
}
