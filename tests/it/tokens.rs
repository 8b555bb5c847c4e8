//! Tokens: accepted, refused, cached, rotated.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chengxin::authentication::demo::{DEMO_AUDIENCE, DEMO_ISSUER, KEY_SET_FILE, PRIVATE_KEY_FILE};
use chengxin::authentication::source::UrlSource;
use chengxin::authentication::{
    Attempt, Authenticator, Background, Caller, DemoIssuer, IssuerSettings, KeyOrigin, KeySource, Proof, Refusal,
    RefusalReason, RequestHeaders, SourceFault, SubjectClaim, TokenClaims, TokenSigner,
};
use chengxin::clock::{Ambient, FixedClock, SeededEntropy};
use chengxin::domain::{Instant, Role};
use parking_lot::Mutex;
use serde_json::{Value, json};
use strum::IntoEnumIterator;
use tempfile::TempDir;

const NOW: i64 = 1_795_000_000; // 2026-11-18
const PERSON: &str = "person:0190a7b2-0000-7000-8000-000000000001";

/// An issuer in a folder, a gateway that believes it, and a clock to move.
struct World {
    clock: Arc<FixedClock>,
    ambient: Ambient,
    issuer: DemoIssuer,
    gateway: Authenticator,
    jobs: Jobs,
    folder: TempDir,
}

type Jobs = Arc<Mutex<VecDeque<Box<dyn FnOnce() + Send>>>>;

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut IssuerSettings)) -> Self {
        let (clock, ambient) = ambient();
        let folder = tempfile::tempdir().unwrap();
        let issuer = DemoIssuer::create(folder.path(), ambient.clone()).unwrap();
        let mut settings = issuer.settings();
        change(&mut settings);
        let source = Arc::new(FileOf(folder.path().join(KEY_SET_FILE)));
        let (jobs, background) = queue();
        let gateway = Authenticator::with_sources(vec![(settings, source)], ambient.clone(), background).unwrap();
        Self { clock, ambient, issuer, gateway, jobs, folder }
    }

    fn token(&self, claims: &TokenClaims) -> String {
        self.issuer.issue(claims, 3600).unwrap()
    }

    fn auditor(&self) -> String {
        self.token(&TokenClaims::new(Role::Auditor, "auditor-1"))
    }

    fn publish(&self, signers: &[&TokenSigner]) {
        let text = TokenSigner::key_set(signers.iter().copied()).to_string();
        std::fs::write(self.folder.path().join(KEY_SET_FILE), text).unwrap();
    }

    fn run_background(&self) -> usize {
        let jobs: Vec<_> = self.jobs.lock().drain(..).collect();
        let count = jobs.len();
        jobs.into_iter().for_each(|job| job());
        count
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance_micros(seconds * 1_000_000);
    }

    fn ask(&self, token: &str) -> Result<Caller, RefusalReason> {
        ask(&self.gateway, token).map_err(|refusal| refusal.reason())
    }
}

#[derive(Debug)]
struct FileOf(std::path::PathBuf);

impl KeySource for FileOf {
    fn fetch(&self) -> Result<Vec<u8>, SourceFault> {
        std::fs::read(&self.0).map_err(|error| SourceFault::Fetch(error.to_string()))
    }
}

/// A key set in memory that counts how often it is asked for.
#[derive(Debug, Default)]
struct Counted {
    keys: Mutex<Option<Value>>,
    fetches: AtomicUsize,
}

