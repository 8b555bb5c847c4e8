//! Records: upsert, versions, paging, windows, index, batches, corrupt rows.

use chengxin::domain::identifier::IdentifierKind;
use chengxin::domain::{BatchId, DepartmentId, ItemCode, Level, RecordId, SubjectCategory, SubjectId};
use chengxin::store::deposit::{self, Deposit, Existing, NewRecord};
use chengxin::store::record::{self, Position, Record, Rows, Selection};
use chengxin::store::{StoreError, subject};
use diesel::prelude::*;

use super::setting::{Registry, date, deposited, id, record, registries};

fn page(registry: &Registry, selection: &Selection, rows: &Rows, after: Option<&Position>, limit: i64) -> Vec<Record> {
    registry.database.read(|on| record::page(on, selection, rows, after, limit)).unwrap()
}

/// The last bytes of the ids, in the order of the list.
fn numbers(found: &[Record]) -> Vec<u8> {
    found.iter().map(|record| record.id.bytes()[15]).collect()
}

fn existing(registry: &Registry, key: u8) -> Option<Existing> {
    registry.database.read(|on| deposit::existing(on, &[[8; 32], [key; 32]])).unwrap().remove(&[key; 32])
}

/// Versions of record 1 with the state each had.
fn versions(registry: &Registry) -> Vec<(i64, String)> {
    use chengxin::store::schema::record_versions::dsl;
    let query = dsl::record_versions.select((dsl::version, dsl::state)).order(dsl::version);
    registry.database.read(|on| Ok(query.load(on)?)).unwrap()
}

#[test]
fn an_upsert_replaces_the_current_row_and_keeps_every_version() {
    for registry in registries() {
        let (subject, batch) = (registry.subject(1), registry.batch(1));
        let index = |value: &str| vec![("decisionNo".to_owned(), value.to_owned())];
        assert_eq!(registry.put(&record(1, subject, batch), &index("one")).unwrap(), Deposit::Inserted);
        assert!(existing(&registry, 9).is_none());
        let seen = existing(&registry, 1).unwrap();
        assert_eq!((seen.id.bytes()[15], seen.version, seen.provider.as_str()), (1, 1, "AAS"));
        assert_eq!(seen.content_digest, record(1, subject, batch).content_digest);
        let newer = NewRecord {
            version: 2,
            state: "REPAIRED".to_owned(),
            content_digest: vec![2; 32],
            ..record(1, subject, batch)
        };
        let replace = |seen: &Existing| registry.database.write(|on| deposited(on, Some(seen), &newer, &index("two")));
        assert_eq!(replace(&seen).unwrap(), Deposit::Updated);
        assert_eq!(versions(&registry), [(1, "CURRENT".to_owned()), (2, "REPAIRED".to_owned())]);
        // Whoever saw the first version comes too late: one row must change, none does, and nothing is written.
        let late = replace(&seen).unwrap_err();
        assert!(matches!(late, StoreError::WrongCount { table: "records", wanted: 1, changed: 0 }), "{late:?}");
        assert_eq!(versions(&registry).len(), 2);
        let by = |value: &str| Selection { indexed: index(value), ..Selection::default() };
        assert_eq!(numbers(&page(&registry, &by("two"), &Rows::All, None, 10)), [1]);
        assert!(page(&registry, &by("one"), &Rows::All, None, 10).is_empty(), "the old index value is gone");
    }
}

#[test]
fn the_same_natural_key_is_never_stored_twice() {
    for registry in registries() {
        let (subject, batch) = (registry.subject(1), registry.batch(1));
        registry.put(&record(1, subject, batch), &[]).unwrap();
        let twin = NewRecord { id: id(2).to_vec(), ..record(1, subject, batch) };
        assert!(matches!(registry.put(&twin, &[]), Err(StoreError::Database(_))));
        assert_eq!(page(&registry, &Selection::default(), &Rows::All, None, 10).len(), 1);
        assert_eq!(versions(&registry).len(), 1);
    }
}

#[test]
fn pages_follow_one_another_newest_first_whatever_their_size() {
    for registry in registries() {
        let (subject, batch) = (registry.subject(1), registry.batch(1));
        // Same days, so that the id decides; and one without a date, which is the oldest of all.
        let days = ["2026-11-16", "2024-02-29", "2026-11-16", "", "2026-11-16", "2024-02-29", "2019-01-01"];
        for (day, number) in days.iter().zip(1..) {
            registry.put(&NewRecord { decided_on: (*day).to_owned(), ..record(number, subject, batch) }, &[]).unwrap();
        }
        let selection = Selection { subject: Some(subject), ..Selection::default() };
        for size in [1, 2, 3, 7, 100] {
            let mut paged: Vec<Record> = Vec::new();
            loop {
                let place = paged.last().map(Record::position);
                let next = page(&registry, &selection, &Rows::All, place.as_ref(), size);
                if next.is_empty() {
                    break;
                }
                paged.extend(next);
            }
            assert_eq!(numbers(&paged), [5, 3, 1, 6, 2, 7, 4], "pages of {size} on {}", registry.scratch.url);
        }
    }
}

