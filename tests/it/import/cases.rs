//! Single rows: what is taken, put right, flagged or refused, and why.

use chengxin::domain::identifier::IdentifierKind;
use chengxin::domain::period::LevelSource;
use chengxin::domain::{Level, RecordState, SubjectCategory};
use chengxin::exchange::import::{Content, Flag, Reason};

use super::support::*;

#[test]
fn a_right_licence_comes_in_complete_and_in_time() {
    let outcome = import(&licences(), licence(1).csv()).unwrap();
    assert_eq!(outcome.report.conformity_rate, Some(1.0), "{}", outcome.report);
    assert_eq!(outcome.report.timeliness_rate, Some(1.0));
    assert!(outcome.report.warnings.is_empty(), "{}", outcome.report);
    let record = outcome.only();
    assert_eq!(record.subject.category, SubjectCategory::Organization);
    assert_eq!(record.subject.identifiers, [(IdentifierKind::Uscc, Content::Clear(uscc(1)))]);
    assert_eq!(record.subject.name, Some(Content::Clear("东营测试1号有限公司".to_owned())));
    assert_eq!(record.provider.department.as_ref().map(ToString::to_string).as_deref(), Some("AAS"));
    assert_eq!(record.decided_on.unwrap().to_string(), "2026-11-16");
    assert_eq!(record.windows.public_until.unwrap().to_string(), "2029-11-15");
    assert_eq!(record.state, RecordState::Current);
    assert_eq!(record.plain["validTo"], "2029-11-15");
    assert_eq!(record.plain["status"], "VALID");
    assert!(record.flags.is_empty());
}

#[test]
fn a_right_penalty_gets_its_level_from_its_kinds_and_its_window_from_the_rule_pack() {
    let record = import(&penalties(), penalty(1).csv()).unwrap().only();
    assert_eq!(record.windows.level, Some(Level::General));
    assert_eq!(record.windows.level_source, Some(LevelSource::Kinds));
    assert_eq!(record.windows.public_until.unwrap().to_string(), "2027-11-02");
    assert_eq!(record.plain["fineAmountWan"], "3.500000");
    assert_eq!(record.plain["penaltyCategories"], serde_json::json!(["罚款"]));
    assert_eq!(record.flags, [Flag::Late], "fifteen working days after the decision");
    let warning = import(&penalties(), penalty(1).with("CF_CFLB", "警告").csv()).unwrap().only();
    assert_eq!(warning.windows.level, Some(Level::Minor));
    assert_eq!(warning.windows.public_until, None, "minor penalties are not public");
}

#[test]
fn what_is_private_lies_in_no_plain_value_and_in_no_debug_print() {
    let record = import(&penalties(), person_penalty(7).csv()).unwrap().only();
    assert_eq!(record.subject.category, SubjectCategory::NaturalPerson);
    assert!(matches!(&record.subject.identifiers[..], [(IdentifierKind::CitizenNumber, Content::Private(number))]
        if number.expose() == citizen(7)));
    assert!(matches!(record.subject.name, Some(Content::Private(_))));
    let open = format!("{:?} {:?} {record:?}", record.plain, record.indexed);
    for secret in [citizen(7).as_str(), "测试丙", "测试事实"] {
        assert!(!open.contains(secret), "{secret}");
    }
    assert_eq!(record.private["violationFacts"].expose(), "测试事实");
    assert!(record.key_text.expose().contains(&citizen(7)), "the key text is what the digest is made of");
}

#[test]
fn a_word_that_no_code_table_knows_is_kept_and_told() {
    let outcome = import(&licences(), licence(1).with("XK_ZT", "9").csv()).unwrap();
    assert_eq!(outcome.report.warnings[&Reason::UnlistedWord], 1, "{}", outcome.report);
    assert_eq!(outcome.only().plain["status"], "9");
}

