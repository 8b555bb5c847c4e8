//! Whatever is sent to a page is refused plainly or shown as text.

use actix_web::test::TestRequest;
use chengxin::domain::Role;
use chengxin::domain::identifier::Uscc;
use chengxin::portal::visit::{DeskPage, with_parameters};

use super::views::get;
use crate::answers::licences;
use crate::support::{Answered, TestApp};

/// What is sent in the place of a name, a code, a date, a receipt.
fn hostile() -> Vec<String> {
    let mut all: Vec<String> = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onfocus='alert(1)' autofocus='",
        "</textarea><script>alert(1)</script>",
        "<!--receipt-->",
        "{{ 7 * 7 }}{% if true %}x{% endif %}",
        "'; DROP TABLE subjects; --",
        "../../../../etc/passwd",
        "a\r\nset-cookie: x=1",
        "javascript:alert(1)",
        "\u{202e}\u{200b}东营\u{0}",
        "𠮷\u{1F600}\u{10FFFF}",
        "%3Cscript%3E",
        "%",
        "AND OR NOT NEAR(\"*^:-",
        "-1",
        "9999999999999999999999999",
        "2026-11-23T00:00:00Z",
    ]
    .map(str::to_owned)
    .into();
    all.push("长".repeat(2_000));
    all.push("<".repeat(3_000));
    all
}

#[actix_web::test]
async fn hostile_input_in_every_field_is_refused_plainly_or_shown_as_text() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let mut refused = 0;
    for text in hostile() {
        let segment: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let mut paths = vec![
            with_parameters("/search", &[("q", &text)]),
            with_parameters("/search", &[("q", "东营"), ("after", &text)]),
            with_parameters("/receipts", &[("receipt", &text)]),
            with_parameters(&format!("/subjects/{uscc}/administrative-licence"), &[("after", &text)]),
            format!("/subjects/{segment}"),
            format!("/subjects/{segment}/report"),
            format!("/subjects/{uscc}/{segment}"),
            format!("/lists/{segment}"),
            format!("/{segment}"),
        ];
        for field in ["item", "department", "from", "to", "after"] {
            paths.push(with_parameters("/publicity", &[(field, &text)]));
            paths.push(with_parameters("/lists/tax-class-a", &[(field, &text)]));
        }
        for path in paths {
            for language in ["", "/en"] {
                let path = format!("{language}{path}");
                let page = get(&app.public(), &path).await;
                assert!(matches!(page.status, 200 | 400 | 404), "{path}: {}", page.status);
                assert!(
                    page.text.starts_with("<!DOCTYPE html>") && page.text.trim_end().ends_with("</html>"),
                    "{path}"
                );
                refused += usize::from(page.status != 200);
                let raw = ["<script", "<img", "onerror=alert(1)>", "' onfocus='", "</textarea><", "><img"];
                assert!(!raw.iter().any(|raw| page.text.contains(raw)), "{path}: {}", page.text);
                assert!(page.headers.get("set-cookie").is_none(), "{path}");
                let marks = page.text.matches("class=\"receipt\"").count();
                assert!(marks <= 1, "{path}: {marks} receipts");
            }
        }
    }
    assert!(refused > 500, "{refused}");
    // The form comes back with what was typed, as text.
    let echoed = get(&app.public(), &with_parameters("/search", &[("q", "\"><b>甲")])).await;
    assert!(echoed.text.contains("value=\"&#34;&#62;&#60;b&#62;甲\""), "{}", echoed.text);
}

/// What no page may hold as markup; the scripts of ours are.
fn assert_tame(page: &Answered, what: &str) {
    assert!(page.text.starts_with("<!DOCTYPE html>") && page.text.trim_end().ends_with("</html>"), "{what}");
    let text = page.text.replace("<script src=\"/assets/", "");
    let raw = ["<script", "<img", "onerror=alert(1)>", "' onfocus='", "</textarea><", "><img"];
    assert!(!raw.iter().any(|raw| text.contains(raw)), "{what}: {}", page.text);
    assert!(page.headers.get("set-cookie").is_none(), "{what}");
}

