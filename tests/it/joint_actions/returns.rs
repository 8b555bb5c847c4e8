//! Monthly returns: computed out of the steps, small counts about persons left out, and nobody else's.

use std::io::Cursor;
use std::sync::Arc;

use actix_web::test::TestRequest;
use calamine::{Data, Reader, Xlsx};
use chengxin::domain::Role;
use chengxin::exchange::returns::file::{Format, Kind, Wanted as File, make};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::{Value, json};

use super::stage::{action, assignment, dispatch, dispatched, end, initiate, list, noon, report, respond, wanted};
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

const EXECUTION: &str = "query($m: String!, $d: String) { executionReturn(month: $m, department: $d) { month dueOn department { id } \
    rows { kind aboutPersons measure { code } counts { assigned taken notApplicable answeredLate unanswered reports reportedLate amountYuan unreported inForce lifted } } } }";
const INITIATOR: &str = "query($m: String!, $d: String) { initiatorReturn(month: $m, department: $d) { month dueOn \
    rows { aboutPersons initiator { id } counts { initiated initiatedLate dispatched dispatchedLate taken notApplicable answeredLate \
    reports amountYuan inForce suspended ended } } } }";

fn app_on(scratch: &Scratch) -> TestApp {
    let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
    TestApp::with(Wanted { databases, now: "2026-09-18T04:00:00Z", ..Wanted::default() })
}

async fn asked(asker: &Asker<'_>, document: &str, month: &str, department: Option<&str>) -> Answered {
    asker.ask_with(document, json!({ "m": month, "d": department })).await
}

/// Two joint actions of September: tax takes one a day late in October and the other never, and reports an amount.
async fn autumn(app: &TestApp) {
    for serial in [1, 2] {
        list(app, serial, "2026-09-01");
    }
    let first = dispatched(app, 1).await;
    dispatched(app, 2).await;
    app.clock.set(noon("2026-09-29"));
    for department in ["AAS", "TAX", "HUD"] {
        let answer = if department == "HUD" { "NOT_APPLICABLE" } else { "TAKEN" };
        let input = json!({ "assignment": assignment(&first, department)["id"], "answer": answer,
            "reason": (answer != "TAKEN").then_some("本部门无相关事项") });
        let answered = respond(&app.department(department), input).await;
        assert_eq!(answered.codes(), Vec::<&str>::new(), "{}", answered.text);
    }
    for (day, amount) in [("2026-10-09", "1250000.05"), ("2026-10-16", "0.9")] {
        app.clock.set(noon(day));
        let input = json!({ "assignment": assignment(&first, "TAX")["id"], "report": "已停止", "amountYuan": amount });
        let reported = report(&app.department("TAX"), input).await;
        assert_eq!(action(&reported)["id"], first["id"], "{}", reported.text);
    }
}

