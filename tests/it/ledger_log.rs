//! The ledger's promises while it is written: dense, durable, and closed when it cannot write.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chengxin::domain::{Instant, Role};
use chengxin::ledger::checkpoint::Checkpoint;
use chengxin::ledger::integrate::IntegrateError;
use chengxin::ledger::proof::verify_consistency;
use chengxin::ledger::{
    Decision, EntryKind, EntryQuery, Expectation, Ledger, LedgerError, LedgerSettings, NewEntry, NotItsReceipt, Reason,
    State, Unavailable, Undisclosed, release, verify_database, verify_receipt,
};
use chengxin::store::StoreError;
use diesel::connection::SimpleConnection;
use futures_util::FutureExt as _;

use setting::{NOW, append, keys, ledgers, places, read, subject};

mod index;
pub(crate) mod setting;

fn pinned() -> Expectation {
    Expectation { log: Some(keys(1).log().clone()), ..Expectation::default() }
}

#[test]
fn eight_threads_get_dense_indexes_and_receipts_that_verify() {
    for place in ledgers() {
        let ledger = place.open();
        let receipts: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|thread| {
                    let ledger = &ledger;
                    let work =
                        move || (0..25).map(|at| ledger.append_blocking(read(thread * 100 + at)).unwrap()).collect();
                    scope.spawn(work)
                })
                .collect();
            threads.into_iter().flat_map(|thread| -> Vec<_> { thread.join().unwrap() }).collect()
        });
        let mut indexes: Vec<_> = receipts.iter().map(chengxin::ledger::Receipt::index).collect();
        indexes.sort_unstable();
        assert_eq!(indexes, (0..200).collect::<Vec<_>>());
        for receipt in &receipts {
            assert!(verify_receipt(&receipt.shown(), ledger.keys().receipts()));
            let entry = ledger.entry(receipt.index()).unwrap().unwrap();
            assert_eq!(BASE64_STANDARD.encode(entry.leaf_hash), receipt.leaf_hash());
            assert_eq!(entry.leaf.time().rfc3339(), receipt.time());
        }
        ledger.close();
        let report = verify_database(&place.database(), &pinned(), Some(ledger.keys().bodies())).unwrap();
        assert_eq!((report.exit_code(), report.entries, report.size), (0, 200, Some(200)), "{report}");
        assert_eq!(report.withheld, 0);
    }
}

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    for place in ledgers() {
        let first = append(&place.open(), 0..300);
        // The handle is dropped: the tree covers everything before the threads end.
        let ledger = place.open();
        assert_eq!((ledger.size(), first.len()), (300, 300));
        assert!(ledger.checkpoint().contains("\n300\n"));
        append(&ledger, 300..310);
        assert_eq!(ledger.integrate_blocking().unwrap(), 310);
        assert!(ledger.checkpoint().contains("\n310\n"));
        for receipt in first {
            let entry = ledger.entry(receipt.index()).unwrap().unwrap();
            assert_eq!(entry.leaf.rows, receipt.index());
        }
    }
}

#[test]
fn a_ledger_is_never_created_by_opening_it_nor_twice() {
    for place in places() {
        assert!(matches!(place.try_open(keys(1)), Err(LedgerError::NotCreated)));
        place.create().unwrap();
        assert!(matches!(place.create(), Err(LedgerError::Exists)));
        append(&place.open(), 0..3);
        assert!(matches!(place.create(), Err(LedgerError::Exists)));
    }
}

#[test]
fn a_ledger_does_not_open_under_another_key() {
    for place in ledgers() {
        append(&place.open(), 0..3);
        assert!(matches!(place.try_open(keys(9)), Err(LedgerError::Checkpoint(_))));
    }
}

/// What was done, the statements that do it, and the refusal that must follow.
type Case<'a> = (&'a str, &'a str, fn(&LedgerError) -> bool);

