//! T x U, U x T, T x D, D x T, T x R, R x T: a file became a folder, or a folder a file, and the
//! other side did not edit what was there.

use crate::ends_with;
use crate::support::wire::Op;
use crate::support::world::World;

#[test]
fn a_file_that_became_a_folder_becomes_one_in_the_bucket() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove("t").local("t/a", "a").local("t/b/c", "c").sync();
    let log = w.wire().log();
    let puts = log.iter().rposition(|e| e.op == Op::Put);
    let gone = log
        .iter()
        .position(|e| e.op == Op::Delete && e.key == "docs/t");
    assert!(puts < gone, "what is new is safe first: {log:#?}");
    w.expect_nothing_kept();
    ends_with(&w, &[("t/a", "a"), ("t/b/c", "c")]);
}

#[test]
fn a_folder_that_became_a_file_becomes_one_in_the_bucket() {
    let w = World::agreed(&[("t/a", "a"), ("t/b/c", "c")]);
    w.remove("t/a").remove("t/b/c");
    std::fs::remove_dir(w.path("t/b")).expect("it is empty");
    std::fs::remove_dir(w.path("t")).expect("it is empty");
    w.local("t", "file").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("t", "file")]);
}

#[test]
fn an_object_that_became_a_folder_becomes_one_locally() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove_remote("t").remote("t/a", "a").remote("t/b/c", "c");
    w.sync();
    w.expect_kept_local("t", "v1");
    ends_with(&w, &[("t/a", "a"), ("t/b/c", "c")]);
}

#[test]
fn a_remote_folder_that_became_an_object_becomes_a_file_locally() {
    let w = World::agreed(&[("t/a", "a"), ("t/b/c", "c")]);
    w.remove_remote("t/a").remove_remote("t/b/c");
    w.remote("t", "file").sync();
    w.expect_kept_local("t/a", "a");
    w.expect_kept_local("t/b/c", "c");
    ends_with(&w, &[("t", "file")]);
}

#[test]
fn a_folder_that_took_a_files_name_survives_the_removal_of_its_object() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove("t").remove_remote("t").local("t/a", "a").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("t/a", "a")]);
}

#[test]
fn a_file_that_took_a_folders_name_survives_the_removal_of_its_objects() {
    let w = World::agreed(&[("t/a", "a")]);
    w.remove("t/a").remove_remote("t/a");
    std::fs::remove_dir(w.path("t")).expect("it is empty");
    w.local("t", "file").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("t", "file")]);
}

#[test]
fn a_remote_folder_that_took_an_objects_name_survives_the_removal_of_the_file() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove("t").remove_remote("t").remote("t/a", "a").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("t/a", "a")]);
}

#[test]
fn an_object_that_took_a_remote_folders_name_survives_the_removal_of_the_files() {
    let w = World::agreed(&[("t/a", "a")]);
    w.remove("t/a").remove_remote("t/a").remote("t", "file");
    w.sync().expect_nothing_kept();
    ends_with(&w, &[("t", "file")]);
}

#[test]
fn an_empty_folder_where_a_file_was_makes_way_for_an_object() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove("t").remote("t", "v2").remote("new", "v1");
    for empty in ["t/e/f", "new"] {
        std::fs::create_dir_all(w.path(empty)).expect("the name is free");
    }
    w.sync();
    ends_with(&w, &[("new", "v1"), ("t", "v2")]);
}

#[test]
fn a_folder_that_holds_anything_makes_way_for_no_object() {
    let w = World::agreed(&[]);
    w.local(".s3syncignore", "*.tmp")
        .local("t/x.tmp", "mine")
        .sync();
    w.remote("t", "v1");
    w.sync_code(1).expect_stderr("t: ");
    w.expect_local("t/x.tmp", "mine").expect_remote("t", "v1");
    assert!(w.path("t").is_dir());
}

#[test]
fn a_folder_in_the_files_place_meets_the_object_renamed_away() {
    let w = World::agreed(&[("t", "v1")]);
    w.remove("t").local("t/a", "a");
    w.remove_remote("t").remote("u", "v1").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("t/a", "a"), ("u", "v1")]);
}

#[test]
fn a_folder_in_the_objects_place_meets_the_file_renamed_away() {
    let w = World::agreed(&[("t", "v1")]);
    w.rename("t", "u");
    w.remove_remote("t").remote("t/a", "a").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("t/a", "a"), ("u", "v1")]);
}

#[test]
fn a_file_in_the_folders_place_meets_the_objects_renamed_away() {
    let w = World::agreed(&[("t/a", "a")]);
    w.remove("t/a");
    std::fs::remove_dir(w.path("t")).expect("it is empty");
    w.local("t", "file");
    w.remove_remote("t/a").remote("u/a", "a").sync();
    ends_with(&w, &[("t", "file"), ("u/a", "a")]);
}

#[test]
fn an_object_in_the_remote_folders_place_meets_the_files_renamed_away() {
    let w = World::agreed(&[("t/a", "a")]);
    w.rename("t", "u");
    w.remove_remote("t/a").remote("t", "file").sync();
    ends_with(&w, &[("t", "file"), ("u/a", "a")]);
}
