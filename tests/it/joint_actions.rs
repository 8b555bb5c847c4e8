//! The joint work (联合奖惩): who takes which step when, who sees what of it, and what is refused.

mod awaiting;
mod eligibility;
pub mod promises;
mod refusals;
mod returns;
pub mod stage;
mod walk;