#[test]
fn dirt_of_real_files_is_put_right() {
    let wide: String = uscc(1).chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    let right = import(&licences(), licence(1).csv()).unwrap().only();
    for (column, text) in [
        ("XK_XDR_SHXYM", uscc(1).to_lowercase()),
        ("XK_XDR_SHXYM", format!("统一社会信用代码：{}（1/1）", uscc(1))),
        ("XK_XDR_SHXYM", format!("\u{3000}{wide} ")),
        ("XK_WSH", "东审批许字[2026]0001号".to_owned()),
        ("XK_WSH", " 东审批许字〔２０２６〕0001号\t".to_owned()),
        ("XK_JDRQ", "2026年11月16日".to_owned()),
        ("XK_JDRQ", "20261116".to_owned()),
        ("XK_JDRQ", "2026/11/16 09:30:00".to_owned()),
        ("XK_XKJGDM", code("11", 90001).to_lowercase()),
    ] {
        let record = import(&licences(), licence(1).with(column, text.clone()).csv()).unwrap().only();
        assert_eq!(record.key_text, right.key_text, "{column}: {text}");
        assert_eq!(record.subject.identifiers, right.subject.identifiers);
        assert_eq!(record.decided_on, right.decided_on);
    }
}

#[test]
fn an_old_citizen_number_of_fifteen_digits_is_the_same_person() {
    let new = citizen(7);
    let old = format!("{}{}", &new[..6], &new[8..17]);
    let record = import(&penalties(), person_penalty(7).with("CF_XDR_ZJHM", old).csv()).unwrap().only();
    assert!(record.key_text.expose().contains(&new));
    assert_eq!(record.private["certificateNo"].expose(), new);
}

#[test]
fn no_end_is_written_in_many_ways() {
    for date in ["2099-01-31", "2099-12-31", "9999-9-9", "2099/12/31"] {
        let record = import(&licences(), licence(1).with("XK_YXQZI", date).csv()).unwrap().only();
        assert_eq!(record.windows.public_until, Some(chengxin::domain::time::NO_END), "{date}");
    }
}

#[test]
fn a_row_that_cannot_be_trusted_is_rejected_with_its_reason() {
    let wrong_check = |code: String| {
        let last = if code.ends_with('0') { '1' } else { '0' };
        format!("{}{last}", &code[..17])
    };
    for (column, text, reason) in [
        ("CF_XDR_SHXYM", wrong_check(uscc(1)), Reason::InvalidCode),
        ("CF_XDR_SHXYM", "91370500".to_owned(), Reason::InvalidCode),
        ("CF_CFJGDM", wrong_check(code("11", 90002)), Reason::InvalidCode),
        ("CF_JDRQ", "2026-02-30".to_owned(), Reason::InvalidDate),
        ("CF_JDRQ", "soon".to_owned(), Reason::InvalidDate),
        ("CF_GSJZQ", "2027-13-01".to_owned(), Reason::InvalidDate),
        ("CF_NR_FK", "三万五".to_owned(), Reason::InvalidNumber),
        ("CF_NR_FK", "-3.5".to_owned(), Reason::InvalidNumber),
        ("CF_JDRQ", "2026-11-24".to_owned(), Reason::DecidedAfterReceived),
        ("CF_GSJZQ", "2026-11-02".to_owned(), Reason::DeadlineNotAfterDecision),
        ("CF_NR_FK", "0".to_owned(), Reason::FineWithoutAmount),
        ("CF_NR_FK", "— —".to_owned(), Reason::FineWithoutAmount),
        ("CF_CFLB", "罚款;没收违法所得".to_owned(), Reason::ConfiscationWithoutAmount),
        ("CF_CFLB", "罚款；吊销许可证件".to_owned(), Reason::SuspensionWithoutLicence),
        ("CF_XDR_LB", "自然人".to_owned(), Reason::CategoryContradictsCode),
        ("CF_WSH", "无".to_owned(), Reason::NoNaturalKey),
        ("CF_WSH", "undefined".to_owned(), Reason::NoNaturalKey),
    ] {
        let outcome = import(&penalties(), penalty(1).with(column, text.clone()).csv()).unwrap();
        assert!(outcome.reasons().contains(&reason), "{column} = {text}: {:?}", outcome.reasons());
        assert_eq!((outcome.report.rejected, outcome.report.accepted), (1, 0));
        assert!(outcome.report.rejected_by_reason.contains_key(&reason));
    }
    let reversed = licence(1).with("XK_YXQZ", "2029-11-16");
    assert_eq!(import(&licences(), reversed.csv()).unwrap().reasons(), [Reason::ValidityReversed]);
    let nobody = penalty(1).with("CF_XDR_SHXYM", "").with("CF_XDR_MC", "null");
    assert_eq!(import(&penalties(), nobody.csv()).unwrap().reasons(), [Reason::NoSubject]);
    let unclear = penalty(1).with("CF_XDR_SHXYM", "").with("CF_XDR_LB", "— —");
    assert_eq!(import(&penalties(), unclear.csv()).unwrap().reasons(), [Reason::UnknownCategory]);
}

