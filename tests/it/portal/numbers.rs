//! Statistics: the public's numbers, whoever asks; counted once an hour; none that are too small.

use super::views::get;
use crate::answers::licences;
use crate::support::TestApp;

fn bars(page: &str) -> Vec<(String, String)> {
    let rows = page.split("<tr><th scope=\"row\">").skip(1);
    let cell = |row: &str| {
        row.split("<td class=\"number\"").nth(1).map(|cell| cell.split(['>', '<']).nth(1).unwrap().to_owned())
    };
    rows.filter_map(|row| Some((row.split('<').next().unwrap().to_owned(), cell(row)?))).collect()
}

#[actix_web::test]
async fn everybody_gets_the_publics_numbers_counted_once_an_hour() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let first = get(&app.public(), "/statistics").await;
    assert_eq!(first.status, 200, "{}", first.text);
    // Two licences were reported, one is published.
    assert_eq!(bars(&first.text)[0], ("行政许可".to_owned(), "1".to_owned()), "{}", first.text);
    for asker in [app.department("AAS"), app.subject(&format!("uscc:{uscc}")), app.coordinator()] {
        assert_eq!(bars(&get(&asker, "/statistics").await.text), bars(&first.text), "no more than the public");
    }
    let counted = |page: &str| page.split("北京时间）统计").next().unwrap().rsplit('，').next().unwrap().to_owned();
    app.clock.advance_micros(1_800_000_000);
    let same = get(&app.public(), "/statistics").await;
    assert_eq!(counted(&same.text), counted(&first.text), "within the hour");
    app.clock.advance_micros(1_801_000_000);
    let later = get(&app.public(), "/statistics").await;
    assert_ne!(counted(&later.text), counted(&first.text), "after it");
}

#[actix_web::test]
async fn numbers_that_are_too_small_are_not_told() {
    let app = TestApp::new();
    licences(&app);
    let page = get(&app.public(), "/en/statistics").await;
    assert!(
        page.text.contains("Nothing was reported in the period."),
        "two rows are too few for a part: {}",
        page.text
    );
    assert!(!page.text.contains("NaN") && page.text.contains("Objections"), "{}", page.text);
}