#[test]
fn a_ledger_that_was_tampered_with_does_not_open() {
    let other_leaf = "leaf_hash = (SELECT leaf_hash FROM ledger_entry WHERE idx = 270)";
    let cases: [Case<'_>; 5] = [
        ("the last entries are gone", "DELETE FROM ledger_entry WHERE idx >= 290", |error| {
            matches!(error, LedgerError::Rollback { signed: 300, stored: 290 })
        }),
        (
            "they are gone and the head row says so",
            "DELETE FROM ledger_entry WHERE idx >= 290; UPDATE ledger_head SET next = 290",
            |error| matches!(error, LedgerError::Rollback { .. }),
        ),
        ("a late leaf has another hash", &format!("UPDATE ledger_entry SET {other_leaf} WHERE idx = 280"), |error| {
            matches!(error, LedgerError::Contradiction(IntegrateError::WrongHash(280)))
        }),
        ("the tree was set back", "UPDATE ledger_tree SET size = 299", |error| {
            matches!(error, LedgerError::Contradiction(IntegrateError::Tree(299)))
        }),
        ("a tile is gone", "DELETE FROM ledger_tile", |error| {
            matches!(error, LedgerError::Contradiction(IntegrateError::Tree(300)))
        }),
    ];
    for place in ledgers() {
        append(&place.open(), 0..300);
        for (what, statements, is_expected) in &cases {
            let copy = place.copy();
            copy.tamper(statements);
            let opened = copy.try_open(keys(1));
            assert!(opened.as_ref().is_err_and(is_expected), "{what}: {:?}", opened.err());
        }
        assert!(place.try_open(keys(1)).is_ok());
    }
}

#[test]
fn without_its_table_the_ledger_closes_and_it_opens_when_the_table_is_back() {
    for place in ledgers() {
        let ledger = place.open();
        append(&ledger, 0..2);
        place.run("ALTER TABLE ledger_body RENAME TO hidden").unwrap();
        assert_eq!(ledger.append_blocking(read(2)).err(), Some(Unavailable(Reason::CommitFailed)));
        assert!(!ledger.is_ready());
        assert_eq!(ledger.append_blocking(read(3)).err(), Some(Unavailable(Reason::CommitFailed)));
        assert_eq!(ledger.try_reopen_blocking(), State::Closed(Reason::CommitFailed));
        place.run("ALTER TABLE hidden RENAME TO ledger_body").unwrap();
        assert_eq!(ledger.try_reopen_blocking(), State::Open);
        assert!(ledger.is_ready());
        let note = ledger.entry(2).unwrap().unwrap().leaf;
        assert_eq!((note.kind, note.flags), (EntryKind::Admin, vec!["LEDGER_REOPENED".to_owned()]));
        assert_eq!(ledger.append_blocking(read(4)).unwrap().index(), 3);
        ledger.close();
        assert_eq!(verify_database(&place.database(), &pinned(), None).unwrap().exit_code(), 0);
    }
}

#[test]
fn a_cut_connection_is_replaced_and_nothing_is_written_twice() {
    for place in ledgers().into_iter().filter(|place| !place.is_sqlite()) {
        let ledger = place.open();
        for round in 0..3 {
            append(&ledger, round * 10..round * 10 + 10);
            place
                .run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                      WHERE datname = current_database() AND pid <> pg_backend_pid()",
                )
                .unwrap();
        }
        append(&ledger, 30..40);
        assert!(ledger.is_ready());
        ledger.close();
        let report = verify_database(&place.database(), &pinned(), None).unwrap();
        assert_eq!((report.exit_code(), report.entries), (0, 40), "{report}");
    }
}

#[test]
fn the_ledger_tries_again_by_itself() {
    for place in ledgers() {
        let settings = LedgerSettings { retry_every: std::time::Duration::from_millis(1), ..LedgerSettings::default() };
        let ledger = place.open_with(keys(1), &settings).unwrap();
        place.run("ALTER TABLE ledger_body RENAME TO hidden").unwrap();
        assert!(ledger.append_blocking(read(0)).is_err());
        place.run("ALTER TABLE hidden RENAME TO ledger_body").unwrap();
        let started = std::time::Instant::now();
        while !ledger.is_ready() {
            assert!(started.elapsed().as_secs() < 20, "the ledger stays closed");
            std::thread::yield_now();
        }
        assert!(ledger.append_blocking(read(1)).is_ok());
    }
}

