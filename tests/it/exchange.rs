//! Exchange with other platforms by files: what one gateway sends another takes in; nothing is lost, sent twice for nothing, or sent that the
//! public does not see; both sides are reconciled.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chengxin::authentication::RequestHeaders;
use chengxin::exchange::platform::{package, plan, receipts, receive, report};
use serde_json::{Value, json};

use crate::applications::stage::{application, firm, object, take};
use crate::joint_actions::stage::{list, noon, uscc};
use crate::support::databases::Scratch;
use crate::support::{TestApp, Wanted};

const PROVINCE: &str = "PROVINCE";

fn app_on(database: &Scratch) -> TestApp {
    let databases = Some((database.url.clone(), database.url.clone())).filter(|_| !database.is_sqlite());
    TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", databases, ..Wanted::default() })
}

/// Runs on a thread of its own, as the command does.
fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// Sends to the province; the names of the packages.
fn send(app: &TestApp, outbox: &Path, again: bool) -> Vec<String> {
    aside(|| {
        let gateway = &app.service.gateway;
        let platform = gateway.platforms.get(PROVINCE).unwrap();
        let caller = app.service.authenticator.authenticate(&RequestHeaders::default()).unwrap();
        plan::plan(gateway, &caller, platform, again).unwrap();
        let open = plan::open(gateway, platform).unwrap();
        for one in &open {
            package::write(gateway, &caller, (platform, one), outbox).unwrap();
        }
        open.into_iter().map(|one| one.name).collect()
    })
}

fn read(app: &TestApp, inbox: &Path) -> receipts::Read {
    let gateway = &app.service.gateway;
    aside(|| receipts::read(gateway, gateway.platforms.get(PROVINCE).unwrap(), inbox).unwrap())
}

fn taken(app: &TestApp, inbox: &Path, outbox: &Path) -> receive::Received {
    let gateway = &app.service.gateway;
    aside(|| receive::receive(gateway, gateway.platforms.get(PROVINCE).unwrap(), inbox, outbox).unwrap())
}

fn reconciled(app: &TestApp, holdings: Option<&Path>) -> Value {
    let report = aside(|| {
        let gateway = &app.service.gateway;
        let caller = app.service.authenticator.authenticate(&RequestHeaders::default()).unwrap();
        report::report(gateway, &caller, gateway.platforms.get(PROVINCE).unwrap(), holdings).unwrap()
    });
    serde_json::to_value(report).unwrap()
}

fn licence(serial: u32, content: &str) -> String {
    format!(
        "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_FRDB,XK_FR_ZJLX,XK_FR_ZJHM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n\
         东营联合{serial}有限公司,法人及非法人组织,{},张测试,身份证,11010519491231002X,准予行政许可决定书,东测许〔2026〕{serial}号,普通,{content},2026-09-16,2026-09-16,2099-12-31,市行政审批服务局,市行政审批服务局\n",
        uscc(serial)
    )
}

/// The rows of a package's data file.
fn rows(folder: &Path, name: &str) -> Vec<BTreeMap<String, String>> {
    let bytes = std::fs::read(folder.join(format!("{name}.csv"))).unwrap();
    let text = encoding_rs::GB18030.decode(&bytes).0.into_owned();
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
}

fn manifest(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.manifest.json"))).unwrap()).unwrap()
}

fn folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (out, back) = (folder.path().join("out"), folder.path().join("in"));
    std::fs::create_dir(&out).unwrap();
    std::fs::create_dir(&back).unwrap();
    (folder, out, back)
}

#[actix_web::test]
async fn what_one_gateway_sends_another_takes_in_and_both_sides_agree() {
    for database in Scratch::each() {
        let city = app_on(&database);
        let province = app_on(&Scratch::sqlite());
        for serial in 1..=3 {
            list(&city, serial, "2025-09-01");
            city.import("administrative-licence", &licence(serial, "道路货物运输"));
        }
        agrees(&city, &province).await;
    }
}

