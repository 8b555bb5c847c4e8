//! A step that breaks off between any two of its writes has left nothing, and is simply taken again.
//!
//! A fuse in the database counts writes of rows down and makes the one at which it is through fail. Each step is taken with the fuse
//! at its first write, its second, and so on until it is taken: the same as a gateway that ends there, since what was not committed
//! is gone in both. What a gateway leaves that ends after the commit is told by the test of `settle`.

use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use serde_json::{Value, json};

use super::stage::{app, application, firm, object, take};
use crate::joint_actions::promises;
use crate::joint_actions::stage::{
    action, assignment, basis, dispatch, end, initiate, list, report, respond, uscc, wanted,
};
use crate::support::{Answered, TestApp};
use crate::{listings, tipoffs};

/// Every table that a step may write, and what its rows stand for.
const TABLES: [&str; 17] = [
    "joint_actions",
    "assignments",
    "case_steps",
    "applications",
    "tombstones",
    "promises",
    "records",
    "record_versions",
    "record_index",
    "event_heads",
    "events",
    "webhooks",
    "deliveries",
    "tipoffs",
    "tipoff_reporters",
    "tipoff_attachments",
    "listings",
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    line: Option<String>,
}

/// A fuse in the database of an application.
struct Fuse {
    connection: SqliteConnection,
}

impl Fuse {
    fn new(app: &TestApp) -> Self {
        let path = app.config.registry.strip_prefix("sqlite:").unwrap();
        let mut connection = SqliteConnection::establish(path).unwrap();
        let mut statements =
            "PRAGMA busy_timeout = 5000; CREATE TABLE fuse (n BIGINT NOT NULL); INSERT INTO fuse VALUES (0);"
                .to_owned();
        for table in TABLES {
            for write in ["INSERT", "UPDATE", "DELETE"] {
                statements.push_str(&format!(
                    "CREATE TRIGGER fuse_{table}_{write} BEFORE {write} ON {table} BEGIN \
                     UPDATE fuse SET n = n - 1; SELECT RAISE(ABORT, 'broken off') FROM fuse WHERE n = 0; END;"
                ));
            }
        }
        connection.batch_execute(&statements).unwrap();
        Self { connection }
    }

    /// The `n`th write fails, counted from 1; none for 0.
    fn set(&mut self, n: u32) {
        self.connection.batch_execute(&format!("UPDATE fuse SET n = {n}")).unwrap();
    }

    /// Every row of every table.
    fn rows(&mut self) -> Vec<String> {
        let mut rows = Vec::new();
        for table in TABLES {
            let columns = format!(
                "SELECT group_concat('quote(' || name || ')', ' || ''|'' || ') AS line FROM pragma_table_info('{table}')"
            );
            let columns = self.lines(&columns).remove(0);
            rows.extend(self.lines(&format!("SELECT '{table}: ' || {columns} AS line FROM {table} ORDER BY 1")));
        }
        rows
    }

    fn lines(&mut self, query: &str) -> Vec<String> {
        let lines: Vec<Line> = diesel::sql_query(query).load(&mut self.connection).unwrap();
        lines.into_iter().map(|line| line.line.unwrap()).collect()
    }

    /// Takes a step with the fuse at each of its writes until it is taken; the number of times it broke off.
    async fn burn(&mut self, name: &str, step: impl AsyncFn() -> Answered) -> Answered {
        for n in 1..100 {
            let before = self.rows();
            self.set(n);
            let answered = step().await;
            self.set(0);
            if answered.codes().is_empty() {
                assert!(n > 2, "{name} wrote {} rows: the fuse does not hold: {}", n - 1, answered.text);
                return answered;
            }
            assert!(answered.status >= 200 && answered.codes() != ["BAD_USER_INPUT"], "{name}: {}", answered.text);
            assert!(!answered.text.contains("broken off"), "{name} told what the database said: {}", answered.text);
            assert_eq!(self.rows(), before, "{name} broke off at write {n} and left something");
        }
        panic!("{name} is never taken");
    }
}

