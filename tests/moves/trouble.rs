//! Lost answers, races, and runs that are killed.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Kill, World};
use crate::{agreed, ends_with, expect_no_bytes, rename_remote};

#[test]
fn an_answer_that_is_lost_after_the_effect_is_found_out() {
    for op in [Op::Copy, Op::Delete] {
        let w = agreed(&[("a", "v1")]);
        w.wire().fault(When::op(op), Fault::Lose);
        w.rename("a", "b").sync();
        assert_eq!(w.wire().heal(), 1);
        expect_no_bytes(&w);
        ends_with(&w, &[("b", "v1")]);
    }
    let w = agreed(&[("d/a", "one"), ("d/b", "two")]);
    w.wire().fault(When::op(Op::BatchDelete), Fault::Lose);
    w.rename("d", "e").sync();
    assert_eq!(w.wire().heal(), 1);
    expect_no_bytes(&w);
    ends_with(&w, &[("e/a", "one"), ("e/b", "two")]);
}

#[test]
fn an_object_edited_at_the_last_moment_is_neither_copied_nor_lost() {
    for op in [Op::Copy, Op::Delete] {
        let w = agreed(&[("a", "v1")]);
        let machine = w.clone_first();
        let happens = move || {
            machine.remote("a", "v2");
        };
        w.wire().fault(When::op(op), Fault::call(happens));
        w.rename("a", "b").sync();
        ends_with(&w, &[("a", "v2"), ("b", "v1")]);
    }
}

#[test]
fn of_many_that_go_together_only_those_go_that_nobody_edited() {
    let w = agreed(&[("d/a", "one"), ("d/b", "two"), ("d/c", "three")]);
    let machine = w.clone_first();
    let happens = move || {
        machine.remote("d/b", "edited").remove_remote("d/c");
    };
    w.wire()
        .fault(When::op(Op::BatchDelete), Fault::call(happens));
    w.rename("d", "e").sync();
    ends_with(
        &w,
        &[
            ("d/b", "edited"),
            ("e/a", "one"),
            ("e/b", "two"),
            ("e/c", "three"),
        ],
    );
}

#[test]
fn removals_that_are_no_moves_go_together_too() {
    let w = agreed(&[("a", "one"), ("b", "two"), ("c", "three")]);
    w.remove("a").remove("b").sync();
    w.expect_requests(&[(Op::List, 1), (Op::BatchDelete, 1)]);
    ends_with(&w, &[("c", "three")]);
}

#[test]
fn an_object_that_takes_the_new_name_at_the_last_moment_is_not_replaced() {
    let w = agreed(&[("a", "v1")]);
    let machine = w.clone_first();
    let happens = move || {
        machine.remote("b", "another's");
    };
    w.wire().fault(When::op(Op::Copy), Fault::call(happens));
    w.rename("a", "b");
    w.run(&[]);
    w.sync().expect_findable("v1").expect_findable("another's");
    w.expect_same().expect_no_remote("a").expect_quiet(1);
}

#[test]
fn a_file_that_takes_either_name_at_the_last_moment_is_not_replaced() {
    for name in ["a", "b"] {
        let w = agreed(&[("a", "v1")]);
        let machine = w.clone_first();
        let happens = move || {
            machine.local(name, "just written");
        };
        w.wire().fault(When::op(Op::Head), Fault::call(happens));
        rename_remote(&w, "a", "b");
        w.run(&[]);
        w.sync()
            .expect_findable("v1")
            .expect_findable("just written");
        w.expect_same().expect_quiet(1);
    }
}

#[test]
fn a_run_killed_at_any_request_leaves_two_copies_at_most_and_the_next_sends_nothing() {
    for kill in [Kill::Before, Kill::After] {
        killed_everywhere(kill, |w, turn| {
            let (from, to) = (format!("d{turn}"), format!("d{}", turn + 1));
            w.rename(&from, &to);
        });
    }
}

#[test]
fn a_run_killed_at_any_request_of_a_rename_in_the_bucket_fetches_nothing_again() {
    for kill in [Kill::Before, Kill::After] {
        killed_everywhere(kill, |w, turn| {
            for name in ["a", "b", "c"] {
                let (from, to) = (format!("d{turn}/{name}"), format!("d{}/{name}", turn + 1));
                rename_remote(w, &from, &to);
            }
        });
    }
}

fn killed_everywhere(kill: Kill, rename: impl Fn(&World, usize)) {
    let w = agreed(&[("d1/a", "one"), ("d1/b", "two"), ("d1/c", "three")]);
    for turn in 1..40 {
        rename(&w, turn);
        w.wire().forget();
        let whole = w.killed(&["--jobs", "1"], When::any().nth(turn), kill);
        for contents in ["one", "two", "three"] {
            w.expect_findable(contents);
        }
        w.wire().forget();
        w.sync();
        expect_no_bytes(&w);
        w.expect_same().expect_nothing_kept().expect_idle();
        let names: Vec<_> = w.tree().into_iter().map(|(name, _)| name).collect();
        let folder = format!("d{}", turn + 1);
        let expected = ["a", "b", "c"].map(|name| format!("{folder}/{name}"));
        assert_eq!(names[..3], expected);
        if whole.is_some() {
            assert!(turn > 4, "a run with three renames makes more requests");
            return;
        }
    }
    panic!("a run that never ends");
}

impl World {
    fn clone_first(&self) -> crate::support::world::Machine {
        (**self).clone()
    }
}
