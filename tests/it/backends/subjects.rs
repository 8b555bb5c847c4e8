//! Subjects, identifiers, names.

use chengxin::domain::identifier::IdentifierKind;
use chengxin::domain::{SubjectCategory, SubjectId};
use chengxin::store::{StoreError, subject, subject_name};

use super::setting::{id, registries};

#[test]
fn a_subject_is_found_by_its_identifier_and_by_nothing_like_it() {
    for registry in registries() {
        let one = registry.subject(1);
        let find =
            |kind, value: &str| registry.database.read(|on| subject::find_by_identifier(on, kind, value)).unwrap();
        let found = find(IdentifierKind::Uscc, "code-1").unwrap();
        assert_eq!((found.id, found.category), (one, SubjectCategory::Organization));
        for (kind, value) in [
            (IdentifierKind::Uscc, "code-2"),
            (IdentifierKind::Uscc, "CODE-1"),
            (IdentifierKind::OrganizationCode, "code-1"),
        ] {
            assert!(find(kind, value).is_none(), "{kind:?} {value}");
        }
        let by_id = |id| registry.database.read(|on| subject::find(on, id)).unwrap();
        assert!(by_id(one).is_some() && by_id(SubjectId::new(id(9))).is_none());
        let identifier = |kind| registry.database.read(|on| subject::identifier(on, one, kind)).unwrap();
        assert_eq!(identifier(IdentifierKind::Uscc).as_deref(), Some("code-1"));
        assert_eq!(identifier(IdentifierKind::OrganizationCode), None);
    }
}

#[test]
fn an_identifier_is_of_one_subject_and_a_failed_write_leaves_nothing() {
    for registry in registries() {
        let (one, two) = (registry.subject(1), registry.subject(2));
        let taken = registry.database.write(|on| {
            subject_name::insert(on, vec![(two, "甲".to_owned())])?;
            subject::insert_identifiers(on, vec![(two, IdentifierKind::Uscc, "code-1".to_owned())])
        });
        assert!(matches!(taken, Err(StoreError::Database(_))), "{taken:?}");
        let names = registry.database.read(|on| subject_name::with_names(on, &["甲".to_owned()])).unwrap();
        assert!(!names.iter().any(|(_, subject)| *subject == two), "rolled back as a whole");
        let found =
            registry.database.read(|on| subject::find_by_identifier(on, IdentifierKind::Uscc, "code-1")).unwrap();
        assert_eq!(found.unwrap().id, one);
        let nobody = registry.database.write(|on| {
            subject::insert_identifiers(on, vec![(SubjectId::new(id(9)), IdentifierKind::Uscc, "code-9".to_owned())])
        });
        assert!(nobody.is_err(), "an identifier needs a subject");
    }
}

#[test]
fn names_are_paged_in_the_order_of_their_bytes_on_both() {
    for registry in registries() {
        // In any locale's order these would stand otherwise; cursors compare bytes.
        let names = ["a甲", "A甲", "甲", "甲乙", "甲丙", "甲 乙", "甲\u{10FFFF}", "乙"];
        for (name, number) in names.iter().zip(1..) {
            let id = registry.subject(number);
            registry.database.write(|on| subject_name::insert(on, vec![(id, (*name).to_owned())])).unwrap();
        }
        let twin = registry.subject(20);
        registry.database.write(|on| subject_name::insert(on, vec![(twin, "甲".to_owned())])).unwrap();
        let page = |after: Option<&(String, SubjectId)>, limit| {
            registry.database.read(|on| subject_name::beginning_with(on, "甲", after, limit)).unwrap()
        };
        let all = page(None, 100);
        let mut sorted = all.clone();
        sorted.sort();
        assert_eq!(all, sorted, "on {}", registry.scratch.url);
        assert_eq!(all.len(), 5, "{all:?}");
        let mut paged = Vec::new();
        while let Some(next) = page(paged.last(), 2).into_iter().next() {
            paged.push(next);
        }
        assert_eq!(paged, all);
    }
}

#[test]
fn a_name_is_found_by_any_part_of_two_characters_or_more_and_by_nothing_else() {
    for registry in registries() {
        let names = [
            "东营星程物流有限公司",
            "胜利油田东营化工(集团)有限公司",
            "东方星营有限公司",
            "A\"B\"C有限公司",
            "100%_B有限公司",
            "𠮷野家餐饮东营店",
        ];
        for (name, number) in names.iter().zip(1..) {
            let id = registry.subject(number);
            registry.database.write(|on| subject_name::insert(on, vec![(id, (*name).to_owned())])).unwrap();
        }
        let found = |part: &str| -> Vec<String> {
            let found = registry.database.read(|on| subject_name::holding(on, part, None, 100)).unwrap();
            let mut names: Vec<String> = found.into_iter().map(|found| found.name_key).collect();
            names.sort();
            names
        };
        // What a plain comparison of texts finds, on both backends.
        let parts = [
            "东营",
            "星程",
            "有限公司",
            "限公",
            "营星",
            "东营星程",
            "星营",
            "化工(集",
            "\"B",
            "B\"C",
            "0%",
            "%_B",
            "𠮷野",
            "家餐饮东营店",
            "东营有限",
            "营东",
            "* OR",
            "\" OR \"",
            "NEAR(",
            "'; --",
        ];
        for part in parts {
            let mut wanted: Vec<_> =
                names.iter().filter(|name| name.contains(part)).map(|name| (*name).to_owned()).collect();
            wanted.sort();
            assert_eq!(found(part), wanted, "{part} on {}", registry.scratch.url);
        }
        let mut paged: Vec<subject_name::FoundName> = Vec::new();
        while let Some(next) =
            registry.database.read(|on| subject_name::holding(on, "有限公司", paged.last(), 1)).unwrap().pop()
        {
            paged.push(next);
        }
        let all = registry.database.read(|on| subject_name::holding(on, "有限公司", None, 100)).unwrap();
        assert_eq!((paged.len(), paged), (5, all), "page by page on {}", registry.scratch.url);
    }
}

#[test]
fn a_corrupt_subject_is_named_by_table_column_and_row() {
    for registry in registries() {
        let one = registry.subject(1);
        registry.tamper("UPDATE subjects SET category = 'PLANET'");
        let error = registry.database.read(|on| subject::find(on, one)).unwrap_err().to_string();
        assert_eq!(error, "corrupt value in `subjects`.`category`, row 07070707070707070707070707070701");
    }
}
