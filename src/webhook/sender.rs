//! One attempt to send one message. Blocks, some seconds at most.

use std::time::Duration;

use super::destinations::{Destinations, WebhookSettings};
use super::signature::Secret;
use crate::client::{self, ClientFault, Patience};

/// How long a receiver may take.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(3), whole: Duration::from_secs(10) };
/// The longest wait that a receiver may ask for, in seconds.
const RETRY_AFTER_MAX: i64 = 86_400;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id: the same at every attempt.
    pub id: String,
    /// The time of the attempt, in seconds since 1970.
    pub seconds: i64,
    /// The JSON text.
    pub body: String,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The receiver took it (2xx).
    Taken,
    /// The receiver is gone for good (410).
    Gone,
    /// It answered something else.
    Failed {
        /// What.
        why: String,
        /// The seconds that it asked us to wait.
        wait: Option<i64>,
    },
    /// It did not answer: why.
    Unreachable(String),
}

/// Sends.
#[derive(Debug)]
pub struct Sender {
    agent: ureq::Agent,
    destinations: Destinations,
}

impl Sender {
    /// A sender by these settings.
    pub fn new(settings: &WebhookSettings) -> Result<Self, ClientFault> {
        let agent = client::agent(PATIENCE, settings.certificate_authorities.as_deref())?;
        Ok(Self { agent, destinations: Destinations::new(&settings.hosts) })
    }

    /// Where it may send to.
    pub fn destinations(&self) -> &Destinations {
        &self.destinations
    }

    /// Makes one attempt. Signed by each of `secrets`, so that a receiver may be between an old and a new one. A host that is named no
    /// more is not sent to.
    pub fn send(&self, url: &str, message: &Message, secrets: &[Secret]) -> Sent {
        if let Some(refusal) = self.destinations.refusal(url) {
            return Sent::Unreachable(refusal.to_owned());
        }
        let Message { id, seconds, body } = message;
        let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(id, *seconds, body)).collect();
        let request = self
            .agent
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signatures.join(" "));
        let response = match request.send(body) {
            Ok(response) => response,
            Err(error) => return Sent::Unreachable(error.to_string()),
        };
        let status = response.status();
        if status.is_success() {
            return Sent::Taken;
        }
        if status == ureq::http::StatusCode::GONE {
            return Sent::Gone;
        }
        let wait = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
        let wait = wait.map(|wait| wait.clamp(0, RETRY_AFTER_MAX));
        Sent::Failed { why: format!("it answered {}", status.as_u16()), wait }
    }
}