#[test]
fn rejects_name_line_column_and_class_and_never_a_value() {
    let number = citizen(7);
    let last = if number.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{last}", &number[..17]);
    let rows = [person_penalty(6), person_penalty(7).with("CF_XDR_ZJHM", wrong.clone()).with("CF_JDRQ", "2026-99-99")];
    let outcome = import(&penalties(), csv(&rows, ',')).unwrap();
    let file = outcome.rejects_file();
    assert!(file.contains("3,CF_XDR_ZJHM,CERTIFICATE,INVALID_CERTIFICATE"), "{file}");
    assert!(file.contains("3,CF_JDRQ,DATE,INVALID_DATE"), "{file}");
    for secret in [wrong.as_str(), "2026-99-99", "测试丙"] {
        assert!(!file.contains(secret), "{secret} in {file}");
    }
}

#[test]
fn a_missing_cell_or_column_is_imported_flagged_and_counted() {
    let outcome = import(&licences(), licence(1).with("XK_NR", "— —").without("XK_XKJGDM").csv()).unwrap();
    assert_eq!(outcome.report.incomplete, 1);
    assert_eq!(outcome.report.conformity_rate, Some(0.0));
    let columns: Vec<&str> = outcome.report.incomplete_by_column.keys().map(String::as_str).collect();
    assert_eq!(columns, ["XK_NR", "XK_XKJGDM"]);
    assert!(outcome.report.completeness_rate.unwrap() < 1.0);
    assert!(outcome.only().flags.contains(&Flag::Incomplete));

    let no_amount_column = penalty(1).without("CF_NR_FK");
    let record = import(&penalties(), no_amount_column.csv()).unwrap().only();
    assert!(record.problems.iter().any(|problem| problem.reason == Reason::MissingColumn), "not a broken check");

    let outcome = import(&licences(), licence(1).without("XK_NR").csv()).unwrap();
    assert_eq!(outcome.report.missing_columns, ["XK_NR"]);
}

#[test]
fn what_only_some_rows_must_carry_is_asked_of_those_alone() {
    let person = import(&penalties(), person_penalty(7).csv()).unwrap();
    assert_eq!(person.report.incomplete, 0, "no representative, no unified code: {}", person.report);
    let numberless = person_penalty(7).with("CF_XDR_ZJHM", "");
    let outcome = import(&penalties(), numberless.csv()).unwrap();
    assert_eq!(outcome.report.incomplete_by_column["CF_XDR_ZJHM"], 1);
    assert!(outcome.only().subject.identifiers.is_empty(), "known by name alone, never merged");
    let typed = penalty(1).with("CF_FR_ZJLX", "身份证").with("CF_FR_ZJHM", "");
    assert_eq!(import(&penalties(), typed.csv()).unwrap().report.incomplete_by_column["CF_FR_ZJHM"], 1);
}

