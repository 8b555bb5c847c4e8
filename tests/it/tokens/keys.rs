//! Keys: rotated, withdrawn, fetched, out of reach; and the tokens that fall with them.

use std::io::{Read, Write};
use std::net::TcpListener;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chengxin::authentication::demo::PRIVATE_KEY_FILE;
use chengxin::authentication::source::UrlSource;
use chengxin::authentication::{
    Attempt, KeySource, RefusalReason, RequestHeaders, SourceFault, TokenClaims, TokenSigner,
};
use chengxin::domain::Role;
use serde_json::json;

use super::support::{Counted, NOW, World, ambient, ask, attempt, claims, claims_with, remote};

#[test]
fn a_key_of_another_curve_serves_with_its_own_algorithm_and_only_when_that_is_allowed() {
    // The key of RFC 7515 appendix A.3: a published test vector.
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let mut der = part("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg");
    der.extend(part("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"));
    der.extend([0xa1, 0x44, 0x03, 0x42, 0x00, 0x04]);
    der.extend(part("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"));
    der.extend(part("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    let signer = TokenSigner::from_pem(pem.as_bytes()).unwrap();
    let token = signer.sign(&claims()).unwrap();
    for (algorithms, expected) in [("ES256", Ok(Role::Auditor)), ("EdDSA", Err(RefusalReason::AlgorithmRefused))] {
        let world = World::with(|settings| settings.algorithms = vec!["EdDSA".to_owned(), algorithms.to_owned()]);
        world.publish(&[&signer, world.issuer.signer()]);
        assert_eq!(world.ask(&token).map(|caller| caller.role()), expected);
    }
}

#[test]
fn a_token_without_a_key_name_needs_an_issuer_with_one_key() {
    let world = World::new();
    let pem = std::fs::read(world.folder.path().join(PRIVATE_KEY_FILE)).unwrap();
    let key = jsonwebtoken::EncodingKey::from_ed_pem(&pem).unwrap();
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    let token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
    assert!(world.ask(&token).is_ok());
    world.publish(&[world.issuer.signer(), &TokenSigner::generate(&world.ambient).unwrap()]);
    world.advance(5);
    world.gateway.maintain();
    assert_eq!(world.ask(&token).err(), Some(RefusalReason::KeyIdMissing));
}

#[test]
fn a_remembered_token_falls_at_its_expiry() {
    let world = World::new();
    let token = world.issuer.issue(&TokenClaims::new(Role::Auditor, "a"), 60).unwrap();
    assert!(world.ask(&token).is_ok());
    assert_eq!(world.gateway.cached_tokens(), 1);
    world.clock.advance_micros(59_999_999);
    assert!(world.ask(&token).is_ok());
    world.clock.advance_micros(1);
    assert_eq!(world.ask(&token).err(), Some(RefusalReason::Expired));
    assert_eq!(world.gateway.cached_tokens(), 0);
}

#[test]
fn a_new_key_is_believed_at_once_and_the_old_tokens_fall_with_the_old_key() {
    let world = World::new();
    let old = world.auditor();
    assert!(world.ask(&old).is_ok());
    let successor = TokenSigner::generate(&world.ambient).unwrap();
    world.publish(&[world.issuer.signer(), &successor]);
    let new = successor.sign(&claims()).unwrap();
    assert!(world.ask(&new).is_ok(), "an unknown key makes the set be read again");
    assert!(world.ask(&old).is_ok(), "the old key is still in the set");

    world.publish(&[&successor]);
    assert!(world.ask(&old).is_ok(), "the set is fresh for five seconds");
    world.advance(5);
    assert!(world.ask(&old).is_ok(), "the held set serves while the new one is read");
    assert_eq!(world.run_background(), 1, "one request reads the set, not each");
    assert_eq!(world.ask(&old).err(), Some(RefusalReason::UnknownKey));
    assert!(world.ask(&new).is_ok());
}

#[test]
fn keys_that_change_nothing_keep_the_remembered_tokens() {
    let world = World::new();
    assert!(world.ask(&world.auditor()).is_ok());
    world.advance(5);
    world.gateway.maintain();
    assert_eq!(world.gateway.cached_tokens(), 1);
    world.publish(&[&TokenSigner::generate(&world.ambient).unwrap()]);
    world.advance(5);
    world.gateway.maintain();
    assert_eq!(world.gateway.cached_tokens(), 0, "a change of keys drops what they verified");
}

#[test]
fn invented_key_names_cannot_make_us_hammer_the_issuer() {
    let (clock, ambient) = ambient();
    let signer = TokenSigner::generate(&ambient).unwrap();
    let source = Counted::of(&signer);
    let (gateway, _jobs) = remote(&source, &ambient);
    assert!(ask(&gateway, &signer.sign(&claims()).unwrap()).is_ok());
    assert_eq!(source.fetches(), 1);
    for number in 0..100 {
        let invented = signer.clone().with_key_id(&format!("invented-{number}")).sign(&claims()).unwrap();
        let refusal = ask(&gateway, &invented).unwrap_err();
        assert_eq!(refusal.reason(), RefusalReason::UnknownKey);
        let cached = attempt(&gateway, &invented);
        assert_eq!(matches!(cached, Ok(Attempt::NeedsRefresh)), number < 1, "the budget is three fetches");
    }
    assert_eq!(source.fetches(), 3);
    clock.advance_micros(30_000_000);
    let invented = signer.clone().with_key_id("invented").sign(&claims()).unwrap();
    assert!(matches!(attempt(&gateway, &invented), Ok(Attempt::NeedsRefresh)));
    assert!(ask(&gateway, &invented).is_err() && ask(&gateway, &invented).is_err());
    assert_eq!(source.fetches(), 4, "one more in thirty seconds");
}

#[test]
fn an_asynchronous_worker_is_told_to_wait_elsewhere_and_only_then() {
    let (_, ambient) = ambient();
    let signer = TokenSigner::generate(&ambient).unwrap();
    let source = Counted::of(&signer);
    let (gateway, _jobs) = remote(&source, &ambient);
    let token = signer.sign(&claims()).unwrap();
    assert!(matches!(attempt(&gateway, &token), Ok(Attempt::NeedsRefresh)));
    assert_eq!(source.fetches(), 0, "asking without waiting fetches nothing");
    assert!(ask(&gateway, &token).is_ok());
    assert!(matches!(attempt(&gateway, &token), Ok(Attempt::Known(caller)) if caller.role() == Role::Auditor));
    assert!(matches!(gateway.authenticate_cached(&RequestHeaders::default()), Ok(Attempt::Known(_))));
}

#[test]
fn an_issuer_that_is_down_serves_its_held_keys_for_a_day_and_then_nobody() {
    let (clock, ambient) = ambient();
    let signer = TokenSigner::generate(&ambient).unwrap();
    let source = Counted::of(&signer);
    let (gateway, jobs) = remote(&source, &ambient);
    let token = signer.sign(&claims_with("exp", json!(NOW + 10 * 24 * 3600))).unwrap();
    let keys = source.keys.lock().take();
    assert_eq!(ask(&gateway, &token).unwrap_err().reason(), RefusalReason::KeysUnavailable);
    *source.keys.lock() = keys.clone();
    assert!(ask(&gateway, &token).is_ok());
    *source.keys.lock() = None;
    clock.advance_micros(24 * 3600 * 1_000_000);
    assert!(ask(&gateway, &token).is_ok());
    jobs.lock().drain(..).for_each(|job| job());
    assert!(ask(&gateway, &token).is_ok(), "a failed fetch does not drop the held keys");
    clock.advance_micros(1);
    assert_eq!(ask(&gateway, &token).unwrap_err().reason(), RefusalReason::KeysUnavailable);
    *source.keys.lock() = keys;
    clock.advance_micros(30_000_000);
    assert!(ask(&gateway, &token).is_ok(), "it is believed again when its keys are there again");
}

#[test]
fn requests_that_wait_for_the_same_new_key_share_one_fetch() {
    let (_, ambient) = ambient();
    let signer = TokenSigner::generate(&ambient).unwrap();
    let source = Counted::of(&signer);
    let (gateway, _jobs) = remote(&source, &ambient);
    let token = signer.sign(&claims()).unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| ask(&gateway, &token).is_ok())).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()), "nobody is refused while keys are fetched");
    });
    assert_eq!(source.fetches(), 1);
}

