//! One suite for both databases: whatever holds on SQLite holds on PostgreSQL, case by case.

mod application;
mod authorizations;
mod records;
mod setting;
mod subjects;
