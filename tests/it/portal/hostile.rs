//! Whatever is sent to a page is refused plainly or shown as text.

use actix_web::test::TestRequest;
use chengxin::portal::visit::with_parameters;

use super::views::get;
use crate::answers::licences;
use crate::support::TestApp;

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
