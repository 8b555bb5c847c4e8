//! A page view is a query: permit, entry, receipt; refused as queries are refused.

use actix_web::test::TestRequest;
use chengxin::domain::Role;
use chengxin::ledger::{Decision, EntryKind};
use chengxin::portal::visit::with_parameters;
use sha2::{Digest, Sha256};

use crate::answers::licences;
use crate::support::{Answered, Asker, TestApp, Wanted};

pub(super) async fn get(asker: &Asker<'_>, path: &str) -> Answered {
    asker.send(TestRequest::get().uri(path)).await
}

/// The page as it was before its receipt was put in.
fn without_receipt(page: &str) -> String {
    let (before, rest) = page.split_once("<section class=\"receipt\"").expect("a receipt");
    format!("{before}<!--receipt-->{}", rest.split_once("</section>").unwrap().1)
}

/// The receipt that stands on a page, as text.
fn receipt_of(page: &str) -> String {
    let (_, rest) = page.split_once("<pre class=\"receipt-text\"").expect("a receipt");
    let text = rest.split_once('>').unwrap().1.split_once("</pre>").unwrap().0;
    text.replace("&#34;", "\"").replace("&#38;", "&")
}

fn index_of(page: &str) -> u64 {
    let receipt: serde_json::Value = serde_json::from_str(&receipt_of(page)).unwrap();
    receipt["index"].as_str().unwrap().parse().unwrap()
}

#[actix_web::test]
async fn a_page_view_leaves_an_entry_that_commits_to_what_was_shown() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let page = get(&app.public(), &format!("/en/subjects/{uscc}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let ledger = &app.service.gateway.ledger;
    let entry = ledger.entry(index_of(&page.text)).unwrap().unwrap();
    let leaf = &entry.leaf;
    assert_eq!((leaf.kind, leaf.decision, leaf.role.as_deref()), (EntryKind::Query, Decision::Allowed, Some("PUBLIC")));
    assert_eq!(leaf.items, ["administrative-licence"]);
    assert!(
        leaf.flags.contains(&"PORTAL".to_owned()) && !leaf.flags.contains(&"OVERREACH".to_owned()),
        "{:?}",
        leaf.flags
    );
    let openings = ledger.body(&entry).unwrap().unwrap();
    let opened = |name: &str| openings.iter().find(|opening| opening.name == name).unwrap().value.clone();
    assert_eq!(opened("query"), "GET /en/subjects/{uscc}");
    assert_eq!(opened("vars"), format!("{{\"uscc\":\"{uscc}\"}}"));
    assert_eq!(opened("result"), hex::encode(Sha256::digest(without_receipt(&page.text))));
    assert_eq!(openings.iter().filter(|opening| opening.name == "subject").count(), 1);
    // What a reader types is kept as its blind index, unless it is plainly public.
    let search = get(&app.public(), &with_parameters("/search", &[("q", "王小明")])).await;
    let entry = ledger.entry(index_of(&search.text)).unwrap().unwrap();
    let openings = ledger.body(&entry).unwrap().unwrap();
    let body = openings.iter().map(|opening| opening.value.as_str()).collect::<Vec<_>>().join(" ");
    assert!(body.contains("blind:") && !body.contains("王小明"), "{body}");
}

#[actix_web::test]
async fn the_receipt_on_a_page_is_good_on_the_page_that_checks_receipts_and_nothing_else_is() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let check = async |text: &str| get(&app.public(), &with_parameters("/receipts", &[("receipt", text)])).await;
    // A checkpoint may be signed at any moment: before one is, the page says so.
    let (mut early, mut tries) = (None, 0);
    while early.is_none() {
        let page = get(&app.public(), &format!("/subjects/{uscc}/report")).await;
        let told = check(&receipt_of(&page.text)).await;
        tries += 1;
        early = told.text.contains("最新的检查点还没有覆盖").then_some(page);
        assert!(early.is_some() || tries < 50, "{}", told.text);
    }
    let page = early.unwrap();
    let receipt = receipt_of(&page.text);
    let ledger = app.service.gateway.ledger.clone();
    tokio::task::spawn_blocking(move || ledger.integrate_blocking().unwrap()).await.unwrap();
    let good = check(&receipt).await;
    assert!(good.status == 200 && good.text.contains("回执有效，登记的条目在账本中"), "{}", good.text);
    assert!(good.text.contains(&format!("/ledger/proof/{}", index_of(&page.text))));
    let whole = format!("{{\"data\":null,\"extensions\":{{\"audit\":{receipt}}}}}");
    assert!(check(&whole).await.text.contains("回执有效，登记的条目在账本中"));
    let other_index = receipt.replacen("\"index\":\"", "\"index\":\"1", 1);
    assert!(check(&other_index).await.text.contains("签名不对"));
    let elsewhere = receipt.replace("test.chengxin.example", "other.example");
    assert!(check(&elsewhere).await.text.contains("这是另一个账本的回执"));
    let nothing = check("你好").await;
    assert!(nothing.status == 400 && nothing.text.contains("这不是一个回执"), "{}", nothing.text);
    let number = page.text.split("报告编号</dt><dd>").nth(1).unwrap().split('<').next().unwrap();
    assert!(good.text.contains(number) && good.text.contains(&uscc), "it says of which report it is: {}", good.text);
    let of_home = receipt_of(&get(&app.public(), "/").await.text);
    let ledger = app.service.gateway.ledger.clone();
    tokio::task::spawn_blocking(move || ledger.integrate_blocking().unwrap()).await.unwrap();
    let of_home = check(&of_home).await;
    assert!(of_home.text.contains("不是打印报告的回执") && !of_home.text.contains(number), "{}", of_home.text);
    // The code on the report is the same receipt.
    assert!(page.text.contains("<svg class=\"qr\"") && page.text.contains("报告编号"));
    let href = page.text.split("href=\"/receipts?receipt=").nth(1).unwrap().split('"').next().unwrap();
    let by_code = get(&app.public(), &format!("/receipts?receipt={href}")).await;
    assert!(by_code.text.contains("回执有效，登记的条目在账本中"), "{}", by_code.text);
}

