//! What the routes share. Built once, in `app`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::metrics::Metrics;
use crate::admission::{Admission, Folding, TrustedProxies};
use crate::authentication::Authenticator;
use crate::domain::Role;
use crate::exchange::gateway::Gateway;
use crate::graphql::Engine;
use crate::graphql::guard::DocumentLimits;
use crate::graphql::media::Statuses;

/// The longest body that is read, before any limit of a role is looked at.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// What the routes share.
#[derive(Debug)]
pub struct Service {
    /// The use cases' parts.
    pub gateway: Arc<Gateway>,
    /// The schema, ready to answer.
    pub engine: Engine,
    /// Who asks.
    pub authenticator: Authenticator,
    /// How much they may ask.
    pub admission: Admission,
    /// Refusals, folded.
    pub folding: Folding,
    /// How large documents may be, by role.
    pub documents: BTreeMap<Role, DocumentLimits>,
    /// Numbers.
    pub metrics: Metrics,
    /// How the listener is set up.
    pub edge: Edge,
}

/// How the gateway meets the network.
#[derive(Debug, Default)]
pub struct Edge {
    /// Proxies whose word about the client's address is believed.
    pub trusted_proxies: TrustedProxies,
    /// Which edition of the status codes answers carry.
    pub statuses: Statuses,
    /// Whether the gateway is stopping: it finishes what it has and asks for no more.
    pub is_draining: AtomicBool,
}

impl Service {
    /// The limits of documents for a role.
    pub fn document_limits(&self, role: Role) -> DocumentLimits {
        self.documents.get(&role).copied().unwrap_or_default()
    }

    /// Whether requests that need the ledger can be answered.
    pub fn is_ready(&self) -> bool {
        self.gateway.ledger.is_ready() && !self.edge.is_draining.load(Ordering::Relaxed)
    }

    /// The client's address: the peer's, or what a trusted proxy says.
    pub fn client_address(&self, request: &actix_web::HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
        let forwarded = super::request::text(request.headers(), "x-forwarded-for");
        self.edge.trusted_proxies.client_address(peer, forwarded)
    }
}