#[actix_web::test]
async fn hostile_input_in_every_field_of_every_desk_is_refused_plainly_or_shown_as_text() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let seats = [
        ("subject", app.subject(&format!("uscc:{uscc}")).seated()),
        ("department", app.department("AMR").seated()),
        ("coordinator", app.coordinator().seated()),
        ("auditor", app.administrator(Role::Auditor).seated()),
        ("security administrator", app.administrator(Role::SecurityAdmin).seated()),
    ];
    let (mut shown, mut refused) = (0, 0);
    for (who, seat) in &seats {
        for page in DeskPage::all() {
            let (asked, posted) = page.names();
            for text in hostile() {
                // An address of more than 64 KiB is none.
                let short: String = text.chars().take(600).collect();
                let path = if page.is_of_one() { page.of(&short) } else { page.pattern().to_owned() };
                let parameters: Vec<(&str, &str)> = asked.iter().map(|name| (*name, short.as_str())).collect();
                let answered = seat.get(&with_parameters(&path, &parameters)).await;
                let what = format!("{who}: {path}");
                assert!(matches!(answered.status, 200 | 400 | 403 | 404), "{what}: {}", answered.status);
                assert_tame(&answered, &what);
                shown += usize::from(answered.status == 200);
                if posted.is_empty() {
                    continue;
                }
                // A purpose that is none is refused at the door; what else stands in the form is looked at without it too.
                for with_purpose in [true, false] {
                    let is_sent = |name: &&&str| with_purpose || **name != "purpose";
                    let fields: Vec<(&str, &str)> =
                        posted.iter().filter(is_sent).map(|name| (*name, text.as_str())).collect();
                    let answered = seat.post(&path, &fields).await;
                    let what = format!("{who}: POST {path}");
                    assert!(matches!(answered.status, 200 | 400 | 403 | 404), "{what}: {}", answered.status);
                    assert_tame(&answered, &what);
                    refused += usize::from(answered.status != 200);
                }
            }
        }
    }
    assert!(shown > 300 && refused > 300, "{shown} shown, {refused} refused");
}

#[actix_web::test]
async fn a_form_with_files_is_read_within_its_bounds() {
    let app = TestApp::new();
    let seat = app.department("AMR").seated();
    let part = |name: &str, file: Option<&str>, body: &str| {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        format!("--XYZ\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{body}\r\n")
    };
    let post = async |path: &str, body: String| {
        let request =
            TestRequest::post().uri(path).insert_header(("content-type", "multipart/form-data; boundary=XYZ"));
        seat.browser().send(request.set_payload(body)).await
    };
    let token = part("token", None, &seat.token);
    let whole = |parts: &str| format!("{token}{parts}--XYZ--\r\n");
    let csv = format!("统一社会信用代码,单位名称\n{}", "x,y\n".repeat(10));
    let good =
        post("/desk/upload", whole(&(part("item", None, "tax-class-a") + &part("file", Some("a.csv"), &csv)))).await;
    assert!(matches!(good.status, 200 | 400) && good.text.contains("item"), "{}", good.text);
    let empty = post("/desk/upload", whole(&part("file", Some(""), ""))).await;
    assert!(empty.status == 400 && empty.text.contains("请选择文件"), "{}", empty.text);
    let long = post("/desk/upload", whole(&part("file", Some("a.csv"), &"x".repeat(9 << 20)))).await;
    assert_eq!(long.status, 413);
    let many = post("/desk/upload", whole(&part("item", None, "x").repeat(100))).await;
    assert_eq!(many.status, 413);
    assert_eq!(post("/desk/upload", "--XYZ\r\nbroken".to_owned()).await.status, 400);
    let nobody = TestRequest::post().uri("/desk/upload").set_payload("x".repeat(9 << 20));
    assert_eq!(app.public().send(nobody).await.status, 401, "a file of nobody is not read");
    let elsewhere = post("/tipoffs", whole(&part("conduct", None, "x"))).await;
    assert_eq!(elsewhere.status, 415, "a page that takes no file takes no such form");
    for (name, bytes) in [("a.xlsx", "PK\u{3}\u{4}"), ("a.csv", "a\0b"), ("a.csv", "")] {
        let answered =
            post("/desk/upload", whole(&(part("item", None, "tax-class-a") + &part("file", Some(name), bytes)))).await;
        assert!(answered.status == 400 && answered.text.contains("file-fault"), "{name}: {}", answered.text);
    }
}

