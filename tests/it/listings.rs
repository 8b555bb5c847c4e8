//! Entries on lists as cases (名单认定): nobody is burdened unheard, without a law, or by counting; what is decided is a record, and what
//! falls is taken back whole.

use serde_json::{Value, json};

use crate::applications::stage::firm;
use crate::joint_actions::stage::{action, basis, list, noon, problems, record_of, uscc};
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

pub const LISTING: &str = "id stage decider { id } legalBasis notifiedOn stateBy decidedOn item { code } subject { uscc } \
    record { id state } steps { number step text notice facts }";

fn app_on(database: &Scratch) -> TestApp {
    let databases = Some((database.url.clone(), database.url.clone())).filter(|_| !database.is_sqlite());
    TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", databases, ..Wanted::default() })
}

/// The row of an entry about a firm that is known by another entry of its own.
pub fn row(serial: u32) -> Value {
    json!({ "信用主体类别": "法人及非法人组织", "统一社会信用代码": uscc(serial), "单位名称": format!("东营联合{serial}有限公司"),
        "名单名称": "重大样例失信名单", "列入事由": "样例事由", "列入依据": "样例办法第五条", "认定文号": format!("样例认字〔2026〕{serial}号"),
        "列入决定机关": "东营市市场监督管理局", "列入日期": "2026-09-18", "数据来源单位": "东营市市场监督管理局" })
}

pub fn drafted(serial: u32) -> Value {
    json!({ "item": "serious-dishonesty", "row": row(serial), "legalBasis": "样例法第十条", "reason": "初步认定" })
}

pub async fn take(asker: &Asker<'_>, field: &str, input: Value) -> Answered {
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = format!(
        "mutation($input: {input_type}!) {{ {field}(input: $input) {{ ... on ListingSuccess {{ listing {{ {LISTING} }} }} \
         ... on InvalidInput {{ problems {{ path code message }} }} }} }}"
    );
    asker.ask_with(&document, json!({ "input": input })).await
}

pub fn listing(answered: &Answered) -> Value {
    let payload = answered.json["data"].as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
    assert!(payload["listing"].is_object(), "{}", answered.text);
    payload["listing"].clone()
}

async fn own(asker: &Asker<'_>) -> Vec<Value> {
    let answered = asker.ask(&format!("{{ listings {{ nodes {{ {LISTING} }} }} }}")).await;
    answered.data("/listings/nodes").as_array().cloned().unwrap_or_else(|| panic!("{}", answered.text))
}

