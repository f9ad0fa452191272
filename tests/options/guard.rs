//! `--max-delete` and `--force`: too many removals are held back, and nothing else is.

use crate::support::world::{Machine, World};

/// A synced map of so many files, `f00` and so on.
fn synced(files: usize) -> World {
    let w = World::new();
    for n in 0..files {
        w.local(&name(n), "v1").remote(&name(n), "v1");
    }
    w.init().sync();
    w
}

fn name(n: usize) -> String {
    format!("f{n:02}")
}

fn remove_local(machine: &Machine, numbers: std::ops::Range<usize>) {
    for n in numbers {
        machine.remove(&name(n));
    }
}

fn remove_remote(machine: &Machine, numbers: std::ops::Range<usize>) {
    for n in numbers {
        machine.remove_remote(&name(n));
    }
}

#[track_caller]
fn expect_counts(machine: &Machine, local: usize, remote: usize) {
    let found = (machine.tree().len(), machine.remote_tree().len());
    assert_eq!(found, (local, remote), "files and objects");
}

#[test]
fn removals_over_a_number_are_held_and_all_else_goes_on() {
    let w = synced(10);
    remove_local(&w, 0..3);
    w.local("new", "v1")
        .local("f05", "v2")
        .remote("f06", "v2")
        .remote("f07", "v1, rewritten");
    w.remote("fresh", "v1");
    let run = w.run(&["--max-delete", "2"]);
    run.expect_code(3)
        .expect_stderr("3 of 10 files would be deleted in the bucket, over the limit of 2");
    w.expect_remote("f00", "v1")
        .expect_remote("f01", "v1")
        .expect_remote("f02", "v1");
    w.expect_no_local("f00")
        .expect_remote("new", "v1")
        .expect_remote("f05", "v2");
    w.expect_local("f06", "v2").expect_local("fresh", "v1");
    w.run(&["--max-delete", "2"]).expect_code(3);
    expect_counts(&w, 9, 12);
    w.run(&["--max-delete", "3"])
        .expect_code(0)
        .expect_silence();
    expect_counts(&w, 9, 9);
    w.expect_same().expect_quiet(1);
}

#[test]
fn removals_of_files_are_held_as_those_of_objects() {
    let w = synced(10);
    remove_remote(&w, 0..3);
    w.local("new", "v1").remote("fresh", "v1");
    w.run(&["--max-delete", "2"])
        .expect_code(3)
        .expect_stderr("3 of 10 files");
    w.expect_local("f00", "v1")
        .expect_remote("new", "v1")
        .expect_local("fresh", "v1");
    w.expect_nothing_kept();
    w.run(&["--max-delete", "3"]).expect_code(0);
    w.expect_kept_local("f00", "v1").expect_same();
}

#[test]
fn each_side_has_its_own_count() {
    let w = synced(10);
    remove_local(&w, 0..2);
    remove_remote(&w, 2..4);
    w.run(&["--max-delete", "2"]).expect_code(0);
    expect_counts(&w, 6, 6);
}

#[test]
fn where_one_side_has_too_many_none_goes_on_either() {
    let w = synced(10);
    remove_local(&w, 0..1);
    remove_remote(&w, 2..5);
    w.run(&["--max-delete", "2"]).expect_code(3);
    w.expect_remote("f00", "v1").expect_local("f02", "v1");
}

#[test]
fn a_share_counts_above_twenty_removals() {
    let w = synced(50);
    remove_local(&w, 0..20);
    w.run(&["--max-delete", "1%"]).expect_code(0);
    expect_counts(&w, 30, 30);
    let w = synced(50);
    remove_local(&w, 0..21);
    w.run(&["--max-delete", "41%"])
        .expect_code(3)
        .expect_stderr("21 of 50 files");
    expect_counts(&w, 29, 50);
    w.run(&["--max-delete", "42%"]).expect_code(0);
    expect_counts(&w, 29, 29);
}

#[test]
fn half_of_a_map_may_go_unasked_and_no_more() {
    let w = synced(50);
    remove_remote(&w, 0..26);
    w.sync_code(3)
        .expect_stderr("26 of 50 files would be deleted in the directory, over the limit of 50%");
    expect_counts(&w, 50, 24);
    w.remote("f00", "v1").sync();
    expect_counts(&w, 25, 25);
}

#[test]
fn an_emptied_root_or_bucket_is_held_whatever_the_limit() {
    for limit in ["100", "100%"] {
        let w = synced(3);
        remove_local(&w, 0..3);
        w.run(&["--max-delete", limit])
            .expect_code(3)
            .expect_stderr("all 3 files");
        expect_counts(&w, 0, 3);
        let w = synced(3);
        remove_remote(&w, 0..3);
        w.run(&["--max-delete", limit])
            .expect_code(3)
            .expect_stderr("all 3 files");
        expect_counts(&w, 3, 0);
        w.expect_nothing_kept();
    }
}

