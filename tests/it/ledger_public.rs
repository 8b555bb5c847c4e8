//! What anybody may read of the ledger, as a stranger reads it: from a checkpoint, tiles and proofs alone.

use std::time::Duration;

use chengxin::ledger::checkpoint::Checkpoint;
use chengxin::ledger::leaf::Leaf;
use chengxin::ledger::proof::{Subtrees, consistency, verify_consistency};
use chengxin::ledger::tile_name::{Content, TileName};
use chengxin::ledger::tree::{Hash, hashes_of, leaf_hash, root_of};
use chengxin::ledger::{Ledger, Policy, ProofFile};

use crate::ledger_log::setting::{append, ledgers};
use crate::support::TestApp;
use crate::support::patience;
use crate::support::process::{Place, Process};

fn fetched(ledger: &Ledger, content: Content, number: u64, width: u64) -> Option<Vec<u8>> {
    ledger.tile(TileName { content, number, width }).unwrap()
}

/// The entries in a bundle.
fn entries(mut bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at(u16::from_be_bytes(*length).into());
        entries.push(entry.to_vec());
        bundle = rest;
    }
    assert!(bundle.is_empty());
    entries
}

#[test]
fn tiles_amount_to_the_signed_root_at_every_level_and_every_entry_stands_in_its_place() {
    for place in ledgers() {
        let ledger = place.open();
        append(&ledger, 0..600);
        ledger.integrate_blocking().unwrap();
        let signed = Checkpoint::open(&ledger.published_checkpoint().unwrap(), ledger.keys().log()).unwrap();
        assert_eq!(signed.size, 600);
        let (mut leaves, mut above) = (Vec::new(), Vec::new());
        for (number, width) in [(0, 256), (1, 256), (2, 88)] {
            let hashes = hashes_of(&fetched(&ledger, Content::Hashes(0), number, width).unwrap()).unwrap();
            let entries = entries(&fetched(&ledger, Content::Entries, number, width).unwrap());
            assert_eq!(entries.iter().map(|entry| leaf_hash(entry)).collect::<Vec<_>>(), hashes);
            assert!(entries.iter().all(|entry| Leaf::parse(entry).is_ok()));
            if width == 256 {
                above.push(root_of(hashes.iter().copied()));
            }
            leaves.extend(hashes);
        }
        assert_eq!(root_of(leaves.iter().copied()), signed.root);
        assert_eq!(fetched(&ledger, Content::Hashes(1), 0, 2).unwrap(), above.concat());
        let names: Vec<String> = TileName::all(600).map(|name| name.to_string()).collect();
        assert_eq!(names.join(" "), "0/000 0/001 0/002.p/88 1/000.p/2 entries/000 entries/001 entries/002.p/88");
    }
}

#[test]
fn unfinished_tiles_of_older_checkpoints_stay_and_what_is_not_signed_is_not_there() {
    for place in ledgers() {
        let ledger = place.open();
        append(&ledger, 0..300);
        ledger.integrate_blocking().unwrap();
        let old = fetched(&ledger, Content::Hashes(0), 1, 44).unwrap();
        append(&ledger, 300..600);
        ledger.integrate_blocking().unwrap();
        assert_eq!(fetched(&ledger, Content::Hashes(0), 1, 44).unwrap(), old);
        assert_eq!(fetched(&ledger, Content::Hashes(0), 1, 256).unwrap()[..old.len()], old);
        for (content, number, width) in [
            (Content::Hashes(0), 2, 89),
            (Content::Hashes(0), 2, 256),
            (Content::Hashes(0), 3, 1),
            (Content::Hashes(1), 0, 3),
            (Content::Hashes(2), 0, 1),
            (Content::Hashes(7), 0, 1),
            (Content::Entries, 2, 89),
            (Content::Entries, u64::MAX / 256, 1),
        ] {
            assert_eq!(fetched(&ledger, content, number, width), None, "{content:?} {number} {width}");
        }
    }
}

