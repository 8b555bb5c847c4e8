//! A small sound item, spoilt in one place at a time: each fault is told with file, line and remedy.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use chengxin::catalogue::{Catalogue, Item, Reach};
use chengxin::domain::{MaskRule, SubjectCategory, Tier};

use super::{listed, shipped_departments};

const SMALL: &str = include_str!("small.toml");

fn spoilt(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "the small item has no `{from}`");
    SMALL.replacen(from, to, 1)
}

fn load(text: &str) -> Result<Catalogue, String> {
    Catalogue::load_texts(&[("small.toml", text)], Some(&shipped_departments())).map_err(|faults| listed(&faults))
}

/// What the loader says of the small item with `from` replaced by `to`.
fn said_of(from: &str, to: &str) -> String {
    load(&spoilt(from, to)).err().unwrap_or_else(|| panic!("loaded with `{to}`"))
}

/// The loader says exactly this, and nothing else.
#[track_caller]
fn refuses(from: &str, to: &str, said: &str) {
    assert_eq!(said_of(from, to), format!("small.toml:{said}\n"));
}

/// The loader says this beside other faults that follow from it.
#[track_caller]
fn refuses_among_others(from: &str, to: &str, said: &str) {
    let all = said_of(from, to);
    assert!(all.lines().any(|line| line == format!("small.toml:{said}")), "`{said}` is not among:\n{all}");
}

fn loaded_item(text: &str) -> std::sync::Arc<Item> {
    load(text).unwrap().item_by_text("small-item").unwrap().clone()
}

const CERTIFICATE_REACH: &str = "tier = \"AUTHORIZED_QUERY\"\nmasked_from = \"GOVERNMENT_SHARING\"\nmask = \"ID_STD\"";
const CERTIFICATE_MASK: &str = "masked_from = \"GOVERNMENT_SHARING\"\nmask = \"ID_STD\"";
const PERSON_NAME: &str =
    "for.NATURAL_PERSON = { tier = \"AUTHORIZED_QUERY\", masked_from = \"GOVERNMENT_SHARING\", mask = \"NAME\" }";

#[test]
fn the_small_item_is_sound() {
    let item = loaded_item(SMALL);
    let (_, name) = item.field("subjectName").unwrap();
    assert_eq!(name.reach(SubjectCategory::Organization).tier, Some(Tier::PublicDisclosure));
    let masked = Reach {
        tier: Some(Tier::AuthorizedQuery),
        masked_from: Some(Tier::GovernmentSharing),
        mask: Some(MaskRule::Name),
    };
    assert_eq!(name.reach(SubjectCategory::NaturalPerson), masked);
}

#[test]
fn an_unknown_key_is_refused_wherever_it_stands() {
    refuses(
        "edition = \"2024\"",
        "edition = \"2024\"\nedtion = \"2021\"",
        "3: unknown key `edtion` in the item; known are `category`, `code`, `collection`, `description`, `edition`, \
         `field`, `head`, `list`, `lowest_tier`, `natural_key`, `provider`, `publication`, `sharing`, `term_months`, `title`, \
         `type_name`, `update_frequency`, `vintage`",
    );
    refuses_among_others(
        "for.NATURAL_PERSON = { tier",
        "for.NATURAL_PERSON = { teir",
        "30: unknown key `teir` in `for.NATURAL_PERSON` of field `subjectName`; known are `mask`, `masked_from`, `tier`",
    );
    refuses_among_others(
        "decided_on",
        "decided",
        "14: unknown key `decided` in `head` of the item; known are `decided_on`, `provider_code`, `provider_name`, \
         `subject`, `valid_to`",
    );
    refuses(
        "en = \"For tests.\" }",
        "en = \"For tests.\", fr = \"\" }",
        "5: unknown key `fr` in `description` of the item; known are `en`, `zh`",
    );
}

