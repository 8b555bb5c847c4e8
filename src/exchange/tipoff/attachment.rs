//! What is attached to a tip-off: taken from whoever holds its query code, given to the officer who handles it. Few, small, and of three
//! kinds, told by their first bytes and not by what they are called.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::{Inquiry, NotOpened};
use super::super::register::{self, Asked, EntryKind, NewEntry, Outcome};
use super::submit::by_code;
use super::{Attachment, TipoffRow, by_id};
use crate::access::CaseAction;
use crate::authentication::Caller;
use crate::crypto::tipoff::Part;
use crate::domain::{AttachmentKind, Role, TipoffStage};
use crate::ledger::{self, Decision, Undisclosed};
use crate::store::tipoff::NewAttachment;
use crate::store::{self, StoreError};

/// The largest attachment, in bytes.
pub const BYTES_MAX: usize = 2 << 20;
/// How many attachments a tip-off may have.
pub const COUNT_MAX: i64 = 5;

/// How often files are tried to be attached that meet others.
const TRIES: u32 = 3;

/// Why an attachment is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// There is no tip-off of this query code, or it is answered.
    NoTipoff,
    /// It is neither JPEG, PNG nor PDF.
    Kind,
    /// It is longer than a file may be.
    TooLarge,
    /// The tip-off has as many as it may have.
    TooMany,
}

/// Attaches a file to the tip-off of a query code; its number. The entry says that it was done, and nothing of whence. Blocks.
pub fn attach(gateway: &Gateway, code: &str, bytes: &[u8]) -> Result<Result<i64, NotTaken>, Fault> {
    attach_all(gateway, code, &[bytes])
}

