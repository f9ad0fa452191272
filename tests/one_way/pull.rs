//! The bucket is the truth.

use super::{agreed, expect, mapped, pulls};
use crate::support::world::World;

const BASE: &[(&str, &str)] = &[("a", "v1")];

/// Both sides hold the base, which a map in both directions made.
#[track_caller]
fn world() -> World {
    with(BASE)
}

#[track_caller]
fn with(files: &[(&str, &str)]) -> World {
    let world = World::agreed(files);
    world.init_with(&["--direction", "pull"]);
    world
}

#[test]
fn a_new_object_is_fetched_and_a_new_file_is_left_alone() {
    let w = world();
    w.local("new", "here").remote("other", "there");
    pulls(&w, 0).expect_silence();
    expect(
        &w.tree(),
        &[("a", "v1"), ("new", "here"), ("other", "there")],
    );
    w.expect_nothing_kept().expect_quiet(1);
}

#[test]
fn a_changed_object_is_fetched() {
    let w = world();
    w.remote("a", "v2");
    pulls(&w, 0).expect_silence();
    w.expect_local("a", "v2")
        .expect_nothing_kept()
        .expect_quiet(1);
}

#[test]
fn a_changed_file_is_kept_and_replaced() {
    let w = world();
    w.local("a", "edited here");
    let run = w.run(&["--debug", "--dryrun"]);
    run.expect_code(0).expect_stdout(
        "would keep the file aside and download a: changed here, and this run only pulls",
    );
    pulls(&w, 0).expect_stderr("conflict a: the object takes the name");
    w.expect_local("a", "v1")
        .expect_kept_local("a", "edited here")
        .expect_quiet(1);
}

#[test]
fn of_two_changes_the_objects_counts_and_the_files_is_kept() {
    let w = world();
    w.local("a", "here").remote("a", "there");
    pulls(&w, 0);
    w.expect_local("a", "there")
        .expect_kept_local("a", "here")
        .expect_quiet(1);
}

#[test]
fn changes_to_the_same_are_adopted() {
    let w = world();
    w.local("a", "v2").remote("a", "v2");
    pulls(&w, 0).expect_silence();
    w.expect_nothing_kept().expect_quiet(1);
}

#[test]
fn an_object_that_is_gone_leaves_its_file_alone() {
    let w = with(&[("a", "v1"), ("b", "v1")]);
    w.remove_remote("a").remove_remote("b").local("b", "edited");
    pulls(&w, 0).expect_silence();
    expect(&w.tree(), &[("a", "v1"), ("b", "edited")]);
    w.expect_nothing_kept();
}

#[test]
fn a_file_that_is_gone_is_fetched_again() {
    let w = with(&[("a", "v1"), ("b", "v1")]);
    w.remove("a").remove("b").remote("b", "v2");
    pulls(&w, 0).expect_silence();
    expect(&w.tree(), &[("a", "v1"), ("b", "v2")]);
    w.expect_quiet(1);
}

#[test]
fn what_is_gone_on_both_sides_is_forgotten() {
    let w = world();
    w.remove("a").remove_remote("a");
    pulls(&w, 0).expect_silence();
    expect(&w.tree(), &[]);
    w.expect_quiet(1);
}

#[test]
fn a_first_run_fetches_all_and_keeps_what_it_replaces() {
    let w = mapped("pull");
    w.local("a", "here").remote("a", "there");
    w.local("same", "v1").remote("same", "v1");
    w.remote("b", "there").local("c", "here");
    pulls(&w, 0).expect_stderr("conflict a: the object takes the name");
    let fetched = [
        ("a", "there"),
        ("b", "there"),
        ("c", "here"),
        ("same", "v1"),
    ];
    let fetched = fetched.map(|(name, contents)| (name.to_owned(), contents.to_owned()));
    assert_eq!(w.tree(), fetched);
    w.expect_kept_local("a", "here").expect_quiet(1);
}

#[test]
fn a_file_makes_room_for_the_buckets_directory_and_is_kept() {
    let w = world();
    w.local("d", "a file here").remote("d/x", "below there");
    pulls(&w, 0).expect_stderr("conflict d");
    expect(&w.tree(), &[("a", "v1"), ("d/x", "below there")]);
    w.expect_kept_local("d", "a file here").expect_quiet(1);
}

#[test]
fn a_directory_with_files_of_its_own_makes_no_room_for_an_object() {
    let w = with(&[("d", "v1")]);
    w.remove("d").local("d/x", "below here");
    w.remote("d", "v2");
    pulls(&w, 1).expect_stderr("skipped d: a directory holds its name");
    expect(&w.tree(), &[("d/x", "below here")]);
    w.expect_nothing_kept();
    // Nothing below it is in the way of the object any more.
    w.remove("d/x");
    pulls(&w, 0);
    expect(&w.tree(), &[("d", "v2")]);
    w.expect_quiet(1);
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let w = agreed(BASE, "push");
    w.init_with(&["--direction", "pull"]);
    w.remote("b", "there").local("a", "edited here");
    let before = (w.tree(), std::fs::read(w.state_file()).unwrap());
    let run = w.run(&["--dryrun", "--debug"]);
    run.expect_code(0)
        .expect_stdout("would download b: new in the bucket, not here");
    let after = (w.tree(), std::fs::read(w.state_file()).unwrap());
    assert_eq!(after, before);
    w.expect_nothing_kept();
}