async fn agrees(city: &TestApp, province: &TestApp) {
    let (_folder, out, back) = folders();
    let first = send(city, &out, false);
    assert_eq!(first.len(), 2, "licences, and entries on the list: {first:?}");
    assert!(first[0].starts_with("ZHXYXT3705_XYGJJH1-0102_2026091812_"), "{first:?}");
    let lines = rows(&out, &first[0]);
    assert_eq!((lines.len(), lines[0]["操作"].as_str()), (3, "新增"));
    // What the public does not see is not sent, and dates are in the platform's form.
    let text: String = lines.iter().flat_map(|line| line.values().cloned()).collect();
    assert!(!text.contains("11010519491231002X") && text.contains("2026/09/16"), "{lines:?}");
    let told = manifest(&out, &first[0]);
    assert!(told["receipt"]["signature"].is_string() && told["lines"] == 3, "{told}");
    assert_eq!(send(city, &out, false), Vec::<String>::new(), "nothing is sent twice for nothing");
    assert_eq!(reconciled(city, None)["items"]["administrative-licence"]["awaiting"], 3);

    let received = taken(province, &out, &back);
    assert_eq!((received.packages, received.accepted, received.refused), (2, 6, 0), "{received:?}");
    let found = province
        .public()
        .ask(&format!("{{ subject(uscc: \"{}\") {{ counts {{ item {{ code }} count }} }} }}", uscc(1)))
        .await;
    let counts = found.data("/subject/counts").as_array().unwrap();
    assert_eq!(counts.len(), 2, "{}", found.text);
    let again = taken(province, &out, &back);
    assert_eq!(again, received, "a package that is taken in again changes nothing");
    assert_eq!(read(city, &back).accepted, 6);
    let entries = city.service.gateway.ledger.size();
    assert_eq!(read(city, &back).accepted, 6, "nor does a receipt that is read again");
    assert_eq!(city.service.gateway.ledger.size(), entries, "what says nothing new is no entry");
    let agreed = reconciled(city, None);
    assert_eq!(
        agreed["items"]["administrative-licence"],
        json!({ "visible": 3, "accepted": 3, "refused": 0, "awaiting": 0, "unsent": 0, "toRevoke": 0, "missingThere": null })
    );
    // A change is sent as a change; what is withdrawn as a revocation.
    city.import("administrative-licence", &licence(2, "危险货物运输"));
    let query = format!(
        "{{ subject(uscc: \"{}\") {{ records(item: \"serious-dishonesty\") {{ nodes {{ id }} }} }} }}",
        uscc(1)
    );
    let listed = city.public().ask(&query).await.data("/subject/records/nodes/0/id").clone();
    let objection = application(&object(city, 1, listed.as_str().unwrap()).await)["id"].clone();
    let answer = json!({ "id": objection, "answer": "WITHDRAWN", "reason": "认定有误", "notice": "恢复信誉" });
    take(&city.department("AMR"), "answerObjection", answer).await;
    assert_eq!(reconciled(city, None)["items"]["serious-dishonesty"]["toRevoke"], 1);
    let second = send(city, &out, false);
    let operations: Vec<String> =
        second.iter().flat_map(|name| rows(&out, name)).map(|row| row["操作"].clone()).collect();
    assert_eq!(operations, ["变更", "撤销"]);
    let revoked = &rows(&out, &second[1])[0];
    assert!(
        revoked.iter().all(|(column, value)| column == "信息标识" || column == "操作" || value.is_empty()),
        "{revoked:?}"
    );
    let received = taken(province, &out, &back);
    assert_eq!(received.refused, 1, "whose record it is revokes it: {received:?}");
    an_old_package_brings_nothing_back(city, province, (&out, &back)).await;
    read(city, &back);
    // Against a list of what the province says it holds.
    let holdings = out.join("holdings.csv");
    let held: Vec<String> = rows(&out, &first[0]).iter().map(|row| row["信息标识"].clone()).collect();
    let revoked = revoked["信息标识"].clone();
    std::fs::write(&holdings, format!("信息标识\n{}\n{}\n{revoked}\n", held[0], held[1])).unwrap();
    let compared = reconciled(city, Some(&holdings));
    assert_eq!(compared["items"]["administrative-licence"]["missingThere"], 1, "{compared}");
    assert_eq!(compared["missingHere"], 1, "{compared}");
    assert_eq!(firm(city, 1).ask("{ accessLog { nodes { time } } }").await.codes(), Vec::<&str>::new());
}

