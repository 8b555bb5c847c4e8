//! An objection that is right is put right at the desk by naming what was wrong.

use serde_json::json;

use crate::applications::stage::{app, application, firm, object, record};
use crate::joint_actions::stage::{basis, list};

#[actix_web::test]
async fn a_correction_names_a_field_by_its_title_and_the_rest_stays_as_it_was() {
    let app = app();
    list(&app, 1, "2026-09-01");
    let id = basis(&firm(&app, 1), 1).await;
    let filed = application(&object(&app, 1, &id).await);
    let path = format!("/desk/applications/{}", filed["id"].as_str().unwrap());
    let seat = app.department("AMR").seated();
    let page = seat.get(&path).await;
    assert!(page.text.contains("要更正的栏目"), "{}", page.text);
    let answer = [("answer", "CORRECTED"), ("reason", "事由录入有误"), ("notice", "已更正")];
    for (row, told) in [
        ("", "请填写要更正的栏目"),
        ("没有这一栏：x", "没有这一栏：x"),
        ("列入事由：甲\n列入事由：乙", "列入事由：乙"),
        ("认定文号：样例列字〔2026〕99号", "识别记录的栏目"),
        ("列入事由：样例", "没有改变这条记录"),
        ("列入日期：2026-02-30", "日期无效"),
    ] {
        let fields: Vec<_> = answer.into_iter().chain([("row", row)]).collect();
        let refused = seat.post(&path, &fields).await;
        assert!(refused.status == 400 && refused.text.contains(told), "{row}: {}", refused.text);
        assert!(refused.text.contains("事由录入有误"), "nothing typed is lost");
    }
    let fields: Vec<_> = answer.into_iter().chain([("row", "列入事由：更正后的事由")]).collect();
    let done = seat.post(&path, &fields).await;
    assert!(done.status == 200 && done.text.contains("已办理"), "{}", done.text);
    let query = "query($id: ID!) { node(id: $id) { ... on SeriousDishonestyListing { listingReason listingBasis decisionNo } } }";
    let corrected = app.department("AMR").ask_with(query, json!({ "id": id })).await;
    let node = corrected.data("/node");
    assert_eq!(
        (&node["listingReason"], &node["listingBasis"], &node["decisionNo"]),
        (&json!("更正后的事由"), &json!("样例办法"), &json!("样例列字〔2026〕1号")),
        "{}",
        corrected.text
    );
    assert_eq!(record(&app.public(), &id).await["annotations"], json!([]));
}
