//! What was renamed on one side is renamed on the other, and not one byte of it travels; where it
//! is not certain which name became which, it is sent, and nothing is ever lost over it.

#[path = "../support/mod.rs"]
mod support;

mod doubtful;
mod edited;
mod envelope;
mod folders;
mod lesser;
mod machines;
mod objects;
mod plain;
mod trouble;

use support::wire::Op;
use support::world::{Machine, Run, World, counts};

/// What a rename here may ask for: a listing, a copy, a removal.
const ONE: [(Op, usize); 3] = [(Op::List, 1), (Op::Copy, 1), (Op::Delete, 1)];
/// What a rename in the bucket may ask for: a listing, and a look at either name.
const ONE_BACK: [(Op, usize); 2] = [(Op::List, 1), (Op::Head, 2)];

/// Both sides hold these files and the one that no story touches, and the next run is quiet.
#[track_caller]
fn ends_with(machine: &Machine, files: &[(&str, &str)]) {
    let mut files = files.to_vec();
    files.push(("zz", "stays"));
    machine.expect_both(&files).expect_quiet(1);
}

/// As [`World::agreed`], on our own server, with the number of a file that is not there before, so
/// that the first write has asked what the server honours.
fn agreed(files: &[(&str, &str)]) -> World {
    let world = World::embedded();
    for (name, contents) in files {
        world.local(name, contents);
    }
    world.local("zz", "stays").init().sync();
    world.wire().forget();
    world
}

/// Renames an object behind the program's back, with all that belongs to it.
fn rename_remote(world: &World, from: &str, to: &str) {
    let hand = world.hand().expect("the embedded server");
    hand.rename(&format!("docs/{from}"), &format!("docs/{to}"), None);
}

/// A sync that says what it does.
#[track_caller]
fn told(machine: &Machine) -> Run {
    let run = machine.run(&["--debug"]);
    run.expect_code(0);
    run
}

/// No request since the log was last begun carried a file's bytes.
#[track_caller]
fn expect_no_bytes(machine: &Machine) {
    let found = counts(&machine.wire().log());
    for op in [Op::Put, Op::Get, Op::UploadPart, Op::CreateMpu] {
        assert_eq!(found.get(&op), None, "{op}: {found:?}");
    }
}
