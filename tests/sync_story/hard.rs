//! Hard cases beside the table: odd times, damage, names within names, great files.

use crate::ends_with;
use crate::support::wire::Op;
use crate::support::world::World;
use std::fs;
use std::time::{Duration, UNIX_EPOCH};

#[test]
fn times_before_the_epoch_and_parts_of_a_second_arrive() {
    let w = World::agreed(&[]);
    let early = UNIX_EPOCH - Duration::from_millis(1_500);
    let late = UNIX_EPOCH + Duration::new(5_000_000_000, 123_456_789);
    for (name, time) in [("early", early), ("late", late)] {
        w.local(name, "v1");
        let file = fs::OpenOptions::new().write(true).open(w.path(name));
        file.and_then(|file| file.set_modified(time))
            .expect("it takes any time");
    }
    w.sync().expect_quiet(1);
    let other = w.machine("b");
    other.init().sync();
    for (name, time) in [("early", early), ("late", late)] {
        let found = other.path(name).metadata().and_then(|meta| meta.modified());
        assert_eq!(found.expect("it is there"), time, "{name}");
    }
    other.expect_quiet(1);
}

#[test]
fn a_file_emptied_under_its_recorded_time_is_fetched_again_and_not_sent() {
    let w = World::new();
    w.local_at("a", "v1", 1_000_000)
        .local_at("b", "v1", 1_000_000)
        .local("zz", "stays");
    w.local_at("c", "v1", 1_000_000).init().sync();
    w.wire().forget();
    // What a power cut leaves of a file whose bytes had not reached the disk.
    w.local_at("a", "", 1_000_000);
    w.local_at("b", "", 1_000_000).remote("b", "v2");
    w.local_at("c", "", 1_000_001).sync();
    w.expect_requests(&[(Op::List, 1), (Op::Get, 2), (Op::Put, 1)]);
    w.expect_nothing_kept();
    ends_with(&w, &[("a", "v1"), ("b", "v2"), ("c", "")]);
}

#[test]
fn of_names_within_names_within_names_the_deepest_comes_down() {
    let w = World::agreed(&[]);
    for (key, contents) in [
        ("a", "1"),
        ("a/b", "2"),
        ("a/b/c", "3"),
        ("a/d", "4"),
        ("a-", "5"),
    ] {
        w.remote(key, contents);
    }
    let run = w.sync_code(1);
    run.expect_stderr("skipped a: a directory")
        .expect_stderr("skipped a/b: a directory");
    w.expect_local("a/b/c", "3")
        .expect_local("a/d", "4")
        .expect_local("a-", "5");
    assert_eq!(w.remote_tree().len(), 6);
    w.expect_frozen(1, "skipped a/b: a directory");
    w.remove_remote("a/b/c")
        .sync_code(1)
        .expect_stderr("skipped a: a directory");
    w.expect_local("a/b", "2").expect_local("a/d", "4");
}

#[test]
fn a_file_in_place_of_a_deep_folder_and_back() {
    let w = World::agreed(&[("t/a/b/c", "v1"), ("t/a/d", "v1"), ("t/e", "v1")]);
    fs::remove_dir_all(w.path("t")).expect("it is there");
    w.local("t", "file").sync();
    ends_with(&w, &[("t", "file")]);
    w.remove_remote("t")
        .remote("t/a/b/c", "v2")
        .remote("t/e", "v2")
        .sync();
    w.expect_kept_local("t", "file");
    ends_with(&w, &[("t/a/b/c", "v2"), ("t/e", "v2")]);
}

#[test]
fn great_files_go_up_and_come_down_in_parts() {
    let great: Vec<u8> = (0_u32..17 << 18).flat_map(u32::to_le_bytes).collect();
    let w = World::agreed(&[]);
    w.local("great", &great).sync();
    assert!(w.wire().count(Op::UploadPart) > 1);
    w.expect_remote("great", &great).expect_quiet(1);

    let other = w.machine("b");
    other.init().sync();
    other.expect_local("great", &great).expect_quiet(1);
    assert_eq!(other.mtime_ns("great"), w.mtime_ns("great"));

    let mut edited = great;
    edited[9_000_000] ^= 1;
    other.local("great", &edited).sync();
    w.sync()
        .expect_local("great", &edited)
        .expect_nothing_kept();
    w.expect_quiet(1);
    other.expect_quiet(1);
}

#[test]
fn a_great_file_on_both_sides_is_adopted_or_settled_as_any_other() {
    let great = vec![7_u8; 17 << 20];
    let w = World::new();
    w.local("same", &great).remote("same", &great);
    w.init().sync().expect_quiet(1);
    w.expect_nothing_kept().expect_remote("same", &great);
    assert_eq!(w.wire().count(Op::Get), 0);

    let mut edited = great.clone();
    edited[0] = 8;
    w.local_at("same", &edited, 1_000)
        .remote_at("same", "small", 2_000)
        .sync();
    w.expect_local("same", "small").expect_quiet(1);
    assert_eq!(w.kept_local().len(), 1);
}

#[test]
fn a_loser_is_kept_as_an_old_version_where_the_bucket_has_versions() {
    use crate::support::server::Versioning;
    let w = World::new();
    let Some(hand) = w.hand() else { return };
    hand.set_versioning(Versioning::Enabled);
    w.local("a", "v1")
        .local("t", "v1")
        .local("zz", "stays")
        .init()
        .sync();
    w.local_at("a", "local", 2_000)
        .remote_at("a", "remote", 1_000);
    w.remove("t").local("t/x", "v1").remote("t", "remote t");
    w.sync();
    assert_eq!(w.kept_remote(), [], "no copy is needed");
    w.expect_findable("remote").expect_findable("remote t");
    ends_with(&w, &[("a", "local"), ("t/x", "v1")]);
    w.remove("a").sync();
    w.local("a", "again").sync();
    ends_with(&w, &[("a", "again"), ("t/x", "v1")]);
}
