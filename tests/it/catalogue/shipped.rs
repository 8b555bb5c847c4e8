//! What the shipped catalogue holds: who sees what, and which columns of real files lead where.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::HashSet;
use std::fmt::Write;

use chengxin::catalogue::{Field, FieldType, Item, Reach, Requirement, Sharing};
use chengxin::domain::penalty::PenaltyKind;
use chengxin::domain::{DataClass, MaskRule, SubjectCategory, Tier};
use strum::IntoEnumIterator;

use MaskRule::{Address, IdPublic, IdStd, Name, Phone, TextScan};
use Seen::{Absent, Clear, Masked};
use SubjectCategory::{IndividualBusiness, NaturalPerson, Organization};
use Tier::{AuthorizedQuery, GovernmentSharing, PublicDisclosure};

use super::shipped_catalogue;

/// What a tier sees of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    Clear,
    Masked(MaskRule),
    Absent,
}

fn seen(reach: Reach, tier: Tier) -> Seen {
    match (reach.tier, reach.masked_from, reach.mask) {
        (Some(clear), _, _) if tier >= clear => Clear,
        (_, Some(from), Some(mask)) if tier >= from => Masked(mask),
        _ => Absent,
    }
}

/// What the public, departments and the authorized see of fields in records about one category of subject.
#[track_caller]
fn assert_seen(item: &str, fields: &[&str], category: SubjectCategory, expected: [Seen; 3]) {
    let catalogue = shipped_catalogue();
    let item = catalogue.item_by_text(item).unwrap();
    for name in fields {
        let (_, field) = item.field(name).unwrap_or_else(|| panic!("{} has no field `{name}`", item.code));
        let all = [PublicDisclosure, GovernmentSharing, AuthorizedQuery].map(|tier| seen(field.reach(category), tier));
        assert_eq!(all, expected, "{}.{name} for {category}", item.code);
    }
}

fn cell(item: &Item, field: &Field, category: SubjectCategory) -> String {
    if !item.head.subject.categories.contains(&category) {
        return "·".to_owned();
    }
    let letter = |tier| match tier {
        PublicDisclosure => "P",
        GovernmentSharing => "G",
        AuthorizedQuery => "A",
    };
    let reach = field.reach(category);
    let clear = reach.tier.map_or("none", letter);
    match (reach.masked_from, reach.mask) {
        (Some(from), Some(mask)) => format!("{clear}, {mask} from {}", letter(from)),
        _ => clear.to_owned(),
    }
}