#[actix_web::test]
async fn a_search_gives_candidates_with_codes_by_two_characters_or_by_the_code() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let search = async |text: &str| get(&app.public(), &with_parameters("/search", &[("q", text)])).await;
    let subject = get(&app.public(), &format!("/subjects/{uscc}")).await;
    let name = subject.text.split("<h1 lang=\"zh-CN\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let middle: String = name.chars().skip(1).take(2).collect();
    for text in [&middle, &name, &uscc, &uscc.to_lowercase(), &format!(" {uscc}\u{3000}")] {
        let found = search(text).await;
        assert!(
            found.status == 200 && found.text.contains(&format!("href=\"/subjects/{uscc}\"")),
            "{text}: {}",
            found.text
        );
        assert!(found.text.contains(&format!("<span class=\"code\">{uscc}</span>")), "{text}");
    }
    let mut wrong = uscc.clone();
    wrong.replace_range(17.., if uscc.ends_with('A') { "B" } else { "A" });
    for (text, told) in [
        ("东", "至少输入两个字"),
        ("", "至少输入两个字"),
        (wrong.as_str(), "不是正确的统一社会信用代码"),
        (&"长".repeat(201), "最多输入 200 个字"),
    ] {
        let refused = search(text).await;
        assert!(refused.status == 400 && refused.text.contains(told), "{text}: {}", refused.text);
        assert!(
            refused.text.contains("aria-invalid=\"true\"") && !refused.text.contains("class=\"candidates\""),
            "{text}"
        );
    }
    assert!(search("没有这样的名称").await.text.contains("没有查到"));
}

