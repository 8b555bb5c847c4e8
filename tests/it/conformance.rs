//! GraphQL over HTTP as others see it: the published audit suite against the real program, and what it does not ask.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chengxin::authentication::TokenClaims;
use chengxin::domain::Role;
use serde_json::json;

use crate::support::patience;
use crate::support::process::{Place, Process};
use crate::support::wire::{self, Response};

const JSON: (&str, &str) = ("content-type", "application/json");
const MODERN: (&str, &str) = ("accept", "application/graphql-response+json");
const VIEWER: &[u8] = br#"{"query":"{ viewer { role } }"}"#;
const IN_URL: &str = "/graphql?query=%7B%20viewer%20%7B%20role%20%7D%20%7D";
const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

/// The longest body that is read.
const BODY_BYTES_MAX: usize = 1 << 20;

#[test]
fn every_required_and_recommended_audit_of_graphql_http_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    assert!(
        folder.join("node_modules/graphql-http").is_dir(),
        "the audits are an npm package that is not installed: run `npm ci --prefix tests/node`, or all tests with `tests/run`"
    );
    let place = Place::new();
    let process = place.serve();
    let url = format!("http://{}/graphql", process.address);
    let output =
        patience::output(Command::new("node").arg("audit.mjs").arg(url).current_dir(folder), Duration::from_mins(5));
    let output = output.expect("`node` is needed for this test: install Node.js 20 or later");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.matches("\nok ").count() > 50, "the suite has shrunk: {text}");
    println!("{}", text.lines().last().unwrap());
}

/// A refusal: a code, no data, no receipt.
fn refused(response: &Response, status: u16) {
    assert_eq!(response.status, status, "{}", response.text());
    let json = response.json();
    assert!(json["errors"][0]["extensions"]["code"].is_string(), "{json}");
    assert!(json.get("data").is_none(), "{json}");
    assert_eq!(response.header("cache-control"), Some("no-store"));
}

#[test]
fn what_a_browser_sends_across_origins_without_asking_is_refused() {
    let place = Place::new();
    let process = place.serve();
    for simple in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
    ] {
        refused(&process.send("POST", "/graphql", &[("content-type", simple), MODERN], VIEWER), 415);
        refused(&process.send("GET", IN_URL, &[("content-type", simple), MODERN], b""), 415);
    }
    refused(&process.send("POST", "/graphql", &[MODERN], VIEWER), 415);
    refused(
        &process.send("POST", "/graphql", &[("content-type", "application/json; charset=utf-16"), MODERN], VIEWER),
        415,
    );
    let upload = b"--x\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"{ viewer { role } }\"}\r\n--x--\r\n";
    refused(
        &process.send("POST", "/graphql", &[("content-type", "multipart/form-data; boundary=x"), MODERN], upload),
        415,
    );
    // No answer to a preflight allows another origin.
    let preflight = [("origin", "https://elsewhere.example"), ("access-control-request-method", "POST")];
    let asked = process.send("OPTIONS", "/graphql", &preflight, b"");
    assert_eq!((asked.status, asked.header("allow")), (405, Some("GET, POST")));
    assert!(asked.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{asked:?}");
    // The permission beside the refusals.
    assert_eq!(process.send("POST", "/graphql", &[JSON, MODERN], VIEWER).status, 200);
    assert_eq!(process.send("GET", IN_URL, &[JSON, MODERN], b"").status, 200);
}

#[test]
fn methods_types_and_sizes_that_are_not_ours_are_refused_with_their_status() {
    let place = Place::new();
    let process = place.serve();
    let mutation = "/graphql?query=mutation%20%7B%20revokeAuthorization(input%3A%20%7Bid%3A%20%22a%22%7D)%20%7B%20__typename%20%7D%20%7D";
    let by_get = process.send("GET", mutation, &[MODERN], b"");
    refused(&by_get, 405);
    assert_eq!(by_get.header("allow"), Some("POST"));
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let response = process.send(method, "/graphql", &[MODERN], b"");
        refused(&response, 405);
        assert_eq!(response.header("allow"), Some("GET, POST"), "{method}");
    }
    let head = process.send("HEAD", IN_URL, &[MODERN], b"");
    assert_eq!((head.status, head.header("allow")), (405, Some("GET, POST")));
    for accept in ["text/html", "application/xml", "application/json;q=0", "application/json; charset=latin1"] {
        refused(&process.send("POST", "/graphql", &[JSON, ("accept", accept)], VIEWER), 406);
    }
    for body in
        [&b"[]"[..], br#"[{"query":"{ viewer { role } }"}]"#, b"\"text\"", b"{}", br#"{"query":1}"#, b"{", b"\xff"]
    {
        refused(&process.send("POST", "/graphql", &[JSON, MODERN], body), 400);
    }
    refused(&process.send("GET", "/graphql?variables=%7B%7D", &[MODERN], b""), 400);
    refused(&process.send("GET", &format!("{IN_URL}&variables=%5B1%5D"), &[MODERN], b""), 400);
}

