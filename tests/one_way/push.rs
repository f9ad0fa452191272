//! The directory is the truth.

use super::{agreed, expect, mapped, pushes};
use crate::support::world::World;

const BASE: &[(&str, &str)] = &[("a", "v1")];

#[track_caller]
fn world() -> World {
    agreed(BASE, "push")
}

#[test]
fn a_new_file_is_sent_and_a_new_object_is_left_alone() {
    let w = world();
    w.local("new", "here").remote("other", "there");
    pushes(&w, 0).expect_silence();
    expect(
        &w.remote_tree(),
        &[("a", "v1"), ("new", "here"), ("other", "there")],
    );
    w.expect_nothing_kept().expect_quiet(1);
}

#[test]
fn a_changed_file_is_sent() {
    let w = world();
    w.local("a", "v2");
    pushes(&w, 0).expect_silence();
    w.expect_remote("a", "v2").expect_nothing_kept();
    w.expect_quiet(1);
}

#[test]
fn a_changed_object_is_kept_and_replaced() {
    let w = world();
    w.remote("a", "edited there");
    pushes(&w, 0).expect_stderr("conflict a: the local file takes the name");
    w.expect_remote("a", "v1")
        .expect_kept_remote("a", "edited there")
        .expect_quiet(1);
}

#[test]
fn of_two_changes_the_files_counts_and_the_objects_is_kept() {
    let w = world();
    w.local("a", "here").remote("a", "there");
    pushes(&w, 0);
    w.expect_remote("a", "here")
        .expect_kept_remote("a", "there")
        .expect_quiet(1);
}

#[test]
fn changes_to_the_same_are_adopted() {
    let w = world();
    w.local("a", "v2").remote("a", "v2");
    pushes(&w, 0).expect_silence();
    w.expect_nothing_kept().expect_quiet(1);
}

#[test]
fn a_file_that_is_gone_stays_in_the_bucket() {
    let w = world();
    w.remove("a");
    pushes(&w, 0).expect_silence();
    w.expect_remote("a", "v1").expect_quiet(1);
    w.remote("a", "edited there");
    pushes(&w, 0).expect_silence();
    w.expect_remote("a", "edited there").expect_quiet(1);
    w.local("a", "back");
    pushes(&w, 0);
    w.expect_remote("a", "back")
        .expect_kept_remote("a", "edited there")
        .expect_quiet(1);
}

#[test]
fn an_object_that_is_gone_is_sent_again() {
    let w = agreed(&[("a", "v1"), ("b", "v1")], "push");
    w.remove_remote("a").remove_remote("b").local("b", "v2");
    let run = w.run(&["--debug", "--dryrun"]);
    run.expect_code(0)
        .expect_stdout("would upload a: gone from the bucket, and this run only pushes");
    pushes(&w, 0).expect_silence();
    w.expect_remote("a", "v1").expect_remote("b", "v2");
    w.expect_quiet(1);
}

#[test]
fn what_is_gone_on_both_sides_is_forgotten() {
    let w = world();
    w.remove("a").remove_remote("a");
    pushes(&w, 0).expect_silence();
    expect(&w.remote_tree(), &[]);
    w.expect_quiet(1);
}

#[test]
fn a_first_run_sends_all_and_keeps_what_it_replaces() {
    let w = mapped("push");
    w.local("a", "here").remote("a", "there");
    w.local("same", "v1").remote("same", "v1");
    w.remote("b", "there").local("c", "here");
    pushes(&w, 0).expect_stderr("conflict a: the local file takes the name");
    let sent = [("a", "here"), ("b", "there"), ("c", "here"), ("same", "v1")];
    let sent = sent.map(|(name, contents)| (name.to_owned(), contents.to_owned()));
    assert_eq!(w.remote_tree(), sent);
    w.expect_kept_remote("a", "there").expect_quiet(1);
}

#[test]
fn an_emptied_file_is_told_and_not_sent() {
    let w = world();
    let ns = w.mtime_ns("a");
    std::fs::write(w.path("a"), "").unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(u64::try_from(ns).unwrap());
    let file = std::fs::File::options().write(true).open(w.path("a"));
    file.unwrap().set_modified(time).unwrap();
    pushes(&w, 1).expect_stderr("skipped a: the file was emptied");
    w.expect_remote("a", "v1");
    w.remote("a", "edited there");
    pushes(&w, 1);
    w.remove_remote("a");
    pushes(&w, 1);
    w.expect_no_remote("a").local("a", "whole again");
    pushes(&w, 0);
    w.expect_remote("a", "whole again").expect_quiet(1);
}

#[test]
fn a_file_and_a_directory_of_one_name_meet_in_the_bucket_alone() {
    let w = agreed(&[("a", "v1"), ("d/x", "v1")], "push");
    w.remote("a/b", "below a file");
    w.remove("d/x").remote("d/y", "below");
    std::fs::remove_dir(w.path("d")).unwrap();
    w.local("d", "now a file");
    pushes(&w, 0).expect_silence();
    expect(
        &w.remote_tree(),
        &[
            ("a", "v1"),
            ("a/b", "below a file"),
            ("d", "now a file"),
            ("d/x", "v1"),
            ("d/y", "below"),
        ],
    );
    w.expect_nothing_kept().expect_quiet(1);
}

#[test]
fn objects_whose_names_are_no_keys_do_not_matter() {
    let w = world();
    w.remote("x//y", "no key");
    pushes(&w, 0).expect_silence();
    w.expect_quiet(1);
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let w = agreed(&[("a", "v1"), ("b", "v1")], "push");
    w.local("b", "v2").remote("a", "edited there");
    let before = (w.remote_tree(), std::fs::read(w.state_file()).unwrap());
    let run = w.run(&["--dryrun", "--debug"]);
    run.expect_code(0).expect_stdout(
        "would keep the object aside and upload a: changed in the bucket, and this run only pushes",
    );
    run.expect_stdout("would upload b: changed here, unchanged in the bucket");
    let after = (w.remote_tree(), std::fs::read(w.state_file()).unwrap());
    assert_eq!(after, before);
    w.expect_nothing_kept();
}
