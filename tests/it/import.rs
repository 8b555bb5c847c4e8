//! Importing: what real, dirty and hostile files come to.

mod cases;
mod files;
mod support;