impl Counted {
    fn of(signer: &TokenSigner) -> Arc<Self> {
        Arc::new(Self { keys: Mutex::new(Some(TokenSigner::key_set([signer]))), fetches: AtomicUsize::new(0) })
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl KeySource for Counted {
    fn fetch(&self) -> Result<Vec<u8>, SourceFault> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let keys = self.keys.lock().clone();
        keys.map(|keys| keys.to_string().into_bytes()).ok_or(SourceFault::Fetch("the issuer is down".to_owned()))
    }
}

fn ambient() -> (Arc<FixedClock>, Ambient) {
    let clock = Arc::new(FixedClock::new(Instant::from_micros(NOW * 1_000_000)));
    let ambient = Ambient::new(Arc::<FixedClock>::clone(&clock), Arc::new(SeededEntropy::new(7)));
    (clock, ambient)
}

fn queue() -> (Jobs, Background) {
    let jobs = Jobs::default();
    let queued = Arc::clone(&jobs);
    (jobs, Box::new(move |job| queued.lock().push_back(job)))
}

fn url_settings() -> IssuerSettings {
    toml::from_str(&format!(
        "issuer = '{DEMO_ISSUER}'\naudience = '{DEMO_AUDIENCE}'\nkeys = {{ url = 'https://id.example/keys' }}"
    ))
    .unwrap()
}

fn remote(source: &Arc<Counted>, ambient: &Ambient) -> (Authenticator, Jobs) {
    let (jobs, background) = queue();
    let source: Arc<dyn KeySource> = Arc::<Counted>::clone(source);
    (Authenticator::with_sources(vec![(url_settings(), source)], ambient.clone(), background).unwrap(), jobs)
}

fn ask(gateway: &Authenticator, token: &str) -> Result<Caller, Refusal> {
    let value = format!("Bearer {token}");
    gateway.authenticate(&RequestHeaders { authorization: vec![value.as_bytes()], ..Default::default() })
}

fn attempt(gateway: &Authenticator, token: &str) -> Result<Attempt, Refusal> {
    let value = format!("Bearer {token}");
    gateway.authenticate_cached(&RequestHeaders { authorization: vec![value.as_bytes()], ..Default::default() })
}

fn claims() -> Value {
    json!({
        "iss": DEMO_ISSUER, "aud": DEMO_AUDIENCE, "sub": "auditor-1", "role": "AUDITOR",
        "iat": NOW, "exp": NOW + 3600
    })
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn claims_without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// A token with a header of one's own choice and a signature that fits nothing.
fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", encode(header), encode(claims), URL_SAFE_NO_PAD.encode([0; 64]))
}

#[test]
fn who_brings_no_token_is_the_public_and_keeps_what_the_request_declares() {
    let world = World::new();
    let headers = RequestHeaders {
        purpose: Some("licence-review"),
        case: Some("东市监〔2026〕7号"),
        authorization_id: Some("AbC"),
        ..Default::default()
    };
    let caller = world.gateway.authenticate(&headers).unwrap();
    assert_eq!((caller.role(), caller.proof()), (Role::Public, &Proof::Anonymous));
    assert_eq!(caller.declared_purpose(), Some("licence-review"));
    assert_eq!(caller.case(), Some("东市监〔2026〕7号"));
    assert_eq!(caller.declared_authorization(), Some("AbC"));
}

#[test]
fn each_role_is_believed_with_the_claim_it_needs() {
    let world = World::new();
    let mut officer = TokenClaims::new(Role::Department, "officer-7");
    officer.department = Some("AMR".to_owned());
    officer.client = Some("approval-system".to_owned());
    let caller = world.ask(&world.token(&officer)).unwrap();
    assert_eq!(caller.claims().department.as_ref().unwrap().as_str(), "AMR");
    assert_eq!((caller.claims().actor.as_str(), caller.claims().client.as_str()), ("officer-7", "approval-system"));
    assert_eq!(caller.consumer(), Some("AMR"));
    assert!(matches!(caller.proof(), Proof::Bearer { issuer, .. } if issuer == DEMO_ISSUER));

    let mut grantee = TokenClaims::new(Role::Grantee, "loans");
    grantee.organization = Some("BANK-1".to_owned());
    assert_eq!(world.ask(&world.token(&grantee)).unwrap().consumer(), Some("BANK-1"));

    let mut person = TokenClaims::new(Role::Subject, "app-user-1");
    person.subject = Some(PERSON.to_owned());
    let caller = world.ask(&world.token(&person)).unwrap();
    assert!(matches!(&caller.claims().subject, Some(SubjectClaim::Person(id)) if PERSON.ends_with(&id.to_string())));

    for role in [Role::Auditor, Role::SecurityAdmin, Role::SystemAdmin] {
        let caller = world.ask(&world.token(&TokenClaims::new(role, "admin-1"))).unwrap();
        assert_eq!((caller.role(), caller.consumer()), (role, None));
    }
}

/// Every reason a token can be refused for, each with a token that earns it.
fn refused_tokens(world: &World) -> Vec<(RefusalReason, Vec<String>)> {
    use RefusalReason as R;
    let sign = |claims: Value| world.issuer.signer().sign(&claims).unwrap();
    let stranger = TokenSigner::generate(&world.ambient).unwrap();
    let key_id = world.issuer.signer().public_jwk().common.key_id.unwrap();
    let header = |alg: &str| json!({ "alg": alg, "kid": key_id });
    let department = |text: Value| {
        let mut claims = claims_with("role", json!("DEPARTMENT"));
        claims["department"] = text;
        claims
    };
    let subject = |text: Value| {
        let mut claims = claims_with("role", json!("SUBJECT"));
        claims["subject"] = text;
        claims
    };
    let organization = |text: &str| {
        let mut claims = claims_with("role", json!("GRANTEE"));
        claims["organization"] = json!(text);
        claims
    };
    let tampered = {
        let good = sign(claims());
        let parts: Vec<&str> = good.split('.').collect();
        let other = URL_SAFE_NO_PAD.encode(claims_with("role", json!("COORDINATOR")).to_string());
        format!("{}.{other}.{}", parts[0], parts[2])
    };
    vec![
        (R::Malformed, vec!["a.b.c".to_owned(), unsigned(&json!({ "kid": 1, "alg": "EdDSA" }), &claims())]),
        (R::CriticalExtension, vec![unsigned(&json!({ "alg": "EdDSA", "kid": key_id, "crit": ["b64"] }), &claims())]),
        (
            R::AlgorithmRefused,
            ["none", "None", "HS256", "ES256", "RS256", "XX"].map(|alg| unsigned(&header(alg), &claims())).to_vec(),
        ),
        (R::UnknownIssuer, vec![sign(claims_with("iss", json!("https://evil.example"))), sign(claims_without("iss"))]),
        (R::UnknownKey, vec![stranger.sign(&claims()).unwrap()]),
        (R::BadSignature, vec![stranger.clone().with_key_id(&key_id).sign(&claims()).unwrap(), tampered]),
        (
            R::WrongAudience,
            vec![
                sign(claims_with("aud", json!("other"))),
                sign(claims_with("aud", json!([]))),
                sign(claims_without("aud")),
            ],
        ),
        (R::ExpiryMissing, vec![sign(claims_without("exp"))]),
        (
            R::Expired,
            vec![
                sign(claims_with("exp", json!(NOW))),
                sign(json!({
                    "iss": DEMO_ISSUER, "aud": DEMO_AUDIENCE, "sub": "a", "role": "AUDITOR", "exp": 1
                })),
            ],
        ),
        (R::NotYetValid, vec![sign(claims_with("nbf", json!(NOW + 1)))]),
        (
            R::IssuedInFuture,
            vec![sign(claims_with("iat", json!(NOW + 1))), sign(claims_with("iat", json!(NOW + 3600)))],
        ),
        (R::ActorMissing, vec![sign(claims_without("sub"))]),
        (
            R::ClaimMalformed,
            vec![
                sign(claims_with("sub", json!(" "))),
                sign(claims_with("sub", json!("a\u{0}b"))),
                sign(claims_with("sub", json!("x".repeat(257)))),
                sign(claims_with("role", json!(["AUDITOR"]))),
                sign(claims_with("nbf", json!("soon"))),
            ],
        ),
        (R::RoleMissing, vec![sign(claims_without("role"))]),
        (
            R::UnknownRole,
            ["PUBLIC", "auditor", "ROOT", "AUDITOR "].map(|role| sign(claims_with("role", json!(role)))).to_vec(),
        ),
        (
            R::DepartmentMissing,
            vec![sign(claims_with("role", json!("DEPARTMENT"))), sign(claims_with("role", json!("COORDINATOR")))],
        ),
        (R::DepartmentMalformed, vec![sign(department(json!("market regulation")))]),
        (R::OrganizationMissing, vec![sign(claims_with("role", json!("GRANTEE")))]),
        (R::OrganizationMalformed, vec![sign(organization("a bank"))]),
        (R::SubjectMissing, vec![sign(claims_with("role", json!("SUBJECT")))]),
        (
            R::SubjectMalformed,
            [
                "me",
                "person:7",
                "uscc:1",
                "uscc:91370500MA3C000000",
                "uscc: 91370500000000000X",
                "person:0190A7B2-0000-7000-8000-000000000001",
                "PERSON:x",
            ]
            .map(|text| sign(subject(json!(text))))
            .to_vec(),
        ),
        (
            R::CitizenNumber,
            vec![
                sign(subject(json!("person:11010519491231002X"))),
                sign(subject(json!("110105491231002"))),
                sign(claims_with("sub", json!("11010519491231002X"))),
                sign(claims_with("client_id", json!("app/11010519491231002X"))),
            ],
        ),
    ]
}

#[test]
fn every_fault_of_a_token_is_refused_with_its_reason_and_never_served_as_public() {
    let world = World::new();
    let mut seen = BTreeSet::new();
    for (reason, tokens) in refused_tokens(&world) {
        for token in tokens {
            assert_eq!(world.ask(&token).err(), Some(reason), "{token}");
        }
        seen.insert(reason);
    }
    // Shown elsewhere: by the header's own tests, by the other tests of this file, by the backend's.
    for elsewhere in [
        RefusalReason::SeveralHeaders,
        RefusalReason::WrongScheme,
        RefusalReason::TooLong,
        RefusalReason::WrongType,
        RefusalReason::KeyIdMissing,
        RefusalReason::KeysUnavailable,
        RefusalReason::VerifierFault,
    ] {
        assert!(seen.insert(elsewhere));
    }
    assert_eq!(seen, RefusalReason::iter().collect());
    assert_eq!(world.gateway.cached_tokens(), 0, "a refused token is not remembered");
}

#[test]
fn a_refusal_tells_the_client_what_rfc_6750_says_and_the_ledger_which_token_it_was() {
    let world = World::new();
    let expired =
        ask(&world.gateway, &world.issuer.signer().sign(&claims_with("exp", json!(NOW))).unwrap()).unwrap_err();
    insta::assert_snapshot!(
        expired.www_authenticate(),
        @r#"Bearer realm="chengxin", error="invalid_token", error_description="the token has expired""#
    );
    assert_eq!(expired.reason().name(), "EXPIRED");
    assert!(expired.token_digest().is_some());
    let headers = RequestHeaders { authorization: vec![b"Basic eDp5"], ..Default::default() };
    let basic = world.gateway.authenticate(&headers).unwrap_err();
    insta::assert_snapshot!(
        basic.www_authenticate(),
        @r#"Bearer realm="chengxin", error="invalid_request", error_description="the authorization scheme must be Bearer""#
    );
    assert!(basic.token_digest().is_none());
}

#[test]
fn the_public_key_is_no_shared_secret() {
    let world = World::new();
    let jwk = world.issuer.signer().public_jwk();
    let (key_id, public) = (jwk.common.key_id.clone().unwrap(), serde_json::to_value(&jwk).unwrap());
    let secret = URL_SAFE_NO_PAD.decode(public["x"].as_str().unwrap()).unwrap();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(key_id);
    let key = jsonwebtoken::EncodingKey::from_secret(&secret);
    let forged = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
    assert_eq!(world.ask(&forged).err(), Some(RefusalReason::AlgorithmRefused));
}

#[test]
fn a_key_inside_the_token_is_not_looked_at() {
    let world = World::new();
    let stranger = TokenSigner::generate(&world.ambient).unwrap();
    let public = stranger.public_jwk();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    header.kid = public.common.key_id.clone();
    header.jku = Some("https://evil.example/keys".to_owned());
    header.jwk = Some(public);
    let pem = TokenSigner::generate_pem(&Ambient::fixed(Instant::from_micros(0), 1));
    let key = jsonwebtoken::EncodingKey::from_ed_pem(pem.as_bytes()).unwrap();
    let forged = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
    assert_eq!(world.ask(&forged).err(), Some(RefusalReason::UnknownKey));
}

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
fn the_names_and_words_of_the_issuer_are_configurable() {
    let world = World::with(|settings| {
        settings.claims.role = "groups".to_owned();
        settings.role_values.insert("审计员".to_owned(), Role::Auditor);
        settings.token_type = Some("at+jwt".to_owned());
    });
    let sign = |typ: Option<&str>, role: &str| {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
        header.typ = typ.map(str::to_owned);
        let pem = std::fs::read(world.folder.path().join(PRIVATE_KEY_FILE)).unwrap();
        let key = jsonwebtoken::EncodingKey::from_ed_pem(&pem).unwrap();
        jsonwebtoken::encode(&header, &claims_with("groups", json!(role)), &key).unwrap()
    };
    assert_eq!(world.ask(&sign(Some("at+jwt"), "审计员")).unwrap().role(), Role::Auditor);
    assert_eq!(world.ask(&sign(Some("application/AT+JWT"), "审计员")).unwrap().role(), Role::Auditor);
    assert_eq!(world.ask(&sign(Some("at+jwt"), "AUDITOR")).err(), Some(RefusalReason::UnknownRole));
    assert_eq!(world.ask(&sign(Some("JWT"), "审计员")).err(), Some(RefusalReason::WrongType));
    assert_eq!(world.ask(&sign(None, "审计员")).err(), Some(RefusalReason::WrongType));
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

#[test]
fn the_start_is_refused_with_every_fault_at_once() {
    let (_, ambient) = ambient();
    let folder = tempfile::tempdir().unwrap();
    let issuer = DemoIssuer::create(folder.path(), ambient.clone()).unwrap();
    let mut missing = issuer.settings();
    missing.issuer = "https://one.example".to_owned();
    missing.keys = KeyOrigin::File(folder.path().join("absent.json"));
    let mut insecure = issuer.settings();
    insecure.keys = KeyOrigin::Url("http://id.example/keys".to_owned());
    insecure.algorithms = vec!["HS256".to_owned()];
    let faults = Authenticator::new(vec![missing, insecure], ambient.clone()).unwrap_err().to_string();
    for part in ["`HS256`", "neither https", "absent.json"] {
        assert!(faults.contains(part), "{faults}");
    }
    assert!(Authenticator::new(vec![issuer.settings()], ambient.clone()).is_ok());
    assert!(Authenticator::new(Vec::new(), ambient).is_ok(), "a gateway for the public alone needs no issuer");
}

#[test]
fn the_demo_issuer_keeps_its_key_to_itself_and_never_overwrites_one() {
    let (_, ambient) = ambient();
    let folder = tempfile::tempdir().unwrap();
    let issuer = DemoIssuer::create(folder.path(), ambient.clone()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join(PRIVATE_KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let published = std::fs::read_to_string(folder.path().join(KEY_SET_FILE)).unwrap();
    assert!(!published.contains("\"d\""));
    assert!(DemoIssuer::create(folder.path(), ambient.clone()).is_err());
    let again = DemoIssuer::open(folder.path(), ambient.clone()).unwrap();
    let gateway = Authenticator::new(vec![issuer.settings()], ambient).unwrap();
    let token = again.issue(&TokenClaims::new(Role::SystemAdmin, "operator-1"), 60).unwrap();
    assert_eq!(ask(&gateway, &token).unwrap().role(), Role::SystemAdmin);
    assert!(again.issue(&TokenClaims::new(Role::Public, "anybody"), 60).is_err());
}

#[test]
fn the_command_signs_a_token_that_the_gateway_believes() {
    use chengxin::cli::token::{TokenArgs, sign_token};
    use clap::{Args, Command, FromArgMatches};
    let world = World::new();
    let folder = world.folder.path().to_str().unwrap();
    let parse = |arguments: &[&str]| {
        let command = TokenArgs::augment_args(Command::new("token"));
        let matches = command.try_get_matches_from(["token", "--folder", folder].iter().chain(arguments))?;
        TokenArgs::from_arg_matches(&matches)
    };
    let arguments = parse(&["--role", "DEPARTMENT", "--department", "AMR", "--actor", "officer-7"]).unwrap();
    let caller = world.ask(&sign_token(&arguments, &world.ambient).unwrap()).unwrap();
    assert_eq!((caller.role(), caller.consumer()), (Role::Department, Some("AMR")));
    for wrong in [&["--role", "DEPARTMENT"][..], &["--role", "PUBLIC"], &["--role", "AUDITOR", "--ttl", "86401"], &[]] {
        assert!(parse(wrong).is_err(), "{wrong:?}");
    }
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
