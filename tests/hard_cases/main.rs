//! The hard cases: each is shown by a test that `table.txt` names, here or where its subject is.

#[path = "../support/mod.rs"]
mod support;

mod card_trouble;
mod folding;
mod mounted;
mod mounts;
mod names;
mod races;
mod settings;
mod table;