#[actix_web::test]
async fn a_return_says_what_the_steps_of_its_month_amount_to() {
    for scratch in Scratch::each() {
        let app = app_on(&scratch);
        autumn(&app).await;
        app.clock.set(noon("2026-11-02"));
        let tax = app.department("TAX");
        let september = asked(&tax, EXECUTION, "2026-09", None).await;
        let made = september.data("/executionReturn");
        assert_eq!(
            (&made["month"], &made["dueOn"], &made["department"]["id"]),
            (&json!("2026-09"), &json!("2026-10-10"), &json!("TAX")),
            "{}",
            september.text
        );
        assert_eq!(
            made["rows"],
            json!([{ "kind": "PUNISHMENT", "aboutPersons": false, "measure": { "code": "RESTRICT_PREFERENCES" }, "counts": {
                "assigned": 2, "taken": 1, "notApplicable": 0, "answeredLate": 1, "unanswered": 1, "reports": 0,
                "reportedLate": 0, "amountYuan": "0.00", "unreported": 1, "inForce": 0, "lifted": 0 } }]),
            "two assigned, one answered on the 29th, a day late, one not at all"
        );
        let october = asked(&tax, EXECUTION, "2026-10", None).await;
        assert_eq!(
            october.data("/executionReturn/rows/0/counts"),
            &json!({ "assigned": 0, "taken": 0, "notApplicable": 0, "answeredLate": 0, "unanswered": 1, "reports": 2,
                "reportedLate": 0, "amountYuan": "1250000.95", "unreported": 0, "inForce": 1, "lifted": 0 })
        );
        for (asker, department) in [(app.department("HUD"), None), (app.coordinator(), Some("HUD"))] {
            let housing = asked(&asker, EXECUTION, "2026-09", department).await;
            let rows = housing.data("/executionReturn/rows");
            assert_eq!(
                (&rows[0]["measure"]["code"], &rows[0]["counts"]["notApplicable"]),
                (&json!("KEY_SUPERVISION"), &json!(1)),
                "{}",
                housing.text
            );
        }
        let empty = asked(&tax, EXECUTION, "2026-08", None).await;
        assert_eq!(empty.data("/executionReturn/rows"), &json!([]), "nothing happened before: {}", empty.text);

        for asker in [app.department("AMR"), app.coordinator()] {
            let summed = asked(&asker, INITIATOR, "2026-09", None).await;
            assert_eq!(summed.data("/initiatorReturn/dueOn"), "2026-10-15");
            assert_eq!(
                summed.data("/initiatorReturn/rows"),
                &json!([{ "aboutPersons": false, "initiator": { "id": "AMR" }, "counts": {
                    "initiated": 2, "initiatedLate": 0, "dispatched": 2, "dispatchedLate": 0, "taken": 2, "notApplicable": 1,
                    "answeredLate": 3, "reports": 0, "amountYuan": "0.00", "inForce": 0, "suspended": 0, "ended": 0 } }]),
                "{}",
                summed.text
            );
        }
        let none = asked(&tax, INITIATOR, "2026-09", None).await;
        assert_eq!(none.data("/initiatorReturn/rows"), &json!([]), "tax initiated nothing: {}", none.text);
    }
}

/// What ends later does not change the return of an earlier month.
#[actix_web::test]
async fn the_return_of_a_month_stays_what_it_was() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    autumn(&app).await;
    app.clock.set(noon("2026-11-02"));
    let office = app.coordinator();
    let before = asked(&office, INITIATOR, "2026-10", None).await.data("/initiatorReturn").clone();
    let newest = office.ask("{ jointActions { nodes { id } } }").await;
    for at in 0..2 {
        let id = newest.data(&format!("/jointActions/nodes/{at}/id"));
        let ended = end(&office, json!({ "id": id, "ending": "REVOKED", "reason": "认定有误" })).await;
        assert_eq!(action(&ended)["stage"], "ENDED", "{}", ended.text);
    }
    assert_eq!(asked(&office, INITIATOR, "2026-10", None).await.data("/initiatorReturn"), &before);
    let november = asked(&office, INITIATOR, "2026-11", None).await;
    assert_eq!(november.data("/initiatorReturn/rows/0/counts/ended"), 2, "{}", november.text);
    let lifted = asked(&app.department("TAX"), EXECUTION, "2026-11", None).await;
    assert_eq!(lifted.data("/executionReturn/rows/0/counts/lifted"), 2, "{}", lifted.text);
}

/// Actions that end without a step of their own: nobody takes any measure; the last day is over and the gateway was not there.
#[actix_web::test]
async fn what_ends_by_itself_is_counted_in_the_month_in_which_it_ended() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    list(&app, 1, "2026-09-01");
    list(&app, 2, "2026-09-01");
    let sent = dispatched(&app, 1).await;
    for department in ["AAS", "TAX", "HUD"] {
        let input =
            json!({ "assignment": assignment(&sent, department)["id"], "answer": "NOT_APPLICABLE", "reason": "无" });
        assert!(respond(&app.department(department), input).await.codes().is_empty());
    }
    let office = app.department("AMR");
    let mut input = wanted(&super::stage::basis(&office, 2).await);
    input["endsOn"] = json!("2026-10-31");
    let started = action(&initiate(&office, input).await);
    let to = json!([{ "measure": "RESTRICT_PREFERENCES", "departments": ["TAX"] }, { "measure": "KEY_SUPERVISION", "departments": ["HUD"] }]);
    action(&dispatch(&app.coordinator(), json!({ "id": started["id"], "assignments": to })).await);
    app.clock.set(noon("2026-12-02"));
    for (month, ended) in [("2026-09", Some(1)), ("2026-10", None), ("2026-11", Some(1)), ("2026-12", None)] {
        let made = asked(&app.coordinator(), INITIATOR, month, None).await;
        let counts = made.data("/initiatorReturn/rows/0/counts/ended").as_u64();
        assert_eq!(counts.filter(|count| *count > 0), ended, "{month}: {}", made.text);
    }
}

