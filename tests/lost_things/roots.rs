//! The root is missing, emptied, another one, or an old one.

use crate::support::world::{Machine, World};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A synced map of three files, with nothing to do.
pub(crate) fn synced() -> World {
    let world = World::new();
    world.local("a", "1").local("b", "2").local("sub/c", "3");
    world.init().sync();
    world
}

/// The objects are what [`synced`] left.
#[track_caller]
pub(crate) fn expect_objects(machine: &Machine) {
    let own = |(name, contents): (&str, &str)| (name.to_owned(), contents.to_owned());
    let wanted = [("a", "1"), ("b", "2"), ("sub/c", "3")].map(own);
    assert_eq!(machine.remote_tree(), wanted, "the objects");
}

fn moved_away(machine: &Machine) -> std::path::PathBuf {
    let away = machine.home().join("away");
    fs::rename(machine.root(), &away).expect("a folder can be renamed");
    away
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.expect("cp can be started").success(), "cp");
}

#[test]
fn a_missing_root_stops_the_map_and_deletes_nothing() {
    let world = synced();
    let away = moved_away(&world);
    world
        .sync_code(3)
        .expect_stderr("hint: is the disk mounted");
    expect_objects(&world);
    assert!(!world.root().exists(), "it is not made anew");
    fs::rename(away, world.root()).expect("a folder can be renamed");
    world.expect_idle();
}

#[test]
fn a_root_that_is_a_file_stops_the_map() {
    let world = synced();
    moved_away(&world);
    fs::write(world.root(), "a file").expect("a file can be written");
    world.sync_code(3);
    expect_objects(&world);
}

#[test]
fn an_empty_folder_in_the_root_s_place_stops_the_map() {
    let world = synced();
    moved_away(&world);
    fs::create_dir(world.root()).expect("a folder can be made");
    world.sync_code(3).expect_stderr("holds no marker");
    expect_objects(&world);
    assert_eq!(world.tree(), []);
    // Forced, it is a new root: it is filled, and nothing is deleted.
    world.run(&["--force"]).expect_code(0);
    world.expect_same();
    expect_objects(&world);
    world.expect_idle();
}

#[test]
fn a_root_emptied_but_for_its_marker_is_held_by_the_guard() {
    let world = synced();
    world
        .remove("a")
        .remove("b")
        .remove("sub/c")
        .remote("new", "4");
    world
        .sync_code(3)
        .expect_stderr("if they are meant, run once with --force");
    // All else is done.
    world
        .expect_local("new", "4")
        .expect_remote("a", "1")
        .expect_remote("sub/c", "3");
    // There is something in the root now, so it is not emptied any more.
    world.remove("new");
    world.sync_code(3);
    world.expect_remote("a", "1").expect_remote("new", "4");
    world.run(&["--force"]).expect_code(0);
    world.expect_both(&[]);
}

#[test]
fn a_foreign_folder_in_the_root_s_place_stops_the_map() {
    let world = synced();
    let other = world.also("other", "elsewhere");
    other.local("theirs", "5").init().sync();
    moved_away(&world);
    fs::rename(other.root(), world.root()).expect("a folder can be renamed");
    let run = world.sync_code(3);
    run.expect_stderr("belongs to another state file or map");
    expect_objects(&world);
    world.expect_local("theirs", "5").expect_no_local("a");
    other.expect_remote("theirs", "5");
}

#[test]
fn a_root_restored_from_an_old_copy_takes_nothing_back_in_time() {
    let world = synced();
    let old = world.home().join("old");
    copy(world.root(), &old);
    world
        .local("a", "1 edited")
        .local("new", "4")
        .remove("b")
        .sync();
    world.local("new", "4 edited").sync();
    moved_away(&world);
    fs::rename(&old, world.root()).expect("a folder can be renamed");
    world
        .run(&[])
        .expect_code(0)
        .expect_stderr("nothing is deleted");
    // What the copy lacks comes back; where the two differ, both are kept.
    world
        .expect_remote("a", "1 edited")
        .expect_local("new", "4 edited");
    world.expect_findable("1");
    world.expect_same().expect_idle();
}

#[test]
fn a_broken_marker_stops_the_map() {
    let world = synced();
    for text in ["", "not a marker", "s3-bsync marker 1\nreplica zz\n"] {
        fs::write(world.path(".s3bsync/marker"), text).expect("the marker can be written");
        world.remove_remote("b");
        world.sync_code(3).expect_stderr("not a marker");
        world.expect_local("b", "2").remote("b", "2");
    }
    world.run(&["--force"]).expect_code(3);
    fs::remove_file(world.path(".s3bsync/marker")).expect("the marker can be removed");
    world.run(&["--force"]).expect_code(0);
    world.expect_same();
    expect_objects(&world);
}

#[test]
fn one_map_s_trouble_does_not_stop_the_other() {
    let world = synced();
    let other = world.also("other", "elsewhere");
    other.local("x", "1").init().sync();
    moved_away(&world);
    other.local("x", "1 edited");
    world.sync_code(3);
    other.expect_remote("x", "1 edited");
    expect_objects(&world);
}

#[test]
fn something_else_called_as_the_own_folder_is_named_with_a_way_out() {
    let world = World::agreed(&[("a", "1")]);
    let own = world.path(".s3bsync");
    let away = world.home().join("away");
    std::fs::rename(&own, &away).expect("it can be renamed");
    let hint = "hint: move .s3bsync out of the way";
    std::fs::write(&own, "a file").expect("the name is free");
    world.local("a", "2").sync_code(3).expect_stderr(hint);
    std::fs::remove_file(&own).expect("it is there");
    std::os::unix::fs::symlink(&away, &own).expect("the name is free");
    world.sync_code(3).expect_stderr(hint);
    world.expect_remote("a", "1");
    std::fs::remove_file(&own).expect("it is there");
    std::fs::rename(&away, &own).expect("it can be renamed");
    world.sync().expect_remote("a", "2");
}
