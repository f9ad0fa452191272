//! The state file is lost, damaged, old, of a later version, or no state file at all.

use super::roots::synced;
use crate::support::world::World;
use std::fs;
use std::path::PathBuf;

fn previous(world: &World) -> PathBuf {
    world.home().join("state.s3sync~")
}

fn state(world: &World) -> Vec<u8> {
    fs::read(world.state_file()).expect("there is a state file")
}

fn put_state(world: &World, bytes: &[u8]) {
    fs::write(world.state_file(), bytes).expect("the state file can be written");
}

/// Everything that the state file's directory holds, with contents.
fn beside(world: &World) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(world.home()).expect("a folder can be read");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| path.is_file() && !path.ends_with("state.s3sync.lock"))
        .map(|path| {
            (
                path.display().to_string(),
                fs::read(&path).expect("it can be read"),
            )
        })
        .collect();
    files.sort();
    files
}

/// Edits on both sides since the last sync: a deletion, an edit, a conflict.
fn edited(world: &World) {
    world
        .remove("a")
        .remote("b", "2 there")
        .local("sub/c", "3 here")
        .remote("sub/c", "3 there");
}

#[test]
fn a_lost_state_costs_time_and_never_data() {
    let world = synced();
    edited(&world);
    for file in [world.state_file(), previous(&world)] {
        let _ = fs::remove_file(file);
    }
    world
        .sync_code(3)
        .expect_stderr("no state file")
        .expect_stderr("hint: add a map first");
    world.init().sync();
    // Without a base nothing is deleted and nothing overwritten: what differs is there twice.
    for contents in ["1", "2", "2 there", "3 here", "3 there"] {
        world.expect_findable(contents);
    }
    world.expect_local("a", "1").expect_nothing_kept();
    world.expect_same().expect_idle();
}

#[test]
fn a_lost_state_of_equal_sides_costs_no_transfer() {
    let world = synced();
    let _ = fs::remove_file(world.state_file());
    world.init();
    world.wire().forget();
    world.sync();
    let log = world.wire().log();
    let carries =
        |e: &&crate::support::wire::Exchange| !e.key.contains(".s3bsync") && !e.key.is_empty();
    assert_eq!(log.iter().filter(carries).count(), 0, "{log:#?}");
    world.expect_idle();
}

#[test]
fn a_flipped_bit_anywhere_gives_way_to_the_generation_before_and_is_said_once() {
    let world = synced();
    world.local("a", "1 edited").sync();
    for place in 0..12 {
        world
            .remove("b")
            .remote("new", format!("4 in turn {place}"));
        let mut bytes = state(&world);
        let at = match bytes.len() * place / 12 {
            4 => 5, // The version is another story.
            at => at,
        };
        bytes[at] ^= 1 << (place % 8);
        put_state(&world, &bytes);
        let run = world.sync_code(1);
        run.expect_stderr("the state file is damaged")
            .expect_stderr("previous generation");
        world
            .expect_remote("new", format!("4 in turn {place}"))
            .expect_same();
        let kept = beside(&world).into_iter().any(|(_, held)| held == bytes);
        assert!(kept, "the damaged file is moved aside");
        world.expect_idle();
        world.local("b", format!("2 in turn {place}")).sync();
    }
}

#[test]
fn a_state_cut_short_anywhere_gives_way_to_the_generation_before() {
    let world = synced();
    world.local("a", "1 edited").sync();
    for place in 0..6 {
        let bytes = state(&world);
        put_state(&world, &bytes[..bytes.len() * place / 6]);
        world.remote("a", format!("1 in turn {place}"));
        world
            .sync_code(1)
            .expect_stderr("the state file is damaged");
        world.expect_local("a", format!("1 in turn {place}"));
        world.sync();
        world.local("sub/c", format!("3 in turn {place}")).sync();
        world.expect_same();
    }
}

#[test]
fn a_state_without_a_generation_to_fall_back_on_is_left_as_it_is() {
    let world = synced();
    let mut bytes = state(&world);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 16;
    put_state(&world, &bytes);
    fs::write(previous(&world), &bytes).expect("it can be written");
    edited(&world);
    let before = beside(&world);
    let trees = (world.tree(), world.remote_tree());
    world
        .sync_code(3)
        .expect_stderr("damaged")
        .expect_stderr("hint: restore the file");
    assert_eq!(beside(&world), before);
    assert_eq!((world.tree(), world.remote_tree()), trees);
}

