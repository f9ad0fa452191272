//! The hard cases: each is shown by a test that a table names, here or where its subject is.

#[path = "../support/mod.rs"]
mod support;

mod folding;
mod mounted;
