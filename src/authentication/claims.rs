//! From the verified claims of a token to what we hold of a caller.
//!
//! A claim that the role does not use is dropped: a department's token cannot also speak as a subject.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::caller::{Claims, SubjectClaim};
use super::refusal::RefusalReason;
use super::settings::ClaimNames;
use crate::domain::identifier::{CitizenNumber, Uscc};
use crate::domain::{DepartmentId, Instant, Role, SubjectId};

/// The longest text a claim may hold, in bytes.
const TEXT_BYTES_MAX: usize = 256;
/// 9999-12-31: beyond it a date is a mistake.
const SECONDS_MAX: i64 = 253_402_300_799;

/// The claims of a token, each given once.
#[derive(Debug)]
pub(super) struct ClaimMap(Map<String, Value>);

/// From when until when a token is valid, tolerance included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    /// `exp` as it stands in the token.
    pub(super) expires_at: Instant,
    /// `nbf` less the tolerance.
    pub(super) not_before: Instant,
}

impl<'de> Deserialize<'de> for ClaimMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Map<String, Value>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object with each claim once")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut claims = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if claims.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim is given twice"));
                    }
                }
                Ok(claims)
            }
        }
        deserializer.deserialize_map(Once).map(Self)
    }
}

impl ClaimMap {
    /// Checks `iss`, `exp`, `nbf` and `iat` against `now` with the tolerance `leeway_seconds`.
    pub(super) fn validity(&self, issuer: &str, leeway_seconds: u32, now: Instant) -> Result<Validity, RefusalReason> {
        // The library would also accept an array that holds the issuer among others.
        if self.text("iss")? != Some(issuer) {
            return Err(RefusalReason::UnknownIssuer);
        }
        let leeway = i64::from(leeway_seconds);
        let expires_at = self.instant("exp")?.ok_or(RefusalReason::ExpiryMissing)?;
        if now >= expires_at.plus_seconds(leeway) {
            return Err(RefusalReason::Expired);
        }
        let issued_at = self.instant("iat")?;
        if issued_at.is_some_and(|issued_at| issued_at.plus_seconds(-leeway) > now || issued_at >= expires_at) {
            return Err(RefusalReason::IssuedInFuture);
        }
        let not_before = self.instant("nbf")?.map_or(Instant::from_micros(i64::MIN), |from| from.plus_seconds(-leeway));
        if now < not_before {
            return Err(RefusalReason::NotYetValid);
        }
        Ok(Validity { expires_at, not_before })
    }

    /// Reads who asks.
    pub(super) fn read(&self, names: &ClaimNames, roles: &BTreeMap<String, Role>) -> Result<Claims, RefusalReason> {
        let actor = self.text("sub")?.ok_or(RefusalReason::ActorMissing)?;
        let client = self.text(&names.client_id)?.unwrap_or_default();
        if [actor, client].into_iter().any(holds_citizen_number) {
            return Err(RefusalReason::CitizenNumber);
        }
        let role = self.role(names, roles)?;
        let mut claims = Claims {
            role,
            actor: actor.to_owned(),
            client: client.to_owned(),
            department: None,
            supervisor: false,
            organization: None,
            subject: None,
        };
        match role {
            Role::Public => return Err(RefusalReason::UnknownRole),
            Role::Department | Role::Coordinator => {
                claims.department = Some(self.department(names)?);
                claims.supervisor = self.flag(&names.supervisor)?;
            }
            Role::Grantee => claims.organization = Some(self.organization(names)?),
            Role::Subject => claims.subject = Some(self.subject(names)?),
            Role::Auditor | Role::SecurityAdmin | Role::SystemAdmin => {}
        }
        Ok(claims)
    }

    fn role(&self, names: &ClaimNames, roles: &BTreeMap<String, Role>) -> Result<Role, RefusalReason> {
        let text = self.text(&names.role)?.ok_or(RefusalReason::RoleMissing)?;
        if roles.is_empty() {
            return Role::from_str(text).map_err(|_| RefusalReason::UnknownRole);
        }
        roles.get(text).copied().ok_or(RefusalReason::UnknownRole)
    }

