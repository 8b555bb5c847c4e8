//! Repair: what it needs, what it ends everywhere at once, and how false papers undo it.

use chengxin::exchange::import::QualityReport;
use serde_json::{Value, json};

use super::stage::{app, application, firm, object, record, take};
use crate::joint_actions::stage::{basis, dispatched, list, noon, problems, uscc};
use crate::support::{Answered, TestApp};

fn wanted(record: &str) -> Value {
    let digest = "ab".repeat(32);
    json!({ "record": record, "commitment": "承诺依法经营", "papers": [
        { "kind": "PERFORMANCE_PROOF", "name": "履行完毕证明.pdf", "sha256": digest },
        { "kind": "COMMITMENT", "name": "信用承诺书.pdf", "sha256": digest }
    ] })
}

async fn apply(app: &TestApp, serial: u32, input: Value) -> Answered {
    take(&firm(app, serial), "applyForRepair", input).await
}

async fn decide(app: &TestApp, id: &Value, decision: &str) -> Answered {
    let input = json!({ "id": id, "decision": decision, "reason": "材料齐全" });
    take(&app.department("AMR"), "decideRepair", input).await
}

#[actix_web::test]
async fn what_a_repair_needs_is_told_and_the_day_from_which_on_it_may_be_applied_for() {
    let app = app();
    list(&app, 1, "2026-09-01");
    list(&app, 2, "2025-09-01");
    let (young, old) = (basis(&firm(&app, 1), 1).await, basis(&firm(&app, 2), 2).await);
    let early = apply(&app, 1, wanted(&young)).await;
    assert_eq!(problems(&early), ["TOO_EARLY"]);
    assert!(early.text.contains("2027-09-01"), "a serious matter, twelve months: {}", early.text);
    for (change, code) in [
        (json!({ "commitment": " " }), "TEXT"),
        (json!({ "papers": [wanted(&old)["papers"][0]] }), "PAPERS"),
        (
            json!({ "papers": [wanted(&old)["papers"][0], { "kind": "COMMITMENT", "name": "x", "sha256": "ab" }] }),
            "PAPERS",
        ),
        (json!({ "record": young }), "ID"),
    ] {
        let mut input = wanted(&old);
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = apply(&app, 2, input).await;
        assert_eq!(problems(&refused), [code], "{}", refused.text);
    }
    let licensed = crate::support::TestApp::new();
    let uscc = crate::answers::licences(&licensed);
    let own = licensed.subject(&format!("uscc:{uscc}"));
    let licence = crate::joint_actions::stage::record_of(&own, &uscc).await;
    let refused = take(&own, "applyForRepair", wanted(&licence)).await;
    assert!(problems(&refused).contains(&"NOT_REPAIRABLE".to_owned()), "{}", refused.text);
}

