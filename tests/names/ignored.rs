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
fn no_rule_hides_a_rule_file() {
    let w = World::agreed(&[("d/a", "v1")]);
    w.local(RULES, "*\n.s3syncignore\n");
    w.run(&[])
        .expect_code(0)
        .expect_stderr("2 files that were synced are ignored now (0 before)");
    w.expect_remote(RULES, "*\n.s3syncignore\n").expect_quiet(1);
    // Any machine that uses the bucket can end it.
    w.remote(RULES, "").sync();
    w.expect_local(RULES, "").local("d/a", "v2").sync();
    w.expect_remote("d/a", "v2").expect_quiet(1);
}

#[test]
fn rules_of_one_machine_stay_there() {
    let w = World::agreed(&[("large/a", "v1"), ("b.log", "v1")]);
    w.local(".s3bsync/ignore", "/large/\n*.log\n");
    w.local("large/a", "v2")
        .local("b.log", "v2")
        .remote("large/c", "v1");
    w.run(&[])
        .expect_code(0)
        .expect_stderr("2 files that were synced are ignored now (0 before)");
    w.expect_remote("large/a", "v1")
        .expect_remote("b.log", "v1");
    w.expect_no_local("large/c").expect_quiet(1);
    let keys = w.remote_tree();
    assert!(
        keys.iter().all(|(key, _)| !key.contains(".s3bsync")),
        "{keys:?}"
    );
    // Rules that sync win over it.
    w.local(RULES, "!b.log\n").sync();
    w.expect_remote("b.log", "v2")
        .expect_remote("large/a", "v1");
}

#[test]
fn files_that_become_ignored_are_reported_when_their_number_grows() {
    let w = World::agreed(&[("a.tmp", "v1"), ("b.tmp", "v1"), ("c.log", "v1")]);
    w.local(RULES, "*.tmp\n");
    let line = "note: 2 files that were synced are ignored now (0 before) and left alone\n";
    // What a dry run reports is still new to the next run.
    for flags in [&["--dryrun"][..], &[]] {
        let run = w.run(flags);
        assert_eq!(run.expect_code(0).stderr, line);
    }
    w.run(&[]).expect_code(0).expect_silence();
    w.local(RULES, "*.tmp\n*.log\n");
    let run = w.run(&[]);
    assert!(
        run.expect_code(0)
            .stderr
            .contains("3 files that were synced are ignored now (2 before)")
    );
    w.run(&["status"])
        .expect_stdout("3 ignored that had been synced");
    w.local(RULES, "*.log\n")
        .run(&[])
        .expect_code(0)
        .expect_silence();
    w.local(RULES, "*.log\nb.tmp\n");
    w.run(&[])
        .expect_stderr("2 files that were synced are ignored now (1 before)");
}

#[test]
fn a_rule_file_that_cannot_be_used_freezes_only_its_directory() {
    for (rules, place) in [
        (&b"ok\n[unclosed\n"[..], "line 2: "),
        (b"ends in \\\n", "line 1: "),
        (b"not utf-8 \xff\n", "line 1: "),
    ] {
        let w = World::agreed(&[("d/a", "v1"), ("d/b", "v1"), ("d/e/c", "v1"), ("f", "v1")]);
        w.local("d/.s3syncignore", rules);
        w.local("d/new", "v1")
            .remove("d/a")
            .remote("d/b", "v2")
            .remove_remote("d/e/c");
        w.remote("d/e/new", "v1").local("f", "v2").remote("g", "v1");
        let run = w.sync_code(1);
        run.expect_stderr(&format!("skipped d/: d/.s3syncignore: {place}"));
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        w.expect_remote("d/.s3syncignore", rules);
        w.expect_no_remote("d/new").expect_remote("d/a", "v1");
        w.expect_local("d/b", "v1").expect_local("d/e/c", "v1");
        w.expect_no_local("d/e/new").expect_nothing_kept();
        w.expect_remote("f", "v2").expect_local("g", "v1");
        w.expect_frozen(1, "d/.s3syncignore");
        w.local("d/.s3syncignore", "").sync();
        w.expect_local("d/b", "v2").expect_no_remote("d/a");
        w.expect_no_local("d/e/c").expect_same();
    }
}

#[test]
fn a_bad_rule_file_is_corrected_from_the_bucket() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
    w.remote(RULES, "[").sync();
    w.local("a", "v2")
        .remove("b")
        .expect_frozen(1, "skipped ./: .s3syncignore: line 1: ");
    w.remote(RULES, "b\n").sync_code(1);
    w.expect_local(RULES, "b\n").expect_remote("a", "v1");
    w.sync().expect_remote("a", "v2").expect_remote("b", "v1");
}

#[test]
fn a_bad_rule_file_of_one_machine_freezes_that_machine() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
    w.local(".s3bsync/ignore", "[").local("a", "v2").remove("b");
    w.expect_frozen(1, "skipped ./: .s3bsync/ignore: line 1: ");
    w.local(".s3bsync/ignore", "").sync();
    w.expect_remote("a", "v2").expect_no_remote("b");
}

#[test]
fn a_rule_file_that_is_not_a_file_freezes_its_directory() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1"), ("d/c", "v1")]);
    std::os::unix::fs::symlink("/dev/null", w.path(RULES)).expect("the name is free");
    w.local("a", "v2").remove("b");
    w.expect_frozen(1, "skipped ./: .s3syncignore: a symlink is not followed");

    let w = World::agreed(&[("a", "v1"), ("d/c", "v1"), ("d/.s3syncignore", "x\n")]);
    w.remove("d/.s3syncignore");
    fs::create_dir(w.path("d/.s3syncignore")).expect("the name is free");
    w.local("d/c", "v2").local("a", "v2");
    w.sync_code(1)
        .expect_stderr("skipped d/: d/.s3syncignore: not a regular file");
    w.expect_remote("d/c", "v1").expect_remote("a", "v2");
    w.expect_remote("d/.s3syncignore", "x\n");
}
