//! The gateway answers: three tiers over one subject, and an entry for every answer.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chengxin::authentication::Caller;
use chengxin::graphql::engine::Envelope;
use chengxin::http::request;

use crate::support::TestApp;

#[actix_web::test]
async fn a_licence_is_answered_to_the_public_with_a_receipt() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let answered = app
        .public()
        .ask(&format!(
            "{{ subject(uscc: \"{uscc}\") {{ name uscc records(first: 5) {{ totalCount nodes {{ __typename decidedOn state \
             provider {{ name }} ... on AdministrativeLicense {{ decisionNo content }} }} }} }} }}"
        ))
        .await;
    assert_eq!(answered.status, 200, "{}", answered.text);
    assert_eq!(answered.data("/subject/records/nodes/0/content"), "建设工程施工");
    assert!(answered.index() < 100);
}

fn caller(app: &TestApp, headers: &[(&'static str, &str)]) -> Caller {
    let header =
        |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    let headers: HeaderMap = headers.iter().map(header).collect();
    app.service.authenticator.authenticate(&request::identity(&headers)).unwrap()
}

fn is_short(app: &TestApp, caller: &Caller, query: &str, variables: &str) -> bool {
    let envelope = Envelope { query: query.to_owned(), operation_name: None, variables: Some(variables.to_owned()) };
    app.service.short_lookup(caller, &envelope).is_some()
}

#[actix_web::test]
async fn only_a_known_and_cheap_look_up_is_answered_by_the_worker_itself() {
    const LOOK_UP: &str = "query($uscc: Uscc!) { subject(uscc: $uscc) { name } }";
    const LIST: &str = "{ subjects(name: \"东营测试\") { nodes { name } } }";
    const MANY: &str = "query($uscc: Uscc!) { subject(uscc: $uscc) { records(first: 100) { nodes { id } } } }";
    const CHANGE: &str = "mutation { __typename }";
    let app = TestApp::new();
    let uscc = licences(&app);
    let public = caller(&app, &[]);
    let variables = format!("{{\"uscc\":\"{uscc}\"}}");
    assert!(!is_short(&app, &public, LOOK_UP, &variables), "not seen before");
    for query in [LOOK_UP, LIST, MANY, CHANGE] {
        app.public().ask_with(query, serde_json::json!({ "uscc": uscc })).await;
    }
    assert!(is_short(&app, &public, LOOK_UP, &variables));
    assert!(!is_short(&app, &public, LIST, "{}"), "a list");
    assert!(!is_short(&app, &public, MANY, &variables), "dear");
    assert!(!is_short(&app, &public, CHANGE, "{}"), "a mutation");
    let long = format!("{{\"uscc\":\"{uscc}\",\"more\":\"{}\"}}", "x".repeat(2_000));
    assert!(!is_short(&app, &public, LOOK_UP, &long), "long variables");
    let authorized = caller(&app, &[("chengxin-authorization", "AQ")]);
    assert!(!is_short(&app, &authorized, LOOK_UP, &variables), "the use of an authorization is a write");
}

#[actix_web::test]
async fn the_answer_is_the_same_on_either_way_and_each_has_its_entry() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let query = "query($uscc: Uscc!) { subject(uscc: $uscc) { name records(first: 5) { nodes { \
        ... on AdministrativeLicense { content legalRepresentativeCertificateNo } } } } }";
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(app.public().ask_with(query, serde_json::json!({ "uscc": uscc })).await);
    }
    for later in &answers[1..] {
        assert_eq!(later.json["data"], answers[0].json["data"]);
        assert_eq!(later.json["extensions"]["disclosure"], answers[0].json["extensions"]["disclosure"]);
    }
    assert_eq!(answers[0].data("/subject/records/nodes/0/content"), "建设工程施工");
    let entry = |answered: &crate::support::Answered| {
        let leaf = app.service.gateway.ledger.entry(answered.index()).unwrap().unwrap().leaf;
        (leaf.kind, leaf.decision, leaf.rows, leaf.cost, leaf.items)
    };
    assert_eq!(entry(&answers[1]), entry(&answers[0]));
    assert!(answers[2].index() > answers[1].index() && answers[1].index() > answers[0].index());
}

#[test]
fn too_few_connections_for_the_workers_are_refused_at_start() {
    let app = TestApp::new();
    let config = chengxin::config::Config { workers: 4, connections: 4, ..app.config.clone() };
    app.service.gateway.ledger.close();
    let refused = chengxin::app::service(&config, &app.ambient).unwrap_err().to_string();
    assert!(refused.contains("`connections` = 4") && refused.contains("more than `workers`"), "{refused}");
}

/// Imports two licences of one fictitious firm; its code.
pub fn licences(app: &TestApp) -> String {
    let uscc = chengxin::domain::identifier::Uscc::with_check("91370502MA9AAAA00").unwrap();
    let csv = format!(
        "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_FRDB,XK_FR_ZJLX,XK_FR_ZJHM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n\
         东营测试甲有限公司,法人及非法人组织,{uscc},张测试,身份证,11010519491231002X,准予行政许可决定书,东测许〔2026〕1号,普通,建设工程施工,2026-11-16,2026-11-16,2099-12-31,市行政审批服务局,市行政审批服务局\n\
         东营测试甲有限公司,法人及非法人组织,{uscc},张测试,身份证,11010519491231002X,准予行政许可决定书,东测许〔2020〕2号,普通,过期许可,2020-11-16,2020-11-16,2021-12-31,市行政审批服务局,市行政审批服务局\n",
        uscc = uscc.as_str()
    );
    let report = app.import("administrative-licence", &csv);
    assert_eq!((report.accepted, report.rejected), (2, 0), "{report:?}");
    uscc.as_str().to_owned()
}
