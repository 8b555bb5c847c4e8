//! Objection and repair (异议、信用修复): what they stop, what they end, and who learns of it.

mod broken_off;
mod objections;
mod plan;
mod repairs;
mod shielding;
pub mod stage;
