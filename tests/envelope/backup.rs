//! A machine that holds recipients only: it backs up, and takes nothing that it cannot read for
//! gone, changed or free to be replaced.

use crate::keys::Pair;
use crate::support::wire::{Op, When};
use crate::support::world::{Kill, Machine, World};
use crate::{object, text};
use std::fs;

/// A machine without an identity, and one with it, on one prefix.
fn blind_and_seeing(files: &[(&str, &str)]) -> (World, Machine, Pair) {
    let world = World::new();
    let pair = Pair::new(world.home(), "away.txt");
    for (name, contents) in files {
        world.local(name, contents);
    }
    world
        .local("zz", "stays")
        .init_with(&["--age-recipient", &pair.recipient]);
    world.sync().expect_idle();
    let seeing = world.machine("b");
    let age = pair.flags();
    seeing.init_with(&age).sync();
    world.wire().forget();
    (world, seeing, pair)
}

#[test]
fn its_own_changes_and_deletions_travel() {
    let (world, seeing, pair) = blind_and_seeing(&[("a", "v1"), ("b", "v1"), ("c", "v1")]);
    world
        .local("a", "v2")
        .local("new", text(100_000))
        .remove("b");
    world.sync().expect_idle();
    assert_eq!(pair.unwrap(&object(&world, "a")), b"v2");
    world.expect_no_remote("b");
    seeing.sync();
    seeing
        .expect_local("a", "v2")
        .expect_local("new", text(100_000));
    seeing.expect_no_local("b");
}

#[test]
fn what_changed_in_the_bucket_is_unknown_and_said_so() {
    let (world, seeing, pair) = blind_and_seeing(&[("a", "v1"), ("b", "v1")]);
    seeing
        .local("a", "from elsewhere")
        .local("new", "from elsewhere")
        .sync();
    world.local("b", "v2");
    let run = world.sync_code(1);
    run.expect_stderr("skipped a: the object changed, and the map has no age identity");
    run.expect_stderr("skipped new: ");
    world.expect_local("a", "v1").expect_no_local("new");
    assert_eq!(pair.unwrap(&object(&world, "a")), b"from elsewhere");
    assert_eq!(pair.unwrap(&object(&world, "b")), b"v2", "the rest goes on");
    world.expect_nothing_kept();
    // An object that is not understood costs a look at its metadata, and never its bytes.
    world.wire().forget();
    world.sync_code(1);
    world.expect_requests(&[(Op::List, 1), (Op::Head, 1)]);
}

#[test]
fn a_local_deletion_of_what_changed_in_the_bucket_deletes_nothing() {
    let (world, seeing, pair) = blind_and_seeing(&[("a", "v1")]);
    seeing.local("a", "from elsewhere").sync();
    world.remove("a");
    world.sync_code(1).expect_stderr("skipped a: ");
    world.expect_no_local("a");
    assert_eq!(pair.unwrap(&object(&world, "a")), b"from elsewhere");
}

#[test]
fn a_change_on_both_sides_is_left_alone() {
    let (world, seeing, pair) = blind_and_seeing(&[("a", "v1")]);
    seeing.local("a", "from elsewhere").sync();
    world.local("a", "from here");
    let run = world.sync_code(1);
    run.expect_stderr("no age identity to open it with");
    world.expect_local("a", "from here").expect_nothing_kept();
    assert_eq!(pair.unwrap(&object(&world, "a")), b"from elsewhere");
    // Who says that the local side wins has the other kept aside, unread.
    world.init_with(&["--conflict", "local"]);
    world.sync();
    assert_eq!(pair.unwrap(&object(&world, "a")), b"from here");
    let [(_, kept)] = &kept_objects(&world)[..] else {
        panic!("one object is kept");
    };
    assert_eq!(pair.open(kept), b"from elsewhere");
}

fn kept_objects(machine: &Machine) -> Vec<(String, Vec<u8>)> {
    let names = machine.kept_remote().into_iter().map(|(name, _)| name);
    names
        .map(|name| {
            let kept = object(machine, &format!(".s3bsync/recovery/{name}"));
            (name, kept.bytes)
        })
        .collect()
}

#[test]
fn a_deletion_in_the_bucket_comes_down_to_the_recovery_folder() {
    let (world, seeing, _pair) = blind_and_seeing(&[("a", "v1")]);
    seeing.remove("a").sync();
    world
        .sync()
        .expect_no_local("a")
        .expect_kept_local("a", "v1");
}

#[test]
fn a_lost_state_costs_looks_and_no_upload() {
    let (world, _seeing, pair) = blind_and_seeing(&[("a", "v1"), ("d/b", "v1")]);
    fs::remove_file(world.state_file()).unwrap();
    world.init_with(&["--age-recipient", &pair.recipient]);
    world.wire().forget();
    world.run(&["--force"]).expect_code(0);
    let log = world.wire().log();
    let writes = log.iter().filter(|e| e.op.is_write());
    assert_eq!(writes.count(), 0, "{log:#?}");
    world.expect_idle();
}

