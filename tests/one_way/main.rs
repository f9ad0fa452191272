//! Maps that go one way: the truth is never touched, and what it replaces can be found.
//!
//! Every row of the one-way law is told as a story, for a directory that is the truth (push) and
//! for a bucket that is (pull), then what a mirror deletes, and what holds it back.

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod mapless;
mod mirror;
mod pull;
mod push;
mod races;

use support::wire::Op;
use support::world::{Machine, Run, Tree, World};

/// Files agreed on by a map with these words for its direction.
#[track_caller]
fn agreed(files: &[(&str, &str)], direction: &str) -> World {
    World::agreed_with(files, &settings(direction))
}

/// A map with these words for its direction, and nothing synced yet.
#[track_caller]
fn mapped(direction: &str) -> World {
    let world = World::new();
    world.init_with(&settings(direction));
    world
}

fn settings(direction: &str) -> Vec<&str> {
    let words = direction.split_whitespace();
    ["--direction"].into_iter().chain(words).collect()
}

/// Syncs to this exit code. The directory is what it was, to the times of its files.
#[track_caller]
fn pushes(machine: &Machine, code: i32) -> Run {
    let before = with_times(machine);
    let run = machine.sync_code(code);
    assert_eq!(with_times(machine), before, "the directory is the truth");
    run
}

fn with_times(machine: &Machine) -> Vec<(String, String, i128)> {
    let timed = |(name, contents): (String, String)| {
        let time = machine.mtime_ns(&name);
        (name, contents, time)
    };
    machine.tree().into_iter().map(timed).collect()
}

/// Syncs to this exit code. The bucket is what it was, and was only read.
#[track_caller]
fn pulls(machine: &Machine, code: i32) -> Run {
    let before = (machine.remote_tree(), machine.kept_remote());
    machine.wire().forget();
    let run = machine.sync_code(code);
    for exchange in machine.wire().log() {
        let reads = matches!(exchange.op, Op::List | Op::Get | Op::Head);
        assert!(reads, "a pull sent {exchange:?}");
    }
    let after = (machine.remote_tree(), machine.kept_remote());
    assert_eq!(after, before, "the bucket is the truth");
    run
}

/// One side holds these files, and `zz`, which no story touches.
#[track_caller]
fn expect(tree: &Tree, files: &[(&str, &str)]) {
    let all = files.iter().chain(&[("zz", "stays")]);
    let own = all.map(|(name, contents)| ((*name).to_owned(), (*contents).to_owned()));
    assert_eq!(*tree, own.collect::<Tree>());
}