#[test]
fn other_codes_of_a_subject_are_kept_when_they_read_and_never_reject_a_row() {
    let row = licence(1).with("XK_XDR_GSZC", "110108000000016").with("XK_XDR_ZZJG", "D2143569-X");
    let record = import(&licences(), row.csv()).unwrap().only();
    let kinds: Vec<_> = record.subject.identifiers.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [IdentifierKind::Uscc, IdentifierKind::RegistrationNumber, IdentifierKind::OrganizationCode]);
    let row = licence(1).with("XK_XDR_GSZC", "110108000000017").with("XK_XDR_ZZJG", "12345");
    let outcome = import(&licences(), row.csv()).unwrap();
    assert_eq!(outcome.report.warnings[&Reason::SecondaryCheck], 1);
    assert_eq!(outcome.report.warnings[&Reason::SecondaryCode], 1);
    assert_eq!(outcome.only().subject.identifiers.len(), 2, "the unreadable one is not used");
}

#[test]
fn an_individual_business_is_told_from_its_code_and_its_name_is_private() {
    let row = licence(1).with("XK_XDR_SHXYM", code("92", 5)).without("XK_XDR_LB");
    let outcome = import(&licences(), row.csv()).unwrap();
    assert_eq!(outcome.report.warnings[&Reason::CategoryInferred], 1);
    let record = outcome.only();
    assert_eq!(record.subject.category, SubjectCategory::IndividualBusiness);
    assert!(matches!(record.subject.name, Some(Content::Private(_))));
}

#[test]
fn a_withdrawn_record_comes_in_withdrawn_and_an_unknown_state_not_at_all() {
    let feed = context(item("administrative-penalty"), "provincial");
    let row = |state: &str| {
        Cells(vec![
            ("punish_document_code", "东市监罚〔2026〕9号".to_owned()),
            ("admin_cp_name", "东营测试9号有限公司".to_owned()),
            ("admin_cp_cert_code", uscc(9)),
            ("case_process_type", "01".to_owned()),
            ("punish_type", "02".to_owned()),
            ("fine", "500".to_owned()),
            ("set_time", "2026-11-20".to_owned()),
            ("implement_institution", "东营市市场监督管理局".to_owned()),
            ("publicstatus", state.to_owned()),
        ])
        .csv()
    };
    let current = import(&feed, row("0")).unwrap().only();
    assert_eq!(current.state, RecordState::Current);
    assert_eq!(current.windows.level_source, Some(LevelSource::Procedure));
    assert_eq!(current.windows.level, Some(Level::Minor));
    assert_eq!(import(&feed, row("1")).unwrap().only().state, RecordState::Withdrawn);
    assert_eq!(import(&feed, row("7")).unwrap().reasons(), [Reason::InvalidWord]);
}

#[test]
fn an_unregistered_unit_is_kept_by_name_and_gets_no_department() {
    let row = licence(1).with("XK_LYDW", "某不存在的局").with("XK_LYDWDM", "");
    let outcome = import(&licences(), row.csv()).unwrap();
    assert_eq!(outcome.report.warnings[&Reason::UnknownUnit], 1);
    let provider = outcome.only().provider;
    assert_eq!((provider.name.as_deref(), provider.department), (Some("某不存在的局"), None));
}

#[test]
fn a_traders_old_tax_number_made_of_a_citizen_number_is_not_kept_in_the_clear() {
    let row = licence(1).with("XK_XDR_SHXYM", code("92", 5)).with("XK_XDR_LB", "个体工商户");
    for tax_number in [citizen(7), format!("{}00", citizen(7)), format!("{}{}", &citizen(7)[..6], &citizen(7)[8..17])] {
        let outcome = import(&licences(), row.clone().with("XK_XDR_SWDJ", tax_number.clone()).csv()).unwrap();
        assert_eq!(outcome.report.warnings[&Reason::SecondaryCode], 1);
        assert!(!format!("{:?}", outcome.only()).contains(&tax_number));
    }
}
