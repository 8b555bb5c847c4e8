//! A department finds what waits for a joint action, and initiates one, at its desk.

use chengxin::domain::Instant;

use crate::joint_actions::stage::{basis, list, uscc};
use crate::support::{TestApp, Wanted};

fn app() -> TestApp {
    let app = TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", ..Wanted::default() });
    list(&app, 1, "2026-09-01");
    list(&app, 2, "2026-07-01");
    app
}

/// The links of a page that begin so, as a browser would follow them.
fn links(page: &str, start: &str) -> Vec<String> {
    let found = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    found.filter(|href| href.starts_with(start)).map(|href| href.replace("&#38;", "&")).collect()
}

const WAITING: &str = "/desk/actions/awaiting?purpose=licence-review&case=T-1";

#[actix_web::test]
async fn what_waits_leads_to_the_form_and_the_form_to_the_joint_action() {
    let app = app();
    let seat = app.department("AMR").seated();
    assert!(seat.get("/desk").await.text.contains("href=\"/desk/actions/awaiting\""), "the desk leads there");
    let bare = seat.get("/desk/actions/awaiting").await;
    assert!(bare.status == 200 && !bare.text.contains("<table"), "a purpose is asked for first: {}", bare.text);
    let without = seat.get("/desk/actions/awaiting?purpose=licence-review").await;
    assert!(without.status == 400 && without.text.contains("id=\"case-fault\""), "{}", without.text);
    let waiting = seat.get(WAITING).await;
    let ways = links(&waiting.text, "/desk/actions/initiate?");
    assert!(ways.len() == 2 && waiting.text.contains("2026-08-12"), "{}", waiting.text);

    let form = seat.get(&ways[1]).await;
    assert!(form.text.contains("东营联合1有限公司"), "the record it rests on: {}", form.text);
    assert!(form.text.contains("RESTRICT_PREFERENCES") && !form.text.contains("GREEN_CHANNEL"), "{}", form.text);
    let record = basis(&app.department("AMR"), 1).await;
    let sound = [
        ("record", record.as_str()),
        ("measures", "RESTRICT_PREFERENCES"),
        ("measures", "KEY_SUPERVISION"),
        ("legalBasis", "样例条例第十条"),
        ("notifiedOn", "2026-09-16"),
        ("endsOn", "2027-09-01"),
        ("reason", "（合成样例）列入名单"),
    ];
    let with = |name: &'static str, value: &'static str| {
        let others = sound.iter().filter(|(of, _)| *of != name).copied();
        others.chain([(name, value)]).collect::<Vec<(&str, &str)>>()
    };
    for (name, value, told) in [
        ("measures", "", "至少选择一项措施"),
        ("measures", "NO_SUCH_MEASURE", "没有这项措施"),
        ("legalBasis", "", "请写明法律依据"),
        ("notifiedOn", "2026-02-30", "id=\"notifiedOn-fault\""),
        ("notifiedOn", "2026-09-19", "先告知当事人再发起"),
        ("endsOn", "2026-09-01", "id=\"endsOn-fault\""),
        ("endsOn", "2099-01-01", "不能晚于"),
        ("reason", "", "请填写1到2000字"),
    ] {
        let refused = seat.post("/desk/actions/initiate", &with(name, value)).await;
        assert!(refused.status == 400 && refused.text.contains(told), "{name} `{value}`: {}", refused.text);
        if name != "legalBasis" {
            assert!(refused.text.contains("样例条例第十条"), "nothing typed is lost: {}", refused.text);
        }
    }
    let done = seat.post("/desk/actions/initiate", &sound).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let action = links(&done.text, "/desk/actions/").pop().unwrap();
    let shown = seat.get(&action).await;
    assert!(shown.text.contains("已发起，待推送") && shown.text.contains("样例条例第十条"), "{}", shown.text);
    let again = seat.post("/desk/actions/initiate", &sound).await;
    assert!(again.status == 400 && again.text.contains("已经有相同的事项正在办理"), "{}", again.text);
    assert_eq!(links(&seat.get(WAITING).await.text, "/desk/actions/initiate?").len(), 1, "it waits no more");
}

#[actix_web::test]
async fn whoever_did_not_provide_the_record_is_not_led_to_the_form_and_initiates_nothing() {
    let app = app();
    let record = basis(&app.department("AMR"), 1).await;
    let asked = [("q", uscc(1))];
    let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let own = app.department("AMR").seated().post("/desk/query", &asked).await;
    assert_eq!(links(&own.text, "/desk/actions/initiate?").len(), 1, "what a query found leads there: {}", own.text);
    let fields = [
        ("record", record.as_str()),
        ("measures", "KEY_SUPERVISION"),
        ("legalBasis", "样例"),
        ("reason", "样例"),
        ("notifiedOn", "2026-09-16"),
        ("endsOn", "2027-09-01"),
    ];
    let tax = app.department("TAX").seated();
    assert!(links(&tax.post("/desk/query", &asked).await.text, "/desk/actions/initiate?").is_empty());
    let refused = tax.post("/desk/actions/initiate", &fields).await;
    assert!(refused.status == 400 && refused.text.contains("这一步不归您办理"), "{}", refused.text);
    let coordinator = app.coordinator().seated();
    let waiting = coordinator.get(WAITING).await;
    assert!(waiting.text.contains("东营联合2有限公司"), "the coordinator sees what waits: {}", waiting.text);
    assert!(links(&waiting.text, "/desk/actions/initiate?").is_empty(), "and leaves it to the department");
    assert_eq!(coordinator.post("/desk/actions/initiate", &fields).await.status, 403);
    for wrong in ["", "x", "AVYBoiAf2bR_GogmiJI1_Cwx8lCWTs9lgpx3fvbJ"] {
        let nothing = app.department("AMR").seated().get(&format!("/desk/actions/initiate?record={wrong}")).await;
        assert!(nothing.status == 200 && nothing.text.contains("href=\"/desk/actions/awaiting\""), "{}", nothing.text);
    }
    // A record past its period carries nothing.
    app.clock.set(Instant::parse_rfc3339("2031-09-18T04:00:00Z").unwrap());
    let late = app.department("AMR").seated().post("/desk/actions/initiate", &fields).await;
    assert!(late.status == 400 && late.text.contains("不能作为依据"), "{}", late.text);
    let found = app.coordinator().ask("{ jointActions(first: 5) { nodes { id } } }").await;
    assert_eq!(found.data("/jointActions/nodes").as_array().unwrap().len(), 0, "{}", found.text);
}
