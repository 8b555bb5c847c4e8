//! The dirt of real files is really there.

use chengxin::domain::identifier::Uscc;

use super::support::{SAMPLE, rows, text};

fn cells() -> Vec<String> {
    SAMPLE.files.iter().flat_map(|file| rows(&text(file)).into_iter().skip(1).flatten()).collect()
}

#[test]
fn every_kind_of_dirt_occurs() {
    let cells = cells();
    let occurs = |what: &str, is_it: &dyn Fn(&str) -> bool| {
        assert!(cells.iter().any(|cell| is_it(cell)), "no cell with {what}");
    };
    let digits = |cell: &str, count: usize| cell.len() == count && cell.bytes().all(|byte| byte.is_ascii_digit());
    occurs("a code in lower case", &|cell| cell.len() == 18 && cell.contains("ma9") && Uscc::parse(cell).is_ok());
    occurs("a label", &|cell| cell.starts_with("统一社会信用代码：9"));
    occurs("a page counter", &|cell| cell.ends_with("（1/1）"));
    occurs("full-width digits", &|cell| cell.starts_with("９"));
    occurs("dashes", &|cell| cell == "— —");
    occurs("undefined", &|cell| cell == "undefined");
    occurs("a citizen number of 15 digits", &|cell| digits(cell, 15) && cell.starts_with("370500"));
    occurs("a date for no end", &|cell| ["2099-01-31", "9999-9-9"].contains(&cell));
    occurs("a date with slashes", &|cell| cell.starts_with("20") && cell.matches('/').count() == 2);
    occurs("a date in Chinese", &|cell| cell.starts_with("20") && cell.ends_with('日'));
    occurs("a date of eight digits", &|cell| digits(cell, 8) && cell.starts_with("202"));
    occurs("blanks at the end", &|cell| cell.ends_with("  ") || cell.ends_with('\u{3000}'));
}

#[test]
fn every_file_has_rows_to_refuse_and_a_duplicate() {
    for file in &SAMPLE.files {
        assert!(file.expected.rejected > 0 && file.expected.duplicates > 0, "{}: {:?}", file.name, file.expected);
    }
    let total = |count: fn(&chengxin::cli::sample::Expected) -> u64| {
        SAMPLE.files.iter().map(|file| count(&file.expected)).sum::<u64>()
    };
    let (rows, incomplete, late) = (total(|e| e.rows), total(|e| e.incomplete), total(|e| e.late));
    assert!(incomplete > 0 && incomplete < rows / 5, "{incomplete} of {rows} are incomplete");
    assert!(late > 0 && late < rows / 5, "{late} of {rows} are late");
}
