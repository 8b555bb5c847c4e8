//! Authorizations: granted, listed, used by compare-and-swap, revoked.

use chengxin::domain::{AuthorizationId, Instant, PurposeCode, SubjectId};
use chengxin::store::authorization::{self, Authorization, Party};

use super::setting::{NOW, Registry, id, registries};

fn grant(registry: &Registry, number: u8, subject: SubjectId, uses_allowed: Option<i64>) -> Authorization {
    let authorization = Authorization {
        id: AuthorizationId::new(id(number)),
        subject,
        grantee: "bank-1".to_owned(),
        purpose: PurposeCode::parse("loan-review").unwrap(),
        items: vec![
            ("administrative-licence".to_owned(), vec!["content".to_owned()]),
            ("registration".to_owned(), vec![]),
        ],
        valid_from: NOW,
        valid_to: after(100),
        uses_allowed,
        uses_taken: 0,
        revoked_at: None,
        // Two in each instant, so that the id decides.
        created_at: after(i64::from(number / 2)),
    };
    registry.database.write(|on| authorization::insert(on, &authorization)).unwrap();
    authorization
}

fn after(micros: i64) -> Instant {
    Instant::from_micros(NOW.micros() + micros)
}

fn find(registry: &Registry, id: AuthorizationId) -> Option<Authorization> {
    registry.database.read(|on| authorization::find(on, id)).unwrap()
}

#[test]
fn what_is_read_is_what_was_granted() {
    for registry in registries() {
        let granted = grant(&registry, 1, registry.subject(1), Some(3));
        assert_eq!(format!("{:?}", find(&registry, granted.id).unwrap()), format!("{granted:?}"));
        assert!(find(&registry, AuthorizationId::new(id(9))).is_none());
    }
}

#[test]
fn a_party_sees_its_own_newest_first_page_by_page() {
    for registry in registries() {
        let (one, two) = (registry.subject(1), registry.subject(2));
        let mut granted: Vec<_> = (1..=7).map(|number| grant(&registry, number, one, None)).collect();
        let other = grant(&registry, 8, two, None);
        granted.reverse();
        let list = |party: &Party, after, limit| {
            registry.database.read(|on| authorization::list(on, party, after, limit)).unwrap()
        };
        let ids = |found: &[Authorization]| found.iter().map(|found| found.id).collect::<Vec<_>>();
        assert_eq!(ids(&list(&Party::Subject(one), None, 10)), ids(&granted));
        let mut paged: Vec<Authorization> = Vec::new();
        loop {
            let place = paged.last().map(|last| (last.created_at, last.id));
            let page = list(&Party::Subject(one), place, 2);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(ids(&paged), ids(&granted));
        assert_eq!(ids(&list(&Party::Grantee("bank-1".to_owned()), None, 1)), [other.id]);
        assert!(list(&Party::Grantee("bank-2".to_owned()), None, 10).is_empty());
    }
}

#[test]
fn a_use_is_taken_once_by_whoever_saw_the_count_and_never_beyond_the_last() {
    for registry in registries() {
        let granted = grant(&registry, 1, registry.subject(1), Some(2));
        let take =
            |seen: &Authorization, now| registry.database.write(|on| authorization::take_use(on, seen, now)).unwrap();
        assert!(take(&granted, NOW));
        assert!(!take(&granted, NOW), "the count that was seen is no longer the count");
        let seen = find(&registry, granted.id).unwrap();
        assert_eq!(seen.uses_taken, 1);
        assert!(!take(&seen, after(-1)), "not yet valid");
        assert!(!take(&seen, after(100)), "valid no more");
        assert!(take(&seen, after(99)));
        let seen = find(&registry, granted.id).unwrap();
        assert!(!take(&seen, NOW), "used up");
        assert_eq!(find(&registry, granted.id).unwrap().uses_taken, 2);
    }
}

#[test]
fn of_many_who_want_the_last_use_one_gets_it() {
    for registry in registries() {
        let granted = grant(&registry, 1, registry.subject(1), Some(1));
        let taken = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| registry.database.write(|on| authorization::take_use(on, &granted, NOW)).unwrap())
                })
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).filter(|taken| *taken).count()
        });
        assert_eq!(taken, 1);
    }
}

#[test]
fn only_the_subject_revokes_and_only_once_and_no_use_is_taken_after_it() {
    for registry in registries() {
        let (one, two) = (registry.subject(1), registry.subject(2));
        let granted = grant(&registry, 1, one, None);
        let revoke =
            |subject| registry.database.write(|on| authorization::revoke(on, granted.id, subject, NOW)).unwrap();
        assert!(!revoke(two));
        assert!(registry.database.write(|on| authorization::take_use(on, &granted, NOW)).unwrap());
        assert!(revoke(one) && !revoke(one));
        let seen = find(&registry, granted.id).unwrap();
        assert_eq!(seen.revoked_at, Some(NOW));
        assert!(!registry.database.write(|on| authorization::take_use(on, &seen, NOW)).unwrap());
    }
}

#[test]
fn a_corrupt_authorization_is_named_by_table_column_and_row() {
    for registry in registries() {
        let granted = grant(&registry, 1, registry.subject(1), None);
        for (column, value) in [("items", "[{"), ("purpose", "Loan Review")] {
            registry.tamper(&format!("UPDATE authorizations SET {column} = '{value}'"));
            let error = registry.database.read(|on| authorization::find(on, granted.id)).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("corrupt value in `authorizations`.`{column}`, row 07070707070707070707070707070701")
            );
            registry.tamper("UPDATE authorizations SET items = '[]', purpose = 'loan-review'");
        }
    }
}
