//! Staying logged in: sessions that end when they are not used, when their time is over, when their owner says so.
//!
//! Deliberately absent: who somebody is. That was proved by a token and is sealed in the session (`authentication`).

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::cursor::CursorScope;
use super::fault::Fault;
use super::gateway::Gateway;
use super::register::{self, AuditUnavailable};
use crate::authentication::{Binding, Caller, LoggedOut, SessionSeal};
use crate::domain::Instant;
use crate::store;
use crate::store::session::{Session, Whose};

/// How long a log-in may take, in seconds.
const LOG_IN_SECONDS: i64 = 600;
/// How exactly it is noted when a session was used, in seconds: not each page is a write.
const NOTED_SECONDS: i64 = 60;

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without being used.
    pub idle_seconds: i64,
    /// At most.
    pub absolute_seconds: i64,
}

/// The id of a session: SHA-256 of what stands in the browser's cookie.
pub fn id_of(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie.as_bytes()).into()
}

/// What a new session's cookie holds: 256 bits of chance.
pub fn new_cookie(gateway: &Gateway) -> String {
    hex::encode(gateway.ambient.bytes::<32>())
}

fn person_index(gateway: &Gateway, person: &str) -> String {
    hex::encode(gateway.keyring.blind_index("session.person", person))
}

fn provider_index(gateway: &Gateway, session: &str) -> String {
    hex::encode(gateway.keyring.blind_index("session.provider", session))
}

/// A session that is to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: [u8; 32],
    /// What was proved, sealed for it.
    pub sealed: Vec<u8>,
    /// The session at the provider, when the provider says which.
    pub provider_session: Option<String>,
}

/// Begins a session of a caller: an entry first. Blocks. Old sessions of anybody go with the occasion.
pub fn begin(
    gateway: &Gateway,
    caller: &Caller,
    new: NewSession,
    (lifetimes, address): (Lifetimes, &str),
) -> Result<(), Fault> {
    let person = caller.person().ok_or(Fault::Forbidden)?;
    register::register_session(gateway, caller, "LOG_IN", address)
        .map_err(|AuditUnavailable| Fault::AuditUnavailable)?;
    let now = gateway.ambient.now();
    let session = Session {
        id: new.id,
        person: person_index(gateway, &person),
        sealed: new.sealed,
        begun_at: now,
        seen_at: now,
        provider_session: new.provider_session.map_or_else(String::new, |session| provider_index(gateway, &session)),
    };
    Ok(gateway.registry.write(|connection| {
        store::session::delete_old(connection, oldest(now, lifetimes))?;
        store::session::insert(connection, &session)
    })?)
}

fn oldest(now: Instant, lifetimes: Lifetimes) -> (Instant, Instant) {
    (now.plus_seconds(-lifetimes.idle_seconds), now.plus_seconds(-lifetimes.absolute_seconds))
}

/// What was sealed in a session that still lasts. Its use is noted when somebody uses it; a page that waits for news does not.
pub fn find(gateway: &Gateway, id: &[u8; 32], lifetimes: Lifetimes, is_used: bool) -> Result<Option<Vec<u8>>, Fault> {
    let now = gateway.ambient.now();
    let (seen_before, begun_before) = oldest(now, lifetimes);
    let Some(session) = gateway.registry.read(|connection| store::session::find(connection, id))? else {
        return Ok(None);
    };
    if session.seen_at < seen_before || session.begun_at < begun_before {
        return Ok(None);
    }
    if is_used && session.seen_at <= now.plus_seconds(-NOTED_SECONDS) {
        gateway.registry.write(|connection| store::session::touch(connection, id, now))?;
    }
    Ok(Some(session.sealed))
}

/// Ends a session, or all of the caller's. Blocks.
pub fn end(
    gateway: &Gateway,
    (caller, id): (&Caller, &[u8; 32]),
    everywhere: bool,
    address: &str,
) -> Result<(), Fault> {
    let flag = if everywhere { "LOG_OUT_EVERYWHERE" } else { "LOG_OUT" };
    register::register_session(gateway, caller, flag, address).map_err(|AuditUnavailable| Fault::AuditUnavailable)?;
    let person = caller.person().filter(|_| everywhere).map(|person| person_index(gateway, &person));
    Ok(gateway.registry.write(|connection| {
        store::session::delete(connection, id)?;
        if let Some(person) = &person {
            store::session::delete_of(connection, person)?;
        }
        Ok(())
    })?)
}

