//! Every rule with its edge cases, and what holds of all of them.

use proptest::prelude::*;
use strum::IntoEnumIterator;

use super::*;
use crate::access::Withheld;

const ID_HIDDEN: &str = "******************";

fn check(rule: MaskRule, cases: &[(&str, &str)]) {
    for (text, masked) in cases {
        assert_eq!(apply(rule, text), *masked, "{rule} of {text:?}");
    }
}

#[test]
fn names_keep_first_and_last_and_print_one_star() {
    check(
        MaskRule::Name,
        &[
            ("张三", "张*"),
            ("王小明", "王*明"),
            ("王小小明", "王*明"),
            ("欧阳修", "欧阳*"),
            ("欧阳修文", "欧阳*"),
            ("东方", "东*"),
            ("阿卜杜拉·买买提", "阿*提"),
            ("阿卜杜拉•买买提", "阿*提"),
            ("王 小\u{3000}明", "王*明"),
            (" 张三 ", "张*"),
            ("John Smith", "J*h"),
            ("𠮷田一", "𠮷*一"),
        ],
    );
}

#[test]
fn doubtful_names_are_hidden_whole() {
    for text in [
        "",
        " ",
        "张",
        "张三、李四",
        "张三（曾用名）",
        "张三1",
        "·张三",
        "张三·",
        "张\u{e0100}",
        &"张".repeat(41),
        "无-",
    ] {
        assert_eq!(apply(MaskRule::Name, text), "*", "{text:?}");
    }
}

#[test]
fn citizen_numbers_keep_their_width_and_what_the_rule_keeps() {
    let number = "11010519491231002X";
    check(MaskRule::IdStd, &[(number, "110105********002X")]);
    check(MaskRule::IdPublic, &[(number, "1****************X")]);
    check(MaskRule::IdBirth, &[(number, "1101051949****002X")]);
    for text in ["11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ"]
    {
        assert_eq!(apply(MaskRule::IdStd, text), "110105********002X", "{text:?}");
    }
}

#[test]
fn fifteen_digits_are_shown_eighteen_wide_without_the_computed_check() {
    let number = "130503670401001";
    check(MaskRule::IdStd, &[(number, "130503********001*")]);
    check(MaskRule::IdPublic, &[(number, "1*****************")]);
    check(MaskRule::IdBirth, &[(number, "1305031967****001*")]);
}

#[test]
fn doubtful_citizen_numbers_are_hidden_whole() {
    for rule in [MaskRule::IdStd, MaskRule::IdPublic, MaskRule::IdBirth] {
        for text in [
            "",
            "undefined",
            "1",
            "1101",
            "1101051949123100",
            "1101051949123100XX",
            "11010519491231002Y",
            "13050367040100X",
            "110105-19491231-002X",
            "110105194912310021 11010519491231002X",
            "张三",
        ] {
            assert_eq!(apply(rule, text), ID_HIDDEN, "{rule} of {text:?}");
        }
    }
}

#[test]
fn mobile_numbers_keep_three_and_four() {
    for text in [
        "13812345678",
        "+8613812345678",
        "+86 138 1234 5678",
        "86-138-1234-5678",
        "008613812345678",
        "１３８１２３４５６７８",
    ] {
        assert_eq!(apply(MaskRule::Phone, text), "138****5678", "{text:?}");
    }
    for text in [
        "",
        "138",
        "1381234567",
        "138123456789",
        "0546-8301278",
        "05468301278",
        "23812345678",
        "13812345678/13912345678",
        "13812345678转1",
        "x",
    ] {
        assert_eq!(apply(MaskRule::Phone, text), "***********", "{text:?}");
    }
}

#[test]
fn landline_numbers_keep_area_code_and_two() {
    for text in [
        "0546-8301278",
        "05468301278",
        "(0546)8301278",
        "（0546）83012378",
        "0546 8301278",
        "+86-546-8301278",
        "０５４６－８３０１２７８",
    ] {
        assert_eq!(apply(MaskRule::Tel, text), "0546-*****78", "{text:?}");
    }
    check(MaskRule::Tel, &[("010-62301278", "010-*****78"), ("02162301278", "021-*****78")]);
    for text in
        ["", "0", "01", "0546", "8301278", "13812345678", "0546-8301278-801", "0546-830127", "0546-8301278 转 2", "00"]
    {
        assert_eq!(apply(MaskRule::Tel, text), "****-*******", "{text:?}");
    }
}