#[test]
fn with_a_lost_state_and_whole_seconds_nothing_is_sent_and_later_nothing_is_lost() {
    let world = World::new();
    let pair = Pair::new(world.home(), "away.txt");
    world
        .local_at("a", "v1 here", 1_500_000_000)
        .local("zz", "stays");
    world
        .init_with(&["--age-recipient", &pair.recipient])
        .sync();
    // Another content of the same size, under the same whole second.
    let other = pair.seal(b"v1 else");
    let meta = [
        ("s3bsync-encoding", "age"),
        ("s3bsync-size", "7"),
        ("mtime", "1500000000.0"),
    ];
    world.remote_with("a", &other, &meta);
    fs::remove_file(world.state_file()).unwrap();
    world.init_with(&["--age-recipient", &pair.recipient]);
    world.run(&["--force"]).expect_code(0);
    world.expect_idle();
    // Nothing could tell the two apart, so the one that is replaced is kept.
    world.local("a", "v2").sync();
    assert_eq!(pair.unwrap(&object(&world, "a")), b"v2");
    let [(_, kept)] = &kept_objects(&world)[..] else {
        panic!("one object is kept");
    };
    assert_eq!(pair.open(kept), b"v1 else");
}

#[test]
fn all_that_another_machine_wraps_anew_is_known_again() {
    let (world, seeing, pair) = blind_and_seeing(&[("a", "v1"), ("b", "v1")]);
    for name in ["a", "b"] {
        let stored = object(&seeing, name);
        let plain = pair.unwrap(&stored);
        let meta: Vec<_> = stored
            .meta
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        seeing.remote_with(name, pair.seal(&plain), &meta);
    }
    world.sync().expect_idle();
    world.expect_local("a", "v1");
}

#[test]
fn nobody_stops_a_backup_by_putting_an_object_in_its_way() {
    let world = World::new();
    let pair = Pair::new(world.home(), "away.txt");
    let push = ["--direction", "push", "--age-recipient", &pair.recipient];
    world
        .local("a", "v1")
        .local("b", "v1")
        .init_with(&push)
        .sync();
    world.remote("a", "planted").remote("b", "planted");
    world.local("b", "v2").sync();
    assert_eq!(pair.unwrap(&object(&world, "a")), b"v1");
    assert_eq!(pair.unwrap(&object(&world, "b")), b"v2");
    let kept: Vec<_> = kept_objects(&world)
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect();
    assert_eq!(kept, [b"planted", b"planted"]);
}

/// The story that the README tells, up to the restore on a fresh machine.
#[test]
fn a_backup_is_restored_on_a_fresh_machine_without_a_state_file() {
    let world = World::new();
    let pair = Pair::new(world.home(), "away.txt");
    world
        .local("report.txt", text(30_000))
        .local("deep/notes", "v1");
    let push = [
        "--direction",
        "push",
        "--compress",
        "6",
        "--age-recipient",
        &pair.recipient,
    ];
    world.init_with(&push).sync().expect_idle();
    world
        .local("deep/notes", "v2")
        .local("large", text(20 << 20))
        .sync();
    // What is deleted by mistake stays in the backup.
    world.remove("report.txt").sync();

    let fresh = world.machine("fresh");
    let endpoint = world.wire().endpoint();
    let (uri, root) = (world.uri(), fresh.root().to_str().unwrap().to_owned());
    let pull = |identity: &str| {
        let access = [
            "--endpoint-url",
            &endpoint,
            "--path-style",
            "--region",
            "us-east-1",
        ];
        let args = [
            &["pull", &uri, &root, "--age-identity", identity][..],
            &access,
        ]
        .concat();
        fresh.run(&args)
    };
    let stranger = Pair::new(fresh.home(), "stranger.txt");
    let run = pull(&stranger.file);
    run.expect_code(1)
        .expect_stderr("none of the map's age identities opens");
    assert_eq!(fresh.tree(), []);
    pull(&pair.file).expect_code(0);
    fresh.expect_local("report.txt", text(30_000));
    fresh
        .expect_local("deep/notes", "v2")
        .expect_local("large", text(20 << 20));
    assert_eq!(fresh.mtime_ns("deep/notes"), world.mtime_ns("deep/notes"));
    assert!(!fresh.state_file().exists());
}

#[test]
fn an_edit_elsewhere_that_leaves_size_and_time_is_kept_when_it_is_replaced() {
    let (world, seeing, pair) = blind_and_seeing(&[("container", "v1")]);
    let time = fs::metadata(seeing.path("container")).unwrap().modified();
    fs::write(seeing.path("container"), "v2").unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(seeing.path("container"));
    file.unwrap().set_modified(time.unwrap()).unwrap();
    seeing.sync();
    assert_eq!(pair.unwrap(&object(&world, "container")), b"v2");
    // As far as can be seen here somebody wrapped the same file anew.
    world.sync().expect_idle();
    world.local("container", "v3").sync();
    assert_eq!(pair.unwrap(&object(&world, "container")), b"v3");
    let kept = kept_objects(&world);
    assert!(kept.iter().any(|(_, bytes)| pair.open(bytes) == b"v2"));
}

#[test]
fn a_run_killed_after_an_upload_is_carried_on_whatever_the_files_time() {
    for time in [1_500_000_000, 0] {
        let (world, _seeing, pair) = blind_and_seeing(&[("a", "v1")]);
        match time {
            0 => world.local("a", "v2"),
            time => world.local_at("a", "v2", time),
        };
        let put = When::op(Op::Put).key("docs/a");
        assert!(world.killed(&[], put, Kill::After).is_none());
        world.sync().expect_idle();
        assert_eq!(pair.unwrap(&object(&world, "a")), b"v2");
    }
}