#[test]
fn a_field_that_leaves_tier_or_class_open_is_refused() {
    refuses(CERTIFICATE_REACH, "", "53: field `certificateNo` has no `tier`");
    refuses("class = \"SENSITIVE\"\n", "", "53: field `certificateNo` has no `class`");
    refuses_among_others(
        "for.NATURAL_PERSON = { tier = \"AUTHORIZED_QUERY\",",
        "for.NATURAL_PERSON = {",
        "30: `for.NATURAL_PERSON` of field `subjectName` has no `tier`",
    );
}

#[test]
fn a_private_field_in_the_public_tier_is_refused() {
    refuses(
        CERTIFICATE_REACH,
        "tier = \"PUBLIC_DISCLOSURE\"",
        "54: field `certificateNo` is `SENSITIVE` and public for ORGANIZATION, NATURAL_PERSON; raise its `tier`, and mask \
         what a law orders to be public",
    );
    refuses(
        CERTIFICATE_REACH,
        &format!("{CERTIFICATE_REACH}\nfor.NATURAL_PERSON = {{ tier = \"PUBLIC_DISCLOSURE\" }}"),
        "63: field `certificateNo` is `SENSITIVE` and public for NATURAL_PERSON; raise its `tier`, and mask what a law \
         orders to be public",
    );
    refuses(
        PERSON_NAME,
        "",
        "22: field `subjectName` is `PERSONAL` and public for NATURAL_PERSON; raise its `tier` in `for.NATURAL_PERSON`, \
         or give the item a `lowest_tier`",
    );
    refuses(
        "class = \"PLAIN\"\nindexed = true",
        "class = \"PLAIN\"\nself_only = true",
        "33: field `decisionNo` is `self_only` and public for ORGANIZATION, NATURAL_PERSON; drop one of the two",
    );
}

#[test]
fn a_private_field_may_be_public_when_it_is_masked() {
    let text = spoilt(CERTIFICATE_MASK, "masked_from = \"PUBLIC_DISCLOSURE\"\nmask = \"ID_PUBLIC\"");
    let item = loaded_item(&text);
    let reach = item.field("certificateNo").unwrap().1.reach(SubjectCategory::NaturalPerson);
    assert_eq!(reach.tier, Some(Tier::AuthorizedQuery));
    assert_eq!((reach.masked_from, reach.mask), (Some(Tier::PublicDisclosure), Some(MaskRule::IdPublic)));
}

#[test]
fn a_field_of_tier_none_is_clear_to_nobody() {
    let item = loaded_item(&spoilt(CERTIFICATE_REACH, "tier = \"NONE\""));
    let reach = item.field("certificateNo").unwrap().1.reach(SubjectCategory::NaturalPerson);
    assert_eq!(reach, Reach { tier: None, masked_from: None, mask: None });
}

#[test]
fn a_mask_that_could_not_work_is_refused() {
    refuses(
        CERTIFICATE_MASK,
        "masked_from = \"PUBLIC_DISCLOSURE\"",
        "61: field `certificateNo` has `masked_from` without `mask`; name the rule, such as `ID_STD`",
    );
    refuses(
        CERTIFICATE_MASK,
        "mask = \"ID_STD\"",
        "61: field `certificateNo` has `mask` without `masked_from`; name the lowest tier that sees the masked form",
    );
    refuses(
        "mask = \"ID_STD\"",
        "mask = \"STARS\"",
        "62: `STARS` is not a `mask` of field `certificateNo`; write one of `NAME`, `ID_STD`, `ID_PUBLIC`, `ID_BIRTH`, \
         `PHONE`, `TEL`, `ADDRESS`, `BANK`, `EMAIL`, `PLATE`, `PASS`, `BIRTH`, `DROP`, `SECRET`, `TEXT_SCAN`",
    );
    refuses(
        CERTIFICATE_MASK,
        "masked_from = \"AUTHORIZED_QUERY\"\nmask = \"ID_STD\"",
        "61: field `certificateNo` is masked from `AUTHORIZED_QUERY`, which is not below its tier `AUTHORIZED_QUERY`: \
         nobody would see the masked form",
    );
    refuses(
        "data_format = \"YYYYMMDD\"\nrequired = \"OPTIONAL\"\nclass = \"PLAIN\"\ntier = \"PUBLIC_DISCLOSURE\"",
        "required = \"OPTIONAL\"\nclass = \"PLAIN\"\ntier = \"AUTHORIZED_QUERY\"\nmasked_from = \"PUBLIC_DISCLOSURE\"\nmask = \"BIRTH\"",
        "52: field `decisionDate` cannot be masked: only `TEXT` can, its stars would be no value of another type",
    );
}

