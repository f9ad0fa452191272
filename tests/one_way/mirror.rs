//! What is deleted where the other side is the truth, and what holds it back.

use super::{agreed, expect, mapped, pulls, pushes};
use crate::support::world::World;

#[track_caller]
fn pulled(files: &[(&str, &str)]) -> World {
    let world = World::agreed(files);
    world.init_with(&["--direction", "pull", "--delete"]);
    world
}

#[test]
fn a_pushed_mirror_loses_what_is_gone_and_keeps_what_nobody_here_has_seen() {
    let w = agreed(&[("a", "v1"), ("b", "v1"), ("c", "v1")], "push --delete");
    w.remove("a").remove("b").remote("b", "edited there");
    w.remote("other", "there");
    let run = w.run(&["--dryrun", "--debug"]);
    run.expect_code(0)
        .expect_stdout("would delete a from the bucket: not here, and the bucket is a mirror")
        .expect_stdout("would keep other aside and delete it from the bucket: not here");
    pushes(&w, 0).expect_silence();
    expect(&w.remote_tree(), &[("c", "v1")]);
    w.expect_kept_remote("b", "edited there")
        .expect_kept_remote("other", "there");
    assert!(w.kept_remote().iter().all(|(_, kept)| kept != "v1"));
    w.expect_quiet(1);
}

#[test]
fn a_pulled_mirror_keeps_in_the_recovery_folder_what_it_loses() {
    let w = pulled(&[("a", "v1"), ("b", "v1"), ("c", "v1")]);
    w.remove_remote("a")
        .remove_remote("b")
        .local("b", "edited here");
    w.local("other", "here");
    let run = w.run(&["--dryrun", "--debug"]);
    run.expect_code(0).expect_stdout(
        "would move other to the recovery folder: not in the bucket, and the directory is a mirror",
    );
    pulls(&w, 0).expect_silence();
    expect(&w.tree(), &[("c", "v1")]);
    w.expect_kept_local("a", "v1")
        .expect_kept_local("b", "edited here")
        .expect_kept_local("other", "here");
    w.expect_quiet(1);
}

#[test]
fn a_pushed_mirror_replaces_a_directory_by_a_file_and_a_file_by_a_directory() {
    let w = agreed(&[("d/x", "v1"), ("f", "v1"), ("c", "v1")], "push --delete");
    w.remove("d/x").remove("f");
    std::fs::remove_dir(w.path("d")).unwrap();
    w.local("d", "a file").local("f/x", "below");
    w.remote("d/y", "there");
    pushes(&w, 0);
    expect(
        &w.remote_tree(),
        &[("c", "v1"), ("d", "a file"), ("f/x", "below")],
    );
    w.expect_kept_remote("d/y", "there").expect_quiet(1);
}

#[test]
fn a_pulled_mirror_replaces_a_directory_by_a_file_and_a_file_by_a_directory() {
    let w = pulled(&[("d/x", "v1"), ("f", "v1"), ("c", "v1")]);
    w.remove_remote("d/x").remove_remote("f");
    w.remote("d", "a file").remote("f/x", "below");
    w.local("d/y", "here");
    pulls(&w, 0);
    expect(&w.tree(), &[("c", "v1"), ("d", "a file"), ("f/x", "below")]);
    w.expect_kept_local("d/x", "v1")
        .expect_kept_local("d/y", "here")
        .expect_kept_local("f", "v1");
    w.expect_quiet(1);
}

#[test]
fn an_emptied_directory_empties_no_bucket() {
    let w = agreed(&[("a", "v1"), ("b", "v1")], "push --delete");
    w.remove("a").remove("b").remove("zz");
    pushes(&w, 3).expect_stderr("all 3 files would be deleted in the bucket");
    expect(&w.remote_tree(), &[("a", "v1"), ("b", "v1")]);
    w.run(&["--force"]).expect_code(0);
    assert!(w.remote_tree().is_empty());
}

#[test]
fn a_first_run_from_an_empty_side_deletes_nothing_unasked() {
    let w = mapped("push --delete");
    w.remote("a", "1").remote("b", "2").remote("c", "3");
    pushes(&w, 3).expect_stderr("all 3 files would be deleted in the bucket");
    assert_eq!(w.remote_tree().len(), 3);
    let w = mapped("pull --delete");
    w.local("a", "1").local("b", "2").local("c", "3");
    pulls(&w, 3).expect_stderr("all 3 files would be deleted in the directory");
    assert_eq!(w.tree().len(), 3);
    w.expect_nothing_kept();
}

#[test]
fn a_limit_holds_a_mirrors_deletions_and_nothing_else() {
    let w = agreed(&[("a", "v1"), ("b", "v1"), ("c", "v1")], "push --delete");
    w.remove("a").remote("other", "there").local("new", "here");
    let run = w.run(&["--max-delete", "1"]);
    run.expect_code(3)
        .expect_stderr("2 of 5 files would be deleted in the bucket, over the limit of 1");
    w.expect_remote("new", "here")
        .expect_remote("a", "v1")
        .expect_remote("other", "there");
    w.run(&["--max-delete", "2"]).expect_code(0);
    expect(
        &w.remote_tree(),
        &[("b", "v1"), ("c", "v1"), ("new", "here")],
    );
    w.expect_quiet(1);
}

#[test]
fn a_directory_of_another_time_is_no_model_for_a_mirror() {
    let w = agreed(&[("a", "v1"), ("b", "v1")], "push --delete");
    w.remove("a").remote("x", "there");
    std::fs::remove_file(w.path(".s3bsync/marker")).unwrap();
    w.sync_code(3).expect_stderr("holds no marker now");
    let run = w.run(&["--force"]);
    run.expect_code(0)
        .expect_stderr("nothing is deleted this run");
    expect(
        &w.remote_tree(),
        &[("a", "v1"), ("b", "v1"), ("x", "there")],
    );
    pushes(&w, 0).expect_silence();
    expect(&w.remote_tree(), &[("b", "v1")]);
    w.expect_kept_remote("a", "v1")
        .expect_kept_remote("x", "there")
        .expect_quiet(1);
}

#[test]
fn a_mirror_names_the_objects_it_cannot_delete() {
    let w = agreed(&[("a", "v1")], "push --delete");
    w.remote("x//y", "no key");
    pushes(&w, 1).expect_stderr("skipped x//y");
}