fn words(listing: &Value) -> Vec<&str> {
    listing["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect()
}

/// How many entries of the list a caller finds of a firm.
async fn found(asker: &Asker<'_>, serial: u32) -> u64 {
    let query = format!(
        "{{ subject(uscc: \"{}\") {{ records(item: \"serious-dishonesty\") {{ totalCount }} }} }}",
        uscc(serial)
    );
    asker.ask(&query).await.data("/subject/records/totalCount").as_u64().unwrap_or(0)
}

#[actix_web::test]
async fn an_entry_is_drafted_told_heard_decided_and_withdrawn_with_all_that_rests_on_it() {
    for database in Scratch::each() {
        let app = app_on(&database);
        list(&app, 1, "2025-09-01");
        walk(&app).await;
    }
}

async fn walk(app: &TestApp) {
    let (office, party) = (app.department("AMR"), firm(app, 1));
    let entry = listing(&take(&office, "draftListing", drafted(1)).await);
    assert_eq!((&entry["stage"], &entry["record"]), (&json!("DRAFTED"), &Value::Null));
    let id = entry["id"].clone();
    // A draft is nobody's business, the party's included; the list has one entry, which was there before.
    for nobody in [&party, &app.department("TAX"), &app.public()] {
        let query = "query($id: ID!) { listing(id: $id) { id } }";
        assert!(nobody.ask_with(query, json!({ "id": id })).await.data("/listing").is_null());
    }
    assert_eq!(own(&party).await, Vec::<Value>::new());
    assert_eq!((own(&app.coordinator()).await.len(), found(&app.public(), 1).await), (1, 1));
    let decision = json!({ "id": id, "decision": "LIST", "reason": "事实清楚" });
    assert_eq!(problems(&take(&office, "decideListing", decision.clone()).await), ["NOT_NOTIFIED"]);
    assert_eq!(problems(&take(&party, "stateOnListing", json!({ "id": id, "statement": "x" })).await), ["ID"]);

    let notice =
        json!({ "id": id, "notifiedOn": "2026-09-18", "notice": "拟将你单位列入名单，可在五个工作日内陈述申辩" });
    let told = listing(&take(&office, "notifyListing", notice).await);
    // Make-up Sunday the 20th and the week from the 21st on; the 25th begins the holiday.
    assert_eq!((&told["stage"], &told["stateBy"]), (&json!("NOTIFIED"), &json!("2026-09-24")), "{told}");
    let seen = own(&party).await;
    assert_eq!((words(&seen[0]), &seen[0]["legalBasis"]), (vec!["NOTIFY"], &json!("样例法第十条")));
    assert!(seen[0]["steps"][0]["notice"].as_str().unwrap().starts_with("拟将你单位"));
    assert_eq!(problems(&take(&office, "decideListing", decision.clone()).await), ["TIME_NOT_OVER"]);
    let stated = take(&party, "stateOnListing", json!({ "id": id, "statement": "事实有出入" })).await;
    assert_eq!(listing(&stated)["steps"][1]["text"], "事实有出入");

    let decided = listing(&take(&office, "decideListing", decision.clone()).await);
    assert_eq!(decided["stage"], "LISTED");
    assert_eq!(words(&decided), ["DRAFT", "NOTIFY", "STATE", "LIST"]);
    let record = decided["record"]["id"].clone();
    assert!(record.is_string(), "{decided}");
    assert_eq!((found(&app.public(), 1).await, found(&app.department("TAX"), 1).await), (2, 2));
    assert_eq!(problems(&take(&office, "decideListing", decision).await), ["CLOSED"]);
    // What rests on it falls with it, and whoever received it is told.
    let input = json!({ "basis": record, "kind": "PUNISHMENT", "measures": ["RESTRICT_PREFERENCES"], "legalBasis": "样例条例第十条",
        "notifiedOn": "2026-09-18", "endsOn": "2027-09-01", "reason": "样例" });
    let resting = action(&crate::joint_actions::stage::initiate(&office, input).await);
    let withdrawal = json!({ "id": id, "reason": "认定依据被撤销", "notice": "恢复信誉" });
    let withdrawn = listing(&take(&office, "withdrawListing", withdrawal.clone()).await);
    assert_eq!((&withdrawn["stage"], &withdrawn["record"]["state"]), (&json!("WITHDRAWN"), &json!("WITHDRAWN")));
    assert_eq!((found(&app.public(), 1).await, found(&app.department("TAX"), 1).await), (1, 1));
    let query = "query($id: ID!) { jointAction(id: $id) { stage ending } }";
    let ended = app.coordinator().ask_with(query, json!({ "id": resting["id"] })).await;
    assert_eq!(ended.data("/jointAction"), &json!({ "stage": "ENDED", "ending": "REVOKED" }));
    let tombstones = app.department("TAX").ask("{ tombstones { nodes { cause record } } }").await;
    assert_eq!(tombstones.data("/tombstones/nodes"), &json!([{ "cause": "WITHDRAWN", "record": record }]));
    assert_eq!(problems(&take(&office, "withdrawListing", withdrawal).await), ["NOT_LISTED"]);
    let told = crate::push::feed::words(&crate::push::feed::events(&app.coordinator()).await);
    assert_eq!(
        told,
        ["LISTING STATE", "LISTING LIST", "JOINT_ACTION INITIATE", "JOINT_ACTION END", "LISTING WITHDRAW"]
    );
}

#[actix_web::test]
async fn a_party_that_says_nothing_is_decided_on_when_its_time_is_over_and_an_honour_needs_no_notice() {
    let app = app_on(&Scratch::sqlite());
    list(&app, 1, "2025-09-01");
    let office = app.department("AMR");
    let id = listing(&take(&office, "draftListing", drafted(1)).await)["id"].clone();
    take(&office, "notifyListing", json!({ "id": id, "notifiedOn": "2026-09-18", "notice": "告知" })).await;
    let decision = json!({ "id": id, "decision": "LIST", "reason": "逾期未陈述" });
    app.clock.set(noon("2026-09-24"));
    assert_eq!(
        problems(&take(&app.department("AMR"), "decideListing", decision.clone()).await),
        ["TIME_NOT_OVER"],
        "the last day"
    );
    app.clock.set(noon("2026-09-25"));
    let office = app.department("AMR");
    assert_eq!(listing(&take(&office, "decideListing", decision).await)["stage"], "LISTED");

    let honour = json!({ "信用主体类别": "法人及非法人组织", "统一社会信用代码": uscc(1), "纳税人名称": "东营联合1有限公司",
        "评价年度": "2025", "数据来源单位": "国家税务总局东营市税务局" });
    let tax = app.department("TAX");
    let input =
        json!({ "item": "tax-class-a", "row": honour, "legalBasis": "纳税信用管理办法", "reason": "评价为A级" });
    let id = listing(&take(&tax, "draftListing", input).await)["id"].clone();
    let decided = take(&tax, "decideListing", json!({ "id": id, "decision": "LIST", "reason": "评价完成" })).await;
    assert_eq!(listing(&decided)["stage"], "LISTED", "{}", decided.text);
}

async fn decide(office: &Asker<'_>, id: &Value, decision: &str) -> Answered {
    take(office, "decideListing", json!({ "id": id, "decision": decision, "reason": "样例" })).await
}

/// Drafted, told and heard.
async fn heard(app: &TestApp, input: Value) -> Value {
    let office = app.department("AMR");
    let id = listing(&take(&office, "draftListing", input).await)["id"].clone();
    let long_ago = json!({ "id": id, "notifiedOn": "2020-01-01", "notice": "告知" });
    let told = listing(&take(&office, "notifyListing", long_ago).await);
    assert_eq!(told["stateBy"], "2026-09-24", "the time to state a case begins when the notice can be seen");
    assert_eq!(problems(&decide(&office, &id, "LIST").await), ["TIME_NOT_OVER"]);
    take(&firm(app, 1), "stateOnListing", json!({ "id": id, "statement": "有异议" })).await;
    id
}

#[actix_web::test]
async fn what_is_decided_and_what_stands_on_the_list_are_the_same() {
    let app = app_on(&Scratch::sqlite());
    list(&app, 1, "2025-09-01");
    let office = app.department("AMR");
    let (first, second) = (heard(&app, drafted(1)).await, heard(&app, drafted(1)).await);
    // As a gateway leaves it that ends after the record was taken in and before the decision was written down.
    let cells = row(1);
    let cells: Vec<(&String, &str)> =
        cells.as_object().unwrap().iter().map(|(name, cell)| (name, cell.as_str().unwrap())).collect();
    let line = |part: fn(&(&String, &str)) -> String| cells.iter().map(part).collect::<Vec<_>>().join(",");
    let csv = format!("{}\n{}\n", line(|(name, _)| (*name).clone()), line(|(_, cell)| (*cell).to_owned()));
    assert_eq!(app.import("serious-dishonesty", &csv).accepted, 1);
    assert_eq!(found(&app.public(), 1).await, 2);
    assert_eq!(problems(&take(&office, "draftListing", drafted(1)).await), ["DUPLICATE"]);
    assert_eq!(listing(&decide(&office, &first, "DROP").await)["stage"], "DROPPED");
    assert_eq!(found(&app.public(), 1).await, 1, "what is not decided stands on no list");
    let told = app.department("TAX").ask("{ tombstones { nodes { cause } } }").await;
    assert_eq!(told.data("/tombstones/nodes"), &json!([]), "who had not received it has nothing to forget");
    // The other case of the same row: its record was withdrawn, and a decision does not bring it back unsaid.
    assert_eq!(problems(&decide(&office, &second, "LIST").await), ["RECORD_NOT_CURRENT"]);
    assert_eq!(found(&app.public(), 1).await, 1);
    assert_eq!(problems(&take(&office, "draftListing", drafted(1)).await), ["DUPLICATE"]);
    let mut anew = drafted(1);
    anew["row"]["认定文号"] = json!("样例认字〔2026〕99号");
    let anew = heard(&app, anew).await;
    assert_eq!(listing(&decide(&office, &anew, "LIST").await)["record"]["state"], "CURRENT");
}

#[actix_web::test]
async fn nothing_is_listed_without_a_list_a_law_a_sound_row_and_the_department_that_decides() {
    let app = app_on(&Scratch::sqlite());
    list(&app, 1, "2025-09-01");
    let office = app.department("AMR");
    let with = |key: &str, value: Value| {
        let mut input = drafted(1);
        input[key] = value;
        input
    };
    let mut without_basis = drafted(1);
    without_basis["row"].as_object_mut().unwrap().remove("列入依据");
    let mut person = drafted(1);
    person["row"]["信用主体类别"] = json!("自然人");
    let mut unknown = drafted(1);
    unknown["row"]["统一社会信用代码"] = json!(uscc(77));
    for (input, codes) in [
        (with("item", json!("registration")), vec!["ITEM"]),
        (with("item", json!("no-such")), vec!["ITEM"]),
        (with("legalBasis", json!(" ")), vec!["LEGAL_BASIS"]),
        (with("reason", json!("")), vec!["TEXT"]),
        (unknown, vec!["SUBJECT"]),
    ] {
        assert_eq!(problems(&take(&office, "draftListing", input.clone()).await), codes, "{input}");
    }
    for input in [without_basis, person, with("row", json!({ "单位名称": "东营联合1有限公司" }))] {
        let refused = take(&office, "draftListing", input.clone()).await;
        assert!(!problems(&refused).is_empty(), "{input}: {}", refused.text);
    }
    // The entry that stands is not drafted again.
    let mut standing = drafted(1);
    standing["row"]["名单名称"] = json!("样例名单");
    standing["row"]["认定文号"] = json!("样例列字〔2026〕1号");
    standing["row"]["列入日期"] = json!("2025-09-01");
    assert_eq!(problems(&take(&office, "draftListing", standing).await), ["DUPLICATE"]);
    assert_eq!(own(&office).await.len(), 0, "nothing of this was kept");

    let id = listing(&take(&office, "draftListing", drafted(1)).await)["id"].clone();
    let later = json!({ "id": id, "notifiedOn": "2026-09-19", "notice": "告知" });
    assert_eq!(problems(&take(&office, "notifyListing", later).await), ["NOTIFIED"]);
    for (field, input) in [
        ("notifyListing", json!({ "id": id, "notifiedOn": "2026-09-18", "notice": "告知" })),
        ("decideListing", json!({ "id": id, "decision": "DROP", "reason": "x" })),
        ("withdrawListing", json!({ "id": id, "reason": "x", "notice": "x" })),
    ] {
        assert_eq!(problems(&take(&app.department("TAX"), field, input.clone()).await), ["ID"], "{field}");
        assert_eq!(problems(&take(&app.coordinator(), field, input.clone()).await), ["NOT_PERMITTED"], "{field}");
        for nobody in [app.public(), firm(&app, 1), app.administrator(chengxin::domain::Role::Auditor)] {
            assert_eq!(take(&nobody, field, input.clone()).await.codes(), ["FORBIDDEN"], "{field}");
        }
    }
    let dropped = take(&office, "decideListing", json!({ "id": id, "decision": "DROP", "reason": "证据不足" })).await;
    assert_eq!(listing(&dropped)["stage"], "DROPPED");
    assert_eq!(found(&app.public(), 1).await, 1, "what was dropped is on no list");
    assert_eq!(app.public().ask("{ listings { nodes { id } } }").await.codes(), ["FORBIDDEN"]);
}

#[actix_web::test]
async fn a_watch_list_is_for_departments_alone_and_no_punishment_rests_on_it() {
    let app = app_on(&Scratch::sqlite());
    list(&app, 1, "2025-09-01");
    let csv = format!(
        "信用主体类别,统一社会信用代码,单位名称,名单名称,列入事由,列入依据,列入决定机关,列入日期,数据来源单位\n\
         法人及非法人组织,{},东营联合1有限公司,样例关注名单,样例,样例办法,东营市应急管理局,2026-09-01,东营市市场监督管理局\n",
        uscc(1)
    );
    assert_eq!(app.import("watch-list", &csv).accepted, 1);
    let query = format!(
        "{{ subject(uscc: \"{}\") {{ records(item: \"watch-list\") {{ totalCount nodes {{ id ... on WatchListing {{ listName }} }} }} }} }}",
        uscc(1)
    );
    let counted = |answered: &Answered| answered.data("/subject/records/totalCount").as_u64();
    assert_eq!(counted(&app.public().ask(&query).await), Some(0));
    let tax = app.department("TAX").ask(&query).await;
    assert_eq!(tax.data("/subject/records/nodes/0/listName"), "样例关注名单", "{}", tax.text);
    let office = app.department("AMR");
    let watched = office.ask(&query).await.data("/subject/records/nodes/0/id").clone();
    let input = json!({ "basis": watched, "kind": "PUNISHMENT", "measures": ["RESTRICT_PREFERENCES"], "legalBasis": "样例",
        "notifiedOn": "2026-09-16", "endsOn": "2027-09-01", "reason": "样例" });
    let refused = crate::joint_actions::stage::initiate(&office, input).await;
    assert!(problems(&refused).contains(&"MEASURE".to_owned()), "{}", refused.text);
    assert_ne!(record_of(&office, &uscc(1)).await, basis(&app.public(), 1).await);
}
