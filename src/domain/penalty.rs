//! Kinds of administrative penalty (行政处罚法 of 2021, article 9) and the procedure that led to them.
//!
//! Real files mix the wording of 2018, that of 2021 and two-digit codes. The kind is what is computed with; the
//! text as sent is kept by the record.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, Display, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

use super::text::{fold_width, is_absent, is_blank};

/// A kind of administrative penalty, by its canonical name.
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
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PenaltyKind {
    /// 警告.
    Warning,
    /// 罚款.
    Fine,
    /// 没收违法所得.
    ConfiscateIllegalGains,
    /// 责令停产停业.
    OrderToStop,
    /// 吊销许可证件; the wording of 2018, 暂扣或者吊销许可证, is read as this, the graver of the two.
    RevokeLicence,
    /// 行政拘留.
    AdministrativeDetention,
    /// 法律、行政法规规定的其他行政处罚.
    Other,
    /// 通报批评.
    CirculatedCriticism,
    /// 没收非法财物.
    ConfiscateIllegalProperty,
    /// 降低资质等级.
    LowerQualification,
    /// 暂扣许可证件.
    SuspendLicence,
    /// 限制开展生产经营活动.
    RestrictBusiness,
    /// 限制从业.
    RestrictPractice,
    /// 责令关闭.
    OrderToClose,
}

/// What a cell of penalty kinds says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PenaltyKinds {
    /// The kinds, each once, in the order of the cell.
    pub known: Vec<PenaltyKind>,
    /// The parts that are no known kind, as sent.
    pub unknown: Vec<String>,
}

/// Enumerations inside one kind's own name, whose comma would tear it apart.
const INNER_COMMAS: [(&str, &str); 4] = [
    ("法律、行政法规规定的其他", "其他"),
    ("许可证、执照", "许可证"),
    ("许可证件、执照", "许可证件"),
    ("停产、停业", "停产停业"),
];

impl PenaltyKind {
    /// The name as it stands in files of rules and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The two-digit code of the provincial return flow (`punish_type`).
    pub fn code(self) -> &'static str {
        match self {
            Self::Warning => "01",
            Self::Fine => "02",
            Self::ConfiscateIllegalGains => "03",
            Self::OrderToStop => "04",
            Self::RevokeLicence => "05",
            Self::AdministrativeDetention => "06",
            Self::Other => "07",
            Self::CirculatedCriticism => "08",
            Self::ConfiscateIllegalProperty => "09",
            Self::LowerQualification => "10",
            Self::SuspendLicence => "11",
            Self::RestrictBusiness => "12",
            Self::RestrictPractice => "13",
            Self::OrderToClose => "14",
        }
    }

    /// The wording of the law of 2021.
    pub fn title(self) -> &'static str {
        match self {
            Self::Warning => "警告",
            Self::Fine => "罚款",
            Self::ConfiscateIllegalGains => "没收违法所得",
            Self::OrderToStop => "责令停产停业",
            Self::RevokeLicence => "吊销许可证件",
            Self::AdministrativeDetention => "行政拘留",
            Self::Other => "其他行政处罚",
            Self::CirculatedCriticism => "通报批评",
            Self::ConfiscateIllegalProperty => "没收非法财物",
            Self::LowerQualification => "降低资质等级",
            Self::SuspendLicence => "暂扣许可证件",
            Self::RestrictBusiness => "限制开展生产经营活动",
            Self::RestrictPractice => "限制从业",
            Self::OrderToClose => "责令关闭",
        }
    }

    /// Reads one kind: a title of 2021 or 2018, a canonical name, or a code of one or two digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = compact(text);
        match text.as_str() {
            "没收非法所得" => Some(Self::ConfiscateIllegalGains),
            "非法财物" => Some(Self::ConfiscateIllegalProperty),
            "停产停业" => Some(Self::OrderToStop),
            "暂扣许可证" | "暂扣执照" => Some(Self::SuspendLicence),
            "吊销许可证" | "吊销执照" | "吊销营业执照" => Some(Self::RevokeLicence),
            "限制开展生产经营" => Some(Self::RestrictBusiness),
            _ if is_suspend_or_revoke(&text) => Some(Self::RevokeLicence),
            _ if text.starts_with("其他") => Some(Self::Other),
            _ => Self::iter().find(|kind| kind.title() == text || kind.name() == text || is_code(&text, kind.code())),
        }
    }

    /// Reads a cell of several kinds joined by `;`, `、`, `,`, `|` or a line break, of either width.
    pub fn parse_list(cell: &str) -> PenaltyKinds {
        let mut kinds = PenaltyKinds::default();
        if is_absent(cell) {
            return kinds;
        }
        let cell: String = cell.chars().map(fold_width).collect();
        let cell = INNER_COMMAS.iter().fold(cell, |cell, (torn, whole)| cell.replace(torn, whole));
        for part in cell.split([';', ',', '、', '|', '\n']).map(|part| part.trim_matches(is_blank)) {
            match Self::parse(part) {
                Some(kind) if !kinds.known.contains(&kind) => kinds.known.push(kind),
                Some(_) => {}
                None if is_absent(part) => {}
                None => kinds.unknown.push(part.to_owned()),
            }
        }
        kinds
    }
}

