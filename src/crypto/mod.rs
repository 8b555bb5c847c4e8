//! Keys, sealing and opening of private values, blind indexes.