fn flags(field: &Field) -> String {
    let flags = [(field.indexed, "indexed"), (field.scanned, "scanned"), (field.self_only, "self only")];
    flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

#[test]
fn who_sees_which_field_of_which_item() {
    let catalogue = shipped_catalogue();
    let mut table = String::from(
        "P public disclosure, G government sharing, A authorized query: the lowest tier that sees it clear\n",
    );
    for item in catalogue.items() {
        let collected = item.collection_forbidden.as_ref().map_or("", |_| ", collection forbidden");
        let sharing: &str = item.sharing.into();
        let term = item.term_months.map_or_else(String::new, |months| format!(" {months} months"));
        writeln!(
            table,
            "\n{} {} ({}): {}, {sharing}, publication {}{term}{collected}",
            item.code, item.title.zh, item.type_name, item.provider, item.publication
        )
        .unwrap();
        for field in &item.fields {
            let cells: Vec<String> = SubjectCategory::iter().map(|category| cell(item, field, category)).collect();
            let row = format!(
                "  {:<36} {:<9} {:<10} org {:<18} trader {:<18} person {}",
                field.name,
                field.class,
                flags(field),
                cells[0],
                cells[1],
                cells[2]
            );
            writeln!(table, "{}", row.trim_end()).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_items_are_those_of_the_city() {
    let catalogue = shipped_catalogue();
    let types: Vec<String> = catalogue.items().iter().map(|item| format!("{} {}", item.code, item.type_name)).collect();
    let expected = [
        "abnormal-operation AbnormalOperation",
        "administrative-licence AdministrativeLicense",
        "administrative-penalty AdministrativePenalty",
        "credit-commitment CreditCommitment",
        "credit-evaluation CreditEvaluation",
        "customs-aeo AeoAdvanced",
        "judgment-debtor DishonestJudgmentDebtor",
        "practitioner-health-certificate PractitionerHealthCertificate",
        "registration Registration",
        "religious-personnel-filing ReligiousPersonnelFiling",
        "serious-dishonesty SeriousDishonestyListing",
        "social-insurance-payment SocialInsurancePayment",
        "tax-class-a TaxCreditA",
        "watch-list WatchListing",
    ];
    assert_eq!(types, expected);
}

#[test]
fn an_enterprise_shows_its_name_status_address_and_representative_to_everybody() {
    let fields = ["name", "registrationStatus", "registeredAddress", "legalRepresentative"];
    assert_seen("registration", &fields, Organization, [Clear, Clear, Clear]);
}

#[test]
fn an_individual_business_shows_the_public_masked_names_and_a_masked_address() {
    assert_seen("registration", &["name", "legalRepresentative"], IndividualBusiness, [Masked(Name), Clear, Clear]);
    assert_seen("registration", &["registeredAddress"], IndividualBusiness, [Masked(Address), Clear, Clear]);
    assert_seen("registration", &["formerNames"], IndividualBusiness, [Absent, Clear, Clear]);
    for item in ["administrative-licence", "administrative-penalty"] {
        let fields = ["counterpartName", "legalRepresentative"];
        assert_seen(item, &fields, IndividualBusiness, [Masked(Name), Clear, Clear]);
    }
}

#[test]
fn a_representatives_certificate_number_is_absent_masked_and_clear() {
    for item in
        ["registration", "administrative-licence", "administrative-penalty", "abnormal-operation", "serious-dishonesty"]
    {
        for category in [Organization, IndividualBusiness] {
            let fields = ["legalRepresentativeCertificateNo"];
            assert_seen(item, &fields, category, [Absent, Masked(IdStd), Clear]);
        }
    }
}

#[test]
fn the_core_of_licences_and_penalties_is_public_for_organizations_and_traders() {
    for category in [Organization, IndividualBusiness] {
        let licence =
            ["decisionNo", "decisionTitle", "licenseCategory", "content", "decisionDate", "validTo", "authority"];
        assert_seen("administrative-licence", &licence, category, [Clear, Clear, Clear]);
        let penalty = [
            "decisionNo",
            "violationFacts",
            "legalBasis",
            "penaltyCategories",
            "content",
            "fineAmountWan",
            "authority",
        ];
        assert_seen("administrative-penalty", &penalty, category, [Clear, Clear, Clear]);
    }
}

#[test]
fn the_public_sees_nothing_of_a_natural_person_except_what_a_law_orders_to_publish_masked() {
    let catalogue = shipped_catalogue();
    for item in catalogue.items() {
        let published = ["serious-dishonesty", "judgment-debtor"].contains(&item.code.as_str());
        for field in &item.fields {
            let reach = field.reach(NaturalPerson);
            let whole = format!("{}.{}", item.code, field.name);
            if !item.head.subject.categories.contains(&NaturalPerson) {
                continue;
            }
            if !published {
                assert_eq!(seen(reach, PublicDisclosure), Absent, "{whole}");
            } else if field.class != DataClass::Plain {
                assert_ne!(seen(reach, PublicDisclosure), Clear, "{whole}");
            }
        }
    }
    for item in ["serious-dishonesty", "judgment-debtor"] {
        assert_seen(item, &["subjectName"], NaturalPerson, [Masked(Name), Masked(Name), Clear]);
        assert_seen(item, &["certificateNo"], NaturalPerson, [Masked(IdPublic), Masked(IdPublic), Clear]);
    }
}

#[test]
fn departments_see_a_natural_person_masked() {
    for item in ["administrative-licence", "administrative-penalty"] {
        assert_seen(item, &["counterpartName"], NaturalPerson, [Absent, Masked(Name), Clear]);
        assert_seen(item, &["certificateNo"], NaturalPerson, [Absent, Masked(IdStd), Clear]);
        assert_seen(item, &["content", "remarks"], NaturalPerson, [Absent, Masked(TextScan), Clear]);
        assert_seen(item, &["decisionNo", "decisionDate"], NaturalPerson, [Absent, Clear, Clear]);
    }
    let health = "practitioner-health-certificate";
    assert_seen(health, &["name"], NaturalPerson, [Absent, Masked(Name), Clear]);
    assert_seen(health, &["phone"], NaturalPerson, [Absent, Masked(Phone), Clear]);
    assert_seen(health, &["homeAddress"], NaturalPerson, [Absent, Masked(Address), Clear]);
}

#[test]
fn lists_of_the_untrustworthy_abnormal_operation_and_commitments_are_open_to_all() {
    let list = ["listName", "subjectName", "listingReason", "listingBasis", "listingAuthority", "listingDate"];
    assert_seen("serious-dishonesty", &list, Organization, [Clear, Clear, Clear]);
    let court = ["subjectName", "caseNo", "court", "obligation", "performance", "conduct"];
    assert_seen("judgment-debtor", &court, Organization, [Clear, Clear, Clear]);
    let abnormal = ["subjectName", "listingReason", "listingDate", "listingAuthority", "removalDate"];
    assert_seen("abnormal-operation", &abnormal, Organization, [Clear, Clear, Clear]);
    let commitment = ["subjectName", "commitmentType", "commitmentReason", "commitmentDate", "performance"];
    assert_seen("credit-commitment", &commitment, Organization, [Clear, Clear, Clear]);
}

#[test]
fn social_insurance_is_shared_by_agreement_and_its_amounts_need_consent() {
    let catalogue = shipped_catalogue();
    let item = catalogue.item_by_text("social-insurance-payment").unwrap();
    assert_eq!(item.sharing, Sharing::Conditional);
    for category in [Organization, IndividualBusiness] {
        assert_seen("social-insurance-payment", &["period", "paymentStatus"], category, [Absent, Clear, Clear]);
        let amounts = ["payableAmountYuan", "paidAmountYuan", "arrearsAmountYuan"];
        assert_seen("social-insurance-payment", &amounts, category, [Absent, Absent, Clear]);
    }
}

#[test]
fn the_grade_is_for_departments_and_for_the_enterprise_itself() {
    assert_seen("credit-evaluation", &["grade"], Organization, [Absent, Clear, Clear]);
    let catalogue = shipped_catalogue();
    assert!(catalogue.item_by_text("credit-evaluation").unwrap().field("grade").unwrap().1.self_only);
}

#[test]
fn health_is_for_the_authorized_and_religion_for_the_person_alone() {
    assert_seen("practitioner-health-certificate", &["healthResult"], NaturalPerson, [Absent, Absent, Clear]);
    let catalogue = shipped_catalogue();
    let filing = catalogue.item_by_text("religious-personnel-filing").unwrap();
    assert_eq!(filing.sharing, Sharing::NotShared);
    for field in &filing.fields {
        assert!(field.self_only, "an authorization opens {}, which tells that a filing exists", field.name);
        assert_eq!(seen(field.reach(NaturalPerson), GovernmentSharing), Absent, "{}", field.name);
    }
    for (item, field) in
        [("religious-personnel-filing", "religion"), ("practitioner-health-certificate", "healthResult")]
    {
        let item = catalogue.item_by_text(item).unwrap();
        assert_eq!(item.field(field).unwrap().1.class, DataClass::Sensitive);
        assert!(item.collection_forbidden.is_some(), "{} may be collected without a law", item.code);
    }
    let forbidden = catalogue.items().iter().filter(|item| item.collection_forbidden.is_some());
    assert_eq!(forbidden.count(), 2);
}

#[test]
fn every_free_text_is_scanned_and_sealed() {
    let catalogue = shipped_catalogue();
    for (item, field) in catalogue.items().iter().flat_map(|item| item.fields.iter().map(move |field| (item, field))) {
        if field.scanned {
            assert_ne!(field.class, DataClass::Plain, "{}.{} may name a person", item.code, field.name);
        }
    }
    let scanned = |item: &str, field: &str| catalogue.item_by_text(item).unwrap().field(field).unwrap().1.scanned;
    for (item, field) in [
        ("administrative-licence", "content"),
        ("administrative-penalty", "violationFacts"),
        ("administrative-penalty", "content"),
        ("judgment-debtor", "obligation"),
        ("serious-dishonesty", "listingReason"),
    ] {
        assert!(scanned(item, field), "{item}.{field}");
    }
}

#[test]
fn every_column_of_the_2018_standard_is_known_by_code_and_by_title() {
    let catalogue = shipped_catalogue();
    for (item, columns) in [("administrative-licence", LICENCE_2018), ("administrative-penalty", PENALTY_2018)] {
        let vintage = catalogue.item_by_text(item).unwrap().vintage(Some("2018")).unwrap();
        for (code, title) in columns {
            let by_code = vintage.targets(code);
            assert!(by_code.is_some(), "{item} does not know {code}");
            assert_eq!(by_code, vintage.targets(title), "{code} and {title} lead to different places");
        }
    }
}

const LICENCE_2018: &[(&str, &str)] = &[
    ("XK_XDR_MC", "行政相对人名称"),
    ("XK_XDR_LB", "行政相对人类别"),
    ("XK_XDR_SHXYM", "行政相对人代码_1（统一社会信用代码）"),
    ("XK_XDR_GSZC", "行政相对人代码_2（工商注册号）"),
    ("XK_XDR_ZZJG", "行政相对人代码_3（组织机构代码）"),
    ("XK_XDR_SWDJ", "行政相对人代码_4（税务登记号）"),
    ("XK_XDR_SYDW", "行政相对人代码_5（事业单位证书号）"),
    ("XK_XDR_SHZZ", "行政相对人代码_6（社会组织登记证号）"),
    ("XK_FRDB", "法定代表人"),
    ("XK_FR_ZJLX", "法定代表人证件类型"),
    ("XK_FR_ZJHM", "法定代表人证件号码"),
    ("XK_XDR_ZJLX", "证件类型"),
    ("XK_XDR_ZJHM", "证件号码"),
    ("XK_XKWS", "行政许可决定文书名称"),
    ("XK_WSH", "行政许可决定文书号"),
    ("XK_XKLB", "许可类别"),
    ("XK_XKZS", "许可证书名称"),
    ("XK_XKBH", "许可编号"),
    ("XK_NR", "许可内容"),
    ("XK_JDRQ", "许可决定日期"),
    ("XK_YXQZ", "有效期自"),
    ("XK_YXQZI", "有效期至"),
    ("XK_XKJG", "许可机关"),
    ("XK_XKJGDM", "许可机关统一社会信用代码"),
    ("XK_ZT", "当前状态"),
    ("XK_LYDW", "数据来源单位"),
    ("XK_LYDWDM", "数据来源单位统一社会信用代码"),
    ("BZ", "备注"),
];

const PENALTY_2018: &[(&str, &str)] = &[
    ("CF_XDR_MC", "行政相对人名称"),
    ("CF_XDR_LB", "行政相对人类别"),
    ("CF_XDR_SHXYM", "行政相对人代码_1（统一社会信用代码）"),
    ("CF_XDR_GSZC", "行政相对人代码_2（工商注册号）"),
    ("CF_XDR_ZZJG", "行政相对人代码_3（组织机构代码）"),
    ("CF_XDR_SWDJ", "行政相对人代码_4（税务登记号）"),
    ("CF_XDR_SYDW", "行政相对人代码_5（事业单位证书号）"),
    ("CF_XDR_SHZZ", "行政相对人代码_6（社会组织登记证号）"),
    ("CF_FRDB", "法定代表人"),
    ("CF_FR_ZJLX", "法定代表人证件类型"),
    ("CF_FR_ZJHM", "法定代表人证件号码"),
    ("CF_XDR_ZJLX", "证件类型"),
    ("CF_XDR_ZJHM", "证件号码"),
    ("CF_WSH", "行政处罚决定书文号"),
    ("CF_WFXW", "违法行为类型"),
    ("CF_SY", "违法事实"),
    ("CF_YJ", "处罚依据"),
    ("CF_CFLB", "处罚类别"),
    ("CF_NR", "处罚内容"),
    ("CF_NR_FK", "罚款金额（万元）"),
    ("CF_NR_WFFF", "没收违法所得、没收非法财物的金额（万元）"),
    ("CF_NR_ZKDX", "暂扣或吊销证照名称及编号"),
    ("CF_JDRQ", "处罚决定日期"),
    ("CF_YXQ", "处罚有效期"),
    ("CF_GSJZQ", "公示截止期"),
    ("CF_CFJG", "处罚机关"),
    ("CF_CFJGDM", "处罚机关统一社会信用代码"),
    ("CF_SJLY", "数据来源单位"),
    ("CF_SJLYDM", "数据来源单位统一社会信用代码"),
    ("BZ", "备注"),
];

#[test]
fn the_second_code_of_a_subject_means_another_thing_in_another_vintage() {
    let catalogue = shipped_catalogue();
    for item in ["administrative-licence", "administrative-penalty"] {
        let item = catalogue.item_by_text(item).unwrap();
        let target =
            |vintage: &str| item.vintage(Some(vintage)).unwrap().targets("行政相对人代码_2").unwrap()[0].clone();
        assert_eq!(target("2018"), "subject.registrationNo");
        assert_eq!(target("2015"), "subject.organizationCode");
        assert_eq!(item.vintage(None).unwrap().id, "2018", "the newest standard is the default");
    }
}

#[test]
fn the_provincial_feed_is_read_in_its_own_words() {
    let catalogue = shipped_catalogue();
    let item = catalogue.item_by_text("administrative-penalty").unwrap();
    let vintage = item.vintage(Some("provincial")).unwrap();
    assert_eq!(vintage.targets("case_process_type").unwrap(), ["procedure"]);
    assert_eq!(vintage.translated("procedure", "01"), Some("SUMMARY"));
    assert_eq!(vintage.translated("penaltyCategories", "14"), Some("责令关闭"));
    assert_eq!(vintage.translated("penaltyCategories", "15"), None);
    assert_eq!(vintage.translated("head.state", "1"), Some("WITHDRAWN"));
    assert_eq!(
        vintage.targets("fine").unwrap(),
        ["fineAmountYuan"],
        "the feed counts in yuan, the standard in 10,000 yuan"
    );
    assert_eq!(vintage.targets("no_such_column"), None);
    assert!(vintage.fills("head.publishedUntil") && !vintage.fills("fineAmountWan"));
}

#[test]
fn kinds_of_penalty_are_translated_to_the_words_of_the_law() {
    let catalogue = shipped_catalogue();
    for vintage in &catalogue.item_by_text("administrative-penalty").unwrap().vintages {
        for (sent, canonical) in &vintage.values["penaltyCategories"] {
            let kind = PenaltyKind::parse(canonical).unwrap_or_else(|| panic!("`{canonical}` is no kind of penalty"));
            assert_eq!(kind.title(), canonical, "vintage {}", vintage.id);
            assert_eq!(PenaltyKind::parse_list(sent).known, [kind], "`{sent}` is read otherwise elsewhere");
        }
    }
}

#[test]
fn every_item_can_be_imported_by_titles_and_says_what_a_value_looks_like() {
    let catalogue = shipped_catalogue();
    for item in catalogue.items() {
        let vintage = item.vintage(None).unwrap();
        for field in &item.fields {
            assert!(vintage.fills(&field.name), "no column fills {}.{}", item.code, field.name);
            let formatless = field.data_format.is_none() && field.data_type != FieldType::Boolean;
            assert!(!formatless, "{}.{} has no data format", item.code, field.name);
        }
        assert!(item.fields.iter().any(|field| field.required == Requirement::Mandatory));
        assert!(item.head.subject.name.is_some() && item.head.provider_name.is_some(), "{}", item.code);
    }
}

#[test]
fn real_licences_all_map_and_have_distinct_natural_keys() {
    let Some(folder) = std::env::var_os("CHENGXIN_REAL_DATA") else {
        println!("left out: CHENGXIN_REAL_DATA names no folder with published licences");
        return;
    };
    let catalogue = shipped_catalogue();
    let item = catalogue.item_by_text("administrative-licence").unwrap();
    let vintage = item.vintage(None).unwrap();
    let mut file = csv::Reader::from_path(std::path::Path::new(&folder).join("licences.csv")).unwrap();
    let headers: Vec<String> = file.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(headers.len(), 12);
    for header in &headers {
        let targets = vintage.targets(header).unwrap_or_else(|| panic!("{header} leads nowhere"));
        assert!(targets.iter().all(|target| target != "ignore"), "{header} is ignored");
    }
    let rows: Vec<csv::StringRecord> = file.records().map(Result::unwrap).collect();
    let keys: HashSet<Vec<&str>> = rows.iter().map(|row| natural_key(item, &headers, row)).collect();
    assert_eq!((rows.len(), keys.len()), (47, 47));
}

/// The row's own key: the first alternative of each part that has a value; the subject is its code.
fn natural_key<'r>(item: &Item, headers: &[String], row: &'r csv::StringRecord) -> Vec<&'r str> {
    let vintage = item.vintage(None).unwrap();
    let value = |name: &String| {
        let target = if name == "subject" { "subject.uscc" } else { name.as_str() };
        let at = headers.iter().position(|header| vintage.targets(header).unwrap().iter().any(|to| to == target))?;
        row.get(at).filter(|value| !value.is_empty())
    };
    item.natural_key.parts.iter().map(|part| part.iter().find_map(value).unwrap()).collect()
}
