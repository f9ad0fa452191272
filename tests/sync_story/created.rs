//! C and A: keys without a base, within a synced map and on a first run.

use crate::support::wire::Op;
use crate::support::world::World;
use crate::{conflict_copy, ends_with};

#[test]
fn a_new_file_is_uploaded() {
    let w = World::agreed(&[]);
    w.local("d/a", "v1").sync();
    let log = w.wire().log();
    let put = log.iter().find(|e| e.op == Op::Put).expect("it is put");
    assert_eq!(put.header("if-none-match"), Some("*"), "never over another");
    ends_with(&w, &[("d/a", "v1")]);
}

#[test]
fn a_new_object_is_downloaded() {
    let w = World::agreed(&[]);
    w.remote("d/a", "v1").sync();
    ends_with(&w, &[("d/a", "v1")]);
}

#[test]
fn an_empty_file_is_a_file_on_either_side() {
    let w = World::agreed(&[]);
    w.local("a", "").remote("b", "").sync();
    ends_with(&w, &[("a", ""), ("b", "")]);
}

#[test]
fn the_same_file_created_on_both_sides_is_adopted() {
    let w = World::agreed(&[]);
    w.local("a", "v1").remote("a", "v1").sync();
    w.expect_requests(&[(Op::List, 1)]);
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "v1")]);
}

#[test]
fn of_different_files_created_on_both_sides_the_newer_takes_the_name() {
    let w = World::agreed(&[]);
    w.local_at("a", "local", 2_000)
        .remote_at("a", "remote", 1_000);
    w.local_at("b", "local", 1_000)
        .remote_at("b", "remote", 2_000);
    w.local_at("c", "local", 1_000)
        .remote_at("c", "remote", 1_000);
    w.sync();
    w.expect_kept_remote("a", "remote");
    w.expect_kept_local("b", "local");
    w.expect_kept_local("c", "local");
    ends_with(&w, &[("a", "local"), ("b", "remote"), ("c", "remote")]);
}

#[test]
fn a_first_run_joins_both_sides() {
    let w = World::new();
    w.local("a", "here")
        .remote("b", "there")
        .local("zz", "stays");
    w.init().sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "here"), ("b", "there")]);
}

#[test]
fn a_first_run_on_equal_sides_asks_for_a_listing_only() {
    let w = World::new();
    for name in ["a", "d/b", "zz"] {
        w.local(name, "stays").remote(name, "stays");
    }
    w.init().expect_requests_of_sync(&[(Op::List, 1)]);
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "stays"), ("d/b", "stays")]);
}

#[test]
fn a_first_run_keeps_both_of_two_different_files_whatever_their_times() {
    for seconds in [1_000, 4_000_000_000] {
        let w = World::new();
        w.local_at("d/a.txt", "local", seconds);
        w.remote_at("d/a.txt", "remote", 2_000);
        w.init()
            .sync_code(0)
            .expect_stderr("d/a.txt: both are kept");
        w.expect_local("d/a.txt", "remote").expect_same();
        let copy = conflict_copy(&w, "d/a", "local");
        assert!(
            copy.rsplit('.').next() == Some("txt"),
            "{copy} is still a text"
        );
        assert_eq!(w.tree().len(), 2);
        w.expect_nothing_kept().expect_quiet(1);
    }
}

#[test]
fn a_lost_state_deletes_nothing_and_overwrites_nothing() {
    let w = World::agreed(&[("gone-here", "v1"), ("gone-there", "v1"), ("edited", "v1")]);
    w.remove("gone-here").remove_remote("gone-there");
    w.local("edited", "v2").remote("untouched", "v1");
    for file in [w.state_file(), w.home().join("state.s3sync~")] {
        std::fs::remove_file(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }
    w.init().sync();
    for (name, contents) in [("gone-here", "v1"), ("gone-there", "v1"), ("edited", "v1")] {
        w.expect_local(name, contents);
    }
    conflict_copy(&w, "edited", "v2");
    w.expect_same().expect_nothing_kept().expect_quiet(1);
}
