//! Every row of the decision table has the outcome that loses nothing.
//!
//! One story for each of the 29 rows (local x remote, each unchanged, modified, deleted, renamed or
//! of another type since the base; created or absent without one), told in both directions. Each
//! ends with a further run that asks for one listing and does nothing.

#[path = "../support/mod.rs"]
mod support;

mod both_changed;
mod created;
mod hard;
mod one_side;
mod policies;
mod removed;
mod renamed;
mod types_change;
mod types_clash;

use support::world::Machine;

/// Both sides hold these files and the one that no story touches, and the next run is quiet.
#[track_caller]
fn ends_with(machine: &Machine, files: &[(&str, &str)]) {
    let mut files = files.to_vec();
    files.push(("zz", "stays"));
    machine.expect_both(&files).expect_quiet(1);
}

/// A name of which there is one more copy, under a conflict's name, with these contents, on both
/// sides alike.
#[track_caller]
fn conflict_copy(machine: &Machine, stem: &str, contents: &str) -> String {
    let tree = machine.tree();
    let begins = format!("{stem}.conflict-");
    let copies: Vec<_> = tree
        .iter()
        .filter(|(name, _)| name.starts_with(&begins))
        .collect();
    let [(name, found)] = &copies[..] else {
        panic!("one copy of {stem}, not {copies:?} in {tree:?}");
    };
    assert_eq!(found, contents, "contents of {name}");
    machine.expect_remote(name, contents);
    name.clone()
}