/// Six records: who provides them, until when they are public and shared, their state.
fn windows(registry: &Registry) -> (SubjectId, BatchId) {
    let (subject, batch) = (registry.subject(1), registry.batch(1));
    for (number, provider, public, shared, state) in [
        (1, "AAS", "2026-11-23", "2026-11-23", "CURRENT"),
        (2, "AAS", "2026-11-22", "2099-12-31", "CURRENT"),
        (3, "AMR", "", "2026-11-22", "CURRENT"),
        (4, "AMR", "2099-12-31", "2099-12-31", "REPAIRED"),
        (5, "AAS", "2099-12-31", "2099-12-31", "WITHDRAWN"),
        (6, "", "2099-12-31", "2099-12-31", "CURRENT"),
    ] {
        let row = NewRecord {
            provider: provider.to_owned(),
            public_until: public.to_owned(),
            shared_until: shared.to_owned(),
            state: state.to_owned(),
            ..record(number, subject, batch)
        };
        registry.put(&row, &[]).unwrap();
    }
    (subject, batch)
}

#[test]
fn each_window_shows_its_rows_and_counts_what_it_shows() {
    for registry in registries() {
        let (subject, _) = windows(&registry);
        let (today, amr) = (date("2026-11-23"), DepartmentId::parse("AMR").unwrap());
        let selection = Selection { subject: Some(subject), ..Selection::default() };
        for (rows, expected) in [
            (Rows::All, &[6, 5, 4, 3, 2, 1][..]),
            (Rows::PublishedOn(today), &[6, 1]),
            (Rows::SharedOn(today), &[6, 2, 1]),
            (Rows::SharedOnOrProvidedBy(today, amr), &[6, 4, 3, 2, 1]),
            (Rows::PublishedOn(date("2026-11-22")), &[6, 2, 1]),
            (Rows::SharedOn(date("2100-01-01")), &[]),
        ] {
            let on = &registry.scratch.url;
            assert_eq!(numbers(&page(&registry, &selection, &rows, None, 100)), expected, "{rows:?} on {on}");
            let count = |category| registry.database.read(|on| record::count(on, &selection, &rows, category)).unwrap();
            assert_eq!(
                count(SubjectCategory::Organization),
                i64::try_from(expected.len()).unwrap(),
                "{rows:?} on {on}"
            );
            assert_eq!(count(SubjectCategory::NaturalPerson), 0);
            let counted = registry.database.read(|on| record::counts_of_subject(on, subject, &rows)).unwrap();
            let total: i64 = counted.iter().map(|count| count.count).sum();
            assert_eq!(total, i64::try_from(expected.len()).unwrap(), "{rows:?} on {on}");
        }
    }
}

#[test]
fn every_filter_narrows_and_together_they_narrow_more() {
    for registry in registries() {
        let (subject, batch) = windows(&registry);
        let other = registry.subject(2);
        let index = [("decisionNo".to_owned(), "东测罚〔2026〕1号".to_owned()), ("kind".to_owned(), "fine".to_owned())];
        let penalty = NewRecord {
            item: "administrative-penalty".to_owned(),
            decided_on: "2025-05-05".to_owned(),
            ..record(7, other, batch)
        };
        registry.put(&penalty, &index).unwrap();
        let undated = NewRecord { decided_on: String::new(), ..record(8, other, batch) };
        registry.put(&undated, &[]).unwrap();
        let item = |code: &str| ItemCode::parse(code);
        let all = Selection::default;
        for (selection, expected) in [
            (all(), &[6, 5, 4, 3, 2, 1, 7, 8][..]),
            (Selection { subject: Some(other), ..all() }, &[7, 8]),
            (Selection { item: item("administrative-penalty"), ..all() }, &[7]),
            (Selection { item: item("administrative"), ..all() }, &[]),
            (Selection { provider: DepartmentId::parse("AMR"), ..all() }, &[4, 3]),
            (Selection { decided_from: Some(date("2026-11-16")), ..all() }, &[6, 5, 4, 3, 2, 1]),
            (Selection { decided_from: Some(date("2026-11-17")), ..all() }, &[]),
            // A record without a date is not older than every date: it has none.
            (Selection { decided_to: Some(date("2026-11-15")), ..all() }, &[7]),
            (Selection { decided_from: Some(date("2025-05-05")), decided_to: Some(date("2025-05-05")), ..all() }, &[7]),
            (Selection { indexed: index.to_vec(), ..all() }, &[7]),
            (Selection { indexed: vec![index[0].clone(), ("kind".to_owned(), "warning".to_owned())], ..all() }, &[]),
            (Selection { indexed: vec![("other".to_owned(), index[0].1.clone())], ..all() }, &[]),
            (Selection { indexed: vec![index[1].clone()], subject: Some(subject), ..all() }, &[]),
        ] {
            let found = page(&registry, &selection, &Rows::All, None, 100);
            assert_eq!(numbers(&found), expected, "{selection:?} on {}", registry.scratch.url);
        }
    }
}

