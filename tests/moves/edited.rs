//! Renames that meet other changes: nothing that somebody wrote is lost.

use crate::support::wire::Op;
use crate::{agreed, ends_with, rename_remote};

#[test]
fn renamed_and_edited_is_sent() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "b").local("b", "version 2").sync();
    w.expect_requests(&[(Op::List, 1), (Op::Put, 1), (Op::Delete, 1)]);
    ends_with(&w, &[("b", "version 2")]);
}

#[test]
fn renamed_and_edited_to_the_same_size_at_the_same_time_is_sent() {
    let w = agreed(&[]);
    w.local_at("a", "v1", 1_000_000).sync();
    w.rename("a", "b").local_at("b", "v2", 1_000_000).sync();
    w.expect_no_local("a").expect_remote("b", "v2");
    ends_with(&w, &[("b", "v2")]);
}

#[test]
fn renamed_over_another_name() {
    let w = agreed(&[("a", "v1"), ("b", "v2")]);
    w.rename("a", "b").sync();
    ends_with(&w, &[("b", "v1")]);
    let w = agreed(&[("a", "v1"), ("b", "v2")]);
    rename_remote(&w, "a", "b");
    w.sync();
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn two_names_exchanged() {
    let w = agreed(&[("a", "one"), ("b", "two")]);
    w.rename("a", "c").rename("b", "a").rename("c", "b").sync();
    ends_with(&w, &[("a", "two"), ("b", "one")]);
    let w = agreed(&[("a", "one"), ("b", "two")]);
    rename_remote(&w, "a", "c");
    rename_remote(&w, "b", "a");
    rename_remote(&w, "c", "b");
    w.sync();
    ends_with(&w, &[("a", "two"), ("b", "one")]);
}

#[test]
fn a_chain_of_names() {
    let w = agreed(&[("a", "one"), ("b", "two")]);
    w.rename("b", "c").rename("a", "b").sync();
    ends_with(&w, &[("b", "one"), ("c", "two")]);
    let w = agreed(&[("a", "one"), ("b", "two")]);
    rename_remote(&w, "b", "c");
    rename_remote(&w, "a", "b");
    w.sync();
    ends_with(&w, &[("b", "one"), ("c", "two")]);
}

#[test]
fn renamed_here_and_edited_there_both_stay() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "b").remote("a", "v2").sync();
    ends_with(&w, &[("a", "v2"), ("b", "v1")]);
}

#[test]
fn renamed_there_and_edited_here_both_stay() {
    let w = agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "b");
    w.local("a", "v2").sync();
    ends_with(&w, &[("a", "v2"), ("b", "v1")]);
}

#[test]
fn renamed_on_both_sides_to_the_same_name_is_adopted() {
    let w = agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "b");
    w.rename("a", "b").sync().expect_requests(&[(Op::List, 1)]);
    ends_with(&w, &[("b", "v1")]);
}

#[test]
fn renamed_on_both_sides_to_different_names_both_stay() {
    let w = agreed(&[("a", "v1")]);
    rename_remote(&w, "a", "c");
    w.rename("a", "b").sync();
    ends_with(&w, &[("b", "v1"), ("c", "v1")]);
}

#[test]
fn renamed_in_both_directions_at_once() {
    let w = agreed(&[("a", "one"), ("b", "two")]);
    rename_remote(&w, "a", "c");
    w.rename("b", "d").sync();
    w.expect_requests(&[(Op::List, 1), (Op::Head, 2), (Op::Copy, 1), (Op::Delete, 1)]);
    ends_with(&w, &[("c", "one"), ("d", "two")]);
}

#[test]
fn into_a_folder_of_its_own_name_and_out_of_it() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "c").rename("c", "a/b").sync();
    ends_with(&w, &[("a/b", "v1")]);
    rename_remote(&w, "a/b", "a");
    w.sync();
    ends_with(&w, &[("a", "v1")]);
}
