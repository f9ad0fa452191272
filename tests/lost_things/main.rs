//! What is lost, foreign, refused or unknown is never read as deleted.

#[path = "../support/mod.rs"]
mod support;

mod buckets;
mod disks;
mod roots;
mod states;
mod version_1;