#[test]
fn a_record_is_read_as_it_was_written() {
    for registry in registries() {
        let (subject, batch) = (registry.subject(1), registry.batch(1));
        let mut sealed = chengxin::domain::SealedFields::default();
        sealed.insert("representative", chengxin::domain::Envelope::new(vec![0, 1, 255, 39, 92]));
        let row = NewRecord {
            level: "SERIOUS".to_owned(),
            provider_name: "某局's \\ \"处\"".to_owned(),
            sealed: sealed.to_bytes(),
            plain: "{\"a\":\"'\\\\\\u0000%_\"}".to_owned(),
            ..record(1, subject, batch)
        };
        registry.put(&row, &[]).unwrap();
        let found = registry.database.read(|on| record::find(on, RecordId::new(id(1)))).unwrap().unwrap();
        assert_eq!(
            (found.plain.as_str(), found.provider_name.as_str()),
            (row.plain.as_str(), row.provider_name.as_str())
        );
        assert_eq!((found.sealed, found.version, found.subject), (sealed, 1, subject));
        assert_eq!((found.decided_on, found.public_until), (Some(date("2026-11-16")), Some(date("2099-12-31"))));
        assert_eq!(found.level.map(Level::name), Some("SERIOUS"));
        assert!(registry.database.read(|on| record::find(on, RecordId::new(id(9)))).unwrap().is_none());
    }
}

#[test]
fn a_corrupt_record_is_named_by_table_column_and_row() {
    for registry in registries() {
        let (subject, batch) = (registry.subject(1), registry.batch(1));
        registry.put(&record(1, subject, batch), &[]).unwrap();
        let bytes =
            |hex: &str| if registry.scratch.is_sqlite() { format!("X'{hex}'") } else { format!("'\\x{hex}'::bytea") };
        for (column, wrong, right) in [
            ("category", "'PLANET'".to_owned(), "'ORGANIZATION'".to_owned()),
            ("item", "'Not An Item'".to_owned(), "'administrative-licence'".to_owned()),
            ("provider", "'not a department'".to_owned(), "'AAS'".to_owned()),
            ("decided_on", "'2026-02-30'".to_owned(), "''".to_owned()),
            ("level", "'AWFUL'".to_owned(), "''".to_owned()),
            ("state", "''".to_owned(), "'CURRENT'".to_owned()),
            ("public_until", "'for ever'".to_owned(), "'2099-12-31'".to_owned()),
            ("shared_until", "'9'".to_owned(), "'2099-12-31'".to_owned()),
            ("sealed", bytes("05ff"), bytes("")),
        ] {
            registry.tamper(&format!("UPDATE records SET {column} = {wrong}"));
            let error = registry.database.read(|on| record::find(on, RecordId::new(id(1)))).unwrap_err();
            let expected = format!("corrupt value in `records`.`{column}`, row 07070707070707070707070707070701");
            assert_eq!(error.to_string(), expected, "on {}", registry.scratch.url);
            registry.tamper(&format!("UPDATE records SET {column} = {right}"));
        }
        assert!(registry.database.read(|on| record::find(on, RecordId::new(id(1)))).unwrap().is_some());
    }
}

#[test]
fn a_report_is_of_one_batch_and_of_one_that_is_there() {
    use chengxin::store::schema::batches::dsl;

    for registry in registries() {
        let (one, _) = (registry.batch(1), registry.batch(2));
        registry.database.write(|on| deposit::set_report(on, one, "{\"rows\":1}")).unwrap();
        let missing = registry.database.write(|on| deposit::set_report(on, BatchId::new(id(9)), "{}")).unwrap_err();
        assert!(matches!(missing, StoreError::WrongCount { table: "batches", wanted: 1, changed: 0 }), "{missing:?}");
        let reports: Vec<String> =
            registry.database.read(|on| Ok(dsl::batches.select(dsl::report).order(dsl::id).load(on)?)).unwrap();
        assert_eq!(reports, ["{\"rows\":1}", ""]);
    }
}