#[actix_web::test]
async fn nobody_is_found_by_a_name_that_stands_in_hidden_records_alone() {
    let app = TestApp::new();
    let uscc = licences(&app);
    // A former name, in a licence that was over years ago.
    let report = app.import(
        "administrative-licence",
        &format!(
            "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n\
             东营旧称乙商行有限公司,法人及非法人组织,{uscc},准予行政许可决定书,东测许〔2019〕9号,普通,建设工程施工,\
             2019-11-16,2019-11-16,2020-12-31,市行政审批服务局,市行政审批服务局\n"
        ),
    );
    assert_eq!((report.accepted, report.rejected), (1, 0), "{report:?}");
    let link = format!("/subjects/{uscc}\"");
    let by = |name: &str| with_parameters("/search", &[("q", name)]);
    for hidden in ["旧称", "称乙商", "东营旧称乙商行有限公司"] {
        let page = get(&app.public(), &by(hidden)).await;
        assert!(page.status == 200 && !page.text.contains(&link), "{hidden}: {}", page.text);
        let query = format!("{{ subjects(name: \"{hidden}\") {{ nodes {{ id }} }} }}");
        let answered = app.public().ask(&query).await;
        assert_eq!(answered.data("/subjects/nodes").as_array().unwrap().len(), 0, "{}", answered.text);
    }
    assert!(get(&app.public(), &by("测试甲")).await.text.contains(&link), "by the name that is shown");
    assert!(get(&app.department("AAS"), &by("旧称")).await.text.contains(&link), "its provider sees the record");
}

#[actix_web::test]
async fn lists_go_on_where_a_page_ends_and_end() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let row = |number: usize| {
        let day = 1 + number % 20;
        format!(
            "东营测试甲有限公司,法人及非法人组织,{uscc},准予行政许可决定书,东测许〔2026〕1{number:02}号,普通,建设工程施工,\
             2026-11-{day:02},2026-11-{day:02},2099-12-31,市行政审批服务局,市行政审批服务局"
        )
    };
    let rows: Vec<String> = (0..45).map(row).collect();
    let header =
        "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW";
    let report = app.import("administrative-licence", &format!("{header}\n{}\n", rows.join("\n")));
    assert_eq!(report.rejected, 0, "{report:?}");
    let (mut path, mut shown, mut pages) = (format!("/en/subjects/{uscc}/administrative-licence"), 0, 0);
    loop {
        let page = get(&app.public(), &path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        shown += page.text.matches("<article class=\"card\">").count();
        pages += 1;
        let Some(next) = page.text.split("<a rel=\"next\" href=\"").nth(1) else { break };
        path = next.split('"').next().unwrap().to_owned();
        assert!(path.starts_with("/en/"), "{path}");
    }
    let whole = get(&app.public(), &format!("/subjects/{uscc}")).await;
    let total =
        whole.text.split("行政许可 <span class=\"total\">共 ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!((pages, shown.to_string()), (3, total));
    let listed = get(&app.public(), "/publicity?item=administrative-licence&from=2026-11-20&to=2026-11-20").await;
    assert_eq!(listed.text.matches("<article class=\"card\">").count(), 2, "{}", listed.text);
    for (query, told) in [
        ("from=2026-13-01", "日期不对"),
        ("from=2026-11-20&to=2026-11-19", "结束日期早于开始日期"),
        ("department=NOPE", "没有这个单位"),
    ] {
        let refused = get(&app.public(), &format!("/publicity?{query}")).await;
        assert!(refused.status == 400 && refused.text.contains(told), "{query}: {}", refused.text);
    }
    // The place of another list is no place in this one.
    let stolen = path.split_once("after=").unwrap().1;
    let elsewhere = get(&app.public(), &format!("/publicity?after={stolen}")).await;
    assert!(elsewhere.status == 400 && elsewhere.text.contains("翻页的链接可能已经过期"), "{}", elsewhere.text);
}

#[actix_web::test]
async fn what_is_unknown_and_what_is_not_to_be_known_are_one_page() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let hidden = get(&app.administrator(Role::Auditor), &format!("/subjects/{uscc}")).await;
    let unknown = get(&app.public(), "/subjects/91370502MA9YYYYY0Q").await;
    let no_code = get(&app.public(), "/subjects/x").await;
    let no_item = get(&app.public(), &format!("/subjects/{uscc}/tax-class-a")).await;
    let closed = get(&app.public(), "/lists/watch-list").await;
    for page in [&hidden, &unknown, &no_code, &no_item, &closed] {
        assert_eq!(page.status, 404);
        assert_eq!(without_receipt(&page.text), without_receipt(&unknown.text));
    }
}

