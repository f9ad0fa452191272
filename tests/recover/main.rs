//! What was displaced can be had again: it is listed on both sides, shown, put back without ever
//! taking the place of anything, and goes for good only when somebody says so.

#[path = "../support/mod.rs"]
mod support;

mod put_back;
mod removed;
mod shown;
mod undo;

use support::world::{Machine, World};

/// A conflict in `a.txt` that the object has won, so that the file is kept in the directory.
fn kept_file() -> World {
    let world = World::agreed_with(&[("a.txt", "agreed")], &["--conflict", "remote"]);
    world.local("a.txt", "here").remote("a.txt", "there").sync();
    world.expect_kept_local("a.txt", "here");
    world
}

/// The same where the file has won, so that the object is kept in the bucket.
fn kept_object() -> World {
    let world = World::agreed_with(&[("a.txt", "agreed")], &["--conflict", "local"]);
    world.local("a.txt", "here");
    world.remote_at("a.txt", "there", 1_000_000_000).sync();
    world.expect_kept_remote("a.txt", "there");
    world
}

/// The names of the files in a map's directory.
fn names(machine: &Machine) -> Vec<String> {
    machine.tree().into_iter().map(|(name, _)| name).collect()
}