#[test]
fn a_transaction_that_fails_leaves_no_row_in_any_table() {
    for registry in registries() {
        let (subject, batch) = (registry.subject(1), registry.batch(1));
        let failed: Result<(), StoreError> = registry.database.write(|on| {
            deposited(on, None, &record(1, subject, batch), &[("a".to_owned(), "b".to_owned())])?;
            subject::insert_identifiers(on, vec![(subject, IdentifierKind::OrganizationCode, "late".to_owned())])?;
            Err(StoreError::Conflict)
        });
        assert!(failed.is_err());
        assert!(page(&registry, &Selection::default(), &Rows::All, None, 10).is_empty());
        assert!(versions(&registry).is_empty());
        let late =
            registry.database.read(|on| subject::find_by_identifier(on, IdentifierKind::OrganizationCode, "late"));
        assert!(late.unwrap().is_none());
    }
}

#[test]
fn connections_that_are_cut_are_replaced() {
    for registry in registries() {
        registry.subject(1);
        for _ in 0..3 {
            registry.scratch.cut_connections();
            // Each pooled connection may fail once; none fails twice.
            let find = || registry.database.read(|on| subject::find_by_identifier(on, IdentifierKind::Uscc, "code-1"));
            let failures = (0..6).filter(|_| find().is_err()).count();
            assert!(failures <= 4, "{failures} failures");
            assert!(find().unwrap().is_some());
        }
    }
}

#[test]
fn a_first_look_at_a_subject_finds_what_a_page_finds_in_every_window() {
    for registry in registries() {
        let (subject, other, batch) = (registry.subject(1), registry.subject(2), registry.batch(1));
        // In and out of each window, of two providers, withdrawn; and more than one look takes.
        for number in 1..=60_u8 {
            let until = |is_in: bool| if is_in { "2099-12-31" } else { "2020-01-01" }.to_owned();
            let row = NewRecord {
                public_until: until(number % 2 == 0),
                shared_until: until(number % 3 != 0),
                state: if number % 7 == 0 { "WITHDRAWN" } else { "CURRENT" }.to_owned(),
                provider: if number % 5 == 0 { "AMR" } else { "AAS" }.to_owned(),
                decided_on: format!("2026-01-{:02}", 1 + number % 28),
                ..record(number, if number % 11 == 0 { other } else { subject }, batch)
            };
            registry.put(&row, &[]).unwrap();
        }
        let day = date("2026-11-23");
        let selection = Selection { subject: Some(subject), ..Selection::default() };
        let mut sizes = Vec::new();
        for rows in [
            Rows::All,
            Rows::PublishedOn(day),
            Rows::PublishedOnOrAbout(day, subject),
            Rows::SharedOn(day),
            Rows::SharedOnOrProvidedBy(day, DepartmentId::parse("AMR").unwrap()),
        ] {
            let looked = registry.database.read(|on| record::first_look(on, subject, &rows)).unwrap();
            let paged = page(&registry, &selection, &rows, None, record::FIRST_LOOK);
            assert_eq!(numbers(&looked), numbers(&paged), "{rows:?}");
            sizes.push(looked.len());
        }
        assert_eq!(sizes[0], 32, "a look is bounded");
        assert!(sizes[1] > 0 && sizes[1] < sizes[3] && sizes[3] < sizes[4].max(32), "{sizes:?}: the windows differ");
    }
}

#[derive(diesel::QueryableByName)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

#[test]
fn what_narrows_the_records_of_a_subject_never_leads_through_those_of_everybody() {
    use std::sync::{Arc, Mutex};

    use diesel::connection::{Connection, InstrumentationEvent};
    for registry in registries() {
        let (subject, batch) = (registry.subject(1), registry.batch(1));
        registry.put(&record(1, subject, batch), &[]).unwrap();
        let mut connection = registry.database.connect().unwrap();
        if connection.is_postgres() {
            // There the statistics of the tables say so.
            continue;
        }
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                hearing.lock().unwrap().push(query.to_string());
            }
        });
        let item = ItemCode::parse("administrative-licence");
        let provider = DepartmentId::parse("AAS");
        let of = |item, provider| Selection { subject: Some(subject), item, provider, ..Selection::default() };
        for selection in [of(item.clone(), None), of(None, provider.clone()), of(item, provider)] {
            let rows = Rows::PublishedOn(date("2026-11-23"));
            record::page(&mut connection, &selection, &rows, None, 5).unwrap();
            record::count(&mut connection, &selection, &rows, SubjectCategory::Organization).unwrap();
        }
        let statements: Vec<String> =
            heard.lock().unwrap().drain(..).filter(|text| text.contains("`records`")).collect();
        assert_eq!(statements.len(), 6, "{statements:?}");
        for statement in statements {
            let text = statement.split(" -- binds").next().unwrap();
            let plan: Vec<Step> =
                diesel::sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(&mut connection).unwrap();
            let plan: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
            assert!(plan[0].contains("records_by_subject"), "{plan:?}: {text}");
        }
    }
}
