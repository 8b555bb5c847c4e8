//! The room `admission`.