    fn department(&self, names: &ClaimNames) -> Result<DepartmentId, RefusalReason> {
        let text = self.text(&names.department)?.ok_or(RefusalReason::DepartmentMissing)?;
        DepartmentId::parse(text).ok_or(RefusalReason::DepartmentMalformed)
    }

    fn organization(&self, names: &ClaimNames) -> Result<String, RefusalReason> {
        let text = self.text(&names.organization)?.ok_or(RefusalReason::OrganizationMissing)?;
        let is_code = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
        if holds_citizen_number(text) {
            return Err(RefusalReason::CitizenNumber);
        }
        if is_code { Ok(text.to_owned()) } else { Err(RefusalReason::OrganizationMalformed) }
    }

    fn subject(&self, names: &ClaimNames) -> Result<SubjectClaim, RefusalReason> {
        let text = self.text(&names.subject)?.ok_or(RefusalReason::SubjectMissing)?;
        if let Some(code) = text.strip_prefix("uscc:") {
            return exact_uscc(code).map(SubjectClaim::Uscc).ok_or(RefusalReason::SubjectMalformed);
        }
        let id = text.strip_prefix("person:").unwrap_or(text);
        if is_like_citizen_number(id) {
            return Err(RefusalReason::CitizenNumber);
        }
        let person = text.strip_prefix("person:").and_then(hyphenated_uuid).ok_or(RefusalReason::SubjectMalformed)?;
        Ok(SubjectClaim::Person(SubjectId::new(person)))
    }

    /// The text of a claim; `None` when it is absent.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, RefusalReason> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let text = value.as_str().ok_or(RefusalReason::ClaimMalformed)?;
        let sound = !text.trim().is_empty() && text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control);
        if sound { Ok(Some(text)) } else { Err(RefusalReason::ClaimMalformed) }
    }

    /// Whether there is such a claim, whatever it holds.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a claim is an object that has this member, and the member is an object.
    pub(super) fn holds_object(&self, name: &str, member: &str) -> bool {
        self.0.get(name).and_then(|claim| claim.get(member)).is_some_and(Value::is_object)
    }

    /// Whether a claim is true; it is not when it is absent.
    fn flag(&self, name: &str) -> Result<bool, RefusalReason> {
        match self.0.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(RefusalReason::ClaimMalformed),
        }
    }

    /// A NumericDate of RFC 7519: seconds since the epoch, whole or not; `None` when it is absent.
    fn instant(&self, name: &str) -> Result<Option<Instant>, RefusalReason> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let seconds = match (value.as_i64(), value.as_f64()) {
            (Some(seconds), _) => seconds,
            (None, Some(seconds)) if (0.0..1e12).contains(&seconds) => whole_seconds(seconds),
            _ => return Err(RefusalReason::ClaimMalformed),
        };
        if !(0..=SECONDS_MAX).contains(&seconds) {
            return Err(RefusalReason::ClaimMalformed);
        }
        Ok(Some(Instant::from_micros(0).plus_seconds(seconds)))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the caller has checked the range, and the fraction is to go")]
fn whole_seconds(seconds: f64) -> i64 {
    seconds.floor() as i64
}

/// A code exactly as it is registered: what is put right in a spreadsheet's cell is no claim of an issuer.
fn exact_uscc(text: &str) -> Option<Uscc> {
    let Ok(code) = Uscc::parse(text) else { return None };
    (code.as_str() == text).then_some(code)
}

/// A UUID in its one usual form (RFC 9562 section 4), so that one person has one text.
fn hyphenated_uuid(text: &str) -> Option<[u8; 16]> {
    let Ok(uuid) = uuid::Uuid::try_parse(text) else { return None };
    (uuid.hyphenated().to_string() == text).then(|| uuid.into_bytes())
}

/// 18 characters, the last of which may be X, or 15 digits (GB 11643): too close to a citizen number for an opaque id.
fn is_like_citizen_number(text: &str) -> bool {
    let [body @ .., last] = text.as_bytes() else { return false };
    body.iter().all(u8::is_ascii_digit)
        && match text.len() {
            18 => last.is_ascii_digit() || matches!(last, b'x' | b'X'),
            15 => last.is_ascii_digit(),
            _ => false,
        }
}

