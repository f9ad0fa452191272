//! `sync`, `push`, `pull` and `edit` of maps by their names.

use super::settings;
use crate::support::world::{Machine, World};
use std::fs;

/// Two synced maps of one state file: `root` and `other`.
#[track_caller]
fn two_maps() -> (World, Machine) {
    let world = World::new();
    let other = world.also("other", "other");
    world.local("a", "v1").init();
    other.local("b", "v1").init();
    world.sync();
    (world, other)
}

#[test]
fn only_the_maps_that_are_named_are_synced() {
    let (w, other) = two_maps();
    w.local("a", "v2");
    other.local("b", "v2");
    w.run(&["sync", "other"]).expect_code(0).expect_silence();
    other.expect_remote("b", "v2");
    w.expect_remote("a", "v1");
    w.run(&["sync", "other", "root"]).expect_code(0);
    w.expect_remote("a", "v2");
    w.wire().forget();
    w.run(&["sync"]).expect_code(0);
    assert_eq!(w.wire().log().len(), 2, "a LIST a map");
}

#[test]
fn an_unknown_name_stops_before_anything_is_done() {
    let (w, _) = two_maps();
    w.local("a", "v2");
    w.wire().forget();
    w.run(&["sync", "root", "nothing"])
        .expect_code(2)
        .expect_stderr("there is no map called nothing");
    assert!(w.wire().log().is_empty());
}

#[test]
fn a_push_of_a_map_leaves_its_direction_as_it_is() {
    let (w, other) = two_maps();
    w.local("a", "v2").local("new", "here").remote("x", "there");
    other.local("b", "v2");
    w.run(&["push", "root"]).expect_code(0).expect_silence();
    w.expect_remote("a", "v2").expect_remote("new", "here");
    w.expect_no_local("x");
    other.expect_remote("b", "v1");
    w.sync().expect_local("x", "there").expect_same();
    other.expect_remote("b", "v2");
    w.expect_quiet(2);
}

#[test]
fn a_pull_of_a_map_that_pushes_goes_the_other_way_for_once() {
    let w = World::agreed_with(&[("a", "v1")], &settings("push"));
    w.local("a", "edited here").remote("a", "v2");
    w.run(&["pull", "root"]).expect_code(0);
    w.expect_local("a", "v2")
        .expect_kept_local("a", "edited here");
    w.local("a", "v3").sync().expect_remote("a", "v3");
}

#[test]
fn a_push_with_delete_is_guarded_and_dry_where_asked() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
    w.remove("a").remote("x", "there");
    let dry = w.run(&["push", "root", "--delete", "--dryrun", "--debug"]);
    dry.expect_code(0)
        .expect_stdout("would keep x aside and delete it from the bucket");
    w.expect_remote("a", "v1").expect_remote("x", "there");
    w.run(&["push", "root", "--delete", "--max-delete", "1"])
        .expect_code(3);
    w.run(&["push", "root", "--delete"]).expect_code(0);
    w.expect_no_remote("a").expect_kept_remote("x", "there");
    w.expect_same().expect_quiet(1);
}

#[test]
fn an_edit_touches_no_network_and_a_reencoding_one_syncs_its_map_alone() {
    let (w, other) = two_maps();
    w.local("a", "v2");
    other.local("b", "v2");
    w.wire().forget();
    w.run(&["edit", "other", "--keep", "9"])
        .expect_code(0)
        .expect_stdout("changed map other");
    assert!(w.wire().log().is_empty());
    w.run(&["edit", "other", "--name", "papers", "--reencode"])
        .expect_code(0);
    other.expect_remote("b", "v2");
    w.expect_remote("a", "v1");
    w.run(&["edit", "papers", "--reencode", "--quiet"])
        .expect_code(0)
        .expect_silence();
}

#[test]
fn a_failed_edit_leaves_the_state_file_as_it_was() {
    let (w, _) = two_maps();
    let before = fs::read(w.state_file()).unwrap();
    w.run(&["edit", "root", "--keep", "9", "--name", "other"])
        .expect_code(2);
    w.run(&["edit", "root", "--age-identity", "/nowhere"])
        .expect_code(2);
    assert_eq!(fs::read(w.state_file()).unwrap(), before);
}