#[test]
fn an_older_state_restored_from_a_backup_deletes_nothing() {
    let world = synced();
    let old = state(&world);
    world.local("a", "1 edited").remote("d", "4").sync();
    world.local("a", "1 once more").remove("b").sync();
    // Somebody writes again what the old state knows, and the old state comes back.
    world.local("b", "2").sync();
    world.remove("sub/c").sync();
    put_state(&world, &old);
    world
        .run(&[])
        .expect_code(0)
        .expect_stderr("nothing is deleted");
    world.expect_both(&[("a", "1 once more"), ("b", "2"), ("d", "4")]);
    world.expect_idle();
}

#[test]
fn a_state_of_a_later_version_is_refused_and_untouched() {
    let world = synced();
    edited(&world);
    let mut bytes = state(&world);
    bytes[4] = 3;
    // If the rest were valid version 2, the version byte would be the damage.
    bytes[10] ^= 1;
    put_state(&world, &bytes);
    let before = beside(&world);
    let trees = (world.tree(), world.remote_tree());
    let run = world.sync_code(3);
    run.expect_stderr("unknown version 3")
        .expect_stderr("hint: a newer s3-bsync wrote it");
    assert_eq!(beside(&world), before);
    assert_eq!((world.tree(), world.remote_tree()), trees);
    world.run(&["--init", "--rmdir", "/nowhere"]).expect_code(3);
    assert_eq!(beside(&world), before, "no command touches it");
}

#[test]
fn what_is_no_state_file_is_refused_and_untouched() {
    let world = World::new();
    let root = world.root().to_str().expect("UTF-8").to_owned();
    for bytes in [
        &b""[..],
        b"\x9d",
        b"#!/bin/sh\nexit 0\n",
        b"\0\0\0\0\0\0\0\0",
    ] {
        put_state(&world, bytes);
        for args in [
            &[][..],
            &["--dryrun"],
            &["--dump"],
            &["--init", "--purge"],
            &["--init", "--dir", &root, "s3://some-bucket/p"],
        ] {
            let run = world.run(args);
            assert!(run.code == 3, "{args:?} over {bytes:?}: {run:?}");
            assert_eq!(state(&world), bytes, "{args:?}");
        }
    }
}

#[test]
fn a_lost_journal_costs_comparisons_and_nothing_else() {
    use crate::support::wire::{Op, When};
    use crate::support::world::Kill;
    let world = synced();
    for n in 0..4 {
        world.local(&format!("new-{n}"), format!("{n}"));
    }
    world.remove("b");
    let run = world.killed(&["--jobs", "1"], When::op(Op::Delete), Kill::After);
    assert!(run.is_none(), "it was killed");
    let _ = fs::remove_file(world.home().join("state.s3sync.journal"));
    world.wire().forget();
    world.sync();
    assert_eq!(world.wire().count(Op::Put) + world.wire().count(Op::Get), 0);
    world.expect_no_remote("b").expect_same().expect_idle();
}

#[test]
fn a_pipe_or_a_device_in_place_of_the_state_hangs_no_command() {
    let world = synced();
    fs::remove_file(world.state_file()).expect("it is there");
    let root = world.root().to_str().expect("UTF-8").to_owned();
    let commands: [&[&str]; 11] = [
        &[],
        &["--dryrun"],
        &["--dump"],
        &["--dump", "--json"],
        &["--dump", "--hex"],
        &["status"],
        &["targets"],
        &["ls", "root"],
        &["verify", "root"],
        &["--init", "--dir", &root, "s3://bucket/other"],
        &["--init", "--purge"],
    ];
    let mut mkfifo = std::process::Command::new("mkfifo");
    let made = mkfifo.arg(world.state_file()).status();
    assert!(made.expect("mkfifo can be started").success());
    for command in commands {
        let run = world.run(command);
        run.expect_stderr("is not a state file");
        assert_ne!(run.code, 0, "{command:?}");
    }
    fs::remove_file(world.state_file()).expect("it is there");
    std::os::unix::fs::symlink("/dev/zero", world.state_file()).expect("the name is free");
    for command in commands {
        let run = world.run(command);
        run.expect_stderr("is not a state file");
        assert_ne!(run.code, 0, "{command:?}");
    }
}