#[test]
fn an_unknown_word_is_refused_with_the_words_that_are_known() {
    refuses(
        CERTIFICATE_REACH,
        "tier = \"GOVERNMENT\"",
        "60: `GOVERNMENT` is not a `tier` of field `certificateNo`; write one of `PUBLIC_DISCLOSURE`, \
         `GOVERNMENT_SHARING`, `AUTHORIZED_QUERY`, or `NONE` when no tier sees it clear",
    );
    refuses(
        "category = \"OTHER\"",
        "category = \"MISC\"",
        "6: `MISC` is not a `category`; write one of `BASIC`, `ADMINISTRATIVE`, `HONEST`, `SERIOUS_DISHONEST`, \
         `ABNORMAL_OPERATION`, `COMMITMENT`, `EVALUATION`, `JUDICIAL`, `OTHER`",
    );
    refuses(
        "publication = \"permanent\"",
        "publication = \"forever\"",
        "11: `forever` is not a `publication`; write one of `penalty`, `licence`, `list`, `abnormal`, `permanent`, `none`",
    );
    refuses_among_others(
        "for.NATURAL_PERSON",
        "for.NATURAL_PERSONS",
        "30: `NATURAL_PERSONS` is not a `for` of field `subjectName`; write one of `ORGANIZATION`, \
         `INDIVIDUAL_BUSINESS`, `NATURAL_PERSON`",
    );
    let unknown = said_of("provider = \"AMR\"", "provider = \"NOBODY\"");
    assert!(unknown.starts_with("small.toml:7: provider `NOBODY` is not a department; known are `DRC`, `DATA`, "));
}

#[test]
fn a_provider_is_checked_only_where_departments_are_given() {
    let text = spoilt("provider = \"AMR\"", "provider = \"NOBODY\"");
    assert!(Catalogue::load_texts(&[("small.toml", &text)], None).is_ok());
    assert!(load(&text).is_err());
}

#[test]
fn names_that_would_break_the_schema_are_refused() {
    for (to, said) in [
        ("decidedOn", "33: `decidedOn` is a field of every record (interface `CreditRecord`); choose another name"),
        ("__decision", "33: `__decision` starts with `__`, which GraphQL keeps for itself"),
        (
            "decision-no",
            "33: `decision-no` is not a GraphQL field name; write letters and digits, the first a lower-case letter, such as `decisionNo`",
        ),
        ("subjectName", "33: the item has a second field `subjectName`; names must differ"),
    ] {
        refuses_among_others("name = \"decisionNo\"", &format!("name = \"{to}\""), said);
    }
    for (to, said) in [
        ("Subject", "3: `Subject` is a type of the platform; choose another `type_name`"),
        (
            "SmallConnection",
            "3: `SmallConnection` ends like a type of the platform (`Connection`); choose another `type_name`",
        ),
        (
            "small item",
            "3: `small item` is not a GraphQL type name; write letters and digits, the first an upper-case letter, such as `TaxCreditA`",
        ),
    ] {
        refuses("type_name = \"SmallItem\"", &format!("type_name = \"{to}\""), said);
    }
    refuses(
        "code = \"small-item\"",
        "code = \"Small Item\"",
        "1: `Small Item` is not an item code; write lower-case letters, digits and hyphens",
    );
}

