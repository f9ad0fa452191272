//! What the flags of a run promise.

#[path = "../support/mod.rs"]
mod support;

mod dryrun;
mod guard;
mod side_by_side;
mod voice;
