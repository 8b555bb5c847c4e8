//! A caller that stays logged in: what its token proved, sealed, to be kept while a session lasts and opened again.
//!
//! INVARIANT: only a caller that a token has proved is sealed, under a key of this room, bound to one session; so what
//! is opened was proved once. Deliberately absent: how long a session lasts, and where it is kept.

use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::caller::{Caller, Claims, Proof, SubjectClaim};
use crate::clock::Ambient;
use crate::domain::identifier::Uscc;
use crate::domain::{DepartmentId, Role, SubjectId};

const NONCE_SIZE: usize = 12;

/// Seals callers and opens them again.
#[derive(Clone)]
pub struct SessionSeal(Aes256Gcm);

impl std::fmt::Debug for SessionSeal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionSeal(…)")
    }
}

/// What a token proved, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Proved {
    issuer: String,
    digest: [u8; 32],
    role: Role,
    actor: String,
    client: String,
    department: Option<String>,
    supervisor: bool,
    organization: Option<String>,
    uscc: Option<String>,
    person: Option<[u8; 16]>,
}

impl SessionSeal {
    /// Seals under `key`.
    pub fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        Self(Aes256Gcm::new(key.as_slice().try_into().unwrap_or_else(|_| unreachable!())))
    }

    /// Seals a caller for one session; `None` for whoever brought no token.
    pub fn seal(&self, caller: &Caller, session: &[u8; 32], ambient: &Ambient) -> Option<Vec<u8>> {
        let Proof::Bearer { issuer, digest } = caller.proof() else { return None };
        let claims = caller.claims();
        let (uscc, person) = match &claims.subject {
            None => (None, None),
            Some(SubjectClaim::Uscc(uscc)) => (Some(uscc.as_str().to_owned()), None),
            Some(SubjectClaim::Person(id)) => (None, Some(*id.bytes())),
        };
        let proved = Proved {
            issuer: issuer.clone(),
            digest: *digest,
            role: claims.role,
            actor: claims.actor.clone(),
            client: claims.client.clone(),
            department: claims.department.as_ref().map(|id| id.as_str().to_owned()),
            supervisor: claims.supervisor,
            organization: claims.organization.clone(),
            uscc,
            person,
        };
        let plain = Zeroizing::new(serde_json::to_vec(&proved).ok()?);
        let nonce: [u8; NONCE_SIZE] = ambient.bytes();
        let sealed = self.0.encrypt(&Nonce::from(nonce), Payload { msg: &plain, aad: session }).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// The caller that was sealed for this session. `None` for what was not sealed here.
    pub fn open(&self, sealed: &[u8], session: &[u8; 32]) -> Option<Caller> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_SIZE>()?;
        let plain = self.0.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: session }).ok()?;
        let proved: Proved = serde_json::from_slice(&Zeroizing::new(plain)).ok()?;
        let department = match proved.department {
            None => None,
            Some(id) => Some(DepartmentId::parse(&id)?),
        };
        let subject = match (proved.uscc, proved.person) {
            (Some(uscc), _) => Some(SubjectClaim::Uscc(Uscc::parse(&uscc).ok()?)),
            (None, Some(id)) => Some(SubjectClaim::Person(SubjectId::new(id))),
            (None, None) => None,
        };
        let claims = Claims {
            role: proved.role,
            actor: proved.actor,
            client: proved.client,
            department,
            supervisor: proved.supervisor,
            organization: proved.organization,
            subject,
        };
        let proof = Proof::Bearer { issuer: proved.issuer, digest: proved.digest };
        Some(Caller::proven(Arc::new(claims), Arc::new(proof)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    #[test]
    fn a_caller_comes_back_for_its_session_and_for_no_other() {
        let ambient = Ambient::fixed(Instant::from_micros(0), 1);
        let seal = SessionSeal::new(&Zeroizing::new([3; 32]));
        let claims = Claims {
            role: Role::Department,
            actor: "officer-1".to_owned(),
            client: "portal".to_owned(),
            department: DepartmentId::parse("AMR"),
            supervisor: true,
            organization: None,
            subject: None,
        };
        let proof = Proof::Bearer { issuer: "https://id.example".to_owned(), digest: [9; 32] };
        let caller = Caller::proven(Arc::new(claims), Arc::new(proof));
        let sealed = seal.seal(&caller, &[1; 32], &ambient).unwrap();
        let opened = seal.open(&sealed, &[1; 32]).unwrap();
        assert_eq!(
            (opened.claims(), opened.proof(), opened.person()),
            (caller.claims(), caller.proof(), caller.person())
        );
        assert_eq!((opened.declared_purpose(), opened.case()), (None, None), "what a page is for is said by the page");
        assert!(seal.open(&sealed, &[2; 32]).is_none(), "another session");
        assert!(seal.open(&sealed[1..], &[1; 32]).is_none(), "cut");
        assert!(SessionSeal::new(&Zeroizing::new([4; 32])).open(&sealed, &[1; 32]).is_none(), "another key");
        assert!(seal.seal(&Caller::anonymous(), &[1; 32], &ambient).is_none(), "whoever brought no token");
        assert!(!String::from_utf8_lossy(&sealed).contains("officer-1"));
    }
}