#[test]
fn a_full_disk_is_a_clean_refusal_and_over_when_there_is_space() {
    for place in ledgers().into_iter().filter(setting::Place::is_sqlite) {
        let database = place.database();
        database.limit_pages(60);
        let ledger =
            Ledger::open(database.clone(), keys(1), chengxin::clock::Ambient::system(), &LedgerSettings::default())
                .unwrap();
        let mut written = 0_u64;
        while let Ok(receipt) = ledger.append_blocking(read(1)) {
            assert_eq!(receipt.index(), written);
            written += 1;
            assert!(written < 10_000, "the limit does not hold");
        }
        assert_eq!(ledger.state(), State::Closed(Reason::CommitFailed));
        assert_eq!(ledger.count(&EntryQuery::default()).unwrap(), written);
        database.limit_pages(0);
        assert_eq!(ledger.try_reopen_blocking(), State::Open);
        assert!(ledger.append_blocking(read(2)).unwrap().index() > written);
        ledger.close();
        assert_eq!(verify_database(&database, &pinned(), None).unwrap().exit_code(), 0);
    }
}

#[test]
fn when_the_pool_is_full_callers_are_refused_and_those_who_wait_are_served() {
    for place in ledgers().into_iter().filter(setting::Place::is_sqlite) {
        let settings = LedgerSettings { batch: 1, pool: 3, ..LedgerSettings::default() };
        let ledger = place.open_with(keys(1), &settings).unwrap();
        let mut lock = place.database().connect().unwrap();
        lock.batch_execute("BEGIN IMMEDIATE").unwrap();
        let mut appends: Vec<_> = (0..6).map(|number| Box::pin(ledger.append(read(number)))).collect();
        let mut refused = 0;
        appends.retain_mut(|append| match append.now_or_never_mut() {
            Some(done) => {
                assert_eq!(done.unwrap_err(), Unavailable(Reason::PoolFull));
                refused += 1;
                false
            }
            None => true,
        });
        assert!(refused >= 2, "{refused}");
        assert_eq!(ledger.state(), State::Closed(Reason::PoolFull));
        lock.batch_execute("COMMIT").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let served = runtime.block_on(futures_util::future::try_join_all(appends)).unwrap();
        assert_eq!(served.len(), 6 - refused);
        assert!(ledger.is_ready());
    }
}

/// `now_or_never` for a future that is kept.
trait NowOrNever: std::future::Future + Unpin {
    fn now_or_never_mut(&mut self) -> Option<Self::Output> {
        self.now_or_never()
    }
}

impl<F: std::future::Future + Unpin> NowOrNever for F {}

#[test]
fn an_answer_opens_with_its_own_receipt_and_no_other() {
    for place in ledgers() {
        let ledger = place.open();
        let mut entry = read(1);
        entry.committed.result = Some([1; 32]);
        let receipt = ledger.append_blocking(entry).unwrap();
        let nothing = ledger.append_blocking(NewEntry::new(EntryKind::Deny, Decision::Refused)).unwrap();
        assert_eq!(release(Undisclosed::new("answer", [1; 32]), &receipt), Ok("answer"));
        assert_eq!(release(Undisclosed::new("answer", [2; 32]), &receipt), Err(NotItsReceipt));
        assert_eq!(release(Undisclosed::new("answer", [1; 32]), &nothing), Err(NotItsReceipt));
    }
}

#[test]
fn a_bit_that_flips_before_signing_is_found_before_signing() {
    for place in ledgers() {
        let ledger = place.open();
        append(&ledger, 0..5);
        place.tamper(
            "UPDATE ledger_entry SET leaf_hash = (SELECT leaf_hash FROM ledger_entry WHERE idx = 1) WHERE idx = 3",
        );
        let failed = ledger.integrate_blocking();
        assert!(matches!(failed, Err(IntegrateError::WrongHash(3))));
        assert_eq!(ledger.state(), State::Closed(Reason::Tampered));
        assert_eq!(ledger.append_blocking(read(5)).err(), Some(Unavailable(Reason::Tampered)));
        assert_eq!(ledger.try_reopen_blocking(), State::Closed(Reason::Tampered));
        assert!(ledger.checkpoint().contains("\n0\n"));
    }
}

#[test]
fn a_clock_that_goes_back_stops_the_signing_but_not_the_entries() {
    for place in ledgers() {
        let ledger = place.open();
        append(&ledger, 0..2);
        ledger.integrate_blocking().unwrap();
        place.clock.set(Instant::from_micros(NOW - 3_600_000_000));
        let late = append(&ledger, 2..4);
        assert!(late[0].time() < late[1].time());
        assert!(matches!(ledger.integrate_blocking(), Err(IntegrateError::ClockWentBack)));
        assert!(ledger.is_ready());
        place.clock.set(Instant::from_micros(NOW + 1));
        assert_eq!(ledger.integrate_blocking().unwrap(), 4);
    }
}

