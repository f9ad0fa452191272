//! The program keeps to its places: the root, the folder of the state file, and nothing else on the
//! disk, whatever a run has to do and whatever is put in its way.

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod planted;
mod race;