/// What a licence of a firm is for.
async fn content(app: &TestApp, serial: u32) -> Value {
    let query = format!(
        "{{ subject(uscc: \"{}\") {{ records(item: \"administrative-licence\") {{ nodes {{ ... on AdministrativeLicense {{ \
         content }} }} }} }} }}",
        uscc(serial)
    );
    app.public().ask(&query).await.data("/subject/records/nodes/0").clone()
}

async fn an_old_package_brings_nothing_back(city: &TestApp, province: &TestApp, (out, back): (&Path, &Path)) {
    assert_eq!(content(province, 2).await["content"], "危险货物运输");
    let receipts = || {
        let mut files: Vec<_> = std::fs::read_dir(back).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files.into_iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    let before = receipts();
    for file in std::fs::read_dir(back).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    taken(province, out, back);
    assert_eq!(receipts(), before, "the same receipts, also when they were lost");
    assert_eq!(content(province, 2).await["content"], "危险货物运输", "the first package changes nothing again");
    // A department of the province reports the third itself: what another platform says of it is refused.
    province.import("administrative-licence", &licence(3, "自行申报"));
    city.import("administrative-licence", &licence(3, "冷藏运输"));
    let names = send(city, out, false);
    assert_eq!(taken(province, out, back).refused, 2, "the revocation of before, and this one");
    assert_eq!(content(province, 3).await["content"], "自行申报");
    let told = std::fs::read_to_string(back.join(format!("{}.receipt.csv", names[0]))).unwrap();
    assert!(told.contains("OTHER_PROVIDER"), "{told}");
}

#[actix_web::test]
async fn a_transfer_that_was_cut_goes_on_and_a_changed_file_is_not_taken_in() {
    let (city, province) = (app_on(&Scratch::sqlite()), app_on(&Scratch::sqlite()));
    list(&city, 1, "2025-09-01");
    city.import("administrative-licence", &licence(1, "道路货物运输"));
    let (_folder, out, back) = folders();
    // Planned, and then the program ended.
    aside(|| {
        let gateway = &city.service.gateway;
        let caller = city.service.authenticator.authenticate(&RequestHeaders::default()).unwrap();
        plan::plan(gateway, &caller, gateway.platforms.get(PROVINCE).unwrap(), false).unwrap()
    });
    // A receipt of what was never sent: the name can be guessed, and says nothing.
    let planned = aside(|| plan::open(&city.service.gateway, city.service.gateway.platforms.get(PROVINCE).unwrap()));
    let early = back.join(format!("{}.receipt.csv", planned.unwrap()[0].name));
    std::fs::write(&early, "信息标识,处理结果,原因\n").unwrap();
    let told = read(&city, &back);
    assert_eq!((told.packages, told.unknown.len()), (0, 1), "{told:?}");
    std::fs::remove_file(&early).unwrap();
    let names = send(&city, &out, false);
    assert_eq!(names.len(), 2, "what was planned is written, and nothing planned twice");
    let data = out.join(format!("{}.csv", names[0]));
    let whole = std::fs::read(&data).unwrap();
    for broken in [&whole[..whole.len() / 2], &[&whole[..], b"x"].concat()[..], b""] {
        std::fs::write(&data, broken).unwrap();
        let received = taken(&province, &out, &back);
        assert_eq!((received.packages, received.broken.len()), (1, 1), "{received:?}");
        assert!(!back.join(format!("{}.receipt.csv", names[0])).exists(), "nothing of it was taken in");
    }
    std::fs::remove_file(&data).unwrap();
    assert_eq!(taken(&province, &out, &back).broken.len(), 1, "a package whose data are still on their way");
    std::fs::write(&data, &whole).unwrap();
    assert_eq!(taken(&province, &out, &back).broken, Vec::<String>::new());
    // Another file under a name that was taken in.
    let manifest_path = out.join(format!("{}.manifest.json", names[0]));
    let mut other = manifest(&out, &names[0]);
    let forged = encoding_rs::GB18030.encode("信息标识,操作\r\n").0.into_owned();
    std::fs::write(&data, &forged).unwrap();
    other["lines"] = json!(0);
    other["sha256"] = json!(hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&forged)));
    std::fs::write(&manifest_path, other.to_string()).unwrap();
    let received = taken(&province, &out, &back);
    assert!(received.broken[0].contains("other content"), "{received:?}");
    for (key, value, reason) in [
        ("file", "../../etc/passwd", "no CSV file beside it"),
        ("package", "another", "another package"),
        ("item", "no-such", "the catalogue has no item"),
        ("item", "registration", "exchanges no `registration` with PROVINCE"),
    ] {
        let mut bad = other.clone();
        bad[key] = json!(value);
        std::fs::write(&manifest_path, bad.to_string()).unwrap();
        let broken = taken(&province, &out, &back).broken;
        assert!(broken.len() == 1 && broken[0].contains(reason), "{key}: {broken:?}");
    }
}

