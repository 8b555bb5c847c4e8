//! `/desk/policies`: what is decided of a field and why, and what a change of the folder would do before it is in force.

use std::path::Path;

use chengxin::domain::Role;

use crate::support::process::copy_folder;
use crate::support::{TestApp, Wanted};

/// An application on a folder of policies of its own.
fn with_folder() -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), folder.path());
    let app = TestApp::with(Wanted { policies: folder.path().to_owned(), ..Wanted::default() });
    (app, folder)
}

fn edit(folder: &tempfile::TempDir, file: &str, change: impl Fn(String) -> String) {
    let path = folder.path().join(file);
    let before = std::fs::read_to_string(&path).unwrap();
    let after = change(before.clone());
    assert_ne!(before, after, "the edit of `{file}` changes nothing");
    std::fs::write(path, after).unwrap();
}

#[actix_web::test]
async fn what_a_changed_folder_would_decide_is_told_before_it_is_in_force() {
    let (app, folder) = with_folder();
    let seat = app.administrator(Role::SecurityAdmin).seated();
    let told = async || seat.get("/desk/policies/diff").await.text;
    assert!(told().await.contains("策略文件夹与生效的策略相同"));
    // A purpose that opens more, and needs no case any more.
    edit(&folder, "purposes.toml", |text| text.replacen("allows_lookup = false", "allows_lookup = true", 1));
    let page = told().await;
    assert!(page.contains("政府采购与招投标资格审查"), "{page}");
    edit(&folder, "purposes.toml", |text| text.replacen("requires_case = true", "requires_case = false", 1));
    let page = told().await;
    assert!(page.contains("行政许可审查") && page.contains("需要用途") && page.contains("明文"), "{page}");
    // A policy that reads otherwise, one that is new, and what they do to fields.
    edit(&folder, "joint-action.cedar", |text| text.replacen("\"DEPARTMENT\"", "\"COORDINATOR\"", 1));
    edit(&folder, "disclosure.cedar", |text| {
        format!(
            "{text}\n@id(\"nothing-for-the-public\")\nforbid (principal, action == Action::\"read\", resource) when {{ principal.role == Role::\"PUBLIC\" }};\n"
        )
    });
    let page = told().await;
    for wanted in ["nothing-for-the-public", "joint-action.", "社会公众", "不提供"] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    // What cannot come into force is told with its faults, and nothing is.
    edit(&folder, "disclosure.cedar", |text| format!("{text}\npermit (\n"));
    let page = seat.get("/desk/policies/diff").await;
    assert!(page.status == 400 && page.text.contains("disclosure.cedar"), "{}", page.text);
    let hash = hex::encode(app.service.gateway.decider.policy_hash());
    assert!(seat.get("/desk/policies").await.text.contains(&hash), "what is in force is what it was");
}

#[actix_web::test]
async fn a_decision_is_explained_by_its_policies() {
    let app = TestApp::new();
    let seat = app.administrator(Role::SecurityAdmin).seated();
    let path = "/desk/policies?item=administrative-penalty&role=DEPARTMENT&department=AMR&purpose-of=licence-review&relation=NONE&category=ORGANIZATION";
    let without_case = seat.get(path).await.text;
    assert!(without_case.contains("需要用途"), "{without_case}");
    let with_case = seat.get(&format!("{path}&case-of=1")).await.text;
    assert!(!with_case.contains("需要用途") && with_case.contains("sharing."), "{with_case}");
    let nobody = seat.get("/desk/policies?item=administrative-penalty&role=AUDITOR&relation=SUBJECT").await.text;
    assert!(nobody.contains("不会与记录有这样的关系"), "{nobody}");
}
