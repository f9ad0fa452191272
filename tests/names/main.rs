//! Names and things that have no place on the other side are left alone and named; all others
//! arrive under the very same bytes.

#[path = "../support/mod.rs"]
mod support;

mod disk;
mod ignored;
mod keys;
mod maps;
mod unknown;