#[actix_web::test]
async fn what_has_no_receipt_is_sent_again_in_time_and_what_was_refused_when_asked_to() {
    let city = app_on(&Scratch::sqlite());
    list(&city, 1, "2025-09-01");
    let (_folder, out, back) = folders();
    let first = send(&city, &out, false);
    let id = rows(&out, &first[0])[0]["信息标识"].clone();
    city.clock.set(noon("2026-09-20"));
    assert!(send(&city, &out, false).is_empty(), "not before its time");
    city.clock.set(noon("2026-09-22"));
    let second = send(&city, &out, false);
    assert_eq!(rows(&out, &second[0])[0]["信息标识"], id, "the same, under a name of its own");
    // A receipt of the first says nothing of the second.
    let receipt = |name: &str, result: &str, reason: &str| {
        std::fs::write(
            back.join(format!("{name}.receipt.csv")),
            format!("信息标识,处理结果,原因\n{id},{result},{reason}\n"),
        )
        .unwrap();
    };
    receipt(&first[0], "已接收", "");
    assert_eq!(read(&city, &back).outdated, 1);
    receipt(&second[0], "已拒收", "代码校验不符");
    receipt("ZHXYXT3705_XYGJJH1-9999_2026091812_000099", "已接收", "");
    let told = read(&city, &back);
    assert_eq!((told.refused, told.unknown.len()), (1, 1), "{told:?}");
    let report = reconciled(&city, None);
    assert_eq!(report["items"]["serious-dishonesty"]["refused"], 1);
    assert_eq!(report["reasons"]["代码校验不符"], 1);
    city.clock.set(noon("2026-10-22"));
    assert!(send(&city, &out, false).is_empty(), "what was refused waits for somebody to look");
    assert_eq!(send(&city, &out, true).len(), 1);
    std::fs::write(back.join(format!("{}.receipt.csv", second[0])), "信息标识,处理结果,原因\nAAAA,已接收,\n,,\n")
        .unwrap();
    assert_eq!(read(&city, &back).unreadable.len(), 2);
    // The entry of a package says to whom, and no more.
    let entries = city
        .administrator(chengxin::domain::Role::Auditor)
        .ask("{ auditEntries(first: 50) { nodes { kind flags items } } }")
        .await;
    let sent = entries
        .data("/auditEntries/nodes")
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["flags"].to_string().contains("PACKAGE:"));
    assert_eq!(sent.count(), 3, "{}", entries.text);
}
