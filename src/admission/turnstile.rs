//! The door: `admit_address` before authentication, `admit` after it, `reserve` when the price is known.

use std::net::IpAddr;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use strum::IntoEnumIterator;

use super::address::{Network, bucket};
use super::gate::{ClientHash, Gate, GatePlan};
use super::limits::{Limits, Rate, RoleLimits};
use super::reservation::{CostRefused, Reservation};
use super::seat::SeatKey;
use super::standing::{Quota, Refused, Standing};
use super::steady_clock::SteadyClock;
use crate::authentication::{Caller, Proof};
use crate::clock::Ambient;
use crate::domain::Role;

/// Who is let in, how often, and for how much. To change limits, make a new one; its buckets are full.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    addresses: Gate,
    tipoffs: Gate,
    roles: Vec<Arc<Gate>>,
    hash_key: [u8; 32],
}

/// A request that was let in. Only `admit` makes one.
#[derive(Clone, Debug)]
pub struct Admitted {
    gate: Arc<Gate>,
    seat: SeatKey,
    requests: Quota,
    role: Role,
}

impl Admitted {
    /// The role whose limits hold.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Where the caller stands now.
    pub fn standing(&self) -> Standing {
        Standing { requests: self.requests.clone(), cost: self.gate.cost_standing(&self.seat) }
    }
}

impl Admission {
    /// Takes all its memory at once: the stores never grow beyond `limits.memory`.
    pub fn new(limits: Limits, ambient: &Ambient) -> Self {
        let clock = SteadyClock::new(ambient.clone());
        let addresses = Gate::new(&network_plan(("address", "address-cost"), limits.address, &limits), clock.clone());
        let tipoffs = Gate::new(&network_plan(("tipoff", "tipoff-cost"), limits.tipoff, &limits), clock.clone());
        let roles = Role::iter().map(|role| Arc::new(Gate::new(&role_plan(&limits, role), clock.clone()))).collect();
        Self { limits, addresses, tipoffs, roles, hash_key: ambient.bytes() }
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The limits of the caller's role.
    pub fn role_limits(&self, caller: &Caller) -> &RoleLimits {
        self.limits.role(caller.role())
    }

    /// Lets a request of an address on to authentication.
    pub fn admit_address(&self, address: IpAddr) -> Result<(), Refused> {
        self.addresses.pass(&self.addresses.shared_seat(self.network_hash(bucket(address)))).map(drop)
    }

    /// Lets a tip-off of an address in, or an attachment of one.
    pub fn admit_tipoff(&self, address: IpAddr) -> Result<(), Refused> {
        self.tipoffs.pass(&self.tipoffs.shared_seat(self.network_hash(bucket(address)))).map(drop)
    }

    /// Lets a caller in. Anonymous callers are counted by network, known ones by issuer and client.
    pub fn admit(&self, caller: &Caller, address: IpAddr) -> Result<Admitted, Refused> {
        let role = caller.role();
        let gate = self.gate(role);
        let seat = match caller.proof() {
            Proof::Anonymous => gate.shared_seat(self.network_hash(bucket(address))),
            Proof::Bearer { issuer, .. } => gate.seat_of(self.client_hash(issuer, caller)),
        };
        let requests = gate.pass(&seat)?;
        Ok(Admitted { gate: Arc::clone(gate), seat, requests, role })
    }

    /// Takes the price of a query. `cost` is the guard's estimate from above.
    pub fn reserve(&self, admitted: &Admitted, cost: u64) -> Result<Reservation, CostRefused> {
        Reservation::take(&admitted.gate, &admitted.seat, cost)
    }

    /// How many buckets are held in memory: shared ones, a fixed number, and clients' own ones. For the metrics.
    pub fn seats(&self) -> (usize, usize) {
        let gates = self.roles.iter().map(AsRef::as_ref).chain([&self.addresses, &self.tipoffs]);
        gates.map(Gate::seats).fold((0, 0), |sum, seats| (sum.0 + seats.0, sum.1 + seats.1))
    }

    #[expect(clippy::indexing_slicing, reason = "there is one gate per role, in the order of the enum")]
    fn gate(&self, role: Role) -> &Arc<Gate> {
        &self.roles[role as usize]
    }

    fn network_hash(&self, network: Network) -> ClientHash {
        self.hash(&[network.to_string().as_bytes()])
    }

    /// A client that has no `client_id` is counted by who is behind it.
    fn client_hash(&self, issuer: &str, caller: &Caller) -> ClientHash {
        let claims = caller.claims();
        let client = if claims.client.is_empty() { ["actor", &claims.actor] } else { ["client", &claims.client] };
        let [kind, name] = client.map(str::as_bytes);
        self.hash(&[issuer.as_bytes(), kind, name])
    }

    /// Keyed, so that nobody can choose whom to share a bucket with.
    fn hash(&self, parts: &[&[u8]]) -> ClientHash {
        let mut hasher = Sha256::new_with_prefix(self.hash_key);
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        u128::from_be_bytes(short)
    }
}

fn network_plan((name, cost_name): (&'static str, &'static str), requests: Rate, limits: &Limits) -> GatePlan {
    GatePlan {
        name,
        cost_name,
        requests,
        cost: Rate { per_minute: 1, burst: 1 },
        query_cost: 0,
        shared_seats: limits.memory.address_slots,
        own_seats: 0,
    }
}

fn role_plan(limits: &Limits, role: Role) -> GatePlan {
    let of_role = limits.role(role);
    let (name, cost_name) = policy_names(role);
    let shared_seats = if role == Role::Public { limits.memory.anonymous_slots } else { limits.memory.overflow_slots };
    GatePlan {
        name,
        cost_name,
        requests: of_role.requests,
        cost: of_role.cost,
        query_cost: of_role.query_cost,
        shared_seats,
        own_seats: limits.memory.clients_per_role,
    }
}

fn policy_names(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Public => ("public", "public-cost"),
        Role::Subject => ("subject", "subject-cost"),
        Role::Grantee => ("grantee", "grantee-cost"),
        Role::Department => ("department", "department-cost"),
        Role::Coordinator => ("coordinator", "coordinator-cost"),
        Role::Auditor => ("auditor", "auditor-cost"),
        Role::SecurityAdmin => ("security-admin", "security-admin-cost"),
        Role::SystemAdmin => ("system-admin", "system-admin-cost"),
    }
}
