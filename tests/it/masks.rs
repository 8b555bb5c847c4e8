//! Masks: every rule with its customary example, and real texts that the scan must leave alone.

use std::path::Path;

use chengxin::domain::MaskRule;
use chengxin::masking::apply;
use strum::IntoEnumIterator;

#[test]
fn every_rule_gives_its_customary_form() {
    for (rule, text, masked) in [
        (MaskRule::Name, "王小明", "王*明"),
        (MaskRule::IdStd, "11010519491231002X", "110105********002X"),
        (MaskRule::IdPublic, "11010519491231002X", "1****************X"),
        (MaskRule::IdBirth, "11010519491231002X", "1101051949****002X"),
        (MaskRule::Phone, "13812345678", "138****5678"),
        (MaskRule::Tel, "0546-8301278", "0546-*****78"),
        (MaskRule::Address, "山东省东营市东营区某街道某小区1号", "山东省东营市东营区******"),
        (MaskRule::Bank, "6222020012345671234", "**** **** **** 1234"),
        (MaskRule::Email, "zhang@example.com", "z***@example.com"),
        (MaskRule::Plate, "鲁E34512", "鲁E***12"),
        (MaskRule::Pass, "EA1234534", "EA*****34"),
        (MaskRule::Birth, "1980-05-06", "1980"),
        (MaskRule::Drop, "佛教", ""),
        (MaskRule::Secret, "王小明", ""),
        (MaskRule::TextScan, "赔偿申诉人王小明500元", "赔偿申诉人[姓名已隐去]500元"),
    ] {
        assert_eq!(apply(rule, text), masked, "{rule}");
    }
}

#[test]
fn a_value_shorter_than_what_a_rule_keeps_is_hidden_whole() {
    for rule in MaskRule::iter().filter(|rule| *rule != MaskRule::TextScan) {
        for text in ["", "7", "张", "78"] {
            let masked = apply(rule, text);
            assert!(!masked.chars().any(char::is_alphanumeric), "{rule} shows {masked}");
        }
    }
}

#[test]
fn the_scan_leaves_texts_of_published_licences_alone() {
    let Some(folder) = std::env::var_os("CHENGXIN_REAL_DATA") else {
        println!("left out: licences.csv is not here, CHENGXIN_REAL_DATA is not set");
        return;
    };
    let mut rows = csv::Reader::from_path(Path::new(&folder).join("licences.csv")).unwrap();
    let mut cells = 0;
    for row in rows.records().map(Result::unwrap) {
        for cell in &row {
            assert_eq!(apply(MaskRule::TextScan, cell), cell);
            cells += 1;
        }
    }
    assert_eq!(cells, 47 * 12);
}