#[test]
fn the_proof_of_every_entry_verifies_offline_and_for_no_other_entry() {
    for place in ledgers() {
        let ledger = place.open();
        let receipts = append(&ledger, 0..300);
        ledger.integrate_blocking().unwrap();
        let policy = Policy::of_log(ledger.keys().log().clone());
        for index in 0..300_u64 {
            let text = ledger.proof_of(index).unwrap().to_string();
            let proof = ProofFile::parse(&text).unwrap();
            assert_eq!((proof.to_string(), proof.index), (text, index));
            let hash = ledger.entry(index).unwrap().unwrap().leaf_hash;
            assert_eq!(proof.verify(&hash, &policy).unwrap().size, 300);
            assert!(proof.verify(&ledger.entry((index + 1) % 300).unwrap().unwrap().leaf_hash, &policy).is_err());
        }
        assert_eq!(receipts.len(), 300);
        assert!(ledger.proof_of(300).unwrap_err().to_string().contains("covers 300 entries"));
    }
}

#[test]
fn a_proof_file_with_anything_else_in_it_is_refused() {
    let place = ledgers().remove(0);
    let ledger = place.open();
    append(&ledger, 0..5);
    ledger.integrate_blocking().unwrap();
    let good = ledger.proof_of(2).unwrap().to_string();
    let extra = good.replacen("\nindex", "\nextra AAEC\nindex", 1);
    assert_eq!(ProofFile::parse(&extra).unwrap().extra, Some(vec![0, 1, 2]));
    for wrong in [
        good.replace("@v1", "@v2"),
        good.replacen("index 2", "index 02", 1),
        good.replacen("index 2", "index -2", 1),
        good.replacen("index 2\n", "", 1),
        good.replacen("\nindex", "\nextra !\nindex", 1),
        good.replacen("index 2\n", "index 2\nAAAA\n", 1),
        good.replacen("\n\n", "\n", 1),
        good.trim_end().to_owned(),
        String::new(),
    ] {
        assert!(ProofFile::parse(&wrong).is_err(), "{wrong}");
    }
    let policy = Policy::of_log(ledger.keys().log().clone());
    let hash = ledger.entry(2).unwrap().unwrap().leaf_hash;
    let elsewhere = ProofFile::parse(&good.replacen("index 2", "index 3", 1)).unwrap();
    assert!(elsewhere.verify(&hash, &policy).is_err());
}

/// Hashes out of tiles that were fetched, as a mirror has them.
struct Mirror<'l>(&'l Ledger);

impl Subtrees for Mirror<'_> {
    type Error = std::convert::Infallible;

    fn perfect(&mut self, start: u64, end: u64) -> Result<Hash, Self::Error> {
        let level = (end - start).trailing_zeros() / 8;
        let (first, count) = (start >> (8 * level), (end - start) >> (8 * level));
        let bytes = fetched(self.0, Content::Hashes(level), first / 256, first % 256 + count).unwrap();
        let hashes = hashes_of(&bytes).unwrap();
        Ok(root_of(hashes.into_iter().skip(usize::try_from(first % 256).unwrap())))
    }
}

#[test]
fn growth_is_proven_from_tiles_alone() {
    for place in ledgers() {
        let ledger = place.open();
        let mut roots = vec![];
        for step in 0..6_u32 {
            append(&ledger, step * 100..(step + 1) * 100);
            ledger.integrate_blocking().unwrap();
            roots.push(Checkpoint::open(&ledger.published_checkpoint().unwrap(), ledger.keys().log()).unwrap());
        }
        let last = roots.last().unwrap();
        for old in &roots {
            let Ok(path) = consistency(&mut Mirror(&ledger), old.size, last.size);
            assert!(verify_consistency((old.size, &old.root), (last.size, &last.root), &path), "{}", old.size);
        }
    }
}

fn get(process: &Process, path: &str) -> crate::support::wire::Response {
    process.get(path)
}

