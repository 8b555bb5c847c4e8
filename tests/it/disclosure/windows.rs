//! Row windows: which records of a firm a caller meets by tier and by day, and that totals say the same as lists.

use serde_json::json;

use super::values::uscc_of;
use super::world::World;
use crate::support::{Answered, Asker, TestApp};
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

/// Uses left of the bank's only authorization, as the firm sees it.
async fn uses_left(world: &World) -> i64 {
    let answered = world.own(FIRM).ask("{ authorizations(first: 1) { nodes { usesLeft } } }").await;
    answered.data("/authorizations/nodes/0/usesLeft").as_i64().unwrap()
}

async fn penalties_with(world: &World, authorization: &str, selection: &str) -> Answered {
    let uscc = uscc_of(FIRM);
    let document = format!("{{ subject(uscc: \"{uscc}\") {{ {selection} }} }}");
    let answered = world.app.grantee(BANK, authorization).ask(&document).await;
    assert_eq!(answered.status, 200, "{}", answered.text);
    answered
}

#[actix_web::test]
async fn what_is_not_published_shows_the_authorized_fields_alone() {
    let mut world = World::bare();
    penalties(&world.app);
    world.know(FIRM).await;
    let items = json!([{ "item": "administrative-penalty", "fields": ["decisionNo"] }]);
    let number = super::actors::grant(&world, FIRM, &[], json!({ "items": items })).await;
    let fields = "records { totalCount nodes { decidedOn provider { name } \
                  ... on AdministrativePenalty { decisionNo violationFacts decisionDate } } }";
    let answered = penalties_with(&world, &number, fields).await;
    let nodes = answered.data("/subject/records/nodes").as_array().unwrap().clone();
    let of = |number: &str| nodes.iter().find(|node| node["decisionNo"] == number).unwrap().clone();
    assert_eq!((nodes.len(), answered.data("/subject/records/totalCount")), (2, &json!(2)), "{}", answered.text);
    assert_eq!(of("in force")["violationFacts"], "事实", "published anyhow");
    let minor = of("minor");
    assert!(minor["violationFacts"].is_null() && minor["decisionDate"].is_null(), "{minor}");
    assert!(
        minor["decidedOn"].is_null() && minor["provider"].is_null(),
        "taken from fields that are left out: {minor}"
    );
    assert_eq!(answered.codes(), ["FIELD_WITHHELD"; 2], "{}", answered.text);
    // Found by a field that is left out, it would be told what that field says.
    let filtered = |field: &str, value: &str| {
        format!(
            "{{ records(item: \"administrative-penalty\", filter: {{ where: [{{ field: \"{field}\", value: \"{value}\" }}] }}) {{ totalCount }} }}"
        )
    };
    let bank = world.app.grantee(BANK, &number);
    assert_eq!(bank.ask(&filtered("decisionNo", "minor")).await.data("/records/totalCount"), 1);
    let by_authority = filtered("authorityUscc", "11370500004512345X");
    assert_eq!(bank.ask(&by_authority).await.codes(), ["BAD_USER_INPUT"]);
    assert!(world.app.public().ask(&by_authority).await.codes().is_empty(), "open to everybody else");
}

#[actix_web::test]
async fn whatever_the_authorization_alone_opens_takes_a_use() {
    let mut world = World::bare();
    penalties(&world.app);
    world.know(FIRM).await;
    let uses = 9;
    let wanted = json!({ "usesAllowed": uses });
    let id = super::actors::grant(&world, FIRM, &["administrative-penalty"], wanted).await;
    let list = |selection: &str| format!("records(item: \"administrative-penalty\") {{ {selection} }}");
    let whole = "nodes { ... on AdministrativePenalty { violationFacts } }";
    let mut left = uses;
    for selection in [
        list(whole),
        list("nodes { id }"),
        list("nodes { decidedOn }"),
        list("totalCount"),
        "records { totalCount }".to_owned(),
        "counts { count }".to_owned(),
    ] {
        let answered = penalties_with(&world, &id, &selection).await;
        left -= 1;
        assert_eq!(uses_left(&world).await, left, "{selection}: {}", answered.text);
        let entry = world.app.service.gateway.ledger.entry(answered.index()).unwrap().unwrap();
        assert!(entry.leaf.flags.iter().any(|flag| flag.starts_with("AUTHORIZATION:")), "{selection}");
    }
    for unneeded in ["uscc category", "records(item: \"tax-class-a\") { totalCount nodes { id } }"] {
        penalties_with(&world, &id, unneeded).await;
        assert_eq!(uses_left(&world).await, left, "{unneeded}");
    }
}
