//! Rows of 行政处罚 in its three vintages: the standard of 2018, that of 2015, the provincial return flow.

use jiff::ToSpan;

use crate::domain::Date;
use crate::domain::penalty::PenaltyKind;

use super::authority::{Authority, ECOLOGY, EMERGENCY, MARKET};
use super::person::Person;
use super::row::{Kind, Row};
use super::subject::{Columns2018, SYNTHETIC, Subject};

const SUBJECT: Columns2018 = Columns2018([
    "CF_XDR_MC",
    "CF_XDR_LB",
    "CF_XDR_SHXYM",
    "CF_XDR_GSZC",
    "CF_FRDB",
    "CF_FR_ZJLX",
    "CF_FR_ZJHM",
    "CF_XDR_ZJLX",
    "CF_XDR_ZJHM",
]);

/// What is punished and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offence {
    /// Kinds in the words of 2018, joined by `;`.
    pub(super) kinds: &'static str,
    act: &'static str,
    basis: &'static str,
    authority: Authority,
    fine_yuan: u32,
    confiscated_yuan: u32,
    licence: &'static str,
}

const fn offence(kinds: &'static str, act: &'static str, basis: &'static str, authority: Authority) -> Offence {
    Offence { kinds, act, basis, authority, fine_yuan: 0, confiscated_yuan: 0, licence: "" }
}

/// Nothing but a warning: minor, not shown to the public.
pub(super) const MINOR: Offence = offence("警告", "未按规定明码标价", "《中华人民共和国价格法》第四十二条", MARKET);
/// A small fine on the spot: minor for its summary procedure.
pub(super) const SUMMARY: Offence = Offence {
    fine_yuan: 1_000,
    ..offence("罚款", "占道经营", "《中华人民共和国行政处罚法》第五十一条", MARKET)
};
/// A fine: general.
pub(super) const GENERAL: Offence = Offence {
    fine_yuan: 35_000,
    ..offence("罚款", "销售不合格产品", "《中华人民共和国产品质量法》第四十九条", MARKET)
};
/// An order to stop: serious.
pub(super) const SERIOUS: Offence = Offence {
    fine_yuan: 200_000,
    ..offence("罚款;责令停产停业", "未落实安全生产责任", "《中华人民共和国安全生产法》第九十四条", EMERGENCY)
};

/// Every kind of case that occurs.
pub(super) const OFFENCES: [Offence; 8] = [
    MINOR,
    GENERAL,
    SERIOUS,
    Offence {
        fine_yuan: 12_500,
        ..offence("警告;罚款", "超标排放污染物", "《中华人民共和国水污染防治法》第八十三条", ECOLOGY)
    },
    Offence {
        fine_yuan: 50_000,
        confiscated_yuan: 8_020,
        ..offence("罚款;没收违法所得", "经营标签不符合规定的食品", "《中华人民共和国食品安全法》第一百二十五条", MARKET)
    },
    Offence {
        licence: "食品经营许可证 YL-000001",
        ..offence("暂扣或者吊销许可证", "逾期不改正", "《中华人民共和国食品安全法》第一百二十六条", MARKET)
    },
    offence("通报批评", "未按期报送数据", "《中华人民共和国行政处罚法》第九条", ECOLOGY),
    SUMMARY,
];

/// A penalty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) serial: usize,
    pub(super) decided_on: Date,
    pub(super) offence: Offence,
    /// A person whom the text names though the record is not about them.
    pub(super) bystander: &'a Person,
}

/// The number of a decision (行政处罚决定书文号).
pub(super) fn number(serial: usize, decided_on: Date) -> String {
    format!("东营样例罚〔{}〕{serial:06}号", decided_on.year())
}

impl Case<'_> {
    fn number(&self) -> String {
        number(self.serial, self.decided_on)
    }

    fn facts(&self) -> String {
        let Person { name, phone, .. } = self.bystander;
        format!("（合成样例）经查，当事人{}。现场人员{name}，联系电话{phone}。", self.offence.act)
    }

    fn content(&self) -> String {
        let Offence { kinds, fine_yuan, confiscated_yuan, .. } = self.offence;
        let measures = kinds
            .replace(';', "，")
            .replace("罚款", &format!("罚款人民币{fine_yuan}元"))
            .replace("没收违法所得", &format!("没收违法所得{confiscated_yuan}元"));
        format!("（合成样例）{measures}")
    }

    /// Small fines on the spot are decided by summary procedure, everything else by the ordinary one.
    fn is_summary(&self) -> bool {
        self.offence.kinds == "罚款" && self.offence.fine_yuan <= 3_000
    }
}

/// 10,000 yuan with six decimals, as the standard of 2018 has it; empty for nothing.
fn wan(yuan: u32) -> String {
    if yuan == 0 { String::new() } else { format!("{}.{:06}", yuan / 10_000, yuan % 10_000 * 100) }
}

fn yuan(amount: u32) -> String {
    if amount == 0 { String::new() } else { format!("{amount}.00") }
}