#[actix_web::test]
async fn a_joint_action_that_breaks_off_at_any_write_has_left_nothing() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let office = app.department("AMR");
    let basis = basis(&office, 1).await;
    let mut fuse = Fuse::new(&app);
    let started = fuse.burn("initiate", async || initiate(&office, wanted(&basis)).await).await;
    let id = action(&started)["id"].clone();
    let to = json!([
        { "measure": "RESTRICT_PREFERENCES", "departments": ["AAS", "TAX"] },
        { "measure": "KEY_SUPERVISION", "departments": ["HUD"] }
    ]);
    let input = json!({ "id": id, "assignments": to });
    let sent = action(&fuse.burn("dispatch", async || dispatch(&app.coordinator(), input.clone()).await).await);
    let tax = app.department("TAX");
    let of_tax = json!({ "assignment": assignment(&sent, "TAX")["id"], "answer": "TAKEN" });
    fuse.burn("respond", async || respond(&tax, of_tax.clone()).await).await;
    let done = json!({ "assignment": assignment(&sent, "TAX")["id"], "report": "已停止" });
    fuse.burn("report", async || report(&tax, done.clone()).await).await;
    objection(&app, &mut fuse, &basis).await;
    let over = json!({ "id": id, "ending": "REVOKED", "reason": "认定有误" });
    let ended = action(&fuse.burn("end", async || end(&office, over.clone()).await).await);
    assert_eq!(ended["stage"], "ENDED");
    let ledger = &app.service.gateway.ledger;
    assert!(ledger.size() > 0 && ledger.is_ready(), "every attempt is an entry, and the ledger goes on");
}

async fn objection(app: &TestApp, fuse: &mut Fuse, record: &str) {
    let filed = application(&fuse.burn("object", async || object(app, 1, record).await).await);
    let office = app.department("AMR");
    let input = json!({ "id": filed["id"], "answer": "REJECTED", "reason": "事实清楚" });
    let answered = fuse.burn("reject", async || take(&office, "answerObjection", input.clone()).await).await;
    assert_eq!(application(&answered)["stage"], "REJECTED");
}

#[actix_web::test]
async fn a_repair_that_breaks_off_at_any_write_has_left_nothing() {
    let app = app();
    list(&app, 1, "2025-09-01");
    crate::joint_actions::stage::dispatched(&app, 1).await;
    let record = basis(&firm(&app, 1), 1).await;
    let mut fuse = Fuse::new(&app);
    let digest = "ab".repeat(32);
    let input = json!({ "record": record, "commitment": "承诺依法经营", "papers": [
        { "kind": "PERFORMANCE_PROOF", "name": "履行完毕证明.pdf", "sha256": digest },
        { "kind": "COMMITMENT", "name": "信用承诺书.pdf", "sha256": digest },
        { "kind": "COURT_RULING", "name": "裁定书.pdf", "sha256": digest }
    ] });
    let own = firm(&app, 1);
    let filed = application(&fuse.burn("apply", async || take(&own, "applyForRepair", input.clone()).await).await);
    let office = app.department("AMR");
    for (decision, stage) in [("ACCEPT", "ACCEPTED"), ("SHIELD", "SHIELDED"), ("APPROVE", "APPROVED")] {
        let input = json!({ "id": filed["id"], "decision": decision, "reason": "材料齐全" });
        let decided = fuse.burn(decision, async || take(&office, "decideRepair", input.clone()).await).await;
        assert_eq!(application(&decided)["stage"], stage);
    }
    let input = json!({ "id": filed["id"], "reason": "履行证明系伪造" });
    let revoked = fuse.burn("revoke", async || take(&office, "revokeRepair", input.clone()).await).await;
    assert_eq!(application(&revoked)["stage"], "REVOKED");
}

#[actix_web::test]
async fn a_withdrawal_that_breaks_off_at_any_write_has_left_nothing() {
    let app = app();
    list(&app, 1, "2026-09-01");
    crate::joint_actions::stage::dispatched(&app, 1).await;
    let record = basis(&firm(&app, 1), 1).await;
    let filed = application(&object(&app, 1, &record).await);
    let mut fuse = Fuse::new(&app);
    let office = app.department("AMR");
    let input = json!({ "id": filed["id"], "answer": "WITHDRAWN", "reason": "重复", "notice": "消除影响" });
    let answered = fuse.burn("withdraw", async || take(&office, "answerObjection", input.clone()).await).await;
    assert_eq!(application(&answered)["decidedAs"], "WITHDRAWN");
}

