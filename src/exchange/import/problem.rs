//! What can be wrong with a file or a row. A problem names line, column and class of value, never the value.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, IntoStaticStr};

/// How grave a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, IntoStaticStr, Serialize, Deserialize)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// The row is not imported.
    Reject,
    /// The row is imported, flagged, and counts against conformity.
    Incomplete,
    /// The row is imported.
    Warn,
}

/// What kind of value the problem is with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, IntoStaticStr, Serialize, Deserialize)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ValueClass {
    /// A unified social credit code.
    Uscc,
    /// Another code of an organisation.
    Code,
    /// A citizen number or another certificate of a person.
    Certificate,
    /// A date.
    Date,
    /// An amount or another number.
    Number,
    /// A word of a closed list.
    Word,
    /// Free text.
    Text,
    /// The row as a whole.
    Row,
}

macro_rules! reasons {
    ($($(#[$meta:meta])* $name:ident $severity:ident $zh:literal $en:literal,)+) => {
        /// What is wrong.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumIter, IntoStaticStr, Serialize,
            Deserialize,
        )]
        #[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum Reason { $($(#[$meta])* #[doc = $en] $name),+ }

        impl Reason {
            /// How grave it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),+ }
            }

            /// Its name in Chinese.
            pub fn zh(self) -> &'static str {
                match self { $(Self::$name => $zh),+ }
            }

            /// Its name in English.
            pub fn en(self) -> &'static str {
                match self { $(Self::$name => $en),+ }
            }
        }
    };
}

reasons! {
    TooManyCells Reject "单元格多于表头" "more cells than the header has columns",
    CellTooLong Reject "单元格过长" "a cell is too long",
    CellFault Reject "单元格为公式错误" "a cell is a spreadsheet error",
    DigitsLost Reject "号码被存为数字而失去精度" "a number of over 15 digits was stored as a number and is damaged",
    NoSubject Reject "无行政相对人" "neither a code nor a name tells the subject",
    UnknownCategory Reject "主体类别不明" "the category of subject is unknown or not one of this item",
    CategoryContradictsCode Reject "主体类别与代码矛盾" "an enterprise's code stands with a natural person",
    NoNaturalKey Reject "无法识别记录" "what identifies the record is missing",
    InvalidCode Reject "代码校验不符" "a unified social credit code is invalid",
    InvalidCertificate Reject "证件号码校验不符" "the subject's citizen number is invalid",
    InvalidDate Reject "日期无效" "a date is invalid",
    InvalidNumber Reject "数值无效" "a number is invalid or negative",
    InvalidWord Reject "取值不在代码表内" "a value is not in its closed list",
    DecidedAfterReceived Reject "决定日期晚于接收日期" "the decision is dated after the file was received",
    ValidityReversed Reject "有效期自晚于有效期至" "the validity ends before it begins",
    DeadlineNotAfterDecision Reject "公示截止期不晚于决定日期" "the end of publication is not after the decision",
    FineWithoutAmount Reject "罚款而无罚款金额" "a fine without an amount",
    ConfiscationWithoutAmount Reject "没收而无没收金额" "a confiscation without an amount",
    SuspensionWithoutLicence Reject "暂扣或吊销而无证照名称" "a suspension or revocation without the licence's name",
    Unfounded Reject "名单信息缺少必填项（列入依据、认定单位等）" "an entry on a list lacks what it rests on, or who decided",
    MissingColumn Incomplete "缺少必填列" "a required column is not in the file",
    MissingCell Incomplete "缺少必填值" "a required cell is empty",
    UnknownColumn Warn "未知列" "a column is not known to the catalogue and was left out",
    CategoryInferred Warn "主体类别由代码推断" "the category of subject was told from the code",
    UnknownUnit Warn "未登记的提供单位" "the providing unit is not a registered department",
    FewerCells Warn "单元格少于表头" "fewer cells than the header has columns",
    NumberAsText Warn "号码被存为数字，前导零可能丢失" "a code was stored as a number; leading zeros may be lost",
    SecondaryCode Warn "次要代码无法识别" "another code of the subject is not readable and was not used",
    SecondaryCheck Warn "次要代码校验不符" "the check character of another code does not hold",
    RepresentativeCertificate Warn "法定代表人证件号码校验不符" "the legal representative's citizen number is invalid",
    CodeWithPerson Warn "自然人带有统一社会信用代码" "a code stands with a natural person and was not used",
    OverLength Warn "超出标准长度" "a value is longer than the standard's column",
    UnlistedWord Warn "取值不在已知代码内" "a value is not among the known codes of its column and was kept as sent",
    UnknownKind Warn "处罚类别无法识别" "a kind of penalty is not known",
    Unclassified Warn "公示期限存疑" "the publication window is doubtful",
    SameKey Warn "同一记录在文件中重复且内容不同" "the file holds the same record again with other content; the later row holds",
    Provisional Warn "工作日历未公布" "the calendar of the year is not yet published",
}

/// A problem of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub reason: Reason,
    /// The column as the file names it, or the catalogue's name of an absent one.
    pub column: Option<Arc<str>>,
    /// What kind of value it is with.
    pub class: ValueClass,
}

impl Problem {
    /// A problem of one column.
    pub fn of(reason: Reason, column: &Arc<str>, class: ValueClass) -> Self {
        Self { reason, column: Some(Arc::clone(column)), class }
    }

    /// A problem of the row as a whole.
    pub fn of_row(reason: Reason) -> Self {
        Self { reason, column: None, class: ValueClass::Row }
    }

    /// How grave it is.
    pub fn severity(&self) -> Severity {
        self.reason.severity()
    }
}

/// A row that was not imported.
#[derive(Clone, Debug)]
pub struct Reject {
    /// Its line in the file.
    pub line: u64,
    /// Everything that was found; at least one problem is a `REJECT`.
    pub problems: Vec<Problem>,
}
