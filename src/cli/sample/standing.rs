//! Rows that speak for a firm or are kept from the public: honours, commitments, evaluation, social insurance, and
//! the two items of the strictest class about persons.

use jiff::ToSpan;

use crate::domain::Date;

use super::authority::{APPROVAL, CIVIL, CUSTOMS, HEALTH, LABOUR, REFORM, TAX};
use super::firm::Firm;
use super::person::Person;
use super::row::{Kind, Row};
use super::subject::{IDENTITY_CARD, Subject, certificate, coded, sent_by};

/// A row of an item that organizations alone occur in.
fn of_firm(firm: &Firm, name_column: &'static str) -> Row {
    Row::default().text(name_column, &firm.name).put(Kind::SubjectCode, "统一社会信用代码", &firm.uscc)
}

/// A row of 纳税信用A级纳税人.
pub(super) fn tax_class_a(firm: &Firm, year: i16) -> Row {
    let row = of_firm(firm, "纳税人名称")
        .text("评价年度", year.to_string())
        .text("纳税信用级别", "A")
        .decided_on("评定日期", jiff::civil::date(year.saturating_add(1), 4, 20))
        .spare("评定机关", TAX.name);
    sent_by(row, TAX)
}

/// A row of 海关高级认证企业.
pub(super) fn customs(firm: &Firm, serial: usize, graded_on: Date) -> Row {
    let row = of_firm(firm, "企业名称")
        .put(Kind::DecisionNo, "海关注册编码", format!("YL{serial:08}"))
        .date("首次注册日期", firm.established)
        .text("信用等级", "高级认证企业")
        .decided_on("等级认定时间", graded_on)
        .spare("注销标志", "否")
        .spare("注册地址", &firm.address)
        .spare("企业资质", "进出口货物收发货人（合成样例）");
    sent_by(row, CUSTOMS)
}

/// A row of 信用承诺.
pub(super) fn commitment(subject: Subject<'_>, serial: usize, made_on: Date) -> Row {
    let row = certificate(coded(subject).text("主体名称", subject.name()), subject)
        .text("承诺类型", if serial.is_multiple_of(3) { "审批替代型" } else { "主动型" })
        .put(Kind::DecisionNo, "承诺编码", format!("YLCN{serial:010}"))
        .text("承诺事由", "办理行政许可（合成样例）")
        .spare("承诺内容", "依法诚信经营，所提供的材料真实有效")
        .decided_on("做出承诺日期", made_on)
        .text("承诺受理单位", APPROVAL.name)
        .code("承诺受理单位代码", APPROVAL.uscc())
        .spare("承诺履约状态", "全部履行");
    sent_by(row, REFORM)
}

/// A row of 公共信用综合评价.
pub(super) fn evaluation(firm: &Firm, grade: &str, evaluated_on: Date) -> Row {
    let row = of_firm(firm, "企业名称")
        .text("评价等级", grade)
        .decided_on("评价日期", evaluated_on)
        .spare("评价周期", evaluated_on.strftime("%Y-%m").to_string())
        .date("有效期至", evaluated_on.saturating_add(1.year()))
        .spare("评价标准", "GB/T 45255-2025（合成样例）")
        .text("评价单位", REFORM.name);
    sent_by(row, REFORM)
}

/// A row of 社会保险缴纳.
pub(super) fn social_insurance(firm: &Firm, insured: u32, declared_on: Date) -> Row {
    let row = coded(Subject::Body(firm))
        .text("单位名称", &firm.name)
        .text("费款所属期", declared_on.strftime("%Y%m").to_string())
        .spare("险种", "养老;医疗;失业;工伤;生育")
        .spare("参保人数", insured.to_string())
        .text("缴费状态", if insured % 10 == 9 { "欠缴" } else { "已缴" })
        .spare("应缴金额（元）", format!("{}.50", insured * 1_380))
        .spare("实缴金额（元）", if insured % 10 == 9 { "0".to_owned() } else { format!("{}.50", insured * 1_380) })
        .decided_on("申报日期", declared_on);
    sent_by(row, LABOUR)
}

/// The columns about the person of an item that persons alone occur in.
fn of_person(person: &Person) -> Row {
    Row::default().text("姓名", &person.name).text("证件类型", IDENTITY_CARD).put(
        Kind::SubjectCitizen,
        "身份证号",
        &person.citizen_number,
    )
}

/// A row of 从业人员健康证明.
pub(super) fn health(person: &Person, serial: usize, issued_on: Date) -> Row {
    let row = of_person(person)
        .spare("手机号码", &person.phone)
        .spare("家庭住址", &person.address)
        .text("健康状况", if serial % 5 == 4 { "不合格（合成样例）" } else { "合格（合成样例）" })
        .put(Kind::DecisionNo, "健康证明编号", format!("YLJK{serial:08}"))
        .text("发证机构", "东营样例体检中心")
        .decided_on("发证日期", issued_on)
        .date("有效期至", issued_on.saturating_add(1.year()));
    sent_by(row, HEALTH)
}

/// A row of 宗教教职人员备案. The religion is a word that is none.
pub(super) fn religion(person: &Person, serial: usize, filed_on: Date) -> Row {
    let row = of_person(person)
        .text("宗教信仰", "样例宗教（虚构）")
        .spare("联系方式", &person.phone)
        .put(Kind::DecisionNo, "备案编号", format!("YLZJ{serial:08}"))
        .decided_on("备案日期", filed_on);
    sent_by(row, CIVIL)
}