#[actix_web::test]
async fn returns_are_for_departments_about_themselves_and_for_the_coordinator() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    let refused = [
        (app.public(), None),
        (app.department("TAX"), Some("HUD")),
        (app.subject(&format!("uscc:{}", super::stage::uscc(1))), None),
        (app.administrator(Role::Auditor), None),
    ];
    let quality = "query($m: Date!, $d: String) { dataQuality(from: $m, to: $m, department: $d) { rows } }";
    let times = "query($m: Date!, $d: String) { answerTimes(from: $m, to: $m, department: $d) { kind } }";
    for (asker, department) in refused {
        for (document, field, time) in [
            (EXECUTION, "executionReturn", "2026-08"),
            (INITIATOR, "initiatorReturn", "2026-08"),
            (quality, "dataQuality", "2026-08-01"),
            (times, "answerTimes", "2026-08-01"),
        ] {
            let answered = asked(&asker, document, time, department).await;
            assert!(answered.data(&format!("/{field}")).is_null(), "{}", answered.text);
            assert_eq!(answered.codes(), ["FORBIDDEN"], "{}", answered.text);
        }
        let place = format!("/returns/execution/2026-08.csv{}", department.map_or("", |_| "?department=HUD"));
        let file = asker.send(TestRequest::get().uri(&place)).await;
        assert_eq!(file.status, 403, "{}", file.text);
    }
    let tax = app.department("TAX");
    for month in ["2026-13", "2026-8", "2026-08-01", ""] {
        assert_eq!(asked(&tax, EXECUTION, month, None).await.codes(), ["BAD_USER_INPUT"], "{month}");
    }
    let far = "{ dataQuality(from: \"2025-01-01\", to: \"2026-08-01\") { rows } }";
    assert_eq!(tax.ask(far).await.codes(), ["BAD_USER_INPUT"], "more than a year");
    for (path, status) in [
        ("execution/2026-13.csv", 400),
        ("execution/2026-08.pdf", 404),
        ("nosuch/2026-08.csv", 404),
        ("execution/2026-08", 404),
        ("execution/2026-08.csv?department=%20", 404),
    ] {
        let answered = tax.send(TestRequest::get().uri(&format!("/returns/{path}"))).await;
        assert_eq!(answered.status, status, "{path}: {}", answered.text);
    }
    let forged = tax.clone().header("authorization", "Bearer not.a.token");
    let answered = forged.send(TestRequest::get().uri("/returns/execution/2026-08.csv")).await;
    assert_eq!(answered.status, 401, "{}", answered.text);
    assert!(answered.headers.contains_key("www-authenticate"));
}

/// Listed persons who do not exist, in joint actions sent to the tax office.
fn persons(app: &TestApp, count: u32) {
    let mut csv = "信用主体类别,单位名称,证件类型,证件号码,名单名称,列入事由,列入依据,认定文号,列入决定机关,列入日期,数据来源单位\n"
        .to_owned();
    for serial in 0..count {
        let number =
            chengxin::domain::identifier::CitizenNumber::with_check(&format!("1101051949123{serial:04}")).unwrap();
        csv.push_str(&format!(
            "自然人,试验{serial},身份证,{},样例名单,样例,样例办法,人列字〔2026〕{serial}号,东营市市场监督管理局,2026-09-01,东营市市场监督管理局\n",
            number.expose()
        ));
    }
    let report = app.import("serious-dishonesty", &csv);
    assert_eq!((report.accepted, report.rejected), (u64::from(count), 0), "{report:?}");
}