#[test]
fn titles_are_in_both_languages_and_name_one_field() {
    refuses("title = { zh = \"文号\"", "title = { zh = \" \"", "34: `zh` of `title` of field `decisionNo` is empty");
    refuses(", en = \"Number\" }", " }", "34: `title` of field `decisionNo` has no `en`");
    refuses(
        "title = { zh = \"文号\"",
        "title = { zh = \"名称\"",
        "34: a second field has the title `名称`; a column of that name could fill either",
    );
}

#[test]
fn a_head_or_key_that_names_no_field_is_refused() {
    refuses(
        "[\"decisionNo\", \"subject\"]",
        "[\"decisionNumber\", \"subject\"]",
        "10: `natural_key` names `decisionNumber`, which is neither `subject` nor a field of the item",
    );
    refuses(
        "[\"decisionNo\", \"subject\"]",
        "[]",
        "10: `natural_key` has an empty part; name the fields that make two rows the same record",
    );
    refuses(
        "decided_on = \"decisionDate\"",
        "decided_on = \"date\"",
        "14: `decided_on` of `head` names `date`, which is no field of the item",
    );
    refuses(
        "decided_on = \"decisionDate\"",
        "decided_on = \"decisionNo\"",
        "14: `decided_on` of `head` names `decisionNo`, which must have the data type `DATE`",
    );
    refuses_among_others(
        "categories = [\"ORGANIZATION\", \"NATURAL_PERSON\"]",
        "categories = []",
        "13: `subject.categories` of `head` names nobody; write the categories of subject that occur",
    );
    refuses_among_others(
        "for.NATURAL_PERSON",
        "for.INDIVIDUAL_BUSINESS",
        "30: field `subjectName` speaks of INDIVIDUAL_BUSINESS, which `subject.categories` of `head` does not name",
    );
}

#[test]
fn what_identifies_a_person_is_never_left_unsealed() {
    refuses(
        "class = \"SENSITIVE\"",
        "class = \"PERSONAL\"",
        "19: `subject.certificate_no` of `head` names `certificateNo` of class `PERSONAL`; the certificate number of a \
         natural person must be `SENSITIVE`",
    );
    refuses(
        "class = \"PERSONAL\"",
        "class = \"PLAIN\"",
        "18: `subject.name` of `head` names `subjectName` of class `PLAIN`; the name of a natural person is `PERSONAL`",
    );
    refuses(
        "decided_on = \"decisionDate\"",
        "provider_name = \"subjectName\"",
        "14: `provider_name` of `head` names `subjectName` of class `PERSONAL`; a head column is not sealed, so it takes \
         fields of class `PLAIN` alone",
    );
}

#[test]
fn types_formats_and_indexes_must_fit() {
    refuses(
        "data_format = \"C..200\"",
        "data_format = \"varchar(200)\"",
        "26: `varchar(200)` is not a data format; write `C..200`, `C18`, `N2..7`, `N..18,6` or `YYYYMMDD`",
    );
    refuses(
        "data_format = \"C..200\"",
        "data_format = \"YYYYMMDD\"",
        "26: data format `YYYYMMDD` does not suit the data type `TEXT`",
    );
    refuses_among_others(
        "data_type = \"DATE\"\ndata_format = \"YYYYMMDD\"",
        "data_type = \"DECIMAL\"\nindexed = true",
        "48: field `decisionDate` of type `DECIMAL` cannot be indexed; only `TEXT`, `DATE` and `INTEGER` can",
    );
    refuses(
        "indexed = true",
        "indexed = true\nscanned = true",
        "40: field `decisionNo` cannot be both indexed and scanned: what is shown is not what would be found",
    );
    refuses(
        "indexed = true",
        "indexed = \"yes\"",
        "40: `indexed` of field `decisionNo` must be `true` or `false`, without quotation marks",
    );
    refuses("edition = \"2024\"", "edition = 2024", "2: `edition` of the item must be a text in quotation marks");
}