/// The correction is a transaction before the answer's: an answer that breaks off after it is simply given again.
#[actix_web::test]
async fn a_correction_that_breaks_off_at_any_write_is_given_again() {
    let app = app();
    list(&app, 1, "2026-09-01");
    crate::joint_actions::stage::dispatched(&app, 1).await;
    let record = basis(&firm(&app, 1), 1).await;
    let filed = application(&object(&app, 1, &record).await);
    let row = json!({ "信用主体类别": "法人及非法人组织", "统一社会信用代码": uscc(1), "单位名称": "东营联合1有限公司", "名单名称": "样例名单",
        "列入事由": "更正后的事由", "列入依据": "样例办法第三条", "认定文号": "样例列字〔2026〕1号", "列入决定机关": "东营市市场监督管理局",
        "列入日期": "2026-09-01", "数据来源单位": "东营市市场监督管理局" });
    let input =
        json!({ "id": filed["id"], "answer": "CORRECTED", "reason": "事由录入有误", "notice": "现予更正", "row": row });
    let mut fuse = Fuse::new(&app);
    let office = app.department("AMR");
    let of_cases = |fuse: &mut Fuse| -> Vec<String> {
        let is_of_a_case = |row: &String| !row.starts_with("record");
        fuse.rows().into_iter().filter(is_of_a_case).collect()
    };
    let before = of_cases(&mut fuse);
    let mut broken_off = 0;
    let answered = loop {
        fuse.set(broken_off + 1);
        let answered = take(&office, "answerObjection", input.clone()).await;
        fuse.set(0);
        if answered.codes().is_empty() && answered.data("/answerObjection/application").is_object() {
            break answered;
        }
        assert_eq!(
            of_cases(&mut fuse),
            before,
            "broke off at write {} and left something: {}",
            broken_off + 1,
            answered.text
        );
        broken_off += 1;
        assert!(broken_off < 100, "{}", answered.text);
    };
    assert!(broken_off > 5, "{broken_off}");
    let facts: Value = serde_json::from_str(application(&answered)["steps"][1]["facts"].as_str().unwrap()).unwrap();
    assert_eq!(
        facts["changes"],
        json!([
            { "field": "listingReason", "sealed": true },
            { "field": "listingBasis", "old": "样例办法", "new": "样例办法第三条" }
        ]),
        "what was corrected is told by the answer that was taken, though the correction came before: {facts}"
    );
}

#[actix_web::test]
async fn a_promise_that_breaks_off_at_any_write_has_left_nothing() {
    let app = app();
    promises::honour(&app, 2);
    let mut fuse = Fuse::new(&app);
    let office = app.department("AAS");
    let input = promises::input(2, "2026-09-30");
    let accepted = fuse.burn("accept", async || promises::accept(&office, input.clone()).await).await;
    let id = accepted.data("/acceptPromise/promise/id").clone();
    let kept = fuse.burn("keep", async || promises::keep(&office, &id).await).await;
    assert_eq!(kept.data("/keepPromise/promise/stage"), "KEPT", "{}", kept.text);
}

#[actix_web::test]
async fn a_tip_off_that_breaks_off_at_any_write_has_left_nothing() {
    let app = app();
    list(&app, 1, "2026-09-01");
    let mut fuse = Fuse::new(&app);
    let public = app.public();
    fuse.burn("submit", async || tipoffs::submit(&public, tipoffs::wanted()).await).await;
    let id = tipoffs::newest(&app.coordinator()).await["id"].clone();
    fuse.burn("assign", async || tipoffs::assign(&app, &id, "officer-7").await).await;
    let handler = tipoffs::officer(&app, "TAX", "officer-7");
    let named = fuse.burn("reveal", async || tipoffs::reveal(&handler, &id).await).await;
    assert!(named.data("/revealReporter/name").is_string(), "{}", named.text);
    let input = json!({ "id": id, "outcome": "UNSUBSTANTIATED", "answer": "经核实不属实" });
    fuse.burn("answer", async || tipoffs::step(&handler, "answerTipoff", input.clone()).await).await;
}

/// What is decided becomes a record in a transaction before the decision's: a decision that breaks off after it is taken again.
#[actix_web::test]
async fn an_entry_on_a_list_that_breaks_off_at_any_write_has_left_nothing_or_is_taken_again() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let mut fuse = Fuse::new(&app);
    let (office, party) = (app.department("AMR"), firm(&app, 1));
    let drafted =
        fuse.burn("draft", async || listings::take(&office, "draftListing", listings::drafted(1)).await).await;
    let id = listings::listing(&drafted)["id"].clone();
    let notice = json!({ "id": id, "notifiedOn": "2026-09-18", "notice": "告知" });
    fuse.burn("notify", async || listings::take(&office, "notifyListing", notice.clone()).await).await;
    let statement = json!({ "id": id, "statement": "无异议" });
    fuse.burn("state", async || listings::take(&party, "stateOnListing", statement.clone()).await).await;
    let decision = json!({ "id": id, "decision": "LIST", "reason": "事实清楚" });
    let mut broken_off = 0;
    let decided = loop {
        fuse.set(broken_off + 1);
        let answered = listings::take(&office, "decideListing", decision.clone()).await;
        fuse.set(0);
        if answered.codes().is_empty() {
            break answered;
        }
        broken_off += 1;
        assert!(broken_off < 100, "{}", answered.text);
    };
    assert!(broken_off > 5, "{broken_off}");
    assert_eq!(listings::listing(&decided)["stage"], "LISTED");
    let query = "{ records(item: \"serious-dishonesty\") { totalCount } }";
    assert_eq!(app.public().ask(query).await.data("/records/totalCount"), 2, "one record, however often it was tried");
    let input = json!({ "id": id, "reason": "依据被撤销", "notice": "恢复信誉" });
    fuse.burn("withdraw", async || listings::take(&office, "withdrawListing", input.clone()).await).await;
}
