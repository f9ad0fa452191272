//! Other machines, and maps that go one way.

use crate::support::wire::Op;
use crate::support::world::{Machine, World};
use crate::{ONE_BACK, agreed, ends_with, expect_no_bytes, rename_remote};

fn second(world: &World) -> Machine {
    let other = world.machine("b");
    other.init().sync();
    world.wire().forget();
    other
}

#[test]
fn a_second_machine_renames_and_does_not_bring_the_old_name_back() {
    let w = agreed(&[("d/a", "v1"), ("d/b", "v2")]);
    let other = second(&w);
    w.rename("d", "e").sync();
    w.wire().forget();
    other.sync();
    other.expect_requests(&[(Op::List, 1), (Op::Head, 4)]);
    expect_no_bytes(&other);
    ends_with(&other, &[("e/a", "v1"), ("e/b", "v2")]);
    w.expect_quiet(1);
}

#[test]
fn a_second_machine_that_renamed_the_same_file_otherwise_keeps_both_names() {
    let w = agreed(&[("a", "v1")]);
    let other = second(&w);
    w.rename("a", "b").sync();
    other.rename("a", "c").sync();
    w.sync();
    ends_with(&w, &[("b", "v1"), ("c", "v1")]);
    other.expect_quiet(1);
}

#[test]
fn a_second_machine_that_edited_the_old_name_keeps_its_edit() {
    let w = agreed(&[("a", "v1")]);
    let other = second(&w);
    w.rename("a", "b").sync();
    other.local("a", "v2").sync();
    w.sync();
    ends_with(&w, &[("a", "v2"), ("b", "v1")]);
}

#[test]
fn a_push_that_deletes_nothing_sends_the_new_name_and_leaves_the_old() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "b").run(&["push", "root"]).expect_code(0);
    w.expect_requests(&[(Op::List, 1), (Op::Put, 1)]);
    w.expect_remote("a", "v1").expect_remote("b", "v1");
}

#[test]
fn a_push_that_mirrors_moves() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "b")
        .run(&["push", "root", "--delete"])
        .expect_code(0);
    w.expect_requests(&crate::ONE);
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn a_pull_that_deletes_nothing_fetches_the_new_name_and_leaves_the_old() {
    let w = agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "b");
    w.run(&["pull", "root"]).expect_code(0);
    w.expect_local("a", "v1").expect_local("b", "v1");
}

#[test]
fn a_pull_that_mirrors_moves() {
    let w = agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "b");
    w.run(&["pull", "root", "--delete"]).expect_code(0);
    w.expect_requests(&ONE_BACK);
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn a_pull_that_mirrors_does_not_take_an_edited_file_for_the_renamed_object() {
    let w = agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "b");
    w.local("a", "v2")
        .run(&["pull", "root", "--delete"])
        .expect_code(0);
    w.expect_kept("v2");
    ends_with(&w, &[("b", "v1")]);
}
