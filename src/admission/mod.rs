//! How much a caller may ask for: request rate and cost by role, and the count of who was turned away.
//!
//! Deliberately absent: what a query costs (the guard's business) and whether a caller may see anything at all.
//! Nobody is exempt, administrators included. Every store here has a fixed size, whatever keys come.

pub mod address;
pub mod folding;
pub mod limits;
pub mod reservation;
pub mod standing;

mod cost_bucket;
mod gate;
mod limits_reader;
mod seat;
mod steady_clock;
mod turnstile;

pub use address::{Cidr, Forwarded, Network, bucket, client_address};
pub use folding::{FoldedBucket, FoldedRefusals, Folding};
pub use limits::{DocumentLimits, Limits, LimitsFault, LimitsFaults, MemoryLimits, Rate, RoleLimits};
pub use reservation::{CostRefused, Reservation};
pub use standing::{Quota, Refused, Standing, Unit};
pub use turnstile::{Admission, Admitted};