#[test]
fn publication_rules_need_what_they_count_with() {
    let publication = "publication = \"permanent\"";
    refuses(
        publication,
        "publication = \"list\"",
        "11: publication `list` needs `term_months`, the months an entry is published",
    );
    refuses(
        publication,
        "publication = \"permanent\"\nterm_months = 36",
        "12: `term_months` is for publication `list`; this item has `permanent`",
    );
    refuses(
        publication,
        "publication = \"list\"\nterm_months = 0",
        "11: publication `list` needs `term_months`, the months an entry is published\n\
         small.toml:12: `term_months` of the item must be a whole number from 1, without quotation marks",
    );
    refuses(
        publication,
        "publication = \"licence\"",
        "11: publication `licence` ends with the licence: name the field in `valid_to` of `head`",
    );
    let text = spoilt(publication, "publication = \"penalty\"").replacen("decided_on = \"decisionDate\"", "", 1);
    assert_eq!(
        load(&text).unwrap_err(),
        "small.toml:11: publication `penalty` counts from a date: name its field in `decided_on` of `head`\n"
    );
}

#[test]
fn an_item_that_is_not_shared_has_no_field_that_is() {
    let said = said_of("sharing = \"UNCONDITIONAL\"", "sharing = \"NOT_SHARED\"");
    assert_eq!(said.lines().count(), 4, "{said}");
    assert!(said.starts_with(
        "small.toml:22: field `subjectName` is seen below `AUTHORIZED_QUERY` for ORGANIZATION, NATURAL_PERSON, but the \
         item has `sharing = \"NOT_SHARED\"`\n"
    ));
}

#[test]
fn the_lowest_tier_raises_every_field_and_no_override_goes_below_it() {
    let publication = "publication = \"permanent\"";
    let floor = |tier: &str| format!("{publication}\nlowest_tier = {{ NATURAL_PERSON = \"{tier}\" }}");
    let item = loaded_item(&spoilt(publication, &floor("GOVERNMENT_SHARING")));
    let number = item.field("decisionNo").unwrap().1;
    assert_eq!(number.reach(SubjectCategory::NaturalPerson).tier, Some(Tier::GovernmentSharing));
    assert_eq!(number.reach(SubjectCategory::Organization).tier, Some(Tier::PublicDisclosure));
    refuses(
        publication,
        &floor("AUTHORIZED_QUERY"),
        "31: field `subjectName` reaches below `AUTHORIZED_QUERY`, the `lowest_tier` of the item for NATURAL_PERSON",
    );
    let item = loaded_item(&spoilt(publication, &floor("AUTHORIZED_QUERY")).replacen(PERSON_NAME, "", 1));
    let certificate = item.field("certificateNo").unwrap().1.reach(SubjectCategory::NaturalPerson);
    assert_eq!(certificate, Reach { tier: Some(Tier::AuthorizedQuery), masked_from: None, mask: None });
}

#[test]
fn a_column_that_leads_nowhere_is_refused() {
    let column = "X_WSH = \"decisionNo\"";
    refuses(
        column,
        "X_WSH = [\"decisionNo\", \"nowhere\"]",
        "68: column `X_WSH` leads to `nowhere`, which is neither a field of the item nor one of `subject.category`, \
         `subject.uscc`, `subject.registrationNo`, `subject.organizationCode`, `subject.taxRegistrationNo`, \
         `subject.institutionCertificateNo`, `subject.socialOrganizationNo`, `head.publishedUntil`, `head.receivedOn`, \
         `head.state`, `ignore`",
    );
    refuses(column, "X_WSH = [\"decisionNo\", \"ignore\"]", "68: column `X_WSH` is both ignored and used; drop one");
    refuses(column, &format!("{column}\nx_wsh = \"subjectName\""), "69: column `x_wsh` stands twice in the vintage");
    refuses(
        column,
        "",
        "38: field `decisionNo` is `MANDATORY`, but vintage `2024` has no column for it; add the column or write `CONDITIONAL`",
    );
    refuses(
        "\"自然人\" = \"NATURAL_PERSON\"",
        "\"自然人\" = \"PERSON\"",
        "72: `PERSON` is not a category of this item; it has `ORGANIZATION`, `NATURAL_PERSON`",
    );
    refuses(
        "[vintage.values.\"subject.category\"]\n\"自然人\" = \"NATURAL_PERSON\"",
        "[vintage.values.\"head.state\"]\n\"1\" = \"GONE\"",
        "72: `GONE` is not a state; write `CURRENT`, `EXPIRED`, `REPAIRED` or `WITHDRAWN`",
    );
    let second = format!("{SMALL}\n[[vintage]]\nid = \"2024\"\ncolumns = {{ X_WSH = \"decisionNo\" }}\n");
    assert_eq!(load(&second).unwrap_err(), "small.toml:75: the item has a second vintage `2024`; ids must differ\n");
}