/// Ends what the provider says has ended there: one session of it, or all of a person's. What is not known of which session at the
/// provider it is ends with any of its owner's. An entry for each session that lasted, first; of who was not in there is none. How many
/// were ended. Blocks.
pub fn end_by_provider(
    gateway: &Gateway,
    told: &LoggedOut,
    seal: &SessionSeal,
    (lifetimes, address): (Lifetimes, &str),
) -> Result<usize, Fault> {
    let session = told.provider_session.as_ref().map(|session| provider_index(gateway, session));
    let whose = match (&told.person, &session) {
        (Some(person), _) => Whose::Person(person_index(gateway, person)),
        (None, Some(session)) => Whose::ProviderSession(session.clone()),
        (None, None) => return Ok(0),
    };
    let mut ended = gateway.registry.read(|connection| store::session::of(connection, &whose))?;
    if let Some(of) = &session {
        ended.retain(|one| one.provider_session == *of || one.provider_session.is_empty());
    }
    let (seen_before, begun_before) = oldest(gateway.ambient.now(), lifetimes);
    let lasts = |one: &&Session| one.seen_at >= seen_before && one.begun_at >= begun_before;
    for session in ended.iter().filter(lasts) {
        if let Some(caller) = seal.open(&session.sealed, &session.id) {
            register::register_session(gateway, &caller, "LOG_OUT_BY_PROVIDER", address)
                .map_err(|AuditUnavailable| Fault::AuditUnavailable)?;
        }
        gateway.registry.write(|connection| store::session::delete(connection, &session.id))?;
    }
    Ok(ended.len())
}

/// What the forms of a session carry, so that no other site can post in its name.
pub fn form_token(gateway: &Gateway, id: &[u8; 32]) -> String {
    hex::encode(gateway.keyring.blind_index("session.form", &hex::encode(id)))
}

/// Whether a form is of this session.
pub fn is_form_token(gateway: &Gateway, id: &[u8; 32], sent: &str) -> bool {
    form_token(gateway, id).as_bytes().ct_eq(sent.as_bytes()).into()
}

/// A log-in that has begun: what binds the provider's answer to this browser, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIn {
    /// What binds the answer.
    pub binding: Binding,
    /// The page to go to then.
    pub then: String,
}

/// A new log-in that leads to a page.
pub fn new_log_in(gateway: &Gateway, then: &str) -> LogIn {
    let chance = || hex::encode(gateway.ambient.bytes::<32>());
    LogIn { binding: Binding { state: chance(), nonce: chance(), verifier: chance() }, then: then.to_owned() }
}

fn scope() -> CursorScope {
    CursorScope::new(b"", "log-in")
}

/// Seals a log-in for the browser's cookie.
pub fn seal_log_in(gateway: &Gateway, log_in: &LogIn) -> String {
    let LogIn { binding: Binding { state, nonce, verifier }, then } = log_in;
    let begun = gateway.ambient.now().seconds();
    gateway.cursors.encode(scope(), &format!("{begun}|{state}|{nonce}|{verifier}|{then}"), &gateway.ambient)
}

/// Reads it back; `None` when it is none of ours or has taken too long.
pub fn open_log_in(gateway: &Gateway, cookie: &str) -> Option<LogIn> {
    let now = gateway.ambient.now();
    let text = gateway.cursors.decode(scope(), cookie, now)?;
    let mut parts = text.splitn(5, '|');
    let begun: i64 = parts.next()?.parse().ok()?;
    let mut part = || parts.next().map(str::to_owned);
    let binding = Binding { state: part()?, nonce: part()?, verifier: part()? };
    let log_in = LogIn { binding, then: part()? };
    (now.seconds() - begun <= LOG_IN_SECONDS).then_some(log_in)
}
