//! Ciphertext never repeats, and what is the same is not sent or fetched again.

use crate::keys::{Pair, gzip};
use crate::support::wire::Op;
use crate::support::world::{Machine, World};
use crate::{object, sealed, text};
use std::fs;

/// No request moved a file's bytes.
#[track_caller]
fn nothing_moved(machine: &Machine) {
    let log = machine.wire().log();
    let moved = log
        .iter()
        .filter(|e| e.op.is_write() || matches!(e.op, Op::Get | Op::Copy));
    assert_eq!(moved.count(), 0, "{log:#?}");
}

#[test]
fn a_touched_file_is_not_sent() {
    let (world, _pair) = sealed(&["--compress", "6"]);
    world.local("a", text(50_000)).sync();
    world.wire().forget();
    world.touch("a", 1_600_000_000).sync();
    nothing_moved(&world);
    world.expect_idle();
}

#[test]
fn a_restored_file_is_not_sent() {
    let (world, _pair) = sealed(&[]);
    world.local("a", "v1").sync();
    let copy = world.home().join("copy");
    fs::rename(world.path("a"), &copy).unwrap();
    fs::copy(&copy, world.path("a")).unwrap();
    world.wire().forget();
    world.sync();
    nothing_moved(&world);
    world.expect_idle();
}

#[test]
fn a_lost_state_is_found_again_by_metadata() {
    for settings in [&["--compress", "6"][..], &[]] {
        let (world, pair) = sealed(settings);
        world.local("a", text(50_000)).local("d/b", "small").sync();
        fs::remove_file(world.state_file()).unwrap();
        let age = pair.flags();
        world.init_with(&[&age[..], settings].concat());
        world.wire().forget();
        world.run(&["--force"]).expect_code(0);
        nothing_moved(&world);
        world.expect_idle();
        // What was found again is known by its content.
        world.touch("a", 1_600_000_000);
        world.wire().forget();
        world.sync();
        nothing_moved(&world);
    }
}

#[test]
fn a_lost_state_with_other_times_is_found_again_by_content() {
    let (world, pair) = sealed(&[]);
    world.local("a", "the same").local("b", "one thing").sync();
    fs::remove_file(world.state_file()).unwrap();
    world.touch("a", 1_600_000_000).local("b", "otherwise");
    let age = pair.flags();
    world.init_with(&age);
    world.wire().forget();
    world
        .run(&["--force"])
        .expect_code(0)
        .expect_stderr("conflict b");
    let log = world.wire().log();
    let about_a = |e: &&crate::support::wire::Exchange| e.key.ends_with("/a") && e.op.is_write();
    assert_eq!(log.iter().filter(about_a).count(), 0, "{log:#?}");
    let mut found: Vec<_> = world.tree().into_iter().map(|(_, text)| text).collect();
    found.sort();
    assert_eq!(found, ["one thing", "otherwise", "stays", "the same"]);
}

#[test]
fn whole_seconds_prove_nothing_where_the_object_can_be_opened() {
    let (world, pair) = sealed(&[]);
    world.local_at("a", "v1 here", 1_500_000_000).sync();
    let meta = [
        ("s3bsync-encoding", "age"),
        ("s3bsync-size", "7"),
        ("mtime", "1500000000.0"),
    ];
    world.remote_with("a", pair.seal(b"v1 else"), &meta);
    world.sync().expect_local("a", "v1 else").expect_idle();
}

#[test]
fn an_object_wrapped_anew_elsewhere_is_not_placed_again() {
    let (world, pair) = sealed(&[]);
    world.local("a", "v1").sync();
    let inode = |machine: &Machine| {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(machine.path("a")).unwrap().ino()
    };
    let before = inode(&world);
    // It is known by its content: a time can be put back after an edit.
    for meta in [true, false] {
        let mtime = format!("{}", world.mtime_ns("a"));
        let mtime = format!("{}.{}", &mtime[..10], &mtime[10..]);
        let mut pairs = vec![("s3bsync-encoding", "gzip+age"), ("s3bsync-size", "2")];
        if meta {
            pairs.push(("mtime", &mtime));
        }
        world.remote_with("a", pair.seal(&gzip(b"v1")), &pairs);
        world.wire().forget();
        world.sync();
        assert_eq!(world.wire().count(Op::Get), 1);
        assert_eq!(inode(&world), before, "the file stays");
        world.expect_idle();
    }
}

/// Writes other bytes and leaves size and time as they were.
fn edit_in_secret(machine: &Machine, name: &str, contents: &str) {
    let time = fs::metadata(machine.path(name))
        .unwrap()
        .modified()
        .unwrap();
    fs::write(machine.path(name), contents).unwrap();
    let file = fs::OpenOptions::new().write(true).open(machine.path(name));
    file.unwrap().set_modified(time).unwrap();
}

#[test]
fn an_edit_that_leaves_size_and_time_reaches_other_machines() {
    for settings in [&["--compress", "6"][..], &[]] {
        let (world, pair) = sealed(settings);
        let other = world.machine("b");
        other.init_with(&[&pair.flags()[..], settings].concat());
        world.local("container", "v1 ".repeat(500)).sync();
        other.sync();
        edit_in_secret(&other, "container", &"v2 ".repeat(500));
        other.sync();
        world.sync().expect_local("container", "v2 ".repeat(500));
        world.expect_idle();
    }
}

#[test]
fn another_level_or_recipient_sends_nothing_until_a_file_changes() {
    let (world, pair) = sealed(&["--compress", "1"]);
    world
        .local("a", text(50_000))
        .local("b", text(60_000))
        .sync();
    let next = Pair::new(world.home(), "next.txt");
    world.init_with(&["--compress", "9", "--age-recipient", &next.recipient]);
    world.expect_idle();
    world.local("b", text(70_000)).sync().expect_idle();
    assert_eq!(pair.unwrap(&object(&world, "a")), text(50_000));
    assert_eq!(next.unwrap(&object(&world, "b")), text(70_000));
}

#[test]
fn compression_turned_on_and_off_leaves_old_objects_readable() {
    let world = World::agreed(&[("a", "v1 v1 v1 v1 v1 v1 v1 v1 v1 v1 v1 v1 v1 v1 v1")]);
    world.init_with(&["--compress", "6"]);
    world.expect_idle();
    world.local("b", text(10_000)).sync();
    world.init_with(&["--compress", "0"]);
    world.expect_idle();
    let other = world.machine("b");
    other.init().sync();
    other.expect_local("b", text(10_000));
    assert_eq!(world.tree(), other.tree());
    world.local("b", text(9_000)).sync();
    assert_eq!(object(&world, "b").meta.get("s3bsync-encoding"), None);
}

#[test]
fn encryption_turned_on_leaves_old_objects_until_they_change() {
    let world = World::agreed(&[("a", "old"), ("b", "old")]);
    let pair = Pair::new(world.home(), "key.txt");
    world.init_with(&pair.flags());
    world.expect_idle();
    world.local("b", "new").sync().expect_idle();
    world.expect_remote("a", "old");
    assert_eq!(pair.unwrap(&object(&world, "b")), b"new");
    assert_eq!(object(&world, "b").meta["s3bsync-encoding"], "age");
}
