//! One file a page: what it asks the use cases, and what its template gets.

pub(super) mod desk;
pub(super) mod guide;
pub(super) mod home;
pub(super) mod list;
pub(super) mod lists;
pub(super) mod measures;
pub(super) mod receipt;
pub(super) mod records;
pub(super) mod report;
pub(super) mod search;
pub(super) mod statistics;
pub(super) mod subject;
pub(super) mod tipoff;
pub(super) mod transparency;
