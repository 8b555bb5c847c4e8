//! Publication windows under another rule pack: computed anew for every record, content and version untouched.

use std::fs;
use std::path::Path;

use chengxin::domain::identifier::Uscc;
use chengxin::exchange::recompute::{Recomputed, recompute};

use crate::support::process::copy_folder;
use crate::support::{TestApp, Wanted};

const QUERY: &str = "{ records(item: \"administrative-penalty\") { nodes { publishedUntil } } }";

#[actix_web::test]
async fn a_shorter_period_ends_the_publication_of_what_was_imported_before() {
    let policies = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), policies.path());
    let mut app = TestApp::with(Wanted { policies: policies.path().to_owned(), ..Wanted::default() });
    let uscc = Uscc::with_check("91370502MA9AAAA00").unwrap();
    let report = app.import(
        "administrative-penalty",
        &format!(
            "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_WSH,CF_WFXW,CF_SY,CF_YJ,CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_YXQ,CF_CFJG,CF_SJLY\n\
             东营测试甲有限公司,法人及非法人组织,{uscc},东测罚〔2026〕1号,样例,样例,样例,罚款,罚款,1.5,2026-04-20,2027-04-20,市市场监督管理局,市市场监督管理局\n"
        ),
    );
    assert_eq!((report.accepted, report.rejected), (1, 0), "{report:?}");
    let before = app.public().ask(QUERY).await;
    assert_eq!(before.data("/records/nodes/0/publishedUntil"), "2027-04-20", "{}", before.text);
    assert_eq!(run(&app), Recomputed { records: 1, changed: 0 }, "nothing changes under the same pack");

    let pack = policies.path().join("rules/order36-2026.toml");
    let shorter = fs::read_to_string(&pack).unwrap().replace("max_months = 12", "max_months = 6");
    fs::write(&pack, shorter).unwrap();
    app.restart();
    assert_eq!(run(&app), Recomputed { records: 1, changed: 1 });
    let after = app.public().ask(QUERY).await;
    assert_eq!(after.data("/records/nodes"), &serde_json::json!([]), "its period was over: {}", after.text);
    let own = app.subject(&format!("uscc:{uscc}")).ask(QUERY).await;
    assert_eq!(own.data("/records/nodes/0/publishedUntil"), "2026-10-20", "the subject sees until when: {}", own.text);
}

fn run(app: &TestApp) -> Recomputed {
    recompute(&app.service.gateway, |_| ()).unwrap()
}
