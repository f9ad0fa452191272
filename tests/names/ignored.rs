//! `.s3syncignore`: what it names is frozen, on both sides and in the base.

use crate::support::world::World;
use std::fs;

const RULES: &str = ".s3syncignore";

#[test]
fn ignored_files_and_objects_stay_where_they_are() {
    let w = World::agreed(&[]);
    w.local(RULES, "*.tmp\n/build/\n!keep.tmp\n");
    for name in ["a.tmp", "d/b.tmp", "keep.tmp", "build/x", "d/build/y"] {
        w.local(name, "here");
    }
    for name in ["c.tmp", "build/z", "d/keep.tmp", "fine"] {
        w.remote(name, "there");
    }
    w.run(&[]).expect_code(0).expect_silence();
    for name in ["a.tmp", "d/b.tmp", "build/x"] {
        w.expect_local(name, "here").expect_no_remote(name);
    }
    for name in ["c.tmp", "build/z"] {
        w.expect_remote(name, "there").expect_no_local(name);
    }
    for (name, contents) in [
        ("keep.tmp", "here"),
        ("d/build/y", "here"),
        ("d/keep.tmp", "there"),
        ("fine", "there"),
        (RULES, "*.tmp\n/build/\n!keep.tmp\n"),
    ] {
        w.expect_local(name, contents).expect_remote(name, contents);
    }
    w.expect_quiet(1);
}

#[test]
fn a_tracked_file_that_becomes_ignored_is_frozen_on_both_sides() {
    let names = [
        "same",
        "edited-here",
        "edited-there",
        "gone-here",
        "gone-there",
    ];
    let files = names.map(|name| (name, "v1"));
    let w = World::agreed(&files);
    w.local(RULES, "same\nedited*\ngone*\n").sync();
    w.local("edited-here", "v2").remote("edited-there", "v2");
    w.remove("gone-here").remove_remote("gone-there");
    w.run(&[]).expect_code(0).expect_silence();
    w.expect_local("edited-here", "v2")
        .expect_remote("edited-here", "v1");
    w.expect_local("edited-there", "v1")
        .expect_remote("edited-there", "v2");
    w.expect_no_local("gone-here")
        .expect_remote("gone-here", "v1");
    w.expect_local("gone-there", "v1")
        .expect_no_remote("gone-there");
    w.expect_quiet(1);

    w.local(RULES, "").sync();
    w.expect_both(&[
        (RULES, ""),
        ("edited-here", "v2"),
        ("edited-there", "v2"),
        ("same", "v1"),
        ("zz", "stays"),
    ]);
    w.expect_kept_local("gone-there", "v1").expect_quiet(1);
}

#[test]
fn a_folder_that_becomes_ignored_is_frozen_with_all_below_it() {
    let w = World::agreed(&[("d/a", "v1"), ("d/e/b", "v1")]);
    w.local(RULES, "d/").sync();
    fs::remove_dir_all(w.path("d")).expect("it is there");
    w.run(&[]).expect_code(0).expect_silence();
    w.expect_remote("d/a", "v1").expect_remote("d/e/b", "v1");
    w.remove(RULES).sync();
    w.expect_both(&[("zz", "stays")]).expect_quiet(1);
}

#[test]
fn a_folder_keeps_what_is_ignored_in_it_when_all_else_in_it_goes() {
    let w = World::agreed(&[("d/a", "v1"), ("e/a", "v1")]);
    w.local(RULES, "*.tmp\n")
        .local("d/x.tmp", "mine")
        .remote("e/x.tmp", "theirs");
    w.sync();
    w.remove_remote("d/a").remove("e/a");
    fs::remove_dir(w.path("e")).expect("it is empty");
    w.run(&[]).expect_code(0).expect_silence();
    w.expect_local("d/x.tmp", "mine").expect_no_local("d/a");
    w.expect_remote("e/x.tmp", "theirs").expect_no_remote("e/a");
    w.expect_no_local("e/x.tmp").expect_quiet(1);
}

#[test]
fn ignore_files_speak_of_their_own_folder_and_nearer_ones_prevail() {
    let w = World::agreed(&[]);
    w.local(RULES, "*.log\n")
        .local("d/.s3syncignore", "!important.log\n/only-here\n");
    for name in [
        "x.log",
        "d/x.log",
        "d/important.log",
        "d/only-here",
        "d/e/only-here",
        "only-here",
    ] {
        w.local(name, "v1");
    }
    w.sync();
    for name in ["d/important.log", "d/e/only-here", "only-here"] {
        w.expect_remote(name, "v1");
    }
    for name in ["x.log", "d/x.log", "d/only-here"] {
        w.expect_no_remote(name);
    }
    w.remote("d/only-here", "remote")
        .remote("e/x.log", "remote")
        .sync();
    w.expect_local("d/only-here", "v1")
        .expect_no_local("e/x.log");
    w.expect_quiet(1);
}

#[test]
fn rules_from_the_bucket_hold_from_the_next_run_on() {
    let w = World::agreed(&[("a.tmp", "v1")]);
    w.remote(RULES, "*.tmp\n").local("a.tmp", "v2").sync();
    w.expect_remote("a.tmp", "v2")
        .expect_local(RULES, "*.tmp\n");
    w.local("a.tmp", "v3").sync();
    w.expect_remote("a.tmp", "v2").expect_quiet(1);
}

#[test]
fn an_ignore_file_can_ignore_itself() {
    let w = World::agreed(&[]);
    w.local(RULES, ".s3syncignore\n*.tmp\n")
        .local("a.tmp", "v1");
    w.run(&[]).expect_code(0).expect_silence();
    w.expect_no_remote(RULES).expect_no_remote("a.tmp");
    w.expect_local("a.tmp", "v1").expect_quiet(1);
}

/// Whatever the rules would have said, nothing is done.
#[track_caller]
fn expect_stopped(w: &World, why: &str) {
    w.local("new", "v1").remove("a").remote("b", "v2");
    let objects = w.remote_tree();
    w.sync_code(3).expect_stderr(why);
    assert_eq!(w.remote_tree(), objects, "the bucket is left alone");
    w.expect_local("b", "v1").expect_nothing_kept();
}

#[test]
fn malformed_rules_stop_the_map() {
    for rules in [
        &b"ok\n[unclosed\n"[..],
        b"ends in \\\n",
        b"not utf-8 \xff\n",
    ] {
        let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
        w.local(RULES, rules);
        expect_stopped(&w, ".s3syncignore");
        w.local(RULES, "").sync();
        w.expect_local("b", "v2").expect_same();
    }
}

#[test]
fn rules_that_are_no_file_stop_the_map() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1"), ("d/c", "v1")]);
    std::os::unix::fs::symlink("/dev/null", w.path(RULES)).expect("the name is free");
    expect_stopped(&w, ".s3syncignore");

    let w = World::agreed(&[("a", "v1"), ("b", "v1"), ("d/c", "v1")]);
    fs::create_dir(w.path("d/.s3syncignore")).expect("the name is free");
    expect_stopped(&w, "d/.s3syncignore");
}

#[test]
fn a_stopped_map_does_not_stop_the_others() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
    let other = w.also("other", "other");
    other.local("x", "v1").init();
    w.local(RULES, "[\n");
    expect_stopped(&w, ".s3syncignore");
    other.expect_remote("x", "v1");
}
