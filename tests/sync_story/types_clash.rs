//! T x M, M x T, T x T: a name is a file's here and a folder's there, and both have news.
//! The folder keeps the name; the file is kept aside, or left where it is and named.

use crate::ends_with;
use crate::support::world::{Machine, World};

/// Replaces the folder `t` by a file.
fn file_for_folder(machine: &Machine) {
    std::fs::remove_dir_all(machine.path("t")).expect("it is there");
    machine.local("t", "file");
}

#[test]
fn a_folder_in_a_files_place_beats_the_edited_object_which_is_kept() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove("t").local("t/a", "a").remote("t", "v2");
    w.sync_code(0).expect_stderr("conflict t:");
    w.expect_kept_remote("t", "v2");
    ends_with(&w, &[("t/a", "a")]);
}

#[test]
fn a_remote_folder_in_an_objects_place_beats_the_edited_file_which_is_kept() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove_remote("t").remote("t/a", "a").local("t", "v2");
    w.sync_code(0).expect_stderr("conflict t:");
    w.expect_kept_local("t", "v2");
    ends_with(&w, &[("t/a", "a")]);
}

#[test]
fn an_object_edited_in_a_folder_beats_the_file_in_its_place_which_is_kept() {
    let w = World::agreed(&[("t/a", "v1"), ("t/b", "v1")]);
    file_for_folder(&w);
    w.remote("t/a", "v2");
    w.sync_code(0).expect_stderr("conflict t:");
    w.expect_kept_local("t", "file");
    ends_with(&w, &[("t/a", "v2")]);
}

#[test]
fn a_file_edited_in_a_folder_stays_beside_the_object_that_took_the_folders_name() {
    let w = World::agreed(&[("t/a", "v1"), ("t/b", "v1")]);
    w.remove_remote("t/a").remove_remote("t/b");
    w.remote("t", "file").local("t/a", "v2");
    w.sync_code(1)
        .expect_stderr("skipped t: a directory holds its name");
    w.expect_local("t/a", "v2").expect_remote("t/a", "v2");
    w.expect_remote("t", "file").expect_no_remote("t/b");
    w.expect_frozen(1, "skipped t: a directory holds its name");
}

#[test]
fn folders_in_one_files_place_are_joined() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove("t").local("t/a", "a").local("t/c", "c");
    w.remove_remote("t").remote("t/b", "b").remote("t/c", "c");
    w.sync().expect_nothing_kept();
    ends_with(&w, &[("t/a", "a"), ("t/b", "b"), ("t/c", "c")]);
}

#[test]
fn different_files_in_one_folders_place_are_settled_as_any_conflict() {
    let w = World::agreed(&[("t/a", "v1")]);
    std::fs::remove_dir_all(w.path("t")).expect("it is there");
    w.local_at("t", "local", 2_000);
    w.remove_remote("t/a").remote_at("t", "remote", 1_000);
    w.sync();
    w.expect_kept_remote("t", "remote");
    ends_with(&w, &[("t", "local")]);
}

#[test]
fn a_new_file_and_a_new_remote_folder_of_one_name_are_both_kept() {
    let w = World::agreed(&[]);
    w.local("t", "file").remote("t/a", "a");
    w.sync_code(0).expect_stderr("conflict t:");
    w.expect_kept_local("t", "file");
    ends_with(&w, &[("t/a", "a")]);
}

#[test]
fn a_new_object_stays_where_a_new_folder_has_its_name() {
    let w = World::agreed(&[]);
    w.local("t/a", "a").remote("t", "object");
    w.sync_code(1)
        .expect_stderr("skipped t: a directory holds its name");
    w.expect_local("t/a", "a")
        .expect_remote("t/a", "a")
        .expect_remote("t", "object");
    w.expect_frozen(1, "skipped t: a directory holds its name");
}

#[test]
fn a_symlink_in_a_files_place_freezes_the_object_whatever_becomes_of_it() {
    for edit in ["", "v2"] {
        let w = World::agreed(&[("t", "v1"), ("other", "v1")]);
        w.remove("t").local("other", "v2");
        std::os::unix::fs::symlink("/etc/passwd", w.path("t")).expect("the name is free");
        if !edit.is_empty() {
            w.remote("t", edit);
        }
        let before = w.object("t");
        w.sync_code(1).expect_stderr("skipped t: it is a symlink");
        assert_eq!(w.object("t"), before, "the object is left alone");
        w.expect_remote("other", "v2").expect_nothing_kept();
        w.expect_frozen(1, "skipped t: it is a symlink");
        w.remove("t").local("t", "v1").sync();
        w.expect_remote("t", if edit.is_empty() { "v1" } else { edit });
    }
}

#[test]
fn a_symlink_in_a_folders_place_freezes_all_below_it() {
    let w = World::agreed(&[("t/a", "v1"), ("t/b", "v1"), ("t/same", "v1")]);
    let elsewhere = w.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("the name is free");
    std::fs::remove_dir_all(w.path("t")).expect("it is there");
    std::os::unix::fs::symlink(&elsewhere, w.path("t")).expect("the name is free");
    w.remote("t/a", "v2")
        .remote("t/new", "v1")
        .remove_remote("t/b");
    w.sync_code(1).expect_stderr("skipped t: it is a symlink");
    w.expect_remote("t/a", "v2").expect_remote("t/new", "v1");
    w.expect_remote("t/same", "v1");
    let inside = std::fs::read_dir(&elsewhere).expect("it is there").count();
    assert_eq!(inside, 0, "nothing is written through the symlink");
    w.expect_nothing_kept();
    w.expect_frozen(1, "skipped t: it is a symlink");
}
