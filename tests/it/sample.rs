//! The generated sample: repeatable, fictitious, dirty as real files are, and counted by the importer as foretold.

mod dirt;
mod files;
mod imported;
mod large;
mod support;
