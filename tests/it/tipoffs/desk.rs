//! Tip-offs at the desks: the coordinator names an officer; that officer alone reads them, learns who reported, and answers.

use serde_json::json;

use super::pages::{code_on, form, post, send, typed};
use super::{CONDUCT, CONTACT, NAME, PDF, app, fetch, newest, officer};
use crate::joint_actions::stage::uscc;

/// Whether a page holds anything that only the officer may read.
fn tells(page: &str) -> bool {
    [NAME, CONTACT, CONDUCT, "偷排废水", "/attachments/"].iter().any(|secret| page.contains(secret))
}

#[actix_web::test]
async fn a_tip_off_is_assigned_read_and_answered_at_the_desks_and_nobody_else_reads_it() {
    let app = app();
    let submitted = post(&app.public(), "/tipoffs", typed(&uscc(1))).await;
    let code = code_on(&submitted.text);
    assert_eq!(send(&app.public(), &code, &[PDF]).await.status, 200);
    let coordinator = app.coordinator().seated();
    let list = coordinator.get("/desk/tipoffs").await;
    assert!(list.text.contains(&uscc(1)) && list.text.contains("已提交，等待交办"), "{}", list.text);
    let id = newest(&app.coordinator()).await["id"].as_str().unwrap().to_owned();
    let path = format!("/desk/tipoffs/{id}");
    assert!(list.text.contains(&format!("href=\"{path}\"")), "{}", list.text);
    let one = coordinator.get(&path).await;
    assert!(one.text.contains("name=\"officer\"") && !tells(&one.text) && !tells(&list.text), "{}", one.text);

    for (fields, told) in [
        (vec![("department", "TAX"), ("officer", "")], "请填写承办人账号"),
        (vec![("department", "NOSUCH"), ("officer", "李四")], "没有这个部门"),
    ] {
        let fields: Vec<_> = fields.into_iter().chain([("act", "assign")]).collect();
        let refused = coordinator.post(&path, &fields).await;
        assert!(refused.status == 400 && refused.text.contains(told), "{}", refused.text);
    }
    for act in ["reveal", "answer"] {
        let fields = [("act", act), ("reason", "想知道"), ("outcome", "SUBSTANTIATED"), ("answer", "是")];
        let refused = coordinator.post(&path, &fields).await;
        assert!(refused.status == 400 && !tells(&refused.text), "{act}: {}", refused.text);
    }
    let assign = [("act", "assign"), ("department", "TAX"), ("officer", "李四")];
    let done = coordinator.post(&path, &assign).await;
    assert!(done.status == 200 && done.text.contains("已交办，正在核查") && !tells(&done.text), "{}", done.text);

    let (li, other) = (officer(&app, "TAX", "李四"), officer(&app, "TAX", "王五"));
    let (own, others) = (li.seated(), other.seated());
    assert!(!others.get("/desk/tipoffs").await.text.contains(&uscc(1)));
    assert_eq!(others.get(&path).await.status, 404);
    for act in [vec![("act", "reveal"), ("reason", "x")], assign.to_vec()] {
        let refused = others.post(&path, &act).await;
        assert!(refused.status == 404 && !tells(&refused.text), "{}", refused.text);
    }
    let page = own.get(&path).await;
    assert!(page.text.contains(CONDUCT) && !page.text.contains(NAME), "{}", page.text);
    let file = format!("/tipoffs/{id}/attachments/1");
    assert!(page.text.contains(&format!("href=\"{file}\"")), "{}", page.text);
    assert_eq!(own.get(&file).await.text.as_bytes(), PDF, "the session opens what the page links to");
    assert_eq!(fetch(&other, &json!(file)).await.status, 404);

    let without = own.post(&path, &[("act", "reveal")]).await;
    assert!(without.status == 400 && !without.text.contains(NAME), "a reason is needed: {}", without.text);
    let named = own.post(&path, &[("act", "reveal"), ("reason", "核实需要联系")]).await;
    assert!(named.text.contains(NAME) && named.text.contains(CONTACT), "{}", named.text);
    assert!(!own.get(&path).await.text.contains(NAME), "shown this once");
    let unread = own.post(&path, &[("act", "answer"), ("answer", "已责令整改")]).await;
    assert!(unread.status == 400 && unread.text.contains("已责令整改"), "nothing typed is lost: {}", unread.text);
    let answer = [("act", "answer"), ("outcome", "SUBSTANTIATED"), ("answer", "已责令整改")];
    let answered = own.post(&path, &answer).await;
    assert!(answered.status == 200 && answered.text.contains("已答复"), "{}", answered.text);
    let again = own.post(&path, &answer).await;
    assert!(again.status == 400 && again.text.contains("不能再做这一步"), "{}", again.text);
    let progress = post(&app.public(), "/tipoffs/progress", form(&[("code", &code)])).await;
    assert!(progress.text.contains("已责令整改"), "{}", progress.text);

    // Whom it is about learns nothing of all this.
    let subject = app.subject(&format!("uscc:{}", uscc(1))).seated();
    let log = subject.get("/desk/access-log").await;
    assert!(
        log.status == 200 && !log.text.contains("国家税务总局") && log.text.matches("<tr>").count() <= 1,
        "{}",
        log.text
    );
    for (role, seat) in [("subject", &subject), ("department", &app.department("AMR").seated())] {
        let page = seat.get(&path).await;
        assert!(matches!(page.status, 403 | 404) && !tells(&page.text), "{role}: {}", page.status);
    }
}
