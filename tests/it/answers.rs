//! The gateway answers: three tiers over one subject, and an entry for every answer.

use crate::support::TestApp;

const REGISTRATION: &str = "name,uscc\n";

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
    println!("{}", answered.text);
    assert_eq!(answered.data("/subject/records/nodes/0/content"), "建设工程施工");
    assert!(answered.index() < 100);
    let _ = REGISTRATION;
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
