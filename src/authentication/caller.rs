//! Who asks: the value that every later step needs and only this room makes.

use std::sync::Arc;

use crate::domain::identifier::Uscc;
use crate::domain::{DepartmentId, Role, SubjectId};

/// A caller: client, person, department, how proven, and what the request declares.
#[derive(Clone, Debug)]
pub struct Caller {
    claims: Arc<Claims>,
    proof: Arc<Proof>,
    purpose: Option<String>,
    case: Option<String>,
    authorization: Option<String>,
}

/// What a token says, or what is true of everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The role.
    pub role: Role,
    /// The natural person or system behind the request (`sub`); empty for the public.
    pub actor: String,
    /// The client that asks (`client_id`); empty for the public.
    pub client: String,
    /// The partner department of a `DEPARTMENT` or `COORDINATOR`.
    pub department: Option<DepartmentId>,
    /// Whether that officer reviews the department's queries.
    pub supervisor: bool,
    /// The organization code of a `GRANTEE`.
    pub organization: Option<String>,
    /// Whose own view a `SUBJECT` has.
    pub subject: Option<SubjectClaim>,
}

/// The `subject` claim. Never a citizen number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectClaim {
    /// `uscc:…`
    Uscc(Uscc),
    /// `person:<opaque id>`
    Person(SubjectId),
}

/// How the caller was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Not at all.
    Anonymous,
    /// By a bearer token of `issuer`; `digest` is the SHA-256 of the token.
    Bearer {
        /// The issuer that signed it.
        issuer: String,
        /// SHA-256 of the token.
        digest: [u8; 32],
    },
}

impl Caller {
    /// Anybody, without a token.
    pub fn anybody() -> Self {
        Self::anonymous()
    }

    /// Anybody, without a token.
    pub(super) fn anonymous() -> Self {
        let claims = Claims {
            role: Role::Public,
            actor: String::new(),
            client: String::new(),
            department: None,
            supervisor: false,
            organization: None,
            subject: None,
        };
        Self::proven(Arc::new(claims), Arc::new(Proof::Anonymous))
    }

    /// The caller a verified token names.
    pub(super) fn proven(claims: Arc<Claims>, proof: Arc<Proof>) -> Self {
        Self { claims, proof, purpose: None, case: None, authorization: None }
    }

    /// With what the request's headers declare; the text is checked by `access`.
    pub(super) fn declaring(
        mut self,
        purpose: Option<String>,
        case: Option<String>,
        authorization: Option<String>,
    ) -> Self {
        self.purpose = purpose;
        self.case = case;
        self.authorization = authorization;
        self
    }

    /// The same caller with the same purpose, at work on another case.
    #[must_use]
    pub fn under_case(&self, case: String) -> Self {
        Self { case: Some(case), ..self.clone() }
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.claims.role
    }

    /// The person behind a token, as issuer and subject; nobody without one.
    pub fn person(&self) -> Option<String> {
        match self.proof() {
            Proof::Bearer { issuer, .. } if !self.claims.actor.is_empty() => {
                Some(format!("{issuer} {}", self.claims.actor))
            }
            Proof::Bearer { .. } | Proof::Anonymous => None,
        }
    }

    /// What the token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// How the caller was proven.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The text of `Chengxin-Purpose`, unchecked.
    pub fn declared_purpose(&self) -> Option<&str> {
        self.purpose.as_deref()
    }

    /// The text of `Chengxin-Case`.
    pub fn case(&self) -> Option<&str> {
        self.case.as_deref()
    }

    /// The text of `Chengxin-Authorization`, an opaque id, unchecked.
    pub fn declared_authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// What the ledger calls the consumer: the department, the organization, or nothing.
    pub fn consumer(&self) -> Option<&str> {
        match (&self.claims.department, &self.claims.organization) {
            (Some(department), _) => Some(department.as_str()),
            (None, organization) => organization.as_deref(),
        }
    }
}
