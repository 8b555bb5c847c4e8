//! Why a token was refused: a stable word for the ledger, a fixed sentence for the client.
//!
//! Deliberately absent: any text of the token. A refusal can be logged as it stands.

use std::fmt;

use strum::{EnumIter, IntoStaticStr};

/// What was wrong. The names stand in ledger entries and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalReason {
    /// More than one `Authorization` header.
    SeveralHeaders,
    /// A scheme other than `Bearer`.
    WrongScheme,
    /// A header value of more than 8 KiB.
    TooLong,
    /// Not three base64url parts, or no JSON in them, or a claim given twice.
    Malformed,
    /// A `crit` header parameter: we understand no extension (RFC 7515 section 4.1.11).
    CriticalExtension,
    /// A header `typ` other than the one the issuer is configured with.
    WrongType,
    /// An algorithm that is not allowed for the issuer or not the key's own.
    AlgorithmRefused,
    /// No `iss`, or one that is not configured.
    UnknownIssuer,
    /// No `kid`, and the issuer has more than one key that fits.
    KeyIdMissing,
    /// A `kid` that the issuer's key set does not hold.
    UnknownKey,
    /// The issuer's key set could not be had, or only one that is too old.
    KeysUnavailable,
    /// The signature does not fit.
    BadSignature,
    /// Made for another audience, or for none.
    WrongAudience,
    /// No `exp`.
    ExpiryMissing,
    /// `exp` is past.
    Expired,
    /// `nbf` is to come.
    NotYetValid,
    /// `iat` is to come, or not before `exp`.
    IssuedInFuture,
    /// No `sub`.
    ActorMissing,
    /// A claim of the wrong type, empty, too long, or with control characters.
    ClaimMalformed,
    /// No role claim.
    RoleMissing,
    /// A role that nobody can have by token.
    UnknownRole,
    /// An officer without a department.
    DepartmentMissing,
    /// A department that is not a department id.
    DepartmentMalformed,
    /// A department that is not among the partner departments.
    DepartmentUnknown,
    /// A grantee without an organization code.
    OrganizationMissing,
    /// An organization that is not a code.
    OrganizationMalformed,
    /// A subject's own view without the subject.
    SubjectMissing,
    /// A subject that is neither `uscc:…` nor `person:<uuid>`.
    SubjectMalformed,
    /// A citizen identity number where an opaque id belongs.
    CitizenNumber,
    /// The verifier itself failed.
    VerifierFault,
}

impl RefusalReason {
    /// Whether the same token may be believed later.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::KeysUnavailable | Self::UnknownKey | Self::VerifierFault)
    }

    /// The word that stands in the ledger.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// One sentence that helps an honest client and tells nothing about anybody. Printable ASCII without `"` and `\`.
    pub fn description(self) -> &'static str {
        match self {
            Self::SeveralHeaders => "more than one Authorization header was sent",
            Self::WrongScheme => "the authorization scheme must be Bearer",
            Self::TooLong => "the token is too long",
            Self::Malformed => "the token is malformed",
            Self::CriticalExtension => "the token needs an extension that is not understood",
            Self::WrongType => "the token is of another type",
            Self::AlgorithmRefused => "the token's algorithm is not allowed",
            Self::UnknownIssuer => "the token's issuer is not known",
            Self::KeyIdMissing => "the token names no key",
            Self::UnknownKey => "the token's key is not known",
            Self::KeysUnavailable => "the issuer's keys are not available",
            Self::BadSignature => "the token's signature is not valid",
            Self::WrongAudience => "the token is for another audience",
            Self::ExpiryMissing => "the token has no expiry",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::IssuedInFuture => "the token's dates do not fit",
            Self::ActorMissing => "the token names nobody",
            Self::ClaimMalformed => "a claim of the token is malformed",
            Self::RoleMissing => "the token has no role",
            Self::UnknownRole => "the token's role is not known",
            Self::DepartmentMissing => "the token's role needs a department",
            Self::DepartmentMalformed => "the token's department is malformed",
            Self::DepartmentUnknown => "the token's department is not registered here",
            Self::OrganizationMissing => "the token's role needs an organization",
            Self::OrganizationMalformed => "the token's organization is malformed",
            Self::SubjectMissing => "the token's role needs a subject",
            Self::SubjectMalformed => "the token's subject is malformed",
            Self::CitizenNumber => "the token holds a citizen number where an opaque id belongs",
            Self::VerifierFault => "the token could not be verified",
        }
    }

    /// The error code of RFC 6750 section 3.1.
    fn error(self) -> &'static str {
        match self {
            Self::SeveralHeaders | Self::WrongScheme => "invalid_request",
            _ => "invalid_token",
        }
    }
}

/// A request that brought an `Authorization` header and is not believed. It is never served as public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    reason: RefusalReason,
    token_digest: Option<[u8; 32]>,
}

impl Refusal {
    /// Refused before there was a token to speak of.
    pub(super) fn without_token(reason: RefusalReason) -> Self {
        Self { reason, token_digest: None }
    }

    /// Refused after a token was read; `digest` is its SHA-256.
    pub(super) fn of_token(reason: RefusalReason, digest: [u8; 32]) -> Self {
        Self { reason, token_digest: Some(digest) }
    }

    /// What was wrong.
    pub fn reason(&self) -> RefusalReason {
        self.reason
    }

    /// SHA-256 of the refused token, by which an issuer can find it; `None` when no token could be read.
    pub fn token_digest(&self) -> Option<&[u8; 32]> {
        self.token_digest.as_ref()
    }

    /// The value of `WWW-Authenticate` (RFC 6750 section 3), to go with status 401.
    pub fn www_authenticate(&self) -> String {
        let (error, description) = (self.reason.error(), self.reason.description());
        format!(r#"Bearer realm="chengxin", error="{error}", error_description="{description}""#)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason.description())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_description_fits_into_a_quoted_header_value_and_is_said_once() {
        let mut seen = HashSet::new();
        for reason in RefusalReason::iter() {
            let text = reason.description();
            assert!(text.bytes().all(|b| matches!(b, 0x20..=0x7e) && b != b'"' && b != b'\\'), "{}", reason.name());
            assert!(seen.insert(text), "{} says what another reason says", reason.name());
        }
    }
}
