//! What another writes in the very moment is looked at anew, and can be found afterwards.

use super::{agreed, expect, pulls};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Kill, World};

#[test]
fn a_push_that_loses_a_race_keeps_the_winner_and_sends_again() {
    let w = agreed(&[("a", "v1")], "push");
    w.local("a", "v2");
    let (machine, moment) = ((*w).clone(), When::op(Op::Put).key("docs/a"));
    w.wire().fault(
        moment,
        Fault::call(move || {
            machine.remote("a", "written meanwhile");
        }),
    );
    w.sync()
        .expect_remote("a", "v2")
        .expect_kept_remote("a", "written meanwhile")
        .expect_quiet(1);
}

#[test]
fn a_mirror_does_not_delete_what_was_written_meanwhile_unkept() {
    let w = agreed(&[("a", "v1"), ("b", "v1")], "push --delete");
    w.remove("a");
    let (machine, moment) = ((*w).clone(), When::op(Op::Delete).key("docs/a"));
    w.wire().fault(
        moment,
        Fault::call(move || {
            machine.remote("a", "written meanwhile");
        }),
    );
    w.sync()
        .expect_no_remote("a")
        .expect_kept_remote("a", "written meanwhile")
        .expect_quiet(1);
}

#[test]
fn a_pull_whose_object_changes_meanwhile_fetches_the_later_one() {
    let w = World::agreed(&[("a", "v1")]);
    w.init_with(&["--direction", "pull"]);
    w.local("a", "edited here").remote("a", "v2");
    let (machine, moment) = ((*w).clone(), When::op(Op::Get).key("docs/a"));
    w.wire().fault(
        moment,
        Fault::call(move || {
            machine.remote("a", "v3 of the bucket");
        }),
    );
    w.sync()
        .expect_local("a", "v3 of the bucket")
        .expect_kept_local("a", "edited here");
    pulls(&w, 0).expect_silence();
}

/// More requests than any run of these stories makes.
const ENOUGH: usize = 60;

#[test]
fn a_pushed_mirror_killed_before_any_request_is_carried_on_by_the_next() {
    pushed_mirror_killed(Kill::Before);
}

#[test]
fn a_pushed_mirror_killed_after_any_request_is_carried_on_by_the_next() {
    pushed_mirror_killed(Kill::After);
}

fn pushed_mirror_killed(kill: Kill) {
    for n in 1..ENOUGH {
        let w = agreed(&[("a", "v1"), ("b", "v1"), ("c", "v1")], "push --delete");
        w.local("a", "v2").remove("b").local("new", "here");
        w.remote("c", "edited there").remote("x", "there");
        w.wire().forget();
        let whole = w.killed(&["--jobs", "1"], When::any().nth(n), kill);
        w.expect_findable("edited there").expect_findable("there");
        w.sync();
        expect(
            &w.remote_tree(),
            &[("a", "v2"), ("c", "v1"), ("new", "here")],
        );
        w.expect_findable("edited there").expect_findable("there");
        w.expect_idle();
        if whole.is_some() {
            assert!(n > 6, "only {n} requests");
            return;
        }
    }
    panic!("a run that never ends");
}

#[test]
fn a_pulled_mirror_killed_at_any_request_is_carried_on_by_the_next() {
    for n in 1..ENOUGH {
        let w = World::agreed(&[("a", "v1"), ("b", "v1"), ("c", "v1")]);
        w.init_with(&["--direction", "pull", "--delete"]);
        w.remote("a", "v2")
            .remove_remote("b")
            .remote("new", "there");
        w.local("c", "edited here").local("x", "here");
        w.wire().forget();
        let whole = w.killed(&["--jobs", "1"], When::any().nth(n), Kill::Before);
        w.expect_findable("edited here").expect_findable("here");
        pulls(&w, 0);
        expect(&w.tree(), &[("a", "v2"), ("c", "v1"), ("new", "there")]);
        w.expect_kept_local("c", "edited here")
            .expect_kept_local("x", "here")
            .expect_idle();
        if whole.is_some() {
            assert!(n > 4, "only {n} requests");
            return;
        }
    }
    panic!("a run that never ends");
}
