//! What did not change in a large file is not sent again.

#[path = "../support/mod.rs"]
mod support;

mod download;
mod refused;
mod stage;
mod upload;
