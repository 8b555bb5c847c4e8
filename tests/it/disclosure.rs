//! Disclosure through the front door: what a caller gets of a field is what the three tiers say, on every path, and
//! nothing that is out of reach shows anywhere, be it in a value, an error, a length, a count or a log.

pub mod actors;
mod canaries;
mod desks;
mod emergencies;
mod fields;
mod filters;
mod joint_work;
mod oracle;
mod pages;
mod paths;
mod rows;
mod two_worlds;
mod values;
mod windows;
pub mod world;
