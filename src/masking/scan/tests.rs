//! What the scan replaces, what it leaves, and that it is one linear pass.

use proptest::prelude::*;

use super::replace;

fn replaced(text: &str, expected: &str) {
    assert_eq!(replace(text).as_deref(), Some(expected), "{text}");
}

fn untouched(text: &str) {
    assert_eq!(replace(text), None, "{text}");
}

#[test]
fn citizen_numbers_are_replaced_in_every_form() {
    for number in [
        "11010519491231002X",
        "11010519491231002x",
        "440524188001010014",
        "130503670401001",
        "110105 19491231 002X",
        "110105-19491231-002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ] {
        replaced(&format!("身份证号{number}，男"), "身份证号[证件号码已隐去]，男");
    }
    // The check character does not matter: a slip of the pen is a number all the same.
    replaced("证件110105194912310020", "证件[证件号码已隐去]");
    replaced("11010519491231002X13812345678", "[证件号码已隐去][电话已隐去]");
}

#[test]
fn telephone_numbers_are_replaced_in_every_form() {
    for number in [
        "13812345678",
        "+8613812345678",
        "+86 138 1234 5678",
        "138-1234-5678",
        "138 12345678",
        "0546-8301278",
        "0546）8301278",
        "05468301278",
        "010-62301278",
        "0546-8301 2780",
        "１３８１２３４５６７８",
    ] {
        replaced(&format!("请联系{number}。"), "请联系[电话已隐去]。");
    }
    replaced("联系电话：8301278", "联系电话：[电话已隐去]");
    replaced("电话13812345678 13912345678", "电话[电话已隐去] [电话已隐去]");
    replaced("QQ13812345678", "QQ[电话已隐去]");
}

#[test]
fn account_numbers_are_replaced_and_so_are_numbers_written_without_a_gap() {
    replaced("卡号6222020012345671234", "卡号[账号已隐去]");
    replaced("卡号6222 0200 1234 5671 234元", "卡号[账号已隐去]元");
    replaced("6222020012345678", "[账号已隐去]");
    replaced("44052418800101001413812345678", "[号码已隐去]");
    replaced("13812345678440524188001010014", "[号码已隐去]");
    untouched("21503202112018020017");
    untouched(&"1".repeat(40));
}

#[test]
fn numbers_of_records_and_firms_stay() {
    for text in [
        "91370000745659029G",
        "91110000710925462X",
        "91370000745659029g",
        "统一社会信用代码911100001000044477",
        "注册号370500200012345",
        "组织机构代码74565902-9",
        "2026年5月8日罚款10000元",
        "2026-05-08 至 2026-12-31",
        "20260508",
        "东市监处罚〔2026〕123号",
        "(2018)鲁0502执1234号",
        "400-123-4567",
        "共计1234567.89元",
        "第 1 2 3 条",
        "8301278",
        "5.5-6.5万元",
    ] {
        untouched(text);
    }
}

#[test]
fn names_are_replaced_after_words_that_announce_them() {
    replaced("赔偿申诉人王小明经济补偿金", "赔偿申诉人[姓名已隐去]经济补偿金");
    replaced("申请人：张三，男", "申请人：[姓名已隐去]，男");
    replaced("当事人（李小四）于2026年", "当事人（[姓名已隐去]）于2026年");
    replaced("被害人 赵六的损失", "被害人 [姓名已隐去]的损失");
    replaced("原告欧阳修文诉被告刘七", "原告[姓名已隐去]诉被告[姓名已隐去]");
    replaced("被申请人钱多多与第三人孙小小", "被申请人[姓名已隐去]与第三人[姓名已隐去]");
    replaced("证人：方小白作证", "证人：[姓名已隐去]作证");
}

#[test]
fn undefined_persons_are_replaced_wherever_they_stand() {
    replaced("向张某某销售", "向[姓名已隐去]销售");
    replaced("李某甲、李某乙与欧阳某", "[姓名已隐去]、[姓名已隐去]与[姓名已隐去]");
    replaced("当事人于某", "当事人[姓名已隐去]");
    for text in ["主张某项权利", "提高某种商品价格", "某某公司", "于某日", "向某商户", "资金某些"]
    {
        untouched(text);
    }
}

#[test]
fn words_that_only_look_like_names_stay() {
    for text in [
        "当事人陈述申辩",
        "当事人施工过程中",
        "当事人严重违法",
        "当事人未按规定",
        "当事人在经营中",
        "当事人应当",
        "申请人民法院强制执行",
        "当事人：东营测试商贸有限公司",
        "当事人金辉商贸有限公司",
        "被告金辉（山东）商贸有限公司",
        "当事人向消费者销售",
        "当事人的行为",
        "员工张贴广告",
        "员工宣传",
        "当事人高空作业",
    ] {
        untouched(text);
    }
}

#[test]
fn a_person_before_a_firm_in_one_sentence_is_still_replaced() {
    replaced("申请人王小明与金辉公司", "申请人[姓名已隐去]与金辉公司");
    replaced("申诉人王小明金辉公司", "申诉人[姓名已隐去]金辉公司");
}

#[test]
fn the_time_grows_with_the_length_alone() {
    // Worst shapes: groups that may belong together, words that may be codes, words that announce.
    for piece in ["1 ", "12-", "1", "A1", "当事人", "张某", "0546)", "+86", "自治州"] {
        let text = piece.repeat(100_000 / piece.len());
        let start = std::time::Instant::now();
        let _ = replace(&text);
        assert!(start.elapsed().as_secs() < 10, "{piece}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn twice_changes_nothing_more(
        text in prop_oneof![
            any::<String>(),
            "([0-9]{1,8}[ -]{0,2}|13[0-9]{9}|[0-9]{17}X|[A-HX]|\\+86|[电话当事人：:王张于某公司 ]){0,12}",
        ],
    ) {
        if let Some(once) = replace(&text) {
            prop_assert_eq!(replace(&once), None, "{:?}", text);
        }
    }

    #[test]
    fn no_citizen_number_survives(
        before in "[一-龥，。：a-z ]{0,6}", after in "[一-龥，。]{0,6}", division in "[1-9][0-9]{5}", year in 1900i32..2026,
        (month, day, sequence) in (1u32..13, 1u32..29, "[0-9]{3}[0-9X]"),
    ) {
        let number = format!("{division}{year}{month:02}{day:02}{sequence}");
        let text = replace(&format!("{before}{number}{after}")).unwrap();
        prop_assert!(!text.contains(&number[6..]), "{}", text);
    }
}