/// Whether a text holds a run of characters that is a citizen number, check character included.
fn holds_citizen_number(text: &str) -> bool {
    let mut runs = text.split(|c: char| !(c.is_ascii_digit() || c == 'x' || c == 'X'));
    runs.any(|run| run.len() == 18 && CitizenNumber::parse(run).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> ClaimMap {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn a_claim_given_twice_is_no_claim() {
        assert!(serde_json::from_str::<ClaimMap>(r#"{"role":"AUDITOR","role":"DEPARTMENT"}"#).is_err());
        assert!(serde_json::from_str::<ClaimMap>(r#"["role"]"#).is_err());
    }

    #[test]
    fn dates_hold_to_the_second_with_the_tolerance_and_no_further() {
        let claims = map(&json!({ "iss": "i", "iat": 1000, "nbf": 1000, "exp": 2000 }));
        let check = |now| claims.validity("i", 30, now);
        assert_eq!(check(at(969)), Err(RefusalReason::IssuedInFuture));
        assert!(check(at(970)).is_ok());
        assert!(check(at(2030).plus_micros(-1)).is_ok());
        assert_eq!(check(at(2030)), Err(RefusalReason::Expired));
        let later = map(&json!({ "iss": "i", "nbf": 1500.9, "exp": 2000 }));
        assert_eq!(later.validity("i", 0, at(1499)), Err(RefusalReason::NotYetValid));
        assert!(later.validity("i", 0, at(1500)).is_ok());
    }

    #[test]
    fn dates_that_are_no_dates_are_refused() {
        for exp in [json!("2000"), json!(null), json!(-1), json!(1e300), json!(u64::MAX), json!([2000]), json!(true)] {
            let claims = map(&json!({ "iss": "i", "exp": exp }));
            assert_eq!(claims.validity("i", 0, at(0)), Err(RefusalReason::ClaimMalformed), "{exp}");
        }
        assert_eq!(map(&json!({ "iss": "i" })).validity("i", 0, at(0)), Err(RefusalReason::ExpiryMissing));
        let backwards = map(&json!({ "iss": "i", "iat": 2000, "exp": 2000 }));
        assert_eq!(backwards.validity("i", 60, at(1990)), Err(RefusalReason::IssuedInFuture));
        let array = map(&json!({ "iss": ["i"], "exp": 2000 }));
        assert_eq!(array.validity("i", 0, at(0)), Err(RefusalReason::ClaimMalformed));
    }

    #[test]
    fn a_claim_that_the_role_does_not_use_is_dropped() {
        let claims = map(&json!({
            "sub": "officer-7", "role": "DEPARTMENT", "department": "AMR", "organization": "BANK-1",
            "subject": "person:0190a7b2-0000-7000-8000-000000000001"
        }));
        let read = claims.read(&ClaimNames::default(), &BTreeMap::new()).unwrap();
        assert_eq!(read.department.unwrap().as_str(), "AMR");
        assert_eq!((read.organization, read.subject), (None, None));
    }

    #[test]
    fn a_citizen_number_is_seen_by_its_check_character() {
        // The number of GB 11643-1999's own example.
        assert!(holds_citizen_number("11010519491231002X"));
        assert!(holds_citizen_number("user-11010519491231002x@example"));
        assert!(!holds_citizen_number("110105194912310021"));
        assert!(!holds_citizen_number("0190a7b2-0000-7000-8000-000000000001"));
        assert!(is_like_citizen_number("110105194912310021") && is_like_citizen_number("110105491231002"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn reading_claims_never_panics_and_never_makes_the_public(role in ".{0,12}", sub in ".{0,40}", subject in ".{0,60}") {
            let claims = map(&json!({ "sub": sub, "role": role, "subject": subject, "department": subject }));
            if let Ok(read) = claims.read(&ClaimNames::default(), &BTreeMap::new()) {
                prop_assert_ne!(read.role, Role::Public);
            }
            let elsewhere = ClaimNames { role: "none".to_owned(), ..Default::default() };
            prop_assert!(claims.read(&elsewhere, &BTreeMap::new()).is_err());
        }
    }
}
