//! Tokens: accepted, refused, cached, rotated.

mod keys;
mod support;

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chengxin::authentication::demo::{DEMO_AUDIENCE, DEMO_ISSUER, KEY_SET_FILE, PRIVATE_KEY_FILE};
use chengxin::authentication::{
    Authenticator, DemoIssuer, KeyOrigin, Proof, RefusalReason, RequestHeaders, SubjectClaim, TokenClaims, TokenSigner,
};
use chengxin::clock::Ambient;
use chengxin::domain::identifier::Uscc;
use chengxin::domain::{Instant, Role};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use self::support::{NOW, PERSON, World, ambient, ask, claims, claims_with, claims_without, unsigned};

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

    let code = Uscc::with_check("91370500MA9999999").unwrap();
    let mut firm = TokenClaims::new(Role::Subject, "app-user-2");
    firm.subject = Some(format!("uscc:{}", code.as_str()));
    let caller = world.ask(&world.token(&firm)).unwrap();
    assert_eq!(caller.claims().subject, Some(SubjectClaim::Uscc(code)));

    for role in [Role::Auditor, Role::SecurityAdmin, Role::SystemAdmin] {
        let caller = world.ask(&world.token(&TokenClaims::new(role, "admin-1"))).unwrap();
        assert_eq!((caller.role(), caller.consumer()), (role, None));
    }
}

/// Every reason why a token is not believed whatever it says, each with a token that earns it.
fn unbelieved_tokens(world: &World) -> Vec<(RefusalReason, Vec<String>)> {
    use RefusalReason as R;
    let sign = |claims: Value| world.issuer.signer().sign(&claims).unwrap();
    let stranger = TokenSigner::generate(&world.ambient).unwrap();
    let key_id = world.issuer.signer().public_jwk().common.key_id.unwrap();
    let header = |alg: &str| json!({ "alg": alg, "kid": key_id });
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
    ]
}

/// Every reason why the times, the actor or the role of a believed token are refused, each with a token that earns it.
fn refused_claims(world: &World) -> Vec<(RefusalReason, Vec<String>)> {
    use RefusalReason as R;
    let sign = |claims: Value| world.issuer.signer().sign(&claims).unwrap();
    vec![
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
    ]
}

/// Every reason why it is not believed for whom the caller acts, each with a token that earns it.
fn refused_parties(world: &World) -> Vec<(RefusalReason, Vec<String>)> {
    use RefusalReason as R;
    let sign = |claims: Value| world.issuer.signer().sign(&claims).unwrap();
    let party = |role: &str, name: &str, text: &str| {
        let mut claims = claims_with("role", json!(role));
        claims[name] = json!(text);
        claims
    };
    let subject = |text: &str| party("SUBJECT", "subject", text);
    vec![
        (
            R::DepartmentMissing,
            vec![sign(claims_with("role", json!("DEPARTMENT"))), sign(claims_with("role", json!("COORDINATOR")))],
        ),
        (R::DepartmentMalformed, vec![sign(party("DEPARTMENT", "department", "market regulation"))]),
        (R::OrganizationMissing, vec![sign(claims_with("role", json!("GRANTEE")))]),
        (R::OrganizationMalformed, vec![sign(party("GRANTEE", "organization", "a bank"))]),
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
            .map(|text| sign(subject(text)))
            .to_vec(),
        ),
        (
            R::CitizenNumber,
            vec![
                sign(subject("person:11010519491231002X")),
                sign(subject("110105491231002")),
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
    for (reason, tokens) in [unbelieved_tokens(&world), refused_claims(&world), refused_parties(&world)].concat() {
        for token in tokens {
            assert_eq!(world.ask(&token).err(), Some(reason), "{token}");
        }
        seen.insert(reason);
    }
    // Shown elsewhere: by the header's own tests, by the other tests of this file, by the backend's, in `situations`.
    for elsewhere in [
        RefusalReason::SeveralHeaders,
        RefusalReason::WrongScheme,
        RefusalReason::TooLong,
        RefusalReason::WrongType,
        RefusalReason::KeyIdMissing,
        RefusalReason::KeysUnavailable,
        RefusalReason::DepartmentUnknown,
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