/// Attaches several files, or none of them when one cannot be taken; how many the tip-off has then. One that is there already is not
/// taken twice. Blocks.
pub fn attach_all(gateway: &Gateway, code: &str, files: &[&[u8]]) -> Result<Result<i64, NotTaken>, Fault> {
    let mut tries = 1;
    loop {
        match attach_once(gateway, code, files) {
            // Others came at the same moment: theirs are counted now.
            Err(Fault::Conflict) if tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

fn attach_once(gateway: &Gateway, code: &str, files: &[&[u8]]) -> Result<Result<i64, NotTaken>, Fault> {
    let Some(row) = by_code(gateway, code)?.filter(|row| row.stage != TipoffStage::Answered) else {
        return Ok(Err(NotTaken::NoTipoff));
    };
    if files.iter().any(|bytes| bytes.len() > BYTES_MAX) {
        return Ok(Err(NotTaken::TooLarge));
    }
    let mut known = gateway.registry.read(|connection| store::tipoff::digests(connection, row.id))?;
    let mut new = Vec::new();
    for bytes in files {
        let Some(kind) = AttachmentKind::of(bytes) else { return Ok(Err(NotTaken::Kind)) };
        let digest = digest_of(gateway, &row, bytes);
        if !known.contains(&digest) {
            known.push(digest.clone());
            new.push((kind, *bytes, digest));
        }
    }
    let numbers = row.attachments + 1..=COUNT_MAX;
    if numbers.clone().count() < new.len() {
        return Ok(Err(NotTaken::TooMany));
    }
    let sealed: Result<Vec<NewAttachment>, Fault> =
        numbers.zip(new).map(|(number, file)| sealed(gateway, &row, number, file)).collect();
    let sealed = sealed?;
    let Some(last) = sealed.last().map(|file| file.told.number) else { return Ok(Ok(row.attachments)) };
    let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
    entry.role = Some(Role::Public);
    entry.flags = vec!["TIPOFF".to_owned(), "ATTACHED".to_owned(), format!("CASE:{}", row.id)];
    gateway.ledger.append_blocking(entry).map_err(|_| Fault::AuditUnavailable)?;
    match gateway.registry.write(|connection| store::tipoff::attach(connection, row.id, &sealed)) {
        Ok(()) => Ok(Ok(last)),
        Err(StoreError::Conflict) => Err(Fault::Conflict),
        Err(error) => Err(error.into()),
    }
}

/// Tells a file that is attached to this tip-off already, and nothing of what it is.
fn digest_of(gateway: &Gateway, row: &TipoffRow, bytes: &[u8]) -> String {
    let of = [row.id.bytes().as_slice(), bytes].concat();
    hex::encode(gateway.keyring.digest("tipoff.attachment", &of))
}

fn sealed(
    gateway: &Gateway,
    row: &TipoffRow,
    number: i64,
    (kind, bytes, digest): (AttachmentKind, &[u8], String),
) -> Result<NewAttachment, Fault> {
    let part = Part::Attachment(u32::try_from(number).unwrap_or(u32::MAX));
    let sealed = gateway.keyring.seal_tipoff(row.id, part, bytes, &gateway.ambient);
    let sealed = sealed.map_err(|closed| Fault::Corrupt(closed.to_string()))?;
    let told = Attachment { number, kind, bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX) };
    Ok(NewAttachment { told, digest, sealed })
}

/// Why no content is given.
#[derive(Debug)]
pub enum NoContent {
    /// There is none, or it is not for the caller.
    Unknown,
    /// The purpose is not the caller's to claim.
    PurposeNotAllowed,
    /// A fault.
    Fault(Fault),
}

impl From<Fault> for NoContent {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The content of an attachment, for the officer who handles the tip-off, released with the receipt of its entry. Blocks.
pub fn content(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    (id, number): (&str, i64),
    address: String,
) -> Result<(AttachmentKind, Vec<u8>), NoContent> {
    let inquiry = match Inquiry::open(gateway, caller) {
        Ok(inquiry) => inquiry,
        Err(NotOpened::PurposeNotAllowed) => return Err(NoContent::PurposeNotAllowed),
        Err(NotOpened::Fault(fault)) => return Err(fault.into()),
    };
    let view = by_id(&inquiry, id)?.ok_or(NoContent::Unknown)?;
    let permit = inquiry.permit().case(CaseAction::HandleTipoff, view.concern).ok_or(NoContent::Unknown)?;
    let (attachments, sealed) = gateway
        .registry
        .read(|connection| {
            let attachments = store::tipoff::attachments(connection, view.row.id)?;
            Ok((attachments, store::tipoff::content(connection, view.row.id, number)?))
        })
        .map_err(Fault::from)?;
    let kind = attachments.iter().find(|one| one.number == number).map(|one| one.kind);
    let (Some(kind), Some(sealed)) = (kind, sealed) else { return Err(NoContent::Unknown) };
    let part = Part::Attachment(u32::try_from(number).unwrap_or(u32::MAX));
    let opened = gateway.keyring.open_tipoff(view.row.id, part, &sealed, &permit);
    let bytes = opened.map_err(|_| Fault::Corrupt(format!("tipoff_attachments of {}", view.row.id)))?.to_vec();
    let digest = Sha256::digest(&bytes).into();
    let enclosed = Undisclosed::new(bytes, digest);
    let asked = Asked { query: "GET /tipoffs/{id}/attachments/{number}".to_owned(), address, ..Asked::default() };
    let outcome = Outcome { kind: EntryKind::Query, error_code: None, is_refused: false, intent: None };
    let mut entry = register::entry(&inquiry, &asked, &outcome, None);
    entry.flags.extend(["TIPOFF".to_owned(), "ATTACHMENT".to_owned(), format!("CASE:{}", view.row.id)]);
    entry.committed.result = Some(digest);
    let receipt = gateway.ledger.append_blocking(entry).map_err(|_| Fault::AuditUnavailable)?;
    let bytes = ledger::release(enclosed, &receipt).map_err(|_| Fault::AuditUnavailable)?;
    Ok((kind, bytes))
}