#[actix_web::test]
async fn small_counts_of_natural_persons_are_not_told() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    persons(&app, 10);
    let office = app.department("AMR");
    let document = "query($n: CitizenNumber!) { person(citizenNumber: $n) { records { nodes { id } } } }";
    for serial in 0..10 {
        let number =
            chengxin::domain::identifier::CitizenNumber::with_check(&format!("1101051949123{serial:04}")).unwrap();
        let found = office.ask_with(document, json!({ "n": number.expose() })).await;
        let basis = found.data("/person/records/nodes/0/id").as_str().unwrap_or_else(|| panic!("{}", found.text));
        let input = json!({ "measures": ["RESTRICT_PREFERENCES"] });
        let mut wanted = wanted(basis);
        wanted.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        let id = action(&initiate(&office, wanted).await)["id"].clone();
        let to = json!([{ "measure": "RESTRICT_PREFERENCES", "departments": ["TAX"] }]);
        let sent = action(&dispatch(&app.coordinator(), json!({ "id": id, "assignments": to })).await);
        assert_eq!(sent["stage"], "DISPATCHED");
        for (asker, document, at) in [
            (app.department("TAX"), EXECUTION, "/executionReturn/rows/0"),
            (app.coordinator(), INITIATOR, "/initiatorReturn/rows/0"),
        ] {
            let made = asked(&asker, document, "2026-09", None).await;
            let row = made.data(at);
            assert_eq!(row["aboutPersons"], true, "{}", made.text);
            assert_eq!(row["counts"].is_null(), serial < 9, "ten may be told, fewer not: {}", made.text);
        }
        if serial == 0 {
            let file = app.department("TAX").send(TestRequest::get().uri("/returns/execution/2026-09.csv")).await;
            let cells: Vec<&str> = file.text.lines().nth(1).unwrap().split(',').collect();
            assert_eq!(cells[3], "自然人");
            assert!(cells[4..].iter().all(|cell| *cell == "未列（数量过小）"), "{}", file.text);
        }
    }
}

async fn file(app: &TestApp, caller: &Asker<'_>, kind: Kind, format: Format) -> Vec<u8> {
    let (service, caller) = (Arc::clone(&app.service), caller.caller());
    let wanted = File { kind, month: "2026-09".to_owned(), department: None, format, address: "192.0.2.7".to_owned() };
    actix_web::web::block(move || make(&service.gateway, &caller, &wanted)).await.unwrap().unwrap().0
}

#[actix_web::test]
async fn a_return_is_a_file_too_and_its_entry_stands_before_it_leaves() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    autumn(&app).await;
    let tax = app.department("TAX");
    let before = app.service.gateway.ledger.size();
    let answered = tax.send(TestRequest::get().uri("/returns/execution/2026-09.csv")).await;
    assert_eq!(answered.status, 200, "{}", answered.text);
    assert_eq!(answered.headers.get("cache-control").unwrap(), "private, no-store");
    assert_eq!(answered.headers.get("content-disposition").unwrap(), "attachment; filename=\"execution-2026-09.csv\"");
    let lines: Vec<&str> = answered.text.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines[0].starts_with("月份,部门,措施,类别,"), "{}", answered.text);
    assert!(lines[1].starts_with("2026-09,东营市税务局,") || lines[1].contains("税务局"), "{}", answered.text);
    assert!(lines[1].ends_with(",法人和其他组织,2,1,0,1,1,0,0,0.00,1,0,0"), "{}", answered.text);
    let ledger = &app.service.gateway.ledger;
    assert_eq!(ledger.size(), before + 1, "one file, one entry");
    let leaf = ledger.entry(before).unwrap().unwrap().leaf;
    assert!(leaf.flags.contains(&"RETURN".to_owned()), "{:?}", leaf.flags);
    let again = tax.send(TestRequest::get().uri("/returns/execution/2026-09.csv?department=TAX")).await;
    assert_eq!(again.text, answered.text, "the department is its own");
    assert_eq!(leaf.consumer.as_deref(), Some("TAX"));

    let bytes = file(&app, &app.coordinator(), Kind::Initiator, Format::Xlsx).await;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let rows: Vec<Vec<Data>> = sheet.rows().map(<[Data]>::to_vec).collect();
    assert_eq!(rows[0][3], Data::String("发起".to_owned()));
    assert_eq!((&rows[1][3], &rows[1][9]), (&Data::Float(2.0), &Data::Float(3.0)), "{rows:?}");
    let csv = file(&app, &app.department("AMR"), Kind::Initiator, Format::Csv).await;
    assert!(String::from_utf8(csv).unwrap().contains("2026-09"));
}