/// Four gateways on one database, every one of which also grows and signs the tree: who comes second drops what it has made.
#[test]
fn four_instances_share_one_ledger_and_race_to_sign_it() {
    for place in ledgers() {
        let instances: Vec<_> = (0..4).map(|_| place.open()).collect();
        let seen: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0_u32..)
                .zip(&instances)
                .map(|(number, ledger)| {
                    let work = move || {
                        let mut seen = Vec::new();
                        for part in 0..5 {
                            append(ledger, number * 1000 + part * 20..number * 1000 + part * 20 + 20);
                            ledger.integrate_blocking().unwrap();
                            seen.push(ledger.newest_checkpoint().unwrap());
                        }
                        seen
                    };
                    scope.spawn(work)
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        // Whatever any of them has ever shown is a beginning of what there is.
        let log = instances[0].keys().log();
        let last = Checkpoint::open(&instances[0].newest_checkpoint().unwrap(), log).unwrap();
        assert_eq!(last.size, 400);
        for note in &seen {
            let shown = Checkpoint::open(note, log).unwrap();
            let path = instances[0].consistency_proof(shown.size, last.size).unwrap();
            assert!(verify_consistency((shown.size, &shown.root), (last.size, &last.root), &path), "{}", shown.size);
        }
        drop(instances);
        let report = verify_database(&place.database(), &pinned(), None).unwrap();
        assert_eq!((report.exit_code(), report.entries, report.unsigned), (0, 400, 0), "{report}");
    }
}

#[test]
fn entries_are_found_by_what_they_say_and_bodies_open_for_those_who_may() {
    for place in ledgers() {
        let ledger = place.open();
        append(&ledger, 0..10);
        place.clock.advance_micros(1_000_000);
        let mut refused = NewEntry::new(EntryKind::Deny, Decision::Refused);
        refused.role = Some(Role::Public);
        refused.items = vec!["XYSDXD01X01".to_owned()];
        ledger.append_blocking(refused).unwrap();
        let found = |query: EntryQuery| -> Vec<u64> {
            let entries = ledger.entries(&query, None, 100).unwrap();
            assert_eq!(ledger.count(&query).unwrap(), entries.len() as u64);
            entries.iter().map(|entry| entry.index).collect()
        };
        let all = EntryQuery::default;
        assert_eq!(found(all()), (0..=10).rev().collect::<Vec<_>>());
        assert_eq!(found(EntryQuery { role: Some(Role::Public), ..all() }), [10]);
        assert_eq!(found(EntryQuery { kind: Some(EntryKind::Deny), ..all() }), [10]);
        assert_eq!(found(EntryQuery { decision: Some(Decision::Masked), ..all() }).len(), 10);
        assert_eq!(found(EntryQuery { consumer: Some("market-regulation".into()), ..all() }).len(), 10);
        assert_eq!(found(EntryQuery { consumer: Some("tax".into()), ..all() }), Vec::<u64>::new());
        assert_eq!(found(EntryQuery { subject: Some(subject(5)), ..all() }), [5, 4]);
        assert_eq!(found(EntryQuery { subject: Some(subject(99)), ..all() }), Vec::<u64>::new());
        // An underscore is a letter here, no wildcard.
        assert_eq!(found(EntryQuery { item: Some("XYSD_D01_01".into()), ..all() }).len(), 10);
        assert_eq!(found(EntryQuery { item: Some("XYSD".into()), ..all() }), Vec::<u64>::new());
        assert_eq!(found(EntryQuery { from: Some(Instant::from_micros(NOW + 1_000_000)), ..all() }), [10]);
        assert_eq!(found(EntryQuery { to: Some(Instant::from_micros(NOW + 1)), ..all() }), [0]);
        let page = ledger.entries(&all(), Some(7), 2).unwrap();
        assert_eq!(page.iter().map(|entry| entry.index).collect::<Vec<_>>(), [6, 5]);

        let body = ledger.body(&page[0]).unwrap().unwrap();
        let value = |name: &str| body.iter().find(|opening| opening.name == name).map(|opening| opening.value.as_str());
        assert_eq!(value("vars"), Some("{\"a\":\"6\"}"));
        assert_eq!(value("ip"), None);
        place.run("DELETE FROM ledger_body WHERE idx = 6").unwrap();
        assert_eq!(ledger.body(&page[0]).unwrap(), None);
        assert!(ledger.entry(11).unwrap().is_none());

        place.tamper("UPDATE ledger_entry SET consumer = 'tax' WHERE idx = 4");
        assert!(matches!(ledger.entry(4), Err(StoreError::Corrupt { column: "consumer", .. })));
    }
}

#[test]
fn the_tables_refuse_to_shrink_or_change() {
    for place in ledgers() {
        append(&place.open(), 0..300);
        for statement in [
            "UPDATE ledger_entry SET kind = 'query' WHERE idx = 1",
            "DELETE FROM ledger_entry WHERE idx = 299",
            "UPDATE ledger_tile SET level = 3",
            "DELETE FROM ledger_tile",
        ] {
            assert!(place.run(statement).is_err(), "{statement}");
        }
    }
}

/// A subject is found whether its entries are still in the tail, in one segment or in several; moving them loses none.
#[test]
fn the_entries_about_a_subject_are_found_before_and_after_they_are_put_in_order() {
    const SEGMENT: u32 = 2048;
    for place in ledgers() {
        let ledger = place.open();
        let about = |number: u32| -> Vec<u64> {
            let query = EntryQuery { subject: Some(subject(number)), ..EntryQuery::default() };
            assert_eq!(ledger.count(&query).unwrap(), ledger.entries(&query, None, 100).unwrap().len() as u64);
            ledger.entries(&query, None, 100).unwrap().iter().map(|entry| entry.index).collect()
        };
        // Each number is about itself and the next one; 7 comes back at the end.
        for from in (0..2 * SEGMENT).step_by(1024) {
            append(&ledger, from..from + 1024);
        }
        append(&ledger, 7..8);
        let expected: Vec<(u32, Vec<u64>)> = [0, 7, SEGMENT - 1, SEGMENT, 2 * SEGMENT]
            .into_iter()
            .map(|number| {
                let own = u64::from(number);
                let mut entries: Vec<u64> = [own, own.wrapping_sub(1)].into_iter().filter(|&at| at < 4096).collect();
                if number == 7 {
                    entries.insert(0, 4096);
                }
                (number, entries)
            })
            .collect();
        let rows = |table: &str| -> i64 {
            let sql = format!("SELECT count(*) AS number FROM {table}");
            let read = |connection: &mut chengxin::store::AnyConnection| {
                Ok(diesel::RunQueryDsl::get_result::<Counted>(diesel::sql_query(sql), connection)?.number)
            };
            place.database().read(read).unwrap()
        };
        assert_eq!((rows("ledger_subject_recent"), rows("ledger_subject")), (8194, 0));
        for (number, entries) in &expected {
            assert_eq!(about(*number), *entries, "{number} in the tail");
        }
        assert_eq!(ledger.integrate_blocking().unwrap(), 4097);
        for (number, entries) in &expected {
            assert_eq!(about(*number), *entries, "{number} in its segment");
        }
        ledger.close();
        assert_eq!((rows("ledger_subject_recent"), rows("ledger_subject")), (2, 8192));
    }
}

/// Several gateways on one database may put the same segment in order at the same time.
#[test]
fn a_segment_that_several_put_in_order_at_once_is_moved_once_and_nobody_fails() {
    use chengxin::store::ledger::subject::{SEGMENT, settle, unsettled};
    for place in ledgers() {
        let ledger = place.open();
        for from in (0..u32::try_from(SEGMENT).unwrap()).step_by(1024) {
            append(&ledger, from..from + 1024);
        }
        let database = place.database();
        assert_eq!(database.read(|on| unsettled(on, SEGMENT - 1)).unwrap(), None, "not whole yet");
        assert_eq!(database.read(|on| unsettled(on, SEGMENT)).unwrap(), Some(0));
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let (database, start) = (&database, &start);
                    scope.spawn(move || {
                        start.wait();
                        database.read(|on| settle(on, 0))
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap().unwrap();
            }
        });
        assert_eq!(database.read(|on| unsettled(on, SEGMENT)).unwrap(), None);
        let query = EntryQuery { subject: Some(subject(7)), ..EntryQuery::default() };
        assert_eq!(ledger.count(&query).unwrap(), 2);
    }
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}
