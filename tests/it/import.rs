//! The importer: real files, dirty files, the same file twice.
