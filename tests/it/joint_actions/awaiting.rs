//! Acts that wait to be initiated: by whom, until when, and until a joint action rests on them.

use serde_json::{Value, json};

use super::stage::{action, initiate, list, wanted};
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

const WAITING: &str = "query($d: String, $f: Int!, $a: String) { actsAwaitingInitiation(department: $d, first: $f, after: $a) { \
    nodes { actOn dueOn workingDaysLeft department { id } record { id ... on SeriousDishonestyListing { decisionNo } } } \
    pageInfo { hasNextPage endCursor } } }";

async fn waiting(asker: &Asker<'_>, department: Option<&str>, (first, after): (i32, Option<&str>)) -> Answered {
    asker.ask_with(WAITING, json!({ "d": department, "f": first, "a": after })).await
}

fn acts(answered: &Answered) -> Vec<Value> {
    let nodes = answered.data("/actsAwaitingInitiation/nodes").as_array();
    nodes.unwrap_or_else(|| panic!("{}", answered.text)).clone()
}

#[actix_web::test]
async fn an_act_waits_for_its_department_until_a_joint_action_rests_on_it() {
    for scratch in Scratch::each() {
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, now: "2026-09-18T04:00:00Z", ..Wanted::default() });
        for (serial, day) in [(1, "2026-09-01"), (2, "2026-07-01"), (3, "2026-09-01"), (4, "2022-01-04")] {
            list(&app, serial, day);
        }
        let office = app.department("AMR");
        let all = waiting(&office, None, (20, None)).await;
        let nodes = acts(&all);
        assert_eq!(nodes.len(), 3, "the one of 2022 is shared no more: {}", all.text);
        let (over, next) = (&nodes[0], &nodes[1]);
        assert_eq!((&over["actOn"], &over["dueOn"]), (&json!("2026-07-01"), &json!("2026-08-12")), "the oldest first");
        assert!(over["workingDaysLeft"].as_i64().unwrap() < 0, "its thirty working days are over: {}", all.text);
        assert_eq!(
            (&next["dueOn"], &next["department"]["id"]),
            (&json!("2026-10-19"), &json!("AMR")),
            "over two holidays"
        );
        assert_eq!(nodes[0]["record"]["decisionNo"], "样例列字〔2026〕2号");

        let first = waiting(&office, None, (2, None)).await;
        assert_eq!(first.data("/actsAwaitingInitiation/pageInfo/hasNextPage"), true);
        let cursor = first.data("/actsAwaitingInitiation/pageInfo/endCursor").as_str().unwrap();
        let rest = waiting(&office, None, (2, Some(cursor))).await;
        assert_eq!(acts(&rest), nodes[2..], "{}", rest.text);

        let started = initiate(&office, wanted(nodes[1]["record"]["id"].as_str().unwrap())).await;
        assert_eq!(action(&started)["stage"], "INITIATED");
        for (asker, department, count) in [
            (app.department("AMR"), None, 2),
            (app.department("TAX"), None, 0),
            (app.coordinator(), None, 2),
            (app.coordinator(), Some("AMR"), 2),
            (app.coordinator(), Some("TAX"), 0),
        ] {
            let answered = waiting(&asker, department, (20, None)).await;
            assert_eq!(acts(&answered).len(), count, "{}", answered.text);
        }
        for (asker, department) in [
            (app.public(), None),
            (app.department("TAX"), Some("AMR")),
            (app.subject(&format!("uscc:{}", super::stage::uscc(1))), None),
        ] {
            let refused = waiting(&asker, department, (20, None)).await;
            assert_eq!(refused.codes(), ["FORBIDDEN"], "{}", refused.text);
        }
        let without = waiting(&app.department("AMR").without("chengxin-purpose"), None, (20, None)).await;
        assert_eq!(without.codes(), ["PURPOSE_REQUIRED"], "no pages of nothing: {}", without.text);
    }
}