/// 暂扣或者吊销许可证 / 执照 / 许可证件, with 或 or 或者.
fn is_suspend_or_revoke(text: &str) -> bool {
    text.strip_prefix("暂扣或").map(|rest| rest.strip_prefix('者').unwrap_or(rest)).is_some_and(|rest| {
        matches!(
            rest,
            "吊销许可证" | "吊销执照" | "吊销许可证件" | "吊销许可证执照" | "吊销许可证/执照" | "吊销许可证和执照"
        )
    })
}

/// Spreadsheets drop the leading zero of a code.
fn is_code(text: &str, code: &str) -> bool {
    text == code || code.strip_prefix('0') == Some(text)
}

fn compact(text: &str) -> String {
    text.chars().filter(|&character| !is_blank(character)).map(|c| fold_width(c).to_ascii_uppercase()).collect()
}

/// The procedure of a penalty case (案件程序类别).
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
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Procedure {
    /// 简易程序.
    Summary,
    /// 一般程序, 普通程序.
    Ordinary,
}

impl Procedure {
    /// The name as it stands in files of rules and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads a code (`01`, `02`), a title or a canonical name.
    pub fn parse(text: &str) -> Option<Self> {
        match compact(text).as_str() {
            "01" | "1" | "简易" | "简易程序" | "SUMMARY" => Some(Self::Summary),
            "02" | "2" | "一般" | "一般程序" | "普通" | "普通程序" | "ORDINARY" => Some(Self::Ordinary),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_reads_from_its_title_its_name_and_its_code() {
        for kind in PenaltyKind::iter() {
            for text in [kind.title(), kind.name(), kind.code(), kind.code().trim_start_matches('0')] {
                assert_eq!(PenaltyKind::parse(text), Some(kind), "{text}");
            }
        }
        assert_eq!(PenaltyKind::iter().count(), 14);
    }

    #[test]
    fn the_wording_of_2018_reads() {
        for text in ["暂扣或者吊销许可证", "暂扣或者吊销执照", "暂扣或吊销许可证件", "暂扣 或者 吊销许可证"]
        {
            assert_eq!(PenaltyKind::parse(text), Some(PenaltyKind::RevokeLicence), "{text}");
        }
        assert_eq!(PenaltyKind::parse("其他-责令改正"), Some(PenaltyKind::Other));
        assert_eq!(PenaltyKind::parse("其他"), Some(PenaltyKind::Other));
        for text in ["", "15", "0", "00", "002", "批评", "罚", "警告罚款"] {
            assert_eq!(PenaltyKind::parse(text), None, "{text}");
        }
    }

    #[test]
    fn joined_kinds_come_apart_each_once() {
        use PenaltyKind::{ConfiscateIllegalGains, ConfiscateIllegalProperty, Fine, Other, RevokeLicence, Warning};
        for (cell, known) in [
            ("警告;罚款", vec![Warning, Fine]),
            ("警告；罚款；警告；", vec![Warning, Fine]),
            ("０１，２", vec![Warning, Fine]),
            ("没收违法所得、非法财物", vec![ConfiscateIllegalGains, ConfiscateIllegalProperty]),
            ("罚款、暂扣或者吊销许可证、执照", vec![Fine, RevokeLicence]),
            ("暂扣或者吊销许可证、暂扣或者吊销执照", vec![RevokeLicence]),
            ("法律、行政法规规定的其他行政处罚", vec![Other]),
            ("— —", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(PenaltyKind::parse_list(cell), PenaltyKinds { known, unknown: vec![] }, "{cell}");
        }
    }

    #[test]
    fn unknown_parts_are_reported_as_sent() {
        let kinds = PenaltyKind::parse_list("罚款;没收车辆; 99");
        assert_eq!(kinds.known, [PenaltyKind::Fine]);
        assert_eq!(kinds.unknown, ["没收车辆", "99"]);
    }

    #[test]
    fn procedures_read_from_code_and_title() {
        for (text, procedure) in [
            ("01", Procedure::Summary),
            ("1", Procedure::Summary),
            ("简易程序", Procedure::Summary),
            ("02", Procedure::Ordinary),
            ("一般程序", Procedure::Ordinary),
            ("普通程序", Procedure::Ordinary),
            ("ordinary", Procedure::Ordinary),
        ] {
            assert_eq!(Procedure::parse(text), Some(procedure));
        }
        assert_eq!(Procedure::parse("03"), None);
        assert_eq!(Procedure::parse(""), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn kinds_joined_in_any_way_are_found_again(
            places in proptest::collection::vec(0usize..14, 0..6), separator in "[;；、,，|]",
        ) {
            let sent: Vec<PenaltyKind> = places.iter().map(|&at| PenaltyKind::iter().nth(at).unwrap()).collect();
            let cell = sent.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(&separator);
            let read = PenaltyKind::parse_list(&cell);
            prop_assert!(read.unknown.is_empty());
            prop_assert!(sent.iter().all(|kind| read.known.contains(kind)) && read.known.len() <= sent.len());
        }
    }
}
