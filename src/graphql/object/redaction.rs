//! The redaction of one entry's body, and how far it has come.

use async_graphql::{Enum, Object, SimpleObject};

use crate::domain::Role;
use crate::exchange::redaction;
use crate::graphql::scalar::DateTime;

/// How far a redaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RedactionState {
    /// Somebody has proposed it; nobody has agreed.
    Proposed,
    /// One has agreed; it takes another of another role.
    AgreedOnce,
    /// Two have agreed, and the body is being removed.
    Agreed,
    /// The body is gone.
    Done,
}

/// Somebody's word on a redaction.
#[derive(Clone, Debug, SimpleObject)]
pub struct RedactionVoice {
    /// In which role.
    role: Role,
    /// When.
    time: DateTime,
}

/// The redaction of one entry's body (who asked, from where, with which query). The entry and its proofs stay.
#[derive(Clone, Debug)]
pub struct Redaction(pub redaction::Redaction);

/// The redaction of one entry's body (who asked, from where, with which query). The entry and its proofs stay.
#[Object]
impl Redaction {
    /// The index of the entry, a decimal number.
    async fn index(&self) -> String {
        self.0.index.to_string()
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// How far it has come.
    async fn state(&self) -> RedactionState {
        match (self.0.agreed.len(), self.0.done_at) {
            (_, Some(_)) => RedactionState::Done,
            (0, None) => RedactionState::Proposed,
            (1, None) => RedactionState::AgreedOnce,
            (_, None) => RedactionState::Agreed,
        }
    }

    /// Who proposed it.
    async fn proposed(&self) -> RedactionVoice {
        let (voice, at) = &self.0.proposed;
        RedactionVoice { role: voice.role, time: DateTime(*at) }
    }

    /// Who has agreed.
    async fn agreed(&self) -> Vec<RedactionVoice> {
        self.0.agreed.iter().map(|(voice, at)| RedactionVoice { role: voice.role, time: DateTime(*at) }).collect()
    }

    /// When the body was removed.
    async fn done_at(&self) -> Option<DateTime> {
        self.0.done_at.map(DateTime)
    }
}