/// A row of the standard of 2018, with the column of the procedure that cities add.
pub(super) fn row_2018(subject: Subject<'_>, case: &Case<'_>) -> Row {
    let Offence { kinds, act, basis, authority, fine_yuan, confiscated_yuan, licence } = case.offence;
    SUBJECT
        .cells(subject)
        .put(Kind::DecisionNo, "CF_WSH", case.number())
        .text("案件程序类别", if case.is_summary() { "简易程序" } else { "一般程序" })
        .text("CF_WFXW", act)
        .text("CF_SY", case.facts())
        .text("CF_YJ", basis)
        .text("CF_CFLB", kinds)
        .text("CF_NR", case.content())
        .put(Kind::Fine, "CF_NR_FK", wan(fine_yuan))
        .text("CF_NR_WFFF", wan(confiscated_yuan))
        .text("CF_NR_ZKDX", licence)
        .decided_on("CF_JDRQ", case.decided_on)
        .date("CF_YXQ", case.decided_on.saturating_add(1.year()))
        .date("CF_GSJZQ", case.decided_on.saturating_add(3.years()))
        .text("CF_CFJG", authority.name)
        .code("CF_CFJGDM", authority.uscc())
        .text("CF_SJLY", authority.name)
        .code("CF_SJLYDM", authority.uscc())
        .spare("BZ", SYNTHETIC)
}

/// A row of the standard of 2015: no amounts, no data source, 代码_2 is the organisation code.
pub(super) fn row_2015(subject: Subject<'_>, case: &Case<'_>) -> Row {
    let Offence { kinds, act, basis, authority, .. } = case.offence;
    let (first, second) = kinds.split_once(';').unwrap_or((kinds, ""));
    let (uscc, representative) =
        subject.body().map_or(("", ""), |firm| (firm.uscc.as_str(), firm.representative.name.as_str()));
    let mut row = Row::default()
        .put(Kind::DecisionNo, "CF_WSH", case.number())
        .spare("CF_CFMC", format!("对{act}的处罚（合成样例）"))
        .text("CF_CFLB1", first)
        .text("CF_CFLB2", second)
        .text("CF_SY", case.facts())
        .text("CF_YJ", basis)
        .text("CF_XDR_MC", subject.name())
        .put(Kind::SubjectCode, "CF_XDR_SHXYM", uscc)
        .spare("CF_XDR_ZDM", uscc.get(8..17).unwrap_or_default())
        .text("CF_FR", representative)
        .text("CF_JG", case.content())
        .decided_on("CF_JDRQ", case.decided_on)
        .text("CF_XZJG", authority.name)
        .text("CF_ZT", if case.serial % 9 == 8 { "1" } else { "0" })
        .spare("DFBM", "370500")
        .spare("SJC", format!("{}120000", case.decided_on.strftime("%Y%m%d")))
        .spare("BZ", SYNTHETIC);
    // The vintage has no column for what a fine or a confiscation must say.
    row.incomplete = case.offence.fine_yuan > 0 || case.offence.confiscated_yuan > 0;
    row
}

/// A row of the provincial return flow: codes of two digits, amounts in yuan.
pub(super) fn row_provincial(subject: Subject<'_>, case: &Case<'_>) -> Row {
    let Offence { kinds, act, basis, authority, fine_yuan, confiscated_yuan, licence } = case.offence;
    let codes: Vec<&str> = PenaltyKind::parse_list(kinds).known.into_iter().map(PenaltyKind::code).collect();
    let firm = subject.body();
    let holder = firm.map(|firm| &firm.representative);
    Row::default()
        .spare("punish_base_info_code", format!("YL{:012}", case.serial))
        .spare("punish_case_code", format!("YLAJ{:08}", case.serial))
        .text("case_process_type", if case.is_summary() { "01" } else { "02" })
        .spare("punish_action_name", format!("对{act}的处罚（合成样例）"))
        .text("illegal_fact", case.facts())
        .spare("illegal_basis", basis)
        .text("punish_type", codes.join(";"))
        .put(Kind::DecisionNo, "punish_document_code", case.number())
        .text("admin_cp_type", "02")
        .text("admin_cp_name", subject.name())
        .spare("admin_cp_cert_type", "001")
        .put(Kind::SubjectCode, "admin_cp_cert_code", firm.map(|firm| firm.uscc.clone()).unwrap_or_default())
        .text("legal_represent", holder.map(|person| person.name.clone()).unwrap_or_default())
        .text("legal_represent_type", "111")
        .put(Kind::Citizen, "legal_represent_idcard", holder.map(|p| p.citizen_number.clone()).unwrap_or_default())
        .text("punish_content", case.content())
        .text("punish_basis", basis)
        .put(Kind::Fine, "fine", yuan(fine_yuan))
        .text("confiscate_illegal_incom", yuan(confiscated_yuan))
        .text("revoke_licence_name", licence)
        .decided_on("set_time", case.decided_on)
        .date("public_date", case.decided_on.saturating_add(2.days()))
        .date("public_end_date", case.decided_on.saturating_add(3.years()))
        .text("implement_institution", authority.name)
        .code("implement_institution_code", authority.uscc())
        .spare("institution_region_code", "370500")
        .text("source_dept_name", authority.name)
        .code("source_dept_code", authority.uscc())
        .spare("is_public", "1")
        .text("publicstatus", if case.serial % 11 == 10 { "1" } else { "0" })
}
