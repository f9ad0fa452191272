//! M x M: both sides changed; `newer` takes the name, and what loses it is kept.

use crate::ends_with;
use crate::support::wire::Op;
use crate::support::world::World;

/// Long before and long after the tests run.
const PAST: u64 = 1_000_000_000;
const FUTURE: u64 = 4_000_000_000;

#[test]
fn equal_changes_on_both_sides_are_adopted_without_a_transfer() {
    let w = World::agreed(&[("a", "v1")]);
    w.local("a", "v2").remote("a", "v2").sync();
    w.expect_requests(&[(Op::List, 1)]);
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "v2")]);
}

#[test]
fn a_newer_file_takes_the_name_from_an_object_with_a_time() {
    let w = World::agreed(&[("d/a", "v1")]);
    w.local_at("d/a", "local", PAST + 1)
        .remote_at("d/a", "remote", PAST);
    w.sync_code(0).expect_stderr("conflict d/a: the local file");
    w.expect_kept_remote("d/a", "remote");
    assert_eq!(w.kept_local(), []);
    ends_with(&w, &[("d/a", "local")]);
}

#[test]
fn a_newer_object_with_a_time_takes_the_name_from_a_file() {
    let w = World::agreed(&[("d/a", "v1")]);
    w.local_at("d/a", "local", PAST)
        .remote_at("d/a", "remote", PAST + 1);
    w.sync_code(0).expect_stderr("conflict d/a: the object");
    w.expect_kept_local("d/a", "local");
    assert_eq!(w.kept_remote(), []);
    ends_with(&w, &[("d/a", "remote")]);
}

#[test]
fn at_equal_times_the_bucket_takes_the_name() {
    let w = World::agreed(&[("a", "v1")]);
    w.local_at("a", "local", PAST)
        .remote_at("a", "remote", PAST);
    w.sync_code(0).expect_stderr("conflict a: the object");
    w.expect_kept_local("a", "local");
    ends_with(&w, &[("a", "remote")]);
}

#[test]
fn an_object_without_a_time_counts_from_when_it_was_stored() {
    let w = World::agreed(&[("a", "v1")]);
    w.local_at("a", "local", PAST).remote("a", "remote").sync();
    w.expect_kept_local("a", "local");
    ends_with(&w, &[("a", "remote")]);

    let w = World::agreed(&[("a", "v1")]);
    w.local_at("a", "local", FUTURE)
        .remote("a", "remote")
        .sync();
    w.expect_kept_remote("a", "remote");
    ends_with(&w, &[("a", "local")]);
}

#[test]
fn a_time_that_other_tools_wrote_counts_too() {
    let w = World::agreed(&[("a", "v1")]);
    let attrs = format!("atime:1/ctime:1/mtime:{PAST}/uid:0");
    w.local_at("a", "local", PAST + 1)
        .remote_with("a", "remote", &[("s3cmd-attrs", &attrs)])
        .sync();
    w.expect_kept_remote("a", "remote");
    ends_with(&w, &[("a", "local")]);
}

#[test]
fn changes_of_one_size_are_a_conflict_too() {
    let w = World::agreed(&[("a", "v1")]);
    w.local_at("a", "v2", PAST)
        .remote_at("a", "v3", PAST)
        .sync();
    w.expect_kept_local("a", "v2");
    ends_with(&w, &[("a", "v3")]);
}

#[test]
fn a_kept_object_keeps_the_time_in_its_metadata() {
    let w = World::agreed(&[("a", "v1")]);
    w.local_at("a", "local", PAST + 1)
        .remote_with("a", "remote", &[("mtime", "1000000000.5"), ("x", "y")])
        .sync();
    let (path, _) = &w.kept_remote()[0];
    let kept = w.object(&format!(".s3bsync/recovery/{path}"));
    let meta = kept.expect("it is kept").meta;
    assert_eq!(meta.get("mtime").map(String::as_str), Some("1000000000.5"));
    assert_eq!(meta.get("x").map(String::as_str), Some("y"));
}

#[test]
fn a_kept_file_keeps_its_time() {
    let w = World::agreed(&[("a", "v1")]);
    w.local_at("a", "local", PAST)
        .remote_at("a", "remote", PAST);
    w.sync();
    let (path, _) = &w.kept_local()[0];
    let kept = format!(".s3bsync/recovery/{path}");
    assert_eq!(w.mtime_ns(&kept), i128::from(PAST) * 1_000_000_000);
}
