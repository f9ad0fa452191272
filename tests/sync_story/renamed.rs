//! R x U to R x R: a rename is a removal here and a creation there, and no edit is lost over it.

use crate::ends_with;
use crate::support::wire::Op;
use crate::support::world::{Machine, World};

fn rename_remote(machine: &Machine, from: &str, to: &str) {
    let contents = machine.object(from).expect("there is something to rename");
    machine.remote(to, contents.bytes).remove_remote(from);
}

#[test]
fn a_renamed_file_is_renamed_in_the_bucket() {
    let w = World::agreed(&[("a", "v1")]);
    w.rename("a", "d/b").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("d/b", "v1")]);
}

#[test]
fn the_new_name_is_in_the_bucket_before_the_old_one_goes() {
    let w = World::agreed(&[("a", "v1")]);
    w.rename("a", "b").sync();
    let log = w.wire().log();
    let at = |op: Op, key: &str| {
        let found = log.iter().position(|e| e.op == op && e.key.ends_with(key));
        found.unwrap_or_else(|| panic!("no {op:?} of {key}: {log:#?}"))
    };
    assert!(at(Op::Copy, "/b") < at(Op::Delete, "/a"));
}

#[test]
fn a_renamed_folder_is_renamed_in_the_bucket() {
    let w = World::agreed(&[("d/a", "v1"), ("d/e/b", "v1")]);
    w.rename("d", "f").sync();
    ends_with(&w, &[("f/a", "v1"), ("f/e/b", "v1")]);
    w.expect_nothing_kept();
}

#[test]
fn a_renamed_object_is_renamed_locally() {
    let w = World::agreed(&[("d/a", "v1")]);
    rename_remote(&w, "d/a", "b");
    w.sync();
    assert!(!w.path("d").exists(), "its folder went with it");
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn an_object_edited_under_a_name_that_the_file_gave_up_survives_beside_it() {
    let w = World::agreed(&[("a", "v1")]);
    w.rename("a", "b").remote("a", "v2").sync();
    ends_with(&w, &[("a", "v2"), ("b", "v1")]);
}

#[test]
fn a_file_edited_under_a_name_that_the_object_gave_up_survives_beside_it() {
    let w = World::agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "b");
    w.local("a", "v2").sync();
    ends_with(&w, &[("a", "v2"), ("b", "v1")]);
}

#[test]
fn a_renamed_file_survives_the_removal_of_its_object() {
    let w = World::agreed(&[("a", "v1")]);
    w.rename("a", "b").remove_remote("a").sync();
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn a_renamed_object_survives_the_removal_of_its_file() {
    let w = World::agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "b");
    w.remove("a").sync();
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn renamed_alike_on_both_sides_is_adopted_without_a_transfer() {
    let w = World::agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "b");
    w.rename("a", "b").wire().forget();
    w.sync().expect_requests(&[(Op::List, 1)]);
    w.expect_nothing_kept();
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn renamed_differently_both_names_stay() {
    let w = World::agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "c");
    w.rename("a", "b").sync();
    ends_with(&w, &[("b", "v1"), ("c", "v1")]);
}

#[test]
fn names_that_two_files_exchanged_follow_their_contents() {
    let w = World::agreed(&[("a", "one"), ("b", "two")]);
    w.rename("a", "c").rename("b", "a").rename("c", "b").sync();
    ends_with(&w, &[("a", "two"), ("b", "one")]);

    let w = World::agreed(&[("a", "one"), ("b", "two")]);
    w.remote("a", "two").remote("b", "one").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "two"), ("b", "one")]);
}