#[test]
fn force_lets_a_map_through_once() {
    let w = synced(6);
    remove_local(&w, 0..3);
    w.run(&["--max-delete", "2"]).expect_code(3);
    w.run(&["--max-delete", "2", "--force"]).expect_code(0);
    expect_counts(&w, 3, 3);
    remove_local(&w, 3..6);
    w.run(&["--max-delete", "2"]).expect_code(3);
    w.sync_code(3).expect_stderr("all 3 files");
    expect_counts(&w, 0, 3);
    w.run(&["--force"]).expect_code(0);
    expect_counts(&w, 0, 0);
    w.expect_quiet(1);
}

#[test]
fn what_was_held_is_dropped_when_the_files_come_back() {
    let w = synced(3);
    remove_local(&w, 0..3);
    w.sync_code(3);
    for n in 0..3 {
        w.local(&name(n), "v1");
    }
    w.sync();
    expect_counts(&w, 3, 3);
    w.expect_same().expect_nothing_kept().expect_quiet(1);
}

#[test]
fn a_file_that_may_not_make_way_stays_and_so_does_what_would_take_its_place() {
    let w = World::agreed(&[("t", "v1"), ("other", "v1")]);
    w.remove_remote("t")
        .remote("t/a", "v1")
        .local("other", "v2");
    let run = w.run(&["--max-delete", "0"]);
    run.expect_code(3).expect_stderr("skipped t/a: ");
    w.expect_local("t", "v1")
        .expect_remote("t/a", "v1")
        .expect_remote("other", "v2");
    w.sync()
        .expect_kept_local("t", "v1")
        .expect_local("t/a", "v1")
        .expect_same();
}

#[test]
fn a_folder_that_may_not_make_way_stays_and_so_does_what_would_take_its_place() {
    let w = World::agreed(&[("t/a", "v1"), ("other", "v1")]);
    w.remove_remote("t/a")
        .remote("t", "v1")
        .local("other", "v2");
    let run = w.run(&["--max-delete", "0"]);
    run.expect_code(3).expect_stderr("skipped t: ");
    w.expect_local("t/a", "v1")
        .expect_remote("t", "v1")
        .expect_remote("other", "v2");
    w.sync()
        .expect_kept_local("t/a", "v1")
        .expect_local("t", "v1")
        .expect_same();
}

#[test]
fn a_guarded_map_does_not_stop_the_others() {
    let w = synced(3);
    let other = w.also("other", "other");
    other.local("a", "v1").init();
    remove_local(&w, 0..3);
    w.sync_code(3);
    other.expect_remote("a", "v1");
}

#[test]
fn a_limit_that_is_none_is_refused() {
    let w = synced(2);
    for limit in ["x", "-1", "101%", "%", ""] {
        w.run(&["--max-delete", limit]).expect_code(2);
    }
}

/// A synced map of ten files that lets a run replace two of them, of which three change.
fn rewritten() -> World {
    let w = synced(10);
    w.run(&["edit", "root", "--max-replace", "2"])
        .expect_code(0);
    for n in 0..3 {
        w.remote(&name(n), "v2");
    }
    w.local("new", "v1")
        .remote("fresh", "v1")
        .remove_remote("f09");
    w
}

#[test]
fn replacements_over_a_number_are_held_and_all_else_goes_on() {
    let w = rewritten();
    let text = "3 of 10 files would be replaced in the directory, over the limit of 2";
    w.sync_code(3).expect_stderr(text);
    w.expect_local("f00", "v1")
        .expect_local("f01", "v1")
        .expect_local("f02", "v1");
    w.expect_remote("new", "v1").expect_local("fresh", "v1");
    w.expect_no_local("f09");
    w.sync_code(3)
        .expect_stderr("3 of 11 files would be replaced");
    w.run(&["--force"]).expect_code(0);
    w.expect_local("f00", "v2").expect_kept_local("f00", "v1");
    w.expect_same().expect_quiet(1);
}

#[test]
fn a_map_may_stop_holding_replacements_back() {
    let w = rewritten();
    w.sync_code(3);
    w.run(&["edit", "root", "--max-replace", "3"])
        .expect_code(0);
    w.sync().expect_same();
    w.run(&["edit", "root", "--max-replace", "off"])
        .expect_code(0);
    for n in 0..5 {
        w.remote(&name(n), "v3");
    }
    w.sync().expect_same();
}