#[test]
fn a_body_of_a_mebibyte_is_read_and_a_byte_more_is_not() {
    let place = Place::new();
    let process = place.serve();
    let padded = |length: usize| [VIEWER, vec![b' '; length - VIEWER.len()].as_slice()].concat();
    let whole = process.send("POST", "/graphql", &[JSON, MODERN], &padded(BODY_BYTES_MAX));
    assert_eq!(whole.status, 200, "{}", whole.text());
    refused(&process.send("POST", "/graphql", &[JSON, MODERN], &padded(BODY_BYTES_MAX + 1)), 413);
    // The same without a length to look at beforehand.
    let mut chunked = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for chunk in padded(BODY_BYTES_MAX + 1).chunks(1 << 16) {
        chunked.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        chunked.extend(chunk);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    refused(&process.wire().exchange(&chunked).unwrap(), 413);
    // A body that stops half-way is no request, and harms nobody.
    let mut broken = process.wire();
    broken.send(&wire::request("POST", "/graphql", &[JSON, MODERN], VIEWER)[..150]).unwrap();
    broken.end();
    if let Ok(answer) = broken.receive() {
        refused(&answer, 400);
    }
    assert_eq!(process.send("POST", "/graphql", &[JSON, MODERN], VIEWER).status, 200);
}

#[test]
fn one_answer_has_either_media_type_and_its_status_follows() {
    let place = Place::new();
    let process = place.serve();
    let status_and_type = |accept: Option<&str>, query: &str| {
        let mut headers = vec![JSON];
        headers.extend(accept.map(|accept| ("accept", accept)));
        let body = json!({ "query": query }).to_string();
        let response = process.send("POST", "/graphql", &headers, body.as_bytes());
        let media = response.header("content-type").unwrap().split(';').next().unwrap().to_owned();
        assert_eq!(response.header("vary"), Some("Accept, Authorization"));
        (response.status, media)
    };
    let (modern, plain) = ("application/graphql-response+json", "application/json");
    for (query, strict, lenient) in [("{ viewer { role } }", 200, 200), ("{", 400, 200), ("{ nothing }", 400, 200)] {
        assert_eq!(status_and_type(Some(modern), query), (strict, modern.to_owned()), "{query}");
        for accept in [None, Some("*/*"), Some("application/*"), Some(plain)] {
            assert_eq!(status_and_type(accept, query), (lenient, plain.to_owned()), "{query} {accept:?}");
        }
        assert_eq!(status_and_type(Some(&format!("{plain};q=0.5, {modern}")), query).1, modern);
    }
}

#[test]
fn a_query_in_the_url_has_variables_a_name_and_the_same_answer_as_by_post() {
    let place = Place::new();
    let process = place.serve();
    let text = "query One($uscc: Uscc!) { subject(uscc: $uscc) { name records(first: 5) { totalCount } } } query Two { viewer { role } }";
    let variables = json!({ "uscc": place.uscc }).to_string();
    let url = format!("/graphql?query={}&variables={}&operationName=One", encoded(text), encoded(&variables));
    let by_get = process.send("GET", &url, &[MODERN], b"");
    let body = json!({ "query": text, "variables": { "uscc": place.uscc }, "operationName": "One" }).to_string();
    let by_post = process.send("POST", "/graphql", &[JSON, MODERN], body.as_bytes());
    assert_eq!((by_get.status, by_post.status), (200, 200), "{}", by_get.text());
    assert_eq!(by_get.json()["data"]["subject"]["name"], "东营测试甲有限公司", "{}", by_get.text());
    assert_eq!(by_get.json()["data"], by_post.json()["data"]);
    let unnamed = process.send("GET", &format!("/graphql?query={}", encoded(text)), &[MODERN], b"");
    refused_with(&unnamed, 400, "GRAPHQL_UNKNOWN_OPERATION_NAME");
}

fn refused_with(response: &Response, status: u16, code: &str) {
    refused(response, status);
    assert_eq!(response.json()["errors"][0]["extensions"]["code"], code, "{}", response.text());
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn a_token_decides_who_asks_and_a_bad_one_is_not_anybody() {
    let place = Place::new();
    let process = place.serve();
    let claims = TokenClaims {
        client: Some("test".to_owned()),
        department: Some("AMR".to_owned()),
        ..TokenClaims::new(Role::Department, "officer-1")
    };
    let bearer = format!("Bearer {}", place.token(&claims));
    let ask = |bearer: &str| process.send("POST", "/graphql", &[JSON, MODERN, ("authorization", bearer)], VIEWER);
    assert_eq!(ask(&bearer).json()["data"]["viewer"]["role"], "DEPARTMENT");
    let spoiled = format!("{bearer}AAAA");
    for bad in [spoiled.as_str(), "Bearer x", "Basic eDp5"] {
        let response = ask(bad);
        refused_with(&response, 401, "UNAUTHENTICATED");
        assert!(response.header("www-authenticate").unwrap().starts_with("Bearer"), "{response:?}");
    }
}

#[test]
fn a_browser_gets_a_page_that_speaks_to_nobody_else() {
    let place = Place::new();
    let process = place.serve();
    let page = process.send("GET", "/graphql", &[BROWSER], b"");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for path in ["/graphql", "/graphql/page.css", "/graphql/page.js"] {
        let asset = process.send("GET", path, &[BROWSER], b"");
        assert_eq!(asset.status, 200, "{path}");
        let policy = asset.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("http") && !policy.contains("unsafe"));
        assert_eq!(asset.header("x-content-type-options"), Some("nosniff"));
        for outside in ["http://", "https://", "//cdn"] {
            assert!(!asset.text().contains(outside), "{path} names another host");
        }
        let etag = asset.header("etag").unwrap();
        let again = process.send("GET", path, &[BROWSER, ("if-none-match", etag)], b"");
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    // A query in the URL is answered as one, in a browser too; and a program without a query gets no page.
    assert_eq!(process.send("GET", IN_URL, &[BROWSER], b"").json()["data"]["viewer"]["role"], "PUBLIC");
    refused(&process.send("GET", "/graphql", &[MODERN], b""), 400);
    assert_eq!(process.get("/graphql/../chengxin.toml").status, 404);
}

#[test]
fn operators_see_health_and_numbers_and_no_caller_in_them() {
    let place = Place::new();
    let process = place.serve();
    process.send("POST", "/graphql", &[JSON, MODERN], VIEWER);
    process.send("POST", "/graphql", &[JSON, MODERN], b"{");
    for (path, text) in [("/health/live", "live\n"), ("/health/ready", "ready\n")] {
        let response = process.get(path);
        assert_eq!((response.status, response.text().as_str()), (200, text));
    }
    let numbers = process.get("/metrics");
    assert_eq!(numbers.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let text = numbers.text();
    for line in [
        "chengxin_answers_total{role=\"PUBLIC\",status=\"200\",code=\"\"} 1",
        "chengxin_answers_total{role=\"PUBLIC\",status=\"400\",code=\"BAD_REQUEST\"} 1",
        "chengxin_ready 1",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
    for path in ["/health/live", "/health/ready", "/metrics", "/graphql/page.js"] {
        let head = process.send("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0), "HEAD {path}");
        let post = process.send("POST", path, &[], b"");
        assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD")), "POST {path}");
    }
    assert_eq!(process.get("/nothing").status, 404);
}

#[test]
fn many_requests_go_over_one_connection_and_a_refusal_does_not_end_it() {
    let place = Place::new();
    let process: Process = place.serve();
    let mut wire = process.wire();
    let mut indexes: Vec<u64> = Vec::new();
    for (body, status) in [(VIEWER, 200), (b"{", 400), (VIEWER, 200), (b"[]", 400), (VIEWER, 200)] {
        let response = wire.exchange(&wire::request("POST", "/graphql", &[JSON, MODERN], body)).unwrap();
        assert_eq!(response.status, status, "{}", response.text());
        if status == 200 {
            indexes.push(response.json()["extensions"]["audit"]["index"].as_str().unwrap().parse().unwrap());
        }
    }
    assert!(indexes.len() == 3 && indexes.is_sorted(), "{indexes:?}");
}
