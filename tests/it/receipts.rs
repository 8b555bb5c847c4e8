//! The receipt of an answer verifies, and its entry commits to exactly the bytes that were answered.

use base64::Engine;
use chengxin::ledger::{ShownReceipt, verify_receipt};
use sha2::{Digest, Sha256};

use crate::answers::licences;
use crate::support::{Answered, TestApp};

fn receipt(answered: &Answered) -> ShownReceipt {
    serde_json::from_value(answered.json["extensions"]["audit"].clone()).unwrap()
}

/// The body as it was before the receipt was put in.
fn body_without_receipt(answered: &Answered) -> String {
    let at = answered.text.find(",\"audit\":").or_else(|| answered.text.find("\"audit\":")).unwrap();
    format!("{}}}}}", &answered.text[..at])
}

fn check(app: &TestApp, answered: &Answered) {
    let ledger = &app.service.gateway.ledger;
    let receipt = receipt(answered);
    assert!(verify_receipt(&receipt, ledger.keys().receipts()), "{}", answered.text);
    let mut other = receipt.clone();
    other.index = (answered.index() + 1).to_string();
    assert!(!verify_receipt(&other, ledger.keys().receipts()), "a receipt for another index");
    let entry = ledger.entry(answered.index()).unwrap().unwrap();
    assert_eq!(base64::prelude::BASE64_STANDARD.encode(entry.leaf_hash), receipt.leaf_hash);
    let openings = ledger.body(&entry).unwrap().unwrap();
    let result = openings.iter().find(|opening| opening.name == "result").unwrap();
    let digest =
        Sha256::digest(body_without_receipt(answered)).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(result.value, digest, "{}", answered.text);
    let committed = &entry.leaf.commitments["result"];
    assert_eq!(*committed, base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(result.commitment()));
}

#[actix_web::test]
async fn every_answer_carries_a_receipt_whose_entry_commits_to_its_bytes() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let document = format!(
        "{{ subject(uscc: \"{uscc}\") {{ name records {{ nodes {{ ... on AdministrativeLicense {{ decisionNo remarks }} }} }} }} }}"
    );
    for asker in [app.public(), app.department("AMR"), app.subject(&format!("uscc:{uscc}"))] {
        check(&app, &asker.ask(&document).await);
    }
    let unknown = app.department("AMR").header("chengxin-purpose", "curiosity").ask(&document).await;
    assert_eq!(unknown.status, 403);
    check(&app, &unknown);
    let wrong = app.public().ask("{ subject(uscc: \"91370502MA9AAAA00A\") { name } }").await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    check(&app, &wrong);
}

#[actix_web::test]
async fn nothing_is_answered_when_the_ledger_cannot_write() {
    let app = TestApp::new();
    let uscc = licences(&app);
    app.service.gateway.ledger.close();
    let document = format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}");
    for asker in [app.public(), app.department("AMR")] {
        let answered = asker.ask(&document).await;
        assert_eq!((answered.status, answered.codes()), (503, vec!["AUDIT_UNAVAILABLE"]), "{}", answered.text);
        assert!(answered.data("").is_null() && !answered.text.contains("东营测试"), "{}", answered.text);
        assert!(answered.headers.contains_key("retry-after"));
    }
}