/// Answers one request with `response`, then hangs up.
fn serve_once(response: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = stream.read(&mut request).unwrap();
        assert!(read > 0);
        // The client may hang up as soon as it has seen enough.
        drop(stream.write_all(&response));
    });
    url
}

#[test]
fn keys_are_fetched_over_http_with_a_cap_and_without_following_anybody() {
    let body = br#"{"keys":[]}"#;
    let answer = |status: &str, more: &str, body: &[u8]| {
        let mut bytes =
            format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        bytes.push_str(std::str::from_utf8(body).unwrap());
        bytes.into_bytes()
    };
    let fetch = |response| UrlSource::new(&serve_once(response), None).unwrap().fetch();
    assert_eq!(fetch(answer("200 OK", "", body)).unwrap(), body);
    assert_eq!(fetch(answer("200 OK", "", &vec![b' '; 256 * 1024 + 1])), Err(SourceFault::TooLarge));
    assert!(fetch(answer("200 OK", "", &vec![b' '; 256 * 1024])).is_ok());
    assert!(matches!(fetch(answer("500 Broken", "", body)), Err(SourceFault::Fetch(_))));
    let elsewhere = answer("302 Found", "location: http://127.0.0.1:1/keys\r\n", b"");
    assert!(matches!(fetch(elsewhere), Err(SourceFault::Fetch(_))));
}