#[test]
fn addresses_are_kept_down_to_the_district() {
    check(
        MaskRule::Address,
        &[
            ("山东省东营市东营区西城街道锦华小区1号楼", "山东省东营市东营区******"),
            ("山东省东营市东营区", "山东省东营市东营区******"),
            ("东营市河口区某路2号", "东营市河口区******"),
            ("广饶县某镇某村", "广饶县******"),
            ("山东省广饶县某镇某村", "山东省广饶县******"),
            ("山东省东营市东营经济技术开发区南一路", "山东省东营市东营经济技术开发区******"),
            ("北京市朝阳区某街３号", "北京市朝阳区******"),
            ("山东省济南市市中区某路", "山东省济南市市中区******"),
            ("河北省石家庄市长安区某路", "河北省石家庄市长安区******"),
            ("吉林省延边朝鲜族自治州延吉市某街", "吉林省延边朝鲜族自治州延吉市******"),
            ("内蒙古自治区兴安盟突泉县某乡", "内蒙古自治区兴安盟突泉县******"),
            ("山东省 东营市 东营区 某路", "山东省东营市东营区******"),
        ],
    );
}

#[test]
fn addresses_that_cannot_be_read_are_hidden_whole() {
    for text in [
        "",
        "东营市",
        "东营市西城街道锦华小区",
        "锦华小区3区",
        "锦华三区1号楼",
        "山东省济南市锦华三区",
        "山东省济南市花园小区",
        "某路1号",
        "No. 1 Road",
        "东营市胜利社区",
    ] {
        assert_eq!(apply(MaskRule::Address, text), "******", "{text:?}");
    }
}

#[test]
fn bank_cards_keep_the_last_four() {
    for text in ["6222020012345671234", "6222 0200 1234 1234", "6222-0200-1234-1234", "622202001234"] {
        assert_eq!(apply(MaskRule::Bank, text), "**** **** **** 1234", "{text:?}");
    }
    for text in ["", "1234", "62220200123", "62220200123456712345", "6222020012345671234元"] {
        assert_eq!(apply(MaskRule::Bank, text), "**** **** **** ****", "{text:?}");
    }
}

#[test]
fn mail_addresses_keep_first_character_and_domain() {
    check(
        MaskRule::Email,
        &[
            ("zhang@example.com", "z***@example.com"),
            ("z@example.com", "***@example.com"),
            ("张三@example.com", "张***@example.com"),
            (" zhang＠example.com ", "z***@example.com"),
        ],
    );
    for text in [
        "",
        "@",
        "zhang",
        "zhang@",
        "@example.com",
        "a@b@example.com",
        "zhang@example",
        "zhang@exa mple.com",
        "z g@example.com",
        "_z@example.com",
        "z@.com.",
    ] {
        assert_eq!(apply(MaskRule::Email, text), "***", "{text:?}");
    }
}

#[test]
fn plates_passes_and_births_keep_what_their_rules_keep() {
    for text in ["鲁E34512", "鲁e·34512", "鲁ED34512", "鲁Ｅ３４５１２"] {
        assert_eq!(apply(MaskRule::Plate, text), "鲁E***12", "{text:?}");
    }
    check(
        MaskRule::Plate,
        &[("鲁E3451警", "鲁E***1警"), ("", "***"), ("鲁E12", "***"), ("E34512", "***"), ("张E34512", "***")],
    );
    check(
        MaskRule::Pass,
        &[
            ("EA1234534", "EA*****34"),
            ("ea1234534", "EA*****34"),
            ("H12345678", "H1*****78"),
            ("", "*****"),
            ("EA34", "*****"),
            ("EA1234", "*****"),
            ("EA12-4534", "*****"),
        ],
    );
    check(
        MaskRule::Birth,
        &[
            ("1980-05-06", "1980"),
            ("19800506", "1980"),
            ("1980年5月6日", "1980"),
            ("1980", "1980"),
            ("", "****"),
            ("80-05-06", "****"),
            ("1980-13-06", "****"),
        ],
    );
}

#[test]
fn dropped_values_leave_nothing() {
    for rule in [MaskRule::Drop, MaskRule::Secret] {
        assert_eq!(apply(rule, "佛教"), "");
        assert_eq!(reveal(Decision::Masked(rule), false, "佛教"), None);
    }
}

#[test]
fn a_decision_gives_the_text_its_mask_or_nothing() {
    let shown = |decision, scanned| reveal(decision, scanned, "当事人：王小明");
    let clear = Shown { text: "当事人：王小明".to_owned(), masked: None };
    assert_eq!(shown(Decision::Clear, false), Some(clear));
    let scanned = Shown { text: "当事人：[姓名已隐去]".to_owned(), masked: Some(MaskRule::TextScan) };
    assert_eq!(shown(Decision::Clear, true), Some(scanned.clone()));
    assert_eq!(shown(Decision::Masked(MaskRule::TextScan), true), Some(scanned));
    for reason in [Withheld::BeyondReach, Withheld::PurposeRequired, Withheld::AuthorizationInvalid] {
        assert_eq!(shown(Decision::Withheld(reason), true), None);
    }
    let harmless = Shown { text: "罚款10元".to_owned(), masked: None };
    assert_eq!(reveal(Decision::Clear, true, "罚款10元"), Some(harmless));
    let name = Shown { text: "王*明".to_owned(), masked: Some(MaskRule::Name) };
    assert_eq!(reveal(Decision::Masked(MaskRule::Name), true, "王小明"), Some(name));
}