#[actix_web::test]
async fn nothing_is_shown_when_the_ledger_cannot_write_the_token_is_bad_or_the_reader_too_fast() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let bad = get(&app.public().header("authorization", "Bearer x.y.z"), &format!("/subjects/{uscc}")).await;
    assert!(
        bad.status == 401 && bad.headers.contains_key("www-authenticate") && !bad.text.contains("测试"),
        "{}",
        bad.text
    );
    app.service.gateway.ledger.close();
    let closed = get(&app.public(), &format!("/subjects/{uscc}")).await;
    assert!(closed.status == 503 && closed.headers.contains_key("retry-after"), "{}", closed.text);
    assert!(!closed.text.contains("测试") && closed.text.contains("现在不能查询"), "{}", closed.text);

    let limited = TestApp::with(Wanted { shipped_limits: true, ..Wanted::default() });
    let mut last = get(&limited.public(), "/").await;
    for _ in 0..40 {
        last = get(&limited.public(), "/").await;
        if last.status == 429 {
            break;
        }
    }
    assert!(
        last.status == 429 && last.headers.contains_key("retry-after") && last.text.contains("查询太快了"),
        "{}",
        last.text
    );
    assert!(!last.text.contains("class=\"receipt\""), "a folded refusal has no receipt");
}

#[actix_web::test]
async fn a_page_that_an_authorization_opens_takes_a_use_of_it() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let grant = "mutation($input: GrantAuthorizationInput!) { grantAuthorization(input: $input) { \
                 ... on GrantAuthorizationSuccess { authorization { id } } ... on InvalidInput { problems { message } } } }";
    let input = serde_json::json!({ "input": { "grantee": "BANK-1", "purpose": "loan-review", "validTo": "2027-01-01T00:00:00Z",
        "items": [{ "item": "administrative-licence" }], "usesAllowed": 1 } });
    let owner = app.subject(&format!("uscc:{uscc}"));
    let granted = owner.ask_with(grant, input).await;
    let id = granted.data("/grantAuthorization/authorization/id").as_str().expect("an authorization").to_owned();
    let bank = app.grantee("BANK-1", &id);
    let path = format!("/subjects/{uscc}/administrative-licence");
    let (first, second) = (get(&bank, &path).await, get(&bank, &path).await);
    let public = get(&app.public(), &path).await;
    assert_eq!((first.status, second.status), (200, 200));
    assert_ne!(without_receipt(&first.text), without_receipt(&public.text), "the authorization opens something");
    assert_eq!(without_receipt(&second.text), without_receipt(&public.text), "it was used up by the first page");
    let uses = owner.ask("{ authorizations { nodes { usesLeft } } }").await;
    assert_eq!(uses.data("/authorizations/nodes/0/usesLeft"), 0, "{}", uses.text);
}

#[actix_web::test]
async fn pages_answer_get_and_head_with_headers_that_keep_strangers_out() {
    let app = TestApp::new();
    for path in ["/", "/en", "/nowhere", "/search?q="] {
        let page = get(&app.public(), path).await;
        let policy = page.headers.get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in
            [("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin")]
        {
            assert_eq!(page.headers.get(name).unwrap(), value, "{path}");
        }
        assert!(
            page.text.starts_with("<!DOCTYPE html>") && page.text.contains("class=\"receipt\"") == (path != "/nowhere"),
            "{path}"
        );
    }
    for (path, is_kept_out) in
        [("/", false), ("/guide", false), ("/search?q=x", true), ("/receipts", true), ("/nowhere", true)]
    {
        let robots = get(&app.public(), path).await.headers.get("x-robots-tag").is_some();
        assert_eq!(robots, is_kept_out, "{path}: pages with records are not for search engines");
    }
    let head = app.public().send(TestRequest::default().method(actix_web::http::Method::HEAD).uri("/")).await;
    assert_eq!(head.status, 200);
    let put = app.public().send(TestRequest::put().uri("/search")).await;
    assert_eq!((put.status, put.headers.get("allow").unwrap().to_str().unwrap()), (405, "GET, HEAD, POST"));
    let page = get(&app.public(), "/").await;
    let style = page.text.split("<link rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = get(&app.public(), style).await;
    assert!(style.status == 200 && style.headers.get("cache-control").unwrap().to_str().unwrap().contains("immutable"));
    assert_eq!(get(&app.public(), "/assets/0000000000000000/portal.css").await.status, 404);
}
