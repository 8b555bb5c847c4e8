//! A department finds what waits for a joint action, and initiates one, at its desk.

use chengxin::domain::{CaseId, Instant};
use chengxin::exchange::node_id::NodeRef;
use chengxin::store::joint_action::JointActionRow;
use chengxin::store::{self, StoreError};

use crate::joint_actions::stage::{action, basis, initiate, list, uscc, wanted};
use crate::support::databases::Scratch;
use crate::support::seat::Seat;
use crate::support::{Answered, TestApp, Wanted};

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

/// The hidden values of those forms on a page that lead to a page; the session's own are left out.
fn buttons(page: &str, action: &str) -> Vec<Vec<(String, String)>> {
    let leads = format!("action=\"{action}\"");
    let of = |text: &str, name: &str| {
        Some(text.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.replace("&#43;", "+"))
    };
    let fields = |form: &str| {
        let form = form.split("</form>").next().unwrap();
        let hidden = form.split("<input type=\"hidden\"").skip(1);
        let all = hidden.filter_map(|field| Some((of(field, "name")?, of(field, "value")?)));
        all.filter(|(name, _)| !matches!(name.as_str(), "token" | "purpose" | "case")).collect()
    };
    page.split("<form").skip(1).filter(|form| form.contains(&leads)).map(fields).collect()
}

async fn press(seat: &Seat<'_>, path: &str, fields: &[(String, String)]) -> Answered {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    seat.post(path, &fields).await
}

const AWAITING: &str = "/desk/actions/awaiting";
const INITIATE: &str = "/desk/actions/initiate";
/// What is posted here is a new joint action.
const ACTIONS: &str = "/desk/actions";

#[actix_web::test]
async fn what_waits_leads_to_the_form_and_the_form_to_the_joint_action() {
    let app = app();
    let seat = app.department("AMR").seated();
    assert!(seat.get("/desk").await.text.contains("href=\"/desk/actions/awaiting\""), "the desk leads there");
    let bare = seat.get(AWAITING).await;
    assert!(bare.status == 200 && !bare.text.contains("东营联合"), "a purpose is asked for first: {}", bare.text);
    // What an address says declares nothing: another site could have led there.
    let led = seat.get(&format!("{AWAITING}?purpose=licence-review&case=T-1")).await;
    assert!(led.status == 200 && !led.text.contains("东营联合"), "{}", led.text);
    let caseless = app.department("AMR").without("chengxin-case").seated();
    let without = caseless.post(AWAITING, &[]).await;
    assert!(without.status == 400 && without.text.contains("id=\"case-fault\""), "{}", without.text);
    let waiting = seat.post(AWAITING, &[]).await;
    let ways = buttons(&waiting.text, INITIATE);
    assert!(ways.len() == 2 && waiting.text.contains("2026-08-12"), "{}", waiting.text);

    let form = press(&seat, INITIATE, &ways[1]).await;
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
        let refused = seat.post(ACTIONS, &with(name, value)).await;
        assert!(refused.status == 400 && refused.text.contains(told), "{name} `{value}`: {}", refused.text);
        if name != "legalBasis" {
            assert!(refused.text.contains("样例条例第十条"), "nothing typed is lost: {}", refused.text);
        }
    }
    let done = seat.post(ACTIONS, &sound).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let action = links(&done.text, "/desk/actions/").pop().unwrap();
    let shown = seat.get(&action).await;
    assert!(shown.text.contains("已发起，待推送") && shown.text.contains("样例条例第十条"), "{}", shown.text);
    let again = seat.post(ACTIONS, &sound).await;
    assert!(again.status == 400 && again.text.contains("已经有相同的事项正在办理"), "{}", again.text);
    assert!(
        links(&again.text, "/desk/actions/").contains(&action),
        "whoever pressed twice is led to it: {}",
        again.text
    );
    assert_eq!(buttons(&seat.post(AWAITING, &[]).await.text, INITIATE).len(), 1, "it waits no more");
}