#[test]
fn debug_output_hides_the_text() {
    let shown = Shown { text: "王小明".to_owned(), masked: None };
    assert!(!format!("{shown:?}").contains('王'));
}

/// The text with the same kept part and another hidden part gives the same output.
fn same(rule: MaskRule, one: &str, other: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(apply(rule, one), apply(rule, other), "{} of {:?} and {:?}", rule, one, other);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn hidden_digits_and_their_number_never_reach_the_output(
        (area, a, b) in ("0[3-9][0-9]{2}", "[0-9]{5,6}", "[0-9]{5,6}"),
        (c, d) in ("[0-9]{4}", "[0-9]{4}"),
        (card, other_card) in ("[0-9]{8,15}", "[0-9]{8,15}"),
        (birth, other_birth) in ("[0-9]{8}", "[0-9]{8}"),
        (old, other_old) in ("[0-9]{6}", "[0-9]{6}"),
    ) {
        same(MaskRule::Tel, &format!("{area}-{a}78"), &format!("{area}{b}78"))?;
        same(MaskRule::Phone, &format!("138{c}5678"), &format!("138{d}5678"))?;
        same(MaskRule::Bank, &format!("{card}1234"), &format!("{other_card}1234"))?;
        same(MaskRule::IdStd, &format!("370502{birth}0011"), &format!("370502{other_birth}0011"))?;
        same(MaskRule::IdPublic, &format!("3{birth}{birth}1"), &format!("3{other_birth}{other_birth}1"))?;
        same(MaskRule::IdBirth, &format!("3705021980{c}0011"), &format!("3705021980{d}0011"))?;
        same(MaskRule::IdStd, &format!("370502{old}001"), &format!("370502{other_old}001"))?;
    }

    #[test]
    fn hidden_letters_and_their_number_never_reach_the_output(
        (given, other_given) in ("[一-龥]{1,4}", "[一-龥]{1,4}"),
        (rest, other_rest) in ("[一-龥0-9]{0,12}", "[一-龥0-9]{0,12}"),
        (local, other_local) in ("[a-z0-9.]{1,12}", "[a-z0-9.]{1,12}"),
        (plate, other_plate) in ("[0-9A-Z]{3,4}", "[0-9A-Z]{3,4}"),
        (pass, other_pass) in ("[0-9A-Z]{3,14}", "[0-9A-Z]{3,14}"),
    ) {
        // 王 begins no compound surname.
        same(MaskRule::Name, &format!("王{given}明"), &format!("王{other_given}明"))?;
        same(MaskRule::Name, &format!("欧阳{given}"), &format!("欧阳{other_given}"))?;
        same(MaskRule::Address, &format!("山东省东营市东营区{rest}"), &format!("山东省东营市东营区{other_rest}"))?;
        same(MaskRule::Address, &format!("山东省济南市历下区{rest}"), &format!("山东省济南市历下区{other_rest}"))?;
        same(MaskRule::Email, &format!("z{local}@example.com"), &format!("z{other_local}@example.com"))?;
        same(MaskRule::Plate, &format!("鲁E{plate}12"), &format!("鲁E{other_plate}12"))?;
        same(MaskRule::Pass, &format!("EA{pass}34"), &format!("EA{other_pass}34"))?;
    }

    #[test]
    fn any_text_is_masked_twice_as_once_and_never_longer_than_the_rule_says(
        text in prop_oneof![
            any::<String>(),
            "[0-9０-９Xx+ -]{0,24}",
            "[王张欧阳修明东营市区县省山·*某路0-9]{0,24}",
            "[a-z@.*]{0,16}",
        ],
    ) {
        for rule in MaskRule::iter() {
            let once = apply(rule, &text);
            prop_assert_eq!(apply(rule, &once), once.clone(), "{} of {:?}", rule, text);
            let length = once.chars().count();
            let within = match rule {
                MaskRule::Name => length <= 3,
                MaskRule::IdStd | MaskRule::IdPublic | MaskRule::IdBirth => length == 18,
                MaskRule::Phone => length == 11,
                MaskRule::Tel => (11..=12).contains(&length),
                MaskRule::Address => length <= 6 + 8 + 15 + 17,
                MaskRule::Bank => length == 19,
                MaskRule::Email => length <= 4 + 1 + 253,
                MaskRule::Plate => length == 3 || length == 7,
                MaskRule::Pass => length == 5 || length == 9,
                MaskRule::Birth => length == 4,
                MaskRule::Drop | MaskRule::Secret => length == 0,
                MaskRule::TextScan => true,
            };
            prop_assert!(within, "{} of {:?} is {:?}", rule, text, once);
        }
    }
}
