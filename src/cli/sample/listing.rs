//! Rows of lists: registration, abnormal operation, serious dishonesty, judgment debtors.

use jiff::ToSpan;

use crate::domain::Date;

use super::authority::{COURT, MARKET};
use super::firm::Firm;
use super::person::Person;
use super::row::{Kind, Row};
use super::subject::{IDENTITY_CARD, SYNTHETIC, Subject, certificate, coded, represented, sent_by};

/// A row of 登记注册基本信息.
pub(super) fn registration(firm: &Firm, received_on: Date) -> Row {
    let Firm { representative, trade, .. } = firm;
    let place = if firm.uscc.starts_with("92") {
        "样例街区市场监督管理所"
    } else {
        "样例区市场监督管理局"
    };
    let row = coded(Subject::Body(firm))
        .spare("工商注册号", &firm.registration_no)
        .text("主体名称", &firm.name)
        .text("主体类型", if firm.uscc.starts_with("92") { "个体工商户" } else { "有限责任公司" })
        .text("法定代表人", &representative.name)
        .text("法定代表人证件类型", IDENTITY_CARD)
        .put(Kind::Citizen, "法定代表人证件号码", &representative.citizen_number)
        .text("住所", if firm.uscc.starts_with("92") { &representative.address } else { &firm.address })
        .spare("注册资本（万元）", format!("{}.000000", 50 + firm.established.day_of_year() * 10))
        .date("成立日期", firm.established)
        .decided_on("核准日期", received_on.saturating_sub(2.days()))
        .date("营业期限自", firm.established)
        .date("营业期限至", jiff::civil::date(2099, 12, 31))
        .text("登记机关", place)
        .text("登记状态", "存续")
        .spare("行业代码体系", "GB/T 4754-2017")
        .spare("行业代码", trade.section)
        .spare("行业", trade.industry)
        .spare("经营范围", format!("{}（合成样例）", trade.scope))
        .spare("联系电话", &representative.phone)
        .spare("行政区划代码体系", "GB/T 2260")
        .spare("行政区划代码", firm.division);
    sent_by(row, MARKET)
}

/// A row of 经营异常名录; an entry that was removed is over.
pub(super) fn abnormal(firm: &Firm, listed_on: Date, removed_on: Option<Date>) -> Row {
    let subject = Subject::Body(firm);
    let row = represented(coded(subject).text("企业名称", &firm.name), subject)
        .date("设立日期", firm.established)
        .text("列入原因类型名称", "未在规定期限公示年度报告（合成样例）")
        .spare("列入依据", "《市场主体登记管理条例》（合成样例）")
        .decided_on("列入日期", listed_on)
        .text("列入决定机关名称", MARKET.name)
        .code("列入决定机关统一社会信用代码", MARKET.uscc())
        .text("移出原因", if removed_on.is_some() { "已补报年度报告" } else { "" })
        .date("移出日期", removed_on)
        .text("移出决定机关", if removed_on.is_some() { MARKET.name } else { "" });
    sent_by(row, MARKET)
}

/// A row of 重点关注名单; an entry that was removed is over.
pub(super) fn watched(firm: &Firm, listed_on: Date, removed_on: Option<Date>) -> Row {
    let row = coded(Subject::Body(firm))
        .text("主体名称", &firm.name)
        .text("名单名称", "安全生产重点关注名单（样例）")
        .text("列入事由", "（合成样例）多次被责令整改")
        .text("列入依据", "《重点关注名单管理办法》（合成样例）")
        .decided_on("列入日期", listed_on)
        .text("认定单位", MARKET.name)
        .code("认定单位统一社会信用代码", MARKET.uscc())
        .date("移出日期", removed_on)
        .text("移出事由", if removed_on.is_some() { "已完成整改" } else { "" });
    sent_by(row, MARKET)
}

/// A row of 严重失信主体名单.
pub(super) fn serious(subject: Subject<'_>, serial: usize, listed_on: Date) -> Row {
    let row = certificate(represented(coded(subject).text("主体名称", subject.name()), subject), subject)
        .text("名单名称", "市场监督管理严重违法失信名单（样例）")
        .spare("注册地址", subject.body().map(|firm| firm.address.clone()).unwrap_or_default())
        .text("列入事由", "（合成样例）受到较重行政处罚，且逾期未履行")
        .text("列入依据", "《市场监督管理严重违法失信名单管理办法》")
        .put(Kind::DecisionNo, "认定文号", format!("东营样例列字〔{}〕{serial:05}号", listed_on.year()))
        .text("认定单位", MARKET.name)
        .code("认定单位统一社会信用代码", MARKET.uscc())
        .decided_on("列入日期", listed_on)
        .date("发布日期", listed_on.saturating_add(1.day()))
        .date("有效期至", listed_on.saturating_add(3.years()));
    sent_by(row, MARKET).spare("备注", SYNTHETIC)
}

/// A row of 失信被执行人名单, whose duty names a third person.
pub(super) fn debtor(subject: Subject<'_>, serial: usize, (published_on, creditor): (Date, &Person)) -> Row {
    let person = if let Subject::Person(person) = subject { Some(person) } else { None };
    let year = published_on.year();
    let row = certificate(represented(coded(subject).text("姓名/名称", subject.name()), subject), subject)
        .text("性别", person.map_or("", |person| person.sex))
        .text("出生日期", person.map(|person| person.born.to_string()).unwrap_or_default())
        .put(Kind::DecisionNo, "案号", format!("（{year}）鲁05执样{serial:05}号"))
        .date("立案时间", published_on.saturating_sub(60.days()))
        .text("执行法院", COURT.name)
        .spare("省份", "山东")
        .text("执行依据文号", format!("（{year}）鲁05民样{serial:05}号"))
        .text("做出执行依据单位", COURT.name)
        .text(
            "生效法律文书确定的义务",
            format!("（合成样例）向{}（电话{}）支付货款20000元", creditor.name, creditor.phone),
        )
        .text("被执行人的履行情况", "全部未履行")
        .text("失信被执行人行为具体情形", "有履行能力而拒不履行生效法律文书确定义务")
        .spare("未履行部分", "20000元")
        .decided_on("发布时间", published_on)
        .date("移出日期", None);
    sent_by(row, COURT)
}