#[actix_web::test]
async fn whoever_did_not_provide_the_record_is_not_led_to_the_form_and_initiates_nothing() {
    let app = app();
    let record = basis(&app.department("AMR"), 1).await;
    let asked = [("q", uscc(1))];
    let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let own = app.department("AMR").seated().post("/desk/query", &asked).await;
    assert_eq!(buttons(&own.text, INITIATE).len(), 1, "what a query found leads there: {}", own.text);
    let fields = [
        ("record", record.as_str()),
        ("measures", "KEY_SUPERVISION"),
        ("legalBasis", "样例"),
        ("reason", "样例"),
        ("notifiedOn", "2026-09-16"),
        ("endsOn", "2027-09-01"),
    ];
    let tax = app.department("TAX").seated();
    assert!(buttons(&tax.post("/desk/query", &asked).await.text, INITIATE).is_empty());
    // Until when it is shared is its provider's to know.
    assert!(tax.post(INITIATE, &fields[..1]).await.text.contains("不晚于这条记录的共享期限"));
    let shown = app.department("AMR").seated().post(INITIATE, &fields[..1]).await;
    assert!(shown.text.contains("即这条记录的共享期限"), "{}", shown.text);
    let refused = tax.post(ACTIONS, &fields).await;
    assert!(refused.status == 400 && refused.text.contains("这一步不归您办理"), "{}", refused.text);
    let coordinator = app.coordinator().seated();
    let waiting = coordinator.post(AWAITING, &[]).await;
    assert!(waiting.text.contains("东营联合2有限公司"), "the coordinator sees what waits: {}", waiting.text);
    assert!(buttons(&waiting.text, INITIATE).is_empty(), "and leaves it to the department");
    assert_eq!(coordinator.post(ACTIONS, &fields).await.status, 403);
    assert_eq!(coordinator.post(INITIATE, &fields).await.status, 403);
    for wrong in ["", "x", "AVYBoiAf2bR_GogmiJI1_Cwx8lCWTs9lgpx3fvbJ"] {
        let office = app.department("AMR").seated();
        let nothing = office.post(INITIATE, &[("record", wrong)]).await;
        assert!(nothing.status == 200 && nothing.text.contains("href=\"/desk/actions/awaiting\""), "{}", nothing.text);
        let refused = office.post(ACTIONS, &[("record", wrong), ("reason", "x")]).await;
        assert!(refused.status == 400 && refused.text.contains("没有发起"), "{}", refused.text);
    }
    // A record past its period carries nothing.
    app.clock.set(Instant::parse_rfc3339("2031-09-18T04:00:00Z").unwrap());
    let late = app.department("AMR").seated().post(ACTIONS, &fields).await;
    assert!(late.status == 400 && late.text.contains("不能作为依据"), "{}", late.text);
    let found = app.coordinator().ask("{ jointActions(first: 5) { nodes { id } } }").await;
    assert_eq!(found.data("/jointActions/nodes").as_array().unwrap().len(), 0, "{}", found.text);
}

fn app_on(scratch: &Scratch) -> TestApp {
    let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
    let app = TestApp::with(Wanted { databases, now: "2026-09-18T04:00:00Z", ..Wanted::default() });
    list(&app, 1, "2026-09-01");
    app
}

#[actix_web::test]
async fn of_two_that_are_initiated_at_once_on_a_record_one_is() {
    for scratch in Scratch::each() {
        let app = app_on(&scratch);
        let office = app.department("AMR");
        let record = basis(&office, 1).await;
        let both = (0..2).map(|_| initiate(&office, wanted(&record)));
        let answered = futures_util::future::join_all(both).await;
        let started = answered.iter().filter(|one| one.text.contains("\"INITIATED\"")).count();
        let refused = answered.iter().filter(|one| one.text.contains("\"DUPLICATE\"")).count();
        assert_eq!((started, refused), (1, 1), "{}\n{}", answered[0].text, answered[1].text);
    }
}

#[actix_web::test]
async fn what_was_checked_before_is_checked_again_when_it_is_written() {
    for scratch in Scratch::each() {
        let app = app_on(&scratch);
        let office = app.department("AMR");
        let id = action(&initiate(&office, wanted(&basis(&office, 1).await)).await)["id"].as_str().unwrap().to_owned();
        let Some(NodeRef::JointAction(id)) = app.service.gateway.node_ids.decode(&id) else { panic!("{id}") };
        let registry = &app.service.gateway.registry;
        let standing = registry.read(|connection| store::joint_action::find(connection, id)).unwrap().unwrap();
        let other = JointActionRow { id: CaseId::new([7; 16]), ..standing };
        let second = registry.write(|connection| store::joint_action::insert(connection, &other));
        assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
    }
}
