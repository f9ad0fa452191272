//! Where it is not certain which name became which, nothing is guessed.

use crate::support::wire::Op;
use crate::{agreed, ends_with, rename_remote};
use std::fs;
use std::os::unix::fs::MetadataExt;

#[test]
fn two_names_of_one_file_are_two_files() {
    let w = agreed(&[("a", "v1")]);
    w.rename("a", "b");
    fs::hard_link(w.path("b"), w.path("c")).unwrap();
    w.sync();
    w.expect_requests(&[(Op::List, 1), (Op::Put, 2), (Op::Delete, 1)]);
    ends_with(&w, &[("b", "v1"), ("c", "v1")]);
}

#[test]
fn a_second_name_of_a_file_that_stays_is_sent() {
    let w = agreed(&[("a", "v1"), ("b", "v2")]);
    fs::hard_link(w.path("b"), w.path("c")).unwrap();
    w.remove("a").sync();
    ends_with(&w, &[("b", "v2"), ("c", "v2")]);
}

#[test]
fn a_new_file_that_got_the_inode_of_a_removed_one_is_no_rename() {
    let w = agreed(&[]);
    for turn in 0..20 {
        let (old, new) = (format!("old-{turn}"), format!("new-{turn}"));
        w.local_at(&old, "v1", 1_000_000).sync();
        let before = fs::metadata(w.path(&old)).unwrap().ino();
        w.remove(&old).local_at(&new, "v2", 1_000_000);
        let is_reused = fs::metadata(w.path(&new)).unwrap().ino() == before;
        w.sync().expect_no_remote(&old).expect_remote(&new, "v2");
        w.expect_same().expect_quiet(1);
        if is_reused {
            return;
        }
    }
    eprintln!("no inode was used again here");
}

#[test]
fn equal_contents_are_not_told_apart_in_the_bucket() {
    let w = agreed(&[("a", "same"), ("b", "same")]);
    rename_remote(&w, "a", "c");
    rename_remote(&w, "b", "d");
    w.sync();
    ends_with(&w, &[("c", "same"), ("d", "same")]);
}

#[test]
fn equal_contents_are_told_apart_here_by_their_inodes() {
    let w = agreed(&[("a", "same"), ("b", "same")]);
    w.rename("a", "c").rename("b", "d").sync();
    w.expect_requests(&[(Op::List, 1), (Op::Copy, 2), (Op::BatchDelete, 1)]);
    ends_with(&w, &[("c", "same"), ("d", "same")]);
}

#[test]
fn a_copy_that_stays_beside_its_original_is_new() {
    let w = agreed(&[("a", "v1")]);
    fs::copy(w.path("a"), w.path("b")).unwrap();
    w.sync();
    w.expect_requests(&[(Op::List, 1), (Op::Put, 1)]);
    ends_with(&w, &[("a", "v1"), ("b", "v1")]);
}

#[test]
fn an_unrelated_object_of_the_same_size_is_fetched() {
    let w = agreed(&[("a", "v1")]);
    w.remove_remote("a").remote("b", "v2").sync();
    w.expect_kept("v1");
    ends_with(&w, &[("b", "v2")]);
}
