//! Opaque, authenticated ids of nodes: base64url(version, type, uuid, 12-byte HMAC tag).
//!
//! The same for every caller, so that an authorization's id can be handed on. Knowing an id permits nothing.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::domain::{AssignmentId, AuthorizationId, BreakGlassId, CaseId, EventId, RecordId, SubjectId, WebhookId};

const VERSION: u8 = 1;
const TAG_SIZE: usize = 12;

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeRef {
    /// A credit subject.
    Subject(SubjectId),
    /// A record of any item.
    Record(RecordId),
    /// An authorization.
    Authorization(AuthorizationId),
    /// An opening in an emergency.
    BreakGlass(BreakGlassId),
    /// A joint action.
    JointAction(CaseId),
    /// A measure of one in one department.
    Assignment(AssignmentId),
    /// An objection or an application for repair.
    Application(CaseId),
    /// A tombstone.
    Tombstone(CaseId),
    /// A promise to hand papers in later.
    Promise(CaseId),
    /// A tip-off.
    Tipoff(CaseId),
    /// An entry on a list, as a case.
    Listing(CaseId),
    /// An event.
    Event(EventId),
    /// A webhook.
    Webhook(WebhookId),
    /// A ledger entry, by its index.
    Entry(u64),
}

/// Makes and reads node ids under one key.
#[derive(Clone)]
pub struct NodeIds {
    key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for NodeIds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NodeIds(…)")
    }
}

impl NodeIds {
    /// Ids under `key`.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key }
    }

    /// The id of a node.
    pub fn encode(&self, node: NodeRef) -> String {
        let (kind, uuid) = match node {
            NodeRef::Subject(id) => (b'S', *id.bytes()),
            NodeRef::Record(id) => (b'R', *id.bytes()),
            NodeRef::Authorization(id) => (b'A', *id.bytes()),
            NodeRef::BreakGlass(id) => (b'B', *id.bytes()),
            NodeRef::JointAction(id) => (b'J', *id.bytes()),
            NodeRef::Assignment(id) => (b'M', *id.bytes()),
            NodeRef::Application(id) => (b'O', *id.bytes()),
            NodeRef::Tombstone(id) => (b'T', *id.bytes()),
            NodeRef::Promise(id) => (b'P', *id.bytes()),
            NodeRef::Tipoff(id) => (b'G', *id.bytes()),
            NodeRef::Listing(id) => (b'L', *id.bytes()),
            NodeRef::Event(id) => (b'V', *id.bytes()),
            NodeRef::Webhook(id) => (b'W', *id.bytes()),
            NodeRef::Entry(index) => (b'E', u128::from(index).to_be_bytes()),
        };
        let mut bytes = vec![VERSION, kind];
        bytes.extend_from_slice(&uuid);
        let tag = self.tag(&bytes);
        bytes.extend_from_slice(&tag);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The node an id names; `None` for anything this gateway did not make.
    pub fn decode(&self, text: &str) -> Option<NodeRef> {
        if text.len() > 64 {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, tag) = bytes.split_at_checked(18)?;
        if !bool::from(self.tag(body).as_slice().ct_eq(tag)) {
            return None;
        }
        let (&[VERSION, kind], uuid) = body.split_first_chunk::<2>()? else { return None };
        let uuid: [u8; 16] = uuid.try_into().ok()?;
        match kind {
            b'S' => Some(NodeRef::Subject(SubjectId::new(uuid))),
            b'R' => Some(NodeRef::Record(RecordId::new(uuid))),
            b'A' => Some(NodeRef::Authorization(AuthorizationId::new(uuid))),
            b'B' => Some(NodeRef::BreakGlass(BreakGlassId::new(uuid))),
            b'J' => Some(NodeRef::JointAction(CaseId::new(uuid))),
            b'M' => Some(NodeRef::Assignment(AssignmentId::new(uuid))),
            b'O' => Some(NodeRef::Application(CaseId::new(uuid))),
            b'T' => Some(NodeRef::Tombstone(CaseId::new(uuid))),
            b'P' => Some(NodeRef::Promise(CaseId::new(uuid))),
            b'G' => Some(NodeRef::Tipoff(CaseId::new(uuid))),
            b'L' => Some(NodeRef::Listing(CaseId::new(uuid))),
            b'V' => Some(NodeRef::Event(EventId::new(uuid))),
            b'W' => Some(NodeRef::Webhook(WebhookId::new(uuid))),
            b'E' => u64::try_from(u128::from_be_bytes(uuid)).ok().map(NodeRef::Entry),
            _ => None,
        }
    }

    fn tag(&self, body: &[u8]) -> [u8; TAG_SIZE] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_slice()).unwrap_or_else(|_| unreachable!());
        mac.update(b"chengxin/node-id/v1\0");
        mac.update(body);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        std::array::from_fn(|at| whole.get(at).copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids() -> NodeIds {
        NodeIds::new(Zeroizing::new([7; 32]))
    }

    proptest! {
        #[test]
        fn an_id_reads_back_and_any_changed_character_is_unknown(uuid: [u8; 16], at in 0_usize..40, to in "[A-Za-z0-9_-]") {
            let text = ids().encode(NodeRef::Record(RecordId::new(uuid)));
            prop_assert_eq!(ids().decode(&text), Some(NodeRef::Record(RecordId::new(uuid))));
            let mut changed: Vec<char> = text.chars().collect();
            let to = to.chars().next().unwrap();
            prop_assume!(changed[at] != to);
            changed[at] = to;
            prop_assert_eq!(ids().decode(&changed.into_iter().collect::<String>()), None);
        }
    }

    #[test]
    fn an_id_of_another_key_is_unknown() {
        let other = NodeIds::new(Zeroizing::new([8; 32]));
        assert_eq!(ids().decode(&other.encode(NodeRef::Entry(5))), None);
        assert_eq!(ids().decode(""), None);
        assert_eq!(ids().decode("AVI"), None);
    }
}