#[test]
fn pages_have_the_types_and_the_caching_of_the_specification_and_reading_them_is_no_entry() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    let process = place.serve();
    let asked = process.send(
        "POST",
        "/graphql",
        &[("content-type", "application/json")],
        br#"{"query":"{ viewer { role } }"}"#,
    );
    let index: u64 = asked.json()["extensions"]["audit"]["index"].as_str().unwrap().parse().unwrap();
    let checkpoint = patience::until("a checkpoint covers it", Duration::from_mins(1), || {
        let page = get(&process, "/ledger/checkpoint");
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/plain; charset=utf-8")));
        (page.text().lines().nth(1).unwrap().parse::<u64>().unwrap() > index).then_some(page)
    });
    assert_eq!(checkpoint.header("cache-control"), Some("public, max-age=1"));
    let size: u64 = checkpoint.text().lines().nth(1).unwrap().parse().unwrap();
    let tile = get(&process, &format!("/ledger/tile/0/000.p/{size}"));
    assert_eq!((tile.status, tile.header("content-type")), (200, Some("application/octet-stream")));
    assert_eq!(tile.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(tile.body.len() as u64, size * 32);
    let bundle = get(&process, &format!("/ledger/tile/entries/000.p/{size}"));
    assert_eq!(entries(&bundle.body).len() as u64, size);
    let policy = Policy::parse(&get(&process, "/ledger/policy").text()).unwrap();
    let proof = ProofFile::parse(&get(&process, &format!("/ledger/proof/{index}")).text()).unwrap();
    let hash = leaf_hash(&entries(&bundle.body)[usize::try_from(index).unwrap()]);
    assert!(proof.verify(&hash, &policy).is_ok());
    assert_eq!(get(&process, "/ledger/keys").text().lines().next().unwrap(), policy.logs()[0].to_string());
    for path in [
        "",
        "nothing",
        "tile/0/000",
        "tile/0/00",
        "tile/00/000.p/1",
        "tile/entries/001",
        "proof/01",
        "proof/999999",
        "tile/0/..%2f..%2fcheckpoint",
        "proof/",
        "tile/",
        "checkpoint/",
        "%2e%2e/health/live",
    ] {
        let page = get(&process, &format!("/ledger/{path}"));
        assert_eq!((page.status, page.header("cache-control")), (404, Some("no-store")), "{path}: {}", page.text());
    }
    let posted = process.send("POST", "/ledger/checkpoint", &[], b"");
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD")));
    assert_eq!(get(&process, "/ledger/checkpoint").text(), checkpoint.text());
}

#[actix_web::test]
async fn a_ledger_that_cannot_be_read_is_told_as_such_and_not_as_missing() {
    use diesel::connection::SimpleConnection;
    let app = TestApp::new();
    let page = |path: &str| actix_web::test::TestRequest::get().uri(&format!("/ledger/{path}"));
    assert_eq!(app.public().send(page("checkpoint")).await.status, 200);
    let mut connection = app.service.gateway.ledger.database().connect().unwrap();
    connection.batch_execute("ALTER TABLE ledger_tree RENAME TO away").unwrap();
    for path in ["tile/0/000.p/1", "tile/entries/000.p/1"] {
        let answered = app.public().send(page(path)).await;
        assert_eq!(answered.status, 503, "{path}: {}", answered.text);
    }
    connection.batch_execute("ALTER TABLE away RENAME TO ledger_tree").unwrap();
    assert_eq!(app.public().send(page("tile/0/000.p/255")).await.status, 404);
}

/// A stranger who mirrors the ledger sees who asked for what purpose, and no value that anybody asked with.
#[actix_web::test]
async fn entries_that_anybody_may_read_hold_commitments_in_place_of_values() {
    let app = TestApp::new();
    let asked = app.public().ask("{ subjects(name: \"诚信样例\") { nodes { id } } }").await;
    let index = asked.index();
    let ledger = app.service.gateway.ledger.clone();
    let beside = ledger.clone();
    std::thread::spawn(move || beside.integrate_blocking().unwrap()).join().unwrap();
    let bundle = String::from_utf8_lossy(&fetched(&ledger, Content::Entries, 0, index + 1).unwrap()).into_owned();
    assert!(bundle.contains("\"query\":\"") && !bundle.contains("诚信样例"), "{bundle}");
    assert!(!bundle.contains("subjects(name"), "{bundle}");
}

/// Pages have turns of their own: with every one of them taken, and with every turn of the inquiries taken, the others go on.
#[actix_web::test]
async fn whoever_mirrors_the_ledger_keeps_nobody_from_asking_and_the_other_way_round() {
    let app = TestApp::new();
    let page = || actix_web::test::TestRequest::get().uri("/ledger/keys");
    let mirrors = app.service.pages.acquire_many(2).await.unwrap();
    assert!(app.service.pages.try_acquire().is_err(), "that was every turn");
    assert_eq!(app.public().ask("{ viewer { role } }").await.status, 200);
    drop(mirrors);
    let all = u32::try_from(app.service.turns.available_permits()).unwrap();
    let inquiries = app.service.turns.acquire_many(all).await.unwrap();
    assert_eq!(app.public().send(page()).await.status, 200);
    drop(inquiries);
}
