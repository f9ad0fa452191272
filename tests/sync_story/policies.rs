//! Each conflict policy: who takes the name, and where the other one is.

use crate::support::wire::Op;
use crate::support::world::World;
use crate::{conflict_copy, ends_with};

/// A conflict under a policy; `local` and `remote` are seconds since the epoch.
fn conflict(policy: &str, local: u64, remote: u64) -> World {
    let w = World::agreed_with(&[("d/a.txt", "v1")], &["--conflict", policy]);
    w.local_at("d/a.txt", "local", local);
    w.remote_at("d/a.txt", "remote", remote);
    w
}

#[test]
fn newer_is_what_happens_unless_told_otherwise() {
    let w = conflict("newer", 2_000, 1_000);
    w.sync().expect_kept_remote("d/a.txt", "remote");
    ends_with(&w, &[("d/a.txt", "local")]);
}

#[test]
fn local_lets_the_file_win_though_it_is_older() {
    let w = conflict("local", 1_000, 2_000);
    w.sync_code(0)
        .expect_stderr("conflict d/a.txt: the local file");
    w.expect_kept_remote("d/a.txt", "remote");
    ends_with(&w, &[("d/a.txt", "local")]);
}

#[test]
fn remote_lets_the_object_win_though_it_is_older() {
    let w = conflict("remote", 2_000, 1_000);
    w.sync_code(0).expect_stderr("conflict d/a.txt: the object");
    w.expect_kept_local("d/a.txt", "local");
    ends_with(&w, &[("d/a.txt", "remote")]);
}

#[test]
fn keep_both_gives_the_file_another_name_on_both_sides() {
    for (local, remote) in [(1_000, 2_000), (2_000, 1_000)] {
        let w = conflict("keep-both", local, remote);
        w.sync_code(0)
            .expect_stderr("conflict d/a.txt: both are kept");
        w.expect_local("d/a.txt", "remote").expect_same();
        let copy = conflict_copy(&w, "d/a", "local");
        assert_eq!(w.mtime_ns(&copy), i128::from(local) * 1_000_000_000);
        assert_eq!(w.mtime_ns("d/a.txt"), i128::from(remote) * 1_000_000_000);
        w.expect_nothing_kept().expect_quiet(1);
    }
}

#[test]
fn ask_leaves_both_sides_until_a_person_settles_it() {
    let w = conflict("ask", 1_000, 2_000);
    w.local("other", "v1");
    for _ in 0..2 {
        let run = w.sync_code(1);
        run.expect_stderr("skipped d/a.txt: both sides changed");
        w.expect_local("d/a.txt", "local")
            .expect_remote("d/a.txt", "remote");
        w.expect_nothing_kept();
    }
    w.expect_remote("other", "v1");
    w.remote("d/a.txt", "local").sync();
    ends_with(&w, &[("d/a.txt", "local"), ("other", "v1")]);
}

#[test]
fn policies_are_for_conflicts_only() {
    for policy in ["local", "remote", "keep-both", "ask"] {
        let files = [
            ("a", "v1"),
            ("b", "v1"),
            ("c", "v1"),
            ("d", "v1"),
            ("e", "v1"),
        ];
        let w = World::agreed_with(&files, &["--conflict", policy]);
        w.local("a", "v2").remote("b", "v2").remove("c");
        w.remove_remote("d")
            .local("e", "v2")
            .remote("e", "v2")
            .sync();
        ends_with(&w, &[("a", "v2"), ("b", "v2"), ("e", "v2")]);
    }
}

#[test]
fn modified_beats_removed_under_every_policy() {
    for policy in ["local", "remote", "keep-both", "ask"] {
        let w = World::agreed_with(&[("a", "v1"), ("b", "v1")], &["--conflict", policy]);
        w.remove("a").remote("a", "v2");
        w.local("b", "v2").remove_remote("b").sync();
        ends_with(&w, &[("a", "v2"), ("b", "v2")]);
    }
}

#[test]
fn on_a_first_run_local_and_remote_take_the_name_and_keep_the_other() {
    for (policy, winner, loser) in [("local", "local", "remote"), ("remote", "remote", "local")] {
        let w = World::new();
        w.local("a", "local")
            .remote("a", "remote")
            .local("zz", "stays");
        w.init_with(&["--conflict", policy]).sync();
        w.expect_kept(loser);
        ends_with(&w, &[("a", winner)]);
    }
}

#[test]
fn every_run_keeps_its_own_loser() {
    let w = World::agreed_with(&[("a", "v1")], &["--conflict", "remote"]);
    for n in 0..3 {
        w.local("a", format!("local {n}"))
            .remote("a", format!("remote {n}"));
        w.sync();
    }
    for n in 0..3 {
        w.expect_kept_local("a", &format!("local {n}"));
    }
    ends_with(&w, &[("a", "remote 2")]);

    let w = World::agreed_with(&[("a", "v1")], &["--conflict", "local"]);
    for n in 0..3 {
        w.local("a", format!("local {n}"))
            .remote("a", format!("remote {n}"));
        w.sync();
    }
    for n in 0..3 {
        w.expect_kept_remote("a", &format!("remote {n}"));
    }
    ends_with(&w, &[("a", "local 2")]);
}

#[test]
fn a_loser_is_not_downloaded_to_be_kept() {
    let w = conflict("local", 1_000, 2_000);
    w.sync();
    assert_eq!(w.wire().count(Op::Get), 0, "{:#?}", w.wire().log());
}