#[actix_web::test]
async fn a_file_is_taken_whole_or_not_at_all_and_what_was_not_taken_is_told() {
    let app = TestApp::new();
    let seat = app.department("TAX").seated();
    let send = async |csv: &str| {
        let part = |name: &str, more: &str, body: &str| {
            format!("--XYZ\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n{body}\r\n")
        };
        let file = part("file", "; filename=\"a.csv\"", csv);
        let body = part("token", "", &seat.token) + &part("item", "", "tax-class-a") + &file + "--XYZ--\r\n";
        let media = ("content-type", "multipart/form-data; boundary=XYZ");
        seat.browser().send(TestRequest::post().uri("/desk/upload").insert_header(media).set_payload(body)).await
    };
    let stored = async || {
        let answered = app.department("TAX").ask("{ records(item: \"tax-class-a\") { totalCount } }").await;
        answered.data("/records/totalCount").as_i64().unwrap()
    };
    let header = "纳税人名称,纳税人识别号,评价年度,评定日期,数据来源单位\n";
    let row = |serial: usize| {
        let code = Uscc::with_check(&format!("91370502MA9Y{serial:04}0")).unwrap();
        format!("东营测试{serial}有限公司,{},2025,2026-04-01,国家税务总局东营市税务局\n", code.as_str())
    };
    let rows: String = (0..1_200).map(row).collect();
    // A quotation mark that is not closed, after chunks that could be written.
    let broken = send(&format!("{header}{rows}\"{}", "x,".repeat(2_500_000))).await;
    assert!(broken.status == 400 && broken.text.contains("file-fault"), "{}", broken.status);
    assert_eq!(stored().await, 0, "nothing of a broken file is stored");
    let good = send(&format!("{header}{rows}x,y,2025,2026-04-01,z\n")).await;
    assert_eq!(good.status, 200, "{}", good.text);
    assert!(good.text.contains("部分收到") && good.text.contains("download=\"rejects.csv\""), "{}", good.text);
    assert!(stored().await >= 1_000, "{}", stored().await);
    let again = send(&format!("{header}{rows}")).await;
    assert!(again.text.contains("全部收到"), "the same file again changes nothing: {}", again.text);
    // Of many bad rows the first thousand are told of, and the page stays small.
    let bad = "x,y,2025,2026-04-01,z\n".repeat(50_000);
    let refused = send(&format!("{header}{bad}")).await;
    assert!(refused.text.contains("一行也没有收下") && refused.text.len() < 1_000_000, "{} bytes", refused.text.len());
    let long = send(&format!("{header}{}", "x,y,2025,2026-04-01,z\n".repeat(150_000))).await;
    assert!(long.status == 400 && long.text.contains("10万行"), "{}", long.status);
}

#[actix_web::test]
async fn a_query_string_that_is_broken_or_said_twice_harms_nothing() {
    let app = TestApp::new();
    licences(&app);
    for query in ["q=%FF%FE", "q", "&&&==&", "q=%", "q=%E4%B8", "q=东营&q=<script>", "=x", "q[]=1"] {
        let written = query.replace('<', "%3C").replace('>', "%3E").replace("东营", "%E4%B8%9C%E8%90%A5");
        let path = format!("/search?{written}");
        let page = get(&app.public(), &path).await;
        assert!(matches!(page.status, 200 | 400), "{query}: {}", page.status);
        assert!(!page.text.contains("<script"), "{query}");
    }
    for path in ["/%FF", "/subjects/%E4%B8", "/subjects/%2e%2e/report", "//evil.example/", "/en%2Fsearch", "/./search"]
    {
        let page = get(&app.public(), path).await;
        assert!(matches!(page.status, 200 | 400 | 404), "{path}: {}", page.status);
        assert!(page.headers.get("location").is_none(), "{path}");
    }
}

#[actix_web::test]
async fn hostile_input_in_every_form_comes_back_as_text_or_not_at_all() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let post = async |path: &str, fields: &[(&str, &str)]| {
        let body = with_parameters("", fields).trim_start_matches('?').to_owned();
        let form = ("content-type", "application/x-www-form-urlencoded");
        app.public().send(TestRequest::post().uri(path).insert_header(form).set_payload(body)).await
    };
    for text in hostile() {
        let fields = ["uscc", "field", "conduct", "name", "contact"];
        let mut forms =
            vec![("/tipoffs/progress", vec![("code", text.as_str())]), ("/receipts", vec![("receipt", &text)])];
        for hostile in fields {
            let sound =
                [("uscc", uscc.as_str()), ("field", "OTHER"), ("conduct", "样例"), ("name", ""), ("contact", "")];
            let form = sound.map(|(name, value)| (name, if name == hostile { text.as_str() } else { value }));
            forms.push(("/tipoffs", form.to_vec()));
        }
        for (path, form) in forms {
            let page = post(path, &form).await;
            assert!(matches!(page.status, 200 | 400), "{path} {form:?}: {}", page.status);
            let raw = ["<script", "<img", "onerror=alert(1)>", "' onfocus='", "><img"];
            assert!(!raw.iter().any(|raw| page.text.contains(raw)), "{path} {form:?}: {}", page.text);
            assert!(page.text.matches("class=\"receipt\"").count() <= 1, "{path} {form:?}");
        }
    }
}