#[test]
fn what_is_not_toml_is_told_with_its_line_and_nothing_is_guessed_from_the_rest() {
    let said = said_of("title = { zh = \"文号\"", "title = { zh = \"文号");
    assert!(said.lines().all(|line| line.starts_with("small.toml:34: this is not TOML: ")), "{said}");
}

#[test]
fn all_faults_of_all_files_are_told_at_once_in_order() {
    let first = spoilt("class = \"SENSITIVE\"\n", "").replacen("category = \"OTHER\"", "category = \"MISC\"", 1);
    let second = spoilt("data_type = \"DATE\"\ndata_format = \"YYYYMMDD\"", "data_type = \"TEXT\"").replacen(
        "decided_on",
        "#",
        1,
    );
    let faults = Catalogue::load_texts(&[("b.toml", &second), ("a.toml", &first)], None).unwrap_err();
    let expected = "a.toml:6: `MISC` is not a `category`; write one of `BASIC`, `ADMINISTRATIVE`, `HONEST`, \
                    `SERIOUS_DISHONEST`, `ABNORMAL_OPERATION`, `COMMITMENT`, `EVALUATION`, `JUDICIAL`, `OTHER`\n\
                    a.toml:53: field `certificateNo` has no `class`\n\
                    b.toml:1: item code `small-item` is already taken by a.toml\n\
                    b.toml:3: type name `SmallItem` is already taken by a.toml\n\
                    b.toml:47: field `decisionDate` is `TEXT` here and `DATE` in a.toml; one name has one type\n";
    assert_eq!(listed(&faults), expected);
}

#[test]
fn a_folder_without_items_is_no_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Catalogue::load(folder.path()).unwrap_err();
    assert!(listed(&faults).ends_with("the folder holds no catalogue item (*.toml)\n"));
    let faults = Catalogue::load(&folder.path().join("absent")).unwrap_err();
    assert!(listed(&faults).contains("the folder cannot be read"));
    std::fs::write(folder.path().join("latin.toml"), b"title = \"\xe9\"").unwrap();
    let faults = Catalogue::load(folder.path()).unwrap_err();
    assert!(listed(&faults).starts_with("latin.toml: the file cannot be read"));
}

#[test]
fn the_hash_covers_names_and_bytes_and_not_the_order_of_reading() {
    let other = SMALL.replace("small-item", "other-item").replace("SmallItem", "OtherItem");
    let hash = |files: &[(&str, &str)]| *Catalogue::load_texts(files, None).unwrap().hash();
    let both = hash(&[("a.toml", SMALL), ("b.toml", &other)]);
    assert_eq!(both, hash(&[("b.toml", &other), ("a.toml", SMALL)]));
    assert_ne!(both, hash(&[("a.toml", SMALL), ("c.toml", &other)]));
    assert_ne!(both, hash(&[("a.toml", SMALL)]));
    assert_ne!(hash(&[("a.toml", SMALL)]), hash(&[("a.toml", &format!("{SMALL}\n"))]));
}