#[actix_web::test]
async fn an_approved_repair_ends_publication_sharing_and_measures_at_once_and_false_papers_undo_it() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let sent = dispatched(&app, 1).await;
    let id = basis(&firm(&app, 1), 1).await;
    let filed = application(&apply(&app, 1, wanted(&id)).await);
    assert_eq!(
        (&filed["dueOn"], &filed["record"]["annotations"]),
        (&json!("2026-09-22"), &json!(["UNDER_REPAIR"])),
        "three working days to accept: {filed:#}"
    );
    assert_eq!(problems(&apply(&app, 1, wanted(&id)).await), ["DUPLICATE"]);
    assert_eq!(problems(&decide(&app, &filed["id"], "APPROVE").await), ["NOT_ACCEPTED"]);
    let accepted = application(&decide(&app, &filed["id"], "ACCEPT").await);
    assert_eq!((&accepted["stage"], &accepted["dueOn"]), (&json!("ACCEPTED"), &json!("2026-10-09")), "ten in all");
    assert_eq!(problems(&decide(&app, &filed["id"], "ACCEPT").await), ["ALREADY_ACCEPTED"]);
    assert_eq!(accepted["steps"][0]["papers"], "履行完毕证明.pdf\n信用承诺书.pdf");

    let approved = application(&decide(&app, &filed["id"], "APPROVE").await);
    assert_eq!((&approved["stage"], &approved["decidedAs"]), (&json!("APPROVED"), &json!("REPAIRED")));
    let names: Vec<&Value> = approved["receivers"].as_array().unwrap().iter().map(|one| &one["receiver"]).collect();
    assert_eq!(names, ["AAS", "HUD", "TAX"]);
    let action = "query($id: ID!) { jointAction(id: $id) { stage ending } }";
    let lifted = app.coordinator().ask_with(action, json!({ "id": sent["id"] })).await;
    assert_eq!(lifted.data("/jointAction"), &json!({ "stage": "ENDED", "ending": "REPAIRED" }), "{}", lifted.text);
    for asker in [app.public(), app.department("TAX"), app.coordinator()] {
        assert!(record(&asker, &id).await.is_null(), "repaired: gone from the sharing tier too");
        let counted = asker.ask(&format!("{{ subject(uscc: \"{}\") {{ counts {{ count }} }} }}", uscc(1))).await;
        assert!(counted.data("/subject").is_null(), "nor counted: {}", counted.text);
    }
    assert_eq!(record(&firm(&app, 1), &id).await["state"], "REPAIRED");
    reported_again_it_stays_repaired(&app, &id).await;

    let refused = take(&app.department("TAX"), "revokeRepair", json!({ "id": filed["id"], "reason": "x" })).await;
    assert_eq!(problems(&refused), ["ID"]);
    let revoke = json!({ "id": filed["id"], "reason": "履行证明系伪造" });
    let revoked = application(&take(&app.department("AMR"), "revokeRepair", revoke.clone()).await);
    assert_eq!((&revoked["stage"], &revoked["decidedAs"]), (&json!("REVOKED"), &json!("RESTORED")));
    assert_eq!(problems(&take(&app.department("AMR"), "revokeRepair", revoke).await), ["NOT_APPROVED"]);
    assert_eq!(record(&app.public(), &id).await["state"], "CURRENT", "it stands again");
    let again = apply(&app, 1, wanted(&id)).await;
    assert_eq!(problems(&again), ["BANNED"]);
    assert!(again.text.contains("2027-09-18"), "for a year: {}", again.text);
    app.clock.set(noon("2027-09-18"));
    assert_eq!(application(&apply(&app, 1, wanted(&id)).await)["stage"], "FILED");
}

/// The same file once more, with another remark: neither import nor submission brings a repaired record back.
async fn reported_again_it_stays_repaired(app: &TestApp, id: &str) {
    let report = reported_again(app, 1, "2025-09-01");
    assert_eq!((report.accepted, report.updated), (1, 1), "{report:?}");
    assert!(record(&app.public(), id).await.is_null());
    assert_eq!(record(&firm(app, 1), id).await["state"], "REPAIRED");
}

/// The file of `list` once more, with another remark.
pub fn reported_again(app: &TestApp, serial: u32, on: &str) -> QualityReport {
    let csv = format!(
        "信用主体类别,统一社会信用代码,单位名称,名单名称,列入事由,列入依据,认定文号,列入决定机关,列入日期,数据来源单位\n\
         法人及非法人组织,{},东营联合{serial}有限公司,样例名单,换了说法,样例办法,样例列字〔2026〕{serial}号,东营市市场监督管理局,{on},东营市市场监督管理局\n",
        uscc(serial)
    );
    app.import("serious-dishonesty", &csv)
}

#[actix_web::test]
async fn a_repair_that_is_not_accepted_or_rejected_leaves_everything_as_it_is() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let id = basis(&firm(&app, 1), 1).await;
    for decisions in [&["NOT_ACCEPT"][..], &["ACCEPT", "REJECT"]] {
        let filed = application(&apply(&app, 1, wanted(&id)).await);
        for decision in decisions {
            decide(&app, &filed["id"], decision).await;
        }
        assert_eq!(
            record(&app.public(), &id).await,
            json!({ "state": "CURRENT", "annotations": [], "listingReason": "样例", "decisionNo": "样例列字〔2026〕1号" })
        );
    }
    let objection = application(&object(&app, 1, &id).await);
    assert_eq!(problems(&decide(&app, &objection["id"], "APPROVE").await), ["OTHER_KIND"]);
}
