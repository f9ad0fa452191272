//! Whatever mask a person works under, the program's own files are for their owner alone, and the
//! files of others have the modes that any new file would have.

mod support;

use rustix::fs::Mode;
use rustix::process::umask;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use support::wire::{Fault, Op, When};
use support::world::{Kill, World};

#[track_caller]
fn expect_mode(path: &Path, wanted: u32) {
    let meta = fs::symlink_metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mode = meta.permissions().mode() & 0o777;
    assert_eq!(mode, wanted, "{} has mode {mode:o}", path.display());
}

/// One test, since the mask is the whole process's.
#[test]
fn nothing_of_the_program_s_own_is_open_to_others() {
    umask(Mode::empty());
    let world = World::embedded();
    world
        .local("a", "1")
        .local("gone", "2")
        .local("both", "3")
        .init()
        .sync();
    let state = world.state_file();
    let beside = |end: &str| state.with_file_name(format!("state.s3sync{end}"));

    // Killed while one file is on its way and receipts are in the journal.
    world.remote("down", "4").remote("new/er", "5");
    let last = When::op(Op::Get).key("docs/new/er");
    let pause = Fault::Delay(std::time::Duration::from_millis(400));
    world.wire().fault(last.clone(), pause);
    assert!(world.killed(&["--jobs", "1"], last, Kill::Before).is_none());
    expect_mode(&beside(".journal"), 0o600);
    expect_mode(&world.path("down"), 0o666);

    world
        .remove_remote("gone")
        .local_at("both", "3 here", 1_000_000_000);
    world.remote("both", "3 there").sync();
    world.local("a", "1 edited").sync();
    for end in ["", "~", ".lock"] {
        expect_mode(&beside(end), 0o600);
    }
    expect_mode(&world.path(".s3bsync"), 0o700);
    expect_mode(&world.path(".s3bsync/marker"), 0o600);
    expect_mode(&world.path(".s3bsync/recovery"), 0o700);
    for run in fs::read_dir(world.path(".s3bsync/recovery")).expect("it can be read") {
        expect_mode(&run.expect("it can be read").path(), 0o700);
    }
    world.expect_kept("2").expect_kept("3 here");
    expect_mode(&world.path("new"), 0o777);
    expect_mode(&world.path("new/er"), 0o666);

    // A damaged state that is moved aside stays as closed as it was.
    let mut bytes = fs::read(&state).expect("it can be read");
    bytes[40] ^= 1;
    fs::write(&state, bytes).expect("it can be written");
    world.sync_code(1);
    let folder = fs::read_dir(world.home()).expect("it can be read");
    let names = folder.map(|entry| entry.expect("it can be read").path());
    let aside: Vec<_> = names
        .filter(|path| path.to_string_lossy().contains(".corrupt-"))
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    expect_mode(&aside[0], 0o600);
    expect_mode(&state, 0o600);
}
