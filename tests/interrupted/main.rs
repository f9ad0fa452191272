//! Whatever interrupts a run, nothing is lost, and the next run carries on by itself.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod kills;
mod listings;
mod signals;
mod silence;
mod stops;
mod system_calls;
mod unrecorded;
