//! What the routes share. Built once, in `app`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use super::metrics::Metrics;
use super::socket::places::Places;
use crate::admission::{Admission, Cidr, Folding, Forwarded, Limits, client_address};
use crate::authentication::{Authenticator, Caller, OpenId, SessionSeal};
use crate::domain::Role;
use crate::exchange::gateway::Gateway;
use crate::graphql::Engine;
use crate::graphql::engine::{Envelope, Prepared};
use crate::graphql::guard::DocumentLimits;
use crate::graphql::media::Statuses;

/// The longest body that is read, before any limit of a role is looked at.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// How many connections for subscriptions may be open at once.
pub const SOCKETS_AT_ONCE: usize = 256;

/// How many forms with files of anybody may be on their way at once: each may hold 11 MiB.
pub const UPLOADS_AT_ONCE: usize = 4;

/// How many pages of the ledger are read at once.
pub const PAGES_AT_ONCE: usize = 2;

/// What the routes share.
#[derive(Debug)]
pub struct Service {
    /// The use cases' parts.
    pub gateway: Arc<Gateway>,
    /// The schema, ready to answer.
    pub engine: Engine,
    /// The same as a Federation 2 subgraph, when it is served.
    pub subgraph: Option<Engine>,
    /// Who asks.
    pub authenticator: Authenticator,
    /// With whom people log in; nobody does when absent.
    pub login: Option<OpenId>,
    /// Seals who logged in.
    pub session_seal: SessionSeal,
    /// How much they may ask.
    pub admission: Admission,
    /// Refusals, folded.
    pub folding: Folding,
    /// How large documents may be, by role.
    pub documents: BTreeMap<Role, DocumentLimits>,
    /// Numbers.
    pub metrics: Metrics,
    /// Inquiries that may run at once beside the workers: as many as there are connections to the registry for them.
    /// Whoever comes later waits without a thread of its own.
    pub turns: Arc<Semaphore>,
    /// Connections for subscriptions that may be open at once.
    pub sockets: Arc<Semaphore>,
    /// How many of them each receiver of events holds.
    pub places: Arc<Places>,
    /// Pages of the ledger that may be read at once: few, so that whoever mirrors it keeps nobody from asking.
    pub pages: Arc<Semaphore>,
    /// Forms with files of anybody that may be on their way at once.
    pub uploads: Semaphore,
    /// How the listener is set up.
    pub edge: Edge,
}

/// How the gateway meets the network.
#[derive(Debug, Default)]
pub struct Edge {
    /// Proxies whose word about the client's address is believed.
    pub trusted_proxies: Vec<Cidr>,
    /// Which edition of the status codes answers carry.
    pub statuses: Statuses,
    /// Where this gateway is to be found, without a path: for what is printed.
    pub public_url: Option<String>,
    /// Whether the gateway is stopping: it finishes what it has and asks for no more.
    pub is_draining: AtomicBool,
}

/// By which door a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `/graphql`.
    Graphql,
    /// `/subgraph`, for a router.
    Subgraph,
}

impl Service {
    /// The schema behind a door. A subgraph that is not served is asked by nobody: its route answers 404.
    pub fn engine_of(&self, door: Door) -> &Engine {
        match (door, &self.subgraph) {
            (Door::Subgraph, Some(subgraph)) => subgraph,
            (Door::Graphql | Door::Subgraph, _) => &self.engine,
        }
    }

    /// The limits of documents for a role.
    pub fn document_limits(&self, role: Role) -> DocumentLimits {
        self.documents.get(&role).copied().unwrap_or_default()
    }

    /// A look-up that a worker may answer itself: its document is known, its price is small, it reads a file of this
    /// machine, and it takes no use of an authorization. Handing it to another thread and back costs more than it does.
    pub fn short_lookup(&self, caller: &Caller, envelope: &Envelope) -> Option<Prepared> {
        if caller.declared_authorization().is_some() || !self.gateway.registry.is_local() {
            return None;
        }
        self.engine.prepare_lookup(envelope, &self.document_limits(caller.role()))
    }

    /// Whether requests that need the ledger can be answered.
    pub fn is_ready(&self) -> bool {
        self.gateway.ledger.is_ready() && !self.edge.is_draining.load(Ordering::Relaxed)
    }

    /// The client's address: the peer's, or what a trusted proxy says.
    pub fn client_address(&self, request: &actix_web::HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
        if self.edge.trusted_proxies.is_empty() {
            return peer.to_canonical();
        }
        let values = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let forwarded = values.collect::<Vec<_>>().join(",");
        client_address(peer, Forwarded::XForwardedFor(&forwarded), &self.edge.trusted_proxies)
    }
}

/// The limits of documents by role, in the guard's terms.
pub fn document_limits(limits: &Limits) -> BTreeMap<Role, DocumentLimits> {
    use strum::IntoEnumIterator;
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let of = |role| {
        let document = limits.role(role).document;
        DocumentLimits {
            bytes: size(document.bytes),
            tokens: size(document.tokens),
            selection_nesting: size(document.depth),
            aliases: size(document.aliases),
            root_fields: size(document.root_fields),
            expanded_size: size(document.expanded_fields),
            directives: size(document.directives),
            variables_bytes: size(document.variables_bytes),
            ..DocumentLimits::default()
        }
    };
    Role::iter().map(|role| (role, of(role))).collect()
}
