//! A provider's word that somebody was logged out there (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6).
//!
//! It is a token of the issuer's, verified as any; but it proves nobody, and no token that proves somebody is one.

use super::authenticator::Authenticator;
use super::claims::ClaimMap;
use super::refusal::RefusalReason;

/// What a logout token says has happened.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The type of such a token.
pub(super) const TYPE: &str = "logout+jwt";
/// What it may say of its type; one that says nothing is one too.
const TYPES: [&str; 2] = [TYPE, "jwt"];

/// Who was logged out: of a session, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedOut {
    /// Who, as `Caller::person` has it.
    pub person: Option<String>,
    /// Of which session at the provider; of all when there is none.
    pub provider_session: Option<String>,
}

impl Authenticator {
    /// Reads a logout token of an issuer. Blocks only while keys are fetched that are not held.
    ///
    /// # Errors
    /// As for any token; `CLAIM_MALFORMED` for one that says no log-out, has a nonce, or names nobody.
    pub fn logged_out(&self, issuer: &str, token: &str) -> Result<LoggedOut, RefusalReason> {
        read(issuer, &self.verified(issuer, token, &TYPES)?)
    }
}

/// Whether claims say a log-out: such a token proves nobody, whatever else it says.
pub(super) fn is_said(claims: &ClaimMap) -> bool {
    claims.holds_object("events", EVENT)
}

fn read(issuer: &str, claims: &ClaimMap) -> Result<LoggedOut, RefusalReason> {
    // An identity token has a nonce, so that neither is ever taken for the other.
    let is_one = is_said(claims) && !claims.holds("nonce");
    if !is_one || claims.text("jti")?.is_none() || !claims.holds("iat") {
        return Err(RefusalReason::ClaimMalformed);
    }
    let person = claims.text("sub")?.map(|actor| format!("{issuer} {actor}"));
    let provider_session = claims.text("sid")?.map(str::to_owned);
    if person.is_none() && provider_session.is_none() {
        return Err(RefusalReason::ActorMissing);
    }
    Ok(LoggedOut { person, provider_session })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read_of(change: impl FnOnce(&mut Value)) -> Result<LoggedOut, RefusalReason> {
        let mut claims =
            json!({ "iss": "i", "sub": "u", "sid": "s", "iat": 1, "exp": 2, "jti": "j", "events": { EVENT: {} } });
        change(&mut claims);
        read("i", &serde_json::from_value(claims).unwrap())
    }

    #[test]
    fn what_says_a_log_out_names_a_session_or_somebody_and_is_nothing_else() {
        let whole = LoggedOut { person: Some("i u".to_owned()), provider_session: Some("s".to_owned()) };
        assert_eq!(read_of(|_| {}), Ok(whole.clone()));
        let remove = |name: &'static str| move |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(name));
        assert_eq!(read_of(remove("sid")), Ok(LoggedOut { provider_session: None, ..whole.clone() }));
        assert_eq!(read_of(remove("sub")), Ok(LoggedOut { person: None, ..whole }));
        for name in ["events", "jti", "iat"] {
            assert_eq!(read_of(remove(name)), Err(RefusalReason::ClaimMalformed), "{name}");
        }
        for events in [json!({}), json!([EVENT]), json!(EVENT), json!({ EVENT: true }), json!({ "other": {} })] {
            assert_eq!(read_of(|claims| claims["events"] = events), Err(RefusalReason::ClaimMalformed));
        }
        assert_eq!(read_of(|claims| claims["nonce"] = json!("n")), Err(RefusalReason::ClaimMalformed));
        assert_eq!(read_of(|claims| claims["sub"] = json!(7)), Err(RefusalReason::ClaimMalformed));
        let nobody = read_of(|claims| {
            remove("sub")(claims);
            remove("sid")(claims);
        });
        assert_eq!(nobody, Err(RefusalReason::ActorMissing));
    }
}
