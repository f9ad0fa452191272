//! U x U, M x U, U x M, D x U, U x D: at most one side changed.

use crate::ends_with;
use crate::support::wire::Op;
use crate::support::world::World;

#[test]
fn unchanged_on_both_sides_is_left_alone() {
    let w = World::agreed(&[("a", "v1")]);
    w.expect_quiet(1);
    ends_with(&w, &[("a", "v1")]);
}

#[test]
fn a_modified_file_is_uploaded() {
    let w = World::agreed(&[("a", "v1")]);
    w.local("a", "version 2").sync();
    w.expect_requests(&[(Op::List, 1), (Op::Put, 1)]);
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "version 2")]);
}

#[test]
fn a_modified_file_is_uploaded_though_its_time_went_back() {
    let w = World::agreed(&[("a", "v1")]);
    w.local_at("a", "v2", 1_000_000).sync();
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "v2")]);
}

#[test]
fn a_modified_file_of_the_same_size_and_time_is_uploaded() {
    let w = World::new();
    w.local_at("a", "v1", 1_000_000).local("zz", "stays");
    w.init().sync();
    w.local_at("a", "v2", 1_000_000).sync();
    ends_with(&w, &[("a", "v2")]);
}

#[test]
fn a_file_put_in_place_of_another_with_its_size_and_time_is_uploaded() {
    let w = World::new();
    w.local_at("a", "v1", 1_000_000).local("zz", "stays");
    w.init().sync();
    w.local_at("new", "v2", 1_000_000).rename("new", "a").sync();
    ends_with(&w, &[("a", "v2")]);
}

#[test]
fn a_modified_object_is_downloaded() {
    let w = World::agreed(&[("a", "v1")]);
    w.remote("a", "version 2").sync();
    w.expect_requests(&[(Op::List, 1), (Op::Get, 1)]);
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "version 2")]);
}

#[test]
fn a_modified_object_of_the_same_size_is_downloaded() {
    let w = World::agreed(&[("a", "v1")]);
    w.remote("a", "v2").sync();
    ends_with(&w, &[("a", "v2")]);
}

#[test]
fn a_modified_object_is_downloaded_over_a_touched_file() {
    for seconds in [1_000_000, 4_000_000_000] {
        let w = World::agreed(&[("a", "v1")]);
        w.touch("a", seconds).remote("a", "v2").sync();
        w.expect_nothing_kept();
        ends_with(&w, &[("a", "v2")]);
    }
}

#[test]
fn a_downloaded_file_has_the_time_in_the_objects_metadata() {
    let w = World::agreed(&[]);
    w.remote_at("a", "v1", 1_234_567).sync();
    assert_eq!(w.mtime_ns("a"), 1_234_567_000_000_000);
    ends_with(&w, &[("a", "v1")]);
}

#[test]
fn an_uploaded_object_has_the_files_time_in_its_metadata() {
    let w = World::agreed(&[]);
    w.local_at("a", "v1", 1_234_567).sync();
    let meta = w.object("a").expect("it is uploaded").meta;
    assert_eq!(
        meta.get("mtime").map(String::as_str),
        Some("1234567.000000000")
    );
    assert_eq!(w.mtime_ns("a"), 1_234_567_000_000_000, "the file stays");
}

#[test]
fn a_touched_file_is_no_transfer() {
    let w = World::agreed(&[("a", "v1")]);
    w.touch("a", 4_000_000_000).sync();
    w.expect_requests(&[(Op::List, 1)]);
    ends_with(&w, &[("a", "v1")]);
}

#[test]
fn a_rewritten_object_with_equal_content_is_no_transfer() {
    let w = World::agreed(&[("a", "v1")]);
    w.remote_with("a", "v1", &[("who", "somebody")]).sync();
    w.expect_requests(&[(Op::List, 1)]);
    ends_with(&w, &[("a", "v1")]);
}

#[test]
fn a_deleted_file_is_deleted_from_the_bucket() {
    let w = World::agreed(&[("a", "v1")]);
    w.remove("a").sync();
    w.expect_nothing_kept();
    ends_with(&w, &[]);
}

#[test]
fn a_deleted_object_takes_the_file_to_the_recovery_folder() {
    let w = World::agreed(&[("d/a", "v1")]);
    w.remove_remote("d/a").sync();
    // The bucket is asked once more before the file goes.
    w.expect_requests(&[(Op::List, 1), (Op::Head, 1)]);
    w.expect_kept_local("d/a", "v1");
    assert!(!w.path("d").exists(), "a folder goes with its last file");
    ends_with(&w, &[]);
}
