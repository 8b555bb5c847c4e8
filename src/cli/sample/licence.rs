//! Rows of 行政许可, data standard of August 2018.

use jiff::ToSpan;

use crate::domain::Date;

use super::authority::{APPROVAL, UNREGISTERED};
use super::row::{Kind, Row};
use super::subject::{Columns2018, SYNTHETIC, Subject};

const SUBJECT: Columns2018 = Columns2018([
    "XK_XDR_MC",
    "XK_XDR_LB",
    "XK_XDR_SHXYM",
    "XK_XDR_GSZC",
    "XK_FRDB",
    "XK_FR_ZJLX",
    "XK_FR_ZJHM",
    "XK_XDR_ZJLX",
    "XK_XDR_ZJHM",
]);

/// What licences are about: certificate, category, content.
const KINDS: [(&str, &str, &str); 6] = [
    ("食品经营许可证", "普通", "准予从事预包装食品销售"),
    ("公共场所卫生许可证", "普通", "准予经营公共场所"),
    ("建筑业企业资质证书", "认可", "核发施工劳务资质"),
    ("道路运输经营许可证", "普通", "准予从事道路普通货物运输"),
    ("排污许可证", "特许", "准予按证排放污染物"),
    ("检验检测机构资质认定证书", "其他-资质认定", "准予开展检验检测"),
];

/// A licence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) serial: usize,
    pub(super) decided_on: Date,
    /// How many years it is valid; `None` = without end.
    pub(super) years: Option<i32>,
}

pub(super) fn row(subject: Subject<'_>, grant: &Grant) -> Row {
    let (certificate, category, content) = KINDS.get(grant.serial % KINDS.len()).copied().unwrap_or(KINDS[0]);
    let (year, serial) = (grant.decided_on.year(), grant.serial);
    let until = grant.years.map_or(jiff::civil::date(2099, 12, 31), |years| {
        grant.decided_on.saturating_add(years.years()).saturating_sub(1.day())
    });
    // Some rows are uploaded by a unit that no list of departments has.
    let source = if serial % 37 == 36 { UNREGISTERED } else { APPROVAL };
    SUBJECT
        .cells(subject)
        .text("XK_XKWS", "准予行政许可决定书（样例）")
        .put(Kind::DecisionNo, "XK_WSH", format!("东营样例许字〔{year}〕第{serial:06}号"))
        .text("XK_XKLB", category)
        .spare("XK_XKZS", certificate)
        .text("XK_XKBH", format!("YL{year}{serial:06}"))
        .text("XK_NR", format!("{content}（合成样例）"))
        .decided_on("XK_JDRQ", grant.decided_on)
        .date("XK_YXQZ", grant.decided_on)
        .date("XK_YXQZI", until)
        .text("XK_XKJG", APPROVAL.name)
        .code("XK_XKJGDM", APPROVAL.uscc())
        .text("XK_ZT", "1")
        .text("XK_LYDW", source.name)
        .code("XK_LYDWDM", source.uscc())
        .spare("BZ", SYNTHETIC)
}
