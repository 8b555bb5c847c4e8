//! Row windows: which records of a firm a caller meets by tier and by day, and that totals say the same as lists.

use serde_json::json;

use super::values::uscc_of;
use super::world::World;
use crate::support::{Asker, TestApp};
use chengxin::domain::SubjectCategory;

use super::actors::BANK;

const FIRM: SubjectCategory = SubjectCategory::Organization;

/// A penalty in force, a minor one, one whose period is over, and one that its provider withdrew.
fn penalties(app: &TestApp) {
    let uscc = uscc_of(FIRM);
    let row = |number: &str, kind: &str, fine: &str, date: &str| {
        format!(
            "东营试验雀甲有限公司,ORGANIZATION,{uscc},赵雀癸己,{number},事实,依据,{kind},内容,{fine},{date},东营市市场监督管理局,东营市市场监督管理局\n"
        )
    };
    let csv = format!(
        "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_FRDB,CF_WSH,CF_SY,CF_YJ,CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_CFJG,CF_SJLY\n{}{}{}",
        row("in force", "罚款", "2", "2026-11-16"),
        row("minor", "警告", "", "2026-11-16"),
        row("over", "罚款", "2", "2019-11-16"),
    );
    let report = app.import("administrative-penalty", &csv);
    assert_eq!((report.accepted, report.rejected), (3, 0), "{report:?}");
    let csv = format!(
        "行政相对人名称,行政相对人代码_1,行政处罚决定书文号,处罚事由,处罚依据,处罚类别1,处罚结果,处罚决定日期,处罚机关,当前状态\n\
         东营试验雀甲有限公司,{uscc},withdrawn,事实,依据,罚款,内容,2026-11-16,东营市市场监督管理局,1\n"
    );
    let path = app.folder.path().join("old.csv");
    std::fs::write(&path, csv).unwrap();
    let report = app.import_file("administrative-penalty", Some("2015"), &path);
    assert_eq!((report.accepted, report.rejected), (1, 0), "{report:?}");
}

/// The decision numbers that a caller meets, which every path and every total must agree on.
async fn met(asker: &Asker<'_>) -> Vec<String> {
    let uscc = uscc_of(FIRM);
    let list = "totalCount nodes { ... on AdministrativePenalty { decisionNo } }";
    let document = format!(
        "{{ subject(uscc: \"{uscc}\") {{ counts {{ count }} all: records {{ {list} }} \
         records(item: \"administrative-penalty\") {{ {list} }} }} records(item: \"administrative-penalty\") {{ {list} }} }}"
    );
    let answered = asker.ask(&document).await;
    let numbers = |pointer: &str| {
        let nodes = answered.data(&format!("{pointer}/nodes")).as_array().cloned().unwrap_or_default();
        let mut numbers: Vec<String> =
            nodes.iter().map(|node| node["decisionNo"].as_str().unwrap().to_owned()).collect();
        numbers.sort();
        numbers
    };
    let wanted = numbers("/records");
    assert_eq!(answered.data("/records/totalCount"), wanted.len(), "{}", answered.text);
    if wanted.is_empty() {
        assert!(answered.data("/subject").is_null());
        return wanted;
    }
    assert_eq!(answered.data("/subject/counts/0/count"), wanted.len(), "{}", answered.text);
    for pointer in ["/subject/all", "/subject/records"] {
        assert_eq!(numbers(pointer), wanted, "{}", answered.text);
        assert_eq!(answered.data(&format!("{pointer}/totalCount")), wanted.len(), "{pointer}: {}", answered.text);
    }
    wanted
}

#[actix_web::test]
async fn everybody_meets_the_records_of_the_window_and_totals_agree() {
    let mut world = World::bare();
    penalties(&world.app);
    world.know(FIRM).await;
    let whole = super::actors::grant(&world, FIRM, &["administrative-penalty"], json!({})).await;
    let other = super::actors::grant(&world, FIRM, &["registration"], json!({})).await;
    let app = &world.app;
    assert_eq!(met(&app.public()).await, ["in force"]);
    assert_eq!(met(&app.department("CUS").without("chengxin-purpose")).await, ["in force"]);
    assert_eq!(met(&app.department("AMR").without("chengxin-case")).await, ["in force"]);
    assert_eq!(met(&app.department("CUS")).await, ["in force", "minor"]);
    assert_eq!(met(&app.coordinator()).await, ["in force", "minor"]);
    assert_eq!(met(&app.grantee(BANK, &whole)).await, ["in force", "minor"]);
    assert_eq!(
        met(&app.grantee(BANK, &other)).await,
        ["in force"],
        "an authorization for another item opens no window"
    );
    assert_eq!(met(&app.department("AMR")).await, ["in force", "minor", "over", "withdrawn"]);
    assert_eq!(met(&world.own(FIRM)).await, ["in force", "minor", "over", "withdrawn"]);
    let trader = uscc_of(SubjectCategory::IndividualBusiness);
    assert_eq!(met(&app.subject(&format!("uscc:{trader}"))).await, ["in force"], "another's own view");
    assert!(met(&app.administrator(chengxin::domain::Role::Auditor)).await.is_empty());
}