#[actix_web::test]
async fn data_quality_adds_up_what_was_sent() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    list(&app, 1, "2026-09-01");
    list(&app, 2, "2026-09-17");
    list(&app, 2, "2026-09-17");
    let document = "query($f: Date!, $t: Date!) { dataQuality(from: $f, to: $t) { department { id } batches rows accepted rejected late \
                    acceptanceRate conformityRate timelinessRate completenessRate } }";
    let office = app.department("AMR");
    let made = office.ask_with(document, json!({ "f": "2026-09-18", "t": "2026-09-18" })).await;
    let quality = made.data("/dataQuality");
    assert_eq!(
        (&quality["department"]["id"], &quality["rows"], &quality["accepted"], &quality["acceptanceRate"]),
        (&json!("AMR"), &json!(3), &json!(3), &json!(1.0)),
        "{}",
        made.text
    );
    assert_eq!(quality["late"], 1, "the first came twelve working days after its act: {}", made.text);
    let rate = quality["timelinessRate"].as_f64().unwrap();
    assert!(rate > 0.0 && rate < 1.0, "{rate}");
    let complete = quality["completenessRate"].as_f64().unwrap_or_else(|| panic!("{}", made.text));
    assert!(complete > 0.5 && complete <= 1.0, "{complete}");
    let day_before = office.ask_with(document, json!({ "f": "2026-09-17", "t": "2026-09-17" })).await;
    assert_eq!(day_before.data("/dataQuality/batches"), 0);
    assert_eq!(day_before.data("/dataQuality/acceptanceRate"), &Value::Null, "of nothing there is no rate");
}

/// A return of what cannot be read is no return: neither zeros nor a part.
#[actix_web::test]
async fn what_cannot_be_read_is_an_error_and_not_a_zero() {
    for spoilt in [
        "UPDATE case_steps SET facts = 'x' WHERE step = 'FEEDBACK'",
        "UPDATE case_steps SET facts = '{\"amountYuan\":\"viel\"}' WHERE step = 'FEEDBACK'",
        "UPDATE case_steps SET facts = '{}' WHERE step = 'RESPOND'",
        "UPDATE case_steps SET step = 'RESUME' WHERE step = 'DISPATCH'",
    ] {
        let scratch = Scratch::sqlite();
        let app = app_on(&scratch);
        autumn(&app).await;
        app.clock.set(noon("2026-11-02"));
        let path = app.config.registry.strip_prefix("sqlite:").unwrap();
        SqliteConnection::establish(path).unwrap().batch_execute(spoilt).unwrap();
        for (asker, document, field) in
            [(app.department("TAX"), EXECUTION, "executionReturn"), (app.coordinator(), INITIATOR, "initiatorReturn")]
        {
            let answered = asked(&asker, document, "2026-10", None).await;
            assert!(answered.data(&format!("/{field}")).is_null(), "{spoilt}: {}", answered.text);
            assert_eq!(answered.codes(), ["INTERNAL_SERVER_ERROR"], "{spoilt}: {}", answered.text);
            let file = if document == EXECUTION { "execution" } else { "initiator" };
            let file = asker.send(TestRequest::get().uri(&format!("/returns/{file}/2026-10.csv"))).await;
            assert_eq!(file.status, 503, "{spoilt}: {}", file.text);
        }
    }
}
